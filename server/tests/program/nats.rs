//! A server of NATS that lets nobody in without a JWT, as `nsc` sets it up.

use std::fs;
use std::path::{Path, PathBuf};

use actwright_tests::nats::NatsServer;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use serde_json::{Value, json};

use crate::seeded::{NADIA, Seeded, TENANT, blocking, follow_up, parsed};

/// A claim of one key about another, as NATS writes it.
fn jwt(issuer: &KeyPair, subject: &KeyPair, claims: &Value) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let body = json!({ "jti": subject.public_key(), "iat": 1_767_225_600, "iss": issuer.public_key(), "name": "test",
        "sub": subject.public_key(), "nats": claims });
    let message = format!("{}.{}", part(json!({ "typ": "JWT", "alg": "ed25519-nkey" })), part(body));
    let signature = issuer.sign(message.as_bytes()).expect("a signature");
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn account_jwt(operator: &KeyPair, account: &KeyPair, storage: i32) -> String {
    let limits = json!({ "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1,
        "leaf": -1, "mem_storage": storage, "disk_storage": storage, "streams": storage, "consumer": storage });
    jwt(
        operator,
        account,
        &json!({ "type": "account", "version": 2, "limits": limits, "default_permissions": { "pub": {}, "sub": {} } }),
    )
}

/// A credentials file for a new user of an account.
fn credentials(folder: &Path, name: &str, account: &KeyPair) -> PathBuf {
    let user = KeyPair::new_user();
    let claims = json!({ "type": "user", "version": 2, "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1 });
    let text = format!(
        "-----BEGIN NATS USER JWT-----\n{}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n{}\n------END USER \
         NKEY SEED------\n",
        jwt(account, &user, &claims),
        user.seed().expect("a seed")
    );
    let file = folder.join(name);
    fs::write(&file, text).expect("a file");
    file
}

/// A call whose event goes to the server with these credentials. Gives its entry of the outbox.
fn sent(server: &NatsServer, credentials: &Path) -> Value {
    let seeded = Seeded::sqlite();
    let settings = [
        ("ACTWRIGHT_EVENTS_NATS_SERVERS", server.url()),
        ("ACTWRIGHT_EVENTS_NATS_CREDENTIALS_FILE", credentials.display().to_string()),
        ("ACTWRIGHT_EVENTS_NATS_STREAM_CREATE", "true".to_owned()),
    ];
    let run = |arguments: &[&str]| parsed(&seeded.command(arguments).envs(settings.clone()).output().expect("it runs"));
    let input = follow_up("Call back").to_string();
    run(&["call", "crm.schedule_activity", "--tenant", TENANT, "--actor", NADIA, "--input", &input]);
    let entries = ["delivered", "pending"].map(|status| run(&["outbox", "list", "--status", status, "--json"]));
    let mut entries = entries.iter().flat_map(|listed| listed["entries"].as_array().expect("entries"));
    let entry = entries.next().expect("an event").clone();
    assert_eq!((&entry["sink"], entries.count()), (&json!("nats"), 0));
    entry
}

/// Who has a credentials file of an account that the server knows gets in; nobody else does, and learns why.
#[test]
fn events_are_published_with_a_credentials_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let (operator, system, account) = (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_account());
    let (system_key, account_key) = (system.public_key(), account.public_key());
    let config = folder.path().join("nats.conf");
    let text = format!(
        "operator: {}\nsystem_account: {system_key}\nresolver: MEMORY\nresolver_preload: {{\n  {system_key}: {}\n  {account_key}: {}\n}}\n",
        jwt(&operator, &operator, &json!({ "type": "operator", "version": 2 })),
        account_jwt(&operator, &system, 0),
        account_jwt(&operator, &account, -1),
    );
    fs::write(&config, text).expect("a file");
    let server = blocking(NatsServer::start(&["--config", &config.display().to_string()])).expect("a server");

    let entry = sent(&server, &credentials(folder.path(), "known.creds", &account));
    assert_eq!(entry["status"], "delivered", "{entry}");
    let entry = sent(&server, &credentials(folder.path(), "unknown.creds", &KeyPair::new_account()));
    assert_eq!(entry["status"], "pending", "{entry}");
    assert!(entry["last_error"].as_str().is_some_and(|told| told.ends_with("refuses the credentials.")), "{entry}");
    fs::write(folder.path().join("empty.creds"), "hunter2").expect("a file");
    let entry = sent(&server, &folder.path().join("empty.creds"));
    let told = entry["last_error"].as_str().expect("an error");
    assert!(told.contains("expected the JWT and the seed that nsc writes") && !told.contains("hunter2"), "{entry}");
}
