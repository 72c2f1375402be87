//! The client through its one seam: what it sends for each operation, and what it makes of each reply.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(
    clippy::unnecessary_wraps,
    clippy::needless_pass_by_value,
    reason = "answers are written in the form the script takes"
)]
#![allow(unreachable_pub, reason = "one binary, nothing is exported")]

mod ambiguity;
mod credentials;
mod errors;
mod network;
mod operations;
mod packing;
mod policy;
mod profile;
mod replies;
mod requests;
mod robust;
mod secrets;
mod support;
mod tls;
