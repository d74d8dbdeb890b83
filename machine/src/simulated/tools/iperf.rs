//! iperf3: the slower of both ends, what headers leave of it, and what the port's faults take.

use super::{End, Ending, Work, fraction, installed, milliseconds, seconds, whole_seconds, within};
use crate::contract::context::NetworkPeer;
use crate::contract::iperf::{self, Direction, Event, Job, PortAddress, Progress, Protocol};
use crate::contract::types::Error;
use crate::simulated::calendar;
use crate::simulated::documents::iperf3::{Done, Flow, Traffic, refused, result};
use crate::simulated::documents::{JobPrinted, job};
use crate::simulated::load::Load;
use crate::simulated::profile::{Fault, Nic, Peer};
use crate::simulated::world::World;
use crate::{Answer, Reply};

/// The address of this machine's port (RFC 5737).
const OWN_ADDRESS: &str = "192.0.2.10";

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
    /// Seconds of an interval, and its command line.
    interval: u64,
    arguments: Vec<String>,
}

/// One direction as it is counted.
struct Counted {
    direction: Direction,
    /// Bits per second, and segments or datagrams lost per second, in this step.
    rate: f64,
    losses: f64,
    bits: f64,
    lost: f64,
    /// What came in each interval, those that do not count included.
    intervals: Vec<Traffic>,
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
    let to = NetworkPeer {
        host: peer.host.clone(),
        port: peer.port,
        loopback: false,
    };
    let arguments = crate::tools::iperf3::arguments(&job, &to, &format!("iperf {version}"))?;
    Ok(Box::new(Iperf {
        interval: crate::tools::iperf3::interval(&job),
        arguments,
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

impl Iperf {
    /// What iperf3 prints at its end.
    fn printed(&self, world: &World, elapsed: u64, end: End) -> String {
        if let Some(error) = &self.error
            && self.flows.iter().all(|flow| flow.intervals.is_empty())
        {
            return refused(&self.version, error) + "\n";
        }
        let counted = seconds(elapsed.saturating_sub(self.omit)).max(0.001);
        let payload = self.payload();
        let flows = self.flows.iter().map(|flow| Flow {
            intervals: flow.intervals.clone(),
            whole: Traffic {
                start: 0.0,
                end: counted,
                bytes: (flow.bits / 8.0) as u64,
                lost: flow.lost as u64,
                packets: (flow.bits / 8.0 / payload + flow.lost) as u64,
                omitted: false,
            },
        });
        let flows: Vec<Flow> = flows.collect();
        // About 60 Gbit/s keep one CPU busy, with the card's offloads.
        let bits: f64 = self.flows.iter().map(|flow| flow.bits).sum();
        let busy = bits / counted / 60e9 * 100.0;
        let interrupted =
            (end.how == Ending::Stopped).then_some("interrupt - the client has terminated");
        let now = world
            .profile
            .epoch_seconds
            .saturating_add(world.now / 1_000_000_000);
        let done = Done {
            version: &self.version,
            udp: self.datagrams(),
            direction: self.job.direction.clone(),
            streams: self.job.streams,
            seconds: self.whole / 1_000_000_000,
            omit: self.omit / 1_000_000_000,
            bits_wanted: match self.job.protocol {
                Protocol::Udp(rate) => rate / u64::from(self.job.streams.max(1)),
                Protocol::Tcp => 0,
            },
            mss: self.nic.mtu.saturating_sub(52),
            local: OWN_ADDRESS,
            peer: (&self.peer.host, self.peer.port),
            epoch_seconds: now,
            time: calendar::rfc_1123(now),
            flows,
            cpu: (busy, busy * 1.05),
            error: self.error.as_deref().or(interrupted),
        };
        result(&done) + "\n"
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
        let (efficiency, payload) = (self.efficiency(), self.payload());
        let counters = world.nics.entry(self.nic.name.clone()).or_default();
        for flow in &mut self.flows {
            let bits = flow.rate * seconds(nanoseconds);
            let on_the_wire = (bits / 8.0 / efficiency) as u64;
            let total = match flow.direction {
                Direction::Receive => &mut counters.rx_bytes,
                _ => &mut counters.tx_bytes,
            };
            *total = total.saturating_add(on_the_wire);
            let lost = flow.losses * seconds(nanoseconds);
            let omitted = self.passed <= self.omit;
            let length = self.interval.saturating_mul(1_000_000_000).max(1);
            let begins = self.passed.saturating_sub(nanoseconds) / length * length;
            let (start, end) = (seconds(begins), seconds(self.passed));
            let packets = (bits / 8.0 / payload + lost) as u64;
            let fits = |last: &&mut Traffic| last.start == start && last.omitted == omitted;
            match flow.intervals.last_mut().filter(fits) {
                Some(last) => {
                    last.end = end;
                    last.bytes = last.bytes.saturating_add((bits / 8.0) as u64);
                    last.lost = last.lost.saturating_add(lost as u64);
                    last.packets = last.packets.saturating_add(packets);
                }
                None => flow.intervals.push(Traffic {
                    start,
                    end,
                    bytes: (bits / 8.0) as u64,
                    lost: lost as u64,
                    packets,
                    omitted,
                }),
            }
            if !omitted {
                flow.bits += bits;
                flow.lost += lost;
            }
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

    fn finished(&mut self, world: &World, elapsed: u64, end: End) -> Answer {
        let printed = JobPrinted {
            target: format!("{}:{}", self.peer.host, self.peer.port),
            arguments: self.arguments.clone(),
            version: format!("iperf {}", self.version),
            stdout: self.printed(world, elapsed, end),
            stderr: String::new(),
            exit_status: i32::from(self.error.is_some() || end.how == Ending::Stopped),
        };
        Ok(Reply::Iperf(Some(Event::Finished(iperf::Ending {
            document: job(world, "iperf3", "iperf.start", end, elapsed, printed),
            peer: format!("{}:{}", self.peer.host, self.peer.port),
            loopback: false,
            addresses: vec![PortAddress {
                port: self.nic.name.clone(),
                address: OWN_ADDRESS.to_owned(),
            }],
            streams: self.job.streams,
            stopped: end.stopped(),
            ran_ms: milliseconds(elapsed),
            extra: Vec::new(),
        }))))
    }

    fn nothing(&self) -> Reply {
        Reply::Iperf(None)
    }
}
