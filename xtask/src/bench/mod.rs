//! `cargo xtask bench cloudsim`: how fast the emulator is, with moto's server as the yardstick.
//!
//! Takes nothing from the machine but its ports; returns figures and fails when a promise is not kept. Must
//! never leave a server running.

mod load;
mod measure;
mod moto;
mod signed;
mod verdict;

use crate::build;
use anyhow::{Context, Result, bail};
use clap::{Subcommand, ValueEnum};
use measure::Amounts;
use moto::Moto;
use std::fs;
use testenv::progress::{Progress, Shown};
use testenv::{Custody, Emulator, custody, place};
use verdict::Figures;

const EXAMPLE: &str = "\
Examples:
  cargo xtask bench cloudsim                  all of it, some minutes
  cargo xtask bench cloudsim --quick          a tenth of it; promises are shown, not judged
  cargo xtask bench cloudsim --output json    for machines; progress goes to standard error

Needs python3 with venv and, once, a package index that pip reaches: moto is installed below target/.
Exit status 1 when a promise is not kept: 20 times moto's requests, GROUP BY within 1 s, below 100 MB.";

/// Arguments of `bench`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Measures the emulator: signed reads, `PutLogs`, a GROUP BY over a million events, memory.
    Cloudsim(Cloudsim),
}

#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
struct Cloudsim {
    /// How the figures are printed.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
    /// A tenth of the requests and events.
    #[arg(long)]
    quick: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people.
    Table,
    /// For machines.
    Json,
}

impl Cloudsim {
    fn amounts(&self) -> Amounts {
        let share = if self.quick { 10 } else { 1 };
        Amounts {
            reads: 10_000 / share,
            writes: 500 / share,
            moto: 500 / share,
            events: 1_000_000 / share as u64,
        }
    }
}

/// Measures, tells, and judges.
pub(crate) fn run(args: &Args) -> Result<()> {
    let What::Cloudsim(args) = &args.what;
    let progress = Shown;
    progress.note("building the emulator in release mode");
    build::run(&["build", "--release", "--package", "cloudsim", "--bin", "cloudsim"])?;
    let figures = measure(args.amounts(), &progress)?;
    match args.output {
        Output::Table => figures.show(),
        Output::Json => println!("{}", figures.json()),
    }
    let missed = figures.promises().iter().filter(|promise| !promise.kept).count();
    if args.quick {
        progress.note("a quick run judges no promise");
    } else if missed > 0 {
        bail!("{missed} of 3 promises were not kept");
    }
    Ok(())
}

fn measure(amounts: Amounts, progress: &dyn Progress) -> Result<Figures> {
    let before = load_average()?;
    let custody = Custody::new()?;
    let dir = custody::scratch(&custody)?;
    let moto = Moto::start(&dir, &custody, progress)?;
    let binary = place::target().join("release/cloudsim");
    let emulator = Emulator::start(&binary, &dir.join("cloud"), &custody)?;
    measure::prepare(&emulator)?;
    let cases = measure::throughput(&emulator, &moto, amounts, progress)?;
    let moto_version = moto.version.clone();
    // The yardstick was read; the analysis has the machine for itself.
    drop(moto);
    let analysis = measure::analysis(&emulator, amounts, progress)?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Ok(Figures { cases, analysis, moto_version, load: [before, load_average()?], cores })
}

/// The load over the last minute, as the system writes it.
fn load_average() -> Result<String> {
    let text = fs::read_to_string("/proc/loadavg").context("reading /proc/loadavg")?;
    Ok(text.split(' ').next().unwrap_or_default().to_owned())
}
