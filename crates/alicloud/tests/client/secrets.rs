//! The secret and the token stay where they belong.

use std::cell::RefCell;
use std::io;
use std::sync::{Arc, Once};

use alicloud::{AccessKey, Cloud, FaultKind, WireProfile};
use secrecy::SecretString;
use serde_json::json;

use crate::support::{SECRET, Script, TOKEN, key, ok, only, session};

fn holds_a_secret(text: &str) -> bool {
    text.contains(SECRET) || text.contains(TOKEN)
}

#[test]
fn a_key_shows_its_id_alone() {
    let shown = format!("{:?}", key());
    assert!(shown.contains("LTAI-id") && !holds_a_secret(&shown), "{shown}");
}

#[test]
fn a_session_shows_no_secret() {
    let shown = format!("{:?}", session(Script::new([])));
    assert!(!holds_a_secret(&shown), "{shown}");
}

#[tokio::test]
async fn a_request_in_debug_form_shows_neither_signature_nor_token() {
    let script = Script::new([ok(json!({ "AccountId": "1", "Arn": "a", "IdentityType": "Account" }))]);
    session(script.clone()).get_caller_identity().await.unwrap();
    let request = only(&script);
    let shown = format!("{request:?}");
    assert!(!holds_a_secret(&shown) && !shown.contains("Signature="), "{shown}");
    assert_eq!(request.headers()["x-acs-security-token"], TOKEN);
}

#[tokio::test]
async fn secrets_echoed_by_a_server_are_struck_out() {
    let body = json!({ "Code": "Odd", "Message": format!("bad {SECRET} and {TOKEN}") });
    let script =
        Script::new([Ok(http::Response::builder().status(400).body(body.to_string().into()).unwrap())]);
    let error = session(script).get_role("r").await.unwrap_err();
    assert_eq!(error.message(), "bad *** and ***");
    assert!(!holds_a_secret(&format!("{error:?}")));
}

#[tokio::test]
async fn secrets_echoed_as_a_request_id_are_struck_out() {
    let echo = |status: u16, body: serde_json::Value| {
        let reply = http::Response::builder().status(status).header("x-acs-request-id", SECRET);
        Ok(reply.body(body.to_string().into()).unwrap())
    };
    for answer in [echo(400, json!({ "Code": "Odd" })), echo(200, json!({ "Role": 1 }))] {
        let error = session(Script::new([answer])).get_role("r").await.unwrap_err();
        assert_eq!(error.fault().request_id.as_deref(), Some("***"));
        assert!(!holds_a_secret(&format!("{error} {error:?}")));
    }
    assert!(!holds_a_secret(&logged(echo(400, json!({ "Code": "Odd" }))).await));
}

#[tokio::test]
async fn a_request_id_beside_an_unreadable_list_of_inner_trails_is_checked_like_any_other() {
    for (id, told) in [(SECRET, Some("***")), ("two words", None), ("line\nbreak", None)] {
        let script = Script::new([ok(json!({ "RequestId": id, "Odd": [] }))]);
        let error = session(script).describe_inner_trails().await.unwrap_err();
        assert_eq!(error.fault().request_id.as_deref(), told, "{id}");
        assert!(!holds_a_secret(&format!("{error} {error:?}")));
    }
}

#[tokio::test]
async fn secrets_quoted_from_a_reply_that_cannot_be_read_are_struck_out() {
    let script = Script::new([ok(json!({ "Role": format!("{SECRET} {}", "x".repeat(5000)) }))]);
    let error = session(script).get_role("r").await.unwrap_err();
    assert!(error.message().contains("***") && error.message().len() == 1024);
    assert!(!holds_a_secret(&format!("{error:?}")));
}

#[tokio::test]
async fn a_key_that_no_header_can_carry_is_a_credentials_fault_and_is_not_shown() {
    let script = Script::new([]);
    let clock = Arc::new(Standstill);
    let odd = AccessKey::new("id\nx", SecretString::from("s"), Some(SecretString::from("odd\nxyz")));
    let cloud = Cloud::new(script, clock, Arc::new(WireProfile::builtin()));
    let error = cloud.session(odd, "cn-hangzhou").get_role("r").await.unwrap_err();
    assert_eq!(error.fault().kind, FaultKind::CredentialsInvalid);
    assert!(!format!("{error:?} {error}").contains("xyz"));
}

struct Standstill;

impl alicloud::Clock for Standstill {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }
}

thread_local! {
    /// What was logged on this thread. A test is a thread of its own.
    static LOGGED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes a log line to the thread it was logged on.
struct Sink;

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOGGED.with_borrow_mut(|logged| logged.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Listens to every thread from now on: one listener for all, as its coming and going would silence the lines of others.
fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        let subscriber = tracing_subscriber::fmt().json().with_max_level(tracing::Level::TRACE);
        tracing::subscriber::set_global_default(subscriber.with_writer(|| Sink).finish()).unwrap();
        // A line that was passed in between is off for good otherwise.
        tracing::callsite::rebuild_interest_cache();
    });
}

async fn logged(answer: crate::support::Answer) -> String {
    listen();
    let session = session(Script::new([answer]));
    LOGGED.take();
    let _ = session.create_role("r", "trust-policy-text", "").await;
    String::from_utf8(LOGGED.take()).unwrap()
}

#[tokio::test]
async fn a_call_logs_one_line_that_says_which_and_how_it_went() {
    let body = json!({ "RequestId": "R-9", "Code": "NoPermission", "Message": SECRET });
    let reply = http::Response::builder().status(403).body(body.to_string().into()).unwrap();
    let log = logged(Ok(reply)).await;
    let line: serde_json::Value = serde_json::from_str(&log).unwrap();
    let fields = &line["fields"];
    assert_eq!(line["level"], "DEBUG");
    assert_eq!((&fields["cloud.service"], &fields["cloud.action"]), (&json!("ram"), &json!("CreateRole")));
    assert_eq!((&fields["http.status"], &fields["cloud.request_id"]), (&json!(403), &json!("R-9")));
    assert_eq!(fields["elapsed_ms"], 0);
}

#[tokio::test]
async fn the_log_holds_neither_secrets_nor_bodies_nor_parameters() {
    let body =
        json!({ "RequestId": "R-9", "Code": "NoPermission", "Message": format!("{SECRET} {TOKEN} word") });
    let log = logged(Ok(http::Response::builder().status(403).body(body.to_string().into()).unwrap())).await;
    assert!(!holds_a_secret(&log) && !log.contains("word") && !log.contains("trust-policy-text"), "{log}");
}
