//! The rules on what NVIDIA's GPUs count and say of themselves: errors of the memory, repairs, resets.

use vetting_facts::gpu::nvidia_smi::{EccCounts, EccKinds, Gpu};
use vetting_stage::outcome::Value;
use vetting_stage::{Findings, Measure, Part, Rule};

use crate::evidence::{model_of, part_of};
use crate::{Parameters, rules};

/// Sections of the document that must be readable for a GPU to be judged.
const NEEDED: [&str; 7] = [
    "ecc_mode/",
    "ecc_errors/",
    "remapped_rows/",
    "retired_pages/",
    "temperature/gpu_temp",
    "pci/pci_gpu_link_info/",
    "gpu_recovery_action",
];

/// The tool's words in the place of a value that a GPU did not give.
const NO_ANSWER: [&str; 5] = [
    "ERR!",
    "Unknown Error",
    "GPU is lost",
    "GPU requires reset",
    "Timeout",
];

/// Words for "nothing to do" among a GPU's recovery actions.
const NO_ACTION: [&str; 2] = ["None", "No action"];

/// Judges one GPU as it is now.
pub fn judge(gpu: &Gpu, p: &Parameters, findings: &mut Findings) {
    let part = part_of(gpu);
    if gpu.lost {
        let message =
            "lost: it does not answer on the bus. Reboot; if it comes again, reseat or replace it";
        return findings.broken(rules::LOST, Some(&part), message);
    }
    let mut one = One { part, findings };
    one.unread(gpu);
    one.memory(gpu, p);
    let waits = one.repairs(gpu, p);
    one.resets(gpu, waits);
}

/// One GPU under judgement.
struct One<'a> {
    part: Part,
    findings: &'a mut Findings,
}

impl One<'_> {
    fn count(&mut self, name: &str, value: Option<u64>, limits: &[(Rule, u64)], advice: &str) {
        let Some(value) = value else { return };
        let mut measure = Measure::number(name, value as f64).part(&self.part);
        for (rule, limit) in limits {
            measure = measure.at_most(*rule, *limit as f64);
        }
        self.findings
            .hold(measure, || format!("{name}: {value}. {advice}"));
    }

    /// Whether the flag is set.
    fn flag(&mut self, name: &str, value: Option<bool>, rule: Rule, advice: &str) -> bool {
        let Some(value) = value else { return false };
        let measure = Measure::boolean(name, value)
            .part(&self.part)
            .equals(rule, Value::Boolean(false));
        !self.findings.hold(measure, || advice.to_owned())
    }

    /// Errors in the place of values that a judgement needs.
    fn unread(&mut self, gpu: &Gpu) {
        let needed = |row: &&String| {
            let no_answer = NO_ANSWER.iter().any(|word| row.ends_with(word));
            no_answer || NEEDED.iter().any(|section| row.starts_with(section))
        };
        let rows: Vec<&str> = gpu
            .unread
            .iter()
            .filter(needed)
            .map(String::as_str)
            .collect();
        if let Some(first) = rows.first() {
            let message = format!(
                "{} values could not be read, the first: {first}",
                rows.len()
            );
            return self
                .findings
                .unknown(rules::UNREAD, Some(&self.part), message);
        }
        let counts = uncorrected(&gpu.ecc.volatile).or_else(|| uncorrected(&gpu.ecc.aggregate));
        if gpu.ecc.enabled == Some(true) && counts.is_none() {
            let message = "error correction is on, and no errors of the memory are counted";
            self.findings
                .unknown(rules::UNREAD, Some(&self.part), message);
        }
    }

    fn memory(&mut self, gpu: &Gpu, p: &Parameters) {
        let ecc = &gpu.ecc;
        self.count(
            "uncorrected-errors",
            uncorrected(&ecc.volatile),
            &[(rules::UNCORRECTED, p.uncorrected_fail)],
            "Its memory lost data: reset it, test again, replace it",
        );
        self.count(
            "lifetime-uncorrected-errors",
            uncorrected(&ecc.aggregate),
            &[(rules::UNCORRECTED_EVER, p.lifetime_uncorrected_warn)],
            "Its memory lost data in the past",
        );
        for (name, counts) in [
            ("corrected-errors", &ecc.volatile),
            ("lifetime-corrected-errors", &ecc.aggregate),
        ] {
            self.count(name, corrected(counts), &[], "");
        }
        let exceeded = |counts: &EccCounts| counts.sram_threshold_exceeded;
        self.flag(
            "sram-threshold-exceeded",
            exceeded(&ecc.aggregate).or_else(|| exceeded(&ecc.volatile)),
            rules::SRAM_THRESHOLD,
            "Uncorrected errors of its SRAM are over the maker's threshold: replace it",
        );
        self.flag(
            "unrepairable-memory",
            ecc.unrepairable_memory,
            rules::UNREPAIRABLE,
            "Its memory cannot be repaired: replace it",
        );
        let Some(enabled) = ecc.enabled else { return };
        let mut measure = Measure::boolean("error-correction", enabled).part(&self.part);
        if is_for_data_centres(gpu) {
            measure = measure.equals(rules::NO_ECC, Value::Boolean(true));
        }
        self.findings.hold(measure, || {
            "Error correction is off, errors of its memory are not seen: nvidia-smi -e 1, and a reset".to_owned()
        });
    }

    /// Whether one of the repairs waits for a reset.
    fn repairs(&mut self, gpu: &Gpu, p: &Parameters) -> bool {
        let (rows, pages) = (&gpu.remapped_rows, &gpu.retired_pages);
        self.flag(
            "remap-failed",
            rows.failure,
            rules::REMAP_FAILED,
            "A row could not be remapped: run the maker's field diagnostic, replace it",
        );
        let mut waits = self.flag(
            "remap-pending",
            rows.pending,
            rules::REMAP_PENDING,
            "A remap waits for a reset: reset it and test again",
        );
        waits |= self.flag(
            "retirement-pending",
            pages.pending.or(pages.pending_blacklist),
            rules::RETIREMENT_PENDING,
            "A page waits to be retired: reset it and test again",
        );
        for (name, value, of) in [
            (
                "channel-repair-pending",
                gpu.ecc.channel_repair_pending,
                "memory channel",
            ),
            (
                "tpc-repair-pending",
                gpu.ecc.tpc_repair_pending,
                "processing cluster",
            ),
        ] {
            let advice = format!("A repair of a {of} waits for a reset: reset it and test again");
            waits |= self.flag(name, value, rules::REPAIR_PENDING, &advice);
        }
        let limits = [
            (rules::REMAPPED, p.remapped_rows_warn),
            (rules::REMAPPED_ALL, p.remapped_rows_fail),
        ];
        let advice = "Rows were replaced for uncorrected errors";
        self.count("remapped-rows", rows.uncorrectable, &limits, advice);
        self.count("remapped-rows-corrected", rows.correctable, &[], "");
        self.count(
            "banks-without-spare-rows",
            rows.histogram.none,
            &[(rules::NO_SPARE_ROWS, 0)],
            "The next error in one of them cannot be repaired",
        );
        let retired = sum([pages.single_bit, pages.double_bit]);
        let advice = "Too many pages were retired: replace it";
        self.count(
            "retired-pages",
            retired,
            &[(rules::RETIRED, p.retired_pages_fail)],
            advice,
        );
        self.count(
            "retired-pages-double-bit",
            pages.double_bit,
            &[(rules::RETIRED_DOUBLE, p.retired_double_bit_warn)],
            "Pages were retired because data was lost",
        );
        waits
    }

    /// What the driver asks for. Where a repair waits, that was said already.
    fn resets(&mut self, gpu: &Gpu, repair_waits: bool) {
        let action = gpu.recovery_action.as_deref();
        let action = action.filter(|action| !NO_ACTION.contains(action));
        let wanted = match action {
            Some(action) => Some(format!("The driver asks for: {action}")),
            None if gpu.reset_required == Some(true) || gpu.requires_reset => {
                Some("The driver asks for a reset".to_owned())
            }
            None if gpu.drain_and_reset_recommended == Some(true) => {
                Some("The driver recommends to drain and reset it".to_owned())
            }
            None => None,
        };
        if let Some(wanted) = wanted.filter(|_| !repair_waits) {
            let message = format!("{wanted}. Do so and test again; if it comes again, replace it");
            self.findings
                .broken(rules::RESET_REQUIRED, Some(&self.part), message);
        }
    }
}

/// All of the counts that are there.
fn sum<const N: usize>(counts: [Option<u64>; N]) -> Option<u64> {
    counts.into_iter().flatten().reduce(u64::saturating_add)
}

/// Errors that lost data: Ampere and later count by memory, older GPUs by the number of bits.
fn uncorrected(counts: &EccCounts) -> Option<u64> {
    sum([
        counts.sram_uncorrectable,
        counts.sram_uncorrectable_parity,
        counts.sram_uncorrectable_secded,
        counts.dram_uncorrectable,
    ])
    .or_else(|| of_kinds(&counts.double_bit))
}

fn corrected(counts: &EccCounts) -> Option<u64> {
    sum([counts.sram_correctable, counts.dram_correctable]).or_else(|| of_kinds(&counts.single_bit))
}

fn of_kinds(kinds: &EccKinds) -> Option<u64> {
    kinds.total.or_else(|| {
        sum([
            kinds.device_memory,
            kinds.register_file,
            kinds.l1_cache,
            kinds.l2_cache,
            kinds.texture_memory,
            kinds.texture_shared,
            kinds.cbu,
        ])
    })
}

/// Whether a GPU is one whose error correction is on as it ships: NVIDIA ships its workstation and
/// consumer cards with it off.
fn is_for_data_centres(gpu: &Gpu) -> bool {
    let brand = gpu.identity.brand.as_deref().unwrap_or_default();
    let words = ["RTX", "Quadro", "GeForce", "TITAN", "Titan", "GTX"];
    !words
        .iter()
        .any(|word| brand.contains(word) || model_of(gpu).contains(word))
}
