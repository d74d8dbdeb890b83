//! `serve`: what an orchestrator is told when it starts.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

/// The longest period that is taken.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The folder of the database and the certificate
    #[arg(long, default_value = "/var/lib/vetting", value_name = "DIR")]
    pub data: PathBuf,
    /// Where to listen
    #[arg(long, default_value = "0.0.0.0:8443", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// A certificate (PEM) instead of one of our own
    #[arg(long, requires = "key", value_name = "FILE")]
    pub certificate: Option<PathBuf>,
    /// Its key (PEM)
    #[arg(long, requires = "certificate", value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Between two heartbeats of an agent
    #[arg(long, default_value = "10s", value_parser = period)]
    pub heartbeat: Duration,
    /// Between two readings of an agent's sensors
    #[arg(long, default_value = "5s", value_parser = period)]
    pub sensors: Duration,
    /// Between two deliveries of an agent's log
    #[arg(long, default_value = "2s", value_parser = period)]
    pub log: Duration,
    /// How long an agent's session lasts after it was last heard
    #[arg(long, default_value = "12h", value_parser = period)]
    pub session: Duration,
    /// How long a browser's log-in lasts
    #[arg(long, default_value = "12h", value_parser = period)]
    pub login: Duration,
    /// How long a run may wait for its first claim
    #[arg(long, default_value = "1h", value_parser = period)]
    pub unclaimed: Duration,
    /// After what silence an agent counts as lost
    #[arg(long, default_value = "60s", value_parser = period)]
    pub lost: Duration,
    /// How long a directive is good for
    #[arg(long, default_value = "15m", value_parser = period)]
    pub directive: Duration,
    /// How long log lines and samples are kept
    #[arg(long, default_value = "30days", value_parser = period)]
    pub retention: Duration,
    /// How long the audit is kept
    #[arg(long, default_value = "400days", value_parser = period)]
    pub audit_retention: Duration,
    /// How long a request's body, or the client that reads an answer, may stand still
    #[arg(long, default_value = "10s", value_parser = period)]
    pub stall: Duration,
    /// How much of the disk must be free for log lines, samples, files and uploads to be taken, so that
    /// results, claims and directives still fit
    #[arg(long, default_value = "64MiB", value_parser = size, value_name = "SIZE")]
    pub min_free: u64,
    /// How much is kept of a run's log lines; what is beyond is dropped and counted
    #[arg(long, default_value = "128MiB", value_parser = size, value_name = "SIZE")]
    pub run_lines: u64,
    /// How much is kept of a run's samples; what is beyond is dropped and counted
    #[arg(long, default_value = "512MiB", value_parser = size, value_name = "SIZE")]
    pub run_samples: u64,
    /// The ports of iperf3 servers, one per run at its network stage: FIRST-LAST
    #[arg(long, default_value = "5201-5300", value_parser = ports, value_name = "PORTS")]
    pub iperf_ports: RangeInclusive<u16>,
    /// Where iperf3 servers listen
    #[arg(long, default_value = "0.0.0.0", value_name = "ADDRESS")]
    pub iperf_address: IpAddr,
}

/// A size such as `64MiB`: a number of bytes, or of KiB, MiB or GiB.
fn size(text: &str) -> Result<u64, String> {
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("", 0)];
    let (number, shift) = units
        .into_iter()
        .find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, shift)))
        .unwrap_or((text, 0));
    let number: Option<u64> = number.trim().parse().ok();
    number
        .and_then(|number| number.checked_mul(1 << shift))
        .ok_or_else(|| "a size is needed, such as 64MiB".to_owned())
}

/// A period such as `30s`: some time, and no more than a century, so that no sum of times overflows.
fn period(text: &str) -> Result<Duration, String> {
    let period = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if period.is_zero() || period > LONGEST {
        return Err(
            "a time is needed that is longer than none and no longer than a century".to_owned(),
        );
    }
    Ok(period)
}

/// Ports such as `5201-5300`.
fn ports(text: &str) -> Result<RangeInclusive<u16>, String> {
    let read = text.split_once('-').and_then(|(first, last)| {
        let (first, last): (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
        (first > 0 && first <= last).then_some(first..=last)
    });
    read.ok_or_else(|| "FIRST-LAST is needed, such as 5201-5300".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_some_time_and_ports_are_in_order() {
        assert_eq!(period("90s"), Ok(Duration::from_secs(90)));
        for wrong in ["0s", "", "-1s", "200years", "99999999999years"] {
            assert!(period(wrong).is_err(), "{wrong}");
        }
        assert_eq!(ports("5201-5300"), Ok(5201..=5300));
        for wrong in ["5201", "0-1", "9-8", "1-70000", "a-b"] {
            assert!(ports(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_have_units() {
        let sizes = ["0", "7", "2KiB", "64 MiB", "3GiB"].map(size);
        assert_eq!(sizes, [Ok(0), Ok(7), Ok(2048), Ok(64 << 20), Ok(3 << 30)]);
        for wrong in ["", "MiB", "-1", "1MB", "99999999999999GiB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
