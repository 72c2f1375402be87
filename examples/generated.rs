//! Prints every committed file that is made from the source, as one JSON object of path to text.
//!
//! `cargo xtask generate` runs it and writes the files.
#![allow(clippy::print_stdout, reason = "printing is what this program is for")]

use std::collections::BTreeMap;

fn main() -> anyhow::Result<()> {
    let files: BTreeMap<_, _> = innertrail::api::generated_files()?.into_iter().collect();
    println!("{}", serde_json::to_string(&files)?);
    Ok(())
}
