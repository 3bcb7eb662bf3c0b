//! Specs of any number of actions, as varied as those that people write: 5 to 15 inputs of all types, rules, pickers,
//! conditional permissions, shared types, events, audit. The same for the same number.

use std::fs;
use std::path::Path;

use crate::Result;

/// Actions of one module.
const MODULE: usize = 25;

/// Writes a specs folder with so many actions.
///
/// # Errors
///
/// The folder cannot be written.
pub fn write_specs(specs: &Path, actions: usize) -> Result<()> {
    for folder in ["types", "events", "pickers"] {
        fs::create_dir_all(specs.join(folder))?;
    }
    fs::write(specs.join("permissions.yaml"), PERMISSIONS)?;
    fs::write(specs.join("tables.yaml"), TABLES)?;
    for (kind, columns) in PICKERS {
        fs::write(specs.join(format!("pickers/{kind}.yaml")), picker(kind, columns))?;
    }
    let mut catalog = "groups:\n".to_owned();
    for first in (0..actions).step_by(MODULE) {
        let module = format!("area{}", first / MODULE + 1);
        let pascal = format!("Area{}", first / MODULE + 1);
        let numbers = first..(first + MODULE).min(actions);
        fs::write(specs.join(format!("types/{module}_summary.yaml")), summary(&pascal))?;
        fs::write(specs.join(format!("types/{module}_priority.yaml")), priority(&pascal))?;
        fs::write(specs.join(format!("events/{module}_changed.yaml")), event(&module))?;
        fs::create_dir_all(specs.join("actions").join(&module))?;
        catalog += &format!(
            "  - key: {module}\n    label: Area {module}\n    icon: folder\n    tile_kind: group\n    \
             description: Everything about {module}.\n    default_action: {module}.{}\n    actions:\n",
            name(first)
        );
        for number in numbers {
            let name = name(number);
            catalog += &format!("      - {module}.{name}\n");
            let path = specs.join(format!("actions/{module}/{name}.v1.yaml"));
            fs::write(path, action(&module, &pascal, number))?;
        }
    }
    fs::write(specs.join("catalog.yaml"), catalog)?;
    Ok(())
}

fn name(number: usize) -> String {
    let verbs = ["create", "update", "assign", "find", "close", "merge", "approve", "schedule"];
    let things = ["ticket", "asset", "contract", "invoice", "visit", "task", "order"];
    format!("{}_{}_{}", verbs[number % verbs.len()], things[number % things.len()], number + 1)
}

fn action(module: &str, pascal: &str, number: usize) -> String {
    let reads = number % 8 == 3;
    let extra = OPTIONAL_FIELDS.len();
    // 4 fields that the rules are about, and 1 to 11 others, beginning elsewhere each time.
    let others = (0..1 + number * 7 % 11).map(|step| OPTIONAL_FIELDS[(number * 5 + step) % extra]);
    let fields = RULED_FIELDS.iter().copied().chain(others).map(|(name, field)| {
        let field = field.replace("AREA", pascal);
        format!("  {name}:\n    label: {}\n    {field}\n", name.replace('_', " "))
    });
    let input: String = fields.collect();
    let writing = format!(
        "audit:\n  target: {{ record_id: output.record.record_id }}\n  changed:\n    \
         record_id: output.record.record_id\n    client_id: input.client_id\n    \
         state: {{ priority: output.record.priority, done: output.done }}\nemits: [{}_CHANGED]\n",
        module.to_uppercase()
    );
    format!(
        "action: {module}.{name}\nversion: 1\nlabel: {label}\n\
         description: Does step {number} of the work on records of {module}, and says how it went.\n\
         effects: {effects}\nidempotency: engine\n\
         permissions:\n  - client:{verb}\n  - {{ require: contact:read, when: {{ present: contact_id }} }}\n\
         input:\n{input}\
         rules:\n  - {{ any_of: [client_id, contact_id], message: client_id or contact_id is required }}\n  \
         - {{ ordered: [start_time, end_time] }}\n\
         output:\n  record: {{ type: {pascal}Summary, label: Record, description: The record as it is now. }}\n  \
         done: {{ type: boolean, label: Done, description: Whether anything was done. }}\n  \
         remarks: {{ type: list, items: {{ type: string }}, label: Remarks }}\n\
         {writing}\
         examples:\n  - name: for a client\n    input: {{ client_id: 3f0c6a52-8d1e-4b7a-9c55-2e4f7f0a1b6d, \
         start_time: 2026-04-14T13:00:00Z }}\n",
        name = name(number),
        label = name(number).replace('_', " "),
        effects = if reads { "read" } else { "write" },
        verb = if reads { "read" } else { "update" },
        writing = if reads { "" } else { &writing },
    )
}

const RULED_FIELDS: [(&str, &str); 4] = [
    ("client_id", "type: uuid\n    optional: true\n    picker: client\n    description: The client it is for."),
    (
        "contact_id",
        "type: uuid\n    optional: true\n    picker: { kind: contact, depends_on: [client_id] }\n    \
         description: The contact of the client.",
    ),
    ("start_time", "type: datetime\n    description: When it begins."),
    ("end_time", "type: datetime\n    optional: true\n    description: When it ends, not before the start."),
];

const OPTIONAL_FIELDS: [(&str, &str); 16] = [
    ("title", "type: string\n    min_length: 1\n    max_length: 255\n    trimmed: true\n    optional: true"),
    ("notes", "type: text\n    optional: true\n    nullable: true\n    description: Notes; null removes them."),
    ("priority", "type: AREAPriority\n    default: normal\n    description: How urgent it is."),
    ("channel", "type: enum\n    values: [email, phone, portal, meeting]\n    default: email"),
    ("duration", "type: integer\n    min: 0\n    max: 100000\n    optional: true\n    description: Minutes."),
    ("limit", "type: integer\n    min: 1\n    max: 200\n    default: 25"),
    ("amount", "type: money\n    optional: true\n    description: In the minor unit of the currency."),
    ("share", "type: number\n    min: 0\n    max: 1\n    optional: true"),
    ("due_date", "type: date\n    optional: true"),
    ("notify", "type: boolean\n    default: false"),
    (
        "tags",
        "type: list\n    items: { type: string, min_length: 1 }\n    max_items: 50\n    unique: true\n    optional: true",
    ),
    ("recipients", "type: list\n    items: { type: email }\n    min_items: 1\n    optional: true"),
    ("labels", "type: map\n    values: { type: string }\n    optional: true"),
    ("reference", "type: string\n    pattern: \"^[A-Z]{2,4}-[0-9]+$\"\n    optional: true"),
    (
        "address",
        "type: object\n    optional: true\n    fields:\n      street: { type: string, min_length: 1 }\n      \
         city: { type: string, min_length: 1 }\n      country: { type: string, min_length: 2, max_length: 2 }",
    ),
    ("details", "type: json\n    optional: true\n    description: Anything else."),
];

fn summary(pascal: &str) -> String {
    format!(
        "type: {pascal}Summary\ndescription: A record in short.\nfields:\n  record_id: {{ type: uuid, label: Record }}\n  \
         title: {{ type: string, nullable: true }}\n  priority: {{ type: {pascal}Priority }}\n  \
         client_id: {{ type: uuid, nullable: true }}\n  client_name: {{ type: string, nullable: true }}\n  \
         created_at: {{ type: datetime }}\n  due_date: {{ type: date, nullable: true }}\n  \
         tags: {{ type: list, items: {{ type: string }}, nullable: true }}\n"
    )
}

fn priority(pascal: &str) -> String {
    format!("type: {pascal}Priority\ndescription: How urgent a record is.\nvalues: [low, normal, high, urgent]\n")
}

fn event(module: &str) -> String {
    let name = module.to_uppercase();
    format!(
        "event: {name}_CHANGED\ndescription: A record of {module} changed.\nkey: \"{module}_changed:{{recordId}}\"\n\
         payload:\n  recordId: {{ type: uuid }}\n  clientId: {{ type: uuid, optional: true }}\n  \
         changedAt: {{ type: datetime }}\n  title: {{ type: string, optional: true }}\n"
    )
}

const PICKERS: [(&str, &str); 2] = [("client", "client_name"), ("contact", "full_name")];

fn picker(kind: &str, column: &str) -> String {
    let depends = if kind == "contact" { "depends_on: { client_id: client_id }\n" } else { "" };
    format!(
        "picker: {kind}\nlabel: {kind}\nhint: Search {kind}s\ntable: {kind}s\nid: {kind}_id\n\
         label_template: \"{{{column}}}\"\nsearch: [{column}]\n{depends}permission: {kind}:read\n"
    )
}

const PERMISSIONS: &str = "permissions:
  client: { description: Clients., actions: [create, read, update, delete] }
  contact: { description: Contacts., actions: [create, read, update, delete] }
";

const TABLES: &str = "tables:
  clients: { key: [client_id], columns: { client_id: uuid, client_name: text, is_inactive: boolean? } }
  contacts: { key: [contact_id], columns: { contact_id: uuid, client_id: uuid?, full_name: text, email: text? } }
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_takes_synthetic_specs() {
        let folder = tempfile::tempdir().unwrap();
        let specs = folder.path().join("specs");
        write_specs(&specs, 60).unwrap();
        let generator = actwright_codegen::Generator::new(&specs, folder.path().join("out"));
        assert_eq!(generator.run().unwrap().actions, Some(60));
        assert_eq!(generator.run().unwrap().actions, None);
    }
}
