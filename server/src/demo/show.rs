//! How the demonstration looks: text for people, or one JSON document.

use std::path::PathBuf;

use actwright_runtime::outbox::StoredEffect;
use actwright_runtime::{Answer, AuditEntry, Call, Error};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::seed::{ADMIN, TECHNICIAN, TENANT};
use crate::terminal::{bad, good, quiet, say, title};

/// Longer values are cut.
const WIDEST: usize = 76;

/// Tells the story in order.
pub struct Show {
    json: bool,
    database: String,
    data: PathBuf,
    chapters: Vec<Value>,
}

impl Show {
    pub fn new(json: bool, database: String, data: PathBuf) -> Self {
        Self { json, database, data, chapters: Vec::new() }
    }

    pub fn opening(&self, rows: u64) -> Result<(), Failure> {
        if self.json {
            return Ok(());
        }
        say(title("Actwright demonstration"))?;
        say(format!("A new embedded database with {rows} rows of Harbourlight Managed Services:"))?;
        say(format!("  export ACTWRIGHT_DB={}", self.database))?;
        say(format!("  export ACTWRIGHT_DATA={}", self.data.display()))?;
        say(format!("  T={TENANT}   {}", quiet("# the tenant")))?;
        say(format!("  NADIA={ADMIN}   {}", quiet("# may do everything")))?;
        say(format!("  PRIYA={TECHNICIAN}   {}", quiet("# a technician")))
    }

    pub fn chapter(&mut self, heading: &str, why: &str) -> Result<(), Failure> {
        self.chapters.push(json!({ "title": heading, "about": why }));
        if self.json {
            return Ok(());
        }
        say("")?;
        say(title(format!("{}. {heading}", self.chapters.len())))?;
        say(quiet(why))
    }

    /// A call that succeeded, and what it left behind.
    pub fn step(
        &mut self,
        call: &Call,
        answer: &Answer,
        audit: Option<&AuditEntry>,
        effects: &[StoredEffect],
    ) -> Result<(), Failure> {
        self.note("call", command(call));
        self.note("answer", json!(answer));
        self.note("audit", json!(audit));
        self.note("effects", json!(effects));
        if self.json {
            return Ok(());
        }
        say(format!("  $ {}", command(call)))?;
        self.answer(answer)?;
        if let Some(preview) = &answer.meta.dry_run {
            for change in &preview.changes {
                let operation = format!("{:?}", change.operation).to_lowercase();
                self.row("change", &format!("{operation} {}: {}", change.table, brief(&json!(change.after))))?;
            }
            self.row(
                "audit",
                &brief(&preview.audit.as_ref().map_or(Value::Null, |audit| audit["changed_data"].clone())),
            )?;
            for mail in &preview.mails {
                self.row("mail", &format!("to {}: {}", brief(&mail["to"]), brief(&mail["subject"])))?;
            }
            return self.row("stored", "nothing");
        }
        if let Some(first) = &answer.meta.deduplicated {
            return self.row("repeat", &format!("of the call at {}; nothing was written", first.at));
        }
        match audit {
            Some(audit) => self.row("audit", &format!("{} {}", audit.operation, brief(&audit.changed_data)))?,
            None => self.row("audit", "none: the action only reads")?,
        }
        for effect in effects {
            self.effect(effect)?;
        }
        Ok(())
    }

    /// A call of several, on one line.
    pub fn call_line(&mut self, call: &Call, answer: &Answer, about: &str) -> Result<(), Failure> {
        if let Some(chapter) = self.chapters.last_mut() {
            let steps = &mut chapter["steps"];
            let step = json!({ "call": command(call), "answer": answer });
            match steps.as_array_mut() {
                Some(steps) => steps.push(step),
                None => *steps = json!([step]),
            }
        }
        self.line(&call.action, about)
    }

    /// What somebody did, and what came of it.
    pub fn line(&self, what: &str, about: &str) -> Result<(), Failure> {
        if self.json { Ok(()) } else { say(format!("  {} {about}", good(format!("{what:<30}")))) }
    }

    /// A call that was refused.
    pub fn refusal(&mut self, call: &Call, error: &Error) -> Result<(), Failure> {
        self.note("call", command(call));
        self.note("error", json!(error));
        if self.json {
            return Ok(());
        }
        say(format!("  $ {}", command(call)))?;
        say(format!("  {} {}", bad("refused  "), error))?;
        self.row("audit", &format!("workflow_action_denied:{}", call.action))
    }

    pub fn remark(&mut self, text: &str) -> Result<(), Failure> {
        self.note("branch", text);
        if self.json { Ok(()) } else { self.row("branch", text) }
    }

    pub fn closing(&self) -> Result<(), Failure> {
        if self.json {
            let story =
                json!({ "database": self.database, "data": self.data, "tenant": TENANT, "chapters": self.chapters });
            return say(serde_json::to_string_pretty(&story).unwrap_or_default());
        }
        say("")?;
        say(title("What to try next"))?;
        say("With the variables from the top of this page (in this repository, `cargo run --` stands for actwright):")?;
        say("  actwright actions")?;
        say("  actwright schema crm.schedule_activity")?;
        say("  actwright pick contact --tenant $T --actor $NADIA --search lind")?;
        say(
            "  actwright call crm.find_activities --tenant $T --actor $NADIA --input '{\"date_from\": \"2026-01-01T00:00:00Z\"}'",
        )?;
        say("  actwright db status")?;
        say(format!("The mails and PDFs are in {}.", self.data.display()))?;
        say("docs/adding-an-action.md adds an action of your own.")
    }

    fn answer(&self, answer: &Answer) -> Result<(), Failure> {
        let output = &answer.output;
        if let Some(activities) = output["activities"].as_array() {
            say(format!("  {} {} activities", good("answer   "), output["count"]))?;
            for one in activities {
                let day = one["interaction_date"].as_str().and_then(|at| at.get(..10)).unwrap_or_default();
                let text = |key: &str| one[key].as_str().unwrap_or("-");
                say(format!(
                    "            {day}  {:<14} {:<18} {}",
                    text("type_name"),
                    text("status_name"),
                    text("title")
                ))?;
            }
            return Ok(());
        }
        let mut facts = Vec::new();
        match &output["activity"] {
            Value::Null => {}
            activity => {
                for key in ["title", "client_name", "contact_name", "start_time", "duration", "status_name"] {
                    facts.push(format!("{key}: {}", brief(&activity[key])));
                }
            }
        }
        for key in ["changed_fields", "previous_status", "new_status", "recipients", "email_sent", "no_op"] {
            if let Some(value) = output.get(key) {
                facts.push(format!("{key}: {}", brief(value)));
            }
        }
        let mut facts = facts.into_iter();
        say(format!("  {} {}", good("answer   "), facts.next().unwrap_or_default()))?;
        facts.try_for_each(|fact| say(format!("            {fact}")))
    }

    fn effect(&self, effect: &StoredEffect) -> Result<(), Failure> {
        match effect.kind.as_str() {
            "event" => self.row("event", &format!("{} {}", effect.name, effect.key)),
            "mail" => {
                self.row("mail", &format!("to {}: {} ({})", brief(&effect.payload["to"]), effect.name, effect.status))?;
                let attachments = effect.payload["attachments"].as_array();
                attachments.into_iter().flatten().try_for_each(|file| {
                    let path = self.data.join("documents").join(file["path"].as_str().unwrap_or_default());
                    self.row("pdf", &path.display().to_string())
                })
            }
            _ => self.row("job", &format!("{} ({})", effect.name, effect.status)),
        }
    }

    fn row(&self, name: &str, text: &str) -> Result<(), Failure> {
        say(format!("  {} {text}", quiet(format!("{name:<9}"))))
    }

    fn note(&mut self, key: &str, value: impl Into<Value>) {
        if let Some(chapter) = self.chapters.last_mut() {
            chapter[key] = value.into();
        }
    }
}

/// The call as one would type it.
fn command(call: &Call) -> String {
    let actor = if call.caller == actwright_runtime::Caller::User(TECHNICIAN) { "$PRIYA" } else { "$NADIA" };
    let key = call.idempotency_key.as_ref().map(|key| format!(" --idempotency-key {key}")).unwrap_or_default();
    let dry_run = if call.dry_run { " --dry-run" } else { "" };
    format!(
        "actwright call {} --tenant $T --actor {actor}{key}{dry_run} \\\n      --input '{}'",
        call.action,
        call.input.to_string().replace('\'', "'\\''")
    )
}

/// A value on one line, cut.
fn brief(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(brief).collect::<Vec<_>>().join(", "),
        Value::Object(object) => {
            let known = object.iter().filter(|(_, value)| !value.is_null());
            known.map(|(key, value)| format!("{key}={}", brief(value))).collect::<Vec<_>>().join(" ")
        }
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    };
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
