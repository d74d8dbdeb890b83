//! ipmitool: what the management controller says of power, sensors, parts and events.

pub(super) mod output;
mod states;

use std::time::Duration;

use super::{Limits, Output, Toolbox};
use crate::contract::inventory::Bmc;
use crate::contract::power::{LogEntry, Redundancy, Sensor, Supply};
use crate::contract::types::{Error, Missing, MissingKind};

const TOOL: &str = "ipmitool";

/// Controllers answer slowly: a hundred sensors with their thresholds take half a minute.
const LIMITS: Limits = Limits {
    timeout: Duration::from_secs(60),
    max_stdout: 16 << 20,
};

/// What the sensor repository's discrete records tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sdr {
    /// Power supplies.
    pub supplies: Vec<Supply>,
    /// Redundancy sensors.
    pub redundancy: Vec<Redundancy>,
    /// Other discrete sensors, their states in words.
    pub discrete: Vec<Sensor>,
}

/// One field-replaceable unit's data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fru {
    /// Its name: `PS1`.
    pub name: String,
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Its model.
    pub product: Option<String>,
    /// Its part number.
    pub part_number: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
}

/// Threshold sensors, from `ipmitool sensor`.
pub async fn sensors(tools: &Toolbox) -> Result<Vec<Sensor>, Error> {
    let output = ask(tools, &["sensor"]).await?;
    some(output::sensors(&text(&output)), &output)
}

/// Discrete sensors, from `ipmitool sdr elist all`.
pub async fn sdr(tools: &Toolbox) -> Result<Sdr, Error> {
    let output = ask(tools, &["sdr", "elist", "all"]).await?;
    let rows = some(output::rows(&text(&output)), &output)?;
    Ok(output::sdr(&rows))
}

/// Field-replaceable units, from `ipmitool fru print`.
pub async fn fru(tools: &Toolbox) -> Result<Vec<Fru>, Error> {
    let output = ask(tools, &["fru", "print"]).await?;
    some(output::fru(&text(&output)), &output)
}

/// The event log, oldest first, from `ipmitool sel elist`.
pub async fn sel(tools: &Toolbox) -> Result<Vec<LogEntry>, Error> {
    let output = ask(tools, &["sel", "elist"]).await?;
    let entries = output::sel(&text(&output));
    // An empty log is good news, and says `SEL has no entries` on standard error.
    match output.status {
        Some(0) => Ok(entries),
        _ => some(entries, &output),
    }
}

/// The controller itself, from `ipmitool mc info` and `ipmitool lan print`.
pub async fn mc_info(tools: &Toolbox) -> Result<Bmc, Error> {
    let output = ask(tools, &["mc", "info"]).await?;
    let info = some(output::fields(&text(&output)), &output)?;
    // A controller without a network port answers this one with an error.
    let lan = match ask(tools, &["lan", "print"]).await {
        Ok(output) => output::fields(&text(&output)),
        Err(_without_a_port) => Vec::new(),
    };
    Ok(output::bmc(&info, &lan))
}

async fn ask(tools: &Toolbox, args: &[&str]) -> Result<Output, Error> {
    let output = tools.output(TOOL, TOOL, args, LIMITS).await?;
    if output.status != Some(0) && output.stderr_tail.contains("Could not open device") {
        return Err(Error::Unavailable(Missing {
            kind: MissingKind::Driver,
            what: "/dev/ipmi0".into(),
            remedy: "modprobe ipmi_si ipmi_devintf".into(),
        }));
    }
    Ok(output)
}

fn text(output: &Output) -> String {
    // Names in these records are the maker's, in whatever encoding.
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// ipmitool ends with 1 when any one sensor did not answer; what the others told still counts.
fn some<T>(found: Vec<T>, output: &Output) -> Result<Vec<T>, Error> {
    if found.is_empty() {
        return Err(output.failure(TOOL, "its output holds nothing that can be understood"));
    }
    Ok(found)
}
