//! `vetting stage sign`.

use anyhow::Context as _;
use serde_json::{Value, json};
use vetting_component::signature::{self, Binding, PublicKey, Signature};

use super::args::SignArgs;
use super::keys::secret_key;
use crate::cli::{Exit, Failure};
use crate::run;

/// Signs stages. What is no sound stage is not signed, and then none is.
pub(super) fn sign(args: &SignArgs) -> Result<Exit, Failure> {
    let mut sound = Vec::new();
    for file in &args.files {
        let bytes = super::component(file)?;
        let binding = run::check(&bytes)
            .map_err(anyhow::Error::from)
            .and_then(|contents| Ok(Binding::of(&contents.manifest, &bytes)?))
            .with_context(|| format!("{} is not signed", file.display()))
            .map_err(Failure::usage)?;
        sound.push((file, bytes, binding));
    }
    let key = secret_key(&args.secret_key).map_err(Failure::usage)?;
    let public = minisign::PublicKey::from_secret_key(&key).map_err(Failure::runtime)?;
    let trusted_key = [PublicKey::parse(&public.to_base64()).map_err(Failure::usage)?];
    let mut told: Vec<Value> = Vec::new();
    let mut text = String::new();
    for (file, bytes, binding) in &sound {
        let Binding {
            name,
            version,
            sha256,
        } = binding;
        let untrusted = format!("signature of the stage {name} {version}");
        let trusted = binding.to_string();
        let signed = minisign::sign(None, &key, &bytes[..], Some(&trusted), Some(&untrusted));
        let signed = signed.map_err(Failure::runtime)?.into_string();
        // Whatever is wrong with a key shows here, and not on some machine.
        signature::verify(bytes, signed.as_bytes(), &trusted_key, Some(name))
            .with_context(|| format!("the key {} is damaged", args.secret_key.display()))
            .map_err(Failure::usage)?;
        let signed = Signature::parse(signed.as_bytes()).map_err(Failure::runtime)?;
        let beside = signature::beside(file);
        std::fs::write(&beside, signed.text())
            .with_context(|| beside.display().to_string())
            .map_err(Failure::usage)?;
        let key = signed.key();
        text += &format!(
            "{name} {version} is signed by {key}: {}\n",
            beside.display()
        );
        told.push(json!({
            "name": name,
            "version": version.to_string(),
            "sha256": sha256,
            "key_id": key.to_string(),
            "signature_file": beside,
        }));
    }
    super::print(args.format, &Value::Array(told), &text)?;
    Ok(Exit::Passed)
}
