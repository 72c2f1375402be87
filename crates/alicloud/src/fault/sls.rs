//! Codes of Log Service (cloud-api §6.9).
//!
//! The one place where messages are read: status 401 uses the codes `Unauthorized` and `InvalidAccessKeyId` for
//! several different things, and only the published sentence tells them apart (seen 2026-11-22).

use super::FaultKind::{
    self, AccountOverdue, AlreadyExists, ClockSkewed, CredentialsExpired, CredentialsInvalid, Denied,
    Foreign, Invalid, NotFound, QuotaExceeded, ServiceNotOpened, Throttled, Unavailable, Unexpected,
};
use super::{Table, look_up};

pub(super) fn classify(code: &str, message: &str) -> Option<FaultKind> {
    if code.eq_ignore_ascii_case("Unauthorized") {
        return Some(by_message(message).unwrap_or(Denied));
    }
    if code.eq_ignore_ascii_case("InvalidAccessKeyId") {
        return Some(by_message(message).unwrap_or(CredentialsInvalid));
    }
    look_up(TABLE, code)
}

/// Starts of the sentences of status 401.
fn by_message(message: &str) -> Option<FaultKind> {
    let found = SENTENCES.iter().find(|(start, _)| message.trim_start().starts_with(start));
    found.map(|(_, kind)| *kind)
}

const SENTENCES: Table = &[
    ("The security token you provided has expired", CredentialsExpired),
    ("The security token you provided is invalid", CredentialsInvalid),
    ("AccessKeyId not found", CredentialsInvalid),
    ("AccessKeyId is disabled", CredentialsInvalid),
    ("The access key id you provided is invalid", CredentialsInvalid),
    ("Your SLS service has been forbidden", AccountOverdue),
    ("Your SLS service has not opened", ServiceNotOpened),
    ("The project does not belong to you", Foreign),
];

pub(super) const TABLE: Table = &[
    ("ProjectNotExist", NotFound),
    ("LogStoreNotExist", NotFound),
    ("IndexConfigNotExist", NotFound),
    ("DashboardNotExist", NotFound),
    ("ConsumerGroupNotExist", NotFound),
    ("JobNotExist", NotFound),
    ("ConfigNotExist", NotFound),
    ("PolicyNotExist", NotFound),
    ("ShardNotExist", NotFound),
    ("ProjectAlreadyExist", AlreadyExists),
    ("LogStoreAlreadyExist", AlreadyExists),
    ("IndexAlreadyExist", AlreadyExists),
    ("ConsumerGroupAlreadyExist", AlreadyExists),
    ("WriteQuotaExceed", Throttled),
    ("ReadQuotaExceed", Throttled),
    ("ShardWriteQuotaExceed", Throttled),
    ("ShardReadQuotaExceed", Throttled),
    ("MetaOperationQpsLimitExceeded", Throttled),
    ("InternalServerError", Unavailable),
    ("RequestTimeout", Unavailable),
    ("ServerBusy", Unavailable),
    ("ServiceUnavailable", Unavailable),
    ("SignatureNotMatch", CredentialsInvalid),
    ("RequestTimeExpired", ClockSkewed),
    ("RequestTimeTooSkewed", ClockSkewed),
    ("ProjectForbidden", AccountOverdue),
    ("ProjectQuotaExceed", QuotaExceeded),
    ("IndexInfoInvalid", Invalid),
    ("LogStoreInfoInvalid", Invalid),
    ("ParameterInvalid", Invalid),
    ("MissingParameter", Invalid),
    ("PostBodyInvalid", Invalid),
    ("InvalidQueryString", Invalid),
    ("InvalidTimeRange", Invalid),
    ("InvalidOffset", Invalid),
    ("InvalidLine", Invalid),
    // In no published list; the official Python client 0.9.52 compares with it.
    ("InvalidCursor", Invalid),
    ("InvalidReverse", Invalid),
    ("JsonInfoInvalid", Invalid),
    ("InvalidTimestamp", Invalid),
    // Mistakes of the caller, not of its user.
    ("InvalidRequestTime", Unexpected),
    ("InvalidHost", Unexpected),
    ("InvalidContentType", Unexpected),
    ("InvalidEncoding", Unexpected),
    ("InvalidMethod", Unexpected),
    ("MissingContentLength", Unexpected),
    ("PostBodyTooLarge", Unexpected),
    ("PostBodyUncompressError", Unexpected),
];
