//! The socket of one client, and how a fault lets it behave.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

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

/// A connection.
#[derive(Debug)]
pub(crate) struct Line {
    stream: TcpStream,
    conduct: Arc<Conduct>,
    nap: Option<Pin<Box<Sleep>>>,
}

impl Line {
    pub(crate) fn new(stream: TcpStream, conduct: Arc<Conduct>) -> Self {
        Self { stream, conduct, nap: None }
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
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &bytes[..bytes.len().min(1)]));
        self.nap = None;
        Poll::Ready(written)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.conduct.reset.load(Ordering::Relaxed)
            && let Err(error) = self.stream.set_zero_linger()
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
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.conduct.pace() {
            None => Pin::new(&mut self.stream).poll_write(cx, bytes),
            Some(pace) => self.poll_write_slowly(cx, bytes, pace),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.conduct.pace() {
            None => Pin::new(&mut self.stream).poll_write_vectored(cx, slices),
            Some(pace) => {
                let first = slices.iter().find(|slice| !slice.is_empty()).map_or(&[][..], |slice| slice);
                self.poll_write_slowly(cx, first, pace)
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
