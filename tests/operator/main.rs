//! The whole operator as its own process, under its ServiceAccount's token, on a real API server and the emulator over
//! HTTP.
//!
//! Every test opens a [`stage::Stage`]: an emulator with an account of its own, an operator, a namespace. Two
//! control planes are shared, so the tests take turns on them. Conditions are awaited, never slept for.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected should stop there")]

mod bad_input;
mod bad_luck;
mod chart;
mod claims;
mod crash;
mod credentials;
mod doors;
mod drift;
mod farewell;
mod quiet;
mod settling;
mod stage;
mod story;
