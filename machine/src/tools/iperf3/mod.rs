//! iperf3: network load and measurement.
//!
//! Before 3.17 iperf3 tells everything at the end, as one JSON document (`-J`); then progress is
//! that of time. From 3.17 on it tells interval by interval (`--json-stream`).

pub(super) mod output;
mod server;

use std::time::Duration;

use nix::sys::signal::Signal;

use super::process::{Caged, Stream, Watch, millis, within};
use super::run::{Events, Kept};
use super::toolbox::Reach;
use super::{RunContext, ToolEvent, ToolRun, Toolbox};
use crate::contract::context::NetworkPeer;
use crate::contract::iperf::{Direction, Event, Job, Progress, Protocol};
use crate::contract::types::Error;

pub use output::parse;
pub use server::{Server, serve_loopback};

/// The most that a result may take: an hour with 128 streams is some 100 MB, which is refused.
const MAX_OUTPUT: usize = 64 << 20;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// Starts a job as a client of `peer`. `invalid` when the job is out of range, `unavailable`
/// without iperf3.
pub async fn start(
    tools: &Toolbox,
    job: &Job,
    peer: &NetworkPeer,
    ctx: &RunContext,
) -> Result<ToolRun, Error> {
    tools.find("iperf3", "iperf3")?;
    let mut arguments = arguments(job, peer)?;
    let version = super::version::version(tools, "iperf3", "iperf3", &["--version"]).await;
    let streaming = streams_json(&version);
    arguments.push(if streaming { "--json-stream" } else { "-J" }.into());
    let seconds = seconds(job);
    let caged = tools
        .start(
            "iperf3",
            "iperf3",
            &arguments,
            Reach::writing(&[&ctx.scratch]),
        )
        .await?;
    // A peer that falls silent leaves iperf3 waiting for ever.
    let timeout = Duration::from_secs(seconds)
        .saturating_add(CONNECT)
        .saturating_add(Duration::from_secs(15));
    let (direction, peer) = (job.direction.clone(), peer.clone());
    let drive = move |caged, watch, events| async move {
        let mut caged: Vec<Caged> = caged;
        let caged = caged.pop();
        let caged = caged.ok_or_else(|| Error::tool_failed("iperf3", "it was not started"))?;
        drive(caged, watch, events, (direction, peer), streaming, seconds).await
    };
    Ok(ToolRun::begin(
        vec![caged],
        Kept::default(),
        Signal::SIGTERM,
        Some(timeout),
        ctx,
        drive,
    ))
}

/// Whole seconds of the run in all, those that do not count included.
fn seconds(job: &Job) -> u64 {
    job.duration_ms
        .div_ceil(1000)
        .saturating_add(job.omit_ms.div_ceil(1000))
}

fn arguments(job: &Job, peer: &NetworkPeer) -> Result<Vec<String>, Error> {
    let range = |name: &str, value: u64, low: u64, high: u64| {
        if (low..=high).contains(&value) {
            return Ok(());
        }
        let reason = format!("{value} is not from {low} to {high}");
        Err(Error::invalid(&format!("job.{name}"), reason))
    };
    range("streams", job.streams.into(), 1, 128)?;
    // iperf3(1): at most 86,400 seconds.
    range("duration-ms", job.duration_ms, 1000, 86_400_000)?;
    range("omit-ms", job.omit_ms, 0, 60_000)?;
    let letters = |b: u8| b.is_ascii_alphanumeric() || b".:-_%".contains(&b);
    let host = &peer.host;
    if host.is_empty() || host.len() > 255 || host.starts_with('-') || !host.bytes().all(letters) {
        return Err(Error::invalid(
            "peer.host",
            "it is neither a host name nor an address",
        ));
    }
    if peer.port == 0 {
        return Err(Error::invalid("peer.port", "0 is no port"));
    }
    let mut arguments = vec![
        "-c".into(),
        host.clone(),
        "-p".into(),
        peer.port.to_string(),
        "-t".into(),
        job.duration_ms.div_ceil(1000).to_string(),
        "-P".into(),
        job.streams.to_string(),
        "--connect-timeout".into(),
        CONNECT.as_millis().to_string(),
        "--forceflush".into(),
    ];
    if job.omit_ms > 0 {
        arguments.extend(["-O".into(), job.omit_ms.div_ceil(1000).to_string()]);
    }
    match job.direction {
        Direction::Send => {}
        Direction::Receive => arguments.push("-R".into()),
        Direction::Both => arguments.push("--bidir".into()),
    }
    if let Protocol::Udp(rate) = job.protocol {
        range("protocol.udp", rate, 1000, 400_000_000_000)?;
        // iperf3's rate is each stream's.
        let each = (rate / u64::from(job.streams.max(1))).max(1);
        arguments.extend(["-u".into(), "-b".into(), each.to_string()]);
    }
    Ok(arguments)
}

/// `iperf 3.17.1 (cJSON 1.7.15)`: from 3.17 on there is `--json-stream`.
pub(super) fn streams_json(version: &str) -> bool {
    let number = version.split_whitespace().nth(1).unwrap_or_default();
    let mut parts = number
        .split(['.', '-', '+'])
        .map(|part| part.parse::<u32>().ok());
    let (major, minor) = (parts.next().flatten(), parts.next().flatten());
    (major, minor) >= (Some(3), Some(17))
}

async fn drive(
    mut caged: Caged,
    watch: Watch,
    events: Events,
    (direction, peer): (Direction, NetworkPeer),
    streaming: bool,
    seconds: u64,
) -> Result<ToolEvent, Error> {
    let told = |elapsed: Duration, bits: Option<f64>| {
        ToolEvent::Iperf(Event::Progress(Progress {
            fraction: (elapsed.as_secs_f64() / seconds.max(1) as f64).clamp(0.0, 1.0),
            elapsed_ms: millis(elapsed),
            bits_per_second: bits,
        }))
    };
    let mut printed = Vec::new();
    let mut lines = output::Lines::default();
    let running = caged.watch(&watch, |stream, bytes| {
        if stream == Stream::Stdout {
            printed.extend_from_slice(bytes);
            if streaming {
                for (elapsed, bits) in lines.push(bytes) {
                    events.progress(told(elapsed, Some(bits)));
                }
            }
        }
        within("iperf3", printed.len(), MAX_OUTPUT)
    });
    let ticking = async {
        match streaming {
            true => std::future::pending().await,
            false => events.tick(|elapsed| told(elapsed, None)).await,
        }
    };
    let ended = tokio::select! {
        ended = running => ended?,
        () = ticking => return Err(Error::tool_failed("iperf3", "its clock ended before it did")),
    };
    let mut summary = parse(
        &printed,
        &direction,
        ended.status.code(),
        &ended.stderr_tail,
    )?;
    summary.partial = ended.stopped;
    summary.runtime_ms = ended.ran_ms();
    if peer.loopback {
        summary.extra.push((
            "loopback".into(),
            "the peer is this machine: no wire was measured".into(),
        ));
    }
    Ok(ToolEvent::Iperf(Event::Finished(summary)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> Job {
        Job {
            direction: Direction::Send,
            protocol: Protocol::Tcp,
            streams: 4,
            duration_ms: 1500,
            omit_ms: 1,
        }
    }

    fn peer(host: &str) -> NetworkPeer {
        NetworkPeer {
            host: host.into(),
            port: 5201,
            loopback: false,
        }
    }

    #[test]
    fn a_job_becomes_a_command_line() {
        let udp = Job {
            protocol: Protocol::Udp(1_000_000),
            direction: Direction::Receive,
            ..job()
        };
        let line = arguments(&udp, &peer("10.0.0.1"))
            .expect("a good job")
            .join(" ");
        assert_eq!(
            line,
            "-c 10.0.0.1 -p 5201 -t 2 -P 4 --connect-timeout 5000 --forceflush -O 1 -R -u -b 250000"
        );
    }

    #[test]
    fn no_host_can_be_an_option() {
        for host in ["", "-s", "a b", "a\nb", "$(x)", "--logfile"] {
            assert!(
                matches!(arguments(&job(), &peer(host)), Err(Error::Invalid(_))),
                "{host}"
            );
        }
    }

    #[test]
    fn the_version_tells_whether_intervals_are_streamed() {
        assert!(!streams_json("iperf 3.12 (cJSON 1.7.15)"));
        assert!(streams_json("iperf 3.17.1+ (cJSON 1.7.15)"));
        assert!(streams_json("iperf 4.0"));
        assert!(!streams_json("iperf3 failed"));
    }
}
