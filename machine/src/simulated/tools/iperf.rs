//! iperf3: the slower of both ends, what headers leave of it, and what the port's faults take.

use super::{
    Ending, NOT_JSON, Work, fraction, installed, milliseconds, not_understood, seconds,
    whole_seconds, within,
};
use crate::contract::iperf::{Direction, Event, Flow, Interval, Job, Progress, Protocol, Summary};
use crate::contract::types::Error;
use crate::simulated::load::Load;
use crate::simulated::profile::{Fault, Nic, Peer};
use crate::simulated::world::World;
use crate::{Answer, Reply};

struct Iperf {
    version: String,
    job: Job,
    nic: Nic,
    peer: Peer,
    omit: u64,
    whole: u64,
    flows: Vec<Counted>,
    error: Option<String>,
    passed: u64,
}

/// One direction as it is counted.
struct Counted {
    direction: Direction,
    /// Bits per second, and segments or datagrams lost per second, in this step.
    rate: f64,
    losses: f64,
    bits: f64,
    lost: f64,
    intervals: Vec<Interval>,
}

/// Checks a job and makes its work.
pub fn start(world: &World, job: Job) -> Result<Box<dyn Work>, Error> {
    let version = installed(world, "iperf3", "iperf3")?;
    within("job.streams", job.streams, 1, 128)?;
    within("job.omit-ms", job.omit_ms, 0, 60_000)?;
    if let Protocol::Udp(rate) = job.protocol {
        within("job.protocol", rate, 1_000, 400_000_000_000)?;
    }
    let whole = whole_seconds("job.duration-ms", job.duration_ms)?;
    let profile = &world.profile;
    let missing = || Error::no_hardware("a network peer");
    let peer = profile.peer.clone().ok_or_else(missing)?;
    let nic = profile
        .nics
        .iter()
        .find(|n| n.name == peer.nic)
        .cloned()
        .ok_or_else(missing)?;
    let directions = match job.direction {
        Direction::Both => vec![Direction::Send, Direction::Receive],
        ref one => vec![one.clone()],
    };
    let flows = directions.into_iter().map(|direction| Counted {
        direction,
        rate: 0.0,
        losses: 0.0,
        bits: 0.0,
        lost: 0.0,
        intervals: Vec::new(),
    });
    Ok(Box::new(Iperf {
        version,
        omit: job.omit_ms.div_ceil(1000).saturating_mul(1_000_000_000),
        whole,
        flows: flows.collect(),
        job,
        nic,
        peer,
        error: None,
        passed: 0,
    }))
}

impl Iperf {
    fn datagrams(&self) -> bool {
        matches!(self.job.protocol, Protocol::Udp(_))
    }

    /// Payload bytes of a segment with time stamps, or of a datagram.
    fn payload(&self) -> f64 {
        f64::from(
            self.nic
                .mtu
                .saturating_sub(if self.datagrams() { 28 } else { 52 })
                .max(1),
        )
    }

    /// What the card's PCI Express link carries, in bit/s: 128b/130b coding, and a tenth for headers.
    fn through_the_bus(&self, world: &World) -> f64 {
        let full = self.nic.link.map(|link| link.full());
        world
            .link(self.nic.pci.as_deref(), full)
            .map_or(f64::INFINITY, |link| {
                let lanes = f64::from(link.current_width);
                link.current_speed * lanes * 1e9 * (128.0 / 130.0) * 0.9
            })
    }

    /// What is left of the line's rate: Ethernet takes 38 bytes of each frame for itself.
    fn efficiency(&self) -> f64 {
        self.payload() / (f64::from(self.nic.mtu) + 38.0)
    }
}

impl Work for Iperf {
    fn tool(&self) -> &str {
        "iperf3"
    }

    fn load(&self, _: &World, load: &mut Load) {
        load.add_cpu(0, 0.7);
    }

    fn plan(&mut self, world: &World, elapsed: u64) -> u64 {
        if !world.carrier(&self.nic) {
            self.error.get_or_insert_with(|| {
                if elapsed == 0 {
                    "unable to connect to server: No route to host".to_owned()
                } else {
                    "control socket has closed unexpectedly".to_owned()
                }
            });
            // The first step tells of it.
            return u64::from(elapsed == 0);
        }
        let port = self
            .nic
            .goodput_mbps
            .or(world.speed_mbps(&self.nic))
            .unwrap_or(1_000);
        let line = port.min(self.peer.mbps) as f64 * 1e6 * self.efficiency();
        let line = line.min(self.through_the_bus(world));
        let wanted = match self.job.protocol {
            Protocol::Udp(rate) => rate as f64,
            Protocol::Tcp => f64::INFINITY,
        };
        let payload_bits = self.payload() * 8.0;
        let crc = world
            .faults()
            .any(|f| matches!(f, Fault::NicCrc { nic, .. } if *nic == self.nic.name));
        let slow = world.factor(|f| match f {
            Fault::ReceiveSlow { nic, percent } if *nic == self.nic.name => Some(*percent),
            _ => None,
        });
        for flow in &mut self.flows {
            let incoming = flow.direction == Direction::Receive;
            let key = format!("iperf/{}/{incoming}", self.nic.name);
            let clean = line * if incoming { slow } else { 1.0 };
            let possible = world.about(clean, 0.004, &key).min(line);
            flow.rate = wanted.min(possible);
            // Too much is lost; a bad line loses one in two hundred.
            let beyond = if wanted.is_finite() {
                (wanted - possible).max(0.0)
            } else {
                0.0
            };
            let bad = if crc && incoming {
                0.005 * flow.rate
            } else {
                0.0
            };
            flow.losses = (beyond + bad) / payload_bits;
        }
        self.whole.saturating_add(self.omit).saturating_sub(elapsed)
    }

    fn pass(&mut self, world: &mut World, nanoseconds: u64) {
        self.passed = self.passed.saturating_add(nanoseconds);
        if self.error.is_some() {
            return;
        }
        let efficiency = self.efficiency();
        let counters = world.nics.entry(self.nic.name.clone()).or_default();
        for flow in &mut self.flows {
            let bits = flow.rate * seconds(nanoseconds);
            let on_the_wire = (bits / 8.0 / efficiency) as u64;
            let total = match flow.direction {
                Direction::Receive => &mut counters.rx_bytes,
                _ => &mut counters.tx_bytes,
            };
            *total = total.saturating_add(on_the_wire);
            if self.passed <= self.omit {
                continue;
            }
            flow.bits += bits;
            let lost = flow.losses * seconds(nanoseconds);
            flow.lost += lost;
            flow.intervals.push(Interval {
                at_ms: milliseconds(self.passed - self.omit),
                bits_per_second: flow.rate,
                retransmits: match self.job.protocol {
                    Protocol::Tcp => Some(lost as u64),
                    Protocol::Udp(_) => None,
                },
            });
        }
    }

    fn progress(&self, elapsed: u64) -> Reply {
        Reply::Iperf(Some(Event::Progress(Progress {
            fraction: fraction(elapsed, self.whole.saturating_add(self.omit)),
            elapsed_ms: milliseconds(elapsed),
            // iperf3 3.12 writes its JSON at its end.
            bits_per_second: None,
        })))
    }

    fn finished(&mut self, _: &World, elapsed: u64, ending: Ending) -> Reply {
        let counted = seconds(elapsed.saturating_sub(self.omit)).max(0.001);
        let datagrams = self.datagrams();
        let payload = self.payload();
        let mss = (!datagrams).then(|| self.nic.mtu.saturating_sub(52));
        let failed = self.error.is_some() || ending == Ending::Killed;
        let flows = self.flows.iter_mut().map(|flow| {
            let packets = (flow.bits / 8.0 / payload + flow.lost) as u64;
            Flow {
                direction: flow.direction.clone(),
                bytes: (flow.bits / 8.0) as u64,
                bits_per_second: flow.bits / counted,
                retransmits: (!datagrams).then_some(flow.lost as u64),
                mss,
                lost_packets: datagrams.then_some(flow.lost as u64),
                packets: datagrams.then_some(packets),
                jitter_ms: datagrams.then_some(0.012),
                intervals: std::mem::take(&mut flow.intervals),
            }
        });
        let flows = if failed { Vec::new() } else { flows.collect() };
        // About 60 Gbit/s keep one CPU busy, with the card's offloads.
        let busy = flows.iter().map(|f: &Flow| f.bits_per_second).sum::<f64>() / 60e9 * 100.0;
        let told = !flows.is_empty();
        let exit_status = match ending {
            Ending::Killed => None,
            Ending::Itself => Some(i32::from(failed)),
            Ending::Stopped => Some(1),
        };
        Reply::Iperf(Some(Event::Finished(Summary {
            version: format!("iperf {}", self.version),
            flows,
            local_cpu_percent: told.then_some(busy),
            peer_cpu_percent: told.then_some(busy * 1.05),
            error: self.error.clone(),
            exit_status,
            local_nic: Some(self.nic.name.clone()),
            partial: ending != Ending::Itself,
            runtime_ms: milliseconds(elapsed),
            extra: Vec::new(),
        })))
    }

    fn unreadable(&mut self, _: &World, _: u64, ending: Ending) -> Answer {
        not_understood("iperf3", ending, NOT_JSON)
    }

    fn nothing(&self) -> Reply {
        Reply::Iperf(None)
    }
}
