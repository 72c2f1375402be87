//! The operator, as a straight line: a watch event comes in, a truthful status goes out.
//!
//! Read in this order: [`api`] (the resource), [`desired`] (what is asked), [`observed`] (what is seen), [`decide`]
//! (the state machine), [`report`] (what is told), [`status`] (how it is written), [`reconcile`] (the shell that moves
//! all of it), [`admin`] (health).
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected should stop there")
)]

pub mod admin;
pub mod api;
pub mod decide;
pub mod desired;
pub mod observed;
pub mod reconcile;
pub mod report;
pub mod status;
