//! The spec, parsed once into a form that cannot be wrong.
//!
//! Takes an `InnerTrail` as the API server stored it and returns [`Desired`], or [`Invalid`] naming the field that is
//! wrong. Everything the four stages are judged by is derived here, names above all, so that a create after a crash
//! finds its own work.
//!
//! *Invariant:* reads nothing but the object it is given.

mod credentials;

use std::time::Duration;

use thiserror::Error;

use crate::api::names::LOGSTORE_PREFIX;
use crate::api::reasons::Reason;
use crate::api::{Adoption, Control, Create, IndexPolicy, InnerTrail, InnerTrailSpec, Mode};
pub use credentials::{CredentialSource, CredentialsWanted, RoleHop};

/// Retention that Log Service takes for "for ever" (`cloud-api.md` §6.2).
pub const PERMANENT_RETENTION_DAYS: u32 = 3650;

/// What one `InnerTrail` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desired {
    /// The Alibaba Cloud region of trail, project and Logstore.
    pub region: String,
    /// Name of the inner trail.
    pub trail_name: String,
    /// Account the caller must belong to, where the spec guards it.
    pub account_guard: Option<String>,
    /// Where the access key comes from.
    pub credentials: CredentialsWanted,
    /// The RAM role that ActionTrail assumes.
    pub role: RoleWanted,
    /// Log Service project.
    pub project: String,
    /// Logstore in that project.
    pub logstore: String,
    /// What may be created.
    pub create: Create,
    /// Bounds of the Logstore's retention.
    pub retention: Retention,
    /// What to do about the index.
    pub index_policy: IndexPolicy,
    /// Whether the cloud may be changed at all.
    pub writes: Writes,
    /// Who turns the switch.
    pub control: Control,
    /// Whether shipping is wanted.
    pub enabled: bool,
    /// Whether nothing at all is to be looked at or changed.
    pub suspended: bool,
    /// What may be taken over.
    pub adoption: Adoption,
    /// Time between two passes over a settled object, before jitter.
    pub interval: Duration,
}

/// The RAM role that ActionTrail assumes to write into the Logstore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleWanted {
    /// Role name.
    pub name: String,
    /// Whether the operator may create and repair it.
    pub manage: bool,
}

/// Retention of the Logstore in days; 3650 means for ever (`cloud-api.md` §6.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Asserted: anything shorter is an error.
    pub min_days: Option<u32>,
    /// Attempted: a refusal is reported, not fought.
    pub desired_days: Option<u32>,
}

impl Retention {
    /// Days for a Logstore that the operator creates: the wish, else permanent (S12).
    pub fn days_at_creation(self) -> u32 {
        self.desired_days.unwrap_or(PERMANENT_RETENTION_DAYS)
    }
}

/// Whether the operator may change the cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// `mode: Enforce`.
    Allowed,
    /// `mode: Observe`.
    Forbidden,
}

/// A spec the operator cannot act on, and what to do about it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct Invalid {
    /// `InvalidSpec` or `NotYetSupported`.
    pub reason: Reason,
    /// Sentence naming the field.
    pub message: String,
}

impl Invalid {
    fn spec(message: impl Into<String>) -> Self {
        Self { reason: Reason::InvalidSpec, message: message.into() }
    }

    fn not_yet(field: &str) -> Self {
        let message =
            format!("`{field}` is accepted by the schema but not supported by this version; remove it");
        Self { reason: Reason::NotYetSupported, message }
    }

    /// A field that this version does not know, as when the CRD is newer than the operator.
    pub fn unknown(field: &str) -> Self {
        let message = format!(
            "`{field}` is not known to this version of the operator; remove it, or install the version that matches the CRD"
        );
        Self { reason: Reason::NotYetSupported, message }
    }

    /// An object that does not even fit the schema this operator was built with.
    pub fn undecodable(error: &serde_json::Error) -> Self {
        Self::spec(format!(
            "the object does not fit the schema of this operator version ({error}); \
             correct the field or install the matching CRD"
        ))
    }
}

impl TryFrom<&InnerTrail> for Desired {
    type Error = Invalid;

    fn try_from(trail: &InnerTrail) -> Result<Self, Invalid> {
        let spec = &trail.spec;
        let trail_name = trail_name(trail);
        let logstore = logstore_name(spec, &trail_name);
        Ok(Self {
            region: spec.region.clone(),
            account_guard: spec.account_id.clone(),
            credentials: CredentialsWanted::of(spec.credentials.as_ref())?,
            role: RoleWanted { name: spec.role.name.clone(), manage: spec.role.manage },
            project: spec.destination.project.clone(),
            logstore,
            trail_name,
            create: spec.destination.create,
            retention: retention(spec),
            index_policy: spec.index.policy,
            writes: writes(spec.mode)?,
            control: spec.control,
            enabled: spec.enabled,
            suspended: spec.suspend,
            adoption: spec.adoption,
            interval: parse_duration(&spec.interval)?,
        })
    }
}

/// What deletion needs to know, read leniently: a field that only apply needs never blocks the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Farewell {
    /// Region of the trail.
    pub region: String,
    /// Name of the inner trail.
    pub trail_name: String,
    /// Log Service project the trail ships to.
    pub project: String,
    /// Logstore the trail ships to.
    pub logstore: String,
    /// Where the access key comes from.
    pub credentials: CredentialsWanted,
    /// Account the caller must belong to, where the spec guards it.
    pub account_guard: Option<String>,
    /// Why the trail is left alone, if it is.
    pub left_alone: Option<&'static str>,
    /// Whether `deletionProtection` is set.
    pub protected: bool,
    /// Whether a trail of another name that ships to our Logstore counts as ours.
    pub adopts: bool,
}

impl Farewell {
    /// Reads what is needed from the object as stored.
    ///
    /// # Errors
    /// When region or project is not there, or nobody can say whose credentials to use: nothing can be looked for.
    pub fn from_stored(name: &str, object: &serde_json::Value) -> Result<Self, Invalid> {
        let spec = &object["spec"];
        let text = |pointer: &str| spec.pointer(pointer).and_then(|value| value.as_str()).map(str::to_owned);
        let need = |pointer: &str, field: &str| {
            text(pointer).ok_or_else(|| {
                Invalid::spec(format!("`{field}` is missing; set it, or set `spec.deletionPolicy: Retain`"))
            })
        };
        let trail_name = text("/trailName").unwrap_or_else(|| name.to_owned());
        let logstore =
            text("/destination/logstore").unwrap_or_else(|| format!("{LOGSTORE_PREFIX}{trail_name}"));
        let left_alone = left_alone(spec);
        Ok(Self {
            region: if left_alone.is_some() { String::new() } else { need("/region", "spec.region")? },
            project: if left_alone.is_some() {
                String::new()
            } else {
                need("/destination/project", "spec.destination.project")?
            },
            trail_name,
            logstore,
            credentials: match left_alone {
                Some(_) => CredentialsWanted::default(),
                None => CredentialsWanted::of_stored(&spec["credentials"])?,
            },
            account_guard: text("/accountId"),
            left_alone,
            protected: spec["deletionProtection"].as_bool().unwrap_or(false),
            adopts: text("/adoption").as_deref() != Some("Never"),
        })
    }
}

fn left_alone(spec: &serde_json::Value) -> Option<&'static str> {
    let is = |field: &str, value: &str| spec[field].as_str() == Some(value);
    if is("deletionPolicy", "Retain") {
        Some("shipping is left as it is: the spec says `deletionPolicy: Retain`")
    } else if is("mode", "Observe") || is("mode", "Plan") || is("control", "Console") {
        Some("shipping is left as it is: the spec says Observe, Plan or Console")
    } else {
        None
    }
}

/// `spec.trailName`, else the object's own name.
fn trail_name(trail: &InnerTrail) -> String {
    trail.spec.trail_name.clone().or_else(|| trail.metadata.name.clone()).unwrap_or_default()
}

/// `spec.destination.logstore`, else the dedicated one (S6).
fn logstore_name(spec: &InnerTrailSpec, trail_name: &str) -> String {
    spec.destination.logstore.clone().unwrap_or_else(|| format!("{LOGSTORE_PREFIX}{trail_name}"))
}

fn retention(spec: &InnerTrailSpec) -> Retention {
    spec.destination.retention.as_ref().map_or_else(Retention::default, |retention| Retention {
        min_days: retention.min_days,
        desired_days: retention.desired_days,
    })
}

fn writes(mode: Mode) -> Result<Writes, Invalid> {
    match mode {
        Mode::Enforce => Ok(Writes::Allowed),
        Mode::Observe => Ok(Writes::Forbidden),
        Mode::Plan => Err(Invalid::not_yet("spec.mode: Plan")),
    }
}

/// Reads a duration such as `5m`, `90s` or `1h30m`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, Invalid> {
    text.parse::<jiff::SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| {
            Invalid::spec(format!("`spec.interval` is `{text}`; write a duration such as `5m` or `1h30m`"))
        })
}

impl Desired {
    /// The ARN of the project as ActionTrail takes it (`cloud-api.md` §2.2).
    pub fn project_arn(&self, account: &str) -> String {
        project_arn(&self.region, account, &self.project)
    }
}

/// `acs:log:<region>:<account>:project/<project>`.
pub fn project_arn(region: &str, account: &str, project: &str) -> String {
    format!("acs:log:{region}:{account}:project/{project}")
}
