//! `dir:PATH`: a machine that is a folder of evidence, a capture or a support bundle. Its files, documents,
//! readings and kernel log are judged as those of any other machine; loads cannot be run on it, and a stage
//! that needs one gets an error that says so.
//!
//! * [`manifest`]: `machine.toml`, which a person can write by hand;
//! * [`folder`]: everything that lies in the folder, read within bounds;
//! * [`evidence`]: what the folder answers to each request;
//! * [`log`]: the kernel's log as a file;
//! * [`session`]: one attempt, in virtual time;
//! * [`replaced`]: single documents put in the place of another machine's.
//!
//! Nothing in the folder is trusted: links lead inside it only, nothing but regular files is opened, and
//! every file has a bound.

mod error;
mod evidence;
mod folder;
pub(crate) mod log;
pub mod manifest;
mod replaced;
mod session;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use crate::contract::context::NetworkPeer;
use crate::{Attempt, Identity, Machine, MachineError, Session, Time};
pub use error::DirectoryError;
pub(crate) use evidence::place;
use folder::Folder;
pub(crate) use folder::{DISKS, DOCUMENTS, HWMON, KERNEL_LOG, MANIFEST, QUERIES, TREE};
pub use replaced::Replaced;
use session::DirectorySession;

/// A folder of evidence as a machine.
pub struct DirectoryMachine {
    name: String,
    folder: Arc<Folder>,
}

impl DirectoryMachine {
    /// The machine in a folder. `name` is what reports call it after `dir:`.
    ///
    /// # Errors
    ///
    /// [`DirectoryError`], which names the file and what is wrong with it.
    pub fn open(name: &str, path: &Path) -> Result<Self, DirectoryError> {
        Ok(DirectoryMachine {
            name: format!("dir:{name}"),
            folder: Arc::new(Folder::open(path)?),
        })
    }
}

#[async_trait]
impl Machine for DirectoryMachine {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn time(&self) -> Time {
        Time::Virtual
    }

    fn peer(&self) -> Option<NetworkPeer> {
        let peer = self.folder.manifest.peer.as_ref()?;
        Some(NetworkPeer {
            host: peer.host.clone(),
            port: peer.port,
            loopback: false,
        })
    }

    fn parameters(&self, stage: &str) -> Vec<(String, serde_json::Value)> {
        let of_stage = self.folder.manifest.parameters.get(stage);
        let of_stage = of_stage.into_iter().flatten();
        of_stage
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    fn capacity(&self) -> (u32, u64) {
        let manifest = &self.folder.manifest;
        (manifest.cpus.max(1), manifest.memory_bytes)
    }

    fn identity(&self) -> Identity {
        let tree = self.folder.tree.as_ref();
        tree.map(crate::real::identity::read).unwrap_or_default()
    }

    async fn begin(&self, attempt: Attempt) -> Result<Box<dyn Session>, MachineError> {
        let folder = Arc::clone(&self.folder);
        Ok(Box::new(DirectorySession::new(folder, attempt)))
    }
}
