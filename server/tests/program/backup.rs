//! A backup that is taken while calls write is the database as of one moment, and life goes on from it.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use actwright_tests::faults::server::Server;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;

use crate::seeded::{NADIA, Seeded, blocking, follow_up, parsed, said};
use crate::serving::{Serving, eventually};

/// A quote of the demonstration that may be sent.
const QUOTE: &str = "90000000-0000-4000-8000-000000000002";
const WRITERS: u64 = 4;
const SETTINGS: [&str; 3] = ["delivery.timeout=500ms", "delivery.first_pause=50ms", "delivery.longest_pause=200ms"];

/// Lets four callers write while something happens. Gives the number of calls that were done.
fn under_load(server: &Serving, something: impl FnOnce()) -> u64 {
    let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (stop, done) = (&stop, &done);
            scope.spawn(move || {
                for number in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let key = format!("Idempotency-Key: {writer}-{number}\r\n");
                    let title = format!("Load {writer} {number}");
                    let answer = server.call("crm.schedule_activity@1", &key, &follow_up(&title));
                    assert_eq!(answer.status, 200, "{answer:?}");
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        eventually("calls write", || done.load(Ordering::Relaxed) > 20);
        something();
        let then = done.load(Ordering::Relaxed);
        eventually("calls still write", || done.load(Ordering::Relaxed) > then + 20);
        stop.store(true, Ordering::Relaxed);
    });
    done.into_inner()
}

/// A number that a statement gives, whose tables are named as on the database.
async fn number(url: &str, sql: &str) -> i64 {
    if url.starts_with("sqlite:") {
        let pool = sqlx::SqlitePool::connect(url).await.expect("the database");
        let sql = sql.replace("LEDGER", "actwright_idempotency_ledger").replace("OUTBOX", "actwright_outbox");
        let number = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&pool).await.expect("a number");
        pool.close().await;
        return number;
    }
    let pool = sqlx::PgPool::connect(url).await.expect("the database");
    let sql = sql.replace("LEDGER", "actwright.idempotency_ledger").replace("OUTBOX", "actwright.outbox");
    let number = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&pool).await.expect("a number");
    pool.close().await;
    number
}

/// A text that a statement of SQLite gives.
async fn text_of(url: &str, sql: &'static str) -> String {
    let mut connection = SqliteConnection::connect(url).await.expect("the database");
    let text = sqlx::query_scalar(sql).fetch_one(&mut connection).await.expect("a text");
    connection.close().await.expect("an end");
    text
}

/// What holds of every database as of one moment, and how many calls of the load it has.
async fn whole(url: &str) -> i64 {
    let calls = number(url, "SELECT count(*) FROM LEDGER").await;
    let audited =
        "SELECT count(*) FROM LEDGER l JOIN audit_logs a ON a.tenant = l.tenant AND a.audit_id = l.invocation_id";
    assert_eq!(number(url, audited).await, calls, "every call has its audit row");
    let done = "SELECT count(*) FROM interactions WHERE title LIKE 'Load %'";
    assert_eq!(number(url, done).await, calls, "every call has its activity");
    let events =
        "SELECT count(*) FROM OUTBOX o JOIN LEDGER l ON l.tenant = o.tenant AND l.invocation_id = o.invocation_id";
    assert_eq!(number(url, events).await, calls, "every call has its event");
    assert_eq!(number(url, "SELECT count(*) FROM LEDGER WHERE output IS NULL").await, 0);
    calls
}

/// Starts a server on what was restored: what waited is delivered, a repeated call is known, a new one is done.
fn goes_on(restored: &Seeded, calls: i64) {
    let server = restored.serve(&SETTINGS);
    eventually("what waited at the moment of the backup is delivered", || {
        server.get("/api/v1/outbox?status=pending").json()["entries"].as_array().is_some_and(Vec::is_empty)
    });
    assert_eq!(
        server.get("/api/v1/outbox?status=delivered&limit=1").json()["entries"].as_array().map(Vec::len),
        Some(1)
    );
    let repeated = server.call("crm.schedule_activity@1", "Idempotency-Key: 0-0\r\n", &follow_up("Load 0 0")).json();
    assert!(repeated["meta"]["deduplicated"].is_object(), "{repeated}");
    let new = server.call("crm.schedule_activity@1", "Idempotency-Key: new\r\n", &follow_up("Load new"));
    assert_eq!(new.status, 200, "{new:?}");
    drop(server);
    assert_eq!(blocking(whole(&restored.url)), calls + 1);
}

/// A folder that is copied into itself would have no end, so a backup is not made there.
#[test]
fn a_backup_goes_nowhere_into_what_it_copies() {
    let seeded = Seeded::sqlite();
    fs::create_dir_all(seeded.data()).expect("a folder");
    for inside in ["data/backup.db", "data/../data/backup.db"] {
        let to = seeded.folder.path().join(inside).display().to_string();
        let (told, code) = said(&seeded.run(&["db", "backup", "--to", &to]));
        assert!(told.contains("is in the folder that is copied") && code == Some(2), "{told}");
    }
    assert_eq!(fs::read_dir(seeded.data()).expect("the folder").count(), 0, "nothing was begun");
}

/// Keys of the events in a file, and how many lines it has.
fn events(data: &Path) -> (BTreeSet<String>, usize) {
    let text = fs::read_to_string(data.join("events.jsonl")).expect("events");
    let id =
        |line: &str| serde_json::from_str::<Value>(line).ok().and_then(|event| Some(event["id"].as_str()?.to_owned()));
    let ids: Vec<String> = text.lines().filter_map(id).collect();
    (ids.iter().cloned().collect(), ids.len())
}

#[test]
fn a_sqlite_database_is_backed_up_under_load_and_restored() {
    let seeded = Seeded::sqlite();
    parsed(&seeded.call("crm.send_quote", NADIA, &json!({ "quote_id": QUOTE }), &["--json"]));
    let copy = seeded.folder.path().join("backup.db");
    let server = seeded.serve(&SETTINGS);
    let done = under_load(&server, || {
        let output = seeded.run(&["db", "backup", "--to", &copy.display().to_string()]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    });
    let again = seeded.run(&["db", "backup", "--to", &copy.display().to_string()]);
    assert_eq!(again.status.code(), Some(2), "a backup is never written over");
    drop(server);

    // Restored by copying it to where it is used.
    let restored = Seeded::new_sqlite();
    fs::copy(&copy, restored.folder.path().join("test.db")).expect("a copy");
    let data = restored.data();
    let from = seeded.folder.path().join("backup.db.data");
    let copied = Command::new("cp").arg("-r").args([&from, &data]).status().expect("cp");
    assert!(copied.success());
    let pdf = blocking(text_of(&restored.url, "SELECT file_name FROM external_files"));
    let bytes = fs::read(data.join("documents").join(&pdf)).expect("the document that a row speaks of");
    assert!(
        bytes.starts_with(b"%PDF-") && bytes == fs::read(seeded.data().join("documents").join(&pdf)).expect("a PDF")
    );
    let calls = blocking(whole(&restored.url));
    assert!(calls >= 20 && calls < i64::try_from(done).expect("a number"), "{calls} of {done}: as of the middle");
    goes_on(&restored, calls);
    let (ids, lines) = events(&data);
    assert!(ids.len() as i64 > calls, "every event is out");
    assert!(lines <= 2 * ids.len(), "and twice at most, with the same id: {lines} lines of {} events", ids.len());
}

/// Runs one of the programs that come with PostgreSQL.
fn tool(name: &str, arguments: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/postgres");
    let found = Command::new(script).arg("find").output().expect("the script runs");
    let programs = String::from_utf8(found.stdout).expect("UTF-8");
    let output = Command::new(Path::new(programs.trim()).join(name)).args(arguments).output().expect("it runs");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_postgres_database_is_dumped_under_load_and_restored() {
    let seeded = Seeded::postgres("dumped");
    let dump = seeded.folder.path().join("backup.dump");
    let server = seeded.serve(&SETTINGS);
    let dump = dump.display().to_string();
    let done = under_load(&server, || tool("pg_dump", &["--format=custom", "--file", &dump, "--dbname", &seeded.url]));
    let told = seeded.run(&["db", "backup", "--to", "nowhere.db"]);
    assert!(String::from_utf8_lossy(&told.stderr).contains("pg_dump"), "{told:?}");
    drop(server);

    let cluster = actwright_tests::postgres::Cluster::shared().expect("a server");
    let url = blocking(cluster.database("restored")).expect("a database");
    tool("pg_restore", &["--exit-on-error", "--no-owner", "--dbname", &url, &dump]);
    let restored = Seeded { folder: TempDir::new().expect("a folder"), url };
    let calls = blocking(whole(&restored.url));
    assert!(calls >= 20 && calls < i64::try_from(done).expect("a number"), "{calls} of {done}: as of the middle");
    goes_on(&restored, calls);
}

/// A text that a statement gives.
async fn told(url: &str, sql: &'static str) -> String {
    let mut connection = PgConnection::connect(url).await.expect("the database");
    let text = sqlx::query_scalar(sql).fetch_one(&mut connection).await.expect("a text");
    connection.close().await.expect("an end");
    text
}

/// The log is archived, and a base backup that was made under load is played forward to a moment.
#[test]
fn a_postgres_database_is_restored_to_a_point_in_time() {
    let archive = TempDir::new().expect("a folder");
    fs::set_permissions(archive.path(), Permissions::from_mode(0o777)).expect("the server may write there");
    let log = archive.path().display();
    let server =
        Server::start(&["archive_mode=on", &format!("archive_command='test ! -f {log}/%f && cp %p {log}/%f'")])
            .expect("a server");
    let url = blocking(server.database("archived")).expect("a database");
    let seeded = Seeded { folder: TempDir::new().expect("a folder"), url }.filled();
    let base = seeded.folder.path().join("base");
    let calls = || blocking(number(&seeded.url, "SELECT count(*) FROM LEDGER"));
    let (mut copied, mut moment) = (0, String::new());
    let serving = seeded.serve(&SETTINGS);
    let done = under_load(&serving, || {
        tool("pg_basebackup", &["--pgdata", &base.display().to_string(), "--dbname", &seeded.url, "--checkpoint=fast"]);
        copied = calls();
        eventually("calls go on after the base backup", || calls() > copied + 20);
        moment = blocking(told(&seeded.url, "SELECT clock_timestamp()::text"));
    });
    drop(serving);
    let last = blocking(told(&seeded.url, "SELECT pg_walfile_name(pg_switch_wal())"));
    eventually("the log is archived", || {
        blocking(told(&seeded.url, "SELECT coalesce(last_archived_wal, '') FROM pg_stat_archiver")) >= last
    });
    drop(server);

    fs::write(base.join("recovery.signal"), "").expect("a file");
    let server = Server::restore(
        &base,
        &[
            &format!("restore_command='cp {log}/%f %p'"),
            &format!("recovery_target_time='{moment}'"),
            "recovery_target_action=promote",
        ],
    )
    .expect("a server");
    let restored = Seeded { folder: TempDir::new().expect("a folder"), url: server.url("archived") };
    eventually("the log is played", || blocking(told(&restored.url, "SELECT pg_is_in_recovery()::text")) == "false");
    let calls = blocking(whole(&restored.url));
    assert!(calls > copied + 20, "{calls}, {copied} of them in the base backup: up to the moment");
    assert!(calls < i64::try_from(done).expect("a number"), "{calls} of {done}: and no further");
    goes_on(&restored, calls);
}
