//! kubectl, pointed at one cluster.
//!
//! Takes arguments, in which paths are relative to the root of the source tree; returns what was printed. Must never read or write the user's own kubectl settings or
//! caches, and never wait for ever.

use crate::place;
use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Longest a call may take, unless [`Kubectl::within`] says otherwise.
const LIMIT: Duration = Duration::from_secs(30);
/// Life of a service account token made here: longer than any test or demo.
const TOKEN_LIFE: &str = "24h";

/// A kubectl binary and a kubeconfig.
#[derive(Clone, Debug)]
pub struct Kubectl {
    program: PathBuf,
    kubeconfig: PathBuf,
    cache: PathBuf,
    limit: Duration,
}

impl Kubectl {
    /// `cache` is a directory for what kubectl remembers of this cluster.
    pub fn new(program: &Path, kubeconfig: &Path, cache: &Path) -> Self {
        Self {
            program: program.to_path_buf(),
            kubeconfig: kubeconfig.to_path_buf(),
            cache: cache.to_path_buf(),
            limit: LIMIT,
        }
    }

    /// The same with another limit for each call.
    #[must_use]
    pub fn within(&self, limit: Duration) -> Self {
        Self { limit, ..self.clone() }
    }

    /// The kubeconfig it uses.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Runs it; a failing kubectl is an [`Output`] too.
    ///
    /// # Errors
    /// It could not be started or took longer than the limit.
    pub fn run(&self, args: &[&str]) -> Result<Output> {
        self.run_with_input(args, "")
    }

    /// Runs it and returns what it printed.
    ///
    /// # Errors
    /// As [`Kubectl::run`], and when it fails; the text holds its arguments and its error output.
    pub fn ok(&self, args: &[&str]) -> Result<String> {
        success(args, &self.run(args)?)
    }

    /// Applies a manifest given as text.
    ///
    /// # Errors
    /// As [`Kubectl::ok`].
    pub fn apply(&self, manifest: &str) -> Result<String> {
        let args = ["apply", "-f", "-"];
        success(&args, &self.run_with_input(&args, manifest)?)
    }

    /// An object, or whatever else prints JSON: adds `-o json` to the arguments.
    ///
    /// # Errors
    /// As [`Kubectl::ok`], and when the output is not JSON.
    pub fn json(&self, args: &[&str]) -> Result<Value> {
        let args = [args, &["-o", "json"]].concat();
        serde_json::from_str(&self.ok(&args)?)
            .with_context(|| format!("output of kubectl {}", args.join(" ")))
    }

    /// Writes a kubeconfig with a token of a service account, and nothing else, to `file`.
    ///
    /// # Errors
    /// The account does not exist, or the file cannot be written.
    pub fn write_service_account_kubeconfig(&self, namespace: &str, name: &str, file: &Path) -> Result<()> {
        let token = self.ok(&["create", "token", name, "-n", namespace, "--duration", TOKEN_LIFE])?;
        let config = self.json(&["config", "view", "--raw", "--minify", "--flatten"])?;
        let cluster = config.pointer("/clusters/0/cluster").context("the kubeconfig names no cluster")?;
        write_kubeconfig(file, cluster, &json!({ "token": token.trim() }))
    }

    fn run_with_input(&self, args: &[&str], input: &str) -> Result<Output> {
        let mut child = Command::new(&self.program)
            .args(args)
            .current_dir(place::root())
            .env("KUBECONFIG", &self.kubeconfig)
            .env("KUBECACHEDIR", &self.cache)
            .env("KUBERC", "off")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", self.program.display()))?;
        let pid = Pid::from_child(&child);
        let mut stdin = child.stdin.take().context("kubectl has no input")?;
        let input = input.to_owned();
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            // kubectl may end without reading its input; then its own message tells why.
            let _ = stdin.write_all(input.as_bytes());
            drop(stdin);
            // The receiver is gone only after the limit, when nobody wants the output any more.
            let _ = sender.send(child.wait_with_output());
        });
        let Ok(output) = receiver.recv_timeout(self.limit) else {
            // It may have ended this instant.
            let _ = kill_process(pid, Signal::KILL);
            bail!("kubectl {} took longer than {} s", args.join(" "), self.limit.as_secs());
        };
        output.with_context(|| format!("kubectl {}", args.join(" ")))
    }
}

fn success(args: &[&str], output: &Output) -> Result<String> {
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        bail!("kubectl {} failed: {}", args.join(" "), error.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Writes a kubeconfig with one cluster and one user. It is JSON, which is YAML too.
///
/// # Errors
/// The file cannot be written.
pub fn write_kubeconfig(file: &Path, cluster: &Value, user: &Value) -> Result<()> {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": "test", "cluster": cluster }],
        "users": [{ "name": "user", "user": user }],
        "contexts": [{ "name": "test", "context": { "cluster": "test", "user": "user" } }],
        "current-context": "test",
    });
    let text = serde_json::to_string_pretty(&config)? + "\n";
    place::write_private(file, &text)
}
