//! What was seen in one pass.
//!
//! Plain data filled in by `reconcile::observe` and read by `decide`.
//!
//! *Invariant:* knows nothing of HTTP, Kubernetes or time; an answer that did not come is [`Seen::Unknown`], never
//! [`Seen::Absent`].

use std::collections::BTreeMap;

use alicloud::Fault;
use jiff::Timestamp;

use crate::api::TrailSource;

/// One observation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen<T> {
    /// The cloud said it is not there.
    Absent,
    /// The cloud showed it.
    Present(T),
    /// The cloud did not say.
    Unknown(Fault),
}

impl<T> Seen<T> {
    /// The fault that hid it, if one did.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Unknown(fault) => Some(fault),
            Self::Absent | Self::Present(_) => None,
        }
    }

    /// What was shown, if it was.
    pub fn present(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Absent | Self::Unknown(_) => None,
        }
    }
}

/// Everything `decide` looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Who the credentials belong to.
    pub caller: Seen<Caller>,
    /// The role ActionTrail assumes.
    pub role: Seen<RoleSeen>,
    /// All inner trails of the account that the region shows; empty when there is none.
    pub trails: Seen<Vec<TrailSeen>>,
    /// The project.
    pub project: Seen<()>,
    /// The Logstore.
    pub logstore: Seen<LogstoreSeen>,
    /// The index of the Logstore: field name → what it is.
    pub index: Seen<IndexSeen>,
    /// What arrived.
    pub delivery: Delivery,
    /// Other objects of this cluster that want the same account.
    pub rivals: Vec<Rival>,
    /// Whether the cloud refused, earlier in this process, to change the retention as now asked.
    pub retention_refused: bool,
    /// What was known of shipping before this look.
    pub before: Before,
}

impl Observed {
    /// Whether events arrive that no inner trail of ours accounts for.
    pub fn arrives_unlisted(&self) -> bool {
        let is_fresh = self.delivery.newest.present().is_some_and(|newest| newest.fresh);
        is_fresh && !self.before.made() && !self.before.switched_off
    }

    /// Whether the Logstore is there and has no index, so that a search tells nothing of what arrived.
    pub fn is_unsearchable(&self) -> bool {
        self.logstore.present().is_some() && self.index == Seen::Absent
    }
}

/// What was known of shipping before this look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Before {
    /// How it was known to be on, if it ever was.
    pub source: Option<TrailSource>,
    /// Whether the creation of the inner trail was announced and not seen finished.
    pub creating: bool,
    /// Whether what arrived last is explained by an inner trail of the account that this operator has switched off since.
    pub switched_off: bool,
}

impl Before {
    /// Whether an inner trail of our name is the work of this object: seen as such, or announced.
    pub fn made(self) -> bool {
        self.creating || self.source == Some(TrailSource::ActionTrail)
    }
}

/// Identity behind the credentials (STS `GetCallerIdentity`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Account id.
    pub account: String,
    /// ARN of the caller.
    pub arn: String,
}

/// The role, its trust policy and the documents of the policies attached to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleSeen {
    /// Role ARN.
    pub arn: String,
    /// Trust policy document, JSON text.
    pub trust_policy: String,
    /// Names and documents (JSON text) of attached policies.
    pub policies: BTreeMap<String, String>,
}

/// One inner trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailSeen {
    /// Trail name.
    pub name: String,
    /// Home region.
    pub home_region: Option<String>,
    /// ARN of the project it ships to.
    pub project_arn: Option<String>,
    /// Logstore it ships to; `None` means the dedicated one.
    pub logstore: Option<String>,
    /// Whether it says of itself that it is switched on; `None` when it says nothing, or that it never started.
    pub enabled: Option<bool>,
}

impl TrailSeen {
    /// The Logstore it ships to: the one it names, else `innertrail_<name>` (S6).
    pub fn effective_logstore(&self) -> String {
        self.logstore
            .clone()
            .unwrap_or_else(|| format!("{}{}", crate::api::names::LOGSTORE_PREFIX, self.name))
    }

    /// Whether it ships to this project and Logstore, as far as it says. Project ARNs are compared ignoring ASCII case
    /// (`cloud-api.md` §3.1).
    pub fn ships_to(&self, project_arn: &str, logstore: &str) -> Ships {
        match &self.project_arn {
            None => Ships::Untold,
            Some(arn) if !arn.eq_ignore_ascii_case(project_arn) => Ships::Elsewhere,
            Some(_) if self.effective_logstore() == logstore => Ships::Here,
            Some(_) if self.logstore.is_none() => Ships::Untold,
            Some(_) => Ships::Elsewhere,
        }
    }
}

/// Where a trail ships, against one destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ships {
    /// To it.
    Here,
    /// To another.
    Elsewhere,
    /// It does not say: nothing may be concluded.
    Untold,
}

/// The Logstore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogstoreSeen {
    /// Retention in days, 3650 = for ever.
    pub retention_days: u32,
    /// Number of shards.
    pub shards: u32,
}

/// The index of the Logstore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexSeen {
    /// Whether the full-text index is on.
    pub full_text: bool,
    /// Field name → type and whether analysis is on.
    pub fields: BTreeMap<String, FieldSeen>,
}

/// One indexed field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldSeen {
    /// `text`, `long`, `double` or `json`.
    pub kind: String,
    /// Whether analysis (SQL) is on for it.
    pub analysis: bool,
}

/// What arrived in the Logstore, and what ActionTrail says about its own delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The newest platform event; `Absent` when the window holds none or the Logstore cannot be searched yet.
    pub newest: Seen<Newest>,
    /// The error ActionTrail reports for its last delivery, where it reports one.
    pub error: Option<String>,
    /// Time of the last delivery as ActionTrail reports it.
    pub last_delivery: Option<Timestamp>,
}

/// The newest platform event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newest {
    /// Log time.
    pub time: Timestamp,
    /// Whether it is younger than the freshness the operator asks for.
    pub fresh: bool,
}

/// Another `InnerTrail` of this cluster that wants shipping on in the same account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rival {
    /// `namespace/name`.
    pub key: String,
    /// Whether it was created before this one.
    pub elder: bool,
    /// Trail name it asks for.
    pub trail_name: String,
    /// `project/logstore` it asks for, in its region.
    pub destination: String,
}

impl Rival {
    /// Whether this trail is the one it asks for.
    pub fn holds(&self, trail: &TrailSeen) -> bool {
        let project = trail.project_arn.as_deref().and_then(|arn| arn.rsplit('/').next());
        let destination = project.map(|project| format!("{project}/{}", trail.effective_logstore()));
        destination.as_ref() == Some(&self.destination)
    }
}
