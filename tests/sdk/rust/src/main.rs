//! `aliyun-log-rust-sdk`: one check per Log Service operation it has.
//!
//! Takes on standard input what `tests/sdk/run.py` takes, and `http_proxy`; prints one JSON object, row to
//! `[verdict, reason]`, on standard output.

use std::collections::{BTreeMap, HashMap};
use std::time::{SystemTime, UNIX_EPOCH};

use aliyun_log_rust_sdk::get_cursor_models::CursorPos;
use aliyun_log_rust_sdk::{
    Client, Config, Error, FieldIndex, FromConfig, FullTextIndex, Index, IndexKeyText,
};
use aliyun_log_sdk_protobuf::{Log, LogGroup};

const PROJECT: &str = "sdk-rust";
const STORE: &str = "app-log";
const TEXT: &str = "grüße & more: a+b *~ %20";

type Outcome = Result<(), String>;

fn told<T>(result: Result<T, Error>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

fn ensure(holds: bool, found: impl std::fmt::Debug) -> Outcome {
    if holds { Ok(()) } else { Err(format!("{found:?}")) }
}

/// The refusal must have become the SDK's own error, with that code and a request id.
fn refused<T>(result: Result<T, Error>, code: &str) -> Outcome {
    match result {
        Err(Error::Server { error_code, request_id, .. }) => {
            ensure(error_code == code && request_id.is_some(), (error_code, request_id))
        }
        Err(other) => Err(other.to_string()),
        Ok(_) => Err(format!("not refused, {code} expected")),
    }
}

fn now() -> u32 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as u32)
}

async fn projects(client: &Client, results: &mut Results) {
    let made = client.create_project(PROJECT).description("for checks").send().await;
    results.add("CreateProject", told(made).map(drop));
    let again = client.create_project(PROJECT).description("again").send().await;
    results.add("CreateProject (ProjectAlreadyExist)", refused(again, "ProjectAlreadyExist"));
    let got = told(client.get_project(PROJECT).send().await);
    let fits = got.and_then(|reply| {
        ensure(reply.get_body().description() == "for checks", reply.get_body().description())
    });
    results.add("GetProject", fits);
    let missing = client.get_project("sdk-absent").send().await;
    results.add("GetProject (ProjectNotExist)", refused(missing, "ProjectNotExist"));
    let updated = client.update_project(PROJECT).description("changed").send().await;
    results.add("UpdateProject", told(updated).map(drop));
    let listed = told(client.list_projects(0, 10).project_name(PROJECT).send().await);
    let fits = listed.and_then(|reply| ensure(*reply.get_body().total() == 1, reply.get_body().total()));
    results.add("ListProject", fits);
}

async fn logstores(client: &Client, results: &mut Results) {
    let made = client.create_logstore(PROJECT, STORE).shard_count(2).ttl(7).send().await;
    results.add("CreateLogStore", told(made).map(drop));
    let again = client.create_logstore(PROJECT, STORE).shard_count(2).ttl(7).send().await;
    results.add("CreateLogStore (LogStoreAlreadyExist)", refused(again, "LogStoreAlreadyExist"));
    let updated = client.update_logstore(PROJECT, STORE).ttl(30).send().await;
    results.add("UpdateLogStore", told(updated).map(drop));
    let got = told(client.get_logstore(PROJECT, STORE).send().await);
    results.add(
        "GetLogStore",
        got.and_then(|reply| ensure(*reply.get_body().ttl() == 30, reply.get_body().ttl())),
    );
    let missing = client.get_logstore(PROJECT, "absent").send().await;
    results.add("GetLogStore (LogStoreNotExist)", refused(missing, "LogStoreNotExist"));
    let listed = told(client.list_logstores(PROJECT, 0, 10).logstore_name("app").send().await);
    let fits =
        listed.and_then(|reply| ensure(reply.get_body().logstores().len() == 1, reply.get_body().total()));
    results.add("ListLogStores", fits);
    let shards = told(client.list_shards(PROJECT, STORE).send().await);
    let fits = shards
        .and_then(|reply| ensure(reply.get_body().shards().len() == 2, reply.get_body().shards().len()));
    results.add("ListShards", fits);
}

fn index() -> Index {
    let token = || vec![" ".to_owned(), ":".to_owned()];
    let text =
        IndexKeyText { case_sensitive: false, alias: None, chn: false, token: token(), doc_value: true };
    let line = FullTextIndex { case_sensitive: false, chn: false, token: token() };
    Index::builder().line(line).keys(HashMap::from([("kind".to_owned(), FieldIndex::Text(text))])).build()
}

async fn indexes(client: &Client, results: &mut Results) {
    let missing = client.get_index(PROJECT, STORE).send().await;
    results.add("GetIndex (IndexConfigNotExist)", refused(missing, "IndexConfigNotExist"));
    results.add("CreateIndex", told(client.create_index(PROJECT, STORE, index()).send().await).map(drop));
    let again = client.create_index(PROJECT, STORE, index()).send().await;
    results.add("CreateIndex (IndexAlreadyExist)", refused(again, "IndexAlreadyExist"));
    results.add("UpdateIndex", told(client.update_index(PROJECT, STORE, index()).send().await).map(drop));
    let got = told(client.get_index(PROJECT, STORE).send().await);
    let has_kind = |index: &Index| index.keys.as_ref().is_some_and(|keys| keys.contains_key("kind"));
    results.add("GetIndex", got.and_then(|reply| ensure(has_kind(reply.get_body()), "no key `kind`")));
}

async fn logs(client: &Client, results: &mut Results) {
    let mut group = LogGroup::new();
    for _ in 0..20 {
        let mut log = Log::from_unixtime(now());
        log.add_content_kv("kind", "lz4").add_content_kv("text", TEXT);
        group.add_log(log);
    }
    results.add("PutLogs", told(client.put_logs(PROJECT, STORE).log_group(group).send().await).map(drop));
    let (from, to) = (i64::from(now()) - 60, i64::from(now()) + 60);
    let found =
        client.get_logs(PROJECT, STORE).from(from).to(to).query("kind: lz4").offset(0).line(100).send().await;
    let fits = told(found).and_then(|reply| {
        let body = reply.get_body();
        let same = body.logs().iter().all(|log| log.get("text").map(String::as_str) == Some(TEXT));
        ensure(body.is_complete() && body.logs_count() == 20 && same, body.logs_count())
    });
    results.add("GetLogsV2", fits);
    results.add("GetCursor", cursor(client, CursorPos::Begin).await.map(drop));
    results.add("PullLogs", pulled(client).await);
}

async fn cursor(client: &Client, from: CursorPos) -> Result<String, String> {
    let reply = told(client.get_cursor(PROJECT, STORE, 0).cursor_pos(from).send().await)?;
    Ok(reply.get_body().cursor().to_owned())
}

async fn pulled(client: &Client) -> Outcome {
    let begin = cursor(client, CursorPos::Begin).await?;
    let reply = told(client.pull_logs(PROJECT, STORE, 0).cursor(&begin).count(10).send().await)?;
    let body = reply.get_body();
    let count: usize = body.log_group_list().iter().map(|group| group.logs().len()).sum();
    let end = cursor(client, CursorPos::End).await?;
    ensure(count == 10 && body.next_cursor() == end.as_str(), count)
}

async fn groups(client: &Client, results: &mut Results) {
    let made = client.create_consumer_group(PROJECT, STORE, "group").timeout(60).order(true).send().await;
    results.add("CreateConsumerGroup", told(made).map(drop));
    let updated = client.update_consumer_group(PROJECT, STORE, "group").timeout(90).order(false).send().await;
    results.add("UpdateConsumerGroup", told(updated).map(drop));
    let listed = told(client.list_consumer_groups(PROJECT, STORE).send().await).and_then(|reply| {
        let groups = reply.get_body().consumer_groups();
        let same = groups
            .iter()
            .all(|one| one.consumer_group_name() == "group" && *one.timeout() == 90 && !one.order());
        ensure(groups.len() == 1 && same, groups.len())
    });
    results.add("ListConsumerGroup", listed);
    let beat = client
        .consumer_group_heartbeat(PROJECT, STORE, "group")
        .consumer("worker")
        .shards(vec![])
        .send()
        .await;
    let fits = told(beat)
        .and_then(|reply| ensure(reply.get_body().shards().len() == 2, reply.get_body().shards().len()));
    results.add("ConsumerGroupHeartBeat", fits);
    let update = client.update_consumer_group_checkpoint(PROJECT, STORE, "group").shard_id(0);
    let checked = update.consumer_id("worker").checkpoint("MQ==").send().await;
    results.add("ConsumerGroupUpdateCheckPoint", told(checked).map(drop));
    let points =
        told(client.get_consumer_group_checkpoint(PROJECT, STORE, "group").send().await).and_then(|reply| {
            let points = reply.get_body().checkpoints();
            ensure(points.iter().map(|point| point.checkpoint()).eq(["MQ==", ""]), points.len())
        });
    results.add("GetCheckPoint", points);
    let deleted = client.delete_consumer_group(PROJECT, STORE, "group").send().await;
    results.add("DeleteConsumerGroup", told(deleted).map(drop));
}

async fn removal(client: &Client, results: &mut Results) {
    results.add("DeleteIndex", told(client.delete_index(PROJECT, STORE).send().await).map(drop));
    results.add("DeleteLogStore", told(client.delete_logstore(PROJECT, STORE).send().await).map(drop));
    results.add("DeleteProject", told(client.delete_project(PROJECT).send().await).map(drop));
}

/// Row to verdict and reason, as the table wants them.
#[derive(Default)]
struct Results(BTreeMap<&'static str, [String; 2]>);

impl Results {
    fn add(&mut self, row: &'static str, outcome: Outcome) {
        let cell = match outcome {
            Ok(()) => ["pass".to_owned(), String::new()],
            Err(reason) => ["FAIL".to_owned(), reason],
        };
        self.0.insert(row, cell);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let task: serde_json::Value = serde_json::from_reader(std::io::stdin())?;
    let text = |name: &str| task[name].as_str().unwrap_or_default().to_owned();
    let config = Config::builder()
        .endpoint(format!("http://{}.log.aliyuncs.com", text("region")))
        .access_key(text("accessKeyId"), text("accessKeySecret"))
        .build()?;
    let client = Client::from_config(config)?;
    let mut results = Results::default();
    projects(&client, &mut results).await;
    logstores(&client, &mut results).await;
    indexes(&client, &mut results).await;
    logs(&client, &mut results).await;
    groups(&client, &mut results).await;
    removal(&client, &mut results).await;
    println!("{}", serde_json::to_string(&results.0)?);
    Ok(())
}
