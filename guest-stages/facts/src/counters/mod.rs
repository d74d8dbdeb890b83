//! The kernel's counters of errors, heat and work, and what it knows of links, CPUs and memory.
//!
//! Each source has a function from [`Files`] to typed facts and a list of globs to read for it. Counters
//! are totals since boot or since a driver was loaded: read them twice and take [`difference`].

mod aer;
mod block;
mod change;
mod cpu;
mod cpufreq;
mod crash;
mod edac;
mod fibre;
pub(crate) mod folder;
mod infiniband;
mod interrupts;
mod mdstat;
mod memory;
mod nic;
mod parity;
mod pci;
mod sas;
mod throttle;

#[cfg(test)]
pub(crate) mod tests;

use serde::Serialize;

use crate::files::Files;

pub(crate) use aer::is_address;
pub use aer::{AER, AerErrors, AerFunction, aer};
pub use block::{Block, BlockStat, DISK, blocks};
pub use change::{Change, Count, Difference, NamedCount, difference};
pub use cpu::{CPU, Cpu, Cpus, MachineCheck, NamedText, cpus, list};
pub use cpufreq::{Cppc, Frequency};
pub use crash::{CRASH, Crashes, Trace, crashes};
pub use edac::{Channel, Controller, Dimm, EDAC, Edac, EdacDevice, Row, edac};
pub use fibre::{FIBRE, FibrePort, fibre};
pub use folder::Leftover;
pub use infiniband::{Coded, INFINIBAND, IbDevice, IbPort, infiniband};
pub use interrupts::{CpuCount, INTERRUPTS, Interrupt, Interrupts, interrupts};
pub use mdstat::{MDSTAT, MdArray, MdMember, Mdstat, mdstat};
pub use memory::{MEMORY, Meminfo, Memory, Node, memory};
pub use nic::{NIC, Nic, nics};
pub use parity::Parity;
pub use pci::{PCI, PciLink, PciSlot, pci_links, pci_slots};
pub use sas::{SAS, SasPhy, Sata, SataDevice, SataLink, SataPort, sas_phys, sata};
pub use throttle::Throttle;

/// What to read for all of this room. `*` stays within one segment of a path.
pub fn globs() -> Vec<&'static str> {
    let all = [
        EDAC, AER, PCI, CPU, NIC, DISK, SAS, INFINIBAND, FIBRE, MEMORY, INTERRUPTS, MDSTAT, CRASH,
    ];
    let mut globs: Vec<&str> = all.iter().flat_map(|globs| globs.iter().copied()).collect();
    globs.sort_unstable();
    globs.dedup();
    globs
}

/// One reading of everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Counters {
    /// Memory and parity errors.
    pub edac: Edac,
    /// PCI Express errors.
    pub aer: Vec<AerFunction>,
    /// PCI Express links.
    pub links: Vec<PciLink>,
    /// PCI slots.
    pub slots: Vec<PciSlot>,
    /// CPUs.
    pub cpus: Cpus,
    /// Network ports.
    pub nics: Vec<Nic>,
    /// Block devices.
    pub blocks: Vec<Block>,
    /// SAS phys.
    pub sas: Vec<SasPhy>,
    /// SATA.
    pub sata: Sata,
    /// InfiniBand and RDMA devices.
    pub infiniband: Vec<IbDevice>,
    /// Fibre Channel host ports.
    pub fibre: Vec<FibrePort>,
    /// Memory.
    pub memory: Memory,
    /// Named interrupts.
    pub interrupts: Option<Interrupts>,
    /// Software RAID.
    pub mdstat: Option<Mdstat>,
    /// Traces of earlier crashes.
    pub crashes: Crashes,
}

/// Reads everything that the files hold. What is not there is absent, and never an error.
pub fn read(files: &Files) -> Counters {
    Counters {
        edac: edac(files),
        aer: aer(files),
        links: pci_links(files),
        slots: pci_slots(files),
        cpus: cpus(files),
        nics: nics(files),
        blocks: blocks(files),
        sas: sas_phys(files),
        sata: sata(files),
        infiniband: infiniband(files),
        fibre: fibre(files),
        memory: memory(files),
        interrupts: interrupts(files),
        mdstat: mdstat(files),
        crashes: crashes(files),
    }
}

impl Counters {
    /// All counters as one list, for [`difference`].
    pub fn counts(&self) -> Vec<Count> {
        let mut counts = self.edac.counts();
        counts.extend(aer::counts(&self.aer));
        counts.extend(self.cpus.counts());
        counts.extend(nic::counts(&self.nics));
        counts.extend(block::counts(&self.blocks));
        counts.extend(sas::phy_counts(&self.sas));
        counts.extend(self.sata.counts());
        counts.extend(infiniband::counts(&self.infiniband));
        counts.extend(fibre::counts(&self.fibre));
        counts.extend(self.memory.counts());
        if let Some(interrupts) = &self.interrupts {
            counts.extend(interrupts.counts());
        }
        counts
    }

    /// What the counters did since an earlier reading.
    pub fn since(&self, before: &Counters) -> Vec<Difference> {
        difference(&before.counts(), &self.counts())
    }
}
