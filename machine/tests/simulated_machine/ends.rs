//! What a job's own document says at its end, as far as the tests ask. A few lines of JSON, YAML and log:
//! the parsers that stages use are no part of this crate.

use serde_json::Value;
use vetting_machine::contract::types::Document;
use vetting_machine::contract::{fio, iperf, memtest, stress};

fn json(document: &Document) -> Value {
    serde_json::from_slice(&document.stdout).unwrap_or_default()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_default()
}

fn whole(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// One direction of fio.
#[derive(Debug)]
pub struct Direction {
    pub bytes: u64,
    pub bytes_per_second: f64,
    pub iops: f64,
    pub p99_ns: f64,
}

/// fio's end.
#[derive(Debug)]
pub struct Fio {
    pub read: Direction,
    pub error: i64,
    pub total_errors: u64,
    pub exit_status: Option<i32>,
    pub partial: bool,
    pub runtime_ms: u64,
    pub stderr_tail: String,
}

impl Fio {
    pub fn of(ending: &fio::Ending) -> Self {
        let report = json(&ending.document);
        let job = &report["jobs"][0];
        let direction = |name: &str| Direction {
            bytes: whole(&job[name]["io_bytes"]),
            bytes_per_second: number(&job[name]["bw_bytes"]),
            iops: number(&job[name]["iops"]),
            p99_ns: number(&job[name]["clat_ns"]["percentile"]["99.000000"]),
        };
        Fio {
            read: direction("read"),
            error: job["error"].as_i64().unwrap_or(-1),
            total_errors: whole(&job["total_err"]),
            exit_status: ending.document.exit_status,
            partial: ending.stopped,
            runtime_ms: ending.ran_ms,
            stderr_tail: ending.document.stderr_tail.clone(),
        }
    }
}

/// stress-ng's figures of one stressor in one process.
#[derive(Debug)]
pub struct Metrics {
    pub cpu: Option<u32>,
    pub bogo_ops_per_second: f64,
}

/// One process of stress-ng.
#[derive(Debug)]
pub struct Process {
    pub cpu: Option<u32>,
    pub exit_status: Option<i32>,
    pub log: String,
    pub failures: Vec<String>,
}

/// stress-ng's end.
#[derive(Debug)]
pub struct Stress {
    pub metrics: Vec<Metrics>,
    pub endings: Vec<Process>,
}

impl Stress {
    pub fn of(ending: &stress::Ending) -> Self {
        let metrics = ending.processes.iter().flat_map(|process| {
            let yaml = String::from_utf8_lossy(&process.yaml).into_owned();
            let blocks: Vec<String> = yaml
                .split("- stressor:")
                .skip(1)
                .map(str::to_owned)
                .collect();
            blocks.into_iter().map(|block| {
                let value = |name: &str| {
                    let mut lines = block.lines().map(str::trim);
                    let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                    line.and_then(|text| text.parse::<f64>().ok())
                        .unwrap_or_default()
                };
                Metrics {
                    cpu: process.cpu,
                    bogo_ops_per_second: value("bogo-ops-per-second-real-time"),
                }
            })
        });
        let process = |process: &stress::Process| {
            let log = String::from_utf8_lossy(&process.document.stdout).into_owned();
            let failures = log
                .lines()
                .filter(|line| line.starts_with("stress-ng: fail:"));
            Process {
                cpu: process.cpu,
                exit_status: process.document.exit_status,
                failures: failures.map(str::to_owned).collect(),
                log,
            }
        };
        Stress {
            metrics: metrics.collect(),
            endings: ending.processes.iter().map(process).collect(),
        }
    }
}

/// One direction of iperf3.
#[derive(Debug)]
pub struct Flow {
    pub bits_per_second: f64,
    pub retransmits: Option<u64>,
    pub lost_packets: u64,
    pub packets: u64,
    pub intervals: usize,
}

/// iperf3's end.
#[derive(Debug)]
pub struct Iperf {
    pub flows: Vec<Flow>,
    pub error: Option<String>,
    pub local_cpu_percent: f64,
    /// The port that has the connection's local address.
    pub local_nic: Option<String>,
    pub partial: bool,
    pub runtime_ms: u64,
}

impl Iperf {
    pub fn of(ending: &iperf::Ending) -> Self {
        let result = json(&ending.document);
        let end = &result["end"];
        let flow = |suffix: &str| {
            let sent = &end[format!("sum_sent{suffix}")];
            let received = &end[format!("sum_received{suffix}")];
            let intervals = result["intervals"].as_array();
            sent.is_object().then(|| Flow {
                bits_per_second: number(&received["bits_per_second"]),
                retransmits: sent["retransmits"].as_u64(),
                lost_packets: whole(&received["lost_packets"]),
                packets: whole(&received["packets"]),
                intervals: intervals.map_or(0, Vec::len),
            })
        };
        let local = result["start"]["connected"][0]["local_host"].as_str();
        let port = ending
            .addresses
            .iter()
            .find(|port| Some(&*port.address) == local);
        Iperf {
            flows: ["", "_bidir_reverse"]
                .into_iter()
                .filter_map(flow)
                .collect(),
            error: result["error"].as_str().map(str::to_owned),
            local_cpu_percent: number(&end["cpu_utilization_percent"]["host_total"]),
            local_nic: port.map(|port| port.port.clone()),
            partial: ending.stopped,
            runtime_ms: ending.ran_ms,
        }
    }
}

/// stressapptest's log.
pub fn memtest_log(ending: &memtest::Ending) -> String {
    String::from_utf8_lossy(&ending.document.stdout).into_owned()
}
