//! Whatever part of a request is altered on its way, in whichever scheme it was signed: it is refused, and nothing
//! changes. The same requests, untouched, are believed.

use alicloud_sign::{AccessKey, acs3, rpc_v1, sls_v1, sls_v4};
use jiff::Timestamp;
use percent_encoding::percent_decode;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::Value;

use super::client::*;

const FORM: &str = "application/x-www-form-urlencoded";
const TRUST: &str = r#"{"Version":"1","Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["ecs.aliyuncs.com"]}}]}"#;

/// The signature schemes: four of Log Service, two of the RPC services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    SlsV1Sha1,
    SlsV1Sha256,
    SlsV4,
    SlsV4WithoutType,
    Acs3,
    RpcV1,
}

const SCHEMES: [Scheme; 6] = [
    Scheme::SlsV1Sha1,
    Scheme::SlsV1Sha256,
    Scheme::SlsV4,
    Scheme::SlsV4WithoutType,
    Scheme::Acs3,
    Scheme::RpcV1,
];

/// The parts of a request that a signature covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Method,
    Path,
    Query,
    Header,
    Body,
}

const PARTS: [Part; 5] = [Part::Method, Part::Path, Part::Query, Part::Header, Part::Body];

impl Scheme {
    fn is_sls(self) -> bool {
        !matches!(self, Self::Acs3 | Self::RpcV1)
    }

    /// A call that makes something, with every part there is to alter; `name` is what it makes.
    fn call(self, key: &Key, name: &str) -> Wire {
        if !self.is_sls() {
            return self.rpc_call(key, name);
        }
        let body = format!(r#"{{"logstoreName":"{name}","ttl":1,"shardCount":1}}"#).into_bytes();
        let typed = [("content-type", "application/json")];
        let headers = if self == Self::SlsV4WithoutType { &[][..] } else { &typed[..] };
        let wire = unsigned_sls("my-proj", "POST", "/logstores?note=one%20two", body, headers);
        let key = AccessKey { id: &key.id, secret: &key.secret, security_token: None };
        let time = Timestamp::now();
        wire.signed(|request| match self {
            Self::SlsV1Sha1 => sls_v1::sign(request, &key, &sls_v1::Stamp { hash: sls_v1::Hash::Sha1, time }),
            Self::SlsV1Sha256 => {
                sls_v1::sign(request, &key, &sls_v1::Stamp { hash: sls_v1::Hash::Sha256, time })
            }
            Self::SlsV4 | Self::SlsV4WithoutType | Self::Acs3 | Self::RpcV1 => {
                sls_v4::sign(request, &key, &sls_v4::Stamp { region: REGION, time })
            }
        })
    }

    fn rpc_call(self, key: &Key, name: &str) -> Wire {
        let body = format!("AssumeRolePolicyDocument={}", alicloud_sign::encode(TRUST)).into_bytes();
        let mut wire = Wire::new("POST", RAM, &format!("/?RoleName={name}"), body);
        wire.header("content-type", FORM);
        let key = AccessKey { id: &key.id, secret: &key.secret, security_token: None };
        let nonce = format!("{name}-{}", Timestamp::now().as_nanosecond());
        let stamp = acs3::Stamp {
            action: "CreateRole",
            version: "2015-05-01",
            nonce: &nonce,
            time: Timestamp::now(),
        };
        if self == Self::Acs3 {
            return wire.signed(|request| acs3::sign(request, &key, &stamp));
        }
        let headers: Vec<(&str, &str)> =
            wire.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let added = rpc_v1::sign(&wire.signable(&headers), &key, &stamp);
        let encode = alicloud_sign::encode;
        let added: Vec<String> =
            added.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        wire.query = format!("{}&{}", wire.query, added.join("&"));
        wire
    }

    /// Whether a header is signed or carries the signature. The older RPC scheme signs none.
    fn signs(self, header: &str) -> bool {
        match self {
            Self::SlsV1Sha1 | Self::SlsV1Sha256 => {
                header.starts_with("x-log-")
                    || ["authorization", "date", "content-md5", "content-type"].contains(&header)
            }
            Self::SlsV4 | Self::SlsV4WithoutType => {
                header.starts_with("x-log-") || ["authorization", "content-type", "host"].contains(&header)
            }
            Self::Acs3 => {
                header.starts_with("x-acs-") || ["authorization", "content-type", "host"].contains(&header)
            }
            Self::RpcV1 => false,
        }
    }

    fn has(self, part: Part) -> bool {
        self != Self::RpcV1 || part != Part::Header
    }
}

/// Another byte for the same place, one that still makes a request that can be sent.
fn other(byte: u8, choice: u8) -> u8 {
    const LEGAL: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
    let first = LEGAL[usize::from(choice) % LEGAL.len()];
    if first == byte { LEGAL[(usize::from(choice) + 1) % LEGAL.len()] } else { first }
}

fn alter(text: &str, at: usize, choice: u8) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] = other(bytes[at], choice);
    String::from_utf8(bytes).unwrap()
}

/// The request with one byte of a part altered.
fn tampered(scheme: Scheme, mut wire: Wire, part: Part, at: prop::sample::Index, choice: u8) -> Wire {
    match part {
        Part::Method => {
            let methods = ["GET", "PUT", "DELETE", "PATCH", "POSTS"];
            methods[usize::from(choice) % methods.len()].clone_into(&mut wire.method);
        }
        Part::Path => {
            let longer = format!("{}{}", wire.path, char::from(other(b'/', choice)));
            let inner = wire.path.len() > 1 && !choice.is_multiple_of(2);
            wire.path =
                if inner { alter(&wire.path, 1 + at.index(wire.path.len() - 1), choice) } else { longer };
        }
        Part::Query => wire.query = alter(&wire.query, at.index(wire.query.len()), choice),
        Part::Header => {
            let signed: Vec<usize> = (0..wire.headers.len())
                .filter(|index| scheme.signs(&wire.headers[*index].0) && !wire.headers[*index].1.is_empty())
                .collect();
            let value = &mut wire.headers[signed[usize::from(choice) % signed.len()]].1;
            *value = alter(value, at.index(value.len()), choice);
        }
        Part::Body => {
            let at = at.index(wire.body.len());
            wire.body[at] = other(wire.body[at], choice);
        }
    }
    wire
}

/// A request that says the same in other letters was not tampered with.
fn says_the_same(sent: &Wire, tampered: &Wire) -> bool {
    // The hexadecimal digits of an escape have no case.
    let decoded = |text: &[u8]| percent_decode(text).collect::<Vec<u8>>();
    let same = |one: &(String, String), other: &(String, String)| {
        // A host name and a scheme have no case; hexadecimal digits of a hash neither.
        one.0 == other.0 && one.1.eq_ignore_ascii_case(&other.1)
    };
    sent.method == tampered.method
        && sent.path == tampered.path
        && decoded(&sent.body) == decoded(&tampered.body)
        && decoded(sent.query.as_bytes()) == decoded(tampered.query.as_bytes())
        && sent.headers.iter().zip(&tampered.headers).all(|(one, other)| same(one, other))
}

/// Whether anything was made. The journal tells every change.
fn changes(emulator: &Emulator) -> usize {
    emulator.journal().iter().filter(|entry| entry["changed"] == true).count()
}

#[test]
fn altered_byte_of_any_part_is_refused_in_every_scheme() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    let before = (changes(&emulator), emulator.get("/_sim/state")["accounts"].clone());
    for scheme in SCHEMES {
        for part in PARTS.into_iter().filter(|part| scheme.has(*part)) {
            let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(40) });
            let chosen = (any::<prop::sample::Index>(), any::<u8>());
            let outcome = runner.run(&chosen, |(at, choice)| {
                let sent = scheme.call(&emulator.key, "made");
                let wire = tampered(scheme, sent.clone(), part, at, choice);
                prop_assume!(!says_the_same(&sent, &wire));
                refused(&emulator, &wire)
            });
            outcome.unwrap_or_else(|error| panic!("{scheme:?} {part:?}: {error}"));
        }
    }
    assert_eq!((changes(&emulator), emulator.get("/_sim/state")["accounts"].clone()), before);
}

fn refused(emulator: &Emulator, wire: &Wire) -> Result<(), TestCaseError> {
    let reply = wire.send(emulator.address(), Form::Origin);
    let reply = reply.ok_or_else(|| TestCaseError::fail("no answer"))?;
    // Another host is another place: one that does not resolve, or the emulator's own address.
    let refused = (400..500).contains(&reply.status) || reply.status == 502;
    prop_assert!(refused, "{} {} {}", reply.status, reply.text(), wire.path);
    Ok(())
}

#[test]
fn untouched_call_is_believed_in_every_scheme() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    for (number, scheme) in SCHEMES.into_iter().enumerate() {
        let reply = emulator.send(&scheme.call(&emulator.key, &format!("made-{number}")));
        assert_eq!(reply.status, 200, "{scheme:?}: {}", reply.text());
    }
}

#[test]
fn every_altered_byte_of_a_body_is_a_mismatch_in_every_scheme() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    for scheme in SCHEMES {
        let wire = scheme.call(&emulator.key, "made");
        for at in 0..wire.body.len() {
            let mut other = wire.clone();
            other.body[at] ^= 1;
            let (_, code) = emulator.send(&other).error();
            let codes = ["SignatureDoesNotMatch", "SignatureNotMatch"];
            assert!(codes.contains(&code.as_str()), "{scheme:?} byte {at}: {code}");
        }
    }
    assert_eq!(emulator.account()["projects"][0]["logstores"], Value::Array(Vec::new()));
}
