//! Puts the inventory together: files by `vetting_facts`, disks as the host lists them.

use std::collections::BTreeSet;

use vetting_facts::inventory::{
    self, Bmc, Disk, FILES, Given, GivenPort, Inventory, LINKS, PORT_QUERIES,
};
use vetting_stage::bmc::{self, Question};
use vetting_stage::disks::{self, Transport};
use vetting_stage::types::{Error, MissingKind};
use vetting_stage::{explain, kernel_files, queries};

/// Reads everything once.
pub fn inventory() -> Result<Inventory, Error> {
    let globs: BTreeSet<&str> = FILES.iter().chain(LINKS).copied().collect();
    let globs: Vec<&str> = globs.into_iter().collect();
    let files = kernel_files::read(&globs)?;
    let disks = disks::list()?;
    let mut given = Given {
        disks: disks.into_iter().map(disk).collect(),
        ..Given::default()
    };
    let mut gaps = Vec::new();
    for name in inventory::port_names(&files) {
        given.ports.push(port(name, &mut gaps)?);
    }
    given.bmc = controller(&mut gaps)?;
    let mut inventory = inventory::inventory(&files, &given);
    inventory.gaps.extend(gaps);
    Ok(inventory)
}

/// What a port's driver says of it. One line is enough where that is not known.
fn port(port: &str, gaps: &mut Vec<String>) -> Result<GivenPort, Error> {
    let mut said = [const { Vec::new() }; 3];
    for (query, said) in PORT_QUERIES.iter().zip(&mut said) {
        match queries::run(query, port) {
            Ok(document) => *said = document.stdout,
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(error) => {
                let gap = format!("what drivers say of network ports: {}", explain(&error));
                if !gaps.contains(&gap) {
                    gaps.push(gap);
                }
            }
        }
    }
    let [link, driver, address] = &said;
    Ok(GivenPort::of(port, [link, driver, address]))
}

/// The management controller; `None` where there is none.
fn controller(gaps: &mut Vec<String>) -> Result<Option<Bmc>, Error> {
    let mut said = [const { Vec::new() }; 2];
    for (question, said) in [Question::Controller, Question::Network]
        .into_iter()
        .zip(&mut said)
    {
        match bmc::ask(question) {
            Ok(document) => *said = document.stdout,
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(Error::Unavailable(missing)) if missing.kind == MissingKind::Hardware => {
                return Ok(None);
            }
            Err(error) => {
                gaps.push(format!("management controller: {}", explain(&error)));
                break;
            }
        }
    }
    let [info, network] = &said;
    Ok(Bmc::of(info, network))
}

/// A disk, byte for byte.
fn disk(disk: disks::Disk) -> Disk {
    Disk {
        name: disk.name,
        model: disk.model,
        serial: disk.serial,
        wwn: disk.wwn,
        firmware: disk.firmware,
        size_bytes: disk.size_bytes,
        rotational: disk.rotational,
        transport: match disk.transport {
            Transport::Sata => "sata".to_owned(),
            Transport::Sas => "sas".to_owned(),
            Transport::Nvme => "nvme".to_owned(),
            Transport::NvmeOf => "nvme-of".to_owned(),
            Transport::Usb => "usb".to_owned(),
            Transport::Virtio => "virtio".to_owned(),
            Transport::FibreChannel => "fibre-channel".to_owned(),
            Transport::Iscsi => "iscsi".to_owned(),
            Transport::Mmc => "mmc".to_owned(),
            Transport::Other(other) => other,
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vetting_facts::files::Files;
    use vetting_stage::disks::Content;

    use super::*;

    fn native() -> impl Strategy<Value = disks::Disk> {
        let text = || proptest::option::of(any::<String>());
        let texts = (
            any::<String>(),
            text(),
            text(),
            text(),
            text(),
            any::<String>(),
        );
        (texts, any::<u64>(), any::<bool>()).prop_map(
            |((name, model, serial, wwn, firmware, transport), size_bytes, rotational)| {
                disks::Disk {
                    name,
                    serial,
                    wwn,
                    model,
                    firmware,
                    size_bytes,
                    logical_block_bytes: 512,
                    physical_block_bytes: 512,
                    rotational,
                    removable: false,
                    read_only: false,
                    transport: Transport::Other(transport),
                    controller: None,
                    link: None,
                    in_use: Vec::new(),
                    content: Content::NoneRecognised,
                    extra: Vec::new(),
                }
            },
        )
    }

    proptest! {
        // The wipe guard knows a disk again by what a spec took from here.
        #[test]
        fn a_disk_is_attached_as_the_host_lists_it(native in native()) {
            let given = Given { disks: vec![disk(native.clone())], ..Given::default() };
            let whole = inventory::inventory(&Files::new(), &given);
            let attached = serde_json::to_value(&whole).expect("JSON");
            match attached["disks"].as_array().expect("a list").as_slice() {
                [one] => {
                    let text = |key: &str| one[key].as_str().map(str::to_owned);
                    prop_assert_eq!(text("name"), Some(native.name));
                    prop_assert_eq!(text("serial"), native.serial);
                    prop_assert_eq!(text("wwn"), native.wwn);
                    prop_assert_eq!(text("model"), native.model);
                    prop_assert_eq!(text("firmware"), native.firmware);
                    prop_assert_eq!(one["size_bytes"].as_u64(), Some(native.size_bytes));
                }
                // What the management controller offers is no disk of the machine.
                others => {
                    prop_assert!(others.is_empty());
                    prop_assert_eq!(whole.virtual_media.len(), 1);
                }
            }
        }
    }
}
