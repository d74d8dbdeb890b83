//! GPUs: `nvidia-smi -q -x`.

use vetting_facts::gpu::nvidia_smi::{self, EccCounts, Gpu};

use crate::Facts;
use crate::bindings::exports::vetting::facts::gpu::{Card, Guest, Report};
use crate::read::sentence;

impl Guest for Facts {
    fn read_report(document: Vec<u8>) -> Result<Report, String> {
        let report = nvidia_smi::gpus(&document).map_err(sentence)?;
        Ok(Report {
            driver: report.driver,
            attached: report.attached,
            cards: report.gpus.into_iter().map(card).collect(),
            messages: report.messages.into_iter().map(|m| m.text).collect(),
            complete: report.complete,
        })
    }
}

fn card(gpu: Gpu) -> Card {
    let (reasons, power) = (gpu.clock_reasons, gpu.power.unwrap_or_default());
    let (corrected, uncorrected) = ecc(&gpu.ecc.volatile);
    let (corrected_ever, uncorrected_ever) = ecc(&gpu.ecc.aggregate);
    Card {
        pci_address: gpu.pci_address,
        name: gpu.identity.name,
        serial: gpu.identity.serial,
        uuid: gpu.identity.uuid,
        lost: gpu.lost,
        requires_reset: gpu.requires_reset || gpu.reset_required == Some(true),
        recovery_action: gpu.recovery_action,
        temperature: gpu.temperatures.gpu,
        memory_temperature: gpu.temperatures.memory,
        temperature_margin: gpu.temperatures.tlimit,
        slowdown_temperature: gpu.temperatures.slowdown,
        watts: power.instant_draw.or(power.draw).or(power.average_draw),
        watts_limit: power.limit.or(power.enforced_limit),
        thermal_slowdown: either(reasons.hw_thermal, reasons.sw_thermal),
        power_brake: reasons.hw_power_brake,
        ecc_enabled: gpu.ecc.enabled,
        ecc_corrected: corrected,
        ecc_uncorrected: uncorrected,
        ecc_corrected_ever: corrected_ever,
        ecc_uncorrected_ever: uncorrected_ever,
        retired_pages: gpu.retired_pages.double_bit,
        remapped_rows: gpu.remapped_rows.uncorrectable,
        remap_pending: either(gpu.remapped_rows.pending, gpu.retired_pages.pending),
        remap_failed: gpu.remapped_rows.failure,
        link_generation: gpu.pci.generation,
        link_generation_max: gpu.pci.max_generation,
        link_width: gpu.pci.width,
        link_width_max: gpu.pci.max_width,
        memory_bytes: gpu.memory.total,
        unread: gpu.unread,
    }
}

/// Corrected and uncorrected errors of all memories; `None` where no memory gives a count.
fn ecc(counts: &EccCounts) -> (Option<u64>, Option<u64>) {
    let corrected = [counts.sram_correctable, counts.dram_correctable];
    let uncorrected = [
        counts.sram_uncorrectable,
        counts.sram_uncorrectable_parity,
        counts.sram_uncorrectable_secded,
        counts.dram_uncorrectable,
    ];
    (
        sum(&corrected).or(counts.single_bit.total),
        sum(&uncorrected).or(counts.double_bit.total),
    )
}

fn sum(counts: &[Option<u64>]) -> Option<u64> {
    counts.iter().flatten().copied().reduce(u64::saturating_add)
}

fn either(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a || b),
        (a, b) => a.or(b),
    }
}
