//! The `campana` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    campana_native::cli::main(std::env::args_os())
}
