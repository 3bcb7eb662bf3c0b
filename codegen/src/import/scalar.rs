//! Texts, numbers and enums.

use std::collections::BTreeSet;

use serde_json::Value;

use super::note::Notes;
use super::parts::Parts;
use crate::model::{StringType, Type};
use crate::spec::{EXACT, Probe, identity, is_enum_value};

/// A text, and whether it is a secret.
pub fn text(parts: &Parts<'_>, probe: &Probe, notes: &mut Notes) -> (Type, bool) {
    let formats: Vec<_> = parts.all("format").collect();
    let known = formats.iter().find_map(|place| match place.value.as_str()? {
        "uuid" => Some(Type::Uuid),
        "date-time" => Some(Type::DateTime),
        "date" => Some(Type::Date),
        "email" => Some(Type::Email),
        _ => None,
    });
    let mut secret = false;
    for place in &formats {
        match place.value.as_str() {
            Some("password") => secret = true,
            Some("uuid" | "date-time" | "date" | "email") => {}
            Some(other) => notes.add(place.shown(), format!("format: {other} is not checked")),
            None => notes.add(place.shown(), "not a format; it is left out"),
        }
    }
    if let Some(known) = known {
        for key in ["minLength", "maxLength", "pattern"] {
            for place in parts.all(key) {
                notes.add(place.shown(), format!("{key} is left out beside the format"));
            }
        }
        return (known, secret);
    }
    let (min, max) = (parts.largest("minLength", notes), parts.smallest("maxLength", notes));
    let (min_length, max_length) = in_order(parts, "minLength", min, max, notes);
    let text = StringType { min_length: min_length.filter(|min| *min > 0), max_length, ..StringType::default() };
    (Type::String(StringType { pattern: pattern(parts, probe, notes), ..text }), secret)
}

fn pattern(parts: &Parts<'_>, probe: &Probe, notes: &mut Notes) -> Option<String> {
    let mut kept = None;
    for place in parts.all("pattern") {
        let Some(pattern) = place.value.as_str() else {
            notes.add(place.shown(), "not a pattern; it is left out");
            continue;
        };
        let written = spelt_out(pattern);
        match probe.pattern_problem(&written) {
            Some(why) => notes.add(place.shown(), format!("pattern is left out: it {why}")),
            None if kept.is_some() => notes.add(place.shown(), "a field has one pattern; this one is left out"),
            None => kept = Some(written),
        }
    }
    kept
}

/// What JSON Schema takes for white space.
const SPACE: &str = "\\t-\\r\\ufeff\\u2028\\u2029\\p{Zs}";

/// Classes that mean something else here, as what they stand for, and characters without a backslash that they do not need.
fn spelt_out(pattern: &str) -> String {
    // What people write for any character at all, line ends included.
    const ANY: [&str; 6] = ["[\\s\\S]", "[\\S\\s]", "[\\d\\D]", "[\\D\\d]", "[\\w\\W]", "[\\W\\w]"];
    let pattern = ANY.iter().fold(pattern.to_owned(), |pattern, any| pattern.replace(any, "(?:[^\\n]|\\n)"));
    let mut written = String::with_capacity(pattern.len());
    let mut letters = pattern.chars();
    let mut in_class = false;
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            match letter {
                '.' if !in_class => written.push_str("[^\\n\\r\\u2028\\u2029]"),
                '[' | '}' if in_class => written.extend(['\\', letter]),
                _ => written.push(letter),
            }
            in_class = letter == '[' || in_class && letter != ']';
            continue;
        }
        let Some(escaped) = letters.next() else {
            written.push('\\');
            break;
        };
        let class = match escaped.to_ascii_lowercase() {
            'd' => Some("0-9"),
            'w' => Some("A-Za-z0-9_"),
            's' => Some(SPACE),
            _ => None,
        };
        match class {
            Some(class) if in_class && escaped.is_ascii_lowercase() => written.push_str(class),
            Some(class) if !in_class && escaped.is_ascii_lowercase() => written.push_str(&format!("[{class}]")),
            Some(class) if !in_class => written.push_str(&format!("[^{class}]")),
            None if "@\"' :;,<>=_#%!`~".contains(escaped) || escaped == '-' && !in_class => written.push(escaped),
            _ => {
                written.push('\\');
                written.push(escaped);
            }
        }
    }
    written
}

/// Bounds that a value can meet.
pub fn in_order<T: PartialOrd>(
    parts: &Parts<'_>,
    key: &str,
    min: Option<T>,
    max: Option<T>,
    notes: &mut Notes,
) -> (Option<T>, Option<T>) {
    if min.as_ref().zip(max.as_ref()).is_some_and(|(min, max)| min > max) {
        let place = parts.all(key).next().map_or_else(|| parts.shown(), |place| place.shown());
        notes.add(place, "no value fits these bounds; they are left out");
        return (None, None);
    }
    (min, max)
}

/// A bound, and whether it does not fit itself.
struct Bound {
    at: f64,
    is_exclusive: bool,
    shown: String,
}

fn bounds(parts: &Parts<'_>, key: &str, exclusive: &str, notes: &mut Notes) -> Vec<Bound> {
    let mut all = Vec::new();
    for part in &parts.plain {
        for (name, always_exclusive) in [(key, false), (exclusive, true)] {
            let Some(place) = part.get(name) else { continue };
            match place.value {
                // Draft 4 says with a truth value what the bound beside it is.
                Value::Bool(_) if always_exclusive => {}
                Value::Number(number) => {
                    let is_exclusive = always_exclusive || part.is_true(exclusive);
                    let at = number.as_f64().filter(|at| at.is_finite());
                    all.extend(at.map(|at| Bound { at, is_exclusive, shown: place.shown() }));
                }
                _ => notes.add(place.shown(), "not a number; it is left out"),
            }
        }
    }
    all
}

/// A whole number.
pub fn integer(parts: &Parts<'_>, notes: &mut Notes) -> Type {
    multiples(parts, notes, true);
    #[expect(clippy::cast_precision_loss, reason = "beyond, there is no bound")]
    let limit = EXACT as f64;
    #[expect(clippy::cast_possible_truncation, reason = "clamped to what is exact")]
    let whole = |number: f64| number.clamp(-limit, limit) as i64;
    let least = |bound: Bound| if bound.is_exclusive { whole(bound.at.floor() + 1.0) } else { whole(bound.at.ceil()) };
    let most = |bound: Bound| if bound.is_exclusive { whole(bound.at.ceil() - 1.0) } else { whole(bound.at.floor()) };
    let mut min = bounds(parts, "minimum", "exclusiveMinimum", notes).into_iter().map(least).max();
    let mut max = bounds(parts, "maximum", "exclusiveMaximum", notes).into_iter().map(most).min();
    for place in parts.all("format") {
        match place.value.as_str() {
            Some("int32") => {
                min = Some(min.map_or(i64::from(i32::MIN), |min| min.max(i32::MIN.into())));
                max = Some(max.map_or(i64::from(i32::MAX), |max| max.min(i32::MAX.into())));
                notes.add(place.shown(), "format: int32 becomes min and max");
            }
            Some("int64") => {}
            _ => notes.add(place.shown(), format!("format: {} is not checked", place.value.as_str().unwrap_or("this"))),
        }
    }
    let (min, max) = in_order(parts, "minimum", min, max, notes);
    Type::Integer { min: min.unwrap_or(-EXACT), max: max.unwrap_or(EXACT) }
}

/// A number.
pub fn number(parts: &Parts<'_>, notes: &mut Notes) -> Type {
    multiples(parts, notes, false);
    let inclusive = |all: &[Bound], notes: &mut Notes| {
        for bound in all.iter().filter(|bound| bound.is_exclusive) {
            notes.add(&bound.shown, format!("the bound {} itself is let in", bound.at));
        }
    };
    let (least, most) =
        (bounds(parts, "minimum", "exclusiveMinimum", notes), bounds(parts, "maximum", "exclusiveMaximum", notes));
    inclusive(&least, notes);
    inclusive(&most, notes);
    for place in parts.all("format") {
        let format = place.value.as_str().unwrap_or("this");
        if !matches!(format, "float" | "double") {
            notes.add(place.shown(), format!("format: {format} is not checked"));
        }
    }
    let min = least.iter().map(|bound| bound.at).reduce(f64::max);
    let max = most.iter().map(|bound| bound.at).reduce(f64::min);
    let (min, max) = in_order(parts, "minimum", min, max, notes);
    Type::Number { min, max }
}

fn multiples(parts: &Parts<'_>, notes: &mut Notes, is_whole: bool) {
    for place in parts.all("multipleOf") {
        if !(is_whole && place.value.as_f64() == Some(1.0)) {
            notes.add(place.shown(), "multipleOf is not checked");
        }
    }
}

/// In characters, for a pattern of all values.
const LONGEST_PATTERN: usize = 2_000;

/// Whether a value is of one of these types. Null is of any, as many forget to say that it may be there.
pub fn is_of(value: &Value, types: &[&str]) -> bool {
    let own: &[&str] = match value {
        Value::Null => return true,
        Value::Bool(_) => &["boolean"],
        Value::Number(number) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => &["integer", "number"],
        Value::Number(_) => &["number"],
        Value::String(_) => &["string"],
        Value::Array(_) => &["array"],
        Value::Object(_) => &["object"],
    };
    own.iter().any(|one| types.contains(one))
}

/// What could make the listed values fewer, and hardly ever does.
pub const BESIDE_VALUES: [&str; 8] =
    ["minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];

/// The values of `enum` and `const`: those that all parts list.
pub fn values<'d>(parts: &Parts<'d>) -> Option<Vec<&'d Value>> {
    let mut values: Option<Vec<&'d Value>> = None;
    for part in &parts.plain {
        let Some(map) = part.map() else { continue };
        let listed = map.get("enum").and_then(Value::as_array).map(|all| all.iter().collect());
        for own in listed.into_iter().chain(map.get("const").map(|one| vec![one])) {
            let own: Vec<&Value> = own;
            values = Some(match values {
                None => own,
                Some(known) => known.into_iter().filter(|one| own.contains(one)).collect(),
            });
        }
    }
    values
}

/// The type of which these are all the values, and whether null is one of them.
pub fn enumeration(shown: &str, values: &[&Value], probe: &Probe, notes: &mut Notes) -> (Type, bool) {
    let nullable = values.iter().any(|value| value.is_null());
    let mut seen = BTreeSet::new();
    let rest: Vec<&Value> =
        values.iter().copied().filter(|value| !value.is_null() && seen.insert(value.to_string())).collect();
    let texts: Vec<&str> = rest.iter().filter_map(|value| value.as_str()).collect();
    let numbers: Vec<f64> = rest.iter().filter_map(|value| value.as_f64()).collect();
    let wholes: Vec<i64> =
        rest.iter().filter_map(|value| value.as_i64()).filter(|one| (-EXACT..=EXACT).contains(one)).collect();
    let bounds = wholes.iter().min().copied().zip(wholes.iter().max().copied());
    let count = rest.len();
    if count == 0 {
        notes.add(shown, "no value but null; it becomes json");
        return (Type::Json, true);
    }
    if texts.len() == count {
        return (of_texts(shown, &texts, probe, notes), nullable);
    }
    if let (Some((min, max)), true) = (bounds, wholes.len() == count) {
        if usize::try_from(max - min).ok() != Some(count - 1) {
            notes.add(shown, "numbers cannot be listed; they become min and max");
        }
        return (Type::Integer { min, max }, nullable);
    }
    if numbers.len() == count {
        notes.add(shown, "numbers cannot be listed; they become min and max");
        let (min, max) = (numbers.iter().copied().reduce(f64::min), numbers.iter().copied().reduce(f64::max));
        return (Type::Number { min, max }, nullable);
    }
    if rest.iter().all(|value| value.is_boolean()) {
        if count == 1 {
            notes.add(shown, "one truth value cannot be asked for; both are let in");
        }
        return (Type::Boolean, nullable);
    }
    notes.add(shown, "values of several types become json");
    (Type::Json, nullable)
}

fn of_texts(shown: &str, texts: &[&str], probe: &Probe, notes: &mut Notes) -> Type {
    let mut seen = BTreeSet::new();
    let odd = texts.iter().find(|text| !is_enum_value(text) || !seen.insert(identity(text)));
    let Some(odd) = odd else { return Type::Enum(texts.iter().map(|text| (*text).to_owned()).collect()) };
    let pattern = format!("^(?:{})$", texts.iter().map(|text| escaped(text)).collect::<Vec<_>>().join("|"));
    let fits = pattern.chars().count() <= LONGEST_PATTERN && probe.pattern_problem(&pattern).is_none();
    let what = if fits { "a text with a pattern" } else { "any text" };
    notes.add(shown, format!("`{odd}` cannot be a value of an enum, so that the values become {what}"));
    Type::String(StringType { pattern: fits.then_some(pattern), ..StringType::default() })
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, c| {
        if "^$\\.*+?()[]{}|/".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spelt out, a class means here what it means in JSON Schema.
    #[test]
    fn classes_are_spelt_out() {
        for (pattern, expected) in [
            ("^\\d{4}-\\w+$", "^[0-9]{4}-[A-Za-z0-9_]+$"),
            ("[\\d.\\]x]\\.", "[0-9.\\]x]\\."),
            ("[^\\w-]\\\\d", "[^A-Za-z0-9_-]\\\\d"),
            ("^[\\s\\S]*[^[}]$", "^(?:[^\\n]|\\n)*[^\\[\\}]$"),
            ("a.c", "a[^\\n\\r\\u2028\\u2029]c"),
            ("[\\s]\\S", "[\\t-\\r\\ufeff\\u2028\\u2029\\p{Zs}][^\\t-\\r\\ufeff\\u2028\\u2029\\p{Zs}]"),
            ("[\\-\\W]\\-\\@\\b", "[\\-\\W]-@\\b"),
            ("x\\", "x\\"),
        ] {
            assert_eq!(spelt_out(pattern), expected);
        }
    }
}
