//! `context`: this attempt's facts, and what a stage tells the world while it works.

use vetting_machine::contract::types::Error;
use vetting_machine::contract::{self};

use super::bindings::vetting::stage::context::{ExpectedDisk, Facts, Host, NetworkPeer, Point};
use super::clock::infallible;
use super::{HostError, HostState};

/// The longest note of a progress call that is kept, in bytes.
const MAX_NOTE: usize = 200;
/// The longest name of a sample or its unit that is kept, in bytes.
pub(super) const MAX_KEY: usize = 200;

impl Host for HostState {
    async fn get(&mut self) -> wasmtime::Result<Facts> {
        self.count(0).map_err(infallible)?;
        let facts = &self.facts;
        Ok(Facts {
            stage: facts.stage.clone(),
            attempt: facts.attempt,
            deadline_ns: nanoseconds(facts.deadline),
            soft_deadline_ns: nanoseconds(facts.soft_deadline),
            non_destructive: facts.non_destructive,
            wipe_armed: facts.wipe_armed,
            expected_disks: facts.expected_disks.iter().map(expected_disk).collect(),
            peer: facts.peer.as_ref().map(|peer| NetworkPeer {
                host: peer.host.clone(),
                port: peer.port,
                loopback: peer.loopback,
            }),
            parameters: facts.parameters.to_string(),
            cpu_allowance: facts.cpu_allowance,
            memory_allowance_bytes: facts.memory_allowance_bytes,
            live_image: facts.live_image,
            extra: Vec::new(),
        })
    }

    async fn progress(&mut self, fraction: f64, note: String) -> Result<(), HostError> {
        self.count(note.len())?;
        if fraction.is_nan() {
            return Err(Error::invalid("fraction", "NaN is no progress; 0 to 1 is").into());
        }
        let note = cut(&note, MAX_NOTE);
        self.notebook.progress(fraction.clamp(0.0, 1.0), note);
        Ok(())
    }

    async fn sample(&mut self, points: Vec<Point>) -> Result<(), HostError> {
        let texts = |p: &Point| p.kind.len() + p.key.len() + p.unit.len();
        self.count(points.iter().map(|p| size_of::<Point>() + texts(p)).sum())?;
        let at = self.session.stamp();
        for point in &points {
            let (kind, key) = (cut(&point.kind, MAX_KEY), cut(&point.key, MAX_KEY));
            let unit = cut(&point.unit, MAX_KEY);
            self.notebook.sample(at, kind, key, unit, point.value);
        }
        Ok(())
    }

    async fn attach(
        &mut self,
        name: String,
        media_type: String,
        bytes: Vec<u8>,
    ) -> Result<(), HostError> {
        self.count(name.len() + media_type.len() + bytes.len())?;
        let attached = self.notebook.attach(&name, &media_type, bytes);
        if let Err(Error::Denied(reason)) = &attached {
            self.notebook.denied("context.attach", reason);
        }
        Ok(attached?)
    }
}

fn expected_disk(disk: &contract::context::ExpectedDisk) -> ExpectedDisk {
    ExpectedDisk {
        serial: disk.serial.clone(),
        size_bytes: disk.size_bytes,
        wwn: disk.wwn.clone(),
        extra: disk.extra.clone(),
    }
}

fn nanoseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The text, cut at a character's boundary.
pub(super) fn cut(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}
