//! Which part of a machine a sensor belongs to.

use serde::Serialize;

/// An IPMI entity: what kind of part, and which of its kind. Sensors of one entity belong to one part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entity {
    /// The kind of part (IPMI 2.0, table 43-13): 3 processor, 7 system board, 10 power supply, 26 disk drive
    /// bay, 29 fan, 32 memory device. 0 to 255.
    pub id: u8,
    /// Which one of its kind. From 96 on it is relative to the device that owns the sensor.
    pub instance: u8,
    /// The kind in ipmitool's words, where the listing prints them: "Power Supply".
    pub name: Option<String>,
}

impl Entity {
    /// Reads `10.1` or `10.1 (Power Supply)`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim_ascii();
        let (numbers, name) = match text.split_once('(') {
            Some((numbers, name)) => (numbers, Some(name)),
            None => (text, None),
        };
        let (id, instance) = numbers.trim_ascii().split_once('.')?;
        let name = name.map(|name| {
            name.trim_ascii()
                .strip_suffix(')')
                .unwrap_or(name)
                .trim_ascii()
        });
        Some(Entity {
            id: id.parse().ok()?,
            instance: instance.parse().ok()?,
            name: name.filter(|name| !name.is_empty()).map(str::to_owned),
        })
    }

    /// The sensor type that the state sensors of such a part usually have, where one stands out.
    pub(super) fn usual_sensor_type(&self) -> Option<u8> {
        match self.id {
            3 | 65 => Some(0x07),
            10 => Some(0x08),
            19 | 21 => Some(0x09),
            8 | 32 => Some(0x0c),
            4 | 15 | 26 => Some(0x0d),
            40 => Some(0x29),
            _ => None,
        }
    }
}
