//! `CONNECT`: a tunnel to a host of the cloud, at whose end the emulator stands itself.
//!
//! Takes the request and gives the reply; once that is sent, the connection is handed on as the inside of the tunnel.
//! Must never lead out of the emulator, nor from the inside of one tunnel into another.

use std::sync::{Mutex, PoisonError};

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use crate::gateway;
use crate::gateway::route::is_reachable;
use crate::line::Line;
use crate::reply::Reply;
use crate::request::Request;

/// The inside of a tunnel.
pub(crate) struct Tunnel {
    pub(crate) line: Line,
    /// Where it leads: a host name without port.
    pub(crate) host: String,
}

/// Where a connection stands: in a tunnel or outside, and then whether it is about to become one.
pub(crate) struct Tunnels {
    host: Option<String>,
    next: Mutex<Option<(String, OnUpgrade)>>,
}

impl Tunnels {
    pub(crate) fn outside() -> Self {
        Self { host: None, next: Mutex::default() }
    }

    pub(crate) fn inside(host: String) -> Self {
        Self { host: Some(host), next: Mutex::default() }
    }

    /// Where the tunnel leads through which the connection goes.
    pub(crate) fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// Answers a `CONNECT`. Only its target counts: some clients of Node name the proxy in `Host`.
    pub(crate) fn dig(&self, request: &Request, upgrade: OnUpgrade) -> Reply {
        if self.host.is_some() {
            return Reply::text(405, "this is a tunnel to a service, and a service opens no tunnels\n");
        }
        let host = request.target_host.clone().unwrap_or_default();
        if !is_reachable(&host) {
            return gateway::unresolvable(&host);
        }
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some((host, upgrade));
        Reply { status: 200, ..Reply::default() }
    }

    /// The tunnel that was dug, once the connection is over in which it was asked for.
    pub(crate) async fn dug(&self) -> Option<Tunnel> {
        let (host, upgrade) = self.next.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let upgraded = upgrade.await.inspect_err(|error| tracing::debug!(%error, "no tunnel")).ok()?;
        let parts = upgraded.downcast::<TokioIo<Line>>().ok()?;
        let mut line = parts.io.into_inner();
        line.take_back(&parts.read_buf);
        Some(Tunnel { line, host })
    }
}
