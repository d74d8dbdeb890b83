//! Which files a stage may read at all: those that show the state of hardware, firmware and kernel.
//!
//! A path is allowed where a rule of [`ALLOWED`] covers it and none of [`NEVER`] does. Sources: the kernel's
//! `Documentation/ABI` and `proc(5)`; the reason for each rule of [`NEVER`] stands beside it.

/// What may be read. A last `/` covers everything below; `*` stands for any part of one name.
const ALLOWED: &[&str] = &[
    "sys/block/",
    "sys/bus/",
    "sys/class/",
    "sys/devices/",
    "sys/firmware/acpi/tables/BERT",
    "sys/firmware/acpi/tables/EINJ",
    "sys/firmware/acpi/tables/ERST",
    "sys/firmware/acpi/tables/HEST",
    "sys/firmware/acpi/tables/SRAT",
    "sys/firmware/acpi/tables/SLIT",
    "sys/firmware/acpi/tables/HMAT",
    "sys/firmware/acpi/tables/data/BERT",
    "sys/firmware/acpi/hotplug/",
    "sys/firmware/acpi/interrupts/",
    "sys/firmware/acpi/pm_profile",
    "sys/firmware/devicetree/base/compatible",
    "sys/firmware/devicetree/base/model",
    "sys/firmware/devicetree/base/serial-number",
    "sys/firmware/devicetree/base/system-id",
    "sys/firmware/devicetree/base/vendor",
    "sys/firmware/devicetree/base/ibm,firmware-versions/",
    "sys/firmware/dmi/tables/",
    "sys/firmware/dmi/entries/",
    "sys/firmware/efi/config_table",
    "sys/firmware/efi/fw_platform_size",
    "sys/firmware/efi/fw_vendor",
    "sys/firmware/efi/runtime",
    "sys/firmware/efi/esrt/",
    // Secure Boot's state (UEFI 2.10, section 3.3: the GUID is that of global variables).
    "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
    "sys/firmware/efi/efivars/SetupMode-8be4df61-93ca-11d2-aa0d-00e098032b8c",
    "sys/firmware/efi/efivars/DeployedMode-8be4df61-93ca-11d2-aa0d-00e098032b8c",
    "sys/firmware/efi/efivars/AuditMode-8be4df61-93ca-11d2-aa0d-00e098032b8c",
    "sys/firmware/memmap/",
    "sys/fs/pstore/",
    "sys/hypervisor/",
    "sys/kernel/iommu_groups/",
    "sys/kernel/mm/hugepages/",
    "sys/kernel/mm/transparent_hugepage/",
    "sys/kernel/security/lockdown",
    "sys/module/*/initstate",
    "sys/module/*/refcnt",
    "sys/module/*/srcversion",
    "sys/module/*/version",
    "sys/module/edac_core/parameters/",
    "sys/module/nvme_core/parameters/",
    "sys/module/pcie_aspm/parameters/",
    "sys/module/processor/parameters/",
    "sys/module/intel_idle/parameters/",
    "sys/power/mem_sleep",
    "proc/buddyinfo",
    "proc/cpuinfo",
    "proc/devices",
    "proc/diskstats",
    "proc/driver/nvidia/",
    "proc/filesystems",
    "proc/interrupts",
    "proc/iomem",
    "proc/ioports",
    "proc/loadavg",
    "proc/mdstat",
    "proc/meminfo",
    "proc/misc",
    "proc/modules",
    "proc/net/bonding/",
    "proc/net/dev",
    "proc/pagetypeinfo",
    "proc/partitions",
    "proc/pressure/",
    "proc/schedstat",
    "proc/scsi/",
    "proc/softirqs",
    "proc/stat",
    "proc/sys/dev/raid/",
    "proc/sys/kernel/arch",
    "proc/sys/kernel/hung_task_detect_count",
    "proc/sys/kernel/nmi_watchdog",
    "proc/sys/kernel/numa_balancing",
    "proc/sys/kernel/osrelease",
    "proc/sys/kernel/panic*",
    "proc/sys/kernel/random/boot_id",
    "proc/sys/kernel/tainted",
    "proc/sys/kernel/version",
    "proc/sys/kernel/watchdog*",
    "proc/sys/vm/",
    "proc/uptime",
    "proc/version",
    "proc/vmstat",
    "proc/zoneinfo",
];

/// What may not be read although a rule above covers it: a name below `sys`, at any depth.
const NEVER: &[&str] = &[
    // PCI configuration space, expansion ROM and vital product data: slow or unsafe to read on some
    // devices. BARs are a device's registers: a read can hang the machine (sysfs-bus-pci).
    "config",
    "rom",
    "vpd",
    "resource*",
    "legacy_io",
    "legacy_mem",
    // Fuses and other small memories of a device, which may hold keys.
    "nvmem",
    // Secrets of iSCSI and of NVMe over Fabrics: CHAP names and keys.
    "*passwor*",
    "*secret*",
    "*chap*",
    "dhchap*",
    "tls_key*",
    "*_key",
    "username*",
    // A name that a person gave.
    "*hostname*",
    "*ifalias*",
];

/// What may be read at most, as patterns of paths: `sys/class/**`, `proc/cpuinfo`. Some names below are never
/// readable all the same.
pub fn patterns() -> Vec<String> {
    let pattern = |rule: &&str| match rule.strip_suffix('/') {
        Some(folder) => format!("{folder}/**"),
        None => (*rule).to_owned(),
    };
    ALLOWED.iter().map(pattern).collect()
}

/// Whether a file may be read. Links are followed by whoever asks: both ends must be allowed.
pub fn is_allowed(path: &str) -> bool {
    ALLOWED.iter().any(|rule| covers(rule, path)) && !is_never(path)
}

/// Whether something below a folder may be read, so that a glob may look there.
pub fn may_list(folder: &str) -> bool {
    ALLOWED
        .iter()
        .any(|rule| covers(rule, folder) || leads_to(folder, rule.trim_end_matches('/')))
}

/// Whether a rule's path goes on below a folder.
fn leads_to(folder: &str, rule: &str) -> bool {
    let mut names = rule.split('/');
    folder.split('/').all(|name| {
        names
            .next()
            .is_some_and(|pattern| super::glob::matches(pattern, name))
    })
}

fn covers(rule: &str, path: &str) -> bool {
    let (rule, below) = match rule.strip_suffix('/') {
        Some(folder) => (folder, true),
        None => (rule, false),
    };
    let mut names = path.split('/');
    for pattern in rule.split('/') {
        let matched = names
            .next()
            .is_some_and(|name| super::glob::matches(pattern, name));
        if !matched {
            return false;
        }
    }
    match names.next() {
        Some(_) => below,
        None => !below,
    }
}

fn is_never(path: &str) -> bool {
    let Some(below) = path.strip_prefix("sys/") else {
        return false;
    };
    let last = below.rsplit('/').next().unwrap_or(below);
    NEVER
        .iter()
        .any(|pattern| super::glob::matches(pattern, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_the_machine_is_allowed_and_secrets_are_not() {
        for path in [
            "sys/class/net/eth0/statistics/rx_crc_errors",
            "sys/devices/system/edac/mc/mc0/dimm0/dimm_ce_count",
            "sys/bus/pci/devices/0000:3b:00.0/aer_dev_fatal",
            "sys/firmware/dmi/tables/DMI",
            "sys/fs/pstore/dmesg-erst-1",
            "sys/firmware/acpi/tables/BERT",
            "proc/cpuinfo",
            "proc/driver/nvidia/gpus/0000:41:00.0/information",
        ] {
            assert!(is_allowed(path), "{path}");
        }
        for path in [
            "proc/cmdline",
            "proc/kcore",
            "proc/1/environ",
            "proc/self/status",
            "proc/net/tcp",
            "proc/sys/kernel/hostname",
            "proc/keys",
            "sys/kernel/debug/x",
            "sys/firmware/acpi/tables/MSDM",
            "sys/firmware/acpi/tables/SLIC",
            "sys/firmware/devicetree/base/chosen/bootargs",
            "sys/firmware/qemu_fw_cfg/by_name/opt/x/raw",
            "sys/firmware/ibft/target0/chap-secret",
            "sys/firmware/efi/efivars/KEK-8be4df61-93ca-11d2-aa0d-00e098032b8c",
            "sys/bus/pci/devices/0000:3b:00.0/config",
            "sys/bus/pci/devices/0000:3b:00.0/resource0_wc",
            "sys/devices/pci0000:00/0000:00:01.0/vpd",
            "sys/class/iscsi_session/session1/password_in",
            "sys/class/nvme/nvme0/dhchap_secret",
            "sys/module/x/parameters/token",
            "etc/shadow",
            "dev/sda",
        ] {
            assert!(!is_allowed(path), "{path}");
        }
    }

    #[test]
    fn each_rule_is_a_pattern() {
        for pattern in patterns() {
            let parsed: Result<crate::files::PathPattern, _> = pattern.parse();
            assert_eq!(parsed.map(|p| p.to_string()), Ok(pattern));
        }
    }

    #[test]
    fn a_folder_may_be_listed_where_a_rule_is_below_it() {
        for folder in [
            "sys",
            "sys/class",
            "sys/class/net/eth0",
            "proc",
            "sys/module",
            "sys/module/x",
        ] {
            assert!(may_list(folder), "{folder}");
        }
        for folder in ["etc", "proc/1", "sys/kernel/debug", "sys/firmware/efi/vars"] {
            assert!(!may_list(folder), "{folder}");
        }
    }
}
