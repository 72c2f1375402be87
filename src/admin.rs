//! Health over HTTP: `/healthz` (the process serves) and `/readyz` (the watch cache is filled).

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;

/// Says whether the watch cache is filled. Asked at each probe.
pub type Readiness = Arc<dyn Fn() -> bool + Send + Sync>;

/// Serves health until the process ends.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(listener: TcpListener, readiness: Readiness) -> std::io::Result<()> {
    let router = Router::new()
        .route("/healthz", get(|| std::future::ready("ok")))
        .route("/readyz", get(readyz))
        .with_state(readiness);
    axum::serve(listener, router).await
}

async fn readyz(State(is_ready): State<Readiness>) -> (StatusCode, &'static str) {
    if is_ready() {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the watch cache is not filled yet")
    }
}
