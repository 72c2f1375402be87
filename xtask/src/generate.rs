//! `cargo xtask generate`: writes the committed files that are made from the source.

use crate::{build, term};
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use std::fs;
use std::path::Path;

const EXAMPLE: &str = "\
Examples:
  cargo xtask generate           writes them
  cargo xtask generate --check   writes nothing; exits 1 and names the files that are stale";

/// Arguments of `generate`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Only say which files are stale.
    #[arg(long)]
    check: bool,
}

/// Compares each file with what the source says and, unless only asked, writes it.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut stale = Vec::new();
    for (path, text) in generated()? {
        let text = text.as_str().with_context(|| format!("{path} has no text"))?;
        let file = testenv::place::root().join(&path);
        if fs::read_to_string(&file).is_ok_and(|committed| committed == text) {
            term::seen(&format!("{path} is up to date"));
        } else if args.check {
            term::missed(&format!("{path} is stale"));
            stale.push(path);
        } else {
            write(&file, text)?;
            term::seen(&format!("{path} written"));
        }
    }
    if stale.is_empty() { Ok(()) } else { bail!("stale: {}; run cargo xtask generate", stale.join(", ")) }
}

/// Path and text of every file. Examples print them, so that this program need not be built with the dependencies
/// of operator and emulator.
fn generated() -> Result<Map<String, Value>> {
    let mut files = Map::new();
    for (package, example) in [("innertrail", "generated"), ("cloudsim", "operations")] {
        files.append(&mut printed(package, example)?);
    }
    Ok(files)
}

fn printed(package: &str, example: &str) -> Result<Map<String, Value>> {
    let args = ["run", "--quiet", "--package", package, "--example", example];
    let output = build::cargo(&args).stderr(std::process::Stdio::inherit()).output();
    let output = output.context("starting cargo")?;
    if !output.status.success() {
        bail!("cargo {} failed ({})", args.join(" "), output.status);
    }
    serde_json::from_slice(&output.stdout).context("reading the generated files")
}

fn write(file: &Path, text: &str) -> Result<()> {
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent).with_context(|| format!("creating {}", parent.display()))?;
    }
    fs::write(file, text).with_context(|| format!("writing {}", file.display()))
}
