//! The subcommands of the binary.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use super::client::*;
use super::process::{Process, cloudsim};

fn run(args: &[&str]) -> Output {
    cloudsim().args(args).output().unwrap()
}

fn succeed(args: &[&str]) -> Value {
    let output = run(args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(args: &[&str]) -> String {
    let output = run(args);
    assert!(!output.status.success() && output.stdout.is_empty());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn seed(data: &Path, more: &[&str]) -> Value {
    let args = [&["seed", "--data", text(data), "--output", "json"], more].concat();
    succeed(&args)
}

/// Everything in the Logstore of a seeded directory.
fn events(process: &Process) -> Vec<Value> {
    let body = json!({"from": 0, "to": 2_000_000_000, "query": "* | select * from log order by EventID limit 100000"});
    let target = "/logstores/innertrail_platform-ops/logs";
    let reply = sls(&process.key, "platform-audit", "POST", target, &body);
    let found = reply.send(process.address, Form::Absolute).unwrap().body_json();
    found["data"].as_array().unwrap_or_else(|| panic!("{found}")).clone()
}

#[test]
fn seeded_directory_has_project_trail_and_events_of_every_kind() {
    let data = tempfile::tempdir().unwrap();
    let told = seed(data.path(), &["--events", "500", "--days", "3"]);
    assert_eq!((&told["events"], &told["logstore"]), (&json!(500), &json!("innertrail_platform-ops")));
    let process = Process::start(data.path());
    assert_eq!(process.line["accessKeyId"], told["accessKeyId"]);
    let events = events(&process);
    assert_eq!(events.len(), 500);
    for kind in ["CUSTOMER_INITIATED_SUPPORT", "ALIYUN_INITIATED_SERVICE", "ALIYUN_INITIATED_PENALTY"] {
        assert!(events.iter().any(|event| event["EventType"] == kind), "{kind}");
    }
    let mut times: Vec<&str> = events.iter().filter_map(|event| event["EventTime"].as_str()).collect();
    times.sort_unstable();
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
    let span = at(times[499]) - at(times[0]);
    assert!((2 * 86_400..=3 * 86_400).contains(&span), "{span}");
}

#[test]
fn same_seed_and_time_fill_two_directories_alike() {
    let [one, other] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let more = ["--events", "200", "--seed", "5", "--until", "2026-11-20T00:00:00Z"];
    let told = [seed(one.path(), &more), seed(other.path(), &more)];
    assert_eq!(told[0]["accessKeyId"], told[1]["accessKeyId"]);
    let [first, second] = [Process::start(one.path()), Process::start(other.path())];
    assert_eq!(events(&first), events(&second));
    let state = |process: &Process| {
        control(process.address, "GET", "/_sim/state", "").body_json()["accounts"].clone()
    };
    assert_eq!(state(&first), state(&second));
}

#[test]
fn filled_directory_is_not_filled_again() {
    let data = tempfile::tempdir().unwrap();
    seed(data.path(), &["--events", "0"]);
    let told = refused(&["seed", "--data", text(data.path())]);
    assert!(told.contains("holds a state already"), "{told}");
}

#[test]
fn impossible_names_are_refused_with_the_reason() {
    let data = tempfile::tempdir().unwrap();
    let told = refused(&["seed", "--data", text(data.path()), "--trail", "A"]);
    assert!(told.contains("cannot fill the directory"), "{told}");
}

#[test]
fn snapshot_of_a_served_directory_is_consistent_and_can_be_served() {
    let [data, again] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let process = Process::start(data.path());
    let make = |name: &str| {
        let wire = sls(&process.key, name, "POST", "/", &json!({"projectName": name}));
        assert_eq!(wire.send(process.address, Form::Absolute).unwrap().status, 200);
    };
    make("first-proj");
    let file = again.path().join("cloudsim.sqlite");
    let told = succeed(&["snapshot", "--data", text(data.path()), "--to", text(&file), "--output", "json"]);
    assert_eq!(told["bytes"], std::fs::metadata(&file).unwrap().len());
    make("second-proj");
    let copied = Process::start(again.path());
    assert_eq!(copied.line["accessKeySecret"], process.line["accessKeySecret"]);
    let state = control(copied.address, "GET", "/_sim/state", "").body_json();
    let projects = state["accounts"][0]["projects"].as_array().unwrap();
    assert_eq!((projects.len(), &projects[0]["name"]), (1, &json!("first-proj")));
}

#[test]
fn snapshot_is_taken_of_a_directory_left_by_a_kill() {
    let data = tempfile::tempdir().unwrap();
    let process = Process::start(data.path());
    let wire = sls(&process.key, "my-proj", "POST", "/", &json!({"projectName": "my-proj"}));
    assert_eq!(wire.send(process.address, Form::Absolute).unwrap().status, 200);
    process.kill();
    let again = tempfile::tempdir().unwrap();
    let file = again.path().join("cloudsim.sqlite");
    succeed(&["snapshot", "--data", text(data.path()), "--to", text(&file), "--output", "json"]);
    let state = control(Process::start(again.path()).address, "GET", "/_sim/state", "");
    assert!(state.text().contains("my-proj"));
}

#[test]
fn snapshot_overwrites_nothing_and_wants_a_state() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("there");
    std::fs::write(&file, "precious").unwrap();
    let told = refused(&["snapshot", "--data", text(data.path()), "--to", text(&file)]);
    assert!(told.contains("is not a data directory of cloudsim"), "{told}");
    seed(&data.path().join("state"), &["--events", "0"]);
    let told = refused(&["snapshot", "--data", text(&data.path().join("state")), "--to", text(&file)]);
    assert!(told.contains("is there already"), "{told}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
}

#[test]
fn domain_that_is_none_or_belongs_to_the_cloud_is_refused() {
    let data = tempfile::tempdir().unwrap();
    for name in ["", ".test", "a b", "127.0.0.1", "log.aliyuncs.com"] {
        let told = refused(&["serve", "--data", text(data.path()), "--domain", name]);
        assert!(told.contains("--domain"), "{told}");
    }
}

#[test]
fn every_subcommand_shows_an_example() {
    for name in ["serve", "seed", "snapshot"] {
        let text = String::from_utf8(run(&[name, "--help"]).stdout).unwrap();
        assert!(text.contains(&format!("cloudsim {name} --")) && text.contains("Example"), "{text}");
    }
}
