//! A PostgreSQL server that can be stopped and started again.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// A server of its own that keeps what it has committed when it is killed. It goes away with this value.
#[derive(Debug)]
pub struct Server {
    keeper: Child,
    /// None once it is told to end.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// Up to the slash before the name of a database.
    address: String,
}

/// How a server stops.
#[derive(Debug, Clone, Copy)]
pub enum Halt {
    /// Every connection is told, its transaction rolled back.
    Fast,
    /// All processes end as in a crash; the next start recovers.
    Immediate,
}

impl Server {
    /// Starts one, with these settings besides those of tests. Takes a second or two.
    ///
    /// # Errors
    ///
    /// PostgreSQL is not installed or does not start; the script says more on standard error.
    pub fn start(settings: &[&str]) -> io::Result<Self> {
        Self::serve(&[], settings)
    }

    /// Starts one that begins as what `pg_basebackup` has put into a folder. It may be in recovery still.
    ///
    /// # Errors
    ///
    /// As [`Server::start`].
    pub fn restore(backup: &Path, settings: &[&str]) -> io::Result<Self> {
        Self::serve(&["--from".as_ref(), backup.as_os_str()], settings)
    }

    fn serve(from: &[&OsStr], settings: &[&str]) -> io::Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/postgres");
        let mut command = Command::new(script);
        command.arg("serve").args(from).args(["-c", "synchronous_commit=on"]);
        for setting in settings {
            command.args(["-c", setting]);
        }
        // Out of reach of Ctrl-C, so that it can clean up after it.
        let mut keeper = command.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0).spawn()?;
        let input = keeper.stdin.take();
        let output = keeper.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut server = Self { keeper, input, output: BufReader::new(output), address: String::new() };
        let url = server.line()?;
        let (address, _) =
            url.rsplit_once('/').ok_or_else(|| io::Error::other("the server did not start: see above"))?;
        server.address = address.to_owned();
        Ok(server)
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.address.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or_default()
    }

    /// URL of a database.
    pub fn url(&self, database: &str) -> String {
        format!("{}/{database}?sslmode=disable", self.address)
    }

    /// URL of a new, empty database.
    ///
    /// # Errors
    ///
    /// The server refuses.
    pub async fn database(&self, name: &str) -> io::Result<String> {
        self.run(&format!("CREATE DATABASE {name}")).await?;
        Ok(self.url(name))
    }

    /// Runs a statement as the administrator.
    ///
    /// # Errors
    ///
    /// The server refuses.
    pub async fn run(&self, statement: &str) -> io::Result<()> {
        self.run_in("postgres", statement).await
    }

    /// As [`Server::run`], in one of its databases.
    ///
    /// # Errors
    ///
    /// The server refuses.
    pub async fn run_in(&self, database: &str, statement: &str) -> io::Result<()> {
        let mut connection = PgConnection::connect(&self.url(database)).await.map_err(io::Error::other)?;
        connection.execute(AssertSqlSafe(statement.to_owned())).await.map_err(io::Error::other)?;
        connection.close().await.map_err(io::Error::other)
    }

    /// Stops it, and returns when it has.
    ///
    /// # Errors
    ///
    /// It does not stop.
    pub fn halt(&mut self, how: Halt) -> io::Result<()> {
        self.tell(match how {
            Halt::Fast => "halt fast",
            Halt::Immediate => "halt immediate",
        })
    }

    /// Starts it again at the same address, and returns when it takes connections.
    ///
    /// # Errors
    ///
    /// It does not start.
    pub fn resume(&mut self) -> io::Result<()> {
        self.tell("resume")
    }

    fn tell(&mut self, command: &str) -> io::Result<()> {
        let input = self.input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(input, "{command}")?;
        match self.line()?.as_str() {
            "done" => Ok(()),
            _ => Err(io::Error::other(format!("{command} failed: see above"))),
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.input.take());
        // Nobody is left to report to; the process ends in any case.
        let _ = self.keeper.wait();
    }
}
