//! What the machine is made of, as `vetting machine show inventory` puts it together with `vetting-facts`.

use serde_json::Value;
use vetting_facts::files::Files;
use vetting_facts::inventory::{
    self, Bmc, CountedAs, Disk, FILES, Given, GivenPort, Inventory, LINKS, PORT_QUERIES,
};
use vetting_machine::contract::bmc::Question;
use vetting_machine::contract::types::{Error, MissingKind};
use vetting_machine::{Reply, Request, Session};
use vetting_protocol::printable;

use super::machine_files;
use super::machine_tables::{bytes, of};

/// The inventory, with the files that it was read from.
pub struct ShownInventory {
    /// What was read.
    pub files: Files,
    /// What it says.
    pub inventory: Inventory,
}

/// Reads everything, as the stage `Inventory` does.
pub async fn inventory(session: &dyn Session) -> Result<ShownInventory, Error> {
    let mut files = Files::new();
    for glob in FILES.iter().chain(LINKS) {
        machine_files::read(session, glob, &mut files).await?;
    }
    let mut given = Given::default();
    let mut gaps = Vec::new();
    match session.call(Request::Disks).await {
        Ok(Reply::Disks(disks)) => {
            let disk = |disk: vetting_machine::contract::disks::Disk| Disk {
                transport: disk.transport.word().to_owned(),
                name: disk.name,
                model: disk.model,
                serial: disk.serial,
                wwn: disk.wwn,
                firmware: disk.firmware,
                size_bytes: disk.size_bytes,
                rotational: disk.rotational,
            };
            given.disks = disks.into_iter().map(disk).collect();
        }
        Ok(other) => gaps.push(format!("disks: answered with {other:?}")),
        Err(error) => gaps.push(format!("disks: {error}")),
    }
    for name in inventory::port_names(&files) {
        given.ports.push(port(session, name, &mut gaps).await);
    }
    let info = controller(session, Question::Controller, &mut gaps).await;
    let network = match info {
        Some(_) => controller(session, Question::Network, &mut gaps).await,
        None => None,
    };
    given.bmc = Bmc::of(&info.unwrap_or_default(), &network.unwrap_or_default());
    let mut inventory = inventory::inventory(&files, &given);
    inventory.gaps.extend(gaps);
    Ok(ShownInventory { files, inventory })
}

/// What the controller answers; `None` where there is none or it cannot be asked.
async fn controller(
    session: &dyn Session,
    question: Question,
    gaps: &mut Vec<String>,
) -> Option<Vec<u8>> {
    match session.call(Request::Bmc { question }).await {
        Ok(Reply::Document(document)) => Some(document.stdout),
        // A machine without a controller is whole.
        Err(Error::Unavailable(missing)) if missing.kind == MissingKind::Hardware => None,
        Ok(other) => {
            gaps.push(format!("management controller: answered with {other:?}"));
            None
        }
        Err(error) => {
            gaps.push(format!("management controller: {error}"));
            None
        }
    }
}

/// What a port's driver says of it.
async fn port(session: &dyn Session, port: &str, gaps: &mut Vec<String>) -> GivenPort {
    let mut said = [const { Vec::new() }; 3];
    for (query, said) in PORT_QUERIES.iter().zip(&mut said) {
        let request = Request::QueriesRun {
            name: (*query).to_owned(),
            target: port.to_owned(),
        };
        match session.call(request).await {
            Ok(Reply::Document(document)) => *said = document.stdout,
            Ok(other) => gaps.push(format!("{query} {port}: answered with {other:?}")),
            Err(error) => {
                // One line is enough where the tool is missing.
                let gap = format!("what drivers say of network ports: {error}");
                if !gaps.contains(&gap) {
                    gaps.push(gap);
                }
            }
        }
    }
    let [link, driver, address] = &said;
    GivenPort::of(port, [link, driver, address])
}

impl ShownInventory {
    /// The parts as a table.
    pub fn table(&self) -> String {
        let parts = &self.inventory;
        let mut rows = Vec::new();
        let system = &parts.system;
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
        let size = |size: Option<u64>| size.map_or_else(|| "–".to_owned(), bytes);
        let mut row = |part: String, what: String, details: String| {
            rows.push(vec![part, what, details]);
        };
        let (maker, product) = (or_dash(&system.manufacturer), or_dash(&system.product));
        let (serial, kernel) = (or_dash(&system.serial), or_dash(&system.kernel));
        let details = format!("serial {serial}, kernel {kernel}");
        row("system".to_owned(), format!("{maker} {product}"), details);
        if let Some(hypervisor) = &system.hypervisor {
            row("hypervisor".to_owned(), hypervisor.clone(), String::new());
        }
        for cpu in &parts.cpus {
            let details = format!("{} cores, {} threads", cpu.cores, cpu.threads);
            row(format!("cpu {}", cpu.socket), or_dash(&cpu.model), details);
        }
        let memory = &parts.memory;
        let installed = format!("{} installed", size(memory.installed_bytes));
        row("memory".to_owned(), size(memory.visible_bytes), installed);
        let filled =
            |counted: CountedAs| matches!(counted, CountedAs::Memory | CountedAs::Persistent);
        for module in memory.modules.iter().filter(|m| filled(m.counted_as)) {
            let what = format!("{} {}", size(module.size_bytes), or_dash(&module.kind));
            let (number, serial) = (or_dash(&module.part_number), or_dash(&module.serial));
            row(
                module.label.clone(),
                what,
                format!("{number} serial {serial}"),
            );
        }
        for disk in &parts.disks {
            let what = format!("{} {}", bytes(disk.size_bytes), or_dash(&disk.model));
            let details = format!("{}, serial {}", disk.transport, or_dash(&disk.serial));
            row(format!("disk {}", disk.name), what, details);
        }
        for nic in &parts.nics {
            let speed = nic.speed_mbps.map(|mbps| format!("{mbps} Mbit/s"));
            let carrier = match nic.carrier {
                Some(true) => "carrier",
                Some(false) => "no carrier",
                None => "down",
            };
            let what = format!("{} {}", or_dash(&nic.driver), or_dash(&speed));
            row(
                format!("nic {}", nic.name),
                what,
                format!("{}, {carrier}", or_dash(&nic.mac)),
            );
        }
        for gpu in &parts.gpus {
            let ids = format!("{}:{}", gpu.vendor_id, gpu.device_id);
            row(format!("gpu {}", gpu.pci_address), or_dash(&gpu.model), ids);
        }
        let mut text = of(&["Part", "What", "Details"], rows.into_iter(), "nothing");
        for gap in &parts.gaps {
            text.push_str(&format!("not read: {}\n", printable(gap)));
        }
        text
    }

    /// All of it as JSON, as the stage attaches it.
    pub fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(&self.inventory)
    }

    /// The files that are text, each behind its path; of the others their length.
    pub fn raw(&self) -> String {
        machine_files::raw(&self.files)
    }
}
