//! The control plane holds what it promises: data survives SIGKILL, service accounts have their own rights,
//! and nothing survives its holder.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use testenv::identity::Identity;
use testenv::{ControlPlane, Kubectl, Tool, Tools};

const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn what_was_written_survives_sigkill_of_the_api_server() {
    let mut plane = ControlPlane::fresh(false).unwrap();
    plane.client().ok(&["create", "namespace", "audit"]).unwrap();
    let address = plane.address().to_owned();
    plane.kill_apiserver();
    assert!(!plane.kubectl(&["get", "namespace", "audit"]).unwrap().status.success());
    plane.restart_apiserver().unwrap();
    plane.client().ok(&["get", "namespace", "audit"]).unwrap();
    assert_eq!(plane.address(), address);
}

#[test]
fn a_service_account_may_do_nothing_it_was_not_granted() {
    let plane = ControlPlane::fresh(true).unwrap();
    plane.client().ok(&["create", "serviceaccount", "nobody", "-n", "default"]).unwrap();
    let file = plane.service_account_kubeconfig("default", "nobody").unwrap();
    let tools = Tools::ensure(&[Tool::Kubectl], &testenv::progress::Silent).unwrap();
    let kubectl = Kubectl::new(tools.path(Tool::Kubectl).unwrap(), &file, &plane.dir().join("cache"));
    let output = kubectl.run(&["get", "secrets", "-n", "default"]).unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("system:serviceaccount:default:nobody"), "{error}");
    // With the controller-manager, a namespace goes away.
    plane.client().ok(&["create", "namespace", "gone"]).unwrap();
    plane.client().ok(&["delete", "namespace", "gone", "--wait", "--timeout=20s"]).unwrap();
}

#[test]
fn nothing_is_left_when_the_holder_is_killed() {
    let mut holder = Command::new(env!("CARGO_BIN_EXE_hold"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let held: Value = serde_json::from_str(&line).unwrap();
    let pids = held["pids"].as_array().unwrap().iter().map(|pid| pid.as_i64().unwrap());
    let running: Vec<Identity> = pids.map(|pid| Identity::of(i32::try_from(pid).unwrap()).unwrap()).collect();
    kill_process(Pid::from_child(&holder), Signal::KILL).unwrap();
    holder.wait().unwrap();
    for identity in running {
        identity.gone(LIMIT).unwrap();
    }
    let dir = Path::new(held["dir"].as_str().unwrap());
    testenv::wait::until("the directory to go", LIMIT, || {
        Ok(if dir.exists() {
            std::ops::ControlFlow::Continue("it is there".to_owned())
        } else {
            std::ops::ControlFlow::Break(())
        })
    })
    .unwrap();
}
