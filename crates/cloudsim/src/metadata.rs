//! The metadata server of an ECS instance, 100.100.100.200 (cloud-api §4.3), and the credentials URI.
//!
//! Both hand out credentials of a role to whoever asks, as the real ones do; the metadata server asks for a
//! session token first when it is hardened. Reached under its own address alone.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::Sim;
use crate::clock::iso;
use crate::reply::{Refusal, Reply};
use crate::request::Request;
use crate::service::sts::{self, Wanted};
use crate::session::Issued;
use crate::store::{role, setting};

/// Address of the metadata server.
pub(crate) const HOST: &str = "100.100.100.200";
/// Longest life of a metadata token, seconds.
const TOKEN_SECS_MAX: i64 = 21_600;
/// Life of instance credentials unless the control API says otherwise, seconds.
pub(crate) const CREDENTIALS_SECS_DEFAULT: i64 = 21_600;

/// Answers a request to the metadata server.
pub(crate) async fn answer(sim: Arc<Sim>, request: Request) -> Reply {
    let done = tokio::task::spawn_blocking(move || {
        let now = sim.clock.now().as_second();
        let (account, region) = (&sim.identity.account, &sim.identity.region);
        sim.store.read(|conn| Instance { conn, account, region, now }.serve(&request))?
    })
    .await;
    done.unwrap_or_else(|panic| Err(Refusal::internal(&panic)))
        .unwrap_or_else(|refusal| Reply::text(refusal.status, format!("{}\n", refusal.message)))
}

/// Credentials of a role for `GET /_sim/credentials`: `role`, `account`, `session`, `durationSeconds`.
pub(crate) fn for_uri(
    conn: &Connection,
    account: &str,
    parameters: &std::collections::BTreeMap<String, String>,
    now: i64,
) -> Result<Value, Refusal> {
    let text = |name: &str, default| parameters.get(name).map_or(default, String::as_str);
    let secs = text("durationSeconds", "3600").parse::<i64>().ok().filter(|secs| (1..=43_200).contains(secs));
    let secs = secs.ok_or_else(|| crate::control::wrong("`durationSeconds` must be from 1 to 43200"))?;
    let role = parameters.get("role").ok_or_else(|| crate::control::wrong("`role` is required"))?;
    let issued = issue(conn, text("account", account), role, text("session", "credentials-uri"), now + secs)?
        .ok_or_else(|| crate::control::wrong(format!("no such role: {role}")))?;
    Ok(shown(&issued, now))
}

fn issue(
    conn: &Connection,
    account: &str,
    role: &str,
    name: &str,
    expires: i64,
) -> Result<Option<Issued>, Refusal> {
    let Some(role) = role::find(conn, account, role)? else { return Ok(None) };
    sts::issue(conn, &Wanted { account, role: &role, name, policy: None, expires }).map(Some)
}

fn shown(issued: &Issued, now: i64) -> Value {
    json!({
        "Code": "Success",
        "AccessKeyId": issued.session.key_id,
        "AccessKeySecret": issued.secret,
        "SecurityToken": issued.token,
        "Expiration": iso(issued.session.expires),
        "LastUpdated": iso(now),
    })
}

/// The instance whose metadata are asked for.
struct Instance<'a> {
    conn: &'a Connection,
    account: &'a str,
    region: &'a str,
    now: i64,
}

impl Instance<'_> {
    fn serve(&self, request: &Request) -> Result<Reply, Refusal> {
        let path = request.path.as_str();
        if path == "/latest/api/token" {
            return self.token(request);
        }
        if request.method != "GET" {
            return Ok(Reply::text(405, "method not allowed\n"));
        }
        if let Some(refusal) = self.token_refusal(request)? {
            return Ok(refusal);
        }
        let role = setting::get(self.conn, setting::INSTANCE_ROLE)?;
        match (path.strip_prefix("/latest/meta-data/").unwrap_or_default(), role) {
            ("region-id", _) => Ok(Reply::text(200, self.region)),
            ("owner-account-id", _) => Ok(Reply::text(200, self.account)),
            ("ram/security-credentials/", Some(role)) => Ok(Reply::text(200, role)),
            (path, Some(role)) if path.strip_prefix("ram/security-credentials/") == Some(&role) => {
                self.credentials(&role)
            }
            (_, _) => Ok(not_found()),
        }
    }

    fn credentials(&self, role: &str) -> Result<Reply, Refusal> {
        let secs = setting::number(self.conn, setting::INSTANCE_CREDENTIALS_SECS)?;
        let expires = self.now + secs.unwrap_or(CREDENTIALS_SECS_DEFAULT);
        let issued = issue(self.conn, self.account, role, "vm-ram-i-cloudsim", expires)?;
        Ok(issued.map_or_else(not_found, |issued| Reply::json(200, &shown(&issued, self.now))))
    }

    /// `PUT /latest/api/token` with the wanted life in a header.
    fn token(&self, request: &Request) -> Result<Reply, Refusal> {
        if request.method != "PUT" {
            return Ok(Reply::text(405, "method not allowed\n"));
        }
        let secs = request.header("x-aliyun-ecs-metadata-token-ttl-seconds");
        let secs = secs.and_then(|text| text.parse::<i64>().ok());
        let Some(secs) = secs.filter(|secs| (1..=TOKEN_SECS_MAX).contains(secs)) else {
            return Ok(Reply::text(400, "the token life must be from 1 to 21600 seconds\n"));
        };
        let expires = (self.now + secs).to_string();
        let seal = hmac::sign(&self.token_key()?, expires.as_bytes());
        Ok(Reply::text(200, format!("{expires}.{}", URL_SAFE_NO_PAD.encode(seal))))
    }

    fn token_key(&self) -> Result<hmac::Key, Refusal> {
        let secret = format!("metadata {}", setting::session_secret(self.conn)?);
        Ok(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))
    }

    /// Why the request may not be served: a token that is not good, or none on a hardened instance.
    fn token_refusal(&self, request: &Request) -> Result<Option<Reply>, Refusal> {
        let Some(token) = request.header("x-aliyun-ecs-metadata-token") else {
            let hardened = setting::get(self.conn, setting::INSTANCE_HARDENED)?.is_some();
            return Ok(hardened.then(|| Reply::text(403, "a metadata token is required\n")));
        };
        let key = self.token_key()?;
        let good = token.split_once('.').is_some_and(|(expires, seal)| {
            let seal = URL_SAFE_NO_PAD.decode(seal).unwrap_or_default();
            let is_sealed = hmac::verify(&key, expires.as_bytes(), &seal).is_ok();
            is_sealed && expires.parse().is_ok_and(|expires: i64| expires > self.now)
        });
        Ok((!good).then(|| Reply::text(401, "the metadata token is not valid\n")))
    }
}

fn not_found() -> Reply {
    Reply::text(404, "not found\n")
}
