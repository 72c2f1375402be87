//! The official default chain: which sources the environment names, in the official order (cloud-api §4.3; the
//! official Python, Go and Node clients agree, 2026-11-22).
//!
//! Takes the values of variables, looked up by the caller; returns sources. *Invariant:* reads no environment.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::credentials::AccessKey;
use crate::credentials::source::{EcsRole, OidcRole, ProfileFile, Source, sts_host};

/// The variables of the official clients. An empty value counts as none.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one field for each variable, and these are switches")]
pub struct Environment {
    /// `ALIBABA_CLOUD_ACCESS_KEY_ID`.
    pub access_key_id: Option<String>,
    /// `ALIBABA_CLOUD_ACCESS_KEY_SECRET`.
    pub access_key_secret: Option<SecretString>,
    /// `ALIBABA_CLOUD_SECURITY_TOKEN`.
    pub security_token: Option<SecretString>,
    /// `ALIBABA_CLOUD_ROLE_ARN`.
    pub role_arn: Option<String>,
    /// `ALIBABA_CLOUD_OIDC_PROVIDER_ARN`.
    pub oidc_provider_arn: Option<String>,
    /// `ALIBABA_CLOUD_OIDC_TOKEN_FILE`.
    pub oidc_token_file: Option<PathBuf>,
    /// `ALIBABA_CLOUD_ROLE_SESSION_NAME`.
    pub role_session_name: Option<String>,
    /// `ALIBABA_CLOUD_STS_ENDPOINT`: a host, with or without a scheme before it.
    pub sts_endpoint: Option<String>,
    /// `ALIBABA_CLOUD_STS_REGION`.
    pub sts_region: Option<String>,
    /// `ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED`.
    pub vpc_endpoint_enabled: bool,
    /// `ALIBABA_CLOUD_PROFILE`.
    pub profile: Option<String>,
    /// `ALIBABA_CLOUD_CLI_PROFILE_DISABLED`.
    pub cli_profile_disabled: bool,
    /// `ALIBABA_CLOUD_CREDENTIALS_FILE`.
    pub credentials_file: Option<PathBuf>,
    /// `ALIBABA_CLOUD_ECS_METADATA`: the name of the instance's role.
    pub ecs_metadata: Option<String>,
    /// `ALIBABA_CLOUD_ECS_METADATA_DISABLED`.
    pub ecs_metadata_disabled: bool,
    /// `ALIBABA_CLOUD_IMDSV1_DISABLED`.
    pub imdsv1_disabled: bool,
    /// `ALIBABA_CLOUD_CREDENTIALS_URI`.
    pub credentials_uri: Option<SecretString>,
    /// `HOME`, below which the two files are looked for.
    pub home: Option<PathBuf>,
}

impl Environment {
    /// Reads every variable through `get`, which looks one name up.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str| get(name).filter(|value| !value.is_empty());
        let ours = |name: &str| text(&format!("ALIBABA_CLOUD_{name}"));
        let flag = |name: &str| ours(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        Self {
            access_key_id: ours("ACCESS_KEY_ID"),
            access_key_secret: ours("ACCESS_KEY_SECRET").map(SecretString::from),
            security_token: ours("SECURITY_TOKEN").map(SecretString::from),
            role_arn: ours("ROLE_ARN"),
            oidc_provider_arn: ours("OIDC_PROVIDER_ARN"),
            oidc_token_file: ours("OIDC_TOKEN_FILE").map(PathBuf::from),
            role_session_name: ours("ROLE_SESSION_NAME"),
            sts_endpoint: ours("STS_ENDPOINT"),
            sts_region: ours("STS_REGION"),
            vpc_endpoint_enabled: flag("VPC_ENDPOINT_ENABLED"),
            profile: ours("PROFILE"),
            cli_profile_disabled: flag("CLI_PROFILE_DISABLED"),
            credentials_file: ours("CREDENTIALS_FILE").map(PathBuf::from),
            ecs_metadata: ours("ECS_METADATA"),
            ecs_metadata_disabled: flag("ECS_METADATA_DISABLED"),
            imdsv1_disabled: flag("IMDSV1_DISABLED"),
            credentials_uri: ours("CREDENTIALS_URI").map(SecretString::from),
            home: text("HOME").map(PathBuf::from),
        }
    }

    /// The sources to ask, in the official order: environment, OIDC, CLI profile, ini file, ECS role, URI. Those
    /// whose variables are not all set are left out.
    pub fn chain(&self) -> Vec<Source> {
        let sources = [
            self.key().map(Source::Environment),
            self.oidc_role().map(Source::Oidc),
            self.cli_profile().map(Source::CliProfile),
            self.ini_file().map(Source::IniFile),
            self.ecs_role().map(Source::EcsRole),
            self.credentials_uri.clone().map(Source::Uri),
        ];
        sources.into_iter().flatten().collect()
    }

    /// The STS to ask, when the environment chooses one: for
    /// [`Endpoints::with`](crate::Endpoints::with).
    pub fn sts_host(&self) -> Option<String> {
        let given = self.sts_endpoint.as_deref().map(|host| {
            let host = host.split_once("://").map_or(host, |(_, host)| host);
            host.trim_end_matches('/').to_owned()
        });
        given.or_else(|| self.sts_region.as_ref().map(|region| sts_host(region, self.vpc_endpoint_enabled)))
    }

    fn key(&self) -> Option<AccessKey> {
        let (id, secret) = (self.access_key_id.clone()?, self.access_key_secret.clone()?);
        Some(AccessKey::new(id, secret, self.security_token.clone()))
    }

    fn oidc_role(&self) -> Option<OidcRole> {
        Some(OidcRole {
            role_arn: self.role_arn.clone()?,
            provider_arn: self.oidc_provider_arn.clone()?,
            token_file: self.oidc_token_file.clone()?,
            session_name: self.role_session_name.clone(),
            duration: None,
            policy: None,
        })
    }

    fn cli_profile(&self) -> Option<ProfileFile> {
        let home = self.home.as_ref().filter(|_| !self.cli_profile_disabled)?;
        Some(self.profile_file(vec![home.join(".aliyun/config.json")], true))
    }

    fn profile_file(&self, paths: Vec<PathBuf>, by_default: bool) -> ProfileFile {
        ProfileFile { paths, profile: self.profile.clone(), by_default, ecs: self.ecs_role() }
    }

    /// The documentation says `credentials`, the Python client looks for `credentials.ini` (2026-11-22).
    fn ini_file(&self) -> Option<ProfileFile> {
        let below = |home: &PathBuf| {
            ["credentials", "credentials.ini"].map(|name| home.join(".alibabacloud").join(name)).to_vec()
        };
        let given = self.credentials_file.clone().map(|path| vec![path]);
        let by_default = given.is_none();
        let paths = given.or_else(|| self.home.as_ref().map(below))?;
        Some(self.profile_file(paths, by_default))
    }

    fn ecs_role(&self) -> Option<EcsRole> {
        let role = EcsRole {
            role: self.ecs_metadata.clone(),
            v1_fallback: !self.imdsv1_disabled,
            ..EcsRole::default()
        };
        (!self.ecs_metadata_disabled).then_some(role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::Origin;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        Environment::read(|name| {
            let found = pairs.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn origins(pairs: &[(&str, &str)]) -> Vec<Origin> {
        environment(pairs).chain().iter().map(Source::origin).collect()
    }

    const EVERYTHING: &[(&str, &str)] = &[
        ("ALIBABA_CLOUD_CREDENTIALS_URI", "http://127.0.0.1/c"),
        ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "/token"),
        ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "p"),
        ("ALIBABA_CLOUD_ROLE_ARN", "r"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s"),
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "i"),
        ("HOME", "/home/u"),
    ];

    #[test]
    fn the_order_is_the_official_one() {
        use Origin::{CliProfile, EcsRole, Environment, IniFile, Oidc, Uri};
        assert_eq!(origins(EVERYTHING), [Environment, Oidc, CliProfile, IniFile, EcsRole, Uri]);
    }

    #[test]
    fn with_nothing_set_only_the_metadata_server_is_left() {
        assert_eq!(origins(&[]), [Origin::EcsRole]);
    }

    #[test]
    fn a_source_with_half_its_variables_is_left_out() {
        for missing in ["ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_ACCESS_KEY_ID"] {
            let pairs: Vec<_> = EVERYTHING.iter().copied().filter(|(name, _)| *name != missing).collect();
            assert!(!origins(&pairs).contains(&Origin::Environment), "{missing}");
        }
        for missing in
            ["ALIBABA_CLOUD_OIDC_TOKEN_FILE", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "ALIBABA_CLOUD_ROLE_ARN"]
        {
            let pairs: Vec<_> = EVERYTHING.iter().copied().filter(|(name, _)| *name != missing).collect();
            assert!(!origins(&pairs).contains(&Origin::Oidc), "{missing}");
        }
    }

    #[test]
    fn an_empty_value_is_no_value() {
        let pairs = [("ALIBABA_CLOUD_ACCESS_KEY_ID", ""), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s")];
        assert_eq!(origins(&pairs), [Origin::EcsRole]);
    }

    #[test]
    fn the_switches_switch_off() {
        let off = [
            ("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "TRUE"),
            ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true"),
            ("HOME", "/home/u"),
        ];
        assert_eq!(origins(&off), [Origin::IniFile]);
        let v1 = environment(&[("ALIBABA_CLOUD_IMDSV1_DISABLED", "true")]).ecs_role();
        assert!(v1.is_some_and(|role| !role.v1_fallback));
    }

    #[test]
    fn what_the_environment_says_of_the_metadata_server_counts_for_profiles_too() {
        let of = |pairs: &[(&str, &str)]| environment(pairs).cli_profile().and_then(|file| file.ecs);
        let home = ("HOME", "/home/u");
        assert_eq!(of(&[home, ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")]), None);
        let hard =
            of(&[home, ("ALIBABA_CLOUD_IMDSV1_DISABLED", "true"), ("ALIBABA_CLOUD_ECS_METADATA", "mine")]);
        let expected = EcsRole { role: Some("mine".to_owned()), v1_fallback: false, ..EcsRole::default() };
        assert_eq!(hard, Some(expected));
    }

    #[test]
    fn only_a_file_that_the_environment_names_has_to_be_readable() {
        let ini = |pairs: &[(&str, &str)]| environment(pairs).ini_file().map(|file| file.by_default);
        assert_eq!(ini(&[("HOME", "/home/u")]), Some(true));
        assert_eq!(ini(&[("HOME", "/home/u"), ("ALIBABA_CLOUD_CREDENTIALS_FILE", "/f")]), Some(false));
    }

    #[test]
    fn the_sts_of_the_environment_may_be_named_or_follow_from_its_region() {
        let host = |pairs: &[(&str, &str)]| environment(pairs).sts_host();
        assert_eq!(host(&[]), None);
        let region = ("ALIBABA_CLOUD_STS_REGION", "cn-beijing");
        assert_eq!(host(&[region]).as_deref(), Some("sts.cn-beijing.aliyuncs.com"));
        let vpc = ("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", "true");
        assert_eq!(host(&[region, vpc]).as_deref(), Some("sts-vpc.cn-beijing.aliyuncs.com"));
        let named = ("ALIBABA_CLOUD_STS_ENDPOINT", "https://sts.test/");
        assert_eq!(host(&[region, named]).as_deref(), Some("sts.test"));
    }

    #[test]
    fn what_was_read_shows_no_secret() {
        let pairs = [
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", "id"),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "hidden-1"),
            ("ALIBABA_CLOUD_SECURITY_TOKEN", "hidden-2"),
            ("ALIBABA_CLOUD_CREDENTIALS_URI", "http://127.0.0.1/?token=hidden-3"),
        ];
        let environment = environment(&pairs);
        assert!(!format!("{environment:?} {:?}", environment.chain()).contains("hidden"));
    }
}
