//! The `cloudsim` command: reads arguments and environment, and does what they say.

mod command;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

/// Emulator of Alibaba Cloud ActionTrail, Log Service, RAM and STS.
#[derive(Debug, Parser)]
#[command(name = "cloudsim", version, about, after_help = command::serve::EXAMPLE)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the emulated cloud until SIGTERM or SIGINT.
    Serve(command::serve::Serve),
    /// Fill a fresh directory: a project, an inner trail, platform events over a time.
    Seed(command::seed::Seed),
    /// Write a consistent copy of a directory to a file, also while it is being served.
    Snapshot(command::snapshot::Snapshot),
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let ansi = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(ansi).with_writer(std::io::stderr).init();
    let done = match cli.command {
        Command::Serve(serve) => serve.run().await,
        Command::Seed(seed) => seed.run(),
        Command::Snapshot(snapshot) => snapshot.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that meets the unexpected should stop there")]
mod tests {
    use super::*;

    #[test]
    fn image_starts_with_arguments_that_are_understood() {
        let dockerfile = include_str!("../Dockerfile");
        let command = dockerfile.lines().find_map(|line| line.strip_prefix("CMD ")).unwrap();
        let arguments: Vec<String> = serde_json::from_str(command).unwrap();
        let cli = Cli::try_parse_from(std::iter::once("/cloudsim".to_owned()).chain(arguments)).unwrap();
        assert!(matches!(cli.command, Command::Serve(_)), "{cli:?}");
    }
}
