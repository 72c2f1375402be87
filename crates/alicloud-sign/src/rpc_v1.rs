//! RPC v1 (HMAC-SHA1 over the parameters), the scheme of the older RPC clients (cloud-api §5.1).
//!
//! Takes a request whose query (or form body) holds the operation's own parameters; returns the parameters to
//! add, not headers. Headers are not signed by this scheme; a body is, when it is a form.

use jiff::Timestamp;

use crate::acs3::Stamp;
use crate::canon::{Empty, encode, parameters, sorted_query};
use crate::digest::{Hash, from_base64, hmac, hmac_is, to_base64};
use crate::{AccessKey, Malformed, Mismatch, Request};

const FORM: &str = "application/x-www-form-urlencoded";

/// What the parameters of a received request claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// Parameter `AccessKeyId`.
    pub access_key_id: String,
    /// Claimed signature, base64.
    pub signature: String,
    /// `Timestamp`, when it is there and readable.
    pub time: Option<Timestamp>,
    /// `SignatureNonce`.
    pub nonce: Option<String>,
}

/// The parameters to add to the query of `request`, `Signature` last.
pub fn sign(request: &Request<'_>, key: &AccessKey<'_>, stamp: &Stamp<'_>) -> Vec<(String, String)> {
    let mut added = vec![
        ("Action".to_owned(), stamp.action.to_owned()),
        ("Version".to_owned(), stamp.version.to_owned()),
        ("Timestamp".to_owned(), stamp.time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        ("SignatureNonce".to_owned(), stamp.nonce.to_owned()),
        ("SignatureMethod".to_owned(), "HMAC-SHA1".to_owned()),
        ("SignatureVersion".to_owned(), "1.0".to_owned()),
        ("AccessKeyId".to_owned(), key.id.to_owned()),
    ];
    added.extend(key.security_token.map(|token| ("SecurityToken".to_owned(), token.to_owned())));
    let mut all = all_parameters(request);
    all.extend(added.iter().cloned());
    let text = text_of(request.method, all);
    let signature = hmac(Hash::Sha1, &signing_key(key.secret), &text);
    added.push(("Signature".to_owned(), to_base64(&signature)));
    added
}

/// Every parameter of the query and, if the body is a form, of the body; decoded.
pub fn all_parameters(request: &Request<'_>) -> Vec<(String, String)> {
    let mut all = parameters(request.query);
    let is_form = request.header("content-type").is_some_and(|kind| kind.starts_with(FORM));
    if is_form {
        all.extend(std::str::from_utf8(request.body).map(parameters).unwrap_or_default());
    }
    all
}

/// The sorted parameters without `Signature`.
pub fn canonical_query(request: &Request<'_>) -> String {
    sorted_query(unsigned(all_parameters(request)), Empty::WithEquals)
}

/// The text that is signed.
pub fn string_to_sign(request: &Request<'_>) -> String {
    text_of(request.method, all_parameters(request))
}

fn text_of(method: &str, all: Vec<(String, String)>) -> String {
    format!("{method}&%2F&{}", encode(&sorted_query(unsigned(all), Empty::WithEquals)))
}

fn unsigned(mut all: Vec<(String, String)>) -> Vec<(String, String)> {
    all.retain(|(name, _)| name != "Signature");
    all
}

fn signing_key(secret: &str) -> Vec<u8> {
    format!("{secret}&").into_bytes()
}

/// Reads who signed the request, without checking the signature.
pub fn presented(request: &Request<'_>) -> Result<Presented, Malformed> {
    let all = all_parameters(request);
    let find = |wanted: &str| all.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    let signature = find("Signature").ok_or(Malformed::Unsigned)?;
    if find("SignatureMethod").is_some_and(|method| method != "HMAC-SHA1") {
        return Err(Malformed::OtherScheme("HMAC-SHA1"));
    }
    Ok(Presented {
        access_key_id: find("AccessKeyId").ok_or(Malformed::Part("AccessKeyId"))?,
        signature,
        time: find("Timestamp").and_then(|text| text.parse().ok()),
        nonce: find("SignatureNonce"),
    })
}

/// Checks the signature. The path is not part of it: the scheme fixes it as `/`, and so does this check.
pub fn verify(request: &Request<'_>, presented: &Presented, secret: &str) -> Result<(), Mismatch> {
    let string_to_sign = string_to_sign(request);
    let claimed = from_base64(&presented.signature);
    let matches = hmac_is(Hash::Sha1, &signing_key(secret), &string_to_sign, &claimed);
    if matches && request.path == "/" { Ok(()) } else { Err(Mismatch { string_to_sign }) }
}
