//! The subcommands: arguments in, words and exit status out.

pub(crate) mod seed;
pub(crate) mod serve;
pub(crate) mod snapshot;

use std::io::Write;

use anyhow::Context;
use clap::ValueEnum;
use serde_json::Value;

/// How a result is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// A sentence for people.
    Text,
    /// One line of JSON.
    Json,
}

/// Tells a result on standard output.
pub(crate) fn tell(output: Output, text: &str, value: &Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match output {
        Output::Text => writeln!(out, "{text}"),
        Output::Json => writeln!(out, "{value}"),
    }
    .and_then(|()| out.flush())
    .context("cannot write to standard output")
}
