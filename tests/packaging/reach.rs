//! What the chart tells the operator of credentials and of the way to the cloud, and that the operator understands it.

use serde_json::{Value, json};

use super::cluster::path;
use super::{chart, one, rendered};

/// The container of the Deployment that the chart renders, and the pod around it.
fn pod(values: &Value) -> (Value, Value) {
    let pod = one(&rendered(values), "Deployment")["spec"]["template"]["spec"].take();
    (pod["containers"][0].clone(), pod)
}

pub(crate) const PROVIDER: &str = "acs:ram::1234567890123456:oidc-provider/ack-rrsa-c0123456789";
const OPERATOR_ROLE: &str = "acs:ram::1234567890123456:role/innertrail";

#[test]
fn chart_sets_up_rrsa_as_the_webhook_does() {
    let (container, pod) = pod(&json!({"rrsa": {"oidcProviderArn": PROVIDER, "roleArn": OPERATOR_ROLE}}));
    let env = container["env"].as_array().unwrap();
    let value = |name: &str| &env.iter().find(|entry| entry["name"] == name).unwrap()["value"];
    assert_eq!(value("ALIBABA_CLOUD_OIDC_PROVIDER_ARN"), PROVIDER);
    assert_eq!(value("ALIBABA_CLOUD_ROLE_ARN"), OPERATOR_ROLE);
    let token = &pod["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"];
    assert_eq!((&token["audience"], &token["path"]), (&json!("sts.aliyuncs.com"), &json!("token")));
    let file = format!("{}/token", container["volumeMounts"][0]["mountPath"].as_str().unwrap());
    assert_eq!(value("ALIBABA_CLOUD_OIDC_TOKEN_FILE"), &json!(file));
}

#[test]
fn chart_refuses_a_role_without_its_provider() {
    let answer = chart(&json!({"rrsa": {"roleArn": OPERATOR_ROLE}})).unwrap_err();
    assert!(answer.contains("rrsa.roleArn needs rrsa.oidcProviderArn"), "{answer}");
}

#[test]
fn chart_tells_the_operator_how_to_reach_the_cloud() {
    let certificate = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";
    let values = json!({"network": "vpc", "proxy": {"url": "http://proxy.test:3128", "exceptions": ".internal"},
        "caBundle": certificate});
    let (container, pod) = pod(&values);
    for argument in [
        "--cloud-network=vpc",
        "--cloud-proxy=http://proxy.test:3128",
        "--cloud-ca-file=/etc/innertrail-ca/ca.pem",
    ] {
        assert!(container["args"].as_array().unwrap().contains(&json!(argument)), "{argument}");
    }
    assert!(
        container["env"].as_array().unwrap().contains(&json!({"name": "NO_PROXY", "value": ".internal"}))
    );
    assert_eq!(pod["volumes"][0]["configMap"]["name"], "innertrail-ca-bundle");
    let bundle = one(&rendered(&json!({"caBundle": certificate})), "ConfigMap");
    assert_eq!(bundle["data"]["ca.pem"], certificate);
}

#[test]
fn operator_knows_every_flag_that_the_chart_and_the_documents_use() {
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_innertrail")).args(["run", "--help"]).output();
    let help = String::from_utf8(help.unwrap().stdout).unwrap();
    let pages = [
        "charts/innertrail-operator/templates/deployment.yaml",
        "deploy/deployment.yaml",
        "docs/innertrail.md",
    ];
    for page in pages {
        let text = std::fs::read_to_string(path(page)).unwrap();
        let words = text.split([' ', '`', '=', '\n']).filter(|word| word.starts_with("--cloud"));
        for flag in words {
            assert!(help.contains(flag), "{page}: {flag}");
        }
    }
    let page = std::fs::read_to_string(path("docs/innertrail.md")).unwrap();
    for flag in ["--cloud-network", "--cloud-proxy", "--cloud-ca-file", "--cloud-endpoint"] {
        assert!(page.contains(flag), "docs/innertrail.md does not tell of {flag}");
    }
}
