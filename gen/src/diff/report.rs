//! What is told about changes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use actwright_codegen::compat::{Broken, Change, Subject, Verdict};
use serde_json::{Value, json};

/// Changes, judged, and what they break.
#[derive(Debug)]
pub struct Report {
    /// What was compared with.
    pub against: String,
    pub changes: Vec<Change>,
    /// How many stored workflows were looked at, if any were.
    pub workflows: Option<usize>,
    pub broken: Vec<Broken>,
    /// The highest version of each action, as it is now.
    pub latest: BTreeMap<String, u32>,
}

const VERDICTS: [Verdict; 4] = [Verdict::Breaking, Verdict::NewVersion, Verdict::Warning, Verdict::Compatible];

impl Report {
    pub fn is_refused(&self) -> bool {
        self.changes.iter().any(|change| change.rule.verdict().is_refused())
    }

    /// For people.
    pub fn text(&self, all: bool) -> String {
        let mut text = String::new();
        let shown = |change: &&Change| all || change.rule.verdict() > Verdict::Compatible;
        for of_subject in self.changes.chunk_by(|a, b| a.subject == b.subject) {
            let shown: Vec<&Change> = of_subject.iter().filter(shown).collect();
            let Some(first) = shown.first() else { continue };
            let _ = writeln!(text, "{} ({})", first.subject, first.source);
            for change in shown {
                let verdict = change.rule.verdict().as_str();
                let _ = writeln!(text, "  {verdict:<19}  {}  {}", sentence(change), change.rule.id());
                if change.rule.verdict() > Verdict::Compatible {
                    let _ = writeln!(text, "  {:<19}  {}{}", "", change.rule.why(), audience(change));
                }
            }
            text.push('\n');
        }
        for one in &self.broken {
            let _ = writeln!(text, "{}", self.broken_step(one));
        }
        if let Some(count) = self.workflows {
            let _ = writeln!(text, "{}\n", self.looked_at(count));
        }
        let _ = writeln!(text, "{}", self.summary());
        for version in self.versions() {
            let _ = writeln!(text, "{version}");
        }
        text
    }

    /// For a comment on a pull request.
    pub fn markdown(&self) -> String {
        let mut text = format!("### Specs\n\n{}\n", self.summary());
        for verdict in VERDICTS {
            let changes: Vec<&Change> = self.changes.iter().filter(|change| change.rule.verdict() == verdict).collect();
            if changes.is_empty() {
                continue;
            }
            let heading = format!("{} ({})", title(verdict.as_str()), changes.len());
            let folded = verdict == Verdict::Compatible;
            let _ = match folded {
                true => write!(text, "\n<details><summary>{heading}</summary>\n\n"),
                false => write!(text, "\n#### {heading}\n\n"),
            };
            text.push_str("| what | where | change | why | rule |\n|---|---|---|---|---|\n");
            for change in changes {
                let cells = [
                    change.subject.to_string(),
                    format!("`{}`", if change.path.is_empty() { "-" } else { &change.path }),
                    change.detail.clone(),
                    format!("{}{}", change.rule.why(), audience(change)),
                    change.rule.id().to_owned(),
                ];
                let cells = cells.map(|cell| cell.replace('|', "\\|").replace('\n', " "));
                let _ = writeln!(text, "| {} |", cells.join(" | "));
            }
            if folded {
                text.push_str("\n</details>\n");
            }
        }
        if let Some(count) = self.workflows {
            let _ = write!(text, "\n#### Stored workflows\n\n{}\n", self.looked_at(count));
            for one in &self.broken {
                let _ = write!(text, "\n- {}", self.broken_step(one));
            }
            if !self.broken.is_empty() {
                text.push('\n');
            }
        }
        for version in self.versions() {
            let _ = write!(text, "\n{version}\n");
        }
        text
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        let changes: Vec<Value> = self.changes.iter().map(change_to_json).collect();
        let broken: Vec<Value> = self
            .broken
            .iter()
            .map(|one| {
                json!({
                    "source": one.source, "workflow": one.workflow, "step": one.step, "certain": one.certain,
                    "change": one.change,
                })
            })
            .collect();
        json!({
            "ok": !self.is_refused(), "against": self.against, "changes": changes, "workflows": self.workflows,
            "broken": broken,
        })
    }

    fn summary(&self) -> String {
        let counts: Vec<String> = VERDICTS
            .iter()
            .map(|verdict| (verdict, self.changes.iter().filter(|change| change.rule.verdict() == *verdict).count()))
            .filter(|(_, count)| *count > 0)
            .map(|(verdict, count)| match verdict {
                Verdict::NewVersion if count > 1 => format!("{count} need a new version"),
                verdict => format!("{count} {}", verdict.as_str()),
            })
            .collect();
        match counts.as_slice() {
            [] => format!("Nothing has changed since {}.", self.against),
            counts => format!("Changes since {}: {}.", self.against, counts.join(", ")),
        }
    }

    /// What to do about versions that are published.
    fn versions(&self) -> Vec<String> {
        let of = |change: &Change| match &change.subject {
            Subject::Action(id, version) if change.rule.verdict() == Verdict::NewVersion => {
                Some((id.clone(), *version))
            }
            _ => None,
        };
        let mut all: Vec<(String, u32)> = self.changes.iter().filter_map(of).collect();
        all.dedup();
        let line = |(id, version): (String, u32)| {
            let next = self.latest.get(&id).copied().unwrap_or(version) + 1;
            format!("Leave {id} v{version} as it was, and publish v{next}: cargo gen new --version {next} {id}")
        };
        all.into_iter().map(line).collect()
    }

    fn broken_step(&self, one: &Broken) -> String {
        let change = &self.changes[one.change];
        let verb = if one.certain { "breaks" } else { "may break" };
        format!(
            "{}, step {}: {verb} by {} {} ({}) in {}",
            one.workflow,
            one.step,
            change.rule.id(),
            change.path,
            change.subject,
            one.source
        )
    }

    fn looked_at(&self, count: usize) -> String {
        let workflows: BTreeSet<&str> = self.broken.iter().map(|one| one.source.as_str()).collect();
        let steps: BTreeSet<(&str, &str)> =
            self.broken.iter().map(|one| (one.source.as_str(), one.step.as_str())).collect();
        match (steps.len(), workflows.len()) {
            (_, 0) => format!("None of {count} stored workflows breaks."),
            (1, _) => format!("1 step of 1 of {count} stored workflows breaks or may break."),
            (steps, broken) => format!("{steps} steps of {broken} of {count} stored workflows break or may break."),
        }
    }
}

fn sentence(change: &Change) -> String {
    if change.path.is_empty() { change.detail.clone() } else { format!("{}: {}", change.path, change.detail) }
}

fn audience(change: &Change) -> String {
    let names: Vec<&str> = change.rule.audience().iter().map(|audience| audience.as_str()).collect();
    if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) }
}

fn title(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn change_to_json(change: &Change) -> Value {
    let subject = match &change.subject {
        Subject::Action(id, version) => json!({ "action": id, "version": version }),
        Subject::Event(name) => json!({ "event": name }),
        Subject::Picker(kind) => json!({ "picker": kind }),
        Subject::Catalog => json!({ "catalog": true }),
    };
    json!({
        "rule": change.rule.id(),
        "verdict": change.rule.verdict().as_str(),
        "audience": change.rule.audience().iter().map(|audience| audience.as_str()).collect::<Vec<_>>(),
        "subject": subject,
        "path": change.path,
        "detail": change.detail,
        "why": change.rule.why(),
        "file": change.source,
    })
}
