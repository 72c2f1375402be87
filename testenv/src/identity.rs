//! Which process a pid was: pid and start time together.
//!
//! Takes a pid; returns an [`Identity`] that can still be told apart when the pid has been used again. Must
//! never send a signal to a pid whose start time differs.

use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::process::Command;
use std::time::Duration;

/// One process, for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The process id, which is also the id of its process group.
    pub pid: i32,
    /// When it started, in the words of the system (`/proc/PID/stat` field 22, or `ps -o lstart`).
    pub started: String,
}

impl Identity {
    /// The identity of a running process; `None` when there is none, or when it is a zombie.
    pub fn of(pid: i32) -> Option<Self> {
        let started = if cfg!(target_os = "linux") {
            from_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
        } else {
            let output = Command::new("ps").args(["-o", "stat=,lstart=", "-p", &pid.to_string()]).output();
            from_ps(&String::from_utf8(output.ok()?.stdout).ok()?)
        };
        Some(Self { pid, started: started? })
    }

    /// Whether this very process still runs.
    pub fn alive(&self) -> bool {
        Self::of(self.pid).as_ref() == Some(self)
    }

    /// Sends `signal` to its process group, if it is still the same process. A process that is gone by then
    /// is what the caller wanted.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.pid).filter(|_| self.alive()) {
            let _ = kill_process_group(pid, signal);
        }
    }

    /// Waits until it is gone.
    ///
    /// # Errors
    /// It is still there after `limit`.
    pub fn gone(&self, limit: Duration) -> anyhow::Result<()> {
        crate::wait::until(&format!("process {} to end", self.pid), limit, || {
            Ok(if self.alive() { ControlFlow::Continue("it runs".into()) } else { ControlFlow::Break(()) })
        })
    }
}

/// Start time from `/proc/PID/stat`. The command in brackets may itself hold spaces and brackets.
fn from_stat(stat: &str) -> Option<String> {
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let state = fields.first()?;
    // Field 22 of proc(5); `fields` begins with field 3.
    let started = fields.get(19)?;
    (!matches!(*state, "Z" | "X")).then(|| (*started).to_owned())
}

fn from_ps(line: &str) -> Option<String> {
    let (state, started) = line.trim().split_once(char::is_whitespace)?;
    (!state.starts_with('Z')).then(|| started.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "42 (a) b) S 1 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1000 2 3";

    #[test]
    fn the_start_time_is_found_behind_a_command_with_brackets() {
        assert_eq!(from_stat(STAT).as_deref(), Some("987654"));
    }

    #[test]
    fn a_zombie_is_not_running() {
        assert_eq!(from_stat(&STAT.replace(" S ", " Z ")), None);
    }

    #[test]
    fn ps_output_is_understood_too() {
        assert_eq!(from_ps("Ss   Sun Nov 22 19:14:46 2026\n").as_deref(), Some("Sun Nov 22 19:14:46 2026"));
    }

    #[test]
    fn this_process_is_alive() {
        let pid = i32::try_from(std::process::id()).unwrap();
        assert!(Identity::of(pid).unwrap().alive());
    }

    #[test]
    fn a_reused_pid_is_another_process() {
        let pid = i32::try_from(std::process::id()).unwrap();
        assert!(!Identity { pid, started: "1".into() }.alive());
    }
}
