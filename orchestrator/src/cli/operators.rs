//! `operator`: on the server itself, where whoever may read the database may name operators.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::json;

use super::args::OperatorCommand;
use super::print::{aside, line};
use crate::identity;
use crate::secret;
use crate::store::operators::{self, Operator, Roles};
use crate::store::{Store, audit, now};

/// Does what the subcommand says.
pub async fn operator(command: OperatorCommand, as_json: bool) -> anyhow::Result<()> {
    match command {
        OperatorCommand::Add {
            name,
            role,
            ssh_key,
            hosts,
            data,
        } => {
            let store = existing(&data).await?;
            let operator = Operator {
                name: valid(&name)?.to_owned(),
                roles: Roles::new(role),
                ssh_key: ssh_key.as_deref().map(public_key).transpose()?,
                hosts: patterns(hosts)?,
                created: now(),
            };
            let token = secret::token("vo");
            let mut tx = store.write().await?;
            if operators::get(&mut tx, &operator.name).await?.is_some() {
                bail!(
                    "the operator {name} exists: `operator set {name}` changes roles and key, \
                     `operator set {name} --new-token` makes a new token"
                );
            }
            operators::put(&mut tx, &operator, &secret::hash(&token)).await?;
            let what = format!("{}: {}", operator.name, operator.roles);
            audit::note(&mut tx, CONSOLE, "operator add", None, &what).await?;
            tx.commit().await?;
            if as_json {
                line!("{}", json!({ "operator": operator, "token": token }));
            } else {
                line!("{token}");
            }
        }
        OperatorCommand::Set {
            name,
            role,
            ssh_key,
            hosts,
            no_ssh_key,
            new_token,
            data,
        } => {
            let store = existing(&data).await?;
            let mut tx = store.write().await?;
            let Some((before, hash)) = operators::get(&mut tx, &name).await? else {
                bail!("there is no operator `{name}`");
            };
            let mut after = before.clone();
            if !role.is_empty() {
                after.roles = Roles::new(role);
            }
            if let Some(file) = &ssh_key {
                after.ssh_key = Some(public_key(file)?);
            }
            if !hosts.is_empty() {
                after.hosts = patterns(hosts)?;
            }
            if no_ssh_key {
                after.ssh_key = None;
            }
            let token = new_token.then(|| secret::token("vo"));
            let hash = token.as_deref().map_or(hash, secret::hash);
            operators::put(&mut tx, &after, &hash).await?;
            let changes = changes(&before, &after, new_token);
            if !changes.is_empty() {
                let what = format!("{name}: {}", changes.join("; "));
                audit::note(&mut tx, CONSOLE, "operator set", None, &what).await?;
            }
            tx.commit().await?;
            if as_json {
                line!(
                    "{}",
                    json!({ "operator": after, "changes": changes, "token": token })
                );
                return Ok(());
            }
            for change in &changes {
                aside(change);
            }
            if changes.is_empty() {
                aside("nothing changed");
            }
            if let Some(token) = token {
                line!("{token}");
            }
        }
        OperatorCommand::List { data } => {
            let store = existing(&data).await?;
            let all = operators::all(&mut *store.read().await?).await?;
            if as_json {
                line!("{}", serde_json::to_string_pretty(&all)?);
            }
            for operator in all.iter().filter(|_| !as_json) {
                let key = operator.ssh_key.as_deref().unwrap_or("no SSH key");
                line!(
                    "{}: {}; {key}; let in to {}",
                    operator.name,
                    operator.roles,
                    shown_hosts(operator)
                );
            }
        }
        OperatorCommand::Remove { name, data } => {
            let store = existing(&data).await?;
            let mut tx = store.write().await?;
            if !operators::remove(&mut tx, &name).await? {
                bail!("there is no operator `{name}`");
            }
            audit::note(&mut tx, CONSOLE, "operator remove", None, &name).await?;
            tx.commit().await?;
            if !as_json {
                line!("removed {name}; the token is worth nothing from now on");
                line!("stays: what the audit says, and the runs that {name} made");
            }
        }
    }
    Ok(())
}

/// Who acts here, as the audit has it: whoever may read the server's folder.
const CONSOLE: &str = "console";

/// The store of a folder that `serve` has made: a mistyped path must not become a database.
async fn existing(data: &Path) -> anyhow::Result<Store> {
    if !data.join("state.db").is_file() {
        bail!(
            "{} is not the data folder of an orchestrator: it has no state.db; name the one that \
             `serve --data` was started with",
            data.display()
        );
    }
    Ok(Store::open(data).await?)
}

/// An operator's name: it stands in audits, reports and on terminals.
fn valid(name: &str) -> anyhow::Result<&str> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "._@-".contains(c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(legal) {
        bail!(
            "invalid operator name `{}`: 1 to 64 letters, digits, '.', '_', '@' and '-'",
            name.escape_debug()
        );
    }
    Ok(name)
}

/// What is different, a line each.
fn changes(before: &Operator, after: &Operator, new_token: bool) -> Vec<String> {
    let mut changes = Vec::new();
    if before.roles != after.roles {
        changes.push(format!("roles: {} → {}", before.roles, after.roles));
    }
    if before.ssh_key != after.ssh_key {
        let shown = |key: &Option<String>| key.clone().unwrap_or_else(|| "none".to_owned());
        let (old, new) = (shown(&before.ssh_key), shown(&after.ssh_key));
        changes.push(format!("SSH key: {old} → {new}"));
    }
    if before.hosts != after.hosts {
        let (old, new) = (shown_hosts(before), shown_hosts(after));
        changes.push(format!("let in to: {old} → {new}"));
    }
    if new_token {
        changes.push("a new token; the one before is worth nothing from now on".to_owned());
    }
    changes
}

fn shown_hosts(operator: &Operator) -> String {
    if operator.hosts.is_empty() {
        return "all hosts that hold".to_owned();
    }
    operator.hosts.join(", ")
}

/// Patterns of hosts' names; `*` alone is all of them.
fn patterns(patterns: Vec<String>) -> anyhow::Result<Vec<String>> {
    for pattern in &patterns {
        let name = pattern.replace('*', "x");
        if identity::host_name(&name).is_err() {
            bail!(
                "invalid pattern of hosts `{}`: names of hosts, in which `*` stands for whatever is there",
                pattern.escape_debug()
            );
        }
    }
    let all = patterns.iter().any(|pattern| pattern == "*");
    Ok(if all { Vec::new() } else { patterns })
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
