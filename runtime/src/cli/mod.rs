//! The command line. One file per subcommand; [`exit`] is the one table of exit statuses.

mod agent;
mod args;
mod capture;
mod completions;
mod exit;
mod explain;
mod import;
mod live;
mod machine;
mod machine_facts;
mod machine_files;
mod machine_gpus;
mod machine_inventory;
mod machine_power;
mod machine_tables;
mod open_files;
mod power_off;
mod print;
mod profiles;
mod recording;
mod report;
mod run;
mod settings;
mod signals;
mod stage;
mod wipe_check;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Cli, Command};
pub use exit::Exit;
use vetting_protocol::Lines;

use crate::engine::{Flavour, compile};

/// Parses the command line, does what it says, and turns everything into an exit status.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; where they cannot be printed, nobody reads them.
            let _printed = error.print();
            return if error.use_stderr() {
                Exit::Usage.into()
            } else {
                Exit::Passed.into()
            };
        }
    };
    if let Command::CompileComponent(args) = &cli.command {
        let Some(flavour) = Flavour::from_name(&args.flavour) else {
            return Exit::Usage.into();
        };
        let status = compile::child(compile::Told {
            flavour,
            address_space: args.address_space,
            cpu_seconds: args.cpu_seconds,
            functions: args.functions,
        });
        return ExitCode::from(u8::try_from(status).unwrap_or(1));
    }
    log_to_stderr(&cli);
    open_files::raise();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let done = match runtime {
        Ok(runtime) => {
            let done = runtime.block_on(dispatch(cli.command));
            // A blocking read of a broken device must not keep the program from ending.
            runtime.shutdown_background();
            done
        }
        Err(error) => Err(Failure::runtime(anyhow::Error::from(error))),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(failure) => {
            // Where standard error is gone (a closed terminal), the exit status still tells.
            print::aside(&format!("vetting: {:#}", failure.error));
            failure.exit.into()
        }
    }
}

async fn dispatch(command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Run(args) => run::run(*args).await,
        Command::Agent(args) => agent::agent(*args).await,
        Command::Report(args) => report::report(&args),
        Command::Machine(args) => machine::machine(args).await,
        Command::Stage(args) => stage::stage(args).await,
        Command::Completions(args) => completions::completions(&args),
        Command::Man(args) => completions::man(&args),
        Command::CompileComponent(_) => Ok(Exit::Usage),
    }
}

/// What went wrong, and the exit status it means.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    error: anyhow::Error,
}

impl Failure {
    /// Wrong use or configuration: nothing was run.
    pub fn usage(error: impl Into<anyhow::Error>) -> Self {
        Failure {
            exit: Exit::Usage,
            error: error.into(),
        }
    }

    /// The runtime itself failed.
    pub fn runtime(error: impl Into<anyhow::Error>) -> Self {
        Failure {
            exit: Exit::Runtime,
            error: error.into(),
        }
    }
}

/// Warnings go to standard error; `-v` and `VETTING_LOG` say more.
fn log_to_stderr(cli: &Cli) {
    let default = match cli.verbose {
        // Nobody sits before an agent: its log is all that there is.
        0 if matches!(cli.command, Command::Agent(_)) => "error,vetting_runtime::agent=info",
        0 => "error",
        1 => "vetting=info,warn",
        2 => "debug",
        _ => "trace",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("VETTING_LOG")
        .unwrap_or_else(|_unset| tracing_subscriber::EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Without colours, so that every escape in it is a stranger's.
        .with_ansi(false)
        .with_writer(|| Lines(std::io::stderr()))
        .init();
}
