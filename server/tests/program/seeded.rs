//! The built program, and a database for it.

use std::io::Write;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

pub const TENANT: &str = "10000000-0000-4000-8000-000000000001";
pub const NADIA: &str = "20000000-0000-4000-8000-000000000001";
pub const PRIYA: &str = "20000000-0000-4000-8000-000000000003";
pub const CLIENT: &str = "50000000-0000-4000-8000-000000000001";
pub const TYPE: &str = "71000000-0000-4000-8000-000000000003";
pub const RUN: &str = "a2000000-0000-4000-8000-000000000001";
pub const SECRET: &str = "a secret of the tests, at least 32 bytes long";

/// The program, with no settings but those that a test gives.
pub fn actwright(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_actwright"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ACTWRIGHT_") {
            command.env_remove(name);
        }
    }
    command.args(arguments);
    command
}

/// A database with the demonstration's rows, in a folder that goes away.
pub struct Seeded {
    pub folder: TempDir,
    pub url: String,
}

impl Seeded {
    pub fn sqlite() -> Self {
        Self::new_sqlite().filled()
    }

    /// Without tables.
    pub fn new_sqlite() -> Self {
        let folder = TempDir::new().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        Self { folder, url }
    }

    pub fn postgres(name: &str) -> Self {
        Self::new_postgres(name).filled()
    }

    /// Without tables.
    pub fn new_postgres(name: &str) -> Self {
        let cluster = actwright_tests::postgres::Cluster::shared().expect("a server");
        let url = blocking(cluster.database(name)).expect("a database");
        Self { folder: TempDir::new().expect("a folder"), url }
    }

    /// With tables, and the rows of the demonstration.
    pub fn filled(self) -> Self {
        for command in ["init", "seed"] {
            let output = self.run(&["db", command]);
            assert!(output.status.success(), "{}", text(&output.stderr));
        }
        self
    }

    /// A command of the program on this database.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = actwright(arguments);
        command
            .env("ACTWRIGHT_DB", &self.url)
            .env("ACTWRIGHT_DATA", self.data())
            .env("ACTWRIGHT_AUTH_KEYS_TEST_ALGORITHM", "HS256")
            .env("ACTWRIGHT_AUTH_KEYS_TEST_SECRET", SECRET);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program runs")
    }

    pub fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    pub fn events(&self) -> std::path::PathBuf {
        self.data().join("events.jsonl")
    }

    /// A call from the command line.
    pub fn call(&self, action: &str, actor: &str, input: &Value, more: &[&str]) -> Output {
        let input = input.to_string();
        self.run(&[&["call", action, "--tenant", TENANT, "--actor", actor, "--input", &input], more].concat())
    }

    /// A token for a user of the tenant.
    pub fn token(&self, actor: &str) -> String {
        self.token_in(TENANT, actor)
    }

    pub fn token_in(&self, tenant: &str, actor: &str) -> String {
        let output = self.run(&["token", "--tenant", tenant, "--actor", actor]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout).trim().to_owned()
    }
}

/// The same command within limits that a shell sets.
pub fn limited(limits: &str, program: &Command) -> Command {
    let mut command = Command::new("bash");
    command.args(["-c", &format!("{limits}; exec \"$0\" \"$@\"")]);
    command.arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// Runs a command with this on its standard input.
pub fn piped(mut command: Command, input: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // A program that has heard enough hangs up.
            let _ = pipe.write_all(input);
        });
        child.wait_with_output().expect("the program ends")
    })
}

/// Sends a signal, as supervisors and terminals do.
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(sent.expect("kill").success());
}

/// Runs something to its end, in tests that are not asynchronous themselves.
pub fn blocking<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// What a command answered that went well.
pub fn parsed(output: &Output) -> Value {
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// What is said, and the exit code.
pub fn said(output: &Output) -> (String, Option<i32>) {
    (format!("{}{}", text(&output.stdout), text(&output.stderr)), output.status.code())
}

/// An input of `crm.schedule_activity`.
pub fn follow_up(title: &str) -> Value {
    json!({ "client_id": CLIENT, "type_id": TYPE, "title": title, "start_time": "2027-01-12T10:00:00+01:00" })
}
