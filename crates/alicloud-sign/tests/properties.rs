//! What must hold for every request: what was signed is verified, and what was altered is refused.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking and is read by its names")]

use alicloud_sign::{AccessKey, Request, acs3, encode, rpc_v1, sls_v1, sls_v4};
use jiff::Timestamp;
use proptest::prelude::*;

const SECRET: &str = "a secret";

/// The parts of a signed request; what `Request` borrows.
#[derive(Clone, Debug)]
struct Signed {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Signed {
    fn with<T>(&self, check: impl FnOnce(&Request<'_>) -> T) -> T {
        let headers: Vec<(&str, &str)> = self.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        check(&Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
            body: &self.body,
        })
    }

    fn verified(&self, scheme: Scheme) -> bool {
        self.with(|request| match scheme {
            Scheme::Acs3 => acs3::presented(request).is_ok_and(|p| acs3::verify(request, &p, SECRET).is_ok()),
            Scheme::SlsV4 => {
                sls_v4::presented(request).is_ok_and(|p| sls_v4::verify(request, &p, SECRET).is_ok())
            }
            Scheme::SlsV1 => {
                sls_v1::presented(request).is_ok_and(|p| sls_v1::verify(request, &p, SECRET).is_ok())
            }
            Scheme::RpcV1 => {
                rpc_v1::presented(request).is_ok_and(|p| rpc_v1::verify(request, &p, SECRET).is_ok())
            }
        })
    }

    fn signed(mut self, scheme: Scheme, token: Option<&str>) -> Self {
        let key = AccessKey { id: "id", secret: SECRET, security_token: token };
        let time: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let stamp = acs3::Stamp { action: "Act", version: "2020-07-06", nonce: "n0nce", time };
        let hash = sls_v1::Hash::Sha256;
        let added = self.with(|request| match scheme {
            Scheme::Acs3 => acs3::sign(request, &key, &stamp),
            Scheme::SlsV4 => sls_v4::sign(request, &key, &sls_v4::Stamp { region: "cn-hangzhou", time }),
            Scheme::SlsV1 => sls_v1::sign(request, &key, &sls_v1::Stamp { hash, time }),
            Scheme::RpcV1 => rpc_v1::sign(request, &key, &stamp),
        });
        if scheme == Scheme::RpcV1 {
            let more = added.iter().map(|(name, value)| format!("{name}={}", encode(value)));
            self.query = std::iter::once(self.query).chain(more).collect::<Vec<_>>().join("&");
        } else {
            self.headers.extend(added);
        }
        self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Acs3,
    SlsV4,
    SlsV1,
    RpcV1,
}

fn header_scheme() -> impl Strategy<Value = Scheme> {
    prop_oneof![Just(Scheme::Acs3), Just(Scheme::SlsV4), Just(Scheme::SlsV1)]
}

/// Any request with at least one byte to alter in every part.
fn request() -> impl Strategy<Value = Signed> {
    let query = prop::collection::vec(("[a-zA-Z0-9_.]{1,8}", "\\PC{0,8}"), 1..4);
    let path = prop::collection::vec("[a-z0-9_-]{1,8}", 0..3);
    let method = prop_oneof![Just("GET"), Just("POST"), Just("PUT")];
    let body = prop::collection::vec(any::<u8>(), 1..64);
    (method, path, query, "[a-z]{3,9}", body).prop_map(|(method, path, query, host, body)| Signed {
        method: method.to_owned(),
        path: format!("/{}", path.join("/")),
        query: query.iter().map(|(n, v)| format!("{n}={}x", encode(v))).collect::<Vec<_>>().join("&"),
        headers: vec![
            ("Host".to_owned(), format!("{host}.example")),
            ("x-log-apiversion".to_owned(), "0.6.0".to_owned()),
        ],
        body,
    })
}

/// The same text with the letter or digit nearest to `at` replaced by another one.
fn altered(text: &str, at: prop::sample::Index) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let unreserved = |i: &usize| bytes[*i].is_ascii_alphanumeric() && !escaped(text, *i);
    let spots: Vec<usize> = (0..bytes.len()).filter(unreserved).collect();
    let spot = spots[at.index(spots.len())];
    bytes[spot] = if bytes[spot] == b'Q' { b'R' } else { b'Q' };
    String::from_utf8(bytes).unwrap()
}

/// Whether the byte belongs to a `%xx`.
fn escaped(text: &str, at: usize) -> bool {
    (1..=2).any(|back| at >= back && text.as_bytes()[at - back] == b'%')
}

proptest! {
    #[test]
    fn what_was_signed_is_verified(scheme in header_scheme(), request in request(), token in any::<bool>()) {
        prop_assert!(request.signed(scheme, token.then_some("tok/en+=")).verified(scheme));
    }

    #[test]
    fn signed_parameters_are_verified(mut request in request(), token in any::<bool>()) {
        "/".clone_into(&mut request.path);
        prop_assert!(request.signed(Scheme::RpcV1, token.then_some("tok/en+=")).verified(Scheme::RpcV1));
    }

    #[test]
    fn another_encoding_of_the_same_query_is_verified(scheme in header_scheme(), mut request in request()) {
        "a=x%20y".clone_into(&mut request.query);
        let mut signed = request.signed(scheme, None);
        "a=x+y".clone_into(&mut signed.query);
        prop_assert!(signed.verified(scheme));
    }

    #[test]
    fn path_that_was_signed_as_it_is_sent_is_verified_in_the_older_scheme(request in request(), name in "[a-z]{1,4}") {
        let mut signed = Signed { path: format!("/{name}%2520{name}"), ..request }.signed(Scheme::SlsV1, None);
        signed.path = format!("/{name}%20{name}");
        prop_assert!(signed.verified(Scheme::SlsV1));
        signed.path = format!("/{name}%21{name}");
        prop_assert!(!signed.verified(Scheme::SlsV1));
    }

    #[test]
    fn an_altered_method_is_refused(scheme in header_scheme(), request in request()) {
        let mut signed = request.signed(scheme, None);
        "DELETE".clone_into(&mut signed.method);
        prop_assert!(!signed.verified(scheme));
    }

    #[test]
    fn one_altered_byte_of_the_path_is_refused(scheme in header_scheme(), mut request in request(), at: prop::sample::Index) {
        request.path.push_str("/logs");
        let mut signed = request.signed(scheme, None);
        signed.path = altered(&signed.path, at);
        prop_assert!(!signed.verified(scheme));
    }

    #[test]
    fn one_altered_byte_of_the_query_is_refused(scheme in header_scheme(), request in request(), at: prop::sample::Index) {
        let mut signed = request.signed(scheme, None);
        signed.query = altered(&signed.query, at);
        prop_assert!(!signed.verified(scheme));
    }

    #[test]
    fn one_altered_byte_of_a_signed_header_is_refused(
        scheme in header_scheme(), request in request(), which: prop::sample::Index, at: prop::sample::Index,
    ) {
        let mut signed = request.signed(scheme, Some("tok/en+="));
        let spots: Vec<usize> = (0..signed.headers.len()).filter(|i| signed_header(scheme, &signed.headers[*i].0)).collect();
        let header = &mut signed.headers[spots[which.index(spots.len())]].1;
        *header = altered(header, at);
        prop_assert!(!signed.verified(scheme));
    }

    #[test]
    fn one_altered_byte_of_the_body_is_refused(
        scheme in header_scheme(), request in request(), at: prop::sample::Index, bit in 0u8..8,
    ) {
        let mut signed = request.signed(scheme, None);
        let spot = at.index(signed.body.len());
        signed.body[spot] ^= 1 << bit;
        prop_assert!(!signed.verified(scheme));
    }

    #[test]
    fn one_altered_byte_of_the_parameters_is_refused(mut request in request(), at: prop::sample::Index) {
        "/".clone_into(&mut request.path);
        let mut signed = request.signed(Scheme::RpcV1, None);
        let (parameters, signature) = signed.query.split_once("&Signature=").unwrap();
        signed.query = format!("{}&Signature={signature}", altered(parameters, at));
        prop_assert!(!signed.verified(Scheme::RpcV1));
    }

    #[test]
    fn a_form_body_is_part_of_the_parameters(mut request in request(), at: prop::sample::Index) {
        "/".clone_into(&mut request.path);
        request.headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
        request.body = b"Name=trail&Kind=inner".to_vec();
        let mut signed = request.signed(Scheme::RpcV1, None);
        prop_assert!(signed.verified(Scheme::RpcV1));
        signed.body = altered("Name=trail&Kind=inner", at).into_bytes();
        prop_assert!(!signed.verified(Scheme::RpcV1));
    }

    #[test]
    fn no_text_makes_reading_a_signature_fail_badly(authorization in "\\PC{0,60}", query in "\\PC{0,40}") {
        let headers = [("authorization", authorization.as_str())];
        let request = Request { method: "GET", path: "/", query: &query, headers: &headers, body: b"" };
        prop_assert!(acs3::presented(&request).is_err() || authorization.starts_with("ACS3-HMAC-SHA256"));
        prop_assert!(sls_v4::presented(&request).is_err() || authorization.starts_with("SLS4-HMAC-SHA256"));
        prop_assert!(sls_v1::presented(&request).is_err());
        prop_assert!(rpc_v1::presented(&request).is_err() || query.contains("Signature"));
    }
}

/// Which headers a scheme protects. The older Log Service scheme leaves `host` out.
fn signed_header(scheme: Scheme, name: &str) -> bool {
    name != "authorization" && !(scheme == Scheme::SlsV1 && name == "Host")
}

/// Signs with a list of headers of the sender's choice, as a careless client would.
fn verified_with_signed(names: &[&str]) -> bool {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let stamped =
        [("host", "ram.aliyuncs.com"), ("x-acs-action", "GetRole"), ("x-acs-date", "2026-01-02T03:04:05Z")];
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let request = Request { method: "POST", path: "/", query: "", headers: &stamped, body: b"" };
    let text = acs3::string_to_sign(&request, &names);
    let mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(text);
    let signature = hex::encode(mac.finalize().into_bytes());
    let authorization =
        format!("ACS3-HMAC-SHA256 Credential=id,SignedHeaders={},Signature={signature}", names.join(";"));
    let headers: Vec<_> = stamped.into_iter().chain([("authorization", authorization.as_str())]).collect();
    let request = Request { headers: &headers, ..request };
    acs3::verify(&request, &acs3::presented(&request).unwrap(), SECRET).is_ok()
}

#[test]
fn host_action_and_date_must_be_among_the_signed_headers() {
    assert!(verified_with_signed(&["host", "x-acs-action", "x-acs-date"]));
    assert!(!verified_with_signed(&["x-acs-action", "x-acs-date"]));
    assert!(!verified_with_signed(&["host", "x-acs-date"]));
    assert!(!verified_with_signed(&["host", "x-acs-action"]));
}

#[test]
fn a_key_shows_its_id_and_nothing_else() {
    let key = AccessKey { id: "LTAI-id", secret: "the-secret", security_token: Some("the-token") };
    let shown = format!("{key:?}");
    assert!(shown.contains("LTAI-id") && !shown.contains("the-secret") && !shown.contains("the-token"));
}
