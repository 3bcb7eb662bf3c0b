//! A throwaway NATS server with JetStream.

use std::io;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// Runs the server until standard input ends, which the operating system sees to for a process that was killed, too.
const KEEPER: &str = r#"nats-server "$@" & read -r _; kill -9 $!; wait $!"#;

/// A server on a free port, with a folder of its own. It goes away with this value, or with the process.
#[derive(Debug)]
pub struct NatsServer {
    port: u16,
    folder: TempDir,
    arguments: Vec<String>,
    keeper: Option<Child>,
}

impl NatsServer {
    /// A server that runs. Arguments are those of `nats-server`, such as `--user` and `--pass`.
    ///
    /// # Errors
    ///
    /// It is not installed, or does not start.
    pub async fn start(arguments: &[&str]) -> io::Result<Self> {
        let mut server = Self::stopped(arguments)?;
        server.resume().await?;
        Ok(server)
    }

    /// A server that is not running yet.
    ///
    /// # Errors
    ///
    /// There is no port, or no folder.
    pub fn stopped(arguments: &[&str]) -> io::Result<Self> {
        // Free now, and not given to anybody else soon.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Ok(Self { port, folder: tempfile::tempdir()?, arguments, keeper: None })
    }

    /// `HOST:PORT`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Without credentials.
    pub fn url(&self) -> String {
        format!("nats://{}", self.address())
    }

    /// For files that the server keeps, or reads.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts it again, with what it kept.
    ///
    /// # Errors
    ///
    /// As [`NatsServer::start`].
    pub async fn resume(&mut self) -> io::Result<()> {
        let path = format!("{}:/usr/sbin:/usr/local/bin", std::env::var("PATH").unwrap_or_default());
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "nats-server", "--addr", "127.0.0.1", "--port", &self.port.to_string(), "--jetstream"])
            .arg("--store_dir")
            .arg(self.folder.path().join("store"))
            .args(["--log", &self.folder.path().join("log").display().to_string()])
            .args(&self.arguments)
            .env("PATH", path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        self.keeper = Some(keeper);
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(self.address()).await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        Err(io::Error::other(format!("nats-server does not start (apt-get install nats-server): {log}")))
    }

    /// Kills it.
    pub fn stop(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            // Nobody is left to report to.
            let _ = keeper.wait();
        }
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.stop();
    }
}
