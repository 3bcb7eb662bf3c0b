//! The note of how a delivery went, tried again and again while the lease lasts: a database that is away for a moment makes
//! nothing leave twice.

use std::future::Future;
use std::time::{Duration, Instant};

use crate::error::Result;

/// The pause after the first failure. It doubles with every further one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Tries until it goes through, can never go through, or would begin after this time.
pub(super) async fn insist<T, F>(until: Instant, mut note: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let mut pause = FIRST_PAUSE;
    loop {
        match note().await {
            Err(error) if error.retryable() && Instant::now() + pause < until => {
                tracing::warn!(%error, "how a delivery went cannot be noted yet");
                tokio::time::sleep(pause).await;
                pause = (2 * pause).min(LONGEST_PAUSE);
            }
            outcome => return outcome,
        }
    }
}
