//! The emulator as its callers see it: signed requests over loopback HTTP, and the control API.

#![allow(clippy::disallowed_methods, reason = "a test is the caller, and callers have clocks")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod actiontrail;
mod bad_input;
mod client;
mod command;
mod consume;
mod consumers;
mod control;
mod docs;
mod documents;
mod durability;
mod faults;
mod gateway;
mod kill;
mod logs;
mod metadata;
mod nesting;
mod oidc;
mod page;
mod people;
mod policies;
mod process;
mod quirks;
mod ram;
mod resources;
mod sessions;
mod signatures;
mod sls;
mod snapshots;
mod stores;
mod tags;
mod tampering;
mod tls;
mod trails;
mod tunnels;
mod wire_faults;
mod writes;
