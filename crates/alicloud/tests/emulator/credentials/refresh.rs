//! Replacing keys that end, counted in the journal of the emulator.

use std::time::Duration;

use alicloud::{CallPolicy, Credentials, CredentialsTrouble, FaultKind, OidcRole, Source};
use serde_json::json;

use super::{Folder, assumed, identity, of, oidc};
use crate::issuer::{self, Issuer};
use crate::stage::{REGION, Stage, refused};

/// The operation that gives a key here.
const EXCHANGE: &str = "AssumeRoleWithOIDC";
/// Callers at a time.
const CALLERS: usize = 50;

/// A token file that somebody else keeps, and the credentials that live on it.
struct Case {
    stage: Stage,
    folder: Folder,
    issuer: Issuer,
    credentials: Credentials,
}

impl Case {
    async fn start() -> Self {
        let (stage, folder) = (Stage::start().await, Folder::new());
        let issuer = Issuer::register(&stage).await;
        let credentials = of(&stage, Source::Oidc(oidc(folder.path("token"))));
        let case = Self { stage, folder, issuer, credentials };
        case.rotate("first");
        case
    }

    /// Replaces the token in the file by a fresh one for another subject.
    fn rotate(&self, subject: &str) {
        self.folder.write("token", &self.issuer.token(&self.stage, subject));
    }

    /// Who each of many callers at once is taken for; the refusal if one is refused.
    async fn burst(&self) -> Vec<Result<String, FaultKind>> {
        let calls: Vec<_> = (0..CALLERS)
            .map(|_| {
                let session = self.stage.cloud().session_of(&self.credentials, REGION);
                tokio::spawn(async move { session.get_caller_identity().await })
            })
            .collect();
        let mut outcomes = Vec::new();
        for call in calls {
            let outcome = call.await.unwrap();
            outcomes.push(outcome.map(|identity| identity.arn).map_err(|error| error.fault().kind));
        }
        outcomes
    }

    async fn id(&self) -> String {
        self.credentials.access_key().await.unwrap().id().to_owned()
    }

    /// How many tokens were exchanged so far.
    async fn exchanges(&self) -> usize {
        self.stage.calls(EXCHANGE).await
    }
}

fn pod() -> String {
    assumed(issuer::ROLE, "pod")
}

#[tokio::test(flavor = "multi_thread")]
async fn expiry_during_a_burst_causes_one_refresh() {
    let case = Case::start().await;
    assert_eq!(case.burst().await, vec![Ok(pod()); CALLERS]);
    assert_eq!(case.exchanges().await, 1, "one key for the first burst");
    let first = case.id().await;
    case.stage.advance(3700).await;
    case.rotate("first");
    assert_eq!(case.burst().await, vec![Ok(pod()); CALLERS]);
    assert_eq!(case.exchanges().await, 2, "one more for the second");
    assert_ne!(case.id().await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_about_to_expire_is_replaced_once_and_nobody_is_refused() {
    let case = Case::start().await;
    let first = case.id().await;
    case.stage.advance(3000).await;
    case.rotate("first");
    assert_eq!(case.burst().await, vec![Ok(pod()); CALLERS]);
    assert_eq!(case.exchanges().await, 2);
    assert_ne!(case.id().await, first);
}

#[tokio::test]
async fn a_failing_refresh_keeps_the_old_key_until_it_has_truly_expired() {
    let case = Case::start().await;
    let first = case.id().await;
    let broken = json!({ "kind": "error-before", "status": 503, "code": "ServiceUnavailable" });
    case.stage.fault(EXCHANGE, broken, 0).await;
    for _ in 0..4 {
        case.stage.advance(800).await;
        assert_eq!(identity(&case.stage, &case.credentials).await, pod());
        assert_eq!(case.id().await, first);
    }
    let state = case.credentials.state();
    assert!(state.failures > 0 && state.last_error.is_some(), "{state:?}");
    case.stage.advance(500).await;
    let error = case.credentials.access_key().await.unwrap_err();
    assert_eq!(error.trouble(), CredentialsTrouble::Unavailable);
    let session = case.stage.cloud().session_of(&case.credentials, REGION);
    assert_eq!(session.get_caller_identity().await.unwrap_err().fault().kind, FaultKind::Unavailable);
    case.stage.control("DELETE", "/_sim/faults", bytes::Bytes::new()).await;
    case.rotate("first");
    case.stage.advance(60).await;
    assert_eq!(identity(&case.stage, &case.credentials).await, pod());
    assert_ne!(case.id().await, first);
}

#[tokio::test]
async fn a_refresh_that_is_refused_keeps_the_old_key_too() {
    let case = Case::start().await;
    let first = case.id().await;
    case.folder.write("token", "not.a.token");
    case.stage.advance(3000).await;
    assert_eq!(identity(&case.stage, &case.credentials).await, pod());
    assert_eq!(case.id().await, first);
    assert_eq!(case.credentials.state().last_error.unwrap().trouble(), CredentialsTrouble::Refused);
}

#[tokio::test]
async fn a_rotated_token_file_is_noticed_without_a_restart() {
    let case = Case::start().await;
    case.id().await;
    // The first token is over by now: only what is in the file gives the next key.
    case.stage.advance(3700).await;
    let late = case.credentials.access_key().await.unwrap_err();
    assert_eq!(late.trouble(), CredentialsTrouble::Refused);
    case.rotate("second");
    case.stage.advance(2).await;
    assert_eq!(identity(&case.stage, &case.credentials).await, pod());
    let journal = case.stage.get("/_sim/journal").await;
    let exchanges = journal["entries"].as_array().unwrap().iter().filter(|entry| entry["action"] == EXCHANGE);
    let statuses: Vec<_> = exchanges.map(|entry| entry["status"].clone()).collect();
    assert_eq!(statuses, [200, 401, 200]);
}

#[tokio::test]
async fn a_key_that_the_cloud_calls_expired_is_replaced_within_the_call() {
    let mut case = Case::start().await;
    let role = OidcRole { duration: Some(Duration::from_mins(15)), ..oidc(case.folder.path("token")) };
    case.credentials = of(&case.stage, Source::Oidc(role));
    let first = case.credentials.access_key().await.unwrap();
    case.stage.advance(600).await;
    case.stage.run_ahead(400).await;
    refused(
        case.stage.session_as(first.clone()).get_caller_identity().await,
        FaultKind::CredentialsExpired,
        "InvalidSecurityToken.Expired",
    );
    assert_eq!(case.id().await, first.id(), "by our clock it has not expired");
    let patient = case.stage.cloud().with_policy(CallPolicy::standard());
    let arn = patient.session_of(&case.credentials, REGION).get_caller_identity().await.unwrap().arn;
    assert_eq!((arn, case.exchanges().await), (pod(), 2));
}
