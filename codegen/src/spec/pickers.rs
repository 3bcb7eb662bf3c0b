//! Pickers: one file each below `specs/pickers/`.

use serde_json::Value;

use super::File;
use super::access::permission_text;
use super::fields::EXACT;
use super::keys::{Keys, Notes};
use super::mappings::PICKER;
use super::names::{Names, is_key, is_snake};
use super::template::placeholders;
use super::values::Judge;
use crate::diagnostic::Code;
use crate::model::{Column, ColumnType, Picker, StringType, Table, Type};
use crate::yaml::{Node, Span};

/// The picker that a file declares.
pub fn picker(notes: &mut Notes<'_>, names: &Names, file: &File<'_>) -> Option<Picker> {
    let keys = Keys::of(notes, &file.node, PICKER)?;
    let kind = keys.require_text(notes, "picker");
    if let (Some(kind), Some(node)) = (kind, keys.get("picker")) {
        if is_snake(kind) {
            file.check_name(notes, &node.span, kind, kind);
        } else {
            let error = notes.error(Code::BadName, &node.span, format!("`{kind}` cannot be the kind of a picker"));
            error.help("write it in lower case with underscores, such as client");
        }
    }
    let (label, hint) = (keys.require_line(notes, "label"), keys.require_line(notes, "hint"));
    let permission = keys.require(notes, "permission").and_then(|node| {
        let (resource, action) = permission_text(notes, node)?;
        names.check_permission(notes, node, resource, action);
        Some((resource.to_owned(), action.to_owned()))
    });
    for key in ["id", "label_template", "search"] {
        keys.require(notes, key);
    }
    let table_name = keys.require_text(notes, "table")?;
    let table = Columns(names.table(notes, &keys.get("table")?.span, table_name)?);
    let id = keys.get("id").and_then(|node| table.named(notes, node));
    if let Some(column) = id.filter(|column| column.ty != ColumnType::Uuid) {
        let message = format!("`{}` is not a uuid, so it cannot be the id", column.name);
        notes.error(Code::BadPicker, &keys.get("id")?.span, message);
    }
    let label_template = table.template(notes, &keys, "label_template");
    if let (Some(node), Some(template)) = (keys.get("label_template"), &label_template)
        && !template.contains('{')
    {
        let error = notes.error(Code::BadPicker, &node.span, "every row has the same label");
        error.help("name a column, such as {full_name}");
    }
    let label_fallback = keys.get("label_fallback").and_then(|node| table.named(notes, node));
    let detail = table.template(notes, &keys, "detail");
    let search = table.search(notes, &keys);
    let filter = table.filter(notes, names, &keys);
    let depends_on = table.depends_on(notes, &keys);
    Some(Picker {
        kind: kind?.to_owned(),
        source: file.path().to_owned(),
        label: label?,
        hint: hint?,
        table: table_name.to_owned(),
        id: id?.name.clone(),
        label_template: label_template?,
        label_fallback: label_fallback.map(|column| column.name.clone()),
        detail,
        search,
        filter,
        depends_on,
        permission: permission?,
    })
}

/// The columns of the picker's table.
struct Columns<'m>(&'m Table);

impl<'m> Columns<'m> {
    fn find(&self, notes: &mut Notes<'_>, span: &Span, name: &str) -> Option<&'m Column> {
        let found = self.0.columns.iter().find(|column| column.name == name);
        if found.is_none() {
            let message = format!("the table `{}` has no column `{name}`", self.0.name);
            let error = notes.error(Code::UnknownTable, span, message);
            error.suggest(name, self.0.columns.iter().map(|column| column.name.as_str()));
        }
        found
    }

    fn named(&self, notes: &mut Notes<'_>, node: &Node) -> Option<&'m Column> {
        let name = notes.text(node, "a column")?;
        self.find(notes, &node.span, name)
    }

    fn template(&self, notes: &mut Notes<'_>, keys: &Keys<'_>, key: &str) -> Option<String> {
        let node = keys.get(key)?;
        let text = notes.text(node, &format!("`{key}`"))?;
        for name in placeholders(notes, node, text)? {
            let span = notes.part(node, name);
            self.find(notes, &span, name);
        }
        Some(text.to_owned())
    }

    fn search(&self, notes: &mut Notes<'_>, keys: &Keys<'_>) -> Vec<String> {
        let Some(node) = keys.get("search") else { return Vec::new() };
        let Some(texts) = notes.texts(node, "`search`") else { return Vec::new() };
        if texts.is_empty() {
            notes.error(Code::BadPicker, &node.span, "a search looks into at least one column");
        }
        for (name, item) in &texts {
            if let Some(column) = self.find(notes, &item.span, name)
                && column.ty != ColumnType::Text
            {
                notes.error(Code::BadPicker, &item.span, format!("`{name}` is not text, so it cannot be searched"));
            }
        }
        texts.into_iter().map(|(name, _)| name.to_owned()).collect()
    }

    fn filter(&self, notes: &mut Notes<'_>, names: &Names, keys: &Keys<'_>) -> Vec<(String, Value)> {
        let Some(node) = keys.get("filter") else { return Vec::new() };
        let entries = notes.entries(node, "`filter`").unwrap_or_default();
        for (key, value) in entries {
            if let Some(column) = self.find(notes, &key.span, &key.text) {
                let what = format!("`{}`", key.text);
                Judge { notes, names, code: Code::BadValue }.value(&what, &value_type(column.ty), false, value);
            }
        }
        entries.iter().map(|(key, value)| (key.text.clone(), value.to_json())).collect()
    }

    fn depends_on(&self, notes: &mut Notes<'_>, keys: &Keys<'_>) -> Vec<(String, String)> {
        let Some(node) = keys.get("depends_on") else { return Vec::new() };
        let mut all = Vec::new();
        for (key, node) in notes.entries(node, "`depends_on`").unwrap_or_default() {
            if !is_key(&key.text) {
                notes.error(Code::BadName, &key.span, format!("`{}` cannot be the name of a field", key.text));
            }
            let Some(column) = self.named(notes, node) else { continue };
            if column.ty != ColumnType::Uuid {
                let message = format!("`{}` is not a uuid, so no picked id can narrow it", column.name);
                notes.error(Code::BadPicker, &node.span, message);
            }
            all.push((key.text.clone(), column.name.clone()));
        }
        all
    }
}

/// The type of the values that a column holds.
fn value_type(ty: ColumnType) -> Type {
    match ty {
        ColumnType::Uuid => Type::Uuid,
        ColumnType::Boolean => Type::Boolean,
        ColumnType::Integer | ColumnType::Bigint => Type::Integer { min: -EXACT, max: EXACT },
        ColumnType::Timestamp => Type::DateTime,
        ColumnType::Date => Type::Date,
        ColumnType::Decimal => Type::Number { min: None, max: None },
        ColumnType::Text => Type::String(StringType::default()),
        ColumnType::Json | ColumnType::TextArray => Type::Json,
    }
}
