//! The Python environment with the official SDKs, for the tests that ask these.
//!
//! Made below `target/sdk-venv/`, once for each content of `tests/sdk/requirements.txt`.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sha2::{Digest, Sha256};
use testenv::place;

/// Where the Python programs are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk")
}

/// Runs a command to its end; panics with what it said when it fails.
pub fn succeed(command: &mut Command, purpose: &str) {
    let ran = command.output();
    let output = ran.unwrap_or_else(|error| panic!("{purpose}: cannot start {command:?}: {error}"));
    assert!(output.status.success(), "{purpose} failed\n{}", said(&output));
}

pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The Python of the environment with the SDKs, which is made when it is missing or was left half made.
pub fn interpreter() -> PathBuf {
    let requirements = folder().join("requirements.txt");
    let hash = Sha256::digest(fs::read(&requirements).unwrap());
    let (start, _) = hash.split_first_chunk().unwrap();
    let key = format!("{:016x}", u64::from_be_bytes(*start));
    let base = place::target().join("sdk-venv");
    fs::create_dir_all(&base).unwrap();
    // Two test runs at a time must not install into one directory.
    let lock = File::create(base.join("lock")).unwrap();
    lock.lock().unwrap();
    let (home, complete) = (base.join(&key), base.join(format!("{key}.complete")));
    let python = home.join("bin/python");
    if !complete.exists() {
        install(&home, &python, &requirements);
        File::create(complete).unwrap();
    }
    python
}

fn install(home: &Path, python: &Path, requirements: &Path) {
    let found = Command::new("python3").arg("--version").output();
    assert!(
        found.is_ok_and(|output| output.status.success()),
        "python3 is not on the PATH; the official SDKs need Python 3.10 or later with its venv module"
    );
    tell("installing the official SDKs, once\n");
    if home.exists() {
        fs::remove_dir_all(home).unwrap();
    }
    succeed(Command::new("python3").args(["-m", "venv"]).arg(home), "making a Python environment");
    let pip =
        ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--requirement"];
    succeed(Command::new(python).args(pip).arg(requirements), "installing the official SDKs with pip");
}

/// Says something that is seen although the test passes.
pub fn tell(text: &str) {
    std::io::stderr().lock().write_all(text.as_bytes()).unwrap();
}
