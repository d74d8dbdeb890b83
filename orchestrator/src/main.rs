//! `vetting-orchestrator`: hosts, runs, stages, reports.

use std::process::ExitCode;

fn main() -> ExitCode {
    vetting_orchestrator::cli::main()
}
