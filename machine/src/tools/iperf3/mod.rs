//! iperf3: network load and measurement.
//!
//! Before 3.17 iperf3 tells everything at the end, as one JSON document (`-J`); then progress is
//! that of time. From 3.17 on it tells interval by interval (`--json-stream`).

mod addresses;
pub(super) mod progress;
mod server;

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::document::JobDocument;
use super::process::{Caged, Stream, Watch, millis};
use super::run::{Events, Kept};
use super::toolbox::Reach;
use super::{RunContext, ToolEvent, ToolRun, Toolbox};
use crate::contract::context::NetworkPeer;
use crate::contract::iperf::{Direction, Ending, Event, Job, Progress, Protocol};
use crate::contract::types::Error;

pub use server::{Server, serve_loopback};

/// The most that is kept of what it prints.
const MAX_OUTPUT: usize = 4 << 20;

/// What its intervals may take of that; beyond it there are fewer of them.
const INTERVALS: u64 = 3 << 20;

/// What one stream, or the sum over all of them, takes in an interval: some 350 bytes in 3.12, more in
/// later versions.
const ENTRY: u64 = 512;

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
    let tool = ("iperf3", "iperf3", ["--version"].as_slice());
    let version = tools.version(tool).await.unwrap_or_default();
    let arguments = arguments(job, peer, &version)?;
    let asked = ("iperf.start", &*format!("{}:{}", peer.host, peer.port));
    let document = JobDocument::of(tools, tool, asked, &arguments, ctx.since).await;
    let seconds = seconds(job);
    let folder = own_folder();
    let writes = folder
        .as_ref()
        .map_or(&*ctx.scratch, |folder| folder.path());
    let caged = tools
        .start("iperf3", "iperf3", &arguments, Reach::writing(&[writes]))
        .await?;
    // A peer that falls silent leaves iperf3 waiting for ever.
    let timeout = Duration::from_secs(seconds)
        .saturating_add(CONNECT)
        .saturating_add(Duration::from_secs(15));
    let known = Known {
        document,
        peer: peer.clone(),
        streams: job.streams,
        seconds,
        streaming: streams_json(&version),
    };
    let drive = move |caged, watch, events| async move {
        let mut caged: Vec<Caged> = caged;
        let caged = caged.pop();
        let caged = caged.ok_or_else(|| Error::tool_failed("iperf3", "it was not started"))?;
        drive(caged, watch, events, known).await
    };
    Ok(ToolRun::begin(
        vec![caged],
        Kept {
            files: Vec::new(),
            held: None,
            folder,
        },
        Signal::SIGTERM,
        Some(timeout),
        ctx,
        drive,
    ))
}

/// A folder in memory for the buffers of iperf3's streams, so that a full scratch folder does not end a
/// measurement; `None` where memory has no such place.
fn own_folder() -> Option<tempfile::TempDir> {
    let mut named = tempfile::Builder::new();
    named.prefix("vetting-iperf3-").tempdir_in("/dev/shm").ok()
}

/// Whole seconds of the run in all, those that do not count included.
fn seconds(job: &Job) -> u64 {
    job.duration_ms
        .div_ceil(1000)
        .saturating_add(job.omit_ms.div_ceil(1000))
}

/// Seconds of one interval: 1, or as many as keep the result within its bound, 60 at most (iperf3(1)).
pub fn interval(job: &Job) -> u64 {
    let flows = match job.direction {
        Direction::Both => 2,
        Direction::Send | Direction::Receive => 1,
    };
    let entries = (u64::from(job.streams).saturating_add(1)).saturating_mul(flows);
    let all = seconds(job).saturating_mul(entries).saturating_mul(ENTRY);
    all.div_ceil(INTERVALS).clamp(1, 60)
}

/// iperf3's arguments as a client of `peer`, where it calls its version `version`.
///
/// # Errors
///
/// `invalid` where the job is out of range.
pub fn arguments(job: &Job, peer: &NetworkPeer, version: &str) -> Result<Vec<String>, Error> {
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
    if interval(job) > 1 {
        arguments.extend(["-i".into(), interval(job).to_string()]);
    }
    let streaming = streams_json(version);
    arguments.push(if streaming { "--json-stream" } else { "-J" }.into());
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

/// What the host knows of a job beside what iperf3 prints.
struct Known {
    document: JobDocument,
    peer: NetworkPeer,
    streams: u32,
    seconds: u64,
    streaming: bool,
}

async fn drive(
    mut caged: Caged,
    watch: Watch,
    events: Events,
    known: Known,
) -> Result<ToolEvent, Error> {
    let told = |elapsed: Duration, bits: Option<f64>| {
        ToolEvent::Iperf(Event::Progress(Progress {
            fraction: (elapsed.as_secs_f64() / known.seconds.max(1) as f64).clamp(0.0, 1.0),
            elapsed_ms: millis(elapsed),
            bits_per_second: bits,
        }))
    };
    let begun = Instant::now();
    let mut printed = Vec::new();
    let mut cut = false;
    let mut lines = progress::Lines::default();
    let running = caged.watch(&watch, |stream, bytes| {
        if stream == Stream::Stderr {
            return Ok(());
        }
        let room = MAX_OUTPUT.saturating_sub(printed.len());
        cut = bytes.len() > room;
        printed.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        if known.streaming {
            for (elapsed, bits) in lines.push(bytes) {
                events.progress(told(elapsed, Some(bits)));
            }
        }
        // A refusal ends the tool.
        if cut { Err(Error::TimedOut) } else { Ok(()) }
    });
    let ticking = async {
        match known.streaming {
            true => std::future::pending().await,
            false => events.tick(|elapsed| told(elapsed, None)).await,
        }
    };
    let ended = tokio::select! {
        ended = running => ended,
        () = ticking => return Err(Error::tool_failed("iperf3", "its clock ended before it did")),
    };
    let (document, stopped) = match ended {
        Ok(ended) => (known.document.ended(&ended, printed), ended.stopped),
        Err(_refused) if cut => (known.document.cut(printed, begun.elapsed()), false),
        Err(error) => return Err(error),
    };
    Ok(ToolEvent::Iperf(Event::Finished(Ending {
        document,
        peer: format!("{}:{}", known.peer.host, known.peer.port),
        loopback: known.peer.loopback,
        addresses: addresses::of_ports(),
        streams: known.streams,
        stopped,
        ran_ms: millis(begun.elapsed()),
        extra: Vec::new(),
    })))
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
        let line = arguments(&udp, &peer("10.0.0.1"), "iperf 3.12")
            .expect("a good job")
            .join(" ");
        assert_eq!(
            line,
            "-c 10.0.0.1 -p 5201 -t 2 -P 4 --connect-timeout 5000 --forceflush -O 1 -R -u -b 250000 -J"
        );
    }

    #[test]
    fn no_host_can_be_an_option() {
        for host in ["", "-s", "a b", "a\nb", "$(x)", "--logfile"] {
            assert!(
                matches!(arguments(&job(), &peer(host), ""), Err(Error::Invalid(_))),
                "{host}"
            );
        }
    }

    #[test]
    fn a_long_run_has_fewer_intervals() {
        assert_eq!(interval(&job()), 1);
        let day = Job {
            duration_ms: 86_400_000,
            ..job()
        };
        assert_eq!(interval(&day), 60);
        let hour = Job {
            duration_ms: 3_600_000,
            ..job()
        };
        let line = arguments(&hour, &peer("10.0.0.1"), "iperf 3.18").expect("a good job");
        assert!(line.join(" ").ends_with("-i 3 --json-stream"), "{line:?}");
    }

    #[test]
    fn the_version_tells_whether_intervals_are_streamed() {
        assert!(!streams_json("iperf 3.12 (cJSON 1.7.15)"));
        assert!(streams_json("iperf 3.17.1+ (cJSON 1.7.15)"));
        assert!(streams_json("iperf 4.0"));
        assert!(!streams_json("iperf3 failed"));
    }
}
