//! `actwright audit verify`.

use std::path::Path;

use actwright_runtime::audit::{Anchor, Chain, Finding, Verification};
use actwright_runtime::{Error, Timestamp};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::arguments::VerifyArguments;
use crate::failure::Failure;
use crate::open;
use crate::terminal::{bad, good, plain, quiet, say};

pub async fn run(arguments: &VerifyArguments, json: bool) -> Result<(), Failure> {
    let runtime = open::runtime(&arguments.database).await?;
    let mut anchors = arguments.anchors.as_deref().map(read_anchors).transpose()?.unwrap_or_default();
    if let Some(tenant) = arguments.tenant {
        anchors.retain(|(of, _)| *of == tenant);
        anchors.extend(arguments.expect.iter().map(|anchor| (tenant, anchor.clone())));
    }
    let verification = Verification { tenant: arguments.tenant, anchors, archived_before: arguments.archived_before };
    // Findings are said as they come, so that any number of them fits into memory.
    let mut said = Ok(());
    let mut report = |finding: Finding| {
        if said.is_ok() {
            said = if json { say(json!({ "finding": finding })) } else { say(described(&finding)) };
        }
    };
    let chains = runtime.verify_audit(&verification, &mut report).await?;
    said?;
    for chain in &chains {
        if json {
            say(json!({ "chain": chain }))?;
        } else {
            say(stand(chain))?;
        }
    }
    match chains.iter().map(|chain| chain.findings).sum() {
        0 => Ok(()),
        findings => Err(Failure::Findings(findings)),
    }
}

/// A line about a finding: what, where, whose, and what differs.
fn described(finding: &Finding) -> String {
    let mut parts = vec![bad(finding.kind)];
    let mut part =
        |name: &str, value: Option<String>| parts.extend(value.map(|value| plain(&format!("{name} {value}"))));
    part("row", finding.audit_id.clone());
    part("amendment", finding.amendment_id.clone());
    part("", finding.operation.clone());
    part("at", finding.at.map(|at| at.to_string()));
    part("by", finding.user_id.clone());
    part("seal", finding.seq.map(|seq| seq.to_string()));
    part("differs in", (!finding.columns.is_empty()).then(|| finding.columns.join(", ")));
    part("–", finding.note.clone());
    part("tenant", Some(finding.tenant.to_string()));
    parts.join("  ")
}

fn stand(chain: &Chain) -> String {
    let Chain { tenant, head, pending, archived, late, findings, .. } = chain;
    let verdict = match findings {
        0 => good("whole"),
        findings => bad(format!("{findings} findings")),
    };
    let mut more = Vec::new();
    for (count, what) in [(*pending, "not sealed yet"), (*archived as i64, "archived"), (*late as i64, "accepted late")]
    {
        if count > 0 {
            more.push(format!("{count} {what}"));
        }
    }
    let more = if more.is_empty() { String::new() } else { format!(", {}", more.join(", ")) };
    format!("{tenant}  {verdict}  {} sealed{more}\n  {}", head.seq, quiet(format!("head {head}")))
}

/// A line of `actwright audit anchor`.
#[derive(Deserialize)]
struct Line {
    tenant: Uuid,
    seq: i64,
    hash: String,
    /// Lines of before it was noted down have none.
    complete_before: Option<Timestamp>,
}

fn read_anchors(path: &Path) -> Result<Vec<(Uuid, Anchor)>, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::CannotRun(format!("{} cannot be read: {error}", path.display())))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            let wrong = |why: String| {
                Failure::Refused(Error::validation(format!("{}, line {}: {why}", path.display(), number + 1)))
            };
            let line: Line = serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
            let anchor: Anchor = format!("{}:{}", line.seq, line.hash).parse().map_err(wrong)?;
            Ok((line.tenant, Anchor { complete_before: line.complete_before, ..anchor }))
        })
        .collect()
}
