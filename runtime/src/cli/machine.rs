//! `vetting machine`: looking at a machine as stages see it. Nothing is measured and nothing is
//! changed.

use std::time::Duration;

use serde_json::{Map, Value, json};
use vetting_machine::contract::types::Error;
use vetting_machine::real::{self, RealMachine};
use vetting_machine::{Attempt, Machine, Reply, Request, Session};

use super::args::{CheckArgs, MachineArgs, MachineCommand, ShowArgs, Topic};
use super::machine_facts::{self, ShownDrive, ShownLog};
use super::machine_files::{self, ShownCounters};
use super::machine_gpus::{self, ShownGpus};
use super::machine_inventory::{self, ShownInventory};
use super::machine_power::ShownPower;
use super::machine_tables as tables;
use super::run::{MachineGiven, machine as chosen};
use super::{Exit, Failure, print};
use crate::policy::Policy;

/// Dispatches the subcommand.
pub async fn machine(args: MachineArgs) -> Result<Exit, Failure> {
    match args.command {
        MachineCommand::Show(args) => show(args).await,
        MachineCommand::Check(args) => check(args).await,
        MachineCommand::Profiles(args) => super::profiles::profiles(&args),
        MachineCommand::Capture(args) => super::capture::capture(&args).await,
        MachineCommand::Import(args) => super::import::import(&args),
    }
}

/// All that `show` shows without being asked: everything that answers at once.
const ALL: [Topic; 7] = [
    Topic::Inventory,
    Topic::Hwmon,
    Topic::Disks,
    Topic::Smart,
    Topic::Gpu,
    Topic::Power,
    Topic::Counters,
];

async fn show(args: ShowArgs) -> Result<Exit, Failure> {
    let (machine, _no_server) = chosen(&args.machine, MachineGiven::default()).await?;
    let session = begin(&*machine, args.machine.machine.starts_with("replay:")).await?;
    let topics = args.topic.map_or(ALL.to_vec(), |topic| vec![topic]);
    let mut all = Map::new();
    let mut text = String::new();
    let mut unavailable = 0;
    for topic in &topics {
        let answer = ask(&*session, *topic).await;
        unavailable += usize::from(answer.is_err());
        if args.json {
            all.insert(name(*topic).to_owned(), as_json(&answer)?);
        } else {
            text.push_str(&format!("── {} ──\n", name(*topic)));
            text.push_str(&match &answer {
                Ok(shown) if args.raw => raw(shown)?,
                Ok(shown) if args.explain => explained(shown)?,
                Ok(shown) => tables::table(shown),
                Err(error) => format!("{error}\n"),
            });
            text.push('\n');
        }
    }
    let _nothing_ran = session.end().await;
    if args.json {
        // One topic is told as itself, several by name.
        let value = match (args.topic, all.len()) {
            (Some(topic), 1) => all.remove(name(topic)).unwrap_or(Value::Null),
            _ => Value::Object(all),
        };
        text = serde_json::to_string_pretty(&value).map_err(Failure::runtime)?;
        text.push('\n');
    }
    print::lines(&text)?;
    Ok(if unavailable == topics.len() {
        Exit::Inconclusive
    } else {
        Exit::Passed
    })
}

/// What was shown.
pub enum Shown {
    /// One reply.
    One(Box<Reply>),
    /// One drive after the other.
    Drives(Vec<ShownDrive>),
    /// What the machine is made of.
    Inventory(Box<ShownInventory>),
    /// The kernel's counters.
    Counters(Box<ShownCounters>),
    /// The GPUs.
    Gpus(ShownGpus),
    /// The kernel's log.
    Log(ShownLog),
    /// What the management controller answered.
    Power(ShownPower),
}

/// The documents themselves, where the topic has any.
fn raw(shown: &Shown) -> Result<String, Failure> {
    match shown {
        Shown::Drives(drives) => Ok(machine_facts::drives_raw(drives)),
        Shown::Inventory(inventory) => Ok(inventory.raw()),
        Shown::Counters(counters) => Ok(counters.raw()),
        Shown::Gpus(gpus) => Ok(gpus.raw()),
        Shown::Log(log) => Ok(log.raw()),
        Shown::Power(power) => Ok(power.raw()),
        Shown::One(_) => {
            let topics = "use --raw with smart, gpu, inventory, counters, power or kernel-log: the other topics have no document";
            Err(Failure::usage(anyhow::anyhow!(topics)))
        }
    }
}

/// Which row of each document became which facts, where the topic has documents.
fn explained(shown: &Shown) -> Result<String, Failure> {
    match shown {
        Shown::Drives(drives) => Ok(machine_facts::drives_explained(drives)),
        Shown::Gpus(gpus) => Ok(gpus.explained()),
        Shown::Log(log) => Ok(log.explained()),
        Shown::Power(power) => Ok(power.explained()),
        Shown::Inventory(_) | Shown::Counters(_) | Shown::One(_) => {
            let topics = "use --explain with smart, gpu, power or kernel-log: the other topics are files of one value each, or have no document";
            Err(Failure::usage(anyhow::anyhow!(topics)))
        }
    }
}

async fn ask(session: &dyn Session, topic: Topic) -> Result<Shown, Error> {
    let request = match topic {
        Topic::Hwmon => Request::Hwmon,
        Topic::Disks => Request::Disks,
        Topic::Inventory => {
            let inventory = machine_inventory::inventory(session).await?;
            return Ok(Shown::Inventory(Box::new(inventory)));
        }
        Topic::Counters => {
            return machine_files::counters(session)
                .await
                .map(|counters| Shown::Counters(Box::new(counters)));
        }
        Topic::Gpu => return machine_gpus::gpus(session).await.map(Shown::Gpus),
        Topic::Smart => return machine_facts::drives(session).await.map(Shown::Drives),
        Topic::KernelLog => return machine_facts::log(session).await.map(Shown::Log),
        Topic::Power => return ShownPower::ask(session).await.map(Shown::Power),
    };
    let reply = session.call(request).await?;
    Ok(Shown::One(Box::new(reply)))
}

async fn begin(machine: &dyn Machine, recorded: bool) -> Result<Box<dyn Session>, Failure> {
    let hour = Duration::from_secs(3600);
    let attempt = Attempt {
        seed: 1,
        deadline: hour,
        soft_deadline: hour,
        scratch: std::env::temp_dir(),
        cpu_allowance: 1,
        max_watches: 1,
        // A recording tells what it holds of any attempt.
        beside: recorded,
        ..Attempt::beside("machine show")
    };
    machine.begin(attempt).await.map_err(Failure::runtime)
}

fn as_json(answer: &Result<Shown, Error>) -> Result<Value, Failure> {
    let told = |reply: &Reply| -> Result<Value, serde_json::Error> {
        // A reply is `{"kind": value}`: the topic says the kind already.
        let value = serde_json::to_value(reply)?;
        Ok(match value {
            Value::Object(object) => object.into_iter().next().map_or(Value::Null, |(_, v)| v),
            other => other,
        })
    };
    let value = match answer {
        Ok(Shown::One(reply)) => told(reply),
        Ok(Shown::Drives(drives)) => machine_facts::drives_json(drives),
        Ok(Shown::Inventory(inventory)) => inventory.json(),
        Ok(Shown::Counters(counters)) => counters.json(),
        Ok(Shown::Gpus(gpus)) => gpus.json(),
        Ok(Shown::Log(log)) => log.json(),
        Ok(Shown::Power(power)) => power.json(),
        Err(error) => Ok(json!({ "error": error, "message": error.to_string() })),
    };
    value.map_err(Failure::runtime)
}

fn name(topic: Topic) -> &'static str {
    match topic {
        Topic::Hwmon => "hwmon",
        Topic::Inventory => "inventory",
        Topic::Disks => "disks",
        Topic::Smart => "smart",
        Topic::Gpu => "gpu",
        Topic::Power => "power",
        Topic::Counters => "counters",
        Topic::KernelLog => "kernel-log",
    }
}

async fn check(args: CheckArgs) -> Result<Exit, Failure> {
    if let Some(disks) = &args.wipe {
        let shown = super::wipe_check::shown(&args, disks)?;
        print::lines(&shown)?;
        return Ok(Exit::Passed);
    }
    let queries = match &args.policy {
        Some(file) => Policy::find(Some(file), false)
            .map_err(Failure::usage)?
            .queries(),
        None => Vec::new(),
    };
    let machine = RealMachine::new(real::Options {
        root: args.root,
        tools: args.tools,
        queries,
        ..real::Options::default()
    })
    .map_err(Failure::usage)?;
    let checks = machine.check().await;
    let text = if args.json {
        let json = serde_json::to_string_pretty(&checks).map_err(Failure::runtime)?;
        format!("{json}\n")
    } else {
        tables::checks(&checks)
    };
    // What is missing is the answer, not a failure to answer.
    print::lines(&text)?;
    Ok(Exit::Passed)
}
