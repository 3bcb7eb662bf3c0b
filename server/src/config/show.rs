//! `actwright config`: the effective configuration, whether it is right, and the reference of all keys.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::key::{Key, Kind};
use super::{Config, KEYS};
use crate::cli::ConfigCommand;
use crate::failure::Failure;
use crate::open;
use crate::terminal::{good, say, table};

pub fn run(command: &ConfigCommand, json: bool) -> Result<(), Failure> {
    match command {
        ConfigCommand::Show { settings } => show(&open::config(settings)?, json),
        ConfigCommand::Check { settings } => {
            let config = open::config(settings)?;
            if config.database.url.is_none() {
                return Err(Failure::Usage(open::NO_DATABASE.to_owned()));
            }
            if json { say(json!({ "ok": true })) } else { say(good("The configuration is right.")) }
        }
        ConfigCommand::Reference => say(reference().trim_end()),
    }
}

fn show(config: &Config, json: bool) -> Result<(), Failure> {
    // In the order of the reference, which is that of the tables; chosen names by their order.
    let mut settings: Vec<_> = config.settings.iter().collect();
    let position = |key: &Key| KEYS.iter().copied().flatten().position(|one| one.path == key.path);
    settings.sort_by_key(|(path, setting)| (position(setting.key), path.as_str()));
    if json {
        let entry = |(path, setting): &(&String, &super::values::Setting)| {
            let mut entry = json!(setting.source);
            entry["value"] = json!(setting.value.to_string());
            ((*path).clone(), entry)
        };
        return say(Value::Object(settings.iter().map(entry).collect::<Map<_, _>>()));
    }
    let mut table = table(["KEY", "VALUE", "FROM"]);
    for (path, setting) in settings {
        table.add_row([path.clone(), setting.value.to_string(), setting.source.to_string()]);
    }
    say(table.trim_fmt())
}

/// All keys as Markdown: a heading and a table for each section.
fn reference() -> String {
    let mut text = String::new();
    let mut section = None;
    for key in KEYS.iter().copied().flatten() {
        if section != Some(key.section()) {
            section = Some(key.section());
            let heading = if key.section().is_empty() { "At the top" } else { key.section() };
            let _ = write!(text, "\n### {heading}\n\n| key | variable | holds | default | |\n|---|---|---|---|---|\n");
        }
        let variable = key.environment();
        let variable = match key.variable {
            Some(other) => format!("`{variable}`, `{other}`"),
            None => format!("`{variable}`"),
        };
        let default = key.default.map(|text| format!("`{text}`")).unwrap_or_default();
        let path = key.path.replace('*', "NAME");
        let _ = writeln!(text, "| `{path}` | {variable} | {} | {default} | {} |", holds(key.kind), key.about);
    }
    text.trim_start().to_owned()
}

fn holds(kind: Kind) -> String {
    match kind {
        Kind::Secret => "secret".to_owned(),
        Kind::Choice(choices) => choices.iter().map(|choice| format!("`{choice}`")).collect::<Vec<_>>().join(", "),
        Kind::Duration(..) | Kind::Size(..) => {
            let expected = kind.expected();
            expected.split(", such as").next().unwrap_or_default().to_owned()
        }
        other => other.expected(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Given;
    use crate::config::key::Kind;

    /// A default that its own key refuses would be no default at all; paths and variables are unambiguous.
    #[test]
    fn every_default_is_right_and_every_name_is_one_key() {
        let config = Config::load(Given::default()).unwrap_or_else(|problems| panic!("{problems:?}"));
        let keys: Vec<&Key> = KEYS.iter().copied().flatten().collect();
        for key in &keys {
            assert!(
                key.default.is_none() || key.path.contains('*') || config.settings.contains_key(key.path),
                "{key:?}"
            );
            assert_eq!(keys.iter().filter(|other| other.environment() == key.environment()).count(), 1, "{key:?}");
            let names_it = |secret: &Key| secret.kind == Kind::Secret && format!("{}_file", secret.path) == key.path;
            assert!(!keys.iter().any(|other| names_it(other)), "{key:?} would read as the file of a secret");
        }
    }
}
