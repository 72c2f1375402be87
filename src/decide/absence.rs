//! Deletion: is shipping seen off, and what is left to do.
//!
//! Takes what deletion needs of the object ([`Farewell`]) and what was seen of the account's inner trails, and returns
//! whether the object may go.
//!
//! *Invariant:* an unknown observation is never "off", nor is a list that may not show our own creation yet; a trail that
//! is not ours is never touched.

use super::{Finding, blame};
use crate::api::TrailSource;
use crate::api::reasons::Reason;
use crate::desired::{Farewell, project_arn};
use crate::observed::{Before, Caller, Rival, Seen, Ships, TrailSeen};

/// What deletion looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remains {
    /// Who the credentials belong to.
    pub caller: Seen<Caller>,
    /// All inner trails of the account that the region shows.
    pub trails: Seen<Vec<TrailSeen>>,
    /// Other objects of this cluster that want the same account.
    pub rivals: Vec<Rival>,
    /// What was known of shipping before.
    pub before: Before,
}

/// Judgement of a deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// Nothing of ours ships any more, and why that is known: the object may go.
    Done(String),
    /// Shipping is still on, and deleting the trail of this name turns it off.
    Remaining(String, Finding),
    /// It cannot be seen off: the object stays.
    Blocked(Finding),
}

/// Whether the object may go without a look at the cloud.
pub fn without_looking(farewell: &Farewell) -> Option<Absence> {
    if farewell.protected {
        let message = "`spec.deletionProtection` is true; set it to false to let the object go";
        return Some(Absence::Blocked(Finding::new(Reason::DeletionBlocked, message)));
    }
    farewell.left_alone.map(|why| Absence::Done(why.to_owned()))
}

/// Judges a deletion from what was seen.
pub fn judge(farewell: &Farewell, remains: &Remains) -> Absence {
    let caller = match &remains.caller {
        Seen::Present(caller) => caller,
        Seen::Unknown(fault) => return blocked(blame(fault)),
        Seen::Absent => return blocked(Finding::new(Reason::CredentialsMissing, "no access key")),
    };
    if let Some(guard) = farewell.account_guard.as_deref().filter(|guard| *guard != caller.account) {
        let message = format!("the credentials belong to account `{}`, not to `{guard}`", caller.account);
        return blocked(Finding::new(Reason::WrongAccount, message));
    }
    let trails = match &remains.trails {
        Seen::Present(trails) => trails.as_slice(),
        Seen::Absent => &[],
        Seen::Unknown(fault) => return blocked(blame(fault)),
    };
    let arn = project_arn(&farewell.region, &caller.account, &farewell.project);
    for trail in trails {
        let is_named = trail.name == farewell.trail_name && (farewell.adopts || remains.before.made());
        match trail.ships_to(&arn, &farewell.logstore) {
            Ships::Here if is_named || farewell.adopts => return held_or_remaining(trail, remains),
            Ships::Untold if is_named => return untold(trail),
            Ships::Here | Ships::Untold | Ships::Elsewhere => {}
        }
    }
    if trails.is_empty() && remains.before.creating {
        return remaining(&farewell.trail_name);
    }
    unlisted(farewell, remains, trails)
}

/// No trail of ours is listed. What was set in the Log Service console never is.
fn unlisted(farewell: &Farewell, remains: &Remains, trails: &[TrailSeen]) -> Absence {
    if !farewell.adopts && !remains.before.made() {
        return Absence::Done(
            "what ships was not made by this object and stays: `spec.adoption: Never`".to_owned(),
        );
    }
    if trails.is_empty() && remains.before.source == Some(TrailSource::LogService) {
        let message = "events arrive through a setting made in the Log Service console, which is not listed and which only a \
                       person can switch off there; cloud admin: do that";
        return blocked(Finding::new(Reason::StatusUnavailable, message));
    }
    Absence::Done("shipping was seen off".to_owned())
}

fn held_or_remaining(trail: &TrailSeen, remains: &Remains) -> Absence {
    match remains.rivals.iter().find(|rival| rival.holds(trail)) {
        Some(other) => {
            Absence::Done(format!("inner trail `{}` stays on for InnerTrail `{}`", trail.name, other.key))
        }
        None => remaining(&trail.name),
    }
}

/// A trail of our name that does not say where it ships is neither seen off nor known to be ours.
fn untold(trail: &TrailSeen) -> Absence {
    let message =
        format!("inner trail `{}` does not say where it ships; correct the wire profile", trail.name);
    blocked(Finding::new(Reason::UnexpectedResponse, message))
}

fn remaining(name: &str) -> Absence {
    let message = format!("inner trail `{name}` is still on; the operator switches it off");
    Absence::Remaining(name.to_owned(), Finding::new(Reason::Deleting, message))
}

/// The same cause, told as what it does to the deletion.
pub fn blocked(cause: Finding) -> Absence {
    let message = format!(
        "shipping cannot be seen off ({}: {}). Repair that, or set `spec.deletionPolicy: Retain` to let the object go \
         with shipping as it is",
        cause.reason.as_str(),
        cause.message
    );
    Absence::Blocked(Finding { reason: Reason::DeletionBlocked, message, fault: cause.fault })
}

/// The cloud refused to switch shipping off.
pub fn refused(fault: &alicloud::Fault) -> Absence {
    blocked(blame(fault))
}

#[cfg(test)]
mod tests {
    use alicloud::{Fault, FaultKind, Service};

    use super::*;
    use crate::desired::CredentialsWanted;

    fn farewell() -> Farewell {
        Farewell {
            region: "cn-hangzhou".to_owned(),
            trail_name: "prod-ops".to_owned(),
            project: "my-audit".to_owned(),
            logstore: "innertrail_prod-ops".to_owned(),
            credentials: CredentialsWanted::default(),
            account_guard: None,
            left_alone: None,
            protected: false,
            adopts: true,
        }
    }

    fn remains(trails: Seen<Vec<TrailSeen>>) -> Remains {
        let caller = Seen::Present(Caller { account: "1".to_owned(), arn: String::new() });
        Remains { caller, trails, rivals: Vec::new(), before: Before::default() }
    }

    fn trail(name: &str, project: &str) -> TrailSeen {
        TrailSeen {
            name: name.to_owned(),
            home_region: None,
            project_arn: Some(project_arn("cn-hangzhou", "1", project)),
            logstore: Some("innertrail_prod-ops".to_owned()),
            enabled: None,
        }
    }

    fn throttled() -> Fault {
        Fault {
            kind: FaultKind::Throttled,
            service: Service::ActionTrail,
            action: "DescribeInnerTrails",
            ram_action: "actiontrail:DescribeInnerTrails",
            host: String::new(),
            code: None,
            request_id: None,
            retry_after: None,
            ambiguous: false,
        }
    }

    #[test]
    fn our_trail_is_switched_off() {
        let absence = judge(&farewell(), &remains(Seen::Present(vec![trail("prod-ops", "my-audit")])));
        assert!(matches!(absence, Absence::Remaining(name, _) if name == "prod-ops"));
    }

    #[test]
    fn a_trail_that_ships_elsewhere_is_left_alone() {
        let absence = judge(&farewell(), &remains(Seen::Present(vec![trail("prod-ops", "elsewhere")])));
        assert!(matches!(absence, Absence::Done(_)));
    }

    #[test]
    fn an_unknown_answer_is_never_off() {
        let absence = judge(&farewell(), &remains(Seen::Unknown(throttled())));
        assert!(matches!(absence, Absence::Blocked(finding) if finding.reason == Reason::DeletionBlocked));
    }

    #[test]
    fn what_another_object_asks_for_is_not_switched_off() {
        let elder = Rival {
            key: "a/b".to_owned(),
            elder: true,
            trail_name: "prod-ops".to_owned(),
            destination: "my-audit/innertrail_prod-ops".to_owned(),
        };
        let mut remains = remains(Seen::Present(vec![trail("prod-ops", "my-audit")]));
        remains.rivals.push(elder);
        assert!(matches!(judge(&farewell(), &remains), Absence::Done(_)));
    }

    #[test]
    fn protection_and_policy_are_judged_without_a_look_at_the_cloud() {
        let protected = Farewell { protected: true, left_alone: Some("why"), ..farewell() };
        assert!(matches!(without_looking(&protected), Some(Absence::Blocked(_))));
        let retained = Farewell { left_alone: Some("why"), ..farewell() };
        assert!(matches!(without_looking(&retained), Some(Absence::Done(_))));
        assert_eq!(without_looking(&farewell()), None);
    }

    #[test]
    fn a_list_that_may_not_show_our_creation_yet_is_not_off() {
        let creating = Before { creating: true, ..Before::default() };
        let empty = Remains { before: creating, ..remains(Seen::Present(vec![])) };
        assert!(matches!(judge(&farewell(), &empty), Absence::Remaining(name, _) if name == "prod-ops"));
        let theirs =
            Remains { before: creating, ..remains(Seen::Present(vec![trail("theirs", "elsewhere")])) };
        assert!(matches!(judge(&farewell(), &theirs), Absence::Done(_)));
    }

    #[test]
    fn under_adoption_never_only_what_this_object_made_is_switched_off() {
        let never = Farewell { adopts: false, ..farewell() };
        let found = |source| Remains {
            before: Before { source, ..Before::default() },
            ..remains(Seen::Present(vec![trail("prod-ops", "my-audit")]))
        };
        assert!(matches!(judge(&never, &found(None)), Absence::Done(why) if why.contains("Never")));
        let made = found(Some(TrailSource::ActionTrail));
        assert!(matches!(judge(&never, &made), Absence::Remaining(..)));
    }

    #[test]
    fn a_setting_of_the_other_console_is_never_said_to_be_off() {
        let before = Before { source: Some(TrailSource::LogService), ..Before::default() };
        let other_door = Remains { before, ..remains(Seen::Present(vec![])) };
        let absence = judge(&farewell(), &other_door);
        assert!(matches!(absence, Absence::Blocked(finding) if finding.message.contains("Retain")));
    }

    #[test]
    fn a_trail_of_our_name_that_does_not_say_where_it_ships_blocks() {
        let silent = TrailSeen { project_arn: None, ..trail("prod-ops", "my-audit") };
        let absence = judge(&farewell(), &remains(Seen::Present(vec![silent])));
        assert!(matches!(absence, Absence::Blocked(finding) if finding.message.contains("wire profile")));
    }
}
