//! The same port by TLS, with a client that verifies certificates.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{AlertDescription, ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};

use super::client::*;
use super::process::{Process, serve};

/// What a client says under TLS over `S`.
pub(crate) type Secure<S> = StreamOwned<ClientConnection, S>;

/// A client that trusts the authority in a file and nobody else; none for a client that trusts nobody.
fn trusting(ca_file: Option<&Path>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    if let Some(file) = ca_file {
        roots.add(CertificateDer::from_pem_file(file).unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    builder.unwrap().with_root_certificates(roots).with_no_client_auth()
}

/// Agrees on TLS with who answers for `name`.
pub(crate) fn handshake<S: Read + Write>(
    stream: S,
    name: &str,
    config: ClientConfig,
) -> std::io::Result<Secure<S>> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut session = StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), stream);
    while session.conn.is_handshaking() {
        session.conn.complete_io(&mut session.sock)?;
    }
    Ok(session)
}

/// The same, trusting the emulator, over whatever leads to it.
pub(crate) fn secure<S: Read + Write>(emulator: &Emulator, stream: S, name: &str) -> Secure<S> {
    handshake(stream, name, trusting(Some(emulator.ca_file()))).unwrap()
}

fn connect(emulator: &Emulator, name: &str) -> Secure<TcpStream> {
    secure(emulator, emulator.connect(), name)
}

/// Sends a request and reads to the end, which must be an orderly one.
pub(crate) fn say(mut stream: impl Read + Write, wire: &Wire) -> Reply {
    stream.write_all(&wire.bytes(Form::Origin)).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    finish(&mut bytes.as_slice()).unwrap()
}

pub(crate) fn get_role(emulator: &Emulator) -> Wire {
    rpc(&emulator.key, RAM, "GetRole", &[("RoleName", ROLE)])
}

pub(crate) fn strike(emulator: &Emulator, effect: &Value) {
    emulator.post("/_sim/faults", &json!([{"match": {"action": "GetRole"}, "effect": effect}]));
}

#[test]
fn own_address_answers_https_with_a_certificate_that_holds() {
    let emulator = Emulator::start();
    let address = emulator.address().to_string();
    for name in ["127.0.0.1", "localhost", "::1"] {
        let reply = say(connect(&emulator, name), &Wire::new("GET", &address, "/_sim/health", Vec::new()));
        assert_eq!((reply.status, &reply.body_json()["status"]), (200, &json!("ok")), "{name}");
    }
    assert_eq!(emulator.get("/_sim/health")["status"], "ok");
}

#[test]
fn host_of_the_cloud_answers_https_with_a_certificate_that_holds() {
    let emulator = Emulator::start();
    assert_eq!(say(connect(&emulator, RAM), &get_role(&emulator)).status, 200);
    let wire = sls(&emulator.key, "my-proj", "POST", "/", &json!({"projectName": "my-proj"}));
    assert_eq!(say(connect(&emulator, wire.host()), &wire).status, 200);
}

#[test]
fn connection_is_kept_for_further_requests() {
    let emulator = Emulator::start();
    let mut stream = connect(&emulator, RAM);
    let head = format!("GET /?Action=GetRole HTTP/1.1\r\nhost: {RAM}\r\n\r\n");
    for _ in 0..2 {
        stream.write_all(head.as_bytes()).unwrap();
        let mut start = [0; 12];
        stream.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"HTTP/1.1 400");
        let mut rest = Vec::new();
        while !rest.ends_with(b"}") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            rest.extend(byte);
        }
    }
    assert_eq!(say(stream, &get_role(&emulator)).status, 200);
}

#[test]
fn protocol_agreed_on_is_http_1_1() {
    let emulator = Emulator::start();
    let offering = |protocols: &[&str]| {
        let mut config = trusting(Some(emulator.ca_file()));
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        handshake(emulator.connect(), RAM, config)
    };
    assert_eq!(offering(&["h2", "http/1.1"]).unwrap().conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    assert_eq!(offering(&[]).unwrap().conn.alpn_protocol(), None);
    assert_alert(&offering(&["h2"]).unwrap_err(), AlertDescription::NoApplicationProtocol);
}

fn assert_alert(error: &std::io::Error, expected: AlertDescription) {
    let told = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
    assert_eq!(told, Some(&rustls::Error::AlertReceived(expected)), "{error}");
}

#[test]
fn name_that_is_not_of_the_cloud_gets_no_certificate() {
    let emulator = Emulator::start();
    for name in ["example.org", "oss.aliyuncs.com", "ram.aliyuncs.com.example.org"] {
        let failed = handshake(emulator.connect(), name, trusting(Some(emulator.ca_file()))).unwrap_err();
        assert_alert(&failed, AlertDescription::AccessDenied);
    }
}

#[test]
fn client_that_does_not_trust_the_authority_ends_the_handshake_and_nothing_else() {
    let emulator = Emulator::start();
    let failed = handshake(emulator.connect(), RAM, trusting(None)).unwrap_err().to_string();
    assert!(failed.contains("UnknownIssuer"), "{failed}");
    assert_eq!(say(connect(&emulator, RAM), &get_role(&emulator)).status, 200);
}

#[test]
fn silent_clients_hold_up_nobody() {
    let emulator = Emulator::start();
    let mut silent: Vec<TcpStream> = (0..50).map(|_| emulator.connect()).collect();
    // Half of them begin with TLS and then think better of it.
    for stream in silent.iter_mut().step_by(2) {
        stream.write_all(&[0x16, 3, 1]).unwrap();
    }
    let started = Instant::now();
    assert_eq!(say(connect(&emulator, RAM), &get_role(&emulator)).status, 200);
    assert_eq!(emulator.send(&get_role(&emulator)).status, 200);
    emulator.stop();
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn noise_in_place_of_a_handshake_ends_that_connection_alone() {
    let emulator = Emulator::start();
    for noise in [&[0x16, 3, 1, 0, 4, 0, 0, 0, 0][..], &[0x16; 5000], &[0x15, 3, 1, 0, 2, 2, 40]] {
        let mut stream = emulator.connect();
        stream.write_all(noise).unwrap();
        let mut answer = Vec::new();
        let _reset = stream.read_to_end(&mut answer);
        assert!(answer.len() < 200, "{answer:?}");
    }
    assert_eq!(say(connect(&emulator, RAM), &get_role(&emulator)).status, 200);
}

#[test]
fn reset_reaches_a_client_under_tls() {
    let emulator = Emulator::start();
    strike(&emulator, &json!({"kind": "connection-reset"}));
    let mut stream = connect(&emulator, RAM);
    stream.write_all(&get_role(&emulator).bytes(Form::Origin)).unwrap();
    let ended = stream.read(&mut [0; 100]).unwrap_err();
    assert_eq!(ended.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn slow_reply_arrives_byte_by_byte_under_tls() {
    let emulator = Emulator::start();
    strike(&emulator, &json!({"kind": "slow-bytes", "milliseconds": 2}));
    let mut stream = connect(&emulator, RAM);
    let started = Instant::now();
    stream.write_all(&get_role(&emulator).bytes(Form::Origin)).unwrap();
    let mut first = [0; 64];
    assert_eq!(stream.read(&mut first).unwrap(), 1);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert!(rest.starts_with(b"TTP/1.1 200 OK\r\n") && rest.ends_with(b"}"));
    assert!(started.elapsed() >= Duration::from_millis(2 * rest.len() as u64));
}

#[test]
fn reply_cut_short_ends_without_a_farewell_under_tls() {
    let emulator = Emulator::start();
    for (effect, expected) in
        [(json!({"kind": "truncated", "bytes": 3}), 3), (json!({"kind": "lost-reply"}), 0)]
    {
        strike(&emulator, &effect);
        let mut stream = connect(&emulator, RAM);
        stream.write_all(&get_role(&emulator).bytes(Form::Origin)).unwrap();
        let mut bytes = Vec::new();
        assert_eq!(stream.read_to_end(&mut bytes).unwrap_err().kind(), ErrorKind::UnexpectedEof, "{effect}");
        assert_eq!(finish(&mut bytes.as_slice()).map_or(0, |reply| reply.body.len()), expected);
    }
}

#[test]
fn oversized_reply_is_as_large_under_tls() {
    let emulator = Emulator::start();
    strike(&emulator, &json!({"kind": "oversized", "bytes": 3_000_000}));
    let reply = say(connect(&emulator, RAM), &get_role(&emulator));
    assert!((3_000_000..3_010_000).contains(&reply.body.len()), "{}", reply.body.len());
}

#[test]
fn large_request_arrives_whole_under_tls() {
    let emulator = Emulator::start();
    let wire = unsigned_sls("my-proj", "POST", "/logstores/abc/shards/lb", vec![0; 9 * 1024 * 1024], &[]);
    assert_refused(&say(connect(&emulator, wire.host()), &wire), 400, "MissingParameter");
}

#[test]
fn restart_keeps_the_authority() {
    let emulator = Emulator::start();
    let before = trusting(Some(emulator.ca_file()));
    let emulator = emulator.restarted();
    let stream = handshake(emulator.connect(), RAM, before).unwrap();
    assert_eq!(say(stream, &get_role(&emulator)).status, 200);
}

#[test]
fn authority_stays_as_it_is_when_the_state_goes_back() {
    let emulator = Emulator::start();
    emulator.post("/_sim/snapshot", &json!({"name": "early"}));
    let before = fs::read(emulator.ca_file()).unwrap();
    emulator.post("/_sim/restore", &json!({"name": "early"}));
    assert_eq!(fs::read(emulator.ca_file()).unwrap(), before);
    assert_eq!(say(connect(&emulator, RAM), &get_role(&emulator)).status, 200);
}

#[test]
fn clock_of_the_cloud_does_not_spoil_certificates() {
    let emulator = Emulator::start();
    emulator.post("/_sim/clock", &json!({"offsetSeconds": 9 * 365 * 86_400}));
    assert_refused(&say(connect(&emulator, RAM), &get_role(&emulator)), 400, "InvalidTimeStamp.Expired");
}

#[test]
fn first_line_tells_the_file_to_trust_and_nothing_tells_the_key() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path());
    let file = Path::new(process.line["caFile"].as_str().unwrap());
    assert!(file.is_absolute(), "{}", file.display());
    let stream = TcpStream::connect(process.address).unwrap();
    let stream = handshake(stream, STS, trusting(Some(file))).unwrap();
    assert_eq!(say(stream, &rpc(&process.key, STS, "GetCallerIdentity", &[])).status, 200);
    let snapshot = json!({"name": "all"}).to_string();
    assert_eq!(control(process.address, "POST", "/_sim/snapshot", &snapshot).status, 200);
    let key = fs::read_to_string(file.with_file_name("ca-key.pem")).unwrap();
    let secret = key.lines().nth(1).unwrap();
    let told = ["/_sim/state", "/_sim/journal"].map(|path| control(process.address, "GET", path, "").text());
    assert!(!told.concat().contains(secret) && !process.line.to_string().contains(secret));
    let files = ["cloudsim.sqlite", "cloudsim.sqlite-wal", "snapshots/all.sqlite", "ca.pem"];
    for name in files {
        let bytes = fs::read(directory.path().join(name)).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{name}");
    }
}

#[test]
fn damaged_authority_is_told_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    drop(Process::start(directory.path()));
    let key = fs::read_to_string(directory.path().join("ca-key.pem")).unwrap();
    fs::write(directory.path().join("ca-key.pem"), &key[..key.len() / 2]).unwrap();
    let output = serve(directory.path()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && output.stdout.is_empty());
    assert!(told.contains("ca-key.pem") && told.contains("damaged"), "{told}");
    assert!(!told.contains(key.lines().nth(1).unwrap()), "the key is shown");
}
