//! `cloudsim snapshot`.

use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::{Output, tell};

const EXAMPLE: &str = "\
Examples:
  cloudsim snapshot --data /tmp/cloudsim --to /tmp/before.sqlite
  cloudsim snapshot --data /tmp/cloudsim --to /tmp/before.sqlite --output json

The copy is consistent also while a server has the directory. To use it, serve a directory that holds it alone:
  mkdir /tmp/again && cp /tmp/before.sqlite /tmp/again/cloudsim.sqlite && cloudsim serve --data /tmp/again";

/// Arguments of `snapshot`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Snapshot {
    /// Directory of the state.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// File to write; it must not be there yet.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// How the result is told.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

impl Snapshot {
    /// Writes the copy and tells its size.
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let bytes = self.copied()?;
        let text = format!("{}: {bytes} bytes", self.to.display());
        tell(self.output, &text, &json!({"file": self.to, "bytes": bytes}))
    }

    /// Says every second that it is still at it.
    fn copied(&self) -> anyhow::Result<u64> {
        let (done, result) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| done.send(cloudsim::copy(&self.data, &self.to)));
            let mut seconds = 0;
            loop {
                match result.recv_timeout(Duration::from_secs(1)) {
                    Ok(copied) => return Ok(copied?),
                    Err(mpsc::RecvTimeoutError::Timeout) => seconds += 1,
                    Err(mpsc::RecvTimeoutError::Disconnected) => anyhow::bail!("the copy was not finished"),
                }
                tracing::info!(seconds, file = %self.to.display(), "copying");
            }
        })
    }
}
