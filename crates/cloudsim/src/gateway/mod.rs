//! From a raw request to a reply: route, name the operation, check the caller, run, journal.
//!
//! The effect and its journal row are one transaction; faults asked for by the control API strike before or
//! after it, never inside. A request goes on to its end even when the client has gone.

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod kept;
mod perform;
mod resource;
pub(crate) mod route;
mod rpc;
pub(crate) mod sls;
mod strike;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::Sim;
use crate::control::faults::Effect;
use crate::reply::{Refusal, Reply};
use crate::request::Request;
use crate::service::{Operation, Place};
use crate::store::frozen::Frozen;

use route::{Route, Service};

pub(crate) use rpc::unknown_action;

/// A request that reached a service.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) request: Request,
    pub(crate) service: Service,
    pub(crate) region: String,
    pub(crate) place: Place,
    pub(crate) parameters: BTreeMap<String, String>,
    /// Name of the operation as asked for.
    pub(crate) action: String,
    /// The operation, or why there is none.
    pub(crate) operation: Result<&'static Operation, Refusal>,
    pub(crate) request_id: String,
    /// What a read is to see instead of the present state.
    pub(crate) past: Option<Arc<Frozen>>,
    /// Whether a search is to answer a part of what it finds.
    pub(crate) incomplete: bool,
}

impl Arrived {
    fn is_mutating(&self) -> bool {
        self.operation.as_ref().is_ok_and(|operation| operation.mutating)
    }

    /// Whether the operation looks at a few rows at most.
    fn is_brief(&self) -> bool {
        const SEARCHES: [&str; 6] =
            ["GetLogs", "GetLogsV2", "GetHistograms", "GetCursor", "PullLogs", "LookupEvents"];
        let is_read = |operation: &&Operation| !operation.mutating && !SEARCHES.contains(&operation.action);
        self.operation.as_ref().is_ok_and(is_read)
    }
}

/// The client is to see its connection end instead of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Withheld {
    /// In order, as when the server goes away.
    #[error("connection cut instead of a reply")]
    Cut,
    /// With a reset.
    #[error("connection reset instead of a reply")]
    Reset,
}

/// Answers one request to the cloud.
pub(crate) async fn answer(sim: Arc<Sim>, request: Request, route: Route) -> Result<Reply, Withheld> {
    let arrived = match route {
        Route::Rpc(service, region) => rpc::arrive(request, service, region),
        Route::Sls { region, project } => sls::arrive(request, region, project),
        Route::Accelerated { project } => {
            let region = region_of(&sim, &project).await;
            let region = region.unwrap_or_else(|| route::signed_region(&request));
            sls::arrive(request, region, Some(project))
        }
        Route::Unresolvable(host) => {
            return Ok(unresolvable(&host));
        }
        Route::Contradictory => {
            let message = "the request target or tunnel and the Host header name different hosts\n";
            return Ok(Reply::text(400, message));
        }
        Route::Unclear | Route::Control | Route::Metadata => {
            let message = "no service has this address; use the host of the service or send x-acs-version\n";
            return Ok(Reply::text(404, message));
        }
    };
    serve(sim, arrived).await
}

/// The first region that has a project of that name.
async fn region_of(sim: &Arc<Sim>, project: &str) -> Option<String> {
    let (sim, project) = (Arc::clone(sim), project.to_owned());
    let found = tokio::task::spawn_blocking(move || {
        sim.store.read(|conn| crate::store::project::region_of(conn, &project))
    });
    found.await.ok()?.ok()?.ok()?
}

/// What a proxy says of a host that it cannot find.
pub(crate) fn unresolvable(host: &str) -> Reply {
    Reply::text(502, format!("cannot resolve host name: {host}\n"))
}

/// Runs an operation, with the fault that strikes it.
async fn serve(sim: Arc<Sim>, arrived: Arrived) -> Result<Reply, Withheld> {
    let struck = sim.faults.meet(arrived.service.name(), &arrived.action, arrived.is_mutating());
    let Some(struck) = struck else { return Ok(run(sim, arrived, None).await) };
    strike::before(&sim, &struck).await;
    let reply = run(Arc::clone(&sim), arrived, Some(struck.effect.clone())).await;
    strike::after(&sim, &struck, reply).await
}

/// Runs the blocking part; a panic in it is an internal error of this one request. What is over in a moment is done at
/// once while nobody writes: handing it to another thread takes longer than doing it.
async fn run(sim: Arc<Sim>, arrived: Arrived, effect: Option<Effect>) -> Reply {
    let (service, request_id) = (arrived.service, arrived.request_id.clone());
    let at_once = arrived.is_brief() && sim.store.is_free();
    let work = move || {
        let past = past(&sim, &arrived, effect.as_ref());
        let incomplete = matches!(effect, Some(Effect::Incomplete));
        perform::perform(&sim, &Arrived { past, incomplete, ..arrived }, effect.as_ref())
    };
    let done = if at_once {
        catch_unwind(AssertUnwindSafe(work)).map_err(|_| "the operation panicked".to_owned())
    } else {
        tokio::task::spawn_blocking(work).await.map_err(|panic| panic.to_string())
    };
    done.unwrap_or_else(|panic| refused(service, &Refusal::internal(&panic), &request_id, ""))
}

/// What a read sees instead of the present state; begins with the call that a fault for stale reads strikes.
fn past(sim: &Sim, arrived: &Arrived, effect: Option<&Effect>) -> Option<Arc<Frozen>> {
    let now_ms = sim.clock.now().as_millisecond();
    if let Some(Effect::StaleReads { seconds }) = effect {
        match sim.store.freeze() {
            Ok(state) => sim.faults.pasts.begin(arrived.service, state, now_ms + i64::from(*seconds) * 1000),
            Err(error) => tracing::error!(%error, "cannot keep the state for stale reads"),
        }
    }
    let seen = sim.faults.pasts.at(arrived.service, now_ms);
    seen.filter(|_| arrived.operation.as_ref().is_ok_and(|operation| !operation.mutating))
}

/// A refusal in the words of the service.
pub(crate) fn refused(service: Service, refusal: &Refusal, request_id: &str, host: &str) -> Reply {
    match service {
        Service::Sls => sls::refused(refusal, request_id),
        Service::ActionTrail | Service::Ram | Service::Sts => {
            rpc::refused(service, refusal, request_id, host)
        }
    }
}

/// The refusal of a body beyond the cap.
pub(crate) fn too_large(route: &Route, host: &str) -> Reply {
    let service = match route {
        Route::Rpc(service, _) => *service,
        Route::Sls { .. } | Route::Accelerated { .. } => Service::Sls,
        Route::Control | Route::Metadata | Route::Unresolvable(_) | Route::Unclear | Route::Contradictory => {
            return Reply::text(413, "the body is too large\n");
        }
    };
    let refusal = Refusal::new(413, "PostBodyTooLarge", "The request body is too large.");
    refused(service, &refusal, &request_id(service), host)
}

/// A new request id in the form of the service.
pub(crate) fn request_id(service: Service) -> String {
    let id = uuid::Uuid::new_v4();
    match service {
        Service::Sls => id.simple().to_string()[..24].to_ascii_uppercase(),
        Service::ActionTrail | Service::Ram | Service::Sts => {
            id.hyphenated().to_string().to_ascii_uppercase()
        }
    }
}
