//! Log Service: logs written, queried and consumed.

use alicloud::{Compression, CursorFrom, FaultKind, LogBatch, LogEntry, LogQuery};
use serde_json::json;

use crate::conform::checks;
use crate::sls_stores::{PROJECT, STORE, index, make_logstore};
use crate::stage::{START, Stage, refused};

checks! { "sls":
    put_logs => "PutLogs",
    get_logs => "GetLogs",
    get_logs_v2 => "GetLogsV2",
    get_histograms => "GetHistograms",
    get_cursor => "GetCursor",
    pull_logs => "PullLogs",
    list_consumer_groups => "ListConsumerGroup",
    get_checkpoints => "GetCheckPoint",
}

const PACKINGS: [(Compression, &str); 4] = [
    (Compression::Plain, "plain"),
    (Compression::Lz4, "lz4"),
    (Compression::Zstd, "zstd"),
    (Compression::Zlib, "zlib"),
];

/// Two logs of a kind, numbered 1 and 2.
fn batch(kind: &str) -> LogBatch {
    let entry = |number: u32| LogEntry {
        time: u32::try_from(START).unwrap(),
        contents: vec![("kind".to_owned(), kind.to_owned()), ("n".to_owned(), number.to_string())],
        ..LogEntry::default()
    };
    LogBatch {
        topic: "topic".to_owned(),
        source: "source".to_owned(),
        tags: vec![("env".to_owned(), "für Prüfungen".to_owned())],
        logs: vec![entry(1), entry(2)],
    }
}

fn query(text: &str) -> LogQuery {
    LogQuery { from: START - 60, to: START + 60, query: text.to_owned(), line: 10, offset: 0, reverse: false }
}

/// A Logstore with an index and two logs of each packing.
async fn make_logs(stage: &Stage) {
    make_logstore(stage).await;
    stage.session().create_index(PROJECT, STORE, &index()).await.unwrap();
    for (compression, kind) in PACKINGS {
        stage.session().put_logs_packed(PROJECT, STORE, &batch(kind), compression).await.unwrap();
    }
}

async fn put_logs(stage: &Stage) {
    make_logstore(stage).await;
    let session = stage.session();
    session.create_index(PROJECT, STORE, &index()).await.unwrap();
    for (compression, kind) in PACKINGS {
        stage.watched().put_logs_packed(PROJECT, STORE, &batch(kind), compression).await.unwrap();
        let rows = session.get_logs(PROJECT, STORE, &query(&format!("kind: {kind}"))).await.unwrap().rows;
        assert_eq!(rows.len(), 2, "{kind}");
        assert_eq!((&*rows[0]["__topic__"], &*rows[0]["__tag__:env"]), ("topic", "für Prüfungen"));
    }
    let nowhere = session.put_logs(PROJECT, "absent", &batch("x")).await;
    refused(nowhere, FaultKind::NotFound, "LogStoreNotExist");
    let mut old = batch("old");
    old.logs[0].time = 1;
    refused(session.put_logs(PROJECT, STORE, &old).await, FaultKind::Invalid, "InvalidTimestamp");
}

async fn get_logs(stage: &Stage) {
    make_logs(stage).await;
    let page = LogQuery { line: 3, offset: 1, reverse: true, ..query("n >= 2") };
    let found = stage.watched().get_logs_v1(PROJECT, STORE, &page).await.unwrap();
    assert_eq!((found.complete, found.rows.len()), (true, 3));
    let counted = stage.session().get_logs_v1(PROJECT, STORE, &query("* | SELECT count(*) AS c")).await;
    assert_eq!(counted.unwrap().rows[0]["c"], "8");
    let wrong = stage.session().get_logs_v1(PROJECT, STORE, &LogQuery { line: 101, ..query("*") }).await;
    refused(wrong, FaultKind::Invalid, "InvalidLine");
}

async fn get_logs_v2(stage: &Stage) {
    make_logs(stage).await;
    let grouped = query("* | SELECT kind, count(*) AS c GROUP BY kind ORDER BY kind");
    for (compression, _) in PACKINGS {
        let found = stage.watched().get_logs_packed(PROJECT, STORE, &grouped, compression).await.unwrap();
        let kinds: Vec<_> = found.rows.iter().map(|row| (&*row["kind"], &*row["c"])).collect();
        assert_eq!(kinds, [("lz4", "2"), ("plain", "2"), ("zlib", "2"), ("zstd", "2")]);
    }
    let (session, page) =
        (stage.session(), LogQuery { line: 3, offset: 1, reverse: true, ..query("n >= 2") });
    let newer = session.get_logs(PROJECT, STORE, &page).await.unwrap();
    assert_eq!(newer, session.get_logs_v1(PROJECT, STORE, &page).await.unwrap());
    let wrong = session.get_logs(PROJECT, STORE, &LogQuery { to: 0, ..page }).await;
    refused(wrong, FaultKind::Invalid, "InvalidTimeRange");
    stage.act(&json!({ "action": "delete-index", "project": PROJECT, "logstore": STORE })).await;
    let unindexed = session.get_logs(PROJECT, STORE, &query("*")).await;
    refused(unindexed, FaultKind::NotFound, "IndexConfigNotExist");
}

async fn get_histograms(stage: &Stage) {
    make_logs(stage).await;
    let (from, to) = (START - 60, START + 60);
    let found = stage.watched().get_histograms(PROJECT, STORE, from, to, "kind: zstd").await.unwrap();
    assert_eq!((found.complete, found.count), (true, 2));
    let absent = stage.session().get_histograms(PROJECT, "absent", from, to, "").await;
    refused(absent, FaultKind::NotFound, "LogStoreNotExist");
}

async fn get_cursor(stage: &Stage) {
    make_logs(stage).await;
    let mut cursors = Vec::new();
    for from in [CursorFrom::Begin, CursorFrom::End, CursorFrom::Time(START - 3000)] {
        cursors.push(stage.watched().get_cursor(PROJECT, STORE, 0, from).await.unwrap());
    }
    assert!(cursors[0] != cursors[1] && cursors[0] == cursors[2], "{cursors:?}");
    let absent = stage.session().get_cursor(PROJECT, STORE, 99, CursorFrom::Begin).await;
    refused(absent, FaultKind::NotFound, "ShardNotExist");
}

async fn pull_logs(stage: &Stage) {
    make_logs(stage).await;
    let (session, mut logs) = (stage.session(), Vec::new());
    for shard in [0, 1] {
        let begin = session.get_cursor(PROJECT, STORE, shard, CursorFrom::Begin).await.unwrap();
        let pulled = stage.watched().pull_logs(PROJECT, STORE, shard, &begin, 1000).await.unwrap();
        assert!(pulled.batches.iter().all(|batch| batch.topic == "topic" && batch.source == "source"));
        logs.extend(pulled.batches.into_iter().flat_map(|batch| batch.logs));
        let end = session.pull_logs(PROJECT, STORE, shard, &pulled.next_cursor, 1).await.unwrap();
        assert_eq!((end.batches.len(), end.next_cursor), (0, pulled.next_cursor));
    }
    assert_eq!(logs.len(), 8);
    let wrong = session.pull_logs(PROJECT, STORE, 0, "nonsense", 1).await;
    refused(wrong, FaultKind::Invalid, "InvalidCursor");
}

async fn make_group(stage: &Stage) {
    make_logs(stage).await;
    let group = json!({ "consumerGroup": "group", "timeout": 60, "order": true });
    stage.sls(PROJECT, "POST", &format!("/logstores/{STORE}/consumergroups"), &group).await;
}

async fn list_consumer_groups(stage: &Stage) {
    make_group(stage).await;
    let groups = stage.watched().list_consumer_groups(PROJECT, STORE).await.unwrap();
    let shown: Vec<_> =
        groups.iter().map(|group| (&*group.name, group.timeout_secs, group.in_order)).collect();
    assert_eq!(shown, [("group", 60, true)]);
    let absent = stage.session().list_consumer_groups(PROJECT, "absent").await;
    refused(absent, FaultKind::NotFound, "LogStoreNotExist");
}

async fn get_checkpoints(stage: &Stage) {
    make_group(stage).await;
    let points = stage.watched().get_checkpoints(PROJECT, STORE, "group").await.unwrap();
    assert!(points.iter().all(|point| point.checkpoint.is_empty()), "{points:?}");
    let absent = stage.session().get_checkpoints(PROJECT, STORE, "absent").await;
    refused(absent, FaultKind::NotFound, "ConsumerGroupNotExist");
}
