//! No reply, however odd, makes the client fall over or succeed by mistake.

use alicloud::{CallError, EventLookup, LogQuery, PolicyType, Session, Tagged};
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Script, session};

/// Every kind of read, ended by the same reply.
async fn read(which: usize, session: &Session) -> Result<(), CallError> {
    let query = LogQuery { from: 0, to: 1, query: String::new(), line: 1, offset: 0, reverse: false };
    match which {
        0 => session.describe_inner_trails().await.map(drop),
        1 => session.get_trail_status("t").await.map(drop),
        2 => session.get_role("r").await.map(drop),
        3 => session.list_policies_for_role("r").await.map(drop),
        4 => session.get_project("p").await.map(drop),
        5 => session.get_logstore("p", "l").await.map(drop),
        6 => session.get_index("p", "l").await.map(drop),
        7 => session.get_logs("p", "l", &query).await.map(drop),
        8 => session.get_histograms("p", "l", 0, 1, "").await.map(drop),
        9 => session.get_logs_v1("p", "l", &query).await.map(drop),
        10 => session.pull_logs("p", "l", 0, "c", 1).await.map(drop),
        11 => session.list_shards("p", "l").await.map(drop),
        12 => session.list_consumer_groups("p", "l").await.map(drop),
        13 => session.get_checkpoints("p", "l", "g").await.map(drop),
        14 => session.get_dashboard("p", "d").await.map(drop),
        15 => session.list_tags(Tagged::Project("p")).await.map(drop),
        16 => session.describe_trails(&[]).await.map(drop),
        17 => session.lookup_events(&EventLookup::default()).await.map(drop),
        18 => session.describe_regions().await.map(drop),
        19 => session.get_policy_version(PolicyType::System, "p", "v1").await.map(drop),
        _ => session.get_caller_identity().await.map(drop),
    }
}

fn outcome(which: usize, reply: http::Response<Bytes>) -> Result<(), CallError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(read(which, &session(Script::new([Ok(reply)]))))
}

/// JSON of the shapes that replies have, with the wrong things in them.
fn json_value() -> impl Strategy<Value = Value> {
    let names =
        ["TrailList", "Trail", "Name", "Role", "keys", "meta", "data", "progress", "Code", "errorCode"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, move |inner| {
        let name = prop::sample::select(names.to_vec()).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_an_answer_of_some_kind(
        which in 0_usize..21, status in 200_u16..600, body in prop::collection::vec(any::<u8>(), 0..64),
        kind in prop::sample::select(vec!["", "lz4", "zstd", "gzip", "deflate"]), size in 0_u32..200,
    ) {
        let mut reply = http::Response::builder().status(status);
        if !kind.is_empty() {
            reply = reply.header("x-log-compresstype", kind).header("x-log-bodyrawsize", size.to_string());
        }
        let result = outcome(which, reply.body(Bytes::from(body)).unwrap());
        prop_assert!(result.is_err() || status < 300);
    }

    #[test]
    fn any_json_is_an_answer_of_some_kind(which in 0_usize..21, status in 200_u16..600, body in json_value()) {
        let reply = http::Response::builder().status(status).body(Bytes::from(body.to_string())).unwrap();
        let result = outcome(which, reply);
        prop_assert!(result.is_err() || status < 300);
    }
}

#[test]
fn a_reply_nested_too_deep_is_an_error() {
    let deep = |status: u16, open: &str| {
        http::Response::builder().status(status).body(Bytes::from(open.repeat(100_000))).unwrap()
    };
    for which in 0..21 {
        for status in [200, 403] {
            for open in ["[", "{\"meta\":", "{\"data\":[", "{\"Code\":["] {
                assert!(outcome(which, deep(status, open)).is_err(), "read {which}, {status}, {open}");
            }
        }
    }
}
