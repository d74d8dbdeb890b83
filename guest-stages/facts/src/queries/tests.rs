use super::*;

macro_rules! captured {
    ($name:literal) => {
        include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/captured/queries/",
            $name
        ))
        .as_slice()
    };
}

mod network;
mod rest;

/// All captured files, to be cut and damaged.
const ALL: [&[u8]; 29] = [
    captured!("ethtool-driver-mlx5.txt"),
    captured!("ethtool-driver-virtio.txt"),
    captured!("ethtool-fec-histogram.txt"),
    captured!("ethtool-fec-lanes.txt"),
    captured!("ethtool-fec-refused.txt"),
    captured!("ethtool-link-10g.txt"),
    captured!("ethtool-link-veth.txt"),
    captured!("ethtool-link-virtio.txt"),
    captured!("ethtool-module-qsfp28.txt"),
    captured!("ethtool-module-sfp.txt"),
    captured!("ethtool-statistics-groups.txt"),
    captured!("ethtool-statistics-mlx5.txt"),
    captured!("ethtool-statistics-queues.txt"),
    captured!("ibstat.txt"),
    captured!("lldp-one.json"),
    captured!("lldp-switch.json"),
    captured!("lldp-two.json"),
    captured!("lldp-two.json0"),
    captured!("lspci-downgraded.txt"),
    captured!("lspci-mm-virtio.txt"),
    captured!("lspci-virtio.txt"),
    captured!("numactl-no-memory.txt"),
    captured!("numactl-one-node.txt"),
    captured!("nvme-list-2.11.json"),
    captured!("nvme-list-flat.json"),
    captured!("nvme-smart-log.json"),
    captured!("sensors-none.txt"),
    captured!("sensors.json"),
    captured!("tpm2-pcrread-few.txt"),
];

fn read_as_everything(bytes: &[u8]) {
    let _ = ethtool_driver::driver(bytes);
    let _ = ethtool_fec::fec(bytes);
    let _ = ethtool_link::link(bytes);
    let _ = ethtool_module::module(bytes);
    let _ = ethtool_statistics::statistics(bytes);
    let _ = ibstat::adapters(bytes);
    let _ = lldp::neighbors(bytes);
    let _ = lspci::devices(bytes);
    let _ = numactl::hardware(bytes);
    let _ = nvme::list(bytes);
    let _ = nvme::smart_log(bytes);
    let _ = sensors::sensors(bytes);
    let _ = tpm::registers(bytes);
}

#[test]
fn cut_and_damaged_text_does_not_panic() {
    let mut state = 31_u32;
    for bytes in ALL {
        for cut in (0..bytes.len()).step_by(7) {
            read_as_everything(&bytes[..cut]);
        }
        for _ in 0..20 {
            let mut damaged = bytes.to_vec();
            for _ in 0..8 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = state as usize % damaged.len();
                damaged[at] = (state >> 16) as u8;
            }
            read_as_everything(&damaged);
        }
    }
}

#[test]
fn text_of_other_tools_is_unreadable() {
    for bytes in [
        b"".as_slice(),
        b"hello\n",
        captured!("ethtool-fec-refused.txt"),
        b"No data available\n",
    ] {
        assert!(ethtool_driver::driver(bytes).is_err());
        assert!(ethtool_fec::fec(bytes).is_err());
        assert!(ethtool_link::link(bytes).is_err());
        assert!(ethtool_module::module(bytes).is_err());
        assert!(ethtool_statistics::statistics(bytes).is_err());
        assert!(ibstat::adapters(bytes).is_err());
        assert!(lldp::neighbors(bytes).is_err());
        assert!(lspci::devices(bytes).is_err());
        assert!(numactl::hardware(bytes).is_err());
        assert!(nvme::list(bytes).is_err());
        assert!(nvme::smart_log(bytes).is_err());
        assert!(sensors::sensors(bytes).is_err());
        assert!(tpm::registers(bytes).is_err());
    }
}
