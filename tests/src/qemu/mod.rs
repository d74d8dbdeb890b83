//! A whole machine of its own, emulated: Debian's kernel, the live image in memory, disks that a test
//! makes. Nothing that happens in it can reach the machine that the tests run on.

mod image;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub use image::{Image, found};

use crate::eventually;

/// How a disk is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bus {
    /// SATA.
    Sata,
    /// A namespace of an NVMe controller, which goes by the disk's serial number. Linux takes no name
    /// of a namespace from QEMU's controllers (`NVME_QUIRK_BOGUS_NID`).
    Nvme,
    /// Such a namespace, of which the block at 64 KiB cannot be read.
    Unreadable,
    /// USB.
    Usb,
    /// virtio.
    Virtio,
}

/// A disk of the machine: an image in a file.
#[derive(Clone, Debug)]
pub struct Disk {
    /// The file.
    pub image: PathBuf,
    /// Its serial number; empty: none.
    pub serial: String,
    /// How it is attached.
    pub bus: Bus,
}

/// What a machine is made of, apart from its disks. By default what QEMU has where nothing is said, and
/// the host's clock.
#[derive(Clone, Debug)]
pub struct Hardware {
    /// The processor's model, by QEMU's name.
    pub cpu: &'static str,
    /// How many cores it has.
    pub cores: usize,
    /// Memory, as QEMU takes it.
    pub memory: &'static str,
    /// What its clock shows when it is switched on, as `YYYY-MM-DDTHH:MM:SS` or `utc`.
    pub clock: &'static str,
}

impl Default for Hardware {
    fn default() -> Self {
        Hardware {
            cpu: "qemu64",
            cores: 2,
            memory: "2G",
            clock: "utc",
        }
    }
}

/// A machine that is up. It is gone when this is dropped.
pub struct Machine {
    child: Child,
    console: PathBuf,
    emulator: PathBuf,
}

impl Machine {
    /// Boots an image with these disks. `folder` takes what it needs; the host's loopback is 10.0.2.2.
    pub fn boot(image: &Image, hardware: &Hardware, disks: &[Disk], folder: &Path) -> Self {
        let console = folder.join("console");
        let emulator = folder.join("emulator");
        let output = std::fs::File::create(&console).expect("a console");
        let errors = std::fs::File::create(&emulator).expect("a file");
        let mut command = Command::new("qemu-system-x86_64");
        command
            .args(["-accel", "tcg", "-machine", "q35"])
            .args(["-cpu", hardware.cpu, "-m", hardware.memory])
            .args(["-smp", &hardware.cores.to_string()])
            .args(["-rtc", &format!("base={}", hardware.clock)])
            .args([
                "-display",
                "none",
                "-serial",
                "stdio",
                "-monitor",
                "none",
                "-no-reboot",
            ])
            .args([
                "-netdev",
                "user,id=net",
                "-device",
                "e1000,netdev=net,romfile=",
            ])
            .args(["-device", "qemu-xhci,id=xhci"])
            .arg("-kernel")
            .arg(image.kernel())
            .arg("-initrd")
            .arg(image.pack(folder))
            .args(["-append", "console=ttyS0 quiet panic=-1"]);
        for argument in devices(disks) {
            command.arg(argument);
        }
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        let child = command
            .spawn()
            .expect("qemu-system-x86_64 starts: apt-get install qemu-system-x86");
        Machine {
            child,
            console,
            emulator,
        }
    }

    /// Everything that it printed so far.
    pub fn console(&self) -> String {
        let bytes = std::fs::read(&self.console).unwrap_or_default();
        String::from_utf8_lossy(&bytes).replace('\r', "")
    }

    /// The same, and what the emulator itself complained of: for a test that fails.
    pub fn story(&self) -> String {
        let complaints = std::fs::read_to_string(&self.emulator).unwrap_or_default();
        format!("{}\n{complaints}", self.console())
    }

    /// Waits until it has powered itself off.
    pub fn wait(&mut self) {
        let ended = eventually(|| self.child.try_wait().expect("a child can be waited for"));
        assert!(ended.is_some(), "it stays up: {}", self.story());
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// How many disks one SATA controller has.
const PORTS: usize = 6;

/// QEMU's arguments for disks.
fn devices(disks: &[Disk]) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut add = |option: &str, value: String| arguments.extend([option.to_owned(), value]);
    let (mut sata, mut controllers) = (0, Vec::new());
    for (number, disk) in disks.iter().enumerate() {
        let file = disk.image.display();
        let raw = "cache=unsafe,discard=ignore";
        add(
            "-drive",
            match disk.bus {
                // Sector 128 of 512 bytes; EIO.
                Bus::Unreadable => format!(
                    "if=none,id=d{number},driver=blkdebug,image.driver=file,image.filename={file},\
                 inject-error.0.event=none,inject-error.0.sector=128,inject-error.0.errno=5"
                ),
                _ => format!("if=none,id=d{number},format=raw,file={file},{raw}"),
            },
        );
        let serial = match disk.serial.as_str() {
            "" => String::new(),
            serial => format!(",serial={serial}"),
        };
        match disk.bus {
            Bus::Sata => {
                if sata % PORTS == 0 {
                    add("-device", format!("ahci,id=ahci{}", sata / PORTS));
                }
                let (controller, port) = (sata / PORTS, sata % PORTS);
                add(
                    "-device",
                    format!("ide-hd,drive=d{number},bus=ahci{controller}.{port}{serial}"),
                );
                sata += 1;
            }
            Bus::Nvme | Bus::Unreadable => {
                let known = controllers.iter().position(|known| *known == disk.serial);
                let controller = known.unwrap_or(controllers.len());
                if known.is_none() {
                    add("-device", format!("nvme,id=nvme{controller}{serial}"));
                    controllers.push(disk.serial.clone());
                }
                add(
                    "-device",
                    format!("nvme-ns,drive=d{number},bus=nvme{controller}"),
                );
            }
            Bus::Usb => add(
                "-device",
                format!("usb-storage,drive=d{number},bus=xhci.0{serial}"),
            ),
            Bus::Virtio => add("-device", format!("virtio-blk-pci,drive=d{number}{serial}")),
        }
    }
    arguments
}
