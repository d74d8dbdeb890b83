//! The parsers of `vetting-facts`: whatever a tool prints or a file says, they end without a panic.

use vetting_facts::files::Files;
use vetting_facts::{
    bmc, fio, gpu, iperf3, kernel, queries, smartctl, smbios, stress_ng, stressapptest,
};

/// smartctl's documents of drives, and its scans.
pub fn smartctl(bytes: &[u8]) {
    let _any = smartctl::drive(bytes);
    let _any = smartctl::scan_with_messages(bytes);
}

/// Every listing of a management controller: each reader gets all of it.
pub fn bmc(bytes: &[u8]) {
    let _any = (
        bmc::sensors(bytes),
        bmc::from_elist(bytes),
        bmc::sensor_table(bytes),
    );
    let _any = (
        bmc::event_log(bytes),
        bmc::event_log_info(bytes),
        bmc::frus(bytes),
    );
    let _any = (
        bmc::controller(bytes),
        bmc::chassis_status(bytes),
        bmc::self_test(bytes),
    );
    let _any = (
        bmc::power_reading(bytes),
        bmc::repository(bytes),
        bmc::clock(bytes),
    );
}

/// The kernel's log in both forms, with what its lines report.
pub fn kernel(bytes: &[u8]) {
    for entries in [kernel::kmsg(bytes), kernel::dmesg(bytes)] {
        let events = kernel::events(&entries);
        let incidents = kernel::incidents(&entries, &events);
        kernel::storms(&incidents);
    }
}

/// What tools say of GPUs.
pub fn gpu(bytes: &[u8]) {
    let _any = (
        gpu::nvidia_smi::gpus(bytes),
        gpu::nvidia_smi::samples(bytes),
    );
    let _any = (gpu::nvlinks::status(bytes), gpu::nvlinks::errors(bytes));
    let _any = (gpu::gpu_burn::output(bytes), gpu::dcgmi_diag::report(bytes));
    let _any = (gpu::rocm_smi::report(bytes), gpu::amd_smi::report(bytes));
}

/// SMBIOS tables and what `dmidecode` prints of them. The first 32 bytes are the entry point.
pub fn smbios(bytes: &[u8]) {
    let (entry, table) = bytes.split_at(bytes.len().min(32));
    let _any = (
        smbios::tables(table, Some(entry)),
        smbios::tables(bytes, None),
    );
    let _any = smbios::printed(bytes);
}

/// The ends of load tools.
pub fn jobs(bytes: &[u8]) {
    let _any = (fio::output(bytes), fio::complaints(bytes));
    let _any = (stress_ng::yaml(bytes), stress_ng::log(bytes));
    let _any = (iperf3::output(bytes), stressapptest::log(bytes));
}

/// Read-only tools that answer at once.
pub fn queries(bytes: &[u8]) {
    let _any = (
        queries::ethtool_statistics::statistics(bytes),
        queries::ethtool_fec::fec(bytes),
    );
    let _any = (
        queries::ethtool_module::module(bytes),
        queries::ethtool_link::link(bytes),
        queries::ethtool_address::address(bytes),
    );
    let _any = (
        queries::lspci::devices(bytes),
        queries::lldp::neighbors(bytes),
    );
    let _any = (
        queries::ibstat::adapters(bytes),
        queries::numactl::hardware(bytes),
    );
    let _any = (queries::nvme::smart_log(bytes), queries::nvme::list(bytes));
    let _any = (
        queries::tpm::registers(bytes),
        queries::sensors::sensors(bytes),
    );
}

/// Files of sysfs and procfs: each line `path: content`.
pub fn files(bytes: &[u8]) {
    let mut files = Files::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        if let (Some(path), Some(content)) = (parts.next(), parts.next()) {
            files.add_file(&String::from_utf8_lossy(path), content);
        }
    }
    let given = vetting_facts::inventory::Given::default();
    vetting_facts::inventory::inventory(&files, &given);
    gpu::amd::gpus(&files);
}
