//! One chain for each tenant, whoever seals and whatever becomes of them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use actwright_runtime::audit::FindingKind::RowInserted;
use actwright_runtime::audit::Sealed;
use actwright_runtime::database::Engine;
use actwright_runtime::registry::BoxFuture;
use actwright_runtime::schedule::{self, Scheduler};
use actwright_runtime::{Code, Uuid};
use actwright_tests::conformance::alias::id;
use actwright_tests::crash::child::{self, Orders, Work};
use actwright_tests::on_both;
use tokio::sync::Notify;

use super::setting::{Setting, found, note, runtime};

tokio::task_local! {
    /// How many more steps the task may take, and whom it tells when it may not.
    static LEFT: Arc<(AtomicI64, Notify)>;
}

/// Stops a task for good when it has taken its steps. Tasks of other tests are not stopped.
#[derive(Debug)]
struct Stops;

impl Scheduler for Stops {
    fn pause(&self, _: &'static str) -> BoxFuture<'static, ()> {
        let left = LEFT.try_with(Arc::clone).ok();
        Box::pin(async move {
            let Some(left) = left else { return };
            if left.0.fetch_sub(1, Ordering::Relaxed) <= 0 {
                left.1.notify_one();
                std::future::pending().await
            }
        })
    }
}

/// Drops a future before the step after so many: before a statement, or around a commit. None when it was dropped, what it gave
/// otherwise.
async fn dropped_after<F: Future>(steps: i64, future: F) -> Option<F::Output> {
    schedule::install(Some(Arc::new(Stops)));
    let left = Arc::new((AtomicI64::new(steps), Notify::new()));
    tokio::select! {
        output = LEFT.scope(left.clone(), future) => Some(output),
        () = left.1.notified() => None,
    }
}

/// A sealer that is given up leaves a whole chain, wherever it was: at each step of a pass it is dropped once.
async fn losing_a_sealer_leaves_a_whole_chain(engine: Engine) {
    let setting = Setting::new(engine).await;
    setting.calls().await;
    let mut steps = 0;
    loop {
        let done = dropped_after(steps, setting.runtime.seal_audit(None)).await;
        assert_eq!(setting.verify().await, [], "after {steps} steps");
        if let Some(sealed) = done {
            sealed.unwrap();
            break;
        }
        steps += 1;
        setting.note("north").await;
    }
    assert!(steps > 15, "only {steps} places to be dropped at");
    setting.seal().await;
    assert_eq!(setting.verify().await, []);
    everything_is_sealed_once(&setting).await;
    setting.end().await;
}

/// So does one whose process is killed, of which nothing runs any more: no destructor, no rollback.
async fn killing_a_sealer_leaves_a_whole_chain(engine: Engine) {
    let setting = Setting::new(engine).await;
    setting.calls().await;
    let mut steps = 0;
    loop {
        let orders = Orders {
            url: setting.place.application_url(),
            folder: setting.place.folder.path().to_owned(),
            work: Work::Seal,
            die_at: Some(steps + 1),
        };
        let program = Path::new(env!("CARGO_BIN_EXE_call_and_die"));
        let ended = tokio::task::spawn_blocking(move || child::run(program, &orders)).await.unwrap().unwrap();
        assert_eq!(setting.verify().await, [], "killed after {steps} steps");
        if !ended.killed {
            break;
        }
        steps += 1;
        setting.note("north").await;
    }
    assert!(steps > 15, "only {steps} places to be killed at");
    setting.seal().await;
    assert_eq!(setting.verify().await, []);
    everything_is_sealed_once(&setting).await;
    setting.end().await;
}

async fn everything_is_sealed_once(setting: &Setting) {
    let rows = setting.number("SELECT count(*) FROM audit_logs").await;
    let amendments = setting.number("SELECT count(*) FROM {amendments}").await;
    assert_eq!(setting.number("SELECT count(*) FROM {seals}").await, rows + amendments);
    assert_eq!(setting.number("SELECT sum(seq) FROM {heads}").await, rows + amendments);
}

/// Several processes that seal at the same time make one chain.
async fn sealers_do_not_fork_the_chain(engine: Engine) {
    let setting = Setting::new(engine).await;
    for _ in 0..5 {
        setting.calls().await;
        let sealers: Vec<_> = (0..4)
            .map(|_| {
                let runtime = setting.runtime.clone();
                tokio::spawn(async move { runtime.seal_audit(None).await.unwrap() })
            })
            .collect();
        for sealer in sealers {
            sealer.await.unwrap();
        }
        // The quote is sent once only.
        setting.sql("UPDATE quotes SET status = 'draft' WHERE quote_number = 'QUO-0001'").await;
    }
    assert_eq!(setting.verify().await, []);
    everything_is_sealed_once(&setting).await;
    setting.end().await;
}

/// A row that commits long after the time that it carries is sealed as long as a call may last that long, and reported
/// after that, until somebody accepts it.
async fn late_rows_are_sealed_within_the_horizon_only(engine: Engine) {
    let setting = Setting::new(engine).await;
    let patient = runtime(&setting.place, Duration::from_secs(600));
    let (_, north) = (setting.note("north").await, id("tenant.north"));
    patient.seal_audit(None).await.unwrap();
    let earlier = if setting.sqlite() { "timestamp - 500000000" } else { "timestamp - interval '500 seconds'" };
    let copy = |id: Uuid| {
        format!(
            "INSERT INTO audit_logs (tenant, audit_id, user_id, operation, table_name, record_id, changed_data, details, \
             timestamp) SELECT tenant, '{id}', user_id, operation, table_name, record_id, changed_data, details, \
             {earlier} FROM audit_logs WHERE tenant = '{north}' ORDER BY timestamp DESC LIMIT 1"
        )
    };
    let (in_time, late) = (Uuid::now_v7(), Uuid::now_v7());
    setting.sql(&copy(in_time)).await;
    assert_eq!(patient.seal_audit(None).await.unwrap(), Sealed { rows: 1, amendments: 0 });
    assert_eq!(setting.verify().await, []);

    // This pass says that everything is complete until now.
    setting.seal().await;
    setting.sql(&copy(late)).await;
    for runtime in [&setting.runtime, &patient] {
        assert_eq!(runtime.seal_audit(None).await.unwrap(), Sealed::default(), "it is not sealed in silence");
    }
    let findings = setting.verify().await;
    assert_eq!(findings.iter().map(found).collect::<Vec<_>>(), [(RowInserted, late.to_string(), vec![])]);

    let unknown = setting.runtime.seal_late(north, &[late, Uuid::now_v7()]).await.unwrap_err();
    assert_eq!(unknown.code, Code::NotFound);
    assert_eq!(setting.verify().await.len(), 1, "all or nothing");
    setting.runtime.seal_late(north, &[late]).await.unwrap();
    assert_eq!(setting.verify().await, []);
    let again = setting.runtime.seal_late(north, &[late]).await.unwrap_err();
    assert_eq!(again.code, Code::NotFound);
    let (_, chains) = setting.verify_with(&Default::default()).await;
    assert_eq!(chains.iter().find(|chain| chain.tenant == north).map(|chain| chain.late), Some(1));
    setting.end().await;
}

/// A chain that cannot go on, whichever it is, keeps no other from being sealed.
async fn a_damaged_chain_stops_no_other(engine: Engine) {
    let setting = Setting::new(engine).await;
    for (damaged, other) in [("rival", "north"), ("north", "rival")] {
        for damage in [
            "DELETE FROM {heads} WHERE tenant = '{tenant}'",
            "INSERT INTO {seals} (tenant, seq, audit_id, operation, logged_at, content, hints, late, sealed_at, previous, \
             hash) SELECT tenant, seq + 1, '{new}', operation, logged_at, content, hints, late, sealed_at, previous, hash \
             FROM {seals} WHERE tenant = '{tenant}' ORDER BY seq DESC LIMIT 1",
            "UPDATE {heads} SET seq = 9223372036854775807 WHERE tenant = '{tenant}'",
        ] {
            setting.calls().await;
            setting.seal().await;
            setting.save().await;
            let tenant = id(&format!("tenant.{damaged}"));
            let damage = damage.replace("{tenant}", &tenant.to_string()).replace("{new}", &Uuid::now_v7().to_string());
            setting.sql(&damage).await;
            setting.note(damaged).await;
            let row = setting.note(other).await;
            let error = setting.runtime.seal_audit(None).await.unwrap_err();
            assert!(error.message.contains(&tenant.to_string()), "{damage}: {error}");
            let sealed = format!("SELECT count(*) FROM {{seals}} WHERE audit_id = '{row}'");
            assert_eq!(setting.number(&sealed).await, 1, "{damage}");
            setting.restore().await;
            // The quote is sent once only.
            setting.sql("UPDATE quotes SET status = 'draft' WHERE quote_number = 'QUO-0001'").await;
        }
    }
    setting.end().await;
}

/// What the host writes into the same table is none of ours, and rows that are not sealed yet are counted.
async fn others_rows_are_left_alone(engine: Engine) {
    let setting = Setting::new(engine).await;
    setting.note("north").await;
    let north = id("tenant.north");
    setting
        .sql(&format!(
            "INSERT INTO audit_logs (tenant, audit_id, operation, table_name, record_id, changed_data, details) \
             VALUES ('{north}', '{}', 'UPDATE', 'clients', '1', '{{}}', '{{}}')",
            Uuid::now_v7()
        ))
        .await;
    let pending = |chains: Vec<actwright_runtime::audit::Chain>| {
        chains.into_iter().find(|chain| chain.tenant == north).map(|chain| chain.pending)
    };
    assert_eq!(pending(setting.verify_with(&Default::default()).await.1), Some(1));
    assert_eq!(setting.runtime.seal_audit(None).await.unwrap().rows, 1);
    let (findings, chains) = setting.verify_with(&Default::default()).await;
    assert_eq!((findings.len(), pending(chains)), (0, Some(0)));
    setting.end().await;
}

/// The relay's process seals by itself, and the row of a call that was made meanwhile is sealed soon.
async fn a_relay_seals(engine: Engine) {
    let setting = Setting::new(engine).await;
    let runtime = runtime(&setting.place, Duration::from_secs(60));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let relay = tokio::spawn({
        let runtime = runtime.clone();
        async move {
            runtime
                .run_relay(async {
                    let _ = stopped.await;
                })
                .await
        }
    });
    runtime.call(note("north")).await.unwrap();
    while setting.head("north").await.seq < 1 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.send(()).unwrap();
    relay.await.unwrap();
    assert_eq!(setting.verify().await, []);
    setting.end().await;
}

on_both!(
    losing_a_sealer_leaves_a_whole_chain,
    killing_a_sealer_leaves_a_whole_chain,
    sealers_do_not_fork_the_chain,
    late_rows_are_sealed_within_the_horizon_only,
    a_damaged_chain_stops_no_other,
    others_rows_are_left_alone,
    a_relay_seals
);
