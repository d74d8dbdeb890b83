//! `host`.

use std::path::Path;

use anyhow::Context as _;
use vetting_protocol::Identity;

use super::args::{HostCommand, ServerArgs};
use super::remote::{Remote, listed, shown, text};
use crate::spec::Spec;
use crate::store::hosts::Host;

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
            let host = Host {
                name,
                identity: Identity {
                    mac,
                    system_uuid,
                    board_serial,
                },
                spec: spec.as_deref().map(read_spec).transpose()?,
                created: crate::store::now(),
            };
            let host = remote.post(path, &host).await?;
            shown(&host, as_json, |h| text(h, "/name"));
        }
        HostCommand::List => {
            let hosts = remote.get(path).await?;
            listed(&hosts, as_json, |h| {
                format!("{} {}", text(h, "/name"), text(h, "/identity/mac"))
            });
        }
        HostCommand::Show { name } => {
            let host = remote.get(&format!("{path}/{name}")).await?;
            println!("{}", serde_json::to_string_pretty(&host)?);
        }
    }
    Ok(())
}

fn read_spec(file: &Path) -> anyhow::Result<Spec> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    Spec::parse(&text).with_context(|| file.display().to_string())
}
