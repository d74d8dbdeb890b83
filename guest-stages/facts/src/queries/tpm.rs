//! `tpm2_pcrread`: the platform configuration registers of the TPM.

use serde::Serialize;

use super::lines::lines;
use crate::Unreadable;

/// The registers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Registers {
    /// Each bank. A bank that is not active may come without registers.
    pub banks: Vec<Bank>,
    /// Lines that could not be read.
    pub unread: Vec<String>,
}

/// The registers of one hash.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Bank {
    /// The hash: `sha256`.
    pub hash: String,
    /// The registers.
    pub registers: Vec<Register>,
}

/// One register.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Register {
    /// Its number, 0 to 23.
    pub number: u32,
    /// Its value in lower-case hexadecimal digits, without `0x`.
    pub value: String,
}

/// Reads the registers.
pub fn registers(bytes: &[u8]) -> Result<Registers, Unreadable> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Registers::default();
    for line in lines(&text) {
        let (name, value) = line.row().unwrap_or_default();
        let hash = name.starts_with("sha") || name.starts_with("sm3");
        if hash && value.is_empty() {
            found.banks.push(Bank {
                hash: name.to_owned(),
                ..Bank::default()
            });
            continue;
        }
        let digits = value
            .strip_prefix("0x")
            .filter(|digits| hexadecimal(digits));
        match (found.banks.last_mut(), name.parse(), digits) {
            (Some(bank), Ok(number), Some(digits)) => bank.registers.push(Register {
                number,
                value: digits.to_ascii_lowercase(),
            }),
            _ => found.unread.push(line.text.to_owned()),
        }
    }
    match found.banks.is_empty() {
        false => Ok(found),
        true => Err(Unreadable::starting("the registers of tpm2_pcrread", bytes)),
    }
}

fn hexadecimal(digits: &str) -> bool {
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}
