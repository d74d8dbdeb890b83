//! What the templates carry is read at compile time: a new file there is a reason to compile again.

fn main() {
    for folder in [
        "templates",
        "../guest-stages/facts/src",
        "../guest-stages/facts-component/wit",
        "../guest-stages/sdk/src",
    ] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
