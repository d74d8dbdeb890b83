//! A machine made of files, as a kernel would show them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;
use vetting_machine::contract::{disks, files, hwmon};
use vetting_machine::real::{Options, RealMachine};
use vetting_machine::{Attempt, Cancel, Machine, Reply, Request, Session};

/// A machine made of files.
pub struct Tree(tempfile::TempDir);

impl Tree {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn file(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, content).expect("a file");
        self
    }

    pub fn folder(&self, path: &str) -> &Self {
        fs::create_dir_all(self.path().join(path)).expect("a folder");
        self
    }

    pub fn link(&self, path: &str, target: &str) -> &Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        symlink(target, path).expect("a link");
        self
    }

    pub fn fifo(&self, path: &str) -> &Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).expect("a FIFO");
        self
    }

    pub fn machine(&self) -> RealMachine {
        let root = self.path().to_owned();
        RealMachine::new(Options {
            root,
            ..Options::default()
        })
        .expect("a machine")
    }

    pub async fn session(&self) -> Box<dyn Session> {
        let attempt = Attempt {
            stage: "Test".into(),
            number: 1,
            seed: 0,
            deadline: Duration::from_secs(60),
            soft_deadline: Duration::from_secs(58),
            cancel: Cancel::new(),
            grace: Duration::from_secs(1),
            peer: None,
            scratch: self.path().to_owned(),
            cpu_allowance: 1,
            memory_allowance_bytes: 1 << 20,
            max_tools: 1,
            max_watches: 1,
            mandate: vetting_machine::Mandate::default(),
            particulars: vetting_machine::Particulars::default(),
            beside: false,
        };
        self.machine().begin(attempt).await.expect("a session")
    }

    pub async fn ask(&self, request: Request) -> Reply {
        let answer = self.session().await.call(request.clone()).await;
        answer.unwrap_or_else(|error| panic!("{request:?}: {error}"))
    }

    pub async fn hwmon(&self) -> hwmon::Reading {
        match self.ask(Request::Hwmon).await {
            Reply::Hwmon(reading) => reading,
            other => panic!("{other:?}"),
        }
    }

    pub async fn list(&self, globs: &[&str]) -> files::Listing {
        let globs = globs.iter().map(|glob| (*glob).to_owned()).collect();
        match self.ask(Request::FilesList { globs }).await {
            Reply::FilesListing(listing) => listing,
            other => panic!("{other:?}"),
        }
    }

    pub async fn read(&self, paths: &[&str]) -> Vec<files::Content> {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        match self.ask(Request::FilesRead { paths }).await {
            Reply::FilesContents(contents) => contents,
            other => panic!("{other:?}"),
        }
    }

    pub async fn disks(&self) -> Vec<disks::Disk> {
        match self.ask(Request::Disks).await {
            Reply::Disks(list) => list,
            other => panic!("{other:?}"),
        }
    }

    pub async fn gpus(&self) -> Vec<String> {
        match self.ask(Request::GpuDevices).await {
            Reply::GpuDevices(devices) => devices,
            other => panic!("{other:?}"),
        }
    }

    pub async fn smart(&self) -> Vec<String> {
        match self.ask(Request::SmartDevices).await {
            Reply::SmartDevices(devices) => devices,
            other => panic!("{other:?}"),
        }
    }
}
