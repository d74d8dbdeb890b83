//! Disks, and machines that a text describes.

use std::cell::RefCell;
use std::fs::File;
use std::time::Duration;

use futures::FutureExt as _;
use vetting_machine::contract::{bmc, gpu};
use vetting_machine::simulated::SimulatedMachine;
use vetting_machine::{Attempt, Machine as _, Request, real};

/// A disk's signatures. The disk is a file in memory, which is made once for each thread.
pub fn disk(bytes: &[u8]) {
    thread_local! {
        static IMAGE: RefCell<Option<File>> = const { RefCell::new(None) };
    }
    IMAGE.with_borrow_mut(|image| {
        if image.is_none() {
            let flags = nix::sys::memfd::MFdFlags::MFD_CLOEXEC;
            let made = nix::sys::memfd::memfd_create("disk", flags);
            *image = made.ok().map(File::from);
        }
        // Without memory for it nothing would be tested.
        let Some(image) = image else {
            panic!("there is no memory for an image of a disk");
        };
        if let Err(error) = real::outside::disk(bytes, image) {
            panic!("a disk that can be read was not read: {error}");
        }
    });
}

/// A profile, and the machine that it makes: what a stage would look at first, then a minute later.
pub fn profile(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(machine) = SimulatedMachine::from_toml("fuzz", &text, 1) else {
        return;
    };
    machine.peer();
    machine.capacity();
    machine.parameters("SMART");
    let hour = Duration::from_secs(3600);
    let begun = machine.begin(Attempt {
        deadline: hour,
        soft_deadline: hour,
        beside: false,
        ..Attempt::beside("fuzz")
    });
    let Some(Ok(session)) = begun.now_or_never() else {
        return;
    };
    let ask = |request| {
        let answer = session.call(request).now_or_never();
        assert!(answer.is_some(), "a machine of virtual time has waited");
    };
    for minute in 0..2 {
        for request in [
            Request::Wall,
            Request::Hwmon,
            Request::QueriesList,
            Request::FilesList {
                globs: vec!["sys/class/net/*/*".to_owned()],
            },
            Request::Disks,
            Request::ScratchSpace,
            Request::SmartDevices,
            Request::GpuDevices,
            Request::GpuSample,
            Request::GpuAsk {
                question: gpu::Question::NvidiaSmi,
            },
            Request::Bmc {
                question: bmc::Question::Sensors,
            },
            Request::Bmc {
                question: bmc::Question::EventLog,
            },
        ] {
            ask(request);
        }
        if minute == 0 {
            ask(Request::Sleep {
                milliseconds: 60_000,
            });
        }
    }
}
