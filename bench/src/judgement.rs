//! Judgement and the reading of evidence in Wasm, against the same code natively.

use std::time::Instant;

use crate::Built;
use crate::calls::Bench;
use crate::table::{Pairs, Row, seconds};

const ROUNDS: usize = 10;
/// As often a thousand drives are judged, and a drive's document is read.
const TIMES: u64 = 40;

/// A thousand drives' counts held against rules.
pub async fn measure(built: &Built) -> anyhow::Result<Vec<Row>> {
    let bench = Bench::new(built).await?;
    let stage = bench.load().await?;
    let mut pairs = Pairs::default();
    for _ in 0..ROUNDS {
        let none = bench.run(&stage, "judge", 0).await?;
        let wasm = bench.run(&stage, "judge", TIMES).await? - none;
        let began = Instant::now();
        std::hint::black_box(guest_gauge::judge(TIMES));
        pairs.push(
            wasm / TIMES as f64,
            began.elapsed().as_secs_f64() / TIMES as f64,
        );
    }
    let what = "Judging 1,000 drives' counts (SDK code, no host calls)";
    let judged = pairs.row(what, "in Wasm", "natively", seconds);
    let mut pairs = Pairs::default();
    for _ in 0..ROUNDS {
        let none = bench.run(&stage, "parse", 0).await?;
        let wasm = bench.run(&stage, "parse", TIMES).await? - none;
        let began = Instant::now();
        std::hint::black_box(guest_gauge::parse(TIMES));
        pairs.push(
            wasm / TIMES as f64,
            began.elapsed().as_secs_f64() / TIMES as f64,
        );
    }
    let what = format!(
        "Reading a drive's document of {} kB (vetting-facts, no host calls)",
        guest_gauge::DOCUMENT.len() / 1000
    );
    Ok(vec![
        judged,
        pairs.row(&what, "in Wasm", "natively", seconds),
    ])
}
