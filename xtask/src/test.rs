//! `cargo xtask test`: every test, and a table of what ran.

use crate::suites::{Suite, Suites};
use crate::{build, term};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, IsTerminal};
use std::time::Instant;
use testenv::progress::Shown;
use testenv::{Tool, Tools};

const EXAMPLE: &str = "\
Examples:
  cargo xtask test                           everything CI runs
  cargo xtask test -p alicloud-sign          one package
  cargo xtask test --test admission -- name  one suite, tests whose name holds `name`

The control-plane tools are built first where they are missing, about ten minutes on two cores, once.";

/// Arguments of `test`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Passed on to `cargo test`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    args: Vec<String>,
}

/// Prepares tools and binaries, runs the tests and counts them.
pub(crate) fn run(args: &Args) -> Result<()> {
    let started = Instant::now();
    term::heading("Tools of the test cluster");
    let tools = Tools::ensure(&Tool::ALL, &Shown)?;
    for (tool, path) in tools.iter() {
        term::note(&format!("{}  {}", tool.name(), path.display()));
    }
    term::heading("Operator, emulator and tests");
    // Also builds the binaries, with the features the tests have: a build of its own would compile twice.
    build::run(&["test", "--workspace", "--no-run"])?;
    term::heading("Tests");
    let (success, suites) = cargo_test(args)?;
    report(&suites);
    let failed = suites.iter().filter(|suite| !passed(suite)).count();
    let took = term::seconds(started.elapsed());
    if !success || failed > 0 {
        bail!("the tests failed: {failed} of {} suites, in {took}", suites.len());
    }
    term::seen(&format!("all {} suites passed in {took}", suites.len()));
    Ok(())
}

/// Runs `cargo test`, shows every line as it comes, and returns whether it succeeded, with its suites.
fn cargo_test(args: &Args) -> Result<(bool, Vec<Suite>)> {
    let mut arguments = vec!["test", "--no-fail-fast"];
    let chosen = |arg: &String| arg == "-p" || arg.starts_with("--package") || arg == "--workspace";
    if !args.args.iter().take_while(|arg| *arg != "--").any(chosen) {
        arguments.push("--workspace");
    }
    arguments.extend(args.args.iter().map(String::as_str));
    // One pipe for both keeps the lines in order: suites are announced on one, reported on the other.
    let (reader, writer) = std::io::pipe().context("making a pipe")?;
    let mut cargo = build::cargo(&arguments);
    cargo.stdout(writer.try_clone().context("sharing a pipe")?).stderr(writer);
    if std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        cargo.env("CARGO_TERM_COLOR", "always");
    }
    let mut child = cargo.spawn().context("starting cargo test")?;
    // The command holds the writing end; the pipe ends only when everybody has let go of it.
    drop(cargo);
    let mut suites = Suites::default();
    for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        suites.line(&console::strip_ansi_codes(&line));
    }
    let status = child.wait().context("waiting for cargo test")?;
    Ok((status.success(), suites.finish()))
}

fn passed(suite: &Suite) -> bool {
    suite.counts.as_ref().is_some_and(|counts| counts.failed == 0)
}

fn report(suites: &[Suite]) {
    term::heading("Suites");
    let row = |suite: &Suite| match &suite.counts {
        Some(counts) => [
            suite.name.clone(),
            counts.passed.to_string(),
            counts.failed.to_string(),
            counts.ignored.to_string(),
            counts.time.clone(),
        ],
        None => [suite.name.clone(), "-".into(), "did not report".into(), "-".into(), "-".into()],
    };
    term::table(["suite", "passed", "failed", "ignored", "time"], suites.iter().map(row));
}
