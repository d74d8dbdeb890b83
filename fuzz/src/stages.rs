//! Components, their manifests and their signatures, as they come from whoever uploads them.

use vetting_component::signature::{PublicKey, Signature};
use vetting_component::{
    Contents, Manifest, check_imports, check_manifest, offered, parameters, read, typed,
};

/// A whole component.
pub fn component(bytes: &[u8]) {
    if let Ok(contents) = read(bytes) {
        looked_at(&contents);
    }
}

/// A detached signature; of the bytes `x`, which the corpus signs.
pub fn signature(bytes: &[u8]) {
    if let Ok(signature) = Signature::parse(bytes) {
        assert_eq!(signature.text().as_bytes(), bytes, "it is kept as it came");
        let _any_answer = signature.binding();
        let _any_answer = signature.is_for(b"x");
    }
}

/// A public key, as a line or a file.
pub fn public_key(bytes: &[u8]) {
    if let Ok(key) = PublicKey::parse(&String::from_utf8_lossy(bytes)) {
        let _shown = key.id().to_string();
    }
}

/// A manifest by itself, of a component that imports nothing.
pub fn manifest(bytes: &[u8]) {
    if let Ok(manifest) = serde_json::from_slice(bytes) {
        let imports = Vec::new();
        let exports = Vec::new();
        looked_at(&Contents {
            manifest,
            imports,
            exports,
            facts: Vec::new(),
        });
    }
}

fn looked_at(contents: &Contents) {
    let _any_answer = check_imports(&contents.imports, offered());
    let _any_answer = check_manifest(contents);
    let manifest = &contents.manifest;
    for rule in &manifest.rules {
        let same = rule.limit_in_words(|name| format!("{{{name}}}"));
        assert_eq!(same, rule.limit, "nothing of it is lost");
    }
    if let Ok(defaults) = parameters(manifest, &[]) {
        let given: Vec<_> = defaults.into_iter().collect();
        let _any_answer = parameters(manifest, &given);
        for (name, value) in &given {
            let _any_answer = typed(manifest, name, &value.to_string());
        }
    }
}

/// A parameter as a command line gives it, `NAME=VALUE`, to a stage that has one of each type.
pub fn parameter(bytes: &[u8]) {
    const STAGE: &str = r#"{ "name": "Fuzz", "version": "1.0.0", "summary": "s",
        "timeout_seconds": 1, "parameters": { "type": "object", "properties": {
            "duration": { "type": "string", "format": "vetting-duration" },
            "count": { "type": ["integer", "null"], "minimum": 0, "maximum": 9 },
            "floor": { "type": "number" }, "strict": { "type": "boolean" },
            "mode": { "enum": ["all", "one"] } } } }"#;
    let Ok(manifest) = serde_json::from_str::<Manifest>(STAGE) else {
        panic!("the manifest of this file");
    };
    let text = String::from_utf8_lossy(bytes);
    let (name, value) = text.split_once('=').unwrap_or((&text, ""));
    let given = typed(&manifest, name, value);
    if let Ok(given) = given {
        // What fits as a text fits as the value that it is.
        let given = [(name.to_owned(), given)];
        assert!(parameters(&manifest, &given).is_ok(), "{given:?}");
    }
}
