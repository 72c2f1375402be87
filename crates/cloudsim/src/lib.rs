//! An emulator of Alibaba Cloud: ActionTrail with the inner trail, Log Service, RAM and STS, over HTTP and HTTPS.
//!
//! A request takes this way: `server` accepts the connection → `connection` reads it raw, out of TLS and a `tunnel` if
//! it came in them → `gateway` finds the service by host and the operation by name → `auth` checks the signature with
//! the caller's own secret → `service` does it on the state → `store` commits effect and journal row together → the
//! gateway answers in the service's words. Beside it `control` shows the state and does what people and bad luck do.
//!
//! *Invariant:* knows nothing of the project's own client; it shares only the signature functions, which are
//! held to published vectors.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking"))]

mod auth;
mod caller;
mod clock;
mod connection;
mod control;
#[cfg(test)]
mod determinism;
pub mod documented;
pub mod events;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod gateway;
mod line;
mod metadata;
mod oidc;
mod page;
mod payload;
mod policy;
pub mod query;
mod quirks;
mod reply;
mod request;
mod seed;
mod server;
mod service;
mod session;
mod store;
mod strict;
mod tls;
mod tunnel;

use std::fmt;
use std::path::Path;

use clock::Clock;
use control::faults::Faults;
use store::{Store, account, setting};

pub use gateway::route::Service;
pub use seed::{Seed, SeedError, Seeded};
pub use server::{Options, Server, StartError};
pub use service::{Operation, operations};
pub use store::OpenError;
pub use store::copy::{CopyError, copy};
pub use tls::AuthorityError;

/// Account of a fresh data directory.
pub const MAIN_ACCOUNT: &str = "1234567890123456";
/// Region printed at start, and meant where a control call names none.
pub const MAIN_REGION: &str = "cn-hangzhou";

/// The account and key a user starts with. `Debug` hides the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// Account id, 16 digits.
    pub account: String,
    /// Id of an access key of the main account.
    pub access_key_id: String,
    /// Its secret.
    pub access_key_secret: String,
    /// Region to start with.
    pub region: String,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("account", &self.account)
            .field("access_key_id", &self.access_key_id)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// The emulated cloud: state, clock and faults.
#[derive(Debug)]
pub(crate) struct Sim {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) identity: Identity,
    /// Names that lead here besides `localhost` and addresses, in lower case.
    pub(crate) domains: Vec<String>,
}

impl Sim {
    /// Opens the cloud kept in a directory; a fresh one has one account that is ready to create a trail.
    pub(crate) fn open(data: &Path, seed: u64) -> Result<Self, OpenError> {
        Self::open_at(data, seed, None)
    }

    /// The same; the clock stands still at a time, if there is one.
    pub(crate) fn open_at(data: &Path, seed: u64, time: Option<jiff::Timestamp>) -> Result<Self, OpenError> {
        let store = Store::open(data)?;
        let clock = |offset| time.map_or_else(|| Clock::new(offset), Clock::standing);
        let (identity, offset) = store.write(|conn| prepare(conn, seed, clock))??;
        Ok(Self { store, clock: clock(offset), faults: Faults::default(), identity, domains: Vec::new() })
    }

    /// Makes happen and delivers what is due by now, each portion in a transaction of its own.
    pub(crate) fn catch_up(&self) -> Result<(), reply::Refusal> {
        let now = self.clock.now().as_second();
        while self.store.write(|conn| service::ongoing::catch_up(conn, now))?? {}
        Ok(())
    }
}

/// Makes the first account if there is none; returns who the user is, and the clock offset.
fn prepare(
    conn: &rusqlite::Connection,
    seed: u64,
    clock: impl Fn(i64) -> Clock,
) -> rusqlite::Result<(Identity, i64)> {
    let offset = setting::number(conn, setting::CLOCK_OFFSET_SECS)?.unwrap_or_default();
    if account::find(conn, MAIN_ACCOUNT)?.is_none() {
        setting::put(conn, setting::SEED, &seed.to_string())?;
        account::create(conn, MAIN_ACCOUNT)?;
        control::authorise_delivery(conn, MAIN_ACCOUNT, clock(offset).now().as_second())?;
    }
    setting::make_session_secret(conn)?;
    let key = account::main_key(conn, MAIN_ACCOUNT)?;
    let identity = Identity {
        account: MAIN_ACCOUNT.to_owned(),
        access_key_id: key.id,
        access_key_secret: key.secret,
        region: MAIN_REGION.to_owned(),
    };
    Ok((identity, offset))
}
