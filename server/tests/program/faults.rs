//! The program under faults of its process and machine: asked to end under load, files that may not grow, a clock that steps
//! back.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Executor};

use crate::seeded::{NADIA, Seeded, TENANT, follow_up, limited, piped, signal};

async fn connect(seeded: &Seeded) -> SqliteConnection {
    SqliteConnectOptions::new().filename(seeded.folder.path().join("test.db")).connect().await.unwrap()
}

/// Titles of the activities that tests make.
async fn titles(seeded: &Seeded) -> Vec<String> {
    let mut connection = connect(seeded).await;
    let titles = sqlx::query_scalar("SELECT title FROM interactions WHERE title LIKE 'line %' ORDER BY interaction_id");
    let titles = titles.fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    titles
}

/// Every event, of which each has to be whole.
fn sent(seeded: &Seeded) -> Vec<Value> {
    let text = std::fs::read_to_string(seeded.events()).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("half an event: {line}"))).collect()
}

const BATCH: [&str; 7] = ["call", "--batch", "-", "--tenant", TENANT, "--actor", NADIA];

/// The program, with a pipe at each end.
fn started(command: &mut Command) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn line(title: &str) -> String {
    format!(
        "{}\n",
        json!({ "id": title, "action": "crm.schedule_activity", "idempotency_key": title, "input": follow_up(title) })
    )
}

fn answers(output: &[u8]) -> Vec<Value> {
    String::from_utf8_lossy(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A batch that is asked to end finishes the call that it is at, and says how far it came: whoever goes on from there repeats
/// nothing and leaves nothing out.
#[tokio::test]
async fn a_batch_that_is_asked_to_end_says_how_far_it_came() {
    let seeded = Seeded::sqlite();
    let mut child = started(&mut seeded.command(&BATCH));
    let mut input = child.stdin.take().unwrap();
    // Its end of the pipe stays open: waiting for lines must not keep it from ending.
    let writer = std::thread::spawn(move || {
        for number in 1..=500 {
            if input.write_all(line(&format!("line {number}")).as_bytes()).is_err() {
                break;
            }
        }
        input
    });
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    for _ in 0..5 {
        output.read_line(&mut first).unwrap();
    }
    let asked = Instant::now();
    signal(&child, "TERM");
    let mut rest = Vec::new();
    output.read_to_end(&mut rest).unwrap();
    let status = child.wait().unwrap();
    assert!(asked.elapsed() < Duration::from_secs(20), "{:?}", asked.elapsed());
    drop(writer.join());
    assert_eq!(status.code(), Some(1));
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();

    let answered = 5 + answers(&rest).len();
    assert!(told.contains(&format!("Stopped after line {answered}.")), "{told}");
    let made: BTreeSet<String> = titles(&seeded).await.into_iter().collect();
    assert_eq!(made, (1..=answered).map(|number| format!("line {number}")).collect());
    assert_eq!(sent(&seeded).len(), answered, "what was delivered at once");
}

/// A relay that is asked to end finishes the deliveries that it is at and leaves the rest to the next: each event goes out once.
#[tokio::test]
async fn a_relay_that_is_asked_to_end_loses_and_doubles_nothing() {
    let seeded = Seeded::sqlite();
    // Where a folder is in the place of the file, no event can be delivered.
    std::fs::create_dir_all(seeded.events()).unwrap();
    let lines: String = (1..=150).map(|number| line(&format!("line {number}"))).collect();
    assert_eq!(answers(&piped(seeded.command(&BATCH), lines.as_bytes()).stdout).len(), 150);
    std::fs::remove_dir(seeded.events()).unwrap();
    let mut connection = connect(&seeded).await;
    connection.execute("UPDATE actwright_outbox SET available_at = created_at").await.unwrap();

    let mut relay = started(&mut seeded.command(&["relay"]));
    let begun = Instant::now();
    while sent(&seeded).len() < 5 {
        assert!(begun.elapsed() < Duration::from_secs(30), "the relay delivers nothing");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let asked = Instant::now();
    signal(&relay, "TERM");
    assert!(relay.wait().unwrap().success());
    assert!(asked.elapsed() < Duration::from_secs(20), "{:?}", asked.elapsed());
    let at_the_end = sent(&seeded).len();
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM actwright_outbox WHERE status = 'pending'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(at_the_end + usize::try_from(left).unwrap(), 150, "what was sent is noted");
    assert!(seeded.command(&["relay", "--once"]).output().unwrap().status.success());
    let keys: BTreeSet<String> = sent(&seeded).iter().map(|event| event["id"].to_string()).collect();
    assert_eq!((keys.len(), sent(&seeded).len()), (150, 150));
    connection.close().await.unwrap();
}

/// Files that may not grow any more, by a quota or a limit of the process: every call answers that it can be tried again, nothing
/// is half there, and it goes on without the limit.
#[tokio::test]
async fn files_that_may_not_grow_make_calls_fail_whole() {
    let seeded = Seeded::sqlite();
    let files = std::fs::read_dir(seeded.folder.path()).unwrap();
    let largest = files.map(|file| file.unwrap().metadata().unwrap().len()).max().unwrap();
    let limits = format!("trap '' XFSZ; ulimit -f {}", largest / 1024 + 32);
    let lines: String = (1..=60).map(|number| line(&format!("line {number}"))).collect();
    let output = piped(limited(&limits, &seeded.command(&BATCH)), lines.as_bytes());
    let answers = answers(&output.stdout);
    assert_eq!(answers.len(), 60, "{}", String::from_utf8_lossy(&output.stderr));
    let (done, failed): (Vec<&Value>, Vec<&Value>) = answers.iter().partition(|answer| answer["ok"] == true);
    assert!(!done.is_empty() && !failed.is_empty(), "{} done, {} failed", done.len(), failed.len());
    for answer in failed {
        assert_eq!(answer["error"]["category"], "TransientError", "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains("disk"), "{answer}");
        assert_eq!(answer["error"]["details"], json!({}), "a commit that the database refused is no open question");
    }
    assert_eq!(titles(&seeded).await.len(), done.len());

    let output = piped(seeded.command(&BATCH), lines.as_bytes());
    assert!(output.status.success(), "without the limit all go well");
    assert_eq!(titles(&seeded).await.len(), 60);

    let mut connection = connect(&seeded).await;
    let due = "UPDATE actwright_outbox SET available_at = created_at WHERE status = 'pending'";
    connection.execute(due).await.unwrap();
    assert!(seeded.command(&["relay", "--once"]).output().unwrap().status.success());
    for whole in [
        "audit_logs WHERE operation = 'workflow_action:crm.schedule_activity'",
        "actwright_idempotency_ledger",
        "actwright_outbox WHERE kind = 'event' AND status = 'delivered'",
        "actwright_outbox",
    ] {
        let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {whole}"));
        let count: i64 = sqlx::query_scalar(count).fetch_one(&mut connection).await.unwrap();
        assert_eq!(count, 60, "{whole}");
    }
    let committed: Vec<String> =
        sqlx::query_scalar("SELECT key FROM actwright_outbox").fetch_all(&mut connection).await.unwrap();
    let mut left: BTreeMap<String, usize> = committed.into_iter().map(|key| (key, 0)).collect();
    for event in sent(&seeded) {
        let times = left.get_mut(event["id"].as_str().unwrap());
        *times.unwrap_or_else(|| panic!("of no call that committed: {event}")) += 1;
    }
    // Twice where there was room for the event, and none for the note that it has left.
    assert!(left.values().all(|times| (1..=2).contains(times)), "{left:?}");
    connection.close().await.unwrap();
}

/// The library that gives a process another clock.
fn faketime() -> PathBuf {
    let candidates =
        std::fs::read_dir("/usr/lib").unwrap().chain(std::fs::read_dir("/usr/lib64").into_iter().flatten());
    let candidates = candidates.flatten().map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"));
    candidates.chain([PathBuf::from("/usr/lib64/faketime/libfaketimeMT.so.1")]).find(|path| path.exists()).expect(
        "faketime is installed: apt-get install faketime, or dnf install libfaketime (scripts/test does where it may)",
    )
}

/// A batch with a clock of its own.
struct Clocked {
    child: Child,
    output: BufReader<ChildStdout>,
    clock: PathBuf,
}

impl Clocked {
    fn start(seeded: &Seeded) -> Self {
        let clock = seeded.folder.path().join("clock");
        set(&clock, "+0");
        let mut command = seeded.command(&BATCH);
        // What is measured in time spans must not depend on the clock, so that one stays as it is.
        command
            .env("LD_PRELOAD", faketime())
            .env("FAKETIME_TIMESTAMP_FILE", &clock)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("DONT_FAKE_MONOTONIC", "1");
        let mut child = started(&mut command);
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output, clock }
    }

    fn call(&mut self, title: &str) -> Value {
        self.child.stdin.as_mut().unwrap().write_all(line(title).as_bytes()).unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    }
}

/// Steps a clock, in one write that its reader sees whole.
fn set(clock: &Path, offset: &str) {
    let new = clock.with_extension("new");
    std::fs::write(&new, format!("{offset}\n")).unwrap();
    std::fs::rename(new, clock).unwrap();
}

/// A clock that steps back by an hour holds nothing up in the process: calls end, events leave at once and in order, ids grow, and
/// a key is known. Deadlines do not depend on it.
#[tokio::test]
async fn a_clock_that_steps_back_holds_nothing_up() {
    let seeded = Seeded::sqlite();
    let mut batch = Clocked::start(&seeded);
    let mut ids = Vec::new();
    for (number, offset) in ["+0", "-3600", "-7200", "+0", "-86400"].into_iter().enumerate() {
        set(&batch.clock, offset);
        let begun = Instant::now();
        for part in ["a", "b"] {
            let answer = batch.call(&format!("line {number}{part}"));
            assert_eq!(answer["ok"], true, "{answer}");
            assert_eq!(answer["meta"]["effects"][0]["delivered"], true, "{answer}");
            ids.push(answer["meta"]["invocation_id"].as_str().unwrap().to_owned());
        }
        let again = batch.call("line 0a");
        assert_eq!(again["meta"]["deduplicated"]["invocation_id"].as_str(), Some(ids[0].as_str()));
        assert!(begun.elapsed() < Duration::from_secs(10), "{offset}: {:?}", begun.elapsed());
    }
    assert!(ids.is_sorted(), "{ids:?}");
    let at: Vec<Value> = sent(&seeded).iter().map(|event| event["time"].clone()).collect();
    assert!(!at.is_sorted_by_key(Value::to_string), "the clock of the process did step back: {at:?}");
    let expected: Vec<String> =
        (0..5).flat_map(|number| ["a", "b"].map(|part| format!("line {number}{part}"))).collect();
    assert_eq!(titles(&seeded).await, expected, "rows are in the order in which they were made");
    drop(batch.child.stdin.take());
    assert!(batch.child.wait().unwrap().success());
}
