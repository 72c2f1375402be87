//! Roles for the holders of tokens of an identity provider.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use super::client::*;

const ISSUER: &str = "https://oidc.example.com/cluster-1";
const SUBJECT: &str = "system:serviceaccount:innertrail-system:innertrail-operator";

/// An identity provider that the emulator knows.
struct Provider {
    pair: EcdsaKeyPair,
}

impl Provider {
    fn new() -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random);
        Self { pair: pair.unwrap() }
    }

    fn register(self, emulator: &Emulator) -> Self {
        let point = self.pair.public_key().as_ref();
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let key = json!({"kty": "EC", "crv": "P-256", "kid": "one", "x": encode(&point[1..33]), "y": encode(&point[33..])});
        emulator.act(&json!({"action": "set-oidc-provider", "name": "ack-rrsa", "issuer": ISSUER,
                             "clientIds": ["sts.aliyuncs.com"], "jwks": {"keys": [key]}}));
        let trust = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Federated": [provider_arn()]},
            "Condition": {"StringEquals": {"oidc:iss": ISSUER, "oidc:aud": "sts.aliyuncs.com", "oidc:sub": SUBJECT}}}]});
        emulator.act(&json!({"action": "set-role", "role": "operator", "trustPolicy": trust,
                             "policies": ["AliyunLogReadOnlyAccess"]}));
        self
    }

    fn token(&self, claims: &Value) -> String {
        let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","kid":"one"}"#);
        let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

fn provider_arn() -> String {
    format!("acs:ram::{ACCOUNT}:oidc-provider/ack-rrsa")
}

fn claims() -> Value {
    let now = Timestamp::now().as_second();
    json!({"iss": ISSUER, "sub": SUBJECT, "aud": ["sts.aliyuncs.com"], "iat": now, "exp": now + 600})
}

fn changed(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn parameters(token: &str) -> String {
    let encode = alicloud_sign::encode;
    let role = format!("acs:ram::{ACCOUNT}:role/operator");
    format!(
        "RoleArn={}&OIDCProviderArn={}&RoleSessionName=pod&OIDCToken={}",
        encode(&role),
        encode(&provider_arn()),
        encode(token)
    )
}

const ACTION: &str = "Action=AssumeRoleWithOIDC&Format=JSON&Version=2015-04-01";

/// Asks as the Python provider does: GET, all in the query, not signed.
fn ask(emulator: &Emulator, token: &str) -> Reply {
    let target = format!("/?{ACTION}&{}", parameters(token));
    emulator.send(&Wire::new("GET", STS, &target, Vec::new()))
}

#[test]
fn good_token_gets_credentials_that_work() {
    let emulator = Emulator::start();
    let provider = Provider::new().register(&emulator);
    emulator.make_project("my-proj");
    let answer = ask(&emulator, &format!("{}\n", provider.token(&claims()))).body_json();
    assert_eq!(answer["OIDCTokenInfo"]["Subject"], SUBJECT, "{answer}");
    let text = |name: &str| answer["Credentials"][name].as_str().unwrap().to_owned();
    let key =
        Key { id: text("AccessKeyId"), secret: text("AccessKeySecret"), token: Some(text("SecurityToken")) };
    assert_eq!(emulator.send(&sls(&key, "my-proj", "GET", "/", &Value::Null)).status, 200);
    assert_eq!(emulator.last_entry()["caller"], format!("acs:ram::{ACCOUNT}:assumed-role/operator/pod"));
}

#[test]
fn form_of_a_post_is_read_as_well() {
    let emulator = Emulator::start();
    let provider = Provider::new().register(&emulator);
    let body = parameters(&provider.token(&claims())).into_bytes();
    let mut wire = Wire::new("POST", STS, &format!("/?{ACTION}"), body);
    wire.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(emulator.send(&wire).status, 200);
}

#[test]
fn operation_of_an_anonymous_call_may_be_named_by_header() {
    let emulator = Emulator::start();
    let provider = Provider::new().register(&emulator);
    // As the official Go client sends it with the type `Anonymous`.
    let body = parameters(&provider.token(&claims())).into_bytes();
    let mut wire = Wire::new("POST", STS, "/", body);
    wire.header("content-type", "application/x-www-form-urlencoded");
    wire.header("x-acs-action", "AssumeRoleWithOIDC");
    wire.header("x-acs-version", "2015-04-01");
    assert_eq!(emulator.send(&wire).status, 200);
}

#[test]
fn journal_keeps_no_token() {
    let emulator = Emulator::start();
    let provider = Provider::new().register(&emulator);
    let token = provider.token(&claims());
    ask(&emulator, &token);
    assert!(!emulator.get("/_sim/journal").to_string().contains(&token));
}

#[test]
fn bad_tokens_are_refused_by_their_codes() {
    let emulator = Emulator::start();
    let provider = Provider::new().register(&emulator);
    let now = Timestamp::now().as_second();
    let cases = [
        (changed("exp", json!(now - 1)), 401, "AuthenticationFail.OIDCToken.Expired"),
        (changed("iss", json!("https://other.example.com")), 401, "AuthenticationFail.OIDCToken.Invalid"),
        (changed("aud", json!("somebody-else")), 401, "AuthenticationFail.OIDCToken.Invalid"),
        (changed("nbf", json!(now + 600)), 401, "AuthenticationFail.OIDCToken.Invalid"),
        (changed("sub", json!("system:serviceaccount:a:b")), 403, "AuthenticationFail.NoPermission"),
    ];
    for (claims, status, code) in cases {
        assert_refused(&ask(&emulator, &provider.token(&claims)), status, code);
    }
}

#[test]
fn token_of_another_key_is_refused() {
    let emulator = Emulator::start();
    Provider::new().register(&emulator);
    let reply = ask(&emulator, &Provider::new().token(&claims()));
    assert_refused(&reply, 401, "AuthenticationFail.OIDCToken.Invalid");
}

#[test]
fn provider_that_is_not_registered_is_not_found() {
    let emulator = Emulator::start();
    emulator.act(&json!({"action": "set-role", "role": "operator"}));
    assert_refused(&ask(&emulator, "abcd"), 404, "EntityNotExist.OIDCProvider");
}

#[test]
fn missing_parameters_are_named() {
    let emulator = Emulator::start();
    let reply = emulator.send(&Wire::new("GET", STS, &format!("/?{ACTION}"), Vec::new()));
    assert_refused(&reply, 400, "MissingRoleArn");
}
