//! The judge on a document of two H100s (`facts/captured/gpu/`), with one thing changed at a time.

use vetting_facts::gpu::nvidia_smi::{self, Gpu, RemappedRows, RetiredPages};
use vetting_facts::gpu::nvlinks;
use vetting_stage::gpu::{Ending, Printed};
use vetting_stage::types::{Document, DocumentEnding};
use vetting_stage::{Finding, Findings, Outcome, Verdict};

use crate::bus::OnBus;
use crate::evidence::Look;
use crate::seen::{Reading, Seen, reason};
use crate::{Parameters, burned, dcgm, fabric, health, load, presence};

mod reports;

const H100: &[u8] = include_bytes!("../../facts/captured/gpu/qx-h100-580.xml");
const T4: &[u8] = include_bytes!("../../facts/captured/gpu/qx-t4-515.xml");
const L40S: &[u8] = include_bytes!("../../facts/captured/gpu/qx-l40s-595.xml");
const GB200: &[u8] = include_bytes!("../../facts/captured/gpu/qx-gb200-580.xml");
const A100: &[u8] = include_bytes!("../../facts/captured/gpu/qx-a100-570.xml");

/// A machine, as it was before and after a load, and while it was loaded.
struct Case {
    before: Look,
    after: Look,
    readings: Vec<Vec<Reading>>,
    printed: Vec<String>,
    rates: Vec<f64>,
}

fn links(look: &Look, per_gpu: usize, state: &str) -> String {
    let mut text = String::new();
    for (index, gpu) in look.report.gpus.iter().enumerate() {
        let uuid = gpu.identity.uuid.as_deref().unwrap_or_default();
        text.push_str(&format!("GPU {index}: X (UUID: {uuid})\n"));
        for link in 0..per_gpu {
            text.push_str(&format!("\t Link {link}: {state}\n"));
        }
    }
    text
}

fn look(document: &[u8]) -> Look {
    let report = nvidia_smi::gpus(document).expect("a report");
    let mut look = Look {
        report,
        ..Look::default()
    };
    with_links(&mut look, 18, "26.562 GB/s");
    look
}

fn with_links(look: &mut Look, per_gpu: usize, state: &str) {
    let text = links(look, per_gpu, state);
    look.links = Some(nvlinks::status(text.as_bytes()).expect("links").gpus);
}

fn good(gpu: &Gpu) -> Reading {
    Reading {
        celsius: Some(60.0),
        memory_celsius: Some(70.0),
        margin: gpu.temperatures.tlimit.map(|_| 25.0),
        watts: Some(600.0),
        megahertz: Some(1700.0),
        generation: gpu.pci.max_generation,
        width: gpu.pci.max_width,
        reasons: Some(0x4),
    }
}

impl Case {
    fn of(document: &[u8]) -> Self {
        let before = look(document);
        let gpus = &before.report.gpus;
        Case {
            readings: gpus.iter().map(|gpu| vec![good(gpu); 10]).collect(),
            printed: gpus.iter().map(|_| "GPU 0: OK".to_owned()).collect(),
            rates: vec![52_000.0; gpus.len()],
            after: before.clone(),
            before,
        }
    }

    fn gpu(&mut self, at: usize) -> &mut Gpu {
        &mut self.after.report.gpus[at]
    }

    fn judge(&self) -> Outcome {
        let p = Parameters::default();
        let mut findings = Findings::new();
        presence::silent(&[], &self.before, &[], &mut findings);
        presence::lost(&self.before, &self.after, &mut findings);
        for gpu in &self.after.report.gpus {
            health::judge(gpu, &p, &mut findings);
        }
        fabric::judge(&self.after, &mut findings);
        let mut seen = Seen::default();
        for (gpu, readings) in self.before.report.gpus.iter().zip(&self.readings) {
            let address = gpu.pci_address.clone().expect("an address");
            for reading in readings {
                seen.keep(address.clone(), reading.clone());
            }
        }
        let printed = self.printed.iter().zip(&self.rates).enumerate();
        let printed = printed.map(|(number, (text, rate))| {
            let text = format!(
                "Burning for 60 seconds.\n\r100.0%  proc'd: 12800 ({rate} Gflop/s)   errors: 0   temps: 60 C \n\
                 done\n\nTested 1 GPUs:\n\t{text}\n"
            );
            printed_by(number, &text)
        });
        let ending = Ending {
            printed: printed.collect(),
            stopped: false,
            ran_ms: 60_000,
        };
        let results = burned::results(&self.before, &ending, 60_000);
        let lost = |gpu: &Gpu| {
            presence::is_lost(&self.after, gpu.pci_address.as_deref().unwrap_or_default())
        };
        burned::judge(&results, false, lost, &mut findings);
        let load = load::Load {
            bus: &[],
            after: &self.after,
            seen: &seen,
            results: &results,
            runtime_ms: 60_000,
        };
        load::judge(&load, &p, &mut findings);
        findings.outcome("")
    }
}

fn printed_by(number: usize, text: &str) -> Printed {
    Printed {
        gpus: vec![number as u32],
        document: Document {
            query: "gpu.start".into(),
            target: String::new(),
            argv: vec!["gpu_burn".into()],
            version: None,
            exit_status: Some(0),
            signal: None,
            stdout: text.as_bytes().to_vec(),
            stderr_tail: String::new(),
            ending: DocumentEnding::Complete,
            begun_ns: 0,
            took_ns: 60_000_000_000,
        },
        left_out: 0,
    }
}

fn h100(change: impl FnOnce(&mut Case)) -> Outcome {
    let mut case = Case::of(H100);
    change(&mut case);
    case.judge()
}

/// The names of what was found, each with its severity.
fn found(outcome: &Outcome) -> Vec<(Finding, &str)> {
    let each = outcome.diagnoses.iter();
    each.map(|d| (d.finding.clone(), d.name.as_str())).collect()
}

#[test]
fn good_gpus_of_every_kind_are_quiet() {
    for (name, document) in [
        ("H100", H100),
        ("T4", T4),
        ("L40S", L40S),
        ("A100", A100),
        ("GB200", GB200),
    ] {
        let mut case = Case::of(document);
        for at in 0..case.before.report.gpus.len() {
            for look in [&mut case.before, &mut case.after] {
                look.report.gpus[at].processes.clear();
            }
        }
        let outcome = case.judge();
        assert_eq!(found(&outcome), [], "{name}");
        assert_eq!(outcome.verdict, Verdict::Pass, "{name}");
    }
}

#[test]
fn every_fault_of_a_gpu_fails_and_names_it() {
    type Fault = (&'static str, fn(&mut Case));
    let faults: [Fault; 22] = [
        ("uncorrected_fail", |c| {
            c.gpu(1).ecc.volatile.dram_uncorrectable = Some(1)
        }),
        ("sram-threshold-exceeded", |c| {
            c.gpu(1).ecc.aggregate.sram_threshold_exceeded = Some(true)
        }),
        ("remap-failed", |c| {
            c.gpu(1).remapped_rows.failure = Some(true)
        }),
        ("remap-pending", |c| {
            c.gpu(1).remapped_rows.pending = Some(true)
        }),
        ("remapped_rows_fail", |c| {
            c.gpu(1).remapped_rows.uncorrectable = Some(512)
        }),
        ("retirement-pending", |c| {
            c.gpu(1).retired_pages.pending = Some(true)
        }),
        ("repair-pending", |c| {
            c.gpu(1).ecc.tpc_repair_pending = Some(true)
        }),
        ("unrepairable-memory", |c| {
            c.gpu(1).ecc.unrepairable_memory = Some(true)
        }),
        ("recovery-action", |c| {
            c.gpu(1).recovery_action = Some("Reboot".into())
        }),
        ("recovery-action", |c| c.gpu(1).reset_required = Some(true)),
        ("gpu-lost", |c| c.gpu(1).lost = true),
        ("gpu-lost", |c| drop(c.after.report.gpus.pop())),
        ("fabric-status", |c| {
            c.gpu(1).fabric.status = Some("Insufficient Resources".into())
        }),
        ("fabric-health", |c| {
            c.gpu(1).fabric.health = Some("Unhealthy".into())
        }),
        ("fabric-links-down", |c| {
            let _gone = c.after.links.as_mut().expect("links")[1].links.pop();
        }),
        ("clocks-held-down", |c| {
            c.readings[1]
                .iter_mut()
                .take(3)
                .for_each(|r| r.reasons = Some(reason::POWER_BRAKE));
        }),
        ("slowdown_temperature", |c| {
            c.readings[1].iter_mut().for_each(|r| r.margin = Some(-2.0))
        }),
        ("memory_celsius_fail", |c| {
            c.readings[1]
                .iter_mut()
                .for_each(|r| r.memory_celsius = Some(107.0))
        }),
        ("pcie_width", |c| {
            c.readings[1].iter_mut().for_each(|r| r.width = Some(8))
        }),
        ("pcie_speed", |c| {
            c.readings[1]
                .iter_mut()
                .for_each(|r| r.generation = Some(1))
        }),
        ("wrong-results", |c| c.printed[1] = "GPU 0: FAULTY".into()),
        ("peers_fail_percent", |c| c.rates[1] = 0.65 * c.rates[0]),
    ];
    for (name, fault) in faults {
        let outcome = h100(fault);
        assert_eq!(outcome.verdict, Verdict::Fail, "{name}");
        let bad = outcome
            .diagnoses
            .iter()
            .filter(|d| d.finding == Finding::Fail);
        let bad: Vec<_> = bad
            .map(|d| d.part.as_ref().map(|part| part.location.as_str()))
            .collect();
        assert_eq!(bad, [Some("0000:64:00.0")], "{name}: {:?}", found(&outcome));
    }
}

#[test]
fn what_could_not_be_read_is_no_health() {
    type Fault = (&'static str, fn(&mut Case));
    let faults: [Fault; 10] = [
        ("gpu-silent", |c| {
            c.after.report.gpus.clear();
            c.after.gap = Some("nvidia-smi did not end within 90 s".into());
        }),
        ("gpu-silent", |c| {
            c.after.gap = Some("its document ends before its end".into())
        }),
        ("gpu-unread", |c| {
            c.gpu(1)
                .unread
                .push("ecc_errors/volatile/sram_correctable: ERR!".into())
        }),
        ("gpu-unread", |c| c.gpu(1).ecc.volatile = Default::default()),
        ("gpu-unread", |c| {
            c.gpu(1).unread.push("fan_speed: ERR!".into())
        }),
        ("fabric-not-ready", |c| {
            c.gpu(1).fabric.state = Some("In Progress".into())
        }),
        ("fabric-links", |c| c.after.links = None),
        ("gpu-load", |c| c.printed[1] = "nothing".into()),
        ("gpu-load", |c| c.readings[1].clear()),
        ("work-of-data-sheet", |c| c.rates = vec![25_000.0; 2]),
    ];
    for (name, fault) in faults {
        let outcome = h100(|case| {
            fault(case);
            for gpu in &mut case.after.report.gpus {
                if gpu.ecc.volatile == Default::default() {
                    gpu.ecc.aggregate = Default::default();
                }
            }
        });
        let expected = (Finding::Unknown, name);
        assert!(
            found(&outcome).contains(&expected),
            "{name}: {:?}",
            found(&outcome)
        );
        assert!(
            matches!(outcome.verdict, Verdict::Inconclusive(_)),
            "{name}"
        );
    }
}

#[test]
fn remarks_do_not_fail() {
    type Remark = (&'static str, fn(&mut Case));
    let remarks: [Remark; 8] = [
        ("lifetime_uncorrected_warn", |c| {
            c.gpu(1).ecc.aggregate.dram_uncorrectable = Some(1)
        }),
        ("remapped_rows_warn", |c| {
            c.gpu(1).remapped_rows.uncorrectable = Some(1)
        }),
        ("banks-without-spare-rows", |c| {
            c.gpu(1).remapped_rows.histogram.none = Some(1)
        }),
        ("error-correction", |c| c.gpu(1).ecc.enabled = Some(false)),
        ("clocks-held-down", |c| {
            c.readings[1][4].reasons = Some(reason::HARDWARE)
        }),
        ("clock-of-peers", |c| {
            c.readings[1]
                .iter_mut()
                .for_each(|r| r.megahertz = Some(810.0))
        }),
        ("power-of-peers", |c| {
            c.readings[1].iter_mut().for_each(|r| r.watts = Some(310.0))
        }),
        ("slowdown_temperature", |c| {
            c.readings[1][4].margin = Some(-2.0)
        }),
    ];
    for (name, remark) in remarks {
        let outcome = h100(remark);
        assert_eq!(found(&outcome), [(Finding::Warn, name)]);
        assert_eq!(outcome.verdict, Verdict::Pass, "{name}");
    }
}

#[test]
fn time_that_the_driver_counted_counts() {
    let outcome = h100(|case| {
        case.gpu(1).clock_reason_times.hw_power_brake_us = Some(12_000_000);
    });
    assert_eq!(found(&outcome), [(Finding::Fail, "held_down_fail_percent")]);
}

#[test]
fn a_lost_gpu_blames_no_other() {
    let outcome = h100(|case| {
        let text = b"Unable to determine the device handle for GPU0000:64:00.0: Unknown Error\n";
        case.after = Look {
            report: nvidia_smi::gpus(text).expect("messages"),
            gap: Some("Unable to determine the device handle".into()),
            ..Look::default()
        };
    });
    let bad = outcome
        .diagnoses
        .iter()
        .filter(|d| d.finding == Finding::Fail);
    let bad: Vec<_> = bad.map(|d| d.message.as_str()).collect();
    assert_eq!(bad.len(), 1, "{bad:?}");
    assert!(
        bad[0].contains("0000:64:00.0") || bad[0].contains("0000:64"),
        "{bad:?}"
    );
}

#[test]
fn cards_without_a_bridge_need_no_links() {
    let inactive = |name: &str, fabric: bool| {
        let mut case = Case::of(H100);
        for look in [&mut case.before, &mut case.after] {
            for gpu in &mut look.report.gpus {
                gpu.identity.name = Some(name.to_owned());
                if !fabric {
                    gpu.fabric = Default::default();
                }
            }
            with_links(look, 12, "<inactive>");
        }
        case.rates = vec![40_000.0; 2];
        case.judge().verdict
    };
    assert_eq!(inactive("NVIDIA H100 PCIe", false), Verdict::Pass);
    assert_eq!(inactive("NVIDIA H100 80GB HBM3", true), Verdict::Fail);
    assert!(matches!(
        inactive("NVIDIA A100-SXM4-80GB", false),
        Verdict::Inconclusive(_)
    ));
}
