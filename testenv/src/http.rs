//! Plain HTTP to servers on this machine: the emulator's control API, health and metrics.
//!
//! Takes an address such as `http://127.0.0.1:8080` and a path; returns status and text. Must never follow
//! a proxy setting of the environment or speak to anything but the address given.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::time::Duration;
use ureq::Agent;

/// These servers are local; an answer that takes longer is a hung server.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Status code and body of an answer, whatever the status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status code.
    pub status: u16,
    /// The body as text.
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Errors
    /// The status is not a success, or the body is not JSON; the text holds both.
    pub fn json(self) -> Result<Value> {
        if !(200..300).contains(&self.status) {
            bail!("HTTP {}: {}", self.status, self.body);
        }
        serde_json::from_str(&self.body).with_context(|| format!("not JSON: {}", self.body))
    }
}

fn agent() -> Agent {
    let config =
        Agent::config_builder().http_status_as_error(false).proxy(None).timeout_global(Some(TIMEOUT)).build();
    Agent::new_with_config(config)
}

fn read(response: ureq::http::Response<ureq::Body>) -> Result<Answer> {
    let status = response.status().as_u16();
    let body = response.into_body().read_to_string().context("reading the answer")?;
    Ok(Answer { status, body })
}

/// GET `address` + `path`.
///
/// # Errors
/// The server could not be reached or did not answer in time. A status of 400 or more is not an error.
pub fn get(address: &str, path: &str) -> Result<Answer> {
    let url = format!("{address}{path}");
    read(agent().get(&url).call().with_context(|| format!("GET {url}"))?)
}

/// POST `body` as JSON to `address` + `path`.
///
/// # Errors
/// As [`get`].
pub fn post(address: &str, path: &str, body: &Value) -> Result<Answer> {
    let headers = [("content-type".to_owned(), "application/json".to_owned())];
    post_with(address, path, &headers, &body.to_string())
}

/// POST with exactly these headers; a `host` among them replaces the one of the address.
///
/// # Errors
/// As [`get`].
pub fn post_with(address: &str, path: &str, headers: &[(String, String)], body: &str) -> Result<Answer> {
    let url = format!("{address}{path}");
    let request =
        headers.iter().fold(agent().post(&url), |request, (name, value)| request.header(name, value));
    read(request.send(body).with_context(|| format!("POST {url}"))?)
}
