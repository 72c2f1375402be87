//! Who is calling: signatures checked with the caller's own secret.
//!
//! Takes a raw request and the state; returns the caller or the refusal the service documents. The scheme is
//! decided by what carries the signature, never by other headers (cloud-api §8.2).

mod credential;

use alicloud_sign::{Malformed, Mismatch, acs3, rpc_v1, sls_v1, sls_v4};
use jiff::Timestamp;
use rusqlite::Connection;

use crate::caller::Caller;
use crate::clock::{http_date, iso};
use crate::reply::Refusal;
use crate::request::Request;
use crate::store::account;

use credential::Credential;

/// How far a time stamp may be from the server's clock (cloud-api §5.1, §5.3).
const SKEW_SECS_MAX: i64 = 15 * 60;

/// The caller of an RPC service.
pub(crate) fn rpc(conn: &Connection, request: &Request, now: Timestamp) -> Result<Caller, Refusal> {
    let claim = request.with_signable(rpc_claim).map_err(|malformed| rpc_malformed(&malformed))?;
    let token = rpc_token(request, &claim);
    let key = Credential::find(conn, &claim.key_id, token.as_deref(), now)?.map_err(|lack| lack.rpc())?;
    if !key.active {
        return Err(Refusal::new(403, "InvalidAccessKeyId.Inactive", "Specified access key is disabled."));
    }
    check_rpc_time(claim.time, now)?;
    request
        .with_signable(|signable| claim.verify(signable, &key.secret))
        .map_err(|mismatch| rpc_mismatch(&mismatch))?;
    let nonce = claim.nonce.ok_or_else(|| missing("SignatureNonce"))?;
    if !account::use_nonce(conn, &key.id, &nonce, now.as_second())? {
        return Err(Refusal::new(400, "SignatureNonceUsed", "Specified signature nonce was used already."));
    }
    key.caller(conn)
}

/// The session token, from where the scheme signs it.
fn rpc_token(request: &Request, claim: &RpcClaim) -> Option<String> {
    match claim.scheme {
        RpcScheme::Acs3(_) => request.header("x-acs-security-token").map(str::to_owned),
        RpcScheme::V1(_) => request.parameters().remove("SecurityToken"),
    }
}

/// A claim in either RPC scheme.
struct RpcClaim {
    key_id: String,
    time: Option<Timestamp>,
    nonce: Option<String>,
    scheme: RpcScheme,
}

enum RpcScheme {
    Acs3(acs3::Presented),
    V1(rpc_v1::Presented),
}

impl RpcClaim {
    fn verify(&self, signable: &alicloud_sign::Request<'_>, secret: &str) -> Result<(), Mismatch> {
        match &self.scheme {
            RpcScheme::Acs3(presented) => acs3::verify(signable, presented, secret),
            RpcScheme::V1(presented) => rpc_v1::verify(signable, presented, secret),
        }
    }
}

fn rpc_claim(signable: &alicloud_sign::Request<'_>) -> Result<RpcClaim, Malformed> {
    if signable.header("authorization").is_some() {
        let presented = acs3::presented(signable)?;
        let (key_id, time, nonce) =
            (presented.access_key_id.clone(), presented.time, presented.nonce.clone());
        return Ok(RpcClaim { key_id, time, nonce, scheme: RpcScheme::Acs3(presented) });
    }
    let presented = rpc_v1::presented(signable)?;
    let (key_id, time, nonce) = (presented.access_key_id.clone(), presented.time, presented.nonce.clone());
    Ok(RpcClaim { key_id, time, nonce, scheme: RpcScheme::V1(presented) })
}

fn check_rpc_time(time: Option<Timestamp>, now: Timestamp) -> Result<(), Refusal> {
    let time = time.ok_or_else(|| {
        Refusal::new(
            400,
            "InvalidTimeStamp.Format",
            "Specified time stamp or date value is not well formatted.",
        )
    })?;
    if is_skewed(time, now) {
        return Err(Refusal::new(
            400,
            "InvalidTimeStamp.Expired",
            "Specified time stamp or date value is expired.",
        ));
    }
    Ok(())
}

fn is_skewed(time: Timestamp, now: Timestamp) -> bool {
    time.as_second().abs_diff(now.as_second()) > SKEW_SECS_MAX.unsigned_abs()
}

fn rpc_malformed(malformed: &Malformed) -> Refusal {
    match malformed {
        Malformed::Unsigned => missing("AccessKeyId"),
        Malformed::OtherScheme(_) | Malformed::Part(_) => Refusal::new(
            400,
            "IncompleteSignature",
            format!("The request signature does not conform to Aliyun standards: {malformed}."),
        ),
    }
}

fn missing(parameter: &str) -> Refusal {
    Refusal::new(400, format!("Missing{parameter}"), format!("{parameter} is mandatory for this action."))
}

fn rpc_mismatch(mismatch: &Mismatch) -> Refusal {
    let text = &mismatch.string_to_sign;
    Refusal::new(
        400,
        "SignatureDoesNotMatch",
        format!("Specified signature is not matched with our calculation. server string to sign is:{text}"),
    )
}

/// The caller of Log Service. `region` is the one that the host names.
pub(crate) fn sls(
    conn: &Connection,
    request: &Request,
    region: &str,
    now: Timestamp,
) -> Result<Caller, Refusal> {
    let claim = request.with_signable(sls_claim).map_err(|malformed| sls_malformed(&malformed))?;
    let token = request.header("x-acs-security-token");
    let key = Credential::find(conn, &claim.key_id, token, now)?.map_err(|lack| lack.sls(&claim.key_id))?;
    if !key.active {
        return Err(sls_unauthorized(format!("AccessKeyId is disabled: {}", key.id)));
    }
    check_sls_time(claim.time, now)?;
    let of_this_region = match &claim.scheme {
        SlsScheme::V4(presented) => presented.region == region,
        SlsScheme::V1(_) => true,
    };
    let verified = request.with_signable(|signable| claim.verify(signable, &key.secret));
    if verified.is_err() || !of_this_region {
        let message = format!("signature {} not match", claim.signature());
        return Err(Refusal::new(401, "SignatureNotMatch", message));
    }
    let caller = key.caller(conn)?;
    if caller.account.sls_open { Ok(caller) } else { Err(not_opened()) }
}

/// A claim in either Log Service scheme.
struct SlsClaim {
    key_id: String,
    time: Option<Timestamp>,
    scheme: SlsScheme,
}

enum SlsScheme {
    V1(sls_v1::Presented),
    V4(sls_v4::Presented),
}

impl SlsClaim {
    fn verify(&self, signable: &alicloud_sign::Request<'_>, secret: &str) -> Result<(), Mismatch> {
        match &self.scheme {
            SlsScheme::V1(presented) => sls_v1::verify(signable, presented, secret),
            SlsScheme::V4(presented) => sls_v4::verify(signable, presented, secret),
        }
    }

    fn signature(&self) -> &str {
        match &self.scheme {
            SlsScheme::V1(presented) => &presented.signature,
            SlsScheme::V4(presented) => &presented.signature,
        }
    }
}

fn sls_claim(signable: &alicloud_sign::Request<'_>) -> Result<SlsClaim, Malformed> {
    if signable.header("authorization").is_some_and(|text| text.starts_with("LOG ")) {
        let presented = sls_v1::presented(signable)?;
        let (key_id, time) = (presented.access_key_id.clone(), presented.time);
        return Ok(SlsClaim { key_id, time, scheme: SlsScheme::V1(presented) });
    }
    let presented = sls_v4::presented(signable)?;
    let (key_id, time) = (presented.access_key_id.clone(), presented.time);
    Ok(SlsClaim { key_id, time, scheme: SlsScheme::V4(presented) })
}

fn sls_malformed(malformed: &Malformed) -> Refusal {
    match malformed {
        Malformed::Unsigned => {
            Refusal::new(400, "MissingParameter", "Missing http extend header key : Authorization.")
        }
        Malformed::OtherScheme(_) | Malformed::Part(_) => Refusal::new(
            400,
            "ParameterInvalid",
            format!("The Authorization header is invalid: {malformed}."),
        ),
    }
}

fn check_sls_time(time: Option<Timestamp>, now: Timestamp) -> Result<(), Refusal> {
    let time =
        time.ok_or_else(|| Refusal::new(400, "InvalidRequestTime", "The request time cannot be read."))?;
    if !is_skewed(time, now) {
        return Ok(());
    }
    let (sent, server) = (iso(time.as_second()), http_date(now));
    let message = format!("Request time {sent} has been expired while server time is {server}.");
    Err(Refusal::new(400, "RequestTimeExpired", message))
}

/// 401 `Unauthorized`, the code Log Service uses for several things (cloud-api §6.9).
pub(crate) fn sls_unauthorized(message: impl Into<String>) -> Refusal {
    Refusal::new(401, "Unauthorized", message)
}

/// The answer while Log Service is not activated.
pub(crate) fn not_opened() -> Refusal {
    Refusal::new(401, "InvalidAccessKeyId", "Your SLS service has not opened.")
}
