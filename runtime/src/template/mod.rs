//! Mails from templates, which those who run a tenant may replace.

mod folder;
mod read;

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value;
use tera::Tera;
use uuid::Uuid;

pub use read::TemplateProblem;

use self::folder::Folder;
use crate::error::{Error, Result};

/// A mail that a pack writes.
#[derive(Debug, Clone, Copy)]
pub struct MailTemplate {
    /// As files name it: `quote` is in `quote.subject`, `quote.txt` and `quote.html`.
    pub name: &'static str,
    /// The built-in subject.
    pub subject: &'static str,
    /// The built-in plain text.
    pub text: &'static str,
    /// The built-in page.
    pub html: &'static str,
    /// Values as JSON objects, which templates are tried with when they are read: all variables are in each of them, and what
    /// may be null is in one of them.
    pub samples: &'static [&'static str],
}

/// The parts of a mail, which a tenant may replace one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Subject,
    Text,
    Html,
}

impl Part {
    pub(crate) const ALL: [Self; 3] = [Self::Subject, Self::Text, Self::Html];

    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Text => "txt",
            Self::Html => "html",
        }
    }

    fn built_in(self, template: &MailTemplate) -> &'static str {
        match self {
            Self::Subject => template.subject,
            Self::Text => template.text,
            Self::Html => template.html,
        }
    }
}

/// A mail that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenMail {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as a page.
    pub html: String,
}

/// The templates that replace built-in ones: those of a tenant, and those for all that have none of their own.
#[derive(Clone, Default)]
pub struct Templates {
    for_all: Option<Folder>,
    of_tenants: HashMap<Uuid, Folder>,
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Templates").field("tenants", &self.of_tenants.len()).finish_non_exhaustive()
    }
}

impl Templates {
    /// Writes a mail with these values, an object. A template that fails with them is logged, and what it would have replaced
    /// is used.
    ///
    /// # Errors
    ///
    /// `INTERNAL_ERROR` when the values are no JSON object, or the built-in template fails.
    pub fn write(&self, tenant: Uuid, template: &MailTemplate, values: &impl Serialize) -> Result<WrittenMail> {
        let values = serde_json::to_value(values).map_err(|_| Error::internal("The values of a mail are not JSON."))?;
        let part = |part| self.part(tenant, template, part, &values);
        Ok(WrittenMail { subject: part(Part::Subject)?, text: part(Part::Text)?, html: part(Part::Html)? })
    }

    fn part(&self, tenant: Uuid, template: &MailTemplate, part: Part, values: &Value) -> Result<String> {
        for folder in self.of_tenants.get(&tenant).into_iter().chain(&self.for_all) {
            match folder.render(template.name, part, values) {
                Some(Ok(text)) => return Ok(text),
                Some(Err(problem)) => {
                    tracing::error!(%tenant, %problem, "a template of a mail failed, and the one that it replaces is used");
                }
                None => {}
            }
        }
        built_in(template, part, values).map_err(|error| {
            tracing::error!(template = template.name, %error, "a built-in template of a mail failed");
            Error::internal(format!("The built-in template {} cannot be rendered.", template.name))
        })
    }
}

fn built_in(template: &MailTemplate, part: Part, values: &Value) -> Result<String, String> {
    let context = tera::Context::from_serialize(values).map_err(|error| error.to_string())?;
    let rendered = Tera::one_off(part.built_in(template), &context, part == Part::Html);
    rendered.map(|text| tidied(part, text)).map_err(|error| error.to_string())
}

/// A subject is one line; blanks around a text are left over from its tags.
fn tidied(part: Part, text: String) -> String {
    match part {
        Part::Subject => text.split_whitespace().collect::<Vec<_>>().join(" "),
        Part::Text | Part::Html => format!("{}\n", text.trim()),
    }
}

#[cfg(test)]
mod tests;
