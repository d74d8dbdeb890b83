//! This machine's TCP connections, as the kernel lists them in `/proc/net/tcp` and `tcp6` (proc(5)).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The kernel's numbers of states (`include/net/tcp_states.h`).
const ESTABLISHED: &str = "01";
const LISTEN: &str = "0A";

/// A connection that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The port on this side.
    pub local_port: u16,
    /// The address of the other side.
    pub from: IpAddr,
}

/// All that are open.
pub fn established() -> Vec<Connection> {
    in_state(&listed(), ESTABLISHED)
}

/// Whether something listens on a port.
pub fn listens(port: u16) -> bool {
    let all = in_state(&listed(), LISTEN);
    all.iter().any(|socket| socket.local_port == port)
}

fn listed() -> String {
    let files = ["/proc/net/tcp", "/proc/net/tcp6"];
    // A kernel without IPv6 has no list of it.
    let texts = files.map(|file| std::fs::read_to_string(file).unwrap_or_default());
    texts.concat()
}

fn in_state(listed: &str, state: &str) -> Vec<Connection> {
    let connections = listed.lines().filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let (local, remote, of) = (words.next()?, words.next()?, words.next()?);
        if of != state {
            return None;
        }
        let (_, local_port) = place(local)?;
        let (from, _) = place(remote)?;
        Some(Connection { local_port, from })
    });
    connections.collect()
}

/// An address and a port: words of 32 bits in the machine's order, and a number, in hexadecimal.
fn place(text: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |nth: usize| {
        let digits = address.get(nth * 8..nth * 8 + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    let address = match address.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let mut bytes = [0; 16];
            for (nth, part) in bytes.chunks_exact_mut(4).enumerate() {
                part.copy_from_slice(&word(nth)?);
            }
            IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical()
        }
        _ => return None,
    };
    Some((address, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of a Linux 6.1 on x86-64: a server, a client of it, one over IPv6 and one of IPv4 over a
    /// socket of IPv6.
    #[cfg(target_endian = "little")]
    const LISTED: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1451 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:1451 4200007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
   2: 00000000000000000000000001000000:1452 000080FE00000000FF005450B79D6EFE:9C40 01 00000000:00000000 00:00000000 00000000 0 0 3
   3: 0000000000000000FFFF00000100007F:1453 0000000000000000FFFF00004200007F:9C41 01 00000000:00000000 00:00000000 00000000 0 0 4
";

    #[test]
    #[cfg(target_endian = "little")]
    fn the_kernel_s_list_is_read() {
        let open = in_state(LISTED, ESTABLISHED);
        let told: Vec<_> = open
            .iter()
            .map(|connection| format!("{} {}", connection.local_port, connection.from))
            .collect();
        let expected = [
            "5201 127.0.0.66",
            "5202 fe80::5054:ff:fe6e:9db7",
            "5203 127.0.0.66",
        ];
        assert_eq!(told, expected);
        assert_eq!(in_state(LISTED, LISTEN).len(), 1);
        assert_eq!(in_state("no list\n", LISTEN), []);
    }

    #[test]
    fn whoever_listens_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        assert!(listens(port));
        drop(listener);
        assert!(!listens(port));
    }
}
