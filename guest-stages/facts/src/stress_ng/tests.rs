use super::*;
#[test]
fn nothing_is_unreadable() { assert!(yaml(b"").is_err()); }
