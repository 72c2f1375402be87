//! Everything a pass needs besides the object: clients, clock, memory, claims.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use alicloud::{Clock, Cloud, Environment};
use jiff::Timestamp;
use kube::api::{ApiResource, DynamicObject};
use kube::runtime::events::{Recorder, Reporter};
use kube::runtime::reflector::Store;
use kube::{Api, Resource};
use tokio::sync::watch;

use super::Cached;
use super::claims::Claims;
use super::keyring::Keyring;
use super::memory::Memory;
use crate::api::InnerTrail;

/// Name under which events are published.
const CONTROLLER: &str = "innertrail";

/// What the operator is told at start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Total time of one call to the cloud, all its attempts included, which bounds how long a lost one can still land.
    pub call_limit: Duration,
    /// Caps every object's interval.
    pub interval_max: Option<Duration>,
}

/// What the passes share.
pub struct Context {
    pub(super) client: kube::Client,
    pub(super) store: Store<Cached>,
    pub(super) cloud: Cloud,
    pub(super) keyring: Keyring,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) recorder: Recorder,
    pub(super) memory: Memory,
    pub(super) claims: Claims,
    pub(super) settings: Settings,
    pub(super) released: watch::Sender<()>,
}

impl Context {
    /// Puts the parts together. `client` is for calls only; watches have one of their own. `environment` is where the
    /// operator's own credentials come from.
    pub fn new(
        client: kube::Client,
        store: Store<Cached>,
        cloud: Cloud,
        environment: Environment,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Self {
        let reporter = Reporter { controller: CONTROLLER.to_owned(), instance: None };
        Self {
            recorder: Recorder::new(client.clone(), reporter),
            memory: Memory::default(),
            claims: Claims::default(),
            released: watch::Sender::default(),
            client,
            store,
            cloud,
            keyring: Keyring::new(environment),
            clock,
            settings,
        }
    }

    /// Told each time a claim on an account is released.
    pub fn released(&self) -> watch::Receiver<()> {
        self.released.subscribe()
    }

    /// The object is gone: nothing of it is kept. Returns whether it had a claim.
    pub(super) fn forget(&self, uid: &str) -> bool {
        self.memory.forget(uid);
        self.keyring.forget(uid);
        self.claims.release(uid)
    }

    /// A claim was released: whoever waits for one looks again now.
    pub(super) fn wake_claimants(&self) {
        let cached = self.store.state();
        let alive: HashSet<&str> = cached.iter().filter_map(|object| object.meta().uid.as_deref()).collect();
        self.memory.prune(|uid| alive.contains(uid));
        if self.memory.wake_claimants() {
            self.released.send_replace(());
        }
    }

    /// Now, in whole seconds: what Kubernetes keeps of a time.
    pub(super) fn now(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_second(now.as_second()).unwrap_or(now)
    }

    /// The objects of one namespace, untyped: a malformed one is one object's problem.
    pub(super) fn objects(&self, namespace: &str) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), namespace, &ApiResource::erase::<InnerTrail>(&()))
    }
}
