//! The role that calls run as on PostgreSQL, as an administrator sets it up.

use std::process::Output;

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::seeded::{NADIA, Seeded, TENANT, blocking, follow_up, parsed, said};

/// A role of the server, which all its databases share, with a database in which it may do nothing yet.
struct Stranger {
    seeded: Seeded,
    name: String,
}

impl Stranger {
    fn new() -> Self {
        let stranger = Self { seeded: Seeded::postgres("granted"), name: format!("granted_{}", std::process::id()) };
        stranger.owner(&format!("CREATE ROLE {0} LOGIN PASSWORD '{0}'", stranger.name));
        stranger
    }

    /// Runs a statement as the owner of the tables.
    fn owner(&self, sql: &str) {
        blocking(async {
            let mut connection = PgConnection::connect(&self.seeded.url).await.expect("a connection");
            sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.expect("SQL");
            connection.close().await.expect("the end");
        });
    }

    /// Runs the program as the role.
    fn run(&self, arguments: &[&str]) -> Output {
        let (_, host) = self.seeded.url.split_once('@').expect("a host");
        let url = format!("postgres://{0}:{0}@{host}", self.name);
        self.seeded.command(arguments).env("ACTWRIGHT_DB", url).output().expect("the program runs")
    }

    fn call(&self, title: &str) -> Output {
        let input = follow_up(title).to_string();
        self.run(&["call", "crm.schedule_activity", "--tenant", TENANT, "--actor", NADIA, "--input", &input])
    }

    fn missing(&self) -> Value {
        parsed(&self.run(&["db", "status", "--json"]))["role"]["missing"].clone()
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.owner(&format!("DROP OWNED BY {0}; DROP ROLE {0}", self.name));
    }
}

/// An administrator is told what is missing, gives it with one command, and has a role that runs calls and nothing more.
#[test]
fn a_role_runs_calls_once_it_was_granted_what_they_need() {
    let stranger = Stranger::new();
    let name = stranger.name.as_str();
    let (told, code) = said(&stranger.run(&["db", "status"]));
    for expected in
        ["lacks USAGE ON SCHEMA actwright, ", "INSERT ON interactions", &format!("actwright db grant {name}")]
    {
        assert!(told.contains(expected) && code == Some(0), "no {expected} in {told}");
    }
    let (told, code) = said(&stranger.call("Too early"));
    assert!(told.contains("lacks a privilege") && code == Some(4), "it is no question of setting up: {told}");

    let (told, code) = said(&stranger.seeded.run(&["db", "grant", "nobody_of_that_name"]));
    assert!(told.contains("There is no role nobody_of_that_name") && code == Some(4), "{told}");
    let (told, code) = said(&stranger.run(&["db", "grant", name]));
    assert_eq!(code, Some(4), "who owns nothing grants nothing: {told}");
    let printed = stranger.seeded.run(&["db", "grant", name, "--print"]);
    let (printed, code) = said(&printed);
    assert!(printed.contains(&format!("GRANT USAGE ON SCHEMA actwright TO {name};")) && code == Some(0), "{printed}");
    assert_eq!(stranger.missing()[0], "USAGE ON SCHEMA actwright", "printing changes nothing");

    let (told, code) = said(&stranger.seeded.run(&["db", "grant", name]));
    assert!(told.contains(&format!("Granted what calls need to {name}")) && code == Some(0), "{told}");
    let (told, code) = said(&stranger.run(&["db", "status"]));
    assert!(told.contains(&format!("role     {name} is bound by row level security")) && code == Some(0), "{told}");
    assert!(told.contains("layout   standalone") && !told.contains("lacks"), "{told}");
    for done in [stranger.call("Now"), stranger.run(&["relay", "--once"]), stranger.run(&["audit", "seal"])] {
        let (told, code) = said(&done);
        assert_eq!(code, Some(0), "{told}");
    }
    stranger.owner(&format!("REVOKE UPDATE ON quotes FROM {name}"));
    assert_eq!(stranger.missing(), json!(["UPDATE ON quotes"]));
    // What was printed, run by somebody else, is as good.
    stranger.owner(&printed);
    assert_eq!(stranger.missing(), json!([]));
}

/// SQLite has no roles, and says so.
#[test]
fn there_is_nothing_to_grant_on_sqlite() {
    let seeded = Seeded::sqlite();
    let (told, code) = said(&seeded.run(&["db", "grant", "anybody"]));
    assert!(told.contains("SQLite has no roles") && code == Some(3), "{told}");
    assert_eq!(parsed(&seeded.run(&["db", "status", "--json"]))["role"], Value::Null);
}
