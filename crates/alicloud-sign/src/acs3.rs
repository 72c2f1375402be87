//! ACS3-HMAC-SHA256, the scheme of the current RPC clients (cloud-api §5.2, captured 2026-11-22).
//!
//! Takes a request that already holds `host`; returns the headers to add. A verifier follows the sender's
//! `SignedHeaders`, because the official clients differ in which headers they sign.

use jiff::Timestamp;

use crate::canon::{Empty, header_lines, header_names, parameters, part, sorted_query};
use crate::digest::{Hash, from_hex, hmac, hmac_is, sha256_hex};
use crate::{AccessKey, Malformed, Mismatch, Request};

const SCHEME: &str = "ACS3-HMAC-SHA256";

/// Without these a signature would fit another service, another operation or another day.
pub const ALWAYS_SIGNED: [&str; 3] = ["host", "x-acs-action", "x-acs-date"];

/// What a signature is bound to besides the request itself.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'a> {
    /// Operation, such as `DescribeTrails`.
    pub action: &'a str,
    /// API version, such as `2020-07-06`.
    pub version: &'a str,
    /// A value never used before with this key.
    pub nonce: &'a str,
    /// Time of signing; sent with whole seconds.
    pub time: Timestamp,
}

/// What the `Authorization` header of a received request claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// Access key id the sender names.
    pub access_key_id: String,
    /// Names of the signed headers, as listed.
    pub signed_headers: Vec<String>,
    /// Claimed signature, hex.
    pub signature: String,
    /// `x-acs-date`, when it is there and readable.
    pub time: Option<Timestamp>,
    /// `x-acs-signature-nonce`.
    pub nonce: Option<String>,
}

/// The headers to add to `request`: the `x-acs-*` ones and `authorization`. Every header is signed.
pub fn sign(request: &Request<'_>, key: &AccessKey<'_>, stamp: &Stamp<'_>) -> Vec<(String, String)> {
    let mut added = stamp_headers(request, key, stamp);
    let borrowed = added.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let headers: Vec<(&str, &str)> = request.headers.iter().copied().chain(borrowed).collect();
    let signed = header_names(&headers, |name| name != "authorization");
    let text = string_to_sign(&Request { headers: &headers, ..*request }, &signed);
    let signature = hex::encode(hmac(Hash::Sha256, key.secret.as_bytes(), &text));
    let authorization =
        format!("{SCHEME} Credential={},SignedHeaders={},Signature={signature}", key.id, signed.join(";"));
    added.push(("authorization".to_owned(), authorization));
    added
}

fn stamp_headers(request: &Request<'_>, key: &AccessKey<'_>, stamp: &Stamp<'_>) -> Vec<(String, String)> {
    let mut headers = vec![
        ("x-acs-action".to_owned(), stamp.action.to_owned()),
        ("x-acs-version".to_owned(), stamp.version.to_owned()),
        ("x-acs-date".to_owned(), stamp.time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        ("x-acs-signature-nonce".to_owned(), stamp.nonce.to_owned()),
        ("x-acs-content-sha256".to_owned(), sha256_hex(request.body)),
    ];
    if let Some(token) = key.security_token {
        headers.push(("x-acs-accesskey-id".to_owned(), key.id.to_owned()));
        headers.push(("x-acs-security-token".to_owned(), token.to_owned()));
    }
    headers
}

/// The canonical request over the given header names (lower case, sorted).
pub fn canonical_request(request: &Request<'_>, signed_headers: &[String]) -> String {
    let query = sorted_query(parameters(request.query), Empty::WithEquals);
    let headers = header_lines(request.headers, signed_headers);
    let (method, path, signed) = (request.method, request.path, signed_headers.join(";"));
    format!("{method}\n{path}\n{query}\n{headers}\n{signed}\n{}", sha256_hex(request.body))
}

/// The text that is signed.
pub fn string_to_sign(request: &Request<'_>, signed_headers: &[String]) -> String {
    format!("{SCHEME}\n{}", sha256_hex(canonical_request(request, signed_headers).as_bytes()))
}

/// Reads who signed the request, without checking the signature.
pub fn presented(request: &Request<'_>) -> Result<Presented, Malformed> {
    let authorization = request.header("authorization").ok_or(Malformed::Unsigned)?;
    let list = authorization.strip_prefix(SCHEME).ok_or(Malformed::OtherScheme(SCHEME))?;
    let field = |name: &'static str| part(list, name).ok_or(Malformed::Part(name));
    Ok(Presented {
        access_key_id: field("Credential")?.to_owned(),
        signed_headers: field("SignedHeaders")?.split(';').map(str::to_ascii_lowercase).collect(),
        signature: field("Signature")?.to_owned(),
        time: request.header("x-acs-date").and_then(|text| text.parse().ok()),
        nonce: request.header("x-acs-signature-nonce").map(str::to_owned),
    })
}

/// Checks the signature and, when `x-acs-content-sha256` is there, that it is the hash of the body.
///
/// # Errors
/// [`Mismatch`] when either does not hold, or when one of [`ALWAYS_SIGNED`] is not among the signed headers.
pub fn verify(request: &Request<'_>, presented: &Presented, secret: &str) -> Result<(), Mismatch> {
    let string_to_sign = string_to_sign(request, &presented.signed_headers);
    let claimed = from_hex(&presented.signature);
    let body_is_signed = request
        .header("x-acs-content-sha256")
        .is_none_or(|hash| hash.eq_ignore_ascii_case(&sha256_hex(request.body)));
    let listed = |name: &&str| presented.signed_headers.iter().any(|signed| signed == name);
    let essentials_are_signed = ALWAYS_SIGNED.iter().all(listed);
    let matches = hmac_is(Hash::Sha256, secret.as_bytes(), &string_to_sign, &claimed);
    if matches && body_is_signed && essentials_are_signed { Ok(()) } else { Err(Mismatch { string_to_sign }) }
}
