//! Pickers: what forms let people choose from, and the names of what was chosen.

use std::collections::BTreeMap;

use actwright_runtime::call::Runtime;
use actwright_runtime::database::Engine;
use actwright_runtime::pickers::{Ask, Choice, LONGEST_SEARCH, MOST_IDS, MOST_ROWS, PickerQuery};
use actwright_runtime::{Caller, Code, Error, Uuid};
use actwright_tests::conformance::alias::{self, Aliases};
use actwright_tests::conformance::databases::{Databases, Place};
use actwright_tests::conformance::fixture::Fixture;
use actwright_tests::conformance::recorder::Recorder;
use actwright_tests::conformance::run::runtime;
use serde_json::Value;

/// Rows besides the base that are hard to find, or must not be found.
const ROWS: &str = r#"
north:
  clients:
    - { client_id: $client.umlaut, client_name: Äpfel & ÖLmühle, is_inactive: null }
    - { client_id: $client.wild, client_name: '100%_Uptime [\o/] GmbH*', billing_email: "why?@uptime.example" }
    - { client_id: $client.plain, client_name: 100 Percent Uptime }
    - { client_id: $client.closed, client_name: Contoso Closed, is_inactive: true }
    - { client_id: $client.omega, client_name: Ωμέγα ΣΥΣΤΉΜΑΤΑ }
  contacts:
    - { contact_name_id: $contact.gone, full_name: Dana Gone, email: gone@contoso.example, client_id: $client.contoso, is_inactive: true }
    - { contact_name_id: $contact.null, full_name: Dana Null, email: "null@fabrikam.example", client_id: $client.fabrikam, is_inactive: null }
    - { contact_name_id: $contact.unnamed, full_name: null, email: unnamed@contoso.example, client_id: $client.contoso }
  users:
    - { user_id: $user.left, username: left, hashed_password: "-", first_name: Ada, last_name: Left, email: left@northstar.example, is_inactive: true }
    - { user_id: $user.null, username: nullflag, hashed_password: "-", first_name: Ada, last_name: Unset, email: nullflag@northstar.example, is_inactive: null }
"#;

struct Forms {
    runtime: Runtime,
    place: Place,
    databases: Databases,
}

impl Forms {
    async fn start(engine: Engine) -> Self {
        let mut aliases = Aliases::default();
        let databases = Databases::prepare(engine, &Fixture::base(&mut aliases).unwrap()).await.unwrap();
        let place = databases.take().await.unwrap();
        let more: Value = serde_saphyr::from_str(ROWS).unwrap();
        Fixture::parse(&more, &mut aliases).unwrap().load(&place.database).await.unwrap();
        let runtime = runtime(&place, &Recorder::default()).unwrap();
        Self { runtime, place, databases }
    }

    async fn end(self) {
        self.databases.give_back(self.place).await.unwrap();
        self.databases.remove().await.unwrap();
    }

    async fn ask(&self, picker: &str, user: &str, ask: Ask) -> Result<Vec<Choice>, Error> {
        let (tenant, caller) = (id("tenant.north"), Caller::User(id(user)));
        self.runtime.pick(PickerQuery { picker: picker.to_owned(), tenant, caller, ask }).await
    }

    /// Labels that a text finds.
    async fn labels(&self, picker: &str, text: &str) -> Vec<String> {
        let found = self.ask(picker, "user.admin", search(text)).await.unwrap();
        found.into_iter().map(|choice| choice.label).collect()
    }

    async fn resolve(&self, picker: &str, names: &[&str]) -> Vec<Choice> {
        let ids = names.iter().map(|name| id(name)).collect();
        self.ask(picker, "user.admin", Ask::Resolve(ids)).await.unwrap()
    }
}

fn id(name: &str) -> Uuid {
    alias::id(name)
}

fn search(text: &str) -> Ask {
    Ask::Search { text: text.to_owned(), depends_on: BTreeMap::new(), limit: MOST_ROWS }
}

fn depending(field: &str, value: &str) -> Ask {
    let depends_on = BTreeMap::from([(field.to_owned(), id(value))]);
    Ask::Search { text: String::new(), depends_on, limit: MOST_ROWS }
}

async fn text_is_found_in_any_case(forms: &Forms) {
    for (picker, text, expected) in [
        ("client", "contoso", &["Contoso Dental"][..]),
        ("client", "  CONTOSO d ", &["Contoso Dental"]),
        ("client", "BILLING@contoso", &["Contoso Dental"]),
        ("client", "äpfel", &["Äpfel & ÖLmühle"]),
        ("client", "ÄPFEL", &["Äpfel & ÖLmühle"]),
        ("client", "äPFEL & ölMÜHLE", &["Äpfel & ÖLmühle"]),
        ("client", "ωμέγα συστήματα", &["Ωμέγα ΣΥΣΤΉΜΑΤΑ"]),
        ("client", "apfel", &[]),
        ("contact", "MÜLLER", &["Carl Müller"]),
        ("contact", "フェリ", &["渡辺 フェリクス"]),
        ("contact", "unnamed", &["unnamed@contoso.example"]),
        ("ticket", "vpn", &["T-1001 VPN outage"]),
        ("ticket", "t-1003", &["T-1003 Docking station"]),
        ("user", "okafor", &["Ada Okafor"]),
        // First and last name are columns of their own, and no word may be missing.
        ("user", "ada okaf", &["Ada Okafor"]),
        ("user", "OKAFOR ada", &["Ada Okafor"]),
        ("user", "ada reyes", &[]),
        ("user", "dispatch@", &["dispatch@northstar.example"]),
    ] {
        assert_eq!(forms.labels(picker, text).await, expected, "{picker}: {text}");
    }
}

async fn wild_cards_mean_themselves(forms: &Forms) {
    for text in ["100%", "%_u", "_uptime", "[\\o/]", "\\", "*", "[", "y?@"] {
        assert_eq!(forms.labels("client", text).await, [r"100%_Uptime [\o/] GmbH*"], "{text}");
    }
    for text in ["%%", "100_", "[a-z]", "c?ntoso", "con*", "'", "\"", "^", "(", "{1}"] {
        let found = forms.labels("client", text).await;
        assert!(found.iter().all(|label| label.contains(text)), "{text} found {found:?}");
    }
    assert_eq!(forms.labels("client", "c.ntoso").await, [""; 0]);
}

/// Each database would answer these in a way of its own. Who may not ask is told the same.
async fn questions_out_of_bounds_are_refused(forms: &Forms) {
    // The most that is taken: each character becomes as many as there are cases of it.
    assert_eq!(forms.labels("client", &"ǆ".repeat(LONGEST_SEARCH)).await, [""; 0]);
    assert_eq!(forms.labels("client", &"a ".repeat(LONGEST_SEARCH / 2)).await.len(), 3);
    let long = [LONGEST_SEARCH + 1, 13_000, 2_000_000].map(|length| ("has", "x".repeat(length)));
    let nul = ["\0", "contoso\0", "a \0 b"].map(|text| ("U+0000", text.to_owned()));
    for (why, text) in long.into_iter().chain(nul) {
        for (picker, user) in [("client", "user.admin"), ("user", "user.nobody")] {
            let error = forms.ask(picker, user, search(&text)).await.unwrap_err();
            assert_eq!(error.code, Code::ValidationError, "{text:.20}");
            assert_eq!(error.details["problems"][0]["pointer"], "/search");
            assert!(error.message.starts_with("search ") && error.message.contains(why), "{error}");
        }
    }
    let many = Ask::Resolve(vec![id("client.contoso"); MOST_IDS]);
    assert_eq!(forms.ask("client", "user.admin", many).await.unwrap().len(), 1);
    let too_many = Ask::Resolve(vec![id("client.contoso"); MOST_IDS + 1]);
    let error = forms.ask("client", "user.admin", too_many).await.unwrap_err();
    assert_eq!((error.code, &error.details["problems"][0]["pointer"]), (Code::ValidationError, &"/ids".into()));
    let error =
        forms.ask("client", "user.admin", depending(&"x".repeat(1_000_000), "client.contoso")).await.unwrap_err();
    assert!(error.code == Code::ValidationError && error.message.len() < 500, "{error:.200}");
}

async fn a_field_narrows_the_picker_that_depends_on_it(forms: &Forms) {
    let labels = async |ask| {
        let found = forms.ask("contact", "user.admin", ask).await.unwrap();
        found.into_iter().map(|choice| choice.label).collect::<Vec<_>>()
    };
    assert_eq!(labels(depending("client_id", "client.fabrikam")).await, ["Dana Null", "渡辺 フェリクス"]);
    assert_eq!(labels(depending("client_id", "client.rival")).await, [""; 0]);
    let everybody = labels(search("")).await;
    assert!(everybody.contains(&"Lee Loner".to_owned()), "{everybody:?}");

    for (picker, field) in [("contact", "ticket_id"), ("client", "client_id")] {
        let error = forms.ask(picker, "user.admin", depending(field, "client.contoso")).await.unwrap_err();
        assert_eq!(error.code, Code::ValidationError);
        assert!(error.message.contains(field), "{error}");
    }
    let error = forms.ask("contacts", "user.admin", search("")).await.unwrap_err();
    assert_eq!(error.code, Code::ValidationError);
    assert!(error.message.contains("Did you mean contact?"), "{error}");
}

async fn a_search_gives_at_most_its_limit_in_order(forms: &Forms) {
    let all = forms.labels("client", "").await;
    assert_eq!(all.len(), 7);
    for limit in [1, 2, 7] {
        let ask = Ask::Search { text: String::new(), depends_on: BTreeMap::new(), limit };
        let found = forms.ask("client", "user.admin", ask).await.unwrap();
        let labels: Vec<String> = found.into_iter().map(|choice| choice.label).collect();
        assert_eq!(labels, all[..usize::try_from(limit).unwrap()]);
    }
}

async fn each_picker_needs_its_permission(forms: &Forms) {
    // Technicians have all but user:read; nobody has nothing; the portal's permissions are no permissions here.
    for (user, picker, allowed) in [
        ("user.tech", "client", true),
        ("user.tech", "contact", true),
        ("user.tech", "ticket", true),
        ("user.tech", "user", false),
        ("user.client_reader", "client", true),
        ("user.client_reader", "contact", false),
        ("user.nobody", "client", false),
        ("user.nobody", "ticket", false),
        ("user.portal", "client", false),
        ("user.half", "client", false),
        ("user.rival", "client", false),
    ] {
        for ask in [search(""), Ask::Resolve(vec![id("client.contoso")])] {
            let answer = forms.ask(picker, user, ask).await;
            match answer {
                Ok(_) => assert!(allowed, "{user} may use {picker}"),
                Err(error) => {
                    assert_eq!(error.code, Code::PermissionDenied);
                    assert!(!allowed, "{user} may not use {picker}: {error}");
                }
            }
        }
    }
}

/// A workflow that names somebody who left still shows the name. A flag that was never set is not raised.
async fn inactive_rows_are_resolved_and_not_offered(forms: &Forms) {
    assert_eq!(forms.labels("client", "contoso").await, ["Contoso Dental"]);
    assert_eq!(forms.labels("contact", "dana").await, ["Dana Null", "Dana Smith"]);
    assert_eq!(forms.labels("user", "ada").await, ["Ada Okafor", "Ada Unset"]);
    // Users of the client portal are not offered either.
    assert_eq!(forms.labels("user", "petra").await, [""; 0]);

    for (picker, name, label, detail) in [
        ("client", "client.closed", "Contoso Closed", None),
        ("client", "client.contoso", "Contoso Dental", Some("billing@contoso.example")),
        ("contact", "contact.gone", "Dana Gone", Some("gone@contoso.example")),
        ("contact", "contact.unnamed", "unnamed@contoso.example", Some("unnamed@contoso.example")),
        ("ticket", "ticket.vpn", "T-1001 VPN outage", None),
        ("user", "user.left", "Ada Left", Some("left@northstar.example")),
        ("user", "user.dispatch", "dispatch@northstar.example", Some("dispatch@northstar.example")),
    ] {
        let choice = Choice { id: id(name), label: label.to_owned(), detail: detail.map(str::to_owned) };
        assert_eq!(forms.resolve(picker, &[name]).await, [choice], "{name}");
    }
    let several = forms.resolve("client", &["client.fabrikam", "client.missing", "client.closed"]).await;
    let labels: Vec<&str> = several.iter().map(|choice| choice.label.as_str()).collect();
    assert_eq!(labels, ["Contoso Closed", "Fabrikam Logistics"]);
    assert_eq!(forms.resolve("client", &[]).await, []);
}

async fn rows_of_other_tenants_never_show(forms: &Forms) {
    for picker in ["client", "contact", "ticket", "user"] {
        assert!(!forms.labels(picker, "").await.is_empty());
        for text in ["", "rival", "secret", "RIVAL-SECRET"] {
            let found = forms.labels(picker, text).await;
            assert!(!found.iter().any(|label| label.to_lowercase().contains("rival")), "{picker}: {found:?}");
        }
        assert_eq!(forms.resolve(picker, &[&format!("{picker}.rival")]).await, [], "{picker}");
    }
}

async fn answers(engine: Engine) {
    let forms = Forms::start(engine).await;
    text_is_found_in_any_case(&forms).await;
    wild_cards_mean_themselves(&forms).await;
    questions_out_of_bounds_are_refused(&forms).await;
    a_field_narrows_the_picker_that_depends_on_it(&forms).await;
    a_search_gives_at_most_its_limit_in_order(&forms).await;
    each_picker_needs_its_permission(&forms).await;
    inactive_rows_are_resolved_and_not_offered(&forms).await;
    rows_of_other_tenants_never_show(&forms).await;
    forms.end().await;
}

#[tokio::test]
async fn pickers_answer_on_sqlite() {
    answers(Engine::Sqlite).await;
}

#[tokio::test]
async fn pickers_answer_on_postgres() {
    answers(Engine::Postgres).await;
}
