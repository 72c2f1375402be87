//! The older Log Service scheme, HMAC-SHA1 or HMAC-SHA256 (cloud-api §5.3, captured 2026-11-22).
//!
//! Takes a request that already holds the `x-log-*` headers and, if sent, `content-type`; returns the headers
//! to add. The host is not signed by this scheme.

use jiff::Timestamp;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};
use percent_encoding::percent_decode_str;

use crate::canon::{header_lines, header_names, parameters};
pub use crate::digest::Hash;
use crate::digest::{from_base64, hmac, hmac_is, md5_hex, to_base64};
use crate::{AccessKey, Malformed, Mismatch, Request};

const METHOD_HEADER: &str = "x-log-signaturemethod";

/// What a signature is bound to besides the request itself.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// The hash to use; sent as `x-log-signaturemethod`.
    pub hash: Hash,
    /// Time of signing; sent with whole seconds.
    pub time: Timestamp,
}

/// What the `Authorization` header of a received request claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// Access key id the sender names.
    pub access_key_id: String,
    /// Claimed signature, base64.
    pub signature: String,
    /// The hash `x-log-signaturemethod` names.
    pub hash: Hash,
    /// `date`, or else `x-log-date`, when readable.
    pub time: Option<Timestamp>,
}

/// The headers to add to `request`: `date`, `content-md5`, the method, the token and `authorization`.
///
/// # Assumptions
/// The time is in the years 0 to 9999; `date` is empty otherwise.
pub fn sign(request: &Request<'_>, key: &AccessKey<'_>, stamp: &Stamp) -> Vec<(String, String)> {
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&stamp.time).unwrap_or_default();
    let mut added = vec![
        ("date".to_owned(), date),
        ("content-md5".to_owned(), content_md5(request.body)),
        (METHOD_HEADER.to_owned(), method_name(stamp.hash).to_owned()),
    ];
    added.extend(key.security_token.map(|token| ("x-acs-security-token".to_owned(), token.to_owned())));
    let borrowed = added.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let headers: Vec<(&str, &str)> = request.headers.iter().copied().chain(borrowed).collect();
    let text = string_to_sign(&Request { headers: &headers, ..*request });
    let signature = signature(stamp.hash, key.secret, &text);
    added.push(("authorization".to_owned(), format!("LOG {}:{signature}", key.id)));
    added
}

fn method_name(hash: Hash) -> &'static str {
    match hash {
        Hash::Sha1 => "hmac-sha1",
        Hash::Sha256 => "hmac-sha256",
    }
}

fn content_md5(body: &[u8]) -> String {
    if body.is_empty() { String::new() } else { md5_hex(body) }
}

/// The text that is signed.
pub fn string_to_sign(request: &Request<'_>) -> String {
    text_with(request, &canonical_resource(request))
}

fn text_with(request: &Request<'_>, resource: &str) -> String {
    let value = |name| request.header(name).unwrap_or_default();
    let names = header_names(request.headers, |name| {
        name != "x-log-date" && (name.starts_with("x-log-") || name.starts_with("x-acs-"))
    });
    let headers = header_lines(request.headers, &names);
    let (md5, kind) = (value("content-md5"), value("content-type"));
    let date = date_of(request).unwrap_or_default();
    format!("{}\n{md5}\n{kind}\n{date}\n{headers}{resource}", request.method)
}

fn date_of<'a>(request: &Request<'a>) -> Option<&'a str> {
    request.header("date").or_else(|| request.header("x-log-date"))
}

/// The canonical resource: path and sorted parameters, both decoded.
pub fn canonical_resource(request: &Request<'_>) -> String {
    resource_at(&percent_decode_str(request.path).decode_utf8().unwrap_or(request.path.into()), request)
}

fn resource_at(path: &str, request: &Request<'_>) -> String {
    let mut pairs = parameters(request.query);
    pairs.sort();
    let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

/// The base64 signature of a text.
pub fn signature(hash: Hash, secret: &str, string_to_sign: &str) -> String {
    to_base64(&hmac(hash, secret.as_bytes(), string_to_sign))
}

/// Reads who signed the request, without checking the signature.
pub fn presented(request: &Request<'_>) -> Result<Presented, Malformed> {
    let authorization = request.header("authorization").ok_or(Malformed::Unsigned)?;
    let credential = authorization.strip_prefix("LOG ").ok_or(Malformed::OtherScheme("LOG"))?;
    let (id, signature) = credential.trim().split_once(':').ok_or(Malformed::Part("Signature"))?;
    let hash = match request.header(METHOD_HEADER) {
        Some("hmac-sha1") => Hash::Sha1,
        Some("hmac-sha256") => Hash::Sha256,
        Some(_) | None => return Err(Malformed::Part(METHOD_HEADER)),
    };
    let parse = |text| DateTimeParser::new().parse_timestamp(text).ok();
    Ok(Presented {
        access_key_id: id.to_owned(),
        signature: signature.to_owned(),
        hash,
        time: date_of(request).and_then(parse),
    })
}

/// Checks the signature and that `content-md5` is the hash of the body.
///
/// Official clients differ in the path they sign: Python's is decoded, that of Go (aliyun-log-go-sdk v0.1.124) is as
/// it is sent. Either is good.
pub fn verify(request: &Request<'_>, presented: &Presented, secret: &str) -> Result<(), Mismatch> {
    let string_to_sign = string_to_sign(request);
    let claimed = from_base64(&presented.signature);
    let md5 = request.header("content-md5").unwrap_or_default();
    let body_is_signed = md5.eq_ignore_ascii_case(&content_md5(request.body));
    let is_signed = |text: &str| hmac_is(presented.hash, secret.as_bytes(), text, &claimed);
    let as_sent = || text_with(request, &resource_at(request.path, request));
    let matches = is_signed(&string_to_sign) || (request.path.contains('%') && is_signed(&as_sent()));
    if matches && body_is_signed { Ok(()) } else { Err(Mismatch { string_to_sign }) }
}
