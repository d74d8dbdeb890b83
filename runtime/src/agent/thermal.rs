//! The thermal sidecar: every sensor, all the time, beside whatever stage is at work.

use std::sync::Arc;
use std::time::Duration;

use vetting_machine::contract::hwmon::SensorKind;
use vetting_machine::{Attempt, Machine, Reply, Request};
use vetting_protocol::Level;

use super::forward::Journal;

/// Reads all sensors now and then until this is dropped.
pub(super) async fn watch(
    machine: Arc<dyn Machine>,
    journal: Arc<Journal>,
    period: impl Fn() -> Duration,
) {
    let session = match machine.begin(Attempt::beside("sensors")).await {
        Ok(session) => session,
        Err(error) => {
            journal.say(Level::Warn, &format!("sensors are not watched: {error}"));
            return;
        }
    };
    let mut told = false;
    loop {
        match session.call(Request::Hwmon).await {
            Ok(Reply::Hwmon(reading)) => {
                for sensor in &reading.sensors {
                    let (kind, unit) = words(&sensor.kind);
                    // As stages name them: two sockets have a `Core 0` each.
                    let key = format!("{}/{}/{}", sensor.chip, sensor.device, sensor.label);
                    journal.sample(kind, &key, unit, sensor.value);
                }
            }
            Ok(_) => {}
            Err(error) if !told => {
                told = true;
                journal.say(Level::Info, &format!("no sensors are watched: {error}"));
            }
            Err(_) => {}
        }
        tokio::time::sleep(period()).await;
    }
}

/// A sensor's kind and unit, as the contract gives its values and stages write them (UCUM).
fn words(kind: &SensorKind) -> (&'static str, &'static str) {
    match kind {
        SensorKind::Temperature => ("temperature", "Cel"),
        SensorKind::Fan => ("fan", "1/min"),
        SensorKind::Voltage => ("voltage", "V"),
        SensorKind::Current => ("current", "A"),
        SensorKind::Power => ("power", "W"),
        SensorKind::Energy => ("energy", "J"),
        SensorKind::Humidity => ("humidity", "%"),
        _ => ("other", ""),
    }
}
