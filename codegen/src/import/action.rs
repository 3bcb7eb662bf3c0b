//! From what goes in and comes out to the files of an action.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::Place;
use super::note::Notes;
use super::parts::flatten;
use super::record::{is_record, plain_field};
use super::schema::{Converter, Direction};
use super::shape::Shaped;
use super::texts;
use super::write;
use super::{Draft, Imported};
use crate::model::{Effects, Field, Model, NamedType, Type};
use crate::scaffold;
use crate::spec::identity;

/// More examples than this say nothing new.
const MOST_EXAMPLES: usize = 3;

/// An action that is being put together.
pub struct Import<'d> {
    draft: Draft,
    converter: Converter<'d>,
    /// Fields with their names in the source.
    input: Vec<(String, Field)>,
    /// Names that fields of the input have.
    taken: BTreeSet<String>,
    output: Vec<Field>,
    /// Inputs that may fit: a name, and a value with the names of the source.
    examples: Vec<(String, Place<'d>)>,
}

impl<'d> Import<'d> {
    pub fn new(draft: &Draft) -> Self {
        Self {
            draft: draft.clone(),
            converter: Converter::new(),
            input: Vec::new(),
            taken: BTreeSet::new(),
            output: Vec::new(),
            examples: Vec::new(),
        }
    }

    /// Takes what the source says where nothing was given.
    pub fn describe(&mut self, label: Option<&str>, description: Option<&str>, effects: Effects) {
        let draft = &mut self.draft;
        draft.label = draft.label.take().or_else(|| label.and_then(texts::label));
        draft.description = draft.description.take().or_else(|| description.and_then(texts::description));
        draft.effects = draft.effects.or(Some(effects));
    }

    pub fn note(&mut self, pointer: impl AsRef<str>, message: impl AsRef<str>) {
        self.converter.notes.add(pointer, message);
    }

    /// A schema of all that goes in.
    pub fn input(&mut self, schema: &Place<'d>) {
        self.describe(schema.text("title"), schema.text("description"), Effects::Write);
        self.body(schema);
        self.examples.extend(schema.get("example").map(|place| ("as in the source".to_owned(), place)));
        let many = schema.list("examples").into_iter().enumerate();
        self.examples.extend(many.map(|(index, place)| (format!("as in the source, {}", index + 1), place)));
    }

    /// A field of what goes in.
    pub fn parameter(&mut self, name: &str, schema: Option<Place<'d>>, description: Option<&str>, is_required: bool) {
        self.converter.direction = Direction::Input;
        let schemas: Vec<_> = schema.into_iter().collect();
        let mut field = self.converter.field(name, &schemas, is_required, &mut self.taken, 0);
        field.description = description.and_then(texts::description).or(field.description);
        self.input.push((name.to_owned(), field));
    }

    /// Makes a secret of the last field of what goes in.
    pub fn hide_last(&mut self) {
        if let Some((_, field)) = self.input.last_mut() {
            field.secret = true;
        }
    }

    /// A schema of what goes in beside the parameters: its fields, or one field of all of it.
    pub fn body(&mut self, schema: &Place<'d>) {
        self.converter.direction = Direction::Input;
        let parts = flatten(std::slice::from_ref(schema), &mut self.converter.notes);
        if is_record(&parts, Direction::Input) {
            let fields = self.converter.fields_beside(&parts, &mut self.taken, 0);
            self.input.extend(fields.into_iter().map(|(name, field)| (name.to_owned(), field)));
        } else if !parts.is_closed_and_empty() {
            self.parameter("body", Some(schema.clone()), None, true);
        }
    }

    /// A schema of all that comes out.
    pub fn output(&mut self, schema: &Place<'d>) {
        self.converter.begin(Direction::Output);
        let parts = flatten(std::slice::from_ref(schema), &mut self.converter.notes);
        if is_record(&parts, Direction::Output) {
            self.output = self.converter.fields(&parts, 0);
        } else if !parts.is_closed_and_empty() {
            let field = self.converter.field("result", std::slice::from_ref(schema), true, &mut BTreeSet::new(), 0);
            self.output.push(field);
        }
    }

    pub fn example(&mut self, name: String, value: Place<'d>) {
        self.examples.push((name, value));
    }

    /// The files.
    pub fn finish(mut self, known: &Model) -> Imported {
        self.converter.finish_types();
        for (index, named) in self.converter.named.iter().enumerate() {
            self.converter.probe.declare(&index.to_string(), named.shape.clone());
        }
        let names: Vec<(String, String)> =
            self.input.iter().map(|(source, field)| (source.clone(), field.name.clone())).collect();
        let input = self.input.into_iter().map(|(_, field)| field).collect();
        let mut notes = self.converter.notes;
        let mut shaped = Shaped { input, output: self.output, named: self.converter.named };
        shaped.end(&mut notes);
        shaped.fit(&mut notes);
        let mut examples: Vec<(String, Value)> = Vec::new();
        for (name, place) in self.examples {
            let value = renamed(place.value, &names);
            match self.converter.probe.record_problem("the example", &shaped.input, &value) {
                Some(problem) => notes.add(place.shown(), format!("the example is left out: {problem}")),
                None if examples.len() == MOST_EXAMPLES => {
                    notes.add(place.shown(), "an example of many; it is left out")
                }
                None if examples.iter().any(|(_, other)| *other == value) => {}
                None => examples.push((name, value)),
            }
        }
        let writes = self.draft.effects != Some(Effects::Read);
        let audit = writes.then(|| audit(&mut shaped, &mut notes));
        let types = shaped.name(&known.types, &mut notes);
        let path = scaffold::spec_path(&self.draft.module, &self.draft.name, 1);
        let spec = write::action(&self.draft, &shaped.input, &shaped.output, audit, &examples);
        let of_type = |named: &NamedType| (scaffold::type_path(&named.name), write::named_type(named));
        let files = std::iter::once((path, spec)).chain(types.iter().map(of_type)).collect();
        Imported { files, notes: notes.finish(), writes }
    }
}

/// An example with the names of the fields.
fn renamed(value: &Value, names: &[(String, String)]) -> Value {
    let Value::Object(map) = value else { return value.clone() };
    let field = |key: &String| names.iter().find(|(source, _)| source == key).map_or(key, |(_, field)| field).clone();
    Value::Object(map.iter().map(|(key, value)| (field(key), value.clone())).collect())
}

/// What the audit row may hold: a name for what was changed and its source, and what was changed.
pub struct Audit {
    pub target: (String, String),
    pub changed: Vec<(String, String)>,
}

/// The likeliest id, and all that goes in and is short.
fn audit(shaped: &mut Shaped<'_>, notes: &mut Notes) -> Audit {
    let target = likely_target(shaped).unwrap_or_else(|| {
        let mut taken = shaped.output.iter().map(|field| identity(&field.name)).collect();
        let name = texts::field_name("id", &mut taken);
        shaped.output.push(plain_field(&name, Type::Uuid));
        notes.add("", format!("nothing says what is changed: the output got {name}, for the audit"));
        (name.clone(), format!("output.{name}"))
    });
    notes.add("", format!("the audit takes {} for what is changed: see that it is", target.1));
    let inputs = shaped.input.iter().filter(|field| is_short(shaped, field) && field.name != target.0);
    let changed = inputs.map(|field| (field.name.clone(), format!("input.{}", field.name)));
    let changed = std::iter::once(target.clone()).chain(changed).collect();
    Audit { target, changed }
}

/// Whether an audit row may hold the value.
fn is_short(shaped: &Shaped<'_>, field: &Field) -> bool {
    let is_short = match &field.ty {
        Type::Uuid | Type::Integer { .. } | Type::Money { .. } | Type::Enum(_) => true,
        Type::String(text) => !text.multiline,
        ty => shaped.is_enum(ty),
    };
    is_short && !field.secret
}

/// The first UUID, else the first that is called an id, else the first at all; what comes out goes first.
fn likely_target(shaped: &Shaped<'_>) -> Option<(String, String)> {
    let is_id = |field: &Field| matches!(field.name.rsplit('_').next(), Some("id" | "Id" | "ID"));
    let output = shaped.output.iter().map(|field| ("output", field));
    let all = output.chain(shaped.input.iter().map(|field| ("input", field)));
    let mut short: Vec<_> = all.filter(|(_, field)| is_short(shaped, field)).collect();
    short.sort_by_key(|(_, field)| match &field.ty {
        Type::Uuid => 0,
        _ if is_id(field) => 1,
        _ => 2,
    });
    short.first().map(|(from, field)| (field.name.clone(), format!("{from}.{}", field.name)))
}
