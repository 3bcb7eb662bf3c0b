//! Values by key: from the table of defaults, a file, the environment and the command line, each above the one before.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use actwright_delivery::Secret;
use actwright_runtime::decode::suggestion;
use serde::Serialize;

use super::address::Address;
use super::file::Scalar;
use super::key::{self, Key, Kind, PREFIX};
use super::{KEYS, Problem};

/// A value, and who says so.
#[derive(Debug, Clone)]
pub struct Setting {
    pub key: &'static Key,
    pub value: Value,
    pub source: Source,
}

/// A value of a key's kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Secret(Secret),
    Url(Address),
    Path(PathBuf),
    Address(SocketAddr),
    Flag(bool),
    Number(u64),
    Duration(Duration),
    Size(u64),
    List(Vec<String>),
}

/// Who says so, from the weakest to the strongest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "source", content = "place")]
pub enum Source {
    Default,
    /// File, line and column.
    File(String),
    /// Name of the variable.
    Environment(String),
    /// Name of the argument.
    CommandLine(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(text) | Self::Environment(text) | Self::CommandLine(text) => f.write_str(text),
        }
    }
}

/// As it would be written, without what is secret.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Secret(secret) => write!(f, "{secret}"),
            Self::Url(url) => write!(f, "{url}"),
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Address(address) => write!(f, "{address}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Duration(duration) => f.write_str(&key::duration(*duration)),
            Self::Size(bytes) => f.write_str(&key::size(*bytes)),
            Self::List(items) => f.write_str(&items.join(", ")),
        }
    }
}

/// All values, by dotted path.
#[derive(Debug, Default)]
pub struct Values {
    settings: BTreeMap<String, Setting>,
    problems: Vec<Problem>,
}

impl Values {
    /// What the tables say where nobody says anything else.
    pub fn defaults() -> Self {
        let mut values = Self::default();
        for key in KEYS.iter().copied().flatten().filter(|key| !key.path.contains('*')) {
            values.set_default(key.path.to_owned(), key);
        }
        values
    }

    fn set_default(&mut self, path: String, key: &'static Key) {
        let Some(text) = key.default else { return };
        if let Ok(value) = parse(key.kind, &written(key.kind, text), Path::new("")) {
            self.settings.insert(path, Setting { key, value, source: Source::Default });
        }
    }

    /// Takes a value over that a source gives. `base` is the folder of relative paths.
    pub fn take(&mut self, path: &str, scalar: &Scalar, source: Source, base: &Path) {
        let all = || KEYS.iter().copied().flatten();
        let (path, key, scalar) = match all().find(|key| key.is(path)) {
            Some(key) => (path, key, scalar.clone()),
            None => {
                let named = path.strip_suffix("_file");
                let secret = named.and_then(|path| all().find(|key| key.kind == Kind::Secret && key.is(path)));
                let (Some(named), Some(key)) = (named, secret) else {
                    return self.problem(&source, None, unknown(path));
                };
                match secret_file(scalar, base) {
                    Ok(text) => (named, key, Scalar::Text(text)),
                    Err(message) => return self.problem(&source, Some(path), message),
                }
            }
        };
        match parse(key.kind, &scalar, base) {
            Err(problem) => self.problem(&source, Some(path), problem),
            Ok(_) if self.given_by_the_like_of(path, &source) => {
                self.problem(&source, Some(path), "is given twice: by value and as a file, or under two names");
            }
            Ok(value) => {
                self.settings.insert(path.to_owned(), Setting { key, value, source });
            }
        }
    }

    /// Whether a source of the same kind has said something already.
    fn given_by_the_like_of(&self, path: &str, source: &Source) -> bool {
        let before = self.settings.get(path).map(|setting| &setting.source);
        before.is_some_and(|before| std::mem::discriminant(before) == std::mem::discriminant(source))
    }

    /// Gives each chosen name the defaults of the keys that go with it.
    pub fn complete(&mut self) {
        let patterns = || KEYS.iter().copied().flatten().filter(|key| key.path.contains('*'));
        let mut missing = Vec::new();
        for key in patterns() {
            let Some((parent, rest)) = key.path.split_once(".*") else { continue };
            for name in self.names(parent) {
                let path = format!("{parent}.{name}{rest}");
                if !self.settings.contains_key(&path) {
                    missing.push((path, key));
                }
            }
        }
        for (path, key) in missing {
            self.set_default(path, key);
        }
    }

    fn problem(&mut self, source: &Source, path: Option<&str>, message: impl Into<String>) {
        self.report(Problem::new(source.to_string(), path, message));
    }

    /// Notes a problem that was found elsewhere.
    pub fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Refuses the value of a key for a reason that its kind does not know. For sections.
    pub fn refuse(&mut self, path: &str, message: impl Into<String>) {
        let place = self.settings.get(path).map_or_else(|| "configuration".to_owned(), |one| one.source.to_string());
        self.problems.push(Problem::new(place, Some(path), message));
    }

    pub fn into_parts(self) -> (BTreeMap<String, Setting>, Vec<Problem>) {
        (self.settings, self.problems)
    }

    /// Whether somebody gave the key a value.
    pub fn is_set(&self, path: &str) -> bool {
        self.settings.get(path).is_some_and(|setting| setting.source != Source::Default)
    }

    /// The names that were chosen below a key, in order: those of `auth.keys` are the `*` of `auth.keys.*`.
    pub fn names(&self, parent: &str) -> Vec<String> {
        let below =
            self.settings.keys().filter_map(|path| path.strip_prefix(parent)?.strip_prefix('.')?.split('.').next());
        let mut names: Vec<String> = below.map(str::to_owned).collect();
        names.dedup();
        names
    }

    fn value(&self, path: &str) -> Option<&Value> {
        debug_assert!(KEYS.iter().copied().flatten().any(|key| key.is(path)), "there is no key {path}");
        self.settings.get(path).map(|setting| &setting.value)
    }

    /// A text that has a default, or the text of a choice.
    pub fn text(&self, path: &str) -> String {
        self.maybe_text(path).unwrap_or_default()
    }

    pub fn maybe_text(&self, path: &str) -> Option<String> {
        match self.value(path) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        }
    }

    pub fn secret(&self, path: &str) -> Option<Secret> {
        match self.value(path) {
            Some(Value::Secret(secret)) => Some(secret.clone()),
            _ => None,
        }
    }

    pub fn url(&self, path: &str) -> Option<Address> {
        match self.value(path) {
            Some(Value::Url(url)) => Some(url.clone()),
            _ => None,
        }
    }

    pub fn path(&self, path: &str) -> Option<PathBuf> {
        match self.value(path) {
            Some(Value::Path(value)) => Some(value.clone()),
            _ => None,
        }
    }

    pub fn number(&self, path: &str) -> u64 {
        match self.value(path) {
            Some(Value::Number(number) | Value::Size(number)) => *number,
            _ => 0,
        }
    }

    pub fn flag(&self, path: &str) -> bool {
        matches!(self.value(path), Some(Value::Flag(true)))
    }

    pub fn address(&self, path: &str) -> Option<SocketAddr> {
        match self.value(path) {
            Some(Value::Address(address)) => Some(*address),
            _ => None,
        }
    }

    pub fn list(&self, path: &str) -> Vec<String> {
        match self.value(path) {
            Some(Value::List(items)) => items.clone(),
            _ => Vec::new(),
        }
    }

    pub fn duration(&self, path: &str) -> Duration {
        match self.value(path) {
            Some(Value::Duration(duration)) => *duration,
            _ => Duration::ZERO,
        }
    }
}

/// A text of the environment, the command line or a table, as a file would have it.
pub fn written(kind: Kind, text: &str) -> Scalar {
    match kind {
        Kind::Flag if text == "true" || text == "false" => Scalar::Flag(text == "true"),
        Kind::Number(..) => Scalar::Number(text.to_owned()),
        Kind::List => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Scalar::List(items.map(|item| Scalar::Text(item.to_owned())).collect())
        }
        _ => Scalar::Text(text.to_owned()),
    }
}

fn parse(kind: Kind, scalar: &Scalar, base: &Path) -> Result<Value, String> {
    let value = match (kind, scalar) {
        (Kind::Text, Scalar::Text(text)) => Some(Value::Text(text.clone())),
        (Kind::Secret, Scalar::Text(text)) if !text.is_empty() => Some(Value::Secret(Secret::from(text.as_str()))),
        (Kind::Url(schemes), Scalar::Text(text)) => {
            let scheme = text.split_once(':').map(|(scheme, _)| scheme);
            scheme.filter(|scheme| schemes.contains(scheme)).map(|_| Value::Url(Address::new(text.clone())))
        }
        (Kind::Path, Scalar::Text(text)) if !text.is_empty() => Some(Value::Path(base.join(text))),
        (Kind::Address, Scalar::Text(text)) => text.parse().ok().map(Value::Address),
        (Kind::Flag, Scalar::Flag(flag)) => Some(Value::Flag(*flag)),
        (Kind::Number(least, most), Scalar::Number(text)) => {
            text.parse().ok().filter(|number| (least..=most).contains(number)).map(Value::Number)
        }
        (Kind::Duration(least, most), Scalar::Text(text)) => {
            key::parse_duration(text).filter(|value| (least..=most).contains(value)).map(Value::Duration)
        }
        (Kind::Size(least, most), Scalar::Text(text)) => {
            key::parse_size(text).filter(|value| (least..=most).contains(value)).map(Value::Size)
        }
        (Kind::Choice(choices), Scalar::Text(text)) if choices.contains(&text.as_str()) => {
            Some(Value::Text(text.clone()))
        }
        (Kind::List, Scalar::List(items)) => {
            let text = |item: &Scalar| match item {
                Scalar::Text(text) => Some(text.clone()),
                _ => None,
            };
            items.iter().map(text).collect::<Option<Vec<_>>>().map(Value::List)
        }
        _ => None,
    };
    value.ok_or_else(|| refusal(kind, scalar))
}

fn refusal(kind: Kind, scalar: &Scalar) -> String {
    let expected = kind.expected();
    let found = match scalar {
        // Whatever it is, it may be a secret in the wrong place or with the wrong quotes.
        _ if matches!(kind, Kind::Secret | Kind::Url(_)) => "",
        Scalar::Nothing => ", found nothing",
        Scalar::Flag(_) | Scalar::Number(_) if matches!(kind, Kind::Text | Kind::Path) => "; put it in quotes",
        Scalar::List(_) => ", found a list",
        Scalar::Flag(flag) => return format!("expected {expected}, found {flag}"),
        Scalar::Number(text) | Scalar::Text(text) => {
            let shown: String = text.chars().take(60).collect();
            let hint = match kind {
                Kind::Choice(choices) => suggestion(text, choices.iter().copied()),
                _ => None,
            };
            let hint = hint.map(|choice| format!(". Did you mean {choice}?")).unwrap_or_default();
            return format!("expected {expected}, found {shown}{hint}");
        }
    };
    format!("expected {expected}{found}")
}

fn secret_file(scalar: &Scalar, base: &Path) -> Result<String, String> {
    let Scalar::Text(name) = scalar else {
        return Err("expected the path of a file with the secret".to_owned());
    };
    let path = base.join(name);
    match std::fs::read_to_string(&path) {
        // Editors end a file with a line feed.
        Ok(text) => match text.trim_end_matches(['\r', '\n']) {
            "" => Err(format!("the file {} is empty", path.display())),
            text => Ok(text.to_owned()),
        },
        Err(error) => Err(format!("the file {} cannot be read: {error}", path.display())),
    }
}

/// What to say about a path that is no key.
fn unknown(path: &str) -> String {
    let keys = || KEYS.iter().copied().flatten().map(|key| key.path);
    if keys().any(|key| key.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'))) {
        return format!("{path} is a section; expected a mapping of keys and values");
    }
    let hint = suggestion(path, keys()).map(|key| format!(" Did you mean {key}?")).unwrap_or_default();
    format!("there is no key {path}.{hint}")
}

/// The path that an environment variable sets, if it is one of ours.
pub fn path_of(variable: &str) -> Result<String, String> {
    let keys = || KEYS.iter().copied().flatten();
    let exact = |variable: &str| {
        let named = |key: &&Key| key.variable == Some(variable) || key.environment() == variable;
        keys().filter(|key| !key.path.contains('*')).find(named).map(|key| key.path.to_owned())
    };
    let chosen = |variable: &str| {
        let patterns = keys().filter(|key| key.path.contains('*'));
        let found = patterns.filter_map(|key| Some((key, key.name_in(variable)?)));
        // The shortest name: of …_MAIN_PUBLIC_KEY it is `main`, even if there is a key `key`.
        found.min_by_key(|(_, name)| name.len()).map(|(key, name)| key.path.replace('*', &name))
    };
    if let Some(path) = exact(variable).or_else(|| chosen(variable)) {
        return Ok(path);
    }
    if let Some(value) = variable.strip_suffix("_FILE")
        && let Some(path) = exact(value).or_else(|| chosen(value))
    {
        return Ok(format!("{path}_file"));
    }
    let names: Vec<String> =
        keys().flat_map(|key| [Some(key.environment()), key.variable.map(str::to_owned)]).flatten().collect();
    // What all names begin with says nothing about how alike they are.
    let tails = names.iter().map(|name| name.trim_start_matches(PREFIX).to_lowercase()).collect::<Vec<_>>();
    let tail = variable.trim_start_matches(PREFIX);
    let hint = suggestion(tail, tails.iter().map(String::as_str));
    let hint = hint.map(|name| format!(" Did you mean {PREFIX}{}?", name.to_uppercase())).unwrap_or_default();
    Err(format!("no key has this variable.{hint}"))
}
