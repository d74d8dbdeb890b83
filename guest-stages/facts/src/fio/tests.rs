use super::*;

#[test]
fn nothing_is_unreadable() {
    assert!(output(b"").is_err());
    assert!(output(b"fio: engine nosuch not loadable").is_err());
}
