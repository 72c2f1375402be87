//! Codes of RAM 2015-05-01 (cloud-api §3).

use super::FaultKind::{AlreadyExists, Invalid, NotFound, QuotaExceeded};
use super::Table;

pub(super) const TABLE: Table = &[
    ("EntityNotExist.*", NotFound),
    ("EntityAlreadyExists.*", AlreadyExists),
    ("LimitExceeded.*", QuotaExceeded),
    ("DeleteConflict.*", Invalid),
    ("MalformedPolicyDocument", Invalid),
];
