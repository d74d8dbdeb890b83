//! Simulated machines: a profile and a seed make a machine with a clock of its own. The same
//! profile, seed and requests give the same bytes on any machine under any load.
//!
//! * [`profile`]: what a machine is made of and what goes wrong with it;
//! * [`session`]: the clock and the queue of events; [`price`]: what each request costs in time;
//! * [`beside`]: a look at the world of the stage at work;
//! * [`world`]: what the parts count, log and how hot they are, second by second;
//! * [`timeline`] and [`strike`]: when a fault begins, strikes and ends, and what then happens;
//! * [`tools`]: fio, stress-ng, iperf3 and a GPU stress tool, whose results follow from the profile;
//! * [`sensors`]: the sensors that the kernel knows;
//! * [`files`]: the kernel's files; [`documents`]: what tools print;
//! * [`read`]: what each kind of reading tells of the world, one file per interface.
//!
//! Nothing here looks at the host: no file, no environment, no clock, no thread, and no map without
//! an order.

mod beside;
mod boot_log;
mod calendar;
mod counted;
mod documents;
mod files;
mod load;
pub(crate) mod noise;
mod pci;
mod price;
mod profile;
mod read;
mod sensors;
mod session;
mod slots;
mod strike;
mod thermal;
mod timeline;
mod tools;
mod wipe;
mod world;

use std::sync::Arc;

use async_trait::async_trait;

use crate::contract::context::NetworkPeer;
use crate::{Attempt, Identity, Machine, MachineError, Session, Time};
use beside::{AtWork, Onlooker};
use profile::Profile;
use session::SimulatedSession;

/// A machine that a profile describes.
pub struct SimulatedMachine {
    name: String,
    profile: Arc<Profile>,
    seed: u64,
    at_work: Arc<AtWork>,
}

impl SimulatedMachine {
    /// A built-in machine.
    ///
    /// # Errors
    /// [`MachineError::UnknownProfile`], which lists the names there are.
    pub fn builtin(name: &str, seed: u64) -> Result<Self, MachineError> {
        Ok(Self::new(name, profile::builtin(name)?, seed))
    }

    /// A machine from a profile's text. `name` is what reports and errors call it.
    ///
    /// # Errors
    /// [`MachineError::BadProfile`], which says what is wrong and where.
    pub fn from_toml(name: &str, text: &str, seed: u64) -> Result<Self, MachineError> {
        Ok(Self::new(name, profile::from_toml(name, text)?, seed))
    }

    /// The built-in machines: name, and a description of one line.
    pub fn builtin_names() -> Vec<(&'static str, &'static str)> {
        profile::builtin_names()
    }

    /// A built-in machine's profile, to start one's own from.
    ///
    /// # Errors
    /// [`MachineError::UnknownProfile`], which lists the names there are.
    pub fn builtin_text(name: &str) -> Result<&'static str, MachineError> {
        profile::builtin_text(name)
    }

    /// The JSON Schema of profile files, their TOML taken as JSON.
    pub fn profile_schema() -> serde_json::Value {
        profile::schema()
    }

    /// What the profile says about itself, in one line.
    pub fn description(&self) -> &str {
        &self.profile.description
    }

    fn new(name: &str, profile: Profile, seed: u64) -> Self {
        Self {
            name: format!("sim:{name}"),
            profile: Arc::new(profile),
            seed,
            at_work: Arc::default(),
        }
    }
}

#[async_trait]
impl Machine for SimulatedMachine {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn time(&self) -> Time {
        Time::Virtual
    }

    fn peer(&self) -> Option<NetworkPeer> {
        let peer = self.profile.peer.as_ref()?;
        Some(NetworkPeer {
            host: peer.host.clone(),
            port: peer.port,
            loopback: false,
        })
    }

    fn parameters(&self, stage: &str) -> Vec<(String, serde_json::Value)> {
        let of_stage = self.profile.parameters.get(stage).into_iter().flatten();
        of_stage
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    fn capacity(&self) -> (u32, u64) {
        (
            self.profile.logical_cpus(),
            slots::available_bytes(self.profile.installed_bytes()),
        )
    }

    fn identity(&self) -> Identity {
        let profile = &self.profile;
        let mut ports: Vec<_> = profile.nics.iter().collect();
        ports.sort_by(|a, b| a.name.cmp(&b.name));
        Identity {
            mac: ports.first().map(|port| port.mac.clone()),
            system_uuid: profile.system.uuid.clone(),
            board_serial: profile.board.serial.clone(),
        }
    }

    fn is_live_image(&self) -> bool {
        self.profile.live_image
    }

    async fn begin(&self, attempt: Attempt) -> Result<Box<dyn Session>, MachineError> {
        let seed = noise::combine(self.seed, attempt.seed);
        let beside = attempt.beside;
        let session = SimulatedSession::new(Arc::clone(&self.profile), seed, attempt);
        if beside {
            return Ok(Box::new(Onlooker::new(session, Arc::clone(&self.at_work))));
        }
        self.at_work.is(&session);
        Ok(Box::new(session))
    }
}
