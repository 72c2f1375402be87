//! An unchanged world, and an unchanged failure, are left alone.

use serde_json::json;

use super::stage::Stage;

/// Passes looked at before anything is concluded.
const PASSES: usize = 10;

impl Stage {
    /// Passes made so far: each asks once who it is.
    fn passes(&self) -> usize {
        self.journal().iter().filter(|call| call["action"] == "GetCallerIdentity").count()
    }

    fn await_passes(&self, more: usize) {
        let until = self.passes() + more;
        self.until(&format!("{more} more passes"), || {
            let made = self.passes();
            if made >= until { Ok(()) } else { Err(format!("{made} of {until}")) }
        });
    }

    /// Writes to `innertrails` that the API server has counted, by its own metrics.
    fn writes(&self) -> u64 {
        let metrics = self.kubectl.ok(&["get", "--raw", "/metrics"]).unwrap();
        let writes = metrics.lines().filter(|line| {
            line.starts_with("apiserver_request_total{")
                && line.contains("resource=\"innertrails\"")
                && ["PATCH", "PUT", "APPLY"].iter().any(|verb| line.contains(&format!("verb=\"{verb}\"")))
        });
        writes.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    }
}

#[test]
fn ten_passes_over_an_unchanged_object_write_nothing() {
    let stage = Stage::open();
    stage.apply("prod-ops", &json!({}));
    stage.await_ready("prod-ops");
    stage.await_passes(1);
    let (version, writes) = (stage.get("prod-ops")["metadata"]["resourceVersion"].clone(), stage.writes());
    assert!(writes > 0, "the metric counts nothing");
    stage.await_passes(PASSES);
    assert_eq!(stage.get("prod-ops")["metadata"]["resourceVersion"], version);
    assert_eq!(stage.writes(), writes);
}

#[test]
fn a_failure_that_stays_the_same_is_written_once() {
    let stage = Stage::open();
    stage.act(&json!({"action": "withdraw-feature"}));
    stage.apply("prod-ops", &json!({}));
    stage.await_condition("prod-ops", "Authorized", "False", "FeatureNotGranted");
    let version = stage.get("prod-ops")["metadata"]["resourceVersion"].clone();
    stage.await_passes(3);
    assert_eq!(stage.get("prod-ops")["metadata"]["resourceVersion"], version);
    stage.act(&json!({"action": "grant-feature"}));
    stage.await_ready("prod-ops");
}

#[test]
fn a_hiccup_of_the_cloud_is_outlived_without_a_word() {
    let stage = Stage::open();
    stage.apply("prod-ops", &json!({}));
    stage.await_ready("prod-ops");
    stage.await_passes(1);
    let version = stage.get("prod-ops")["metadata"]["resourceVersion"].clone();
    let hiccup = |action: &str| json!({"match": {"action": action}, "effect": {"kind": "error-before", "status": 503}});
    let hiccups =
        ["GetCallerIdentity", "GetRole", "GetProject", "DescribeInnerTrails", "GetLogsV2"].map(hiccup);
    stage.emulator.post("/_sim/faults", &json!(hiccups)).unwrap();
    stage.await_passes(4);
    let struck = stage.journal().iter().filter(|call| !call["fault"].is_null()).count();
    assert_eq!(struck, hiccups.len());
    assert_eq!(stage.get("prod-ops")["metadata"]["resourceVersion"], version);
}
