//! A transport that notes what it sends and what it is answered.

use std::sync::{Arc, Mutex};

use alicloud::{HttpTransport, Transport, TransportError};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

/// A request, and status and error code of its reply.
pub struct Exchange {
    pub request: Request<Bytes>,
    pub status: u16,
    pub code: Option<String>,
}

/// Sends through another transport.
pub struct Recorder {
    inner: Arc<HttpTransport>,
    told: Mutex<Vec<Exchange>>,
}

impl Recorder {
    pub fn new(inner: Arc<HttpTransport>) -> Self {
        Self { inner, told: Mutex::default() }
    }

    /// What was noted since the last time.
    pub fn taken(&self) -> Vec<Exchange> {
        self.told.lock().unwrap().drain(..).collect()
    }
}

#[async_trait]
impl Transport for Recorder {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let reply = self.inner.send(request.clone()).await?;
        let status = reply.status().as_u16();
        self.told.lock().unwrap().push(Exchange { request, status, code: code(reply.body()) });
        Ok(reply)
    }
}

fn code(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let code = body.get("Code").or_else(|| body.get("errorCode"))?;
    code.as_str().map(str::to_owned)
}
