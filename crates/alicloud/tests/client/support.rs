//! A transport that answers from a script and remembers what was sent; a clock that stands still.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use alicloud::{AccessKey, Clock, Cloud, Session, Transport, TransportError, WireProfile};
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;

pub const SECRET: &str = "secret-of-the-key";
pub const TOKEN: &str = "token-of-the-key";
pub const REGION: &str = "cn-hangzhou";

/// What the script answers one request with.
pub type Answer = Result<http::Response<Bytes>, TransportError>;

/// Answers in order; remembers every request.
#[derive(Default)]
pub struct Script {
    answers: Mutex<VecDeque<Answer>>,
    sent: Mutex<Vec<http::Request<Bytes>>>,
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: http::Request<Bytes>) -> Answer {
        self.sent.lock().unwrap().push(request);
        self.answers.lock().unwrap().pop_front().expect("the script has an answer for every request")
    }
}

impl Script {
    pub fn new(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), sent: Mutex::default() })
    }

    /// The requests sent so far.
    pub fn sent(&self) -> Vec<http::Request<Bytes>> {
        self.sent.lock().unwrap().drain(..).collect()
    }
}

/// A clock that stands still.
pub struct Standstill;

impl Clock for Standstill {
    fn now(&self) -> Timestamp {
        "2026-01-02T03:04:05.678Z".parse().unwrap()
    }
}

pub fn key() -> AccessKey {
    AccessKey::new("LTAI-id", SecretString::from(SECRET), Some(SecretString::from(TOKEN)))
}

pub fn session(transport: Arc<dyn Transport>) -> Session {
    session_with(transport, WireProfile::builtin())
}

pub fn session_with(transport: Arc<dyn Transport>, profile: WireProfile) -> Session {
    Cloud::new(transport, Arc::new(Standstill), Arc::new(profile)).session(key(), REGION)
}

/// A reply of status 200 with a JSON body.
pub fn ok(body: Value) -> Answer {
    Ok(http::Response::new(Bytes::from(body.to_string())))
}

/// A reply of status 200 with nothing in it.
pub fn empty() -> Answer {
    Ok(http::Response::new(Bytes::new()))
}

/// The only request of a script.
pub fn only(script: &Script) -> http::Request<Bytes> {
    let mut sent = script.sent();
    assert_eq!(sent.len(), 1, "one request");
    sent.remove(0)
}

/// Parameters of a request, decoded and sorted.
pub fn parameters(request: &http::Request<Bytes>) -> Vec<(String, String)> {
    let mut pairs = alicloud_sign::parameters(request.uri().query().unwrap_or_default());
    pairs.sort();
    pairs
}

/// The value of a header, or nothing.
pub fn header<'a>(request: &'a http::Request<Bytes>, name: &str) -> &'a str {
    request.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// The JSON body of a request.
pub fn json_body(request: &http::Request<Bytes>) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}

/// The request as the signing crate sees it.
pub fn as_signed<T>(
    request: &http::Request<Bytes>,
    check: impl FnOnce(&alicloud_sign::Request<'_>) -> T,
) -> T {
    let headers: Vec<(&str, &str)> =
        request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    check(&alicloud_sign::Request {
        method: request.method().as_str(),
        path: request.uri().path(),
        query: request.uri().query().unwrap_or_default(),
        headers: &headers,
        body: request.body(),
    })
}
