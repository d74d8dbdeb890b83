//! The queries that every image knows. Each only reads.

use std::time::Duration;

use super::Query;
use crate::tools::Limits;

/// How long a query may take that names no other bound.
pub const TIMEOUT: Duration = Duration::from_secs(30);
/// How much of its output is kept, in bytes.
pub const KEPT: usize = 1 << 20;

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    name: &'static str,
    program: Program,
    args: &'static [&'static str],
    kept: usize,
}

/// A program, its package, and what makes it print its version.
#[derive(Clone, Copy, Debug)]
struct Program(&'static str, &'static str, &'static [&'static str]);

const ETHTOOL: Program = Program("ethtool", "ethtool", &["--version"]);
const IBSTAT: Program = Program("ibstat", "infiniband-diags", &["-V"]);
const LLDPCLI: Program = Program("lldpcli", "lldpd", &["-v"]);
const LSPCI: Program = Program("lspci", "pciutils", &["--version"]);
const NUMACTL: Program = Program("numactl", "numactl", &["--version"]);
const NVME: Program = Program("nvme", "nvme-cli", &["version"]);
const SENSORS: Program = Program("sensors", "lm-sensors", &["-v"]);
const PCRREAD: Program = Program("tpm2_pcrread", "tpm2-tools", &["--version"]);

const fn row(name: &'static str, program: Program, args: &'static [&'static str]) -> BuiltIn {
    BuiltIn {
        name,
        program,
        args,
        kept: KEPT,
    }
}

/// Every one, by name.
pub const QUERIES: [BuiltIn; 16] = [
    // The port's link, and what it could do.
    row("ethtool", ETHTOOL, &["{port}"]),
    // Its permanent address.
    row("ethtool-address", ETHTOOL, &["-P", "{port}"]),
    // Driver and firmware.
    row("ethtool-driver", ETHTOOL, &["-i", "{port}"]),
    // Forward error correction, with its counters.
    row("ethtool-fec", ETHTOOL, &["-I", "--show-fec", "{port}"]),
    // The transceiver or cable, with its measured values.
    row("ethtool-module", ETHTOOL, &["-m", "{port}"]),
    // The driver's counters.
    row("ethtool-statistics", ETHTOOL, &["-S", "{port}"]),
    row("ibstat", IBSTAT, &[]),
    row("lldp", LLDPCLI, &["show", "neighbors", "-f", "json0", "details"]),
    // Every function in full; some 3 kB each.
    BuiltIn {
        name: "lspci",
        program: LSPCI,
        args: &["-D", "-vvv", "-nn"],
        kept: 4 << 20,
    },
    row("lspci-function", LSPCI, &["-D", "-vvv", "-nn", "-s", "{pci}"]),
    row("numactl", NUMACTL, &["-H"]),
    row("nvme-error-log", NVME, &["error-log", "{nvme}", "-o", "json"]),
    row("nvme-list", NVME, &["list", "-o", "json"]),
    row("nvme-smart-log", NVME, &["smart-log", "{nvme}", "-o", "json"]),
    row("sensors", SENSORS, &["-j"]),
    row("tpm2-pcrread", PCRREAD, &[]),
];

impl BuiltIn {
    /// The same as a query.
    pub fn query(&self) -> Query {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let Program(program, package, version) = self.program;
        Query {
            name: self.name.to_owned(),
            program: program.to_owned(),
            package: package.to_owned(),
            args: owned(self.args),
            version: owned(version),
            limits: Limits {
                timeout: TIMEOUT,
                max_stdout: self.kept,
            },
            of_policy: false,
        }
    }
}
