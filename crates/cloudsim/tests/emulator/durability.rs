//! The real binary, killed without warning.

use std::io::Read;
use std::process::{Command, Stdio};

use serde_json::json;

use super::client::*;
use super::process::{Process, cloudsim, serve};

fn project(process: &Process, name: &str) -> Wire {
    sls(&process.key, name, "POST", "/", &json!({"projectName": name}))
}

#[test]
fn what_was_answered_survives_a_kill() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::start(data.path());
    for number in 0..20 {
        let reply =
            project(&process, &format!("proj-{number}")).send(process.address, Form::Absolute).unwrap();
        assert_eq!(reply.status, 200);
    }
    process.kill();
    let process = Process::start(data.path());
    let state = control(process.address, "GET", "/_sim/state", "").body_json();
    assert_eq!(state["accounts"][0]["projects"].as_array().unwrap().len(), 20);
    let journal = control(process.address, "GET", "/_sim/journal", "").body_json();
    let changed =
        journal["entries"].as_array().unwrap().iter().filter(|entry| entry["changed"] == true).count();
    assert_eq!(changed, 20);
}

#[test]
fn same_directory_gives_the_same_identity() {
    let data = tempfile::tempdir().unwrap();
    let first = Process::start(data.path());
    let line = first.line.clone();
    first.kill();
    let second = Process::start(data.path());
    for field in ["account", "accessKeyId", "accessKeySecret", "region"] {
        assert_eq!(line[field], second.line[field]);
    }
}

#[test]
fn second_process_on_a_directory_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let _first = Process::start(data.path());
    let second = serve(data.path()).output().unwrap();
    assert!(!second.status.success());
    assert!(second.stdout.is_empty());
    let told = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(told.contains("in use by another cloudsim process"), "{told}");
}

#[test]
fn process_stops_on_sigterm() {
    let data = tempfile::tempdir().unwrap();
    let mut process = Process::start(data.path());
    let pid = process.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(process.child.wait().unwrap().success());
}

#[test]
fn help_shows_an_example() {
    let output = cloudsim().args(["serve", "--help"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("cloudsim serve --listen 127.0.0.1:8085"), "{text}");
}

#[test]
fn unusable_directory_is_named() {
    let data = tempfile::NamedTempFile::new().unwrap();
    let mut child = serve(data.path()).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert!(!child.wait().unwrap().success());
    assert!(told.contains("cannot use the data directory"), "{told}");
}
