//! What must hold of signing, whatever bytes arrive: the body of the fuzz target of this crate.
//!
//! Takes bytes, read as scheme, place of an alteration, and a request as text. Returns nothing; panics where a
//! rule is broken. The same function runs under the fuzzer and, over the kept corpus, in the tests.
#![allow(clippy::missing_panics_doc, reason = "a broken rule is told by a panic")]

use jiff::Timestamp;

use crate::{AccessKey, Request, acs3, encode, parameters, rpc_v1, sls_v1, sls_v4};

/// One target: takes bytes, panics where a rule is broken.
pub type Body = fn(&[u8]);

/// The targets of this crate, by the name of their corpus.
pub const TARGETS: [(&str, Body); 1] = [("signatures", signatures)];

const SECRET: &str = "the secret that no input knows";
const KEY: AccessKey<'static> = AccessKey { id: "id", secret: SECRET, security_token: Some("tok/en+=") };
/// 2026-01-02T03:04:05Z.
const SIGNED_AT: i64 = 1_767_323_045;

/// Headers that signing adds; a request that is to be signed does not hold them.
const ADDED: [&str; 13] = [
    "authorization",
    "content-md5",
    "date",
    "x-acs-accesskey-id",
    "x-acs-action",
    "x-acs-content-sha256",
    "x-acs-date",
    "x-acs-security-token",
    "x-acs-signature-nonce",
    "x-acs-version",
    "x-log-content-sha256",
    "x-log-date",
    "x-log-signaturemethod",
];

/// Nothing is verified that was not signed; what was signed is verified; what was altered then is refused.
pub fn signatures(data: &[u8]) {
    let Some((case, text, at)) = Case::read(data) else { return };
    let Some(sent) = Sent::read(text) else { return };
    for scheme in Scheme::ALL {
        assert!(!sent.verified(scheme, SECRET), "verified without the secret");
    }
    let read = parameters(&sent.query);
    let again: Vec<String> = read.iter().map(|(n, v)| format!("{}={}", encode(n), encode(v))).collect();
    assert_eq!(parameters(&again.join("&")), read, "encoding and decoding gives the same parameters");
    let Some(sent) = sent.fit_for(case.scheme) else { return };
    let signed = sent.signed(case.scheme);
    assert!(signed.verified(case.scheme, SECRET), "refused though signed");
    assert!(!signed.verified(case.scheme, "another secret"), "verified with another secret");
    if let Some(altered) = sent.altered(case.scheme, at) {
        let forged = signed.with_parts_of(&altered, &sent);
        assert!(!forged.verified(case.scheme, SECRET), "verified though altered: {forged:?}");
    }
}

/// What the first bytes of an input choose.
struct Case {
    scheme: Scheme,
}

impl Case {
    /// The choice, the request as bytes, and where to alter it.
    fn read(data: &[u8]) -> Option<(Self, &[u8], usize)> {
        let [scheme, high, low, text @ ..] = data else { return None };
        let scheme = Scheme::ALL[usize::from(*scheme) % Scheme::ALL.len()];
        Some((Self { scheme }, text, usize::from(u16::from_be_bytes([*high, *low]))))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Acs3,
    RpcV1,
    SlsV1,
    SlsV4,
}

impl Scheme {
    const ALL: [Self; 4] = [Self::Acs3, Self::RpcV1, Self::SlsV1, Self::SlsV4];

    /// Whether the scheme covers a header of this (lower-case) name.
    fn covers(self, name: &str) -> bool {
        let of_service = name.starts_with("x-log-") || name.starts_with("x-acs-");
        match self {
            Self::Acs3 => true,
            Self::RpcV1 => false,
            Self::SlsV1 => of_service,
            Self::SlsV4 => of_service || name == "host" || name == "content-type",
        }
    }
}

/// A request, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sent {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Sent {
    /// `METHOD /path?query`, lines `name: value`, an empty line, the body.
    fn read(bytes: &[u8]) -> Option<Self> {
        let split = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap_or(bytes.len());
        let (head, body) = (&bytes[..split], bytes.get(split + 2..).unwrap_or_default());
        let mut lines = std::str::from_utf8(head).ok()?.split('\n');
        let (method, target) = lines.next()?.split_once(' ')?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = lines.map(header).collect::<Option<Vec<_>>>()?;
        Some(Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: body.to_owned(),
        })
    }

    fn lend<T>(&self, use_it: impl FnOnce(&Request<'_>) -> T) -> T {
        let headers: Vec<(&str, &str)> = self.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        use_it(&Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
            body: &self.body,
        })
    }

    fn verified(&self, scheme: Scheme, secret: &str) -> bool {
        self.lend(|request| match scheme {
            Scheme::Acs3 => acs3::presented(request).is_ok_and(|p| acs3::verify(request, &p, secret).is_ok()),
            Scheme::RpcV1 => {
                rpc_v1::presented(request).is_ok_and(|p| rpc_v1::verify(request, &p, secret).is_ok())
            }
            Scheme::SlsV1 => {
                sls_v1::presented(request).is_ok_and(|p| sls_v1::verify(request, &p, secret).is_ok())
            }
            Scheme::SlsV4 => {
                sls_v4::presented(request).is_ok_and(|p| sls_v4::verify(request, &p, secret).is_ok())
            }
        })
    }

    /// The request as a client would sign it: without what signing adds.
    fn fit_for(mut self, scheme: Scheme) -> Option<Self> {
        self.headers.retain(|(name, _)| !ADDED.contains(&name.to_ascii_lowercase().as_str()));
        if scheme == Scheme::Acs3 {
            self.headers.push(("Host".to_owned(), "h.example".to_owned()));
        }
        if scheme != Scheme::RpcV1 {
            return Some(self);
        }
        "/".clone_into(&mut self.path);
        let added: Vec<String> = self.sign(scheme).into_iter().map(|(name, _)| name).collect();
        let own = self.lend(rpc_v1::all_parameters);
        own.iter().all(|(name, _)| !added.contains(name)).then_some(self)
    }

    fn sign(&self, scheme: Scheme) -> Vec<(String, String)> {
        let time = Timestamp::from_second(SIGNED_AT).unwrap_or_default();
        let stamp = acs3::Stamp { action: "Act", version: "2020-07-06", nonce: "n0nce", time };
        self.lend(|request| match scheme {
            Scheme::Acs3 => acs3::sign(request, &KEY, &stamp),
            Scheme::RpcV1 => rpc_v1::sign(request, &KEY, &stamp),
            Scheme::SlsV1 => sls_v1::sign(request, &KEY, &sls_v1::Stamp { hash: sls_v1::Hash::Sha256, time }),
            Scheme::SlsV4 => sls_v4::sign(request, &KEY, &sls_v4::Stamp { region: "cn-hangzhou", time }),
        })
    }

    fn signed(&self, scheme: Scheme) -> Self {
        let (mut signed, added) = (self.clone(), self.sign(scheme));
        if scheme == Scheme::RpcV1 {
            let more = added.iter().map(|(name, value)| format!("&{name}={}", encode(value)));
            signed.query.extend(more);
        } else {
            signed.headers.extend(added);
        }
        signed
    }

    /// The request with one character replaced that the scheme covers; nothing when it covers none.
    fn altered(&self, scheme: Scheme, at: usize) -> Option<Self> {
        let mut altered = self.clone();
        let mut texts = vec![&mut altered.method, &mut altered.path, &mut altered.query];
        let headers = altered.headers.iter_mut();
        texts.extend(headers.filter(|(n, _)| scheme.covers(&n.to_ascii_lowercase())).map(|(_, value)| value));
        let counts: Vec<usize> = texts.iter().map(|text| spots(text).len()).collect();
        let in_body = if scheme == Scheme::RpcV1 { 0 } else { self.body.len() };
        let mut place = at % (counts.iter().sum::<usize>() + in_body).max(1);
        for (text, count) in texts.into_iter().zip(counts) {
            if place < count {
                replace(text, spots(text)[place]);
                return Some(altered);
            }
            place -= count;
        }
        let byte = altered.body.get_mut(place).filter(|_| in_body > 0)?;
        *byte ^= 1 << (at % 8);
        Some(altered)
    }

    /// This signed request with the parts of an altered one in place of the original ones.
    fn with_parts_of(&self, altered: &Self, original: &Self) -> Self {
        let mut headers = altered.headers.clone();
        headers.extend_from_slice(&self.headers[original.headers.len()..]);
        let query = format!("{}{}", altered.query, &self.query[original.query.len()..]);
        Self { query, headers, ..altered.clone() }
    }
}

/// A header as a server hands it on: a token and visible text.
fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let fits = !name.is_empty() && name.bytes().all(is_token) && !value.chars().any(char::is_control);
    fits.then(|| (name.to_owned(), value.to_owned()))
}

/// Letters and digits whose change changes what the text means: those outside of `%xx`.
fn spots(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let escaped = |at: usize| (1..=2).any(|back| at >= back && bytes[at - back] == b'%');
    (0..bytes.len()).filter(|at| bytes[*at].is_ascii_alphanumeric() && !escaped(*at)).collect()
}

fn replace(text: &mut String, at: usize) {
    let other = if text.as_bytes()[at] == b'Q' { "R" } else { "Q" };
    text.replace_range(at..=at, other);
}

#[cfg(test)]
#[path = "../../../fuzz/replay.rs"]
mod replay;
