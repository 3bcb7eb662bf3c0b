//! A throwaway PostgreSQL server, and databases in it.

use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use actwright_runtime::database::Database;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// The variable that names a server to use instead of one of our own: the URL of an administrator of a throwaway
/// server. Databases that are not removed stay there.
pub const SERVER_VARIABLE: &str = "ACTWRIGHT_TEST_POSTGRES";

/// The role that calls run as in tests.
pub const APPLICATION: &str = "actwright_application";

/// A PostgreSQL server that goes away with this value, or with the process, however that ends.
///
/// ```no_run
/// # async fn example() -> std::io::Result<()> {
/// let cluster = actwright_tests::postgres::Cluster::shared()?;
/// let prepared = cluster.database("prepared").await?;
/// // … create tables and rows, close all connections; then every test gets a copy in some 100 milliseconds:
/// let mine = cluster.copy_of(&prepared, "mine").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Cluster {
    /// URL of the administrator's database, up to the slash before its name.
    server: String,
    admin: String,
    /// None where the server is not ours. It stops when its standard input is closed, which the operating system does
    /// for a process that was killed, too.
    keeper: Option<Child>,
}

impl Cluster {
    /// Uses the server of [`SERVER_VARIABLE`], else starts one with `scripts/postgres`. Takes a second or two.
    ///
    /// # Errors
    ///
    /// PostgreSQL is not installed or does not start; the script says more on standard error.
    pub fn start() -> io::Result<Self> {
        match std::env::var(SERVER_VARIABLE) {
            Ok(admin) if !admin.is_empty() => Self::at(admin, None),
            _ => Self::start_own(),
        }
    }

    /// The one of this process.
    ///
    /// # Errors
    ///
    /// Those of [`Cluster::start`].
    pub fn shared() -> io::Result<&'static Self> {
        static SHARED: OnceLock<Result<Cluster, String>> = OnceLock::new();
        let cluster = SHARED.get_or_init(|| Self::start().map_err(|error| error.to_string()));
        cluster.as_ref().map_err(|error| io::Error::other(error.as_str()))
    }

    fn start_own() -> io::Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/postgres");
        let mut keeper = Command::new(script)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0) // out of reach of Ctrl-C, so that it can clean up after it
            .spawn()?;
        let mut url = String::new();
        if let Some(output) = keeper.stdout.take() {
            BufReader::new(output).read_line(&mut url)?;
        }
        if url.is_empty() {
            keeper.wait()?;
            return Err(io::Error::other("there is no PostgreSQL server to test with: see above"));
        }
        Self::at(url.trim_end().to_owned(), Some(keeper))
    }

    fn at(admin: String, keeper: Option<Child>) -> io::Result<Self> {
        match admin.rsplit_once('/') {
            Some((server, name)) if server.contains("://") && !name.contains('?') => {
                Ok(Self { server: server.to_owned(), admin, keeper })
            }
            _ => Err(io::Error::other(format!("{SERVER_VARIABLE}: expected postgres://USER@HOST:PORT/DATABASE"))),
        }
    }

    /// URL of a new, empty database. Its name is unique, and has `name` in it for people.
    ///
    /// # Errors
    ///
    /// The server does not answer or refuses.
    pub async fn database(&self, name: &str) -> io::Result<String> {
        self.create(name, "template0").await
    }

    /// URL of a new database with all that the database at `url` has. Nobody may be connected to that one.
    ///
    /// # Errors
    ///
    /// As [`Cluster::database`], and when somebody is connected.
    pub async fn copy_of(&self, url: &str, name: &str) -> io::Result<String> {
        let template = url.rsplit('/').next().unwrap_or_default();
        self.create(name, template).await
    }

    async fn create(&self, name: &str, template: &str) -> io::Result<String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let label: String = name.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let database = format!("test_{}_{number}_{}", std::process::id(), label.to_lowercase());
        let statement = format!("CREATE DATABASE {database} TEMPLATE {template}");
        let mut connection = PgConnection::connect(&self.admin).await.map_err(io::Error::other)?;
        connection.execute(AssertSqlSafe(statement)).await.map_err(io::Error::other)?;
        connection.close().await.map_err(io::Error::other)?;
        Ok(format!("{}/{database}", self.server))
    }

    /// Lets a role without special rights run calls on the database at `url`, whose tables are there. Gives the URL of the
    /// database for that role: row level security binds it, and what it was not granted it may not do.
    ///
    /// # Errors
    ///
    /// As [`Cluster::database`].
    pub async fn let_application_in(&self, url: &str) -> io::Result<String> {
        // Roles are the server's. Another process may create it at the same time.
        let statement = format!(
            "DO $$ BEGIN CREATE ROLE {APPLICATION} LOGIN PASSWORD '{APPLICATION}'; \
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        );
        let mut connection = PgConnection::connect(&self.admin).await.map_err(io::Error::other)?;
        connection.execute(AssertSqlSafe(statement)).await.map_err(io::Error::other)?;
        connection.close().await.map_err(io::Error::other)?;
        let database = Database::open_with(url, 1).await.map_err(io::Error::other)?;
        database.grant(APPLICATION, actwright_generated::tables::ALL).await.map_err(io::Error::other)?;
        database.close().await;
        self.as_application(url).ok_or_else(|| io::Error::other("the URL of a database names nobody"))
    }

    /// The URL of a database for the role of [`Cluster::let_application_in`].
    pub fn as_application(&self, url: &str) -> Option<String> {
        let (_, host) = url.split_once('@')?;
        Some(format!("postgres://{APPLICATION}:{APPLICATION}@{host}"))
    }

    /// Removes the database at `url`, which takes some eight megabytes. Nobody may be connected to it.
    ///
    /// # Errors
    ///
    /// As [`Cluster::copy_of`].
    pub async fn remove(&self, url: &str) -> io::Result<()> {
        let statement = format!("DROP DATABASE {}", url.rsplit('/').next().unwrap_or_default());
        let mut connection = PgConnection::connect(&self.admin).await.map_err(io::Error::other)?;
        connection.execute(AssertSqlSafe(statement)).await.map_err(io::Error::other)?;
        connection.close().await.map_err(io::Error::other)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            // Nobody is left to report to; the process ends in any case.
            let _ = keeper.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn databases_are_apart_and_can_be_copied() {
        let cluster = Cluster::shared().unwrap();
        let first = cluster.database("First one!").await.unwrap();
        let mut connection = PgConnection::connect(&first).await.unwrap();
        connection.execute("CREATE TABLE colours AS SELECT 'green' AS name").await.unwrap();
        connection.close().await.unwrap();

        let copy = cluster.copy_of(&first, "copy").await.unwrap();
        let mut connection = PgConnection::connect(&copy).await.unwrap();
        let name: String = sqlx::query_scalar("SELECT name FROM colours").fetch_one(&mut connection).await.unwrap();
        assert_eq!(name, "green");

        let second = cluster.database("First one!").await.unwrap();
        assert_ne!(first, second);
    }

    #[test]
    fn an_own_server_goes_away_with_its_value() {
        let cluster = Cluster::start_own().unwrap();
        let address = cluster.server.rsplit('@').next().unwrap().to_owned();
        assert!(std::net::TcpStream::connect(&address).is_ok());
        drop(cluster);
        assert!(std::net::TcpStream::connect(&address).is_err());
    }
}
