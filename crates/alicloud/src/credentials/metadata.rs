//! Sources that are asked over plain HTTP: the metadata server of an ECS instance, and a credentials URI.
//!
//! Takes where to ask; returns a [`Lease`]. *Invariant:* a role name that the server gives becomes part of an
//! address only if it is a name; no reply is quoted.

use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{Method, Request, Response, StatusCode};

use crate::cloud::Cloud;
use crate::credentials::error::{CredentialsError, CredentialsTrouble};
use crate::credentials::issued::{self, Lease};
use crate::credentials::source::{EcsRole, Origin};
use crate::transport::InTheClear;

/// The server is on the same host: what takes longer is not there (the official clients wait as long).
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);
/// Connecting and reading together, as the official clients do.
const URI_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a session token of the metadata server is to last, as the official clients ask; it is used at once.
const TOKEN_TTL_SECS: &str = "21600";
const TOKEN_PATH: &str = "/latest/api/token";
const ROLE_PATH: &str = "/latest/meta-data/ram/security-credentials/";

/// No reply within the time.
struct NoReply;

async fn ask(
    cloud: &Cloud,
    method: Method,
    url: &str,
    header: Option<(&str, &str)>,
    limit: Duration,
) -> Result<Response<Bytes>, NoReply> {
    let mut request = Request::builder().method(method).uri(url);
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    let mut request = request.body(Bytes::new()).map_err(|_| NoReply)?;
    let host = request.uri().authority().and_then(|host| host.as_str().parse().ok()).ok_or(NoReply)?;
    request.headers_mut().insert(HOST, host);
    request.extensions_mut().insert(InTheClear);
    let reply = tokio::time::timeout(limit, cloud.transport().send(request)).await;
    reply.map_err(|_| NoReply)?.map_err(|_| NoReply)
}

/// The credential of the instance's role.
pub(super) async fn ecs_role(cloud: &Cloud, ecs: &EcsRole) -> Result<Lease, CredentialsError> {
    let token = session_token(cloud, ecs).await?;
    let name = match &ecs.role {
        Some(name) => role_name(name.as_bytes())?,
        None => get(cloud, ecs, token.as_deref(), "").await.and_then(|body| role_name(&body))?,
    };
    let body = get(cloud, ecs, token.as_deref(), &name).await?;
    issued::read(&body).map_err(|why| CredentialsError::unusable(Origin::EcsRole, why))
}

/// A session token (version 2 of the metadata service); nothing when it is to be done without.
async fn session_token(cloud: &Cloud, ecs: &EcsRole) -> Result<Option<String>, CredentialsError> {
    let url = format!("{}{TOKEN_PATH}", ecs.endpoint);
    let ttl = Some(("x-aliyun-ecs-metadata-token-ttl-seconds", TOKEN_TTL_SECS));
    let reply = ask(cloud, Method::PUT, &url, ttl, METADATA_TIMEOUT).await;
    let token = reply.ok().filter(|reply| reply.status().is_success()).and_then(|reply| text(reply.body()));
    if token.is_none() && !ecs.v1_fallback {
        let why = "the metadata server gives no session token, and asking without one is switched off";
        return Err(CredentialsError::absent(Origin::EcsRole, why));
    }
    Ok(token)
}

async fn get(
    cloud: &Cloud,
    ecs: &EcsRole,
    token: Option<&str>,
    name: &str,
) -> Result<Bytes, CredentialsError> {
    let url = format!("{}{ROLE_PATH}{name}", ecs.endpoint);
    let token = token.map(|token| ("x-aliyun-ecs-metadata-token", token));
    let failed = |trouble, why: &str| CredentialsError::new(Origin::EcsRole, trouble, why);
    match ask(cloud, Method::GET, &url, token, METADATA_TIMEOUT).await {
        Err(NoReply) => Err(failed(CredentialsTrouble::Absent, "no metadata server answers")),
        Ok(reply) if reply.status().is_success() => Ok(reply.into_body()),
        Ok(reply) if reply.status() == StatusCode::NOT_FOUND => {
            Err(failed(CredentialsTrouble::Absent, "the instance has no such role"))
        }
        Ok(reply) => {
            let why = format!("the metadata server answers {}", reply.status().as_u16());
            Err(failed(CredentialsTrouble::Unavailable, &why))
        }
    }
}

fn role_name(body: &[u8]) -> Result<String, CredentialsError> {
    let name = text(body).filter(|name| is_role_name(name));
    name.ok_or_else(|| {
        CredentialsError::unusable(Origin::EcsRole, "the name of the instance's role is no role name")
    })
}

/// Letters, digits, `.`, `-` and `_`, up to 64 (cloud-api §3, more leniently), and not a step in a path.
fn is_role_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(allowed) && !name.starts_with('.')
}

/// A body that is one printable word, around which there may be white space.
fn text(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let word = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    word.then(|| text.to_owned())
}

/// The credential an address answers with.
pub(super) async fn uri(cloud: &Cloud, uri: &str) -> Result<Lease, CredentialsError> {
    let failed = |trouble, why: String| CredentialsError::new(Origin::Uri, trouble, why);
    if !uri.starts_with("http://") && !uri.starts_with("https://") {
        return Err(failed(
            CredentialsTrouble::Unusable,
            "the credentials URI is not an HTTP address".to_owned(),
        ));
    }
    match ask(cloud, Method::GET, uri, None, URI_TIMEOUT).await {
        Err(NoReply) => {
            Err(failed(CredentialsTrouble::Unavailable, "the credentials URI does not answer".to_owned()))
        }
        Ok(reply) if reply.status().is_success() => {
            issued::read(reply.body()).map_err(|why| failed(CredentialsTrouble::Unusable, why.to_owned()))
        }
        Ok(reply) => {
            let why = format!("the credentials URI answers {}", reply.status().as_u16());
            Err(failed(CredentialsTrouble::Unavailable, why))
        }
    }
}
