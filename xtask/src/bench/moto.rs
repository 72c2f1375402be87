//! The yardstick: moto's server, which stands in for AWS as the emulator does for Alibaba Cloud.
//!
//! Takes nothing; returns a running server and requests for it, signed by `botocore`. It is installed once
//! for each content of `requirements.txt` into an environment of its own below `target/moto-venv/`.

use super::signed;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::net::{SocketAddr, TcpStream};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use testenv::process::{Process, Spec};
use testenv::progress::Progress;
use testenv::{Custody, place, ports, wait};

const REQUIREMENTS: &str = include_str!("requirements.txt");
const SIGN: &str = include_str!("sign.py");
/// It imports for some seconds, more on a busy machine.
const READY_LIMIT: Duration = Duration::from_mins(2);

/// A running server of moto. Dropping it ends it.
pub(super) struct Moto {
    pub(super) address: SocketAddr,
    /// Version that is installed.
    pub(super) version: String,
    python: PathBuf,
    _process: Process,
}

impl Moto {
    /// Installs it if needed and starts it on a free port.
    pub(super) fn start(dir: &Path, custody: &Custody, progress: &dyn Progress) -> Result<Self> {
        let home = install(progress)?;
        let port = ports::free()?;
        let spec = Spec {
            name: "moto_server",
            program: home.join("bin/moto_server"),
            args: ["-H", "127.0.0.1", "-p", &port.to_string()].map(str::to_owned).to_vec(),
            env: vec![],
            log: dir.join("moto.log"),
            stdout: None,
        };
        let mut process = Process::start(&spec, custody)?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        wait::until("moto's server", READY_LIMIT, || {
            process.still_runs()?;
            Ok(match TcpStream::connect(address) {
                Ok(_) => ControlFlow::Break(()),
                Err(error) => ControlFlow::Continue(error.to_string()),
            })
        })?;
        let version = REQUIREMENTS.lines().find_map(|line| line.strip_prefix("moto=="));
        let version = version.context("requirements.txt does not pin moto")?.to_owned();
        Ok(Self { address, version, python: home.join("bin/python"), _process: process })
    }

    /// Signed requests by operation, after the trail that they describe was made.
    pub(super) fn requests(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let mut command = Command::new(&self.python);
        command.args(["-c", SIGN]).arg(format!("http://{}", self.address));
        let output = run(&mut command, "signing requests for moto")?;
        let signed: Value = serde_json::from_slice(&output).context("the signed requests")?;
        let signed = signed.as_object().context("the signed requests are no object")?;
        signed.iter().map(|(name, request)| Ok((name.clone(), self.bytes(request)?))).collect()
    }

    fn bytes(&self, request: &Value) -> Result<Vec<u8>> {
        let headers = request["headers"].as_object().context("a request without headers")?;
        let host = self.address.to_string();
        // The length is written with the body, and the host is implied by botocore.
        let own = headers
            .iter()
            .filter(|(name, _)| !["content-length", "host"].contains(&name.to_lowercase().as_str()));
        let own = own.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
        let body = request["body"].as_str().context("a request without body")?;
        Ok(signed::bytes("POST", "/", own.chain([("host", host.as_str())]), body.as_bytes()))
    }
}

/// The environment, which is made when it is missing or was left half made.
fn install(progress: &dyn Progress) -> Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    REQUIREMENTS.hash(&mut hasher);
    let key = format!("{:016x}", hasher.finish());
    let base = place::target().join("moto-venv");
    fs::create_dir_all(&base).with_context(|| format!("creating {}", base.display()))?;
    let lock = File::create(base.join("lock")).context("creating a lock")?;
    lock.lock().context("waiting for another installation")?;
    let (home, complete) = (base.join(&key), base.join(format!("{key}.complete")));
    if !complete.exists() {
        let task = progress.task("installing moto's server, once");
        make(&home)?;
        File::create(complete).context("marking the installation complete")?;
        task.done();
    }
    Ok(home)
}

fn make(home: &Path) -> Result<()> {
    let found = Command::new("python3").arg("--version").output();
    ensure!(
        found.is_ok_and(|output| output.status.success()),
        "python3 is not on the PATH; moto needs Python 3.10 or later with its venv module"
    );
    if home.exists() {
        fs::remove_dir_all(home).with_context(|| format!("removing {}", home.display()))?;
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(home), "making a Python environment")?;
    let requirements = home.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS).context("writing the requirements")?;
    let pip =
        ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--requirement"];
    run(Command::new(home.join("bin/python")).args(pip).arg(requirements), "installing moto with pip")?;
    Ok(())
}

fn run(command: &mut Command, purpose: &str) -> Result<Vec<u8>> {
    let output = command.output().with_context(|| format!("{purpose}: starting {command:?}"))?;
    if !output.status.success() {
        bail!("{purpose} failed\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(output.stdout)
}
