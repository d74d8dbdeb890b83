//! The command line's definitions.

mod serve;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Parser, Subcommand};
use vetting_report::Format;

pub use serve::ServeArgs;

use crate::service::Forgettable;
use crate::store::operators::Role;

/// Steers the agents of live images: hosts, runs, stages, reports.
#[derive(Debug, Parser)]
#[command(name = "vetting-orchestrator", version, max_term_width = 100)]
pub struct Cli {
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// The server, for everything but `serve` and `operator`
    #[command(flatten)]
    pub server: ServerArgs,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// Which server, and who calls.
#[derive(Debug, Args)]
pub struct ServerArgs {
    /// The server's URL
    #[arg(
        long,
        global = true,
        env = "VETTING_SERVER",
        default_value = "https://127.0.0.1:8443"
    )]
    pub server: String,
    /// The SHA-256 fingerprint of its certificate or key; may be repeated [default: the system's roots]
    #[arg(long, global = true, env = "VETTING_PIN", value_delimiter = ',')]
    pub pin: Vec<String>,
    /// The operator's token; a file keeps it out of `ps` and the shell's history
    #[arg(long, global = true, env = "VETTING_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// A file with the operator's token
    #[arg(long, global = true, env = "VETTING_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve agents and operators
    Serve(Box<ServeArgs>),
    /// Hosts
    #[command(subcommand)]
    Host(HostCommand),
    /// Runs
    #[command(subcommand)]
    Run(RunCommand),
    /// Operators, on the server itself
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// The stage registry
    #[command(subcommand)]
    Stage(StageCommand),
    /// List who did what, newest first
    Audit(super::audit::AuditArgs),
}

/// `host`.
#[derive(Debug, Subcommand)]
pub enum HostCommand {
    /// Add a host
    Add {
        /// Its name: letters, digits, '.', '-' and '_'
        name: String,
        /// The MAC address that it boots by
        #[arg(long)]
        mac: String,
        /// SMBIOS' system UUID
        #[arg(long)]
        system_uuid: Option<String>,
        /// The board's serial number
        #[arg(long)]
        board_serial: Option<String>,
        /// What it should be made of (TOML or JSON)
        #[arg(long, value_name = "FILE")]
        spec: Option<PathBuf>,
    },
    /// Change what is known of a host, and print what changed; what is not given stays
    Set {
        /// Which
        name: String,
        /// The MAC address that it boots by
        #[arg(long)]
        mac: Option<String>,
        /// SMBIOS' system UUID
        #[arg(long)]
        system_uuid: Option<String>,
        /// The board's serial number
        #[arg(long)]
        board_serial: Option<String>,
        /// What it should be made of (TOML or JSON)
        #[arg(long, value_name = "FILE")]
        spec: Option<PathBuf>,
        /// Forget this of it; may be repeated
        #[arg(long, value_enum)]
        forget: Vec<Forgettable>,
    },
    /// List the hosts
    List,
    /// Show a host and its runs
    Show {
        /// Which
        name: String,
    },
    /// Show a spec that a host has or had; reports and the audit name specs by their sha256
    Spec {
        /// The spec's sha256
        sha256: String,
    },
    /// Remove a host
    Remove {
        /// Which
        name: String,
        /// Remove its runs and their reports too
        #[arg(long)]
        with_runs: bool,
    },
}

/// `run`.
#[derive(Debug, Subcommand)]
pub enum RunCommand {
    /// Make a run of a host; prints what the host is booted with
    Create {
        /// The host
        host: String,
        /// Only these stages
        #[arg(long = "stage", value_name = "STAGE")]
        stages: Vec<String>,
        /// Set a stage's parameter; may be repeated
        #[arg(long, value_name = "STAGE.KEY=VALUE")]
        set: Vec<String>,
        /// Set a stage's deadline, such as Storage=10m; may be repeated
        #[arg(long, value_name = "STAGE=DUR")]
        timeout: Vec<String>,
        /// Try this published version in this run alone; may be repeated
        #[arg(long, value_name = "NAME@VERSION")]
        canary: Vec<String>,
        /// Let stages write to the disks that the host's spec names
        #[arg(long)]
        destructive: bool,
    },
    /// List the runs, newest first
    List,
    /// Show a run
    Show {
        /// Which
        run: String,
    },
    /// Follow a run until it is over or holds, also across a restart of the orchestrator
    ///
    /// Exit status: 0 the run passed, 1 a stage failed, 3 the runtime failed, 4 something could not be
    /// judged, 130 it was cancelled; 1 also where the orchestrator refuses.
    Watch {
        /// Which
        run: String,
    },
    /// Print a run's report
    Report {
        /// Which
        run: String,
        /// The format
        #[arg(long, value_parser = formats(), default_value = "pretty")]
        format: String,
    },
    /// Fetch a file about a run that its agent gathered; `run show` lists them
    Artifact {
        /// Which run
        run: String,
        /// The file's sha256
        sha256: String,
        /// Where to write it [default: standard output]
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Cancel the stage at work; its result is delivered, and the machine powers off
    Cancel {
        /// Which run
        run: String,
        /// Which stage [default: the one at work]
        #[arg(long)]
        stage: Option<String>,
        /// Which attempt [default: the newest]
        #[arg(long)]
        attempt: Option<u32>,
    },
    /// Stop what runs and end the agent; the machine stays up
    Abort {
        /// Which run
        run: String,
    },
    /// Run a stage again while the run holds
    Retry {
        /// Which run
        run: String,
        /// Which stage, or SpecValidate [default: where it stopped]
        #[arg(long)]
        stage: Option<String>,
        /// A disk (serial number or world-wide name) that may be wiped; may be repeated
        #[arg(long, value_name = "SERIAL")]
        wipe: Vec<String>,
        /// Run this component instead
        #[arg(long, value_name = "FILE")]
        stage_component: Option<PathBuf>,
        /// That component's signature [default: FILE.minisig where it is there]
        #[arg(long, value_name = "FILE", requires = "stage_component")]
        signature: Option<PathBuf>,
    },
    /// Stop what runs and power the machine off
    Shutdown {
        /// Which run
        run: String,
    },
    /// Remove a run that is over, with its results, report, evidence and log
    Remove {
        /// Which
        run: String,
    },
}

/// `operator`.
#[derive(Debug, Subcommand)]
pub enum OperatorCommand {
    /// Add an operator; prints the token, once
    Add {
        /// The name
        name: String,
        /// What the operator may do; may be repeated: roles do not contain each other, but for admin,
        /// who may do everything
        #[arg(long, value_enum, default_values_t = [Role::View])]
        role: Vec<Role>,
        /// A file with the public SSH key that machines let in while they hold (role operate)
        #[arg(long, value_name = "FILE")]
        ssh_key: Option<PathBuf>,
        /// Let the key in to hosts of this name alone, in which `*` stands for whatever is there; may be
        /// repeated [default: to all]
        #[arg(long, value_name = "PATTERN")]
        hosts: Vec<String>,
        /// The server's folder
        #[arg(long, default_value = "/var/lib/vetting", value_name = "DIR")]
        data: PathBuf,
    },
    /// Change an operator, and print what changed; what is not given stays
    Set {
        /// The name
        name: String,
        /// The roles instead of those that there are; may be repeated
        #[arg(long, value_enum)]
        role: Vec<Role>,
        /// A file with another public SSH key
        #[arg(long, value_name = "FILE")]
        ssh_key: Option<PathBuf>,
        /// Let the key in to hosts of this name alone, instead of those that there are; `*` for all
        #[arg(long, value_name = "PATTERN")]
        hosts: Vec<String>,
        /// Forget the SSH key
        #[arg(long, conflicts_with = "ssh_key")]
        no_ssh_key: bool,
        /// Make a new token and print it, once
        #[arg(long)]
        new_token: bool,
        /// The server's folder
        #[arg(long, default_value = "/var/lib/vetting", value_name = "DIR")]
        data: PathBuf,
    },
    /// List the operators
    List {
        /// The server's folder
        #[arg(long, default_value = "/var/lib/vetting", value_name = "DIR")]
        data: PathBuf,
    },
    /// Remove an operator
    Remove {
        /// The name
        name: String,
        /// The server's folder
        #[arg(long, default_value = "/var/lib/vetting", value_name = "DIR")]
        data: PathBuf,
    },
}

/// `stage`.
#[derive(Debug, Subcommand)]
pub enum StageCommand {
    /// Register stages, or replace what they run
    Add {
        /// Components, or folders of them
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The signature of the one component [default: each FILE.minisig that is there]
        #[arg(long, value_name = "FILE")]
        signature: Option<PathBuf>,
        /// Grant only this interface; may be repeated [default: all that it asks for]
        #[arg(long, value_name = "INTERFACE")]
        grant: Vec<String>,
        /// Set a parameter; may be repeated
        #[arg(long, value_name = "KEY=VALUE")]
        set: Vec<String>,
        /// Its deadline
        #[arg(long, value_name = "DUR", value_parser = deadline)]
        timeout: Option<Duration>,
        /// Where it stands in a pipeline; lower is earlier
        #[arg(long)]
        position: Option<i64>,
        /// Keep it for runs that ask for it, and let all others run what they did
        #[arg(long)]
        canary: bool,
        /// Refuse later components of this name
        #[arg(long, conflicts_with = "unpinned")]
        pinned: bool,
        /// Take later components again
        #[arg(long)]
        unpinned: bool,
    },
    /// List the stages, in the order of a pipeline
    List,
    /// Show a stage
    Show {
        /// Which
        name: String,
    },
    /// List every version of a stage that was published
    Releases {
        /// Which stage
        name: String,
    },
    /// Make a published version the one that new runs run: a canary, or an older one again
    Use {
        /// Which
        #[arg(value_name = "NAME@VERSION")]
        release: String,
    },
    /// Remove a stage from the registry
    Remove {
        /// Which
        name: String,
    },
}

/// The formats of a report, by their names.
fn formats() -> PossibleValuesParser {
    let value = |format: Format| PossibleValue::new(format.name()).help(format.summary());
    Format::ALL.map(value).into()
}

/// A stage's deadline, in whole seconds.
pub(super) fn deadline(text: &str) -> Result<Duration, String> {
    let told = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    let seconds = Duration::from_secs(told.as_secs());
    vetting_component::deadline(seconds).map_err(|error| error.to_string())
}
