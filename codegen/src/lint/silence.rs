//! Silences: comments such as `# allow(AW1501): a step before gives it`.
//!
//! One before the first line of a file is for all of it; any other for its own line, or the line below.

use super::Silenced;
use crate::diagnostic::{Code, Diagnostic};
use crate::spec::file::File;
use crate::yaml::Span;

const MARK: &str = "# allow(";

/// A comment that silences.
#[derive(Debug)]
pub struct Silence {
    codes: Vec<Code>,
    reason: String,
    span: Span,
    /// Counted from 1; `None` for all of the file.
    line: Option<usize>,
    used: bool,
}

/// The silences of a file. What is wrong with them is a finding of its own.
pub fn read(file: &File<'_>, found: &mut Vec<Diagnostic>) -> Vec<Silence> {
    let mut silences = Vec::new();
    let (mut at, mut is_head) = (0, true);
    let lines: Vec<&str> = file.text().split_inclusive('\n').collect();
    for (number, line) in lines.iter().enumerate() {
        let is_comment = line.trim_start().starts_with('#');
        is_head &= is_comment || line.trim().is_empty();
        if let Some(start) =
            line.find(MARK).filter(|start| line[..*start].trim().is_empty() || line[..*start].ends_with(' '))
        {
            let text = line[start..].trim_end();
            let span = at + start..at + start + text.len();
            match parse(text) {
                Ok((codes, reason)) => {
                    // A comment of its own is for the first line below that is none.
                    let below = || lines[number..].iter().take_while(|line| line.trim_start().starts_with('#')).count();
                    let own = if is_comment { number + 1 + below() } else { number + 1 };
                    let line = (!is_head).then_some(own);
                    silences.push(Silence { codes, reason: reason.to_owned(), span, line, used: false });
                }
                Err(message) => {
                    let mut error = Diagnostic::at(Code::BadSilence, file.path(), span, message);
                    error.help("write `# allow(AW1501): why`");
                    found.push(error);
                }
            }
        }
        at += line.len();
    }
    silences
}

fn parse(text: &str) -> Result<(Vec<Code>, &str), String> {
    let inner = text.strip_prefix(MARK).unwrap_or(text);
    let (codes, rest) = inner.split_once(')').ok_or("the list of codes does not end")?;
    let reason = rest.strip_prefix(':').map(str::trim).filter(|reason| !reason.is_empty());
    let reason = reason.ok_or("a silence needs a reason")?;
    let code = |id: &str| {
        let code = Code::parse(id.trim()).ok_or_else(|| format!("there is no code `{}`", id.trim()))?;
        if code.is_silenceable() { Ok(code) } else { Err(format!("{} cannot be silenced", code.id())) }
    };
    Ok((codes.split(',').map(code).collect::<Result<_, _>>()?, reason))
}

/// Divides what was found into what is told and what is silenced; a silence of nothing is told, too.
pub fn apply(
    file: &File<'_>,
    mut silences: Vec<Silence>,
    findings: Vec<Diagnostic>,
    found: &mut Vec<Diagnostic>,
    silenced: &mut Vec<Silenced>,
) {
    for finding in findings {
        let start = finding.span.as_ref().map_or(0, |span| span.start);
        let line = file.text()[..start].matches('\n').count() + 1;
        let applies = |silence: &&mut Silence| {
            silence.codes.contains(&finding.code) && silence.line.is_none_or(|own| own == line)
        };
        match silences.iter_mut().find(applies) {
            Some(silence) => {
                silence.used = true;
                let (file, reason) = (file.path().to_owned(), silence.reason.clone());
                silenced.push(Silenced { code: finding.code, file, line, message: finding.message, reason });
            }
            None => found.push(finding),
        }
    }
    for silence in silences.iter().filter(|silence| !silence.used) {
        let message = "nothing is found here that this would silence";
        let mut warning = Diagnostic::at(Code::UnusedSilence, file.path(), silence.span.clone(), message);
        warning.help("take the comment out");
        found.push(warning);
    }
}
