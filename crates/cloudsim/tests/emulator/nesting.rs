//! Things within things within things: refused with the documented code, and the emulator goes on.

use jiff::Timestamp;
use serde_json::json;

use super::client::*;
use super::logs::{now, ready};

/// Far more than any stack holds, if each took a frame of its own.
const DEPTH: usize = 100_000;

fn nested(open: &str, close: &str) -> String {
    format!("{}{}", open.repeat(DEPTH), close.repeat(DEPTH))
}

fn ask(emulator: &Emulator, query: &str) -> Reply {
    let body = json!({"from": now() - 3600, "to": now() + 60, "query": query});
    emulator.sls("my-proj", "POST", "/logstores/abc/logs", &body)
}

/// Bytes that are no JSON value of ours, signed as they are.
fn send_text(emulator: &Emulator, target: &str, text: String) -> Reply {
    let headers = [("content-type", "application/json")];
    emulator.send(&sls_bytes(&emulator.key, "my-proj", "POST", target, text.into_bytes(), &headers))
}

fn send_form(emulator: &Emulator, action: &str, form: String) -> Reply {
    let mut wire = Wire::new("POST", RAM, "/", form.into_bytes());
    wire.header("content-type", "application/x-www-form-urlencoded");
    emulator.send(&sign_rpc(wire, &emulator.key, action, "2015-05-01", Timestamp::now()))
}

#[test]
fn queries_nested_too_deep_are_refused() {
    let emulator = ready();
    let analysis = format!("* | select {}", nested("(", ")"));
    for query in [nested("(", ")"), "(".repeat(DEPTH), "not ".repeat(DEPTH), analysis] {
        assert_refused(&ask(&emulator, &query), 400, "InvalidQueryString");
    }
    let within_the_length = format!("* | select {}1", "-(".repeat(20_000));
    assert_refused(&ask(&emulator, &within_the_length), 400, "InvalidQueryString");
    assert_eq!(ask(&emulator, "*").status, 200);
}

#[test]
fn json_bodies_nested_too_deep_are_refused() {
    let emulator = ready();
    for text in [nested("[", "]"), nested("{\"a\":[", "]}"), "[".repeat(DEPTH)] {
        for target in ["/logstores", "/dashboards", "/logstores/abc/logs"] {
            assert_refused(&send_text(&emulator, target, text.clone()), 400, "PostBodyInvalid");
        }
        assert_eq!(control(emulator.address(), "POST", "/_sim/actions", &text).status, 400);
    }
    assert_eq!(ask(&emulator, "*").status, 200);
}

#[test]
fn policies_nested_too_deep_are_refused() {
    let emulator = Emulator::start();
    // As deep as the longest document can be, and then deeper.
    for (depth, code) in [(6_000, "MalformedPolicyDocument"), (DEPTH, "AssumeRolePolicyDocument.Length")] {
        let document = format!("{{\"Version\":\"1\",\"Statement\":{}", "[".repeat(depth));
        let reply =
            send_form(&emulator, "CreateRole", format!("RoleName=deep&AssumeRolePolicyDocument={document}"));
        assert!(reply.status == 400 && reply.error().1.ends_with(code), "{}", reply.text());
    }
    assert_refused(&emulator.rpc(RAM, "GetRole", &[("RoleName", "deep")]), 404, "EntityNotExist.Role");
}
