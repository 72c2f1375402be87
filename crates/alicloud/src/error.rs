//! Why a call failed, in full: for logs. Decisions are made from the [`Fault`] inside.
//!
//! *Invariant:* `Display` names this layer only, is short, and holds no secret; causes are in `source()`.

use std::error::Error;
use std::fmt;

use jiff::Timestamp;

use crate::fault::Fault;

/// Longest message kept from a reply, in bytes.
const MESSAGE_LIMIT: usize = 1024;

/// A call that did not succeed, or whose reply could not be understood.
#[derive(Debug)]
pub struct CallError(Box<Failure>);

#[derive(Debug)]
struct Failure {
    fault: Fault,
    status: Option<u16>,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
    /// The time of the server, when it refused ours.
    server_time: Option<Timestamp>,
}

impl CallError {
    pub(crate) fn new(fault: Fault, message: &str) -> Self {
        let message = shortened(message);
        Self(Box::new(Failure { fault, status: None, message, source: None, server_time: None }))
    }

    pub(crate) fn with_status(mut self, status: http::StatusCode) -> Self {
        self.0.status = Some(status.as_u16());
        self
    }

    pub(crate) fn with_source(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    pub(crate) fn with_server_time(mut self, time: Option<Timestamp>) -> Self {
        self.0.server_time = time;
        self
    }

    pub(crate) fn server_time(&self) -> Option<Timestamp> {
        self.0.server_time
    }

    /// What kind of trouble it was, as plain data.
    pub fn fault(&self) -> Fault {
        self.0.fault.clone()
    }

    /// HTTP status, when a reply was had.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The server's own sentence or ours, without secrets, at most 1 kB.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fault = &self.0.fault;
        write!(f, "`{}` of {} at {} failed: ", fault.action, fault.service, fault.host)?;
        if let Some(code) = &fault.code {
            write!(f, "`{code}` ")?;
        }
        if let Some(status) = self.0.status {
            write!(f, "({status}) ")?;
        }
        write!(f, "{}", self.0.message)?;
        fault.request_id.as_ref().map_or(Ok(()), |id| write!(f, " [request {id}]"))
    }
}

impl Error for CallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// One line of at most [`MESSAGE_LIMIT`] bytes, cut at a character.
fn shortened(message: &str) -> String {
    let end = message.floor_char_boundary(MESSAGE_LIMIT);
    message[..end].chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
