//! A live image for the tests: busybox, the agent, its tools and their libraries, and the kernel's
//! drivers, as one archive that the kernel unpacks into memory.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{built, vetting};

/// The first process.
const INIT: &str = include_str!("../../../image/init");

/// An image that is being made.
pub struct Image {
    folder: tempfile::TempDir,
    kernel: PathBuf,
    version: String,
}

impl Image {
    /// One with busybox, the agent, these programs and these drivers.
    pub fn new(programs: &[&str], drivers: &[&str]) -> Self {
        let kernel = built("VETTING_TEST_KERNEL", "kernel");
        let modules = kernel.join("lib/modules");
        let mut versions = fs::read_dir(modules).expect("the kernel's modules");
        let version = versions
            .next()
            .expect("a version")
            .expect("a version")
            .file_name();
        let image = Image {
            folder: tempfile::tempdir().expect("a temporary folder"),
            kernel,
            version: version.to_string_lossy().into_owned(),
        };
        image.file("init", INIT, 0o755);
        image.file("etc/vetting/live-image", "", 0o644);
        // The tests' stages are not signed.
        image.file("etc/vetting/policy.toml", "unsigned = \"allow\"\n", 0o644);
        image.copy(Path::new("/bin/busybox"), "bin/busybox");
        std::os::unix::fs::symlink("busybox", image.path("bin/sh")).expect("a link");
        image.program(&vetting());
        for program in programs {
            image.program(&found(program));
        }
        image.drivers(drivers);
        image
    }

    /// Adds a file.
    pub fn file(&self, path: &str, content: &str, mode: u32) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(&path, content).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("its mode");
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Adds a copy of a file of this machine.
    pub fn copy(&self, from: &Path, to: &str) {
        let to = self.path(to);
        fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        fs::copy(from, &to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    }

    /// Adds a program and the libraries that it is linked with.
    fn program(&self, program: &Path) {
        let name = program.file_name().expect("a name").to_string_lossy();
        self.copy(program, &format!("bin/{name}"));
        for word in printed(Command::new("ldd").arg(program)).split_whitespace() {
            if word.starts_with('/') {
                self.copy(Path::new(word), word.trim_start_matches('/'));
            }
        }
    }

    /// Adds drivers and what they need.
    fn drivers(&self, names: &[&str]) {
        let kernel = &self.kernel;
        let mut show = Command::new(found("modprobe"));
        show.arg("-d")
            .arg(kernel)
            .args(["-S", &self.version, "--show-depends", "-a"]);
        let files: BTreeSet<String> = printed(show.args(names))
            .lines()
            .filter_map(|line| line.strip_prefix("insmod "))
            .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
            .collect();
        let own = kernel.canonicalize().expect("the kernel's folder");
        let own = own.join("lib/modules").join(&self.version);
        for file in &files {
            let (_, below) = file
                .split_once(&format!("lib/modules/{}/", self.version))
                .expect(file);
            self.copy(
                &own.join(below),
                &format!("lib/modules/{}/{below}", self.version),
            );
        }
        for list in [
            "modules.order",
            "modules.builtin",
            "modules.builtin.modinfo",
        ] {
            self.copy(
                &own.join(list),
                &format!("lib/modules/{}/{list}", self.version),
            );
        }
        let mut index = Command::new(found("depmod"));
        printed(index.arg("-b").arg(self.folder.path()).arg(&self.version));
        self.file("etc/vetting/modules", &(names.join("\n") + "\n"), 0o644);
    }

    /// The kernel that it is for.
    pub(super) fn kernel(&self) -> PathBuf {
        self.kernel.join(format!("boot/vmlinuz-{}", self.version))
    }

    /// Packs it.
    pub(super) fn pack(&self, folder: &Path) -> PathBuf {
        let archive = folder.join("image.cpio");
        let file = fs::File::create(&archive).expect("an archive");
        let pack = "find . | cpio --quiet --format newc --create";
        let status = Command::new("sh")
            .args(["-c", pack])
            .current_dir(self.folder.path())
            .stdout(file)
            .status();
        assert!(status.is_ok_and(|s| s.success()), "apt-get install cpio");
        archive
    }
}

/// A program of this machine.
pub fn found(program: &str) -> PathBuf {
    let folders = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];
    let mut places = folders.iter().map(|folder| Path::new(folder).join(program));
    let place = places.find(|place| place.exists());
    place.unwrap_or_else(|| {
        panic!("{program} is missing: run `cargo xtask test`, which installs it")
    })
}

/// What a command that ends well prints.
fn printed(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
