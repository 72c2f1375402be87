//! Profiles of the official command line tool, `~/.aliyun/config.json`, as its credentials library reads them
//! (`alibabacloud-credentials` 1.0.12).
//!
//! Takes the text of the file; returns what to do to get a key. *Invariant:* runs no command, opens no browser, and
//! quotes nothing of the file but names of profiles, modes and fields.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use crate::credentials::AccessKey;
use crate::credentials::source::{Base, EcsRole, OidcRole, Plan, ProfileFile, of_instance, role, sts_host};
use crate::session::is_label;
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
    #[serde(deserialize_with = "tolerant::text")]
    sts_region: Option<String>,
    #[serde(deserialize_with = "tolerant::flag")]
    enable_vpc: Option<bool>,
}

/// Modes that need a browser or a program to be run: the tool itself has to be asked for a key then.
const OF_THE_TOOL_ALONE: [&str; 3] = ["CloudSSO", "OAuth", "External"];

/// The plan of a profile; of the current one, or `default`, when none is named.
pub(super) fn plan(text: &str, at: &ProfileFile) -> Result<Plan, String> {
    let config: Config =
        serde_json::from_str(text).map_err(|_| "the file is not a configuration in JSON".to_owned())?;
    let current = config.current.as_deref().filter(|name| !name.is_empty());
    let name = at.profile.as_deref().or(current).unwrap_or("default");
    plan_of(&config, name, at.ecs.as_ref(), PROFILES_MAX)
}

/// The STS that a profile chooses is asked for the profiles it builds on too, unless these choose one.
fn plan_of(config: &Config, name: &str, ecs: Option<&EcsRole>, left: usize) -> Result<Plan, String> {
    let left = left.checked_sub(1).ok_or("more than three profiles refer to each other")?;
    let profile = config.profiles.iter().find(|profile| profile.name == name);
    let profile = profile.ok_or_else(|| format!("there is no profile `{name}`"))?;
    let plan = if profile.mode == "ChainableRamRoleArn" {
        let source = need(profile.source.clone(), name, "source_profile")?;
        let mut plan = plan_of(config, &source, ecs, left)?;
        plan.roles.push(profile.role()?);
        plan
    } else {
        profile.plan(ecs)?
    };
    let sts = plan.sts.or(profile.sts()?);
    Ok(Plan { sts, ..plan })
}

fn unsupported(name: &str, mode: &str) -> String {
    let why = if OF_THE_TOOL_ALONE.contains(&mode) {
        "which needs a browser or another program"
    } else {
        "which is not supported"
    };
    format!(
        "profile `{name}` has the mode `{mode}`, {why}; those that are read: AK, StsToken, RamRoleArn, \
         ChainableRamRoleArn, EcsRamRole, OIDC, CredentialsURI"
    )
}

impl Profile {
    /// The plan of a profile that builds on no other.
    fn plan(&self, ecs: Option<&EcsRole>) -> Result<Plan, String> {
        Ok(match self.mode.as_str() {
            "AK" => Base::Key(self.key(None)?).into(),
            "StsToken" => Base::Key(self.key(Some(need(self.token(), &self.name, "sts_token")?))?).into(),
            // A token left over from another mode is not the key's: the official library sends none either.
            "RamRoleArn" => Plan { roles: vec![self.role()?], ..Base::Key(self.key(None)?).into() },
            "EcsRamRole" => of_instance(ecs, self.ram_role_name.clone())?.into(),
            "OIDC" => Base::Oidc(self.oidc_role()?).into(),
            "CredentialsURI" => {
                Base::Uri(need(self.credentials_uri.clone(), &self.name, "credentials_uri")?.into()).into()
            }
            mode => return Err(unsupported(&self.name, mode)),
        })
    }

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

    fn sts(&self) -> Result<Option<String>, String> {
        let Some(region) = &self.sts_region else { return Ok(None) };
        if !is_label(region) {
            return Err(format!("the `sts_region` of profile `{}` is no region", self.name));
        }
        Ok(Some(sts_host(region, self.enable_vpc == Some(true))))
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
        read(&json!({ "current": "now", "profiles": profiles }).to_string(), name)
    }

    fn read(text: &str, profile: Option<&str>) -> Result<Plan, String> {
        plan(text, &ProfileFile { profile: profile.map(str::to_owned), ..ProfileFile::default() })
    }

    /// A profile with a field of every mode.
    fn full(mode: &str) -> Value {
        json!({ "name": "now", "mode": mode, "access_key_id": "i", "access_key_secret": "s", "sts_token": "t",
            "ram_role_arn": "r", "ram_role_name": "n", "oidc_provider_arn": "p", "oidc_token_file": "/t",
            "credentials_uri": "http://127.0.0.1" })
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
        let with = |mode: &str| of(&json!([full(mode)]), None).unwrap();
        assert!(matches!(with("StsToken").base, Base::Key(_)));
        assert_eq!(with("RamRoleArn").roles.len(), 1);
        assert!(matches!(with("EcsRamRole").base, Base::EcsRole(role) if role.role.as_deref() == Some("n")));
        assert!(matches!(with("OIDC").base, Base::Oidc(role) if role.provider_arn == "p"));
        assert!(matches!(with("CredentialsURI").base, Base::Uri(_)));
    }

    #[test]
    fn a_token_left_over_from_another_mode_is_not_sent() {
        for (mode, token) in [("AK", None), ("RamRoleArn", None), ("StsToken", Some("t"))] {
            let Base::Key(key) = of(&json!([full(mode)]), None).unwrap().base else { panic!("no key") };
            assert_eq!(key.signing().security_token, token, "{mode}");
        }
    }

    #[test]
    fn the_role_of_the_instance_is_had_as_the_process_was_told() {
        let text = json!({ "profiles": [{ "name": "default", "mode": "EcsRamRole", "ram_role_name": "" }] });
        let of = |ecs| plan(&text.to_string(), &ProfileFile { ecs, ..ProfileFile::default() });
        let hard = EcsRole { v1_fallback: false, role: Some("named".to_owned()), ..EcsRole::default() };
        let base = of(Some(hard.clone())).unwrap().base;
        assert!(matches!(base, Base::EcsRole(ecs) if ecs == hard));
        assert!(of(None).unwrap_err().contains("switched off"));
    }

    #[test]
    fn a_profile_chooses_the_sts_of_its_roles() {
        let mut role = role_profile("now", "base");
        role["sts_region"] = "cn-beijing".into();
        role["enable_vpc"] = true.into();
        let sts = |role: &Value| of(&json!([role, key_profile("base")]), None).map(|plan| plan.sts);
        assert_eq!(sts(&role), Ok(Some("sts-vpc.cn-beijing.aliyuncs.com".to_owned())));
        role["enable_vpc"] = false.into();
        assert_eq!(sts(&role), Ok(Some("sts.cn-beijing.aliyuncs.com".to_owned())));
        role["sts_region"] = "evil.example/".into();
        assert!(sts(&role).is_err());
        role["sts_region"] = "".into();
        assert_eq!(sts(&role), Ok(None));
    }

    #[test]
    fn a_mode_that_is_not_read_is_named_with_those_that_are() {
        for (mode, why) in
            [("CloudSSO", "browser"), ("OAuth", "browser"), ("External", "program"), ("X", "not")]
        {
            let error = of(&json!([{ "name": "now", "mode": mode }]), None).unwrap_err();
            assert!(error.contains(&format!("`{mode}`")) && error.contains(why), "{error}");
            assert!(error.contains("ChainableRamRoleArn"), "{error}");
        }
    }

    #[test]
    fn what_is_missing_is_named_and_nothing_is_quoted() {
        let profile = json!({ "name": "now", "mode": "AK", "access_key_secret": "hidden" });
        let error = of(&json!([profile]), None).unwrap_err();
        assert_eq!(error, "profile `now` has no `access_key_id`");
        assert_eq!(of(&json!([]), None).unwrap_err(), "there is no profile `now`");
        assert_eq!(read("{\"hidden\"", None).unwrap_err(), "the file is not a configuration in JSON");
    }
}
