//! The credentials in use: one for each distinct source, shared by all objects that name it, kept from pass to pass.
//!
//! Takes what an object asks for, and the key in its Secret where it names one; returns the [`Credentials`] that all who
//! ask for the same share, so that a role is assumed once for all of them. What no object uses any more is dropped,
//! secrets with it. *Invariant:* reads no environment; sends nothing.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alicloud::{AccessKey, AssumeRole, Cloud, Credentials, EcsRole, Environment, OidcRole, Source};

use crate::api::names::APP_NAME;
use crate::desired::{CredentialSource, CredentialsWanted, RoleHop};

/// Where the token of a ServiceAccount is when the environment does not say (`cloud-api.md` §4.2).
const TOKEN_FILE: &str = "/var/run/secrets/ack.alibabacloud.com/rrsa-tokens/token";
/// How long a role is assumed for: what STS allows every role.
const ROLE_DURATION: Duration = Duration::from_hours(1);

/// What tells one credential from another. Holds names only.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Label {
    /// Where the Secret is; `None` for sources that are the same for everybody.
    namespace: Option<String>,
    wanted: CredentialsWanted,
    /// Whose STS is asked.
    region: String,
}

impl Label {
    pub(super) fn new(namespace: &str, wanted: &CredentialsWanted, region: &str) -> Self {
        let namespace = wanted.secret().map(|_| namespace.to_owned());
        Self { namespace, wanted: wanted.clone(), region: region.to_owned() }
    }
}

struct Kept {
    /// The key they were made from, if there was one: another makes them anew.
    secret: Option<AccessKey>,
    credentials: Credentials,
}

#[derive(Default)]
struct Ring {
    kept: HashMap<Label, Kept>,
    /// What each object used last, by uid.
    used: HashMap<String, Label>,
}

impl Ring {
    fn drop_unused(&mut self) {
        let Self { kept, used } = self;
        kept.retain(|label, _| used.values().any(|used| used == label));
    }
}

/// The credentials of all objects.
pub(super) struct Keyring {
    environment: Environment,
    ring: Mutex<Ring>,
}

impl Keyring {
    pub(super) fn new(mut environment: Environment) -> Self {
        environment.role_session_name.get_or_insert_with(|| APP_NAME.to_owned());
        Self { environment, ring: Mutex::default() }
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The credentials an object asks for, made if nobody asked for them before or if the key in the Secret is another.
    ///
    /// # Errors
    /// What is missing, when there is no such source.
    pub(super) fn credentials(
        &self,
        cloud: &Cloud,
        uid: &str,
        label: Label,
        secret: Option<AccessKey>,
    ) -> Result<Credentials, String> {
        let mut ring = self.ring();
        let former = ring.used.insert(uid.to_owned(), label.clone());
        if former.is_some_and(|former| former != label) {
            ring.drop_unused();
        }
        if let Some(kept) =
            ring.kept.get(&label).filter(|kept| is_same(kept.secret.as_ref(), secret.as_ref()))
        {
            return Ok(kept.credentials.clone());
        }
        let sources = sources(&label.wanted.source, &self.environment, secret.clone())?;
        let roles = label.wanted.roles.iter().map(|hop| assume(&self.environment, hop)).collect();
        let credentials = Credentials::new(cloud, &label.region, sources, roles);
        let credentials = credentials.map_err(|error| error.to_string())?;
        ring.kept.insert(label, Kept { secret, credentials: credentials.clone() });
        Ok(credentials)
    }

    /// The object is gone.
    pub(super) fn forget(&self, uid: &str) {
        let mut ring = self.ring();
        if ring.used.remove(uid).is_some() {
            ring.drop_unused();
        }
    }
}

fn is_same(one: Option<&AccessKey>, other: Option<&AccessKey>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.is_same(other),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// What is to be asked for the first key, in order; or what is missing.
fn sources(
    source: &CredentialSource,
    environment: &Environment,
    secret: Option<AccessKey>,
) -> Result<Vec<Source>, String> {
    match source {
        CredentialSource::Ambient => Ok(environment.chain()),
        CredentialSource::Secret(_) => Ok(secret.into_iter().map(Source::Static).collect()),
        CredentialSource::Rrsa { role_arn, provider_arn } => {
            let provider = provider_arn.clone().or_else(|| environment.oidc_provider_arn.clone());
            let provider_arn = provider.ok_or(
                "`spec.credentials.rrsa.oidcProviderArn` is not set, and neither is ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
            )?;
            Ok(vec![Source::Oidc(oidc(environment, role_arn.clone(), provider_arn))])
        }
        CredentialSource::EcsRole(_) if environment.ecs_metadata_disabled => {
            Err("ALIBABA_CLOUD_ECS_METADATA_DISABLED is set".to_owned())
        }
        CredentialSource::EcsRole(role) => Ok(vec![Source::EcsRole(EcsRole {
            role: Some(role.clone()),
            v1_fallback: !environment.imdsv1_disabled,
            ..EcsRole::default()
        })]),
    }
}

fn oidc(environment: &Environment, role_arn: String, provider_arn: String) -> OidcRole {
    OidcRole {
        role_arn,
        provider_arn,
        token_file: environment.oidc_token_file.clone().unwrap_or_else(|| TOKEN_FILE.into()),
        session_name: environment.role_session_name.clone(),
        duration: Some(ROLE_DURATION),
        policy: None,
    }
}

fn assume(environment: &Environment, hop: &RoleHop) -> AssumeRole {
    AssumeRole {
        role_arn: hop.role_arn.clone(),
        session_name: environment.role_session_name.clone().unwrap_or_default(),
        duration: ROLE_DURATION,
        external_id: hop.external_id.clone(),
        policy: None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use alicloud::{Clock, HttpOptions, HttpTransport, Origin, WireProfile};
    use jiff::Timestamp;
    use secrecy::SecretString;

    use super::*;

    struct Epoch;

    impl Clock for Epoch {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }
    }

    fn cloud() -> Cloud {
        let nowhere = Some("http://127.0.0.1:9".to_owned());
        let transport = HttpTransport::new(&HttpOptions { endpoint: nowhere, ..HttpOptions::default() });
        Cloud::new(Arc::new(transport.unwrap()), Arc::new(Epoch), Arc::new(WireProfile::builtin()))
    }

    fn keyring() -> Keyring {
        Keyring::new(Environment::default())
    }

    fn key(secret: &str) -> AccessKey {
        AccessKey::new("id", SecretString::from(secret), None)
    }

    fn from_secret() -> CredentialsWanted {
        let source = CredentialSource::Secret("alibaba".to_owned());
        let hop = RoleHop { role_arn: "r".to_owned(), external_id: None };
        CredentialsWanted { source, roles: vec![hop] }
    }

    /// The credentials in use, after an object of a namespace asked for those of its Secret.
    fn ask(keyring: &Keyring, uid: &str, namespace: &str, secret: &str) -> usize {
        let label = Label::new(namespace, &from_secret(), "cn-hangzhou");
        keyring.credentials(&cloud(), uid, label, Some(key(secret))).unwrap();
        keyring.ring().kept.len()
    }

    #[test]
    fn objects_that_name_one_source_share_its_credentials() {
        let keyring = keyring();
        assert_eq!(["a", "b", "a"].map(|uid| ask(&keyring, uid, "audit", "one")), [1, 1, 1]);
    }

    #[test]
    fn a_secret_of_the_same_name_elsewhere_is_another_source() {
        let keyring = keyring();
        assert_eq!((ask(&keyring, "a", "audit", "one"), ask(&keyring, "b", "other", "one")), (1, 2));
    }

    #[test]
    fn another_key_in_the_secret_takes_the_place_of_the_former() {
        let keyring = keyring();
        assert_eq!((ask(&keyring, "a", "audit", "one"), ask(&keyring, "b", "audit", "two")), (1, 1));
        let ring = keyring.ring();
        let kept = ring.kept.values().next().unwrap();
        assert!(is_same(kept.secret.as_ref(), Some(&key("two"))));
    }

    #[test]
    fn what_nobody_uses_any_more_is_dropped() {
        let keyring = keyring();
        ask(&keyring, "a", "audit", "one");
        ask(&keyring, "b", "audit", "one");
        let own = Label::new("audit", &CredentialsWanted::default(), "cn-hangzhou");
        keyring.credentials(&cloud(), "a", own.clone(), None).unwrap();
        assert_eq!(keyring.ring().kept.len(), 2);
        keyring.forget("b");
        assert_eq!(keyring.ring().kept.keys().collect::<Vec<_>>(), [&own]);
        keyring.forget("a");
        assert!(keyring.ring().kept.is_empty());
    }

    #[test]
    fn the_token_of_the_service_account_is_taken_with_what_the_environment_knows() {
        let wanted = CredentialSource::Rrsa { role_arn: "r".to_owned(), provider_arn: None };
        let environment = Environment { oidc_provider_arn: Some("p".to_owned()), ..Environment::default() };
        let given = sources(&wanted, &environment, None).unwrap();
        let [Source::Oidc(role)] = given.as_slice() else { panic!("{given:?}") };
        assert_eq!((role.provider_arn.as_str(), role.token_file.to_str()), ("p", Some(TOKEN_FILE)));
        assert!(sources(&wanted, &Environment::default(), None).unwrap_err().contains("oidcProviderArn"));
    }

    #[test]
    fn a_metadata_server_that_is_switched_off_is_not_asked() {
        let wanted =
            CredentialsWanted { source: CredentialSource::EcsRole("node".to_owned()), roles: Vec::new() };
        let keyring = Keyring::new(Environment { ecs_metadata_disabled: true, ..Environment::default() });
        let label = Label::new("audit", &wanted, "cn-hangzhou");
        let why = keyring.credentials(&cloud(), "a", label, None).unwrap_err();
        assert!(why.contains("ALIBABA_CLOUD_ECS_METADATA_DISABLED"), "{why}");
    }

    #[test]
    fn the_operators_own_are_looked_for_in_the_official_order() {
        let environment = Environment {
            access_key_id: Some("id".to_owned()),
            access_key_secret: Some(SecretString::from("secret")),
            ..Environment::default()
        };
        let given = sources(&CredentialSource::Ambient, &environment, None).unwrap();
        let origins: Vec<Origin> = given.iter().map(Source::origin).collect();
        assert_eq!(origins, [Origin::Environment, Origin::EcsRole]);
    }
}
