//! `vetting machine show --explain`: which row of a document became which facts.
//!
//! No parser says so, and none needs to: each row is left out once, and the facts that are gone then are the
//! row's. So the answer is what the parser does, not what it says that it does.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;
use vetting_machine::contract::types::Document;
use vetting_protocol::printable;

/// The most rows of a document that are tried: each is one reading of all others.
const MOST_ROWS: usize = 4_000;

/// How long the rows of a document are tried.
const LONGEST_TIME: Duration = Duration::from_secs(60);

/// The longest row that is shown, in characters.
const LONGEST: usize = 120;

/// How a document's facts are read.
pub type Read<'a> = &'a dyn Fn(&[u8]) -> Value;

/// What became of each row of a document.
pub fn explain(document: &Document, read: Read<'_>) -> String {
    let mut text = format!("# {}\n", printable(&document.argv.join(" ")));
    let rows = Rows::of(&document.stdout);
    let whole = leaves(&read(&document.stdout));
    let began = Instant::now();
    for row in 0..rows.len() {
        if row >= MOST_ROWS || began.elapsed() > LONGEST_TIME {
            let more = rows.len().saturating_sub(row);
            text.push_str(&format!("{more} more rows were not tried\n"));
            break;
        }
        let gone = gone(&whole, &leaves(&read(&rows.without(row))));
        let shown: String = rows.shown(row).trim().chars().take(LONGEST).collect();
        text.push_str(&format!("{}\n", printable(&shown)));
        if gone.is_empty() {
            text.push_str("    nothing\n");
        }
        for (fact, value) in gone {
            let (fact, value) = (printable(&fact), printable(&value));
            text.push_str(&format!("    {fact} = {value}\n"));
        }
    }
    text
}

/// The rows of a document.
enum Rows<'a> {
    /// Of JSON each value, by its pointer (RFC 6901).
    Values(Value, Vec<(String, String)>),
    /// Of anything else each line that is not blank, by its place among all.
    Lines(Vec<&'a [u8]>, Vec<usize>),
}

impl<'a> Rows<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        if let Ok(document) = serde_json::from_slice::<Value>(bytes) {
            let mut pointers = Vec::new();
            collect(&document, "", &mut pointers);
            return Rows::Values(document, pointers);
        }
        let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        let blank = |line: &[u8]| line.iter().all(u8::is_ascii_whitespace);
        let said = lines.iter().enumerate().filter(|(_, line)| !blank(line));
        let said = said.map(|(place, _)| place).collect();
        Rows::Lines(lines, said)
    }

    fn len(&self) -> usize {
        match self {
            Rows::Values(_, pointers) => pointers.len(),
            Rows::Lines(_, said) => said.len(),
        }
    }

    fn shown(&self, row: usize) -> String {
        let shown = match self {
            Rows::Values(_, pointers) => {
                let pair = pointers.get(row);
                pair.map(|(pointer, value)| format!("{pointer}: {value}"))
            }
            Rows::Lines(lines, said) => {
                let line = said.get(row).and_then(|place| lines.get(*place));
                line.map(|line| String::from_utf8_lossy(line).into_owned())
            }
        };
        shown.unwrap_or_default()
    }

    /// The document without one of its rows.
    fn without(&self, row: usize) -> Vec<u8> {
        match self {
            Rows::Values(document, pointers) => {
                let pointer = pointers.get(row).map_or("", |(pointer, _)| pointer);
                serde_json::to_vec(&without(document, pointer)).unwrap_or_default()
            }
            Rows::Lines(lines, said) => {
                let place = said.get(row).copied();
                let others = lines.iter().enumerate();
                let others = others.filter(|(other, _)| Some(*other) != place);
                others.flat_map(|(_, line)| line.iter().copied()).collect()
            }
        }
    }
}

/// A JSON document without one value. Its place in a list is kept: what follows it would be others'.
fn without(document: &Value, pointer: &str) -> Value {
    let mut document = document.clone();
    let Some((parent, key)) = pointer.rsplit_once('/') else {
        return document;
    };
    match document.pointer_mut(parent) {
        Some(Value::Object(fields)) => {
            fields.remove(&key.replace("~1", "/").replace("~0", "~"));
        }
        Some(Value::Array(list)) => {
            let place = key.parse::<usize>().ok().and_then(|at| list.get_mut(at));
            if let Some(place) = place {
                *place = Value::Null;
            }
        }
        _ => {}
    }
    document
}

fn collect(value: &Value, at: &str, pointers: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect(value, &format!("{at}/{name}"), pointers);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                collect(value, &format!("{at}/{index}"), pointers);
            }
        }
        value => pointers.push((at.to_owned(), value.to_string())),
    }
}

/// How often each fact is there with each value. Places in lists have no number: a row that is left out moves
/// those after it.
type Leaves = BTreeMap<(String, String), usize>;

fn leaves(facts: &Value) -> Leaves {
    let mut leaves = Leaves::new();
    add(facts, "", &mut leaves);
    leaves
}

fn add(value: &Value, at: &str, leaves: &mut Leaves) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let at = match at {
                    "" => name.clone(),
                    at => format!("{at}.{name}"),
                };
                add(value, &at, leaves);
            }
        }
        Value::Array(list) => list
            .iter()
            .for_each(|value| add(value, &format!("{at}[]"), leaves)),
        Value::Null => {}
        value => {
            let count = leaves.entry((at.to_owned(), value.to_string()));
            let count = count.or_default();
            *count = count.saturating_add(1);
        }
    }
}

/// The facts that are less often there than they were.
fn gone(whole: &Leaves, without: &Leaves) -> Vec<(String, String)> {
    let less = |(fact, count): &(&(String, String), &usize)| {
        without.get(*fact).copied().unwrap_or(0) < **count
    };
    let gone = whole.iter().filter(less);
    gone.map(|(fact, _)| fact.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use vetting_machine::contract::types::DocumentEnding;

    fn document(stdout: &[u8]) -> Document {
        Document {
            query: "bmc.ask".to_owned(),
            target: "sensors".to_owned(),
            argv: vec!["ipmitool".to_owned(), "sdr".to_owned()],
            version: None,
            exit_status: Some(0),
            signal: None,
            stdout: stdout.to_vec(),
            stderr_tail: String::new(),
            ending: DocumentEnding::Complete,
            begun_ns: 0,
            took_ns: 0,
        }
    }

    #[test]
    fn a_row_has_the_facts_that_go_with_it() {
        // A parser of `name value` that knows no comments.
        let read = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let rows = text.lines().filter_map(|line| line.split_once(' '));
            let fans: Vec<Value> = rows
                .filter(|(name, _)| *name != "#")
                .map(|(name, rpm)| json!({ "name": name, "rpm": rpm }))
                .collect();
            json!({ "fans": fans })
        };
        let text = explain(
            &document(b"FAN1 6600\n# nothing here\n\nFAN2 6600\n"),
            &read,
        );
        assert_eq!(
            text,
            "# ipmitool sdr\nFAN1 6600\n    fans[].name = \"FAN1\"\n    fans[].rpm = \"6600\"\n\
             # nothing here\n    nothing\n\
             FAN2 6600\n    fans[].name = \"FAN2\"\n    fans[].rpm = \"6600\"\n"
        );
    }

    #[test]
    fn a_value_of_json_is_a_row() {
        let read = |bytes: &[u8]| {
            let document: Value = serde_json::from_slice(bytes).unwrap_or_default();
            json!({ "passed": document["smart_status"]["passed"] })
        };
        let text = explain(
            &document(b"{\"smart_status\":{\"passed\":true},\"x\":[1]}"),
            &read,
        );
        assert_eq!(
            text,
            "# ipmitool sdr\n/smart_status/passed: true\n    passed = true\n/x/0: 1\n    nothing\n"
        );
    }
}
