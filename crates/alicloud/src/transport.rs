//! The two things the client borrows from outside: the time, and one request for one reply.
//!
//! *Invariant:* a transport sends what it is given once, unchanged, and follows nothing.

use std::error::Error;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

/// The only source of time of the client; signatures carry it.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// Put on a request, as an extension, that goes in plain HTTP to whom it names: the metadata server of an instance, or
/// an address for credentials that whoever runs the process chose.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InTheClear;

/// Sends one signed request and waits for its whole reply: the one seam under the client.
#[async_trait]
pub trait Transport: Send + Sync {
    /// # Assumptions
    /// The URI is absolute (`https://host/path?query`) and a `host` header of the same name is present.
    /// The implementation bounds the time and the size of the reply.
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError>;
}

/// No reply was had.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The request never left: name resolution, connecting or the TLS handshake failed.
    #[error("the connection could not be made")]
    Connect(#[source] Box<dyn Error + Send + Sync>),
    /// The whole exchange took too long; the request may have been carried out.
    #[error("no reply came in time")]
    Timeout,
    /// The connection was lost after the request may have left; it may have been carried out.
    #[error("the connection was lost before the reply was complete")]
    Lost(#[source] Box<dyn Error + Send + Sync>),
    /// The reply is larger than the cap; the request was carried out in some way.
    #[error("the reply is larger than {limit} bytes")]
    TooLarge {
        /// The cap, in bytes.
        limit: usize,
    },
}

impl TransportError {
    /// Whether the request may have reached the other side.
    pub(crate) fn may_have_arrived(&self) -> bool {
        match self {
            Self::Connect(_) => false,
            Self::Timeout | Self::Lost(_) | Self::TooLarge { .. } => true,
        }
    }
}
