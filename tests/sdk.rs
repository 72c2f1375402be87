//! Alibaba Cloud's own SDKs, unchanged, against the emulator: SDK × operation.
//!
//! The checks are Python, in `tests/sdk/`; this installs the SDKs into an environment of their own below
//! `target/sdk-venv/`, once for each content of `tests/sdk/requirements.txt`, compiles the one in Rust into
//! `target/sdk-rust/`, starts `cloudsim` and shows the table. The sample in `deploy/samples/ci/` runs in the same environment.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected should stop there")]

mod python;
mod rust_sdk;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use python::{folder, interpreter, said, tell};
use serde_json::{Value, json};
use testenv::{Custody, Emulator, custody, place};

/// What the Python program has to know: where the emulator is, whom to trust, its key, and what it offers.
fn task(emulator: &Emulator) -> Value {
    let mut operations: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for operation in cloudsim::operations() {
        operations.entry(operation.service.name()).or_default().push(operation.action);
    }
    let greeting = emulator.greeting();
    json!({
        "address": greeting.address, "caFile": greeting.ca_file, "account": greeting.account, "region": greeting.region,
        "accessKeyId": greeting.access_key_id, "accessKeySecret": greeting.access_key_secret,
        "operations": operations,
    })
}

/// The column of the official Rust SDK.
fn rust_column(task: &Value) -> Value {
    let mut program = Command::new(rust_sdk::program("sdk-rust"));
    program.env("http_proxy", task["address"].as_str().unwrap());
    let output = fed(&mut program, task);
    assert!(output.status.success(), "the Rust SDK's program failed\n{}", said(&output));
    let results: Value = serde_json::from_slice(&output.stdout).unwrap();
    json!({"service": "sls", "sdk": "rust", "variant": "v1 sha1, proxy", "results": results, "reason": null})
}

fn conformance(python: &Path, task: &Value) -> Output {
    let mut command = Command::new(python);
    command.arg("run.py").current_dir(folder()).env("PYTHONDONTWRITEBYTECODE", "1");
    fed(&mut command, task)
}

/// Runs a program with the task on its standard input.
fn fed(command: &mut Command, task: &Value) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(task.to_string().as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn official_sdks_accept_every_operation_of_the_emulator() {
    let python = interpreter();
    let custody = Custody::new().unwrap();
    let data = custody::scratch(&custody).unwrap().join("cloud");
    let emulator = Emulator::start(&place::binary("cloudsim"), &data, &custody).unwrap();
    let mut task = task(&emulator);
    task["foreign"] = json!([rust_column(&task)]);
    let output = conformance(&python, &task);
    tell(&String::from_utf8_lossy(&output.stdout));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cells failed, see the table\n{complaint}");
}

/// The sample of using the emulator in somebody's own CI.
fn sample() -> PathBuf {
    place::root().join("deploy/samples/ci")
}

#[test]
fn sample_for_ci_passes_as_it_is() {
    let mut command = Command::new(interpreter());
    command.arg(sample().join("platform_events.py")).arg(place::binary("cloudsim"));
    let output = command.env("PYTHONDONTWRITEBYTECODE", "1").output().unwrap();
    assert!(output.status.success(), "the sample failed\n{}", said(&output));
    let seen = String::from_utf8_lossy(&output.stdout);
    assert!(seen.contains("counted {") && seen.contains("refused ProjectForbidden"), "{seen}");
}

#[test]
fn sample_for_ci_asks_for_the_versions_it_is_tried_with() {
    let read = |folder: PathBuf| std::fs::read_to_string(folder.join("requirements.txt")).unwrap();
    let (asked, tried) = (read(sample()), read(folder()));
    let asked: Vec<&str> = asked.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(!asked.is_empty());
    for line in asked {
        assert!(
            tried.lines().any(|tried| tried == line),
            "{line} is not what tests/sdk/requirements.txt has"
        );
    }
}
