//! Cut and damaged outputs: what stands before the cut is read, and nothing panics.

use super::captured;
use crate::bmc::*;

/// Every capture, and every parser.
const ALL: [&[u8]; 14] = [
    captured!("dell-sdr-elist-all-v.txt"),
    captured!("supermicro-sel-elist-v.txt"),
    captured!("supermicro-sel-elist.txt"),
    captured!("supermicro-sel-elist-c.txt"),
    captured!("dell-sdr-elist-all.txt"),
    captured!("dell-sdr-elist-all-c.txt"),
    captured!("dell-sensor.txt"),
    captured!("dell-fru-print.txt"),
    captured!("supply-fru-print-v.txt"),
    captured!("supermicro-mc-info.txt"),
    captured!("dell-chassis-status.txt"),
    captured!("supermicro-dcmi-power-reading.txt"),
    captured!("dell-sel-info.txt"),
    captured!("dell-mc-selftest.txt"),
];

fn every_parser(bytes: &[u8]) {
    let listing = sensors(bytes)
        .or_else(|_| from_elist(bytes))
        .unwrap_or_default();
    let table = sensor_table(bytes).unwrap_or_default();
    let _ = joined(listing, &table);
    let _ = from_elist(bytes);
    let _ = event_log(bytes);
    let _ = event_log_info(bytes);
    let _ = repository(bytes);
    let _ = clock(bytes);
    let _ = controller(bytes);
    let _ = self_test(bytes);
    let _ = frus(bytes);
    let _ = chassis_status(bytes);
    let _ = power_reading(bytes);
}

#[test]
fn damaged_bmc_outputs_do_not_panic() {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for capture in ALL {
        for round in 0..24 {
            let mut bytes = capture.to_vec();
            for _ in 0..=round {
                let at = next() as usize % bytes.len();
                bytes[at] = match next() % 4 {
                    0 => b"|:,([)]\n #0"[next() as usize % 11],
                    1 => next() as u8,
                    2 => bytes[next() as usize % bytes.len()],
                    _ => b'9',
                };
            }
            every_parser(&bytes);
        }
    }
}

#[test]
fn cut_bmc_outputs_are_read_up_to_the_cut() {
    for capture in ALL {
        let step = (capture.len() / 150).max(1);
        for end in (0..capture.len()).step_by(step) {
            every_parser(&capture[..end]);
        }
    }
    let whole = sensors(captured!("dell-sdr-elist-all-v.txt")).expect("is there");
    let text = captured!("dell-sdr-elist-all-v.txt");
    for end in (4000..text.len()).step_by(97) {
        let cut = sensors(&text[..end]).expect("is there");
        let before = cut.sensors.len().saturating_sub(1);
        assert_eq!(cut.sensors[..before], whole.sensors[..before]);
    }
    let whole = event_log(captured!("supermicro-sel-elist.txt")).expect("is there");
    let text = captured!("supermicro-sel-elist.txt");
    for end in 200..text.len() {
        let cut = event_log(&text[..end]).expect("is there");
        let before = cut.events.len().saturating_sub(1);
        assert_eq!(cut.events[..before], whole.events[..before]);
    }
}

#[test]
fn facts_serialise_in_kebab_case() {
    let found =
        from_elist(b"PS1 Status | C8h | ok | 10.1 | Power Supply AC lost\n").expect("is there");
    let json = serde_json::to_value(&found).expect("is there");
    let sensor = &json["sensors"][0];
    assert_eq!(sensor["asserted"][0]["meaning"], "power-supply-input-lost");
    assert_eq!(sensor["reading"]["state"], "states");
    assert_eq!(sensor["type_source"], "words");
}
