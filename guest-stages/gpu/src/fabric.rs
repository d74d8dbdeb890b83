//! The rules on links between NVIDIA's GPUs: NVLinks, and the fabric that NVSwitches make of them.

use std::collections::BTreeMap;

use vetting_facts::gpu::nvidia_smi::{Fabric, Gpu};
use vetting_facts::gpu::nvlinks::{GpuLinks, LinkState, LinkStatus};
use vetting_stage::{Findings, Measure, Part};

use crate::evidence::{Look, all_of, model_of, part_of};
use crate::{Parameters, rules};

/// How far a link's speed may be from that of its like: what is printed is rounded.
const SAME_SPEED: f64 = 0.98;

/// Names of GPUs that are soldered to boards of NVLinks and NVSwitches, where cards of the same chip
/// (`PCIe`, `NVL`) need no link: H100, H200 and B200 name their memory.
const SOLDERED: [&str; 6] = ["SXM", "HBM3", "B100", "B200", "B300", "GB300"];
const CARDS: [&str; 3] = ["PCIe", "NVL", "PCIE"];

/// Judges the fabric and the links of all GPUs, as they are now.
pub fn judge(look: &Look, findings: &mut Findings) {
    let mut starting = Vec::new();
    let mut unread = Vec::new();
    for gpu in look.report.gpus.iter().filter(|gpu| !gpu.lost) {
        match state(&gpu.fabric) {
            State::Starting => starting.push(part_of(gpu)),
            State::Failed(status) => {
                let message = format!("it could not join the fabric of NVLinks: {status}");
                findings.broken(rules::FABRIC_FAILED, Some(&part_of(gpu)), message);
            }
            State::Ready | State::None => {}
        }
        health(gpu, findings);
        if look.links.is_none() && expects_links(gpu, look) {
            unread.push(part_of(gpu));
        }
    }
    if !starting.is_empty() {
        let message = format!(
            "the fabric of NVLinks is not ready for {}: start nvidia-fabricmanager, and look at its log",
            all_of(&starting)
        );
        findings.unknown(rules::FABRIC_NOT_READY, None, message);
    }
    if !unread.is_empty() {
        let message = format!("the links of {} could not be read", all_of(&unread));
        findings.unknown(rules::LINKS_UNREAD, None, message);
    }
    links(look, findings);
}

/// How far a GPU is with joining its fabric.
enum State<'a> {
    /// It has none.
    None,
    /// The fabric manager has not come to it.
    Starting,
    /// It joined.
    Ready,
    /// It could not join.
    Failed(&'a str),
}

fn state(fabric: &Fabric) -> State<'_> {
    let Some(state) = fabric.state.as_deref() else {
        return State::None;
    };
    match (state, fabric.status.as_deref()) {
        ("Completed", None | Some("Success")) => State::Ready,
        ("Completed", Some(status)) => State::Failed(status),
        _ => State::Starting,
    }
}

/// What the driver says of the fabric's health.
fn health(gpu: &Gpu, findings: &mut Findings) {
    let fabric = &gpu.fabric;
    let mut bad = Vec::new();
    let mut remarks = Vec::new();
    match fabric.health.as_deref() {
        None | Some("Healthy") => {}
        Some(limited @ "Limited Capacity") => remarks.push(format!("health: {limited}")),
        Some(health) => bad.push(format!("health: {health}")),
    }
    if let Some(bandwidth) = fabric.bandwidth.as_deref().filter(|text| *text != "Full") {
        bad.push(format!("bandwidth: {bandwidth}"));
    }
    if fabric.route_unhealthy == Some(true) {
        bad.push("a route is unhealthy".to_owned());
    }
    if fabric.route_recovery == Some(true) {
        remarks.push("a route is being recovered".to_owned());
    }
    if fabric.access_timeout_recovery == Some(true) {
        remarks.push("time-outs are being recovered".to_owned());
    }
    let wrong = fabric.incorrect_configuration.as_deref();
    if let Some(wrong) = wrong.filter(|text| *text != "None") {
        remarks.push(format!("configuration: {wrong}"));
    }
    let place = part_of(gpu);
    if !bad.is_empty() {
        bad.extend(remarks);
        let message = format!("fabric of NVLinks: {}", bad.join(", "));
        findings.broken(rules::FABRIC_UNHEALTHY, Some(&place), message);
    } else if !remarks.is_empty() {
        let message = format!("fabric of NVLinks: {}", remarks.join(", "));
        findings.broken(rules::FABRIC_REMARK, Some(&place), message);
    }
}

/// Whether a GPU is of no use without its links: not where it is partitioned or alone.
fn expects_links(gpu: &Gpu, look: &Look) -> bool {
    let name = model_of(gpu);
    let soldered = SOLDERED.iter().any(|word| name.contains(word));
    let card = CARDS.iter().any(|word| name.contains(word));
    let shared = gpu.virtualization.as_deref() == Some("VGPU") || gpu.mig == Some(true);
    let joined = matches!(state(&gpu.fabric), State::Ready);
    !shared && (joined || (soldered && !card && look.report.gpus.len() > 1))
}

/// The links of one GPU, counted.
struct Counted<'a> {
    gpu: &'a Gpu,
    place: Part,
    up: usize,
    down: usize,
    /// The slowest that is up, in gigabytes a second.
    slowest: Option<f64>,
    unread: Option<&'a str>,
}

fn counted<'a>(gpu: &'a Gpu, links: &'a GpuLinks<LinkStatus>) -> Counted<'a> {
    let of = |state: LinkState| links.links.iter().filter(move |link| link.state == state);
    let all_down = |text: &&String| text.to_ascii_lowercase().contains("links are inactive");
    let speeds = of(LinkState::Active).filter_map(|link| link.gigabytes_per_s);
    Counted {
        gpu,
        place: part_of(gpu),
        up: of(LinkState::Active).count(),
        // Newer drivers print a sentence in place of links that are all down.
        down: of(LinkState::Inactive).count()
            + usize::from(links.messages.iter().any(|text| all_down(&text))),
        slowest: speeds.reduce(f64::min),
        unread: links.unread.first().map(String::as_str),
    }
}

fn links(look: &Look, findings: &mut Findings) {
    let gpus = look.report.gpus.iter().filter(|gpu| !gpu.lost);
    let all: Vec<Counted> = gpus
        .filter_map(|gpu| Some(counted(gpu, look.links(gpu)?)))
        .collect();
    let mut models: BTreeMap<&str, (usize, f64)> = BTreeMap::new();
    for one in &all {
        let (most, fastest) = models.entry(model_of(one.gpu)).or_default();
        *most = (*most).max(one.up);
        *fastest = fastest.max(one.slowest.unwrap_or_default());
    }
    let mut useless = Vec::new();
    for one in &all {
        if let Some(row) = one.unread {
            let message = format!("the state of a link could not be read: {row}");
            findings.unknown(rules::LINKS_UNREAD, Some(&one.place), message);
        }
        let (most, fastest) = models.get(model_of(one.gpu)).copied().unwrap_or_default();
        // A link that is not listed at all is one that its like have.
        let missing = most.saturating_sub(one.up);
        let down = one.down.max(missing);
        if one.up + down == 0 {
            continue;
        }
        let measure = Measure::number("fabric-links-down", down as f64).part(&one.place);
        let ready = matches!(state(&one.gpu.fabric), State::Ready);
        let starting = matches!(state(&one.gpu.fabric), State::Starting);
        let shared = one.gpu.mig == Some(true) || starting;
        if shared || (most == 0 && !ready) {
            if most == 0 && !shared && expects_links(one.gpu, look) {
                useless.push(one.place.clone());
            }
            findings.note(measure);
            continue;
        }
        findings.hold(measure.at_most(rules::FABRIC_DOWN, 0.0), || {
            let all = one.up + down;
            format!("{down} of {all} NVLinks are down. Reseat it, look at its baseboard, bridge or cable")
        });
        if let Some(slowest) = one.slowest
            && slowest < SAME_SPEED * fastest
        {
            let message = format!("an NVLink runs at {slowest} GB/s, its like at {fastest} GB/s");
            findings.broken(rules::FABRIC_SLOW, Some(&one.place), message);
        }
    }
    if !useless.is_empty() {
        let message = format!("no NVLink is up on any GPU: {}", all_of(&useless));
        findings.unknown(rules::LINKS_UNREAD, None, message);
    }
}

/// Judges what links counted between two looks.
pub fn errors(before: &Look, after: &Look, seconds: f64, p: &Parameters, findings: &mut Findings) {
    for gpu in &after.report.gpus {
        let was = before.gpu(gpu.pci_address.as_deref().unwrap_or_default());
        let was = was.and_then(|was| before.link_errors(was));
        let (Some(was), Some(now)) = (was, after.link_errors(gpu)) else {
            continue;
        };
        let (mut repaired, mut crc) = (0_u64, 0_u64);
        for link in &now.links {
            let Some(old) = was.links.iter().find(|old| old.link == link.link) else {
                continue;
            };
            // A counter that went back was reset: that is not known.
            let more = |now: Option<u64>, was: Option<u64>| {
                now.zip(was).map_or(0, |(now, was)| now.saturating_sub(was))
            };
            repaired = repaired
                .saturating_add(more(link.replay, old.replay))
                .saturating_add(more(link.recovery, old.recovery));
            crc = crc.saturating_add(more(link.crc, old.crc));
        }
        let place = part_of(gpu);
        let measure = Measure::number("fabric-link-errors", repaired as f64).part(&place);
        findings.hold(measure.at_most(rules::FABRIC_ERRORS, 0.0), || {
            format!(
                "its NVLinks were recovered or repeated transfers {repaired} times during the test"
            )
        });
        let rate = crc as f64 / seconds.max(1.0);
        let measure = Measure::number("fabric-crc-errors", rate)
            .unit("1/s")
            .part(&place);
        let limit = p.fabric_errors_per_second;
        findings.hold(measure.at_most(rules::FABRIC_ERRORS_MANY, limit), || {
            format!("its NVLinks had {rate:.0} CRC errors a second, limit {limit:.0}")
        });
    }
}
