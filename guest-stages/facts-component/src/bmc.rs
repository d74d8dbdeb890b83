//! The management controller: `ipmitool`.

use vetting_facts::bmc as facts;

use crate::Facts;
use crate::bindings::exports::vetting::facts::bmc::{
    Chassis, Controller, Event, EventLog, EventLogInfo, Guest, ReadingState, SelfTest, Sensor,
    Sensors, State, Status, Supply, Unit,
};
use crate::read::{name, sentence};

impl Guest for Facts {
    fn read_sensors(sensors: Vec<u8>, thresholds: Vec<u8>) -> Result<Sensors, String> {
        joined(&sensors, &thresholds).map(listing)
    }

    fn read_sensor_records(document: Vec<u8>) -> Result<Sensors, String> {
        facts::sensors(&document).map(listing).map_err(sentence)
    }

    fn read_supplies(
        sensors: Vec<u8>,
        thresholds: Vec<u8>,
        parts: Vec<u8>,
    ) -> Result<Vec<Supply>, String> {
        let sensors = joined(&sensors, &thresholds)?;
        let units = match parts.is_empty() {
            true => facts::Frus::default(),
            false => facts::frus(&parts).map_err(sentence)?,
        };
        let supplies = facts::supplies(&sensors, &units);
        Ok(supplies.into_iter().map(supply).collect())
    }

    fn read_event_log(document: Vec<u8>) -> Result<EventLog, String> {
        let log = facts::event_log(&document).map_err(sentence)?;
        Ok(EventLog {
            events: log.events.into_iter().map(event).collect(),
            complaints: log.complaints,
            unread: log.unread,
        })
    }

    fn read_event_log_info(document: Vec<u8>) -> Result<EventLogInfo, String> {
        let info = facts::event_log_info(&document).map_err(sentence)?;
        Ok(EventLogInfo {
            entries: info.entries,
            used_percent: info.used_percent,
            overflow: info.overflow,
        })
    }

    fn read_parts(document: Vec<u8>) -> Result<Vec<Unit>, String> {
        let frus = facts::frus(&document).map_err(sentence)?;
        Ok(frus.units.into_iter().map(unit).collect())
    }

    fn read_controller(document: Vec<u8>) -> Result<Controller, String> {
        let controller = facts::controller(&document).map_err(sentence)?;
        Ok(Controller {
            manufacturer: controller.manufacturer,
            product: controller.product,
            firmware: controller.firmware,
            available: controller.available,
        })
    }

    fn read_self_test(document: Vec<u8>) -> Result<SelfTest, String> {
        use facts::SelfTestResult as Outcome;

        let test = facts::self_test(&document).map_err(sentence)?;
        Ok(SelfTest {
            passed: match test.result {
                Outcome::Passed => Some(true),
                Outcome::Corrupted | Outcome::FatalError | Outcome::DeviceSpecific => Some(false),
                Outcome::NotImplemented | Outcome::NotAvailable | Outcome::Unknown => None,
            },
            text: test.text,
            details: test.details,
        })
    }

    fn read_chassis(document: Vec<u8>) -> Result<Chassis, String> {
        let chassis = facts::chassis_status(&document).map_err(sentence)?;
        Ok(Chassis {
            power_overload: chassis.power_overload,
            main_power_fault: chassis.main_power_fault,
            power_control_fault: chassis.power_control_fault,
            last_power_events: chassis.last_power_events,
            intrusion: chassis.intrusion,
            drive_fault: chassis.drive_fault,
            cooling_fault: chassis.cooling_fault,
        })
    }

    fn read_power_draw(document: Vec<u8>) -> Result<Option<f64>, String> {
        let reading = facts::power_reading(&document).map_err(sentence)?;
        Ok(reading.watts.filter(|_| reading.active == Some(true)))
    }
}

/// The listing with its table. Of the two one may be empty.
fn joined(sensors: &[u8], thresholds: &[u8]) -> Result<facts::Sensors, String> {
    if thresholds.is_empty() {
        return facts::from_elist(sensors).map_err(sentence);
    }
    let table = facts::sensor_table(thresholds).map_err(sentence)?;
    if sensors.is_empty() {
        return Ok(table);
    }
    let listing = facts::from_elist(sensors).map_err(sentence)?;
    Ok(facts::joined(listing, &table))
}

fn listing(sensors: facts::Sensors) -> Sensors {
    Sensors {
        sensors: sensors.sensors.into_iter().map(sensor).collect(),
        complaints: sensors.complaints,
        unread: sensors.unread,
    }
}

fn sensor(sensor: facts::Sensor) -> Sensor {
    let (entity, entity_instance) = match &sensor.entity {
        Some(entity) => (Some(entity.id), Some(entity.instance)),
        None => (None, None),
    };
    let kind = sensor.sensor_type;
    let limits = sensor.thresholds;
    Sensor {
        name: sensor.name,
        number: sensor.number,
        entity,
        entity_instance,
        sensor_type: kind.as_ref().and_then(|kind| kind.code),
        sensor_type_name: kind.map(|kind| kind.name).filter(|name| !name.is_empty()),
        reading_state: reading_state(sensor.reading.state),
        value: sensor.reading.value,
        unit: sensor.reading.unit.as_ref().map(name),
        status: sensor.status.as_ref().map(status),
        asserted: sensor.asserted.into_iter().map(state).collect(),
        lower_non_recoverable: limits.lower_non_recoverable,
        lower_critical: limits.lower_critical,
        lower_non_critical: limits.lower_non_critical,
        upper_non_critical: limits.upper_non_critical,
        upper_critical: limits.upper_critical,
        upper_non_recoverable: limits.upper_non_recoverable,
    }
}

fn reading_state(state: facts::ReadingState) -> ReadingState {
    match state {
        facts::ReadingState::Value => ReadingState::Value,
        facts::ReadingState::States => ReadingState::States,
        facts::ReadingState::NoReading => ReadingState::NoReading,
        facts::ReadingState::Disabled => ReadingState::Disabled,
        facts::ReadingState::NotPresent => ReadingState::NotPresent,
        facts::ReadingState::EventOnly => ReadingState::EventOnly,
        facts::ReadingState::Unknown => ReadingState::Unknown,
    }
}

fn status(status: &facts::Status) -> Status {
    use facts::Status as Read;
    match status {
        Read::Ok => Status::Ok,
        Read::NotAvailable => Status::NotAvailable,
        Read::NonCritical | Read::LowerNonCritical | Read::UpperNonCritical => Status::NonCritical,
        Read::Critical | Read::LowerCritical | Read::UpperCritical => Status::Critical,
        Read::NonRecoverable | Read::LowerNonRecoverable | Read::UpperNonRecoverable => {
            Status::NonRecoverable
        }
        Read::Other(_) => Status::Other,
    }
}

fn state(state: facts::State) -> State {
    State {
        text: state.text,
        meaning: state.meaning.as_ref().map(name),
        offset: state.offset,
    }
}

fn supply(supply: facts::Supply) -> Supply {
    Supply {
        name: supply.name,
        number: supply.number,
        present: supply.present,
        states: supply.states.into_iter().map(state).collect(),
        input_watts: supply.input_watts,
        output_watts: supply.output_watts,
        input_volts: supply.input_volts,
        model: supply.model,
        serial: supply.serial,
    }
}

fn event(event: facts::Event) -> Event {
    let (seconds, time) = match event.time {
        Some(time) => (time.seconds, Some(time.text)),
        None => (None, None),
    };
    Event {
        id: event.id,
        seconds,
        time,
        sensor: event.sensor,
        sensor_type: event.sensor_type.and_then(|kind| kind.code),
        sensor_name: event.sensor_name,
        what: State {
            text: event.text,
            meaning: event.meaning.as_ref().map(name),
            offset: event.offset,
        },
        detail: event.detail,
        asserted: event
            .direction
            .map(|direction| direction == facts::Direction::Asserted),
        reading: event.reading.as_ref().map(|reading| reading.reading),
        threshold: event.reading.and_then(|reading| reading.threshold),
    }
}

fn unit(unit: facts::Fru) -> Unit {
    let (product, board) = (unit.product, unit.board);
    Unit {
        description: unit.description,
        id: unit.id,
        read: unit.presence == facts::FruPresence::Read,
        manufacturer: product.manufacturer.or(board.manufacturer),
        product: product.name.or(board.product),
        part_number: product.part_number.or(board.part_number),
        serial: product.serial.or(board.serial),
    }
}
