//! The interfaces' bindings, generated from `wit/`. Their documentation is there.
#![allow(missing_docs, clippy::all)]
#![cfg_attr(not(target_family = "wasm"), allow(unused))]

wit_bindgen::generate!({
    path: "wit",
    world: "facts",
    generate_all,
    pub_export_macro: true,
    export_macro_name: "export",
    additional_derives: [PartialEq],
});
