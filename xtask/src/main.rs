//! The project's own commands.
//!
//! Takes command lines; prints what happens and exits 0 (done), 1 (something failed) or 2 (asked wrongly).
//! Must never leave a process running that the user was not told of.
#![allow(clippy::print_stdout, reason = "this is a command line program")]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking"))]

mod bench;
mod build;
mod check;
mod demo;
mod down;
mod envfile;
mod fuzz;
mod generate;
mod suites;
mod term;
mod test;
mod up;
mod world;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::fmt;
use std::process::ExitCode;

/// The project's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask demo                   the whole story, from nothing to nothing
  cargo xtask up --dir /tmp/it       a cluster, a cloud and the operator to play with
  . /tmp/it/env.sh                   tells the shell where they are
  cargo xtask down --dir /tmp/it     ends them

Exit status: 0 done, 1 something failed, 2 asked wrongly.";

#[derive(Subcommand)]
enum Command {
    /// Shows the main job end to end: control plane, emulator, operator, one InnerTrail, events, deletion.
    Demo(demo::Args),
    /// Starts control plane, emulator and operator in the background.
    Up(up::Args),
    /// Ends what `up` started.
    Down(down::Args),
    /// Runs every test, also those on a real API server: everything CI runs.
    Test(test::Args),
    /// Format, lints, dependency policy and the fast tests.
    Check(check::Args),
    /// Feeds inputs of every kind to what reads requests, queries and answers (docs/fuzzing.md).
    Fuzz(fuzz::Args),
    /// Writes the files that are made from the source: the CRD, the chart's copy of it, the reasons,
    /// the table of the emulator's operations.
    Generate(generate::Args),
    /// Measures how fast things are, and fails when they are slower than promised.
    Bench(bench::Args),
}

/// The command cannot be done as asked; nothing was changed.
#[derive(Debug)]
struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            term::error(&error);
            ExitCode::from(if error.is::<Refused>() { 2 } else { 1 })
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Demo(args) => demo::run(&args),
        Command::Up(args) => up::run(&args),
        Command::Down(args) => down::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Bench(args) => bench::run(&args),
    }
}
