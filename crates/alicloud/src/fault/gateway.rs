//! Codes of the gateway in front of every service (cloud-api §2.3 "any", §7).

use super::FaultKind::{
    ClockSkewed, CredentialsExpired, CredentialsInvalid, Denied, Invalid, Throttled, Unavailable, Unexpected,
};
use super::Table;

pub(super) const TABLE: Table = &[
    ("Throttling", Throttled),
    ("Throttling.*", Throttled),
    ("Rejected.Throttling", Throttled),
    ("ServiceUnavailable", Unavailable),
    ("InternalError", Unavailable),
    ("InternalServerError", Unavailable),
    ("RequestTimeout", Unavailable),
    ("ServerBusy", Unavailable),
    // Our nonces are random, so something on the way sent the request twice: signing afresh cures it.
    ("SignatureNonceUsed", Unavailable),
    ("InvalidAccessKeyId", CredentialsInvalid),
    ("InvalidAccessKeyId.NotFound", CredentialsInvalid),
    ("InvalidAccessKeyId.Inactive", CredentialsInvalid),
    ("SignatureDoesNotMatch", CredentialsInvalid),
    ("IncompleteSignature", CredentialsInvalid),
    ("InvalidSecurityToken.*", CredentialsInvalid),
    ("InvalidSecurityToken.Expired", CredentialsExpired),
    ("InvalidTimeStamp.Expired", ClockSkewed),
    ("NoPermission", Denied),
    ("Forbidden.RAM", Denied),
    ("Unauthorized", Denied),
    ("InvalidAction", Invalid),
    ("MissingAction", Invalid),
    ("MissingParameter", Invalid),
    ("MissingParameter.*", Invalid),
    ("InvalidParameter", Invalid),
    ("InvalidParameter.*", Invalid),
    ("InvalidParameterValue", Invalid),
    // Mistakes of the caller, not of its user.
    ("InvalidTimeStamp.Format", Unexpected),
    ("InvalidProtocol.NeedSsl", Unexpected),
    ("ContentMD5NotMatched", Unexpected),
];
