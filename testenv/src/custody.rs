//! Who ends the processes that were started, whatever happens to us.
//!
//! Takes process ids; returns nothing. A small shell, the reaper, holds the other end of a pipe: when we are
//! gone - returned, panicked, or killed with SIGKILL - the pipe closes and it ends what was entered.
//! Must never end a process that was not entered, and never leave one behind that was not released.

use crate::identity::Identity;
use anyhow::{Context, Result};
use rustix::process::Signal;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Name of the file, in the directory of a recorded custody, with one JSON line per process.
pub const LEDGER: &str = "processes.jsonl";
/// How long a process may take to end after SIGTERM before it gets SIGKILL.
pub const GRACE: Duration = Duration::from_secs(8);

/// Reads orders until the pipe closes. Entered pids are process groups. Being our children they cannot be
/// used again while we live, so a number is enough here. The wait before removing directories is bounded:
/// where nobody reaps orphans, zombies stay.
const REAPER: &str = r#"
trap '' HUP INT TERM
pids=' '
while read -r verb what; do
  case $verb in
    enter) pids="$pids$what " ;;
    leave) pids="${pids%% $what *} ${pids#* $what }" ;;
    remove) set -- "$@" "$what" ;;
    release) exit 0 ;;
  esac
done
for pid in $pids; do kill -s KILL -- "-$pid"; done
tries=0
for pid in $pids; do
  while [ $tries -lt 20 ] && kill -s 0 "$pid"; do tries=$((tries + 1)); sleep 0.05; done
done
[ $# -eq 0 ] || rm -rf -- "$@" || { sleep 1; rm -rf -- "$@"; }
"#;

/// Care for a set of processes. Clones share it; the last one to go ends them all.
#[derive(Clone, Debug)]
pub struct Custody {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    reaper: Child,
    /// `None` once the processes were released.
    orders: Option<ChildStdin>,
    ledger: Option<File>,
}

/// One line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What it is: `etcd`, `kube-apiserver`, `operator` and so on.
    pub name: String,
    /// Which process it is.
    #[serde(flatten)]
    pub identity: Identity,
}

impl Custody {
    /// Processes end when this value, and every clone of it, is gone.
    ///
    /// # Errors
    /// There is no `sh`.
    pub fn new() -> Result<Self> {
        Self::with_ledger(None)
    }

    /// The same, and each process is written to [`LEDGER`] in `dir`, so that after [`Custody::release`] they
    /// can be ended with [`end_recorded`].
    ///
    /// # Errors
    /// The file cannot be written, or there is no `sh`.
    pub fn recorded(dir: &Path) -> Result<Self> {
        let file = dir.join(LEDGER);
        let ledger = OpenOptions::new().create(true).append(true).open(&file);
        Self::with_ledger(Some(ledger.with_context(|| format!("opening {}", file.display()))?))
    }

    fn with_ledger(ledger: Option<File>) -> Result<Self> {
        let mut reaper = Command::new("sh")
            .args(["-c", REAPER])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/")
            // Its own group: an interrupt typed at the terminal must not end it before its work.
            .process_group(0)
            .spawn()
            .context("starting sh")?;
        let orders = reaper.stdin.take();
        Ok(Self { inner: Arc::new(Mutex::new(Inner { reaper, orders, ledger })) })
    }

    /// Removes `dir` after the processes have ended.
    pub fn remove_at_end(&self, dir: &Path) {
        self.order(&format!("remove {}", dir.display()));
    }

    /// Takes the process group `identity` into care.
    pub(crate) fn enter(&self, name: &str, identity: &Identity) -> Result<()> {
        self.order(&format!("enter {}", identity.pid));
        let entry = Entry { name: name.to_owned(), identity: identity.clone() };
        if let Some(ledger) = self.lock().ledger.as_mut() {
            let line = serde_json::to_string(&entry)? + "\n";
            ledger.write_all(line.as_bytes()).context("recording a process")?;
        }
        Ok(())
    }

    /// The process has ended and was waited for.
    pub(crate) fn leave(&self, identity: &Identity) {
        self.order(&format!("leave {}", identity.pid));
    }

    /// From now on the processes live on without us.
    pub fn release(&self) {
        self.order("release");
        self.lock().orders = None;
    }

    /// Whether [`Custody::release`] was called.
    pub fn released(&self) -> bool {
        self.lock().orders.is_none()
    }

    /// A reaper that does not take orders any more has been ended by somebody; nothing can be done then.
    fn order(&self, text: &str) {
        if let Some(orders) = self.lock().orders.as_mut() {
            let _ = writeln!(orders, "{text}");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.reaper.wait();
    }
}

/// The processes recorded in `dir`, in the order of their start. An unreadable line is left out: the process
/// that wrote it was killed in the middle.
pub fn recorded(dir: &Path) -> Vec<Entry> {
    let text = fs::read_to_string(dir.join(LEDGER)).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Ends the processes recorded in `dir` that are still the same ones, one after the other, last started first,
/// so that each can still say goodbye to those it uses: SIGTERM, and SIGKILL when it is still there after
/// [`GRACE`]. Returns the names of those that were running.
///
/// # Errors
/// A process outlived SIGKILL.
pub fn end_recorded(dir: &Path) -> Result<Vec<String>> {
    let mut running: Vec<Entry> = recorded(dir).into_iter().filter(|entry| entry.identity.alive()).collect();
    running.reverse();
    for entry in &running {
        entry.identity.signal(Signal::TERM);
        if entry.identity.gone(GRACE).is_err() {
            entry.identity.signal(Signal::KILL);
            entry.identity.gone(GRACE).with_context(|| format!("ending {}", entry.name))?;
        }
    }
    Ok(running.into_iter().map(|entry| entry.name).collect())
}

/// A directory that goes away with the processes in it.
///
/// # Errors
/// It cannot be made.
pub fn scratch(custody: &Custody) -> Result<PathBuf> {
    let dir = kept_dir()?;
    custody.remove_at_end(&dir);
    Ok(dir)
}

/// A new directory among the temporary files, which stays.
///
/// # Errors
/// It cannot be made.
pub fn kept_dir() -> Result<PathBuf> {
    let dir = tempfile::Builder::new().prefix("innertrail-").tempdir().context("making a directory")?;
    Ok(dir.keep())
}
