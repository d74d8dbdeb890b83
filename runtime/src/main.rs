//! `vetting`: decides whether a bare-metal server is fit for service.

use std::process::ExitCode;

fn main() -> ExitCode {
    vetting_runtime::cli::main()
}
