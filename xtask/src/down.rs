//! `cargo xtask down`: ends exactly what `up` started.

use crate::{term, world};
use anyhow::{Context, Result};
use std::path::PathBuf;
use testenv::custody;

const EXAMPLE: &str = "\
Example:
  cargo xtask down --dir /tmp/it

Ends the processes recorded in DIR that are still the same ones, and removes state and keys. Logs stay.
Doing it again does nothing.";

/// Arguments of `down`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// The directory given to `up`.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

/// Ends the world in a directory.
pub(crate) fn run(args: &Args) -> Result<()> {
    let dir = std::path::absolute(&args.dir).context("reading --dir")?;
    let ended = custody::end_recorded(&dir)?;
    world::clear(&dir)?;
    if ended.is_empty() {
        term::note(&format!("nothing was running in {}", dir.display()));
    } else {
        term::seen(&format!("ended {}", ended.join(", ")));
    }
    Ok(())
}
