//! The interfaces' bindings, generated from `wit/`. Their documentation is there.
#![allow(missing_docs, clippy::all)]

wit_bindgen::generate!({
    path: "wit",
    world: "facts",
    generate_all,
    pub_export_macro: true,
    export_macro_name: "export",
    additional_derives: [PartialEq],
});
