//! What a machine is made of.

use vetting_facts::inventory::{self, Given};

use crate::Facts;
use crate::bindings::exports::vetting::facts::inventory::{File, Guest, Link};
use crate::counters::gathered;

impl Guest for Facts {
    fn globs() -> Vec<String> {
        let globs = inventory::FILES.iter().map(|glob| (*glob).to_owned());
        globs.collect()
    }

    fn link_globs() -> Vec<String> {
        let globs = inventory::LINKS.iter().map(|glob| (*glob).to_owned());
        globs.collect()
    }

    fn read_inventory(files: Vec<File>, links: Vec<Link>) -> Result<String, String> {
        let files = gathered(files, links);
        let found = inventory::inventory(&files, &Given::default());
        serde_json::to_string(&found).map_err(|error| format!("the inventory as JSON: {error}"))
    }
}
