//! What must hold of requests, whatever they say and whoever sends them.
//!
//! Takes bytes, read as a request in text; runs it as noise and then as the main account would, on a state in
//! memory that is put back after it. Returns nothing; panics where a rule is broken.
#![allow(clippy::missing_panics_doc, reason = "a broken rule is told by a panic")]

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::Connection;

use super::route::{Route, route, signed_region};
use super::{Arrived, perform, refused, rpc, sls};
use crate::MAIN_ACCOUNT;
use crate::caller::Caller;
use crate::clock::Clock;
use crate::reply::{INTERNAL, Refusal};
use crate::request::{Peer, Request};
use crate::store::{account, schema};

/// 2026-01-02T03:04:05Z.
const NOW: i64 = 1_767_323_045;

thread_local! {
    static CLOUD: Connection = small_cloud().expect("a state in memory can be made");
}

/// The main account, a role, a project, a Logstore with an index, a log.
fn small_cloud() -> rusqlite::Result<Connection> {
    let mut conn = Connection::open_in_memory()?;
    conn.pragma_update(None, "foreign_keys", true)?;
    schema::create(&conn)?;
    schema::extend(&conn)?;
    crate::query::register(&mut conn)?;
    crate::prepare(&conn, 1, |_| Clock::standing(now()))?;
    for text in BEGINNING {
        let arrived = Sent::read(text.as_bytes()).and_then(|request| arrive(request).ok());
        let result = arrived.map(|arrived| run(&conn, &arrived));
        assert!(matches!(result, Some(Ok(()))), "{text}: {result:?}");
    }
    Ok(conn)
}

/// Requests that were made before the one that is tried.
const BEGINNING: [&str; 4] = [
    "POST p-1.cn-hangzhou.log.aliyuncs.com /\n\n{\"projectName\":\"p-1\",\"description\":\"\"}",
    "POST p-1.cn-hangzhou.log.aliyuncs.com /logstores\n\n{\"logstoreName\":\"abc\",\"ttl\":30,\"shardCount\":2}",
    "POST p-1.cn-hangzhou.log.aliyuncs.com /logstores/abc/index\n\n{\"line\":{\"token\":[\" \"]}}",
    "GET ram.aliyuncs.com /?Action=CreateUser&UserName=ann",
];

/// Noise is refused; the owner is answered or refused in documented words; a read changes nothing.
pub fn requests(data: &[u8]) {
    let Some(request) = Sent::read(data) else { return };
    let Ok(arrived) = arrive(request) else { return };
    CLOUD.with(|conn| {
        conn.execute_batch("SAVEPOINT fuzz").expect("a savepoint can be set");
        noise_is_refused(conn, &arrived);
        let before = conn.total_changes();
        let result = run(conn, &arrived);
        let changed = conn.total_changes() != before;
        let mutates = arrived.operation.as_ref().is_ok_and(|operation| operation.mutating);
        assert!(mutates || !changed, "{} changed the state", arrived.action);
        if let Err(refusal) = &result {
            is_proper(&arrived, refusal);
        }
        conn.execute_batch("ROLLBACK TO fuzz; RELEASE fuzz").expect("a savepoint can be left");
    });
}

fn noise_is_refused(conn: &Connection, arrived: &Arrived) {
    let unsigned = arrived.operation.as_ref().is_ok_and(|operation| operation.unsigned);
    let found = perform::caller(conn, arrived, now());
    assert!(unsigned || found.is_err(), "noise passed for {:?}", found.map(|caller| caller.display_name()));
    if let Err(refusal) = found {
        is_proper(arrived, &refusal);
    }
}

fn is_proper(arrived: &Arrived, refusal: &Refusal) {
    assert!(
        (400..500).contains(&refusal.status),
        "{} {}: {refusal:?}",
        arrived.service.name(),
        arrived.action
    );
    assert!(!refusal.code.is_empty() && refusal.code != INTERNAL, "{refusal:?}");
    let reply = refused(arrived.service, refusal, &arrived.request_id, &arrived.request.host);
    assert_eq!(reply.status, refusal.status, "the refusal as it is sent");
}

fn run(conn: &Connection, arrived: &Arrived) -> Result<(), Refusal> {
    let key = account::main_key(conn, MAIN_ACCOUNT)?;
    let caller = Caller::of_key(conn, &key)?;
    perform::run(conn, arrived, &caller, now()).map(|_| ())
}

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap_or_default()
}

/// The request at its service; what is no request to a service is given back.
fn arrive(request: Request) -> Result<Arrived, Route> {
    match route(&request, &[]) {
        Route::Rpc(service, region) => Ok(rpc::arrive(request, service, region)),
        Route::Sls { region, project } => Ok(sls::arrive(request, region, project)),
        Route::Accelerated { project } => {
            let region = signed_region(&request);
            Ok(sls::arrive(request, region, Some(project)))
        }
        other @ (Route::Control
        | Route::Metadata
        | Route::Unresolvable(_)
        | Route::Unclear
        | Route::Contradictory) => Err(other),
    }
}

/// Reads requests.
struct Sent;

impl Sent {
    /// `METHOD host /path?query`, lines `name: value`, an empty line, the body.
    fn read(bytes: &[u8]) -> Option<Request> {
        let split = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap_or(bytes.len());
        let (head, body) = (&bytes[..split], bytes.get(split + 2..).unwrap_or_default());
        let mut lines = std::str::from_utf8(head).ok()?.split('\n');
        let mut first = lines.next()?.splitn(3, ' ');
        let (method, host, target) = (first.next()?, first.next()?, first.next()?);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = lines.filter_map(|line| line.split_once(':'));
        Some(Request {
            method: method.to_owned(),
            host: host.to_owned(),
            target_host: None,
            tunnel_host: None,
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            body: Bytes::copy_from_slice(body),
            peer: Peer::default(),
        })
    }
}
