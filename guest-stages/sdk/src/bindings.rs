//! The contract's bindings, generated from `wit/`. Its documentation is there.
#![allow(missing_docs, clippy::all)]

wit_bindgen::generate!({
    path: "../../wit",
    world: "stage",
    generate_all,
    pub_export_macro: true,
    export_macro_name: "export",
    additional_derives: [PartialEq, serde::Serialize],
});

/// What the `stage!` macro needs of this module.
pub mod exports_of_stage {
    pub use super::export;
    pub use super::*;
}
