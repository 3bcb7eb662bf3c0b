//! When to stop.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// What is under way when a process is asked to end has this time. Supervisors kill a process after half a minute or more.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Exit code of a process that was asked to end twice, as shells have it for Ctrl-C.
const AT_ONCE: i32 = 130;

/// A token that is cancelled when somebody asks the process to end: Ctrl-C, or SIGTERM. Asked once more, it ends at once: what
/// is under way rolls back, or a relay delivers it.
pub fn stopping() -> CancellationToken {
    let stopping = CancellationToken::new();
    let Ok(mut signals) = Signals::new() else { return stopping };
    let told = stopping.clone();
    tokio::spawn(async move {
        signals.next().await;
        tracing::info!("asked to end");
        told.cancel();
        signals.next().await;
        tracing::warn!("ending at once: what is under way rolls back, or a relay delivers it");
        // Nothing waits for anything any more, pools included.
        std::process::exit(AT_ONCE);
    });
    stopping
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self(tokio::signal::windows::ctrl_c()?))
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
