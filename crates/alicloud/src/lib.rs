//! Typed client for the Alibaba Cloud operations that keeping inner-ActionTrail running needs.
//!
//! Takes an [`AccessKey`], a region and names; returns raw values of the cloud, or a [`CallError`] whose
//! [`Fault`] says what kind of trouble it was. In reading order: [`Transport`] (one request, one reply),
//! [`Cloud`] and [`Session`] (one credential, one region), [`CallPolicy`] (what is tried again), [`Credentials`] (where
//! access keys come from), then one module per service.
//!
//! *Invariant:* knows nothing of `InnerTrail` or Kubernetes, reads neither environment nor wall clock, never repeats
//! a write whose effect is unknown, and shows no secret in `Debug`, logs or errors.

mod actiontrail;
mod call;
mod cloud;
mod credentials;
mod draft;
mod endpoints;
mod error;
mod fault;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod http_transport;
mod nonce;
mod pace;
mod policy;
mod ram;
mod reply;
mod rpc;
mod session;
mod sls;
mod sts;
mod tolerant;
mod transport;

pub use actiontrail::{
    EventLookup, EventPage, InnerTrail, NewInnerTrail, ProfileError, Region, Trail, TrailSettings,
    TrailStatus, WireProfile,
};
pub use cloud::Cloud;
pub use credentials::{
    AccessKey, Credentials, CredentialsError, CredentialsState, CredentialsTrouble, EcsRole, Environment,
    OidcRole, Origin, ProfileFile, Source, TooManyRoles,
};
pub use endpoints::{Endpoints, Network};
pub use error::CallError;
pub use fault::{Fault, FaultKind, Service};
pub use http_transport::{BuildError, HttpOptions, HttpTransport};
pub use nonce::Nonces;
pub use policy::{CallPolicy, Rate};
pub use ram::{AttachedPolicy, Policy, PolicyType, PolicyVersion, Role};
pub use session::Session;
pub use sls::{
    Bar, Checkpoint, Compression, ConsumerGroup, CursorFrom, Dashboard, Histograms, Index, IndexKey,
    LogBatch, LogEntry, LogQuery, Logs, Logstore, NewLogstore, Project, PulledLogs, Shard, Tagged,
};
pub use sts::{AssumeRole, AssumeRoleWithOidc, CallerIdentity, TemporaryKey};
pub use transport::{Clock, Transport, TransportError};
