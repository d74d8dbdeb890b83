//! `vetting stage verify`.

use std::path::Path;

use anyhow::Context as _;
use serde_json::json;
use vetting_component::signature::{self, PublicKey, Signed};

use super::args::VerifyArgs;
use crate::cli::run::policy;
use crate::cli::{Exit, Failure};
use crate::policy::{Admitted, Policy};
use vetting_protocol::printable;

/// Verifies a stage's signature as an agent does.
pub(super) fn verify(args: &VerifyArgs) -> Result<Exit, Failure> {
    let trusted = Trusted::of(args)?;
    let bytes = super::component(&args.file)?;
    match signed(args, &trusted, &bytes) {
        Ok(signed) => {
            let (name, version) = (&signed.binding.name, signed.binding.version);
            let comment = trusted.comment(&signed);
            let json = json!({
                "verified": true,
                "name": name,
                "version": version.to_string(),
                "sha256": signed.binding.sha256,
                "key_id": signed.key.to_string(),
                "key_comment": comment,
            });
            let comment = comment.map(|c| format!(" ({})", printable(c)));
            let text = format!(
                "{name} {version} is signed by {}{}\n",
                signed.key,
                comment.unwrap_or_default()
            );
            super::print(args.format, &json, &text)?;
            Ok(Exit::Passed)
        }
        Err(reason) => {
            let reason = format!("{reason:#}");
            let json = json!({ "verified": false, "reason": reason });
            let text = format!("refused: {reason}\n");
            super::print(args.format, &json, &text)?;
            Ok(Exit::Failed)
        }
    }
}

/// Whom the caller trusts.
enum Trusted {
    Keys(Vec<PublicKey>),
    Policy(Policy),
}

impl Trusted {
    fn of(args: &VerifyArgs) -> Result<Self, Failure> {
        if !args.key.is_empty() {
            let keys = args.key.iter().map(|key| public_key(key));
            let keys = keys.collect::<anyhow::Result<_>>();
            return Ok(Trusted::Keys(keys.map_err(Failure::usage)?));
        }
        match policy(args.policy.as_deref())? {
            Policy::Open => Err(Failure::usage(anyhow::anyhow!(
                "nothing says whose signatures count: give --key KEY or --policy FILE"
            ))),
            policy => Ok(Trusted::Policy(policy)),
        }
    }

    /// What the policy says of the key.
    fn comment(&self, signed: &Signed) -> Option<&str> {
        match self {
            Trusted::Policy(Policy::File { rules, .. }) => {
                rules.comments.get(&signed.key).map(String::as_str)
            }
            _ => None,
        }
    }
}

/// A public key: the text itself, or the file that it is in.
fn public_key(given: &str) -> anyhow::Result<PublicKey> {
    let text = match std::fs::read_to_string(Path::new(given)) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => given.to_owned(),
        Err(error) => return Err(error).with_context(|| format!("--key {given}")),
    };
    PublicKey::parse(&text).with_context(|| format!("--key {given}"))
}

fn signed(args: &VerifyArgs, trusted: &Trusted, bytes: &[u8]) -> anyhow::Result<Signed> {
    let beside = signature::beside(&args.file);
    let path = args.signature.as_ref().unwrap_or(&beside);
    let signature = signature::read_file(path)?;
    let signature =
        signature.with_context(|| format!("it is not signed: there is no {}", path.display()))?;
    let signed = match trusted {
        Trusted::Keys(keys) => signature::verify(bytes, &signature, keys, None)?,
        Trusted::Policy(policy) => match policy.admit(bytes, Some(&signature), None)? {
            Admitted::Signed(signed) => signed,
            Admitted::Unchecked | Admitted::Unsigned => anyhow::bail!("it was not verified"),
        },
    };
    // Only now is a byte of it parsed.
    let contents = vetting_component::read(bytes)?;
    signed.binding.describes(&contents.manifest)?;
    Ok(signed)
}
