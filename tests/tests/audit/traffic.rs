//! Sealing and verifying beside calls: neither waits for the other, and nothing that is right is reported.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use actwright_runtime::audit::Verification;
use actwright_runtime::database::{Database, Engine};
use actwright_tests::conformance::alias::id;
use sqlx::Row;

use super::setting::{Setting, as_user, note, runtime, send};

/// Each is sent with a mail, so that its audit row is amended.
const QUOTES: &[&str] = &["draft", "approved"];

async fn nothing_that_is_right_is_reported(engine: Engine) {
    let setting = Setting::new(engine).await;
    let runtime = runtime(&setting.place, Duration::from_secs(60));
    let calling = Arc::new(AtomicBool::new(true));
    let beside = |seals: bool| {
        let (runtime, calling) = (runtime.clone(), calling.clone());
        tokio::spawn(async move {
            let mut findings = Vec::new();
            while calling.load(Ordering::Relaxed) {
                if seals {
                    runtime.seal_audit(None).await.unwrap();
                } else {
                    runtime
                        .verify_audit(&Verification::default(), &mut |finding| findings.push(finding))
                        .await
                        .unwrap();
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            findings
        })
    };
    let others = [beside(true), beside(true), beside(false)];
    let callers: Vec<_> = (0..16)
        .map(|caller: usize| {
            let runtime = runtime.clone();
            tokio::spawn(async move {
                for _ in 0..4 {
                    runtime.call(note(if usize::is_multiple_of(caller, 4) { "rival" } else { "north" })).await.unwrap();
                    runtime.call(as_user("user.nobody", note("north"))).await.unwrap_err();
                }
                if let Some(quote) = QUOTES.get(caller) {
                    runtime.call(send(quote)).await.unwrap();
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    calling.store(false, Ordering::Relaxed);
    for other in others {
        assert_eq!(other.await.unwrap(), []);
    }
    setting.seal().await;
    let (findings, chains) = setting.verify_with(&Verification::default()).await;
    assert_eq!(findings, []);
    assert!(chains.iter().all(|chain| chain.pending == 0), "{chains:?}");
    let rows = setting.number("SELECT count(*) FROM audit_logs").await;
    let amendments = setting.number("SELECT count(*) FROM {amendments}").await;
    assert_eq!((rows, amendments), (16 * 8 + QUOTES.len() as u64, QUOTES.len() as u64));
    assert_eq!(setting.number("SELECT count(*) FROM {seals}").await, rows + amendments);
    setting.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_right_is_reported_on_sqlite() {
    nothing_that_is_right_is_reported(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_right_is_reported_on_postgres() {
    nothing_that_is_right_is_reported(Engine::Postgres).await;
}

/// Puts so many rows of one tenant into the log that nobody has sealed, a microsecond after each other.
async fn fill(setting: &Setting, rows: u64) {
    let north = id("tenant.north");
    setting.note("north").await;
    let (series, uuid, later) = match setting.sqlite() {
        true => (
            format!("json_each('[' || substr(replace(hex(zeroblob({rows})), '00', ',0'), 2) || ']') g"),
            "lower(substr(hex(randomblob(16)), 1, 8) || '-' || hex(randomblob(2)) || '-7' || \
             substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))",
            "timestamp + g.key",
        ),
        false => (
            format!("generate_series(1, {rows}) g(key)"),
            "gen_random_uuid()",
            "timestamp + g.key * interval '1 microsecond'",
        ),
    };
    setting
        .sql(&format!(
            "INSERT INTO audit_logs (tenant, audit_id, user_id, operation, table_name, record_id, changed_data, \
             details, timestamp) SELECT tenant, {uuid}, user_id, operation, table_name, record_id, changed_data, \
             details, {later} FROM audit_logs, {series} WHERE tenant = '{north}'"
        ))
        .await;
}

/// A log that was never sealed is read once, not once more for every batch of 500. PostgreSQL counts what it reads; it knows nothing of the table
/// yet, as after a restore.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_pass_reads_each_row_once_on_postgres() {
    const ROWS: u64 = 2_500;
    let setting = Setting::new(Engine::Postgres).await;
    let north = id("tenant.north");
    setting.sql("ALTER TABLE audit_logs SET (autovacuum_enabled = false)").await;
    fill(&setting, ROWS).await;
    let read = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = ";
    let reads = async || {
        // What a session has counted is told when it ends.
        let Database::Postgres { pool, .. } = &setting.place.database else { unreachable!() };
        sqlx::query("SELECT pg_stat_force_next_flush()").execute(pool).await.unwrap();
        [setting.number(&format!("{read}'audit_logs'")).await, setting.number(&format!("{read}'audit_seals'")).await]
    };
    let [rows_before, seals_before] = reads().await;
    setting.runtime.seal_audit(Some(north)).await.unwrap();
    setting.place.application.close().await;
    let begun = Instant::now();
    let (rows, seals) = loop {
        let [rows, seals] = reads().await;
        let (rows, seals) = (rows - rows_before, seals - seals_before);
        // The end of a session is not waited for by who closes it.
        if rows >= ROWS || begun.elapsed() > Duration::from_secs(20) {
            break (rows, seals);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(setting.number("SELECT count(*) FROM {seals}").await, ROWS + 1);
    assert!(rows >= ROWS, "{rows} rows read: is nothing counted?");
    assert!(rows <= 2 * ROWS, "{rows} rows read to seal {ROWS}");
    assert!(seals <= ROWS, "{seals} seals read to seal {ROWS} rows");
    setting.end().await;
}

/// Figures for `docs/audit.md`: what a row costs to seal and to verify, beside reading it, in a short log and in a long one.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures; run by hand with --ignored --nocapture"]
async fn what_a_row_costs() {
    for (engine, rows) in
        [Engine::Sqlite, Engine::Postgres].into_iter().flat_map(|engine| [(engine, 20_000), (engine, 100_000)])
    {
        let setting = Setting::new(engine).await;
        fill(&setting, rows).await;
        let select = format!(
            "SELECT audit_id, user_id, operation, table_name, record_id, changed_data, details, timestamp \
             FROM audit_logs WHERE tenant = '{}'",
            id("tenant.north")
        );
        let begun = Instant::now();
        let select = sqlx::AssertSqlSafe(select);
        let read = match &setting.place.database {
            Database::Sqlite { readers, .. } => {
                sqlx::query(select).fetch_all(readers).await.unwrap().iter().map(Row::len).sum::<usize>()
            }
            Database::Postgres { pool, .. } => {
                sqlx::query(select).fetch_all(pool).await.unwrap().iter().map(Row::len).sum::<usize>()
            }
        };
        let plain = begun.elapsed();
        assert_eq!(read as u64, (rows + 1) * 8);
        let begun = Instant::now();
        setting.seal().await;
        let sealing = begun.elapsed();
        let begun = Instant::now();
        assert_eq!(setting.verify().await, []);
        let verifying = begun.elapsed();
        let per_row = |time: Duration| time.as_secs_f64() * 1e6 / rows as f64;
        let ratio = |time: Duration| time.as_secs_f64() / plain.as_secs_f64();
        println!(
            "{engine:?}, {rows} rows: reading {:.1} µs a row, sealing {:.1} µs ({:.1} times), verifying {:.1} µs ({:.1} times)",
            per_row(plain),
            per_row(sealing),
            ratio(sealing),
            per_row(verifying),
            ratio(verifying)
        );
        setting.end().await;
    }
}
