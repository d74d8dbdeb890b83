//! Where a stage asks for something else than it did when it was recorded: the sentence that says so.

use serde_json::Value;

use super::recording::AttemptRecording;
use crate::Request;

/// The longest value that is told, in bytes.
const LONGEST: usize = 80;

/// Exchange `n` asks something else than it did.
pub fn other(n: u64, now: &Request, then: &Request) -> String {
    let (function, recorded) = (now.function(), then.function());
    if function != recorded {
        return format!(
            "exchange {n} asks `{function}`{} now, and asked `{recorded}`{} when it was recorded",
            arguments(now),
            arguments(then),
        );
    }
    match difference(&json(now), &json(then), String::new()) {
        Some((path, now, then)) => format!(
            "exchange {n} asks `{function}` with {path} = {now} now, and {then} when it was recorded"
        ),
        None => format!("exchange {n} asks `{function}` otherwise than when it was recorded"),
    }
}

/// Exchange `n` asks beyond the last one that was recorded.
pub fn beyond(n: u64, now: &Request, recorded: &AttemptRecording) -> String {
    let function = now.function();
    let ended = match (&recorded.verdict, &recorded.end) {
        (Some(verdict), _) => {
            let word = verdict.verdict.as_deref().unwrap_or("runtime error");
            format!("the attempt that was recorded had ended by then ({word})")
        }
        (None, Some(_)) => "the attempt that was recorded had ended by then".to_owned(),
        (None, None) => "the recording ends before it".to_owned(),
    };
    format!(
        "exchange {n} asks `{function}`{} now, and {ended}",
        arguments(now)
    )
}

/// Exchange `n` was the last that was asked, and has no answer.
pub fn unanswered(n: u64, request: &Request) -> String {
    let function = request.function();
    format!(
        "the recording ends at exchange {n}, `{function}`{}, which was never answered: the run was \
         killed there, its host went down, or the file is not whole",
        arguments(request)
    )
}

fn json(request: &Request) -> Value {
    // A request is `"kind"` or `{"kind": {its fields}}`; the kind is told by the function.
    match serde_json::to_value(request) {
        Ok(Value::Object(members)) => members.into_iter().next().map_or(Value::Null, |(_, v)| v),
        _ => Value::Null,
    }
}

fn arguments(request: &Request) -> String {
    match json(request) {
        Value::Null => String::new(),
        value => format!(" {}", brief(&value)),
    }
}

/// The first field in which two values differ: its path, and both.
fn difference(now: &Value, then: &Value, path: String) -> Option<(String, String, String)> {
    let below = |name: &str| match path.as_str() {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    match (now, then) {
        _ if now == then => None,
        (Value::Object(a), Value::Object(b)) => {
            let mut names: Vec<_> = a.keys().chain(b.keys()).collect();
            names.sort();
            let of = |members: &serde_json::Map<String, Value>, name: &String| {
                members.get(name).cloned().unwrap_or(Value::Null)
            };
            let mut differences = names
                .into_iter()
                .filter_map(|name| difference(&of(a, name), &of(b, name), below(name)));
            differences.next()
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let mut differences = a
                .iter()
                .zip(b)
                .enumerate()
                .filter_map(|(index, (a, b))| difference(a, b, below(&index.to_string())));
            differences.next()
        }
        _ => Some((path, brief(now), brief(then))),
    }
}

fn brief(value: &Value) -> String {
    let text = value.to_string();
    let cut = text.floor_char_boundary(LONGEST);
    match text.get(..cut) {
        Some(head) if cut < text.len() => format!("{head}…"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_that_differs_is_named_with_both_values() {
        let next = |run, timeout_ms| Request::RunNext { run, timeout_ms };
        insta::assert_snapshot!(other(12, &next(1, 500), &next(1, 1000)), @"exchange 12 asks `run.next` with timeout_ms = 500 now, and 1000 when it was recorded");
        insta::assert_snapshot!(other(3, &next(1, 500), &Request::Hwmon), @r#"exchange 3 asks `run.next` {"run":1,"timeout_ms":500} now, and asked `hwmon.read` when it was recorded"#);
        let read = |device: &str| Request::SmartRead {
            device: device.to_owned(),
        };
        insta::assert_snapshot!(other(7, &read("sdb"), &read("sda")), @r#"exchange 7 asks `smart.read` with device = "sdb" now, and "sda" when it was recorded"#);
        insta::assert_snapshot!(unanswered(4, &read("sda")), @r#"the recording ends at exchange 4, `smart.read` {"device":"sda"}, which was never answered: the run was killed there, its host went down, or the file is not whole"#);
    }
}
