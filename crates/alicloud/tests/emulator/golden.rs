//! Recorded requests as text, and the golden files they are compared with.
//!
//! What differs from run to run is a word in angle brackets: dates, nonces, keys, tokens, signatures, hashes. Headers are
//! sorted. With `UPDATE_GOLDEN=1` in the environment the files are written instead.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::Request;

use crate::record::Exchange;

/// Unchanged lines shown on either side of a difference.
const CONTEXT: usize = 3;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/requests")
}

fn file(service: &str, operation: &str) -> PathBuf {
    folder().join(service).join(format!("{operation}.txt"))
}

fn updating() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

/// Compares what was recorded with the file of the operation.
pub fn compare(service: &str, operation: &str, told: &[Exchange]) {
    let (path, found) = (file(service, operation), text(told));
    assert!(!found.is_empty(), "nothing was recorded for {operation}");
    if updating() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, found).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == found,
        "`{operation}` of {service} sends something else than {} says.\nIf that is meant, write the files anew with \
         UPDATE_GOLDEN=1 cargo test -p alicloud --test emulator\n{}",
        path.display(),
        difference(&kept, &found)
    );
}

/// Requires a file for each of these operations and no other; removes the others when updating.
pub fn only(operations: &BTreeSet<(String, String)>) {
    let mut kept = BTreeSet::new();
    for service in names(&folder()) {
        for name in names(&folder().join(&service)) {
            kept.insert((service.clone(), name.trim_end_matches(".txt").to_owned()));
        }
    }
    let left_over: Vec<_> = kept.difference(operations).collect();
    if updating() {
        for (service, name) in left_over {
            std::fs::remove_file(file(service, name)).unwrap();
        }
    } else {
        assert!(left_over.is_empty(), "no test produces {left_over:?}; UPDATE_GOLDEN=1 removes them");
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    entries.map(|name| name.into_string().unwrap()).collect()
}

fn text(told: &[Exchange]) -> String {
    let shown: Vec<String> = told.iter().map(exchange).collect();
    shown.join("\n")
}

fn exchange(told: &Exchange) -> String {
    let request = &told.request;
    let mut text = format!("{} {}\n", request.method(), masked(&request.uri().to_string()));
    let mut headers: Vec<String> = request
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", header(name.as_str(), value.to_str().unwrap())))
        .collect();
    headers.sort();
    text.extend(headers);
    if !request.body().is_empty() {
        write!(text, "\n{}\n", body(request)).unwrap();
    }
    let code = told.code.as_deref().map(|code| format!(" {code}")).unwrap_or_default();
    writeln!(text, "=> {}{code}", told.status).unwrap();
    text
}

fn header(name: &str, value: &str) -> String {
    let mask = match name {
        "x-acs-date" | "x-log-date" => "<date>",
        "x-acs-signature-nonce" => "<nonce>",
        "x-acs-content-sha256" | "x-log-content-sha256" => "<hash>",
        "x-acs-security-token" => "<token>",
        "x-acs-accesskey-id" => "<key>",
        "authorization" => return authorization(value),
        _ => value,
    };
    mask.to_owned()
}

fn authorization(value: &str) -> String {
    let value = value_masked(value, "Credential=", ",/", "<key>");
    let value = value_masked(&value, "<key>/", "/", "<day>");
    value_masked(&value, "Signature=", "", "<signature>")
}

/// Query or form without what differs.
fn masked(text: &str) -> String {
    let text = value_masked(text, "Timestamp=", "&", "<date>");
    value_masked(&text, "OIDCToken=", "&", "<token>")
}

/// `text` with what stands between `start` and the first of `ends` replaced.
fn value_masked(text: &str, start: &str, ends: &str, mask: &str) -> String {
    let Some((before, after)) = text.split_once(start) else { return text.to_owned() };
    let end = after.find(|c| ends.contains(c)).unwrap_or(after.len());
    format!("{before}{start}{mask}{}", &after[end..])
}

/// Text as it is, an unpacked body as hex, a packed one by its size before: that packing loses nothing is tested elsewhere.
fn body(request: &Request<Bytes>) -> String {
    let told = |name| request.headers().get(name).map_or("", |value| value.to_str().unwrap());
    if told("content-type") != "application/x-protobuf" {
        return masked(std::str::from_utf8(request.body()).unwrap());
    }
    match told("x-log-compresstype") {
        "" => hex::encode(request.body()),
        kind => format!("<{} bytes, packed with {kind}>", told("x-log-bodyrawsize")),
    }
}

/// The lines between the common start and end of two texts, with a few around them.
fn difference(kept: &str, found: &str) -> String {
    let (kept, found): (Vec<&str>, Vec<&str>) = (kept.lines().collect(), found.lines().collect());
    let start = kept.iter().zip(&found).take_while(|(one, other)| one == other).count();
    let ends = kept[start..].iter().rev().zip(found[start..].iter().rev());
    let end = ends.take_while(|(one, other)| one == other).count();
    let (kept_end, found_end) = (kept.len() - end, found.len() - end);
    let lines = |mark: &str, lines: &[&str]| {
        lines.iter().fold(String::new(), |all, line| format!("{all}{mark} {line}\n"))
    };
    [
        lines(" ", &kept[start.saturating_sub(CONTEXT)..start]),
        lines("-", &kept[start..kept_end]),
        lines("+", &found[start..found_end]),
        lines(" ", &kept[kept_end..(kept_end + CONTEXT).min(kept.len())]),
    ]
    .concat()
}

#[test]
fn a_difference_shows_what_went_and_what_came_with_its_surroundings() {
    let shown = difference("a\nb\nc\nd\ne\n", "a\nb\nx\nd\ne\n");
    assert_eq!(shown, "  a\n  b\n- c\n+ x\n  d\n  e\n");
    assert_eq!(difference("", "x\n"), "+ x\n");
}

#[test]
fn what_differs_from_run_to_run_is_masked() {
    let sls = "SLS4-HMAC-SHA256 Credential=LTAI/20270115/cn-hangzhou/sls/aliyun_v4_request,Signature=0123";
    let masked_sls =
        "SLS4-HMAC-SHA256 Credential=<key>/<day>/cn-hangzhou/sls/aliyun_v4_request,Signature=<signature>";
    assert_eq!(authorization(sls), masked_sls);
    let acs = "ACS3-HMAC-SHA256 Credential=LTAI,SignedHeaders=host,Signature=0123";
    assert_eq!(
        authorization(acs),
        "ACS3-HMAC-SHA256 Credential=<key>,SignedHeaders=host,Signature=<signature>"
    );
    assert_eq!(masked("a=1&OIDCToken=x.y.z&b=2"), "a=1&OIDCToken=<token>&b=2");
}
