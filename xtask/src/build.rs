//! Builds this workspace's own binaries with cargo, which shows its own progress.

use anyhow::{Context, Result, bail};
use std::process::Command;

/// What `cargo run` tells this program of its own package. Build scripts watch some of it, so a cargo that saw it
/// would build everything above them anew.
const OF_THIS_PACKAGE: [&str; 2] = ["CARGO_MANIFEST_", "CARGO_PKG_"];

/// cargo, at the root of the source tree.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(args).current_dir(testenv::place::root());
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for name in names.filter(|name| OF_THIS_PACKAGE.iter().any(|prefix| name.starts_with(prefix))) {
        cargo.env_remove(name);
    }
    cargo
}

/// Runs cargo and fails when it fails.
pub(crate) fn run(args: &[&str]) -> Result<()> {
    let status = cargo(args).status().context("starting cargo")?;
    if !status.success() {
        bail!("cargo {} failed ({status})", args.join(" "));
    }
    Ok(())
}

/// The operator and the emulator.
pub(crate) fn binaries() -> Result<()> {
    run(&["build", "--workspace", "--bins"])
}
