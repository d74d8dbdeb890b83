//! What a stage component is, as a file: its manifest, its imports, its signature, and how one is put
//! together.
//! Nothing here runs a component, so a registry or a reviewer can use it without an engine.

mod contents;
mod digest;
mod error;
mod facts;
pub mod features;
mod manifest;
mod offered;
mod pack;
mod parameters;
mod reads;
mod rules;
mod secret;
pub mod signature;

pub use contents::{Contents, Import, Version, read};
pub use digest::digest;
pub use error::ComponentError;
pub use facts::{Facts, imported, is_of_facts};
pub use manifest::{
    BadDeadline, Hardware, InterfaceRequest, MAX_TIMEOUT, Manifest, check_manifest, deadline,
    is_name, needs_asking,
};
pub use offered::{CONTRACT, Offered, check_here, check_imports, missing, offered};
pub use pack::{describe, pack, wrap};
pub use parameters::{ParameterError, parameters, typed};
pub use rules::{Rule, RuleSeverity};
pub use secret::{BLANK, blank};

/// The contract's package.
pub const PACKAGE: &str = "vetting:stage";
/// The package of typed facts, which no runtime offers: a stage carries them.
pub const FACTS_PACKAGE: &str = "vetting:facts";
/// The custom section in which the SDK leaves the version of `vetting-facts` that a module is linked with, and in
/// which [`pack`] leaves it in the component.
pub const FACTS_SECTION: &str = "vetting:facts";
/// The custom section that holds the manifest.
pub const MANIFEST_SECTION: &str = "vetting:manifest";
/// The custom section in which the SDK leaves a module's parameters for [`pack`].
pub const PARAMETERS_SECTION: &str = "vetting:parameters";
/// The custom section in which the SDK leaves a module's rules for [`pack`].
pub const RULES_SECTION: &str = "vetting:rules";
/// The custom section in which the SDK leaves the globs that a module reads for [`pack`].
pub const FILES_SECTION: &str = "vetting:files";
/// The custom section in which the SDK leaves the queries that a module asks for [`pack`].
pub const QUERIES_SECTION: &str = "vetting:queries";
