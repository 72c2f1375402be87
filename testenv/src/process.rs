//! One process in our care.
//!
//! Takes what to run; returns a handle. Must never run a program before it was entered into custody: it is
//! started behind a gate that opens afterwards, so even SIGKILL at the worst moment leaves nothing behind.

use crate::custody::{Custody, GRACE};
use crate::identity::Identity;
use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Waits for one line, then becomes the program. If the pipe closes first, ends.
const GATE: &str = r#"read -r _ || exit 1; exec "$@" </dev/null"#;
/// Variables that would change what is run here; whoever needs one sets it in [`Spec::env`].
const HIDDEN: [&str; 8] = [
    "KUBECONFIG",
    "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "ALIBABA_CLOUD_SECURITY_TOKEN",
    "ALIBABA_CLOUD_ACCOUNT_ID",
    "INNERTRAIL_CLOUD_ENDPOINT",
    "http_proxy",
    "HTTP_PROXY",
];

/// What to run.
#[derive(Clone)]
pub struct Spec {
    /// For messages and the ledger.
    pub name: &'static str,
    /// The binary.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Environment in addition to ours.
    pub env: Vec<(String, String)>,
    /// Standard error, and standard output unless [`Spec::stdout`] says otherwise, are appended here.
    pub log: PathBuf,
    /// A file of its own for standard output, begun anew at each start.
    pub stdout: Option<PathBuf>,
}

impl fmt::Debug for Spec {
    /// Leaves the environment out: it may hold credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spec").field("name", &self.name).field("args", &self.args).finish_non_exhaustive()
    }
}

/// A running, or ended, process. Dropping it ends it, unless its custody was released.
#[derive(Debug)]
pub struct Process {
    name: &'static str,
    child: Child,
    identity: Identity,
    log: PathBuf,
    custody: Custody,
    ended: bool,
}

impl Process {
    /// Starts `spec`.
    ///
    /// # Errors
    /// The binary is not there, or a file cannot be written.
    pub fn start(spec: &Spec, custody: &Custody) -> Result<Self> {
        if !spec.program.is_file() {
            bail!("{} is not there: {}", spec.name, spec.program.display());
        }
        let mut child = command(spec)?.spawn().with_context(|| format!("starting {}", spec.name))?;
        let pid = i32::try_from(child.id()).context("reading a pid")?;
        let identity = Identity::of(pid).with_context(|| format!("{} ended at once", spec.name))?;
        custody.enter(spec.name, &identity)?;
        let mut gate = child.stdin.take().context("the gate has no input")?;
        gate.write_all(b"go\n").with_context(|| format!("starting {}", spec.name))?;
        let log = spec.log.clone();
        Ok(Self { name: spec.name, child, identity, log, custody: custody.clone(), ended: false })
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.identity.pid
    }

    /// Which process it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Its log file.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The last `lines` lines of its log.
    pub fn log_tail(&self, lines: usize) -> String {
        tail(&self.log, lines)
    }

    /// Fails when it has ended, with the end of its log.
    ///
    /// # Errors
    /// It has ended.
    pub fn still_runs(&mut self) -> Result<()> {
        match self.child.try_wait().with_context(|| format!("looking at {}", self.name))? {
            None => Ok(()),
            Some(status) => bail!("{} ended ({status}):\n{}", self.name, self.log_tail(20)),
        }
    }

    /// SIGKILL, and waits for it.
    pub fn kill(&mut self) {
        self.end(Signal::KILL);
    }

    /// SIGTERM; SIGKILL when it is still there after [`GRACE`]. True when SIGTERM was enough.
    pub fn terminate(&mut self) -> bool {
        self.identity.signal(Signal::TERM);
        let obeyed = self.identity.gone(GRACE).is_ok();
        self.end(Signal::KILL);
        obeyed
    }

    fn end(&mut self, signal: Signal) {
        if self.ended {
            return;
        }
        self.identity.signal(signal);
        // Nothing to be done about a child that cannot be waited for.
        let _ = self.child.wait();
        self.custody.leave(&self.identity);
        self.ended = true;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.custody.released() {
            self.kill();
        }
    }
}

fn command(spec: &Spec) -> Result<Command> {
    let open = |file: &Path, truncate: bool| -> Result<File> {
        let mut options = OpenOptions::new();
        options.create(true).write(true).truncate(truncate).append(!truncate);
        options.open(file).with_context(|| format!("opening {}", file.display()))
    };
    let log = open(&spec.log, false)?;
    let stdout = match &spec.stdout {
        Some(file) => open(file, true)?,
        None => log.try_clone().context("sharing a log file")?,
    };
    let mut command = Command::new("sh");
    command.args(["-c", GATE, spec.name]).arg(&spec.program).args(&spec.args);
    for name in HIDDEN {
        command.env_remove(name);
    }
    command.envs(spec.env.iter().map(|(name, value)| (name, value)));
    // Its own group: it outlives the terminal when released, and an interrupt reaches us, not it.
    command.stdin(Stdio::piped()).stdout(stdout).stderr(log).process_group(0);
    Ok(command)
}

/// The last `lines` lines of a file; empty when it cannot be read.
pub fn tail(file: &Path, lines: usize) -> String {
    let bytes = std::fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    all.get(all.len().saturating_sub(lines)..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper(dir: &Path) -> Spec {
        Spec {
            name: "sleeper",
            program: PathBuf::from("/bin/sleep"),
            args: vec!["600".into()],
            env: vec![],
            log: dir.join("log"),
            stdout: None,
        }
    }

    #[test]
    fn a_dropped_process_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let custody = Custody::new().unwrap();
        let process = Process::start(&sleeper(dir.path()), &custody).unwrap();
        let identity = process.identity().clone();
        drop(process);
        assert!(!identity.alive());
    }

    #[test]
    fn a_process_outlives_its_handle_when_released_and_is_ended_by_the_ledger() {
        let dir = tempfile::tempdir().unwrap();
        let custody = Custody::recorded(dir.path()).unwrap();
        let process = Process::start(&sleeper(dir.path()), &custody).unwrap();
        let identity = process.identity().clone();
        custody.release();
        drop((process, custody));
        assert!(identity.alive());
        assert_eq!(crate::custody::end_recorded(dir.path()).unwrap(), ["sleeper"]);
        assert!(!identity.alive());
    }

    #[test]
    fn a_ledger_entry_whose_pid_was_used_again_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let pid = std::process::id();
        let line = format!(r#"{{"name":"etcd","pid":{pid},"started":"1"}}"#);
        std::fs::write(dir.path().join(crate::custody::LEDGER), line).unwrap();
        assert!(crate::custody::end_recorded(dir.path()).unwrap().is_empty());
    }

    #[test]
    fn a_missing_binary_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let spec = Spec { program: PathBuf::from("/no/such/thing"), ..sleeper(dir.path()) };
        let error = Process::start(&spec, &Custody::new().unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "sleeper is not there: /no/such/thing");
    }

    #[test]
    fn a_program_that_fails_is_reported_with_its_log() {
        let dir = tempfile::tempdir().unwrap();
        let spec = Spec { args: vec!["never".into()], ..sleeper(dir.path()) };
        let mut process = Process::start(&spec, &Custody::new().unwrap()).unwrap();
        let failed = crate::wait::until("an end", GRACE, || {
            Ok(match process.still_runs() {
                Ok(()) => std::ops::ControlFlow::Continue("it runs".into()),
                Err(error) => std::ops::ControlFlow::Break(error.to_string()),
            })
        });
        assert!(failed.unwrap().contains("never"));
    }
}
