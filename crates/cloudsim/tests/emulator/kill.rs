//! A thousand concurrent writes, the process killed among them, twenty times over.
//!
//! Every write is one that can be told apart afterwards: a log with an id of its own, a Logstore, a dashboard or
//! a role with a name of its own, a tag with a value of its own. What was answered 200 must be there after the
//! restart, and nothing twice: not in the state, and not in the journal as two changes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::client::*;
use super::logs;
use super::process::Process;

const ROUNDS: usize = 20;
const WRITES: usize = 1000;
const CLIENTS: usize = 50;
/// One Logstore of each project takes the logs; the others are what is written.
const LOGS: &str = "kill-logs";

/// One write of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Log,
    Logstore,
    Dashboard,
    Role,
    Tag,
}

/// A number that looks random and depends on its seed alone (splitmix64).
fn mixed(seed: u64) -> u64 {
    let mut value = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Mostly logs, and some of everything else.
fn kind(number: usize) -> Kind {
    match number % 10 {
        6 => Kind::Logstore,
        7 => Kind::Dashboard,
        8 => Kind::Role,
        9 => Kind::Tag,
        _ => Kind::Log,
    }
}

/// A project of each round, so that no quota is met.
fn project(round: usize) -> String {
    format!("kill-proj-{round}")
}

fn name(round: usize, number: usize) -> String {
    format!("w-{round}-{number}")
}

const TRUST: &str = r#"{"Version":"1","Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["ecs.aliyuncs.com"]}}]}"#;

fn wire(key: &Key, round: usize, number: usize) -> Wire {
    let (name, project) = (name(round, number), project(round));
    let post = |target: &str, body: &Value| sls(key, &project, "POST", target, body);
    match kind(number) {
        Kind::Log => {
            let target = format!("/logstores/{LOGS}/shards/lb");
            sls_bytes(key, &project, "POST", &target, logs::group(logs::now(), "id", &name), &[])
        }
        Kind::Logstore => post("/logstores", &json!({"logstoreName": name, "ttl": 1, "shardCount": 1})),
        Kind::Dashboard => post("/dashboards", &json!({"dashboardName": name, "charts": []})),
        Kind::Role => {
            rpc(key, RAM, "CreateRole", &[("RoleName", &name), ("AssumeRolePolicyDocument", TRUST)])
        }
        Kind::Tag => post("/tag", &tag(&project, &name)),
    }
}

fn tag(project: &str, name: &str) -> Value {
    json!({"resourceType": "project", "resourceId": [project], "tags": [{"key": name, "value": name}]})
}

/// Status of the answer; `None` when none came because the server is gone.
fn status(wire: &Wire, address: SocketAddr) -> Option<u16> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    stream.write_all(&wire.bytes(Form::Absolute)).ok()?;
    let mut bytes = Vec::new();
    let whole = stream.read_to_end(&mut bytes).is_ok();
    let status = std::str::from_utf8(bytes.get(9..12)?).ok()?.parse().ok()?;
    whole.then_some(status)
}

/// What became of the writes of a round, by number.
#[derive(Default)]
struct Told {
    answered: Vec<usize>,
    /// Sent, and the connection ended without an answer.
    unanswered: Vec<usize>,
}

/// Sends all writes of a round side by side and kills the process amid them, at a moment that depends on the round.
fn writes_until_killed(mut process: Process, round: usize) -> Told {
    let limit = 1 + usize::try_from(mixed(round as u64) % (WRITES as u64 - 1)).unwrap();
    let (next, answered) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (address, key) = (process.address, process.key.clone());
    let send = |number| status(&wire(&key, round, number), address);
    let told = std::thread::scope(|scope| {
        let client = || scope.spawn(|| writes(&next, &answered, send));
        let clients: Vec<_> = (0..CLIENTS).map(|_| client()).collect();
        while answered.load(Ordering::Relaxed) < limit {
            assert!(clients.iter().any(|client| !client.is_finished()), "all clients ended early");
            std::thread::sleep(Duration::from_millis(1));
        }
        process.child.kill().unwrap();
        process.child.wait().unwrap();
        clients.into_iter().map(|client| client.join().unwrap()).collect::<Vec<_>>()
    });
    told.into_iter().fold(Told::default(), |mut all, one| {
        all.answered.extend(one.answered);
        all.unanswered.extend(one.unanswered);
        all
    })
}

/// One client: takes the next write until all are taken or the server is gone.
fn writes(next: &AtomicUsize, answered: &AtomicUsize, send: impl Fn(usize) -> Option<u16>) -> Told {
    let mut told = Told::default();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= WRITES {
            return told;
        }
        let Some(status) = send(number) else {
            told.unanswered.push(number);
            return told;
        };
        assert_eq!(status, 200, "write {number}");
        told.answered.push(number);
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

/// How often each write is found in the state, with the logs of these rounds.
fn found(process: &Process, rounds: Range<usize>) -> BTreeMap<String, usize> {
    let state = control(process.address, "GET", "/_sim/state", "").body_json();
    let account = &state["accounts"][0];
    let mut names = texts(&account["roles"], "name");
    names.extend(rounds.flat_map(|round| stored_logs(process, &project(round))));
    for project in account["projects"].as_array().unwrap() {
        names.extend(texts(&project["logstores"], "name"));
        let dashboards = project["dashboards"].as_array().unwrap().iter();
        names.extend(dashboards.filter_map(Value::as_str).map(str::to_owned));
        names.extend(project["tags"].as_object().unwrap().keys().cloned());
    }
    let mut counts = BTreeMap::new();
    for name in names.into_iter().filter(|name| name.starts_with("w-")) {
        *counts.entry(name).or_default() += 1;
    }
    counts
}

fn texts(list: &Value, field: &str) -> Vec<String> {
    let items = list.as_array().unwrap().iter();
    items.filter_map(|item| item[field].as_str()).map(str::to_owned).collect()
}

/// The ids of all logs stored in a project.
fn stored_logs(process: &Process, project: &str) -> Vec<String> {
    let query = "* | select id from log limit 100000";
    let body = json!({"from": logs::now() - 3600, "to": logs::now() + 600, "query": query});
    let reply = sls(&process.key, project, "POST", &format!("/logstores/{LOGS}/logs"), &body);
    let reply = reply.send(process.address, Form::Absolute).unwrap();
    texts(&reply.body_json()["data"], "id")
}

/// What the journal tells as changes of the account, by operation.
fn changes(process: &Process) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let mut after = Value::from(0);
    loop {
        let page = control(process.address, "GET", &format!("/_sim/journal?after={after}"), "").body_json();
        let entries = page["entries"].as_array().unwrap();
        if entries.is_empty() {
            return counts;
        }
        for entry in entries.iter().filter(|entry| entry["changed"] == true) {
            *counts.entry(entry["action"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        after = page["last"].clone();
    }
}

/// Makes the project of a round, with the Logstore for its logs.
fn prepare(process: &Process, round: usize) {
    let project = project(round);
    let index = json!({"keys": {"id": {"type": "text", "token": [","], "doc_value": true}}});
    let calls = [
        ("/".to_owned(), json!({"projectName": project})),
        ("/logstores".to_owned(), json!({"logstoreName": LOGS, "ttl": 1, "shardCount": 1})),
        (format!("/logstores/{LOGS}/index"), index),
    ];
    for (target, body) in calls {
        let reply = sls(&process.key, &project, "POST", &target, &body).send(process.address, Form::Absolute);
        assert_eq!(reply.as_ref().unwrap().status, 200, "{reply:?}");
    }
}

/// Sends again what got no answer and cannot be there twice; returns what is to be there then.
fn sent_again(process: &Process, round: usize, unanswered: &[usize]) -> Vec<String> {
    let again = unanswered.iter().copied().filter(|number| kind(*number) != Kind::Log);
    let send = |number| {
        let status = status(&wire(&process.key, round, number), process.address).unwrap();
        // What took effect before the kill is there already; a tag is set to what it is.
        let expected: &[u16] = match kind(number) {
            Kind::Role => &[200, 409],
            Kind::Logstore | Kind::Dashboard => &[200, 400],
            Kind::Log | Kind::Tag => &[200],
        };
        assert!(expected.contains(&status), "{} again: {status}", name(round, number));
        name(round, number)
    };
    again.map(send).collect()
}

fn assert_nothing_lost(expected: &BTreeSet<String>, found: &BTreeMap<String, usize>) {
    let lost: Vec<_> = expected.iter().filter(|name| !found.contains_key(*name)).collect();
    assert!(lost.is_empty(), "lost {lost:?}");
}

#[test]
fn twenty_kills_among_a_thousand_writes_lose_nothing_answered_and_double_nothing() {
    let data = tempfile::tempdir().unwrap();
    let mut process = Process::start(data.path());
    let mut expected = BTreeSet::new();
    for round in 0..ROUNDS {
        prepare(&process, round);
        let told = writes_until_killed(process, round);
        process = Process::start(data.path());
        let answered: BTreeSet<String> = told.answered.iter().map(|number| name(round, *number)).collect();
        assert_nothing_lost(&answered, &found(&process, round..round + 1));
        expected.extend(answered);
        expected.extend(sent_again(&process, round, &told.unanswered));
    }
    let found = found(&process, 0..ROUNDS);
    assert_nothing_lost(&expected, &found);
    let twice: Vec<_> = found.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "there twice: {twice:?}");
    assert_every_change_is_there_once(&found, &changes(&process));
}

/// The journal tells exactly one change for each thing that is there.
fn assert_every_change_is_there_once(found: &BTreeMap<String, usize>, changes: &BTreeMap<String, usize>) {
    let of_kind = |wanted: Kind| found.keys().filter(|name| kind_of(name) == wanted).count();
    assert_eq!(of_kind(Kind::Log), changes["PutLogs"]);
    assert_eq!(of_kind(Kind::Role), changes["CreateRole"]);
    assert_eq!(of_kind(Kind::Dashboard), changes["CreateDashboard"]);
    assert_eq!(of_kind(Kind::Tag), changes["TagResources"]);
    assert_eq!(of_kind(Kind::Logstore) + ROUNDS, changes["CreateLogStore"]);
}

fn kind_of(name: &str) -> Kind {
    kind(name.rsplit('-').next().unwrap().parse().unwrap())
}
