//! The official default chain against the fake.

use std::sync::Arc;
use std::time::Duration;

use alicloud::{Credentials, CredentialsTrouble, Environment, Origin};
use secrecy::SecretString;

use super::fake::{Break, Fake, TOKEN};
use super::files::Folder;

fn credentials(fake: &Arc<Fake>, environment: &Environment) -> Credentials {
    Credentials::new(&fake.cloud(), "cn-hangzhou", environment.chain(), Vec::new()).unwrap()
}

/// Everything is there.
fn everything(folder: &Folder) -> Environment {
    folder.write("token", TOKEN);
    folder.write(
        ".aliyun/config.json",
        r#"{"profiles":[{"name":"default","mode":"AK","access_key_id":"cli","access_key_secret":"s"}]}"#,
    );
    folder.write(
        ".alibabacloud/credentials",
        "[default]\ntype=access_key\naccess_key_id=ini\naccess_key_secret=s",
    );
    Environment {
        access_key_id: Some("environment".to_owned()),
        access_key_secret: Some(SecretString::from("s")),
        role_arn: Some("acs:ram::1:role/operator".to_owned()),
        oidc_provider_arn: Some("acs:ram::1:oidc-provider/ack".to_owned()),
        oidc_token_file: Some(folder.path("token")),
        credentials_uri: Some(SecretString::from("http://127.0.0.1:7000/pod")),
        home: Some(folder.path("")),
        ..Environment::default()
    }
}

async fn origin_of(fake: &Arc<Fake>, environment: &Environment) -> Option<Origin> {
    let credentials = credentials(fake, environment);
    credentials.access_key().await.unwrap();
    credentials.state().origin
}

#[tokio::test(start_paused = true)]
async fn each_source_is_used_when_those_before_it_are_not_there() {
    let (fake, folder) = (Fake::new(), Folder::new());
    let mut environment = everything(&folder);
    assert_eq!(origin_of(&fake, &environment).await, Some(Origin::Environment));
    environment.access_key_id = None;
    assert_eq!(origin_of(&fake, &environment).await, Some(Origin::Oidc));
    environment.role_arn = None;
    assert_eq!(origin_of(&fake, &environment).await, Some(Origin::CliProfile));
    std::fs::remove_file(folder.path(".aliyun/config.json")).unwrap();
    assert_eq!(origin_of(&fake, &environment).await, Some(Origin::IniFile));
    std::fs::remove_file(folder.path(".alibabacloud/credentials")).unwrap();
    assert_eq!(origin_of(&fake, &environment).await, Some(Origin::EcsRole));
    environment.ecs_metadata_disabled = true;
    assert_eq!(origin_of(&fake, &environment).await, Some(Origin::Uri));
}

#[tokio::test(start_paused = true)]
async fn without_a_metadata_server_the_uri_is_asked() {
    let (fake, folder) = (Fake::new(), Folder::new());
    let environment =
        Environment { credentials_uri: everything(&folder).credentials_uri, ..Environment::default() };
    for what in ["PUT /latest/api/token", "GET /latest/meta-data/ram/security-credentials/"] {
        fake.break_down(what, Break::Refuses);
    }
    assert_eq!(origin_of(&fake, &environment).await, Some(Origin::Uri));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_there_but_fails_is_not_passed_over() {
    let (fake, folder) = (Fake::new(), Folder::new());
    let environment = Environment { access_key_id: None, ..everything(&folder) };
    fake.break_down("AssumeRoleWithOIDC", Break::Code(503, "InternalError"));
    let error = credentials(&fake, &environment).access_key().await.unwrap_err();
    assert_eq!((error.origin(), error.trouble()), (Some(Origin::Oidc), CredentialsTrouble::Unavailable));
}

#[tokio::test(start_paused = true)]
async fn the_source_of_the_first_key_is_kept_to() {
    let (fake, folder) = (Fake::new(), Folder::new());
    let environment = Environment { access_key_id: None, role_arn: None, ..everything(&folder) };
    let credentials = credentials(&fake, &environment);
    assert_eq!(credentials.access_key().await.unwrap().id(), "cli");
    std::fs::remove_file(folder.path(".aliyun/config.json")).unwrap();
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(credentials.access_key().await.unwrap().id(), "cli");
    assert_eq!(credentials.state().failures, 1);
}

#[tokio::test(start_paused = true)]
async fn a_home_that_cannot_be_looked_into_ends_no_search() {
    let (fake, folder) = (Fake::new(), Folder::with_token(TOKEN));
    let home = Some(folder.path("token"));
    let environment = Environment { home, ..Environment::default() };
    assert_eq!(origin_of(&fake, &environment).await, Some(Origin::EcsRole));
}

#[tokio::test(start_paused = true)]
async fn a_named_file_that_cannot_be_opened_is_not_passed_over() {
    let (fake, folder) = (Fake::new(), Folder::with_token(TOKEN));
    let credentials_file = Some(folder.path("token/credentials"));
    let environment = Environment { credentials_file, ..Environment::default() };
    let error = credentials(&fake, &environment).access_key().await.unwrap_err();
    assert_eq!((error.origin(), error.trouble()), (Some(Origin::IniFile), CredentialsTrouble::Unusable));
}

#[tokio::test(start_paused = true)]
async fn the_role_of_the_instance_stays_switched_off_in_a_profile() {
    let (fake, folder) = (Fake::new(), Folder::new());
    folder.write(".aliyun/config.json", r#"{"profiles":[{"name":"default","mode":"EcsRamRole"}]}"#);
    let environment =
        Environment { home: Some(folder.path("")), ecs_metadata_disabled: true, ..Environment::default() };
    let error = credentials(&fake, &environment).access_key().await.unwrap_err();
    assert_eq!((error.origin(), error.trouble()), (Some(Origin::CliProfile), CredentialsTrouble::Unusable));
    assert!(fake.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn with_no_source_there_the_error_names_all_that_were_tried() {
    let (fake, folder) = (Fake::new(), Folder::new());
    fake.break_down("PUT /latest/api/token", Break::Refuses);
    fake.break_down("GET /latest/meta-data/ram/security-credentials/", Break::Refuses);
    let environment = Environment { home: Some(folder.path("")), ..Environment::default() };
    let error = credentials(&fake, &environment).access_key().await.unwrap_err();
    assert_eq!((error.origin(), error.trouble()), (None, CredentialsTrouble::Absent));
    for name in
        ["cli-profile: there is no file", "ini-file: there is no file", "ecs-role: no metadata server"]
    {
        assert!(error.to_string().contains(name), "{error}");
    }
}
