//! Benchmarks: builds, measures, prints, and with `--write` keeps the figures in `BENCHMARKS.md`.

use std::process::Stdio;

use anyhow::{Context as _, bail};

use crate::{build, cargo, root, setup, target};

/// Measures. The figures of one machine say little; their ratios to the baselines of the same run
/// are what can be compared.
pub fn bench(write: bool) -> anyhow::Result<()> {
    setup::programs(&setup::TOOLS)?;
    build::vetting()?;
    build::stages()?;
    build::test_stages()?;
    let mut bench = cargo();
    bench
        .args([
            "run",
            "--quiet",
            "--release",
            "--locked",
            "--package",
            "vetting-bench",
            "--",
        ])
        .arg(target("release/vetting"))
        .arg(target("stages"))
        .arg(target("stages-test"))
        .stderr(Stdio::inherit());
    println!("measuring, some minutes …");
    let output = bench.output().context("the benchmarks do not start")?;
    if !output.status.success() {
        bail!("the benchmarks ended with {}", output.status);
    }
    let table = String::from_utf8(output.stdout).context("the table")?;
    print!("{table}");
    if write {
        let path = root().join("BENCHMARKS.md");
        std::fs::write(&path, page(&table)).with_context(|| path.display().to_string())?;
        println!("written to {}", path.display());
    }
    Ok(())
}

fn page(table: &str) -> String {
    format!(
        "# Benchmarks\n\nWritten by `cargo xtask bench --write`. Each figure stands beside a \
         baseline measured in turns with it in the same run; the figures are medians, and only the \
         ratios (medians of the rounds' ratios) mean something on another machine.\n\n{}\n\n{table}\n\
         * *Process start to the first host call*: from the spawn of `vetting run` until the \
         trace line of the stage's first call to the machine has been read from its pipe; reading and checking the stage, \
         the code cache and linking included, compiling not.\n\
         * *One host call*: the difference between {} calls and none, through the component's \
         canonical ABI and an async host function.\n\
         * *fio*, *stress-ng*: what the tools themselves report. A ratio of 1 says that the runtime \
         does not disturb what it measures.\n",
        machine(),
        "200,000"
    )
}

/// The machine and the date, in a line.
fn machine() -> String {
    let first = |path: &str, key: &str| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let line = text
            .lines()
            .find(|line| line.starts_with(key))
            .map(str::to_owned);
        let value = line.and_then(|line| line.split_once(':').map(|(_, v)| v.trim().to_owned()));
        value.unwrap_or_else(|| "unknown".into())
    };
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let date = std::process::Command::new("date")
        .args(["-u", "+%Y-%m-%d"])
        .output();
    let date = date
        .map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned())
        .unwrap_or_default();
    format!(
        "Machine: {}, {cpus} CPUs, {}, Linux {}. Date: {date}.",
        first("/proc/cpuinfo", "model name"),
        first("/proc/meminfo", "MemTotal"),
        kernel.trim()
    )
}
