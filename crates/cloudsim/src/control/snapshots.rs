//! Snapshots: named copies of the state in the data directory, taken and put back.
//!
//! A snapshot is `snapshots/<name>.sqlite`. Putting one back replaces everything that is kept, journal, quirks and
//! clock offset included; faults are not kept, so they stay as they are, but reads see the present again.

use std::path::PathBuf;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::{recorded, wrong};
use crate::Sim;
use crate::clock::iso;
use crate::reply::Refusal;
use crate::store::copy::{CopyError, Existing};
use crate::store::setting;

/// Longest name, bytes.
const NAME_BYTES_MAX: usize = 64;
const EXTENSION: &str = "sqlite";

impl From<CopyError> for Refusal {
    fn from(error: CopyError) -> Self {
        match &error {
            CopyError::Exists(_) | CopyError::Unusable { .. } | CopyError::NoState(_) => {
                wrong(error.to_string())
            }
            CopyError::Write { source, .. } => Self::internal(&format!("{error}: {source}")),
            CopyError::Database(source) => Self::internal(&format!("{error}: {source}")),
        }
    }
}

fn folder(sim: &Sim) -> PathBuf {
    sim.store.directory().join("snapshots")
}

/// Name and file of the snapshot that a body names.
fn named<'a>(sim: &Sim, body: &'a Value) -> Result<(&'a str, PathBuf), Refusal> {
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(legal) {
        return Err(wrong("`name` must be 1 to 64 letters, digits, `-` and `_`"));
    }
    Ok((name, folder(sim).join(name).with_extension(EXTENSION)))
}

/// Writes the state to a snapshot; one of the same name is replaced only if `replace` says so.
pub(super) fn take(sim: &Sim, body: &Value) -> Result<Value, Refusal> {
    let (name, file) = named(sim, body)?;
    std::fs::create_dir_all(folder(sim)).map_err(|error| Refusal::internal(&error))?;
    let replaces = body.get("replace") == Some(&Value::Bool(true));
    let existing = if replaces { Existing::Replaced } else { Existing::Kept };
    let bytes = sim.store.copy_to(&file, existing)?;
    Ok(json!({"name": name, "bytes": bytes, "file": file.display().to_string()}))
}

/// Puts a snapshot back.
pub(super) fn restore(sim: &Sim, body: &Value) -> Result<Value, Refusal> {
    let (name, file) = named(sim, body)?;
    if !file.is_file() {
        let mut refusal = Refusal::new(404, "Snapshot", format!("no such snapshot: {name}"));
        refusal.detail = Some(list(sim)?);
        return Err(refusal);
    }
    sim.faults.pasts.end();
    sim.store.restore(&file)?;
    let offset = sim.store.read(|conn| setting::number(conn, setting::CLOCK_OFFSET_SECS))??;
    sim.clock.set_offset_secs(offset.unwrap_or_default());
    recorded(sim, "restore-snapshot", "", body, |_| Ok(()))?;
    Ok(json!({"name": name, "time": sim.clock.now().to_string()}))
}

/// The snapshots that are there.
pub(super) fn list(sim: &Sim) -> Result<Value, Refusal> {
    let mut snapshots = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder(sim)) else { return Ok(json!({"snapshots": []})) };
    for entry in entries {
        let path = entry.map_err(|error| Refusal::internal(&error))?.path();
        let Some(name) = path.file_stem().filter(|_| path.extension().is_some_and(|end| end == EXTENSION))
        else {
            continue;
        };
        let about = path.metadata().map_err(|error| Refusal::internal(&error))?;
        let written = about.modified().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        let written = written.and_then(|since| i64::try_from(since.as_secs()).ok()).map(iso);
        snapshots.push(json!({"name": name.to_string_lossy(), "bytes": about.len(), "written": written}));
    }
    snapshots.sort_by_key(|snapshot| snapshot["name"].to_string());
    Ok(json!({"snapshots": snapshots}))
}
