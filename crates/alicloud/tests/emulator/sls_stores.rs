//! Log Service: projects, Logstores, indexes and shards.

use alicloud::{FaultKind, NewLogstore};
use serde_json::{Value, json};

use crate::conform::checks;
use crate::stage::{ACCOUNT, REGION, Stage, refused};

checks! { "sls":
    get_project => "GetProject",
    create_project => "CreateProject",
    get_logstore => "GetLogStore",
    create_logstore => "CreateLogStore",
    update_logstore => "UpdateLogStore",
    list_shards => "ListShards",
    get_index => "GetIndex",
    create_index => "CreateIndex",
    update_index => "UpdateIndex",
}

pub const PROJECT: &str = "my-audit";
pub const STORE: &str = "app_log-1";

fn new_logstore(name: &str, retention_days: u32) -> NewLogstore {
    NewLogstore { name: name.to_owned(), retention_days, shard_count: 2 }
}

/// A project with a Logstore that has no index.
pub async fn make_logstore(stage: &Stage) {
    let session = stage.session();
    session.create_project(PROJECT, "for checks").await.unwrap();
    session.create_logstore(PROJECT, &new_logstore(STORE, 7)).await.unwrap();
}

/// An index of text in `kind` and numbers in `n`, and of whole lines.
pub fn index() -> Value {
    let text = json!({ "type": "text", "token": [",", " "], "caseSensitive": false, "doc_value": true });
    json!({ "line": { "token": [",", " "], "caseSensitive": false },
            "keys": { "kind": text, "n": { "type": "long", "doc_value": true } } })
}

async fn get_project(stage: &Stage) {
    stage.session().create_project(PROJECT, "für Prüfungen").await.unwrap();
    let project = stage.watched().get_project(PROJECT).await.unwrap();
    assert_eq!((&*project.name, &*project.region, &*project.status), (PROJECT, REGION, "Normal"));
    assert_eq!((project.owner.as_deref(), &*project.description), (Some(ACCOUNT), "für Prüfungen"));
    refused(stage.session().get_project("absent").await, FaultKind::NotFound, "ProjectNotExist");
    let other = "9999999999999999";
    stage.act(&json!({ "action": "create-account", "account": other })).await;
    stage.act(&json!({ "action": "take-project", "project": "taken", "by": other })).await;
    refused(stage.session().get_project("taken").await, FaultKind::Foreign, "Unauthorized");
    stage.act(&json!({ "action": "set-overdue" })).await;
    refused(stage.session().get_project(PROJECT).await, FaultKind::AccountOverdue, "ProjectForbidden");
    stage.act(&json!({ "action": "set-overdue", "overdue": false })).await;
    stage.act(&json!({ "action": "set-sls-open", "open": false })).await;
    refused(stage.session().get_project(PROJECT).await, FaultKind::ServiceNotOpened, "InvalidAccessKeyId");
}

async fn create_project(stage: &Stage) {
    stage.watched().create_project(PROJECT, "für Prüfungen").await.unwrap();
    assert_eq!(stage.session().get_project(PROJECT).await.unwrap().description, "für Prüfungen");
    let again = stage.session().create_project(PROJECT, "").await;
    refused(again, FaultKind::AlreadyExists, "ProjectAlreadyExist");
}

async fn get_logstore(stage: &Stage) {
    make_logstore(stage).await;
    let logstore = stage.watched().get_logstore(PROJECT, STORE).await.unwrap();
    assert_eq!((&*logstore.name, logstore.retention_days, logstore.shard_count), (STORE, 7, 2));
    let session = stage.session();
    refused(session.get_logstore(PROJECT, "absent").await, FaultKind::NotFound, "LogStoreNotExist");
    refused(session.get_logstore("absent", STORE).await, FaultKind::NotFound, "ProjectNotExist");
}

async fn create_logstore(stage: &Stage) {
    let session = stage.session();
    session.create_project(PROJECT, "").await.unwrap();
    stage.watched().create_logstore(PROJECT, &new_logstore(STORE, 3650)).await.unwrap();
    assert_eq!(session.get_logstore(PROJECT, STORE).await.unwrap().retention_days, 3650);
    let again = session.create_logstore(PROJECT, &new_logstore(STORE, 7)).await;
    refused(again, FaultKind::AlreadyExists, "LogStoreAlreadyExist");
    let longer = session.create_logstore(PROJECT, &new_logstore("other", 9999)).await;
    refused(longer, FaultKind::Invalid, "ParameterInvalid");
}

async fn update_logstore(stage: &Stage) {
    make_logstore(stage).await;
    stage.watched().update_logstore_retention(PROJECT, STORE, 30).await.unwrap();
    let logstore = stage.session().get_logstore(PROJECT, STORE).await.unwrap();
    assert_eq!((logstore.retention_days, logstore.shard_count), (30, 2));
    let absent = stage.session().update_logstore_retention(PROJECT, "absent", 30).await;
    refused(absent, FaultKind::NotFound, "LogStoreNotExist");
}

async fn list_shards(stage: &Stage) {
    make_logstore(stage).await;
    let shards = stage.watched().list_shards(PROJECT, STORE).await.unwrap();
    let shown: Vec<_> = shards.iter().map(|shard| (shard.id, &*shard.status)).collect();
    assert_eq!(shown, [(0, "readwrite"), (1, "readwrite")]);
    assert_eq!(shards[0].end_key, shards[1].begin_key);
    let absent = stage.session().list_shards(PROJECT, "absent").await;
    refused(absent, FaultKind::NotFound, "LogStoreNotExist");
}

async fn get_index(stage: &Stage) {
    make_logstore(stage).await;
    let session = stage.session();
    refused(session.get_index(PROJECT, STORE).await, FaultKind::NotFound, "IndexConfigNotExist");
    session.create_index(PROJECT, STORE, &index()).await.unwrap();
    let found = stage.watched().get_index(PROJECT, STORE).await.unwrap();
    assert_eq!((&*found.keys["n"].key_type, found.keys["kind"].doc_value), ("long", true));
    assert!(found.line.is_some());
}

async fn create_index(stage: &Stage) {
    make_logstore(stage).await;
    let session = stage.session();
    let tokenless = session.create_index(PROJECT, STORE, &json!({ "line": { "token": [] } })).await;
    refused(tokenless, FaultKind::Invalid, "IndexInfoInvalid");
    stage.watched().create_index(PROJECT, STORE, &index()).await.unwrap();
    let again = session.create_index(PROJECT, STORE, &index()).await;
    refused(again, FaultKind::AlreadyExists, "IndexAlreadyExist");
}

async fn update_index(stage: &Stage) {
    make_logstore(stage).await;
    let session = stage.session();
    refused(session.update_index(PROJECT, STORE, &index()).await, FaultKind::Invalid, "ParameterInvalid");
    session.create_index(PROJECT, STORE, &index()).await.unwrap();
    let mut document = session.get_index(PROJECT, STORE).await.unwrap().raw;
    document["keys"]["more"] = json!({ "type": "double", "doc_value": true });
    stage.watched().update_index(PROJECT, STORE, &document).await.unwrap();
    assert_eq!(session.get_index(PROJECT, STORE).await.unwrap().keys["more"].key_type, "double");
}
