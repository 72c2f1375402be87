//! Log Service: dashboards and tags.

use std::collections::BTreeMap;

use alicloud::{FaultKind, Tagged};
use serde_json::{Value, json};

use crate::conform::checks;
use crate::sls_stores::{PROJECT, STORE, make_logstore};
use crate::stage::{Stage, refused};

checks! { "sls":
    create_dashboard => "CreateDashboard",
    get_dashboard => "GetDashboard",
    update_dashboard => "UpdateDashboard",
    list_dashboards => "ListDashboard",
    delete_dashboard => "DeleteDashboard",
    tag => "TagResources",
    list_tags => "ListTagResources",
    untag => "UntagResources",
}

fn board(display_name: &str) -> Value {
    let chart = json!({ "title": "all", "type": "table", "search": { "logstore": STORE, "query": "*" }, "display": {} });
    json!({ "dashboardName": "board", "displayName": display_name, "charts": [chart] })
}

async fn make_board(stage: &Stage) {
    make_logstore(stage).await;
    stage.session().create_dashboard(PROJECT, &board("Board")).await.unwrap();
}

async fn create_dashboard(stage: &Stage) {
    make_logstore(stage).await;
    stage.watched().create_dashboard(PROJECT, &board("Board")).await.unwrap();
    assert_eq!(stage.session().get_dashboard(PROJECT, "board").await.unwrap().display_name, "Board");
    let again = stage.session().create_dashboard(PROJECT, &board("Board")).await;
    refused(again, FaultKind::Invalid, "ParameterInvalid");
}

async fn get_dashboard(stage: &Stage) {
    make_board(stage).await;
    let found = stage.watched().get_dashboard(PROJECT, "board").await.unwrap();
    assert_eq!((&*found.name, found.raw["charts"][0]["title"].as_str()), ("board", Some("all")));
    let absent = stage.session().get_dashboard(PROJECT, "absent").await;
    refused(absent, FaultKind::NotFound, "DashboardNotExist");
}

async fn update_dashboard(stage: &Stage) {
    make_board(stage).await;
    stage.watched().update_dashboard(PROJECT, "board", &board("New")).await.unwrap();
    assert_eq!(stage.session().get_dashboard(PROJECT, "board").await.unwrap().display_name, "New");
    let mut other = board("New");
    other["dashboardName"] = "absent".into();
    let absent = stage.session().update_dashboard(PROJECT, "absent", &other).await;
    refused(absent, FaultKind::NotFound, "DashboardNotExist");
}

async fn list_dashboards(stage: &Stage) {
    make_board(stage).await;
    assert_eq!(stage.watched().list_dashboards(PROJECT).await.unwrap(), ["board"]);
    refused(stage.session().list_dashboards("absent").await, FaultKind::NotFound, "ProjectNotExist");
}

async fn delete_dashboard(stage: &Stage) {
    make_board(stage).await;
    stage.watched().delete_dashboard(PROJECT, "board").await.unwrap();
    let again = stage.session().delete_dashboard(PROJECT, "board").await;
    refused(again, FaultKind::NotFound, "DashboardNotExist");
}

const PROJECT_ITSELF: Tagged<'_> = Tagged::Project(PROJECT);
const ITS_LOGSTORE: Tagged<'_> = Tagged::Logstore(PROJECT, STORE);

fn tags() -> BTreeMap<String, String> {
    let pairs = [("owner", "checks"), ("stage", "für Prüfungen & more")];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

async fn make_tags(stage: &Stage) {
    make_logstore(stage).await;
    for thing in [PROJECT_ITSELF, ITS_LOGSTORE] {
        stage.session().tag(thing, &tags()).await.unwrap();
    }
}

async fn tag(stage: &Stage) {
    make_logstore(stage).await;
    for thing in [PROJECT_ITSELF, ITS_LOGSTORE] {
        stage.watched().tag(thing, &tags()).await.unwrap();
        assert_eq!(stage.session().list_tags(thing).await.unwrap(), tags());
    }
    let absent = stage.session().tag(Tagged::Project("absent"), &tags()).await;
    refused(absent, FaultKind::NotFound, "ProjectNotExist");
}

async fn list_tags(stage: &Stage) {
    make_tags(stage).await;
    for thing in [PROJECT_ITSELF, ITS_LOGSTORE] {
        assert_eq!(stage.watched().list_tags(thing).await.unwrap(), tags());
    }
    assert!(stage.session().list_tags(Tagged::Project("absent")).await.unwrap().is_empty());
}

async fn untag(stage: &Stage) {
    make_tags(stage).await;
    for thing in [PROJECT_ITSELF, ITS_LOGSTORE] {
        stage.watched().untag(thing, &["owner", "other"]).await.unwrap();
        let left = stage.session().list_tags(thing).await.unwrap();
        assert_eq!(left.into_keys().collect::<Vec<_>>(), ["stage"]);
    }
    let absent = stage.session().untag(Tagged::Project("absent"), &["owner"]).await;
    refused(absent, FaultKind::NotFound, "ProjectNotExist");
}
