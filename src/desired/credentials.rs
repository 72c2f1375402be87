//! Whose credentials an object asks for: one source, and roles assumed on top.
//!
//! Takes `spec.credentials`, returns [`CredentialsWanted`] or says what is wrong. Holds names only, never a secret.

use serde_json::Value;

use super::Invalid;
use crate::api::{AssumeRole, Credentials};

/// Most roles that are assumed one after the other.
const ROLES_MAX: usize = 2;

/// One source, and the roles that are assumed from it, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CredentialsWanted {
    /// Where the first access key comes from.
    pub source: CredentialSource,
    /// At most two; the last one is who acts.
    pub roles: Vec<RoleHop>,
}

/// Where the first access key comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum CredentialSource {
    /// The operator's own environment, in the official order.
    #[default]
    Ambient,
    /// A Secret of this name beside the object.
    Secret(String),
    /// A role that trusts the token of the operator's ServiceAccount.
    Rrsa {
        /// ARN of that role.
        role_arn: String,
        /// ARN of the cluster's OIDC provider; `None` for that of the environment.
        provider_arn: Option<String>,
    },
    /// The role of this name of the ECS instance the operator runs on.
    EcsRole(String),
}

/// A role to assume.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RoleHop {
    /// `acs:ram::<account>:role/<name>`.
    pub role_arn: String,
    /// What the trust policy of the role may ask for; not a secret.
    pub external_id: Option<String>,
}

impl CredentialsWanted {
    /// The Secret that is named, if one is.
    pub fn secret(&self) -> Option<&str> {
        match &self.source {
            CredentialSource::Secret(name) => Some(name),
            CredentialSource::Ambient | CredentialSource::Rrsa { .. } | CredentialSource::EcsRole(_) => None,
        }
    }

    pub(super) fn of(credentials: Option<&Credentials>) -> Result<Self, Invalid> {
        let Some(credentials) = credentials else { return Ok(Self::default()) };
        if credentials.assume_role.len() > ROLES_MAX {
            return Err(Invalid::spec(
                "`spec.credentials.assumeRole` holds more than 2 roles; leave out some",
            ));
        }
        let roles = credentials.assume_role.iter().map(hop).collect();
        Ok(Self { source: source(credentials)?, roles })
    }

    /// The same from the object as stored, for a deletion that must not act in anybody else's name.
    pub(super) fn of_stored(credentials: &Value) -> Result<Self, Invalid> {
        let read: Option<Credentials> = serde_json::from_value(credentials.clone()).map_err(|error| {
            Invalid::spec(format!("`spec.credentials` cannot be read ({error}); correct it"))
        })?;
        Self::of(read.as_ref())
    }
}

fn source(credentials: &Credentials) -> Result<CredentialSource, Invalid> {
    match (&credentials.secret_ref, &credentials.rrsa, &credentials.ecs_role) {
        (Some(secret), None, None) => Ok(CredentialSource::Secret(secret.name.clone())),
        (None, Some(rrsa), None) => Ok(CredentialSource::Rrsa {
            role_arn: rrsa.role_arn.clone(),
            provider_arn: rrsa.oidc_provider_arn.clone(),
        }),
        (None, None, Some(ecs)) => Ok(CredentialSource::EcsRole(ecs.role_name.clone())),
        (None, None, None) if !credentials.assume_role.is_empty() => Ok(CredentialSource::Ambient),
        (Some(_) | None, Some(_) | None, Some(_) | None) => Err(Invalid::spec(
            "`spec.credentials` needs exactly one of `secretRef`, `rrsa` and `ecsRole`, or `assumeRole` alone",
        )),
    }
}

fn hop(role: &AssumeRole) -> RoleHop {
    RoleHop { role_arn: role.role_arn.clone(), external_id: role.external_id.clone() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(credentials: &Value) -> Result<CredentialsWanted, Invalid> {
        CredentialsWanted::of_stored(credentials)
    }

    fn roles(arns: &[&str]) -> Vec<RoleHop> {
        arns.iter().map(|arn| RoleHop { role_arn: (*arn).to_owned(), external_id: None }).collect()
    }

    #[test]
    fn nothing_asked_for_is_the_operators_own() {
        assert_eq!(of(&Value::Null).unwrap(), CredentialsWanted::default());
    }

    #[test]
    fn each_source_is_read() {
        let secret = of(&json!({"secretRef": {"name": "alibaba"}})).unwrap();
        assert_eq!((secret.secret(), &secret.roles), (Some("alibaba"), &Vec::new()));
        let rrsa = of(&json!({"rrsa": {"roleArn": "r", "oidcProviderArn": "p"}})).unwrap().source;
        let wanted = CredentialSource::Rrsa { role_arn: "r".to_owned(), provider_arn: Some("p".to_owned()) };
        assert_eq!(rrsa, wanted);
        let ecs = of(&json!({"ecsRole": {"roleName": "node"}})).unwrap().source;
        assert_eq!(ecs, CredentialSource::EcsRole("node".to_owned()));
    }

    #[test]
    fn roles_are_kept_in_order_on_top_of_any_source() {
        let chain = json!([{"roleArn": "one"}, {"roleArn": "two"}]);
        let own = of(&json!({"assumeRole": chain})).unwrap();
        assert_eq!((own.source, own.roles), (CredentialSource::Ambient, roles(&["one", "two"])));
        let given = of(&json!({"secretRef": {"name": "alibaba"}, "assumeRole": chain})).unwrap();
        assert_eq!((given.secret(), &given.roles), (Some("alibaba"), &roles(&["one", "two"])));
    }

    #[test]
    fn what_cannot_be_obeyed_is_refused_and_never_taken_for_the_operators_own() {
        let three = json!([{"roleArn": "a"}, {"roleArn": "b"}, {"roleArn": "c"}]);
        for wrong in [
            json!({}),
            json!({"ofALaterVersion": {}}),
            json!({"secretRef": {}}),
            json!({"secretRef": {"name": "a"}, "ecsRole": {"roleName": "b"}}),
            json!({"assumeRole": three}),
        ] {
            assert!(of(&wrong).is_err(), "{wrong}");
        }
    }
}
