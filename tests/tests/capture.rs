//! `vetting machine capture`: what is captured shows the machine that it was taken from, holds nothing
//! that tells it from another one, and is written nowhere else.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use vetting_tests::Vetting;

/// A serial number, an address and a token that must not be found again.
const SERIAL: &str = "CANARY-SERIAL-77";
const MAC: &str = "3c:ec:ef:ca:9a:71";
const WWN: &str = "5000c500caca0777";
const HOST: &str = "canary-host-12";
const TOKEN: &str = "canarytoken0123456789";

/// A machine made of files, with its tools.
struct Fake {
    root: TempDir,
    tools: TempDir,
}

fn file(root: &Path, path: &str, content: impl AsRef<[u8]>) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, content).expect("a file");
}

fn link(root: &Path, path: &str, target: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    symlink(target, path).expect("a link");
}

impl Fake {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a folder");
        let at = root.path();
        let disk = "sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0";
        file(at, &format!("{disk}/block/sda/size"), "2344225968\n");
        file(at, &format!("{disk}/block/sda/queue/rotational"), "1\n");
        file(
            at,
            &format!("{disk}/block/sda/queue/logical_block_size"),
            "512\n",
        );
        file(at, &format!("{disk}/vendor"), "ATA     \n");
        file(at, &format!("{disk}/model"), "ST1200NM\n");
        file(at, &format!("{disk}/wwid"), format!("naa.{WWN}\n"));
        let page = [&[0, 0x80, 0, SERIAL.len() as u8], SERIAL.as_bytes()].concat();
        file(at, &format!("{disk}/vpd_pg80"), page);
        link(at, &format!("{disk}/block/sda/device"), "../..");
        link(at, "sys/block/sda", &format!("../../{disk}/block/sda"));
        let nic = "sys/devices/pci0000:00/0000:03:00.0";
        file(at, &format!("{nic}/vendor"), "0x15b3\n");
        file(at, &format!("{nic}/device"), "0x101f\n");
        file(at, &format!("{nic}/class"), "0x020000\n");
        file(at, &format!("{nic}/net/eth0/address"), format!("{MAC}\n"));
        file(at, &format!("{nic}/net/eth0/speed"), "10000\n");
        file(at, &format!("{nic}/net/eth0/carrier"), "1\n");
        file(at, &format!("{nic}/net/eth0/mtu"), "1500\n");
        link(at, &format!("{nic}/net/eth0/device"), "../..");
        link(
            at,
            "sys/class/net/eth0",
            &format!("../../../{nic}/net/eth0"),
        );
        link(
            at,
            "sys/bus/pci/devices/0000:03:00.0",
            &format!("../../../../{nic}"),
        );
        file(at, "sys/class/hwmon/hwmon0/name", "coretemp\n");
        file(at, "sys/class/hwmon/hwmon0/temp1_input", "41000\n");
        file(at, "sys/class/hwmon/hwmon0/temp1_label", "Package id 0\n");
        file(at, "sys/class/hwmon/hwmon0/temp1_crit", "98000\n");
        for (name, text) in [
            ("sys_vendor", "Example"),
            ("product_name", "R220"),
            ("product_serial", SERIAL),
            ("product_uuid", "4c4c4544-00ca-4a10-8054-b7c04fca5631"),
            ("chassis_type", "23"),
        ] {
            file(at, &format!("sys/class/dmi/id/{name}"), format!("{text}\n"));
        }
        file(at, "proc/sys/kernel/hostname", format!("{HOST}\n"));
        file(at, "proc/cmdline", format!("quiet vetting.token={TOKEN}\n"));
        file(
            at,
            "proc/meminfo",
            "MemTotal: 16000000 kB\nMemAvailable: 15000000 kB\n",
        );
        let cpu = "processor : 0\nvendor_id : GenuineIntel\nmodel name : Intel Test CPU @ 2.00GHz\n\
                   physical id : 0\ncore id : 0\ncpu cores : 1\nsiblings : 1\n\n";
        file(at, "proc/cpuinfo", cpu);
        file(at, "sys/devices/system/cpu/online", "0\n");
        let tools = tempfile::tempdir().expect("a folder");
        let answer = serde_json::json!({
            "smartctl": {"exit_status": 4}, "device": {"protocol": "ATA"},
            "model_name": "ST1200NM", "serial_number": SERIAL, "rotation_rate": 7200,
            "wwn": {"naa": 5, "oui": 3152, "id": 3_402_237_815_u64},
            "smart_status": {"passed": true}, "power_on_time": {"hours": 99},
            "ata_smart_attributes": {"table": []},
        });
        script(tools.path(), "smartctl", &answer.to_string(), 4);
        let sensors = format!("Product Serial        : {SERIAL}\nMAC Address : {MAC}\n");
        script(tools.path(), "ipmitool", &sensors, 1);
        Fake { root, tools }
    }

    fn capture(&self, to: &Path, more: &[&str]) -> vetting_tests::Ended {
        let args = [&["machine", "capture", "--json"], more].concat();
        self.seen_by(Vetting::new(&args).path("--output", to))
            .output()
    }

    fn seen_by(&self, vetting: Vetting) -> Vetting {
        vetting
            .path("--root", self.root.path())
            .path("--tools", self.tools.path())
    }
}

/// A tool that lists no hidden drive, and says one thing otherwise.
fn script(folder: &Path, name: &str, said: &str, status: i32) {
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *--scan*) echo '{{\"devices\":[]}}'; exit 0;; esac\n\
         cat <<'END'\n{said}\nEND\nexit {status}\n"
    );
    let file = folder.join(name);
    fs::write(&file, script).expect("a script");
    fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).expect("a mode");
}

impl Fake {
    fn shown(&self) -> Value {
        json(
            &self
                .seen_by(Vetting::new(&["machine", "show", "--json"]))
                .output(),
        )
    }
}

/// What the captured machine shows.
fn shown(folder: &Path) -> Value {
    let machine = format!("dir:{}", folder.display());
    json(&Vetting::new(&["machine", "show", "--json", "--machine", &machine]).output())
}

fn json(ended: &vetting_tests::Ended) -> Value {
    serde_json::from_str(&ended.stdout()).unwrap_or_else(|_| panic!("{}", ended.stderr()))
}

/// Every file and link below a folder, with what it holds or where it leads.
fn everything(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let kind = fs::symlink_metadata(&path)
            .expect("it is there")
            .file_type();
        if kind.is_symlink() {
            let target = fs::read_link(&path).expect("a link");
            let target = target.to_string_lossy().into_owned().into_bytes();
            found.push((path, target));
        } else if kind.is_dir() {
            found.extend(everything(&path));
        } else {
            let bytes = fs::read(&path).expect("a file");
            found.push((path, bytes));
        }
    }
    found
}

/// What differs, but for texts that are as long and stand where such a thing stands.
fn differ(a: &Value, b: &Value, at: &str, found: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(left), Value::Object(right)) => {
            assert_eq!(
                left.keys().collect::<Vec<_>>(),
                right.keys().collect::<Vec<_>>(),
                "{at}"
            );
            for (key, value) in left {
                differ(value, &right[key], &format!("{at}/{key}"), found);
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            assert_eq!(left.len(), right.len(), "{at}");
            for (index, (l, r)) in left.iter().zip(right).enumerate() {
                differ(l, r, &format!("{at}/{index}"), found);
            }
        }
        _ if a == b => {}
        (Value::String(left), Value::String(right)) if left.len() == right.len() => {
            found.push(at.to_owned());
        }
        // A world-wide name in parts: a number of as many digits.
        (Value::Number(left), Value::Number(right))
            if at.contains("/wwn/") && left.to_string().len() == right.to_string().len() =>
        {
            found.push(at.to_owned());
        }
        _ => panic!("{at}: {a} and {b}"),
    }
}

#[test]
fn what_is_captured_shows_the_same_machine_without_its_names() {
    let fake = Fake::new();
    let folder = tempfile::tempdir().expect("a folder");
    let before = everything(fake.root.path());
    let ended = fake.capture(folder.path(), &[]);
    assert_eq!(ended.status(), 0, "{}", ended.stderr());
    assert_eq!(everything(fake.root.path()), before, "the machine itself");
    let (original, captured) = (fake.shown(), shown(folder.path()));
    let mut replaced = Vec::new();
    for topic in ["hwmon", "disks", "smart", "counters", "power"] {
        differ(&original[topic], &captured[topic], topic, &mut replaced);
    }
    for place in replaced.iter().map(|place| place.to_ascii_lowercase()) {
        let names = ["serial", "mac", "wwn", "uuid", "/address"];
        let of_a_name = names.iter().any(|name| place.ends_with(name));
        assert!(of_a_name || place.ends_with("/wwn/id"), "{place}");
    }
    assert!(
        replaced
            .iter()
            .any(|p| p.contains("disks") && p.ends_with("serial"))
    );
    let secrets = [SERIAL, MAC, WWN, HOST, TOKEN, "3ceceFCA9A71", "3402237815"];
    for (path, bytes) in everything(folder.path()) {
        let text = format!("{} {}", path.display(), String::from_utf8_lossy(&bytes));
        let text = text.to_ascii_lowercase();
        for secret in secrets {
            let secret = secret.to_ascii_lowercase();
            assert!(!text.contains(&secret), "{secret} in {}", path.display());
        }
    }
    // The same thing is the same placeholder, in the drive's page and in smartctl's answer.
    let captured = shown(folder.path());
    let disk = &captured["inventory"]["disks"][0]["serial"];
    assert_eq!(*disk, captured["smart"][0]["health"]["serial"]);
    assert_ne!(*disk, Value::Null);
}

#[test]
fn a_captured_machine_is_a_simulated_one() {
    let fake = Fake::new();
    let folder = tempfile::tempdir().expect("a folder");
    let ended = fake.capture(folder.path(), &["--keep-serials"]);
    assert_eq!(ended.status(), 0, "{}", ended.stderr());
    let profile = format!("sim:{}", folder.path().join("profile.toml").display());
    let show = [
        "machine",
        "show",
        "inventory",
        "--json",
        "--machine",
        &profile,
    ];
    let simulated = Vetting::new(&show).output();
    let simulated: Value = serde_json::from_str(&simulated.stdout()).expect("JSON");
    let original = fake.shown();
    let original = &original["inventory"];
    assert_eq!(simulated["system"]["serial"], SERIAL);
    for part in ["system", "board", "bios"] {
        assert_eq!(simulated[part], original[part], "{part}");
    }
    let fields = |list: &str, names: &[&str]| {
        for name in names {
            assert_eq!(
                simulated[list][0][name], original[list][0][name],
                "{list}/{name}"
            );
        }
    };
    fields("cpus", &["model", "vendor", "cores", "threads"]);
    fields(
        "disks",
        &[
            "name",
            "model",
            "serial",
            "wwn",
            "size_bytes",
            "rotational",
            "transport",
        ],
    );
    fields(
        "nics",
        &["name", "mac", "carrier", "speed_mbps", "mtu", "pci_address"],
    );
    let run = Vetting::run(
        &vetting_tests::stages(),
        &["Inventory", "--machine", &profile],
    );
    assert_eq!(run.output().status(), 0);
}

#[test]
fn a_folder_that_is_not_empty_is_left_alone() {
    let fake = Fake::new();
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("mine"), "mine").expect("a file");
    let ended = fake.capture(folder.path(), &[]);
    assert_eq!(ended.status(), 2, "{}", ended.stderr());
    assert!(ended.stderr().contains("not empty"), "{}", ended.stderr());
    assert_eq!(everything(folder.path()).len(), 1);
}
