//! What NVIDIA's tool printed at one time: the GPUs, and their links to each other.

use vetting_facts::gpu::nvidia_smi::{self, Gpu, MessageKind, Report};
use vetting_facts::gpu::nvlinks::{self, GpuLinks, LinkErrors, LinkStatus};
use vetting_stage::gpu::{self, Question};
use vetting_stage::types::{Document, DocumentEnding};
use vetting_stage::{Part, explain, part};

/// One look at every GPU of NVIDIA.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// The document, or the messages in its place.
    pub report: Report,
    /// The links by GPU; `None`: not read.
    pub links: Option<Vec<GpuLinks<LinkStatus>>>,
    /// Their counters of errors.
    pub errors: Vec<GpuLinks<LinkErrors>>,
    /// Why the document is not there, or not whole.
    pub gap: Option<String>,
}

/// Takes one look.
pub fn look() -> Look {
    let mut look = Look::default();
    match gpu::ask(Question::NvidiaSmi) {
        Ok(document) => read(&document, &mut look),
        Err(error) => look.gap = Some(explain(&error)),
    }
    if look.report.gpus.is_empty() {
        return look;
    }
    let status = gpu::ask(Question::NvlinkStatus).ok();
    let status = status.filter(|document| document.ending == DocumentEnding::Complete);
    let status = status.and_then(|document| nvlinks::status(&document.stdout).ok());
    look.links = status.map(|status| status.gpus);
    let has_links = look.links.iter().flatten().any(|gpu| !gpu.links.is_empty());
    if has_links
        && let Ok(document) = gpu::ask(Question::NvlinkErrors)
        && let Ok(errors) = nvlinks::errors(&document.stdout)
    {
        look.errors = errors.gpus;
    }
    look
}

fn read(document: &Document, look: &mut Look) {
    match nvidia_smi::gpus(&document.stdout) {
        Ok(report) => look.report = report,
        Err(error) => {
            let stderr = document.stderr_tail.lines().next();
            let words = stderr.map_or(String::new(), |line| format!(": {line}"));
            look.gap = Some(format!("{error}{words}"));
        }
    }
    look.gap = look
        .gap
        .take()
        .or_else(|| incomplete(document, &look.report));
}

/// Why a document is not a whole one.
fn incomplete(document: &Document, report: &Report) -> Option<String> {
    let seconds = document.took_ns / 1_000_000_000;
    match document.ending {
        DocumentEnding::TimedOut => Some(format!("nvidia-smi did not end within {seconds} s")),
        DocumentEnding::Cut(bytes) => Some(format!("only the first {bytes} bytes were kept")),
        DocumentEnding::Cancelled => Some("the stage was cancelled".to_owned()),
        DocumentEnding::Complete if report.gpus.is_empty() => {
            let message = report.messages.first();
            message.map(|message| message.text.clone())
        }
        DocumentEnding::Complete => {
            (!report.complete).then(|| "its document ends before its end".to_owned())
        }
    }
}

impl Look {
    /// The GPU at an address.
    pub fn gpu(&self, address: &str) -> Option<&Gpu> {
        let mut gpus = self.report.gpus.iter();
        gpus.find(|gpu| address_of(gpu).eq_ignore_ascii_case(address))
    }

    /// What the tool says, outside of its document, of a GPU that it cannot reach.
    pub fn unreachable(&self, address: &str) -> Option<&str> {
        let lost = [
            MessageKind::GpuLost,
            MessageKind::ResetRequired,
            MessageKind::NoAnswer,
        ];
        let its = |of: &Option<String>| of.as_deref() == Some(address);
        let mut messages = self.report.messages.iter();
        let message = messages.find(|m| its(&m.pci_address) && lost.contains(&m.kind))?;
        Some(&message.text)
    }

    /// The links of a GPU.
    pub fn links(&self, gpu: &Gpu) -> Option<&GpuLinks<LinkStatus>> {
        let place = self.place(gpu)?;
        of(self.links.as_deref()?, gpu, place)
    }

    /// The counters of its links.
    pub fn link_errors(&self, gpu: &Gpu) -> Option<&GpuLinks<LinkErrors>> {
        let place = self.place(gpu)?;
        of(&self.errors, gpu, place)
    }

    /// The number that the tool gives a GPU.
    pub fn place(&self, gpu: &Gpu) -> Option<usize> {
        let address = address_of(gpu);
        let mut gpus = self.report.gpus.iter();
        gpus.position(|other| address_of(other) == address)
    }
}

/// Those of a GPU, by its UUID, else by its number.
fn of<'a, L>(all: &'a [GpuLinks<L>], gpu: &Gpu, place: usize) -> Option<&'a GpuLinks<L>> {
    let uuid = gpu.identity.uuid.as_deref();
    let by_uuid = uuid.and_then(|uuid| all.iter().find(|l| l.uuid.as_deref() == Some(uuid)));
    by_uuid.or_else(|| all.iter().find(|links| links.index as usize == place))
}

/// A GPU's PCI address.
pub fn address_of(gpu: &Gpu) -> &str {
    gpu.pci_address.as_deref().unwrap_or("an unknown address")
}

/// A GPU's model.
pub fn model_of(gpu: &Gpu) -> &str {
    gpu.identity.name.as_deref().unwrap_or("NVIDIA GPU")
}

/// A GPU as a part.
pub fn part_of(gpu: &Gpu) -> Part {
    let identity = &gpu.identity;
    Part {
        serial: identity.serial.clone().or_else(|| identity.uuid.clone()),
        model: identity.name.clone(),
        ..part("gpu", address_of(gpu))
    }
}

/// Parts of one cause, by their addresses: `0000:1b:00.0, 0000:2b:00.0`.
pub fn all_of(parts: &[Part]) -> String {
    let addresses: Vec<&str> = parts.iter().map(|part| part.location.as_str()).collect();
    addresses.join(", ")
}
