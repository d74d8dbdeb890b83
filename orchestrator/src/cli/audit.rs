//! `audit`.

use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use jiff::{SignedDuration, Timestamp, civil::Date};
use serde_json::Value;
use vetting_protocol::printable;

use super::args::ServerArgs;
use super::print::{aside, line};
use super::remote::{Remote, listed, text};
use crate::store::audit::{PAGE, Wanted};

/// `audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// Only what was done to this run
    #[arg(long)]
    pub run: Option<String>,
    /// Only what this operator did, or `agent`, `orchestrator`, `console`, `unknown`
    #[arg(long, value_name = "NAME")]
    pub who: Option<String>,
    /// Only this kind: `log in`, `run create`, `claim refused` …
    #[arg(long, value_name = "KIND")]
    pub what: Option<String>,
    /// From this time on: `2h` (ago), `2026-05-01`, `2026-05-01T12:00:00Z`
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Before this time
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Older than the deed with this number (`seq` in JSON)
    #[arg(long, value_name = "NUMBER")]
    pub before: Option<i64>,
    /// At most so many [default: 1000]
    #[arg(long, value_name = "COUNT", conflicts_with_all = ["all", "export"])]
    pub limit: Option<u32>,
    /// All, however many there are
    #[arg(long, conflicts_with = "export")]
    pub all: bool,
    /// All, as one line of JSON each, for other programs
    #[arg(long)]
    pub export: bool,
}

/// Prints who did what, newest first.
pub async fn audit(server: &ServerArgs, args: AuditArgs, as_json: bool) -> anyhow::Result<()> {
    let remote = Remote::new(server)?;
    let mut wanted = Wanted {
        run: args.run,
        who: args.who,
        what: args.what,
        since: args.since.as_deref().map(time).transpose()?,
        until: args.until.as_deref().map(time).transpose()?,
        before: args.before,
        most: None,
    };
    let everything = args.all || args.export;
    let mut left = args.limit.unwrap_or(PAGE);
    loop {
        let most = if everything { PAGE } else { left.min(PAGE) };
        wanted.most = Some(most);
        let query = serde_urlencoded::to_string(&wanted)?;
        let page = remote.get(&format!("/api/v1/admin/audit?{query}")).await?;
        let deeds = page.as_array().map(Vec::as_slice).unwrap_or_default();
        if args.export {
            for deed in deeds {
                line!("{deed}");
            }
        } else {
            listed(&page, as_json, shown);
        }
        let many = u32::try_from(deeds.len()).unwrap_or(u32::MAX);
        left = left.saturating_sub(many);
        let last = deeds.last().and_then(|deed| deed["seq"].as_i64());
        let Some(last) = last.filter(|last| many >= most && *last > 1) else {
            return Ok(());
        };
        wanted.before = Some(last);
        if !everything && (left == 0 || as_json) {
            aside(&format!(
                "there may be older deeds: `--before {last}` goes on, `--all` shows all"
            ));
            return Ok(());
        }
    }
}

fn shown(deed: &Value) -> String {
    let words = ["/at", "/who", "/what", "/run", "/detail"].map(|part| text(deed, part));
    let said: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
    said.join(" ")
}

/// A time as it is told: how long ago, a day, or an instant.
fn time(told: &str) -> anyhow::Result<String> {
    if let Ok(instant) = told.parse::<Timestamp>() {
        return Ok(instant.to_string());
    }
    if let Ok(day) = told.parse::<Date>() {
        return Ok(format!("{day}T00:00:00Z"));
    }
    let Ok(ago) = humantime::parse_duration(told) else {
        bail!(
            "`{}` is no time: say how long ago (`2h`, `30days`), a day of UTC (`2026-05-01`) or an \
             instant (`2026-05-01T12:00:00Z`)",
            printable(told)
        );
    };
    before_now(ago).with_context(|| format!("`{}` ago is before all time", printable(told)))
}

fn before_now(ago: Duration) -> Option<String> {
    let ago = SignedDuration::try_from(ago).ok()?;
    Some(Timestamp::now().checked_sub(ago).ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_an_instant_a_day_or_how_long_ago() {
        let read = |told| time(told).map_err(|error| error.to_string());
        let instant = "2026-05-01T12:00:00Z";
        assert_eq!(read(instant).as_deref(), Ok(instant));
        assert_eq!(read("2026-05-01T14:00:00+02:00").as_deref(), Ok(instant));
        assert_eq!(
            read("2026-05-01").as_deref(),
            Ok("2026-05-01T00:00:00Z"),
            "a day"
        );
        assert!(read("2h").is_ok());
        assert!(read("100000years").is_err_and(|why| why.contains("before all time")));
        assert!(read("yesterday").is_err_and(|why| why.contains("is no time")));
    }
}
