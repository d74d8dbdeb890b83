use super::*;
#[test]
fn nothing_is_unreadable() { assert!(log(b"").is_err()); }
