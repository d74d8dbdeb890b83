//! What this runtime offers, read from the very contract it was built with, and the check of a
//! component's imports against it before anything is compiled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use wit_parser::{Resolve, UnresolvedPackageGroup};

use crate::contents::{Contents, Import, Version};
use crate::manifest::{check_manifest, needs_asking};
use crate::{ComponentError, FACTS_PACKAGE, PACKAGE};

/// The contract's files, each with its name, as they were when this was built.
pub const CONTRACT: [(&str, &str); 18] = [
    ("bmc.wit", include_str!("../../wit/bmc.wit")),
    ("clock.wit", include_str!("../../wit/clock.wit")),
    ("context.wit", include_str!("../../wit/context.wit")),
    ("disks.wit", include_str!("../../wit/disks.wit")),
    ("files.wit", include_str!("../../wit/files.wit")),
    ("fio.wit", include_str!("../../wit/fio.wit")),
    ("gpu.wit", include_str!("../../wit/gpu.wit")),
    ("hwmon.wit", include_str!("../../wit/hwmon.wit")),
    ("iperf.wit", include_str!("../../wit/iperf.wit")),
    ("kernel-log.wit", include_str!("../../wit/kernel-log.wit")),
    ("log.wit", include_str!("../../wit/log.wit")),
    ("memtest.wit", include_str!("../../wit/memtest.wit")),
    ("outcome.wit", include_str!("../../wit/outcome.wit")),
    ("queries.wit", include_str!("../../wit/queries.wit")),
    ("smart.wit", include_str!("../../wit/smart.wit")),
    ("stress.wit", include_str!("../../wit/stress.wit")),
    ("types.wit", include_str!("../../wit/types.wit")),
    ("world.wit", include_str!("../../wit/world.wit")),
];

/// The contract that a runtime offers.
#[derive(Clone, Debug)]
pub struct Offered {
    /// Its version.
    pub version: Version,
    /// Its interfaces, each with its functions.
    pub interfaces: BTreeMap<String, BTreeSet<String>>,
}

impl Offered {
    /// What it is called: `vetting:stage@0.2.0`.
    pub fn name(&self) -> String {
        format!("{PACKAGE}@{}", self.version)
    }

    /// The interfaces that a stage must ask for, and so can be withheld.
    pub fn asked_for(&self) -> impl Iterator<Item = &str> {
        let asked = self.interfaces.iter();
        let asked = asked.filter(|(name, functions)| needs_asking(name) && !functions.is_empty());
        asked.map(|(name, _)| name.as_str())
    }
}

/// What this build offers.
pub fn offered() -> &'static Offered {
    static OFFERED: OnceLock<Offered> = OnceLock::new();
    OFFERED.get_or_init(|| {
        // The contract is part of this program, and `tests/contract.rs` parses it.
        parse(&CONTRACT).unwrap_or_else(|error| panic!("the contract in wit/: {error}"))
    })
}

fn parse(files: &[(&str, &str)]) -> Result<Offered, String> {
    let mut sources = wit_parser::SourceMap::default();
    for (name, text) in files {
        sources.push_str(name, *text);
    }
    let group: UnresolvedPackageGroup = sources.parse().map_err(|(_, e)| e.to_string())?;
    let mut resolve = Resolve::default();
    let package = resolve.push_group(group).map_err(|e| e.to_string())?;
    let package = &resolve.packages[package];
    let version = package.name.version.as_ref();
    let version = version.and_then(|v| Version::parse(&v.to_string()));
    let interfaces = package.interfaces.iter().map(|(name, id)| {
        let functions = resolve.interfaces[*id].functions.keys().cloned();
        (name.clone(), functions.collect())
    });
    Ok(Offered {
        version: version.ok_or("it has no version")?,
        interfaces: interfaces.collect(),
    })
}

/// Whether this build can run a component: it offers what is imported, and the manifest agrees.
///
/// # Errors
///
/// A sentence on the first thing that is wrong.
pub fn check_here(contents: &Contents) -> Result<(), ComponentError> {
    check_imports(&contents.imports, offered())?;
    check_manifest(contents)
}

/// Whether a runtime that offers `offered` can serve these imports. WASI is always linked. Within
/// 0.x a step of the minor version breaks; a newer patch only adds, so an import of one is served
/// when every function it imports is there.
///
/// # Errors
///
/// [`ComponentError::Gap`], which names what is needed and what there is; [`ComponentError::OpenFacts`] where it is
/// facts, which no runtime offers.
pub fn check_imports(imports: &[Import], offered: &Offered) -> Result<(), ComponentError> {
    let open = imports
        .iter()
        .find(|import| import.package == FACTS_PACKAGE);
    if let Some(import) = open {
        let name = format!("{FACTS_PACKAGE}/{}", import.interface);
        return Err(ComponentError::OpenFacts(name));
    }
    match missing(imports, offered) {
        None => Ok(()),
        Some(needs) => {
            let names: Vec<_> = offered.interfaces.keys().map(String::as_str).collect();
            Err(ComponentError::Gap {
                needs,
                has: format!("{} with {}", offered.name(), names.join(", ")),
            })
        }
    }
}

/// The first import that a runtime with that contract lacks, in words; `None`: it has them all.
pub fn missing(imports: &[Import], offered: &Offered) -> Option<String> {
    let own = |import: &&Import| !import.package.starts_with("wasi:");
    imports
        .iter()
        .filter(own)
        .find_map(|import| gap(import, offered))
}

/// What is missing for an import, if anything is.
fn gap(import: &Import, offered: &Offered) -> Option<String> {
    let version = import.version.map_or(String::new(), |v| format!("@{v}"));
    if !import.is_contract() {
        let name = if import.interface.is_empty() {
            import.package.clone()
        } else {
            format!("{}/{}{version}", import.package, import.interface)
        };
        return Some(format!("`{name}`, which is no part of {PACKAGE}"));
    }
    let name = &import.interface;
    let whole = format!("`{name}` of {PACKAGE}{version}");
    let has = offered.version;
    let compatible = import.version.is_some_and(|needs| {
        needs.major == has.major && (has.major > 0 || needs.minor == has.minor)
    });
    let Some(functions) = offered.interfaces.get(name) else {
        return Some(whole);
    };
    if !compatible {
        return Some(whole);
    }
    let missing = import.functions.iter().find(|f| !functions.contains(*f))?;
    Some(format!("the function `{missing}` of {whole}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn importing(interface: &str, version: &str, functions: &[&str]) -> Import {
        Import {
            package: PACKAGE.to_owned(),
            interface: interface.to_owned(),
            version: Version::parse(version),
            functions: functions.iter().map(|f| (*f).to_owned()).collect(),
        }
    }

    #[test]
    fn the_contract_is_offered() {
        let offered = offered();
        assert_eq!(offered.name(), "vetting:stage@0.2.0");
        assert!(offered.interfaces["fio"].contains("[method]run.next"));
        assert!(offered.interfaces["types"].is_empty());
    }

    #[test]
    fn a_newer_patch_is_served_when_its_functions_are_there() {
        let import = importing("hwmon", "0.2.7", &["read"]);
        assert!(check_imports(&[import], offered()).is_ok());
        let import = importing("hwmon", "0.2.7", &["read", "calibrate"]);
        let error = check_imports(&[import], offered()).expect_err("a gap");
        let text = error.to_string();
        assert!(
            text.contains("`calibrate`") && text.contains("0.2.7"),
            "{text}"
        );
        assert!(text.contains(&offered().name()), "{text}");
    }

    #[test]
    fn a_gap_names_both() {
        for (interface, version) in [("thermal-camera", "0.2.4"), ("hwmon", "0.3.0")] {
            let import = importing(interface, version, &["read"]);
            let error = check_imports(&[import], offered()).expect_err("a gap");
            let text = error.to_string();
            assert!(text.contains(&format!("`{interface}`")), "{text}");
            assert!(text.contains(version), "{text}");
            assert!(text.contains(&offered().name()), "{text}");
        }
    }

    #[test]
    fn only_the_contract_and_wasi_may_be_imported() {
        let mut import = importing("environment", "0.2.3", &["get"]);
        import.package = "wasi:cli".to_owned();
        assert!(check_imports(std::slice::from_ref(&import), offered()).is_ok());
        import.package = "evil:host".to_owned();
        assert!(check_imports(&[import], offered()).is_err());
    }

    #[test]
    fn imported_facts_are_refused_with_the_way_to_build() {
        let mut import = importing("smart", "0.1.0", &["read-drive"]);
        import.package = FACTS_PACKAGE.to_owned();
        let error = check_imports(&[import], offered()).expect_err("open");
        let text = error.to_string();
        assert!(text.contains("`vetting:facts/smart`"), "{text}");
        assert!(text.contains("`vetting stage build`"), "{text}");
    }
}
