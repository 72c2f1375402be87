//! A client of a few lines: it signs with `alicloud-sign` and writes bytes to a socket, so that a test can
//! change any byte of what is sent.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use alicloud_sign::{AccessKey, acs3, sls_v4};
use cloudsim::{Options, Server};
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) const ACCOUNT: &str = "1234567890123456";
pub(crate) const REGION: &str = "cn-hangzhou";
pub(crate) const ACTIONTRAIL: &str = "actiontrail.cn-hangzhou.aliyuncs.com";
pub(crate) const RAM: &str = "ram.aliyuncs.com";
pub(crate) const STS: &str = "sts.cn-hangzhou.aliyuncs.com";
pub(crate) const ROLE: &str = "AliyunActionTrailDefaultRole";

/// An access key in use.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
    /// Of a temporary key.
    pub(crate) token: Option<String>,
}

/// An emulator of its own for one test.
pub(crate) struct Emulator {
    runtime: Runtime,
    server: Option<Server>,
    data: TempDir,
    pub(crate) key: Key,
}

impl Emulator {
    pub(crate) fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap())
    }

    /// One that these domains lead to.
    pub(crate) fn start_as(domains: &[&str]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let domains = domains.iter().map(|name| (*name).to_owned()).collect();
        let options = Options { domains, ..Options::local(data.path()) };
        Self::start_with(data, options)
    }

    fn start_in(data: TempDir) -> Self {
        let options = Options::local(data.path());
        Self::start_with(data, options)
    }

    fn start_with(data: TempDir, options: Options) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(Server::start(options)).unwrap();
        let identity = server.identity();
        let key = Key {
            id: identity.access_key_id.clone(),
            secret: identity.access_key_secret.clone(),
            token: None,
        };
        Self { runtime, server: Some(server), data, key }
    }

    /// Stops and starts again on the same data.
    pub(crate) fn restarted(mut self) -> Self {
        self.runtime.block_on(self.server.take().unwrap().shutdown());
        Self::start_in(self.data)
    }

    /// Its data directory.
    pub(crate) fn data(&self) -> &std::path::Path {
        self.data.path()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.as_ref().unwrap().address()
    }

    /// File of the certificate that makes a client trust it.
    pub(crate) fn ca_file(&self) -> &std::path::Path {
        self.server.as_ref().unwrap().ca_file()
    }

    /// A connection to it that does not wait for ever.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    /// Stops it, and waits until it has.
    pub(crate) fn stop(mut self) {
        self.runtime.block_on(self.server.take().unwrap().shutdown());
    }

    /// Sends a request as to a forward proxy.
    pub(crate) fn send(&self, wire: &Wire) -> Reply {
        wire.send(self.address(), Form::Absolute).expect("a reply")
    }

    /// A signed RPC call to the host of a service.
    pub(crate) fn rpc(&self, host: &str, action: &str, parameters: &[(&str, &str)]) -> Reply {
        self.send(&rpc(&self.key, host, action, parameters))
    }

    /// A signed Log Service call to the host of a project; empty for the bare endpoint.
    pub(crate) fn sls(&self, project: &str, method: &str, target: &str, body: &Value) -> Reply {
        self.send(&sls(&self.key, project, method, target, body))
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        control(self.address(), "GET", path, "").body_json()
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        let reply = control(self.address(), "POST", path, &body.to_string());
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.body_json()
    }

    /// A console action that succeeds.
    pub(crate) fn act(&self, body: &Value) -> Value {
        self.post("/_sim/actions", body)
    }

    pub(crate) fn journal(&self) -> Vec<Value> {
        self.get("/_sim/journal")["entries"].as_array().unwrap().clone()
    }

    /// The last journal entry.
    pub(crate) fn last_entry(&self) -> Value {
        self.journal().pop().unwrap()
    }

    /// The main account in the state.
    pub(crate) fn account(&self) -> Value {
        let state = self.get("/_sim/state");
        let accounts = state["accounts"].as_array().unwrap();
        accounts.iter().find(|account| account["id"] == ACCOUNT).unwrap().clone()
    }

    /// A Logstore of the main account in the state.
    pub(crate) fn logstore(&self, project: &str, name: &str) -> Value {
        let account = self.account();
        let named = |list: &Value, name: &str| {
            let found = list.as_array().unwrap().iter().find(|item| item["name"] == name);
            found.cloned().unwrap_or_default()
        };
        let project = named(&account["projects"], project);
        if project.is_null() { Value::Null } else { named(&project["logstores"], name) }
    }

    /// A project by the Log Service API.
    pub(crate) fn make_project(&self, name: &str) {
        let reply = self.sls(name, "POST", "/", &json!({"projectName": name, "description": ""}));
        assert_eq!(reply.status, 200, "{}", reply.text());
    }

    pub(crate) fn make_logstore(&self, project: &str, name: &str) {
        let body = json!({"logstoreName": name, "ttl": 30, "shardCount": 2});
        let reply = self.sls(project, "POST", "/logstores", &body);
        assert_eq!(reply.status, 200, "{}", reply.text());
    }

    /// Asks for an inner trail into a project of the main account.
    pub(crate) fn create_trail(&self, name: &str, project: &str) -> Reply {
        let arn = project_arn(project);
        self.rpc(ACTIONTRAIL, "CreateInnerTrail", &[("Name", name), ("SlsProjectArn", &arn)])
    }

    /// A project and an inner trail into it.
    pub(crate) fn make_trail(&self, name: &str, project: &str) {
        self.make_project(project);
        let reply = self.create_trail(name, project);
        assert_eq!(reply.status, 200, "{}", reply.text());
    }

    /// A RAM user with these permissions.
    pub(crate) fn user(&self, name: &str, permissions: &[&str]) -> Key {
        let made = self.act(&json!({"action": "create-user", "name": name, "permissions": permissions}));
        key_of(&made["result"])
    }

    /// Another account with its main key.
    pub(crate) fn other_account(&self, id: &str) -> Key {
        key_of(&self.act(&json!({"action": "create-account", "account": id}))["result"])
    }
}

pub(crate) fn key_of(made: &Value) -> Key {
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    Key { id: text("accessKeyId"), secret: text("accessKeySecret"), token: None }
}

pub(crate) fn project_arn(project: &str) -> String {
    format!("acs:log:{REGION}:{ACCOUNT}:project/{project}")
}

/// A call to the control API.
pub(crate) fn control(address: SocketAddr, method: &str, target: &str, body: &str) -> Reply {
    let mut wire = Wire::new(method, &address.to_string(), target, body.as_bytes().to_vec());
    wire.header("content-type", "application/json");
    wire.send(address, Form::Origin).expect("a reply")
}

/// How the request target is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Origin,
    Absolute,
}

/// A request before it becomes bytes.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Wire {
    pub(crate) fn new(method: &str, host: &str, target: &str, body: Vec<u8>) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = vec![("host".to_owned(), host.to_owned())];
        Self { method: method.to_owned(), path: path.to_owned(), query: query.to_owned(), headers, body }
    }

    pub(crate) fn header(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn host(&self) -> &str {
        &self.headers[0].1
    }

    /// Sends it; `None` when the connection is cut without a reply.
    pub(crate) fn send(&self, address: SocketAddr, form: Form) -> Option<Reply> {
        let mut stream = self.start(address, form);
        finish(&mut stream)
    }

    /// Head and body as they are sent.
    pub(crate) fn bytes(&self, form: Form) -> Vec<u8> {
        [self.head(form).as_bytes(), &self.body].concat()
    }

    fn head(&self, form: Form) -> String {
        let mut target =
            if form == Form::Absolute { format!("http://{}", self.host()) } else { String::new() };
        target.push_str(&self.path);
        if !self.query.is_empty() {
            write!(target, "?{}", self.query).unwrap();
        }
        let mut head = format!("{} {target} HTTP/1.1\r\n", self.method);
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        write!(head, "content-length: {}\r\nconnection: close\r\n\r\n", self.body.len()).unwrap();
        head
    }

    /// Sends it and leaves the reply to be read.
    pub(crate) fn start(&self, address: SocketAddr, form: Form) -> TcpStream {
        let head = self.head(form);
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        // A server that refuses early closes its side; what matters then is the reply.
        let _cut = stream.write_all(&self.body);
        stream
    }

    /// The request as the signature functions see it, with no header.
    pub(crate) fn signable<'a>(&'a self, headers: &'a [(&'a str, &'a str)]) -> alicloud_sign::Request<'a> {
        let (method, path, query) = (&self.method, &self.path, &self.query);
        alicloud_sign::Request { method, path, query, headers, body: &self.body }
    }

    pub(crate) fn signed(
        mut self,
        sign: impl FnOnce(&alicloud_sign::Request<'_>) -> Vec<(String, String)>,
    ) -> Self {
        let headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let added = sign(&alicloud_sign::Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
            body: &self.body,
        });
        self.headers.extend(added);
        self
    }
}

/// Reads the reply; `None` when the connection was cut.
pub(crate) fn finish(stream: &mut impl Read) -> Option<Reply> {
    let mut bytes = Vec::new();
    let _cut = stream.read_to_end(&mut bytes);
    Reply::parse(&bytes)
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Some(Self { status, headers, body: bytes[end + 4..].to_vec() })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn body_json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Status and error code of either kind of service.
    pub(crate) fn error(&self) -> (u16, String) {
        let body = self.body_json();
        let code = body.get("Code").or_else(|| body.get("errorCode")).and_then(Value::as_str);
        (self.status, code.unwrap_or_else(|| panic!("no error: {body}")).to_owned())
    }

    pub(crate) fn message(&self) -> String {
        let body = self.body_json();
        let text = body.get("Message").or_else(|| body.get("errorMessage")).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    }
}

pub(crate) fn assert_refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!(reply.error(), (status, code.to_owned()), "{}", reply.text());
}

fn version_of(host: &str) -> &'static str {
    match host.split('.').next().unwrap() {
        "ram" => "2015-05-01",
        "sts" => "2015-04-01",
        _ => "2020-07-06",
    }
}

/// An RPC call signed with ACS3, parameters in the query.
pub(crate) fn rpc(key: &Key, host: &str, action: &str, parameters: &[(&str, &str)]) -> Wire {
    rpc_at(key, host, action, parameters, Timestamp::now())
}

pub(crate) fn rpc_at(
    key: &Key,
    host: &str,
    action: &str,
    parameters: &[(&str, &str)],
    time: Timestamp,
) -> Wire {
    let encode = alicloud_sign::encode;
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    let wire = Wire::new("POST", host, &format!("/?{}", pairs.join("&")), Vec::new());
    sign_rpc(wire, key, action, version_of(host), time)
}

pub(crate) fn sign_rpc(wire: Wire, key: &Key, action: &str, version: &str, time: Timestamp) -> Wire {
    let nonce = format!("{:p}-{}", &raw const wire, Timestamp::now().as_nanosecond());
    let stamp = acs3::Stamp { action, version, nonce: &nonce, time };
    let key = AccessKey { id: &key.id, secret: &key.secret, security_token: key.token.as_deref() };
    wire.signed(|request| acs3::sign(request, &key, &stamp))
}

/// A Log Service call signed with v4; `null` sends no body.
pub(crate) fn sls(key: &Key, project: &str, method: &str, target: &str, body: &Value) -> Wire {
    let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    sls_bytes(key, project, method, target, bytes, &[("content-type", "application/json")])
}

pub(crate) fn sls_bytes(
    key: &Key,
    project: &str,
    method: &str,
    target: &str,
    body: Vec<u8>,
    headers: &[(&str, &str)],
) -> Wire {
    let wire = unsigned_sls(project, method, target, body, headers);
    sign_sls(wire, key, REGION, Timestamp::now())
}

pub(crate) fn unsigned_sls(
    project: &str,
    method: &str,
    target: &str,
    body: Vec<u8>,
    headers: &[(&str, &str)],
) -> Wire {
    let dot = if project.is_empty() { "" } else { "." };
    let mut wire = Wire::new(method, &format!("{project}{dot}{REGION}.log.aliyuncs.com"), target, body);
    wire.header("x-log-apiversion", "0.6.0");
    if !headers.iter().any(|(name, _)| *name == "x-log-bodyrawsize") {
        let size = wire.body.len().to_string();
        wire.header("x-log-bodyrawsize", &size);
    }
    for (name, value) in headers {
        wire.header(name, value);
    }
    wire
}

pub(crate) fn sign_sls(wire: Wire, key: &Key, region: &str, time: Timestamp) -> Wire {
    let key = AccessKey { id: &key.id, secret: &key.secret, security_token: key.token.as_deref() };
    wire.signed(|request| sls_v4::sign(request, &key, &sls_v4::Stamp { region, time }))
}
