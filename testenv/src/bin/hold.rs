//! Holds a control plane until standard input closes, for tests of what happens when its holder dies.
//!
//! Prints one JSON line, `{"kubeconfig": FILE, "dir": DIR, "pids": [..]}`, when it is ready.
#![allow(clippy::print_stdout, reason = "the line is what this program is for")]

use anyhow::Result;
use serde_json::json;
use std::io::Read;

fn main() -> Result<()> {
    let plane = testenv::ControlPlane::fresh(false)?;
    println!("{}", json!({ "kubeconfig": plane.kubeconfig(), "dir": plane.dir(), "pids": plane.pids() }));
    std::io::stdin().read_to_end(&mut Vec::new())?;
    plane.stop();
    Ok(())
}
