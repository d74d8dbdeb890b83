//! `memtest`: a memory test, by stressapptest.

use super::bindings::vetting::stage::memtest;
use super::run_resource;

run_resource!(
    memtest,
    MemtestRun,
    MemtestStart,
    vetting_machine::Reply::Memtest,
    [
        "memtest.start",
        "memtest.next",
        "memtest.stop",
        "memtest.drop"
    ]
);
