//! Which services answer reads from the past, and until when.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::gateway::route::Service;
use crate::store::frozen::Frozen;

/// The pasts that reads see at this time; at most one per service.
#[derive(Debug, Default)]
pub(crate) struct Pasts(Mutex<Vec<Past>>);

#[derive(Debug)]
struct Past {
    service: Service,
    /// By the emulator's clock, milliseconds.
    until_ms: i64,
    state: Arc<Frozen>,
}

impl Pasts {
    fn open(&self) -> MutexGuard<'_, Vec<Past>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets reads of a service see a state until a time. One that they see already stays.
    pub(crate) fn begin(&self, service: Service, state: Frozen, until_ms: i64) {
        let mut pasts = self.open();
        if pasts.iter().all(|past| past.service != service) {
            pasts.push(Past { service, until_ms, state: Arc::new(state) });
        }
    }

    /// The state that reads of a service see instead of the present. Pasts that are over are let go.
    pub(crate) fn at(&self, service: Service, now_ms: i64) -> Option<Arc<Frozen>> {
        let mut pasts = self.open();
        pasts.retain(|past| now_ms < past.until_ms);
        pasts.iter().find(|past| past.service == service).map(|past| Arc::clone(&past.state))
    }

    /// Reads see the present again.
    pub(crate) fn end(&self) {
        self.open().clear();
    }
}
