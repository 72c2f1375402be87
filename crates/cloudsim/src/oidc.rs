//! OIDC tokens: JSON Web Tokens signed with RS256 or ES256 (RFC 7515, RFC 7518, RFC 7517).
//!
//! Pure: token and keys in, claims out. Time, issuer and audience are for the caller to judge.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::Value;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) audiences: Vec<String>,
    /// Epoch seconds.
    pub(crate) expires: i64,
    /// Epoch seconds; 0 when the token does not say.
    pub(crate) issued: i64,
    /// Not valid before, epoch seconds; 0 when the token does not say.
    pub(crate) not_before: i64,
}

/// Claims of a token that one of the keys has signed; `None` when none did, or when claims are missing.
pub(crate) fn verified(token: &str, keys: &[Value]) -> Option<Claims> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (head, payload) = signed.split_once('.')?;
    let head: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head).ok()?).ok()?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let fits = |key: &&Value| is_meant(key, &head) && signed_by(key, &head, signed.as_bytes(), &signature);
    keys.iter().find(fits)?;
    claims(&serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?)
}

/// Whether a document is a list of keys this module can use.
pub(crate) fn usable_keys(document: &Value) -> Option<Vec<Value>> {
    let keys = document.get("keys")?.as_array()?;
    let usable = !keys.is_empty() && keys.iter().all(|key| components(key).is_some());
    usable.then(|| keys.clone())
}

/// A token that names a key means that key alone.
fn is_meant(key: &Value, head: &Value) -> bool {
    match (head.get("kid"), key.get("kid")) {
        (Some(wanted), Some(own)) => wanted == own,
        (Some(_) | None, _) => true,
    }
}

/// The numbers of a public key.
enum Components {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// Uncompressed point on P-256.
    P256(Vec<u8>),
}

fn components(key: &Value) -> Option<Components> {
    let part = |name: &str| URL_SAFE_NO_PAD.decode(key.get(name)?.as_str()?).ok();
    match key.get("kty")?.as_str()? {
        "RSA" => Some(Components::Rsa { n: part("n")?, e: part("e")? }),
        "EC" if key.get("crv")?.as_str()? == "P-256" => {
            Some(Components::P256([vec![4], part("x")?, part("y")?].concat()))
        }
        _ => None,
    }
}

fn signed_by(key: &Value, head: &Value, signed: &[u8], signature: &[u8]) -> bool {
    match (head.get("alg").and_then(Value::as_str), components(key)) {
        (Some("RS256"), Some(Components::Rsa { n, e })) => RsaPublicKeyComponents { n: &n, e: &e }
            .verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature)
            .is_ok(),
        (Some("ES256"), Some(Components::P256(point))) => {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature).is_ok()
        }
        (Some(_) | None, _) => false,
    }
}

fn claims(payload: &Value) -> Option<Claims> {
    let text = |name: &str| payload.get(name).and_then(Value::as_str).map(str::to_owned);
    let time = |name: &str| payload.get(name).and_then(Value::as_i64);
    Some(Claims {
        issuer: text("iss")?,
        subject: text("sub").unwrap_or_default(),
        audiences: audiences(payload.get("aud")),
        expires: time("exp")?,
        issued: time("iat").unwrap_or_default(),
        not_before: time("nbf").unwrap_or_default(),
    })
}

fn audiences(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    // RFC 7515, appendix A.2 (RS256) and A.3 (ES256).
    const PAYLOAD: &str =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const ES256: &str =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    const RS256: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

    fn es256_key() -> Value {
        json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
               "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})
    }

    fn rs256_key() -> Value {
        json!({"kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"})
    }

    fn es256_token() -> String {
        format!("eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}.{ES256}")
    }

    #[test]
    fn published_es256_token_is_good() {
        let claims = verified(&es256_token(), &[es256_key()]).unwrap();
        assert_eq!((claims.issuer.as_str(), claims.expires), ("joe", 1_300_819_380));
    }

    #[test]
    fn published_rs256_token_is_good() {
        let token = format!("eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}.{RS256}");
        assert!(verified(&token, &[es256_key(), rs256_key()]).is_some());
    }

    #[test]
    fn changed_token_is_not_good() {
        let token = es256_token().replace(".eyJpc3MiOiJqb2UiLA0K", ".eyJpc3MiOiJqb2UiLA0L");
        assert_eq!(verified(&token, &[es256_key()]), None);
    }

    #[test]
    fn unsigned_token_is_not_good() {
        let token = format!("eyJhbGciOiJub25lIn0.{PAYLOAD}.");
        assert_eq!(verified(&token, &[es256_key(), rs256_key()]), None);
    }

    #[test]
    fn keys_without_their_numbers_are_not_usable() {
        assert!(usable_keys(&json!({"keys": [es256_key(), rs256_key()]})).is_some());
        for wrong in [json!({}), json!({"keys": []}), json!({"keys": [{"kty": "RSA", "n": "AQ"}]})] {
            assert_eq!(usable_keys(&wrong), None);
        }
    }
}
