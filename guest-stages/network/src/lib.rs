//! Network: are links what they should be, and do they carry what they promise, both ways?

mod counted;
mod flow;
mod judge;
mod measured;
mod ports;
mod rules;

use measured::Measured;
use vetting_facts::inventory::Nic;
use vetting_stage::iperf::{Direction, Ending, Job, Progress, Protocol};
use vetting_stage::types::Error;
use vetting_stage::{
    Drive, Driven, Findings, KernelEvents, Outcome, Plan, clock, context, drive, explain, iperf,
    sample,
};

vetting_stage::parameters! {
    /// How long to measure in each direction.
    duration: duration = "10s", "default";
    /// Parallel TCP streams.
    streams: integer = 4, "default";
    /// How many ports must have a carrier.
    expected_links: optional_integer = null, "the machine's spec";
    /// The speed that every port with a carrier must have, in Mbit/s.
    expected_mbps: optional_integer = null, "the machine's spec";
    /// What the peer can do, in Mbit/s, where that is less than this machine's port.
    peer_mbps: optional_integer = null, "the machine's spec";
    /// Goodput, in per cent of what TCP can carry, below which a port of up to 25 Gbit/s is worth a look.
    goodput_warn_percent: number = 90.0, "default";
    /// Goodput, in per cent of what TCP can carry, that a port of up to 25 Gbit/s must have.
    goodput_fail_percent: number = 80.0, "default";
    /// Goodput, in per cent of what TCP can carry, below which a port of 40 Gbit/s and more is worth a look.
    fast_goodput_warn_percent: number = 80.0, "default";
    /// Goodput, in per cent of what TCP can carry, that a port of 40 Gbit/s and more must have.
    fast_goodput_fail_percent: number = 60.0, "default";
    /// Use of one CPU by iperf3, in per cent, from which on it is the CPU that is measured.
    sender_cpu_percent: number = 95.0, "esnet/iperf, discussion 1665";
    /// Bytes sent again, in per cent, from which on it is worth a look.
    retransmits_warn_percent: number = 0.1, "default";
    /// Bytes sent again, in per cent, that are too many.
    retransmits_fail_percent: number = 1.0, "default";
    /// Difference between the directions, in per cent of the faster one, that is usual.
    asymmetry_warn_percent: number = 10.0, "default";
    /// Bit error rate that a link may have.
    bit_error_rate: number = 1e-12, "IEEE 802.3; NVIDIA DCGM counts the same way";
    /// What this machine must carry to itself, in Gbit/s.
    loopback_floor_gbps: number = 1.0, "default";
    /// What a port must carry whose speed nobody tells, in Gbit/s.
    unknown_speed_floor_gbps: number = 0.1, "default";
}

vetting_stage::files! {
    /// to see frames lost or damaged while it is measured
    counted::FILES;
    /// to know the network ports and their links
    vetting_facts::inventory::PORT_FILES;
}

vetting_stage::queries! {
    /// to ask the ports' drivers what they support
    &vetting_facts::inventory::PORT_QUERIES;
}

vetting_stage::stage!(run);

/// Kept for tools to end and for judging.
const RESERVE_MS: u64 = 3_000;
/// Less than this measures nothing.
const LEAST_MS: u64 = 1_000;

fn run() -> Result<Outcome, String> {
    let parameters = Parameters::read()?;
    let facts = context::get();
    let mut findings = Findings::new();
    let nics = ports::read(&mut findings)?;
    if nics.is_empty() && facts.peer.is_none() {
        return Ok(findings.skip("the machine has no network port", "no network port"));
    }
    ports::judge(&nics, &parameters, &mut findings);
    let mut kernel = KernelEvents::watch();
    let before = counted::read().map_err(|e| explain(&e))?;
    let mut flows = Vec::new();
    match &facts.peer {
        None => {
            if let Err(why) = iperf::start(job(Direction::Send, &parameters, LEAST_MS)) {
                judge::without_peer(&why, &mut findings);
            }
        }
        Some(peer) => {
            let plan = Plan::new(&facts);
            let wish = u64::try_from(parameters.duration.as_millis()).unwrap_or(u64::MAX);
            // Connecting and ending takes some seconds beside each measurement.
            let each =
                wish.min((plan.left_ms(clock::monotonic(), RESERVE_MS) / 2).saturating_sub(1_500));
            if each < LEAST_MS {
                findings.unknown(
                    rules::DEADLINE,
                    None,
                    format!("only {each} ms are left for each direction"),
                );
            } else {
                flows = measure(&parameters, each, &plan, &mut findings);
                let ceiling = |one: &Measured| flow::Path::of(one, &nics, peer, &parameters);
                flow::judge(&flows, ceiling, &parameters, &mut findings);
            }
            judge::what_was_reached(&nics, &flows, peer, &mut findings);
        }
    }
    counted::judge(&before, &counted::read(), &nics, &parameters, &mut findings);
    kernel.collect();
    if let Err(why) = kernel.judge(rules::Table, &mut findings) {
        findings.broken(rules::KERNEL_LOG, None, why);
    }
    Ok(findings.outcome(judge::summary(&nics, &flows, facts.peer.as_ref())))
}

/// How long a server with another client is waited for, and how long between two tries.
const BUSY_MS: u64 = 60_000;
const BUSY_PAUSE_MS: u64 = 2_000;

/// One direction after the other.
fn measure(
    parameters: &Parameters,
    duration_ms: u64,
    plan: &Plan,
    findings: &mut Findings,
) -> Vec<Measured> {
    let mut all = Vec::new();
    let began = clock::monotonic();
    for (direction, name, from) in [
        (Direction::Send, "sending", 0.0),
        (Direction::Receive, "receiving", 0.5),
    ] {
        loop {
            let driven = match one(direction, name, from, parameters, duration_ms) {
                Ok(driven) => driven,
                Err(error) => {
                    findings.unknown(rules::IPERF3, None, format!("{name}: {}", explain(&error)));
                    if error == Error::Cancelled {
                        return all;
                    }
                    break;
                }
            };
            let measured = Measured::of(direction, &driven.summary);
            if driven.cancelled || measured.cut_short {
                findings.unknown(rules::CUT_SHORT, None, format!("{name} was cut short"));
                return all;
            }
            let waited = clock::monotonic().saturating_sub(began) / 1_000_000;
            let left = plan.left_ms(clock::monotonic(), RESERVE_MS);
            let again = measured.busy && waited < BUSY_MS && left > 2 * duration_ms + BUSY_PAUSE_MS;
            if again && clock::sleep(BUSY_PAUSE_MS).is_ok() {
                continue;
            }
            all.push(measured);
            break;
        }
    }
    all
}

fn one(
    direction: Direction,
    name: &str,
    from: f64,
    parameters: &Parameters,
    duration_ms: u64,
) -> Result<Driven<Ending>, Error> {
    let _shown = context::progress(from, name);
    let tool = iperf::start(job(direction, parameters, duration_ms))?;
    drive(&tool, 1_000, |progress: Option<&Progress>| {
        if let Some(progress) = progress {
            let _shown = context::progress(from + progress.fraction / 2.0, name);
            if let Some(bits) = progress.bits_per_second {
                sample("throughput", name, bits, "bit/s");
            }
        }
        Drive::On
    })
}

fn job(direction: Direction, parameters: &Parameters, duration_ms: u64) -> Job {
    Job {
        direction,
        protocol: Protocol::Tcp,
        streams: u32::try_from(parameters.streams).unwrap_or(u32::MAX),
        duration_ms,
        omit_ms: 0,
    }
}

/// The port of that name.
pub fn nic<'a>(nics: &'a [Nic], name: &str) -> Option<&'a Nic> {
    nics.iter().find(|nic| nic.name == name)
}
