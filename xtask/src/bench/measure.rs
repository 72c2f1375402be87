//! What is measured, in order.
//!
//! Takes two running servers; returns figures. The rounds of the emulator and of moto take turns, so that a
//! machine that is busy for a while is as busy for the one as for the other.

use super::load::{self, Round};
use super::moto::Moto;
use super::signed::{LOGSTORE, PROJECT, Signer, TRAIL_LOGSTORE};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use std::time::Duration;
use testenv::Emulator;
use testenv::progress::Progress;

/// Clients at a time.
pub(super) const CLIENTS: usize = 4;
/// Rounds of requests.
const ROUNDS: u32 = 5;
/// Runs of the `GROUP BY`.
const RUNS: usize = 9;
/// Events made by one call, so that progress can be told.
const PORTION: u64 = 10_000;

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub(super) struct Amounts {
    /// Reads of the emulator in one round.
    pub(super) reads: usize,
    /// Writes of the emulator in one round.
    pub(super) writes: usize,
    /// Requests to moto in one round.
    pub(super) moto: usize,
    /// Events for the `GROUP BY`.
    pub(super) events: u64,
}

/// One kind of request and how it went.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) server: &'static str,
    pub(super) operation: String,
    pub(super) rounds: Vec<Round>,
}

impl Case {
    /// Requests per second in the middle round.
    pub(super) fn rate(&self) -> f64 {
        let mut rates: Vec<f64> = self.rounds.iter().map(Round::rate).collect();
        rates.sort_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied().unwrap_or_default()
    }

    /// The value below which a share of all requests stayed.
    pub(super) fn percentile(&self, share: f64) -> Duration {
        let mut all: Vec<Duration> =
            self.rounds.iter().flat_map(|round| round.each.iter().copied()).collect();
        all.sort_unstable();
        load::percentile(&all, share)
    }
}

/// Resident memory in bytes: now, and the most it ever was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    pub(super) now: u64,
    pub(super) most: u64,
}

/// The `GROUP BY`, and memory around it.
#[derive(Debug)]
pub(super) struct Analysis {
    pub(super) events: u64,
    /// In the order of the runs; the first finds cold caches.
    pub(super) runs: Vec<Duration>,
    pub(super) before: Memory,
    pub(super) after: Memory,
}

impl Analysis {
    pub(super) fn median(&self) -> Duration {
        let mut sorted = self.runs.clone();
        sorted.sort_unstable();
        load::percentile(&sorted, 0.5)
    }

    pub(super) fn worst(&self) -> Duration {
        self.runs.iter().max().copied().unwrap_or_default()
    }
}

/// Makes what the reads read.
pub(super) fn prepare(emulator: &Emulator) -> Result<()> {
    let address = address(emulator)?;
    let greeting = emulator.greeting();
    let signer = Signer { greeting, now: crate::demo::now() };
    let project = json!({"projectName": PROJECT, "description": "bench"});
    let logstore = json!({"logstoreName": LOGSTORE, "ttl": 30, "shardCount": 2});
    let arn = format!("acs:log:{}:{}:project/{PROJECT}", greeting.region, greeting.account);
    let trail = format!("Name=bench-trail&SlsProjectArn={}", alicloud_sign::encode(&arn));
    let host = format!("actiontrail.{}.aliyuncs.com", greeting.region);
    let requests = [
        signer.json("POST", "/", &project),
        signer.json("POST", "/logstores", &logstore),
        signer.rpc(&host, "2020-07-06", "CreateInnerTrail", &trail, "bench-trail"),
    ];
    requests.iter().try_for_each(|request| load::once(address, request).map(drop))
}

/// Where the emulator listens.
pub(super) fn address(emulator: &Emulator) -> Result<SocketAddr> {
    let address = emulator.address().trim_start_matches("http://");
    address.parse().with_context(|| format!("not an address: {address}"))
}

/// All rounds of all requests.
pub(super) fn throughput(
    emulator: &Emulator,
    moto: &Moto,
    amounts: Amounts,
    progress: &dyn Progress,
) -> Result<Vec<Case>> {
    let theirs = moto.requests()?;
    let ours = address(emulator)?;
    let mut cases: Vec<Case> = Vec::new();
    for round in 1..=ROUNDS {
        let mut shares = own(emulator, amounts, round);
        let count = amounts.moto;
        let yardstick =
            theirs.iter().map(|(name, request)| ("moto", name.clone(), vec![request.clone(); count]));
        shares.extend(yardstick);
        for (server, operation, requests) in shares {
            let task = progress.task(&format!("round {round} of {ROUNDS}: {server} {operation}"));
            let at = if server == "moto" { moto.address } else { ours };
            let measured =
                load::run(at, &requests, CLIENTS).with_context(|| format!("{server} {operation}"))?;
            task.done();
            match cases.iter_mut().find(|case| case.server == server && case.operation == operation) {
                Some(case) => case.rounds.push(measured),
                None => cases.push(Case { server, operation, rounds: vec![measured] }),
            }
        }
    }
    Ok(cases)
}

/// The requests of one round, each signed for itself.
fn own(emulator: &Emulator, amounts: Amounts, round: u32) -> Vec<(&'static str, String, Vec<Vec<u8>>)> {
    let greeting = emulator.greeting();
    let signer = Signer { greeting, now: crate::demo::now() };
    let rpc = |service: &str, version: &str, action: &str| {
        let host = format!("{service}.{}.aliyuncs.com", greeting.region);
        let request = |number| signer.rpc(&host, version, action, "", &format!("{action}-{round}-{number}"));
        ("cloudsim", action.to_owned(), (0..amounts.reads).map(request).collect())
    };
    let read = signer.sls("GET", &format!("/logstores/{LOGSTORE}"), b"", &[("x-log-bodyrawsize", "0")]);
    let put = signer.put_logs();
    vec![
        rpc("sts", "2015-04-01", "GetCallerIdentity"),
        rpc("actiontrail", "2020-07-06", "DescribeInnerTrails"),
        ("cloudsim", "GetLogStore".to_owned(), vec![read; amounts.reads]),
        ("cloudsim", "PutLogs of 100".to_owned(), vec![put; amounts.writes]),
    ]
}

/// Makes the events, asks again and again, and looks at memory before and after.
pub(super) fn analysis(emulator: &Emulator, amounts: Amounts, progress: &dyn Progress) -> Result<Analysis> {
    let task = progress.task("making events");
    for made in (0..amounts.events).step_by(usize::try_from(PORTION)?) {
        task.say(&format!("{made} of {}", amounts.events));
        let count = PORTION.min(amounts.events - made);
        emulator.post("/_sim/events", &json!({"count": count, "spanSeconds": 86_400}))?;
    }
    task.done();
    let before = memory(emulator)?;
    let address = address(emulator)?;
    let task = progress.task("GROUP BY");
    let mut runs = Vec::with_capacity(RUNS);
    for run in 1..=RUNS {
        task.say(&format!("run {run} of {RUNS}"));
        let signer = Signer { greeting: emulator.greeting(), now: crate::demo::now() };
        let (body, took) = load::once(address, &signer.group_by())?;
        check(&body, amounts.events)?;
        runs.push(took);
    }
    task.done();
    Ok(Analysis { events: amounts.events, runs, before, after: memory(emulator)? })
}

/// Every event must be in the answer, else the time means nothing.
fn check(body: &[u8], events: u64) -> Result<()> {
    let answer: Value = serde_json::from_slice(body).context("the answer of the GROUP BY")?;
    let rows = answer["data"].as_array().context("the answer has no data")?;
    let counts = rows.iter().filter_map(|row| row["events"].as_str()?.parse::<u64>().ok());
    let counted: u64 = counts.sum();
    ensure!(counted == events, "{counted} of {events} events of {TRAIL_LOGSTORE} were counted");
    Ok(())
}

/// Reads `/proc/PID/status`, which tells kibibytes.
fn memory(emulator: &Emulator) -> Result<Memory> {
    let file = format!("/proc/{}/status", emulator.process().pid());
    let text = fs::read_to_string(&file).with_context(|| format!("reading {file}"))?;
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
        number.map(|kib| kib * 1024).with_context(|| format!("{file} does not tell {name}"))
    };
    Ok(Memory { now: field("VmRSS:")?, most: field("VmHWM:")? })
}
