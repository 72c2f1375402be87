//! The cloud emulator as a process.
//!
//! Takes the `cloudsim` binary and a data directory; returns its address, its account and its access key,
//! and speaks to its control API. Must never print the secret.

use crate::custody::Custody;
use crate::http;
use crate::process::{Process, Spec};
use crate::{ports, wait};
use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;
use std::fmt;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// It answers within a tenth of a second; this allows for a machine that compiles meanwhile.
const READY_LIMIT: Duration = Duration::from_secs(30);

/// What the emulator prints when it is ready.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Greeting {
    /// `http://127.0.0.1:PORT`, origin and forward proxy at once.
    pub address: String,
    /// File of the certificate that a client has to trust for `https`.
    pub ca_file: PathBuf,
    /// The account, 16 digits.
    pub account: String,
    /// The access key of its main user.
    pub access_key_id: String,
    /// The secret of that key.
    pub access_key_secret: String,
    /// The region its examples use.
    pub region: String,
}

impl fmt::Debug for Greeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Greeting")
            .field("address", &self.address)
            .field("account", &self.account)
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// A running emulator. Dropping it ends it, unless its custody was released.
#[derive(Debug)]
pub struct Emulator {
    process: Process,
    binary: PathBuf,
    data: PathBuf,
    port: u16,
    greeting: Greeting,
    custody: Custody,
}

impl Emulator {
    /// Starts `binary` (see [`crate::place::binary`]) on a free port, with its state in `data`, which is made
    /// if it is not there. The log is `data` with the extension `log`.
    ///
    /// # Errors
    /// It ended or did not become ready in time.
    pub fn start(binary: &Path, data: &Path, custody: &Custody) -> Result<Self> {
        fs::create_dir_all(data).with_context(|| format!("creating {}", data.display()))?;
        let port = ports::free()?;
        let (process, greeting) = launch(binary, data, port, custody)?;
        let (binary, data) = (binary.to_path_buf(), data.to_path_buf());
        Ok(Self { process, binary, data, port, greeting, custody: custody.clone() })
    }

    /// What it said of itself.
    pub fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    /// `http://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.greeting.address
    }

    /// The ambient credentials that the operator reads from its environment.
    pub fn credentials(&self) -> Vec<(String, String)> {
        vec![
            ("ALIBABA_CLOUD_ACCESS_KEY_ID".into(), self.greeting.access_key_id.clone()),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET".into(), self.greeting.access_key_secret.clone()),
        ]
    }

    /// GET a path of the control API, for example `/_sim/state`.
    ///
    /// # Errors
    /// As [`http::get`], and when the status is not a success.
    pub fn get(&self, path: &str) -> Result<Value> {
        http::get(self.address(), path)?.json().with_context(|| format!("GET {path}"))
    }

    /// POST to a path of the control API.
    ///
    /// # Errors
    /// As [`http::post`], and when the status is not a success.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        http::post(self.address(), path, body)?.json().with_context(|| format!("POST {path}"))
    }

    /// The running process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again on the same port and data, after SIGKILL if it still runs.
    ///
    /// # Errors
    /// As [`Emulator::start`].
    pub fn restart(&mut self) -> Result<()> {
        self.process.kill();
        (self.process, self.greeting) = launch(&self.binary, &self.data, self.port, &self.custody)?;
        Ok(())
    }
}

fn launch(binary: &Path, data: &Path, port: u16, custody: &Custody) -> Result<(Process, Greeting)> {
    let stdout = data.with_extension("greeting");
    let listen = format!("127.0.0.1:{port}");
    let args = ["serve", "--listen", &listen, "--data", &data.display().to_string()].map(str::to_owned);
    let spec = Spec {
        name: "cloudsim",
        program: binary.to_path_buf(),
        args: args.to_vec(),
        env: vec![],
        log: data.with_extension("log"),
        stdout: Some(stdout.clone()),
    };
    let mut process = Process::start(&spec, custody)?;
    let greeting = wait::until("the emulator", READY_LIMIT, || {
        process.still_runs()?;
        let text = fs::read_to_string(&stdout).unwrap_or_default();
        Ok(match text.split_once('\n') {
            Some((line, _)) => ControlFlow::Break(line.to_owned()),
            None => ControlFlow::Continue(format!("printed {} bytes", text.len())),
        })
    })?;
    let greeting = serde_json::from_str(&greeting).context("the emulator's first line")?;
    // The file held the secret; it is needed no more.
    fs::remove_file(&stdout).with_context(|| format!("removing {}", stdout.display()))?;
    Ok((process, greeting))
}
