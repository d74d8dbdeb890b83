//! What one line of the kernel's log reports.

use serde::Serialize;

/// What a line reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A machine check, or a line that decodes one.
    MachineCheck,
    /// So many corrected machine checks that the kernel left interrupts for polling.
    MachineCheckStorm,
    /// A line of an APEI error record (GHES, BERT).
    Apei,
    /// An EDAC driver reported memory errors, corrected or not.
    MemoryError,
    /// An EDAC driver took a memory controller into its care: it counts errors from here on.
    EdacReady,
    /// How errors are reported on this machine: firmware first, tables, collectors.
    ErrorReporting,
    /// The kernel handled a page with an uncorrected error.
    MemoryFailure,
    /// The kernel took a page out of use, or tried to.
    PageOffline,
    /// An EDAC driver reported an error of a device other than memory (PCI parity, caches, L3).
    EdacDevice,
    /// A PCI Express error (AER).
    Aer,
    /// Downstream port containment: a port cut its device off.
    Dpc,
    /// The link of a PCI Express slot went down or up, a card was removed.
    PcieHotplug,
    /// A PCI Express link runs below what the device can do.
    PcieLinkLimited,
    /// A PCI device does not answer or could not be enabled.
    PciDevice,
    /// A CPU or package was throttled, by heat or by its power limit.
    Throttle,
    /// A thermal zone reached its critical temperature.
    ThermalCritical,
    /// The block layer could not read or write.
    BlockError,
    /// A buffer could not be read or written.
    BufferError,
    /// A step of libata's error handling, or a link's change.
    Ata,
    /// A SCSI command failed, or its sense data.
    ScsiError,
    /// A SCSI command was aborted, or a device, target, bus or host was reset for it.
    ScsiAbort,
    /// A SCSI device was taken offline.
    DiskOffline,
    /// A storage adapter (mpt3sas, megaraid_sas and others) reported a fault or a reset.
    StorageAdapter,
    /// An NVMe command timed out.
    NvmeTimeout,
    /// An NVMe controller is down, was reset or removed.
    NvmeController,
    /// An NVMe command failed.
    NvmeError,
    /// A file system found an error.
    FileSystem,
    /// An md, dm or ZFS array lost a device or an operation.
    Array,
    /// A task did not run for long.
    HungTask,
    /// A CPU ran kernel code for long (soft lockup).
    SoftLockup,
    /// A CPU took no interrupts (hard lockup).
    HardLockup,
    /// Read-copy-update waits for a CPU.
    RcuStall,
    /// A non-maskable interrupt without a known cause, or for a system error.
    Nmi,
    /// An interrupt that no driver handled.
    Interrupt,
    /// A clock is not trusted any more.
    Clock,
    /// The kernel stopped.
    Panic,
    /// The kernel failed: oops, BUG, general protection, page fault.
    Oops,
    /// The kernel warned of itself.
    KernelWarning,
    /// A program was ended for a fault of its own.
    ProgramFault,
    /// A process was ended for lack of memory.
    OutOfMemory,
    /// A network port's link went up or down.
    NicLink,
    /// A network port's transmit queue stood still.
    NicTimeout,
    /// A network adapter or its driver reported a fault.
    NicFault,
    /// A network adapter's transceiver or cable reported an event.
    NicModule,
    /// An NVIDIA GPU reported an Xid.
    GpuXid,
    /// An NVSwitch reported an SXid.
    NvSwitchSxid,
    /// A GPU fell off the bus, did not start, or hangs, in words without a number.
    GpuFault,
    /// An AMD GPU reported RAS errors.
    GpuRas,
    /// A GPU was reset.
    GpuReset,
    /// A device accessed memory that it may not.
    Iommu,
    /// The kernel found the firmware at fault.
    FirmwareBug,
    /// ACPI's interpreter found an error in the firmware's code.
    Acpi,
    /// Why the machine was reset before.
    ResetReason,
    /// The IPMI driver cannot talk to the management controller.
    Ipmi,
    /// A USB device disappeared or does not answer.
    Usb,
    /// A sensor or power supply reported an alarm.
    Sensor,
    /// The kernel is tainted from here on.
    Taint,
    /// Lines were lost or left out.
    LogLost,
    /// Looks like trouble of the hardware, in words that are not known.
    Unknown,
}

/// How bad it is, in the kernel's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Reported for information; nothing failed.
    Info,
    /// The hardware corrected it.
    Corrected,
    /// Data is lost that was not used yet.
    Deferred,
    /// Not corrected; software could go on (APEI's word).
    Recoverable,
    /// Not corrected; the link stays usable (PCI Express's word).
    NonFatal,
    /// Not corrected.
    Uncorrected,
    /// The machine, the link or the device cannot go on.
    Fatal,
}

/// The part that a line names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// A logical CPU.
    Cpu(u32),
    /// A machine check bank of a logical CPU.
    McaBank {
        /// The logical CPU that read the bank.
        cpu: u32,
        /// The bank.
        bank: u32,
    },
    /// A memory controller of EDAC: `mc0` is 0.
    MemoryController(u32),
    /// A memory module, by the label of EDAC or the firmware's `DIMM location` or `fru_text`.
    Dimm {
        /// The label.
        label: String,
        /// EDAC's memory controller.
        mc: Option<u32>,
    },
    /// A page of memory, by its number (address divided by the page size).
    Page(u64),
    /// A PCI function, or a device where the line has no function: `0000:3b:00.0`.
    Pci(String),
    /// A hot-plug slot, by its label.
    Slot(String),
    /// A block device: `sda`, `nvme0n1`, `dm-0`.
    Disk(String),
    /// An NVMe controller: `nvme0`.
    Nvme(String),
    /// A port of libata: `ata2`.
    Ata(u32),
    /// A SCSI address: host:channel:target:lun.
    Scsi(String),
    /// A storage adapter as its driver numbers it: `mpt3sas_cm0`.
    Adapter(String),
    /// A network port.
    Nic(String),
    /// A GPU, by its PCI address.
    Gpu(String),
    /// An NVSwitch, by its PCI address.
    NvSwitch(String),
    /// A file system, by the device that holds it.
    FileSystem(String),
    /// An array: `md0`.
    Array(String),
    /// A process or kernel thread.
    Task {
        /// Its name, at most 15 characters.
        name: String,
        /// Its process id.
        pid: Option<u32>,
    },
    /// A thermal zone.
    ThermalZone(String),
    /// A USB device by its place: `3-1.2`.
    Usb(String),
    /// Another device, as the record's `DEVICE=` or the line's own words name it.
    Device(String),
}

/// One line that reports something.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// The line's place in the entries.
    pub index: usize,
    /// What it reports.
    pub kind: Kind,
    /// How bad, where the line says so.
    pub severity: Option<Severity>,
    /// The part that it names.
    pub part: Option<Part>,
    /// Its values by name, as they were printed.
    pub fields: Vec<(String, String)>,
    /// The line.
    pub text: String,
}

impl Event {
    /// A value by its name.
    pub fn field(&self, key: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    }
}
