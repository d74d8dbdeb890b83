//! `fio`: storage load, by fio.

use super::bindings::vetting::stage::fio;
use super::run_resource;

run_resource!(
    fio,
    FioRun,
    FioStart,
    vetting_machine::Reply::Fio,
    ["fio.start", "fio.next", "fio.stop", "fio.drop"]
);
