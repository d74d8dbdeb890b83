//! The command line's definitions. Completions and the manual page are made from them too.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use vetting_report::Format as ReportFormat;

use super::exit;
use super::recording::RecordArgs;
use super::stage::StageArgs;

/// Decides whether a server is fit for service, with sandboxed test stages over real tools.
#[derive(Debug, Parser)]
#[command(
    name = "vetting",
    version,
    after_help = exit::HELP,
    max_term_width = 100,
    disable_help_flag = true
)]
pub struct Cli {
    /// Print help
    // The short form: a line per option, so that all of it fits on the screen.
    #[arg(short, long, global = true, action = clap::ArgAction::HelpShort)]
    help: Option<bool>,
    /// Say more on standard error (-vv: still more)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Vet this machine, or a simulated one
    Run(Box<RunArgs>),
    /// Walk a run that an orchestrator decides
    Agent(Box<AgentArgs>),
    /// Write a run's JSON record in another format
    Report(ReportArgs),
    /// Look at a machine as stages see it
    Machine(MachineArgs),
    /// Make stages, try them, sign and publish them
    Stage(StageArgs),
    /// Print a completion script for a shell
    Completions(CompletionArgs),
    /// Print the manual page, or write one page per subcommand to a folder
    Man(ManArgs),
    /// Compile a component from standard input (the runtime starts this itself)
    #[command(hide = true, name = crate::engine::compile::SUBCOMMAND)]
    CompileComponent(CompileArgs),
}

/// Which machine.
#[derive(Clone, Debug, Args)]
pub struct MachineChoice {
    /// The machine: real, sim:PROFILE (a built-in's name or a TOML file), dir:FOLDER (evidence, such as
    /// a capture), replay:FILE (a recording)
    #[arg(long, default_value = "real", value_name = "MACHINE")]
    pub machine: String,
    /// Read sysfs, procfs and devices below this folder
    #[arg(long, default_value = "/", value_name = "DIR")]
    pub root: PathBuf,
    /// Look for tools in this folder before PATH
    #[arg(long, value_name = "DIR")]
    pub tools: Option<PathBuf>,
    /// The seed of everything random on a simulated machine
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// How many of a simulated machine's seconds pass in one of ours [default: as many as can]
    #[arg(long, value_name = "N", value_parser = pace)]
    pub pace: Option<f64>,
}

/// A pace: a positive number.
fn pace(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(pace) if pace.is_finite() && pace > 0.0 => Ok(pace),
        _ => Err("a positive number is needed: 1 is real time, 60 a minute per second".to_owned()),
    }
}

/// `vetting run`.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub struct RunArgs {
    /// The stages to run; all that the stages folder holds when none is named
    #[arg(value_name = "STAGE")]
    pub stages: Vec<String>,
    /// Which machine
    #[command(flatten)]
    pub machine: MachineChoice,
    /// The folder of stage components (*.wasm)
    #[arg(long = "stages", value_name = "DIR", env = "VETTING_STAGES")]
    pub folder: Option<PathBuf>,
    /// Whose signatures count, what stages get [default: /etc/vetting/policy.toml where it is there]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Set a stage's parameter; may be repeated
    #[arg(long, value_name = "STAGE.KEY=VALUE")]
    pub set: Vec<String>,
    /// Each stage's deadline, such as 90s or 10m [default: the stage's own]
    #[arg(long, value_name = "DUR", value_parser = deadline)]
    pub timeout: Option<Duration>,
    /// How long a stage has to return what it has after a cancel
    #[arg(long, value_name = "DUR", default_value = "2s", value_parser = period)]
    pub grace: Duration,
    /// The iperf3 server to measure the network against [default: one on loopback, for the run]
    #[arg(long, value_name = "HOST[:PORT]")]
    pub peer: Option<String>,
    /// Set a limit of the sandbox, such as memory=64MiB; may be repeated (`--limit list` lists them)
    #[arg(long, value_name = "NAME=VALUE")]
    pub limit: Vec<String>,
    /// Instructions a stage may compute on a simulated machine (the limit fuel)
    #[arg(long, value_name = "N")]
    pub fuel: Option<u64>,
    /// Whether it is recorded
    #[command(flatten)]
    pub recording: RecordArgs,
    /// Answer an error in an exchange's place, such as `call 412 = unavailable` or `smart.read#2 =
    /// timed-out`; may be repeated
    #[arg(long, value_name = "FAULT")]
    pub fault: Vec<String>,
    /// The report's format
    #[arg(long, value_parser = report_format(), default_value = "pretty")]
    pub format: ReportFormat,
    /// Write the report to this file, and the table to standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Where scratch files go; nothing else is written
    #[arg(long, value_name = "DIR", default_value = "/var/tmp")]
    pub scratch: PathBuf,
    /// Where compiled stages are kept [default: ~/.cache/vetting/code]
    #[arg(long, value_name = "DIR", env = "VETTING_CACHE")]
    pub cache: Option<PathBuf>,
    /// Keep no compiled stages
    #[arg(long, conflicts_with = "cache")]
    pub no_cache: bool,
}

/// `vetting agent`. Boot parameters come from flags, else the environment, else the kernel's command
/// line (`vetting.url=`, `vetting.run=`, `vetting.token=`, `vetting.pin=`, `vetting.mac=`,
/// `vetting.policy=`).
#[derive(Debug, Args)]
pub struct AgentArgs {
    /// The orchestrator's URL, https://HOST:PORT [env: VETTING_URL]
    #[arg(long)]
    pub url: Option<String>,
    /// The run's id [env: VETTING_RUN]
    #[arg(long)]
    pub run: Option<String>,
    /// The run's boot token; the environment or a file keeps it out of `ps` [env: VETTING_BOOT_TOKEN]
    #[arg(long)]
    pub token: Option<String>,
    /// A file with the boot token
    #[arg(long, value_name = "FILE", conflicts_with = "token")]
    pub token_file: Option<PathBuf>,
    /// A SHA-256 fingerprint that the orchestrator's certificate or key may have; may be repeated
    /// [env: VETTING_PIN]
    #[arg(long, value_delimiter = ',')]
    pub pin: Vec<String>,
    /// The MAC address that this machine was booted by [default: its first port's] [env: VETTING_MAC]
    #[arg(long)]
    pub mac: Option<String>,
    /// The file that says whose signatures count, and what stages get at most [default:
    /// /etc/vetting/policy.toml where it is there; with --live-image nothing runs without it] [env:
    /// VETTING_POLICY]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Where the kernel's command line is read
    #[arg(long, value_name = "FILE", default_value = "/proc/cmdline")]
    pub kernel_command_line: PathBuf,
    /// Print the boot parameters as they are taken, and end
    #[arg(long)]
    pub print_config: bool,
    /// Which machine
    #[command(flatten)]
    pub machine: MachineChoice,
    /// Allow powering off, letting operators in and writing to disks: the machine was booted for this
    ///
    /// It takes effect only where the image carries the marker /etc/vetting/live-image, the root file
    /// system lies on no block device, and the machine has no battery and no portable chassis;
    /// `vetting machine check` shows each, and `vetting machine check --wipe` what else a disk needs.
    #[arg(long)]
    pub live_image: bool,
    /// The system UUID that a simulated machine tells
    #[arg(long, value_name = "UUID")]
    pub system_uuid: Option<String>,
    /// The boot id that a simulated machine tells
    #[arg(long, value_name = "ID")]
    pub boot_id: Option<String>,
    /// Whether it is recorded
    #[command(flatten)]
    pub recording: RecordArgs,
    /// How often hello and claim are tried; 0: for ever
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub tries: u32,
    /// The first wait between two tries; it doubles to 30 s
    #[arg(long, value_name = "DUR", default_value = "2s", value_parser = period)]
    pub first_wait: Duration,
    /// How long a component's download may stand still
    #[arg(long, value_name = "DUR", default_value = "10s", value_parser = period)]
    pub stall: Duration,
    /// How long a stage has to return what it has after a cancel
    #[arg(long, value_name = "DUR", default_value = "2s", value_parser = period)]
    pub grace: Duration,
    /// The file that operators' SSH keys go to while the run holds [default: nowhere; in live-image
    /// mode /root/.ssh/authorized_keys]
    #[arg(long, value_name = "FILE")]
    pub hold_key_file: Option<PathBuf>,
    /// How many log lines, and how many samples, wait while the orchestrator is away
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    pub queue: usize,
    /// Where results wait until they are answered; emptied by a reboot
    #[arg(long, value_name = "DIR", default_value = "/run/vetting")]
    pub spool: PathBuf,
    /// Where scratch files go
    #[arg(long, value_name = "DIR", default_value = "/var/tmp")]
    pub scratch: PathBuf,
    /// Where compiled stages are kept [default: ~/.cache/vetting/code]
    #[arg(long, value_name = "DIR", env = "VETTING_CACHE")]
    pub cache: Option<PathBuf>,
    /// Set a limit of the sandbox, such as memory=64MiB; may be repeated (`vetting run --limit list`
    /// lists them)
    #[arg(long, value_name = "NAME=VALUE")]
    pub limit: Vec<String>,
}

/// How something is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table for a person
    Pretty,
    /// The stable record, as JSON
    Json,
}

/// A report's format, by its name.
fn report_format() -> impl TypedValueParser<Value = ReportFormat> {
    let formats = ReportFormat::ALL.map(|f| PossibleValue::new(f.name()).help(f.summary()));
    PossibleValuesParser::new(formats).try_map(|name| name.parse::<ReportFormat>())
}

/// `vetting report`.
#[derive(Debug, Args)]
#[command(after_help = exit::REPORT_HELP)]
pub struct ReportArgs {
    /// The record: what `vetting run --format json` or an orchestrator wrote; - is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The format
    #[arg(long, value_parser = report_format(), default_value = "pretty")]
    pub format: ReportFormat,
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `vetting machine`.
#[derive(Debug, Args)]
pub struct MachineArgs {
    /// What to do
    #[command(subcommand)]
    pub command: MachineCommand,
}

/// The subcommands of `vetting machine`.
#[derive(Debug, Subcommand)]
pub enum MachineCommand {
    /// Show what the machine tells
    Show(ShowArgs),
    /// Check which tools, rights and interfaces are there, and what to install
    Check(CheckArgs),
    /// List the simulated machines that are built in, or print the profile of one
    Profiles(super::profiles::ProfilesArgs),
    /// Write this machine down: as a profile, and as a tree for --root and --tools
    Capture(super::capture::CaptureArgs),
    /// Turn a sosreport or a folder of command outputs into a folder for --machine dir:FOLDER
    Import(super::import::ImportArgs),
}

/// `vetting machine show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Which part; all of them when none is named
    #[arg(value_enum)]
    pub topic: Option<Topic>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Print what the tool or the kernel printed
    #[arg(long, conflicts_with = "json", requires = "topic")]
    pub raw: bool,
    /// Print which row of each document became which facts, for smart, gpu, power and kernel-log
    #[arg(long, conflicts_with_all = ["json", "raw"], requires = "topic")]
    pub explain: bool,
    /// Which machine
    #[command(flatten)]
    pub machine: MachineChoice,
}

/// What can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Topic {
    /// Sensors
    Hwmon,
    /// What the machine is made of
    Inventory,
    /// Block devices
    Disks,
    /// What drives say of their health
    Smart,
    /// Graphics processors
    Gpu,
    /// Power supplies, rails, fans
    Power,
    /// The kernel's totals: throttling, memory errors, PCIe errors, network
    Counters,
    /// What the kernel's log reports: since boot, and in the next three seconds
    KernelLog,
}

/// `vetting machine check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Show what the wipe guard says of these disks, or of all; nothing is written
    #[arg(long, value_name = "DISK", num_args = 0..)]
    pub wipe: Option<Vec<String>>,
    /// A disk that is expected, by serial number, size in bytes and world-wide name; may be repeated
    #[arg(long, value_name = "SERIAL,BYTES[,WWN]", requires = "wipe")]
    pub expect: Vec<String>,
    /// A spec file whose `[[disks]]` are expected
    #[arg(long, value_name = "FILE", requires = "wipe")]
    pub spec: Option<PathBuf>,
    /// Show the queries of this policy file too
    #[arg(long, value_name = "FILE", conflicts_with = "wipe")]
    pub policy: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Read sysfs, procfs and devices below this folder
    #[arg(long, default_value = "/", value_name = "DIR")]
    pub root: PathBuf,
    /// Look for tools in this folder before PATH
    #[arg(long, value_name = "DIR")]
    pub tools: Option<PathBuf>,
}

/// `vetting completions`.
#[derive(Debug, Args)]
pub struct CompletionArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `vetting man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Write one page per subcommand to this folder
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// The compiler child.
#[derive(Debug, Args)]
pub struct CompileArgs {
    /// The engine's flavour
    #[arg(long)]
    pub flavour: String,
    /// Bytes of address space
    #[arg(long)]
    pub address_space: u64,
    /// Seconds of processor time
    #[arg(long)]
    pub cpu_seconds: u64,
    /// Functions of the last time come before the component, and are kept for the next
    #[arg(long)]
    pub functions: bool,
}

/// A stage's deadline.
fn deadline(text: &str) -> Result<Duration, String> {
    let told = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    vetting_component::deadline(told).map_err(|error| error.to_string())
}

/// A period of the runtime's own: none at all is one.
fn period(text: &str) -> Result<Duration, String> {
    let told = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    let most = vetting_component::MAX_TIMEOUT;
    (told <= most)
        .then_some(told)
        .ok_or_else(|| format!("{} at most", humantime::format_duration(most)))
}
