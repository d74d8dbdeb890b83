//! Errors of a GPU's memories, and their repairs.

use serde::Serialize;

use super::values::Values;

/// Error correction and what it counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ecc {
    /// Whether error correction is on.
    pub enabled: Option<bool>,
    /// Whether it is on after the next reset.
    pub pending: Option<bool>,
    /// Errors since the driver was loaded.
    pub volatile: EccCounts,
    /// Errors over the GPU's life.
    pub aggregate: EccCounts,
    /// Where the uncorrectable errors of the SRAM over the GPU's life came from.
    pub sram_sources: SramSources,
    /// Whether a repair of a memory channel waits for a reset (drivers 570 and later).
    pub channel_repair_pending: Option<bool>,
    /// Whether a repair of a processing cluster waits for a reset (drivers 570 and later).
    pub tpc_repair_pending: Option<bool>,
    /// Whether the memory cannot be repaired (drivers 580 and later).
    pub unrepairable_memory: Option<bool>,
}

/// Errors of one lifetime, in the form of Ampere and later or in the older one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EccCounts {
    /// SRAM: corrected.
    pub sram_correctable: Option<u64>,
    /// SRAM: uncorrectable, where the driver gives one number (before 545).
    pub sram_uncorrectable: Option<u64>,
    /// SRAM: uncorrectable, found by parity.
    pub sram_uncorrectable_parity: Option<u64>,
    /// SRAM: uncorrectable, found by the SEC-DED code.
    pub sram_uncorrectable_secded: Option<u64>,
    /// Device memory: corrected.
    pub dram_correctable: Option<u64>,
    /// Device memory: uncorrectable.
    pub dram_uncorrectable: Option<u64>,
    /// Whether uncorrectable errors of the SRAM are over the maker's threshold.
    pub sram_threshold_exceeded: Option<bool>,
    /// GPUs before Ampere: single-bit errors (corrected), by memory.
    pub single_bit: EccKinds,
    /// GPUs before Ampere: double-bit errors (uncorrectable), by memory.
    pub double_bit: EccKinds,
}

/// Errors by memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EccKinds {
    /// Device memory.
    pub device_memory: Option<u64>,
    /// Register file.
    pub register_file: Option<u64>,
    /// First-level cache.
    pub l1_cache: Option<u64>,
    /// Second-level cache.
    pub l2_cache: Option<u64>,
    /// Texture memory.
    pub texture_memory: Option<u64>,
    /// Shared texture memory.
    pub texture_shared: Option<u64>,
    /// Compute back-end.
    pub cbu: Option<u64>,
    /// All of them.
    pub total: Option<u64>,
}

/// Uncorrectable SRAM errors by place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SramSources {
    /// Second-level cache.
    pub l2: Option<u64>,
    /// Multiprocessors.
    pub sm: Option<u64>,
    /// Microcontrollers.
    pub microcontroller: Option<u64>,
    /// PCI Express.
    pub pcie: Option<u64>,
    /// Anywhere else.
    pub other: Option<u64>,
}

/// Pages that are used no more (GPUs before Ampere).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RetiredPages {
    /// Retired for several single-bit errors.
    pub single_bit: Option<u64>,
    /// Their addresses.
    pub single_bit_pages: Vec<String>,
    /// Retired for a double-bit error.
    pub double_bit: Option<u64>,
    /// Their addresses.
    pub double_bit_pages: Vec<String>,
    /// Whether a page is retired at the next reset.
    pub pending: Option<bool>,
    /// The same in the words of drivers before 445.
    pub pending_blacklist: Option<bool>,
}

/// Rows that spare rows replace (Ampere and later).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RemappedRows {
    /// For corrected errors.
    pub correctable: Option<u64>,
    /// For uncorrectable errors.
    pub uncorrectable: Option<u64>,
    /// For corrected errors, not in use.
    pub correctable_inactive: Option<u64>,
    /// For uncorrectable errors, not in use.
    pub uncorrectable_inactive: Option<u64>,
    /// Whether a remap waits for a reset.
    pub pending: Option<bool>,
    /// Whether a remap has failed.
    pub failure: Option<bool>,
    /// How many spare rows the banks have left.
    pub histogram: Histogram,
}

/// Banks of memory by the spare rows that are left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Histogram {
    /// Banks with all of them.
    pub max: Option<u64>,
    /// Banks with many.
    pub high: Option<u64>,
    /// Banks with some.
    pub partial: Option<u64>,
    /// Banks with one.
    pub low: Option<u64>,
    /// Banks with none.
    pub none: Option<u64>,
}

fn kinds(values: &mut Values, section: &str) -> EccKinds {
    let v = values.section(section);
    EccKinds {
        device_memory: v.count("device_memory"),
        register_file: v.count("register_file"),
        l1_cache: v.count("l1_cache"),
        l2_cache: v.count("l2_cache"),
        texture_memory: v.count("texture_memory"),
        texture_shared: v.count("texture_shm"),
        cbu: v.count("cbu"),
        total: v.count("total"),
    }
}

fn counts(values: &mut Values, life: &str) -> EccCounts {
    let single_bit = kinds(values, &format!("ecc_errors/{life}/single_bit/"));
    let double_bit = kinds(values, &format!("ecc_errors/{life}/double_bit/"));
    let v = values.section(&format!("ecc_errors/{life}/"));
    EccCounts {
        sram_correctable: v.count("sram_correctable"),
        sram_uncorrectable: v.count("sram_uncorrectable"),
        sram_uncorrectable_parity: v.count("sram_uncorrectable_parity"),
        sram_uncorrectable_secded: v.count("sram_uncorrectable_secded"),
        dram_correctable: v.count("dram_correctable"),
        dram_uncorrectable: v.count("dram_uncorrectable"),
        sram_threshold_exceeded: v.flag("sram_threshold_exceeded"),
        single_bit,
        double_bit,
    }
}

pub(super) fn ecc(values: &mut Values) -> Ecc {
    let volatile = counts(values, "volatile");
    let aggregate = counts(values, "aggregate");
    let v = values.section("ecc_errors/aggregate_uncorrectable_sram_sources/");
    let sram_sources = SramSources {
        l2: v.count("sram_l2"),
        sm: v.count("sram_sm"),
        microcontroller: v.count("sram_microcontroller"),
        pcie: v.count("sram_pcie"),
        other: v.count("sram_other"),
    };
    let v = values.section("ecc_mode/");
    let (enabled, pending) = (v.flag("current_ecc"), v.flag("pending_ecc"));
    let v = values.section("ecc_errors/");
    Ecc {
        enabled,
        pending,
        volatile,
        aggregate,
        sram_sources,
        channel_repair_pending: v.flag("channel_repair_pending"),
        tpc_repair_pending: v.flag("tpc_repair_pending"),
        unrepairable_memory: v.flag("unrepairable_memory"),
    }
}

pub(super) fn retired(values: &mut Values) -> RetiredPages {
    let v = values.section("retired_pages/multiple_single_bit_retirement/");
    let (single_bit, single_bit_pages) = (v.count("retired_count"), v.list("retired_pagelist"));
    let v = values.section("retired_pages/double_bit_retirement/");
    let (double_bit, double_bit_pages) = (v.count("retired_count"), v.list("retired_pagelist"));
    let v = values.section("retired_pages/");
    RetiredPages {
        single_bit,
        single_bit_pages,
        double_bit,
        double_bit_pages,
        pending: v.flag("pending_retirement"),
        pending_blacklist: v.flag("pending_blacklist"),
    }
}

pub(super) fn remapped(values: &mut Values) -> RemappedRows {
    let v = values.section("remapped_rows/row_remapper_histogram/row_remapper_histogram_");
    let histogram = Histogram {
        max: v.count_of("max", "bank(s)"),
        high: v.count_of("high", "bank(s)"),
        partial: v.count_of("partial", "bank(s)"),
        low: v.count_of("low", "bank(s)"),
        none: v.count_of("none", "bank(s)"),
    };
    let v = values.section("remapped_rows/remapped_row_");
    RemappedRows {
        correctable: v.count("corr"),
        uncorrectable: v.count("unc"),
        correctable_inactive: v.count("corr_inactive"),
        uncorrectable_inactive: v.count("unc_inactive"),
        pending: v.flag("pending"),
        failure: v.flag("failure"),
        histogram,
    }
}
