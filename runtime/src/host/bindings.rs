//! The contract's host side, generated from `wit/`. Its documentation is there.
#![allow(missing_docs, clippy::all)]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "stage",
    imports: { default: async | trappable },
    exports: { default: async },
    trappable_error_type: { "vetting:stage/types.error" => super::HostError },
    with: {
        "vetting:stage/fio.run": super::fio::FioRun,
        "vetting:stage/stress.run": super::stress::StressRun,
        "vetting:stage/iperf.run": super::iperf::IperfRun,
        "vetting:stage/memtest.run": super::memtest::MemtestRun,
        "vetting:stage/gpu.run": super::gpu::GpuRun,
        "vetting:stage/kernel-log.watch": super::kernel_log::KernelLogWatch,
    },
    additional_derives: [Clone, PartialEq, serde::Serialize, serde::Deserialize],
});
