//! The real transport: HTTP/1.1 by reqwest, TLS by rustls with ring.
//!
//! Takes the options below; returns a [`Transport`] that follows no redirect, keeps no cookie, reads no proxy
//! from the environment, sends nothing twice, and bounds every exchange in time and size.
//! *Invariant:* plain HTTP goes to the endpoint, or where a source of credentials was told to ask in the clear, never
//! anywhere else.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, HeaderValue};
use http::method::Method;
use http::uri::{Scheme, Uri};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, NoProxy, Proxy};

use crate::transport::{InTheClear, Transport, TransportError};

/// Largest reply body that is read. The largest honest one, a hundred log rows, is far below.
pub(crate) const BODY_LIMIT: usize = 8 * 1024 * 1024;

/// Shorter than the idle time of the servers, so that a connection is not picked up as it is being closed.
const POOL_IDLE: Duration = Duration::from_secs(15);

/// How to reach the cloud. `Debug` leaves out addresses: a proxy's can hold a password.
#[derive(Clone)]
pub struct HttpOptions {
    /// `None`: the real hosts, by HTTPS. `Some("http://127.0.0.1:PORT")`: every request goes there as plain HTTP
    /// in the form a forward proxy takes, keeping its real host name.
    pub endpoint: Option<String>,
    /// Longest time for name resolution, connecting and the TLS handshake.
    pub connect_timeout: Duration,
    /// Longest time in which nothing arrives, once connected.
    pub read_timeout: Duration,
    /// Longest time of a whole exchange, connecting and reading the body included.
    pub call_timeout: Duration,
    /// A proxy to reach the real hosts through, such as `http://proxy:3128`; without effect with an endpoint.
    pub https_proxy: Option<String>,
    /// Hosts to reach without that proxy, in the form of the usual environment variable: `10.0.0.0/8,.internal`.
    pub no_proxy: Option<String>,
    /// A file of PEM certificates to trust besides those of the system.
    pub ca_file: Option<PathBuf>,
}

impl fmt::Debug for HttpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpOptions")
            .field("connect_timeout", &self.connect_timeout)
            .field("read_timeout", &self.read_timeout)
            .field("call_timeout", &self.call_timeout)
            .field("ca_file", &self.ca_file)
            .finish_non_exhaustive()
    }
}

impl Default for HttpOptions {
    /// The real hosts, 5 s to connect, 10 s a call and for a silence in it.
    fn default() -> Self {
        Self {
            endpoint: None,
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(10),
            call_timeout: Duration::from_secs(10),
            https_proxy: None,
            no_proxy: None,
            ca_file: None,
        }
    }
}

/// The HTTP client could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// An address is not a URL, or no CA bundle is installed.
    #[error("the HTTP client could not be built")]
    Client(#[from] reqwest::Error),
    /// The CA file cannot be read.
    #[error("the CA file {} cannot be read", .path.display())]
    CaFile {
        /// Where it should be.
        path: PathBuf,
        /// Why it cannot be read.
        source: std::io::Error,
    },
    /// The CA file holds no certificate.
    #[error("the CA file {} holds no certificate", .0.display())]
    NoCertificate(PathBuf),
}

/// Sends requests over the network.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    client: Client,
    /// For requests marked [`InTheClear`].
    unencrypted: Client,
    plain: bool,
    call_timeout: Duration,
}

impl HttpTransport {
    /// Builds the client, with its own pool of connections. Reads the CA file.
    ///
    /// # Assumptions
    /// rustls needs one crypto provider per process. If `main` has not installed one, ring is installed here.
    pub fn new(options: &HttpOptions) -> Result<Self, BuildError> {
        // An error only says that a provider is already there, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = match &options.endpoint {
            Some(endpoint) => builder(options).proxy(Proxy::http(endpoint)?).build()?,
            None => encrypted(options)?.build()?,
        };
        Ok(Self {
            client,
            unencrypted: builder(options).build()?,
            plain: options.endpoint.is_some(),
            call_timeout: options.call_timeout,
        })
    }

    /// The client for a request: only one that is marked goes anywhere in plain HTTP.
    fn client_for(&self, request: &http::Request<Bytes>) -> &Client {
        let marked = request.extensions().get::<InTheClear>().is_some();
        let unencrypted = !self.plain && marked && request.uri().scheme() == Some(&Scheme::HTTP);
        if unencrypted { &self.unencrypted } else { &self.client }
    }

    async fn exchange(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let client = self.client_for(&request);
        let request = reqwest::Request::try_from(request).map_err(never_left)?;
        let mut reply = client.execute(request).await.map_err(lost_or_never_left)?;
        let mut whole = http::Response::new(Bytes::new());
        *whole.status_mut() = reply.status();
        std::mem::swap(whole.headers_mut(), reply.headers_mut());
        *whole.body_mut() = read_body(reply).await?;
        Ok(whole)
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, mut request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        if self.plain {
            *request.uri_mut() = as_plain_http(request.uri());
        }
        if request.body().is_empty() && request.method() != Method::GET {
            // Left out by default; without it a server may answer 411 (cloud-api §6.9, `MissingContentLength`).
            request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let exchange = tokio::time::timeout(self.call_timeout, self.exchange(request));
        exchange.await.map_err(|_| TransportError::Timeout)?
    }
}

fn builder(options: &HttpOptions) -> ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        // The official clients speak HTTP/1.1; the host is signed exactly as that version sends it.
        .http1_only()
        .pool_idle_timeout(POOL_IDLE)
        .connect_timeout(options.connect_timeout)
        .read_timeout(options.read_timeout)
        .user_agent(concat!("alicloud/", env!("CARGO_PKG_VERSION")))
}

/// A client of the real hosts.
fn encrypted(options: &HttpOptions) -> Result<ClientBuilder, BuildError> {
    let mut builder = builder(options).https_only(true);
    if let Some(proxy) = &options.https_proxy {
        let exceptions = options.no_proxy.as_deref().and_then(NoProxy::from_string);
        builder = builder.proxy(Proxy::https(proxy)?.no_proxy(exceptions));
    }
    if let Some(path) = &options.ca_file {
        builder = builder.tls_certs_merge(certificates(path)?);
    }
    Ok(builder)
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, BuildError> {
    let failed = |source| BuildError::CaFile { path: path.to_owned(), source };
    let found = Certificate::from_pem_bundle(&std::fs::read(path).map_err(failed)?)?;
    if found.is_empty() { Err(BuildError::NoCertificate(path.to_owned())) } else { Ok(found) }
}

fn as_plain_http(uri: &Uri) -> Uri {
    let mut parts = uri.clone().into_parts();
    parts.scheme = Some(Scheme::HTTP);
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}

async fn read_body(mut reply: reqwest::Response) -> Result<Bytes, TransportError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = reply.chunk().await.map_err(lost)? {
        if body.len() + chunk.len() > BODY_LIMIT {
            return Err(TransportError::TooLarge { limit: BODY_LIMIT });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn lost_or_never_left(error: reqwest::Error) -> TransportError {
    if error.is_connect() || error.is_builder() { never_left(error) } else { lost(error) }
}

fn never_left(error: reqwest::Error) -> TransportError {
    TransportError::Connect(without_url(error))
}

fn lost(error: reqwest::Error) -> TransportError {
    if error.is_timeout() { TransportError::Timeout } else { TransportError::Lost(without_url(error)) }
}

/// The URL holds every parameter of the call; the error of the caller names the host already.
fn without_url(error: reqwest::Error) -> Box<dyn Error + Send + Sync> {
    Box::new(error.without_url())
}
