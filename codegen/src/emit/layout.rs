//! Lays generated Rust out in long, flat lines: prettyplease breaks at 90 columns and into one element a line, which
//! makes static data three times as long as it has to be. What this leaves is still plain Rust, and `rustfmt` is kept off.

/// The longest line that joining makes.
const WIDTH: usize = 120;

/// Joins what fits.
pub fn flatten(text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // Inner groups first, so that outer ones can take them in.
    let mut at = lines.len();
    while at > 0 {
        at -= 1;
        if let Some(end) = group_end(&lines, at) {
            join(&mut lines, at, end);
        }
    }
    let mut text = fill(&lines).join("\n");
    text.push('\n');
    text
}

/// The line that closes the group that a line opens, where the group may be joined.
fn group_end(lines: &[String], at: usize) -> Option<usize> {
    let line = &lines[at];
    let closer = match line.chars().last()? {
        '(' => ')',
        '[' => ']',
        '{' if is_value(line) || is_short_function(lines, at) => '}',
        '<' => '>',
        _ => return None,
    };
    let indent = indentation(line);
    let end = (at + 1..lines.len()).find(|index| indentation(&lines[*index]) <= indent)?;
    (indentation(&lines[end]) == indent && lines[end].trim_start().starts_with(closer)).then_some(end)
}

/// Whether a brace opens a function of one line.
fn is_short_function(lines: &[String], at: usize) -> bool {
    let start = lines[at].trim_start();
    let closed = lines.get(at + 2).is_some_and(|line| line.trim() == "}");
    (start.starts_with("pub fn ") || start.starts_with("fn ")) && closed
}

/// Whether a brace opens a struct's value, not an item or a block.
fn is_value(line: &str) -> bool {
    let start = line.trim_start();
    let items = ["pub ", "impl", "fn ", "match", "where", "trait", "enum", "struct", "mod ", "Self {", "{"];
    !items.iter().any(|item| start.starts_with(item)) && !start.contains("=> {") && !start.contains("-> ")
}

fn join(lines: &mut Vec<String>, at: usize, end: usize) {
    let inner: Vec<&str> = lines[at + 1..end].iter().map(|line| line.trim()).collect();
    if inner.iter().any(|line| line.starts_with("//") || line.starts_with("#[")) {
        return;
    }
    let brace = lines[at].ends_with('{');
    let content = inner.join(" ");
    let content = content.strip_suffix(',').unwrap_or(&content);
    let space = if brace { " " } else { "" };
    let joined = format!("{}{space}{content}{space}{}", lines[at], lines[end].trim_start());
    if joined.chars().count() <= WIDTH {
        lines.splice(at..=end, [joined]);
    }
}

/// Puts several short elements of a long list on a line.
fn fill(lines: &[String]) -> Vec<String> {
    let mut filled: Vec<String> = Vec::new();
    for line in lines {
        if let Some(last) = filled.last_mut()
            && is_element(line)
            && is_element(last)
            && indentation(line) == indentation(last)
            && last.chars().count() + 1 + line.trim().chars().count() <= WIDTH
        {
            last.push(' ');
            last.push_str(line.trim());
            continue;
        }
        filled.push(line.clone());
    }
    filled
}

/// Whether a line is a whole element of a list or a value, not of an item.
fn is_element(line: &str) -> bool {
    let start = line.trim_start();
    let whole = |open: char, close: char| line.matches(open).count() == line.matches(close).count();
    let item = ["pub ", "//", "#[", "B: "].iter().any(|item| start.starts_with(item)) || start.contains(" => ");
    line.ends_with(',') && !item && whole('(', ')') && whole('[', ']') && whole('{', '}')
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls and lists join when they fit; items keep their shape.
    #[test]
    fn groups_join_when_they_fit() {
        let text = "const A: B = f(\n    \"x\",\n    &[\n        1,\n        2,\n    ],\n);\npub struct S {\n    pub a: u8,\n}\n";
        assert_eq!(flatten(text), "const A: B = f(\"x\", &[1, 2]);\npub struct S {\n    pub a: u8,\n}\n");
    }

    /// What does not fit stays as it is.
    #[test]
    fn long_groups_stay() {
        let text = format!("f(\n    \"{}\",\n    \"{}\",\n);\n", "x".repeat(70), "y".repeat(70));
        assert_eq!(flatten(&text), text);
    }
}
