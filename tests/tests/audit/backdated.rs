//! Rows that claim an earlier time than that at which they came, with the note of what is complete moved back for them.

use std::time::Duration;

use actwright_runtime::Uuid;
use actwright_runtime::audit::FindingKind::{self, AmendmentInserted, HeadChanged, RowInserted};
use actwright_runtime::audit::{Anchor, Verification};
use actwright_runtime::database::Engine;
use actwright_tests::conformance::alias::id;
use actwright_tests::on_both;

use super::setting::{Setting, runtime, send};

const DAY: Duration = Duration::from_secs(86_400);
const HOUR: Duration = Duration::from_secs(3_600);

/// Puts a copy of a tenant's last row into its log, so much earlier, and has the end of its chain forget what is complete.
async fn backdate(setting: &Setting, by: Duration) -> Uuid {
    let (north, new) = (id("tenant.north"), Uuid::now_v7());
    let at = earlier(setting, "timestamp", by);
    setting
        .sql(&format!(
            "INSERT INTO audit_logs (tenant, audit_id, user_id, operation, table_name, record_id, changed_data, details, \
             timestamp) SELECT tenant, '{new}', user_id, operation, table_name, record_id, changed_data, details, {at} \
             FROM audit_logs WHERE tenant = '{north}' ORDER BY timestamp DESC LIMIT 1; \
             UPDATE {{heads}} SET complete_before = NULL WHERE tenant = '{north}'"
        ))
        .await;
    new
}

fn earlier(setting: &Setting, column: &str, by: Duration) -> String {
    match setting.sqlite() {
        true => format!("{column} - {}", by.as_micros()),
        false => format!("{column} - interval '{} seconds'", by.as_secs()),
    }
}

async fn kinds(setting: &Setting, verification: &Verification) -> Vec<(FindingKind, Option<String>, Option<i64>)> {
    let found = setting.verify_with(verification).await.0;
    found.into_iter().map(|finding| (finding.kind, finding.audit_id, finding.seq)).collect()
}

/// The seals themselves tell that the time was complete: no pass seals the row, and it is reported.
async fn moving_the_end_back_does_not_let_an_old_row_in(engine: Engine) {
    let setting = Setting::new(engine).await;
    setting.calls().await;
    setting.seal().await;
    let old = backdate(&setting, 2 * DAY).await;
    let everything = Verification::default();
    let expected = [(RowInserted, Some(old.to_string()), None)];
    assert_eq!(kinds(&setting, &everything).await, expected);
    setting.seal().await;
    assert_eq!(kinds(&setting, &everything).await, expected, "sealed again");
    setting.runtime.seal_late(id("tenant.north"), &[old]).await.unwrap();
    assert_eq!(kinds(&setting, &everything).await, [], "accepted");
    setting.end().await;
}

/// A pass that is led to seal it all the same, here by another horizon, leaves what gives it away.
async fn an_old_row_with_an_ordinary_seal_is_named(engine: Engine) {
    let setting = Setting::new(engine).await;
    let sent = setting.runtime.call(send("draft")).await.unwrap().meta.invocation_id;
    setting.runtime.finish().await;
    setting.seal().await;
    let old = backdate(&setting, 2 * DAY).await;
    let at = earlier(&setting, "amended_at", 2 * DAY);
    setting
        .sql(&format!(
            "INSERT INTO {{amendments}} SELECT tenant, '{}', '{old}', '{{}}', '{{}}', {at} FROM {{amendments}} \
             WHERE audit_id = '{sent}'",
            Uuid::now_v7()
        ))
        .await;
    runtime(&setting.place, 400 * DAY).seal_audit(None).await.unwrap();
    let end = setting.head("north").await.seq;
    let found = kinds(&setting, &Verification::default()).await;
    let old = Some(old.to_string());
    assert_eq!(found, [(RowInserted, old.clone(), Some(end - 1)), (AmendmentInserted, old, Some(end))]);
    setting.end().await;
}

/// Within the longest horizon that could have been configured seals do not tell. An anchor does: it says what was complete.
async fn an_anchor_tells_to_the_horizon_what_came_later(engine: Engine) {
    let setting = Setting::new(engine).await;
    setting.calls().await;
    setting.seal().await;
    let anchor = setting.head("north").await;
    assert!(anchor.complete_before.is_some(), "{anchor:?}");
    let with = |anchor: &Anchor| Verification {
        anchors: vec![(id("tenant.north"), anchor.clone())],
        ..Verification::default()
    };
    setting.note("north").await;
    setting.seal().await;
    assert_eq!(kinds(&setting, &with(&anchor)).await, []);
    let old = backdate(&setting, HOUR).await;
    setting.seal().await;
    assert_eq!(kinds(&setting, &Verification::default()).await, []);
    let seq = setting.head("north").await.seq;
    assert_eq!(kinds(&setting, &with(&anchor)).await, [(RowInserted, Some(old.to_string()), Some(seq))]);
    assert_eq!(kinds(&setting, &with(&Anchor { complete_before: None, ..anchor })).await, []);
    setting.end().await;
}

/// A log from before there were seals is sealed as it is, and so is what comes after it.
async fn a_first_pass_over_an_old_log_is_right(engine: Engine) {
    let setting = Setting::new(engine).await;
    setting.calls().await;
    for days in [300, 200, 100] {
        backdate(&setting, days * DAY).await;
    }
    setting.seal().await;
    setting.note("north").await;
    setting.seal().await;
    assert_eq!(kinds(&setting, &Verification::default()).await, []);
    let (_, chains) = setting.verify_with(&Verification::default()).await;
    assert!(chains.iter().all(|chain| chain.pending == 0 && chain.late == 0), "{chains:?}");
    setting.end().await;
}

/// With an end that claims what is to come, nothing would be sealed any more, and nobody would know.
async fn an_end_in_the_future_is_named(engine: Engine) {
    let setting = Setting::new(engine).await;
    setting.note("north").await;
    setting.seal().await;
    let never: &[&str] = if setting.sqlite() { &["9223372036854775807"] } else { &["'infinity'", "'294270-01-01'"] };
    for never in never {
        setting.save().await;
        let north = id("tenant.north");
        setting.sql(&format!("UPDATE {{heads}} SET complete_before = {never} WHERE tenant = '{north}'")).await;
        assert_eq!(kinds(&setting, &Verification::default()).await, [(HeadChanged, None, Some(1))]);
        assert_eq!(setting.head("north").await.complete_before, None, "it is no anchor");
        setting.restore().await;
    }
    setting.end().await;
}

on_both!(
    moving_the_end_back_does_not_let_an_old_row_in,
    an_old_row_with_an_ordinary_seal_is_named,
    an_anchor_tells_to_the_horizon_what_came_later,
    a_first_pass_over_an_old_log_is_right,
    an_end_in_the_future_is_named
);
