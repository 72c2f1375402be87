//! A credential that is kept good: got from a source, replaced in time, by one caller for all.
//!
//! Takes sources and roles to assume; yields an [`AccessKey`] that has not expired. *Invariant:* however many ask,
//! at most one request for a new key is under way; a caller that can be served with the key held never waits for
//! another's request.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::cloud::Cloud;
use crate::credentials::AccessKey;
use crate::credentials::error::{CredentialsError, CredentialsTrouble, TooManyRoles};
use crate::credentials::held::{CredentialsState, Held, Look};
use crate::credentials::issued::Lease;
use crate::credentials::obtain::Obtain;
use crate::credentials::source::{Origin, Source};
use crate::fault::FaultKind;
use crate::sts::AssumeRole;

/// Most roles that are assumed one after the other.
const ROLES_MAX: usize = 2;

/// How many credentials there were before.
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// A credential kept good. A clone is the same credential.
///
/// # Guarantees
/// - Sources are asked in order until one is there. One that is there but fails ends the search, unlike in the
///   official clients: another identity is no substitute for the one that was configured. The source that gave the
///   first key is the only one asked from then on.
/// - A key that ends is replaced before its end, at the first request after three quarters of its life, at most 15
///   minutes before. Until a new one is there and the service has recognised it, the old one is given out, as long as
///   it has not expired.
/// - A failure is remembered and the next attempt waits, from a second to a minute.
#[derive(Clone)]
pub struct Credentials(Arc<Provider>);

struct Provider {
    /// Tells this credential from others of the process.
    number: u64,
    cloud: Cloud,
    region: String,
    sources: Vec<Source>,
    roles: Vec<AssumeRole>,
    held: Mutex<Held>,
    /// Held by the one caller that gets a new key.
    turn: tokio::sync::Mutex<()>,
}

impl Credentials {
    /// Takes the way to the cloud, the region whose STS is asked, the sources in order, and up to two roles to assume
    /// one after the other. Sends nothing yet.
    pub fn new(
        cloud: &Cloud,
        region: &str,
        sources: Vec<Source>,
        roles: Vec<AssumeRole>,
    ) -> Result<Self, TooManyRoles> {
        if roles.len() > ROLES_MAX {
            return Err(TooManyRoles { given: roles.len(), limit: ROLES_MAX });
        }
        let (cloud, region) = (cloud.clone(), region.to_owned());
        let (held, turn) = (Mutex::default(), tokio::sync::Mutex::default());
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        Ok(Self(Arc::new(Provider { number, cloud, region, sources, roles, held, turn })))
    }

    pub(crate) fn number(&self) -> u64 {
        self.0.number
    }

    /// An access key that is good now.
    ///
    /// # Errors
    /// When none is held that has not expired and none can be had; the same error for all who ask until the next
    /// attempt is due.
    pub async fn access_key(&self) -> Result<AccessKey, CredentialsError> {
        match self.0.look() {
            Look::Good(key) => Ok(key),
            Look::Failing(error) => Err(error),
            Look::Gone => {
                let _turn = self.0.turn.lock().await;
                self.0.settle().await
            }
            Look::Due(key) => match self.0.turn.try_lock() {
                Ok(_turn) => self.0.settle().await,
                Err(_) => Ok(key),
            },
        }
    }

    /// Another key than `refused`, which a service would not take although it has not expired.
    ///
    /// # Errors
    /// When the source still gives that key, or a new one was had a moment ago and is refused too.
    pub async fn renew(&self, refused: &AccessKey) -> Result<AccessKey, CredentialsError> {
        let _turn = self.0.turn.lock().await;
        let now = self.0.cloud.now();
        let (usable, young) = {
            let held = self.0.held();
            (held.usable(now).map(|lease| lease.key.clone()), held.is_young(now))
        };
        let key = match usable {
            Some(key) if !key.is_same(refused) => return Ok(key),
            Some(key) if young => key,
            Some(_) | None => self.0.refresh().await?,
        };
        if key.is_same(refused) { Err(self.0.refused_key()) } else { Ok(key) }
    }

    /// How the credential is doing, for status and metrics. Sends nothing.
    pub fn state(&self) -> CredentialsState {
        self.0.held().state()
    }
}

impl Provider {
    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self) -> Look {
        self.held().look(self.cloud.now())
    }

    /// With the turn in hand: what is to be done may have been done while waiting for it.
    async fn settle(&self) -> Result<AccessKey, CredentialsError> {
        match self.look() {
            Look::Good(key) => Ok(key),
            Look::Failing(error) => Err(error),
            Look::Gone | Look::Due(_) => self.refresh().await.or_else(|error| {
                let held = self.held();
                held.usable(self.cloud.now()).map(|lease| lease.key.clone()).ok_or(error)
            }),
        }
    }

    /// Gets a new key and holds it, or remembers why not.
    async fn refresh(&self) -> Result<AccessKey, CredentialsError> {
        let outcome = match self.obtain().await {
            Ok((chosen, lease)) => self.proved(chosen.1, lease).await.map(|lease| (chosen, lease)),
            Err(error) => Err(error),
        };
        let now = self.cloud.now();
        match outcome {
            Ok((chosen, lease)) => {
                let key = lease.key.clone();
                tracing::debug!(source = chosen.1.as_str(), expires = ?lease.expires_at, "have an access key");
                self.held().hold(chosen, lease, now);
                Ok(key)
            }
            Err(error) => {
                tracing::warn!(%error, "cannot get an access key");
                self.held().fail(error.clone(), now);
                Err(error)
            }
        }
    }

    /// A key of the source chosen before, or of the first that is there.
    async fn obtain(&self) -> Result<((usize, Origin), Lease), CredentialsError> {
        let chosen = self.held().chosen.map(|(index, _)| index);
        let obtain = Obtain { cloud: &self.cloud, region: &self.region };
        let mut absent = Vec::new();
        let asked = self.sources.iter().enumerate();
        for (index, source) in asked.filter(|(index, _)| chosen.is_none_or(|chosen| chosen == *index)) {
            match obtain.lease(source, &self.roles).await {
                Ok(lease) => return Ok(((index, source.origin()), lease)),
                Err(error) if error.trouble() == CredentialsTrouble::Absent => absent.push(error),
                Err(error) => return Err(error),
            }
        }
        Err(CredentialsError::nowhere(&absent))
    }

    /// The lease, if it can be used at all and, when there is another key to go on with, the service knows it.
    async fn proved(&self, origin: Origin, lease: Lease) -> Result<Lease, CredentialsError> {
        let now = self.cloud.now();
        if !lease.key.is_complete() {
            return Err(CredentialsError::unusable(origin, "the access key is incomplete"));
        }
        if lease.expires_at.is_some_and(|end| end <= now) {
            return Err(CredentialsError::unusable(origin, "the credential has expired already"));
        }
        if self.replaces_another(&lease.key, now) {
            self.recognised(origin, &lease.key).await?;
        }
        Ok(lease)
    }

    fn replaces_another(&self, key: &AccessKey, now: Timestamp) -> bool {
        self.held().usable(now).is_some_and(|held| !held.key.is_same(key))
    }

    /// Only a clear refusal of the key counts against it; that the service is busy says nothing.
    async fn recognised(&self, origin: Origin, key: &AccessKey) -> Result<(), CredentialsError> {
        let session = self.cloud.session(key.clone(), &self.region);
        match session.get_caller_identity().await {
            Err(error)
                if matches!(
                    error.fault().kind,
                    FaultKind::CredentialsInvalid | FaultKind::CredentialsExpired
                ) =>
            {
                Err(CredentialsError::of_call(origin, &error))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn refused_key(&self) -> CredentialsError {
        let origin = self.held().chosen.map_or(Origin::Static, |(_, origin)| origin);
        CredentialsError::new(origin, CredentialsTrouble::Refused, "the service refuses the key it gives")
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origins: Vec<Origin> = self.0.sources.iter().map(Source::origin).collect();
        f.debug_struct("Credentials").field("sources", &origins).field("state", &self.state()).finish()
    }
}
