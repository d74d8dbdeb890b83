//! Every reader of what a tool prints, for the fuzzers: any bytes in, and an end without a panic is
//! all that is asked. Nothing else uses this.

use std::time::Duration;

use super::process::Stream;
use super::{fio, gpu_burn, iperf3, ipmitool, nvidia_smi, processes, stress_ng};
use crate::contract::{fio as jobs, iperf};

/// Pipes give what is printed in pieces, cut anywhere: these are of some bytes each.
const PIECE: usize = 61;

/// fio's documents and the lines between them.
pub fn fio(printed: &[u8]) {
    let job = jobs::Job {
        target: jobs::Target::Scratch(1 << 20),
        pattern: jobs::Pattern::Read,
        block_size: 4096,
        io_depth: 1,
        workers: 1,
        runtime_ms: Some(1000),
        size_bytes: None,
        offset_bytes: 0,
        direct: false,
        verify: false,
        options: Vec::new(),
    };
    let mut documents = fio::Documents::default();
    let mut rates = fio::output::Rates::new(&job, 1 << 20);
    let mut at = Duration::ZERO;
    for piece in printed.chunks(PIECE) {
        for document in documents.push(piece).unwrap_or_default() {
            at += Duration::from_secs(1);
            let _any_progress = rates.next(&document, at);
        }
    }
    let _any_answer = fio::summary(documents.last(), "", Some(0));
}

/// stress-ng's YAML file, and its lines.
pub fn stress_ng(written: &[u8]) {
    stress_ng::metrics(written, Some(1));
    stress_ng::failures(written);
}

/// iperf3's document, or its stream of events, for a job of each direction.
pub fn iperf3(printed: &[u8]) {
    for direction in [
        iperf::Direction::Send,
        iperf::Direction::Receive,
        iperf::Direction::Both,
    ] {
        let _any_answer = iperf3::parse(printed, &direction, Some(0), "");
    }
    let mut lines = iperf3::output::Lines::default();
    for piece in printed.chunks(PIECE) {
        lines.push(piece);
    }
    iperf3::streams_json(&String::from_utf8_lossy(printed));
}

/// ipmitool's tables: each reader gets all of it.
pub fn ipmitool(printed: &[u8]) {
    let text = String::from_utf8_lossy(printed);
    ipmitool::output::sensors(&text);
    ipmitool::output::sdr(&ipmitool::output::rows(&text));
    ipmitool::output::fru(&text);
    ipmitool::output::sel(&text);
    let fields = ipmitool::output::fields(&text);
    ipmitool::output::bmc(&fields, &fields);
}

/// nvidia-smi's XML. What stands after a zero byte is its list of links.
pub fn nvidia_smi(printed: &[u8]) {
    let (xml, links) = match printed.iter().position(|byte| *byte == 0) {
        Some(at) => printed.split_at(at),
        None => (printed, &b""[..]),
    };
    if let Ok(mut devices) = nvidia_smi::parse(xml) {
        nvidia_smi::add_links(&mut devices, &String::from_utf8_lossy(links));
    }
}

/// gpu_burn's lines.
pub fn gpu_burn(printed: &[u8]) {
    let mut reading = gpu_burn::Reading::default();
    for piece in printed.chunks(PIECE) {
        reading.push(piece);
    }
    reading.line();
    reading.result("0000:01:00.0".into());
}

/// A process's line in `/proc`, whose name is the process's own choice.
pub fn process(line: &[u8]) {
    processes::Process::parse(&String::from_utf8_lossy(line));
    let mut failures = stress_ng::output::Failures::default();
    failures.push(Stream::Stdout, line);
    failures.end();
}
