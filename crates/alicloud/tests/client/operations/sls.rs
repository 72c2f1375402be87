//! Log Service: logs in and out, shards, consumer groups, dashboards, tags.

use std::collections::BTreeMap;

use alicloud::{CursorFrom, FaultKind, LogBatch, LogEntry, LogQuery, Tagged};
use bytes::Bytes;
use serde_json::json;

use super::expect_sls;
use crate::support::{Answer, Script, empty, header, json_body, ok, session};

const PROJECT: &str = "my-proj.cn-hangzhou.log.aliyuncs.com";
const REGION: &str = "cn-hangzhou.log.aliyuncs.com";

/// One log at 1700000000 {k:v}, topic t, source s, tag tk=tv: captured from an official client (cloud-api §6.5).
const SAMPLE: [u8; 32] = [
    0x0a, 0x0e, 0x08, 0x80, 0xe2, 0xcf, 0xaa, 0x06, 0x12, 0x06, 0x0a, 0x01, 0x6b, 0x12, 0x01, 0x76, 0x1a,
    0x01, 0x74, 0x22, 0x01, 0x73, 0x32, 0x08, 0x0a, 0x02, 0x74, 0x6b, 0x12, 0x02, 0x74, 0x76,
];

fn pair(key: &str, value: &str) -> Vec<(String, String)> {
    vec![(key.to_owned(), value.to_owned())]
}

fn batch() -> LogBatch {
    LogBatch {
        topic: "t".to_owned(),
        source: "s".to_owned(),
        tags: pair("tk", "tv"),
        logs: vec![LogEntry { time: 1_700_000_000, contents: pair("k", "v"), ..LogEntry::default() }],
    }
}

#[tokio::test]
async fn put_logs_sends_the_captured_bytes_in_one_lz4_block() {
    let script = Script::new([empty()]);
    session(script.clone()).put_logs("my-proj", "l", &batch()).await.unwrap();
    let request = expect_sls(&script, PROJECT, "POST", "/logstores/l/shards/lb");
    assert_eq!(header(&request, "content-type"), "application/x-protobuf");
    assert_eq!(
        (header(&request, "x-log-compresstype"), header(&request, "x-log-bodyrawsize")),
        ("lz4", "32")
    );
    assert_eq!(lz4_flex::block::decompress(request.body(), 32).unwrap(), SAMPLE);
}

#[tokio::test]
async fn a_batch_beyond_the_limits_is_not_sent() {
    let script = Script::new([]);
    let session = session(script.clone());
    let entry = LogEntry { time: 1, contents: pair("k", "v"), ..LogEntry::default() };
    let large =
        LogEntry { time: 1, contents: pair("k", &"v".repeat(3 * 1024 * 1024)), ..LogEntry::default() };
    for logs in [vec![], vec![entry; 4097], vec![large]] {
        let error =
            session.put_logs("my-proj", "l", &LogBatch { logs, ..LogBatch::default() }).await.unwrap_err();
        assert_eq!((error.fault().kind, error.fault().ambiguous), (FaultKind::Invalid, false));
    }
    assert!(script.sent().is_empty());
}

#[tokio::test]
async fn logs_whose_reply_was_lost_may_be_there() {
    let lost = Err(alicloud::TransportError::Timeout);
    let error = session(Script::new([lost])).put_logs("my-proj", "l", &batch()).await.unwrap_err();
    assert!(error.fault().ambiguous);
}

/// A list of the sample, in one lz4 block.
fn pulled(cursor: Option<&str>) -> Answer {
    let list = [[0x0a, 32].as_slice(), &SAMPLE].concat();
    let mut reply = http::Response::builder()
        .header("x-log-compresstype", "lz4")
        .header("x-log-bodyrawsize", list.len().to_string());
    if let Some(cursor) = cursor {
        reply = reply.header("x-log-cursor", cursor);
    }
    Ok(reply.body(Bytes::from(lz4_flex::block::compress(&list))).unwrap())
}

#[tokio::test]
async fn pull_logs_reads_batches_and_where_to_go_on() {
    let script = Script::new([pulled(Some("next"))]);
    let pulled = session(script.clone()).pull_logs("my-proj", "l", 3, "MTQ=", 5000).await.unwrap();
    assert_eq!((pulled.next_cursor.as_str(), pulled.batches), ("next", vec![batch()]));
    let target = "/logstores/l/shards/3?type=log&cursor=MTQ%3D&count=1000";
    let request = expect_sls(&script, PROJECT, "GET", target);
    assert_eq!(
        (header(&request, "accept"), header(&request, "accept-encoding")),
        ("application/x-protobuf", "lz4")
    );
}

/// A field of protobuf that holds bytes.
fn field(tag: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![tag << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        field.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    field.push(u8::try_from(length).unwrap());
    [field, bytes.to_vec()].concat()
}

#[tokio::test]
async fn a_pull_may_unpack_to_more_than_any_other_reply() {
    let list = field(1, &field(3, &vec![b't'; 10 * 1024 * 1024]));
    let reply = http::Response::builder()
        .header("x-log-compresstype", "lz4")
        .header("x-log-bodyrawsize", list.len().to_string())
        .header("x-log-cursor", "next");
    let reply = reply.body(Bytes::from(lz4_flex::block::compress(&list))).unwrap();
    let pulled = session(Script::new([Ok(reply)])).pull_logs("my-proj", "l", 0, "c", 1).await.unwrap();
    assert_eq!(pulled.batches[0].topic.len(), 10 * 1024 * 1024);
}

#[tokio::test]
async fn a_pull_that_cannot_go_on_or_is_no_protobuf_is_not_understood() {
    for answer in [pulled(None), ok(json!({ "logGroupList": [] }))] {
        let error = session(Script::new([answer])).pull_logs("my-proj", "l", 0, "c", 1).await.unwrap_err();
        assert_eq!(error.fault().kind, FaultKind::Unexpected);
    }
}

#[tokio::test]
async fn a_cursor_is_had_for_start_end_and_time() {
    for (from, text) in [(CursorFrom::Begin, "begin"), (CursorFrom::End, "end"), (CursorFrom::Time(17), "17")]
    {
        let script = Script::new([ok(json!({ "cursor": "MTQ=" }))]);
        let cursor = session(script.clone()).get_cursor("my-proj", "l", 0, from).await.unwrap();
        assert_eq!(cursor, "MTQ=");
        expect_sls(&script, PROJECT, "GET", &format!("/logstores/l/shards/0?type=cursor&from={text}"));
    }
}

#[tokio::test]
async fn shards_are_listed_with_their_ranges() {
    let shard = json!({ "shardID": 0, "status": "readwrite", "inclusiveBeginKey": "00", "exclusiveEndKey": "80",
        "createTime": 1 });
    let script = Script::new([ok(json!([shard]))]);
    let shards = session(script.clone()).list_shards("my-proj", "l").await.unwrap();
    assert_eq!((shards[0].id, &*shards[0].status, &*shards[0].end_key), (0, "readwrite", "80"));
    expect_sls(&script, PROJECT, "GET", "/logstores/l/shards");
}

#[tokio::test]
async fn consumer_groups_and_their_progress_are_read() {
    let script = Script::new([ok(json!([{ "name": "cg", "order": true, "timeout": 60 }]))]);
    let groups = session(script.clone()).list_consumer_groups("my-proj", "l").await.unwrap();
    assert_eq!((&*groups[0].name, groups[0].timeout_secs, groups[0].in_order), ("cg", 60, true));
    expect_sls(&script, PROJECT, "GET", "/logstores/l/consumergroups");
    let checkpoint = json!({ "shard": 1, "checkpoint": "c", "updateTime": 7, "consumer": "me" });
    let script = Script::new([ok(json!([checkpoint]))]);
    let checkpoints = session(script.clone()).get_checkpoints("my-proj", "l", "c/g").await.unwrap();
    assert_eq!((checkpoints[0].shard, checkpoints[0].update_time.as_deref()), (1, Some("7")));
    expect_sls(&script, PROJECT, "GET", "/logstores/l/consumergroups/c%2Fg");
}

#[tokio::test]
async fn logs_in_the_older_form_are_an_array_and_a_header() {
    let query = LogQuery { from: 1, to: 2, query: "a b".to_owned(), line: 10, offset: 5, reverse: true };
    let body = Bytes::from(json!([{ "k": "v", "n": 7 }]).to_string());
    let reply = http::Response::builder().header("x-log-progress", "Complete").body(body).unwrap();
    let script = Script::new([Ok(reply)]);
    let logs = session(script.clone()).get_logs_v1("my-proj", "l", &query).await.unwrap();
    assert_eq!((logs.complete, &*logs.rows[0]["n"]), (true, "7"));
    let target = "/logstores/l?type=log&from=1&to=2&query=a%20b&topic=&line=10&offset=5&reverse=true";
    expect_sls(&script, PROJECT, "GET", target);
    let error = session(Script::new([ok(json!([]))])).get_logs_v1("my-proj", "l", &query).await.unwrap_err();
    assert_eq!(error.fault().kind, FaultKind::Unexpected);
}

#[tokio::test]
async fn a_dashboard_is_read_whole() {
    let document = json!({ "dashboardName": "d", "displayName": "D", "charts": [], "later": 1 });
    let script = Script::new([ok(document.clone())]);
    let dashboard = session(script.clone()).get_dashboard("my-proj", "d").await.unwrap();
    assert_eq!((&*dashboard.name, &*dashboard.display_name, dashboard.raw), ("d", "D", document));
    expect_sls(&script, PROJECT, "GET", "/dashboards/d");
}

#[tokio::test]
async fn dashboards_are_written_whole() {
    let document = json!({ "dashboardName": "d", "charts": [] });
    let script = Script::new([empty()]);
    session(script.clone()).create_dashboard("my-proj", &document).await.unwrap();
    assert_eq!(json_body(&expect_sls(&script, PROJECT, "POST", "/dashboards")), document);
    let script = Script::new([empty()]);
    session(script.clone()).update_dashboard("my-proj", "d", &document).await.unwrap();
    assert_eq!(json_body(&expect_sls(&script, PROJECT, "PUT", "/dashboards/d")), document);
    let script = Script::new([empty()]);
    session(script.clone()).delete_dashboard("my-proj", "d").await.unwrap();
    expect_sls(&script, PROJECT, "DELETE", "/dashboards/d");
}

#[tokio::test]
async fn the_list_of_dashboards_is_read_to_its_end() {
    let page = |count: usize| ok(json!({ "dashboards": vec!["d"; count], "count": count, "total": 103 }));
    let script = Script::new([page(100), page(3)]);
    assert_eq!(session(script.clone()).list_dashboards("my-proj").await.unwrap().len(), 103);
    let queries: Vec<_> = script.sent().iter().map(|sent| sent.uri().query().unwrap().to_owned()).collect();
    assert_eq!(queries, ["offset=0&size=100", "offset=100&size=100"]);
    let endless = Script::new((0..10).map(|_| page(100)));
    assert!(session(endless).list_dashboards("my-proj").await.is_err());
}

#[tokio::test]
async fn tags_are_read_to_their_end_at_the_host_of_the_region() {
    let page = |token: &str, key: &str| {
        let tag = json!({ "resourceId": "p", "resourceType": "project", "tagKey": key, "tagValue": "v" });
        ok(json!({ "nextToken": token, "tagResources": [tag] }))
    };
    let script = Script::new([page("T", "one"), page("", "two")]);
    let tags = session(script.clone()).list_tags(Tagged::Project("p")).await.unwrap();
    assert_eq!(tags.keys().collect::<Vec<_>>(), ["one", "two"]);
    let sent = script.sent();
    assert_eq!(header(&sent[0], "host"), REGION);
    let target = "/tags?resourceType=project&resourceId=%5B%22p%22%5D";
    assert_eq!(sent[0].uri().path_and_query().unwrap().as_str(), target);
    assert_eq!(sent[1].uri().path_and_query().unwrap().as_str(), format!("{target}&nextToken=T"));
}

#[tokio::test]
async fn tags_are_set_and_removed() {
    let script = Script::new([empty()]);
    let tags = BTreeMap::from([("k".to_owned(), "v".to_owned())]);
    session(script.clone()).tag(Tagged::Logstore("p", "l"), &tags).await.unwrap();
    let body =
        json!({ "resourceType": "logstore", "resourceId": ["p#l"], "tags": [{ "key": "k", "value": "v" }] });
    assert_eq!(json_body(&expect_sls(&script, REGION, "POST", "/tag")), body);
    let script = Script::new([empty()]);
    session(script.clone()).untag(Tagged::Project("p"), &["k"]).await.unwrap();
    let body = json!({ "resourceType": "project", "resourceId": ["p"], "tags": ["k"] });
    assert_eq!(json_body(&expect_sls(&script, REGION, "POST", "/untag")), body);
}
