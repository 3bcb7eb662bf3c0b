//! Whatever is changed, removed, inserted or swapped is named, and nothing else is.

use actwright_runtime::Uuid;
use actwright_runtime::audit::FindingKind::{self, *};
use actwright_runtime::audit::{TrailQuery, Verification};
use actwright_runtime::database::Engine;
use actwright_tests::conformance::alias::id;

use super::setting::{Found, Setting};

/// One way to tamper, and what has to be found.
struct Tampering {
    sql: String,
    expected: Vec<Found>,
}

fn found(kind: FindingKind, what: impl ToString, columns: &[&str]) -> Found {
    (kind, what.to_string(), columns.iter().map(|column| (*column).to_owned()).collect())
}

fn tampering(sql: impl Into<String>, expected: &[Found]) -> Tampering {
    let mut expected = expected.to_vec();
    expected.sort();
    Tampering { sql: sql.into(), expected }
}

const NEW: &str = "00000000-0000-7000-8000-0000000000aa";

/// Ways to tamper with audit rows.
fn with_rows(setting: &Setting, first: Uuid, sent: Uuid, last: Uuid) -> Vec<Tampering> {
    let later = if setting.sqlite() { "timestamp + 1" } else { "timestamp + interval '1 microsecond'" };
    let long_ago = if setting.sqlite() { "0" } else { "'1970-01-01T00:00:00Z'" };
    let never = if setting.sqlite() { "9223372036854775807" } else { "'infinity'" };
    // A time that PostgreSQL has, but not in microseconds.
    let beyond = if setting.sqlite() { "-9223372036854775808" } else { "'294270-01-01'" };
    // A key twice, of which SQLite reads the first; and bytes that are no text.
    let of_sqlite: &[(&str, &str)] = match setting.sqlite() {
        true => &[
            ("details", "'{\"action_id\": \"crm.x\",' || substr(details, 2)"),
            ("details", "CAST(x'7B2261223A22FF227D' AS text)"),
            ("operation", "operation || CAST(x'FF' AS text)"),
            ("user_id", "CAST(x'FF' AS text)"),
        ],
        false => &[],
    };
    let of_sqlite = of_sqlite.iter().copied();
    let row = |id: Uuid| format!("WHERE audit_id = '{id}'");
    let columns = "user_id, operation, table_name, record_id, changed_data, details";
    let mut all = Vec::new();
    for (column, value) in [
        ("user_id", "'somebody'"),
        ("user_id", "NULL"),
        ("operation", "'workflow_action:crm.find_quotes'"),
        ("operation", "'UPDATE'"),
        ("table_name", "'workflow_run'"),
        ("record_id", "record_id || ' '"),
        ("changed_data", "'{}'"),
        ("details", "'{\"action_id\": \"crm.create_activity_note\"}'"),
        ("timestamp", later),
        ("timestamp", never),
        ("timestamp", beyond),
    ]
    .into_iter()
    .chain(of_sqlite)
    {
        let sql = format!("UPDATE audit_logs SET {column} = {value} {}", row(first));
        all.push(tampering(sql, &[found(RowChanged, first, &[column])]));
    }
    let sql = format!("UPDATE audit_logs SET audit_id = '{NEW}' {}", row(first));
    all.push(tampering(sql, &[found(RowRemoved, first, &[]), found(RowInserted, NEW, &[])]));
    let rival = id("tenant.rival");
    let sql = format!("UPDATE audit_logs SET tenant = '{rival}' {}", row(first));
    all.push(tampering(sql, &[found(RowRemoved, first, &[]), found(RowInserted, first, &[])]));
    for id in [first, last] {
        all.push(tampering(format!("DELETE FROM audit_logs {}", row(id)), &[found(RowRemoved, id, &[])]));
    }
    for at in ["timestamp", long_ago, never, beyond] {
        let sql = format!(
            "INSERT INTO audit_logs (tenant, audit_id, {columns}, timestamp) \
             SELECT tenant, '{NEW}', {columns}, {at} FROM audit_logs {}",
            row(first)
        );
        all.push(tampering(sql, &[found(RowInserted, NEW, &[])]));
    }
    let saved = |id: Uuid| format!("(SELECT s.details FROM saved_audit_logs s WHERE s.audit_id = '{id}')");
    let sql = format!(
        "UPDATE audit_logs SET details = CASE audit_id WHEN '{first}' THEN {} ELSE {} END \
         WHERE audit_id IN ('{first}', '{sent}')",
        saved(sent),
        saved(first)
    );
    all.push(tampering(sql, &[found(RowChanged, first, &["details"]), found(RowChanged, sent, &["details"])]));
    // As it was before the mail went out.
    let sql = format!(
        "UPDATE audit_logs SET changed_data = (SELECT old_values FROM {{amendments}} WHERE audit_id = '{sent}') {}",
        row(sent)
    );
    all.push(tampering(sql, &[found(RowChanged, sent, &["changed_data"])]));
    all
}

/// Ways to tamper with the amendment of a row.
fn with_amendments(setting: &Setting, amendment: &str, sent: Uuid, first: Uuid) -> Vec<Tampering> {
    let later = if setting.sqlite() { "amended_at + 1" } else { "amended_at + interval '1 microsecond'" };
    let beyond = if setting.sqlite() { "9223372036854775807" } else { "'294270-01-01'" };
    let row = found(RowChanged, sent, &["changed_data"]);
    let changed = |column| found(AmendmentChanged, amendment, &[column]);
    let mut all = vec![
        tampering("DELETE FROM {amendments}", &[found(AmendmentRemoved, amendment, &[]), row.clone()]),
        tampering(
            format!("UPDATE {{amendments}} SET audit_id = '{first}'"),
            &[changed("audit_id"), row.clone(), found(RowChanged, first, &["changed_data"])],
        ),
        tampering("UPDATE {amendments} SET old_values = '{}'", &[changed("old_values"), row.clone()]),
        tampering("UPDATE {amendments} SET new_values = '{\"no_op\": true}'", &[changed("new_values"), row.clone()]),
        tampering(format!("UPDATE {{amendments}} SET amended_at = {later}"), &[changed("amended_at")]),
        tampering(format!("UPDATE {{amendments}} SET amended_at = {beyond}"), &[changed("amended_at")]),
        tampering(
            format!("UPDATE {{amendments}} SET amendment_id = '{NEW}'"),
            &[found(AmendmentRemoved, amendment, &[]), found(AmendmentInserted, NEW, &[])],
        ),
    ];
    // What is no JSON, no object, or no text.
    let odd: &[&str] = if setting.sqlite() { &["'x'", "''", "CAST(x'22FF' AS text)"] } else { &["'\"x\"'"] };
    for odd in odd {
        for column in ["old_values", "new_values"] {
            let sql = format!("UPDATE {{amendments}} SET {column} = {odd}");
            all.push(tampering(sql, &[changed(column), row.clone()]));
        }
    }
    // A change of a row with an amendment that explains it.
    let forged = match setting.sqlite() {
        true => "json_set(changed_data, '$.forged', json('true'))",
        false => "changed_data || '{\"forged\": true}'",
    };
    let sql = format!(
        "INSERT INTO {{amendments}} SELECT tenant, '{NEW}', '{first}', '{{}}', '{{\"forged\": true}}', timestamp \
         FROM audit_logs WHERE audit_id = '{first}'; \
         UPDATE audit_logs SET changed_data = {forged} WHERE audit_id = '{first}'"
    );
    all.push(tampering(sql, &[found(AmendmentInserted, NEW, &[])]));
    all
}

/// Ways to tamper with the seals of a chain of `end`, the third of which is of `third`.
fn with_seals(setting: &Setting, end: i64, third: &str, last: Uuid) -> Vec<Tampering> {
    let north = id("tenant.north");
    let seal = |seq: i64| format!("WHERE tenant = '{north}' AND seq = {seq}");
    let later = |column: &str| match setting.sqlite() {
        true => format!("{column} + 1"),
        false => format!("{column} + interval '1 microsecond'"),
    };
    let mut all = Vec::new();
    for (column, value) in [
        ("audit_id", format!("'{NEW}'")),
        ("amendment_id", format!("'{NEW}'")),
        ("operation", "'UPDATE'".to_owned()),
        ("user_id", "'somebody'".to_owned()),
        ("logged_at", later("logged_at")),
        ("content", "hash".to_owned()),
        ("hints", "hash".to_owned()),
        ("late", "NOT late".to_owned()),
        ("sealed_at", later("sealed_at")),
        ("previous", "content".to_owned()),
        ("hash", "content".to_owned()),
    ] {
        let mut expected = vec![found(SealChanged, 3, &[])];
        // What the seal was for has none now.
        if ["audit_id", "amendment_id"].contains(&column) {
            expected.push(found(RowInserted, third, &[]));
        }
        all.push(tampering(format!("UPDATE {{seals}} SET {column} = {value} {}", seal(3)), &expected));
    }
    all.push(tampering(
        format!("DELETE FROM {{seals}} {}", seal(3)),
        &[found(SealsRemoved, 3, &[]), found(RowInserted, third, &[])],
    ));
    let sql = format!(
        "UPDATE {{seals}} SET seq = 1000 {}; UPDATE {{seals}} SET seq = 2 {}; UPDATE {{seals}} SET seq = 3 {}",
        seal(2),
        seal(3),
        seal(1000)
    );
    all.push(tampering(sql, &[found(SealChanged, 2, &[]), found(SealChanged, 3, &[])]));
    let sql = format!(
        "INSERT INTO {{seals}} (tenant, seq, audit_id, operation, logged_at, content, hints, late, sealed_at, previous, \
         hash) SELECT tenant, seq + 1, '{NEW}', operation, logged_at, content, hints, late, sealed_at, hash, hash \
         FROM {{seals}} {}",
        seal(end)
    );
    all.push(tampering(sql, &[found(SealsInserted, end + 1, &[]), found(SealChanged, end + 1, &[])]));
    let head = format!("WHERE tenant = '{north}'");
    all.push(tampering(format!("UPDATE {{heads}} SET seq = seq + 1 {head}"), &[found(SealsRemoved, end + 1, &[])]));
    all.push(tampering(
        format!("UPDATE {{heads}} SET hash = '{}' {head}", "0".repeat(64)),
        &[found(HeadChanged, end, &[])],
    ));
    all.push(tampering(format!("DELETE FROM {{heads}} {head}"), &[found(HeadChanged, end, &[])]));
    let sql =
        format!("DELETE FROM audit_logs WHERE audit_id = '{last}'; DELETE FROM {{seals}} WHERE audit_id = '{last}'");
    all.push(tampering(sql, &[found(SealsRemoved, end, &[])]));
    all
}

async fn everything_is_named(engine: Engine) {
    let setting = Setting::new(engine).await;
    let rows = setting.calls().await;
    setting.seal().await;
    // Sealed last, so that it is the end of the chain.
    let last = setting.note("north").await;
    setting.seal().await;
    assert_eq!(setting.verify().await, []);
    setting.save().await;

    let end = setting.head("north").await.seq;
    let amendments = setting.texts("SELECT CAST(amendment_id AS text) FROM {amendments}").await;
    let [amendment] = &amendments[..] else { panic!("one amendment: {amendments:?}") };
    let north = id("tenant.north");
    let third = format!("SELECT CAST(audit_id AS text) FROM {{seals}} WHERE tenant = '{north}' AND seq = 3");
    let third = setting.texts(&third).await;
    let mut all = with_rows(&setting, rows.first, rows.sent, rows.last);
    all.extend(with_amendments(&setting, amendment, rows.sent, rows.first));
    all.extend(with_seals(&setting, end, &third[0], last));
    let trail = TrailQuery { tenant: north, limit: 100, ..TrailQuery::default() };
    let mut stopped = 0;
    for Tampering { sql, expected } in all {
        setting.sql(&sql).await;
        assert_eq!(setting.found().await, expected, "{sql}");
        setting.runtime.audit_trail(&trail).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        // Sealing goes on with all others where a chain is damaged, and hides nothing.
        let meanwhile = setting.note("rival").await;
        let sealed = setting.runtime.seal_audit(None).await;
        if let Err(error) = &sealed {
            assert!(error.message.contains(&north.to_string()), "{sql}: {error}");
        }
        stopped += u32::from(sealed.is_err());
        let sealed = format!("SELECT count(*) FROM {{seals}} WHERE audit_id = '{meanwhile}'");
        assert_eq!(setting.number(&sealed).await, 1, "{sql}");
        assert_eq!(setting.found().await, expected, "{sql}, sealed again");
        setting.restore().await;
        assert_eq!(setting.verify().await, [], "everything is put back");
    }
    assert!(stopped > 1, "chains that cannot go on: {stopped}");
    let finding = {
        setting.sql(&format!("DELETE FROM audit_logs WHERE audit_id = '{}'", rows.sent)).await;
        setting.verify().await.remove(0)
    };
    assert_eq!(finding.operation.as_deref(), Some("workflow_action:crm.send_quote"));
    assert_eq!(finding.user_id, Some(id("user.admin").to_string()));
    assert!(finding.at.is_some(), "{finding:?}");
    setting.restore().await;

    what_an_anchor_is_for(&setting, last).await;
    setting.end().await;
}

/// Whoever may write all tables can write the chain anew. Only what was noted down elsewhere tells.
async fn what_an_anchor_is_for(setting: &Setting, last: Uuid) {
    let north = id("tenant.north");
    let anchor = setting.head("north").await;
    let verification = |anchor| Verification { anchors: vec![(north, anchor)], ..Verification::default() };
    let findings = setting.verify_with(&verification(anchor.clone())).await.0;
    assert_eq!(findings, []);

    // Cut off.
    let before = anchor.seq - 1;
    setting
        .sql(&format!(
            "DELETE FROM audit_logs WHERE audit_id = '{last}'; DELETE FROM {{seals}} WHERE audit_id = '{last}'; \
             UPDATE {{heads}} SET seq = {before}, hash = (SELECT s.hash FROM {{seals}} s WHERE s.tenant = '{north}' \
             AND s.seq = {before}) WHERE tenant = '{north}'"
        ))
        .await;
    let findings = setting.verify_with(&verification(anchor.clone())).await.0;
    assert_eq!(findings.iter().map(super::setting::found).collect::<Vec<_>>(), [found(AnchorMissing, anchor.seq, &[])]);
    setting.restore().await;

    // Written anew, with a change in its first row.
    setting
        .sql(&format!(
            "UPDATE audit_logs SET user_id = 'somebody' WHERE audit_id = (SELECT audit_id FROM {{seals}} \
             WHERE tenant = '{north}' AND seq = 1); DELETE FROM {{seals}} WHERE tenant = '{north}'; \
             DELETE FROM {{heads}} WHERE tenant = '{north}'"
        ))
        .await;
    setting.seal().await;
    assert_eq!(setting.verify().await, [], "the new chain is whole");
    let findings = setting.verify_with(&verification(anchor)).await.0;
    assert_eq!(findings.iter().map(|finding| finding.kind).collect::<Vec<_>>(), [AnchorMissing]);

    // A part of the old chain after one seal of the new.
    setting.sql("DELETE FROM {seals} WHERE seq > 1").await;
    setting.sql("INSERT INTO {seals} SELECT * FROM saved_seals WHERE seq > 1").await;
    setting.sql(&format!("DELETE FROM {{heads}} WHERE tenant = '{north}'")).await;
    setting.sql(&format!("INSERT INTO {{heads}} SELECT * FROM saved_heads WHERE tenant = '{north}'")).await;
    assert_eq!(setting.found().await, [found(SealReplaced, 2, &[])]);
    setting.restore().await;
}

#[tokio::test]
async fn everything_is_named_on_sqlite() {
    everything_is_named(Engine::Sqlite).await;
}

#[tokio::test]
async fn everything_is_named_on_postgres() {
    everything_is_named(Engine::Postgres).await;
}
