use super::*;
#[test]
fn nothing_is_unreadable() { assert!(output(b"").is_err()); }
