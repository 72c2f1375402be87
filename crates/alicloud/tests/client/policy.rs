//! What is tried again, with what, and when: the policy at work, in paused time.

use std::sync::Arc;
use std::time::Duration;

use alicloud::{
    AccessKey, AssumeRoleWithOidc, CallError, CallPolicy, Clock, Cloud, Credentials, Endpoints, FaultKind,
    Network, Nonces, Rate, Service, Session, Source, TransportError, WireProfile,
};
use alicloud_sign::acs3;
use bytes::Bytes;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::json;

use crate::support::{Answer, SECRET, Script, as_signed, header, key, ok};

/// Tokio's time, from a day in 2026 on.
struct TokioClock(tokio::time::Instant);

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        let start: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        start + self.0.elapsed()
    }
}

fn cloud(script: &Arc<Script>) -> Cloud {
    let clock = Arc::new(TokioClock(tokio::time::Instant::now()));
    let cloud = Cloud::new(script.clone(), clock, Arc::new(WireProfile::builtin()));
    cloud.with_policy(CallPolicy { rate: None, ..CallPolicy::standard() }).with_nonces(Nonces::seeded(1))
}

fn session(script: &Arc<Script>) -> Session {
    cloud(script).session(key(), "cn-hangzhou")
}

fn role() -> Answer {
    ok(json!({ "Role": { "RoleName": "r", "Arn": "a", "AssumeRolePolicyDocument": "{}" } }))
}

fn refused(status: u16, code: &str) -> Answer {
    let body = json!({ "Code": code, "Message": "m" }).to_string();
    Ok(http::Response::builder().status(status).body(Bytes::from(body)).unwrap())
}

fn refused_with(status: u16, code: &str, name: &str, value: &str) -> Answer {
    let body = json!({ "Code": code, "Message": "m" }).to_string();
    Ok(http::Response::builder().status(status).header(name, value).body(Bytes::from(body)).unwrap())
}

fn lost() -> Answer {
    Err(TransportError::Lost("cut".into()))
}

fn unreachable() -> Answer {
    Err(TransportError::Connect("refused".into()))
}

/// Attempts of a read, and how it ended.
async fn read(answers: impl IntoIterator<Item = Answer>) -> (usize, Result<(), CallError>) {
    let script = Script::new(answers);
    let outcome = session(&script).get_role("r").await.map(drop);
    (script.sent().len(), outcome)
}

/// Attempts of a write, and how it ended.
async fn write(answers: impl IntoIterator<Item = Answer>) -> (usize, Result<(), CallError>) {
    let script = Script::new(answers);
    let outcome = session(&script).create_role("r", "{}", "").await.map(drop);
    (script.sent().len(), outcome)
}

#[tokio::test(start_paused = true)]
async fn a_read_is_tried_again_after_every_transient_failure() {
    let failures = [lost(), unreachable(), Err(TransportError::Timeout), refused(503, "ServiceUnavailable")];
    for failure in failures {
        let (attempts, outcome) = read([failure, role()]).await;
        assert!(outcome.is_ok() && attempts == 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_is_tried_again_only_when_it_had_no_effect() {
    for failure in [unreachable(), refused(400, "Throttling.User"), refused(429, "Throttling")] {
        let (attempts, outcome) = write([failure, role()]).await;
        assert!(outcome.is_ok() && attempts == 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_with_an_unknown_effect_is_never_tried_again() {
    let failures = [
        lost(),
        Err(TransportError::Timeout),
        refused(503, "ServiceUnavailable"),
        refused(500, "Throttling"),
        refused(400, "SignatureNonceUsed"),
    ];
    for failure in failures {
        let (attempts, outcome) = write([failure]).await;
        assert!(attempts == 1 && outcome.unwrap_err().fault().ambiguous);
    }
}

#[tokio::test(start_paused = true)]
async fn what_only_a_change_elsewhere_cures_is_not_tried_again() {
    for (status, code) in [(404, "EntityNotExist.Role"), (403, "NoPermission"), (400, "Odd")] {
        assert_eq!(read([refused(status, code)]).await.0, 1, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_end_and_the_last_error_is_told() {
    let (attempts, outcome) = read((0..4).map(|_| lost())).await;
    assert_eq!((attempts, outcome.unwrap_err().fault().kind), (4, FaultKind::Unavailable));
}

#[tokio::test(start_paused = true)]
async fn every_attempt_is_signed_afresh() {
    let script = Script::new([lost(), role()]);
    session(&script).get_role("r").await.unwrap();
    let sent = script.sent();
    let stamps: Vec<_> = sent
        .iter()
        .map(|request| {
            as_signed(request, |signed| {
                let presented = acs3::presented(signed).unwrap();
                acs3::verify(signed, &presented, SECRET).unwrap();
                presented.nonce
            })
        })
        .collect();
    assert_ne!(stamps[0], stamps[1]);
}

#[tokio::test(start_paused = true)]
async fn the_wait_a_service_asks_for_is_kept() {
    for (name, value) in [("x-acs-retry-after", "7000"), ("retry-after", "7")] {
        let script = Script::new([refused_with(429, "Throttling", name, value), role()]);
        let started = tokio::time::Instant::now();
        session(&script).get_role("r").await.unwrap();
        let waited = started.elapsed().as_secs_f64();
        assert!((7.0..7.6).contains(&waited), "{name}: {waited}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_longer_than_the_call_may_take_is_left_to_the_caller() {
    let (attempts, outcome) = read([refused_with(429, "Throttling", "retry-after", "40")]).await;
    assert_eq!((attempts, outcome.unwrap_err().fault().retry_after), (1, Some(Duration::from_secs(40))));
}

#[tokio::test(start_paused = true)]
async fn one_seed_waits_alike_and_another_does_not() {
    let waited = async |seed| {
        let script = Script::new([lost(), role()]);
        let started = tokio::time::Instant::now();
        let cloud = cloud(&script).with_nonces(Nonces::seeded(seed));
        cloud.session(key(), "cn-hangzhou").get_role("r").await.unwrap();
        started.elapsed()
    };
    assert_eq!(waited(1).await, waited(1).await);
    assert_ne!(waited(1).await, waited(2).await);
}

const SERVER_DATE: &str = "Fri, 02 Jan 2026 05:04:05 GMT";

#[tokio::test(start_paused = true)]
async fn the_time_of_the_server_is_learnt_once_it_refuses_ours() {
    let script =
        Script::new([refused_with(400, "InvalidTimeStamp.Expired", "date", SERVER_DATE), role(), role()]);
    let cloud = cloud(&script);
    let session = cloud.session(key(), "cn-hangzhou");
    session.get_role("r").await.unwrap();
    session.get_role("r").await.unwrap();
    let dates: Vec<String> =
        script.sent().iter().map(|request| header(request, "x-acs-date").to_owned()).collect();
    assert_eq!(dates, ["2026-01-02T03:04:05Z", "2026-01-02T05:04:05Z", "2026-01-02T05:04:05Z"]);
    assert_eq!(cloud.clock_offset().as_secs(), 7200);
}

#[tokio::test(start_paused = true)]
async fn a_clock_refused_twice_is_left_to_the_caller() {
    let skewed = || refused_with(400, "InvalidTimeStamp.Expired", "date", SERVER_DATE);
    let (attempts, outcome) = read([skewed(), skewed()]).await;
    assert_eq!((attempts, outcome.unwrap_err().fault().kind), (2, FaultKind::ClockSkewed));
}

#[tokio::test(start_paused = true)]
async fn without_the_time_of_the_server_a_refused_clock_stays_refused() {
    for date in ["", "soon"] {
        let skewed = refused_with(400, "InvalidTimeStamp.Expired", "date", date);
        assert_eq!(read([skewed]).await.0, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_date_that_is_years_off_is_no_time() {
    for date in
        ["Fri, 31 Dec 9999 23:59:59 GMT", "Sat, 01 Jan 0000 00:00:00 GMT", "Sun, 03 Jan 2027 00:00:00 GMT"]
    {
        let script = Script::new([refused_with(400, "InvalidTimeStamp.Expired", "date", date)]);
        let cloud = cloud(&script);
        assert!(cloud.session(key(), "cn-hangzhou").get_role("r").await.is_err());
        assert_eq!((script.sent().len(), cloud.clock_offset().is_zero()), (1, true), "{date}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_date_of_any_other_reply_teaches_nothing() {
    let script = Script::new([refused_with(403, "NoPermission", "date", SERVER_DATE)]);
    let cloud = cloud(&script);
    assert!(cloud.session(key(), "cn-hangzhou").get_role("r").await.is_err());
    assert!(cloud.clock_offset().is_zero());
}

#[tokio::test(start_paused = true)]
async fn a_used_nonce_is_replaced_once() {
    let used = || refused(400, "SignatureNonceUsed");
    let (attempts, outcome) = read([used(), role()]).await;
    assert!(attempts == 2 && outcome.is_ok());
    let (attempts, outcome) = read([used(), used()]).await;
    assert!(attempts == 2 && outcome.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_fixed_key_that_is_refused_is_not_tried_again() {
    assert_eq!(read([refused(403, "InvalidSecurityToken.Expired")]).await.0, 1);
}

/// A call with a key out of a file, which has been replaced and is refused: who signed what was sent.
async fn renewed(policy: CallPolicy) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("credentials");
    let write = |id: &str| {
        let text = format!("[default]\ntype=access_key\naccess_key_id={id}\naccess_key_secret={SECRET}");
        std::fs::write(&path, text).unwrap();
    };
    let identity = ok(json!({ "AccountId": "1", "Arn": "a", "IdentityType": "RAMUser" }));
    let script = Script::new([refused(404, "InvalidAccessKeyId.NotFound"), identity, role()]);
    let cloud = cloud(&script).with_policy(policy);
    let file = alicloud::ProfileFile { paths: vec![path.clone()], ..Default::default() };
    let credentials =
        Credentials::new(&cloud, "cn-hangzhou", vec![Source::IniFile(file)], Vec::new()).unwrap();
    write("old");
    credentials.access_key().await.unwrap();
    tokio::time::sleep(Duration::from_secs(20)).await;
    write("new");
    cloud.session_of(&credentials, "cn-hangzhou").get_role("r").await.unwrap();
    let signer = |request| as_signed(request, |signed| acs3::presented(signed).unwrap().access_key_id);
    script.sent().iter().map(signer).collect()
}

#[tokio::test(start_paused = true)]
async fn a_provided_key_that_is_refused_is_renewed_once() {
    let policy = CallPolicy { rate: None, ..CallPolicy::standard() };
    assert_eq!(renewed(policy).await, ["old", "new", "new"]);
}

#[tokio::test(start_paused = true)]
async fn a_credential_keeps_its_distance_across_its_keys() {
    let rate = Some(Rate { per_second: 1, burst: 1 });
    let started = tokio::time::Instant::now();
    renewed(CallPolicy { rate, ..CallPolicy::standard() }).await;
    assert_eq!(started.elapsed().as_secs(), 21);
}

#[tokio::test(start_paused = true)]
async fn tokens_are_exchanged_for_one_role_at_a_distance() {
    let issued = || {
        ok(json!({ "Credentials": { "AccessKeyId": "STS.1", "AccessKeySecret": "s",
        "SecurityToken": "t", "Expiration": "2026-01-02T04:04:05Z" } }))
    };
    let script = Script::new((0..3).map(|_| issued()));
    let rate = Some(Rate { per_second: 1, burst: 1 });
    let cloud = cloud(&script).with_policy(CallPolicy { rate, ..CallPolicy::standard() });
    let started = tokio::time::Instant::now();
    for (role, elapsed) in [("one", 0), ("two", 0), ("one", 1)] {
        cloud.assume_role_with_oidc("cn-hangzhou", &oidc_role(role)).await.unwrap();
        assert_eq!(started.elapsed().as_secs(), elapsed, "{role}");
    }
}

fn oidc_role(role_arn: &str) -> AssumeRoleWithOidc {
    AssumeRoleWithOidc {
        role_arn: role_arn.to_owned(),
        provider_arn: "p".to_owned(),
        token: SecretString::from("token"),
        session_name: "s".to_owned(),
        duration: Duration::from_hours(1),
        policy: None,
    }
}

#[tokio::test(start_paused = true)]
async fn calls_of_one_key_and_operation_keep_their_distance() {
    let script = Script::new((0..5).map(|_| role()));
    let rate = Some(Rate { per_second: 1, burst: 2 });
    let cloud = cloud(&script).with_policy(CallPolicy { rate, ..CallPolicy::standard() });
    let started = tokio::time::Instant::now();
    for _ in 0..4 {
        cloud.session(key(), "cn-hangzhou").get_role("r").await.unwrap();
    }
    assert_eq!(started.elapsed().as_secs(), 2);
    let other = AccessKey::new("other", SecretString::from(SECRET), None);
    cloud.session(other, "cn-hangzhou").get_role("r").await.unwrap();
    assert_eq!(started.elapsed().as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_would_wait_too_long_for_its_turn_is_not_sent() {
    let script = Script::new([role()]);
    let rate = Some(Rate { per_second: 1, burst: 1 });
    let policy = CallPolicy { rate, total: Duration::from_millis(500), ..CallPolicy::standard() };
    let session = cloud(&script).with_policy(policy).session(key(), "cn-hangzhou");
    session.get_role("r").await.unwrap();
    let fault = session.get_role("r").await.unwrap_err().fault();
    assert_eq!((fault.kind, fault.ambiguous), (FaultKind::Throttled, false));
    assert_eq!((fault.retry_after, script.sent().len()), (Some(Duration::from_secs(1)), 1));
}

#[tokio::test(start_paused = true)]
async fn calls_go_to_the_hosts_of_the_network_or_to_those_given() {
    let script = Script::new((0..2).map(|_| ok(json!({}))));
    let endpoints = Endpoints::new(Network::Vpc).with(Service::Ram, "ram.test:8080");
    let session = cloud(&script).with_endpoints(endpoints).session(key(), "cn-hangzhou");
    assert!(session.get_role("r").await.is_err());
    assert!(session.get_project("p").await.is_err());
    let hosts: Vec<String> =
        script.sent().iter().map(|sent| sent.uri().authority().unwrap().to_string()).collect();
    assert_eq!(hosts, ["ram.test:8080", "p.cn-hangzhou-intranet.log.aliyuncs.com"]);
}
