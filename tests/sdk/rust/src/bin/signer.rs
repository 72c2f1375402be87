//! What Alibaba Cloud's own Rust signer of Log Service, `aliyun-log-sdk-sign`, makes of a request.
//!
//! Takes and answers lines as `tests/sdk/signers.py` does: a request with its key in, the headers of the signed request
//! out. Must never: sign by itself.

use std::collections::BTreeMap;
use std::io::BufRead;

use aliyun_log_sdk_sign::{QueryParams, sign_v1};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;

type Anything = Box<dyn std::error::Error>;

fn pairs(told: &Value) -> Vec<(String, String)> {
    let all = told.as_object().into_iter().flatten();
    all.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

fn signed(told: &Value) -> Result<BTreeMap<String, String>, Anything> {
    let text = |name: &str| told[name].as_str().unwrap_or_default();
    let mut headers = HeaderMap::new();
    for (name, value) in pairs(&told["headers"]) {
        headers.insert(HeaderName::try_from(name)?, HeaderValue::from_str(&value)?);
    }
    let query = pairs(&told["query"]);
    let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let body: Vec<u8> = serde_json::from_value(told["body"].clone())?;
    let method = Method::from_bytes(text("method").as_bytes())?;
    let token = told["token"].as_str();
    let (id, secret, path) = (text("id"), text("secret"), text("pathname"));
    sign_v1(id, secret, token, method, path, &mut headers, QueryParams::from(query), Some(&body))
        .map_err(|error| error.to_string())?;
    let shown = headers.iter().map(|(name, value)| Ok((name.to_string(), value.to_str()?.to_owned())));
    shown.collect()
}

fn main() -> Result<(), Anything> {
    for line in std::io::stdin().lock().lines() {
        println!("{}", serde_json::to_string(&signed(&serde_json::from_str(&line?)?)?)?);
    }
    Ok(())
}
