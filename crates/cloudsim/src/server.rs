//! The listening socket: starting, accepting and stopping.
//!
//! Takes a directory and an address; gives a running server. Each connection is a task of its own, so that none waits
//! for what another does, and there are never more than a fixed number of them, tunnels included.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::connection::serve;
use crate::store::OpenError;
use crate::tls::{AuthorityError, Tls};
use crate::{Identity, Sim};

/// Open requests get this long to finish after a stop was asked for.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections served at once; more wait.
const CONNECTIONS_MAX: usize = 2048;

/// How to run the emulator.
#[derive(Debug, Clone)]
pub struct Options {
    /// Address to listen on; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Directory of the state file and the certificate authority; made if it is not there.
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
    /// There is no certificate authority for TLS.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
}

/// A running emulator. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    ca_file: PathBuf,
    sim: Arc<Sim>,
    stop: watch::Sender<bool>,
    accepting: Option<tokio::task::JoinHandle<()>>,
}

impl Server {
    /// Opens the state and starts to serve.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let domains = options.domains.iter().map(|name| name.to_ascii_lowercase()).collect();
        let sim = Arc::new(Sim { domains, ..Sim::open(&options.data, options.seed)? });
        let tls = Tls::open(&options.data, options.listen.ip())?;
        let ca_file = tls.ca_file().to_owned();
        let failed = |source| StartError::Listen { address: options.listen, source };
        let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (stop, stopped) = watch::channel(false);
        let accepting = tokio::spawn(accept(listener, Arc::clone(&sim), tls, stopped));
        Ok(Self { address, ca_file, sim, stop, accepting: Some(accepting) })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate, in PEM, that a client has to trust for `https://`.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// `http://` and the address; the same port answers `https://`.
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

async fn accept(listener: TcpListener, sim: Arc<Sim>, tls: Tls, mut stopped: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    while !*stopped.borrow() {
        tokio::select! {
            _ = stopped.changed() => break,
            _ = connections.join_next(), if connections.len() >= CONNECTIONS_MAX => {}
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&sim), tls.clone(), stopped.clone()));
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
