//! One connection, from its first byte to its last: TLS or not, HTTP, and perhaps a tunnel with the same inside.
//!
//! HTTP/1.1, as origin and as forward proxy. A request that was read goes on to its end in a task of its own, so that a
//! client that hangs up does not cancel what it asked for. Must never wait for a client without an end.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};

use crate::clock::http_date;
use crate::gateway::route::{Route, route};
use crate::gateway::{self, Withheld};
use crate::line::{Conduct, Line};
use crate::payload::Payload;
use crate::reply::{Manner, Reply};
use crate::request::{Peer, Request};
use crate::tls::Tls;
use crate::tunnel::{Tunnel, Tunnels};
use crate::{Sim, control, metadata};

/// Largest body read: the documented 10 MB of `PutLogs` and some room (cloud-api §6.5).
const BODY_BYTES_MAX: usize = 10 * 1024 * 1024 + 64 * 1024;
/// What the large bodies of all open requests may take together, in KiB: a dozen of the largest. More wait for their turn.
static ROOM_KIB: Semaphore = Semaphore::const_new(128 * 1024);
/// Bodies up to this size, in KiB, need no room, so that no call that would make some has to wait for it.
const SMALL_KIB: usize = 64;
/// A client that has not sent its head by then is dropped, as is one that has not agreed on TLS.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// A client that has not sent its body by then is dropped.
const BODY_TIMEOUT: Duration = Duration::from_mins(1);

/// Serves a client until it or the emulator has enough.
pub(crate) async fn serve(stream: TcpStream, sim: Arc<Sim>, tls: Tls, mut stopped: watch::Receiver<bool>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let peer = Peer(stream.peer_addr().ok().map(|address| address.ip().to_canonical()));
    let mut next = Some((Line::new(stream), Tunnels::outside()));
    while let Some((line, tunnels)) = next {
        let Some(line) = opened(line, &tls, &mut stopped).await else { return };
        let session = Session { sim: Arc::clone(&sim), conduct: line.conduct(), tunnels, peer };
        let dug = converse(line, session, &mut stopped).await;
        next = dug.map(|Tunnel { line, host }| (line, Tunnels::inside(host)));
    }
}

/// The connection in the clear; none when it is over.
async fn opened(line: Line, tls: &Tls, stopped: &mut watch::Receiver<bool>) -> Option<Line> {
    let opened = tokio::select! {
        opened = tokio::time::timeout(HEAD_TIMEOUT, tls.accept(line)) => opened,
        () = stop_asked(stopped) => return None,
    };
    let opened = opened.unwrap_or_else(|elapsed| Err(elapsed.into()));
    opened.inspect_err(|error| tracing::debug!(%error, "connection did not begin")).ok()
}

/// What all requests of a connection share.
struct Session {
    sim: Arc<Sim>,
    conduct: Arc<Conduct>,
    tunnels: Tunnels,
    /// Who is at the other end.
    peer: Peer,
}

/// Answers requests until the client or a stop ends that; gives the tunnel that the last one asked for.
async fn converse(line: Line, session: Session, stopped: &mut watch::Receiver<bool>) -> Option<Tunnel> {
    let session = Arc::new(session);
    exchange(line, Arc::clone(&session), stopped).await;
    session.tunnels.dug().await
}

/// The requests of a connection and their replies.
async fn exchange(line: Line, session: Arc<Session>, stopped: &mut watch::Receiver<bool>) {
    let service = service_fn(move |request| respond(Arc::clone(&session), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(line), service)
        .with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop_asked(stopped) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

async fn stop_asked(stopped: &mut watch::Receiver<bool>) {
    // An error means the server was dropped, which is a stop as well.
    let _gone = stopped.wait_for(|stop| *stop).await;
}

/// Answers one request; an error cuts the connection.
async fn respond(
    session: Arc<Session>,
    mut request: http::Request<Incoming>,
) -> Result<Response<Payload>, Withheld> {
    session.conduct.set_pace(0);
    request.extensions_mut().insert(session.peer);
    let upgrade = (request.method() == Method::CONNECT).then(|| hyper::upgrade::on(&mut request));
    let (parts, body) = request.into_parts();
    let _room = ROOM_KIB.acquire_many(room_of(&body)).await;
    let body = read(body).await?;
    let request = Request::new(&parts, body.clone().unwrap_or_default(), session.tunnels.host());
    let date = http_date(session.sim.clock.now());
    let route = route(&request, &session.sim.domains);
    let reply = match (body, upgrade) {
        (None, _) => Ok(gateway::too_large(&route, &request.host)),
        (Some(_), Some(upgrade)) => Ok(session.tunnels.dig(&request, upgrade)),
        (Some(_), None) => answer(Arc::clone(&session.sim), request, route).await,
    };
    match &reply {
        Ok(Reply { manner: Manner::Slow { milliseconds }, .. }) => session.conduct.set_pace(*milliseconds),
        Err(Withheld::Reset) => session.conduct.reset(),
        Ok(_) | Err(Withheld::Cut) => {}
    }
    reply.map(|reply| rendered(reply, &date))
}

/// The room that a body needs, in KiB: what it says of itself, else as much as is read of any.
fn room_of(body: &Incoming) -> u32 {
    let told = body.size_hint().upper().and_then(|told| usize::try_from(told).ok());
    let kib = told.unwrap_or(BODY_BYTES_MAX).min(BODY_BYTES_MAX).div_ceil(1024);
    u32::try_from(kib).unwrap_or(u32::MAX) * u32::from(kib > SMALL_KIB)
}

/// The body of a request; none when it is larger than the cap.
async fn read(body: Incoming) -> Result<Option<Bytes>, Withheld> {
    let read = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, BODY_BYTES_MAX).collect());
    match read.await {
        Ok(Ok(collected)) => Ok(Some(collected.to_bytes())),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Ok(None),
        Ok(Err(_)) | Err(_) => Err(Withheld::Cut),
    }
}

/// Runs the request in a task of its own.
async fn answer(sim: Arc<Sim>, request: Request, route: Route) -> Result<Reply, Withheld> {
    let task = tokio::spawn(async move {
        match route {
            Route::Control => Ok(control::answer(sim, request).await),
            Route::Metadata => Ok(metadata::answer(sim, request).await),
            Route::Rpc(..)
            | Route::Sls { .. }
            | Route::Accelerated { .. }
            | Route::Unresolvable(_)
            | Route::Unclear
            | Route::Contradictory => gateway::answer(sim, request, route).await,
        }
    });
    task.await.unwrap_or(Err(Withheld::Cut))
}

fn rendered(mut reply: Reply, date: &str) -> Response<Payload> {
    if let Manner::Truncated { .. } = reply.manner {
        // Of an empty body a byte is promised, so that it is missed.
        reply.headers.push(("content-length", reply.body.len().max(1).to_string()));
    }
    let mut response = Response::new(Payload::new(reply.body, reply.manner));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    let date = ("date", date.to_owned());
    for (name, value) in reply.headers.into_iter().chain([date]) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}
