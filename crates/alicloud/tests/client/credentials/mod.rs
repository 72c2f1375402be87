//! Credentials against a fake STS, metadata server and URI, in paused time.

mod chain;
mod fake;
mod files;
mod refresh;
mod sources;
