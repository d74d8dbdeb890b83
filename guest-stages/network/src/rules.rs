//! The rules, each written down once.

use crate::Parameters;

vetting_stage::rules! {
    use kernel_events;

    /// There is no peer to measure against.
    PEER: unknown "peer";
    /// A physical port carried nothing: the peer is this machine.
    NO_WIRE: unknown "no-wire";
    /// All ports are a hypervisor's and the peer is this machine: there was no wire to judge.
    NO_WIRE_VIRTUAL: warn "no-wire" = "1 wire", "default";
    /// The connection did not leave this machine, or used one port of several: a port with a carrier was not measured.
    NOT_MEASURED: warn "not-measured" = "every port with a carrier", "default";
    /// Of the ports of one card, one came up slower than another.
    SLOWER_THAN_SIBLING: warn "port-speed-sibling" = "the fastest port of the card", "default";
    /// The deadline left no time for a measurement.
    DEADLINE: unknown "deadline" = "1 s for each direction", "default";
    /// A measurement was cut short.
    CUT_SHORT: unknown "cut-short";
    /// iperf3 did not run, reported an error, or not one byte arrived.
    IPERF3: unknown "iperf3";
    /// Fewer ports have a carrier than expected.
    FEWER_LINKS: fail expected_links;
    /// The link of a port came up slower than the port can do; the switch may be the slower one.
    PORT_SPEED: warn "port_speed" = "what the port supports", "what the port supports (ethtool)";
    /// The link of a port came up slower than expected.
    LINK_SPEED: fail expected_mbps;
    /// The link of a port is not full duplex: one side does not negotiate.
    DUPLEX: fail "duplex" = "full", "default";
    /// The PCI Express link of a card has fewer lanes than the card: a narrow slot, or a bad seat.
    LINK_NARROW: warn "pcie_width" = "the card's most", "Linux sysfs, current_link_width and max_link_width";
    /// The carrier of a port came or went during the test.
    CARRIER: fail "carrier-changes" = "0", "default";
    /// More frames came damaged than the bit error rate makes usual in what was received.
    DAMAGED: warn bit_error_rate;
    /// Far more frames came damaged than the bit error rate makes usual in what was received.
    DAMAGED_MANY: fail "bit_error_rate" = "10 times {bit_error_rate}", "IEEE 802.3; NVIDIA DCGM counts the same way";
    /// One direction is slower than the other.
    ASYMMETRY: warn asymmetry_warn_percent;
    /// A machine carries little to itself.
    LOOPBACK: fail loopback_floor_gbps;
    /// A virtual port carries far less than the slowest port with a carrier can.
    ABOVE_PORTS: fail "goodput-above" = "25 % of what the slowest port with a carrier can carry", "default";
    /// A port whose speed is not known carries little.
    UNKNOWN_SPEED: fail unknown_speed_floor_gbps;
    /// A port below 40 Gbit/s carries less than TCP can over it.
    GOODPUT: warn "goodput_warn_percent" = "{goodput_warn_percent} % of the ceiling: 94.1 % of the line rate, 99.0 % with jumbo frames",
        "default; ceiling computed from frame sizes";
    /// A port below 40 Gbit/s carries far less than TCP can over it.
    GOODPUT_LOW: fail "goodput_fail_percent" = "{goodput_fail_percent} % of the ceiling: 94.1 % of the line rate, 99.0 % with jumbo frames",
        "default; ceiling computed from frame sizes";
    /// A port of 40 Gbit/s and more carries less than TCP can over it.
    FAST_GOODPUT: warn "fast_goodput_warn_percent" = "{fast_goodput_warn_percent} % of the ceiling: 94.1 % of the line rate, 99.0 % with jumbo frames",
        "default; ceiling computed from frame sizes";
    /// A port of 40 Gbit/s and more carries far less than TCP can over it.
    FAST_GOODPUT_LOW: fail "fast_goodput_fail_percent" = "{fast_goodput_fail_percent} % of the ceiling: 94.1 % of the line rate, 99.0 % with jumbo frames",
        "default; ceiling computed from frame sizes";
    /// A port carries less than it should, and iperf3 used the whole processor of each of its threads (one before 3.16): that was measured, not the wire.
    SENDER_CPU: unknown sender_cpu_percent;
    /// Bytes were sent again: congestion, or a bad cable.
    RETRANSMITS: warn retransmits_warn_percent;
    /// The sender does not count what it sends again: that was not judged.
    RETRANSMITS_UNKNOWN: warn "retransmits-unknown" = "counted", "default";
    /// Many bytes were sent again.
    RETRANSMITS_MANY: fail retransmits_fail_percent;
    /// What the drivers of the ports say, such as the speed that a port supports, is not known: ethtool is missing or failed.
    DRIVERS: warn "drivers" = "asked", "default";
    /// The ports' counters could not be read after the measurement.
    COUNTERS: warn "counters" = "read", "default";
    /// The kernel's log could not be watched.
    KERNEL_LOG: warn "kernel-log" = "watched", "default";
}
