//! One credential in one region, and the way of every call: sign, send, judge the reply, log one line.
//!
//! Takes a [`Call`] and its draft; returns the reply of a success, or a [`CallError`].
//! *Invariant:* what is sent again is decided in `policy.rs` alone; the log line holds neither secrets nor bodies.

use std::sync::Arc;
use std::time::Duration;

use http::Request;

use bytes::Bytes;

use crate::actiontrail::WireProfile;
use crate::call::Call;
use crate::cloud::Cloud;
use crate::credentials::{AccessKey, Credentials};
use crate::draft::Draft;
use crate::error::CallError;
use crate::fault::{self, FaultKind, Service};
use crate::pace::{Bucket, Caller};
use crate::policy::{Cure, Tries};
use crate::reply::{LONGEST_RETRY_AFTER, Reply, refused, request_id, server_time, unanswered, unsendable};

/// One credential in one region; every operation is a method.
///
/// # Guarantees
/// Every attempt is signed afresh. What is tried again is what the [`CallPolicy`](crate::CallPolicy) of the [`Cloud`]
/// allows, and never a write whose effect is unknown. The transport bounds the time of an attempt, the policy
/// that of a call.
#[derive(Clone, Debug)]
pub struct Session {
    cloud: Cloud,
    keys: Keys,
    region: Arc<str>,
}

/// Where the access key of an attempt comes from.
#[derive(Clone, Debug)]
pub(crate) enum Keys {
    Fixed(AccessKey),
    Provided(Credentials),
    /// Calls are not signed; who makes them is told by the name of the role they are made for.
    Unsigned(Arc<str>),
}

impl Keys {
    /// Whose calls count together: those of one credential do, whichever key it has now.
    fn caller(&self) -> Caller {
        match self {
            Self::Fixed(key) => Caller::Key(key.id().to_owned()),
            Self::Provided(credentials) => Caller::Credentials(credentials.number()),
            Self::Unsigned(role) => Caller::Role(role.clone()),
        }
    }
}

impl Session {
    pub(crate) fn new(cloud: &Cloud, keys: Keys, region: &str) -> Self {
        Self { cloud: cloud.clone(), keys, region: region.into() }
    }

    /// The region of the session, such as `cn-hangzhou`.
    pub fn region(&self) -> &str {
        &self.region
    }

    pub(crate) fn profile(&self) -> &WireProfile {
        self.cloud.profile()
    }

    /// The host of a service in the session's region; for Log Service, without the project.
    pub fn host(&self, service: Service) -> String {
        self.cloud.endpoints().host(service, &self.region)
    }

    /// Sends a draft as often as the policy allows, and returns the reply of a success. `meaning` says what an
    /// error code means.
    pub(crate) async fn send(
        &self,
        call: &Call,
        draft: &Draft,
        meaning: impl Fn(&str, &str) -> FaultKind + Send + Sync,
    ) -> Result<Reply, CallError> {
        let mut tries = Tries::new(self.cloud.policy(), self.cloud.own_now());
        let mut key = self.key(call).await?;
        if tries.are_over(self.cloud.own_now()) {
            return Err(too_late(call));
        }
        loop {
            self.keep_pace(call, &tries).await?;
            let error = match self.attempt(call, draft, key.as_ref(), &meaning).await {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            let fraction = self.cloud.nonces().fraction();
            let next = tries.after(&error.fault(), self.cloud.own_now(), fraction);
            let Some((cure, wait)) = next else { return Err(error) };
            key = match self.apply(cure, wait, key, &error).await {
                Some(key) if !tries.are_over(self.cloud.own_now()) => key,
                Some(_) | None => return Err(error),
            };
        }
    }

    /// Does what may cure the last attempt: the key of the next one, or nothing when there is no cure.
    async fn apply(
        &self,
        cure: Cure,
        wait: Duration,
        key: Option<AccessKey>,
        error: &CallError,
    ) -> Option<Option<AccessKey>> {
        match cure {
            Cure::Wait => {
                tokio::time::sleep(wait).await;
                Some(self.current(key).await)
            }
            Cure::Nonce => Some(key),
            Cure::Clock => error.server_time().map(|_| key),
            Cure::Key => self.renewed(&key?).await.map(Some),
        }
    }

    async fn key(&self, call: &Call) -> Result<Option<AccessKey>, CallError> {
        match &self.keys {
            Keys::Fixed(key) => Ok(Some(key.clone())),
            Keys::Unsigned(_) => Ok(None),
            // Boxed: credentials are themselves had by calls.
            Keys::Provided(credentials) => {
                let key = Box::pin(credentials.access_key()).await;
                key.map(Some).map_err(|error| error.for_call(call))
            }
        }
    }

    /// The key to go on with after a wait, in which the old one may have expired.
    async fn current(&self, key: Option<AccessKey>) -> Option<AccessKey> {
        match &self.keys {
            Keys::Provided(credentials) => Box::pin(credentials.access_key()).await.ok().or(key),
            Keys::Fixed(_) | Keys::Unsigned(_) => key,
        }
    }

    /// A key other than the one refused, if there is one to be had.
    async fn renewed(&self, refused: &AccessKey) -> Option<AccessKey> {
        let Keys::Provided(credentials) = &self.keys else { return None };
        Box::pin(credentials.renew(refused)).await.ok()
    }

    /// Waits for the turn of the call.
    async fn keep_pace(&self, call: &Call, tries: &Tries) -> Result<(), CallError> {
        let Some(rate) = self.cloud.policy().rate else { return Ok(()) };
        let (service, action) = (call.operation.service, call.operation.action);
        let bucket = Bucket { caller: self.keys.caller(), service, action };
        let now = self.cloud.own_now();
        match self.cloud.pace().take(bucket, rate, now, tries.patience(now)) {
            Ok(Duration::ZERO) => Ok(()),
            Ok(wait) => {
                tokio::time::sleep(wait).await;
                Ok(())
            }
            Err(wait) => Err(held_back(call, wait)),
        }
    }

    async fn attempt(
        &self,
        call: &Call,
        draft: &Draft,
        key: Option<&AccessKey>,
        meaning: &(impl Fn(&str, &str) -> FaultKind + Send + Sync),
    ) -> Result<Reply, CallError> {
        let nonce = self.cloud.nonces().nonce();
        let request = draft.request(&call.host, key, self.cloud.now(), &nonce);
        let redact = |text: &str| draft.redact(key, text);
        let reply = self.exchange(call, request.map_err(|why| unsendable(call, why))?, redact).await?;
        if reply.status().is_success() {
            let request_id = request_id(reply.headers(), reply.body()).map(|id| redact(&id));
            let (parts, body) = reply.into_parts();
            return Ok(Reply { headers: parts.headers, body, request_id, key: key.cloned() });
        }
        let error = refused(call, &reply, meaning, redact);
        let skewed = error.fault().kind == FaultKind::ClockSkewed;
        let time = server_time(reply.headers()).filter(|time| skewed && self.cloud.learn_time(*time));
        Err(error.with_server_time(time))
    }

    /// One request for one reply, and one line in the log.
    async fn exchange(
        &self,
        call: &Call,
        request: Request<Bytes>,
        redact: impl Fn(&str) -> String,
    ) -> Result<http::Response<Bytes>, CallError> {
        let started = self.cloud.own_now();
        let outcome = self.cloud.transport().send(request).await;
        let elapsed = self.cloud.own_now().duration_since(started);
        let reply = outcome.as_ref().ok();
        let request_id =
            reply.and_then(|reply| request_id(reply.headers(), reply.body())).map(|id| redact(&id));
        tracing::debug!(
            cloud.service = call.operation.service.as_str(),
            cloud.action = call.operation.action,
            cloud.request_id = request_id.as_deref(),
            http.status = reply.map(|reply| reply.status().as_u16()),
            elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or_default(),
            "called the cloud"
        );
        outcome.map_err(|error| unanswered(call, error))
    }
}

/// The error of a call whose time was up before it had a key to sign with.
fn too_late(call: &Call) -> CallError {
    let fault = call.fault(FaultKind::Unavailable, false);
    CallError::new(fault, "not sent: having an access key took longer than the call may")
}

/// The error of a call that our own limit kept from being sent.
fn held_back(call: &Call, wait: Duration) -> CallError {
    let mut fault = call.fault(FaultKind::Throttled, false);
    fault.retry_after = Some(wait.min(LONGEST_RETRY_AFTER));
    CallError::new(fault, "not sent: too many calls of this operation with this credential")
}

/// Whether `text` can be one label of a host name: nothing else may choose where a signed request goes.
pub(crate) fn is_label(text: &str) -> bool {
    let fits = (1..=63).contains(&text.len()) && !text.starts_with('-');
    fits && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// The error of a name that no host can have.
pub(crate) fn not_a_label(call: &Call, what: &str) -> CallError {
    let fault = call.fault(FaultKind::Invalid, false);
    CallError::new(fault, &format!("the {what} is not lower-case letters, digits and hyphens"))
}

/// The meaning of codes by the table of a service.
pub(crate) fn by_table(service: Service) -> impl Fn(&str, &str) -> FaultKind + Send + Sync {
    move |code, message| fault::classify(service, code, message)
}
