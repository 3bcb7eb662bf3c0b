//! When to stop.

use std::time::Duration;

/// What is under way when a process is asked to end has this time. Supervisors kill a process after half a minute or more.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Over when somebody asks the process to end: Ctrl-C, or SIGTERM.
pub async fn shutdown() {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}
