//! What can be configured: keys, what they hold, and what they are for.

use std::time::Duration;

/// A key of the configuration. The table of all keys is where it is documented; the reference is made from it.
#[derive(Debug)]
pub struct Key {
    /// Dotted. A `*` stands for a name that whoever configures chooses.
    pub path: &'static str,
    pub kind: Kind,
    /// As it would be written. Without one, the key may be left out and is then not set.
    pub default: Option<&'static str>,
    /// Another environment variable, besides the one that follows from the path.
    pub variable: Option<&'static str>,
    /// For people: one sentence or two.
    pub about: &'static str,
}

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// Never shown. May be in a file instead, that the same key with `_file` at its end names.
    Secret,
    /// Of one of these schemes. A password in it is never shown.
    Url(&'static [&'static str]),
    Path,
    /// IP address and port.
    Address,
    Flag,
    /// Least and most.
    Number(u64, u64),
    /// Least and most.
    Duration(Duration, Duration),
    /// Bytes: least and most.
    Size(u64, u64),
    Choice(&'static [&'static str]),
    List,
}

impl Key {
    pub const fn new(path: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { path, kind, default: None, variable: None, about }
    }

    pub const fn default(self, text: &'static str) -> Self {
        Self { default: Some(text), ..self }
    }

    pub const fn variable(self, name: &'static str) -> Self {
        Self { variable: Some(name), ..self }
    }

    /// The environment variable: `delivery.first_pause` is `ACTWRIGHT_DELIVERY_FIRST_PAUSE`.
    pub fn environment(&self) -> String {
        let name = self.path.replace('*', "NAME");
        format!("{PREFIX}{}", name.replace('.', "_").to_uppercase())
    }

    /// The section that it is in; empty for keys at the top.
    pub fn section(&self) -> &'static str {
        self.path.split_once('.').map_or("", |(section, _)| section)
    }

    /// Whether a dotted path is this key's.
    pub fn is(&self, path: &str) -> bool {
        let (mut own, mut other) = (self.path.split('.'), path.split('.'));
        loop {
            match (own.next(), other.next()) {
                (None, None) => return true,
                (Some(own), Some(other)) if own == other || (own == "*" && is_name(other)) => {}
                _ => return false,
            }
        }
    }

    /// The name that a variable gives in the place of `*`: of `ACTWRIGHT_AUTH_KEYS_MAIN_SECRET` it is `main`.
    pub fn name_in(&self, variable: &str) -> Option<String> {
        let pattern = self.environment();
        let (before, after) = pattern.split_once("NAME")?;
        let name = variable.strip_prefix(before)?.strip_suffix(after)?.to_lowercase().replace('_', "-");
        is_name(&name).then_some(name)
    }
}

impl Kind {
    /// What was expected, in a message after "expected".
    pub fn expected(self) -> String {
        match self {
            Self::Text | Self::Secret => "a text".to_owned(),
            Self::Url(schemes) => format!("an address that begins with {}", either(schemes, ":")),
            Self::Path => "a path".to_owned(),
            Self::Address => "an IP address and a port, such as 127.0.0.1:8080".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Number(least, most) => format!("a whole number from {least} to {most}"),
            Self::Duration(least, most) => {
                format!("a duration from {} to {}, such as 500ms, 30s, 5m, 1h or 7d", duration(least), duration(most))
            }
            Self::Size(least, most) => {
                format!("a size from {} to {}, such as 512KiB or 16MiB", size(least), size(most))
            }
            Self::Choice(choices) => either(choices, ""),
            Self::List => "a list of texts".to_owned(),
        }
    }
}

fn either(choices: &[&str], after: &str) -> String {
    let choices: Vec<String> = choices.iter().map(|choice| format!("{choice}{after}")).collect();
    match choices.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => choices.concat(),
    }
}

/// What environment variables of ours begin with.
pub const PREFIX: &str = "ACTWRIGHT_";

/// Whether a text may stand in the place of `*`. No underscores, which separate the parts of a variable.
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Units of durations, in milliseconds.
const DURATIONS: [(&str, u64); 5] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Units of sizes, in bytes.
const SIZES: [(&str, u64); 4] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

pub fn parse_duration(text: &str) -> Option<Duration> {
    with_unit(text, &DURATIONS).map(Duration::from_millis)
}

pub fn parse_size(text: &str) -> Option<u64> {
    with_unit(text, &SIZES)
}

fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// As it would be written.
pub fn duration(duration: Duration) -> String {
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    in_unit(milliseconds, &DURATIONS)
}

/// As it would be written.
pub fn size(bytes: u64) -> String {
    in_unit(bytes, &SIZES)
}

fn in_unit(value: u64, units: &[(&str, u64)]) -> String {
    let fits = |(_, factor): &&(&str, u64)| value >= *factor && value.is_multiple_of(*factor);
    let (unit, factor) = units.iter().rev().find(fits).unwrap_or(&units[0]);
    format!("{}{unit}", value / factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown can be written again, and nothing else is understood.
    #[test]
    fn durations_and_sizes_read_as_they_are_written() {
        for text in ["0ms", "500ms", "30s", "5m", "1h", "7d"] {
            assert_eq!(parse_duration(text).map(duration).as_deref(), Some(text));
        }
        for text in ["0B", "100B", "512KiB", "16MiB", "1GiB"] {
            assert_eq!(parse_size(text).map(size).as_deref(), Some(text));
        }
        assert_eq!(parse_duration("90s").map(duration).as_deref(), Some("90s"));
        for text in ["", "5", "s", "-1s", "1.5s", "5 weeks", "99999999999999999999s", "18446744073709551615d"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    /// A name that is chosen must be found in a variable again, whatever stands around it.
    #[test]
    fn names_are_found_in_paths_and_variables() {
        let key = Key::new("auth.keys.*.secret", Kind::Secret, "");
        assert!(key.is("auth.keys.main.secret"));
        assert!(!key.is("auth.keys.secret"));
        assert!(!key.is("auth.keys.Main.secret"));
        assert_eq!(key.name_in("ACTWRIGHT_AUTH_KEYS_NEW_ONE_SECRET").as_deref(), Some("new-one"));
        assert_eq!(key.name_in("ACTWRIGHT_AUTH_KEYS_SECRET"), None);
    }
}
