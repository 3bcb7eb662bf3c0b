//! Calls that are inside their transactions when the server is asked to end, or their client hangs up.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, SqliteConnection};

use crate::life::sent;
use crate::seeded::{Seeded, follow_up};
use crate::serving::{Answer, Serving, eventually};

/// A connection of the test, and what drives it.
struct Client {
    driver: tokio::runtime::Runtime,
    connection: Connected,
}

enum Connected {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Client {
    fn of(seeded: &Seeded) -> Self {
        let driver = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let connection = driver.block_on(async {
            match seeded.url.strip_prefix("sqlite:") {
                Some(file) => {
                    Connected::Sqlite(SqliteConnectOptions::new().filename(file).connect().await.expect("the database"))
                }
                None => Connected::Postgres(PgConnection::connect(&seeded.url).await.expect("the database")),
            }
        });
        Self { driver, connection }
    }

    fn run(&mut self, sqlite: &'static str, postgres: &'static str) {
        self.driver.block_on(async {
            match &mut self.connection {
                Connected::Sqlite(connection) => drop(connection.execute(sqlite).await.expect("a statement")),
                Connected::Postgres(connection) => drop(connection.execute(postgres).await.expect("a statement")),
            }
        });
    }

    fn count(&mut self, what: &str) -> i64 {
        let postgres = what.replace("actwright_", "actwright.");
        let count = |what: &str| AssertSqlSafe(format!("SELECT count(*) FROM {what}"));
        self.driver.block_on(async {
            match &mut self.connection {
                Connected::Sqlite(connection) => sqlx::query_scalar(count(what)).fetch_one(connection).await,
                Connected::Postgres(connection) => sqlx::query_scalar(count(&postgres)).fetch_one(connection).await,
            }
            .expect("a number")
        })
    }

    /// Lets no call write an activity: on PostgreSQL they wait for that inside their transactions, on SQLite for their writer.
    fn hold(&mut self) {
        self.run("BEGIN IMMEDIATE", "BEGIN; LOCK TABLE interactions IN EXCLUSIVE MODE");
    }

    fn let_go(&mut self) {
        self.run("ROLLBACK", "ROLLBACK");
    }

    /// Waits until a call is held.
    fn wait_for_a_call(&mut self) {
        match self.connection {
            // Nobody can tell from outside.
            Connected::Sqlite(_) => std::thread::sleep(Duration::from_millis(500)),
            // Not in pg_stat_activity, which stays as this transaction has seen it first.
            Connected::Postgres(_) => eventually("a call waits", || {
                self.count(
                    "pg_locks WHERE NOT granted AND relation = 'interactions'::regclass \
                     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                ) > 0
            }),
        }
    }

    /// How many calls have left their activity, their audit row, their stored result and their event, and how many events left.
    fn whole(&mut self, seeded: &Seeded) -> [i64; 5] {
        let events = std::fs::read_to_string(seeded.events()).unwrap_or_default();
        [
            self.count("interactions WHERE title LIKE 'held %'"),
            self.count("audit_logs WHERE operation = 'workflow_action:crm.schedule_activity'"),
            self.count("actwright_idempotency_ledger"),
            self.count("actwright_outbox"),
            i64::try_from(events.lines().count()).expect("a number"),
        ]
    }
}

fn input(title: &str) -> Value {
    let mut input = follow_up(title);
    input["idempotency_key"] = json!(title);
    input
}

fn call(server: &Serving, title: &str) -> TcpStream {
    sent(server, &input(title).to_string(), 0)
}

fn ends(server: &mut Serving) {
    let asked = Instant::now();
    assert!(server.ended().success());
    assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
}

/// A call that cannot go on when the time to end is over is undone, as if nobody had made it; one that can is whole.
#[test]
fn the_end_leaves_no_half_of_a_call() {
    for seeded in [Seeded::sqlite(), Seeded::postgres("held")] {
        let mut client = Client::of(&seeded);
        let mut server = seeded.serve(&["http.shutdown_timeout=1s"]);
        client.hold();
        let cut = call(&server, "held too long");
        client.wait_for_a_call();
        server.signal("TERM");
        ends(&mut server);
        let answer = Answer::try_read(cut);
        assert!(answer.as_ref().is_none_or(|answer| answer.status >= 500), "{answer:?}");
        client.let_go();
        assert_eq!(client.whole(&seeded), [0; 5]);

        let mut server = seeded.serve(&[]);
        let again = server.call("crm.schedule_activity@1", "", &input("held too long"));
        assert_eq!((again.status, &again.json()["meta"]["deduplicated"]), (200, &Value::Null), "{again:?}");
        client.hold();
        let under_way = call(&server, "held for a moment");
        client.wait_for_a_call();
        server.signal("TERM");
        std::thread::sleep(Duration::from_millis(300));
        client.let_go();
        let answer = Answer::read(under_way);
        assert_eq!(answer.status, 200, "{answer:?}");
        ends(&mut server);
        assert_eq!(client.whole(&seeded), [2; 5]);
    }
}

/// Whoever hangs up has made the call or has not, and keeps nobody from anything.
#[test]
fn a_client_that_hangs_up_leaves_no_half_of_a_call() {
    for seeded in [Seeded::sqlite(), Seeded::postgres("hung_up")] {
        let mut client = Client::of(&seeded);
        let mut server = seeded.serve(&[]);
        client.hold();
        let hung_up = call(&server, "held for nobody");
        client.wait_for_a_call();
        drop(hung_up);
        std::thread::sleep(Duration::from_millis(300));
        client.let_go();
        let other = server.call("crm.schedule_activity@1", "", &input("held by nobody"));
        assert_eq!(other.status, 200, "{other:?}");
        server.signal("TERM");
        ends(&mut server);
        let whole = client.whole(&seeded);
        assert!([[1; 5], [2; 5]].contains(&whole), "{whole:?}");
    }
}
