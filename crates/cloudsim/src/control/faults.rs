//! Faults on request: which calls fail, are held, or lose their reply.
//!
//! Kept in memory only; a restart clears them. Rules are tried in the order they were set, the first that
//! strikes wins.

mod effect;
mod stale;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

pub(crate) use effect::{Effect, WrongType};
pub(crate) use stale::Pasts;

/// Which calls a fault is for; an absent part fits every call.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Match {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mutating: Option<bool>,
    /// The first fitting call that is struck, counted from 1 since the fault was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nth: Option<u64>,
}

impl Match {
    fn fits(&self, service: &str, action: &str, mutating: bool) -> bool {
        let same = |wanted: &Option<String>, have: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(have))
        };
        same(&self.service, service)
            && same(&self.action, action)
            && self.mutating.is_none_or(|wanted| wanted == mutating)
    }
}

/// A fault as set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewFault {
    #[serde(rename = "match", default)]
    matching: Match,
    effect: Effect,
    /// Calls to strike; absent is 1, 0 is every one until cleared.
    #[serde(default)]
    times: Option<u64>,
}

/// A fault with what it did so far, as shown.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Fault {
    id: u64,
    #[serde(rename = "match")]
    matching: Match,
    effect: Effect,
    times: u64,
    /// Fitting calls so far.
    seen: u64,
    /// Calls struck so far.
    hits: u64,
    /// Calls held at this moment.
    holding: u64,
}

/// A fault that strikes one call.
#[derive(Debug)]
pub(crate) struct Struck {
    id: u64,
    pub(crate) effect: Effect,
    released: watch::Receiver<u64>,
}

/// All faults.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Mutex<Rules>,
    /// Counts releases; every held call waits for the next one.
    releases: watch::Sender<u64>,
    /// What reads are to see instead of the present.
    pub(crate) pasts: Pasts,
}

#[derive(Debug, Default)]
struct Rules {
    last_id: u64,
    list: Vec<Fault>,
}

impl Faults {
    fn rules(&self) -> std::sync::MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds faults; returns all, or what is wrong with the first that cannot be.
    pub(crate) fn add(&self, new: Vec<NewFault>) -> Result<Vec<Fault>, String> {
        if let Some(complaint) = new.iter().find_map(|fault| fault.effect.complaint()) {
            return Err(complaint);
        }
        let mut rules = self.rules();
        for fault in new {
            rules.last_id += 1;
            let id = rules.last_id;
            let times = fault.times.unwrap_or(1);
            let NewFault { matching, effect, .. } = fault;
            rules.list.push(Fault { id, matching, effect, times, seen: 0, hits: 0, holding: 0 });
        }
        Ok(rules.list.clone())
    }

    /// All faults with their counts.
    pub(crate) fn list(&self) -> Vec<Fault> {
        self.rules().list.clone()
    }

    /// Forgets all faults and lets go what they hold; reads see the present again.
    pub(crate) fn clear(&self) {
        self.rules().list.clear();
        self.pasts.end();
        self.release();
    }

    /// Lets go everything that is held.
    pub(crate) fn release(&self) {
        self.releases.send_modify(|count| *count += 1);
    }

    /// Counts a call against every fault; returns the one that strikes it.
    pub(crate) fn meet(&self, service: &str, action: &str, mutating: bool) -> Option<Struck> {
        let mut rules = self.rules();
        let mut struck = None;
        for fault in rules.list.iter_mut().filter(|fault| fault.matching.fits(service, action, mutating)) {
            fault.seen += 1;
            let reached = fault.seen >= fault.matching.nth.unwrap_or(1);
            let left = fault.times == 0 || fault.hits < fault.times;
            if struck.is_none() && reached && left {
                fault.hits += 1;
                struck = Some(Struck {
                    id: fault.id,
                    effect: fault.effect.clone(),
                    released: self.releases.subscribe(),
                });
            }
        }
        struck
    }

    /// Waits until the call is let go, or for a time at most.
    pub(crate) async fn hold(&self, struck: &Struck, at_most: Option<Duration>) {
        self.count_holding(struck.id, 1);
        let mut released = struck.released.clone();
        // An error means the emulator is going away, which lets go as well.
        let let_go = async move {
            let _gone = released.changed().await;
        };
        match at_most {
            None => let_go.await,
            Some(time) => {
                let _over = tokio::time::timeout(time, let_go).await;
            }
        }
        self.count_holding(struck.id, -1);
    }

    fn count_holding(&self, id: u64, change: i64) {
        if let Some(fault) = self.rules().list.iter_mut().find(|fault| fault.id == id) {
            fault.holding = fault.holding.saturating_add_signed(change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(fault: serde_json::Value) -> Faults {
        let faults = Faults::default();
        faults.add(vec![serde_json::from_value(fault).unwrap()]).unwrap();
        faults
    }

    #[test]
    fn nth_fitting_call_is_struck_and_no_other() {
        let faults = faults(json!({"match": {"mutating": true, "nth": 2}, "effect": {"kind": "lost-reply"}}));
        let struck: Vec<bool> =
            ["a", "b", "c"].iter().map(|action| faults.meet("ram", action, true).is_some()).collect();
        assert_eq!(struck, [false, true, false]);
    }

    #[test]
    fn reads_do_not_count_towards_mutations() {
        let faults = faults(json!({"match": {"mutating": true}, "effect": {"kind": "lost-reply"}}));
        assert!(faults.meet("ram", "GetRole", false).is_none());
        assert!(faults.meet("ram", "CreateRole", true).is_some());
    }

    #[test]
    fn names_are_compared_without_case() {
        let faults = faults(
            json!({"match": {"service": "SLS", "action": "createLogstore"}, "effect": {"kind": "throttle"}}),
        );
        assert!(faults.meet("sls", "CreateLogStore", true).is_some());
    }

    #[test]
    fn zero_times_means_until_cleared() {
        let faults = faults(json!({"effect": {"kind": "error-before", "status": 503}, "times": 0}));
        assert!((0..5).all(|_| faults.meet("sts", "x", false).is_some()));
        faults.clear();
        assert!(faults.meet("sts", "x", false).is_none());
    }

    #[test]
    fn unknown_field_is_refused() {
        let misspelt = json!({"effect": {"kind": "throttle", "retryAfterSeconds": 1}});
        assert!(serde_json::from_value::<NewFault>(misspelt).is_err());
    }

    #[test]
    fn unknown_kind_is_refused() {
        assert!(serde_json::from_value::<NewFault>(json!({"effect": {"kind": "explode"}})).is_err());
    }
}
