//! The operator as a process.
//!
//! Takes the `innertrail` binary, a kubeconfig and a cloud endpoint; returns a handle that can be killed and
//! started again. Must never pass credentials on the command line.

use crate::custody::Custody;
use crate::process::{Process, Spec};
use crate::{http, ports, wait};
use anyhow::{Context, Result};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// It is ready as soon as it has listed its objects; this allows for a machine that compiles meanwhile.
const READY_LIMIT: Duration = Duration::from_mins(1);

/// How to run the operator.
#[derive(Clone)]
pub struct Launch {
    /// The `innertrail` binary, see [`crate::place::binary`].
    pub binary: PathBuf,
    /// What it may do in the cluster.
    pub kubeconfig: PathBuf,
    /// `http://127.0.0.1:PORT` of the emulator.
    pub cloud_endpoint: String,
    /// Environment, among it the ambient credentials.
    pub env: Vec<(String, String)>,
    /// Further arguments after `run`.
    pub args: Vec<String>,
    /// Its log; appended to at each start.
    pub log: PathBuf,
}

/// A running operator. Dropping it ends it, unless its custody was released.
#[derive(Debug)]
pub struct Operator {
    process: Process,
    spec: Spec,
    address: String,
    custody: Custody,
}

impl Operator {
    /// Starts it; [`Operator::wait_ready`] waits until it works.
    ///
    /// # Errors
    /// The binary is not there or the log cannot be written.
    pub fn start(launch: &Launch, custody: &Custody) -> Result<Self> {
        let listen = format!("127.0.0.1:{}", ports::free()?);
        let spec = spec(launch, &listen);
        let process = Process::start(&spec, custody)?;
        Ok(Self { process, spec, address: format!("http://{listen}"), custody: custody.clone() })
    }

    /// Waits until `/readyz` says so.
    ///
    /// # Errors
    /// It ended (the text holds the end of its log) or was not ready in time.
    pub fn wait_ready(&mut self) -> Result<()> {
        let (process, address) = (&mut self.process, &self.address);
        let ready = wait::until("the operator", READY_LIMIT, || {
            process.still_runs()?;
            Ok(match http::get(address, "/readyz") {
                Ok(answer) if answer.status == 200 => ControlFlow::Break(()),
                Ok(answer) => ControlFlow::Continue(format!("/readyz answers {}", answer.status)),
                Err(error) => ControlFlow::Continue(format!("{error:#}")),
            })
        });
        ready.with_context(|| format!("the operator is not ready; its log ends:\n{}", self.log_tail(20)))
    }

    /// `http://127.0.0.1:PORT` of its health and metrics.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The running process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Fails when it has ended, with the end of its log.
    ///
    /// # Errors
    /// It has ended.
    pub fn still_runs(&mut self) -> Result<()> {
        self.process.still_runs()
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.process.pid()
    }

    /// Its log file.
    pub fn log(&self) -> &Path {
        self.process.log()
    }

    /// The last `lines` lines of its log.
    pub fn log_tail(&self, lines: usize) -> String {
        self.process.log_tail(lines)
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// SIGTERM, and SIGKILL if that is not enough. True when SIGTERM was.
    pub fn terminate(&mut self) -> bool {
        self.process.terminate()
    }

    /// Starts it again with the same arguments, after SIGKILL if it still runs.
    ///
    /// # Errors
    /// As [`Operator::start`].
    pub fn restart(&mut self) -> Result<()> {
        self.process.kill();
        self.process = Process::start(&self.spec, &self.custody)?;
        Ok(())
    }
}

fn spec(launch: &Launch, listen: &str) -> Spec {
    let mut args: Vec<String> =
        ["run", "--cloud-endpoint", &launch.cloud_endpoint, "--listen", listen].map(str::to_owned).to_vec();
    args.extend(launch.args.iter().cloned());
    let mut env = vec![("KUBECONFIG".to_owned(), launch.kubeconfig.display().to_string())];
    env.extend(launch.env.iter().cloned());
    let program = launch.binary.clone();
    Spec { name: "operator", program, args, env, log: launch.log.clone(), stdout: None }
}
