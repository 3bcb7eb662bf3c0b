//! Dead letters: who may look at them, what is decided, and what the audit log says about it.

use actwright_runtime::database::Engine;
use actwright_runtime::outbox::{DeliveryError, OutboxFilter, OutboxStatus, StoredEffect};
use actwright_runtime::{Code, Runtime, Uuid};
use actwright_tests::conformance::alias;
use actwright_tests::conformance::databases::Place;
use actwright_tests::conformance::dump;
use actwright_tests::on_both;
use actwright_tests::waiting::{Waiting, Witness, all};
use serde_json::{Value, json};

use crate::place::{north, place, runtime};

on_both!(
    a_dead_letter_is_tried_again_when_somebody_asks,
    a_dead_letter_can_be_discarded,
    a_dead_letter_outlives_its_tenant,
    only_dead_letters_of_ones_own_are_decided_on,
    lists_have_filters_and_pages,
);

/// A dead letter of the tenant `north`, and a receiver that takes everything by now.
async fn dead(engine: Engine) -> (Place, Runtime, Witness, StoredEffect) {
    let place = place(engine).await;
    Waiting::put(&place.database, &[Waiting::new(north(), "e", "thing:1")]).await.unwrap();
    let refusing = runtime(&place, Witness::that(|_| Err(DeliveryError::permanent("Gone."))));
    assert_eq!(refusing.relay().await.unwrap().failed, 1);
    let witness = Witness::new();
    let runtime = runtime(&place, witness.clone());
    let letters = runtime.outbox(of(OutboxStatus::Dead)).await.unwrap();
    assert_eq!(letters.len(), 1);
    (place, runtime, witness, letters.into_iter().next().unwrap())
}

fn of(status: OutboxStatus) -> OutboxFilter {
    OutboxFilter { status: Some(status), limit: 10, ..OutboxFilter::default() }
}

/// The audit rows about the outbox.
async fn decisions(place: &Place) -> Vec<Value> {
    let dump = dump::dump(&place.database).await.unwrap();
    let rows = dump[dump::AUDIT].iter();
    rows.filter(|row| row["operation"].as_str().unwrap().starts_with("outbox_")).cloned().collect()
}

async fn a_dead_letter_is_tried_again_when_somebody_asks(engine: Engine) {
    let (place, runtime, witness, letter) = dead(engine).await;
    let admin = alias::id("user.admin");
    runtime.retry_dead_letter(Some(north()), letter.outbox_id, Some(admin)).await.unwrap();
    let due = runtime.outbox_entry(None, letter.outbox_id).await.unwrap();
    assert_eq!((due.status, due.attempts, due.settled_at), (OutboxStatus::Pending, 0, None));
    assert_eq!(due.key, letter.key, "receivers know it again");
    assert_eq!(runtime.relay().await.unwrap().delivered, 1);
    assert_eq!(witness.keys(), ["e"]);

    let rows = decisions(&place).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["operation"], "outbox_retry");
    assert_eq!(rows[0]["tenant"], json!(north()));
    assert_eq!(rows[0]["user_id"], json!(admin));
    assert_eq!(rows[0]["record_id"], json!(letter.outbox_id));
    assert_eq!(rows[0]["details"]["key"], "e");
    assert_eq!(rows[0]["details"]["last_error"], "Gone.");
}

/// Who operates the database decides on what nobody else is left for.
async fn a_dead_letter_outlives_its_tenant(engine: Engine) {
    let place = place(engine).await;
    let gone = Uuid::from_u128(17);
    Waiting::put(&place.database, &[Waiting::new(gone, "e", "thing:1")]).await.unwrap();
    let refusing = runtime(&place, Witness::that(|_| Err(DeliveryError::permanent("Gone."))));
    assert_eq!(refusing.relay().await.unwrap().failed, 1);
    let letter = refusing.outbox(of(OutboxStatus::Dead)).await.unwrap().swap_remove(0);
    assert_eq!(refusing.outbox_entry(None, letter.outbox_id).await.unwrap().tenant, gone);
    refusing.discard_dead_letter(None, letter.outbox_id, None, "The tenant left").await.unwrap();
    place.close().await;
}

async fn a_dead_letter_can_be_discarded(engine: Engine) {
    let (place, runtime, witness, letter) = dead(engine).await;
    runtime.discard_dead_letter(None, letter.outbox_id, None, "the receiver is no more").await.unwrap();
    let kept = runtime.outbox_entry(None, letter.outbox_id).await.unwrap();
    assert_eq!((kept.status, kept.payload), (OutboxStatus::Discarded, letter.payload), "it can still be read");
    assert_eq!(runtime.relay().await.unwrap().delivered, 0);
    assert!(witness.keys().is_empty());

    let rows = decisions(&place).await;
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0]["operation"], &rows[0]["user_id"]), (&json!("outbox_discard"), &Value::Null));
    assert_eq!(rows[0]["details"]["reason"], "the receiver is no more");
}

async fn only_dead_letters_of_ones_own_are_decided_on(engine: Engine) {
    let (place, runtime, _, letter) = dead(engine).await;
    let (id, rival) = (letter.outbox_id, Some(alias::id("tenant.rival")));
    for tenant in [rival, None] {
        let id = if tenant.is_some() { id } else { Uuid::now_v7() };
        assert_eq!(runtime.outbox_entry(tenant, id).await.unwrap_err().code, Code::NotFound);
        assert_eq!(runtime.retry_dead_letter(tenant, id, None).await.unwrap_err().code, Code::NotFound);
        assert_eq!(runtime.discard_dead_letter(tenant, id, None, "").await.unwrap_err().code, Code::NotFound);
    }
    assert!(
        runtime.outbox(OutboxFilter { tenant: rival, limit: 10, ..OutboxFilter::default() }).await.unwrap().is_empty()
    );
    assert!(decisions(&place).await.is_empty(), "what is refused is no decision");

    runtime.retry_dead_letter(None, id, None).await.unwrap();
    let again = runtime.retry_dead_letter(None, id, None).await.unwrap_err();
    assert_eq!(again.code, Code::Conflict);
    assert_eq!(again.message, format!("The outbox entry {id} is no dead letter: it is pending."));
    runtime.relay().await.unwrap();
    let delivered = runtime.discard_dead_letter(None, id, None, "too late").await.unwrap_err();
    assert_eq!(delivered.message, format!("The outbox entry {id} is no dead letter: it is delivered."));
    assert_eq!(decisions(&place).await.len(), 1);
}

async fn lists_have_filters_and_pages(engine: Engine) {
    let place = place(engine).await;
    let rival = alias::id("tenant.rival");
    let mut waiting: Vec<Waiting> =
        (0..7).map(|n| Waiting::new(north(), format!("e{n}"), format!("thing:{n}"))).collect();
    waiting.push(Waiting::new(rival, "theirs", "thing:0"));
    Waiting::put(&place.database, &waiting).await.unwrap();
    let runtime = runtime(&place, Witness::new());
    let mut keys = Vec::new();
    let mut after = None;
    loop {
        let filter = OutboxFilter { tenant: Some(north()), after, limit: 3, ..OutboxFilter::default() };
        let page = runtime.outbox(filter).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.outbox_id);
        keys.extend(page.into_iter().map(|entry| entry.key));
    }
    assert_eq!(keys, ["e0", "e1", "e2", "e3", "e4", "e5", "e6"]);
    assert_eq!(all(&runtime).await.unwrap().len(), 8);
    assert!(runtime.outbox(of(OutboxStatus::Dead)).await.unwrap().is_empty());
}
