//! Users with the roles that are written down: those of the conformance tests and those of the demonstration.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use actwright_tests::conformance::fixture::folder;
use serde_json::{Value, json};

/// A user, and what their roles grant.
pub struct Person {
    /// As in `user.NAME`.
    pub name: String,
    /// For readers.
    pub title: String,
    /// `None`: not an actor of the tenant.
    pub granted: Option<BTreeSet<(String, String)>>,
    /// Has a role of the demonstration.
    pub seeded: bool,
}

/// Everybody.
pub fn people() -> Vec<Person> {
    let mut people = conformance();
    people.extend(demonstration().into_iter().map(|(role, granted)| Person {
        name: user_of(&role),
        title: role,
        granted: Some(granted),
        seeded: true,
    }));
    for (name, title, granted) in [
        ("inactive", "an inactive admin", None),
        ("rival", "an admin of another tenant", None),
        ("of_two_roles", "finance and tagger", Some(union(&conformance(), &["finance", "tagger"]))),
    ] {
        people.push(Person { name: name.to_owned(), title: title.to_owned(), granted, seeded: false });
    }
    people
}

fn union(people: &[Person], names: &[&str]) -> BTreeSet<(String, String)> {
    let named = people.iter().filter(|person| names.contains(&person.name.as_str()));
    named.flat_map(|person| person.granted.clone().unwrap_or_default()).collect()
}

/// The users of the conformance tests' own tenant. What a role or a permission of the client portal says does not count.
fn conformance() -> Vec<Person> {
    let text = fs::read_to_string(folder("fixtures").join("base.yaml")).unwrap();
    let base: Value = serde_saphyr::from_str(&text).unwrap();
    let users = base["north"]["users"].as_array().unwrap();
    let users = users.iter().map(|user| user["user_id"].as_str().unwrap().trim_start_matches("$user.").to_owned());
    let person = |name: String| {
        let mut granted = BTreeSet::new();
        for role in base["north"]["access"].as_object().unwrap().values() {
            let theirs = role["users"].as_array().unwrap().contains(&json!(name)) && role["msp"] != json!(false);
            let permissions = role["permissions"].as_array().unwrap().iter().filter_map(Value::as_str);
            granted.extend(permissions.filter(|_| theirs).map(permission));
        }
        Person { title: name.replace('_', " "), name, granted: Some(granted), seeded: false }
    };
    users.map(person).collect()
}

fn permission(text: &str) -> (String, String) {
    let (resource, action) = text.split_once(':').unwrap();
    (resource.to_owned(), action.to_owned())
}

fn user_of(role: &str) -> String {
    format!("demo_{}", role.to_lowercase().replace([' ', '-'], "_"))
}

/// The roles of the demonstration by name, with what they grant.
fn demonstration() -> BTreeMap<String, BTreeSet<(String, String)>> {
    let demo: Value = serde_saphyr::from_str(actwright_actions::DEMO_ROWS).unwrap();
    let rows = |table: &str| demo[table].as_array().unwrap().clone();
    let (grants, permissions) = (rows("role_permissions"), rows("permissions"));
    let granted = |role: &Value| {
        let grants = grants.iter().filter(|grant| grant["role_id"] == role["role_id"]);
        let permissions =
            grants.flat_map(|grant| permissions.iter().filter(|one| one["permission_id"] == grant["permission_id"]));
        permissions
            .map(|one| (one["resource"].as_str().unwrap().to_owned(), one["action"].as_str().unwrap().to_owned()))
            .collect()
    };
    rows("roles").iter().map(|role| (role["role_name"].as_str().unwrap().to_owned(), granted(role))).collect()
}

/// The rows of those who are not among the base rows.
pub fn rows() -> Value {
    let user = |name: &str, inactive: bool| {
        json!({ "user_id": format!("$user.{name}"), "username": name, "hashed_password": "-", "first_name": name,
            "last_name": "-", "email": format!("{name}@northstar.example"), "is_inactive": inactive })
    };
    let mut users = vec![user("inactive", true), user("of_two_roles", false)];
    let mut access = json!({});
    for (role, granted) in demonstration() {
        users.push(user(&user_of(&role), false));
        let permissions: Vec<String> =
            granted.iter().map(|(resource, action)| format!("{resource}:{action}")).collect();
        access[user_of(&role)] = json!({ "users": [user_of(&role)], "permissions": permissions });
    }
    json!({ "north": { "users": users, "access": access }, "shared": { "user_roles": [
        { "tenant": "$tenant.north", "user_id": "$user.inactive", "role_id": "$role.admin" },
        { "tenant": "$tenant.north", "user_id": "$user.of_two_roles", "role_id": "$role.finance" },
        { "tenant": "$tenant.north", "user_id": "$user.of_two_roles", "role_id": "$role.tagger" },
    ] } })
}
