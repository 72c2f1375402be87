//! The controller round the passes: watch, queue, concurrency, time limits, back-off, shutdown.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt, stream};
use kube::Resource;
use kube::runtime::controller::{Action, Config, Controller, Error};

use super::context::Context;
use super::error::ReconcileError;
use super::{Cached, pass};

/// Objects worked on at once: waits are on the network, and two cores are plenty for signing.
const CONCURRENCY: u16 = 8;
/// Longest time one pass may take: a burst of eight changes of fifteen seconds each, and its looks.
const PASS_TIMEOUT: Duration = Duration::from_mins(3);
/// Events of one object closer together than this make one pass.
const DEBOUNCE: Duration = Duration::from_millis(100);

/// Runs passes until `stop`, then lets running ones end.
pub async fn run(
    controller: Controller<Cached>,
    ctx: Arc<Context>,
    stop: impl Future<Output = ()> + Send + Sync + 'static,
) {
    let released = stream::unfold(ctx.released(), |mut released| async move {
        released.changed().await.ok().map(|()| ((), released))
    });
    controller
        .with_config(Config::default().concurrency(CONCURRENCY).debounce(DEBOUNCE))
        .reconcile_all_on(released)
        .graceful_shutdown_on(stop)
        .run(guarded_pass, on_error, ctx)
        .for_each(|outcome| async move {
            match outcome {
                Ok(_) | Err(Error::ReconcilerFailed(..) | Error::ObjectNotFound(_)) => {}
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "the watch is in trouble; it is opened anew");
                }
            }
        })
        .await;
}

/// One pass that cannot hang and cannot take the process with it.
async fn guarded_pass(cached: Arc<Cached>, ctx: Arc<Context>) -> Result<Action, ReconcileError> {
    let caught = AssertUnwindSafe(pass(&cached, &ctx)).catch_unwind();
    match tokio::time::timeout(PASS_TIMEOUT, caught).await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => Err(ReconcileError::Panicked(panic_text(panic.as_ref()))),
        Err(_) => Err(ReconcileError::Overdue(PASS_TIMEOUT)),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

/// What could not be recorded is logged, with its causes, and tried again: later each time.
#[expect(clippy::needless_pass_by_value, reason = "the signature kube asks for")]
fn on_error(cached: Arc<Cached>, error: &ReconcileError, ctx: Arc<Context>) -> Action {
    let meta = cached.meta();
    let wait = ctx.memory.failed(meta.uid.as_deref().unwrap_or_default());
    let key = format!(
        "{}/{}",
        meta.namespace.as_deref().unwrap_or_default(),
        meta.name.as_deref().unwrap_or_default()
    );
    tracing::warn!(object = %key, error = %chain(error), retry_in_secs = wait.as_secs(), "pass not recorded");
    Action::requeue(wait)
}

/// An error and its causes, one after another.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
