//! Files that are missing, empty, half-written or replaced.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use alicloud::{
    Cloud, Credentials, CredentialsTrouble, Endpoints, OidcRole, ProfileFile, Service, Source,
    TransportError, WireProfile,
};
use serde_json::json;

use super::fake::{Fake, TOKEN};
use crate::support::{Script, Standstill, header, only};

/// A folder of its own that goes away with the test.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn with_token(token: &str) -> Self {
        let folder = Self::new();
        folder.write("token", token);
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        std::fs::write(self.path(name), text).unwrap();
    }
}

pub fn oidc_role(folder: &Folder) -> OidcRole {
    OidcRole {
        role_arn: "acs:ram::1:role/operator".to_owned(),
        provider_arn: "acs:ram::1:oidc-provider/ack".to_owned(),
        token_file: folder.path("token"),
        session_name: None,
        duration: None,
        policy: None,
    }
}

fn oidc(fake: &Arc<Fake>, folder: &Folder) -> Credentials {
    fake.credentials(Source::Oidc(oidc_role(folder)))
}

/// Fails with what is in the folder, without asking STS, and recovers once a good token is there.
async fn fails_then_recovers(folder: Folder, why: &str) {
    let fake = Fake::new();
    let credentials = oidc(&fake, &folder);
    let error = credentials.access_key().await.unwrap_err();
    assert_eq!(error.trouble(), CredentialsTrouble::Unusable);
    assert!(error.message().contains(why), "{error}");
    assert!(fake.asked().is_empty());
    folder.write("token", TOKEN);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(credentials.access_key().await.unwrap().id(), "STS.oidc-1");
}

#[tokio::test(start_paused = true)]
async fn a_missing_token_file_is_waited_for() {
    fails_then_recovers(Folder::new(), "there is no token file").await;
}

#[tokio::test(start_paused = true)]
async fn an_empty_token_file_is_waited_for() {
    fails_then_recovers(Folder::with_token(" \n"), "is empty").await;
}

#[tokio::test(start_paused = true)]
async fn an_endless_token_file_is_not_sent() {
    fails_then_recovers(Folder::with_token(&"x".repeat(20_001)), "longer than").await;
    fails_then_recovers(Folder::with_token(&"x".repeat(70_000)), "larger than").await;
}

#[tokio::test(start_paused = true)]
async fn a_half_written_token_is_refused_by_the_service_and_not_repeated() {
    let (fake, folder) = (Fake::new(), Folder::with_token("header.go"));
    let credentials = oidc(&fake, &folder);
    let error = credentials.access_key().await.unwrap_err();
    assert_eq!(error.trouble(), CredentialsTrouble::Refused);
    assert!(error.message().ends_with("bad token ***"), "{error}");
    folder.write("token", TOKEN);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(credentials.access_key().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_rotated_token_is_read_at_the_next_refresh() {
    let (fake, folder) = (Fake::new(), Folder::with_token(TOKEN));
    let credentials = oidc(&fake, &folder);
    credentials.access_key().await.unwrap();
    folder.write("token", "header.stolen");
    tokio::time::sleep(Duration::from_mins(46)).await;
    assert_eq!(credentials.access_key().await.unwrap().id(), "STS.oidc-1");
    assert!(credentials.state().last_error.is_some());
    folder.write("token", &format!("{TOKEN}-2"));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(credentials.access_key().await.unwrap().id(), "STS.oidc-2");
    assert_eq!(credentials.state().last_error, None);
}

fn config(id: &str) -> String {
    let profile =
        json!({ "name": "default", "mode": "AK", "access_key_id": id, "access_key_secret": "static-secret" });
    json!({ "current": "default", "profiles": [profile] }).to_string()
}

fn cli(fake: &Arc<Fake>, folder: &Folder) -> Credentials {
    let paths = vec![folder.path("config.json")];
    fake.credentials(Source::CliProfile(ProfileFile { paths, ..ProfileFile::default() }))
}

#[tokio::test(start_paused = true)]
async fn a_changed_profile_is_noticed_within_a_minute() {
    let (fake, folder) = (Fake::new(), Folder::new());
    folder.write("config.json", &config("one"));
    let credentials = cli(&fake, &folder);
    assert_eq!(credentials.access_key().await.unwrap().id(), "one");
    folder.write("config.json", &config("two"));
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(credentials.access_key().await.unwrap().id(), "two");
    assert_eq!(fake.asked(), ["GetCallerIdentity"]);
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_breaks_or_goes_leaves_the_old_key() {
    let (fake, folder) = (Fake::new(), Folder::new());
    folder.write("config.json", &config("one"));
    let credentials = cli(&fake, &folder);
    credentials.access_key().await.unwrap();
    folder.write("config.json", "{\"current\":");
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(credentials.access_key().await.unwrap().id(), "one");
    std::fs::remove_file(folder.path("config.json")).unwrap();
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(credentials.access_key().await.unwrap().id(), "one");
    assert_eq!(credentials.state().failures, 2);
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_profile_is_not_proved_again() {
    let (fake, folder) = (Fake::new(), Folder::new());
    folder.write("config.json", &config("one"));
    let credentials = cli(&fake, &folder);
    for _ in 0..3 {
        credentials.access_key().await.unwrap();
        tokio::time::sleep(Duration::from_mins(2)).await;
    }
    assert!(fake.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_section_of_an_ini_file_gives_a_key() {
    let (fake, folder) = (Fake::new(), Folder::new());
    folder.write(
        "second",
        "[default]\ntype = access_key\naccess_key_id = ini\naccess_key_secret = static-secret",
    );
    let paths = vec![folder.path("first"), folder.path("second")];
    let credentials = fake.credentials(Source::IniFile(ProfileFile { paths, ..ProfileFile::default() }));
    let session = fake.cloud().session_of(&credentials, "cn-hangzhou");
    session.get_caller_identity().await.unwrap();
    assert_eq!(credentials.state().access_key_id.as_deref(), Some("ini"));
}

/// The host that is asked for the role of a profile which chooses the STS of Beijing.
async fn sts_asked(endpoints: Endpoints) -> String {
    let folder = Folder::new();
    let profile = json!({ "name": "default", "mode": "RamRoleArn", "access_key_id": "i", "access_key_secret": "s",
        "ram_role_arn": "r", "sts_region": "cn-beijing" });
    folder.write("config.json", &json!({ "profiles": [profile] }).to_string());
    let script = Script::new([Err(TransportError::Timeout)]);
    let cloud = Cloud::new(script.clone(), Arc::new(Standstill), Arc::new(WireProfile::builtin()));
    let file = ProfileFile { paths: vec![folder.path("config.json")], ..ProfileFile::default() };
    let sources = vec![Source::CliProfile(file)];
    let credentials = Credentials::new(&cloud.with_endpoints(endpoints), "cn-hangzhou", sources, Vec::new());
    assert!(credentials.unwrap().access_key().await.is_err());
    header(&only(&script), "host").to_owned()
}

#[tokio::test]
async fn the_sts_that_a_profile_chooses_is_asked_unless_the_process_was_told_of_another() {
    assert_eq!(sts_asked(Endpoints::default()).await, "sts.cn-beijing.aliyuncs.com");
    assert_eq!(sts_asked(Endpoints::default().with(Service::Sts, "sts.test")).await, "sts.test");
}
