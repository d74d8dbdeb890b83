//! Callers who fail to say who they are: counted by address, made to wait after some failures, and
//! audited so seldom that they cannot flush the audit. Whoever has a good token is never made to wait:
//! many hosts may share an address with the one that fails.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use vetting_protocol::Code;

use super::{Orchestrator, ServiceError};

/// How many failures an address has free.
const FREE: u32 = 20;
/// How long it takes until one more is free.
const REFILL: Duration = Duration::from_secs(3);
/// How many addresses are remembered; beyond them the one that failed longest ago is forgotten.
const ADDRESSES: usize = 4096;

/// What follows from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    /// The number of this failure, where it is to be audited: the first, and every one whose number
    /// has doubled since.
    pub audit: Option<u64>,
    /// For how long the address is to wait, where it failed too often.
    pub wait: Option<Duration>,
}

#[derive(Debug)]
struct Failures {
    count: u64,
    /// When all of its failures are forgotten; each moves it on by [`REFILL`].
    forgotten: Instant,
}

/// Who failed, by address.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    addresses: Mutex<BTreeMap<IpAddr, Failures>>,
}

impl Throttle {
    /// Counts a failure.
    pub fn failed(&self, from: IpAddr) -> Failed {
        self.failed_at(from, Instant::now())
    }

    fn failed_at(&self, from: IpAddr, now: Instant) -> Failed {
        let from = network(from);
        let mut addresses = self.addresses();
        if addresses.len() >= ADDRESSES && !addresses.contains_key(&from) {
            let oldest = addresses.iter().min_by_key(|(_, f)| f.forgotten);
            if let Some(oldest) = oldest.map(|(address, _)| *address) {
                addresses.remove(&oldest);
            }
        }
        let failures = addresses.entry(from).or_insert(Failures {
            count: 0,
            forgotten: now,
        });
        if failures.forgotten <= now {
            failures.count = 0;
            failures.forgotten = now;
        }
        let free = REFILL * FREE;
        failures.count = failures.count.saturating_add(1);
        // Never further ahead than what is free and one wait, so that a flood is soon forgotten.
        failures.forgotten = (failures.forgotten + REFILL).min(now + free + REFILL);
        let ahead = failures.forgotten.duration_since(now);
        Failed {
            audit: failures.count.is_power_of_two().then_some(failures.count),
            wait: ahead.checked_sub(free).filter(|wait| !wait.is_zero()),
        }
    }

    fn addresses(&self) -> MutexGuard<'_, BTreeMap<IpAddr, Failures>> {
        self.addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Orchestrator {
    /// Counts that a caller at an address failed to prove who it is, audits it where that is due, and
    /// returns the refusal to answer with: the given one, or "come again later" where the address
    /// failed too often.
    ///
    /// `what` is the deed that the audit names (`claim refused`, `token refused`), `detail` says more
    /// of it there. Neither is part of the answer.
    pub(crate) async fn refuse_caller(
        &self,
        from: IpAddr,
        (what, detail): (&str, &str),
        run: Option<&str>,
        refusal: ServiceError,
    ) -> ServiceError {
        let failed = self.throttle.failed(from);
        tracing::debug!(%from, what, detail, "a caller was refused");
        if let Some(count) = failed.audit {
            tracing::warn!(%from, what, detail, count, "callers from this address were refused");
            let detail = format!("from {from}, refusal {count} from there: {detail}");
            if let Err(error) = self.note_deed("unknown", what, run, &detail).await {
                tracing::error!("a refused caller could not be audited: {error}");
            }
        }
        match failed.wait {
            None => refusal,
            Some(after) => ServiceError::Later {
                code: Code::TooMany,
                message: "too many calls without a valid token from this address".to_owned(),
                after,
            },
        }
    }
}

/// Whose failures count together: one IPv4 address, or the /64 that one host of IPv6 has to itself.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ATTACKER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    #[test]
    fn some_failures_are_free_and_then_the_address_waits() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let waits: Vec<_> = (0..FREE + 5)
            .map(|_| throttle.failed_at(ATTACKER, now).wait)
            .collect();
        let (free, waiting) = waits.split_at(FREE as usize);
        assert!(free.iter().all(Option::is_none), "{free:?}");
        assert!(waiting.iter().all(|w| *w == Some(REFILL)), "{waiting:?}");
        let other = throttle.failed_at(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)), now);
        assert_eq!(other.wait, None, "another address");
        let later = throttle.failed_at(ATTACKER, now + REFILL * (FREE + 2));
        assert_eq!(
            (later.wait, later.audit),
            (None, Some(1)),
            "it is forgotten"
        );
    }

    #[test]
    fn a_flood_is_audited_a_few_times() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let audited = (0..100_000).filter_map(|_| throttle.failed_at(ATTACKER, now).audit);
        assert_eq!(audited.count(), 17);
    }

    #[test]
    fn a_network_of_one_host_is_one_caller_and_memory_is_bounded() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for host in 0..10_000_u32 {
            let [.., c, d] = host.to_be_bytes().map(u16::from);
            let one = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, c, d);
            throttle.failed_at(one.into(), now);
            throttle.failed_at(Ipv6Addr::new(0x2001, 0xdb8, c, d, 0, 0, 0, 1).into(), now);
        }
        assert_eq!(throttle.addresses().len(), ADDRESSES);
    }
}
