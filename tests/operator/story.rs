//! The main job: from nothing to a trail that records.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use testenv::{Emulator, place};

use super::stage::{Stage, condition};

#[test]
fn the_sample_becomes_ready_and_tells_its_story() {
    let stage = Stage::open();
    let sample = place::root().join("deploy/samples/innertrail.yaml");
    stage.kubectl.ok(&["apply", "-f", &sample.display().to_string()]).unwrap();
    stage
        .kubectl
        .within(std::time::Duration::from_secs(35))
        .ok(&["wait", "-n", "audit", "--for=condition=Ready", "innertrail/prod-ops", "--timeout=30s"])
        .unwrap();

    let listing = stage.kubectl.ok(&["get", "itrail", "-A"]).unwrap();
    let header: Vec<&str> = listing.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(header, ["NAMESPACE", "NAME", "READY", "STAGE", "LOGSTORE", "LAST-DELIVERY", "REASON", "AGE"]);
    assert!(listing.contains("Recording"), "{listing}");

    let told = stage.kubectl.ok(&["describe", "innertrail", "prod-ops", "-n", "audit"]).unwrap();
    for word in [
        "CreateProject",
        "CreateLogstore",
        "CreateInnerTrail",
        "CreateIndex",
        "QuietHealthy",
        "IndexMatches",
        "Recording",
    ] {
        assert!(told.contains(word), "describe does not tell {word}:\n{told}");
    }
}

#[test]
fn each_creating_call_is_made_once_and_follows_a_read() {
    let stage = Stage::open();
    stage.apply("prod-ops", &json!({}));
    stage.await_ready("prod-ops");
    assert_eq!(stage.changes(), ["CreateProject", "CreateLogStore", "CreateInnerTrail", "CreateIndex"]);

    let journal = stage.journal();
    let reads = [
        ("CreateProject", "GetProject"),
        ("CreateLogStore", "GetLogStore"),
        ("CreateInnerTrail", "DescribeInnerTrails"),
        ("CreateIndex", "GetIndex"),
    ];
    for (change, read) in reads {
        let at = journal.iter().position(|call| call["action"] == change).unwrap();
        let since = journal[..at].iter().rposition(|call| call["changed"] == true).unwrap_or(0);
        assert!(
            journal[since..at].iter().any(|call| call["action"] == read),
            "{change} without {read} since the last change"
        );
    }
}

#[test]
fn no_call_is_made_before_the_finalizer_is_on_the_object() {
    let stage = Stage::open();
    let policy = refuse_finalizers(&stage);
    stage.apply("prod-ops", &json!({}));
    stage.until("the refusal in the log", || {
        if stage.log().contains("finalizer was not accepted") {
            Ok(())
        } else {
            Err("nothing yet".to_owned())
        }
    });
    let calls = stage.journal();
    for object in ["validatingadmissionpolicybinding", "validatingadmissionpolicy"] {
        stage.kubectl.ok(&["delete", object, &policy]).unwrap();
    }
    assert_eq!(calls, [] as [Value; 0]);
    stage.await_ready("prod-ops");
}

/// A policy of the cluster under which no finalizer is accepted, in force when this returns.
fn refuse_finalizers(stage: &Stage) -> String {
    let name = "no-finalizers".to_owned();
    let manifest = json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name},
         "spec": {"failurePolicy": "Fail",
                  "matchConstraints": {"resourceRules": [{"apiGroups": ["innertrail.io"], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"], "resources": ["innertrails"]}]},
                  "validations": [{"expression": "!has(object.metadata.finalizers)", "message": "no finalizers here"}]}},
        {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": name},
         "spec": {"policyName": name, "validationActions": ["Deny"]}},
    ]});
    stage.kubectl.apply(&manifest.to_string()).unwrap();
    let mut probe = stage.manifest("probe-finalizers", &json!({}));
    probe["metadata"]["finalizers"] = json!(["example.com/probe"]);
    let file = stage.operator.log().with_file_name("probe.json");
    std::fs::write(&file, probe.to_string()).unwrap();
    stage.until("the policy to be in force", || {
        let tried =
            stage.kubectl.run(&["create", "--dry-run=server", "-f", &file.display().to_string()]).unwrap();
        if tried.status.success() { Err("accepted".to_owned()) } else { Ok(()) }
    });
    name
}

#[test]
fn events_that_arrive_are_seen_and_queried_back() {
    let stage = Stage::open();
    stage.apply("prod-ops", &json!({}));
    stage.await_condition("prod-ops", "Shipping", "True", "QuietHealthy");
    let delivered = stage.emulator.post("/_sim/events", &json!({"count": 5})).unwrap();
    assert_eq!(delivered["delivered"], 5, "{delivered}");
    stage.await_condition("prod-ops", "Shipping", "True", "Delivering");
    let delivery = stage.get("prod-ops")["status"]["delivery"].clone();
    assert_eq!((&delivery["verdict"], delivery["lastEventTime"].is_string()), (&json!("Delivering"), true));
}

#[test]
fn all_conditions_are_there_from_the_first_pass_on() {
    let stage = Stage::with(|_| Vec::new());
    stage.apply("prod-ops", &json!({}));
    stage.await_condition("prod-ops", "Authorized", "False", "CredentialsMissing");
    let object = stage.get("prod-ops");
    for kind in ["Authorized", "LogstoreReady", "Shipping", "Indexed", "Ready"] {
        assert_eq!(condition(&object, kind)["observedGeneration"], 1, "{kind}");
    }
}

#[test]
fn explain_reads_like_documentation() {
    let stage = Stage::open();
    let text = stage.kubectl.ok(&["explain", "innertrail.spec.destination"]).unwrap();
    for word in ["project", "logstore", "retention", "Default", "ProjectAndLogstore"] {
        assert!(text.to_lowercase().contains(&word.to_lowercase()), "explain does not tell {word}:\n{text}");
    }
}

/// A user of the account with exactly the sample's RAM policy.
fn user_of_the_sample(emulator: &Emulator) -> Vec<(String, String)> {
    let policy = json!({"action": "set-policy", "name": "innertrail", "document": sample_ram_policy()});
    emulator.post("/_sim/actions", &policy).unwrap();
    let user = json!({"action": "create-user", "name": "innertrail-operator", "policies": ["innertrail"]});
    let made = emulator.post("/_sim/actions", &user).unwrap()["result"].take();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    vec![
        ("ALIBABA_CLOUD_ACCESS_KEY_ID".to_owned(), text("accessKeyId")),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET".to_owned(), text("accessKeySecret")),
    ]
}

fn sample_ram_policy() -> Value {
    let text = std::fs::read_to_string(place::root().join("deploy/samples/ram-policy.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn sample_ram_policy_is_all_the_operator_needs_and_no_more() {
    let stage = Stage::with(user_of_the_sample);
    stage.apply("prod-ops", &json!({"destination": {"retention": {"desiredDays": 365}}}));
    stage.await_ready("prod-ops");
    let keys =
        json!({"EventName": {"type": "text", "token": [","], "caseSensitive": false, "doc_value": true}});
    stage.act(&json!({"action": "set-index", "project": "my-audit", "logstore": "innertrail_prod-ops", "index": {"keys": keys}}));
    stage.act(&json!({"action": "set-retention", "project": "my-audit", "logstore": "innertrail_prod-ops", "days": 200}));
    stage.until("index and retention to be repaired", || {
        let changes = stage.changes();
        let repaired =
            ["UpdateIndex", "UpdateLogStore"].iter().all(|repair| changes.iter().any(|made| made == repair));
        if repaired { Ok(()) } else { Err(changes.join(" ")) }
    });
    stage.await_ready("prod-ops");
    stage.delete("prod-ops");
    stage.await_gone("prod-ops");

    let journal = stage.journal();
    let needed: BTreeSet<&str> = journal.iter().filter_map(|call| call["permission"].as_str()).collect();
    let policy = sample_ram_policy();
    let statements = policy["Statement"].as_array().unwrap().iter();
    let granted = statements.flat_map(|statement| statement["Action"].as_array().unwrap());
    assert_eq!(needed, granted.filter_map(Value::as_str).collect());
    assert!(
        !journal.iter().any(|call| [401, 403].contains(&call["status"].as_u64().unwrap())),
        "{journal:#?}"
    );
}
