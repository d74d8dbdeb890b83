//! What of this machine can be looked at, and what to install or allow for the rest.

use super::live_image::LiveImage;
use super::root::Root;
use super::{disks, files, hardening, gpu, hwmon, identity, kernel_log};
use crate::Condition;
use crate::check::{Check, Subject};
use crate::contract::disks::Content;
use crate::contract::types::{Error, Missing};
use crate::queries::{Query, built_in};
use crate::tools::Toolbox;

/// Tools, then rights, then interfaces.
pub async fn all(
    root: &Root,
    tools: &Toolbox,
    controller: Option<Missing>,
    of_policy: &[Query],
) -> Vec<Check> {
    let mut checks = self::tools(tools).await;
    checks.extend(queries(tools, of_policy));
    checks.push(controller_right(controller));
    checks.extend(live_image(root));
    checks.extend(hardening::checks());
    let root = root.clone();
    match tokio::task::spawn_blocking(move || of_kernel(&root)).await {
        Ok(more) => checks.extend(more),
        Err(error) => checks.push(check(
            Subject::Interface,
            "kernel",
            false,
            error.to_string(),
            "",
            &[],
        )),
    }
    checks
}

pub(super) fn check(
    subject: Subject,
    name: &str,
    usable: bool,
    detail: String,
    remedy: &str,
    needed_by: &[&str],
) -> Check {
    Check {
        subject,
        name: name.to_owned(),
        usable,
        detail,
        remedy: if usable {
            String::new()
        } else {
            remedy.to_owned()
        },
        needed_by: needed_by.iter().map(|s| (*s).to_owned()).collect(),
    }
}

/// What live-image mode would need, were it asked for.
fn live_image(root: &Root) -> Vec<Check> {
    let conditions = LiveImage::look(root, true).conditions.into_iter();
    // Whether it is asked for is the agent's affair.
    let of_machine = conditions.filter(|condition| condition.name != LiveImage::FLAG);
    let one = |condition: Condition| {
        let name = format!("live image: {}", condition.name);
        let needed_by = &["agent --live-image"];
        check(
            Subject::LiveImage,
            &name,
            condition.met,
            condition.found,
            "",
            needed_by,
        )
    };
    of_machine.map(one).collect()
}

async fn tools(tools: &Toolbox) -> Vec<Check> {
    let needed_by = |name: &str| -> &[&str] {
        match name {
            "fio" => &["Storage"],
            "stress-ng" => &["CPUStress", "Memory"],
            "stressapptest" => &["Memory"],
            "iperf3" => &["Network"],
            "smartctl" => &["SMART"],
            "ipmitool" => &["PSU", "Inventory"],
            "nvidia-smi" | "gpu_burn" | "dcgmi" | "rocm-smi" | "amd-smi" => &["GPU"],
            _ => &[],
        }
    };
    let versions = crate::tools::versions(tools).await;
    let one = |tool: crate::tools::Version| {
        let remedy = format!("apt-get install {}", tool.package);
        let detail = match tool.path {
            None => "not found".to_owned(),
            Some(_) => tool.version,
        };
        let usable = detail != "not found";
        check(
            Subject::Tool,
            &tool.name,
            usable,
            detail,
            &remedy,
            needed_by(&tool.name),
        )
    };
    versions.into_iter().map(one).collect()
}

/// The queries that stages may run, by name.
fn queries(tools: &Toolbox, of_policy: &[Query]) -> Vec<Check> {
    let needed_by = |name: &str| -> &[&str] {
        match name {
            "ethtool" | "ethtool-address" | "ethtool-driver" => &["Inventory", "Network"],
            _ => &[],
        }
    };
    let one = |query: Query| {
        let missing = tools.missing(&query.program, &query.package);
        let remedy = missing.as_ref().map_or("", |missing| &missing.remedy);
        let command = query.known(None).argv.join(" ");
        let detail = match query.of_policy {
            true => format!("{command} (of the policy file)"),
            false => command,
        };
        let needed_by = needed_by(&query.name);
        check(
            Subject::Query,
            &query.name,
            missing.is_none(),
            detail,
            remedy,
            needed_by,
        )
    };
    let all = built_in().chain(of_policy.iter().cloned());
    let mut checks: Vec<Check> = all.map(one).collect();
    checks.sort_by(|a, b| a.name.cmp(&b.name));
    checks
}

fn controller_right(missing: Option<Missing>) -> Check {
    let needed_by = &["PSU", "Inventory"];
    match missing {
        None => check(
            Subject::Right,
            "/dev/ipmi0",
            true,
            "there".into(),
            "",
            needed_by,
        ),
        Some(missing) => {
            let detail = format!("{} is not there", missing.what);
            check(
                Subject::Right,
                "/dev/ipmi0",
                false,
                detail,
                &missing.remedy,
                needed_by,
            )
        }
    }
}

fn of_kernel(root: &Root) -> Vec<Check> {
    let is_root = nix::unistd::geteuid().is_root();
    let user = format!("user id {}", nix::unistd::geteuid());
    let everywhere = &["Inventory", "SMART", "Storage", "PSU"];
    let mut checks = vec![check(
        Subject::Right,
        "root",
        is_root,
        user,
        "run as root",
        everywhere,
    )];
    let log_stages = &["CPUStress", "Memory", "Storage", "GPU"];
    checks.push(match kernel_log::probe(root) {
        Ok(()) => check(
            Subject::Right,
            "/dev/kmsg",
            true,
            "readable".into(),
            "",
            log_stages,
        ),
        Err(Error::Unavailable(missing)) => check(
            Subject::Right,
            "/dev/kmsg",
            false,
            missing.what,
            &missing.remedy,
            log_stages,
        ),
        Err(error) => check(
            Subject::Right,
            "/dev/kmsg",
            false,
            error.to_string(),
            "",
            log_stages,
        ),
    });
    let list = disks::list(root);
    for disk in &list {
        if let Content::Unreadable(reason) = &disk.content {
            let name = format!("/dev/{}", disk.name);
            checks.push(check(
                Subject::Right,
                &name,
                false,
                reason.clone(),
                "run as root",
                &["Storage"],
            ));
        }
    }
    let mut interface = |name: &str, count: usize, what: &str, remedy: &str, needed_by: &[&str]| {
        let detail = format!("{count} {what}");
        checks.push(check(
            Subject::Interface,
            name,
            count > 0,
            detail,
            remedy,
            needed_by,
        ));
    };
    let sensors = hwmon::read(root).sensors.len();
    let modprobe = "load the board's sensor drivers: sensors-detect, modprobe coretemp or k10temp";
    interface("hwmon", sensors, "sensors", modprobe, &["CPUStress", "PSU"]);
    interface("disks", list.len(), "disks", "", &["SMART", "Storage"]);
    // A part is there where the kernel shows it.
    let matches = |glob: &str| files::list(root, &[glob.to_owned()]).found.len();
    let edac = "load the chipset's EDAC driver; without ECC memory there is none";
    interface(
        "memory counters",
        matches("sys/devices/system/edac/mc/mc*"),
        "memory controllers",
        edac,
        &["Memory"],
    );
    let aer = "boot without pci=noaer, and let the firmware hand AER to the kernel";
    interface(
        "PCIe counters",
        matches("sys/bus/pci/devices/*/aer_dev_correctable"),
        "functions with AER",
        aer,
        &["Network", "GPU"],
    );
    interface(
        "network ports",
        identity::ports(root).len(),
        "ports",
        "",
        &["Network"],
    );
    interface("GPUs", gpu::devices(root).len(), "accelerators", "", &["GPU"]);
    checks
}
