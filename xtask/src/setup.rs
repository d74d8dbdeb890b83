//! What a machine needs beside cargo: found by the program it brings, installed from Debian's packages.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

pub use vetting_project::found;

use crate::{run, target};

/// What `vetting` runs: a program, and the Debian package that brings it.
pub const TOOLS: [(&str, &str); 8] = [
    ("fio", "fio"),
    ("stress-ng", "stress-ng"),
    ("iperf3", "iperf3"),
    ("stressapptest", "stressapptest"),
    ("smartctl", "smartmontools"),
    ("ipmitool", "ipmitool"),
    ("ethtool", "ethtool"),
    ("cc", "gcc"),
];

/// What the tests run besides.
pub const TEST_TOOLS: [(&str, &str); 26] = [
    ("mkfs.ext4", "e2fsprogs"),
    ("mkfs.xfs", "xfsprogs"),
    ("mkfs.btrfs", "btrfs-progs"),
    ("mkfs.vfat", "dosfstools"),
    ("mkswap", "util-linux"),
    ("parted", "parted"),
    ("script", "bsdutils"),
    ("ip", "iproute2"),
    ("ssh", "openssh-client"),
    (SSH_SERVER, "openssh-server"),
    ("openssl", "openssl"),
    // Looks at the HTML report.
    ("chromium", "chromium"),
    ("minisign", "minisign"),
    // The emulated machine of the wipe guard's test, and what is put on its disks.
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("busybox", "busybox-static"),
    ("cpio", "cpio"),
    ("depmod", "kmod"),
    ("sfdisk", "fdisk"),
    ("cryptsetup", "cryptsetup-bin"),
    ("pvcreate", "lvm2"),
    ("mdadm", "mdadm"),
    ("make-bcache", "bcache-tools"),
    ("dmsetup", "dmsetup"),
    ("sg_persist", "sg3-utils"),
    ("dpkg-deb", "dpkg"),
    FAKETIME,
];

/// Gives a process another calendar.
pub const FAKETIME: (&str, &str) = ("faketime", "faketime");

/// The tests start an SSH server of their own; the machine's is not to start because of them.
const SSH_SERVER: &str = "sshd";

/// The file by which Debian keeps an SSH server that is installed from being started.
/// (openssh-server, `README.Debian`.)
const NOT_TO_BE_RUN: &str = "/etc/ssh/sshd_not_to_be_run";

/// Installs the packages whose programs are missing.
///
/// # Errors
///
/// When something is missing that cannot be installed from here; it says what to type.
pub fn programs(wanted: &[(&str, &str)]) -> anyhow::Result<()> {
    let missing: Vec<_> = wanted
        .iter()
        .filter(|(program, _)| !found(program))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let programs: Vec<_> = missing.iter().map(|(program, _)| *program).collect();
    println!("missing: {}", programs.join(", "));
    let mut packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
    packages.dedup();
    packages_from_debian(&packages)
}

/// Installs Debian packages, as root or through a sudo that asks for nothing.
///
/// # Errors
///
/// When this is no Debian, or there are no rights; it says what to type.
pub fn packages_from_debian(packages: &[&str]) -> anyhow::Result<()> {
    let list = packages.join(" ");
    if !found("apt-get") {
        bail!("these Debian packages, or what brings the same programs here, are needed: {list}");
    }
    let mut prefix = Vec::new();
    if !nix::unistd::geteuid().is_root() {
        if !quietly("sudo", &["-n", "true"]) {
            bail!(
                "packages are missing; type\n    \
                 sudo apt-get update && sudo apt-get install -y --no-install-recommends {list}\n\
                 and start this again"
            );
        }
        prefix.extend(["sudo", "-n"]);
    }
    let apt = |args: &[&str]| {
        let mut words = prefix.clone();
        words.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        words.extend(args);
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).stdin(Stdio::null());
        command
    };
    if packages.contains(&"openssh-server") {
        let mut words = prefix.clone();
        words.extend(["install", "-D", "/dev/null", NOT_TO_BE_RUN]);
        run(Command::new(words[0]).args(&words[1..]))?;
    }
    run(&mut apt(&["-q", "update"]))?;
    let mut install = vec!["-q", "install", "-y", "--no-install-recommends"];
    install.extend(packages);
    run(&mut apt(&install))
}

/// Fetches Debian's kernel and takes it apart to `target/kernel`, once, for the tests' emulated machines.
/// It is not installed.
///
/// # Errors
///
/// When it cannot be fetched; it says with what.
pub fn kernel() -> anyhow::Result<()> {
    let done = target("kernel");
    if done.join("boot").is_dir() {
        return Ok(());
    }
    let folder = target("kernel-new");
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    // The package depends on that of its newest version, which has the files.
    let depends = Command::new("apt-cache")
        .args(["depends", "linux-image-amd64"])
        .output()
        .context("apt-cache does not start; the tests' kernel is a Debian package")?;
    let depends = String::from_utf8_lossy(&depends.stdout).into_owned();
    let mut names = depends
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "));
    let package = names
        .next()
        .context("there is no package linux-image-amd64: apt-get update")?;
    run(Command::new("apt-get")
        .args(["-q", "download", package])
        .current_dir(&folder))?;
    let mut files = std::fs::read_dir(&folder)?
        .flatten()
        .map(|entry| entry.path());
    let file = files.find(|path| path.extension().is_some_and(|e| e == "deb"));
    let file = file.with_context(|| format!("no package in {}", folder.display()))?;
    run(Command::new("dpkg-deb")
        .arg("--extract")
        .args([&file, &folder]))?;
    std::fs::remove_file(&file)?;
    let version = std::fs::read_dir(folder.join("lib/modules"))?.next();
    let version = version.context("the package has no drivers")??.file_name();
    let depmod = if Path::new("/sbin/depmod").exists() {
        "/sbin/depmod"
    } else {
        "depmod"
    };
    run(Command::new(depmod).arg("-b").arg(&folder).arg(version))?;
    std::fs::rename(&folder, &done).with_context(|| done.display().to_string())
}

/// Whether a command ends well, its output not shown.
pub fn quietly(program: &str, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
