//! The real machine: sysfs and procfs below a [`root`], and real tools.
//!
//! One file or folder per interface of the contract; [`session`] hands each request to its own. None
//! of them keeps anything between two requests.

mod bmc;
mod capacity;
mod check;
pub(crate) mod disks;
pub(crate) mod files;
pub(crate) mod gpu;
mod hardening;
pub(crate) mod hwmon;
pub(crate) mod identity;
pub(crate) mod kernel_log;
mod live_image;
pub mod outside;
mod pci;
mod queries;
pub(crate) mod root;
mod session;
pub(crate) mod smart;
pub(crate) mod smbios;
mod table;
mod wipe;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::contract::context::NetworkPeer;
use crate::contract::types::Missing;
use crate::queries::Query;
use crate::seam::{Attempt, Machine, Session, Time};
use crate::tools::Toolbox;
use crate::{Decision, Identity, MachineError, Mandate};
pub use live_image::{LiveImage, MARKER};
use root::Root;

/// How a real machine is looked at.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder below which `sys`, `proc` and `dev` lie: `/`, or a tree copied from elsewhere.
    pub root: PathBuf,
    /// A folder with the tools; `None`: wherever they are installed.
    pub tools: Option<PathBuf>,
    /// The network peer; `None`: there is none.
    pub peer: Option<NetworkPeer>,
    /// Whether it was said that the machine was booted for a test. What else must be so is looked at.
    pub live_image: bool,
    /// The queries of a policy file, besides the built-in ones.
    pub queries: Vec<Query>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            root: PathBuf::from("/"),
            tools: None,
            peer: None,
            live_image: false,
            queries: Vec::new(),
        }
    }
}

/// The real machine.
#[derive(Clone, Debug)]
pub struct RealMachine {
    root: Root,
    tools: Toolbox,
    peer: Option<NetworkPeer>,
    /// Whether it was said that the machine was booted for a test.
    live_image: bool,
    /// The files whose reading blocks.
    blocked: files::Blocked,
    /// The queries of a policy file.
    queries: Arc<Vec<Query>>,
}

impl RealMachine {
    /// The machine that the options describe. Fails when the root is no folder.
    pub fn new(options: Options) -> Result<Self, MachineError> {
        let root = Root::new(&options.root)?;
        let tools = match (root.is_here(), Toolbox::new(options.tools)) {
            (true, tools) => tools,
            (false, tools) => tools.of_another_machine(),
        };
        Ok(Self {
            root,
            tools,
            peer: options.peer,
            live_image: options.live_image,
            blocked: files::Blocked::default(),
            queries: Arc::new(options.queries),
        })
    }

    /// What it calls itself on a network.
    pub fn host_names(&self) -> Vec<String> {
        let files = ["proc/sys/kernel/hostname", "etc/hostname"];
        files
            .iter()
            .filter_map(|file| self.root.value(file))
            .collect()
    }

    /// What of it can be looked at, and what to do about the rest.
    pub async fn check(&self) -> Vec<crate::check::Check> {
        check::all(&self.root, &self.tools, self.no_controller(), &self.queries).await
    }

    /// Whether it was booted for a test.
    pub fn live_image(&self) -> LiveImage {
        LiveImage::look(&self.root, self.live_image)
    }

    /// Whether its disks may be written to under a mandate, those of the names or all: what the wipe
    /// guard would say now. Nothing is written.
    pub fn wipe_check(&self, names: &[String], mandate: &Mandate) -> Vec<Decision> {
        let all = disks::names(&self.root);
        let names = if names.is_empty() { &all } else { names };
        let asked = |name: &String| {
            wipe::decide(&wipe::Question {
                root: &self.root,
                live_image: self.live_image,
                mandate,
                name,
                now: Duration::ZERO,
                used: &BTreeSet::new(),
            })
        };
        names.iter().map(|name| asked(name).0).collect()
    }

    /// Its tools.
    pub fn toolbox(&self) -> &Toolbox {
        &self.tools
    }

    /// Whether it is one that people carry about, by its battery or its chassis.
    pub fn is_portable(&self) -> bool {
        identity::has_battery(&self.root) || identity::is_portable(&self.root)
    }

    /// Why its management controller cannot be asked; `None` when it can be tried.
    fn no_controller(&self) -> Option<Missing> {
        bmc::missing(&self.root, &self.tools)
    }
}

#[async_trait]
impl Machine for RealMachine {
    fn name(&self) -> String {
        "real".into()
    }

    fn time(&self) -> Time {
        Time::Real
    }

    fn peer(&self) -> Option<NetworkPeer> {
        self.peer.clone()
    }

    fn parameters(&self, _stage: &str) -> Vec<(String, serde_json::Value)> {
        Vec::new()
    }

    fn capacity(&self) -> (u32, u64) {
        let cpus = capacity::usable(&self.root).len();
        let available = capacity::free_bytes(&self.root);
        (u32::try_from(cpus).unwrap_or(u32::MAX).max(1), available)
    }

    fn identity(&self) -> Identity {
        identity::read(&self.root)
    }

    fn is_live_image(&self) -> bool {
        self.live_image().is_on()
    }

    async fn begin(&self, attempt: Attempt) -> Result<Box<dyn Session>, MachineError> {
        Ok(Box::new(session::RealSession::new(self.clone(), attempt)))
    }
}
