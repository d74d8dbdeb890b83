//! Has another host reserved the disk, or registered a key to do so? A disk that knows no reservations
//! cannot be reserved; an answer that cannot be read is taken for a reservation. (SPC-4, PERSISTENT
//! RESERVE IN; NVM Express base specification, Reservation Report.)

use std::fs::File;
use std::io;

use super::ioctl::{self, ScsiAnswer};
use crate::real::root::Root;

/// Nobody has, or why that is not known.
pub fn none(root: &Root, name: &str, file: &File) -> Result<String, String> {
    if !root.is_here() {
        return Err("a copy of a machine cannot be asked".to_owned());
    }
    if name.starts_with("nvme") {
        return of_namespace(file);
    }
    let keys = ioctl::scsi(file, &reserve_in(0), ROOM);
    let keys = match keys {
        // What is no SCSI disk (virtio, eMMC) takes no such command.
        Err(error) if takes_no_scsi(&error) => return Ok("it takes no SCSI commands".to_owned()),
        other => scsi(other, "the keys")?,
    };
    let Some(keys) = keys else {
        return Ok("it knows no reservations".to_owned());
    };
    let held = scsi(ioctl::scsi(file, &reserve_in(1), ROOM), "the reservation")?;
    match (held, keys) {
        (None | Some(0), 0) => Ok("neither a key nor a reservation".to_owned()),
        (Some(held), 0) if held > 0 => Err("another host holds a reservation".to_owned()),
        (_, keys) => Err(format!("{} keys of other hosts are registered", keys / KEY)),
    }
}

/// Bytes of an answer that are read.
const ROOM: u16 = 512;
/// Bytes of a key.
const KEY: u32 = 8;

/// PERSISTENT RESERVE IN; 0: READ KEYS, 1: READ RESERVATION.
fn reserve_in(action: u8) -> [u8; 10] {
    let [high, low] = ROOM.to_be_bytes();
    [0x5e, action, 0, 0, 0, 0, 0, high, low, 0]
}

fn takes_no_scsi(error: &io::Error) -> bool {
    use nix::libc::{EINVAL, ENOTTY, EOPNOTSUPP};
    error
        .raw_os_error()
        .is_some_and(|errno| [ENOTTY, EINVAL, EOPNOTSUPP].contains(&errno))
}

/// How many bytes of keys or reservations follow the answer's header; `None`: the disk does not know
/// the command.
fn scsi(answer: io::Result<ScsiAnswer>, what: &str) -> Result<Option<u32>, String> {
    let answer = answer.map_err(|error| format!("{what} cannot be asked for: {error}"))?;
    if answer.transport != (0, 0) {
        return Err(format!(
            "{what} cannot be asked for: {:?}",
            answer.transport
        ));
    }
    match (answer.status, sense(&answer.sense)) {
        (0, _) => {}
        // ILLEGAL REQUEST: invalid operation code, or invalid field in it.
        (2, Some((5, 0x20 | 0x24))) => return Ok(None),
        (0x18, _) => return Err("another host holds a reservation".to_owned()),
        (status, sense) => {
            return Err(format!(
                "{what} cannot be read: status {status:#x}, sense {sense:x?}"
            ));
        }
    }
    let length = answer
        .data
        .get(4..8)
        .and_then(|bytes| bytes.try_into().ok());
    let length = length.map(u32::from_be_bytes);
    length
        .map(Some)
        .ok_or_else(|| format!("{what} cannot be read: the answer is too short"))
}

/// Sense key and additional sense code, of either format.
fn sense(data: &[u8]) -> Option<(u8, u8)> {
    let byte = |at: usize| data.get(at).copied();
    match byte(0)? & 0x7f {
        0x70 | 0x71 => Some((byte(2)? & 0x0f, byte(12)?)),
        0x72 | 0x73 => Some((byte(1)? & 0x0f, byte(2)?)),
        _ => None,
    }
}

/// The status of a host that must ask for the extended form. (Host Identifier Inconsistent Format.)
const INCONSISTENT_FORMAT: u16 = 0x18;

fn of_namespace(file: &File) -> Result<String, String> {
    let told = |error: io::Error| format!("the controller cannot be asked: {error}");
    let refused = |status: u16| format!("the controller refuses to tell: status {status:#x}");
    let controller = ioctl::nvme_controller(file)
        .map_err(told)?
        .map_err(refused)?;
    // Optional NVM command support, bit 5: reservations.
    if controller.get(520).is_none_or(|oncs| oncs & (1 << 5) == 0) {
        return Ok("its controller knows no reservations".to_owned());
    }
    let report = match ioctl::nvme_reservations(file, false).map_err(told)? {
        Err(INCONSISTENT_FORMAT) => ioctl::nvme_reservations(file, true).map_err(told)?,
        other => other,
    };
    registered(&report.map_err(refused)?)
}

/// A reservation report: its type at byte 4, the number of registered controllers at byte 5.
fn registered(report: &[u8]) -> Result<String, String> {
    let (kind, count) = match report.get(4..7) {
        Some([kind, low, high]) => (*kind, u16::from_le_bytes([*low, *high])),
        _ => return Err("the report is too short".to_owned()),
    };
    match (kind, count) {
        (0, 0) => Ok("neither a key nor a reservation".to_owned()),
        (0, count) => Err(format!("{count} controllers have registered keys")),
        _ => Err("another host holds a reservation".to_owned()),
    }
}

// Neither QEMU's disks nor its NVMe controllers keep reservations, so that answers are made here.
#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u8, sense: &[u8], data: &[u8]) -> io::Result<ScsiAnswer> {
        Ok(ScsiAnswer {
            status,
            transport: (0, 0),
            sense: sense.to_vec(),
            data: data.to_vec(),
        })
    }

    #[test]
    fn keys_and_reservations_are_counted_in_bytes() {
        let of = |data: &[u8]| scsi(answer(0, &[], data), "the keys");
        assert_eq!(of(&[0, 0, 0, 7, 0, 0, 0, 0]), Ok(Some(0)));
        assert_eq!(of(&[0, 0, 0, 7, 0, 0, 0, 16, 1, 2, 3]), Ok(Some(16)));
        assert!(of(&[0, 0, 0, 7]).is_err(), "cut short");
    }

    #[test]
    fn a_disk_that_knows_no_reservations_is_told_from_one_that_does_not_answer() {
        let fixed = |key: u8, code: u8| {
            let mut sense = [0_u8; 18];
            (sense[0], sense[2], sense[12]) = (0x70, key, code);
            scsi(answer(2, &sense, &[]), "the keys")
        };
        assert_eq!(fixed(5, 0x20), Ok(None));
        assert_eq!(fixed(5, 0x24), Ok(None));
        assert_eq!(
            scsi(answer(2, &[0x72, 5, 0x20, 0], &[]), "the keys"),
            Ok(None)
        );
        assert!(fixed(2, 0x04).is_err(), "not ready");
        assert!(fixed(6, 0x29).is_err(), "unit attention");
        assert!(scsi(answer(2, &[], &[]), "the keys").is_err(), "no sense");
        let conflict = scsi(answer(0x18, &[], &[]), "the keys").expect_err("a conflict");
        assert!(conflict.contains("another host"), "{conflict}");
        let lost = ScsiAnswer {
            status: 0,
            transport: (3, 0),
            sense: Vec::new(),
            data: vec![0; 8],
        };
        assert!(scsi(Ok(lost), "the keys").is_err(), "the adapter timed out");
        let gone = io::Error::from_raw_os_error(nix::libc::ENODEV);
        assert!(!takes_no_scsi(&gone) && scsi(Err(gone), "the keys").is_err());
        assert!(takes_no_scsi(&io::Error::from_raw_os_error(
            nix::libc::ENOTTY
        )));
    }

    #[test]
    fn a_namespace_s_report_tells_keys_and_reservations() {
        assert!(registered(&[0, 0, 0, 1, 0, 0, 0, 0]).is_ok());
        let keys = registered(&[0, 0, 0, 1, 0, 2, 0, 0]).expect_err("keys");
        assert!(keys.contains("2 controllers"), "{keys}");
        let held = registered(&[0, 0, 0, 1, 1, 1, 0, 0]).expect_err("held");
        assert!(held.contains("reservation"), "{held}");
        assert!(registered(&[0, 0, 0]).is_err());
    }
}
