//! Dead letters from the command line, as operators decide on them.

use std::process::Output;

use serde_json::{Value, json};

use crate::seeded::{CLIENT, NADIA, Seeded, TENANT, follow_up};

const OTHER: &str = "10000000-0000-4000-8000-000000000002";

/// A database of the demonstration, whose events go to a receiver that is never there, and are tried once.
struct Unheard(Seeded);

impl Unheard {
    fn new() -> Self {
        Self(Seeded::sqlite())
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.0.command(arguments);
        command
            .env("ACTWRIGHT_EVENTS_WEBHOOKS_CRM_URL", "http://127.0.0.1:1/hunter2")
            .env("ACTWRIGHT_EVENTS_WEBHOOKS_CRM_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
            .env("ACTWRIGHT_DELIVERY_ATTEMPTS", "1");
        command.output().expect("the program runs")
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }

    /// Makes a call whose event becomes a dead letter. Gives the letter.
    fn dead(&self) -> Value {
        let (action, input) = ("crm.schedule_activity", follow_up("x").to_string());
        let answer = self.json(&["call", action, "--tenant", TENANT, "--actor", NADIA, "--input", &input]);
        assert_eq!(answer["meta"]["effects"][0]["sink"], "crm", "{answer}");
        assert_eq!(answer["meta"]["effects"][0]["delivered"], false);
        let letters = self.json(&["outbox", "list"]);
        letters["entries"].as_array().expect("entries").last().expect("a dead letter").clone()
    }
}

/// What was said, with what differs from run to run replaced by as many characters, and how the program ended.
fn said(output: &Output, letter: &Value) -> String {
    let text = [&output.stdout[..], &output.stderr].concat();
    let mut text = String::from_utf8(text).expect("UTF-8");
    for (field, stands) in
        [("outbox_id", "I"), ("invocation_id", "C"), ("created_at", "T"), ("available_at", "A"), ("settled_at", "A")]
    {
        let value = letter[field].as_str().expect("a text");
        text = text.replace(value, &stands.repeat(value.len()));
    }
    // Without the log.
    let lines = text.lines().map(str::trim_end).filter(|line| !line.contains(" actwright_runtime::"));
    let lines: Vec<&str> = lines.collect();
    format!("{}\nexit code {}", lines.join("\n"), output.status.code().unwrap_or(-1))
}

fn id(letter: &Value) -> &str {
    letter["outbox_id"].as_str().expect("an id")
}

/// What an operator sees first: what was given up, since when, to whom, and why; no token of the address.
#[test]
fn dead_letters_are_listed_and_shown() {
    let unheard = Unheard::new();
    let letter = unheard.dead();
    insta::assert_snapshot!(said(&unheard.run(&["outbox", "list"]), &letter), @r"
     ID                                    CREATED                   WHAT                      TO   ATTEMPTS  LAST ERROR
     IIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIII  TTTTTTTTTTTTTTTTTTTTTTTT  event INTERACTION_LOGGED  crm  1         127.0.0.1 cannot be reached: Connection refused (os
                                                                                                              error 111).
    exit code 0
    ");
    let shown = said(&unheard.run(&["outbox", "show", id(&letter)]), &letter);
    let (facts, payload) = shown.split_once("payload\n").expect("the payload");
    let (key, subject) = (letter["key"].as_str().expect("a key"), letter["subject"].as_str().expect("a subject"));
    insta::assert_snapshot!(facts.replace(key, "KEY").replace(subject, "SUBJECT"), @r#"
    outbox_id      IIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIII
    tenant         10000000-0000-4000-8000-000000000001
    kind           event
    name           INTERACTION_LOGGED
    key            KEY
    subject        SUBJECT
    sink           crm
    status         dead
    attempts       1
    last_error     127.0.0.1 cannot be reached: Connection refused (os error 111).
    action_id      crm.schedule_activity
    invocation_id  CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC
    created_at     TTTTTTTTTTTTTTTTTTTTTTTT
    available_at   AAAAAAAAAAAAAAAAAAAAAAAA
    settled_at     AAAAAAAAAAAAAAAAAAAAAAAA
    "#);
    assert!(payload.contains("\"tenantId\""), "{payload}");

    assert_eq!(unheard.json(&["outbox", "show", id(&letter)]), letter);
    assert_eq!(letter["status"], "dead");
    assert_eq!(letter["payload"]["clientId"], CLIENT);
    let dump = format!("{letter}");
    assert!(!dump.contains("hunter2") && !dump.contains("whsec_"), "{dump}");
}

/// Mistakes are told, and change nothing.
#[test]
fn what_is_no_dead_letter_of_ones_own_is_refused() {
    let unheard = Unheard::new();
    let letter = unheard.dead();
    let nothing = "00000000-0000-4000-8000-000000000000";
    let refusals = [
        vec!["outbox", "retry", nothing],
        vec!["outbox", "show", id(&letter), "--tenant", OTHER],
        vec!["outbox", "retry", id(&letter), "--tenant", OTHER],
        vec!["outbox", "discard", id(&letter), "--tenant", OTHER, "--reason", "x"],
        vec!["outbox", "list", "--status", "lost"],
    ];
    let refusals: Vec<String> = refusals.iter().map(|arguments| said(&unheard.run(arguments), &letter)).collect();
    insta::assert_snapshot!(refusals.join("\n\n"), @r#"
    error: No outbox entry has the id 00000000-0000-4000-8000-000000000000. (NOT_FOUND)
    exit code 4

    error: No outbox entry has the id IIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIII. (NOT_FOUND)
    exit code 4

    error: No outbox entry has the id IIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIII. (NOT_FOUND)
    exit code 4

    error: No outbox entry has the id IIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIII. (NOT_FOUND)
    exit code 4

    error: invalid value 'lost' for '--status <STATUS>': lost is no status; there are pending, delivered, dead, discarded

    For more information, try '--help'.
    exit code 2
    "#);
    assert_eq!(unheard.run(&["outbox", "discard", id(&letter)]).status.code(), Some(2), "a reason is needed");
    assert_eq!(unheard.run(&["outbox", "retry"]).status.code(), Some(2), "ids, or --all");
    assert_eq!(unheard.json(&["outbox", "show", id(&letter)])["status"], "dead");
    let refused = unheard.json(&["outbox", "retry", nothing]);
    assert_eq!(refused["error"]["code"], "NOT_FOUND");
}

/// Retried with the same key, given up again, discarded for good.
#[test]
fn dead_letters_are_retried_and_discarded() {
    let unheard = Unheard::new();
    let letter = unheard.dead();
    insta::assert_snapshot!(said(&unheard.run(&["outbox", "retry", id(&letter), "--actor", NADIA]), &letter), @r#"
    Due again: 1: a relay delivers them (actwright relay)
    exit code 0
    "#);
    let due = unheard.json(&["outbox", "show", id(&letter)]);
    assert_eq!((&due["status"], &due["attempts"], &due["key"]), (&json!("pending"), &json!(0), &letter["key"]));
    insta::assert_snapshot!(said(&unheard.run(&["outbox", "retry", id(&letter)]), &letter), @r#"
    error: The outbox entry IIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIII is no dead letter: it is pending. (CONFLICT)
    exit code 4
    "#);
    insta::assert_snapshot!(said(&unheard.run(&["relay", "--once"]), &letter), @r#"
    0 delivered, 1 failed
    error: Not everything was delivered. What failed is tried again later. (TRANSIENT_FAILURE)
    exit code 5
    "#);

    let second = unheard.dead();
    assert_ne!(id(&letter), id(&second));
    let discarded = unheard.json(&["outbox", "discard", "--all", "--reason", "the receiver is no more"]);
    assert_eq!(discarded["outbox_ids"], json!([id(&letter), id(&second)]));
    assert_eq!(unheard.json(&["outbox", "list"])["entries"], json!([]));
    insta::assert_snapshot!(said(&unheard.run(&["outbox", "list"]), &letter), @r#"
    Nothing is dead.
    exit code 0
    "#);
    assert_eq!(unheard.json(&["outbox", "list", "--status", "discarded"])["entries"].as_array().map(Vec::len), Some(2));
    assert_eq!(unheard.json(&["relay", "--once"]), json!({ "delivered": 0, "failed": 0 }));
}
