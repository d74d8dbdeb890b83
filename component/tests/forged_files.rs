//! Files that are no stages, and stages that lie: each is refused with a sentence.

use proptest::prelude::*;
use vetting_component::{
    ComponentError, Contents, MANIFEST_SECTION, check_imports, check_manifest, describe, offered,
    read,
};

/// A component that exports `run` and imports instances, each of the functions named.
fn component(imports: &[(&str, &[&str])]) -> Vec<u8> {
    let mut text = String::from("(component\n");
    for (name, functions) in imports {
        text += &format!("  (import \"{name}\" (instance\n");
        for function in *functions {
            text += &format!("    (export \"{function}\" (func))\n");
        }
        text += "  ))\n";
    }
    text += "  (core module $m (func (export \"run\")))\n  (core instance $i (instantiate $m))\n  \
             (func (export \"run\") (canon lift (core func $i \"run\")))\n)";
    wat::parse_str(&text).expect("a component")
}

fn with_manifest(mut component: Vec<u8>, json: &str) -> Vec<u8> {
    let mut body = leb128(MANIFEST_SECTION.len());
    body.extend(MANIFEST_SECTION.as_bytes());
    body.extend(json.as_bytes());
    component.push(0);
    component.extend(leb128(body.len()));
    component.extend(body);
    component
}

fn leb128(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn manifest(interfaces: &[&str]) -> String {
    let asked: Vec<_> = interfaces
        .iter()
        .map(|i| format!("\"{i}\":{{\"reason\":\"why\"}}"))
        .collect();
    format!(
        "{{\"name\":\"Forged\",\"version\":\"1.0.0\",\"summary\":\"s\",\"timeout_seconds\":5,\
         \"interfaces\":{{{}}}}}",
        asked.join(",")
    )
}

fn stage(imports: &[(&str, &[&str])], asked: &[&str]) -> Contents {
    read(&with_manifest(component(imports), &manifest(asked))).expect("a stage")
}

#[test]
fn what_is_no_component_is_told_apart() {
    let whole = with_manifest(component(&[]), &manifest(&[]));
    assert!(matches!(read(b""), Err(ComponentError::Empty)));
    assert!(matches!(
        read(b"#!/bin/sh\n"),
        Err(ComponentError::NotWasm(_))
    ));
    assert!(matches!(
        read(b"\0asm\x01\0\0\0"),
        Err(ComponentError::CoreModule)
    ));
    assert!(matches!(
        read(b"\0asm"),
        Err(ComponentError::Malformed { .. })
    ));
    for cut in [10, whole.len() / 2, whole.len() - 1] {
        assert!(read(&whole[..cut]).is_err(), "cut at {cut}");
    }
    let without = read(&component(&[]));
    assert!(matches!(without, Err(ComponentError::NoManifest)));
    let silent = wat::parse_str("(component)").expect("a component");
    assert!(matches!(read(&silent), Err(ComponentError::NoRun)));
}

#[test]
fn a_manifest_is_one_small_and_sound() {
    let twice = with_manifest(
        with_manifest(component(&[]), &manifest(&[])),
        &manifest(&[]),
    );
    assert!(matches!(
        read(&twice),
        Err(ComponentError::SeveralManifests(2))
    ));
    let large = format!("{{\"name\":\"{}\"}}", "x".repeat(300 * 1024));
    let large = with_manifest(component(&[]), &large);
    assert!(matches!(
        read(&large),
        Err(ComponentError::LargeManifest { .. })
    ));
    let deep = "[".repeat(100_000);
    let deep = with_manifest(component(&[]), &deep);
    assert!(matches!(read(&deep), Err(ComponentError::Manifest(_))));
    for wrong in ["", "null", "{}", "{\"name\": 7}"] {
        let wrong = with_manifest(component(&[]), wrong);
        assert!(matches!(read(&wrong), Err(ComponentError::Manifest(_))));
    }
    let forged = manifest(&[]).replace("Forged", "../../etc/passwd");
    let contents = read(&with_manifest(component(&[]), &forged)).expect("it is well-formed");
    assert!(check_manifest(&contents).is_err());
}

#[test]
fn a_manifest_that_hides_an_interface_or_invents_one_is_found() {
    let hidden = stage(&[("vetting:stage/bmc@0.2.0", &["ask"])], &[]);
    let said = check_manifest(&hidden).expect_err("a lie").to_string();
    assert!(said.contains("`bmc`"), "{said}");
    let invented = stage(&[], &["fio"]);
    let said = check_manifest(&invented).expect_err("a lie").to_string();
    assert!(said.contains("`fio`"), "{said}");
    let honest = stage(&[("vetting:stage/bmc@0.2.0", &["ask"])], &["bmc"]);
    assert!(check_manifest(&honest).is_ok());
    let free = stage(&[("vetting:stage/log@0.2.0", &["log"])], &[]);
    assert!(check_manifest(&free).is_ok());
}

#[test]
fn a_stage_that_reads_files_names_them_each_with_the_reason() {
    const NAMED: &str = "[files]\n\"proc/cpuinfo\" = \"to know the processors\"\n";
    let files: &[(&str, &[&str])] = &[("vetting:stage/files@0.2.0", &["read"])];
    let toml = |asks: &str, more: &str| {
        format!(
            "name = \"Reads\"\nversion = \"1.0.0\"\nsummary = \"s\"\ntimeout_seconds = 5\n{asks}{more}"
        )
    };
    let asks = "[interfaces.files]\nreason = \"why\"\n";
    let made = describe(component(files), &toml(asks, NAMED)).expect("a stage");
    let manifest = read(&made).expect("a stage").manifest;
    assert_eq!(manifest.files["proc/cpuinfo"], "to know the processors");
    assert!(manifest.queries.is_empty());
    let refused = |component: Vec<u8>, toml: &str| {
        describe(component, toml)
            .expect_err("not a stage")
            .to_string()
    };
    let said = refused(component(files), &toml(asks, ""));
    assert!(said.contains("names nothing to read through it"), "{said}");
    let said = refused(component(&[]), &toml("", NAMED));
    assert!(said.contains("does not import `files`"), "{said}");
    let said = refused(
        component(files),
        &toml(asks, "[files]\n\"/proc\" = \"w\"\n"),
    );
    assert!(said.contains("without a leading slash"), "{said}");
}

#[test]
fn what_this_runtime_lacks_is_said_with_what_it_has() {
    for (import, functions, named) in [
        ("vetting:stage/teleport@0.2.0", &["beam"][..], "`teleport`"),
        ("vetting:stage/bmc@0.3.0", &["ask"], "@0.3.0"),
        ("vetting:stage/bmc@1.0.0", &["ask"], "@1.0.0"),
        ("vetting:stage/bmc@0.2.7", &["ask", "vent"], "`vent`"),
        ("evil:host/exec@0.2.0", &["run"], "`evil:host/exec@0.2.0`"),
    ] {
        let contents = stage(&[(import, functions)], &[]);
        let said = check_imports(&contents.imports, offered())
            .expect_err(import)
            .to_string();
        assert!(said.contains(named), "{import}: {said}");
        assert!(said.contains(&offered().name()), "{import}: {said}");
    }
    let newer = stage(&[("vetting:stage/bmc@0.2.7", &["ask"])], &["bmc"]);
    assert!(
        check_imports(&newer.imports, offered()).is_ok(),
        "a newer patch only adds"
    );
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _any_answer = read(&bytes);
        let mut component = b"\0asm\x0d\0\x01\0".to_vec();
        component.extend(&bytes);
        let _any_answer = read(&component);
    }

    #[test]
    fn no_damage_panics(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut bytes = with_manifest(component(&[("vetting:stage/bmc@0.2.0", &["ask"])]), &manifest(&["bmc"]));
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _any_answer = read(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        let _any_answer = read(&bytes);
    }
}
