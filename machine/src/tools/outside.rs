//! Every reader of what a tool prints, for the fuzzers: any bytes in, and an end without a panic is
//! all that is asked. Nothing else uses this.

use std::time::Duration;

use super::process::Stream;
use super::transcript::Transcript;
use super::{fio, iperf3, processes};
use crate::contract::fio as jobs;

/// Pipes give what is printed in pieces, cut anywhere: these are of some bytes each.
const PIECE: usize = 61;

/// fio's reports and the lines between them.
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
    let mut reports = fio::reports::Reports::default();
    let mut rates = fio::rates::Rates::new(&job, 1 << 20);
    let mut at = Duration::ZERO;
    for piece in printed.chunks(PIECE) {
        at += Duration::from_secs(1);
        if let Some(report) = reports.push(piece) {
            let _any_progress = rates.next(report, at);
        }
    }
    let (kept, left_out) = reports.into_kept();
    assert_eq!(kept.len() as u64 + left_out, printed.len() as u64);
}

/// A log of stress-ng or stressapptest, which is kept and not read.
pub fn log(printed: &[u8]) {
    let mut log = Transcript::of(printed.len() / 2);
    for (piece, stream) in printed
        .chunks(PIECE)
        .zip([Stream::Stdout, Stream::Stderr].iter().cycle())
    {
        log.push(*stream, piece);
    }
    let kept = log.end();
    assert_eq!(
        kept.bytes.len() as u64 + kept.left_out,
        printed.len() as u64
    );
}

/// iperf3's stream of events, and what it says of its version.
pub fn iperf3(printed: &[u8]) {
    let mut lines = iperf3::progress::Lines::default();
    for piece in printed.chunks(PIECE) {
        lines.push(piece);
    }
    iperf3::streams_json(&String::from_utf8_lossy(printed));
}


/// A process's line in `/proc`, whose name is the process's own choice.
pub fn process(line: &[u8]) {
    processes::Process::parse(&String::from_utf8_lossy(line));
}
