//! One inner trail per account (S7): who else in this cluster wants it, and one pass at a time per account.
//!
//! Takes what is known of all objects, returns the rivals of one. The account of an object is known once it has been
//! looked up, so claimants are remembered here from that moment, before their status shows it. So is when shipping was
//! switched off, because events that were under way arrive afterwards.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use kube::Resource;
use tokio::sync::OwnedMutexGuard;

use super::gate::is_armed;
use crate::api::{Control, InnerTrail};
use crate::desired::{Desired, Writes};
use crate::observed::Rival;

/// An object that wants the inner trail of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claimant {
    pub(super) uid: String,
    pub(super) key: String,
    pub(super) account: String,
    pub(super) created: Timestamp,
    pub(super) trail_name: String,
    pub(super) destination: String,
}

impl Claimant {
    /// The claim an object of the watch cache shows in its status; `None` when it wants nothing or nothing is known.
    fn of_cached(trail: &InnerTrail) -> Option<Self> {
        let meta = &trail.metadata;
        if meta.deletion_timestamp.is_some() && !is_armed(meta) {
            return None;
        }
        let account = trail.status.as_ref()?.account.as_ref()?.id.clone();
        let desired = Desired::try_from(trail).ok().filter(|desired| claims(desired, &account))?;
        Some(Self {
            uid: meta.uid.clone()?,
            key: format!("{}/{}", meta.namespace.as_deref()?, meta.name.as_deref()?),
            account,
            created: meta.creation_timestamp.as_ref()?.0,
            destination: format!("{}/{}", desired.project, desired.logstore),
            trail_name: desired.trail_name,
        })
    }

    fn seniority(&self) -> (Timestamp, &str) {
        (self.created, &self.uid)
    }
}

/// Whether an object would switch shipping on in this account.
pub(super) fn claims(desired: &Desired, account: &str) -> bool {
    let guarded_off = desired.account_guard.as_deref().is_some_and(|guard| guard != account);
    desired.enabled && desired.writes == Writes::Allowed && desired.control == Control::Api && !guarded_off
}

/// All claims this process knows of.
#[derive(Debug, Default)]
pub(super) struct Claims {
    claimants: Mutex<HashMap<String, Claimant>>,
    accounts: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    /// When this process last switched shipping off, by account.
    switched_off: Mutex<HashMap<String, Timestamp>>,
}

impl Claims {
    /// Keeps other passes out of this account until the guard is dropped; `None` while another is at it.
    pub(super) fn hold(&self, account: &str) -> Option<OwnedMutexGuard<()>> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.entry(account.to_owned()).or_default().clone().try_lock_owned().ok()
    }

    /// Notes that shipping of the account was switched off now.
    pub(super) fn note_switched_off(&self, account: &str, now: Timestamp) {
        self.switched_off.lock().unwrap_or_else(PoisonError::into_inner).insert(account.to_owned(), now);
    }

    /// When this process last switched shipping of the account off.
    pub(super) fn switched_off(&self, account: &str) -> Option<Timestamp> {
        self.switched_off.lock().unwrap_or_else(PoisonError::into_inner).get(account).copied()
    }

    /// Notes a claim before its object's status shows it.
    pub(super) fn note(&self, claimant: Claimant) {
        let mut claimants = self.claimants.lock().unwrap_or_else(PoisonError::into_inner);
        claimants.insert(claimant.uid.clone(), claimant);
    }

    /// Drops the claim of an object that is gone or wants nothing any more; returns whether it had one.
    pub(super) fn release(&self, uid: &str) -> bool {
        self.claimants.lock().unwrap_or_else(PoisonError::into_inner).remove(uid).is_some()
    }

    /// Everybody else who wants the same account, eldest first.
    pub(super) fn rivals(&self, me: &Claimant, cached: &[Arc<super::Cached>]) -> Vec<Rival> {
        let mut noted = self.claimants.lock().unwrap_or_else(PoisonError::into_inner);
        let is_alive = |uid: &str| {
            uid == me.uid || cached.iter().any(|object| object.meta().uid.as_deref() == Some(uid))
        };
        noted.retain(|uid, _| is_alive(uid));
        let mut others: Vec<Claimant> = cached
            .iter()
            .filter_map(|object| Claimant::of_cached(object.0.as_ref().ok()?))
            .filter(|claimant| !noted.contains_key(&claimant.uid))
            .chain(noted.values().cloned())
            .filter(|claimant| claimant.uid != me.uid && claimant.account == me.account)
            .collect();
        drop(noted);
        others.sort_by(|a, b| a.seniority().cmp(&b.seniority()));
        others
            .into_iter()
            .map(|other| Rival {
                elder: other.seniority() < me.seniority(),
                key: other.key,
                trail_name: other.trail_name,
                destination: other.destination,
            })
            .collect()
    }
}
