//! TLS on the emulator's one port, for clients that speak nothing else.
//!
//! Takes a connection and gives it back in the clear, whichever way the client began. Certificates are of an authority
//! that each data directory has for itself. Must never ask for a process-wide crypto provider: this is a library too.

mod authority;
mod files;
mod leaves;

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;

use crate::line::Line;
use authority::Authority;
use leaves::Leaves;

pub use authority::AuthorityError;

/// First byte of a record that holds a handshake (RFC 8446, section 5.1); no HTTP request begins with it.
const HANDSHAKE: u8 = 0x16;

/// What TLS needs on the side of the server.
#[derive(Clone)]
pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    ca_file: PathBuf,
}

impl Tls {
    /// With the authority of a data directory; `listen` gets a certificate beside loopback.
    pub(crate) fn open(directory: &Path, listen: IpAddr) -> Result<Self, AuthorityError> {
        let authority = Authority::open(directory)?;
        let ca_file = authority.file().to_owned();
        let leaves = Leaves::new(authority, listen)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(leaves));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: Arc::new(config).into(), ca_file })
    }

    /// File of the certificate that clients have to trust.
    pub(crate) fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// The connection in the clear: under TLS if the client begins with it, as it is if not.
    pub(crate) async fn accept(&self, mut line: Line) -> io::Result<Line> {
        match line.first_byte().await? {
            Some(HANDSHAKE) => Ok(Line::inside(self.acceptor.accept(line).await?)),
            Some(_) | None => Ok(line),
        }
    }
}
