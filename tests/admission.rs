//! Every admission rule of the definition, on a real API server, as a user meets it: through `kubectl apply`.
//!
//! One named test per rule. What a rule refuses is written as a JSON merge patch over a valid object; the answer must
//! hold the rule's own message, whole. No operator runs here.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected should stop there")]

mod cluster;

use cluster::Cluster;
use serde_json::{Value, json};

/// A valid object that says as little as it may.
fn minimal(name: &str) -> Value {
    json!({
        "apiVersion": "innertrail.io/v1alpha1",
        "kind": "InnerTrail",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"region": "cn-hangzhou", "destination": {"project": "my-audit"}},
    })
}

/// `base` with `patch` laid over it, as RFC 7396 has it.
fn patched(mut base: Value, patch: &Value) -> Value {
    let Value::Object(changes) = patch else { return patch.clone() };
    if !base.is_object() {
        base = json!({});
    }
    for (key, change) in changes {
        let merged = patched(base[key].take(), change);
        if merged.is_null() {
            base.as_object_mut().unwrap().remove(key);
        } else {
            base[key] = merged;
        }
    }
    base
}

/// The whole message of the rule that begins with `opening`, from the definition the server was given.
fn rule_message(opening: &str) -> String {
    let all = rule_messages();
    all.iter()
        .find(|message| message.starts_with(opening))
        .unwrap_or_else(|| panic!("no rule says {opening}"))
        .clone()
}

/// The messages of all rules in the committed definition.
fn rule_messages() -> Vec<String> {
    fn collect(schema: &Value, found: &mut Vec<String>) {
        match schema {
            Value::Object(fields) => {
                let rules = fields.get("x-kubernetes-validations").and_then(Value::as_array);
                found.extend(
                    rules.into_iter().flatten().map(|rule| rule["message"].as_str().unwrap().to_owned()),
                );
                fields.values().for_each(|field| collect(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut found = Vec::new();
    collect(&serde_json::to_value(innertrail::api::innertrail_crd()).unwrap(), &mut found);
    found
}

fn assert_refused(cluster: &Cluster, object: &Value, opening: &str) {
    let message = rule_message(opening);
    let answer = cluster.apply(object).expect_err("the object is accepted");
    assert!(answer.contains(&message), "expected: {message}\nanswer: {answer}");
}

/// One test per rule about an object alone: test name, what is wrong, how the message begins.
macro_rules! refused {
    ($($name:ident: $wrong:tt => $opening:literal;)+) => {
        $(#[test]
        fn $name() {
            assert_refused(Cluster::shared(), &patched(minimal("prod-ops"), &json!($wrong)), $opening);
        })+

        const REFUSED_AT_CREATION: &[&str] = &[$($opening),+];
    };
}

refused! {
    region_must_look_like_a_region: {"spec": {"region": "Hangzhou"}} => "spec.region must be an";
    trail_name_must_be_legal: {"spec": {"trailName": "Prod-Ops"}} => "spec.trailName must be 6 to 36";
    trail_name_that_names_the_logstore_must_end_as_one:
        {"spec": {"trailName": "prod-ops-"}} => "spec.trailName must end with";
    object_name_must_be_a_trail_name_when_none_is_given:
        {"metadata": {"name": "ops"}} => "metadata.name is used as the trail name";
    account_id_must_be_sixteen_digits: {"spec": {"accountId": "123456"}} => "spec.accountId must be the 16 digits";
    role_chain_must_end_in_the_guarded_account: {"spec": {
        "accountId": "1234567890123456",
        "credentials": {"assumeRole": [{"roleArn": "acs:ram::6543210987654321:role/innertrail"}]},
    }} => "spec.credentials.assumeRole must end with";
    two_credential_sources_are_one_too_many: {"spec": {"credentials": {
        "secretRef": {"name": "alibaba"}, "ecsRole": {"roleName": "node"},
    }}} => "spec.credentials must set exactly one";
    secret_name_must_be_legal: {"spec": {"credentials": {"secretRef": {"name": "Alibaba!"}}}}
        => "spec.credentials.secretRef.name must be";
    rrsa_role_must_be_an_arn: {"spec": {"credentials": {"rrsa": {"roleArn": "innertrail"}}}}
        => "spec.credentials.rrsa.roleArn must be";
    rrsa_provider_must_be_an_arn: {"spec": {"credentials": {"rrsa": {
        "roleArn": "acs:ram::1234567890123456:role/innertrail", "oidcProviderArn": "ack-rrsa",
    }}}} => "spec.credentials.rrsa.oidcProviderArn must be";
    ecs_role_must_be_a_role_name: {"spec": {"credentials": {"ecsRole": {"roleName": "role/node"}}}}
        => "spec.credentials.ecsRole.roleName must be";
    role_chain_has_at_most_two_links: {"spec": {"credentials": {"assumeRole": [
        {"roleArn": "acs:ram::1234567890123456:role/a"},
        {"roleArn": "acs:ram::1234567890123456:role/b"},
        {"roleArn": "acs:ram::1234567890123456:role/c"},
    ]}}} => "spec.credentials.assumeRole must hold at most 2";
    assumed_role_must_be_an_arn: {"spec": {"credentials": {"assumeRole": [{"roleArn": "role/innertrail"}]}}}
        => "spec.credentials.assumeRole.roleArn must be";
    external_id_must_have_two_characters: {"spec": {"credentials": {"assumeRole": [
        {"roleArn": "acs:ram::1234567890123456:role/a", "externalId": "x"},
    ]}}} => "spec.credentials.assumeRole.externalId must be";
    role_name_must_be_legal: {"spec": {"role": {"name": "my role"}}} => "spec.role.name must be";
    project_name_must_be_legal: {"spec": {"destination": {"project": "My_Audit"}}}
        => "spec.destination.project must be 3 to 63";
    logstore_name_must_be_legal: {"spec": {"destination": {"logstore": "logs_"}}}
        => "spec.destination.logstore must be 3 to 63";
    min_days_must_be_a_retention: {"spec": {"destination": {"retention": {"minDays": 0}}}}
        => "spec.destination.retention.minDays must be 1 to 3650";
    desired_days_must_be_a_retention: {"spec": {"destination": {"retention": {"desiredDays": 3651}}}}
        => "spec.destination.retention.desiredDays must be 1 to 3650";
    min_days_must_not_exceed_desired_days: {"spec": {"destination": {"retention": {"minDays": 365, "desiredDays": 180}}}}
        => "spec.destination.retention.minDays must not be greater";
    interval_must_lie_between_a_minute_and_a_day: {"spec": {"interval": "59s"}} => "spec.interval must be a duration";
    console_control_must_retain: {"spec": {"control": "Console"}} => "spec.control Console requires";
}

/// One test per rule about a change: test name, the object before, the change, how the message begins.
macro_rules! immutable {
    ($($name:ident: $before:tt then $change:tt => $opening:literal;)+) => {
        $(#[test]
        fn $name() {
            let cluster = Cluster::shared();
            let before = patched(minimal(&stringify!($name).replace('_', "-")), &json!($before));
            cluster.apply(&before).unwrap();
            assert_refused(cluster, &patched(before, &json!($change)), $opening);
        })+

        const REFUSED_AS_CHANGE: &[&str] = &[$($opening),+];
    };
}

immutable! {
    region_never_changes: {} then {"spec": {"region": "cn-shanghai"}} => "spec.region is immutable";
    trail_name_never_changes: {"spec": {"trailName": "prod-ops"}} then {"spec": {"trailName": "test-ops"}}
        => "spec.trailName is immutable";
    trail_name_is_never_added: {} then {"spec": {"trailName": "test-ops"}} => "spec.trailName is immutable";
    trail_name_is_never_removed: {"spec": {"trailName": "prod-ops"}} then {"spec": {"trailName": null}}
        => "spec.trailName is immutable";
    project_never_changes: {} then {"spec": {"destination": {"project": "my-audit-2"}}}
        => "spec.destination.project is immutable";
    logstore_never_changes: {"spec": {"destination": {"logstore": "innertrail_a"}}}
        then {"spec": {"destination": {"logstore": "innertrail_b"}}} => "spec.destination.logstore is immutable";
    logstore_is_never_added: {} then {"spec": {"destination": {"logstore": "innertrail_b"}}}
        => "spec.destination.logstore is immutable";
    logstore_is_never_removed: {"spec": {"destination": {"logstore": "innertrail_a"}}}
        then {"spec": {"destination": {"logstore": null}}} => "spec.destination.logstore is immutable";
}

/// One test per object that is legal to its limits: a rule must not refuse more than it says.
macro_rules! accepted {
    ($($name:ident: $object:tt;)+) => {
        $(#[test]
        fn $name() {
            let object = patched(minimal(&stringify!($name).replace('_', "-")), &json!($object));
            Cluster::shared().apply(&object).unwrap();
        })+
    };
}

accepted! {
    finance_cloud_region_passes: {"spec": {"region": "cn-shanghai-finance-1"}};
    shortest_names_pass: {"spec": {"trailName": "abcdef", "destination": {"project": "abc", "logstore": "a_b"}}};
    longest_trail_name_passes: {"spec": {"trailName": "abcdefghijklmnopqrstuvwxyz_0123-4567"}};
    trail_name_may_end_in_a_dash_beside_a_logstore:
        {"spec": {"trailName": "prod-ops-", "destination": {"logstore": "innertrail_prod"}}};
    longest_retention_passes: {"spec": {"destination": {"retention": {"minDays": 3650, "desiredDays": 3650}}}};
    shortest_interval_passes: {"spec": {"interval": "60s"}};
    longest_interval_passes: {"spec": {"interval": "24h"}};
    mixed_interval_passes: {"spec": {"interval": "1h30m15s"}};
    console_that_retains_passes: {"spec": {"control": "Console", "deletionPolicy": "Retain"}};
    role_chain_alone_is_a_source: {"spec": {
        "accountId": "1234567890123456",
        "credentials": {"assumeRole": [
            {"roleArn": "acs:ram::6543210987654321:role/first", "externalId": "id"},
            {"roleArn": "acs:ram::1234567890123456:role/second"},
        ]},
    }};
}

#[test]
fn credentials_without_a_source_are_refused() {
    let object = patched(minimal("prod-ops"), &json!({"spec": {"credentials": {"assumeRole": []}}}));
    assert_refused(Cluster::shared(), &object, "spec.credentials must set exactly one");
}

#[test]
fn every_rule_of_the_definition_is_tested_here() {
    let tested = |message: &String| {
        [REFUSED_AT_CREATION, REFUSED_AS_CHANGE].concat().iter().any(|o| message.starts_with(o))
    };
    let untested: Vec<String> = rule_messages().into_iter().filter(|message| !tested(message)).collect();
    assert!(untested.is_empty(), "{untested:#?}");
}

#[test]
fn every_message_names_its_field_and_an_example() {
    for message in rule_messages() {
        assert!(message.starts_with("spec.") || message.starts_with("metadata."), "{message}");
        assert!(message.contains("for example"), "{message}");
    }
}

#[test]
fn defaults_are_filled_in() {
    let cluster = Cluster::shared();
    cluster.apply(&minimal("defaults-are-filled-in")).unwrap();
    let stored = cluster.json(&["get", "innertrail", "defaults-are-filled-in", "-n", "default"]);
    assert_eq!(
        stored["spec"],
        json!({
            "region": "cn-hangzhou",
            "destination": {"project": "my-audit", "create": "Logstore"},
            "role": {"name": "AliyunActionTrailDefaultRole", "manage": false},
            "index": {"policy": "Additive"},
            "mode": "Enforce",
            "control": "API",
            "enabled": true,
            "suspend": false,
            "interval": "5m",
            "adoption": "IfCompatible",
            "deletionPolicy": "Disable",
            "deletionProtection": false,
        })
    );
}

#[test]
fn unknown_field_is_refused_by_name() {
    let object = patched(minimal("prod-ops"), &json!({"spec": {"destination": {"retentionDays": 180}}}));
    let answer = Cluster::shared().apply(&object).unwrap_err();
    assert!(answer.contains("spec.destination.retentionDays"), "{answer}");
}

#[test]
fn samples_apply() {
    let cluster = Cluster::shared();
    for sample in ["innertrail.yaml", "innertrail-with-secret.yaml"] {
        cluster.kubectl(&["apply", "-f", &cluster::path(&format!("deploy/samples/{sample}"))]).unwrap();
    }
    let sample = cluster.json(&["get", "innertrail", "prod-ops", "-n", "audit"]);
    assert_eq!(sample["spec"]["destination"]["create"], "ProjectAndLogstore");
}

#[test]
fn explain_reads_like_documentation() {
    let text = Cluster::shared().kubectl(&["explain", "innertrail.spec.destination"]).unwrap();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "Where platform events go: an SLS project and a Logstore in it",
        "enum: None, Logstore, ProjectAndLogstore",
        "Default: the dedicated Logstore `innertrail_<trail name>`",
        "Required, immutable. Example: `my-audit`.",
    ] {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn every_field_of_the_spec_is_explained() {
    fn undocumented(path: &str, schema: &Value, found: &mut Vec<String>) {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            if field["description"].as_str().is_none_or(str::is_empty) {
                found.push(path.clone());
            }
            undocumented(&path, field, found);
            undocumented(&path, &field["items"], found);
        }
    }
    let crd = serde_json::to_value(innertrail::api::innertrail_crd()).unwrap();
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
    let mut found = Vec::new();
    undocumented("spec", &schema["spec"], &mut found);
    undocumented("status", &schema["status"], &mut found);
    assert!(found.is_empty(), "{found:?}");
}

/// Lays a status over an object the way the operator does: server-side apply by a named manager.
fn apply_status(cluster: &Cluster, name: &str, manager: &str, status: &Value) {
    let mut object = minimal(name);
    object["status"] = status.clone();
    object.as_object_mut().unwrap().remove("spec");
    let manager = format!("--field-manager={manager}");
    cluster.apply_with(&object, &["--server-side", "--subresource=status", &manager]).unwrap();
}

fn condition(kind: &str, status: &str, reason: &str) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "message": "m", "lastTransitionTime": "2026-11-22T00:00:00Z"})
}

#[test]
fn listing_shows_where_each_object_stands() {
    let cluster = Cluster::shared();
    let name = "listing-shows-where-it-stands";
    cluster.apply(&minimal(name)).unwrap();
    apply_status(
        cluster,
        name,
        "innertrail",
        &json!({
            "stage": "Shipping",
            "conditions": [condition("Ready", "False", "DeliveryFailing")],
            "destination": {"project": "my-audit", "logstore": "innertrail_prod-ops", "retentionDays": 180},
            "delivery": {"verdict": "Failing", "lastDeliveryTime": "2020-01-01T00:00:00Z"},
        }),
    );
    let listing = cluster.kubectl(&["get", "itrail", "-A"]).unwrap();
    let heads: Vec<&str> = listing.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(heads, ["NAMESPACE", "NAME", "READY", "STAGE", "LOGSTORE", "LAST-DELIVERY", "REASON", "AGE"]);
    let line = listing.lines().find(|line| line.contains(name)).unwrap();
    let cells: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(cells[2..5], ["False", "Shipping", "innertrail_prod-ops"]);
    assert!(cells[5].ends_with('d') || cells[5].contains('y'), "{line}");
    assert_eq!(cells[6], "DeliveryFailing");
}

#[test]
fn wide_listing_adds_account_retention_coverage_drift_and_mode() {
    let cluster = Cluster::shared();
    cluster.apply(&minimal("wide-listing-adds-columns")).unwrap();
    let listing = cluster.kubectl(&["get", "itrail", "-A", "-o", "wide"]).unwrap();
    let heads: Vec<&str> = listing.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(heads[8..], ["ACCOUNT", "RETENTION", "COVERAGE", "DRIFT", "MODE"]);
}

#[test]
fn categories_list_the_resource() {
    let cluster = Cluster::shared();
    cluster.apply(&minimal("categories-list-it")).unwrap();
    for category in ["innertrail", "audit"] {
        let listing = cluster.kubectl(&["get", category, "-n", "default", "-o", "name"]).unwrap();
        assert!(listing.contains("categories-list-it"), "{category}: {listing}");
    }
}

#[test]
fn conditions_of_two_managers_merge_by_type() {
    let cluster = Cluster::shared();
    let name = "conditions-merge-by-type";
    cluster.apply(&minimal(name)).unwrap();
    apply_status(cluster, name, "one", &json!({"conditions": [condition("Ready", "True", "Recording")]}));
    apply_status(cluster, name, "two", &json!({"conditions": [condition("Other", "True", "Elsewhere")]}));
    let stored = cluster.json(&["get", "innertrail", name, "-n", "default"]);
    assert_eq!(stored["status"]["conditions"].as_array().unwrap().len(), 2);
}
