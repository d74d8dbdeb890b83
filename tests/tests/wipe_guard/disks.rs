//! The machine's disks: what is on each, how it is attached, and what is in the way of writing to it.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use vetting_tests::qemu::{Bus, Disk, found};

const MIB: u64 = 1 << 20;

/// A serial number that many disks have.
pub const PLACEHOLDER: &str = "0123456789";

/// What the disk without a serial number is called here.
pub const NAMELESS: &str = "NAMELESS";

/// A disk that was made.
pub struct Made {
    /// Its serial number, or a name of ours for one that shares it with another or has none.
    pub key: &'static str,
    /// The disk.
    pub disk: Disk,
    /// The conditions that are not met, and the reason; none: it is written to.
    pub in_the_way: Option<(&'static [&'static str], &'static str)>,
    /// What the spec says of it: serial number and size; nothing: it is not expected.
    spec: Option<(&'static str, u64)>,
}

impl Made {
    /// Its content's digest.
    pub fn sha256(&self) -> String {
        let output = Command::new("sha256sum").arg(&self.disk.image).output();
        let text = String::from_utf8(output.expect("sha256sum").stdout).expect("a digest");
        text.split(' ').next().expect("a digest").to_owned()
    }
}

/// What is made on an image.
type Make = dyn Fn(&Path);

fn with(program: &'static str, arguments: &'static [&'static str]) -> Box<Make> {
    Box::new(move |image| {
        let output = Command::new(found(program))
            .args(arguments)
            .arg(image)
            .stdin(Stdio::null())
            .output()
            .expect(program);
        assert!(output.status.success(), "{program}: {output:?}");
    })
}

/// A partition table, by sfdisk.
fn table(kind: &'static str) -> Box<Make> {
    Box::new(move |image| {
        use std::io::Write as _;
        let mut child = Command::new(found("sfdisk"))
            .arg("--quiet")
            .arg(image)
            .stdin(Stdio::piped())
            .spawn()
            .expect("sfdisk");
        let text = format!("label: {kind}\nstart=2048, size=4096\n");
        let mut pipe = child.stdin.take().expect("a pipe");
        pipe.write_all(text.as_bytes()).expect("told");
        drop(pipe);
        assert!(child.wait().expect("sfdisk ends").success());
    })
}

fn nothing() -> Box<Make> {
    Box::new(|_| {})
}

/// Bytes that mean nothing, all over it: what plain dm-crypt looks like.
fn random() -> Box<Make> {
    Box::new(|image| {
        let size = image.metadata().expect("the image").len();
        let mut source = File::open("/dev/urandom").expect("random bytes").take(size);
        let mut file = File::options().write(true).open(image).expect("the image");
        std::io::copy(&mut source, &mut file).expect("written");
    })
}

/// No package of Debian's makes a pool: the label's first uberblock, where ZFS has it.
fn zfs() -> Box<Make> {
    Box::new(|image| {
        let file = File::options().write(true).open(image).expect("the image");
        let magic = 0x00ba_b10c_u64.to_le_bytes();
        file.write_all_at(&magic, 128 << 10).expect("written");
    })
}

const EMPTY: &[&str] = &["empty"];
const UNKNOWN: &[&str] = &["one expected disk"];
const USED: &[&str] = &[
    "held alone",
    "unchanged",
    "not in use",
    "no reservation",
    "empty",
];

const LUKS: [&str; 8] = [
    "luksFormat",
    "--batch-mode",
    "--pbkdf",
    "pbkdf2",
    "--pbkdf-force-iterations",
    "1000",
    "--key-file",
    "/proc/version",
];

/// All of them.
pub fn all(folder: &Path) -> Vec<Made> {
    let mut made: Vec<Made> = Vec::new();
    let mut add = |key: &'static str, serial: &str, bus, mib: u64, make: Box<Make>, way| {
        let image = folder.join(format!("{key}.img"));
        let file = File::create_new(&image).expect("an image");
        file.set_len(mib * MIB).expect("a sparse image");
        make(&image);
        let disk = Disk {
            image,
            serial: serial.to_owned(),
            bus,
        };
        made.push(Made {
            key,
            disk,
            in_the_way: way,
            spec: Some((key, mib * MIB)),
        });
    };
    let mut sata = |key: &'static str, mib, make, way| add(key, key, Bus::Sata, mib, make, way);
    sata("EMPTYONE", 32, nothing(), None);
    sata("HARMLESS", 32, nothing(), None);
    sata("GPTTABLE", 32, table("gpt"), Some((EMPTY, "gpt at byte")));
    sata(
        "MBRTABLE",
        32,
        table("dos"),
        Some((EMPTY, "mbr at byte 510")),
    );
    sata(
        "EXT4DISK",
        32,
        with("mkfs.ext4", &["-q", "-F"]),
        Some((EMPTY, "ext4 at byte")),
    );
    sata(
        "XFSDISK1",
        320,
        with("mkfs.xfs", &["-q", "-f"]),
        Some((EMPTY, "xfs at byte 0")),
    );
    sata(
        "BTRFSDSK",
        128,
        with("mkfs.btrfs", &["-q", "-f"]),
        Some((EMPTY, "btrfs at byte")),
    );
    sata(
        "SWAPDISK",
        32,
        with("mkswap", &[]),
        Some((EMPTY, "swap at byte")),
    );
    sata("LVM0001", 32, nothing(), Some((EMPTY, "lvm2 at byte")));
    sata("MDRAID01", 32, nothing(), Some((EMPTY, "md at byte")));
    sata(
        "LUKSDISK",
        32,
        with("cryptsetup", &LUKS),
        Some((EMPTY, "luks at byte 0")),
    );
    sata("ZFSLABEL", 32, zfs(), Some((EMPTY, "zfs at byte")));
    sata("BCACHE01", 32, nothing(), Some((EMPTY, "bcache at byte")));
    sata(
        "RANDOMLY",
        32,
        random(),
        Some((EMPTY, "nothing is recognised, but there are data")),
    );
    sata(
        "MOUNTED1",
        32,
        with("mkfs.ext4", &["-q", "-F"]),
        Some((USED, "mounted /mnt/used")),
    );
    sata(
        "SWAPPED1",
        32,
        with("mkswap", &[]),
        Some((USED, "swap /dev/")),
    );
    sata("HELDBYDM", 32, nothing(), Some((USED, "holder dm-0")));
    sata(
        "ROOTDISK",
        512,
        with("mkfs.ext4", &["-q", "-F"]),
        Some((USED, "mounted /mnt/root")),
    );
    sata(
        "WRONGONE",
        32,
        nothing(),
        Some((UNKNOWN, "none has its serial number, WRONGONE")),
    );
    sata(
        "WRONGSIZ",
        32,
        nothing(),
        Some((UNKNOWN, "bytes are expected")),
    );
    add(
        PLACEHOLDER,
        PLACEHOLDER,
        Bus::Sata,
        32,
        nothing(),
        Some((UNKNOWN, "it has no serial number")),
    );
    add(
        "TWINDISK",
        "TWINDISK",
        Bus::Sata,
        32,
        nothing(),
        Some((UNKNOWN, "has the serial number TWINDISK too")),
    );
    add(
        "TWINDISK ",
        "TWINDISK",
        Bus::Sata,
        32,
        nothing(),
        Some((UNKNOWN, "has the serial number TWINDISK too")),
    );
    add("NVMEDISK", "NVMEDISK", Bus::Nvme, 32, nothing(), None);
    // Two namespaces of one controller, neither of which has a name.
    let twin = "has the serial number NAMESPCE too";
    add(
        "NAMESPCE",
        "NAMESPCE",
        Bus::Nvme,
        32,
        nothing(),
        Some((UNKNOWN, twin)),
    );
    add(
        "NAMESPCE ",
        "NAMESPCE",
        Bus::Nvme,
        32,
        nothing(),
        Some((UNKNOWN, twin)),
    );
    let unreadable = Some((EMPTY, "it cannot be read: reading at byte 65"));
    add(
        "BADBLOCK",
        "BADBLOCK",
        Bus::Unreadable,
        32,
        nothing(),
        unreadable,
    );
    let way: &[&str] = &["one expected disk", "transport"];
    // Linux asks no disk on USB for its serial number.
    let usb = "usb, and the spec does not name it";
    add(
        "USBSTICK",
        "USBSTICK",
        Bus::Usb,
        32,
        nothing(),
        Some((way, usb)),
    );
    let virtio = "virtio, and the spec does not name it";
    add(
        "VIRTIODS",
        "VIRTIODS",
        Bus::Virtio,
        32,
        nothing(),
        Some((&["transport"], virtio)),
    );
    add(
        NAMELESS,
        "",
        Bus::Virtio,
        32,
        nothing(),
        Some((way, "it has no serial number")),
    );
    for disk in &mut made {
        match (disk.key, &mut disk.spec) {
            ("WRONGONE", spec) => *spec = None,
            ("WRONGSIZ", Some((_, size))) => *size += 512,
            _ => {}
        }
    }
    made
}

/// A SCSI disk of 8,192 pages, and NVMe namespaces of 16 MiB: one that is expected, one of the same
/// controller that is another than the one that is expected, and one with two paths.
const KERNEL_MADE: &str = r#"
[[disks]]
serial = "RESERVED"
size_bytes = 33554432
transport = "scsi"

[[disks]]
serial = "FABRICS1"
size_bytes = 16777216
wwn = "00000000000000010000000000000011"
transport = "nvme-of"

[[disks]]
serial = "FABRICS1"
size_bytes = 16777216
wwn = "00000000000000010000000000000019"
transport = "nvme-of"

[[disks]]
serial = "TWOPATHS"
size_bytes = 16777216
wwn = "00000000000000010000000000000021"
transport = "nvme-of"
"#;

/// The spec that names them.
pub fn spec(disks: &[Made]) -> String {
    let mut text = String::new();
    for (serial, size) in disks.iter().filter_map(|disk| disk.spec.as_ref()) {
        let serial = if *serial == NAMELESS {
            ""
        } else {
            serial.trim()
        };
        let _ = writeln!(
            text,
            "[[disks]]\nserial = \"{serial}\"\nsize_bytes = {size}"
        );
    }
    // Those of the kernel's own making (`boot.sh`).
    text + KERNEL_MADE
}
