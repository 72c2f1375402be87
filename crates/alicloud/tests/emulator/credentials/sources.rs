//! Every source of the official chain obtains a credential that the emulator takes.

use std::time::Duration;

use alicloud::{
    AccessKey, AssumeRole, Credentials, CredentialsTrouble, EcsRole, Environment, Origin, ProfileFile, Source,
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::{Folder, assumed, identity, of, oidc};
use crate::issuer::{self, Issuer, role_arn};
use crate::stage::{ACCOUNT, REGION, Stage};

/// The ARN of the main account.
fn root() -> String {
    format!("acs:ram::{ACCOUNT}:root")
}

/// The environment of a process that runs on nothing but these variables.
fn environment(variables: &[(&str, String)]) -> Environment {
    let value =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    Environment::read(value)
}

/// The identity had through the chain of an environment, and the source it came from.
async fn of_chain(stage: &Stage, environment: &Environment) -> (String, Option<Origin>) {
    let credentials = Credentials::new(&stage.cloud(), REGION, environment.chain(), Vec::new()).unwrap();
    let arn = identity(stage, &credentials).await;
    (arn, credentials.state().origin)
}

#[tokio::test]
async fn a_static_key_is_the_account() {
    let stage = Stage::start().await;
    assert_eq!(identity(&stage, &of(&stage, Source::Static(stage.key()))).await, root());
}

#[tokio::test]
async fn the_key_in_the_environment_is_the_account() {
    let stage = Stage::start().await;
    let variables = [
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", stage.key().id().to_owned()),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", stage.secret().expose_secret().to_owned()),
    ];
    assert_eq!(of_chain(&stage, &environment(&variables)).await, (root(), Some(Origin::Environment)));
}

#[tokio::test]
async fn a_temporary_key_in_the_environment_is_the_role() {
    let stage = Stage::start().await;
    stage.act(&json!({ "action": "set-role", "role": "reader" })).await;
    let given = stage.get("/_sim/credentials?role=reader").await;
    let text = |name: &str| given[name].as_str().unwrap().to_owned();
    let variables = [
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", text("AccessKeyId")),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", text("AccessKeySecret")),
        ("ALIBABA_CLOUD_SECURITY_TOKEN", text("SecurityToken")),
    ];
    let found = of_chain(&stage, &environment(&variables)).await;
    assert_eq!(found, (assumed("reader", "credentials-uri"), Some(Origin::Environment)));
}

#[tokio::test]
async fn a_signed_token_of_a_service_account_is_the_role_that_trusts_it() {
    let (stage, folder) = (Stage::start().await, Folder::new());
    let issuer = Issuer::register(&stage).await;
    let file = folder.write("token", &format!("{}\n", issuer.token(&stage, "me")));
    let variables = [
        ("ALIBABA_CLOUD_ROLE_ARN", role_arn(issuer::ROLE)),
        ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", issuer::provider_arn()),
        ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", file.display().to_string()),
        ("ALIBABA_CLOUD_ROLE_SESSION_NAME", "pod".to_owned()),
    ];
    let found = of_chain(&stage, &environment(&variables)).await;
    assert_eq!(found, (assumed(issuer::ROLE, "pod"), Some(Origin::Oidc)));
}

#[tokio::test]
async fn a_token_that_nobody_signed_is_refused() {
    let (stage, folder) = (Stage::start().await, Folder::new());
    Issuer::register(&stage).await;
    let stranger = Issuer::register(&Stage::start().await).await;
    let file = folder.write("token", &stranger.token(&stage, "me"));
    let error = of(&stage, Source::Oidc(oidc(file))).access_key().await.unwrap_err();
    assert_eq!(error.trouble(), CredentialsTrouble::Refused);
}

/// A home directory with a profile of the command line tool.
fn home(folder: &Folder, profiles: &Value) -> Environment {
    folder.write(".aliyun/config.json", &json!({ "current": "now", "profiles": profiles }).to_string());
    environment(&[("HOME", folder.path("").display().to_string())])
}

/// A profile with the key of a user who may assume roles.
async fn user_profile(stage: &Stage, name: &str, mode: &str) -> Value {
    let action = json!({ "action": "create-user", "name": "ann", "permissions": ["sts:AssumeRole"] });
    let key = stage.act(&action).await["result"].clone();
    json!({ "name": name, "mode": mode, "access_key_id": key["accessKeyId"],
            "access_key_secret": key["accessKeySecret"] })
}

#[tokio::test]
async fn a_cli_profile_with_a_key_is_its_user() {
    let (stage, folder) = (Stage::start().await, Folder::new());
    let environment = home(&folder, &json!([user_profile(&stage, "now", "AK").await]));
    let found = of_chain(&stage, &environment).await;
    assert_eq!(found, (format!("acs:ram::{ACCOUNT}:user/ann"), Some(Origin::CliProfile)));
}

#[tokio::test]
async fn cli_profiles_that_build_on_each_other_are_the_last_role() {
    let (stage, folder) = (Stage::start().await, Folder::new());
    for role in ["first", "second"] {
        stage
            .act(&json!({ "action": "set-role", "role": role, "policies": ["AliyunSTSAssumeRoleAccess"] }))
            .await;
    }
    let chained = |name: &str, source: &str, role: &str| {
        json!({ "name": name, "mode": "ChainableRamRoleArn", "source_profile": source,
                "ram_role_arn": role_arn(role), "ram_session_name": "cli" })
    };
    let base = user_profile(&stage, "base", "AK").await;
    let profiles = json!([base, chained("middle", "base", "first"), chained("now", "middle", "second")]);
    let found = of_chain(&stage, &home(&folder, &profiles)).await;
    assert_eq!(found, (assumed("second", "cli"), Some(Origin::CliProfile)));
}

#[tokio::test]
async fn an_ini_file_with_a_role_is_that_role() {
    let (stage, folder) = (Stage::start().await, Folder::new());
    stage.act(&json!({ "action": "set-role", "role": "reader" })).await;
    let user = user_profile(&stage, "x", "AK").await;
    let text = |name: &str| user[name].as_str().unwrap();
    let ini = format!(
        "[default]\ntype = ram_role_arn\naccess_key_id = {}\naccess_key_secret = {}\nrole_arn = {}\n\
         role_session_name = ini\n",
        text("access_key_id"),
        text("access_key_secret"),
        role_arn("reader")
    );
    let file = folder.write("credentials", &ini);
    let at = environment(&[("ALIBABA_CLOUD_CREDENTIALS_FILE", file.display().to_string())]);
    assert_eq!(of_chain(&stage, &at).await, (assumed("reader", "ini"), Some(Origin::IniFile)));
    let file =
        ProfileFile { paths: vec![file], profile: Some("absent".to_owned()), ..ProfileFile::default() };
    let source = Source::IniFile(file);
    let error = of(&stage, source).access_key().await.unwrap_err();
    assert_eq!(error.trouble(), CredentialsTrouble::Unusable);
}

/// Gives the instance a role.
async fn instance(stage: &Stage, hardened: bool) {
    stage.act(&json!({ "action": "set-role", "role": "instance" })).await;
    stage.act(&json!({ "action": "set-instance-role", "role": "instance", "hardened": hardened })).await;
}

#[tokio::test]
async fn the_metadata_server_gives_the_role_of_the_instance() {
    let stage = Stage::start().await;
    instance(&stage, false).await;
    let found = of_chain(&stage, &environment(&[])).await;
    assert_eq!(found, (assumed("instance", "vm-ram-i-cloudsim"), Some(Origin::EcsRole)));
}

#[tokio::test]
async fn a_hardened_metadata_server_is_asked_with_a_token_alone() {
    let stage = Stage::start().await;
    instance(&stage, true).await;
    let hardened = environment(&[
        ("ALIBABA_CLOUD_IMDSV1_DISABLED", "true".to_owned()),
        ("ALIBABA_CLOUD_ECS_METADATA", "instance".to_owned()),
    ]);
    let found = of_chain(&stage, &hardened).await;
    assert_eq!(found, (assumed("instance", "vm-ram-i-cloudsim"), Some(Origin::EcsRole)));
}

#[tokio::test]
async fn an_instance_without_a_role_gives_no_key() {
    let stage = Stage::start().await;
    let error = of(&stage, Source::EcsRole(EcsRole::default())).access_key().await.unwrap_err();
    assert!(error.to_string().contains("the instance has no such role"), "{error}");
}

#[tokio::test]
async fn a_credentials_uri_gives_what_stands_behind_it() {
    let stage = Stage::start().await;
    stage.act(&json!({ "action": "set-role", "role": "reader" })).await;
    let at = environment(&[
        ("ALIBABA_CLOUD_CREDENTIALS_URI", stage.url("/_sim/credentials?role=reader&session=behind")),
        ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true".to_owned()),
    ]);
    assert_eq!(of_chain(&stage, &at).await, (assumed("reader", "behind"), Some(Origin::Uri)));
}

/// A role that asks for an external id.
async fn make_guarded_role(stage: &Stage, name: &str, trusted: &str, word: &str) {
    let trust = json!({ "Version": "1", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "RAM": [trusted] }, "Condition": { "StringEquals": { "sts:ExternalId": word } } }] });
    let policies = ["AliyunSTSAssumeRoleAccess"];
    stage
        .act(&json!({ "action": "set-role", "role": name, "trustPolicy": trust, "policies": policies }))
        .await;
}

fn hop(name: &str, word: &str) -> AssumeRole {
    AssumeRole {
        role_arn: role_arn(name),
        session_name: format!("to-{name}"),
        duration: Duration::from_hours(1),
        external_id: Some(word.to_owned()),
        policy: None,
    }
}

fn after(stage: &Stage, key: &AccessKey, hops: Vec<AssumeRole>) -> Credentials {
    Credentials::new(&stage.cloud(), REGION, vec![Source::Static(key.clone())], hops).unwrap()
}

#[tokio::test]
async fn two_hops_with_external_ids_end_in_the_last_role() {
    let stage = Stage::start().await;
    let user = stage.user("ann", &["sts:AssumeRole"]).await;
    make_guarded_role(&stage, "first", &format!("acs:ram::{ACCOUNT}:user/ann"), "word one").await;
    make_guarded_role(&stage, "second", &role_arn("first"), "word two").await;
    let one = after(&stage, &user, vec![hop("first", "word one")]);
    assert_eq!(identity(&stage, &one).await, assumed("first", "to-first"));
    let two = after(&stage, &user, vec![hop("first", "word one"), hop("second", "word two")]);
    assert_eq!(identity(&stage, &two).await, assumed("second", "to-second"));
}

#[tokio::test]
async fn another_external_id_opens_no_role() {
    let stage = Stage::start().await;
    let user = stage.user("ann", &["sts:AssumeRole"]).await;
    make_guarded_role(&stage, "first", &format!("acs:ram::{ACCOUNT}:user/ann"), "word one").await;
    let error = after(&stage, &user, vec![hop("first", "word two")]).access_key().await.unwrap_err();
    assert_eq!(error.trouble(), CredentialsTrouble::Refused);
    assert!(!error.to_string().contains("word two"), "{error}");
}
