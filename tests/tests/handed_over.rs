//! What tools print and the kernel's files hold reaches a stage byte for byte: bytes that no parser knows,
//! planted at random in every source, have in the guest the digest that they had in the file.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use vetting_tests::{Vetting, guests};

/// How often a machine is made anew with other bytes.
const ROUNDS: u64 = 4;

/// A machine of files and tools, and the digest of everything that it says.
struct Planted {
    root: TempDir,
    tools: TempDir,
    random: StdRng,
    digests: BTreeMap<String, String>,
}

impl Planted {
    fn new(seed: u64) -> Self {
        let mut planted = Planted {
            root: tempfile::tempdir().expect("a folder"),
            tools: tempfile::tempdir().expect("a folder"),
            random: StdRng::seed_from_u64(seed),
            digests: BTreeMap::new(),
        };
        planted.kernel();
        planted.tools();
        planted
    }

    fn expect(&mut self, of: &str, bytes: &[u8]) {
        let digest = Sha256::digest(bytes);
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        self.digests.insert(of.to_owned(), digest);
    }

    /// A word that nothing knows.
    fn word(&mut self) -> String {
        let length = self.random.random_range(1..12);
        let letter = |random: &mut StdRng| char::from(random.random_range(b'a'..=b'z'));
        (0..length).map(|_| letter(&mut self.random)).collect()
    }

    /// Bytes of any kind.
    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.random.random_range(0..most);
        (0..length).map(|_| self.random.random()).collect()
    }

    /// Lines with planted ones at random places, some of which are no text at all.
    fn with_planted(&mut self, lines: &[&str]) -> Vec<u8> {
        let mut rows: Vec<Vec<u8>> = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
        for _ in 0..self.random.random_range(1..5) {
            let at = self.random.random_range(0..=rows.len());
            let row = match self.random.random_range(0..3) {
                0 => format!("{} | {} : {}", self.word(), self.word(), self.word()).into_bytes(),
                1 => self.bytes(200),
                _ => format!("\t{}={:x}\r", self.word(), self.random.random::<u64>()).into_bytes(),
            };
            rows.insert(at, row);
        }
        rows.join(&b'\n')
    }

    /// A JSON document with keys that nothing knows.
    fn json(&mut self, document: Value) -> Vec<u8> {
        let mut document = document;
        for _ in 0..self.random.random_range(1..4) {
            let (key, value) = (self.word(), self.word());
            document[key] = serde_json::json!({ value: self.random.random::<f64>() });
        }
        let mut bytes = serde_json::to_vec_pretty(&document).expect("JSON");
        let noise = self.word();
        bytes.extend_from_slice(format!("\n{noise}\n").as_bytes());
        bytes
    }

    fn file(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.root.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }

    /// A file of the kernel that the stage reads.
    fn planted_file(&mut self, path: &str, most: usize) {
        let bytes = self.bytes(most);
        self.file(path, &bytes);
        self.expect(path, &bytes);
    }

    fn kernel(&mut self) {
        let disk = "sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0";
        self.file(&format!("{disk}/block/sda/size"), "2344225968\n");
        let at = self.root.path();
        fs::create_dir_all(at.join("sys/block")).expect("a folder");
        symlink("../..", at.join(format!("{disk}/block/sda/device"))).expect("a link");
        symlink(format!("../../{disk}/block/sda"), at.join("sys/block/sda")).expect("a link");
        fs::create_dir_all(at.join("sys/class/net/eth0")).expect("a folder");
        let gpu = "sys/bus/pci/devices/0000:41:00.0";
        self.file(&format!("{gpu}/class"), "0x030200\n");
        self.file(&format!("{gpu}/vendor"), "0x10de\n");
        for path in [
            "sys/class/dmi/id/bios_version",
            "sys/class/net/eth0/statistics/rx_crc_errors",
            "sys/devices/system/edac/mc/mc0/ce_count",
        ] {
            self.planted_file(path, 300);
        }
        let unknown = format!("sys/class/dmi/id/{}", self.word());
        self.planted_file(&unknown, 300);
        let counter = format!("sys/class/net/eth0/statistics/{}", self.word());
        self.planted_file(&counter, 300);
        self.planted_file("sys/firmware/dmi/tables/DMI", 60_000);
        let mut texts = Vec::new();
        let mut log = String::new();
        for number in 1..20_u32 {
            let text = format!("{}: {} ° {}", self.word(), self.word(), self.word());
            log.push_str(&format!("6,{number},{number},-;{text}\n"));
            texts.push(text);
        }
        self.file("dev/kmsg", log);
        self.expect("kernel-log", texts.join("\n").as_bytes());
    }

    /// A program that prints, by what it is asked, what lies beside it.
    fn tool(&mut self, name: &str, answers: Vec<(&str, &str, Vec<u8>)>) {
        let folder = self.tools.path().to_owned();
        let mut script = format!(
            "#!/bin/sh\nhere='{}'\ncase \"$*\" in\n--version|version|-V|--help) echo '{name} 9.9';;\n",
            folder.display()
        );
        for (number, (pattern, of, bytes)) in answers.into_iter().enumerate() {
            let said = format!("{name}.{number}");
            fs::write(folder.join(&said), &bytes).expect("what it says");
            script.push_str(&format!("{pattern}) cat \"$here/{said}\";;\n"));
            self.expect(of, &bytes);
        }
        script.push_str("*) echo \"not asked for: $*\" >&2; exit 1;;\nesac\n");
        let file = folder.join(name);
        fs::write(&file, script).expect("a script");
        fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).expect("a mode");
    }

    fn tools(&mut self) {
        let drive =
            serde_json::json!({ "device": {"protocol": "ATA"}, "smart_status": {"passed": true} });
        let drive = self.json(drive);
        let scan = self.json(serde_json::json!({ "devices": [] }));
        let answers = vec![
            ("*--scan*", "smart.scan", scan),
            ("*/sda", "smart.read sda", drive),
        ];
        self.tool("smartctl", answers);
        let sensors = self.with_planted(&["Fan1             | 30h | ok  |  7.1 | 6600 RPM"]);
        let table = self.with_planted(&["Fan1             | 6600.000   | RPM        | ok    | na"]);
        let log = self.with_planted(&["   1 | 03/11/26 | 13:33:20 UTC | Memory | Asserted"]);
        let units = self.with_planted(&["FRU Device Description : Builtin FRU Device (ID 0)"]);
        let answers = vec![
            ("'sdr elist all'", "bmc.ask sensors", sensors),
            ("sensor", "bmc.ask thresholds", table),
            ("'sel elist'", "bmc.ask event-log", log),
            ("'fru print'", "bmc.ask parts", units),
        ];
        self.tool("ipmitool", answers);
        let xml = self.with_planted(&["<nvidia_smi_log>", "</nvidia_smi_log>"]);
        self.tool("nvidia-smi", vec![("'-q -x'", "gpu.ask nvidia-smi", xml)]);
        let link = self.with_planted(&["Settings for eth0:", "\tSpeed: 25000Mb/s"]);
        let counts = self.with_planted(&["NIC statistics:", "     rx_packets: 1"]);
        let answers = vec![
            ("eth0", "ethtool eth0", link),
            ("'-S eth0'", "ethtool-statistics eth0", counts),
        ];
        self.tool("ethtool", answers);
        let functions = self.with_planted(&["0000:00:00.0 Host bridge [0600]: Example"]);
        self.tool("lspci", vec![("*", "lspci", functions)]);
        let report = serde_json::json!({ "fio version": "fio-9.9", "jobs": [] });
        let report = self.json(report);
        self.tool("fio", vec![("*", "fio.start scratch", report)]);
    }

    /// The digests that the stage attached.
    fn in_the_guest(&self) -> BTreeMap<String, String> {
        let ended = Vetting::run(&guests(), &["Digest"])
            .path("--root", self.root.path())
            .path("--tools", self.tools.path())
            .output();
        let report = ended.report();
        let stage = &report["stages"][0];
        let attached = stage["attachments"][0]["text"].as_str();
        let attached = attached.unwrap_or_else(|| panic!("{stage:#}"));
        serde_json::from_str(attached).expect("digests")
    }
}

/// What differs between the two, by name.
fn differences(
    printed: &BTreeMap<String, String>,
    handed: &BTreeMap<String, String>,
) -> Vec<String> {
    let names = printed.keys().chain(handed.keys());
    let mut other: Vec<String> = names
        .filter(|name| printed.get(*name) != handed.get(*name))
        .cloned()
        .collect();
    other.dedup();
    other
}

#[test]
fn planted_bytes_of_every_source_reach_the_guest_as_they_were() {
    for round in 0..ROUNDS {
        let seed = rand::rng().random::<u64>() ^ round;
        let planted = Planted::new(seed);
        let handed = planted.in_the_guest();
        let other = differences(&planted.digests, &handed);
        assert!(other.is_empty(), "with seed {seed}: {other:?}");
    }
}

#[test]
fn one_byte_that_is_another_is_seen() {
    let mut planted = Planted::new(1);
    let handed = planted.in_the_guest();
    planted.expect("fio.start scratch", b"another");
    assert_eq!(
        differences(&planted.digests, &handed),
        ["fio.start scratch"]
    );
}
