//! The connection of one client: its socket, TLS over it, and how a fault lets it behave.
//!
//! Takes a socket and gives what the client says in the clear. The wait before a byte is for what the client reads, so
//! under TLS each such byte is a record of its own. Must never lose a byte that was looked at ahead of its time.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_rustls::server::TlsStream;

/// Most that is read to look at the first byte; a head or a `ClientHello` fits as a rule.
const AHEAD_BYTES_MAX: usize = 4096;

/// How a connection is to behave from now on.
#[derive(Debug, Default)]
pub(crate) struct Conduct {
    reset: AtomicBool,
    pace_ms: AtomicU64,
}

impl Conduct {
    /// Lets the connection end with a reset.
    pub(crate) fn reset(&self) {
        self.reset.store(true, Ordering::Relaxed);
    }

    /// Waits so long before each byte that is written; 0 is as fast as it goes.
    pub(crate) fn set_pace(&self, milliseconds: u64) {
        self.pace_ms.store(milliseconds, Ordering::Relaxed);
    }

    fn pace(&self) -> Option<Duration> {
        let milliseconds = self.pace_ms.load(Ordering::Relaxed);
        (milliseconds > 0).then(|| Duration::from_millis(milliseconds))
    }
}

/// A connection. It has no `Debug`: what was read ahead may hold a key.
pub(crate) struct Line {
    /// Read from the carrier, and not yet by whoever has the line.
    ahead: Bytes,
    carrier: Carrier,
    conduct: Arc<Conduct>,
    nap: Option<Pin<Box<Sleep>>>,
}

/// What the bytes travel in.
enum Carrier {
    Socket(TcpStream),
    Tls(Box<TlsStream<Line>>),
}

trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

impl Line {
    pub(crate) fn new(socket: TcpStream) -> Self {
        Self::on(Carrier::Socket(socket))
    }

    /// What is said under TLS.
    pub(crate) fn inside(tls: TlsStream<Self>) -> Self {
        Self::on(Carrier::Tls(Box::new(tls)))
    }

    fn on(carrier: Carrier) -> Self {
        Self { ahead: Bytes::new(), carrier, conduct: Arc::default(), nap: None }
    }

    /// How it is to behave.
    pub(crate) fn conduct(&self) -> Arc<Conduct> {
        Arc::clone(&self.conduct)
    }

    /// Waits for the first byte, which is still to be read afterwards; none when the client ended its side.
    pub(crate) async fn first_byte(&mut self) -> io::Result<Option<u8>> {
        if self.ahead.is_empty() {
            let mut ahead = BytesMut::with_capacity(AHEAD_BYTES_MAX);
            self.read_buf(&mut ahead).await?;
            self.ahead = ahead.freeze();
        }
        Ok(self.ahead.first().copied())
    }

    /// Takes bytes back that were read and belong to who reads next.
    pub(crate) fn take_back(&mut self, bytes: &Bytes) {
        self.ahead = [bytes.as_ref(), self.ahead.as_ref()].concat().into();
    }

    fn stream(&mut self) -> Pin<&mut dyn Stream> {
        match &mut self.carrier {
            Carrier::Socket(socket) => Pin::new(socket),
            Carrier::Tls(tls) => Pin::new(tls.as_mut()),
        }
    }

    fn socket(&self) -> &TcpStream {
        match &self.carrier {
            Carrier::Socket(socket) => socket,
            Carrier::Tls(tls) => tls.get_ref().0.socket(),
        }
    }

    /// One byte, once the wait before it is over.
    fn poll_write_slowly(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        pace: Duration,
    ) -> Poll<io::Result<usize>> {
        let nap = self.nap.get_or_insert_with(|| Box::pin(tokio::time::sleep(pace)));
        ready!(nap.as_mut().poll(cx));
        let written = ready!(self.stream().poll_write(cx, &bytes[..bytes.len().min(1)]));
        self.nap = None;
        Poll::Ready(written)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.conduct.reset.load(Ordering::Relaxed)
            && let Err(error) = self.socket().set_zero_linger()
        {
            tracing::warn!(%error, "cannot reset a connection");
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() {
            return self.stream().poll_read(cx, buffer);
        }
        let length = self.ahead.len().min(buffer.remaining());
        buffer.put_slice(&self.ahead[..length]);
        self.ahead.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.conduct.pace() {
            None => self.stream().poll_write(cx, bytes),
            Some(pace) => self.poll_write_slowly(cx, bytes, pace),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.conduct.pace() {
            None => self.stream().poll_write_vectored(cx, slices),
            Some(pace) => {
                let first = slices.iter().find(|slice| !slice.is_empty()).map_or(&[][..], |slice| slice);
                self.poll_write_slowly(cx, first, pace)
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.carrier {
            Carrier::Socket(socket) => socket.is_write_vectored(),
            Carrier::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }
}
