//! Where in a spec a cursor stands: told from the text alone, since a text that is being typed is seldom YAML.

use crate::yaml::Span;

/// A place in a text, and what it is within.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Keys from the root; [`ITEM`] for an item of a list.
    pub path: Vec<String>,
    /// A key is expected here, not a value.
    pub on_key: bool,
    /// What stands here, without quotes; empty where nothing does.
    pub word: Span,
}

/// The step into an item of a list.
pub const ITEM: &str = "[]";

/// Finds out where an offset, in bytes, stands.
pub fn at(text: &str, offset: usize) -> Cursor {
    let offset = text.floor_char_boundary(offset.min(text.len()));
    let mut scanner = Scanner { text, offset, frames: Vec::new() };
    let mut next = 0;
    while next < text.len() {
        match scanner.line(next) {
            Step::Found(cursor) => return cursor,
            Step::Next(at) => next = at,
        }
    }
    let column = offset - text[..offset].rfind('\n').map_or(0, |at| at + 1);
    scanner.leave_entries(column);
    scanner.gap(true)
}

struct Scanner<'t> {
    text: &'t str,
    offset: usize,
    frames: Vec<Frame>,
}

/// What is open.
enum Frame {
    Entry { indent: usize, key: String },
    Item { indent: usize },
    FlowMap { key: Option<String> },
    FlowList,
}

enum Step {
    Found(Cursor),
    /// Go on at this byte.
    Next(usize),
}

impl Scanner<'_> {
    fn line(&mut self, start: usize) -> Step {
        let end = self.line_end(start);
        let mut at = self.skip_spaces(start, end);
        let content = self.text[at..end].trim_end();
        if content.is_empty() || content.starts_with('#') {
            if self.offset <= end {
                self.leave_entries(self.offset.min(at) - start);
                return Step::Found(self.gap(content.is_empty()));
            }
            return Step::Next(end + 1);
        }
        let mut is_item = false;
        while self.text[at..end] == *"-" || self.text[at..end].starts_with("- ") {
            if self.offset <= at {
                self.leave_entries(self.offset - start);
                return Step::Found(self.gap(true));
            }
            self.leave_items(at - start);
            self.frames.push(Frame::Item { indent: at - start });
            is_item = true;
            at = self.skip_spaces(at + 1, end);
            if self.offset < at || at == end && self.offset <= end {
                return Step::Found(self.gap(false));
            }
        }
        if at >= end {
            return Step::Next(end + 1);
        }
        if self.offset < at {
            self.leave_entries(self.offset - start);
            return Step::Found(self.gap(true));
        }
        let column = at - start;
        if let Some((key, after)) = self.key(at, end) {
            // Half a permission looks like a key.
            if is_item && self.offset == after && self.text[after..end].trim().is_empty() {
                return Step::Found(self.found(false, at..after));
            }
            self.leave_entries(column);
            if self.offset <= key.end {
                return Step::Found(self.found(true, key));
            }
            let key = unquoted(&self.text[key]).to_owned();
            self.frames.push(Frame::Entry { indent: column, key });
            return self.value(after, end, column);
        }
        if is_item || self.text[at..].starts_with(['{', '[']) {
            return self.value(at, end, column);
        }
        // A key that has no colon yet.
        let word = at..at + content.trim_start().len().min(end - at);
        if self.offset <= end {
            self.leave_entries(column);
            return Step::Found(self.found(true, word));
        }
        Step::Next(end + 1)
    }

    /// The key that begins here, and the byte after its colon.
    fn key(&self, at: usize, end: usize) -> Option<(Span, usize)> {
        let line = &self.text[at..end];
        if line.starts_with(['{', '[', '#']) {
            return None;
        }
        let quoted = line.starts_with(['"', '\'']).then(|| quoted_end(line)).flatten();
        let from = quoted.unwrap_or(0);
        let colon = line[from..].match_indices(':').map(|(found, _)| from + found).find(|found| {
            let rest = &line[found + 1..];
            rest.is_empty() || rest.starts_with([' ', '\t', '\r'])
        })?;
        if quoted.is_none() && line[..colon].contains(" #") {
            return None;
        }
        Some((at..at + line[..colon].trim_end().len(), at + colon + 1))
    }

    /// What follows a colon or a dash. `column` is that of the entry.
    fn value(&mut self, from: usize, end: usize, column: usize) -> Step {
        let at = self.skip_spaces(from, end);
        if self.offset < at || at == end && self.offset <= end {
            return Step::Found(self.gap(false));
        }
        let rest = &self.text[at..end];
        if rest.starts_with(['{', '[']) {
            return self.flow(at, column);
        }
        let length = match rest.starts_with(['"', '\'']).then(|| quoted_end(rest)).flatten() {
            Some(length) => length,
            None if rest.starts_with('#') => 0,
            None => rest.find(" #").map_or(rest, |comment| &rest[..comment]).trim_end().len(),
        };
        if self.offset <= at + length {
            return Step::Found(self.found(false, at..at + length));
        }
        if self.offset <= end {
            return Step::Found(self.gap(false));
        }
        Step::Next(end + 1)
    }

    /// Brackets, over as many lines as they take. Those that somebody has not closed yet end where the block goes on.
    fn flow(&mut self, from: usize, column: usize) -> Step {
        let base = self.frames.len();
        let mut at = from;
        loop {
            let start = at;
            at = self.skip_blank(at);
            let on_key = matches!(self.frames.last(), Some(Frame::FlowMap { key: None }));
            let line = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
            let goes_on = line > start && at - line <= column && !self.text[at..].starts_with(['}', ']']);
            if self.offset < at && !(goes_on && self.offset >= line) || at == self.text.len() {
                return Step::Found(self.gap(on_key));
            }
            if goes_on {
                self.frames.truncate(base);
                return Step::Next(line);
            }
            let byte = self.text.as_bytes()[at];
            let closes = matches!(byte, b'}' | b']' | b',');
            if closes && self.offset <= at {
                return Step::Found(self.gap(on_key));
            }
            match byte {
                b'{' => self.frames.push(Frame::FlowMap { key: None }),
                b'[' => self.frames.push(Frame::FlowList),
                b'}' | b']' => {
                    self.frames.pop();
                    if self.frames.len() <= base {
                        return self.after_flow(at + 1);
                    }
                }
                b',' => {
                    if let Some(Frame::FlowMap { key }) = self.frames.last_mut() {
                        *key = None;
                    }
                }
                b':' => {}
                _ => {
                    let end = at + flow_scalar(&self.text[at..]);
                    if self.offset <= end {
                        return Step::Found(self.found(on_key, at..end));
                    }
                    if let Some(Frame::FlowMap { key: key @ None }) = self.frames.last_mut() {
                        *key = Some(unquoted(&self.text[at..end]).to_owned());
                    }
                    at = end;
                    continue;
                }
            }
            at += 1;
        }
    }

    fn after_flow(&mut self, at: usize) -> Step {
        let end = self.line_end(at);
        if self.offset <= end {
            return Step::Found(self.gap(false));
        }
        Step::Next(end + 1)
    }

    /// Closes what an entry at this column is not within.
    fn leave_entries(&mut self, column: usize) {
        while let Some(Frame::Entry { indent, .. } | Frame::Item { indent }) = self.frames.last() {
            if *indent < column {
                break;
            }
            self.frames.pop();
        }
    }

    /// Closes what an item at this column is not within. A list may stand right below its key, without being indented.
    fn leave_items(&mut self, column: usize) {
        loop {
            match self.frames.last() {
                Some(Frame::Item { indent }) if *indent >= column => self.frames.pop(),
                Some(Frame::Entry { indent, .. }) if *indent > column => self.frames.pop(),
                _ => return,
            };
        }
    }

    fn gap(&self, on_key: bool) -> Cursor {
        Cursor { path: self.path(), on_key, word: self.offset..self.offset }
    }

    fn found(&self, on_key: bool, span: Span) -> Cursor {
        let text = &self.text[span.clone()];
        let is_quoted = text.starts_with(['"', '\'']);
        let start = span.start + usize::from(is_quoted);
        let end = start + unquoted(text).len();
        Cursor { path: self.path(), on_key, word: start..end }
    }

    fn path(&self) -> Vec<String> {
        let step = |frame: &Frame| match frame {
            Frame::Entry { key, .. } | Frame::FlowMap { key: Some(key) } => Some(key.clone()),
            Frame::FlowMap { key: None } => None,
            Frame::Item { .. } | Frame::FlowList => Some(ITEM.to_owned()),
        };
        self.frames.iter().filter_map(step).collect()
    }

    fn line_end(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |newline| at + newline)
    }

    fn skip_spaces(&self, at: usize, end: usize) -> usize {
        at + self.text[at..end].bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
    }

    /// Over white space, ends of lines and comments.
    fn skip_blank(&self, mut at: usize) -> usize {
        loop {
            at += self.text[at..].bytes().take_while(u8::is_ascii_whitespace).count();
            if !self.text[at..].starts_with('#') {
                return at;
            }
            at = self.line_end(at);
        }
    }
}

/// The length of the text in quotes that begins here, where it ends on this line.
fn quoted_end(text: &str) -> Option<usize> {
    let quote = text.chars().next()?;
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            '\n' => return None,
            _ if letter == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The length of the scalar that begins here, within brackets; at least one byte.
fn flow_scalar(text: &str) -> usize {
    if let Some(end) = text.starts_with(['"', '\'']).then(|| quoted_end(text)).flatten() {
        return end;
    }
    let ends = |(at, letter): &(usize, char)| match letter {
        ',' | '[' | ']' | '{' | '}' | '\n' => true,
        ':' => text[at + 1..].is_empty() || text[at + 1..].starts_with([' ', '\n', '\r', ',', ']', '}']),
        '#' => text[..*at].ends_with(' '),
        _ => false,
    };
    let end = text.char_indices().find(ends).map_or(text.len(), |(at, _)| at);
    text[..end].trim_end().len().max(text.chars().next().map_or(1, char::len_utf8))
}

fn unquoted(text: &str) -> &str {
    match text.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let inner = &text[1..];
            inner.strip_suffix(quote).unwrap_or(inner)
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{self, Kind, Node};

    /// `|` is the cursor.
    fn told(text: &str) -> String {
        let offset = text.find('|').expect("a cursor");
        let text = text.replacen('|', "", 1);
        let cursor = at(&text, offset);
        let what = if cursor.on_key { "key" } else { "value" };
        format!("{} {what} {:?}", cursor.path.join("."), &text[cursor.word])
    }

    /// What people type while they write a spec.
    #[test]
    fn half_written_specs_have_places() {
        for (text, expected) in [
            ("|", " key \"\""),
            ("act|", " key \"act\""),
            ("action: |", "action value \"\""),
            ("action: crm.se|nd\nversion: 1\n", "action value \"crm.send\""),
            ("permissions:\n  - cli|", "permissions.[] value \"cli\""),
            ("permissions:\n- cli|\n", "permissions.[] value \"cli\""),
            ("permissions:\n  - client:|\n", "permissions.[] value \"client:\""),
            ("permissions:\n  - |\ninput:", "permissions.[] value \"\""),
            ("permissions: [client:update, |]", "permissions.[] value \"\""),
            ("input:\n  a: { type: uu|id }", "input.a.type value \"uuid\""),
            ("input:\n  a: { type: | }", "input.a.type value \"\""),
            ("input:\n  a: { type: uuid, | }", "input.a key \"\""),
            ("input:\n  a: { type: uuid, pick|\n  b: { type: text }", "input.a key \"pick\""),
            ("input:\n  a: { type: uuid\n  b: { type: te|xt }", "input.b.type value \"text\""),
            ("input:\n  a:\n    type: uuid\n    |", "input.a key \"\""),
            ("input:\n  a:\n    type: uuid\n  |", "input key \"\""),
            ("input:\n  a:\n    pi|\n  b: x", "input.a key \"pi\""),
            ("rules:\n  - any_of: [a, b|]\n", "rules.[].any_of.[] value \"b\""),
            ("rules:\n  - { any_of: [a,\n      b|] }\n", "rules.[].any_of.[] value \"b\""),
            ("rules:\n  - any_of: [a]\n    mess|\n", "rules.[] key \"mess\""),
            ("a: \"x: |y\" # z: 1", "a value \"x: y\""),
            ("a: 'it' # com|ment", "a value \"\""),
            ("'a b': |", "a b value \"\""),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
    }

    /// In specs that are YAML, every value is where the parser says it is.
    #[test]
    fn it_agrees_with_the_parser() {
        let specs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs");
        let texts = crate::texts(&specs).expect("specs");
        let mut seen = 0;
        for (file, text) in texts {
            let (node, _) = yaml::parse(&text).expect("YAML");
            check(&file, &text, &node, &mut Vec::new(), &mut seen);
        }
        assert!(seen > 1_500, "{seen}");
    }

    fn check(file: &str, text: &str, node: &Node, path: &mut Vec<String>, seen: &mut usize) {
        match &node.kind {
            Kind::Map(entries) => {
                for (key, value) in entries {
                    let cursor = at(text, key.span.start + 1);
                    assert_eq!((&cursor.path, cursor.on_key), (&*path, true), "{file}: {}", key.text);
                    path.push(key.text.clone());
                    check(file, text, value, path, seen);
                    path.pop();
                }
            }
            Kind::List(items) => {
                path.push(ITEM.to_owned());
                items.iter().for_each(|item| check(file, text, item, path, seen));
                path.pop();
            }
            // Not where several lines are one text.
            Kind::Text(value) if text[node.span.clone()].contains(value.as_str()) => {
                let cursor = at(text, node.span.end.saturating_sub(1));
                assert_eq!((&cursor.path, cursor.on_key), (&*path, false), "{file}: {value}");
                assert!(text[cursor.word].contains(value.as_str()), "{file}: {value}");
                *seen += 1;
            }
            _ => {}
        }
    }

    /// Whatever is typed, wherever the cursor is.
    #[test]
    fn nothing_panics() {
        let specs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs");
        for (_, text) in crate::texts(&specs).expect("specs").into_iter().take(8) {
            let odd = text.replace(": ", ":").replace("type", "tüpe\t'");
            for offset in (0..text.len()).step_by(3) {
                at(&text[..text.floor_char_boundary(offset)], offset);
                at(&odd, offset);
            }
        }
    }
}
