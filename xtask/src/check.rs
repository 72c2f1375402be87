//! `cargo xtask check`: what to run before every commit.

use crate::{build, term};
use anyhow::{Context, Result, bail};
use std::process::Stdio;
use std::time::Instant;

const EXAMPLE: &str = "\
Example:
  cargo xtask check

Tests that need a control plane are left to `cargo xtask test`.";

/// Arguments of `check`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {}

/// Name, and arguments to cargo.
const CHECKS: [(&str, &[&str]); 4] = [
    ("format", &["fmt", "--all", "--check"]),
    ("lints", &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]),
    ("dependencies", &["deny", "--log-level", "error", "check", "bans", "licenses", "sources"]),
    ("fast tests", &["test", "--workspace", "--lib", "--bins", "--quiet"]),
];

/// Runs them all, also after one has failed.
pub(crate) fn run(_: &Args) -> Result<()> {
    let mut rows = Vec::new();
    let mut failed = Vec::new();
    for (name, args) in CHECKS {
        term::heading(&format!("cargo {}", args.join(" ")));
        let started = Instant::now();
        let result = match args.first() {
            Some(&"deny") if !has_deny()? => {
                "left out: cargo-deny is not installed (cargo install cargo-deny)"
            }
            Some(_) | None => {
                if build::cargo(args).status().with_context(|| format!("starting {name}"))?.success() {
                    "passed"
                } else {
                    failed.push(name);
                    "failed"
                }
            }
        };
        rows.push([name.to_owned(), result.to_owned(), term::seconds(started.elapsed())]);
    }
    term::heading("Checks");
    term::table(["check", "result", "time"], rows);
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}

fn has_deny() -> Result<bool> {
    let mut deny = build::cargo(&["deny", "--version"]);
    let status = deny.stdout(Stdio::null()).stderr(Stdio::null()).status();
    Ok(status.context("looking for cargo-deny")?.success())
}
