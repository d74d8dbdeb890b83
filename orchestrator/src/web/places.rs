//! Places for connections. Until a caller on a connection has said who it is, it is a stranger: strangers
//! have few places, fewer still of one address, so that whoever connects and says nothing, or says it
//! slowly, keeps nobody else out.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::service::network;

/// How many connections there may be at once, where the process may open so many files.
const CONNECTIONS: usize = 20_000;
/// How many of them may be strangers'.
const STRANGERS: usize = 4096;
/// How many strangers' may be of one address: a fleet behind one address comes up at once, and a stranger
/// is one for as long as a handshake and the head of a call take.
const STRANGERS_OF_ADDRESS: usize = 512;
/// How many files the process needs for the rest: databases, logs, iperf3 servers.
const OTHER_FILES: usize = 512;

/// The bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Most {
    all: usize,
    /// Of one address, strangers or not.
    of_address: usize,
    strangers: usize,
    strangers_of_address: usize,
}

impl Most {
    /// The bounds where so many files may be open.
    fn of_files(files: usize) -> Self {
        let all = files.saturating_sub(OTHER_FILES).clamp(16, CONNECTIONS);
        Most {
            all,
            of_address: all / 2,
            strangers: (all / 4).min(STRANGERS),
            strangers_of_address: (all / 8).min(STRANGERS_OF_ADDRESS),
        }
    }
}

/// All places.
#[derive(Debug)]
pub(super) struct Places {
    most: Most,
    taken: Mutex<Taken>,
}

/// How many are taken.
#[derive(Debug, Default)]
struct Taken {
    all: usize,
    strangers: usize,
    by_address: BTreeMap<IpAddr, OfAddress>,
    refused: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct OfAddress {
    all: usize,
    strangers: usize,
}

impl Places {
    /// Places of a process that may open so many files.
    pub fn of_files(files: usize) -> Arc<Self> {
        Arc::new(Places {
            most: Most::of_files(files),
            taken: Mutex::default(),
        })
    }

    /// A stranger's place; none where there is none for that address.
    pub fn take(self: &Arc<Self>, from: IpAddr) -> Option<Place> {
        let address = network(from);
        let mut taken = self.taken();
        let of_address = taken.by_address.get(&address).copied().unwrap_or_default();
        let full = taken.all >= self.most.all
            || of_address.all >= self.most.of_address
            || taken.strangers >= self.most.strangers
            || of_address.strangers >= self.most.strangers_of_address;
        if full {
            taken.refused = taken.refused.saturating_add(1);
            // A flood is told of a few times.
            if taken.refused.is_power_of_two() {
                tracing::warn!(
                    %from,
                    refused = taken.refused,
                    connections = taken.all,
                    strangers = taken.strangers,
                    of_address = of_address.all,
                    "connections were refused: too many at once"
                );
            }
            return None;
        }
        taken.change(address, 1, 1);
        drop(taken);
        Some(Place {
            places: Arc::clone(self),
            address,
            known: AtomicBool::new(false),
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// Counts connections and strangers of an address up or down.
    fn change(&mut self, address: IpAddr, all: isize, strangers: isize) {
        self.all = self.all.saturating_add_signed(all);
        self.strangers = self.strangers.saturating_add_signed(strangers);
        let of_address = self.by_address.entry(address).or_default();
        of_address.all = of_address.all.saturating_add_signed(all);
        of_address.strangers = of_address.strangers.saturating_add_signed(strangers);
        if of_address.all == 0 {
            self.by_address.remove(&address);
        }
    }
}

/// One connection's place, until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    address: IpAddr,
    known: AtomicBool,
}

impl Place {
    /// Its caller has said who it is: the place is a stranger's no more.
    pub fn is_known(&self) {
        if !self.known.swap(true, Ordering::Relaxed) {
            self.places.taken().change(self.address, 0, -1);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let stranger = !*self.known.get_mut();
        self.places
            .taken()
            .change(self.address, -1, -isize::from(stranger));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn strangers_of_one_address_leave_places_for_others_and_whoever_is_known_makes_room() {
        let places = Places::of_files(OTHER_FILES + 80);
        assert_eq!(places.most, Most::of_files(OTHER_FILES + 80));
        let (all, of_one) = (places.most.all, places.most.strangers_of_address);
        assert_eq!((all, of_one), (80, 10));
        let take = |last| places.take(address(last));
        let held: Vec<_> = (0..of_one).filter_map(|_| take(1)).collect();
        assert_eq!(held.len(), of_one);
        assert!(take(1).is_none(), "an eighth of all");
        let other = take(2).expect("another address");
        held[0].is_known();
        held[0].is_known();
        let next = take(1).expect("one is known");
        assert!(take(1).is_none());
        drop((held, other, next));
        let taken = places.taken();
        assert_eq!((taken.all, taken.strangers), (0, 0));
        assert!(taken.by_address.is_empty());
    }

    #[test]
    fn neither_strangers_of_all_addresses_nor_the_callers_of_one_take_every_place() {
        let places = Places::of_files(OTHER_FILES + 80);
        let held: Vec<_> = (0..40)
            .filter_map(|last| places.take(address(last)))
            .collect();
        assert_eq!(held.len(), places.most.strangers);
        drop(held);
        let known = |_| places.take(address(1)).inspect(Place::is_known);
        let held: Vec<_> = (0..100).filter_map(known).collect();
        assert_eq!(held.len(), places.most.of_address);
        assert!(places.take(address(2)).is_some());
    }

    #[test]
    fn a_process_that_may_open_few_files_still_serves() {
        assert_eq!(Most::of_files(0).all, 16);
        assert_eq!(Most::of_files(1 << 20).all, CONNECTIONS);
    }
}
