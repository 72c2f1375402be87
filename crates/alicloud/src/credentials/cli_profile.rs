//! Profiles of the official command line tool, `~/.aliyun/config.json`, as its credentials library reads them
//! (`alibabacloud-credentials` 1.0.12).
//!
//! Takes the text of the file; returns what to do to get a key. `sts_region` and `enable_vpc` of a profile are not
//! read: the STS of the [`Cloud`](crate::Cloud) is asked.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use crate::credentials::AccessKey;
use crate::credentials::source::{Base, EcsRole, OidcRole, Plan, role};
use crate::sts::AssumeRole;
use crate::tolerant;

/// Most profiles that may refer to each other: one key and two roles.
const PROFILES_MAX: usize = 3;

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    current: Option<String>,
    #[serde(default)]
    profiles: Vec<Profile>,
}

/// The tool writes empty text where nothing was chosen.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Profile {
    name: String,
    mode: String,
    #[serde(deserialize_with = "tolerant::text")]
    access_key_id: Option<String>,
    access_key_secret: Option<SecretString>,
    sts_token: Option<SecretString>,
    #[serde(deserialize_with = "tolerant::text")]
    ram_role_name: Option<String>,
    #[serde(deserialize_with = "tolerant::text")]
    ram_role_arn: Option<String>,
    #[serde(deserialize_with = "tolerant::text")]
    ram_session_name: Option<String>,
    #[serde(deserialize_with = "tolerant::text")]
    role_session_name: Option<String>,
    #[serde(deserialize_with = "tolerant::text")]
    external_id: Option<String>,
    expired_seconds: u64,
    #[serde(deserialize_with = "tolerant::text")]
    policy: Option<String>,
    #[serde(rename = "source_profile", deserialize_with = "tolerant::text")]
    source: Option<String>,
    #[serde(deserialize_with = "tolerant::text")]
    oidc_provider_arn: Option<String>,
    #[serde(deserialize_with = "tolerant::text")]
    oidc_token_file: Option<String>,
    #[serde(deserialize_with = "tolerant::text")]
    credentials_uri: Option<String>,
}

/// The plan of a profile; of the current one, or `default`, when none is named. The text is never quoted.
pub(super) fn plan(text: &str, name: Option<&str>) -> Result<Plan, String> {
    let config: Config =
        serde_json::from_str(text).map_err(|_| "the file is not a configuration in JSON".to_owned())?;
    let current = config.current.as_deref().filter(|name| !name.is_empty());
    plan_of(&config, name.or(current).unwrap_or("default"), PROFILES_MAX)
}

fn plan_of(config: &Config, name: &str, left: usize) -> Result<Plan, String> {
    let left = left.checked_sub(1).ok_or("more than three profiles refer to each other")?;
    let profile = config.profiles.iter().find(|profile| profile.name == name);
    let profile = profile.ok_or_else(|| format!("there is no profile `{name}`"))?;
    match profile.mode.as_str() {
        "AK" => Ok(Base::Key(profile.key(None)?).into()),
        "StsToken" => {
            let token = profile.token();
            Ok(Base::Key(profile.key(Some(need(token, name, "sts_token")?))?).into())
        }
        "RamRoleArn" => {
            let base = Base::Key(profile.key(profile.token())?);
            Ok(Plan { base, roles: vec![profile.role()?] })
        }
        "ChainableRamRoleArn" => {
            let source = need(profile.source.clone(), name, "source_profile")?;
            let mut plan = plan_of(config, &source, left)?;
            plan.roles.push(profile.role()?);
            Ok(plan)
        }
        "EcsRamRole" => {
            let role = profile.ram_role_name.clone();
            Ok(Base::EcsRole(EcsRole { role, ..EcsRole::default() }).into())
        }
        "OIDC" => Ok(Base::Oidc(profile.oidc_role()?).into()),
        "CredentialsURI" => {
            Ok(Base::Uri(need(profile.credentials_uri.clone(), name, "credentials_uri")?).into())
        }
        mode => Err(format!("profile `{name}` has the mode `{mode}`, which is not supported")),
    }
}

impl Profile {
    fn token(&self) -> Option<SecretString> {
        self.sts_token.clone().filter(|token| !token.expose_secret().is_empty())
    }

    fn key(&self, token: Option<SecretString>) -> Result<AccessKey, String> {
        let id = need(self.access_key_id.clone(), &self.name, "access_key_id")?;
        let secret = need(self.access_key_secret.clone(), &self.name, "access_key_secret")?;
        Ok(AccessKey::new(id, secret, token))
    }

    fn role(&self) -> Result<AssumeRole, String> {
        let arn = need(self.ram_role_arn.clone(), &self.name, "ram_role_arn")?;
        let (session, external_id) = (self.ram_session_name.clone(), self.external_id.clone());
        Ok(role(arn, session, external_id, self.duration(), self.policy.clone()))
    }

    fn oidc_role(&self) -> Result<OidcRole, String> {
        Ok(OidcRole {
            role_arn: need(self.ram_role_arn.clone(), &self.name, "ram_role_arn")?,
            provider_arn: need(self.oidc_provider_arn.clone(), &self.name, "oidc_provider_arn")?,
            token_file: need(self.oidc_token_file.clone(), &self.name, "oidc_token_file")?.into(),
            session_name: self.role_session_name.clone().or_else(|| self.ram_session_name.clone()),
            duration: self.duration(),
            policy: self.policy.clone(),
        })
    }

    /// The tool writes 0 when nothing was chosen.
    fn duration(&self) -> Option<Duration> {
        (self.expired_seconds > 0).then(|| Duration::from_secs(self.expired_seconds))
    }
}

fn need<T>(value: Option<T>, profile: &str, field: &str) -> Result<T, String> {
    value.ok_or_else(|| format!("profile `{profile}` has no `{field}`"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(profiles: &Value, name: Option<&str>) -> Result<Plan, String> {
        plan(&json!({ "current": "now", "profiles": profiles }).to_string(), name)
    }

    fn key_profile(name: &str) -> Value {
        json!({ "name": name, "mode": "AK", "access_key_id": format!("id-{name}"), "access_key_secret": "s",
            "sts_token": "", "ram_role_arn": "", "expired_seconds": 0, "retry_count": 0 })
    }

    fn role_profile(name: &str, source: &str) -> Value {
        json!({ "name": name, "mode": "ChainableRamRoleArn", "source_profile": source,
            "ram_role_arn": format!("arn-{name}"), "external_id": "x", "expired_seconds": 900 })
    }

    fn key_id(plan: &Plan) -> &str {
        let Base::Key(key) = &plan.base else { panic!("no key") };
        key.id()
    }

    #[test]
    fn the_current_profile_is_read_unless_another_is_named() {
        let profiles = json!([key_profile("other"), key_profile("now")]);
        assert_eq!(key_id(&of(&profiles, None).unwrap()), "id-now");
        assert_eq!(key_id(&of(&profiles, Some("other")).unwrap()), "id-other");
    }

    #[test]
    fn profiles_that_build_on_each_other_become_roles_in_order() {
        let profiles = json!([role_profile("now", "mid"), role_profile("mid", "base"), key_profile("base")]);
        let plan = of(&profiles, None).unwrap();
        let roles: Vec<&str> = plan.roles.iter().map(|role| role.role_arn.as_str()).collect();
        assert_eq!((key_id(&plan), roles), ("id-base", vec!["arn-mid", "arn-now"]));
        assert_eq!(plan.roles[0].duration, Duration::from_mins(15));
        assert_eq!(plan.roles[0].external_id.as_deref(), Some("x"));
    }

    #[test]
    fn profiles_in_a_circle_are_refused() {
        let profiles = json!([role_profile("now", "mid"), role_profile("mid", "now")]);
        assert!(of(&profiles, None).unwrap_err().contains("more than three"));
    }

    #[test]
    fn each_mode_has_its_plan() {
        let key = json!({ "name": "now", "access_key_id": "i", "access_key_secret": "s", "sts_token": "t",
            "ram_role_arn": "r", "ram_role_name": "n", "oidc_provider_arn": "p", "oidc_token_file": "/t",
            "credentials_uri": "http://127.0.0.1" });
        let with = |mode: &str| {
            let mut profile = key.clone();
            profile["mode"] = mode.into();
            of(&json!([profile]), None).unwrap()
        };
        assert!(matches!(with("StsToken").base, Base::Key(_)));
        assert_eq!(with("RamRoleArn").roles.len(), 1);
        assert!(matches!(with("EcsRamRole").base, Base::EcsRole(role) if role.role.as_deref() == Some("n")));
        assert!(matches!(with("OIDC").base, Base::Oidc(role) if role.provider_arn == "p"));
        assert!(matches!(with("CredentialsURI").base, Base::Uri(_)));
    }

    #[test]
    fn what_is_missing_is_named_and_nothing_is_quoted() {
        let profile = json!({ "name": "now", "mode": "AK", "access_key_secret": "hidden" });
        let error = of(&json!([profile]), None).unwrap_err();
        assert_eq!(error, "profile `now` has no `access_key_id`");
        assert_eq!(of(&json!([]), None).unwrap_err(), "there is no profile `now`");
        assert!(
            of(&json!([{ "name": "now", "mode": "CloudSSO" }]), None).unwrap_err().contains("`CloudSSO`")
        );
        assert_eq!(plan("{\"hidden\"", None).unwrap_err(), "the file is not a configuration in JSON");
    }
}
