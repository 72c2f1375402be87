//! What an access key can come from.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::credentials::AccessKey;
use crate::sts::AssumeRole;

/// What a session is called in audit logs when nobody gave it a name.
pub(super) const SESSION_NAME: &str = "alicloud";
/// How long a temporary credential is asked for when nobody says: the default of STS.
pub(super) const DURATION: Duration = Duration::from_hours(1);
/// The metadata server of an ECS instance.
const METADATA: &str = "http://100.100.100.200";

/// One place to get an access key from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A key that was handed in.
    Static(AccessKey),
    /// A key out of the environment of the process, handed in.
    Environment(AccessKey),
    /// A role that trusts the token in a file (RRSA on ACK).
    Oidc(OidcRole),
    /// A profile of the command line tool: `~/.aliyun/config.json`.
    CliProfile(ProfileFile),
    /// A section of an ini file: `~/.alibabacloud/credentials`.
    IniFile(ProfileFile),
    /// The role of the ECS instance, from its metadata server.
    EcsRole(EcsRole),
    /// An address that answers with a temporary credential, which whoever knows it has too. Asked in plain HTTP if it
    /// says so.
    Uri(SecretString),
}

impl Source {
    /// Which kind of source it is.
    pub fn origin(&self) -> Origin {
        match self {
            Self::Static(_) => Origin::Static,
            Self::Environment(_) => Origin::Environment,
            Self::Oidc(_) => Origin::Oidc,
            Self::CliProfile(_) => Origin::CliProfile,
            Self::IniFile(_) => Origin::IniFile,
            Self::EcsRole(_) => Origin::EcsRole,
            Self::Uri(_) => Origin::Uri,
        }
    }
}

/// The kinds of sources: a closed set, fit for a metric label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// Handed in.
    Static,
    /// Environment of the process.
    Environment,
    /// OIDC token file.
    Oidc,
    /// Profile of the command line tool.
    CliProfile,
    /// Ini file.
    IniFile,
    /// ECS metadata server.
    EcsRole,
    /// Credentials URI.
    Uri,
}

impl Origin {
    /// Short lower-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Environment => "environment",
            Self::Oidc => "oidc",
            Self::CliProfile => "cli-profile",
            Self::IniFile => "ini-file",
            Self::EcsRole => "ecs-role",
            Self::Uri => "credentials-uri",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A role to assume with a token that is read from a file each time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcRole {
    /// `acs:ram::<account>:role/<name>`.
    pub role_arn: String,
    /// `acs:ram::<account>:oidc-provider/<name>`.
    pub provider_arn: String,
    /// Where the token is; somebody else replaces it from time to time.
    pub token_file: PathBuf,
    /// What the session is called in audit logs; `None` for `alicloud`.
    pub session_name: Option<String>,
    /// How long each credential is to last; `None` for an hour.
    pub duration: Option<Duration>,
    /// A policy (JSON text) that narrows what the credential may do.
    pub policy: Option<String>,
}

/// A profile in a file that is read each time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileFile {
    /// Where it may be; the first that exists counts.
    pub paths: Vec<PathBuf>,
    /// Which profile; `None` for the one the file calls current, or `default`.
    pub profile: Option<String>,
    /// Whether nobody named the paths: one that may not be looked at counts as not there then.
    pub by_default: bool,
    /// How a profile that stands for the role of the instance gets it; `None` when that is switched off.
    pub ecs: Option<EcsRole>,
}

impl Default for ProfileFile {
    fn default() -> Self {
        Self { paths: Vec::new(), profile: None, by_default: false, ecs: Some(EcsRole::default()) }
    }
}

/// The role of the ECS instance the process runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EcsRole {
    /// Its name; `None` to ask the metadata server.
    pub role: Option<String>,
    /// Whether to ask without a session token when none can be had. A server-side request forgery can do without
    /// one too, so `false` is the harder setting.
    pub v1_fallback: bool,
    /// The metadata server, `http://100.100.100.200` but for an emulator.
    pub endpoint: String,
}

impl Default for EcsRole {
    fn default() -> Self {
        Self { role: None, v1_fallback: true, endpoint: METADATA.to_owned() }
    }
}

/// What to do to get a key, after files were read: a key to begin with, then roles one after the other.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) base: Base,
    pub(super) roles: Vec<AssumeRole>,
    /// The host of the STS to ask for both, when the file chooses one.
    pub(super) sts: Option<String>,
}

/// Where the first key of a plan comes from.
#[derive(Clone, Debug)]
pub(super) enum Base {
    Key(AccessKey),
    Oidc(OidcRole),
    EcsRole(EcsRole),
    Uri(SecretString),
}

impl From<Base> for Plan {
    fn from(base: Base) -> Self {
        Self { base, roles: Vec::new(), sts: None }
    }
}

/// The role of the instance that a profile stands for: its own, else the one that `ecs` names.
pub(super) fn of_instance(ecs: Option<&EcsRole>, role: Option<String>) -> Result<Base, String> {
    let ecs = ecs.ok_or("the role of the instance is switched off (ALIBABA_CLOUD_ECS_METADATA_DISABLED)")?;
    Ok(Base::EcsRole(EcsRole { role: role.or_else(|| ecs.role.clone()), ..ecs.clone() }))
}

/// The host of the STS of a region, by its public name or the one inside a VPC.
pub(super) fn sts_host(region: &str, vpc: bool) -> String {
    let name = if vpc { "sts-vpc" } else { "sts" };
    format!("{name}.{region}.aliyuncs.com")
}

/// A role to assume, with what nobody said filled in.
pub(super) fn role(
    arn: String,
    session_name: Option<String>,
    external_id: Option<String>,
    duration: Option<Duration>,
    policy: Option<String>,
) -> AssumeRole {
    AssumeRole {
        role_arn: arn,
        session_name: session_name.unwrap_or_else(|| SESSION_NAME.to_owned()),
        duration: duration.unwrap_or(DURATION),
        external_id,
        policy,
    }
}
