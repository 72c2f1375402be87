//! The Helm chart as a user installs it: what it renders is all the operator needs.

use std::process::Command;

use serde_json::json;
use testenv::progress::Shown;
use testenv::{Tool, Tools, place};

use super::stage::Stage;

/// The chart, rendered for the namespace the operator's ServiceAccount is in.
fn rendered() -> String {
    let tools = Tools::ensure(&[Tool::Helm], &Shown).unwrap();
    let chart = place::root().join("charts/innertrail-operator");
    let output = Command::new(tools.path(Tool::Helm).unwrap())
        .args(["template", "innertrail-operator", &chart.display().to_string(), "-n", "innertrail-system"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn with_the_chart_applied_the_service_account_alone_is_enough() {
    let stage = Stage::installed(|kubectl| {
        kubectl
            .ok(&["delete", "clusterrole,clusterrolebinding", "-l", "app.kubernetes.io/name=innertrail"])
            .unwrap();
        kubectl.apply(&rendered()).unwrap();
    });
    stage.apply("prod-ops", &json!({}));
    stage.await_ready("prod-ops");
    stage.delete("prod-ops");
    stage.await_gone("prod-ops");
    let log = stage.log().to_lowercase();
    assert!(!log.contains("403") && !log.contains("forbidden"), "{log}");
}
