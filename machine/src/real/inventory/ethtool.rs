//! What only a network driver itself tells, asked by the `SIOCETHTOOL` request
//! (include/uapi/linux/ethtool.h) on the machine we run on.

use std::os::fd::AsRawFd;

use nix::libc;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use crate::placeholder::real;

const SIOCETHTOOL: libc::Ioctl = 0x8946;
const GET_DRIVER_INFO: u32 = 0x03;
const GET_PERMANENT_ADDRESS: u32 = 0x20;

/// What a port's driver told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// The permanent MAC address, lower case with colons.
    pub mac: Option<String>,
    /// The driver's name.
    pub driver: Option<String>,
    /// Firmware version.
    pub firmware: Option<String>,
    /// The highest speed it supports, in Mbit/s.
    pub max_speed_mbps: Option<u64>,
}

/// Asks one port's driver. What it does not tell is `None`.
pub fn ask(name: &str) -> Told {
    // `struct ethtool_drvinfo`: command, then texts of 32 bytes: driver, version, firmware …
    let information = request(name, GET_DRIVER_INFO, 0);
    let text = |at: usize| {
        let bytes = information.as_ref()?.get(at..at + 32)?;
        let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
        real(&String::from_utf8_lossy(bytes.get(..end)?))
    };
    // `struct ethtool_perm_addr`: command, size, then the address.
    let permanent = request(name, GET_PERMANENT_ADDRESS, 32);
    let mac = permanent.and_then(|bytes| {
        let bytes = bytes.get(8..14)?;
        let known = bytes.iter().any(|b| *b != 0);
        let parts: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
        known.then(|| parts.join(":"))
    });
    Told {
        mac,
        driver: text(4),
        firmware: text(68),
        max_speed_mbps: None,
    }
}

/// One request: `first` is the word after the command. `None` when the driver refuses.
fn request(name: &str, command: u32, first: u32) -> Option<[u8; 512]> {
    // Aligned as the kernel's structures are.
    #[repr(C, align(8))]
    struct Buffer([u8; 512]);
    let mut buffer = Buffer([0; 512]);
    buffer
        .0
        .get_mut(..4)?
        .copy_from_slice(&command.to_ne_bytes());
    buffer
        .0
        .get_mut(4..8)?
        .copy_from_slice(&first.to_ne_bytes());
    // SAFETY: an all-zero `ifreq` is a valid one.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    if name.len() >= request.ifr_name.len() {
        return None;
    }
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from as libc::c_char;
    }
    request.ifr_ifru.ifru_data = buffer.0.as_mut_ptr().cast();
    let socket = socket(
        AddressFamily::Inet,
        SockType::Datagram,
        SockFlag::SOCK_CLOEXEC,
        None,
    )
    .ok()?;
    // SAFETY: the two commands write a fixed structure (196 bytes) or 8 bytes and the `first` bytes
    // of address that we announce, which all fit the buffer; it outlives the call.
    let answer = unsafe { libc::ioctl(socket.as_raw_fd(), SIOCETHTOOL, &mut request) };
    (answer == 0).then_some(buffer.0)
}
