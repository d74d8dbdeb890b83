//! Paired measurements, and how they are told.

use std::fmt::Write as _;

/// One line of the table.
pub struct Row {
    what: String,
    measured: String,
    baseline: String,
    ratio: f64,
    spread: (f64, f64),
    rounds: usize,
}

/// Measurements taken in turns: ours, and the baseline's right beside it.
#[derive(Default)]
pub struct Pairs(Vec<(f64, f64)>);

impl Pairs {
    /// Measures `rounds` times, the one and then the other.
    pub fn take(
        rounds: usize,
        mut ours: impl FnMut() -> anyhow::Result<f64>,
        mut baseline: impl FnMut() -> anyhow::Result<f64>,
    ) -> anyhow::Result<Self> {
        let mut pairs = Pairs::default();
        for _ in 0..rounds {
            pairs.push(ours()?, baseline()?);
        }
        Ok(pairs)
    }

    /// One more pair.
    pub fn push(&mut self, ours: f64, baseline: f64) {
        self.0.push((ours, baseline));
    }

    /// A row: `what`, and how a figure and its baseline are told.
    pub fn row(self, what: &str, ours: &str, baseline: &str, unit: fn(f64) -> String) -> Row {
        let ratios: Vec<f64> = self.0.iter().map(|(a, b)| a / b).collect();
        let middle =
            |pick: fn(&(f64, f64)) -> f64| median(&self.0.iter().map(pick).collect::<Vec<_>>());
        let low = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let high = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Row {
            what: what.to_owned(),
            measured: format!("{} ({ours})", unit(middle(|p| p.0))),
            baseline: format!("{} ({baseline})", unit(middle(|p| p.1))),
            ratio: median(&ratios),
            spread: (low, high),
            rounds: self.0.len(),
        }
    }
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Seconds for people.
pub fn seconds(value: f64) -> String {
    match value {
        v if v >= 1.0 => format!("{v:.2} s"),
        v if v >= 1e-3 => format!("{:.2} ms", v * 1e3),
        v if v >= 1e-6 => format!("{:.2} µs", v * 1e6),
        v => format!("{:.1} ns", v * 1e9),
    }
}

/// Bytes for people.
pub fn mebibytes(value: f64) -> String {
    format!("{:.1} MiB", value / f64::from(1 << 20))
}

/// Bytes per second for people.
pub fn megabytes_a_second(value: f64) -> String {
    format!("{:.0} MB/s", value / 1e6)
}

/// Bogus operations per second.
pub fn bogo(value: f64) -> String {
    format!("{value:.0} bogo-ops/s")
}

/// The table as Markdown.
pub fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "| What | Measured | Baseline | Ratio | Lowest to highest | Rounds |\n|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let (low, high) = row.spread;
        // Writing to a string cannot fail.
        let _always = writeln!(
            text,
            "| {} | {} | {} | **{:.2}** | {low:.2} to {high:.2} | {} |",
            row.what, row.measured, row.baseline, row.ratio, row.rounds
        );
    }
    text
}
