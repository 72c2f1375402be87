//! The body of a reply on its way: whole, cut short, or with blanks behind it.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::gateway::Withheld;
use crate::reply::Manner;

/// Blanks that are sent at once, so that an oversized reply takes no memory here.
static BLANKS: [u8; 64 * 1024] = [b' '; 64 * 1024];

/// A body to be sent.
#[derive(Debug)]
pub(crate) struct Payload {
    bytes: Bytes,
    blanks: u64,
    end: End,
}

/// What comes behind the bytes.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Regular,
    /// The connection is cut, once the bytes have gone out.
    Cut {
        sent: bool,
    },
}

impl Payload {
    /// A body, to be sent in that manner.
    pub(crate) fn new(body: Vec<u8>, manner: Manner) -> Self {
        let mut bytes = Bytes::from(body);
        let (mut blanks, mut end) = (0, End::Regular);
        match manner {
            Manner::Whole | Manner::Slow { .. } => {}
            Manner::Truncated { kept } => {
                bytes.truncate(kept);
                end = End::Cut { sent: false };
            }
            Manner::Oversized { bytes: all } => blanks = all.saturating_sub(bytes.len() as u64),
        }
        Self { bytes, blanks, end }
    }

    fn next_blanks(&mut self) -> Bytes {
        let size = usize::try_from(self.blanks).unwrap_or(BLANKS.len()).min(BLANKS.len());
        self.blanks -= size as u64;
        Bytes::from_static(&BLANKS[..size])
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Withheld;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Withheld>>> {
        if !self.bytes.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.bytes)))));
        }
        if self.blanks > 0 {
            return Poll::Ready(Some(Ok(Frame::data(self.next_blanks()))));
        }
        match self.end {
            End::Regular => Poll::Ready(None),
            End::Cut { sent: true } => Poll::Ready(Some(Err(Withheld::Cut))),
            End::Cut { sent: false } => {
                // What was handed over is only written out when nothing more is there to hand over.
                self.end = End::Cut { sent: true };
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty() && self.blanks == 0 && self.end == End::Regular
    }

    fn size_hint(&self) -> SizeHint {
        if self.blanks > 0 || self.end != End::Regular {
            return SizeHint::default();
        }
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}
