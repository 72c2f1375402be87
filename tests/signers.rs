//! Random requests, signed by us and by Alibaba Cloud's own signers, unchanged: the signatures are the same.
//!
//! The Python signers are asked through `tests/sdk/signers.py`, in the environment that `tests/sdk.rs` uses. The Rust one of Log
//! Service is asked through a program in `tests/sdk/rust`: as a dependency here it would bring second versions of crates that
//! `deny.toml` refuses.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected should stop there")]

mod python;
mod rust_sdk;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use alicloud_sign::{AccessKey, Request, acs3, encode, rpc_v1, sls_v1, sls_v4};
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

const REGION: &str = "cn-hangzhou";
const FORM: &str = "application/x-www-form-urlencoded";

/// A running program that signs, line by line.
struct Official {
    child: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Official {
    fn python() -> Self {
        let mut command = Command::new(python::interpreter());
        command.arg("signers.py").current_dir(python::folder()).env("PYTHONDONTWRITEBYTECODE", "1");
        Self::start(command)
    }

    fn rust() -> Self {
        Self::start(Command::new(rust_sdk::program("signer")))
    }

    fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (asked, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, asked, answers: BufReader::new(answers) }
    }

    fn ask(&mut self, told: &Value) -> Value {
        writeln!(self.asked, "{told}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("no answer to {told}"))
    }
}

impl Drop for Official {
    fn drop(&mut self) {
        // It is done either way; what matters is that nothing is left running.
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// A request before it is signed, and the key.
#[derive(Clone, Debug)]
struct Plain {
    id: String,
    secret: String,
    token: Option<String>,
    method: &'static str,
    path: String,
    query: BTreeMap<String, String>,
    form: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
    time: Timestamp,
}

fn pairs(names: &'static str) -> impl Strategy<Value = BTreeMap<String, String>> {
    prop::collection::btree_map(names, "\\PC{0,12}", 0..5)
}

/// Any request that the official signers can be given: names are ASCII, values are any text. No name is one that a signer
/// adds of itself (`Format`, `SignatureNonce`), since the classic one drops the caller's of two in what it signs.
fn plain() -> impl Strategy<Value = Plain> {
    let word = "[!-~]([ -~]{0,12}[!-~])?";
    let key = ("[A-Za-z0-9.]{1,24}", "[A-Za-z0-9]{1,30}", prop::option::of("[A-Za-z0-9+/=]{1,40}"));
    let target = (
        prop::sample::select(vec!["GET", "POST", "PUT", "DELETE"]),
        prop::collection::vec("[A-Za-z0-9_.~-]{1,10}", 0..4),
        pairs("[A-Za-z][A-Za-z0-9_.-]{0,7}"),
        pairs("Field[A-Za-z0-9_.-]{1,7}"),
    );
    let headers = prop::collection::btree_map("x-(log|acs)-z[a-z0-9-]{0,8}", word, 0..4);
    let kind = prop::option::of(prop::sample::select(vec!["application/json", "application/x-protobuf"]));
    let rest = (headers, kind, prop::collection::vec(any::<u8>(), 0..64), 0_i64..4_000_000_000);
    (key, target, rest).prop_map(
        |((id, secret, token), (method, path, query, form), (headers, kind, body, at))| {
            let mut headers: BTreeMap<String, String> = headers;
            headers.insert("host".to_owned(), "my-proj.cn-hangzhou.log.aliyuncs.com".to_owned());
            headers.insert("x-log-apiversion".to_owned(), "0.6.0".to_owned());
            headers.insert("x-log-bodyrawsize".to_owned(), body.len().to_string());
            headers.extend(kind.map(|kind| ("content-type".to_owned(), kind.to_owned())));
            let (path, time) = (format!("/{}", path.join("/")), Timestamp::from_second(at).unwrap());
            Plain { id, secret, token, method, path, query, form, headers, body, time }
        },
    )
}

fn encoded(pairs: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    pairs.join("&")
}

impl Plain {
    fn key(&self) -> AccessKey<'_> {
        AccessKey { id: &self.id, secret: &self.secret, security_token: self.token.as_deref() }
    }

    /// Gives `sign` the request as it goes on the wire.
    fn signed<T>(&self, sign: impl FnOnce(&Request<'_>) -> T) -> T {
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let (method, path, query) = (self.method, &*self.path, &*encoded(&self.query));
        sign(&Request { method, path, query, headers: &headers, body: &self.body })
    }

    /// The same request with headers added.
    fn with(&self, added: &[(String, String)]) -> Self {
        let mut more = self.clone();
        more.headers.extend(added.iter().filter(|(name, _)| name != "authorization").cloned());
        more
    }

    /// The request as `signers.py` takes it.
    fn told(&self, signer: &str) -> Value {
        json!({ "signer": signer, "id": self.id, "secret": self.secret, "token": self.token, "method": self.method,
                "pathname": self.path, "query": self.query, "form": self.form, "headers": self.headers,
                "body": self.body, "region": REGION })
    }

    fn stamp(&self) -> acs3::Stamp<'static> {
        acs3::Stamp { action: "DescribeTrails", version: "2020-07-06", nonce: "n0nce", time: self.time }
    }
}

fn named<'a>(added: &'a [(String, String)], name: &str) -> &'a str {
    added.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}

/// Requires `check` to find no difference, for many requests.
fn agree(check: impl Fn(&Plain, &mut Official)) {
    agree_with(Official::python(), check);
}

fn agree_with(official: Official, check: impl Fn(&Plain, &mut Official)) {
    let official = RefCell::new(official);
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&plain(), |plain| {
        check(&plain, &mut official.borrow_mut());
        Ok(())
    });
    outcome.unwrap();
}

/// Requires the `authorization` header that we add to be what the signer makes of all the others.
fn agree_on_the_header(signer: &str, sign: impl Fn(&Plain, &Request<'_>) -> Vec<(String, String)>) {
    agree(|plain, official| {
        let added = plain.signed(|request| sign(plain, request));
        let theirs = official.ask(&plain.with(&added).told(signer));
        assert_eq!(named(&added, "authorization"), theirs);
    });
}

#[test]
fn acs3_signs_as_the_tea_clients_do() {
    agree_on_the_header("acs3", |plain, request| acs3::sign(request, &plain.key(), &plain.stamp()));
}

#[test]
fn rpc_v1_signs_as_the_tea_clients_do() {
    agree(|plain, official| {
        let bare =
            Plain { headers: BTreeMap::new(), body: Vec::new(), path: "/".to_owned(), ..plain.clone() };
        let mut added = bare.signed(|request| rpc_v1::sign(request, &bare.key(), &bare.stamp()));
        let (_, ours) = added.pop().unwrap();
        let query = bare.query.clone().into_iter().chain(added).collect();
        assert_eq!(ours, official.ask(&Plain { query, ..bare }.told("rpc_tea")));
    });
}

#[test]
fn rpc_v1_is_verified_as_the_classic_client_signs() {
    agree(|plain, official| {
        let theirs = official.ask(&plain.told("rpc_core"));
        let (url, text) = (theirs[0].as_str().unwrap(), theirs[1].as_str().unwrap());
        let (headers, body) = ([("content-type", FORM)], encoded(&plain.form));
        let query = url.strip_prefix("/?").unwrap();
        let request =
            Request { method: plain.method, path: "/", query, headers: &headers, body: body.as_bytes() };
        assert_eq!(rpc_v1::string_to_sign(&request), text);
        let presented = rpc_v1::presented(&request).unwrap();
        assert_eq!(rpc_v1::verify(&request, &presented, &plain.secret), Ok(()));
    });
}

/// The request as the older client builds it: it looks for `Content-Type` in that spelling.
fn older(plain: &Plain) -> Plain {
    let capital = |name: String| if name == "content-type" { "Content-Type".to_owned() } else { name };
    let headers = plain.headers.clone().into_iter().map(|(name, value)| (capital(name), value)).collect();
    Plain { headers, ..plain.clone() }
}

/// Requires what the signer signs with HMAC-SHA1, at a time that it takes by itself, to be verified, and to be what we sign
/// for that time.
fn agree_on_sls_v1(signer: &str, plain: &Plain, official: &mut Official) {
    let headers: BTreeMap<String, String> =
        serde_json::from_value(official.ask(&plain.told(signer))).unwrap();
    let theirs = Plain { headers, ..plain.clone() };
    let presented = theirs.signed(|request| {
        let presented = sls_v1::presented(request).unwrap();
        assert_eq!(sls_v1::verify(request, &presented, &plain.secret), Ok(()));
        presented
    });
    let stamp = sls_v1::Stamp { hash: sls_v1::Hash::Sha1, time: presented.time.unwrap() };
    let added = plain.signed(|request| sls_v1::sign(request, &plain.key(), &stamp));
    let authorization = theirs.signed(|request| request.header("authorization").map(str::to_owned));
    assert_eq!(Some(named(&added, "authorization")), authorization.as_deref());
}

#[test]
fn sls_v1_signs_as_the_older_log_client_does() {
    agree(|plain, official| agree_on_sls_v1("sls1_log", &older(plain), official));
}

#[test]
fn sls_v1_signs_as_the_rust_client_does() {
    agree_with(Official::rust(), |plain, official| agree_on_sls_v1("sls1_rust", plain, official));
}

#[test]
fn sls_v1_signs_as_the_newer_log_client_does() {
    agree_on_the_header("sls1_gateway", |plain, request| {
        let stamp = sls_v1::Stamp { hash: sls_v1::Hash::Sha256, time: plain.time };
        sls_v1::sign(request, &plain.key(), &stamp)
    });
}

fn sign_v4(plain: &Plain, request: &Request<'_>) -> Vec<(String, String)> {
    sls_v4::sign(request, &plain.key(), &sls_v4::Stamp { region: REGION, time: plain.time })
}

#[test]
fn sls_v4_signs_as_the_older_log_client_does() {
    agree_on_the_header("sls4_log", sign_v4);
}

#[test]
fn sls_v4_signs_as_the_newer_log_client_does() {
    agree_on_the_header("sls4_gateway", sign_v4);
}
