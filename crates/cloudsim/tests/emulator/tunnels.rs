//! `CONNECT`: the emulator as a proxy for clients that speak https only.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use super::client::*;
use super::tls::{get_role, say, secure, strike};

/// What `CONNECT` is answered, and the stream behind it.
fn ask<S: Read + Write>(mut stream: S, target: &str, host: &str) -> (S, String) {
    stream.write_all(format!("CONNECT {target} HTTP/1.1\r\nhost: {host}\r\n\r\n").as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    (stream, String::from_utf8(head).unwrap())
}

/// A tunnel to a host.
fn dig<S: Read + Write>(stream: S, host: &str) -> S {
    let target = format!("{host}:443");
    let (stream, head) = ask(stream, &target, &target);
    assert!(head.starts_with("HTTP/1.1 200 ") && !head.contains("transfer-encoding"), "{head}");
    stream
}

fn tunnel(emulator: &Emulator, host: &str) -> TcpStream {
    dig(emulator.connect(), host)
}

/// What `CONNECT` is refused with.
fn refusal(emulator: &Emulator, target: &str, host: &str) -> Reply {
    let mut stream = emulator.connect();
    write!(stream, "CONNECT {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
    finish(&mut stream).unwrap()
}

#[test]
fn signed_request_goes_through_a_tunnel_by_tls() {
    let emulator = Emulator::start();
    let stream = secure(&emulator, tunnel(&emulator, RAM), RAM);
    let reply = say(stream, &get_role(&emulator));
    assert_eq!((reply.status, &reply.body_json()["Role"]["RoleName"]), (200, &json!(ROLE)));
}

#[test]
fn project_is_reached_through_a_tunnel_by_its_own_name() {
    let emulator = Emulator::start();
    let wire = sls(&emulator.key, "my-proj", "POST", "/", &json!({"projectName": "my-proj"}));
    let stream = secure(&emulator, tunnel(&emulator, wire.host()), wire.host());
    assert_eq!(say(stream, &wire).status, 200);
    assert_eq!(emulator.account()["projects"][0]["name"], "my-proj");
}

#[test]
fn tunnel_carries_plain_http_as_well() {
    let emulator = Emulator::start();
    assert_eq!(say(tunnel(&emulator, RAM), &get_role(&emulator)).status, 200);
}

#[test]
fn proxy_itself_can_be_reached_by_tls() {
    let emulator = Emulator::start();
    let outer = secure(&emulator, emulator.connect(), "localhost");
    let stream = secure(&emulator, dig(outer, RAM), RAM);
    assert_eq!(say(stream, &get_role(&emulator)).status, 200);
}

#[test]
fn bytes_sent_before_the_answer_belong_to_the_tunnel() {
    let emulator = Emulator::start();
    let mut stream = emulator.connect();
    let connect = format!("CONNECT {RAM}:80 HTTP/1.1\r\nhost: {RAM}:80\r\n\r\n");
    stream.write_all(&[connect.as_bytes(), &get_role(&emulator).bytes(Form::Origin)].concat()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.matches("HTTP/1.1 200 OK\r\n").count(), 2, "{text}");
    assert!(text.contains(ROLE), "{text}");
}

#[test]
fn request_that_names_another_host_than_its_tunnel_is_refused() {
    let emulator = Emulator::start();
    let stream = secure(&emulator, tunnel(&emulator, STS), STS);
    let reply = say(stream, &get_role(&emulator));
    assert_eq!(reply.status, 400);
    assert!(reply.text().contains("different hosts"), "{}", reply.text());
}

#[test]
fn target_alone_says_where_a_tunnel_leads() {
    let emulator = Emulator::start();
    for host in [&emulator.address().to_string(), STS, ""] {
        let (stream, head) = ask(emulator.connect(), "ram.aliyuncs.com:443", host);
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert_eq!(say(stream, &get_role(&emulator)).status, 200);
    }
}

#[test]
fn hosts_that_do_not_resolve_get_no_tunnel() {
    let emulator = Emulator::start();
    for host in ["example.org", "oss.aliyuncs.com", "actiontrail.cn-atlantis.aliyuncs.com", "100.100.100.200"]
    {
        let target = format!("{host}:443");
        let reply = refusal(&emulator, &target, &target);
        assert_eq!((reply.status, reply.text()), (502, format!("cannot resolve host name: {host}\n")));
    }
}

#[test]
fn refused_connect_leaves_the_connection_open() {
    let emulator = Emulator::start();
    let mut stream = emulator.connect();
    write!(stream, "CONNECT example.org:443 HTTP/1.1\r\nhost: example.org\r\n\r\n").unwrap();
    stream.write_all(&get_role(&emulator).bytes(Form::Origin)).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.starts_with("HTTP/1.1 502") && text.contains("HTTP/1.1 200 OK"), "{text}");
}

#[test]
fn tunnel_opens_no_tunnels() {
    let emulator = Emulator::start();
    let (_stream, head) = ask(tunnel(&emulator, RAM), "ram.aliyuncs.com:443", RAM);
    assert!(head.starts_with("HTTP/1.1 405 "), "{head}");
}

#[test]
fn control_api_is_reached_by_the_own_address_only() {
    let emulator = Emulator::start();
    let address = emulator.address().to_string();
    let ask = |host: &str, named: &str| {
        say(tunnel(&emulator, host), &Wire::new("GET", named, "/_sim/health", Vec::new())).status
    };
    assert_eq!((ask("127.0.0.1", &address), ask(RAM, RAM), ask(RAM, &address)), (200, 400, 400));
}

#[test]
fn reset_reaches_a_client_in_a_tunnel() {
    let emulator = Emulator::start();
    strike(&emulator, &json!({"kind": "connection-reset"}));
    let mut stream = secure(&emulator, tunnel(&emulator, RAM), RAM);
    stream.write_all(&get_role(&emulator).bytes(Form::Origin)).unwrap();
    assert_eq!(stream.read(&mut [0; 100]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn slow_reply_arrives_byte_by_byte_in_a_tunnel() {
    let emulator = Emulator::start();
    strike(&emulator, &json!({"kind": "slow-bytes", "milliseconds": 1}));
    let mut stream = secure(&emulator, tunnel(&emulator, RAM), RAM);
    let started = Instant::now();
    stream.write_all(&get_role(&emulator).bytes(Form::Origin)).unwrap();
    assert_eq!(stream.read(&mut [0; 64]).unwrap(), 1);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert!(rest.ends_with(b"}") && started.elapsed() >= Duration::from_millis(rest.len() as u64));
}

#[test]
fn unused_tunnels_hold_up_neither_others_nor_the_end() {
    let emulator = Emulator::start();
    let _unused: Vec<TcpStream> = (0..20).map(|_| tunnel(&emulator, RAM)).collect();
    let started = Instant::now();
    assert_eq!(emulator.send(&get_role(&emulator)).status, 200);
    emulator.stop();
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
}

#[test]
fn tunnels_are_not_journalled() {
    let emulator = Emulator::start();
    let before = emulator.journal().len();
    drop(tunnel(&emulator, RAM));
    assert_eq!(emulator.journal().len(), before);
}
