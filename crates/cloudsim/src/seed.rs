//! Fills a fresh directory: a project, an inner trail into it, and platform events over a time.
//!
//! The same seed and the same time make the same state, access key included.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::control::{actions, events};
use crate::reply::Refusal;
use crate::store::FILE;
use crate::{OpenError, Sim};

/// Events made between two reports of progress.
const PORTION: u64 = 10_000;

/// What to fill a directory with.
#[derive(Debug, Clone)]
pub struct Seed {
    /// The directory; it must not hold a state yet.
    pub data: PathBuf,
    /// What the events and the access key follow from.
    pub seed: u64,
    /// Name of the project.
    pub project: String,
    /// Name of the inner trail.
    pub trail: String,
    /// How many events.
    pub events: u32,
    /// Over how many seconds they are spread.
    pub span_secs: u64,
    /// Time of the newest event and of everything else; absent is now.
    pub until: Option<Timestamp>,
}

/// What is there then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seeded {
    /// The account.
    pub account: String,
    /// Id of its access key.
    pub access_key_id: String,
    /// The Logstore that the events are in.
    pub logstore: String,
    /// How many events are stored.
    pub events: u64,
}

/// Why a directory was not filled.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The state cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It holds a state.
    #[error("`{}` holds a state already; choose another --data", .0.display())]
    Filled(PathBuf),
    /// The emulated cloud refused.
    #[error("cannot fill the directory: {0}")]
    Refused(String),
}

impl From<Refusal> for SeedError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.message)
    }
}

impl Seed {
    /// Fills the directory; `progress` is told how many events are stored.
    pub fn fill(&self, mut progress: impl FnMut(u64)) -> Result<Seeded, SeedError> {
        if self.data.join(FILE).exists() {
            return Err(SeedError::Filled(self.data.clone()));
        }
        let sim = Sim::open_at(&self.data, self.seed, self.until)?;
        actions::act(&sim, &json!({"action": "create-project", "project": self.project}))?;
        let made = actions::act(
            &sim,
            &json!({"action": "create-trail", "project": self.project, "name": self.trail}),
        )?;
        let stored = self.store_events(&sim, &mut progress)?;
        Ok(Seeded {
            account: sim.identity.account.clone(),
            access_key_id: sim.identity.access_key_id.clone(),
            logstore: made["result"]["logstore"].as_str().unwrap_or_default().to_owned(),
            events: stored,
        })
    }

    /// Oldest first, in portions that each cover their part of the time.
    fn store_events(&self, sim: &Sim, progress: &mut impl FnMut(u64)) -> Result<u64, SeedError> {
        let (total, mut made, mut stored) = (u64::from(self.events), 0, 0);
        while made < total {
            let count = PORTION.min(total - made);
            // How long before the end a part of the events is over.
            let left = |done: u64| self.span_secs - self.span_secs * done / total;
            let (from, to) = (left(made), left(made + count));
            let body = json!({"count": count, "ageSeconds": to, "spanSeconds": from - to});
            let told = events::generate(sim, &body)?;
            made += count;
            stored += told["delivered"].as_u64().unwrap_or_default();
            if let Value::String(reason) = &told["reason"] {
                return Err(SeedError::Refused(reason.clone()));
            }
            progress(made);
        }
        Ok(stored)
    }
}
