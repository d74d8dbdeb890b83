use super::*;

fn first(text: &str) -> (Value, bool) {
    let found = find(text.as_bytes());
    let document = found.documents.into_iter().next().expect("a document");
    (Value::Object(document.value), document.whole)
}

#[test]
fn well_formed_documents_are_read_as_serde_json_does() {
    let text =
        r#"{"a": [1, -2, 3.5, 1e3, true, null, "x\"\\\n\u00e9\ud83d\ude00"], "b": {"c": {}}}"#;
    let (value, whole) = first(text);
    assert!(whole);
    assert_eq!(
        value,
        serde_json::from_str::<Value>(text).expect("a document")
    );
}

#[test]
fn cut_document_keeps_whole_members() {
    let (value, whole) = first(r#"{"a": 1, "b": {"c": 2, "d": 34"#);
    assert!(!whole);
    assert_eq!(value, serde_json::json!({"a": 1, "b": {"c": 2}}));
}

#[test]
fn lines_between_and_within_documents_are_kept() {
    let text = "note {x}\n{\n\"broken\" :\n}\n{\"a\": 1,\nfio: a message\n\"b\": -nan\n}\nbye";
    let found = find(text.as_bytes());
    assert_eq!(found.outside, ["note {x}", "bye"]);
    assert_eq!(found.unread, ["fio: a message"]);
    let last = found.documents.last().expect("a document");
    assert!(last.whole);
    let last = Value::Object(last.value.clone());
    assert_eq!(last, serde_json::json!({"a": 1, "b": "-nan"}));
}

#[test]
fn deep_nesting_ends() {
    let found = find("{\"a\":[".repeat(100_000).as_bytes());
    assert!(!found.documents.is_empty());
}
