//! The HTTP edge: sockets, body caps, and the way from a connection to the gateway.
//!
//! Plain HTTP/1.1, as origin and as forward proxy. A request that was read goes on to its end in a task of its
//! own, so that a client that hangs up does not cancel what it asked for.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::http_date;
use crate::gateway::route::{Route, route};
use crate::gateway::{self, Withheld};
use crate::line::{Conduct, Line};
use crate::payload::Payload;
use crate::reply::{Manner, Reply};
use crate::request::{Peer, Request};
use crate::store::OpenError;
use crate::{Identity, Sim, control, metadata};

/// Largest body read: the documented 10 MB of `PutLogs` and some room (cloud-api §6.5).
const BODY_BYTES_MAX: usize = 10 * 1024 * 1024 + 64 * 1024;
/// A client that has not sent its head by then is dropped.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// A client that has not sent its body by then is dropped.
const BODY_TIMEOUT: Duration = Duration::from_mins(1);
/// Open requests get this long to finish after a stop was asked for.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections served at once; more wait.
const CONNECTIONS_MAX: usize = 2048;

/// How to run the emulator.
#[derive(Debug, Clone)]
pub struct Options {
    /// Address to listen on; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Directory of the state file; made if it is not there.
    pub data: PathBuf,
    /// Seed of the generated events of a fresh directory; an existing one keeps its own.
    pub seed: u64,
    /// Domains that lead to this server: `<project>.<domain>` is a project of Log Service.
    pub domains: Vec<String>,
}

impl Options {
    /// A free port on loopback, and a directory.
    pub fn local(data: impl Into<PathBuf>) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data: data.into(),
            seed: 1,
            domains: Vec::new(),
        }
    }
}

/// Why the emulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The state cannot be opened.
    #[error(transparent)]
    State(#[from] OpenError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A running emulator. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    sim: Arc<Sim>,
    stop: watch::Sender<bool>,
    accepting: Option<tokio::task::JoinHandle<()>>,
}

impl Server {
    /// Opens the state and starts to serve.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let domains = options.domains.iter().map(|name| name.to_ascii_lowercase()).collect();
        let sim = Arc::new(Sim { domains, ..Sim::open(&options.data, options.seed)? });
        let failed = |source| StartError::Listen { address: options.listen, source };
        let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (stop, stopped) = watch::channel(false);
        let accepting = tokio::spawn(accept(listener, Arc::clone(&sim), stopped));
        Ok(Self { address, sim, stop, accepting: Some(accepting) })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://` and the address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The account and access key of this data directory.
    pub fn identity(&self) -> &Identity {
        &self.sim.identity
    }

    /// Stops accepting, lets open requests finish for a few seconds, and returns when all are gone.
    pub async fn shutdown(mut self) {
        self.ask_to_stop();
        if let Some(accepting) = self.accepting.take()
            && let Err(error) = accepting.await
        {
            tracing::error!(%error, "server task failed");
        }
    }

    fn ask_to_stop(&self) {
        self.sim.faults.release();
        self.stop.send_replace(true);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ask_to_stop();
    }
}

async fn accept(listener: TcpListener, sim: Arc<Sim>, mut stopped: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    while !*stopped.borrow() {
        tokio::select! {
            _ = stopped.changed() => break,
            _ = connections.join_next(), if connections.len() >= CONNECTIONS_MAX => {}
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&sim), stopped.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    // Most often too many open files; accepting again at once would spin.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(STOP_TIMEOUT, all).await.is_err() {
        tracing::warn!("requests were still open when the emulator stopped");
    }
}

async fn serve(stream: TcpStream, sim: Arc<Sim>, mut stopped: watch::Receiver<bool>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let conduct = Arc::new(Conduct::default());
    let peer = Peer(stream.peer_addr().ok().map(|address| address.ip().to_canonical()));
    let line = Line::new(stream, Arc::clone(&conduct));
    let service = service_fn(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        respond(Arc::clone(&sim), Arc::clone(&conduct), request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(line), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop_asked(&mut stopped) => {
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
    sim: Arc<Sim>,
    conduct: Arc<Conduct>,
    request: http::Request<Incoming>,
) -> Result<Response<Payload>, Withheld> {
    conduct.set_pace(0);
    let (parts, body) = request.into_parts();
    let read = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, BODY_BYTES_MAX).collect());
    let body = match read.await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(()),
        Ok(Err(_)) | Err(_) => return Err(Withheld::Cut),
    };
    let request = Request::new(&parts, body.clone().unwrap_or_default());
    let route = route(&request, &sim.domains);
    let date = http_date(sim.clock.now());
    let reply = match body {
        Err(()) => Ok(gateway::too_large(&route, &request.host)),
        Ok(_) if parts.method == http::Method::CONNECT => Ok(Reply::text(
            405,
            "the emulator serves plain HTTP, so it opens no tunnels; use http:// endpoints\n",
        )),
        Ok(_) => answer(sim, request, route).await,
    };
    match &reply {
        Ok(Reply { manner: Manner::Slow { milliseconds }, .. }) => conduct.set_pace(*milliseconds),
        Err(Withheld::Reset) => conduct.reset(),
        Ok(_) | Err(Withheld::Cut) => {}
    }
    reply.map(|reply| rendered(reply, &date))
}

/// Runs the request in a task of its own.
async fn answer(sim: Arc<Sim>, request: Request, route: Route) -> Result<Reply, Withheld> {
    let task = tokio::spawn(async move {
        match route {
            Route::Control => Ok(control::answer(sim, request).await),
            Route::Metadata => Ok(metadata::answer(sim, request).await),
            Route::Rpc(..)
            | Route::Sls { .. }
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
