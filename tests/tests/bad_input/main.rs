//! Whatever a caller sends is refused clearly, or is in the database as it was sent; on both databases alike, and without a
//! word of SQL, drivers or panics.
//!
//! `ACTWRIGHT_INPUTS_SEED` repeats a seed, `ACTWRIGHT_INPUTS` says how many inputs each action gets.

mod inputs;
#[path = "../agreement/oddities.rs"]
mod oddities;
mod pair;
#[path = "../agreement/strategy.rs"]
mod strategy;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::path::Path;

use actwright_codegen::model::{Effects, Model};
use actwright_runtime::{Call, Caller, Code};
use actwright_tests::conformance::alias::id;
use serde_json::{Value, json};

use self::pair::{Pair, told};

fn model() -> Model {
    actwright_codegen::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs")).expect("right specs")
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

fn call(action: &str, input: Value) -> Call {
    Call::new(action, id("tenant.north"), Caller::User(id("user.admin")), input)
}

/// Random inputs of every action, most of them odd: the same outcome on both databases, nothing written by what is refused,
/// and what is accepted is there as it was given.
#[tokio::test]
async fn random_inputs_have_the_same_outcome_on_both_databases() {
    let seeds = match number("ACTWRIGHT_INPUTS_SEED") {
        Some(seed) => vec![seed],
        None => vec![1, RandomState::new().hash_one(0_u8)],
    };
    let each = number("ACTWRIGHT_INPUTS").unwrap_or(12);
    let model = model();
    for seed in seeds {
        let mut pair = Pair::new().await;
        let (mut accepted, mut refused) = (0, 0);
        for action in &model.actions {
            let inputs = inputs::of(&model, action, seed, usize::try_from(each).unwrap());
            for input in inputs {
                let outcome = pair.call(call(&action.id, input.clone()), action.effects == Effects::Read).await;
                let outcome = outcome.unwrap_or_else(|problem| {
                    let text = input.to_string();
                    let input: String = text.chars().take(2_000).collect();
                    panic!("ACTWRIGHT_INPUTS_SEED={seed}: {}: {problem}\nin {input}", action.id)
                });
                *(if outcome { &mut accepted } else { &mut refused }) += 1;
            }
        }
        pair.compare_rows().await.unwrap_or_else(|problem| panic!("ACTWRIGHT_INPUTS_SEED={seed}: {problem}"));
        pair.end().await;
        let share = f64::from(accepted) / f64::from(accepted + refused);
        assert!((0.1..0.9).contains(&share), "{share} of the inputs were accepted, which proves little");
    }
}

/// Values that are odd for a database in every field of every example.
#[tokio::test]
async fn hostile_values_do_no_harm_in_any_field() {
    let model = model();
    let mut pair = Pair::new().await;
    for action in &model.actions {
        for input in inputs::hostile(action) {
            let text: String = input.to_string().chars().take(600).collect();
            let outcome = pair.call(call(&action.id, input), action.effects == Effects::Read).await;
            outcome.unwrap_or_else(|problem| panic!("{}: {problem}\nin {text}", action.id));
        }
    }
    pair.compare_rows().await.unwrap();
    pair.end().await;
}

/// What a call says besides its input is stored, too: keys and steps of any length, and none that PostgreSQL cannot hold.
#[tokio::test]
async fn keys_and_steps_of_calls_are_checked() {
    let mut pair = Pair::new().await;
    let long = "é'\"{{ 7 * 7 }}".repeat(20_000);
    for text in ["k", "", " ", "a\u{0}b", "\u{7f}\u{200b}\u{202e}", "'; DROP TABLE quotes; --", long.as_str()] {
        for (key, step) in [(Some(text), None), (None, Some(text)), (Some(text), Some(text))] {
            let made = |key: Option<&str>| {
                let key = key.map(|key| format!("{}{key}", step.is_some()));
                Call {
                    idempotency_key: key,
                    step_path: step.map(str::to_owned),
                    ..call("crm.create_interaction_type", json!({ "type_name": "Site Visit" }))
                }
            };
            let outcome =
                pair.call(made(key), false).await.unwrap_or_else(|problem| panic!("{problem} for {text:.40}"));
            assert_eq!(outcome, !text.contains('\0'), "{text:.40}");
            // A key is the same key however long it is, and a little different is another.
            if let (Some(key), true) = (key, outcome) {
                let again = pair.repeated(made(Some(key))).await;
                assert!(again, "{text:.40}");
                let other = pair.repeated(made(Some(&format!("{key}.")))).await;
                assert!(!other, "{text:.40}");
            }
        }
    }
    for (action, version) in
        [("crm.\u{0}", None), ("'; DROP TABLE quotes; --", None), ("crm.send_quote", Some(u32::MAX))]
    {
        let made = Call { version, ..call(action, json!({})) };
        assert_eq!(pair.call(made, true).await, Ok(false));
    }
    pair.compare_rows().await.unwrap();
    pair.end().await;
}

/// A mail has an entry in the outbox for each recipient, with all recipients and the message in it: that has its bounds.
#[tokio::test]
async fn what_a_quote_is_sent_with_is_bounded() {
    let mut pair = Pair::new().await;
    let send = |recipients: usize, subject: usize, message: usize| {
        let addresses: Vec<String> = (0..recipients).map(|number| format!("buyer-{number}@contoso.example")).collect();
        let (subject, message) = ("é".repeat(subject), "é".repeat(message));
        let input = json!({
            "quote_id": id("quote.draft"), "email_addresses": addresses, "subject": subject, "message": message,
        });
        call("crm.send_quote", input)
    };
    for sent in [send(101, 500, 20_000), send(100, 501, 20_000), send(100, 500, 20_001)] {
        assert_eq!(pair.refused(sent).await, Code::ValidationError);
    }
    assert_eq!(pair.call(send(100, 500, 20_000), false).await, Ok(true));
    pair.compare_rows().await.unwrap();
    pair.end().await;
}

/// Large inputs are judged in bounded memory: what calls took is free again.
#[tokio::test]
async fn large_inputs_leave_no_memory_behind() {
    let mut pair = Pair::new().await;
    let large = |number: usize| {
        let text = "x".repeat(2_000_000 + number);
        let deep = (0..500).fold(json!(1), |inner, _| json!([inner]));
        let many: Value = (0..50_000).map(|key| (format!("unknown_{key}"), json!(key))).collect();
        let target = json!({ "type": "client", "id": id("client.contoso") });
        [
            ("crm.create_activity_note", json!({ "target": target, "body": text, "category": deep })),
            ("crm.create_activity_note", json!({ "target": target, "body": 1, "tags": vec![text.as_str(); 3] })),
            ("crm.send_quote", json!({ "quote_id": text, "email_addresses": vec!["a@b.example"; 50_000] })),
            ("crm.find_activities", many),
        ]
    };
    let mut resident = Vec::new();
    for round in 0..6 {
        for (action, input) in large(round) {
            // Dropping a deep value takes as much stack as it is deep; that is the caller's, who built it.
            let call = call(action, input);
            let outcome = pair.refused(call).await;
            assert_eq!(outcome, Code::ValidationError, "{action}");
        }
        resident.push(resident_megabytes());
    }
    pair.end().await;
    // The first rounds fill what allocator and pools keep.
    let (first, last) = (resident[1], resident[5]);
    assert!(last < first + 64, "megabytes after each round of some 20 in: {resident:?}");
}

fn resident_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<u64>().ok()).expect("a size") / 1024
}

/// The judge can tell: each of these would be seen.
#[test]
fn words_that_callers_must_not_see_are_seen() {
    for text in ["error returned from database: x", "at runtime/src/call/mod.rs:7", "SQLSTATE 22021", "thread panicked"]
    {
        assert!(told(&json!({ "message": text })).is_err(), "{text}");
    }
    assert!(told(&json!({ "message": "limit must be at least 1" })).is_ok());
}
