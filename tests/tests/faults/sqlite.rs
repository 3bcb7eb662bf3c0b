//! Faults of an embedded database and of the folder beside it.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use actwright_delivery::events::FileEvents;
use actwright_delivery::mail::FileMailer;
use actwright_runtime::database::{Database, Engine};
use actwright_runtime::outbox::FileStore;
use actwright_runtime::{Call, Code, Options, Runtime};
use actwright_tests::conformance::alias::{Aliases, id};
use actwright_tests::conformance::databases::{Databases, Place};
use actwright_tests::conformance::dump::{LEDGER, dump};
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::faults::invariants::{Left, ONCE, TWICE, Told, broken};
use actwright_tests::faults::load::{SLACK, improper};
use actwright_tests::faults::{Party, call, schedule};
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

use crate::{SECOND, whole};

async fn place() -> (Databases, Place) {
    let databases = Databases::prepare(Engine::Sqlite, &Fixture::base(&mut Aliases::default()).unwrap()).await.unwrap();
    let place = databases.take().await.unwrap();
    (databases, place)
}

fn file(place: &Place) -> PathBuf {
    PathBuf::from(place.url().strip_prefix("sqlite:").unwrap())
}

/// Runs a statement on the connection that writes.
async fn on_writer(runtime: &Runtime, statement: &str) {
    let Database::Sqlite { writer, .. } = runtime.database() else { unreachable!() };
    writer.execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
}

/// SQLite undoes a transaction by itself when it has no room for it. The call says that the disk is full, leaves nothing, and
/// the writer is of use again as soon as there is room.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_database_refuses_and_goes_on_when_there_is_room() {
    let (_databases, place) = place().await;
    let party = Party::at(place.url(), 2).await.unwrap();
    let before = party.dump().await;
    let mut told = Told::new();
    on_writer(&party.runtime, "PRAGMA max_page_count = 1").await; // the least is what is there
    let error = loop {
        let key = format!("call {}", told.len());
        match party.runtime.call(schedule(&key, 5 * SECOND)).await {
            Ok(answer) => drop(told.insert(key, answer.output)),
            Err(error) => break error,
        }
        assert!(told.len() < 1000, "the database is never full");
    };
    assert_eq!(improper(&error), None);
    assert!(error.message.contains("full"), "{error}");
    on_writer(&party.runtime, "PRAGMA max_page_count = 1000000").await;
    for number in 0..3 {
        let key = format!("room {number}");
        told.insert(key.clone(), party.runtime.call(schedule(&key, 5 * SECOND)).await.unwrap().output);
    }
    whole(&party, &before, &told, TWICE).await;
    party.close().await;
}

/// A file system of this size, in memory, until it is dropped.
struct Disk(PathBuf);

impl Disk {
    /// None where this process may not mount.
    fn mount(folder: &Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(folder).unwrap();
        let option = format!("size={size}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &option, "tmpfs"]).arg(folder).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Self(folder.to_owned()))
    }

    /// Takes all room but for so many bytes.
    fn fill(&self, leave: usize) {
        let mut ballast = std::fs::File::create(self.0.join("ballast")).unwrap();
        let block = [0; 4096];
        while ballast.write_all(&block).is_ok() {}
        let length = ballast.metadata().unwrap().len();
        ballast.set_len(length.saturating_sub(leave as u64)).unwrap();
    }

    fn make_room(&self) {
        std::fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// Everything that a full disk can cut in half, the database, events, mails and documents, is whole when there is room again.
///
/// Without the right to mount a small disk, the limits of the other tests stand for it: of pages above, and of the size of files
/// in `server/tests/program/faults.rs`.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_half_written_on_a_full_disk() {
    let (_databases, place) = place().await;
    let folder = place.folder.path().join("disk");
    let Some(disk) = Disk::mount(&folder, "8m") else {
        println!("this process may not mount: not run");
        return;
    };
    let path = folder.join("case.db");
    std::fs::copy(file(&place), &path).unwrap();
    let database = Database::open_with(&format!("sqlite:{}", path.display()), 2).await.unwrap();
    let events = folder.join("events.jsonl");
    let options = Options {
        events: vec![Arc::new(FileEvents::new(&events))],
        ..Options::new(
            Arc::new(FileMailer::new(folder.join("mail"), "sales@northstar.example").unwrap()),
            FileStore::folder(&folder.join("documents")).unwrap(),
        )
    };
    let runtime = Runtime::new(database, actwright_actions::pack(), options);
    let before = dump(runtime.database()).await.unwrap();
    let send = |key: &str| {
        let input = json!({ "quote_id": id("quote.draft"), "email_addresses": ["dana@contoso.example"] });
        Call { idempotency_key: Some(key.to_owned()), ..call("crm.send_quote", input) }
    };
    let mut failures = 0;
    let mut told = Told::new();
    // From no room at all to room for the database but not for what follows it.
    for round in 0..24 {
        disk.fill(round * 6 * 1024);
        for call in [schedule(&format!("round {round}"), 5 * SECOND), send(&format!("send {round}"))] {
            let key = call.idempotency_key.clone().unwrap();
            match runtime.call(call).await {
                Ok(answer) => drop(told.insert(key, answer.output)),
                Err(error) => {
                    assert_eq!(improper(&error), None);
                    assert!(error.message.contains("full"), "{error}");
                    failures += 1;
                }
            }
        }
        disk.make_room();
    }
    println!("{failures} calls failed, {} did not", told.len());
    assert!(failures > 0 && !told.is_empty());
    // Whatever has failed before is done now.
    told.insert("room".to_owned(), runtime.call(schedule("room", 5 * SECOND)).await.unwrap().output);
    told.insert("sent".to_owned(), runtime.call(send("sent")).await.unwrap().output);
    on_writer(&runtime, "UPDATE actwright_outbox SET available_at = created_at WHERE status = 'pending'").await;
    while runtime.relay().await.unwrap().delivered > 0 {
        on_writer(&runtime, "UPDATE actwright_outbox SET available_at = created_at WHERE status = 'pending'").await;
    }
    let lines = std::fs::read_to_string(&events).unwrap();
    assert!(lines.ends_with('\n'));
    let mut left = Left::default();
    for line in lines.lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        left.events.push((event["id"].as_str().unwrap().to_owned(), event["data"].clone()));
    }
    for mail in std::fs::read_dir(folder.join("mail")).unwrap() {
        let path = mail.unwrap().path();
        assert_eq!(path.extension().unwrap(), "eml", "{}", path.display());
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.trim_end().ends_with("--"), "{} ends with no boundary", path.display());
        // All recipients have one file.
        let header = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim();
        let recipients = header("To:").split(", ").map(|to| (header("Message-ID:").to_owned(), to.to_owned()));
        left.mails.extend(recipients);
    }
    for tenant in std::fs::read_dir(folder.join("documents")).unwrap() {
        pdfs_are_whole(&tenant.unwrap().path());
    }
    runtime.finish().await;
    let broken = broken(runtime.database(), &before, &told, &left, TWICE).await;
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    let committed = dump(runtime.database()).await.unwrap()[LEDGER].len() - before[LEDGER].len();
    assert_eq!(committed, told.len(), "a call that failed for want of room has committed");
    runtime.database().close().await;
}

fn pdfs_are_whole(path: &Path) {
    if path.is_dir() {
        return std::fs::read_dir(path).unwrap().for_each(|entry| pdfs_are_whole(&entry.unwrap().path()));
    }
    let bytes = std::fs::read(path).unwrap();
    assert!(String::from_utf8_lossy(&bytes).trim_end().ends_with("%%EOF"), "{} is half a document", path.display());
}

/// A file that may not be written is a matter of the set-up, and says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_database_that_may_not_be_written_says_so() {
    let (_databases, place) = place().await;
    let party = Party::at(place.url(), 2).await.unwrap();
    let before = party.dump().await;
    on_writer(&party.runtime, "PRAGMA query_only = 1").await;
    let error = party.runtime.call(schedule("written", 5 * SECOND)).await.unwrap_err();
    assert_eq!(error.code, Code::InternalError);
    assert!(error.message.contains("read-only"), "{error}");
    on_writer(&party.runtime, "PRAGMA query_only = 0").await;
    whole(&party, &before, &Told::new(), ONCE).await;
    party.close().await;
}

/// While another process holds the database, callers are told so at their deadline, and served when it lets go.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_database_that_is_locked_is_worth_another_try() {
    let (_databases, place) = place().await;
    let party = Party::at(place.url(), 2).await.unwrap();
    let before = party.dump().await;
    let mut other = SqliteConnectOptions::new().filename(file(&place)).connect().await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let callers: Vec<_> = (0..4)
        .map(|number| {
            let runtime = party.runtime.clone();
            tokio::spawn(async move {
                let begun = Instant::now();
                (runtime.call(schedule(&format!("locked {number}"), SECOND)).await, begun.elapsed())
            })
        })
        .collect();
    for caller in callers {
        let (answer, took) = caller.await.unwrap();
        assert_eq!(improper(&answer.unwrap_err()), None);
        assert!(took < SECOND + SLACK, "{took:?}");
    }
    // Readers need not wait.
    party.runtime.call(call("crm.find_activities", json!({ "client_id": id("client.contoso") }))).await.unwrap();
    other.execute("ROLLBACK").await.unwrap();
    let served = party.runtime.call(schedule("served", 20 * SECOND)).await.unwrap();
    whole(&party, &before, &Told::from([("served".to_owned(), served.output)]), ONCE).await;
    other.close().await.unwrap();
    party.close().await;
}

/// A reader that stays keeps the log of writes from being reset, and holds no writer up. When it leaves, the log is used again
/// from its beginning.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_that_stays_holds_nobody_up() {
    let (_databases, place) = place().await;
    let party = Party::at(place.url(), 2).await.unwrap();
    let before = party.dump().await;
    let mut told = Told::new();
    let log = PathBuf::from(format!("{}-wal", file(&place).display()));
    let size = || std::fs::metadata(&log).map_or(0, |log| log.len());
    let mut reader: SqliteConnection = SqliteConnectOptions::new().filename(file(&place)).connect().await.unwrap();
    reader.execute("BEGIN").await.unwrap();
    let first: i64 = sqlx::query_scalar("SELECT count(*) FROM interactions").fetch_one(&mut reader).await.unwrap();
    // A log is written back once it has a thousand pages.
    while size() < 6_000_000 {
        let key = format!("beside {}", told.len());
        told.insert(key.clone(), party.runtime.call(schedule(&key, 5 * SECOND)).await.unwrap().output);
        assert!(told.len() < 2000, "the log does not grow");
    }
    let same: i64 = sqlx::query_scalar("SELECT count(*) FROM interactions").fetch_one(&mut reader).await.unwrap();
    assert_eq!(first, same);
    reader.execute("ROLLBACK").await.unwrap();
    reader.close().await.unwrap();
    let grown = size();
    for number in 0..20 {
        let key = format!("after {number}");
        told.insert(key.clone(), party.runtime.call(schedule(&key, 5 * SECOND)).await.unwrap().output);
    }
    assert!(size() <= grown + 200_000, "from {grown} to {}", size());
    whole(&party, &before, &told, ONCE).await;
    party.close().await;
}

/// Damage is called by its name, and is nothing to try again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_damaged_database_is_called_damaged() {
    let (_databases, place) = place().await;
    place.database.close().await;
    let mut damaged = std::fs::OpenOptions::new().read(true).write(true).open(file(&place)).unwrap();
    let mut header = [0; 4096];
    damaged.read_exact(&mut header).unwrap();
    let length = damaged.metadata().unwrap().len();
    damaged.seek(SeekFrom::Start(4096)).unwrap();
    damaged.write_all(&vec![0xAB; length as usize - 4096]).unwrap();
    let error = match Party::at(place.url(), 2).await {
        Ok(party) => party.runtime.call(schedule("damaged", 5 * SECOND)).await.unwrap_err().to_string(),
        Err(error) => error,
    };
    assert!(error.contains("damaged"), "{error}");

    damaged.seek(SeekFrom::Start(0)).unwrap();
    damaged.write_all(b"This is no database at all, whatever its name says. ").unwrap();
    let error = Party::at(place.url(), 2).await.unwrap_err();
    assert!(error.contains("damaged"), "{error}");
}
