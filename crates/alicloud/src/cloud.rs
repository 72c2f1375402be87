//! What every call shares: the way out, the time, the hosts, the policy.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

use crate::actiontrail::WireProfile;
use crate::credentials::{AccessKey, Credentials};
use crate::endpoints::Endpoints;
use crate::nonce::Nonces;
use crate::pace::Pace;
use crate::policy::CallPolicy;
use crate::session::{Keys, Session};
use crate::transport::{Clock, Transport};

/// Furthest that the clock of a server is believed to be from ours: a year, in milliseconds.
const OFFSET_MAX_MS: u64 = 365 * 24 * 60 * 60 * 1000;

/// The way to the cloud, shared by every session. A clone, and what the `with_` methods return, shares the
/// transport, the clock, the learnt clock offset and the token buckets.
#[derive(Clone)]
pub struct Cloud(Arc<Parts>);

#[derive(Clone)]
struct Parts {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    profile: Arc<WireProfile>,
    endpoints: Endpoints,
    policy: CallPolicy,
    nonces: Arc<Nonces>,
    offset_ms: Arc<AtomicI64>,
    pace: Arc<Pace>,
}

impl Cloud {
    /// Takes the way requests are sent, the time, and the wire form of the inner operations. Until told otherwise
    /// it reaches the public hosts, sends every call once, and draws nonces at random.
    pub fn new(transport: Arc<dyn Transport>, clock: Arc<dyn Clock>, profile: Arc<WireProfile>) -> Self {
        Self(Arc::new(Parts {
            transport,
            clock,
            profile,
            endpoints: Endpoints::default(),
            policy: CallPolicy::single(),
            nonces: Arc::new(Nonces::random()),
            offset_ms: Arc::default(),
            pace: Arc::default(),
        }))
    }

    /// The same cloud at other hosts.
    #[must_use]
    pub fn with_endpoints(&self, endpoints: Endpoints) -> Self {
        Self(Arc::new(Parts { endpoints, ..(*self.0).clone() }))
    }

    /// The same cloud, tried as `policy` says.
    #[must_use]
    pub fn with_policy(&self, policy: CallPolicy) -> Self {
        Self(Arc::new(Parts { policy, ..(*self.0).clone() }))
    }

    /// The same cloud with nonces and jitter from another source.
    #[must_use]
    pub fn with_nonces(&self, nonces: Nonces) -> Self {
        Self(Arc::new(Parts { nonces: Arc::new(nonces), ..(*self.0).clone() }))
    }

    /// A session of one access key in one region, such as `cn-hangzhou`. Sends nothing.
    pub fn session(&self, key: AccessKey, region: &str) -> Session {
        Session::new(self, Keys::Fixed(key), region)
    }

    /// A session that asks `credentials` for the access key of each attempt, in one region. Sends nothing.
    pub fn session_of(&self, credentials: &Credentials, region: &str) -> Session {
        Session::new(self, Keys::Provided(credentials.clone()), region)
    }

    /// A session whose calls are not signed, to take on a role.
    pub(crate) fn unsigned(&self, role_arn: &str, region: &str) -> Session {
        Session::new(self, Keys::Unsigned(role_arn.into()), region)
    }

    /// How far the server's clock is ahead of ours, as last learnt from a refusal; zero until then.
    pub fn clock_offset(&self) -> SignedDuration {
        SignedDuration::from_millis(self.0.offset_ms.load(Ordering::Relaxed))
    }

    /// The time now as the server has it: what is signed, and what expiry is judged by.
    pub(crate) fn now(&self) -> Timestamp {
        let now = self.0.clock.now();
        now.checked_add(self.clock_offset()).unwrap_or(now)
    }

    /// The time of the clock as it is: what waits are measured by.
    pub(crate) fn own_now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Takes over the time of the server, unless it is so far from ours that it is no time: whether it did.
    pub(crate) fn learn_time(&self, server: Timestamp) -> bool {
        let offset_ms = server.as_millisecond() - self.own_now().as_millisecond();
        let believed = offset_ms.unsigned_abs() <= OFFSET_MAX_MS;
        if believed {
            self.0.offset_ms.store(offset_ms, Ordering::Relaxed);
        }
        tracing::warn!(
            offset_ms,
            believed,
            "the clock differs from the cloud's; requests are signed with the cloud's time if that is believed"
        );
        believed
    }

    pub(crate) fn transport(&self) -> &dyn Transport {
        &*self.0.transport
    }

    pub(crate) fn profile(&self) -> &WireProfile {
        &self.0.profile
    }

    pub(crate) fn endpoints(&self) -> &Endpoints {
        &self.0.endpoints
    }

    pub(crate) fn policy(&self) -> CallPolicy {
        self.0.policy
    }

    pub(crate) fn nonces(&self) -> &Nonces {
        &self.0.nonces
    }

    pub(crate) fn pace(&self) -> &Pace {
        &self.0.pace
    }
}

impl fmt::Debug for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = &self.0;
        f.debug_struct("Cloud")
            .field("endpoints", &parts.endpoints)
            .field("policy", &parts.policy)
            .finish_non_exhaustive()
    }
}
