//! Where credentials come from: each source reaches `Ready`, a refusal is told and mended without a restart, and a role
//! is assumed once for all who name it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use testenv::Emulator;

use super::stage::{Stage, condition};

/// The role that the operator acts as.
const ROLE: &str = "innertrail";
const ISSUER: &str = "https://oidc.example.com/cluster-1";
const ACCOUNT: &str = "system:serviceaccount:innertrail-system:innertrail-operator";

fn act(emulator: &Emulator, action: &Value) -> Value {
    emulator.post("/_sim/actions", action).unwrap()["result"].clone()
}

/// Makes the role, or gives it another trust.
fn role(emulator: &Emulator, trust: &Value) {
    let trust = json!({"Version": "1", "Statement": [trust]});
    let role = json!({"action": "set-role", "role": ROLE, "trustPolicy": trust, "policies": ["AdministratorAccess"]});
    act(emulator, &role);
}

fn trusts(principal: &Value) -> Value {
    json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal})
}

/// A trust in every user of the account who knows the external id.
fn trusts_users(emulator: &Emulator) -> Value {
    let users = json!({"RAM": [format!("acs:ram::{}:root", emulator.greeting().account)]});
    let mut trust = trusts(&users);
    trust["Condition"] = json!({"StringEquals": {"sts:ExternalId": "audit-7f3a"}});
    trust
}

fn role_arn(emulator: &Emulator) -> String {
    format!("acs:ram::{}:role/{ROLE}", emulator.greeting().account)
}

fn assumed(emulator: &Emulator) -> Value {
    json!([{"roleArn": role_arn(emulator), "externalId": "audit-7f3a"}])
}

/// A RAM user's access key, id first.
fn user(emulator: &Emulator, name: &str, permissions: &[&str]) -> [String; 2] {
    let user = act(emulator, &json!({"action": "create-user", "name": name, "permissions": permissions}));
    ["accessKeyId", "accessKeySecret"].map(|part| user[part].as_str().unwrap().to_owned())
}

#[test]
fn a_secret_that_is_named_no_more_is_let_go_also_when_the_operator_was_away() {
    let mut stage = Stage::with(|_| Vec::new());
    let greeting = stage.emulator.greeting().clone();
    stage.secret(&greeting.access_key_id, &greeting.access_key_secret);
    stage.apply("prod-ops", &json!({"credentials": {"secretRef": {"name": "alibaba"}}}));
    stage.await_ready("prod-ops");
    assert_eq!(stage.get("prod-ops")["status"]["secretInUse"], "alibaba");
    stage.operator.kill();
    let other = json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "another", "namespace": stage.namespace},
        "stringData": {"accessKeyId": greeting.access_key_id, "accessKeySecret": greeting.access_key_secret},
    });
    stage.kubectl.apply(&other.to_string()).unwrap();
    stage.patch("prod-ops", &json!({"spec": {"credentials": {"secretRef": {"name": "another"}}}}));
    stage.operator.restart().unwrap();
    stage.until("the former Secret to be let go of", || {
        let secret = stage.kubectl.json(&["get", "secret", "alibaba", "-n", &stage.namespace]).unwrap();
        let held = secret["metadata"]["finalizers"].clone();
        if held.is_null() { Ok(()) } else { Err(held.to_string()) }
    });
    stage.await_ready("prod-ops");
    assert_eq!(stage.get("prod-ops")["status"]["secretInUse"], "another");
}

/// Callers of all changes.
fn changers(stage: &Stage) -> Vec<String> {
    let journal = stage.journal();
    let changes = journal.iter().filter(|call| call["changed"] == true);
    let mut callers: Vec<String> = changes.map(|call| call["caller"].as_str().unwrap().to_owned()).collect();
    callers.dedup();
    callers
}

fn assert_acted_as_the_role(stage: &Stage) {
    let acts = format!("acs:ram::{}:assumed-role/{ROLE}/innertrail", stage.emulator.greeting().account);
    assert_eq!(changers(stage), [acts]);
}

/// The cluster's identity provider, registered in the emulator; its token is in a file, as the kubelet leaves one.
fn identity_provider(emulator: &Emulator, token_file: &std::path::Path) -> Vec<(String, String)> {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let point = pair.public_key().as_ref();
    let key = json!({"kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..])});
    let provider =
        json!({"action": "set-oidc-provider", "name": "ack-rrsa", "issuer": ISSUER, "jwks": {"keys": [key]}});
    act(emulator, &provider);
    let health = emulator.get("/_sim/health").unwrap();
    let now = health["time"].as_str().unwrap().parse::<Timestamp>().unwrap().as_second();
    let claims =
        json!({"iss": ISSUER, "sub": ACCOUNT, "aud": ["sts.aliyuncs.com"], "iat": now, "exp": now + 600});
    let signed = format!("{}.{}", encode(br#"{"alg":"ES256"}"#), encode(claims.to_string().as_bytes()));
    let signature = pair.sign(&random, signed.as_bytes()).unwrap();
    std::fs::write(token_file, format!("{signed}.{}\n", encode(signature.as_ref()))).unwrap();
    vec![
        ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN".to_owned(), provider_arn(emulator)),
        ("ALIBABA_CLOUD_OIDC_TOKEN_FILE".to_owned(), token_file.display().to_string()),
    ]
}

fn provider_arn(emulator: &Emulator) -> String {
    format!("acs:ram::{}:oidc-provider/ack-rrsa", emulator.greeting().account)
}

#[test]
fn the_token_of_the_service_account_becomes_a_role() {
    let token = tempfile::NamedTempFile::new().unwrap();
    let stage = Stage::with(|emulator| identity_provider(emulator, token.path()));
    let mut trust = trusts(&json!({"Federated": [provider_arn(&stage.emulator)]}));
    trust["Condition"] = json!({"StringEquals": {"oidc:sub": "system:serviceaccount:elsewhere:other"}});
    role(&stage.emulator, &trust);
    stage.apply("prod-ops", &json!({"credentials": {"rrsa": {"roleArn": role_arn(&stage.emulator)}}}));
    let told = stage.await_condition("prod-ops", "Authorized", "False", "AccessDenied");
    assert!(told["message"].as_str().unwrap().contains(&role_arn(&stage.emulator)), "{told}");
    trust["Condition"] = json!({"StringEquals": {"oidc:sub": ACCOUNT}});
    role(&stage.emulator, &trust);
    stage.await_ready("prod-ops");
    assert_acted_as_the_role(&stage);
}

#[test]
fn the_role_of_the_instance_is_used() {
    let stage = Stage::with(|_| Vec::new());
    stage.apply("prod-ops", &json!({"credentials": {"ecsRole": {"roleName": ROLE}}}));
    stage.await_condition("prod-ops", "Authorized", "False", "CredentialsMissing");
    role(&stage.emulator, &trusts(&json!({"Service": ["ecs.aliyuncs.com"]})));
    stage.act(&json!({"action": "set-instance-role", "role": ROLE, "hardened": true}));
    stage.await_ready("prod-ops");
    let [caller] = changers(&stage).try_into().unwrap();
    assert!(caller.contains(&format!(":assumed-role/{ROLE}/")), "{caller}");
}

#[test]
fn a_role_that_does_not_trust_the_key_in_the_secret_is_told_and_its_trust_is_noticed() {
    let stage = Stage::open();
    stage.apply("of-the-operator", &json!({}));
    let [id, secret] = user(&stage.emulator, "auditor", &["sts:AssumeRole"]);
    stage.secret(&id, &secret);
    role(&stage.emulator, &trusts(&json!({"Service": ["ecs.aliyuncs.com"]})));
    let named = json!({"secretRef": {"name": "alibaba"}, "assumeRole": assumed(&stage.emulator)});
    stage.apply("of-the-secret", &json!({"credentials": named}));
    let told = stage.await_condition("of-the-secret", "Authorized", "False", "AccessDenied");
    let message = told["message"].as_str().unwrap();
    assert!(message.contains(&role_arn(&stage.emulator)) && message.contains("`alibaba`"), "{told}");
    assert!(stage.get("of-the-secret")["status"]["lastError"]["requestId"].is_string());
    stage.await_ready("of-the-operator");
    stage.delete("of-the-operator");
    stage.await_gone("of-the-operator");
    role(&stage.emulator, &trusts_users(&stage.emulator));
    stage.await_ready("of-the-secret");
    let caller = stage.get("of-the-secret")["status"]["account"]["caller"].clone();
    assert!(caller.as_str().unwrap().ends_with("assumed-role/innertrail/innertrail"), "{caller}");
    stage.delete("of-the-secret");
    stage.await_gone("of-the-secret");
    let last = changers(&stage).pop().unwrap();
    assert_eq!(caller, last, "switched off by another");
}

#[test]
fn another_key_in_the_secret_is_used_without_a_restart() {
    let stage = Stage::with(|_| Vec::new());
    let callers = ["first", "second"].map(|name| {
        let [id, secret] = user(&stage.emulator, name, &["*"]);
        stage.secret(&id, &secret);
        stage.apply("prod-ops", &json!({"credentials": {"secretRef": {"name": "alibaba"}}}));
        stage.until("the key to be used", || {
            let caller = stage.get("prod-ops")["status"]["account"]["caller"].clone();
            if caller.to_string().contains(name) { Ok(()) } else { Err(caller.to_string()) }
        });
        stage.await_ready("prod-ops");
        stage.journal().pop().unwrap()["caller"].as_str().unwrap().to_owned()
    });
    assert!(callers[0].ends_with("user/first") && callers[1].ends_with("user/second"), "{callers:?}");
}

#[test]
fn objects_of_one_source_assume_its_role_once() {
    let stage = Stage::with(|emulator| {
        role(emulator, &trusts_users(emulator));
        let names = ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"].map(str::to_owned);
        names.into_iter().zip(user(emulator, "operator", &["sts:AssumeRole"])).collect()
    });
    let objects = ["chained-a", "chained-b", "chained-c"];
    for name in objects {
        stage.apply(name, &json!({"credentials": {"assumeRole": assumed(&stage.emulator)}}));
    }
    stage.until("every object to be authorised", || {
        let shown = objects.map(|name| condition(&stage.get(name), "Authorized")["status"].to_string());
        if shown.iter().all(|status| status == "\"True\"") { Ok(()) } else { Err(shown.join(" ")) }
    });
    let journal = stage.journal();
    assert_eq!(journal.iter().filter(|call| call["action"] == "AssumeRole").count(), 1);
    assert_acted_as_the_role(&stage);
}
