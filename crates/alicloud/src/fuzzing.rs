//! What must hold of the client, whatever a server answers: the bodies of the fuzz targets of this crate.
//!
//! Takes bytes; returns nothing and panics where a rule is broken. The same functions run under the fuzzer and,
//! over the kept corpus, in the tests.
#![allow(clippy::missing_panics_doc, reason = "a broken rule is told by a panic")]

use bytes::Bytes;
use http::Response;

use crate::call::{Call, Operation};
use crate::fault::{FaultKind, Service};
use crate::reply;
pub use crate::sls::fuzzing::{client_log_groups, client_lz4};

/// One target: takes bytes, panics where a rule is broken.
pub type Body = fn(&[u8]);

/// The targets of this crate, by the name of their corpus.
pub const TARGETS: [(&str, Body); 3] = [
    ("client_log_groups", client_log_groups),
    ("client_lz4", client_lz4),
    ("client_refusals", client_refusals),
];

const SECRET: &str = "s3cr3t";

/// Two bytes of status, then the body of a refusal: what is told of it is short, on one line and without secrets,
/// and a bare status is never an absence.
pub fn client_refusals(data: &[u8]) {
    let Some((status, body)) = data.split_first_chunk::<2>() else { return };
    let mut response = Response::new(Bytes::copy_from_slice(body));
    let Ok(status) = http::StatusCode::from_u16(400 + u16::from_be_bytes(*status) % 200) else { return };
    *response.status_mut() = status;
    let operation = Operation::writes(Service::Sls, "PutLogs", "log:PostLogStoreLogs");
    let call = Call { operation, host: "h.example".to_owned() };
    let error = reply::refused(&call, &response, by_code, |text| text.replace(SECRET, "***"));
    let (fault, told) = (error.fault(), error.to_string());
    assert!(!told.contains(SECRET), "a secret is told: {told}");
    assert!(!told.contains(char::is_control) && told.len() < 2048, "more than a line: {told}");
    let bare = [FaultKind::Throttled, FaultKind::Unavailable, FaultKind::Unexpected];
    assert!(fault.code.is_some() || bare.contains(&fault.kind), "{:?} without a code", fault.kind);
    assert!(fault.code.is_some() || fault.ambiguous, "without a code the effect is unknown");
}

fn by_code(code: &str, message: &str) -> FaultKind {
    crate::fault::classify(Service::Sls, code, message)
}

#[cfg(test)]
#[path = "../../../fuzz/replay.rs"]
mod replay;
