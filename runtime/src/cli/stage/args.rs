//! The definitions of `vetting stage`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::args::Format;

/// `vetting stage`.
#[derive(Debug, Args)]
pub struct StageArgs {
    /// What to do
    #[command(subcommand)]
    pub command: StageCommand,
}

/// The subcommands of `vetting stage`.
#[derive(Debug, Subcommand)]
pub enum StageCommand {
    /// Make a project: a stage that builds, its tests, and machines to try it on
    New(NewArgs),
    /// Build the project's component, with its manifest in it
    Build(BuildArgs),
    /// Try the stage on simulated machines, and hold what it says against what it must say
    Test(TestArgs),
    /// Measure what the stage costs: loading, running, host calls, fuel, memory
    Bench(BenchArgs),
    /// Show what a stage is, what it asks for, and what it would get here
    Inspect(InspectArgs),
    /// Make a key pair to sign stages with
    Keygen(KeygenArgs),
    /// Sign stages; each signature goes beside its stage, as FILE.minisig
    Sign(SignArgs),
    /// Verify a stage's signature; exit status 1: it is refused
    Verify(VerifyArgs),
    /// Register the stage with an orchestrator
    Publish(PublishArgs),
}

/// `vetting stage new`.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// The stage's name; the project is a folder of this name
    pub name: PathBuf,
    /// The language
    #[arg(long, value_enum, default_value_t = LanguageChoice::Rust)]
    pub lang: LanguageChoice,
}

/// A language of projects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LanguageChoice {
    /// With cargo and a compiler for wasm32-unknown-unknown
    Rust,
    /// With componentize-py
    Python,
}

/// `vetting stage build`.
#[derive(Debug, Args)]
pub struct BuildArgs {
    /// The project's folder
    #[arg(default_value = ".", value_name = "DIR")]
    pub project: PathBuf,
}

/// Which component, and how it is loaded.
#[derive(Clone, Debug, Args)]
pub struct ComponentArgs {
    /// The project's folder
    #[arg(long, short = 'C', value_name = "DIR", default_value = ".")]
    pub project: PathBuf,
    /// Take this component as it is, and build nothing
    #[arg(long, value_name = "FILE")]
    pub component: Option<PathBuf>,
    /// Set a limit of the sandbox, such as memory=64MiB; may be repeated (`vetting run --limit list`
    /// lists them)
    #[arg(long, value_name = "NAME=VALUE")]
    pub limit: Vec<String>,
    /// Where compiled stages are kept [default: ~/.cache/vetting/code]
    #[arg(long, value_name = "DIR", env = "VETTING_CACHE")]
    pub cache: Option<PathBuf>,
}

/// `vetting stage test`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 each scenario went as expected, 1 one did not, 2 wrong usage, \
    or the stage does not build, 3 the runtime itself failed, 130 cancelled."
)]
pub struct TestArgs {
    /// The scenarios' files [default: all of scenarios/ in the project]
    #[arg(value_name = "SCENARIO")]
    pub scenarios: Vec<PathBuf>,
    /// Which component
    #[command(flatten)]
    pub component: ComponentArgs,
    /// Keep what the stage says now as the scenarios' snapshots, which later tests hold it against
    #[arg(long)]
    pub update: bool,
    /// Test again after each change of the project, until Ctrl-C
    #[arg(long, conflicts_with = "output")]
    pub watch: bool,
    /// Make a recording (`vetting run --record`) a scenario that expects what was recorded, and test it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scenarios", "watch", "update"])]
    pub from_recording: Option<PathBuf>,
    /// Print the scenarios' JSON Schema, for editors, and end
    #[arg(long)]
    pub schema: bool,
    /// The format
    #[arg(long, value_enum, default_value_t = TestFormat::Pretty)]
    pub format: TestFormat,
    /// Write the result to this file in that format, and lines for a person to standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// A format of `vetting stage test`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TestFormat {
    /// Lines for a person
    Pretty,
    /// Each scenario with its mismatches and the stage's record
    Json,
    /// A test case per scenario
    Junit,
}

/// `vetting stage bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// The scenario to run it in [default: the first of scenarios/]
    #[arg(value_name = "SCENARIO")]
    pub scenario: Option<PathBuf>,
    /// Which component
    #[command(flatten)]
    pub component: ComponentArgs,
    /// How often it is loaded and run
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,
    /// The format
    #[arg(long, value_enum, default_value_t = Format::Pretty)]
    pub format: Format,
}

/// `vetting stage publish`.
#[derive(Debug, Args)]
pub struct PublishArgs {
    /// The components, which are published all together or not at all [default: the project's in this folder]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The orchestrator's address, https://HOST:PORT
    #[arg(long, env = "VETTING_SERVER", value_name = "URL")]
    pub server: String,
    /// A SHA-256 fingerprint that its certificate or key may have; may be repeated
    #[arg(long, env = "VETTING_PIN", value_delimiter = ',', value_name = "PIN")]
    pub pin: Vec<String>,
    /// An operator's token, of the role publish; the environment or a file keeps it out of `ps`
    #[arg(long, env = "VETTING_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// A file with that token
    #[arg(long, value_name = "FILE", conflicts_with = "token")]
    pub token_file: Option<PathBuf>,
    /// Keep it for runs that ask for it by name and version, and let all others run what they did
    #[arg(long)]
    pub canary: bool,
    /// The format
    #[arg(long, value_enum, default_value_t = Format::Pretty)]
    pub format: Format,
}

/// `vetting stage inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// The stage's component
    pub file: PathBuf,
    /// The policy to hold it against [default: /etc/vetting/policy.toml where it is there]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Its signature [default: FILE.minisig where it is there]
    #[arg(long, value_name = "FILE")]
    pub signature: Option<PathBuf>,
    /// The format
    #[arg(long, value_enum, default_value_t = Format::Pretty)]
    pub format: Format,
}

/// `vetting stage keygen`.
#[derive(Debug, Args)]
pub struct KeygenArgs {
    /// Where the secret key goes
    #[arg(long, short, value_name = "FILE", default_value = "vetting.key")]
    pub secret_key: PathBuf,
    /// Where the public key goes
    #[arg(long, short, value_name = "FILE", default_value = "vetting.pub")]
    pub public_key: PathBuf,
    /// Do not ask for a password: whoever reads the secret key can sign
    #[arg(long, short = 'W')]
    pub no_password: bool,
    /// Replace files that are there
    #[arg(long)]
    pub force: bool,
    /// The format
    #[arg(long, value_enum, default_value_t = Format::Pretty)]
    pub format: Format,
}

/// `vetting stage sign`.
#[derive(Debug, Args)]
pub struct SignArgs {
    /// The stages' components
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The secret key; its password is asked for, or read as a line of standard input
    #[arg(long, short, value_name = "FILE", default_value = "vetting.key")]
    pub secret_key: PathBuf,
    /// The format
    #[arg(long, value_enum, default_value_t = Format::Pretty)]
    pub format: Format,
}

/// `vetting stage verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The stage's component
    pub file: PathBuf,
    /// A public key to trust, as a file or as its text; may be repeated
    #[arg(long, value_name = "KEY", conflicts_with = "policy")]
    pub key: Vec<String>,
    /// The policy whose keys are trusted [default: /etc/vetting/policy.toml where it is there]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Its signature [default: FILE.minisig]
    #[arg(long, value_name = "FILE")]
    pub signature: Option<PathBuf>,
    /// The format
    #[arg(long, value_enum, default_value_t = Format::Pretty)]
    pub format: Format,
}
