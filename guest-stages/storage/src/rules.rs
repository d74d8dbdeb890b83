//! The rules, each written down once.

use crate::Parameters;

vetting_stage::rules! {
    use kernel_events;

    /// There was no time left to read a disk.
    NOT_REACHED: unknown "not-reached";
    /// The deadline cut each reading.
    DURATION: warn "duration" = "{duration}", "default";
    /// fio did not run, did not come to its end, moved not one byte, or its accesses came back empty.
    FIO: unknown "fio";
    /// Reading, writing or checking failed by the medium or the path to it.
    IO_ERRORS: fail "io-errors" = "0 (errno 5, 6, 19, 61, 67, 74, 84, 110, 121)", "fio(1), the field `error` of its JSON";
    /// Scratch has no room or could not be asked, or less than the whole file was written and checked.
    SCRATCH: unknown "scratch";
    /// Nothing here can write and check a scratch file.
    NO_SCRATCH: warn "scratch" = "{scratch_mib} MiB", "default";
    /// A disk may not be opened, and was measured through a scratch file on it.
    THROUGH_FILE: warn "through-file" = "opened itself", "default";
    /// A disk is slower than disks of its class are.
    CLASS_FLOOR: warn "class_floor" = "hard disk: 120 MB/s, 100 1/s; SATA or SAS SSD: 400 MB/s, 50000 1/s; NVMe, PCIe 3: 2000 MB/s, 200000 1/s; NVMe, PCIe 4: 4000 MB/s, 400000 1/s; NVMe, PCIe 5: 8000 MB/s, 800000 1/s, in order and at random",
        "default, by class of disk";
    /// A disk is far slower than any disk of its class: broken, whatever else is known of it.
    FAR_BELOW_CLASS: fail "class_floor_far" = "25 % of the class' floor, in order and at random", "default";
    /// 1 % of random reads take longer than those of its class do.
    CLASS_LATENCY: warn "class_latency" = "hard disk: 2000 ms; SATA or SAS SSD: 10 ms; NVMe: 3 ms", "default, by class of disk";
    /// A disk reads slower in order than the spec says.
    READ_IN_ORDER: fail min_read_mbps;
    /// A disk reads slower at random than the spec says.
    READ_AT_RANDOM: fail min_read_iops;
    /// One in a thousand random reads of a solid-state disk takes far longer than half of them.
    TAIL: warn tail_warn_ratio;
    /// A disk is slower than the middle of those of its model and size.
    BELOW_PEERS: warn peers_warn_percent;
    /// A disk is far slower than the middle of those of its model and size.
    FAR_BELOW_PEERS: fail peers_fail_percent;
    /// A disk that the machine works on is far slower than the middle of those of its model and size.
    BUSY_FAR_BELOW_PEERS: fail "peers-busy" = "50 % of the middle", "default";
    /// A disk answered commands with an error during the test; probing alone may be refused.
    REFUSED: warn "refused-commands" = "0", "Linux scsi_device ioerr_cnt";
    /// A disk went during the test.
    LOST: fail "disk-lost" = "0", "default";
    /// A disk holds no data: reads are answered from its map, and its speed was not judged.
    BLANK: warn "blank" = "1 block in use", "NVM Express base specification, namespace utilization";
    /// A fixed disk has no size, and could not be read.
    NO_SIZE: unknown "disk-size";
    /// The kernel holds a disk read-only.
    READ_ONLY: warn "read-only" = "writable", "Linux sysfs, ro";
    /// A zoned disk was not read where nothing is written.
    ZONED: warn "zoned" = "read", "ZBC, URSWRZ";
    /// The PCI Express link of a disk has fewer lanes than that of another disk of its model.
    LINK_NARROWER: fail "pcie_width_twin" = "that of others of its model", "Linux sysfs, current_link_width";
    /// The PCI Express link of a disk has fewer lanes than the disk: a narrow slot, or a bad seat.
    LINK_NARROW: warn "pcie_width" = "the disk's most", "Linux sysfs, current_link_width and max_link_width";
    /// The disks' error counters could not be read before and after the test.
    REFUSED_UNREAD: warn "refused-commands-unread" = "read", "default";
    /// The kernel's log could not be watched.
    KERNEL_LOG: warn "kernel-log" = "watched", "default";
}
