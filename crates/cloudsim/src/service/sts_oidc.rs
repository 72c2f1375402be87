//! `AssumeRoleWithOIDC`: a role for whoever holds a token of a trusted identity provider (cloud-api §4.1, §4.2).
//!
//! The call is not signed; the token is the proof. Codes of a bad token follow the SAML sibling (INFER).

use rusqlite::Connection;
use serde_json::{Value, json};

use super::{Call, ram, sts};
use crate::caller::Caller;
use crate::clock::iso;
use crate::oidc::{self, Claims};
use crate::policy::Context;
use crate::policy::trust::{self, Principal};
use crate::reply::{Answer, Refusal};
use crate::store::account;
use crate::store::oidc::{self as providers, Provider};

/// How far the clocks of issuer and cloud may be apart, seconds.
const SKEW_SECS: i64 = 60;

/// The caller of this operation: nobody, on the account of the role.
pub(crate) fn caller(conn: &Connection, role_arn: Option<&str>) -> Result<Caller, Refusal> {
    let missing = || Refusal::new(400, "MissingRoleArn", "RoleArn is mandatory for this action.");
    let arn = role_arn.filter(|arn| !arn.is_empty()).ok_or_else(missing)?;
    let (account, _) = sts::split_arn(arn, "role")
        .ok_or_else(|| ram::invalid("RoleArn", "The specified RoleArn is invalid."))?;
    let missing = || Refusal::new(404, "EntityNotExist.Role", "The specified Role not exists .");
    Ok(Caller::unsigned(account::find(conn, account)?.ok_or_else(missing)?))
}

pub(crate) fn assume_role_with_oidc(call: &Call<'_>) -> Result<Answer, Refusal> {
    let provider_arn = call.required("OIDCProviderArn")?;
    // Official clients send the file as it is, with the newline at its end (cloud-api §4.2).
    let token = call.required("OIDCToken")?.trim();
    let (account, role) = sts::role_of(call)?;
    let provider = provider(call, account, provider_arn)?;
    let claims = checked(token, &provider, call.now)?;
    let trusted: Value = serde_json::from_str(&role.trust).unwrap_or(Value::Null);
    if !trust::admits(&trusted, &Principal::Federated(provider_arn), &context(call, &claims)) {
        let message = "The role does not trust this provider, or a condition of its trust is not met.";
        return Err(Refusal::new(403, "AuthenticationFail.NoPermission", message));
    }
    let issued = sts::issue(call.conn, &sts::requested(call, account, &role)?)?;
    let mut answer = sts::shown(&issued);
    answer["OIDCTokenInfo"] = json!({
        "Subject": claims.subject,
        "Issuer": claims.issuer,
        "ClientIds": claims.audiences.join(","),
        "ExpirationTime": iso(claims.expires),
        "IssuanceTime": iso(claims.issued),
        "VerificationInfo": "Success",
    });
    Ok(Answer::json(answer))
}

fn provider(call: &Call<'_>, account: &str, arn: &str) -> Result<Provider, Refusal> {
    let missing =
        || Refusal::new(404, "EntityNotExist.OIDCProvider", "The specified OIDC provider does not exist.");
    let (owner, name) = sts::split_arn(arn, "oidc-provider")
        .ok_or_else(|| ram::invalid("OIDCProviderArn", "The specified OIDCProviderArn is invalid."))?;
    if owner != account {
        return Err(missing());
    }
    providers::find(call.conn, account, name)?.ok_or_else(missing)
}

/// Claims of a token that is good now, for this provider.
fn checked(token: &str, provider: &Provider, now: i64) -> Result<Claims, Refusal> {
    let failed = |kind: &str, message: &str| {
        Err(Refusal::new(401, format!("AuthenticationFail.OIDCToken.{kind}"), message))
    };
    let Some(claims) = oidc::verified(token, &provider.keys) else {
        return failed("Invalid", "The signature of the OIDC token cannot be verified.");
    };
    if claims.issuer != provider.issuer {
        return failed("Invalid", "The issuer of the OIDC token is not the one of the provider.");
    }
    if !claims.audiences.iter().any(|audience| provider.client_ids.contains(audience)) {
        return failed("Invalid", "No audience of the OIDC token is a client id of the provider.");
    }
    if claims.expires <= now {
        return failed("Expired", "The OIDC token has expired.");
    }
    if claims.not_before > now + SKEW_SECS || claims.issued > now + SKEW_SECS {
        return failed("Invalid", "The OIDC token is not valid yet.");
    }
    Ok(claims)
}

fn context(call: &Call<'_>, claims: &Claims) -> Context {
    let known = call.context().with("oidc:iss", &claims.issuer).with("oidc:sub", &claims.subject);
    claims.audiences.iter().fold(known, |known, audience| known.with("oidc:aud", audience))
}
