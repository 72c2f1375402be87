//! Keys are replaced in time, once for all, and the old one is kept as long as it is good.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use alicloud::{CallPolicy, Credentials, CredentialsTrouble, FaultKind, Session, Source};

use super::fake::{Break, Fake, TOKEN};
use super::files::{Folder, oidc_role};

struct Case {
    fake: Arc<Fake>,
    folder: Folder,
    credentials: Credentials,
}

fn case() -> Case {
    let (fake, folder) = (Fake::new(), Folder::with_token(TOKEN));
    let credentials = fake.credentials(Source::Oidc(oidc_role(&folder)));
    Case { fake, folder, credentials }
}

/// What a hundred callers at once are given: ids, or the error.
async fn burst(credentials: &Credentials) -> Vec<Result<String, String>> {
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let credentials = credentials.clone();
            tokio::spawn(async move { credentials.access_key().await })
        })
        .collect();
    let mut ids = Vec::new();
    for task in tasks {
        let outcome = task.await.unwrap();
        ids.push(outcome.map(|key| key.id().to_owned()).map_err(|error| error.to_string()));
    }
    ids
}

fn refreshes(fake: &Fake) -> usize {
    fake.asked().iter().filter(|what| *what == "AssumeRoleWithOIDC").count()
}

#[tokio::test(start_paused = true)]
async fn a_burst_with_no_key_yet_causes_one_request() {
    let case = case();
    let ids = burst(&case.credentials).await;
    assert!(ids.iter().all(|id| id.as_deref() == Ok("STS.oidc-1")), "{ids:?}");
    assert_eq!(refreshes(&case.fake), 1);
}

#[tokio::test(start_paused = true)]
async fn expiry_during_a_burst_causes_one_request() {
    let case = case();
    burst(&case.credentials).await;
    refreshes(&case.fake);
    tokio::time::sleep(Duration::from_mins(61)).await;
    let ids = burst(&case.credentials).await;
    assert!(ids.iter().all(|id| id.as_deref() == Ok("STS.oidc-2")), "{ids:?}");
    assert_eq!(refreshes(&case.fake), 1);
}

#[tokio::test(start_paused = true)]
async fn before_expiry_one_caller_refreshes_and_the_others_do_not_wait() {
    let case = case();
    burst(&case.credentials).await;
    tokio::time::sleep(Duration::from_mins(46)).await;
    refreshes(&case.fake);
    let ids = burst(&case.credentials).await;
    let old = ids.iter().filter(|id| id.as_deref() == Ok("STS.oidc-1")).count();
    let new = ids.iter().filter(|id| id.as_deref() == Ok("STS.oidc-2")).count();
    assert_eq!((old, new), (99, 1));
    assert_eq!(refreshes(&case.fake), 1);
    assert_eq!(case.credentials.access_key().await.unwrap().id(), "STS.oidc-2");
}

#[tokio::test(start_paused = true)]
async fn a_failing_refresh_keeps_the_old_key_until_it_has_expired() {
    let case = case();
    case.credentials.access_key().await.unwrap();
    case.fake.break_down("AssumeRoleWithOIDC", Break::Code(503, "ServiceUnavailable"));
    for _ in 0..14 {
        tokio::time::sleep(Duration::from_mins(4)).await;
        assert_eq!(case.credentials.access_key().await.unwrap().id(), "STS.oidc-1");
    }
    tokio::time::sleep(Duration::from_mins(4)).await;
    let error = case.credentials.access_key().await.unwrap_err();
    assert_eq!(error.trouble(), CredentialsTrouble::Unavailable);
    assert_eq!(case.credentials.state().last_error, Some(error));
}

#[tokio::test(start_paused = true)]
async fn when_the_key_has_expired_and_the_source_is_down_a_burst_causes_one_request() {
    let case = case();
    case.credentials.access_key().await.unwrap();
    case.fake.break_down("AssumeRoleWithOIDC", Break::Refuses);
    tokio::time::sleep(Duration::from_mins(61)).await;
    refreshes(&case.fake);
    let outcomes = burst(&case.credentials).await;
    assert!(outcomes.iter().all(Result::is_err));
    assert_eq!(refreshes(&case.fake), 1);
    case.fake.mend();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(case.credentials.access_key().await.unwrap().id(), "STS.oidc-2");
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_gives_up_leaves_the_turn_to_the_next() {
    let case = case();
    case.fake.break_down("AssumeRoleWithOIDC", Break::Hangs);
    let gave_up = tokio::time::timeout(Duration::from_secs(5), case.credentials.access_key()).await;
    assert!(gave_up.is_err());
    case.fake.mend();
    assert!(case.credentials.access_key().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_new_key_that_the_service_does_not_know_does_not_replace_a_good_one() {
    let case = case();
    case.credentials.access_key().await.unwrap();
    tokio::time::sleep(Duration::from_mins(46)).await;
    case.fake.break_down("GetCallerIdentity", Break::Code(404, "InvalidAccessKeyId.NotFound"));
    assert_eq!(case.credentials.access_key().await.unwrap().id(), "STS.oidc-1");
    assert_eq!(case.credentials.state().last_error.unwrap().trouble(), CredentialsTrouble::Refused);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_busy_says_nothing_about_a_new_key() {
    let case = case();
    case.credentials.access_key().await.unwrap();
    tokio::time::sleep(Duration::from_mins(46)).await;
    case.fake.break_down("GetCallerIdentity", Break::Code(503, "ServiceUnavailable"));
    assert_eq!(case.credentials.access_key().await.unwrap().id(), "STS.oidc-2");
    assert_eq!(case.fake.asked().last().unwrap(), "GetCallerIdentity");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_has_expired_already_is_not_taken() {
    let case = case();
    case.fake.life_secs.store(0, Ordering::Relaxed);
    let error = case.credentials.access_key().await.unwrap_err();
    assert_eq!(error.trouble(), CredentialsTrouble::Unusable);
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_is_renewed_once() {
    let case = case();
    let key = case.credentials.access_key().await.unwrap();
    assert!(case.credentials.renew(&key).await.is_err(), "a key this young is not replaced");
    tokio::time::sleep(Duration::from_secs(10)).await;
    let renewed = case.credentials.renew(&key).await.unwrap();
    assert_eq!(renewed.id(), "STS.oidc-2");
    assert_eq!(case.credentials.renew(&key).await.unwrap().id(), "STS.oidc-2");
}

#[tokio::test(start_paused = true)]
async fn a_session_without_a_key_says_why_and_sends_nothing() {
    let case = case();
    case.folder.write("token", "");
    let session = case.fake.cloud().session_of(&case.credentials, "cn-hangzhou");
    let error = session.get_role("r").await.unwrap_err();
    assert_eq!(error.fault().kind, FaultKind::CredentialsInvalid);
    let told = std::error::Error::source(&error).unwrap().to_string();
    assert!(told.contains("oidc") && told.contains("is empty"), "{told}");
    assert!(case.fake.asked().is_empty());
}

/// A session whose calls may take this long; a round trip takes 10 ms.
fn hurried(case: &Case, millis: u64) -> Session {
    let total = Duration::from_millis(millis);
    let cloud = case.fake.cloud().with_policy(CallPolicy { total, ..CallPolicy::standard() });
    cloud.session_of(&case.credentials, "cn-hangzhou")
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_time_was_up_before_it_had_a_key_is_not_sent() {
    let case = case();
    let fault = hurried(&case, 5).create_role("r", "{}", "").await.unwrap_err().fault();
    assert_eq!((fault.kind, fault.ambiguous), (FaultKind::Unavailable, false));
    assert_eq!(case.fake.asked(), ["AssumeRoleWithOIDC"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_time_was_up_before_it_had_another_key_is_not_sent_again() {
    let case = case();
    case.credentials.access_key().await.unwrap();
    case.fake.asked();
    tokio::time::sleep(Duration::from_secs(10)).await;
    case.fake.break_down("GetRole", Break::Code(404, "InvalidAccessKeyId.NotFound"));
    let fault = hurried(&case, 15).get_role("r").await.unwrap_err().fault();
    assert_eq!(fault.kind, FaultKind::CredentialsInvalid);
    assert_eq!(case.fake.asked(), ["GetRole", "AssumeRoleWithOIDC", "GetCallerIdentity"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_shows_what_was_issued() {
    let case = case();
    let key = case.credentials.access_key().await.unwrap();
    let shown = format!("{key:?} {:?} {:?}", case.credentials, case.credentials.state());
    assert!(!shown.contains("issued-secret") && !shown.contains("issued-token"), "{shown}");
}
