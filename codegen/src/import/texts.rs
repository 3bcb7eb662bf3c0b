//! Names and texts of other languages, as specs can have them.

use std::collections::BTreeSet;

use heck::{ToSnakeCase, ToUpperCamelCase};

use crate::spec::{identity, is_impossible, is_key, is_pascal};

/// In characters. What is longer belongs into a manual.
const LONGEST_DESCRIPTION: usize = 300;

/// In characters.
const LONGEST_LABEL: usize = 80;

/// In characters.
const LONGEST_NAME: usize = 80;

/// A text on one line, without what no spec may hold.
pub fn one_line(text: &str) -> String {
    let visible = |c: char| if c.is_control() || is_unprintable(c) { ' ' } else { c };
    text.chars().map(visible).collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What YAML does not allow as it is, or takes for the end of a line.
pub fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') || u32::from(c) & 0xfffe == 0xfffe
}

/// A description on one line, as many sentences of it as are short. `None` when it says nothing.
pub fn description(text: &str) -> Option<String> {
    let text = one_line(text);
    let Some((end, _)) = text.char_indices().nth(LONGEST_DESCRIPTION) else {
        return (!text.is_empty()).then_some(text);
    };
    let start = &text[..end];
    if let Some(stop) = start.rfind(". ") {
        return Some(start[..=stop].to_owned());
    }
    Some(format!("{}…", start.rfind(' ').map_or(start, |space| &start[..space])))
}

/// A label. `None` when it is none.
pub fn label(text: &str) -> Option<String> {
    let text = one_line(text);
    let text = text.trim_end_matches('.').trim_end();
    (!text.is_empty() && text.chars().count() <= LONGEST_LABEL).then(|| text.to_owned())
}

/// A name that is free and can be that of a field, and takes it.
pub fn field_name(name: &str, taken: &mut BTreeSet<String>) -> String {
    let name = if is_key(name) && !is_impossible(name) && name.len() <= LONGEST_NAME {
        name.to_owned()
    } else {
        possible_name(name)
    };
    free(&name, "_", |name| taken.insert(identity(name)))
}

fn possible_name(name: &str) -> String {
    let signed = match name.split_at_checked(1) {
        Some(("+", rest)) => format!("plus {rest}"),
        Some(("-", rest)) => format!("minus {rest}"),
        _ => name.to_owned(),
    };
    let words: String = signed.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    let snake: String = words.to_snake_case().chars().take(LONGEST_NAME).collect();
    let snake = snake.trim_matches('_');
    match snake.chars().next() {
        None => "field".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("field_{snake}"),
        Some(_) if is_impossible(snake) => format!("{snake}_value"),
        Some(_) => snake.to_owned(),
    }
}

/// A name that can be that of a type.
pub fn type_name(name: &str) -> String {
    let words: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    let pascal: String = words.to_upper_camel_case().chars().take(LONGEST_NAME).collect();
    // Once more, so that the name of the file and back again is the same name.
    let pascal = pascal.to_snake_case().to_upper_camel_case();
    if is_pascal(&pascal) && !is_impossible(&pascal) { pascal } else { format!("Type{pascal}") }
}

/// The name, or the first of those with a number after it, that is accepted.
pub fn free(name: &str, separator: &str, mut accept: impl FnMut(&str) -> bool) -> String {
    if accept(name) {
        return name.to_owned();
    }
    let mut number = 2;
    loop {
        let numbered = format!("{name}{separator}{number}");
        if accept(&numbered) {
            return numbered;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names that JSON allows and specs do not are still told apart.
    #[test]
    fn names_become_possible() {
        let mut taken = BTreeSet::new();
        let names =
            ["id", "ID", "+1", "-1", "1", "filter[name]", "@odata.type", "self", "größe", "", "日本", "X-Rate-Limit"];
        let became: Vec<String> = names.iter().map(|name| field_name(name, &mut taken)).collect();
        assert_eq!(
            became,
            [
                "id",
                "ID_2",
                "plus_1",
                "minus_1",
                "field_1",
                "filter_name",
                "odata_type",
                "self_value",
                "gr_e",
                "field",
                "field_2",
                "x_rate_limit"
            ]
        );
    }

    /// The name of a type and that of its file lead to each other.
    #[test]
    fn names_of_types_are_those_of_their_files() {
        for name in
            ["simple-user", "APIKey", "io.k8s.api.core.v1.Pod", "3d", "self", "größe", "", "日本", "a1B2", "v1_1"]
        {
            let pascal = type_name(name);
            assert!(is_pascal(&pascal) && !is_impossible(&pascal), "{name}: {pascal}");
            assert_eq!(pascal.to_snake_case().to_upper_camel_case(), pascal, "{name}");
        }
    }

    /// A description ends where a sentence ends.
    #[test]
    fn descriptions_are_short() {
        assert_eq!(description(" One\n\ttwo. "), Some("One two.".to_owned()));
        assert_eq!(description("\u{7}\n"), None);
        assert_eq!(description(&format!("First. {}", "x ".repeat(400))), Some("First.".to_owned()));
        assert_eq!(description(&"xy ".repeat(400)).map(|text| text.chars().count()), Some(300));
    }
}
