//! The rules.

use crate::diagnostic::{Code, Diagnostic};
use crate::model::Model;
use crate::spec::file::{File, Role};
use crate::yaml::{Key, Kind, Node, Span};

/// Names of fields that bound how much is read.
const LIMITS: [&str; 4] = ["limit", "page_size", "pageSize", "max_results"];

/// Looks through one file.
pub fn look(role: Role, file: &File<'_>, model: &Model, found: &mut Vec<Diagnostic>) {
    let mut look = Look { file, found };
    match role {
        Role::Action => look.action(),
        Role::Type => {
            let used = |named: &&crate::model::NamedType| Some(named.name.as_str()) == file.declared("type");
            let is_input = model.types.iter().find(used).is_some_and(|named| named.used_in_input);
            look.described("type");
            if let Some(fields) = file.node.get("fields") {
                look.fields(fields, is_input);
            }
        }
        Role::Event => look.described("event"),
        Role::Picker | Role::Permissions | Role::Catalog | Role::Tables => {}
    }
}

struct Look<'l, 'f> {
    file: &'l File<'f>,
    found: &'l mut Vec<Diagnostic>,
}

impl Look<'_, '_> {
    fn find(&mut self, code: Code, span: &Span, message: impl Into<String>) -> &mut Diagnostic {
        self.found.push(Diagnostic::at(code, self.file.path(), span.clone(), message));
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    /// What a file declares needs a description.
    fn described(&mut self, what: &str) {
        let node = &self.file.node;
        match (node.get("description"), node.get(what)) {
            (Some(description), _) => self.sentence(description),
            (None, Some(name)) => {
                self.find(Code::NoDescription, &name.span, format!("the {what} has no description"))
                    .help("say in a sentence what it is");
            }
            (None, None) => {}
        }
    }

    fn sentence(&mut self, node: &Node) {
        let Kind::Text(text) = &node.kind else { return };
        let begins = text.trim_start().chars().next().is_some_and(|first| !first.is_lowercase());
        if !begins || !text.trim_end().ends_with(['.', '?', '!', '…', '。', '؟']) {
            self.find(Code::DescriptionNoSentence, &node.span, "the description is no sentence")
                .help("begin it with a capital, and end it with a full stop");
        }
    }

    fn action(&mut self) {
        let node = &self.file.node;
        let (Some(name), Some(effects)) = (node.get("action"), node.get("effects")) else { return };
        self.described("action");
        self.verb(name);
        if node.get("examples").is_none_or(is_empty) {
            self.find(Code::NoExample, &name.span, "the action has no example")
                .help("add `examples`, with the input that is the most usual");
        }
        if let Some(fields) = node.get("input") {
            self.fields(fields, true);
        }
        if let Some(fields) = node.get("output") {
            self.fields(fields, false);
        }
        if text(effects) == Some("read") {
            self.result(name);
        } else if let Some(changed) = node.get("audit").and_then(|audit| audit.get("changed"))
            && is_empty(changed)
        {
            self.find(Code::NothingAudited, &changed.span, "the audit tells nothing of the change")
                .help("name what was changed, as paths of `input` and `output`");
        }
    }

    /// The label begins with the verb of the name.
    fn verb(&mut self, name: &Node) {
        let verb = text(name).and_then(|id| id.split_once('.')).and_then(|(_, name)| name.split('_').next());
        let Some((verb, label)) = verb.zip(self.file.node.get("label")) else { return };
        let first = text(label).and_then(|label| label.split_whitespace().next()).unwrap_or_default();
        if !first.eq_ignore_ascii_case(verb) {
            let message = format!("the label does not begin with the verb `{verb}`");
            self.find(Code::LabelWithoutVerb, &label.span, message).help("say first what the action does");
        }
    }

    /// What reads a list bounds it.
    fn result(&mut self, name: &Node) {
        let fields = |key: &str| self.file.node.get(key).map_or(&[][..], entries);
        let is_list = |(_, field): &(Key, Node)| field.get("type").and_then(text) == Some("list");
        let is_limit = |(key, field): &(Key, Node)| LIMITS.contains(&key.text.as_str()) && field.get("max").is_some();
        if fields("output").iter().any(is_list) && !fields("input").iter().any(is_limit) {
            let message = "the action gives a list that nothing bounds";
            self.find(Code::UnboundedResult, &name.span, message)
                .help("add a field `limit` with a `max` and a `default`");
        }
    }

    fn fields(&mut self, fields: &Node, is_input: bool) {
        for (key, field) in entries(fields) {
            if field.get("label").is_none() {
                self.find(Code::NoLabel, &key.span, format!("`{}` has no label", key.text))
                    .help("say in a word or two what forms show");
            }
            match field.get("description") {
                Some(description) => self.sentence(description),
                None => {
                    self.find(Code::NoDescription, &key.span, format!("`{}` has no description", key.text))
                        .help("say in a sentence what it is");
                }
            }
            if is_input && text_of(field, "type") == Some("uuid") && field.get("picker").is_none() {
                self.find(Code::IdWithoutPicker, &key.span, format!("`{}` is an id without a picker", key.text))
                    .help("name the picker that offers such rows");
            }
            self.value(&key.text, &key.span, field, is_input);
        }
    }

    /// A field, or what a list or a map holds.
    fn value(&mut self, name: &str, span: &Span, node: &Node, is_input: bool) {
        match text_of(node, "type") {
            Some("list") if is_input && node.get("max_items").is_none() => {
                self.find(Code::UnboundedList, span, format!("`{name}` may have any number of items"))
                    .help("add `max_items`");
            }
            Some("string" | "text")
                if is_input && node.get("max_length").is_none() && node.get("pattern").is_none() =>
            {
                self.find(Code::UnboundedText, span, format!("`{name}` may be of any length")).help("add `max_length`");
            }
            _ => {}
        }
        for inner in ["items", "values"] {
            if let Some(item) = node.get(inner) {
                self.value(name, span, item, is_input);
            }
        }
        if let Some(fields) = node.get("fields") {
            self.fields(fields, is_input);
        }
    }
}

fn text(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Text(text) => Some(text),
        _ => None,
    }
}

fn text_of<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.get(key).and_then(text)
}

fn entries(node: &Node) -> &[(Key, Node)] {
    match &node.kind {
        Kind::Map(entries) => entries,
        _ => &[],
    }
}

fn is_empty(node: &Node) -> bool {
    match &node.kind {
        Kind::Map(entries) => entries.is_empty(),
        Kind::List(items) => items.is_empty(),
        _ => false,
    }
}
