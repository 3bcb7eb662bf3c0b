//! `actwright audit trail`.

use actwright_runtime::audit::{Outcome, Trail, TrailEntry, TrailQuery};
use serde_json::{Map, Value, json};

use super::arguments::TrailArguments;
use crate::failure::Failure;
use crate::open;
use crate::terminal::{bad, good, plain, quiet, say, title};

pub async fn run(arguments: TrailArguments, json: bool) -> Result<(), Failure> {
    let runtime = open::runtime(&arguments.database).await?;
    let TrailArguments { tenant, entity, from, to, actor, action, after, limit, .. } = arguments;
    let query = TrailQuery { tenant, entity, from, to, actor, action, after, limit };
    let trail = runtime.audit_trail(&query).await?;
    if json {
        return say(json!(trail));
    }
    if trail.entries.is_empty() {
        say("No audit row matches.")?;
    }
    for entry in &trail.entries {
        show(entry)?;
    }
    hints(&query, &trail)
}

fn hints(query: &TrailQuery, trail: &Trail) -> Result<(), Failure> {
    if let (Some(entity), false) = (&query.entity, trail.also_as.is_empty()) {
        let fields = trail.also_as.join(", ");
        say(quiet(format!("Other rows hold the id as {fields}: --entity {} lists all of them.", entity.id)))?;
    }
    match trail.next {
        Some(last) => say(quiet(format!("There is more: --after {last}"))),
        None => Ok(()),
    }
}

/// When, how it ended, through what, who and in which run; then what changed, a line each.
fn show(entry: &TrailEntry) -> Result<(), Failure> {
    let outcome = match entry.outcome {
        Outcome::Done => good("done"),
        Outcome::Denied => bad("denied"),
        Outcome::Failed => bad("failed"),
        Outcome::Retried => "retried".to_owned(),
        Outcome::Discarded => "discarded".to_owned(),
    };
    let action = plain(entry.action.as_deref().unwrap_or("?"));
    let version = entry.version.map(|version| format!("@{version}")).unwrap_or_default();
    say(format!("{}  {outcome}  {}", entry.at, title(format!("{action}{version}"))))?;
    let who = match &entry.actor {
        None => "nobody".to_owned(),
        Some(actor) => match &actor.name {
            Some(name) => plain(&format!("{name} ({})", actor.user_id)),
            None => plain(&actor.user_id),
        },
    };
    let place = match &entry.run {
        None => String::new(),
        Some(run) => {
            let workflow = run.workflow.as_deref().map(|name| format!(" of {name}")).unwrap_or_default();
            let version = run.workflow_version.map(|version| format!(" version {version}")).unwrap_or_default();
            let step = entry.step_path.as_deref().map(|step| format!(", step {step}")).unwrap_or_default();
            plain(&format!(", run {}{workflow}{version}{step}", run.run_id))
        }
    };
    let seal = entry.seal.map_or_else(|| "not sealed yet".to_owned(), |seal| format!("seal {seal}"));
    say(format!("  by {who}{place}"))?;
    say(quiet(format!("  row {}, {seal}", entry.audit_id)))?;
    fields(&entry.details)?;
    fields(&entry.changed)?;
    for amendment in &entry.amendments {
        let said = |values: &Map<String, Value>, name: &str| values.get(name).map_or("nothing".to_owned(), compact);
        for (name, new) in &amendment.new {
            say(format!("  {name}: {} since {}, was {}", compact(new), amendment.at, said(&amendment.old, name)))?;
        }
    }
    Ok(())
}

fn fields(value: &Value) -> Result<(), Failure> {
    for (name, value) in value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        say(format!("  {name}: {}", compact(value)))?;
    }
    Ok(())
}

/// A text as it reads on one line, everything else as JSON.
fn compact(value: &Value) -> String {
    value.as_str().map_or_else(|| plain(&value.to_string()), plain)
}
