//! Work that is nobody's call and is done now and then, by every process that relays.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::call::Runtime;
use crate::error::Result;

impl Runtime {
    /// Does what is to be done now and then until `stop`. Whatever is under way then is dropped: all of it is in small
    /// transactions, and goes on where it was the next time.
    pub(crate) async fn keep_house(&self, stop: &CancellationToken) {
        let work = async {
            tokio::join!(
                every(self.options.seals.every, "audit rows could not be sealed", || self.seal_due()),
                every(self.options.retention.every, "what has expired could not be removed", || self.sweep_due()),
            );
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = work => {}
        }
    }
}

/// Does something at once and then again and again, each time this long after it was done. What fails is logged and tried again.
async fn every<F: Future<Output = Result<()>>>(pause: Duration, failure: &'static str, mut chore: impl FnMut() -> F) {
    loop {
        if let Err(error) = chore().await {
            tracing::error!(%error, "{failure}");
        }
        tokio::time::sleep(pause).await;
    }
}
