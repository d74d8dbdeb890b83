//! Key pairs, in the files that `minisign` has them in.

use std::io::{IsTerminal as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minisign::{KeyPair, SecretKey, SecretKeyBox};
use serde_json::json;
use vetting_component::signature::PublicKey;

use super::args::KeygenArgs;
use crate::cli::{Exit, Failure};

/// For the owner alone.
const SECRET: u32 = 0o600;
/// For everybody to read.
const PUBLIC: u32 = 0o644;
/// Where a secret key's file says how it is encrypted, and what stands there when it is not.
/// (minisign's documentation, "Secret key format".)
const ENCRYPTION: std::ops::Range<usize> = 2..4;
const UNENCRYPTED: &[u8] = &[0, 0];

/// Makes a key pair.
pub(super) fn keygen(args: &KeygenArgs) -> Result<Exit, Failure> {
    for path in [&args.secret_key, &args.public_key] {
        if path.exists() && !args.force {
            let there = anyhow::anyhow!("{} is there; --force replaces it", path.display());
            return Err(Failure::usage(there));
        }
    }
    let pair = if args.no_password {
        KeyPair::generate_unencrypted_keypair()
    } else {
        let password = new_password().map_err(Failure::usage)?;
        KeyPair::generate_encrypted_keypair(Some(password))
    };
    let pair = pair.map_err(Failure::runtime)?;
    let public = pair.pk.to_box().map_err(Failure::runtime)?.to_string();
    let key = PublicKey::parse(&public).map_err(Failure::runtime)?;
    let comment = format!("minisign secret key of {}", key.id());
    let secret = pair.sk.to_box(Some(&comment)).map_err(Failure::runtime)?;
    write(&args.secret_key, &secret.to_string(), SECRET, args.force).map_err(Failure::usage)?;
    write(&args.public_key, &public, PUBLIC, args.force).map_err(Failure::usage)?;
    let line = pair.pk.to_base64();
    let json = json!({
        "key_id": key.id().to_string(),
        "public_key": line,
        "public_key_file": args.public_key,
        "secret_key_file": args.secret_key,
        "encrypted": !args.no_password,
    });
    let text = format!(
        "secret key {}: keep it where stages are signed\n\
         public key {}: for the policy of every image that is to trust it:\n\n\
         [[keys]]\nkey = \"{line}\"\ncomment = \"whose it is\"\n",
        args.secret_key.display(),
        args.public_key.display(),
    );
    super::print(args.format, &json, &text)?;
    Ok(Exit::Passed)
}

/// Reads a secret key, and asks for its password where it has one.
pub(super) fn secret_key(path: &Path) -> anyhow::Result<SecretKey> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the secret key {}", path.display()))?;
    let raw = text.lines().nth(1).and_then(|l| STANDARD.decode(l).ok());
    let encryption = raw.as_deref().and_then(|raw| raw.get(ENCRYPTION));
    let key = match (encryption, raw.as_deref()) {
        // Its checksum is not looked at: minisign writes none where there is no password.
        (Some(UNENCRYPTED), Some(raw)) => SecretKey::from_bytes(raw),
        (Some(_), _) => {
            let password = password("Password: ")?;
            SecretKeyBox::from(text).into_secret_key(Some(password))
        }
        (None, _) => bail!("{} is no secret key of minisign", path.display()),
    };
    key.with_context(|| format!("the secret key {}", path.display()))
}

fn new_password() -> anyhow::Result<String> {
    let password = self::password("Password for the secret key: ")?;
    if password.is_empty() {
        bail!("the password is empty; --no-password makes a key without one");
    }
    if std::io::stdin().is_terminal() && self::password("Once more: ")? != password {
        bail!("the two passwords differ; nothing was written");
    }
    Ok(password)
}

/// A password: asked for at a terminal, else a line of standard input.
fn password(prompt: &str) -> anyhow::Result<String> {
    if std::io::stdin().is_terminal() {
        return rpassword::prompt_password(prompt).context("the password could not be asked for");
    }
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .context("the password could not be read from standard input")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Writes a file beside its place, with its mode from the start, and then puts it there.
fn write(path: &Path, text: &str, mode: u32, force: bool) -> anyhow::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::Builder::new()
        .permissions(std::fs::Permissions::from_mode(mode))
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .with_context(|| path.display().to_string())?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.as_file().sync_all())
        .with_context(|| path.display().to_string())?;
    let put = if force {
        file.persist(path)
    } else {
        file.persist_noclobber(path)
    };
    put.with_context(|| path.display().to_string())?;
    Ok(())
}
