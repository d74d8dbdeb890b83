//! The command line. `serve` and `operator` work on the database's folder; everything else is a call
//! to the server with an operator's token.

mod args;
mod audit;
mod files;
mod hosts;
mod operators;
mod print;
mod remote;
mod runs;
mod serve;
mod stages;
mod watch;

use std::process::ExitCode;

use clap::Parser as _;
use vetting_protocol::Lines;

/// Parses the command line and does what it says. Exit status: 0 done, 1 refused or failed, 2 wrong
/// usage; `run watch` ends with that of the run's verdict ([`vetting_report::RunVerdict`]).
pub fn main() -> ExitCode {
    let cli = args::Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("VETTING_LOG")
        .unwrap_or_else(|_unset| tracing_subscriber::EnvFilter::new("info,sqlx=warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Without colours, so that every escape in it is a stranger's.
        .with_ansi(false)
        .with_writer(|| Lines(std::io::stderr()))
        .init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            print::aside(&format!("vetting-orchestrator: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(async {
        match cli.command {
            args::Command::Run(args) => return runs::run(&cli.server, args, cli.json).await,
            args::Command::Serve(args) => serve::serve(*args).await,
            args::Command::Operator(args) => operators::operator(args, cli.json).await,
            args::Command::Host(args) => hosts::host(&cli.server, args, cli.json).await,
            args::Command::Audit(args) => audit::audit(&cli.server, args, cli.json).await,
            args::Command::Stage(args) => stages::stage(&cli.server, args, cli.json).await,
        }
        .map(|()| ExitCode::SUCCESS)
    });
    match done {
        Ok(status) => status,
        Err(error) => {
            print::aside(&format!("vetting-orchestrator: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
