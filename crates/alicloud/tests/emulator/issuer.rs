//! An OIDC provider with a key of its own, that the emulator knows, and tokens it signs.

use alicloud::Clock as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::json;

use crate::stage::{ACCOUNT, Stage};

const ISSUER: &str = "https://oidc.example.com/cluster-1";
/// The role that trusts the tokens.
pub const ROLE: &str = "federated";

/// The provider's key.
pub struct Issuer(EcdsaKeyPair);

impl Issuer {
    /// Registers a provider, and a role that trusts it.
    pub async fn register(stage: &Stage) -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random);
        let issuer = Self(pair.unwrap());
        let point = issuer.0.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
        let key = json!({ "kty": "EC", "crv": "P-256", "kid": "one", "x": x, "y": y });
        let provider = json!({ "action": "set-oidc-provider", "name": "ack", "issuer": ISSUER, "jwks": { "keys": [key] } });
        stage.act(&provider).await;
        let trust = json!({ "Version": "1", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": { "Federated": [provider_arn()] },
            "Condition": { "StringEquals": { "oidc:aud": "sts.aliyuncs.com" } } }] });
        stage.act(&json!({ "action": "set-role", "role": ROLE, "trustPolicy": trust })).await;
        issuer
    }

    /// A token for a subject, good for an hour from now.
    pub fn token(&self, stage: &Stage, subject: &str) -> String {
        let now = stage.clock.now().as_second();
        let claims = json!({ "iss": ISSUER, "sub": subject, "aud": ["sts.aliyuncs.com"], "iat": now, "exp": now + 3600 });
        let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","kid":"one"}"#);
        let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

pub fn provider_arn() -> String {
    format!("acs:ram::{ACCOUNT}:oidc-provider/ack")
}

pub fn role_arn(name: &str) -> String {
    format!("acs:ram::{ACCOUNT}:role/{name}")
}
