//! Where the names in specs are declared, and where they are used: read off the trees, so that it also works on specs that
//! are not right yet.

use std::collections::BTreeMap;

use crate::spec::file::{File, Role, Sorted};
use crate::yaml::{Key, Kind, Node, Span, part};

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// As in `specs/types/x.yaml`.
    pub file: String,
    /// In bytes.
    pub span: Span,
}

/// What has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    Action,
    Type,
    Event,
    Picker,
    Resource,
    Table,
    Column,
    Field,
}

/// Where a name is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    pub kind: Named,
    pub place: Place,
}

/// Where it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub place: Place,
    /// One of the definitions.
    pub to: Place,
}

#[derive(Debug, Default)]
pub struct Index {
    pub definitions: Vec<Definition>,
    pub references: Vec<Reference>,
}

impl Index {
    pub fn of(files: &Sorted<'_>) -> Self {
        let mut builder = Builder { files, declared: BTreeMap::new(), index: Self::default() };
        builder.declare();
        files.all().for_each(|(role, file)| builder.file(role, file));
        builder.index
    }

    /// What the name at a place of a file is declared by: itself, or what it refers to.
    pub fn definition_at(&self, file: &str, offset: usize) -> Option<&Definition> {
        let is_here = |place: &&Place| place.file == file && place.span.start <= offset && offset <= place.span.end;
        let own = self.definitions.iter().find(|one| is_here(&&one.place));
        own.or_else(|| {
            let used = self.references.iter().find(|one| is_here(&&one.place))?;
            self.definitions.iter().find(|one| one.place == used.to)
        })
    }

    /// The name at this place.
    pub fn name_at(&self, file: &str, offset: usize) -> Option<&Place> {
        let is_here = |place: &&Place| place.file == file && place.span.start <= offset && offset <= place.span.end;
        let places = self.definitions.iter().map(|one| &one.place).chain(self.references.iter().map(|one| &one.place));
        places.filter(is_here).min_by_key(|place| place.span.len())
    }

    pub fn references_to<'i>(&'i self, definition: &'i Place) -> impl Iterator<Item = &'i Place> {
        self.references.iter().filter(move |one| one.to == *definition).map(|one| &one.place)
    }
}

struct Builder<'f> {
    files: &'f Sorted<'f>,
    /// By kind and name.
    declared: BTreeMap<(u8, &'f str), Place>,
    index: Index,
}

/// A mapping of names to fields, and the file that it is in.
#[derive(Clone, Copy)]
struct Fields<'f> {
    file: &'f File<'f>,
    node: &'f Node,
}

impl<'f> Builder<'f> {
    /// What others may refer to.
    fn declare(&mut self) {
        for (role, file) in self.files.all() {
            let (kind, key) = match role {
                Role::Action => (Named::Action, "action"),
                Role::Type => (Named::Type, "type"),
                Role::Event => (Named::Event, "event"),
                Role::Picker => (Named::Picker, "picker"),
                Role::Permissions => {
                    entries(file.node.get("permissions"))
                        .for_each(|(key, _)| self.declare_key(Named::Resource, file, key));
                    continue;
                }
                Role::Tables => {
                    for (key, table) in entries(file.node.get("tables")) {
                        self.declare_key(Named::Table, file, key);
                        for (key, _) in entries(table.get("columns")) {
                            self.define(Named::Column, file, &key_span(file, key));
                        }
                    }
                    continue;
                }
                Role::Catalog => continue,
            };
            if let Some(node @ Node { kind: Kind::Text(name), .. }) = file.node.get(key) {
                let place = self.define(kind, file, &inside(file, node));
                self.declared.entry((kind as u8, name)).or_insert(place);
            }
        }
    }

    fn declare_key(&mut self, kind: Named, file: &File<'_>, key: &'f Key) {
        let place = self.define(kind, file, &key_span(file, key));
        self.declared.entry((kind as u8, &key.text)).or_insert(place);
    }

    fn define(&mut self, kind: Named, file: &File<'_>, span: &Span) -> Place {
        let place = Place { file: file.path().to_owned(), span: span.clone() };
        self.index.definitions.push(Definition { kind, place: place.clone() });
        place
    }

    fn refer(&mut self, file: &File<'_>, span: Span, to: Place) {
        self.index.references.push(Reference { place: Place { file: file.path().to_owned(), span }, to });
    }

    /// A text that is the name of something declared.
    fn name(&mut self, kind: Named, file: &File<'_>, node: Option<&Node>) {
        if let Some(node @ Node { kind: Kind::Text(name), .. }) = node
            && let Some(to) = self.declared.get(&(kind as u8, name.as_str())).cloned()
        {
            self.refer(file, inside(file, node), to);
        }
    }

    fn file(&mut self, role: Role, file: &'f File<'f>) {
        let node = &*file.node;
        match role {
            Role::Action => self.action(file),
            Role::Type => self.fields_of(file, node.get("fields")),
            Role::Event => {
                self.fields_of(file, node.get("payload"));
                if let Some(payload) = node.get("payload") {
                    for template in [node.get("key"), node.get("subject")].into_iter().flatten() {
                        self.placeholders(file, template, Fields { file, node: payload });
                    }
                }
            }
            Role::Picker => self.picker(file),
            Role::Catalog => {
                for group in items(node.get("groups")) {
                    items(group.get("actions")).for_each(|id| self.name(Named::Action, file, Some(id)));
                    self.name(Named::Action, file, group.get("default_action"));
                }
            }
            Role::Tables => {
                for (_, table) in entries(node.get("tables")) {
                    let columns = table.get("columns");
                    items(table.get("key")).for_each(|column| self.column(file, Some(column), file, columns));
                    for (column, parent) in entries(table.get("belongs_to")) {
                        self.name(Named::Table, file, Some(parent));
                        self.key_in(file, column, file, columns);
                    }
                }
            }
            Role::Permissions => {}
        }
    }

    fn action(&mut self, file: &'f File<'f>) {
        let node = &*file.node;
        self.fields_of(file, node.get("input"));
        self.fields_of(file, node.get("output"));
        items(node.get("emits")).for_each(|event| self.name(Named::Event, file, Some(event)));
        let input = node.get("input").map(|node| Fields { file, node });
        for permission in items(node.get("permissions")) {
            self.permission(file, permission.get("require").unwrap_or(permission), input);
            self.condition(file, permission.get("when"), input);
        }
        items(node.get("may_require")).for_each(|permission| self.permission(file, permission, input));
        if let Some(key) = node.get("idempotency").and_then(|node| node.get("key")) {
            self.path(file, key, input);
        }
        items(node.get("rules")).for_each(|rule| self.rule(file, rule, input));
        if let Some(audit) = node.get("audit") {
            for part in ["target", "changed"] {
                self.sources(file, audit.get(part), node);
            }
        }
        for example in items(node.get("examples")) {
            self.values(file, example.get("input"), input);
        }
    }

    fn fields_of(&mut self, file: &'f File<'f>, node: Option<&'f Node>) {
        for (key, field) in entries(node) {
            self.define(Named::Field, file, &key_span(file, key));
            self.field(file, field);
            let picker = field.get("picker");
            self.name(Named::Picker, file, picker.and_then(|picker| picker.get("kind")).or(picker));
            for beside in items(picker.and_then(|picker| picker.get("depends_on"))) {
                self.path(file, beside, node.map(|node| Fields { file, node }));
            }
        }
    }

    /// What a field, a list or a map holds.
    fn field(&mut self, file: &'f File<'f>, field: &'f Node) {
        self.name(Named::Type, file, field.get("type"));
        self.fields_of(file, field.get("fields"));
        for inner in [field.get("items"), field.get("values")].into_iter().flatten() {
            self.field(file, inner);
        }
    }

    fn permission(&mut self, file: &'f File<'f>, node: &'f Node, input: Option<Fields<'f>>) {
        let Kind::Text(text) = &node.kind else { return };
        let Some((resource, _)) = text.split_once(':') else { return };
        if let Some(to) = self.declared.get(&(Named::Resource as u8, resource)).cloned()
            && let Some(span) = part(file.text(), node, resource)
        {
            self.refer(file, span, to);
        } else if let Some(input) = input {
            self.placeholders(file, node, input);
        }
    }

    fn condition(&mut self, file: &'f File<'f>, node: Option<&'f Node>, input: Option<Fields<'f>>) {
        let Some(node) = node else { return };
        if let Some(present) = node.get("present") {
            self.path(file, present, input);
        }
        entries(node.get("equals")).for_each(|(key, _)| self.path_in(file, &key.text, &key_span(file, key), input));
    }

    fn rule(&mut self, file: &'f File<'f>, rule: &'f Node, input: Option<Fields<'f>>) {
        for check in ["any_of", "one_of", "ordered"] {
            items(rule.get(check)).for_each(|path| self.path(file, path, input));
        }
        for check in [rule.get("requires"), rule.get("excludes")].into_iter().flatten() {
            let lists = items(check.get("with")).chain(items(check.get("fields")));
            check.get("field").into_iter().chain(lists).for_each(|path| self.path(file, path, input));
            self.condition(file, check.get("when"), input);
        }
        if let Some(path) = rule.get("non_empty") {
            self.path(file, path, input);
        }
        entries(rule.get("forbid")).for_each(|(key, _)| self.path_in(file, &key.text, &key_span(file, key), input));
    }

    /// Sources of the audit row: `input.…` and `output.…`.
    fn sources(&mut self, file: &'f File<'f>, node: Option<&'f Node>, action: &'f Node) {
        for (_, source) in entries(node) {
            let Kind::Text(text) = &source.kind else {
                self.sources(file, Some(source), action);
                continue;
            };
            let Some((side, rest)) = text.split_once('.') else { continue };
            if let Some(span) = part(file.text(), source, rest) {
                self.path_in(file, rest, &span, action.get(side).map(|node| Fields { file, node }));
            }
        }
    }

    /// The keys of an example.
    fn values(&mut self, file: &'f File<'f>, node: Option<&'f Node>, fields: Option<Fields<'f>>) {
        for (key, value) in entries(node) {
            let Some((to, field)) = fields.and_then(|fields| field_of(fields, &key.text)) else { continue };
            self.refer(file, key_span(file, key), to);
            self.values(file, Some(value), self.below(fields.map_or(file, |fields| fields.file), field));
        }
    }

    fn path(&mut self, file: &'f File<'f>, node: &'f Node, fields: Option<Fields<'f>>) {
        if let Kind::Text(text) = &node.kind
            && let Some(span) = part(file.text(), node, text)
        {
            self.path_in(file, text, &span, fields);
        }
    }

    /// Each step of a dotted path is a name.
    fn path_in(&mut self, file: &'f File<'f>, path: &str, span: &Span, fields: Option<Fields<'f>>) {
        let (mut fields, mut at) = (fields, span.start);
        for step in path.split('.') {
            let Some((to, field)) = fields.and_then(|fields| field_of(fields, step)) else { return };
            self.refer(file, at..at + step.len(), to);
            fields = self.below(fields.map_or(file, |fields| fields.file), field);
            at += step.len() + 1;
        }
    }

    /// The fields of what a field holds, in place or through a shared type.
    fn below(&self, file: &'f File<'f>, field: &'f Node) -> Option<Fields<'f>> {
        if let Some(node) = field.get("fields") {
            return Some(Fields { file, node });
        }
        let Some(Kind::Text(name)) = field.get("type").map(|node| &node.kind) else { return None };
        let file = self.files.of(Role::Type).find(|file| file.declared("type") == Some(name))?;
        Some(Fields { file, node: file.node.get("fields")? })
    }

    /// Names in braces.
    fn placeholders(&mut self, file: &'f File<'f>, node: &'f Node, fields: Fields<'f>) {
        let Kind::Text(text) = &node.kind else { return };
        for (open, _) in text.match_indices('{') {
            let Some(path) = text[open + 1..].split_once('}').map(|(path, _)| path) else { continue };
            if let Some(span) = part(file.text(), node, path) {
                self.path_in(file, path, &span, Some(fields));
            }
        }
    }

    fn picker(&mut self, file: &'f File<'f>) {
        let node = &*file.node;
        self.name(Named::Table, file, node.get("table"));
        if let Some(permission) = node.get("permission") {
            self.permission(file, permission, None);
        }
        let Some(table) = file.declared("table") else { return };
        let Some(tables) = self.files.of(Role::Tables).next() else { return };
        let columns = tables.node.get("tables").and_then(|all| all.get(table)).and_then(|table| table.get("columns"));
        for name in [node.get("id"), node.get("label_fallback")].into_iter().chain(items(node.get("search")).map(Some))
        {
            self.column(file, name, tables, columns);
        }
        entries(node.get("filter")).for_each(|(key, _)| self.key_in(file, key, tables, columns));
        entries(node.get("depends_on")).for_each(|(_, column)| self.column(file, Some(column), tables, columns));
        for template in [node.get("label_template"), node.get("detail")].into_iter().flatten() {
            if let Some(node) = columns {
                self.placeholders(file, template, Fields { file: tables, node });
            }
        }
    }

    fn column(&mut self, file: &'f File<'f>, name: Option<&'f Node>, tables: &'f File<'f>, columns: Option<&'f Node>) {
        if let Some(node @ Node { kind: Kind::Text(name), .. }) = name
            && let Some((to, _)) = columns.and_then(|node| field_of(Fields { file: tables, node }, name))
        {
            self.refer(file, inside(file, node), to);
        }
    }

    fn key_in(&mut self, file: &'f File<'f>, key: &Key, tables: &'f File<'f>, columns: Option<&'f Node>) {
        if let Some((to, _)) = columns.and_then(|node| field_of(Fields { file: tables, node }, &key.text)) {
            self.refer(file, key_span(file, key), to);
        }
    }
}

/// The span of a text without its quotes, where it is written as it reads.
fn inside(file: &File<'_>, node: &Node) -> Span {
    match &node.kind {
        Kind::Text(text) => part(file.text(), node, text).unwrap_or_else(|| node.span.clone()),
        _ => node.span.clone(),
    }
}

/// The span of a key without its quotes.
fn key_span(file: &File<'_>, key: &Key) -> Span {
    let quote = usize::from(file.text()[key.span.clone()].starts_with(['"', '\'']));
    let start = key.span.start + quote;
    start..(start + key.text.len()).min(key.span.end)
}

fn field_of<'f>(fields: Fields<'f>, name: &str) -> Option<(Place, &'f Node)> {
    let (key, node) = entries(Some(fields.node)).find(|(key, _)| key.text == name)?;
    Some((Place { file: fields.file.path().to_owned(), span: key_span(fields.file, key) }, node))
}

pub fn entries(node: Option<&Node>) -> impl Iterator<Item = (&Key, &Node)> {
    let entries = match node.map(|node| &node.kind) {
        Some(Kind::Map(entries)) => entries.as_slice(),
        _ => &[],
    };
    entries.iter().map(|(key, node)| (key, node))
}

pub fn items(node: Option<&Node>) -> impl Iterator<Item = &Node> {
    let items = match node.map(|node| &node.kind) {
        Some(Kind::List(items)) => items.as_slice(),
        _ => &[],
    };
    items.iter()
}
