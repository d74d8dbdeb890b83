//! The rules of chips that the kernel reads: power supplies with PMBus, and power meters.

use std::collections::BTreeMap;

use vetting_stage::hwmon::{Sensor, SensorKind};
use vetting_stage::{Findings, Measure, Part, part};

use crate::rules;

/// Names of supplies' drivers (Linux, `drivers/hwmon/pmbus/`): IBM CFF, Delta, Inspur, FSP, BluTek,
/// Acbel, Bel.
const SUPPLIES: [&str; 14] = [
    "cffps",
    "ibm-cffps",
    "dps",
    "ipsps",
    "inspur",
    "fsp",
    "ym-",
    "bpa-rs",
    "bpd-rs",
    "acbel",
    "crps",
    "pfe",
    "psu",
    "lt-psu",
];

/// Beyond so many volts at its input a chip is a supply, on mains or on a rack's 48 V: a regulator has 12.
const SUPPLY_VOLTS: f64 = 36.0;

/// Below so many volts a supply has no input, whatever its flags say: most clear when they are read, and
/// another program may have read them.
const NO_INPUT_VOLTS: f64 = 10.0;

/// One chip with its sensors.
struct Chip<'a> {
    name: &'a str,
    device: &'a str,
    sensors: Vec<&'a Sensor>,
}

impl Chip<'_> {
    fn value(&self, label: &str) -> Option<f64> {
        self.sensors
            .iter()
            .find(|s| s.label == label)
            .map(|s| s.value)
    }

    /// Whether it is a power supply. Voltage regulators speak PMBus too.
    fn is_supply(&self) -> bool {
        let has_sides = self.value("vin").is_some()
            && ["pin", "iin", "vout1", "pout1"]
                .iter()
                .any(|label| self.value(label).is_some());
        let by_name = SUPPLIES.iter().any(|name| self.name.starts_with(name));
        let by_input = self.value("vin").is_some_and(|volts| volts > SUPPLY_VOLTS);
        let has_fan = self.sensors.iter().any(|s| s.kind == SensorKind::Fan);
        has_sides && (by_name || by_input || has_fan)
    }

    fn place(&self) -> Part {
        part("psu", format!("{} {}", self.name, self.device))
    }

    /// The flags that are set, by sensor.
    fn raised(&self) -> Vec<String> {
        let alarms = self.sensors.iter().flat_map(|sensor| {
            let fault = sensor.fault.then(|| format!("{} fault", sensor.label));
            let alarms = sensor
                .alarms
                .iter()
                .map(|alarm| format!("{} {alarm}", sensor.label));
            alarms.chain(fault).collect::<Vec<_>>()
        });
        alarms.collect()
    }
}

/// Holds every supply and every meter. Returns how many supplies there are.
pub fn judge(sensors: &[Sensor], findings: &mut Findings) -> usize {
    let mut chips: BTreeMap<(&str, &str), Vec<&Sensor>> = BTreeMap::new();
    for sensor in sensors {
        let chip = (sensor.chip.as_str(), sensor.device.as_str());
        chips.entry(chip).or_default().push(sensor);
    }
    let mut supplies = 0_usize;
    for ((name, device), sensors) in chips {
        let chip = Chip {
            name,
            device,
            sensors,
        };
        if chip.is_supply() {
            supplies = supplies.saturating_add(1);
            supply(&chip, findings);
        } else if name == "power_meter" || name.starts_with("acpi_fan") {
            meter(&chip, findings);
        }
    }
    supplies
}

fn supply(chip: &Chip<'_>, findings: &mut Findings) {
    let place = chip.place();
    let volts = chip.value("vin").unwrap_or(0.0);
    let measure = Measure::number("supply-input", volts)
        .unit("V")
        .part(&place);
    let fed = findings.hold(measure.at_least(rules::NO_INPUT, NO_INPUT_VOLTS), || {
        format!("its input has {volts:.1} V: check its mains cable and the feed, then replace it")
    });
    let raised = chip.raised();
    if fed {
        let measure = Measure::number("alarms", raised.len() as f64).part(&place);
        findings.hold(measure.at_most(rules::ALARMS, 0.0), || {
            format!("it raises {}: replace it", raised.join(", "))
        });
    }
    if let Some(watts) = chip.value("pin").or_else(|| chip.value("pout1")) {
        findings.note(
            Measure::number("supply-power", watts)
                .unit("W")
                .part(&place),
        );
    }
}

/// A meter's alarm is that of its cap, which is a setting.
fn meter(chip: &Chip<'_>, findings: &mut Findings) {
    let raised = chip.raised();
    let place = part("sensor", format!("{} {}", chip.name, chip.device));
    let measure = Measure::number("alarms", raised.len() as f64).part(&place);
    findings.hold(measure.at_most(rules::METER, 0.0), || {
        format!(
            "it raises {}: the machine draws more than its cap",
            raised.join(", ")
        )
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use vetting_stage::hwmon::Limits;

    fn sensor(chip: &str, device: &str, label: &str, value: f64, alarms: &[&str]) -> Sensor {
        let kind = match label {
            "fan1" => SensorKind::Fan,
            label if label.starts_with('p') => SensorKind::Power,
            _ => SensorKind::Voltage,
        };
        Sensor {
            chip: chip.into(),
            device: device.into(),
            label: label.into(),
            channel: "in1".into(),
            kind,
            value,
            limits: Limits {
                min: None,
                max: None,
                lcrit: None,
                crit: None,
                emergency: None,
            },
            alarms: alarms.iter().map(|alarm| (*alarm).to_owned()).collect(),
            fault: false,
            extra: Vec::new(),
        }
    }

    fn judged(sensors: &[Sensor]) -> (usize, Vec<(String, String)>) {
        let mut findings = Findings::new();
        let supplies = judge(sensors, &mut findings);
        let said = findings.diagnoses().iter().map(|d| {
            let place = d
                .part
                .as_ref()
                .map_or(String::new(), |part| part.location.clone());
            (place, d.name.clone())
        });
        let said = said.collect();
        (supplies, said)
    }

    #[test]
    fn a_supply_without_input_is_named_and_a_regulator_is_no_supply() {
        let chips = [
            sensor("dps460", "i2c:0-0058", "vin", 230.0, &[]),
            sensor("dps460", "i2c:0-0058", "pin", 180.0, &[]),
            sensor("dps460", "i2c:0-0059", "vin", 0.0, &[]),
            sensor("dps460", "i2c:0-0059", "pin", 0.0, &[]),
            sensor("isl68137", "i2c:0-0060", "vin", 12.0, &[]),
            sensor("isl68137", "i2c:0-0060", "pin", 60.0, &[]),
        ];
        let (supplies, said) = judged(&chips);
        assert_eq!(supplies, 2);
        assert_eq!(said.len(), 1);
        assert!(said[0].0.contains("0-0059"), "{said:?}");
    }

    #[test]
    fn an_alarm_of_a_cap_is_a_remark() {
        let (supplies, said) =
            judged(&[sensor("power_meter", "acpi", "power1", 310.0, &["alarm"])]);
        assert_eq!((supplies, said[0].1.as_str()), (0, "power-cap"));
    }
}
