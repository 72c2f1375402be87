//! The words of the conditions: every reason the operator can give, what it means, what to do, and who.
//!
//! Takes nothing, returns constant text. A reason that is not here cannot be given, and `docs/reasons.md`
//! is [`reasons_markdown`], so none can be given undocumented. Must never depend on what was observed.

use std::fmt::{self, Write as _};

/// Who must act on a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody: this is how it should be, or the operator is at it, or time mends it.
    Nobody,
    /// Whoever wrote the `InnerTrail`.
    Author,
    /// Whoever runs the cluster and the operator.
    ClusterAdmin,
    /// Whoever administers the Alibaba Cloud account.
    CloudAdmin,
    /// Alibaba Cloud support.
    AlibabaSupport,
}

impl Actor {
    /// The actor as it is written in messages and documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Author => "author of the InnerTrail",
            Self::ClusterAdmin => "cluster admin",
            Self::CloudAdmin => "cloud admin",
            Self::AlibabaSupport => "Alibaba Cloud support",
        }
    }
}

macro_rules! reasons {
    ($($name:ident: $on:literal, $actor:ident, $meaning:literal, $remedy:literal;)+) => {
        /// Why a condition is what it is, in one word. The word is part of the contract with users.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason {
            $(#[doc = $meaning] $name,)+
        }

        impl Reason {
            /// Every reason, in the order of the document.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The word in `conditions[].reason`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// The conditions and statuses that carry it.
            pub const fn carried_by(self) -> &'static str {
                match self { $(Self::$name => $on,)+ }
            }

            /// What it means, in one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)+ }
            }

            /// What to do, in one sentence.
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)+ }
            }

            /// Who must do it.
            pub const fn actor(self) -> Actor {
                match self { $(Self::$name => Actor::$actor,)+ }
            }
        }
    };
}

reasons! {
    Authorized: "Authorized=True", Nobody,
        "The credentials work, the account is the right one, and ActionTrail may deliver.",
        "Nothing.";
    CredentialsMissing: "Authorized=False", ClusterAdmin,
        "No credentials were found where the spec says they are.",
        "Create the Secret named by `spec.credentials.secretRef` with the keys `accessKeyId` and `accessKeySecret`, set up RRSA or the role that the message names, or give the operator credentials of its own.";
    CredentialsInvalid: "Authorized=False", ClusterAdmin,
        "The cloud does not accept the AccessKey, or the token exchanged for one: it does not exist, is disabled, or is wrong.",
        "Put a valid AccessKey into the Secret, or correct the OIDC provider in RAM; it is tried again by itself.";
    CredentialsExpired: "Authorized=False", ClusterAdmin,
        "The temporary credentials have expired.",
        "Renew the security token in the Secret, or use credentials that renew themselves.";
    WrongAccount: "Authorized=False", Author,
        "The credentials belong to another account than `spec.accountId`.",
        "Correct `spec.accountId`, or use credentials of that account. Nothing is changed in either account meanwhile.";
    AccessDenied: "Authorized=False, or the stage whose change was refused", CloudAdmin,
        "The caller may not do what the message names, or a role does not let itself be assumed.",
        "Grant the RAM action named in the message to the caller in `status.account.caller`, or let the role's trust policy name the caller.";
    RoleMissing: "Authorized=False", CloudAdmin,
        "The RAM role that ActionTrail assumes does not exist.",
        "Authorise ActionTrail once in the console with the main account, or set `spec.role.manage: true`.";
    RoleTrustInvalid: "Authorized=False", CloudAdmin,
        "The RAM role exists, but its trust policy does not let ActionTrail assume it.",
        "Let `actiontrail.aliyuncs.com` assume the role, or set `spec.role.manage: true`.";
    RolePolicyMissing: "Authorized=False", CloudAdmin,
        "The RAM role exists, but no policy lets it write into the Logstore.",
        "Attach `AliyunActionTrailRolePolicy` to the role, or set `spec.role.manage: true`.";
    FeatureNotGranted: "Authorized=False", AlibabaSupport,
        "Inner-ActionTrail is not granted to the account.",
        "Open a ticket asking for inner-ActionTrail (Platform Operation Log); it is looked for again by itself.";
    ServiceNotOpened: "Authorized=False", CloudAdmin,
        "Simple Log Service or ActionTrail is not activated in the account.",
        "Activate the service that the message names.";
    AccountOverdue: "Authorized=False", CloudAdmin,
        "The account has overdue payments, which stops delivery.",
        "Settle the bill; shipping is looked at again by itself.";
    ClockSkewed: "Authorized=False", ClusterAdmin,
        "The cloud refuses the time of the requests and does not tell its own: the clock of the node is wrong.",
        "Correct the clock of the node that runs the operator.";
    Available: "LogstoreReady=True", Nobody,
        "Project and Logstore exist, and events are kept as long as asked for.",
        "Nothing.";
    ProjectNotFound: "LogstoreReady=False", CloudAdmin,
        "The SLS project does not exist, and the spec does not allow creating it.",
        "Create the project, or set `spec.destination.create: ProjectAndLogstore`.";
    ProjectNameTakenElsewhere: "LogstoreReady=False", Author,
        "A project of that name exists in the region and belongs to another account.",
        "Choose another `spec.destination.project` in a new InnerTrail; project names are shared by all accounts of a region.";
    LogstoreNotFound: "LogstoreReady=False", CloudAdmin,
        "The Logstore does not exist, and the spec does not allow creating it.",
        "Create the Logstore, or set `spec.destination.create: Logstore`.";
    Settling: "any stage=False", Nobody,
        "Something was created a moment ago and is not visible everywhere yet.",
        "Wait; it is looked at again within seconds.";
    RetentionTooShort: "LogstoreReady=False", CloudAdmin,
        "Events are kept for fewer days than `spec.destination.retention.minDays`, or than `desiredDays` while that is being changed.",
        "Lengthen the retention of the Logstore in the console, set `desiredDays`, or lower `minDays`.";
    OwnedElsewhere: "LogstoreReady, Shipping=False", Author,
        "What exists under that name belongs to another account.",
        "Choose another name in a new InnerTrail.";
    QuotaExceeded: "LogstoreReady, Shipping=False", CloudAdmin,
        "A quota of the account is used up.",
        "Remove what is not needed, or ask for a higher quota.";
    Delivering: "Shipping=True", Nobody,
        "Shipping is on, and a fresh event was seen in the Logstore.",
        "Nothing.";
    QuietHealthy: "Shipping=True", Nobody,
        "Shipping is on and everything is in order; there was no fresh event, as is normal in a quiet account.",
        "Nothing.";
    Disabled: "Shipping=False", Author,
        "Shipping is off, as `spec.enabled: false` asks for.",
        "Set `spec.enabled: true` to record again.";
    DisabledOutOfBand: "Shipping=False", CloudAdmin,
        "Shipping was switched off by somebody else.",
        "With `spec.mode: Enforce` it is switched on again by itself; find out who did it and why.";
    DestinationDiffers: "Shipping=False", Author,
        "The trail ships into another project or Logstore than the spec names.",
        "Set `spec.adoption: Always` to have it moved, or describe that destination in a new InnerTrail.";
    OverwrittenByActionTrailConsole: "Shipping=False", CloudAdmin,
        "What recorded here before, a trail or a setting made in the Log Service console, was overwritten by a trail made through ActionTrail.",
        "Decide which one is wanted; with `spec.adoption: Always` this InnerTrail's destination is restored.";
    DeliveryFailing: "Shipping=False", CloudAdmin,
        "Shipping is on, but deliveries fail.",
        "Look at `status.delivery.lastError`; most often the role, the project or the bill is the cause.";
    AccountAlreadyClaimed: "Shipping=False", Author,
        "The account's one inner trail is another InnerTrail's, or was made by somebody else and `spec.adoption` leaves it alone.",
        "Keep one of the two; the message names the other.";
    PlanPending: "LogstoreReady, Shipping, Indexed=False", Author,
        "With `spec.mode: Plan` the changes in `status.plan` are waiting. Not given by this version.",
        "Set `spec.mode: Enforce` to have them made.";
    AwaitingConsole: "Shipping=False", CloudAdmin,
        "With `spec.control: Console` a person must turn the switch.",
        "Follow the steps in the message; the condition turns True when events arrive.";
    StatusUnavailable: "Shipping=Unknown", Nobody,
        "Whether events arrive could not be judged.",
        "Wait; if it stays, look at `status.lastError` and at the operator's log.";
    IndexMatches: "Indexed=True", Nobody,
        "Every field of platform events is indexed.",
        "Nothing.";
    IndexIgnored: "Indexed=True", Nobody,
        "The index is not looked at, as `spec.index.policy: Ignore` asks for.",
        "Nothing.";
    IndexMissing: "Indexed=False", CloudAdmin,
        "The Logstore has no index, so events cannot be searched.",
        "Switch the index on, or set `spec.index.policy: Additive`.";
    IndexFieldsMissing: "Indexed=False", CloudAdmin,
        "The index lacks fields of platform events.",
        "Add the fields in `status.index.fieldsMissing`, or set `spec.index.policy: Additive`.";
    IndexConflict: "Indexed=False", CloudAdmin,
        "A field is indexed with another type than platform events need, and is not changed behind its owner's back.",
        "Change the type of the field that the message names, or set `spec.index.policy: Ignore`.";
    Recording: "Ready=True", Nobody,
        "All four stages are reached: platform events are recorded, verified recently.",
        "Nothing.";
    Progressing: "Ready=Unknown; Reconciling=True", Nobody,
        "The operator is bringing the cloud to what the spec says.",
        "Wait.";
    Suspended: "Ready=Unknown; Suspended=True", Author,
        "`spec.suspend` is set: nothing is looked at or changed.",
        "Set `spec.suspend: false` to go on.";
    Deleting: "Ready=False", Nobody,
        "The object is being deleted: shipping is being switched off.",
        "Wait; the object goes when shipping was seen off.";
    DeletionBlocked: "Ready=False", ClusterAdmin,
        "The object is being deleted, and shipping could not be seen off.",
        "Remove the cause named in the message, or set `spec.deletionPolicy: Retain` to leave shipping on.";
    UpstreamNotReady: "any stage=Unknown", Nobody,
        "An earlier stage is not reached, or the object is being deleted, so this one is not claimed.",
        "Look at the first condition that is not True.";
    Throttled: "any stage=Unknown", Nobody,
        "The cloud asks for fewer calls.",
        "Wait; calls are made more slowly by themselves.";
    Unavailable: "any stage=Unknown", Nobody,
        "The cloud could not be reached, or answered with a failure of its own.",
        "Wait; if it stays, look at the network between the cluster and the endpoint that the message names.";
    UnexpectedResponse: "any stage=Unknown", ClusterAdmin,
        "The cloud answered with something unknown, which is never guessed at.",
        "Look at `status.lastError`; the wire profile can be corrected without a new binary.";
    Pending: "any condition=Unknown", Nobody,
        "Not looked at yet.",
        "Wait.";
    InvalidSpec: "Stalled=True; Ready or a stage=False", Author,
        "The spec cannot be acted on; the message names the field.",
        "Correct the field.";
    NotYetSupported: "Stalled=True; Ready=False", Author,
        "The spec uses a field that this version does not act on yet; the message names it.",
        "Remove the field, or use a version that supports it.";
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text of `docs/reasons.md`.
pub fn reasons_markdown() -> String {
    let mut page = String::from(
        "<!-- Generated by `cargo xtask generate` from src/api/reasons.rs. Do not edit. -->\n\
         # Reasons\n\n\
         Every reason a condition of an `InnerTrail` can carry, what it means, what to do, and who.\n\n\
         | reason | carried by | meaning | what to do | who |\n|---|---|---|---|---|\n",
    );
    for reason in Reason::ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "| `{reason}` | {} | {} | {} | {} |",
            reason.carried_by(),
            reason.meaning(),
            reason.remedy(),
            reason.actor().as_str(),
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_document_lists_every_reason() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/innertrail.md");
        let page = std::fs::read_to_string(page).unwrap();
        let unlisted: Vec<_> =
            Reason::ALL.iter().filter(|reason| !page.contains(&format!("`{reason}`"))).collect();
        assert!(unlisted.is_empty(), "docs/innertrail.md does not list {unlisted:?}");
    }

    #[test]
    fn every_reason_says_what_to_do_and_who() {
        for reason in Reason::ALL {
            assert!(reason.meaning().ends_with('.') && reason.remedy().ends_with('.'), "{reason}");
            let left_alone = reason.remedy() == "Nothing.";
            assert!(!left_alone || reason.actor() == Actor::Nobody, "{reason}");
        }
    }

    #[test]
    fn reasons_are_pascal_case_as_the_api_conventions_ask() {
        for reason in Reason::ALL {
            let word = reason.as_str();
            assert!(word.starts_with(|c: char| c.is_ascii_uppercase()), "{word}");
            assert!(word.chars().all(|c| c.is_ascii_alphanumeric()), "{word}");
        }
    }
}
