//! vetting.
fn main() {}
