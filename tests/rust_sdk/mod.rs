//! The programs of `tests/sdk/rust`: the official Rust SDK, and its signer.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use testenv::place;

use crate::python::{folder, tell};

/// One of the programs. Compiling them takes minutes, once, which Cargo shows; from then on they are kept up to date.
pub(crate) fn program(name: &str) -> PathBuf {
    let target = place::target().join("sdk-rust");
    if !target.exists() {
        tell("compiling the official Rust SDK, once, about two minutes on two cores\n");
    }
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--locked", "--target-dir"]).arg(&target).current_dir(folder().join("rust"));
    let ended = build.stdin(Stdio::null()).stdout(Stdio::null()).status();
    assert!(ended.is_ok_and(|status| status.success()), "building the Rust SDK failed, see above");
    target.join("debug").join(name)
}
