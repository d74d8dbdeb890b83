//! What the parts of a simulated machine have counted since boot.

/// A network port.
#[derive(Clone, Debug, Default)]
pub struct NicCounts {
    /// Bytes received.
    pub rx_bytes: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Receive errors of every kind.
    pub rx_errors: u64,
    /// Frames with a bad checksum.
    pub rx_crc_errors: u64,
    /// How often the carrier came or went.
    pub carrier_changes: u64,
}

/// A disk.
#[derive(Clone, Debug, Default)]
pub struct DiskCounts {
    /// Bytes read.
    pub read_bytes: u64,
    /// Bytes written.
    pub written_bytes: u64,
    /// Commands answered with an error.
    pub io_errors: u64,
}
