//! SLS4-HMAC-SHA256, the current scheme of Log Service (cloud-api §5.4, captured 2026-11-22).
//!
//! Takes a request that already holds `host`, the `x-log-*` headers and, if sent, `content-type`; returns the
//! headers to add. The list of signed headers follows a rule and is not sent.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::canon::{Empty, header_lines, header_names, parameters, part, sorted_query};
use crate::digest::{Hash, from_hex, hmac, hmac_is, sha256_hex};
use crate::{AccessKey, Malformed, Mismatch, Request};

const SCHEME: &str = "SLS4-HMAC-SHA256";
const TERMINATOR: &str = "aliyun_v4_request";
const TIME: &str = "%Y%m%dT%H%M%SZ";

/// What a signature is bound to besides the request itself.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'a> {
    /// Region id, such as `cn-hangzhou`.
    pub region: &'a str,
    /// Time of signing; sent with whole seconds.
    pub time: Timestamp,
}

/// What the `Authorization` header of a received request claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// Access key id the sender names.
    pub access_key_id: String,
    /// Day of the scope, `YYYYMMDD`.
    pub date: String,
    /// Region of the scope.
    pub region: String,
    /// Claimed signature, hex.
    pub signature: String,
    /// `x-log-date`, when it is there and readable.
    pub time: Option<Timestamp>,
}

impl Presented {
    fn scope(&self) -> String {
        format!("{}/{}/sls/{TERMINATOR}", self.date, self.region)
    }
}

/// The headers to add to `request`: `x-log-date`, `x-log-content-sha256`, the token and `authorization`.
pub fn sign(request: &Request<'_>, key: &AccessKey<'_>, stamp: &Stamp<'_>) -> Vec<(String, String)> {
    let time = stamp.time.strftime(TIME).to_string();
    let date = stamp.time.strftime("%Y%m%d").to_string();
    let mut added =
        vec![("x-log-date".to_owned(), time), ("x-log-content-sha256".to_owned(), sha256_hex(request.body))];
    added.extend(key.security_token.map(|token| ("x-acs-security-token".to_owned(), token.to_owned())));
    let borrowed = added.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let headers: Vec<(&str, &str)> = request.headers.iter().copied().chain(borrowed).collect();
    let scope = format!("{date}/{}/sls/{TERMINATOR}", stamp.region);
    let text = string_to_sign(&Request { headers: &headers, ..*request }, &scope);
    let signature = hex::encode(hmac(Hash::Sha256, &signing_key(key.secret, &date, stamp.region), &text));
    let authorization = format!("{SCHEME} Credential={}/{scope},Signature={signature}", key.id);
    added.push(("authorization".to_owned(), authorization));
    added
}

fn is_signed(name: &str) -> bool {
    let by_rule = name == "host" || name == "content-type";
    by_rule || name.starts_with("x-log-") || name.starts_with("x-acs-")
}

/// The canonical request.
pub fn canonical_request(request: &Request<'_>) -> String {
    let names = header_names(request.headers, is_signed);
    let query = sorted_query(parameters(request.query), Empty::NameOnly);
    let headers = header_lines(request.headers, &names);
    let (method, path, signed) = (request.method, request.path, names.join(";"));
    format!("{method}\n{path}\n{query}\n{headers}\n{signed}\n{}", sha256_hex(request.body))
}

/// The text that is signed; `scope` is `YYYYMMDD/region/sls/aliyun_v4_request`.
pub fn string_to_sign(request: &Request<'_>, scope: &str) -> String {
    let time = request.header("x-log-date").unwrap_or_default();
    format!("{SCHEME}\n{time}\n{scope}\n{}", sha256_hex(canonical_request(request).as_bytes()))
}

/// The key of one day and region.
pub fn signing_key(secret: &str, date: &str, region: &str) -> Vec<u8> {
    let start = format!("aliyun_v4{secret}").into_bytes();
    [date, region, "sls", TERMINATOR].iter().fold(start, |key, text| hmac(Hash::Sha256, &key, text))
}

/// Reads who signed the request, without checking the signature.
pub fn presented(request: &Request<'_>) -> Result<Presented, Malformed> {
    let authorization = request.header("authorization").ok_or(Malformed::Unsigned)?;
    let list = authorization.strip_prefix(SCHEME).ok_or(Malformed::OtherScheme(SCHEME))?;
    let credential = part(list, "Credential").ok_or(Malformed::Part("Credential"))?;
    let signature = part(list, "Signature").ok_or(Malformed::Part("Signature"))?;
    let [id, date, region, "sls", TERMINATOR] = credential.split('/').collect::<Vec<_>>()[..] else {
        return Err(Malformed::Part("Credential"));
    };
    Ok(Presented {
        access_key_id: id.to_owned(),
        date: date.to_owned(),
        region: region.to_owned(),
        signature: signature.to_owned(),
        time: request.header("x-log-date").and_then(parse_time),
    })
}

fn parse_time(text: &str) -> Option<Timestamp> {
    let civil = DateTime::strptime(TIME, text).ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// Checks the signature, that its scope is of the day in `x-log-date`, and, when `x-log-content-sha256` is there, that it
/// is the hash of the body.
pub fn verify(request: &Request<'_>, presented: &Presented, secret: &str) -> Result<(), Mismatch> {
    let string_to_sign = string_to_sign(request, &presented.scope());
    let key = signing_key(secret, &presented.date, &presented.region);
    let body_is_signed = request
        .header("x-log-content-sha256")
        .is_none_or(|hash| hash.eq_ignore_ascii_case(&sha256_hex(request.body)));
    let matches = hmac_is(Hash::Sha256, &key, &string_to_sign, &from_hex(&presented.signature));
    if matches && body_is_signed && is_of_its_day(request, presented) {
        Ok(())
    } else {
        Err(Mismatch { string_to_sign })
    }
}

fn is_of_its_day(request: &Request<'_>, presented: &Presented) -> bool {
    let time = request.header("x-log-date").and_then(|time| time.strip_prefix(presented.date.as_str()));
    time.is_some_and(|time| time.starts_with('T'))
}
