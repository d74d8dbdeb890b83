//! Units with data of their own: the board and every power supply.

use super::{filled, rows};
use crate::simulated::read::power;
use crate::simulated::world::World;

const CAPTURED: &str = include_str!("../captured/ipmitool-fru-print.txt");

/// Their rows in `sdr elist all`.
pub fn listed(world: &World) -> String {
    let row = |(name, number): (String, usize)| {
        let which = u8::try_from(number).unwrap_or(u8::MAX);
        rows::device(
            &name,
            (10, which),
            &format!("Logical FRU @{number:02X}h"),
            false,
        )
    };
    names(world).map(row).collect()
}

/// The supplies' units, numbered from 1.
fn names(world: &World) -> impl Iterator<Item = (String, usize)> {
    let supplies = power::servers(world);
    let names = supplies.map(|psu| {
        psu.name
            .strip_suffix(" Status")
            .unwrap_or(&psu.name)
            .to_owned()
    });
    names.zip(1..)
}

/// What `fru print` prints.
pub fn print(world: &World) -> String {
    let (board, supply) = CAPTURED.split_once("\n\n").unwrap_or((CAPTURED, ""));
    let or_none = |text: &Option<String>| text.clone().unwrap_or_default();
    let profile = &world.profile;
    let fields = [
        ("Board Mfg  ", or_none(&profile.board.manufacturer)),
        ("Board Product", or_none(&profile.board.product)),
        ("Board Serial", or_none(&profile.board.serial)),
        (
            "Product Manufacturer",
            or_none(&profile.system.manufacturer),
        ),
        ("Board Part Number", String::new()),
        ("Product Name", or_none(&profile.system.product)),
        ("Product Serial", or_none(&profile.system.serial)),
    ];
    let mut text = filled(board, &fields) + "\n";
    for (psu, (name, number)) in power::servers(world).zip(names(world)) {
        let fields = [
            ("FRU Device Description", format!("{name} (ID {number})")),
            ("Board Mfg  ", or_none(&profile.system.manufacturer)),
            ("Board Product", or_none(&psu.model)),
            ("Board Serial", or_none(&psu.serial)),
            ("Board Part Number", String::new()),
        ];
        text.push_str(&filled(supply.trim_end(), &fields));
        text.push('\n');
    }
    text
}
