//! The definitions of `vetting stage`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

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
    /// Show what a stage is, what it asks for, and what it would get here
    Inspect(InspectArgs),
    /// Make a key pair to sign stages with
    Keygen(KeygenArgs),
    /// Sign stages; each signature goes beside its stage, as FILE.minisig
    Sign(SignArgs),
    /// Verify a stage's signature; exit status 1: it is refused
    Verify(VerifyArgs),
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
