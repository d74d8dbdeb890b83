//! `host`.

use std::path::Path;

use anyhow::Context as _;
use vetting_protocol::Identity;

use super::args::{HostCommand, ServerArgs};
use super::print::line;
use super::remote::{Remote, lines, listed, removed, shown, text};
use crate::service::{HostChange, NewHost};
use crate::spec::Spec;

/// Does what the subcommand says.
pub async fn host(server: &ServerArgs, command: HostCommand, as_json: bool) -> anyhow::Result<()> {
    let remote = Remote::new(server)?;
    let path = "/api/v1/admin/hosts";
    match command {
        HostCommand::Add {
            name,
            mac,
            system_uuid,
            board_serial,
            spec,
        } => {
            let host = NewHost {
                name,
                identity: Identity {
                    mac,
                    system_uuid,
                    board_serial,
                },
                spec: spec.as_deref().map(read_spec).transpose()?,
            };
            let host = remote.post(path, &host).await?;
            shown(&host, as_json, |h| text(h, "/name"));
        }
        HostCommand::Set {
            name,
            mac,
            system_uuid,
            board_serial,
            spec,
            forget,
        } => {
            let change = HostChange {
                mac,
                system_uuid,
                board_serial,
                spec: spec.as_deref().map(read_spec).transpose()?,
                forget,
            };
            let changed = remote.post(&format!("{path}/{name}"), &change).await?;
            shown(&changed, as_json, |changed| {
                let lines = lines(changed, "/changes");
                if lines.is_empty() {
                    return "nothing changed".to_owned();
                }
                lines.join("\n")
            });
        }
        HostCommand::Remove { name, with_runs } => {
            let path = format!("{path}/{name}?with_runs={with_runs}");
            removed(&remote.delete(&path).await?, as_json);
        }
        HostCommand::Spec { sha256 } => {
            let spec = remote.get(&format!("/api/v1/admin/specs/{sha256}")).await?;
            line!("{}", serde_json::to_string_pretty(&spec)?);
        }
        HostCommand::List => {
            let hosts = remote.get(path).await?;
            listed(&hosts, as_json, |h| {
                format!("{} {}", text(h, "/name"), text(h, "/identity/mac"))
            });
        }
        HostCommand::Show { name } => {
            let host = remote.get(&format!("{path}/{name}")).await?;
            line!("{}", serde_json::to_string_pretty(&host)?);
        }
    }
    Ok(())
}

fn read_spec(file: &Path) -> anyhow::Result<Spec> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    Spec::parse(&text).with_context(|| file.display().to_string())
}
