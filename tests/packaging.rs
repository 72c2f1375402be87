//! The chart and the kustomize base: they lint, render, apply to a real API server, say the same thing, and give the
//! operator's ServiceAccount what it needs and no more.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected should stop there")]

mod cluster;
#[path = "packaging/reach.rs"]
mod reach;

use cluster::{Cluster, helm, path, until};
use serde_json::{Value, json};

const ACCOUNT: &str = "--as=system:serviceaccount:innertrail-system:innertrail-operator";

/// The objects in some YAML.
fn objects(yaml: &str) -> Vec<Value> {
    let all: Vec<Option<Value>> = serde_saphyr::from_multiple(yaml).unwrap();
    all.into_iter().flatten().collect()
}

/// The one object of a kind.
fn one(objects: &[Value], kind: &str) -> Value {
    let mut found = objects.iter().filter(|object| object["kind"] == kind);
    let object = found.next().unwrap_or_else(|| panic!("no {kind}")).clone();
    assert!(found.next().is_none(), "more than one {kind}");
    object
}

/// What the chart renders, with some values set.
fn chart(values: &Value) -> Result<Vec<Value>, String> {
    let mut file = tempfile::NamedTempFile::with_suffix(".json").unwrap();
    std::io::Write::write_all(&mut file, values.to_string().as_bytes()).unwrap();
    let values = file.path().to_str().unwrap();
    let chart = path("charts/innertrail-operator");
    let yaml = helm(&["template", "innertrail", &chart, "-n", "innertrail-system", "-f", values])?;
    Ok(objects(&yaml))
}

fn rendered(values: &Value) -> Vec<Value> {
    chart(values).unwrap()
}

fn kustomized() -> Vec<Value> {
    objects(&Cluster::shared().kubectl(&["kustomize", &path("deploy")]).unwrap())
}

fn assert_alike(kind: &str, pointer: &str) {
    let (chart, base) = (one(&rendered(&json!({})), kind), one(&kustomized(), kind));
    let part = chart.pointer(pointer).unwrap_or_else(|| panic!("{kind} has no {pointer}"));
    assert_eq!(Some(part), base.pointer(pointer), "{kind} {pointer}");
}

#[test]
fn chart_lints_strictly() {
    helm(&["lint", "--strict", &path("charts/innertrail-operator")]).unwrap();
}

#[test]
fn chart_and_base_grant_the_same_permissions() {
    assert_alike("ClusterRole", "/rules");
}

#[test]
fn chart_and_base_bind_the_same_account() {
    assert_alike("ClusterRoleBinding", "/subjects");
    assert_alike("ClusterRoleBinding", "/roleRef");
}

#[test]
fn chart_and_base_install_the_same_definition() {
    assert_alike("CustomResourceDefinition", "/spec");
}

#[test]
fn chart_and_base_protect_from_deletion_alike() {
    assert_alike("ValidatingAdmissionPolicy", "/spec");
    assert_alike("ValidatingAdmissionPolicyBinding", "/spec");
}

#[test]
fn chart_and_base_run_the_same_pod() {
    assert_alike("Deployment", "/spec/strategy");
    assert_alike("Deployment", "/spec/replicas");
    let pod = "/spec/template/spec";
    assert_alike("Deployment", &format!("{pod}/securityContext"));
    assert_alike("Deployment", &format!("{pod}/serviceAccountName"));
    assert_alike("Deployment", &format!("{pod}/terminationGracePeriodSeconds"));
    for field in ["args", "image", "livenessProbe", "ports", "readinessProbe", "resources", "securityContext"]
    {
        assert_alike("Deployment", &format!("{pod}/containers/0/{field}"));
    }
}

#[test]
fn pod_has_no_privilege_at_all() {
    let pod = one(&rendered(&json!({})), "Deployment")["spec"]["template"]["spec"].take();
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
    let container = &pod["containers"][0]["securityContext"];
    assert_eq!(container["readOnlyRootFilesystem"], true);
    assert_eq!(container["allowPrivilegeEscalation"], false);
    assert_eq!(container["capabilities"]["drop"], json!(["ALL"]));
}

#[test]
fn image_runs_as_the_user_the_pod_asks_for() {
    let user =
        &one(&rendered(&json!({})), "Deployment")["spec"]["template"]["spec"]["securityContext"]["runAsUser"];
    let dockerfile = std::fs::read_to_string(path("Dockerfile")).unwrap();
    assert!(dockerfile.contains(&format!("USER {user}:")), "{user}");
}

#[test]
fn definition_outlives_the_release_unless_told_otherwise() {
    let policy = |values: &Value| {
        one(&rendered(values), "CustomResourceDefinition")["metadata"]["annotations"]["helm.sh/resource-policy"].take()
    };
    assert_eq!(policy(&json!({})), "keep");
    assert_eq!(policy(&json!({"crds": {"keep": false}})), Value::Null);
}

#[test]
fn definition_can_be_left_out() {
    let objects = rendered(&json!({"crds": {"install": false}}));
    assert!(objects.iter().all(|object| object["kind"] != "CustomResourceDefinition"));
}

#[test]
fn chart_passes_endpoint_credentials_and_profile_to_the_operator() {
    let objects = rendered(&json!({
        "cloudEndpoint": "http://cloudsim.test:8080",
        "credentials": {"secretName": "alibaba"},
        "wireProfile": "version: \"2020-07-06\"\n",
    }));
    assert_eq!(one(&objects, "ConfigMap")["data"]["wire-profile.yaml"], "version: \"2020-07-06\"\n");
    let container = one(&objects, "Deployment")["spec"]["template"]["spec"]["containers"][0].take();
    assert!(
        container["args"]
            .as_array()
            .unwrap()
            .contains(&json!("--wire-profile=/etc/innertrail/wire-profile.yaml"))
    );
    let env = container["env"].as_array().unwrap();
    let named = |name: &str| env.iter().find(|entry| entry["name"] == name).unwrap();
    assert_eq!(named("INNERTRAIL_CLOUD_ENDPOINT")["value"], "http://cloudsim.test:8080");
    let key = &named("ALIBABA_CLOUD_ACCESS_KEY_SECRET")["valueFrom"]["secretKeyRef"];
    assert_eq!(key, &json!({"name": "alibaba", "key": "accessKeySecret"}));
}

#[test]
fn chart_refuses_a_value_it_does_not_know() {
    let answer = chart(&json!({"credential": {"secretName": "alibaba"}})).unwrap_err();
    assert!(answer.contains("additional properties 'credential' not allowed"), "{answer}");
}

#[test]
fn chart_applies_to_the_api_server() {
    let cluster = Cluster::shared();
    let every_part = json!({
        "wireProfile": "version: x\n", "credentials": {"secretName": "alibaba"}, "hostNetwork": true,
        "rrsa": {"oidcProviderArn": reach::PROVIDER}, "caBundle": "-----BEGIN CERTIFICATE-----\n", "network": "intranet",
    });
    for object in chart(&every_part).unwrap() {
        cluster.apply_with(&object, &["--dry-run=server"]).unwrap();
    }
}

#[test]
fn base_applies_to_the_api_server() {
    Cluster::shared().kubectl(&["apply", "-k", &path("deploy")]).unwrap();
}

/// Whether the operator's ServiceAccount may do something, by the server's own word.
fn may(verb: &str, resource: &str) -> bool {
    let answer = Cluster::shared().kubectl(&["auth", "can-i", verb, resource, "-n", "default", ACCOUNT]);
    answer.is_ok_and(|word| word.trim() == "yes")
}

#[test]
fn operator_may_do_its_work() {
    for (verb, resource) in [
        ("get", "innertrails.innertrail.io"),
        ("list", "innertrails.innertrail.io"),
        ("watch", "innertrails.innertrail.io"),
        ("patch", "innertrails.innertrail.io"),
        ("patch", "innertrails.innertrail.io/status"),
        ("create", "events.events.k8s.io"),
        ("patch", "events.events.k8s.io"),
        ("get", "secrets"),
    ] {
        assert!(may(verb, resource), "{verb} {resource}");
    }
}

#[test]
fn operator_may_do_nothing_else() {
    for (verb, resource) in [
        ("create", "innertrails.innertrail.io"),
        ("delete", "innertrails.innertrail.io"),
        ("update", "innertrails.innertrail.io/status"),
        ("list", "secrets"),
        ("watch", "secrets"),
        ("create", "secrets"),
        ("get", "configmaps"),
        ("list", "pods"),
        ("create", "pods"),
        ("get", "customresourcedefinitions.apiextensions.k8s.io"),
    ] {
        assert!(!may(verb, resource), "{verb} {resource}");
    }
}

#[test]
fn protected_object_cannot_be_deleted_until_it_is_unprotected() {
    let cluster = Cluster::shared();
    let object = |protected: bool| {
        json!({
            "apiVersion": "innertrail.io/v1alpha1",
            "kind": "InnerTrail",
            "metadata": {"name": "protected", "namespace": "default"},
            "spec": {"region": "cn-hangzhou", "destination": {"project": "my-audit"}, "deletionProtection": protected},
        })
    };
    let delete = || cluster.kubectl(&["delete", "innertrail", "protected", "-n", "default"]);
    cluster.apply(&object(true)).unwrap();
    let rehearse =
        || match cluster.kubectl(&["delete", "innertrail", "protected", "-n", "default", "--dry-run=server"])
        {
            Ok(_) => Err("the policy is not in force yet".to_owned()),
            Err(refusal) => Ok(refusal),
        };
    until("the policy", rehearse);
    let refusal = delete().unwrap_err();
    assert!(
        refusal.contains("InnerTrail default/protected is protected: set spec.deletionProtection to false"),
        "{refusal}"
    );
    cluster.apply(&object(false)).unwrap();
    delete().unwrap();
}
