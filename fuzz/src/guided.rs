//! Coverage-guided fuzzing of one target, which `VETTING_FUZZ_TARGET` names; `list` prints them, each
//! with the folders of its inputs. The command line is libFuzzer's.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use vetting_fuzz::{TARGETS, Target};

fn target() -> &'static Target {
    static TARGET: OnceLock<&'static Target> = OnceLock::new();
    TARGET.get_or_init(|| {
        let name = std::env::var("VETTING_FUZZ_TARGET").unwrap_or_default();
        if name == "list" {
            list();
        }
        let found = TARGETS.iter().find(|target| target.name == name);
        found.unwrap_or_else(|| panic!("VETTING_FUZZ_TARGET names no target: `{name}`"))
    })
}

fn list() -> ! {
    for target in TARGETS {
        let folders = target.folders();
        let folders: Vec<_> = folders.iter().map(|f| f.display().to_string()).collect();
        println!("{}\t{}", target.name, folders.join("\t"));
    }
    std::process::exit(0)
}

fuzz_target!(
    init: {
        target();
    },
    |bytes: &[u8]| (target().read)(bytes)
);
