//! `iperf`: network load, by iperf3.

use super::bindings::vetting::stage::iperf;
use super::run_resource;

run_resource!(
    iperf,
    IperfRun,
    IperfStart,
    vetting_machine::Reply::Iperf,
    ["iperf.start", "iperf.next", "iperf.stop", "iperf.drop"]
);
