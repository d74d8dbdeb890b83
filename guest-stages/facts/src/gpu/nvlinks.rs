//! `nvidia-smi nvlink`: states (`-s`), error counters (`-e`) and capabilities (`-c`) of links.

use serde::Serialize;

use super::lines::{Line, gpu_heading, leading_number, lines};
use super::nvidia_smi::{Message, messages};
use crate::Unreadable;

/// Links of all GPUs, as one of the commands printed them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Links<L> {
    /// GPU by GPU. A GPU without NVLink may be there without links.
    pub gpus: Vec<GpuLinks<L>>,
    /// Lines outside of any GPU.
    pub messages: Vec<Message>,
}

/// Links of one GPU.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GpuLinks<L> {
    /// The tool's number of the GPU.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// `GPU-…`.
    pub uuid: Option<String>,
    /// Link by link.
    pub links: Vec<L>,
    /// Other lines: `NVML: Unable to retrieve NVLink information as all links are inActive`.
    pub messages: Vec<String>,
    /// Lines of links that could not be read.
    pub unread: Vec<String>,
}

/// Whether a link runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkState {
    /// It has a speed.
    Active,
    /// `<inactive>`.
    Inactive,
}

/// The state of one link.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LinkStatus {
    /// Its number on the GPU.
    pub link: u32,
    /// Whether it runs.
    pub state: LinkState,
    /// Speed in gigabytes a second.
    pub gigabytes_per_s: Option<f64>,
}

/// The counters of one link, since the driver was loaded or they were reset.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LinkErrors {
    /// Its number on the GPU.
    pub link: u32,
    /// `Replay Errors`.
    pub replay: Option<u64>,
    /// `Recovery Errors`.
    pub recovery: Option<u64>,
    /// `CRC Errors`, or `CRC FLIT Errors`.
    pub crc: Option<u64>,
    /// All others (Blackwell has about 20), in the order printed.
    pub others: Vec<LinkCounter>,
}

/// One counter or rate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LinkCounter {
    /// Its name: `Symbol Errors`, `Effective BER`.
    pub name: String,
    /// The count, where it is a whole number.
    pub count: Option<u64>,
    /// As printed: `15e-255`.
    pub text: String,
}

/// What one link can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LinkCapability {
    /// Its number on the GPU.
    pub link: u32,
    /// `P2P is supported`.
    pub name: String,
    /// Whether it can.
    pub is: bool,
}

/// Reads `nvidia-smi nvlink --status`.
pub fn status(bytes: &[u8]) -> Result<Links<LinkStatus>, Unreadable> {
    read(bytes, |links, line| {
        let (link, state) = link_line(line.text)?;
        let speed = leading_number(state).filter(|(_, unit)| *unit == "GB/s");
        let state = match speed {
            Some(_) => LinkState::Active,
            None if state
                .trim_matches(['<', '>'])
                .eq_ignore_ascii_case("inactive") =>
            {
                LinkState::Inactive
            }
            None => return None,
        };
        links.push(LinkStatus {
            link,
            state,
            gigabytes_per_s: speed.map(|(speed, _)| speed),
        });
        Some(())
    })
}

/// Reads `nvidia-smi nvlink --errorcounters`.
pub fn errors(bytes: &[u8]) -> Result<Links<LinkErrors>, Unreadable> {
    read(bytes, |links: &mut Vec<LinkErrors>, line| {
        let (link, rest) = link_line(line.text)?;
        let (name, text) = rest.rsplit_once(':')?;
        let (name, text) = (name.trim(), text.trim());
        // The digits of a line without an end may go on.
        if !line.ended || text.is_empty() {
            return None;
        }
        if links.last().is_none_or(|known| known.link != link) {
            links.push(LinkErrors {
                link,
                ..LinkErrors::default()
            });
        }
        let known = links.last_mut()?;
        let count = text.parse::<u64>().ok();
        let place = match name {
            "Replay Errors" => &mut known.replay,
            "Recovery Errors" => &mut known.recovery,
            "CRC Errors" | "CRC FLIT Errors" => &mut known.crc,
            _ => {
                known.others.push(LinkCounter {
                    name: name.to_owned(),
                    count,
                    text: text.to_owned(),
                });
                return Some(());
            }
        };
        *place = Some(count?);
        Some(())
    })
}

/// Reads `nvidia-smi nvlink --capabilities`.
pub fn capabilities(bytes: &[u8]) -> Result<Links<LinkCapability>, Unreadable> {
    read(bytes, |links, line| {
        let (link, rest) = link_line(line.text)?;
        let (name, text) = rest.rsplit_once(':')?;
        let is = match text.trim() {
            "true" => true,
            "false" => false,
            _ => return None,
        };
        let name = name.trim().to_owned();
        links.push(LinkCapability { link, name, is });
        Some(())
    })
}

/// `Link 3: <inactive>`, `Link 0, P2P is supported: true`: number and rest.
fn link_line(line: &str) -> Option<(u32, &str)> {
    let rest = line.trim_start().strip_prefix("Link ")?;
    let (number, rest) = rest.split_once([':', ','])?;
    Some((number.trim().parse().ok()?, rest.trim()))
}

fn read<L>(
    bytes: &[u8],
    mut link: impl FnMut(&mut Vec<L>, Line) -> Option<()>,
) -> Result<Links<L>, Unreadable> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Links {
        gpus: Vec::new(),
        messages: Vec::new(),
    };
    for line in lines(&text) {
        if let Some((index, name, uuid)) = gpu_heading(line.text.trim_start()) {
            found.gpus.push(GpuLinks {
                index,
                name,
                uuid,
                links: Vec::new(),
                messages: Vec::new(),
                unread: Vec::new(),
            });
            continue;
        }
        let Some(gpu) = found.gpus.last_mut() else {
            found.messages.extend(messages(line.text));
            continue;
        };
        let trimmed = line.text.trim();
        if !trimmed.starts_with("Link ") {
            gpu.messages.push(trimmed.to_owned());
        } else if link(&mut gpu.links, line).is_none() {
            gpu.unread.push(trimmed.to_owned());
        }
    }
    let known = |m: &Message| m.kind != super::nvidia_smi::MessageKind::Other;
    if found.gpus.is_empty() && !found.messages.iter().any(known) {
        return Err(Unreadable::starting(
            "the links of nvidia-smi nvlink",
            bytes,
        ));
    }
    Ok(found)
}
