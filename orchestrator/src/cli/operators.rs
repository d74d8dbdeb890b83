//! `operator`: on the server itself, where whoever may read the database may name operators.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::json;

use super::args::OperatorCommand;
use crate::secret;
use crate::store::operators::{self, Operator};
use crate::store::{Store, audit, now};

/// Does what the subcommand says.
pub async fn operator(command: OperatorCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        OperatorCommand::Add {
            name,
            role,
            ssh_key,
            data,
        } => {
            let operator = Operator {
                name,
                role,
                ssh_key: ssh_key.as_deref().map(public_key).transpose()?,
                created: now(),
            };
            let token = secret::token("vo");
            let store = Store::open(&data).await?;
            let mut tx = store.write().await?;
            operators::put(&mut tx, &operator, &secret::hash(&token)).await?;
            let what = format!("{} as {:?}", operator.name, operator.role);
            audit::note(&mut tx, "console", "operator add", None, &what).await?;
            tx.commit().await?;
            if as_json {
                println!("{}", json!({ "operator": operator, "token": token }));
            } else {
                println!("{token}");
            }
        }
        OperatorCommand::List { data } => {
            let store = Store::open(&data).await?;
            let all = operators::all(&mut *store.read().await?).await?;
            if as_json {
                println!("{}", serde_json::to_string_pretty(&all)?);
            }
            for operator in all.iter().filter(|_| !as_json) {
                let key = operator.ssh_key.as_deref().unwrap_or("no SSH key");
                println!("{} {:?} {key}", operator.name, operator.role);
            }
        }
        OperatorCommand::Remove { name, data } => {
            let store = Store::open(&data).await?;
            let mut tx = store.write().await?;
            if !operators::remove(&mut tx, &name).await? {
                bail!("there is no operator `{name}`");
            }
            audit::note(&mut tx, "console", "operator remove", None, &name).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// A public key of one line. A private one is refused: nobody should have sent it anywhere.
fn public_key(file: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    if text.contains("PRIVATE KEY") {
        bail!("{} is a private key; name the .pub file", file.display());
    }
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let (Some(line), None) = (lines.next(), lines.next()) else {
        bail!("{}: one public key on one line is needed", file.display());
    };
    let kinds = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"];
    if !kinds.iter().any(|kind| line.starts_with(kind)) || line.chars().any(char::is_control) {
        bail!("{}: `{line}` is no public SSH key", file.display());
    }
    Ok(line.to_owned())
}
