//! The only errors that leave a pass: what stops it from being recorded.

use thiserror::Error;

/// A pass that could not be recorded. Everything that goes wrong in the cloud is a condition instead.
#[derive(Debug, Error)]
pub enum ReconcileError {
    /// The API server did not take part.
    #[error("could not {doing}")]
    Kubernetes {
        /// What was being done.
        doing: &'static str,
        /// Why it failed.
        #[source]
        source: Box<kube::Error>,
    },
    /// A patch could not be written down.
    #[error("could not encode a patch")]
    Encode(#[source] serde_json::Error),
    /// The pass did not end in time.
    #[error("the pass did not end within {0:?}")]
    Overdue(std::time::Duration),
    /// The pass panicked: a defect, confined to this object.
    #[error("the pass panicked: {0}")]
    Panicked(String),
}
