//! Writing logs (cloud-api §6.5).

use super::proto::{self, LogBatch};
use super::{Body, Compression, SlsCall, logstore_path};
use crate::call::Operation;
use crate::error::CallError;
use crate::fault::FaultKind;
use crate::fault::Service::Sls;
use crate::session::Session;

const PUT_LOGS: Operation = Operation::writes(Sls, "PutLogs", "log:PostLogStoreLogs");

/// Most logs in a batch.
const LOGS_MAX: usize = 4096;
/// Most bytes of a batch before compression: 3 MB.
const RAW_MAX: usize = 3 * 1024 * 1024;

impl Session {
    /// Writes a batch of logs, packed with lz4, to whichever shard has room. Times from seven days ago to 15 minutes
    /// ahead are taken (cloud-api §6.5).
    ///
    /// # Errors
    /// `Invalid`, without sending, for a batch that is empty, has more than 4096 logs or is larger than 3 MB. An
    /// ambiguous error leaves open whether the logs were written; writing them again may double them.
    pub async fn put_logs(&self, project: &str, logstore: &str, batch: &LogBatch) -> Result<(), CallError> {
        self.put_logs_packed(project, logstore, batch, Compression::Lz4).await
    }

    /// [`put_logs`](Self::put_logs), packed as asked.
    pub async fn put_logs_packed(
        &self,
        project: &str,
        logstore: &str,
        batch: &LogBatch,
        compression: Compression,
    ) -> Result<(), CallError> {
        let raw = proto::encode(batch);
        if batch.logs.is_empty() || batch.logs.len() > LOGS_MAX || raw.len() > RAW_MAX {
            return Err(self.unfit(project, "a batch holds 1 to 4096 logs and at most 3 MB"));
        }
        let raw_size = raw.len();
        let packed = compression.pack(raw);
        let bytes = packed.map_err(|_| self.unfit(project, "the batch cannot be packed"))?;
        let mut call = SlsCall::new(PUT_LOGS, project, "POST", logstore_path(logstore, "/shards/lb"));
        call.body = Body::Packed { bytes, by: compression, raw_size };
        self.sls(&call).await.map(|_| ())
    }

    /// The error of a batch that is not sent.
    fn unfit(&self, project: &str, why: &str) -> CallError {
        CallError::new(self.sls_call(PUT_LOGS, Some(project)).fault(FaultKind::Invalid, false), why)
    }
}
