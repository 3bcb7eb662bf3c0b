//! The command line as its users have it: the built program, a real SQLite file.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::seeded::{CLIENT, NADIA, PRIYA, RUN, Seeded, TENANT, actwright, follow_up, parsed, piped, text};

fn batch(seeded: &Seeded, lines: &str, more: &[&str]) -> (Output, Vec<Value>) {
    let output = piped(seeded.command(&[&["call", "--batch", "-"], more].concat()), lines.as_bytes());
    let answers = text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    (output, answers)
}

/// How many activities the client has.
fn activities(seeded: &Seeded) -> u64 {
    let found = seeded.call("crm.find_activities", NADIA, &json!({ "client_id": CLIENT, "limit": 200 }), &[]);
    parsed(&found)["output"]["count"].as_u64().expect("a count")
}

/// Stored workflows are what `cargo gen diff --workflows -` reads: a list of definitions with names.
#[test]
fn stored_workflows_are_printed() {
    let seeded = Seeded::sqlite();
    let stored = parsed(&seeded.run(&["workflows"]));
    let stored = stored.as_array().expect("a list");
    assert!(stored.iter().any(|workflow| workflow["name"].as_str().is_some_and(|name| name.ends_with(" (draft)"))));
    assert!(stored.iter().all(|workflow| workflow["definition"]["steps"].is_array()), "{stored:?}");
}

/// The first thing that anybody runs: every chapter is there, in order, with what it caused.
#[test]
fn the_demonstration_tells_its_story() {
    let folder = TempDir::new().expect("a folder");
    let named = folder.path().join("demo");
    let output = actwright(&["demo", "--dir", &named.display().to_string(), "--json"]).output().expect("it runs");
    let story = parsed(&output);
    let chapters = story["chapters"].as_array().expect("chapters");
    assert_eq!(chapters.len(), 8);
    assert_eq!(chapters[0]["answer"]["output"]["count"], 3);
    assert_eq!(chapters[1]["answer"]["output"]["changed_fields"], json!(["end_time", "notes", "status_id"]));
    assert_eq!(chapters[2]["effects"][0]["name"], "INTERACTION_LOGGED");
    assert_eq!(chapters[3]["answer"]["output"]["email_sent"], true);
    assert_eq!(chapters[3]["audit"]["changed_data"]["email_sent"], true);
    let steps = chapters[4]["steps"].as_array().expect("steps");
    let quotes: Vec<&Value> = steps.iter().map(|step| &step["answer"]["output"]["quote"]).collect();
    // 65 + 49 + 1,200 with 10% off the on-boarding, and 9.8% tax on each; then two laptops.
    assert_eq!([&quotes[0]["subtotal"], &quotes[0]["discount_total"], &quotes[0]["tax"]], [131_400, 12_000, 12_878]);
    assert_eq!([&quotes[1]["subtotal"], &quotes[1]["tax"], &quotes[1]["total_amount"]], [411_200, 40_299, 439_499]);
    assert_eq!(quotes[3]["status"], "converted");
    assert!(quotes[3]["converted_contract_id"].is_string() && quotes[3]["converted_invoice_id"].is_string());
    assert_eq!(chapters[5]["error"]["code"], "PERMISSION_DENIED");
    assert!(chapters[6]["answer"]["meta"]["deduplicated"].is_object());
    assert!(chapters[7]["answer"]["meta"]["dry_run"]["changes"].as_array().is_some_and(|changes| changes.len() > 4));
    let pdf = chapters[3]["effects"][1]["payload"]["attachments"][0]["path"].as_str().expect("a path");
    let pdf = std::fs::read(named.join("data/documents").join(pdf)).expect("the PDF is stored");
    assert!(pdf.starts_with(b"%PDF-"));
    assert!(files(&named.join("data/mail")) == 2, "one mail a quote, and none of the dry run");
    let again = actwright(&["demo", "--dir", &named.display().to_string()]).output().expect("it runs");
    assert_eq!(again.status.code(), Some(1), "a folder with something in it is not touched");
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

/// Scripts branch on exit codes.
#[test]
fn exit_codes_tell_what_went_wrong() {
    let seeded = Seeded::sqlite();
    let code = |output: Output| output.status.code();
    assert_eq!(code(seeded.call("crm.schedule_activity", NADIA, &follow_up("x"), &[])), Some(0));
    assert_eq!(code(seeded.call("crm.find_activities", NADIA, &json!({}), &[])), Some(3));
    assert_eq!(code(seeded.call("crm.schedule_activity", PRIYA, &follow_up("x"), &[])), Some(4));
    assert_eq!(code(seeded.run(&["call", "crm.find_activities", "--input", "{}"])), Some(2));
    assert_eq!(
        code(
            actwright(&[
                "call",
                "crm.find_activities",
                "--db",
                "sqlite:/nowhere/x.db",
                "--tenant",
                TENANT,
                "--actor",
                NADIA,
                "--input",
                "{}"
            ])
            .output()
            .expect("it runs")
        ),
        Some(1)
    );
    assert_eq!(code(actwright(&["no-such-command"]).output().expect("it runs")), Some(2));
}

/// People read every problem of their input at once, with the place; machines get the same as JSON.
#[test]
fn all_problems_are_listed() {
    let seeded = Seeded::sqlite();
    let input = json!({ "client_id": "x", "limit": 0, "date_from": "yesterday" });
    let refused = seeded.call("crm.find_activities", NADIA, &input, &[]);
    let shown = text(&refused.stderr);
    for pointer in ["/client_id", "/limit", "/date_from"] {
        assert!(shown.contains(pointer), "{shown}");
    }
    let refused = seeded.call("crm.find_activities", NADIA, &input, &["--json"]);
    let error: Value = serde_json::from_slice(&refused.stdout).expect("JSON");
    assert_eq!(error["error"]["details"]["problems"].as_array().map(Vec::len), Some(3));
}

/// A spelling mistake in the name of an action gets a suggestion.
#[test]
fn unknown_actions_get_a_suggestion() {
    let seeded = Seeded::sqlite();
    let refused = seeded.call("crm.find_activity", NADIA, &json!({}), &[]);
    assert!(text(&refused.stderr).contains("Did you mean crm.find_activities?"), "{}", text(&refused.stderr));
    let refused = seeded.call("crm.find_activities@7", NADIA, &json!({}), &[]);
    assert!(text(&refused.stderr).contains("has no version 7"));
}

/// A batch answers line by line, in order, and no bad line stops it.
#[test]
fn a_batch_goes_on_after_bad_lines() {
    let seeded = Seeded::sqlite();
    let lines = [
        json!({ "id": "a", "action": "crm.schedule_activity", "input": follow_up("first") }).to_string(),
        "{ not json".to_owned(),
        json!({ "id": "c", "action": "crm.schedule_activity", "inptu": {} }).to_string(),
        json!({ "id": "d", "action": "crm.schedule_activity", "actor": PRIYA, "input": follow_up("denied") }).to_string(),
        String::new(),
        json!({ "id": "e", "action": "crm.schedule_activity", "actor": NADIA, "run": RUN, "input": {} }).to_string(),
        json!({ "id": "f", "action": "crm.schedule_activity", "run": RUN, "step_path": "s1", "input": follow_up("by a run") }).to_string(),
    ];
    let before = activities(&seeded);
    let (output, answers) = batch(&seeded, &lines.join("\n"), &["--tenant", TENANT, "--actor", NADIA]);
    let told: Vec<(Value, Value)> = answers.iter().map(|one| (one["id"].clone(), one["ok"].clone())).collect();
    let expected = [("a", true), ("", false), ("c", false), ("d", false), ("e", false), ("f", true)];
    let expected = expected.map(|(id, ok)| (if id.is_empty() { Value::Null } else { json!(id) }, json!(ok)));
    assert_eq!(told, expected);
    assert_eq!(answers[1]["meta"]["line"], 2);
    assert_eq!(answers[3]["error"]["code"], "PERMISSION_DENIED");
    assert_eq!(output.status.code(), Some(6));
    assert_eq!(activities(&seeded), before + 2);
}

/// Nobody learns of calls whose answers cannot be written: none is made after the first of them, and the exit code says so.
#[test]
fn a_batch_that_nobody_listens_to_stops() {
    let seeded = Seeded::sqlite();
    let before = activities(&seeded);
    let mut command = seeded.command(&["call", "--batch", "-", "--tenant", TENANT, "--actor", NADIA]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut input = child.stdin.take().expect("a pipe");
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    let line = |id: u32| json!({ "id": id, "action": "crm.schedule_activity", "input": follow_up("heard") });
    writeln!(input, "{}", line(1)).expect("the program reads");
    output.read_line(&mut String::new()).expect("an answer");
    drop(output);
    for id in 2..10 {
        // At some point it reads no more.
        let _ = writeln!(input, "{}", line(id));
    }
    let ended = child.wait_with_output().expect("the program ends");
    let told = text(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1));
    assert!(told.contains("Stopped after line 2. Its answer cannot be written"), "{told}");
    assert_eq!(activities(&seeded), before + 2);
}

/// A rehearsal shows everything and leaves nothing.
#[test]
fn a_dry_run_stores_nothing() {
    let seeded = Seeded::sqlite();
    let before = activities(&seeded);
    let answer = parsed(&seeded.call("crm.schedule_activity", NADIA, &follow_up("rehearsal"), &["--dry-run"]));
    assert_eq!(answer["meta"]["dry_run"]["changes"][0]["table"], "interactions");
    assert_eq!(answer["meta"]["dry_run"]["events"][0]["name"], "INTERACTION_LOGGED");
    assert_eq!(activities(&seeded), before);
}

/// Input comes from the line, a file or a pipe.
#[test]
fn input_comes_from_anywhere() {
    let seeded = Seeded::sqlite();
    let input = json!({ "client_id": CLIENT, "limit": 1 }).to_string();
    let file = seeded.folder.path().join("input.json");
    std::fs::write(&file, &input).expect("a file");
    let at_file = format!("@{}", file.display());
    let arguments = |source| ["call", "crm.find_activities", "--tenant", TENANT, "--actor", NADIA, "--input", source];
    assert_eq!(parsed(&seeded.run(&arguments(&at_file)))["output"]["count"], 1);
    assert_eq!(parsed(&piped(seeded.command(&arguments("-")), input.as_bytes()))["output"]["count"], 1);
}

/// Setting up twice is safe, and loading the rows twice is refused without a trace.
#[test]
fn setting_up_is_repeatable() {
    let seeded = Seeded::sqlite();
    let again = seeded.run(&["db", "init"]);
    assert!(text(&again.stdout).contains("Nothing to do"));
    let again = seeded.run(&["db", "seed"]);
    assert_eq!(again.status.code(), Some(4));
    assert!(text(&again.stderr).contains("there already"));
    let status = parsed(&seeded.run(&["db", "status", "--json"]));
    assert_eq!(status["layout"], "standalone");
    assert_eq!(status["outbox"]["pending"], 0);
}

/// What there is can be listed and completed without a database.
#[test]
fn actions_are_described() {
    let listed = parsed(&actwright(&["actions", "--json"]).output().expect("it runs"));
    let all = actwright_actions::pack().actions.len();
    assert_eq!(listed["actions"].as_array().map(Vec::len), Some(all));
    let schema = parsed(&actwright(&["schema", "crm.schedule_activity@1"]).output().expect("it runs"));
    assert_eq!(schema["properties"]["client_id"]["x-workflow-picker-kind"], "client");
    let script = actwright(&["completions", "bash"]).output().expect("it runs");
    assert!(text(&script.stdout).contains("actwright"));
}

/// Forms ask for rows, narrowed by other fields.
#[test]
fn pickers_answer() {
    let seeded = Seeded::sqlite();
    let narrowed = format!("client_id={CLIENT}");
    let found = seeded.run(&["pick", "contact", "--tenant", TENANT, "--actor", NADIA, "--where", &narrowed, "--json"]);
    let found = parsed(&found);
    assert!(found.as_array().is_some_and(|rows| rows.iter().any(|row| row["label"] == "Hannah Lindqvist")), "{found}");
}

/// Whoever repeats a call is told whose answer it gets: the first call's id, its time, and the run that made it.
#[test]
fn a_repeated_call_says_whose_answer_it_is() {
    let seeded = Seeded::sqlite();
    for (caller, run) in [(["--actor", NADIA], Value::Null), (["--run", RUN], json!(RUN))] {
        let (input, key) = (follow_up("Once").to_string(), format!("key {run}"));
        let mut arguments = vec!["call", "crm.schedule_activity", "--json", "--tenant", TENANT, "--input", &input];
        arguments.extend(["--idempotency-key", &key]);
        arguments.extend(caller);
        let before = activities(&seeded);
        let first = parsed(&seeded.run(&arguments));
        assert_eq!(first["meta"]["deduplicated"], Value::Null, "{first}");
        let again = parsed(&seeded.run(&arguments));
        let original = &again["meta"]["deduplicated"];
        assert_eq!(original["invocation_id"], first["meta"]["invocation_id"]);
        assert_eq!(original["run_id"], run);
        assert!(original["at"].as_str().is_some_and(|at| at.ends_with('Z')), "{original}");
        assert_eq!(again["output"], first["output"]);
        assert_eq!(activities(&seeded), before + 1);
    }
}

/// A sweep says what it removed; what has not expired stays.
#[test]
fn a_sweep_counts() {
    let seeded = Seeded::sqlite();
    let (call, more) = (follow_up("Kept"), ["--idempotency-key", "kept"]);
    assert!(seeded.call("crm.schedule_activity", NADIA, &call, &more).status.success());
    assert_eq!(parsed(&seeded.run(&["db", "sweep", "--json"])), json!({ "results": 0, "settled": 0 }));
    assert_eq!(
        text(&seeded.run(&["db", "sweep"]).stdout).trim(),
        "Removed 0 results of calls, 0 events, mails and jobs"
    );
    let again = parsed(&seeded.call("crm.schedule_activity", NADIA, &call, &more));
    assert_ne!(again["meta"]["deduplicated"], Value::Null);
}
