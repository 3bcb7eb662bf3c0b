//! The configuration as operators have it: a file, the environment, arguments; and what they are told when it is wrong.

use std::fs;
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::seeded::{actwright, text};

/// A folder with a configuration file.
struct Configured {
    folder: TempDir,
}

impl Configured {
    fn new(yaml: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        fs::write(folder.path().join("actwright.yaml"), yaml).expect("a file");
        Self { folder }
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = actwright(&[&["config"], arguments].concat());
        command.envs(variables.iter().copied());
        command.env("ACTWRIGHT_CONFIG", "actwright.yaml").current_dir(self.folder.path());
        command.output().expect("the program runs")
    }

    fn shown(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Value {
        let output = self.run(&[&["show", "--json"], arguments].concat(), variables);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// What is wrong, a line each.
    fn problems(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Vec<String> {
        let output = self.run(&[&["check"], arguments].concat(), variables);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let text = String::from_utf8(output.stderr).expect("UTF-8");
        text.lines().skip(1).map(|line| line.trim().to_owned()).collect()
    }
}

/// Operators find every key on the page, and no key that is gone.
#[test]
fn the_page_lists_every_key() {
    let reference = Configured::new("").run(&["reference"], &[]);
    actwright_tests::page::keep("configuration.md", "all keys", text(&reference.stdout))
        .unwrap_or_else(|why| panic!("{why}"));
}

/// Who overrules whom, and that the answer says who did.
#[test]
fn arguments_overrule_variables_and_those_the_file() {
    let configured = Configured::new(
        "database:\n  url: sqlite:file.db\n  connections: 4\ndelivery:\n  attempts: 3\n  timeout: 5s\nportal_url: http://file\n",
    );
    let shown = configured.shown(
        &["--db", "sqlite:argument.db", "--set", "delivery.attempts=7"],
        &[("ACTWRIGHT_DB", "sqlite:variable.db"), ("ACTWRIGHT_DELIVERY_TIMEOUT", "6s"), ("ACTWRIGHT_DATA", "")],
    );
    let argument = json!({ "value": "sqlite:argument.db", "source": "command_line", "place": "--db" });
    assert_eq!(shown["database.url"], argument);
    assert_eq!(shown["delivery.attempts"]["value"], "7");
    let variable = json!({ "value": "6s", "source": "environment", "place": "ACTWRIGHT_DELIVERY_TIMEOUT" });
    assert_eq!(shown["delivery.timeout"], variable);
    let file = json!({ "value": "4", "source": "file", "place": "actwright.yaml:3:3" });
    assert_eq!(shown["database.connections"], file);
    assert_eq!(shown["delivery.first_pause"], json!({ "value": "2s", "source": "default" }));
    assert_eq!(shown["data"], Value::Null, "an empty variable says nothing");
}

/// Whoever starts a server mends everything at once, not one line a start.
#[test]
fn every_problem_is_told_at_once_with_its_place() {
    let configured = Configured::new(
        "database:\n  url: mysql://host/db\n  conections: 4\n  connections: 0\ndelivery:\n  attempts: many\n  \
         timeout: 5\n  first_pause: 5m\n  longest_pause: 1s\nportal: http://file\nmail: nobody\ncalls:\n  timeout: [1s]\n",
    );
    let told = configured.problems(
        &["--set", "delivry.attempts=3"],
        &[("ACTWRIGHT_DATABSE_URL", "sqlite:a.db"), ("ACTWRIGHT_CALLS_LARGEST_INPUT", "lots")],
    );
    let expected = [
        "actwright.yaml:2:3: database.url: expected an address that begins with sqlite:, postgres: or postgresql:",
        "actwright.yaml:3:3: there is no key database.conections. Did you mean database.connections?",
        "actwright.yaml:4:3: database.connections: expected a whole number from 1 to 1000, found 0",
        "actwright.yaml:6:3: delivery.attempts: expected a whole number from 1 to 1000, found many",
        "actwright.yaml:7:3: delivery.timeout: expected a duration from 100ms to 1h, such as 500ms, 30s, 5m, 1h or 7d, found 5",
        "actwright.yaml:10:1: there is no key portal. Did you mean portal_url?",
        "actwright.yaml:11:1: mail is a section; expected a mapping of keys and values",
        "actwright.yaml:13:3: calls.timeout: expected a duration from 100ms to 1h, such as 500ms, 30s, 5m, 1h or 7d, found a list",
        "ACTWRIGHT_CALLS_LARGEST_INPUT: calls.largest_input: expected a size from 1KiB to 1GiB, such as 512KiB or 16MiB, found lots",
        "ACTWRIGHT_DATABSE_URL: no key has this variable. Did you mean ACTWRIGHT_DATABASE_URL?",
        "--set delivry.attempts: there is no key delivry.attempts. Did you mean delivery.attempts?",
        "actwright.yaml:8:3: delivery.first_pause: is longer than delivery.longest_pause",
    ];
    assert_eq!(told, expected);
}

/// What is no YAML, or no mapping, or not there.
#[test]
fn files_that_cannot_be_read_are_told() {
    let broken = Configured::new("database: {\n");
    assert!(broken.problems(&[], &[])[0].starts_with("actwright.yaml:"), "{:?}", broken.problems(&[], &[]));
    assert_eq!(
        Configured::new("- a\n").problems(&[], &[]),
        ["actwright.yaml:1:1: expected a mapping of keys and values"]
    );
    let twice = Configured::new("data: a\ndata: b\n").problems(&[], &[]);
    assert_eq!(twice, ["actwright.yaml:2:1: data: is there twice"]);
    let missing = Configured::new("").problems(&["--config", "missing.yaml"], &[]);
    assert!(missing[0].starts_with("missing.yaml: cannot be read: "), "{missing:?}");
}

/// Passwords come from files of the platform as well as by value, and are not in what is shown.
#[test]
fn secrets_are_read_from_files_and_never_shown() {
    let configured = Configured::new("database:\n  url: postgres://me@localhost/db\n  password_file: password\n");
    fs::write(configured.folder.path().join("password"), "hunter2\n").expect("a file");
    let shown = configured.shown(&[], &[]);
    assert_eq!(shown["database.password"]["value"], "[secret]");
    let shown = configured.shown(&["--db", "postgres://me:hunter2@localhost/db"], &[]);
    assert_eq!(shown["database.url"]["value"], "postgres://me@localhost/db");

    let both = Configured::new("database:\n  url: postgres://me@h/d\n  password: hunter2\n  password_file: password\n");
    fs::write(both.folder.path().join("password"), "hunter2\n").expect("a file");
    let told = both.problems(&[], &[]).join("\n");
    assert!(told.contains("is given twice") && !told.contains("hunter2"), "{told}");
    let wrong = Configured::new("database:\n  url: sqlite:a.db\n  password: [hunter2]\n").problems(&[], &[]);
    assert_eq!(wrong, ["actwright.yaml:3:3: database.password: expected a text"]);
    let absent = Configured::new("database:\n  url: postgres://me@h/d\n  password_file: nowhere\n").problems(&[], &[]);
    assert!(absent[0].contains("the file nowhere cannot be read"), "{absent:?}");
}

/// What only a server or a relay would use is read by every command, so that `check` finds it.
#[test]
fn files_that_keys_name_are_read_and_judged() {
    let configured = Configured::new(
        "database: { url: sqlite:a.db }\nauth:\n  keys:\n    absent: { algorithm: EdDSA, public_key: absent.pem }\n    \
         wrong: { algorithm: EdDSA, public_key: wrong.pem }\n    other: { algorithm: RS256, public_key: ed.pem }\n    \
         right: { algorithm: EdDSA, public_key: ed.pem }\nmail:\n  from: a@example.com\n  smtp: { host: smtp.example.com, ca_file: \
         wrong.pem }\nevents:\n  nats:\n    servers: [nats://127.0.0.1:4222]\n    credentials_file: absent.creds\n    \
         tls: { ca_file: absent-ca.pem, certificate_file: absent-mine.pem, key_file: absent-key.pem }\n",
    );
    let key = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n");
    fs::write(configured.folder.path().join("ed.pem"), pem).expect("a file");
    fs::write(configured.folder.path().join("wrong.pem"), "hunter2").expect("a file");
    let expected = [
        "events.nats.credentials_file: absent.creds cannot be read: entity not found",
        "events.nats.tls.ca_file: absent-ca.pem cannot be read: entity not found",
        "events.nats.tls.certificate_file: absent-mine.pem cannot be read: entity not found",
        "events.nats.tls.key_file: absent-key.pem cannot be read: entity not found",
        "mail.smtp.ca_file: wrong.pem has no certificate in PEM",
        "auth.keys.absent.public_key: absent.pem cannot be read: entity not found",
        "auth.keys.other.public_key: ed.pem holds no RSA public key in PEM",
        "auth.keys.wrong.public_key: wrong.pem holds no Ed25519 public key in PEM",
    ];
    let told = configured.problems(&[], &[]);
    let told: Vec<&str> = told.iter().map(|line| line.split_once(": ").map_or("", |(_, what)| what)).collect();
    assert_eq!(told, expected);
    // A server says the same.
    let mut command = actwright(&["serve", "--config", "actwright.yaml"]);
    let served = command.current_dir(configured.folder.path()).output().expect("the program runs");
    assert_eq!(served.status.code(), Some(2), "{served:?}");
    assert!(expected.iter().all(|problem| text(&served.stderr).contains(problem)), "{}", text(&served.stderr));
}

/// A set-up that looks right and cannot be is refused before anything runs.
#[test]
fn keys_that_contradict_each_other_are_told() {
    let told = Configured::new("database:\n  url: sqlite:a.db\n  password: x\n").problems(&[], &[]);
    assert_eq!(told, ["actwright.yaml:3:3: database.password: a SQLite database has no password; leave it out"]);
    let told =
        Configured::new("").problems(&[], &[("ACTWRIGHT_DB", "sqlite:a"), ("ACTWRIGHT_DATABASE_URL", "sqlite:b")]);
    assert_eq!(told.len(), 1, "{told:?}");
}

/// Kubernetes sets these for a service that is named actwright; they are no misspelt keys.
#[test]
fn variables_that_describe_services_are_let_be() {
    let configured = Configured::new("database:\n  url: sqlite:a.db\n");
    let variables = [
        ("ACTWRIGHT_SERVICE_HOST", "10.0.0.1"),
        ("ACTWRIGHT_SERVICE_PORT_HTTP", "80"),
        ("ACTWRIGHT_PORT", "tcp://10.0.0.1:80"),
        ("ACTWRIGHT_PORT_80_TCP_ADDR", "10.0.0.1"),
    ];
    assert!(configured.run(&["check"], &variables).status.success());
}

/// Where events go, by name; what is missing is told under the key that is missing.
#[test]
fn sinks_of_events_are_checked_at_the_start() {
    let configured = Configured::new(
        "events:\n  nats:\n    servers: [nats://127.0.0.1:4222]\n    stream: { create: true, max_age: 30d }\n  webhooks:\n    crm:\n      \
         url: https://example.com/hunter2\n      events: [INTERACTION_LOGGED]\n",
    );
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let shown = configured.shown(&[], &[("ACTWRIGHT_EVENTS_WEBHOOKS_CRM_SECRET", secret)]);
    assert_eq!(shown["events.webhooks.crm.url"]["value"], "[secret]");
    assert_eq!(shown["events.webhooks.crm.secret"]["place"], "ACTWRIGHT_EVENTS_WEBHOOKS_CRM_SECRET");
    assert_eq!(shown["events.webhooks.crm.timeout"]["value"], "10s");
    assert_eq!(shown["events.nats.stream.max_age"]["value"], "30d");
    let told = configured.problems(&[], &[]);
    let expected =
        "configuration: events.webhooks.crm.secret: expected at least one: echo whsec_$(openssl rand -base64 32)";
    assert_eq!(told, [expected]);

    let wrong = Configured::new(
        "events:\n  nats: { password: hunter2, servers: [] }\n  webhooks:\n    crm:\n      url: http://example.com/hunter2\n      \
         secret: whsec_hunter2\n      tenants: [north]\n",
    );
    let told = wrong.problems(&[], &[]);
    assert_eq!(
        told,
        [
            "actwright.yaml:2:11: events.nats.password: has no effect without events.nats.servers",
            "actwright.yaml:7:7: events.webhooks.crm.tenants: north is not a UUID",
            "actwright.yaml:5:7: events.webhooks.crm.url: http would send events readable to another machine: use https, or set \
             allow_http",
        ]
    );
}
