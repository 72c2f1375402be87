//! `cloudsim seed`.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::{Output, tell};

const EXAMPLE: &str = "\
Examples:
  cloudsim seed --data /tmp/seeded                          a week with a thousand events
  cloudsim seed --data /tmp/big --events 1000000 --days 90
  cloudsim seed --data /tmp/same --until 2026-11-22T00:00:00Z --output json

Then: cloudsim serve --data /tmp/seeded
The same --seed and --until make the same state, access key included.";

/// Arguments of `seed`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Seed {
    /// Directory to fill; it must not hold a state yet.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// What events and access key follow from.
    #[arg(long = "seed", default_value_t = 1, value_name = "N")]
    number: u64,
    /// Name of the project.
    #[arg(long, default_value = "platform-audit", value_name = "NAME")]
    project: String,
    /// Name of the inner trail; its Logstore is `innertrail_NAME`.
    #[arg(long, default_value = "platform-ops", value_name = "NAME")]
    trail: String,
    /// How many platform events, of every kind.
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=10_000_000))]
    events: u32,
    /// Over how many days they are spread.
    #[arg(long, default_value_t = 7, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=366))]
    days: u64,
    /// Time of the newest event, as 2026-11-22T00:00:00Z; without it, now.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// How the result is told.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

impl Seed {
    /// Fills the directory and tells what is there.
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let seed = cloudsim::Seed {
            data: self.data.clone(),
            seed: self.number,
            project: self.project.clone(),
            trail: self.trail,
            events: self.events,
            span_secs: self.days * 86_400,
            until: self.until,
        };
        let seeded = seed.fill(|done| progress(done, u64::from(self.events)))?;
        let text = format!(
            "{}: account {}, project {}, Logstore {}, {} events",
            self.data.display(),
            seeded.account,
            self.project,
            seeded.logstore,
            seeded.events
        );
        let value = json!({
            "data": self.data, "account": seeded.account, "accessKeyId": seeded.access_key_id,
            "project": self.project, "logstore": seeded.logstore, "events": seeded.events,
        });
        tell(self.output, &text, &value).context("telling the result")
    }
}

/// On a terminal one line that changes, elsewhere a line now and then.
fn progress(done: u64, total: u64) {
    let mut err = std::io::stderr().lock();
    let told = if err.is_terminal() {
        let end = if done == total { "\n" } else { "" };
        write!(err, "\r{done} of {total} events{end}")
    } else if done == total || done.is_multiple_of(100_000) {
        writeln!(err, "{done} of {total} events")
    } else {
        Ok(())
    };
    // Nobody listens any more; the work goes on.
    drop(told);
}
