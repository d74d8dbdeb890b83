//! Single lines of many drivers.

use super::*;

#[test]
fn lines_of_many_drivers_name_kind_and_part() {
    let disk = |name: &str| Some(Part::Disk(name.to_owned()));
    let cases: Vec<(&str, Kind, Option<Part>)> = vec![
        (
            "device offline error, dev sdq, sector 2048 op 0x0:(READ) flags 0x0",
            Kind::BlockError,
            disk("sdq"),
        ),
        (
            "blk_update_request: critical medium error, dev sde, sector 3 op 0x0:(READ)",
            Kind::BlockError,
            disk("sde"),
        ),
        (
            "sd 6:0:7:0: Device offlined - not ready after error recovery",
            Kind::DiskOffline,
            Some(Part::Scsi("6:0:7:0".into())),
        ),
        (
            "mpt3sas_cm0: fault_state(0x265d)!",
            Kind::StorageAdapter,
            Some(Part::Adapter("mpt3sas_cm0".into())),
        ),
        (
            "nvme nvme1: controller is down; will reset: CSTS=0xffffffff, PCI_STATUS=0xffff",
            Kind::NvmeController,
            Some(Part::Nvme("nvme1".into())),
        ),
        (
            "igb 0000:02:00.0 enp2s0: PCIe link lost",
            Kind::PciDevice,
            pci("0000:02:00.0"),
        ),
        (
            "NETDEV WATCHDOG: enp2s0 (igb): transmit queue 0 timed out",
            Kind::NicTimeout,
            Some(Part::Nic("enp2s0".into())),
        ),
        (
            "mlx5_core 0000:5c:00.0: poll_health:1: Fatal error 1 detected",
            Kind::NicFault,
            pci("0000:5c:00.0"),
        ),
        (
            "mlx5_core 0000:5c:00.0: Port module event[error]: module 0, Cable error, High Temperature",
            Kind::NicModule,
            pci("0000:5c:00.0"),
        ),
        (
            "pcieport 0000:64:01.0: DPC: ERR_FATAL detected",
            Kind::Dpc,
            pci("0000:64:01.0"),
        ),
        (
            "pcieport 0000:64:01.0: pciehp: Slot(12): Link Down",
            Kind::PcieHotplug,
            pci("0000:64:01.0"),
        ),
        (
            "mce: Uncorrected hardware memory error in user-access at 276aeb0180",
            Kind::MemoryFailure,
            Some(Part::Page(0x276aeb0)),
        ),
        (
            "Memory failure: 0x276aeb0: recovery action for dirty LRU page: Recovered",
            Kind::MemoryFailure,
            Some(Part::Page(0x276aeb0)),
        ),
        (
            "RAS: Soft-offlining pfn: 0x276aeb0",
            Kind::PageOffline,
            Some(Part::Page(0x276aeb0)),
        ),
        (
            "soft offline: 0x276aeb0: invalidated",
            Kind::PageOffline,
            Some(Part::Page(0x276aeb0)),
        ),
        (
            "CPU0 BANK7 CMCI storm detected",
            Kind::MachineCheckStorm,
            Some(Part::McaBank { cpu: 0, bank: 7 }),
        ),
        (
            "BTRFS error (device sda3): bdev /dev/sda3 errs: wr 0, rd 0, flush 0, corrupt 5, gen 0",
            Kind::FileSystem,
            Some(Part::FileSystem("sda3".into())),
        ),
        (
            "SQUASHFS error: xz decompression failed, data probably corrupt",
            Kind::FileSystem,
            None,
        ),
        (
            "Uhhuh. NMI received for unknown reason 2d on CPU 27.",
            Kind::Nmi,
            Some(Part::Cpu(27)),
        ),
        (
            "NMI: PCI system error (SERR) for reason b1 on CPU 0.",
            Kind::Nmi,
            Some(Part::Cpu(0)),
        ),
        (
            "DMAR: [DMA Read NO_PASID] Request device [04:00.0] fault addr 0xc5a00000 [fault reason 0x06] PTE Read",
            Kind::Iommu,
            pci("0000:04:00.0"),
        ),
        (
            "thermal thermal_zone0: critical temperature reached (105 C), shutting down",
            Kind::ThermalCritical,
            Some(Part::ThermalZone("thermal_zone0".into())),
        ),
        (
            "watchdog: Watchdog detected hard LOCKUP on cpu 14",
            Kind::HardLockup,
            Some(Part::Cpu(14)),
        ),
        (
            "rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 14-... } 21 jiffies",
            Kind::RcuStall,
            Some(Part::Cpu(14)),
        ),
        (
            "NVRM: GPU 0000:29:00.0: GPU has fallen off the bus.",
            Kind::GpuFault,
            Some(Part::Gpu("0000:29:00.0".into())),
        ),
        (
            "mce: CPU2: Package temperature is above threshold, cpu clock is throttled (total events = 4)",
            Kind::Throttle,
            Some(Part::Cpu(2)),
        ),
        (
            "CPU5: Core temperature above threshold, cpu clock throttled (total events = 12)",
            Kind::Throttle,
            Some(Part::Cpu(5)),
        ),
        (
            "x86/amd: Previous system reset reason [0x08000800]: an uncorrected error caused a data fabric sync flood event",
            Kind::ResetReason,
            None,
        ),
        (
            "Memory cgroup out of memory: Kill process 1381 (stress-ng-vm) score 1000 or sacrifice child",
            Kind::OutOfMemory,
            Some(Part::Task {
                name: "stress-ng-vm".into(),
                pid: Some(1381),
            }),
        ),
        (
            "EDAC MC0: 4 CE error on CPU#0Channel#2_DIMM#0 (channel:2 slot:0 page:0x0)",
            Kind::MemoryError,
            dimm("CPU#0Channel#2_DIMM#0", Some(0)),
        ),
        (
            "md/raid5:md5: Disk failure on sdb3 detected, failing array.",
            Kind::Array,
            Some(Part::Array("md5".into())),
        ),
        (
            "NVRM: Xid (0000:03:00): 62, 2d42(3124) 00000000 00000000",
            Kind::GpuXid,
            Some(Part::Gpu("0000:03:00".into())),
        ),
        (
            "[Hardware Error]: words of a later kernel",
            Kind::Unknown,
            None,
        ),
    ];
    for (text, kind, part) in cases {
        let event = one(text);
        assert_eq!((event.kind, event.part), (kind, part), "{text}");
    }
}
