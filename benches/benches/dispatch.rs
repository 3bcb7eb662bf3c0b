//! What a call costs before it reaches a database: finding the action, decoding and validating its input, telling which
//! permissions it needs, and boxing it with its body.
#![allow(missing_docs)]

use std::hint::black_box;

use actwright_runtime::decode::{UnknownFields, canonical, conditions::required, normalize};
use actwright_runtime::{Pack, Value};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Examples of the specs: what workflow authors send.
const INPUTS: [(&str, &str, &str); 5] = [
    ("crm.send_quote", "short", r#"{ "quote_id": "d1f7c3a8-4b62-4e95-a0d8-3c5b7e9f1a24" }"#),
    (
        "crm.send_quote",
        "with message",
        r#"{
            "quote_id": "d1f7c3a8-4b62-4e95-a0d8-3c5b7e9f1a24",
            "email_addresses": ["cfo@northwind.example"],
            "subject": "Your managed services renewal",
            "message": "As discussed on Tuesday, please find our offer for the coming year attached."
        }"#,
    ),
    (
        "crm.schedule_activity",
        "call",
        r#"{
            "contact_id": "9e54d1b7-0f3a-4c68-b2d9-6a7c8e1f2034",
            "type_id": "1a6e9b30-7c5d-4f82-a1b4-d3e8f6905c27",
            "title": "Call back about the VPN outage",
            "start_time": "2026-03-05T09:30:00+01:00",
            "duration": 15
        }"#,
    ),
    (
        "crm.schedule_activity",
        "review",
        r#"{
            "client_id": "3f0c6a52-8d1e-4b7a-9c55-2e4f7f0a1b6d",
            "type_id": "b4c7d8e9-1f20-4a3b-8c5d-6e7f80912a3b",
            "title": "Quarterly business review",
            "notes": "Review open tickets, the backup report and the hardware refresh.",
            "start_time": "2026-04-14T13:00:00Z",
            "end_time": "2026-04-14T14:30:00Z",
            "visibility": "client_visible",
            "tags": ["QBR", "account management"],
            "assigned_user_id": "c2f8a9e0-6b34-4d1f-8e27-5a90b3d7c418"
        }"#,
    ),
    (
        "crm.update_activity",
        "close",
        r#"{
            "activity_id": "5d2b7f10-93ce-4e6a-8f41-b0c9d8e7a615",
            "patch": {
                "status_id": "e8a31c5f-2d76-4b09-9a84-7f6c5b4d3e2a",
                "notes": "Spoke to the client; the mailbox migration is signed off."
            },
            "reason": "Follow-up call completed"
        }"#,
    ),
];

/// Everything between the arrival of an input and the first statement.
fn dispatch(pack: &Pack, action: &str, input: &Value) -> bool {
    let Ok(entry) = pack.action(action, Some(1)) else { return false };
    let Ok((prepared, warnings)) = entry.decode(input, UnknownFields::Warn) else { return false };
    let spec = entry.spec();
    black_box((prepared, warnings, required(spec.permissions, spec.input, input)));
    true
}

fn benches(criterion: &mut Criterion) {
    let pack = actwright_actions::pack();
    for (action, name, text) in INPUTS {
        let Ok(input) = serde_json::from_str::<Value>(text) else { return eprintln!("{action}, {name}: not JSON") };
        assert!(dispatch(&pack, action, &input), "{action}, {name}: the input is not valid");
        let mut group = criterion.benchmark_group(action);
        group.throughput(Throughput::Elements(1));
        group.bench_function(format!("{name}/dispatch"), |bencher| {
            bencher.iter(|| dispatch(&pack, action, black_box(&input)));
        });
        group.bench_function(format!("{name}/dispatch from text"), |bencher| {
            bencher.iter(|| {
                let input = serde_json::from_str(black_box(text));
                input.is_ok_and(|input| dispatch(&pack, action, &input))
            });
        });
        // Writes need this besides, for the ledger: the input as it is stored and compared.
        let fields = pack.action(action, Some(1)).map_or(&[] as &[_], |entry| entry.spec().input);
        group.bench_function(format!("{name}/normalize for the ledger"), |bencher| {
            bencher.iter(|| canonical(&normalize(fields, black_box(&input))));
        });
        group.finish();
    }
}

criterion_group!(all, benches);
criterion_main!(all);
