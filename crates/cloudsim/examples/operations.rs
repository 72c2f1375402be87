//! Prints `docs/cloudsim.md` with the tables that the code has, as a JSON object of path to text.
//!
//! `cargo xtask generate` runs it and writes the file.
#![allow(clippy::print_stdout, reason = "printing is what this program is for")]

use anyhow::Context;

const PAGE: &str = "docs/cloudsim.md";

fn main() -> anyhow::Result<()> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let page = std::fs::read_to_string(format!("{root}/{PAGE}")).context(PAGE)?;
    let written = cloudsim::documented::with_tables(&page).context("the place of a table is not marked")?;
    println!("{}", serde_json::json!({PAGE: written}));
    Ok(())
}
