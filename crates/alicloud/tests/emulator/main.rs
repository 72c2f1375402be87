//! The client against the emulator: every typed operation is accepted and sends what it always sent, and every source of
//! credentials gives one that the cloud takes.

#![allow(clippy::disallowed_methods, reason = "the time of the emulator is set from the system's")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(unreachable_pub, reason = "one binary, nothing is exported")]

mod actiontrail;
mod conform;
mod credentials;
mod denied;
mod golden;
mod issuer;
mod ram;
mod record;
mod sls_documents;
mod sls_logs;
mod sls_stores;
mod stage;
mod sts;
