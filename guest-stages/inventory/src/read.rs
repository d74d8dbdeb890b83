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
    for (question, said) in [Question::Controller, Question::Network].into_iter().zip(&mut said) {
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
