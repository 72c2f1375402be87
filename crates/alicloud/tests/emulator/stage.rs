//! An emulator of its own for one test, at a time of its own, and sessions of the client with it.
//!
//! The emulator is reached as a forward proxy, so hosts are the real ones. Its clock starts at [`START`] and runs; the
//! client's stands still there until both are moved.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use alicloud::{
    AccessKey, CallError, Clock, Cloud, FaultKind, HttpOptions, HttpTransport, Session, Transport,
    WireProfile,
};
use alicloud_sign::sls_v4;
use bytes::Bytes;
use cloudsim::{Options, Server};
use http::Request;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::record::{Exchange, Recorder};

pub const ACCOUNT: &str = cloudsim::MAIN_ACCOUNT;
pub const REGION: &str = cloudsim::MAIN_REGION;
/// When every test begins, epoch seconds: 2027-01-15T08:00:00Z.
pub const START: i64 = 1_800_000_000;

/// A clock that is moved by hand.
#[derive(Default)]
pub struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(START + self.0.load(Ordering::Relaxed)).unwrap()
    }
}

/// The emulator, and the client beside it.
pub struct Stage {
    server: Server,
    _data: TempDir,
    pub clock: Arc<Hand>,
    transport: Arc<HttpTransport>,
    recorder: Arc<Recorder>,
}

impl Stage {
    pub async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let server = Server::start(Options::local(data.path())).await.unwrap();
        let options = HttpOptions { endpoint: Some(server.url()), ..HttpOptions::default() };
        let transport = Arc::new(HttpTransport::new(&options).unwrap());
        let recorder = Arc::new(Recorder::new(transport.clone()));
        let stage = Self { server, _data: data, clock: Arc::default(), transport, recorder };
        stage.advance(0).await;
        stage
    }

    /// Moves both clocks on.
    pub async fn advance(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::Relaxed);
        self.run_ahead(0).await;
    }

    /// Sets the emulator's clock ahead of the client's.
    pub async fn run_ahead(&self, seconds: i64) {
        let offset = self.clock.now().as_second() + seconds - Timestamp::now().as_second();
        self.post("/_sim/clock", &json!({ "offsetSeconds": offset })).await;
    }

    /// The cloud; requests are not recorded.
    pub fn cloud(&self) -> Cloud {
        self.cloud_over(self.transport.clone())
    }

    fn cloud_over(&self, transport: Arc<dyn Transport>) -> Cloud {
        Cloud::new(transport, self.clock.clone(), Arc::new(WireProfile::builtin()))
    }

    /// The cloud; requests are recorded.
    pub fn watched_cloud(&self) -> Cloud {
        self.cloud_over(self.recorder.clone())
    }

    /// A session of the main account, for what a test needs but does not look at.
    pub fn session(&self) -> Session {
        self.session_as(self.key())
    }

    pub fn session_as(&self, key: AccessKey) -> Session {
        self.cloud().session(key, REGION)
    }

    /// A session of the main account whose requests are recorded.
    pub fn watched(&self) -> Session {
        self.watched_as(self.key())
    }

    pub fn watched_as(&self, key: AccessKey) -> Session {
        self.watched_cloud().session(key, REGION)
    }

    /// What was recorded.
    pub fn told(&self) -> Vec<Exchange> {
        self.recorder.taken()
    }

    /// The key of the main account.
    pub fn key(&self) -> AccessKey {
        AccessKey::new(&self.server.identity().access_key_id, self.secret(), None)
    }

    pub fn secret(&self) -> SecretString {
        SecretString::from(self.server.identity().access_key_secret.clone())
    }

    /// The key of a new RAM user with these permissions.
    pub async fn user(&self, name: &str, permissions: &[&str]) -> AccessKey {
        let action = json!({ "action": "create-user", "name": name, "permissions": permissions });
        let made = self.act(&action).await["result"].clone();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        AccessKey::new(text("accessKeyId"), SecretString::from(text("accessKeySecret")), None)
    }

    /// Does something as a person would.
    pub async fn act(&self, action: &Value) -> Value {
        self.post("/_sim/actions", action).await
    }

    /// Strikes calls of an operation.
    pub async fn fault(&self, action: &str, effect: Value, times: u32) {
        let fault = json!([{ "match": { "action": action }, "effect": effect, "times": times }]);
        self.post("/_sim/faults", &fault).await;
    }

    /// How many calls of an operation arrived so far.
    pub async fn calls(&self, action: &str) -> usize {
        let journal = self.control("GET", "/_sim/journal", Bytes::new()).await;
        journal["entries"].as_array().unwrap().iter().filter(|entry| entry["action"] == action).count()
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    pub async fn get(&self, path: &str) -> Value {
        self.control("GET", path, Bytes::new()).await
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        self.control("POST", path, Bytes::from(body.to_string())).await
    }

    pub async fn control(&self, method: &str, path: &str, body: Bytes) -> Value {
        let request = Request::builder().method(method).uri(self.url(path)).body(body).unwrap();
        let reply = self.transport.send(request).await.unwrap();
        assert_eq!(reply.status(), 200, "{method} {path}: {}", String::from_utf8_lossy(reply.body()));
        serde_json::from_slice(reply.body()).unwrap()
    }

    /// A call of Log Service that the client has no operation for.
    pub async fn sls(&self, project: &str, method: &str, path: &str, body: &Value) {
        let (host, body) = (format!("{project}.{REGION}.log.aliyuncs.com"), body.to_string());
        let size = body.len().to_string();
        let headers = [
            ("host", host.as_str()),
            ("content-type", "application/json"),
            ("x-log-apiversion", "0.6.0"),
            ("x-log-bodyrawsize", &size),
        ];
        let signed =
            alicloud_sign::Request { method, path, query: "", headers: &headers, body: body.as_bytes() };
        let (id, secret) = (&self.server.identity().access_key_id, self.secret());
        let key = alicloud_sign::AccessKey { id, secret: secret.expose_secret(), security_token: None };
        let added = sls_v4::sign(&signed, &key, &sls_v4::Stamp { region: REGION, time: self.clock.now() });
        let mut request = Request::builder().method(method).uri(format!("http://{host}{path}"));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        for (name, value) in added {
            request = request.header(name, value);
        }
        let reply = self.transport.send(request.body(Bytes::from(body)).unwrap()).await.unwrap();
        assert_eq!(reply.status(), 200, "{}", String::from_utf8_lossy(reply.body()));
    }
}

/// That a call was refused for this reason, by this code.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(outcome: Result<T, CallError>, kind: FaultKind, code: &str) {
    let fault = outcome.unwrap_err().fault();
    assert_eq!((fault.kind, fault.code.as_deref(), fault.ambiguous), (kind, Some(code), false));
}
