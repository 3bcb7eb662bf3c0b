//! Whether the process is alive, and whether it should get requests.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Server, Shared};

/// A database that takes longer to answer is as good as away.
const PATIENCE: Duration = Duration::from_secs(2);

/// The process runs. Whoever restarts processes that do not answer asks this.
pub async fn alive() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// The process can do what it is asked. Whoever distributes requests asks this.
pub async fn ready(State(server): State<Shared>) -> (StatusCode, Json<Value>) {
    let mut reasons = Vec::new();
    if server.stopping.is_cancelled() {
        reasons.push("the server is about to end");
    }
    match tokio::time::timeout(PATIENCE, pending_migrations(&server)).await {
        Ok(Ok(0)) => {}
        Ok(Ok(_)) => reasons.push("migrations are missing: run actwright db migrate"),
        Ok(Err(())) => reasons.push("the database cannot be reached"),
        Err(_) => reasons.push("the database does not answer in time"),
    }
    let (status, text) =
        if reasons.is_empty() { (StatusCode::OK, "ready") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready") };
    (status, Json(json!({ "status": text, "reasons": reasons })))
}

/// How many of our own migrations were not applied, and of those of a stand-alone database where it is one.
async fn pending_migrations(server: &Server) -> Result<usize, ()> {
    let runtime = &server.runtime;
    runtime.database().ping().await.map_err(|_| ())?;
    if server.migrated.load(Ordering::Relaxed) {
        return Ok(0);
    }
    let sets = runtime.database().migration_status(runtime.pack().migrations.as_ref()).await.map_err(|_| ())?;
    let stand_alone = sets.iter().any(|set| set.name == "host" && !set.applied.is_empty());
    let ours = sets.iter().filter(|set| stand_alone || set.name == "own");
    let pending = ours.map(|set| set.pending.len()).sum();
    server.migrated.store(pending == 0, Ordering::Relaxed);
    Ok(pending)
}
