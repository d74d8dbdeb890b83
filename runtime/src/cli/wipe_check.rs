//! `vetting machine check --wipe`: what the wipe guard says of this machine's disks. Nothing is written;
//! each disk is opened for reading, for a moment for this process alone.

use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;
use vetting_machine::contract::context::ExpectedDisk;
use vetting_machine::real::{self, RealMachine};
use vetting_machine::wipe::{MOST_BYTES, TRANSPORT};
use vetting_machine::{Condition, Decision, Mandate};

use super::Failure;
use super::args::CheckArgs;
use super::machine_tables as tables;

/// What a run or an agent decides, and nobody can tell beforehand.
const NOT_ASKED: [(&str, &str); 3] = [
    (
        "live image: flag",
        "not asked: the agent's --live-image says it",
    ),
    (
        "run may write",
        "not asked: a run that is made with --destructive may",
    ),
    ("wipe override", "not asked: `run retry --wipe` gives one"),
];

/// The answer, as a table or as JSON.
pub fn shown(args: &CheckArgs, disks: &[String]) -> Result<String, Failure> {
    let mandate = Mandate {
        expected_disks: expected(args).map_err(Failure::usage)?,
        ..Mandate::default()
    };
    let machine = RealMachine::new(real::Options {
        root: args.root.clone(),
        tools: args.tools.clone(),
        ..real::Options::default()
    });
    let machine = machine.map_err(Failure::usage)?;
    let mut decisions = machine.wipe_check(disks, &mandate);
    for condition in decisions.iter_mut().flat_map(|d| &mut d.conditions) {
        not_asked(condition, mandate.expected_disks.is_empty());
    }
    if args.json {
        let json = serde_json::to_string_pretty(&decisions).map_err(Failure::runtime)?;
        return Ok(format!("{json}\n"));
    }
    Ok(decisions.iter().map(table).collect())
}

/// Says of a condition that was not asked for that it was not.
fn not_asked(condition: &mut Condition, nothing_expected: bool) {
    let known = NOT_ASKED.iter().find(|(name, _)| *name == condition.name);
    if let Some((_, why)) = known {
        (*why).clone_into(&mut condition.found);
    }
    if nothing_expected && condition.name == "one expected disk" {
        let found = &condition.found;
        condition.found = format!("not asked: name disks with --expect or --spec ({found})");
    }
}

fn table(decision: &Decision) -> String {
    format!(
        "── {} ──\n{}\n",
        decision.disk,
        tables::conditions(&decision.conditions)
    )
}

/// The disks of the flags and of the spec file.
fn expected(args: &CheckArgs) -> anyhow::Result<Vec<ExpectedDisk>> {
    let mut expected = args
        .expect
        .iter()
        .map(|text| flag(text))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(file) = &args.spec {
        expected.extend(spec(file).with_context(|| file.display().to_string())?);
    }
    Ok(expected)
}

/// `SERIAL,BYTES[,WWN]`.
fn flag(text: &str) -> anyhow::Result<ExpectedDisk> {
    let parts: Vec<_> = text.split(',').map(str::trim).collect();
    let (serial, size, wwn) = match parts.as_slice() {
        [serial, size] => (serial, size, None),
        [serial, size, wwn] => (serial, size, Some((*wwn).to_owned())),
        _ => anyhow::bail!("--expect {text}: SERIAL,BYTES[,WWN] is needed"),
    };
    let size_bytes = size
        .parse()
        .with_context(|| format!("--expect {text}: the size in bytes"))?;
    Ok(ExpectedDisk {
        serial: (*serial).to_owned(),
        size_bytes,
        wwn,
        extra: Vec::new(),
    })
}

/// What a spec says of disks; the rest of it is not looked at here.
#[derive(Deserialize)]
struct Spec {
    #[serde(default)]
    disks: Vec<SpecDisk>,
}

#[derive(Deserialize)]
struct SpecDisk {
    serial: Option<String>,
    size_bytes: Option<SpecSize>,
    wwn: Option<String>,
    transport: Option<String>,
}

/// A size, or a range of sizes; one without an end names no disk.
#[derive(Deserialize)]
#[serde(untagged)]
enum SpecSize {
    One(u64),
    Range { min: Option<u64>, max: Option<u64> },
}

fn spec(file: &Path) -> anyhow::Result<Vec<ExpectedDisk>> {
    let text = std::fs::read_to_string(file)?;
    let spec: Spec = match text.trim_start().starts_with('{') {
        true => serde_json::from_str(&text)?,
        false => toml::from_str(&text)?,
    };
    let disk = |disk: SpecDisk| {
        let (fewest, most) = match disk.size_bytes? {
            SpecSize::One(bytes) => (bytes, None),
            SpecSize::Range { min, max } => (min?, Some(max?)),
        };
        let transport = disk.transport.map(|how| (TRANSPORT.to_owned(), how));
        let most = most.map(|most| (MOST_BYTES.to_owned(), most.to_string()));
        Some(ExpectedDisk {
            serial: disk.serial?,
            size_bytes: fewest,
            wwn: disk.wwn,
            extra: transport.into_iter().chain(most).collect(),
        })
    };
    // What names no serial number and size names no disk.
    Ok(spec.disks.into_iter().filter_map(disk).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expected_disk_is_a_serial_number_a_size_and_perhaps_a_name() {
        let disk = flag("S1, 1024 ,eui.0025385b71b01234").expect("a disk");
        assert_eq!((disk.serial.as_str(), disk.size_bytes), ("S1", 1024));
        assert_eq!(disk.wwn.as_deref(), Some("eui.0025385b71b01234"));
        assert_eq!(flag("S1,1024").expect("a disk").wwn, None);
        for wrong in ["S1", "S1,1T", "S1,1024,w,x", ""] {
            let error = flag(wrong).expect_err(wrong).to_string();
            assert!(error.contains(&format!("--expect {wrong}")), "{error}");
        }
    }

    #[test]
    fn a_spec_s_disks_are_those_that_it_names_by_serial_number_and_size() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("spec.toml");
        let text = "[memory]\ninstalled_bytes = 1\n[[disks]]\nserial = \"S1\"\nsize_bytes = 7\n\
                    transport = \"usb\"\n[[disks]]\nmodel = \"M\"\n[[disks]]\nserial = \"S2\"\n\
                    size_bytes = { min = 5, max = 9 }\n[[disks]]\nserial = \"S3\"\nsize_bytes = { min = 5 }\n";
        std::fs::write(&file, text).expect("written");
        let disks = spec(&file).expect("a spec");
        assert_eq!(disks.len(), 2, "{disks:?}");
        assert_eq!(disks[1].size_bytes, 5);
        assert_eq!(disks[1].extra, [(MOST_BYTES.to_owned(), "9".to_owned())]);
        assert_eq!(disks[0].extra, [(TRANSPORT.to_owned(), "usb".to_owned())]);
        std::fs::write(&file, "not a spec").expect("written");
        assert!(spec(&file).is_err());
    }
}
