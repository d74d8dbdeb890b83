//! The contract's types, generated from `wit/` by this crate's build script: one module per
//! interface, documented there.

// A tool's result is larger than its progress; the sizes follow from the contract.
#![allow(clippy::large_enum_variant)]

pub(crate) mod bytes;

include!(concat!(env!("OUT_DIR"), "/contract.rs"));

impl disks::Transport {
    /// The word for it: `sata`, `nvme`, `usb`.
    pub fn word(&self) -> &str {
        use disks::Transport;
        match self {
            Transport::Sata => "sata",
            Transport::Sas => "sas",
            Transport::Nvme => "nvme",
            Transport::NvmeOf => "nvme-of",
            Transport::Usb => "usb",
            Transport::Virtio => "virtio",
            Transport::FibreChannel => "fibre-channel",
            Transport::Iscsi => "iscsi",
            Transport::Mmc => "mmc",
            Transport::Other(other) => other,
        }
    }
}
