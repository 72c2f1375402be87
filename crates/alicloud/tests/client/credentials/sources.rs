//! Every source obtains a credential that signs.

use alicloud::{AccessKey, AssumeRole, Credentials, CredentialsTrouble, EcsRole, Origin, Source};
use secrecy::SecretString;

use super::fake::{Break, Fake, TOKEN};
use super::files::{Folder, oidc_role};

fn static_key() -> AccessKey {
    AccessKey::new("LTAI", SecretString::from("static-secret"), None)
}

fn role(arn: &str) -> AssumeRole {
    AssumeRole {
        role_arn: arn.to_owned(),
        session_name: "test".to_owned(),
        duration: std::time::Duration::from_hours(1),
        external_id: Some(format!("x-{arn}")),
        policy: None,
    }
}

/// The id of the key had from a source, after STS recognised it.
async fn id_of(fake: &std::sync::Arc<Fake>, source: Source) -> String {
    let origin = source.origin();
    let credentials = fake.credentials(source);
    let session = fake.cloud().session_of(&credentials, "cn-hangzhou");
    session.get_caller_identity().await.unwrap();
    let state = credentials.state();
    assert_eq!(state.origin, Some(origin));
    state.access_key_id.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_static_key_is_used_as_it_is() {
    assert_eq!(id_of(&Fake::new(), Source::Static(static_key())).await, "LTAI");
}

#[tokio::test(start_paused = true)]
async fn an_oidc_token_is_exchanged_for_a_key() {
    let folder = Folder::with_token(&format!("{TOKEN}\n"));
    assert_eq!(id_of(&Fake::new(), Source::Oidc(oidc_role(&folder))).await, "STS.oidc-1");
}

#[tokio::test(start_paused = true)]
async fn the_role_of_an_instance_is_asked_of_its_metadata_server() {
    let fake = Fake::new();
    assert_eq!(id_of(&fake, Source::EcsRole(EcsRole::default())).await, "STS.instance-role-1");
    let asked = fake.asked();
    assert_eq!(
        asked[..3],
        [
            "PUT /latest/api/token",
            "GET /latest/meta-data/ram/security-credentials/",
            "GET /latest/meta-data/ram/security-credentials/instance-role",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_named_role_of_an_instance_is_not_asked_for() {
    let ecs = EcsRole { role: Some("mine".to_owned()), ..EcsRole::default() };
    assert_eq!(id_of(&Fake::new(), Source::EcsRole(ecs)).await, "STS.mine-1");
}

#[tokio::test(start_paused = true)]
async fn without_a_session_token_the_metadata_server_is_asked_in_the_old_way() {
    let fake = Fake::new();
    fake.break_down("PUT /latest/api/token", Break::Code(403, "InternalError"));
    assert_eq!(id_of(&fake, Source::EcsRole(EcsRole::default())).await, "STS.instance-role-1");
}

#[tokio::test(start_paused = true)]
async fn the_old_way_can_be_switched_off() {
    let fake = Fake::new();
    fake.break_down("PUT /latest/api/token", Break::Code(403, "InternalError"));
    let ecs = EcsRole { v1_fallback: false, ..EcsRole::default() };
    let error = fake.credentials(Source::EcsRole(ecs)).access_key().await.unwrap_err();
    assert!(error.to_string().contains("switched off"), "{error}");
    assert_eq!(fake.asked(), ["PUT /latest/api/token"]);
}

#[tokio::test(start_paused = true)]
async fn a_metadata_server_that_hangs_is_given_a_second_a_request() {
    let fake = Fake::new();
    for what in ["PUT /latest/api/token", "GET /latest/meta-data/ram/security-credentials/"] {
        fake.break_down(what, Break::Hangs);
    }
    let error = fake.credentials(Source::EcsRole(EcsRole::default())).access_key().await.unwrap_err();
    assert_eq!(error.trouble(), CredentialsTrouble::Absent);
    assert_eq!(fake.now().as_second(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_role_name_cannot_choose_another_address() {
    let fake = Fake::new();
    for name in ["../../user-data", "a/b", "a?b", ".", ""] {
        let ecs = EcsRole { role: Some(name.to_owned()), ..EcsRole::default() };
        assert!(fake.credentials(Source::EcsRole(ecs)).access_key().await.is_err(), "{name}");
        assert_eq!(fake.asked(), ["PUT /latest/api/token"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_credentials_uri_answers_with_a_key() {
    let uri = "http://127.0.0.1:7000/credentials/pod";
    assert_eq!(id_of(&Fake::new(), Source::Uri(uri.into())).await, "STS.pod-1");
}

#[tokio::test(start_paused = true)]
async fn a_credentials_uri_must_be_an_http_address() {
    let fake = Fake::new();
    for uri in ["file:///etc/passwd", "127.0.0.1", "http://", "https:// x"] {
        assert!(fake.credentials(Source::Uri(uri.into())).access_key().await.is_err(), "{uri}");
    }
    assert!(fake.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn two_roles_are_assumed_one_after_the_other() {
    let fake = Fake::new();
    let source = vec![Source::Static(static_key())];
    let credentials =
        Credentials::new(&fake.cloud(), "cn-hangzhou", source, vec![role("one"), role("two")]).unwrap();
    let key = credentials.access_key().await.unwrap();
    assert_eq!(key.id(), "STS.STS.LTAI>one?x-one-1>two?x-two-2");
    assert_eq!(credentials.state().expires_at.unwrap().as_second(), 3600);
}

#[tokio::test(start_paused = true)]
async fn three_roles_are_too_many() {
    let roles = ["one", "two", "three"].map(role).to_vec();
    let error = Credentials::new(&Fake::new().cloud(), "cn-hangzhou", Vec::new(), roles).unwrap_err();
    assert_eq!((error.given, error.limit), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn a_role_that_cannot_be_assumed_says_so() {
    let fake = Fake::new();
    fake.break_down("AssumeRole", Break::Code(500, "InternalError"));
    let source = vec![Source::Static(static_key())];
    let credentials = Credentials::new(&fake.cloud(), "cn-hangzhou", source, vec![role("one")]).unwrap();
    let error = credentials.access_key().await.unwrap_err();
    assert_eq!((error.origin(), error.trouble()), (Some(Origin::Static), CredentialsTrouble::Unavailable));
    assert!(error.to_string().contains("`AssumeRole`"), "{error}");
    let fault = error.fault().unwrap();
    assert_eq!((error.role_arn(), fault.code.as_deref()), (Some("one"), Some("InternalError")));
}
