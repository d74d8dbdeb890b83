//! What a stage component is, as a file: its manifest, its imports, and how one is put together.
//! Nothing here runs a component, so a registry or a reviewer can use it without an engine.

mod manifest;

pub use manifest::{Hardware, InterfaceRequest, Manifest, ManifestError};
