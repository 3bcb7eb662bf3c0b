//! Specs to start from: from a pair of JSON Schemas, or from an operation of an OpenAPI document.
//!
//! What a schema says is carried over where the spec language can say it. What it cannot is left out or made wider, and
//! noted. The specs that come of it are right: they load, though somebody has to think about permissions and the audit.

mod action;
mod document;
mod note;
mod operation;
mod parts;
mod record;
mod scalar;
mod schema;
mod shape;
mod texts;
mod write;

use crate::model::{Effects, Model};

pub use document::Document;
pub use note::{Note, summary};
pub use operation::{Operation, operations};

/// What is known of the action beside its schemas.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The part of the id before the dot.
    pub module: String,
    /// The part after it.
    pub name: String,
    /// What workflow authors see; from the source, else from the name, when it is not given.
    pub label: Option<String>,
    /// A sentence for them; likewise.
    pub description: Option<String>,
    /// Whether it reads or writes; from the method, else it writes.
    pub effects: Option<Effects>,
    /// What a call needs if the action reads, such as `client:read`.
    pub read_permissions: Vec<String>,
    /// What a call needs if it writes.
    pub write_permissions: Vec<String>,
}

/// Specs to start from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Paths below the specs folder, and texts: the action first, then the types that are new.
    pub files: Vec<(String, String)>,
    /// What could not be carried over.
    pub notes: Vec<Note>,
    /// Whether it reads or writes.
    pub writes: bool,
}

/// The spec of an action that takes what one schema says, and answers what the other one says. Types of the model that are
/// the same are used, and no other type gets their names.
pub fn schemas(draft: &Draft, input: &Document, output: Option<&Document>, known: &Model) -> Imported {
    let mut import = action::Import::new(draft);
    import.input(&input.root());
    if let Some(output) = output {
        import.output(&output.root());
    }
    import.finish(known)
}

/// As [`schemas`], from an operation: its `operationId`, or a method and path such as `GET /pets/{id}`.
///
/// # Errors
///
/// A document that is not OpenAPI 3, an operation that is not there; says what is there.
pub fn operation(draft: &Draft, document: &Document, operation: &str, known: &Model) -> Result<Imported, String> {
    operation::find(document, operation).map(|found| operation::import(draft, &found, known))
}
