//! The real binary as a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::client::Key;

/// A `cloudsim` process; killed when dropped.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) line: Value,
    pub(crate) key: Key,
}

impl Process {
    pub(crate) fn start(data: &Path) -> Self {
        let mut child = serve(data).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut text = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut text).unwrap();
        let line: Value = serde_json::from_str(&text).unwrap();
        let field = |name: &str| line[name].as_str().unwrap().to_owned();
        let address = field("address").strip_prefix("http://").unwrap().parse().unwrap();
        let key = Key { id: field("accessKeyId"), secret: field("accessKeySecret"), token: None };
        Self { child, address, line, key }
    }

    /// SIGKILL, and waits until the process is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// `cloudsim`, with no arguments yet.
pub(crate) fn cloudsim() -> Command {
    Command::new(env!("CARGO_BIN_EXE_cloudsim"))
}

/// `cloudsim serve` on a free port.
pub(crate) fn serve(data: &Path) -> Command {
    let mut command = cloudsim();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
    command
}
