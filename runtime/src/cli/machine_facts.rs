//! Sources whose documents `vetting machine show` reads with `vetting-facts`, as stages do: drives and the
//! kernel's log.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use vetting_facts::kernel;
use vetting_facts::smartctl;
use vetting_machine::contract::kernel_log::{Beginning, Entry};
use vetting_machine::contract::types::{Document, Error};
use vetting_machine::{Reply, Request, Session};
use vetting_protocol::printable;

use super::explain::explain;
use super::machine_tables::of;

/// How long the kernel's log is listened to after what is there.
const LISTEN: Duration = Duration::from_secs(3);

/// The most lines of the kernel's log that are read.
const MOST_LINES: usize = 100_000;

/// One drive.
pub struct ShownDrive {
    /// By which name it is asked.
    device: String,
    /// What smartctl printed, or why it could not be asked.
    document: Result<Document, Error>,
}

/// Asks every drive that the kernel shows, and those that smartctl's scan finds.
pub async fn drives(session: &dyn Session) -> Result<Vec<ShownDrive>, Error> {
    let unexpected =
        |reply: Reply| Error::tool_failed("the machine", format!("answered with {reply:?}"));
    let mut devices = match session.call(Request::SmartDevices).await? {
        Reply::SmartDevices(devices) => devices,
        other => return Err(unexpected(other)),
    };
    if let Ok(Reply::Document(scan)) = session.call(Request::SmartScan).await {
        let found = smartctl::scan(&scan.stdout).unwrap_or_default();
        let hidden = found.iter().filter_map(|device| {
            let node = device.name.strip_prefix("/dev/")?;
            let kind = device.kind.as_deref().filter(|kind| kind.contains(','))?;
            Some(format!("{node}:{kind}"))
        });
        devices.extend(hidden);
    }
    let mut drives = Vec::new();
    for device in devices {
        let request = Request::SmartRead {
            device: device.clone(),
        };
        let document = match session.call(request).await {
            Ok(Reply::Document(document)) => Ok(*document),
            Ok(other) => Err(unexpected(other)),
            Err(error) => Err(error),
        };
        drives.push(ShownDrive { device, document });
    }
    Ok(drives)
}

impl ShownDrive {
    fn health(&self) -> Result<smartctl::Drive, String> {
        let document = self.document.as_ref().map_err(ToString::to_string)?;
        smartctl::drive(&document.stdout).map_err(|error| error.to_string())
    }

    fn row(&self) -> Vec<String> {
        let mut row = vec![String::new(); 7];
        row[0] = self.device.clone();
        match self.health() {
            Err(reason) => row[6] = reason,
            Ok(drive) => {
                let messages = drive.run.messages.first();
                let remark = messages.map(|message| message.text.clone());
                let verdict = match drive.passed {
                    Some(true) => "passed",
                    Some(false) => "FAILED",
                    None => "unknown",
                };
                let heat = drive.temperature.and_then(|heat| heat.current);
                row[1] = drive.model.unwrap_or_default();
                row[2] = drive.serial.unwrap_or_default();
                row[3] = verdict.to_owned();
                row[4] = heat.map_or_else(String::new, |celsius| celsius.to_string());
                row[5] = drive
                    .power_on_hours
                    .map_or_else(String::new, |hours| hours.to_string());
                row[6] = remark.unwrap_or_default();
            }
        }
        row
    }
}

/// The drives as a table.
pub fn drives_table(drives: &[ShownDrive]) -> String {
    let head = [
        "Drive", "Model", "Serial", "Health", "°C", "Hours", "Remarks",
    ];
    of(&head, drives.iter().map(ShownDrive::row), "no disks")
}

/// The drives as JSON: each with its facts, or with why it has none.
pub fn drives_json(drives: &[ShownDrive]) -> Result<Value, serde_json::Error> {
    let one = |drive: &ShownDrive| {
        let health = match (&drive.document, drive.health()) {
            (Err(error), _) => json!({ "error": error, "message": error.to_string() }),
            (Ok(_), Err(reason)) => json!({ "message": reason }),
            (Ok(_), Ok(health)) => serde_json::to_value(health)?,
        };
        Ok(json!({ "device": drive.device, "health": health }))
    };
    drives.iter().map(one).collect()
}

/// What smartctl printed of each drive, as it came.
pub fn drives_raw(drives: &[ShownDrive]) -> String {
    let one = |drive: &ShownDrive| match &drive.document {
        Ok(document) => format!(
            "# {}\n{}\n",
            document.argv.join(" "),
            String::from_utf8_lossy(&document.stdout)
        ),
        Err(error) => format!("# {}: {error}\n", drive.device),
    };
    drives.iter().map(one).collect()
}

/// Which row of smartctl's documents became which facts.
pub fn drives_explained(drives: &[ShownDrive]) -> String {
    let read = |bytes: &[u8]| {
        let drive = smartctl::drive(bytes).ok();
        serde_json::to_value(drive).unwrap_or_default()
    };
    let one = |drive: &ShownDrive| match &drive.document {
        Ok(document) => explain(document, &read),
        Err(error) => format!("# {}: {error}\n", drive.device),
    };
    drives.iter().map(one).collect()
}

/// The kernel's log since boot.
pub struct ShownLog(Vec<kernel::Entry>);

/// What the log reports, a row for each error whatever number of lines it took.
#[derive(Serialize)]
struct Row<'a> {
    part: Option<&'a kernel::Part>,
    kind: kernel::Kind,
    severity: Option<kernel::Severity>,
    times: u64,
    at_us: Option<u64>,
    text: &'a str,
}

/// Reads the kernel's log since boot, and what comes within [`LISTEN`].
pub async fn log(session: &dyn Session) -> Result<ShownLog, Error> {
    let open = Request::KernelLogOpen {
        begins: Beginning::Boot,
    };
    let unreadable = || Error::tool_failed("the kernel's log", "could not be read");
    let Reply::Watch(watch) = session.call(open).await? else {
        return Err(unreadable());
    };
    let mut entries = Vec::new();
    let began = session.elapsed();
    while entries.len() < MOST_LINES {
        let left = LISTEN.saturating_sub(session.elapsed().saturating_sub(began));
        let next = Request::KernelLogNext {
            watch,
            timeout_ms: u64::try_from(left.as_millis()).unwrap_or_default(),
        };
        let Reply::KernelLog(lines) = session.call(next).await? else {
            return Err(unreadable());
        };
        if lines.is_empty() {
            break;
        }
        entries.extend(lines.into_iter().map(entry));
    }
    session.call(Request::KernelLogClose { watch }).await?;
    Ok(ShownLog(entries))
}

fn entry(entry: Entry) -> kernel::Entry {
    kernel::Entry {
        sequence: Some(entry.sequence),
        priority: Some(entry.priority),
        facility: u8::try_from(entry.facility).ok(),
        at_us: Some(entry.at_us),
        text: entry.text,
        fields: entry.fields,
        ..kernel::Entry::default()
    }
}

impl ShownLog {
    fn rows<T>(&self, each: impl Fn(Row<'_>) -> T) -> Vec<T> {
        let events = kernel::events(&self.0);
        let incidents = kernel::incidents(&self.0, &events);
        let row = |incident: &kernel::Incident| {
            each(Row {
                part: incident.part.as_ref(),
                kind: incident.kind,
                severity: incident.severity,
                times: incident.times,
                at_us: incident.first_at_us,
                text: self
                    .0
                    .get(incident.first)
                    .map_or("", |entry| entry.text.as_str()),
            })
        };
        incidents.iter().map(row).collect()
    }

    /// What it reports, as text.
    pub fn table(&self) -> String {
        let row = |row: Row<'_>| {
            let seconds = row.at_us.unwrap_or_default() / 1_000_000;
            let times = match row.times {
                0 | 1 => String::new(),
                times => format!(" ({times} times)"),
            };
            format!(
                "{seconds} s: {:?}: {}{times}\n",
                row.kind,
                printable(row.text)
            )
        };
        let rows = self.rows(row);
        match rows.is_empty() {
            true => format!("{} lines since boot, none reports an error\n", self.0.len()),
            false => rows.concat(),
        }
    }

    /// What it reports, as JSON.
    pub fn json(&self) -> Result<Value, serde_json::Error> {
        let rows = self.rows(|row| serde_json::to_value(row));
        rows.into_iter().collect()
    }

    /// Each line that belongs to an error, with the errors that it became.
    pub fn explained(&self) -> String {
        let events = kernel::events(&self.0);
        let incidents = kernel::incidents(&self.0, &events);
        let mut text = String::new();
        for (number, entry) in self.0.iter().enumerate() {
            let of_line = incidents.iter().filter(|i| i.lines.contains(&number));
            let of_line: Vec<&kernel::Incident> = of_line.collect();
            if of_line.is_empty() {
                continue;
            }
            text.push_str(&format!("{}\n", printable(&entry.text)));
            for incident in of_line {
                let severity = incident
                    .severity
                    .map_or_else(String::new, |s| format!(", {s:?}"));
                let part = incident.part.as_ref();
                let part = part.map_or_else(String::new, |part| format!(", {part:?}"));
                let row = format!("{:?}{severity}{part}", incident.kind);
                text.push_str(&format!("    {}\n", printable(&row)));
            }
        }
        if text.is_empty() {
            text = format!("{} lines since boot became nothing\n", self.0.len());
        }
        text
    }

    /// Its lines as they are.
    pub fn raw(&self) -> String {
        let line = |entry: &kernel::Entry| {
            let at = entry.at_us.unwrap_or_default();
            let (seconds, micros) = (at / 1_000_000, at % 1_000_000);
            format!("[{seconds:5}.{micros:06}] {}\n", entry.text)
        };
        self.0.iter().map(line).collect()
    }
}
