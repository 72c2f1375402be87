//! The same seed, the same clock and the same requests make the same state, to the last row.

use std::path::Path;
use std::sync::Arc;

use alicloud_sign::{AccessKey, acs3, sls_v4};
use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use serde_json::json;

use crate::Sim;
use crate::gateway::{self, route};
use crate::request::{Peer, Request};

const TRUST: &str = r#"{"Version":"1","Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["ecs.aliyuncs.com"]}}]}"#;

fn time() -> Timestamp {
    Timestamp::from_second(1_795_332_512).unwrap()
}

fn request(host: &str, method: &str, path: &str, query: &str, body: &str) -> Request {
    Request {
        method: method.to_owned(),
        host: host.to_owned(),
        target_host: None,
        tunnel_host: None,
        path: path.to_owned(),
        query: query.to_owned(),
        headers: vec![("host".to_owned(), host.to_owned())],
        body: Bytes::from(body.to_owned()),
        peer: Peer::default(),
    }
}

fn rpc(sim: &Sim, host: &str, version: &str, action: &str, query: &str) -> Request {
    let mut request = request(host, "POST", "/", query, "");
    let key = key(sim);
    let stamp = acs3::Stamp { action, version, nonce: &format!("{action}{query}"), time: time() };
    let added = request.with_signable(|signable| acs3::sign(signable, &key, &stamp));
    request.headers.extend(added);
    request
}

fn sls(sim: &Sim, path: &str, body: &str) -> Request {
    let mut request = request("my-audit.cn-hangzhou.log.aliyuncs.com", "POST", path, "", body);
    request.headers.push(("content-type".to_owned(), "application/json".to_owned()));
    let key = key(sim);
    let stamp = sls_v4::Stamp { region: "cn-hangzhou", time: time() };
    let added = request.with_signable(|signable| sls_v4::sign(signable, &key, &stamp));
    request.headers.extend(added);
    request
}

fn key(sim: &Sim) -> AccessKey<'_> {
    AccessKey {
        id: &sim.identity.access_key_id,
        secret: &sim.identity.access_key_secret,
        security_token: None,
    }
}

/// A bit of everything that makes something.
fn requests(sim: &Sim) -> Vec<Request> {
    let encode = alicloud_sign::encode;
    let (ram, trail) = ("ram.aliyuncs.com", "actiontrail.cn-hangzhou.aliyuncs.com");
    let arn = format!("acs:log:cn-hangzhou:{}:project/my-audit", crate::MAIN_ACCOUNT);
    let role = format!("RoleName=maker&AssumeRolePolicyDocument={}", encode(TRUST));
    vec![
        sls(sim, "/", r#"{"projectName":"my-audit"}"#),
        sls(sim, "/logstores", r#"{"logstoreName":"plain","ttl":1,"shardCount":2}"#),
        rpc(sim, ram, "2015-05-01", "CreateUser", "UserName=somebody"),
        rpc(sim, ram, "2015-05-01", "CreateAccessKey", "UserName=somebody"),
        rpc(sim, ram, "2015-05-01", "CreateRole", &role),
        rpc(sim, ram, "2015-05-01", "CreateRole", &format!("{role}&Description=again")),
        rpc(
            sim,
            trail,
            "2020-07-06",
            "CreateInnerTrail",
            &format!("Name=prod-ops&SlsProjectArn={}", encode(&arn)),
        ),
    ]
}

/// Does all of it in a directory; returns the state, row by row, and the statuses that were answered.
async fn history(data: &Path, seed: u64) -> (Vec<String>, Vec<u16>) {
    let sim = Arc::new(Sim::open_at(data, seed, Some(time())).unwrap());
    let mut statuses = Vec::new();
    for request in requests(&sim) {
        let route = route::route(&request, &[]);
        statuses.push(gateway::answer(Arc::clone(&sim), request, route).await.unwrap().status);
    }
    crate::control::events::generate(&sim, &json!({"count": 500, "spanSeconds": 86_400})).unwrap();
    (sim.store.read(dump).unwrap(), statuses)
}

/// Every row of every table; the ids of requests tell calls apart and are the only chance there is.
fn dump(conn: &Connection) -> Vec<String> {
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
    let mut names = conn.prepare(tables).unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    names.iter().flat_map(|table| rows(conn, table)).collect()
}

fn rows(conn: &Connection, table: &str) -> Vec<String> {
    let mut statement = conn.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let shown = |row: &rusqlite::Row<'_>| {
        let kept = columns.iter().enumerate().filter(|(_, name)| *name != "request_id");
        let cells: Vec<Cell> = kept.map(|(at, _)| row.get(at).unwrap()).collect();
        Ok(format!("{table} {cells:?}"))
    };
    statement.query_map([], shown).unwrap().map(Result::unwrap).collect()
}

#[tokio::test]
async fn same_seed_clock_and_requests_make_the_same_state() {
    let [one, other] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (first, statuses) = history(one.path(), 7).await;
    assert_eq!(statuses, [200, 200, 200, 200, 200, 409, 200]);
    assert!(first.iter().filter(|row| row.starts_with("log ")).count() == 500);
    let (second, _) = history(other.path(), 7).await;
    assert_eq!(first, second);
}

#[tokio::test]
async fn another_seed_makes_other_keys_and_events() {
    let [one, other] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (first, _) = history(one.path(), 7).await;
    let (second, _) = history(other.path(), 8).await;
    let of = |rows: &[String], table: &str| {
        rows.iter().filter(|row| row.starts_with(table)).cloned().collect::<Vec<_>>()
    };
    for table in ["access_key ", "log ", "role "] {
        assert_ne!(of(&first, table), of(&second, table), "{table}");
    }
}
