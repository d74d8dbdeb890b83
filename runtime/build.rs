//! The component of `vetting:facts`, which `cargo xtask` builds to `target/facts/`, becomes part of the program: `vetting
//! stage build` puts it into stages. A build without it has an empty one, and says so where it is needed.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let variable = |name: &str| std::env::var(name).map_err(std::io::Error::other);
    let folder = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("../target/facts");
    // A folder that is missing would be a reason to build anew each time.
    std::fs::create_dir_all(&folder)?;
    println!("cargo:rerun-if-changed={}", folder.display());
    let component = match std::fs::read(folder.join("facts.wasm")) {
        Ok(component) => component,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    std::fs::write(
        Path::new(&variable("OUT_DIR")?).join("facts.wasm"),
        component,
    )
}
