//! One control plane for all tests of a binary, with everything of `deploy/cluster` in it and no operator.
//!
//! Takes objects and arguments, returns what kubectl and helm said. It is started by the first test that asks and
//! ended with the process, however that ends.
#![allow(dead_code, reason = "no test binary uses all of it")]

use std::io::Write as _;
use std::ops::ControlFlow;
use std::process::{Command, Output};
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::Value;
use testenv::{ControlPlane, Tool, Tools, place, progress::Shown, wait};

/// The definition is served at once; its documentation a moment later, later still on a busy machine.
const PUBLISHED_LIMIT: Duration = Duration::from_mins(1);

static SHARED: LazyLock<Cluster> = LazyLock::new(Cluster::start);

/// A control plane and what is asked of it.
pub(crate) struct Cluster {
    plane: ControlPlane,
}

impl Cluster {
    /// The control plane of this test binary.
    pub(crate) fn shared() -> &'static Self {
        &SHARED
    }

    fn start() -> Self {
        let cluster = Self { plane: ControlPlane::fresh(false).unwrap() };
        cluster.kubectl(&["apply", "-k", &path("deploy/cluster")]).unwrap();
        until("the definition", || cluster.kubectl(&["explain", "innertrail.spec.destination"]));
        cluster
    }

    /// What kubectl printed, or what it complained of.
    pub(crate) fn kubectl(&self, args: &[&str]) -> Result<String, String> {
        answer(&self.plane.kubectl(args).unwrap())
    }

    /// What kubectl prints as JSON.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.kubectl(&[args, &["-o", "json"]].concat()).unwrap()).unwrap()
    }

    /// `kubectl apply` of one object.
    pub(crate) fn apply(&self, object: &Value) -> Result<String, String> {
        self.apply_with(object, &[])
    }

    /// The same with further arguments.
    pub(crate) fn apply_with(&self, object: &Value, more: &[&str]) -> Result<String, String> {
        let mut file = tempfile::NamedTempFile::with_suffix(".json").unwrap();
        file.write_all(object.to_string().as_bytes()).unwrap();
        self.kubectl(&[&["apply", "-f", file.path().to_str().unwrap()], more].concat())
    }
}

/// Asks again and again until the answer is `Ok`.
pub(crate) fn until(what: &str, ask: impl Fn() -> Result<String, String>) {
    let ask = || Ok(ask().map_or_else(ControlFlow::Continue, |_| ControlFlow::Break(())));
    wait::until(what, PUBLISHED_LIMIT, ask).unwrap();
}

/// What helm printed, or what it complained of. No helm call here needs the cluster.
pub(crate) fn helm(args: &[&str]) -> Result<String, String> {
    let tools = Tools::ensure(&[Tool::Helm], &Shown).unwrap();
    answer(&Command::new(tools.path(Tool::Helm).unwrap()).args(args).output().unwrap())
}

fn answer(output: &Output) -> Result<String, String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// A path below the root of the source tree.
pub(crate) fn path(below: &str) -> String {
    place::root().join(below).to_str().unwrap().to_owned()
}
