//! When a write may have happened although no clear answer came.

use alicloud::{FaultKind, NewInnerTrail, TransportError};
use bytes::Bytes;
use serde_json::json;

use crate::support::{Answer, Script, empty, ok, session};

fn lost() -> Answer {
    Err(TransportError::Lost("cut".into()))
}

fn refused() -> Answer {
    Err(TransportError::Connect("refused".into()))
}

async fn of_create_project(answer: Answer) -> (FaultKind, bool) {
    let fault = session(Script::new([answer])).create_project("my-proj", "").await.unwrap_err().fault();
    (fault.kind, fault.ambiguous)
}

async fn of_create_role(answer: Answer) -> (FaultKind, bool) {
    let fault = session(Script::new([answer])).create_role("r", "{}", "").await.unwrap_err().fault();
    (fault.kind, fault.ambiguous)
}

#[tokio::test]
async fn a_write_whose_connection_was_cut_is_ambiguous() {
    assert_eq!(of_create_project(lost()).await, (FaultKind::Unavailable, true));
}

#[tokio::test]
async fn a_write_that_timed_out_is_ambiguous() {
    assert_eq!(of_create_project(Err(TransportError::Timeout)).await, (FaultKind::Unavailable, true));
}

#[tokio::test]
async fn a_write_with_too_large_a_reply_is_ambiguous() {
    let answer = Err(TransportError::TooLarge { limit: 1 });
    assert_eq!(of_create_project(answer).await, (FaultKind::Unexpected, true));
}

#[tokio::test]
async fn a_write_that_never_left_is_not_ambiguous() {
    assert_eq!(of_create_project(refused()).await, (FaultKind::Unavailable, false));
}

#[tokio::test]
async fn a_write_whose_success_cannot_be_understood_is_ambiguous() {
    assert_eq!(of_create_role(ok(json!({ "Role": 7 }))).await, (FaultKind::Unexpected, true));
    assert_eq!(of_create_role(empty()).await, (FaultKind::Unexpected, true));
}

#[tokio::test]
async fn a_write_answered_by_a_page_of_something_else_is_ambiguous() {
    let trail = NewInnerTrail {
        name: "main".to_owned(),
        sls_project_arn: String::new(),
        sls_write_role_arn: String::new(),
        sls_logstore: None,
    };
    let page = Ok(http::Response::new(Bytes::from("<html>sign in</html>")));
    let fault = session(Script::new([page])).create_inner_trail(&trail).await.unwrap_err().fault();
    assert_eq!((fault.kind, fault.ambiguous), (FaultKind::Unexpected, true));
}

#[tokio::test]
async fn a_page_is_no_answer_to_a_write_of_log_service_either() {
    let page = || http::Response::builder().status(200);
    let body = Bytes::from("<html>sign in</html>");
    assert_eq!(
        of_create_project(Ok(page().body(body.clone()).unwrap())).await,
        (FaultKind::Unexpected, true)
    );
    let answer = page().header("x-log-requestid", "R").body(body).unwrap();
    assert!(session(Script::new([Ok(answer)])).create_project("my-proj", "").await.is_ok());
}

#[tokio::test]
async fn a_read_is_never_ambiguous() {
    for answer in [lost(), Err(TransportError::Timeout), ok(json!([]))] {
        let fault = session(Script::new([answer])).get_project("my-proj").await.unwrap_err().fault();
        assert!(!fault.ambiguous);
    }
}

#[tokio::test]
async fn nothing_is_sent_twice() {
    for answer in [lost(), refused(), Err(TransportError::Timeout)] {
        let script = Script::new([answer]);
        assert!(session(script.clone()).create_project("my-proj", "").await.is_err());
        assert_eq!(script.sent().len(), 1);
    }
}

#[tokio::test]
async fn a_lost_read_before_a_write_leaves_the_write_undone() {
    let script = Script::new([lost()]);
    let error = session(script.clone()).update_logstore_retention("my-proj", "l", 90).await.unwrap_err();
    assert_eq!((error.fault().action, error.fault().ambiguous), ("GetLogStore", false));
    assert_eq!(script.sent().len(), 1);
}

#[tokio::test]
async fn the_cause_of_a_lost_reply_is_in_the_chain() {
    let error = session(Script::new([lost()])).get_project("my-proj").await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap();
    assert_eq!(cause.to_string(), "the connection was lost before the reply was complete");
    assert_eq!(cause.source().unwrap().to_string(), "cut");
}
