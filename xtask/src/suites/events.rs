//! libtest's events, one JSON object per line.

use std::time::Duration;

use serde_json::Value;

/// What a line says.
#[derive(Debug, PartialEq)]
pub enum Event {
    /// A test is over.
    Test(Test),
    /// Anything else that libtest says.
    Other,
}

/// One test that is over.
#[derive(Debug, PartialEq)]
pub struct Test {
    /// Its name within its binary.
    pub name: String,
    /// How long it took; `None` where it was not run.
    pub took: Option<Duration>,
    /// What it printed, where it failed.
    pub failed: Option<String>,
}

/// The event in a line; `None` where the line is not one.
pub fn read(line: &str) -> Option<Event> {
    let event: Value = serde_json::from_str(line).ok()?;
    let kind = event["type"].as_str()?;
    let word = event["event"].as_str();
    if kind != "test" || !matches!(word, Some("ok" | "failed" | "ignored")) {
        return Some(Event::Other);
    }
    let text = |key: &str| event[key].as_str().unwrap_or_default();
    let failed = (word == Some("failed")).then(|| format!("{}{}", text("stdout"), text("message")));
    Some(Event::Test(Test {
        name: text("name").to_owned(),
        took: event["exec_time"]
            .as_f64()
            .and_then(|s| Duration::try_from_secs_f64(s).ok()),
        failed,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_of_a_test_gives_its_time_and_what_it_printed() {
        let ok = r#"{ "type": "test", "name": "a::b", "event": "ok", "exec_time": 0.25 }"#;
        let Some(Event::Test(test)) = read(ok) else {
            panic!("not a test")
        };
        assert_eq!((test.name.as_str(), test.failed), ("a::b", None));
        assert_eq!(test.took, Some(Duration::from_millis(250)));
        let bad = r#"{ "type": "test", "name": "a", "event": "failed", "exec_time": 1.0, "stdout": "why\n" }"#;
        let Some(Event::Test(test)) = read(bad) else {
            panic!("not a test")
        };
        assert_eq!(test.failed.as_deref(), Some("why\n"));
        let suite = r#"{ "type": "suite", "event": "started", "test_count": 3 }"#;
        assert_eq!(read(suite), Some(Event::Other));
        assert_eq!(read("some words of a test"), None);
        assert_eq!(read("3"), None);
    }
}
