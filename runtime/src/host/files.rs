//! `files`: the kernel's files.

use vetting_machine::{Reply, Request};

use super::bindings::vetting::stage::files::{Content, Host, Listing};
use super::{HostError, HostState, ask};

impl Host for HostState {
    async fn list(&mut self, globs: Vec<String>) -> Result<Listing, HostError> {
        let request = Request::FilesList { globs };
        ask!(self, "files.list", request, Reply::FilesListing)
    }

    async fn read(&mut self, paths: Vec<String>) -> Result<Vec<Content>, HostError> {
        let request = Request::FilesRead { paths };
        ask!(self, "files.read", request, Reply::FilesContents)
    }
}
