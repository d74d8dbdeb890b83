//! `files`: the kernel's files. A stage gets those that its manifest names and the policy does not
//! withhold; the machine's own rules come after.

use vetting_machine::files::{check_globs, check_paths};
use vetting_machine::{Reply, Request};

use super::bindings::vetting::stage::files::{Content, Ending, Host, Listing};
use super::{HostError, HostState, ask};

impl Host for HostState {
    async fn list(&mut self, globs: Vec<String>) -> Result<Listing, HostError> {
        // What is not well formed is answered by the machine.
        if check_globs(&globs).is_err() {
            let request = Request::FilesList { globs };
            return ask!(self, "files.list", request, Reply::FilesListing);
        }
        let mut granted = Vec::new();
        let mut unread = Vec::new();
        for glob in globs {
            match self.reads.glob(&glob) {
                Ok(()) => granted.push(glob),
                Err(why) => unread.push((glob, why)),
            }
        }
        self.carry_refused(unread.iter().map(|(glob, _)| glob.len()));
        let request = Request::FilesList { globs: granted };
        let mut listing: Listing = ask!(self, "files.list", request, Reply::FilesListing)?;
        let (reads, policy) = (&self.reads, &mut unread);
        listing
            .found
            .retain(|found| match reads.policy_lets(&found.path) {
                Ok(()) => true,
                Err(why) => {
                    policy.push((found.path.clone(), why));
                    false
                }
            });
        for (_, why) in &unread {
            self.notebook.denied("files.list", why);
        }
        let denied = unread
            .into_iter()
            .map(|(path, why)| (path, format!("denied: {why}")));
        listing.unread.extend(denied);
        Ok(listing)
    }

    async fn read(&mut self, paths: Vec<String>) -> Result<Vec<Content>, HostError> {
        if check_paths(&paths).is_err() {
            let request = Request::FilesRead { paths };
            return ask!(self, "files.read", request, Reply::FilesContents);
        }
        let mut granted = Vec::new();
        let mut denied = Vec::with_capacity(paths.len());
        let mut refused = Vec::new();
        for path in paths {
            let why = self.reads.file(&path).err();
            match why.is_none() {
                true => granted.push(path),
                false => refused.push(path.len()),
            }
            denied.push(why);
        }
        self.carry_refused(refused.into_iter());
        let request = Request::FilesRead { paths: granted };
        let contents: Vec<Content> = ask!(self, "files.read", request, Reply::FilesContents)?;
        let mut contents = contents.into_iter();
        let mut all = Vec::with_capacity(denied.len());
        for why in denied {
            match why {
                None => all.extend(contents.next()),
                Some(why) => {
                    self.notebook.denied("files.read", &why);
                    let bytes = Vec::new();
                    let ending = Ending::Denied(why);
                    all.push(Content { bytes, ending });
                }
            }
        }
        Ok(all)
    }
}

impl HostState {
    /// Counts what a guest asked for and the machine does not see.
    fn carry_refused(&mut self, bytes: impl Iterator<Item = usize>) {
        let bytes = bytes.fold(0, usize::saturating_add);
        self.carried = self.carried.saturating_add(bytes as u64);
    }
}
