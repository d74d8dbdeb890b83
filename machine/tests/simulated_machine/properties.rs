//! Whatever is asked, in whatever order: no panic, and time goes on and ends.

use std::time::Duration;

use proptest::prelude::*;
use vetting_machine::contract::bmc::Question;
use vetting_machine::contract::iperf::Direction;
use vetting_machine::contract::kernel_log::Beginning;
use vetting_machine::contract::smart::SelfTestKind;
use vetting_machine::contract::{fio, gpu};
use vetting_machine::simulated::SimulatedMachine;
use vetting_machine::{Attempt, Request};

use crate::driver::{Driver, attempt, computing, reads, tcp};

fn question() -> impl Strategy<Value = Question> {
    prop::sample::select(Question::ALL.to_vec())
}

fn disk() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("sda"),
        Just("sdc"),
        Just("nvme0n1"),
        Just("vda"),
        Just("nonsense")
    ]
    .prop_map(str::to_owned)
}

fn job() -> impl Strategy<Value = fio::Job> {
    let sizes = (any::<u32>(), any::<u32>(), any::<u32>(), any::<u64>());
    let plain = (disk(), 1..200_u64).prop_map(|(disk, seconds)| reads(&disk, seconds));
    let wild = (disk(), sizes, any::<Option<u64>>(), any::<Option<u64>>()).prop_map(
        |(disk, (block_size, io_depth, workers, offset_bytes), runtime_ms, size_bytes)| fio::Job {
            block_size,
            io_depth,
            workers,
            runtime_ms,
            size_bytes,
            offset_bytes,
            ..reads(&disk, 1)
        },
    );
    let small = (disk(), 1..64_u32, 1..64_u32).prop_map(|(disk, block, workers)| fio::Job {
        block_size: block * 512,
        workers,
        runtime_ms: None,
        size_bytes: Some(u64::from(block) * 512 * 3),
        pattern: fio::Pattern::RandomReadWrite,
        ..reads(&disk, 1)
    });
    prop_oneof![plain, wild, small]
}

fn request() -> impl Strategy<Value = Request> {
    let handle = || 0..8_u32;
    let wait = || prop_oneof![0..3_000_u64, Just(u64::MAX)];
    prop_oneof![
        Just(Request::Monotonic),
        Just(Request::Wall),
        Just(Request::Hwmon),
        Just(Request::QueriesList),
        Just(Request::FilesRead {
            paths: vec!["proc/meminfo".to_owned()]
        }),
        Just(Request::Disks),
        Just(Request::ScratchSpace),
        Just(Request::SmartDevices),
        Just(Request::GpuDevices),
        Just(Request::GpuSample),
        Just(Request::GpuAsk {
            question: gpu::Question::NvlinkStatus
        }),
        question().prop_map(|question| Request::Bmc { question }),
        Just(Request::KernelLogOpen {
            begins: Beginning::Now,
        }),
        (0..5_000_u64).prop_map(|milliseconds| Request::Sleep { milliseconds }),
        any::<u32>().prop_map(|bytes| Request::Random { bytes }),
        disk().prop_map(|device| Request::SmartRead { device }),
        disk().prop_map(|device| Request::SmartStartSelfTest {
            device,
            kind: SelfTestKind::Extended
        }),
        Just(Request::SmartScan),
        job().prop_map(|job| Request::FioStart { job }),
        (0..90_u64).prop_map(|seconds| Request::StressStart {
            job: computing(seconds)
        }),
        (0..90_u64).prop_map(|seconds| Request::IperfStart {
            job: tcp(Direction::Both, seconds)
        }),
        any::<u64>().prop_map(|duration_ms| Request::GpuStart {
            job: gpu::Job::Burn(gpu::Burn {
                gpus: Vec::new(),
                duration_ms
            })
        }),
        (handle(), wait()).prop_map(|(run, timeout_ms)| Request::RunNext { run, timeout_ms }),
        handle().prop_map(|run| Request::RunStop { run }),
        handle().prop_map(|run| Request::RunDrop { run }),
        (handle(), wait())
            .prop_map(|(watch, timeout_ms)| Request::KernelLogNext { watch, timeout_ms }),
        handle().prop_map(|watch| Request::KernelLogLost { watch }),
        handle().prop_map(|watch| Request::KernelLogClose { watch }),
    ]
}

proptest! {
    #[test]
    fn any_requests_in_any_order(
        requests in prop::collection::vec(request(), 1..60),
        profile in 0..16_usize,
        soft in 0..=120_u64,
    ) {
        let (name, _) = SimulatedMachine::builtin_names()[profile];
        let machine = SimulatedMachine::builtin(name, 3).expect("is built in");
        let deadline = Duration::from_secs(120);
        let attempt = Attempt { deadline, soft_deadline: Duration::from_secs(soft), ..attempt() };
        let cancel = attempt.cancel.clone();
        let driver = Driver::with(&machine, attempt);
        let mut before = Duration::ZERO;
        for request in requests {
            // Errors are answers like any other here.
            let answer = driver.call(request.clone());
            let now = driver.0.elapsed();
            prop_assert!(now > before || now == deadline, "{request:?} took no time: {answer:?}");
            prop_assert!(now <= deadline);
            prop_assert_eq!(cancel.is_cancelled(), now >= Duration::from_secs(soft));
            before = now;
        }
    }

    #[test]
    fn any_text_is_a_profile_or_an_error(text in "(?s).{0,200}") {
        // A panic is the failure.
        let _refused_mostly = SimulatedMachine::from_toml("any", &text, 1).is_ok();
    }

    #[test]
    fn any_numbers_in_a_profile(
        rise in any::<f64>(), ambient in any::<f64>(), tdp in any::<f64>(), percent in any::<f64>(),
        size in 0..=i64::MAX, mhz in any::<u32>(), width in any::<u32>(), at in 0..100_u64,
    ) {
        let text = format!(
            "extends = \"healthy-server\"\nambient = {ambient:?}\n[cpu]\nrise = {rise:?}\ntdp_watts = {tdp:?}\n\
             base_mhz = {mhz}\n[memory]\nmodule_bytes = {size}\n[[disk]]\nname = \"sda\"\nsize_bytes = {size}\n\
             [[fault]]\nkind = \"disk-slow\"\ndisk = \"nvme0n1\"\npercent = {percent:?}\n\
             [[fault]]\nat = \"{at}h\"\nkind = \"pcie-degraded\"\npci = \"0000:65:00.0\"\nwidth = {width}\n",
        ).replace("NaN", "nan");
        if let Ok(machine) = SimulatedMachine::from_toml("any", &text, 1) {
            let driver = Driver::with(&machine, attempt());
            // What is answered matters less than that it is.
            let started = [
                driver.call(Request::FioStart { job: reads("sda", 20) }),
                driver.call(Request::FioStart { job: reads("nvme0n1", 20) }),
                driver.call(Request::StressStart { job: computing(20) }),
            ];
            prop_assert!(started[2].is_ok());
            driver.sleep(60);
            for request in [Request::QueriesList, Request::Hwmon, Request::Bmc { question: Question::Sensors }] {
                prop_assert!(driver.call(request).is_ok());
            }
        }
    }
}
