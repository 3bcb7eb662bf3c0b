//! Diagnostics as annotations of a pull request on GitHub: workflow commands, one a line.

use super::{Diagnostic, Diagnostics, Severity};

pub(super) fn annotations(all: &Diagnostics) -> String {
    all.iter().map(|one| annotation(all, one)).collect()
}

fn annotation(all: &Diagnostics, one: &Diagnostic) -> String {
    let place = all.place(one);
    let help = one.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    format!(
        "::{} file={},line={},endLine={},col={},endColumn={},title={}::{}\n",
        match one.code.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        },
        property(&one.file),
        place.line,
        place.end_line,
        place.column,
        place.end_column,
        property(&format!("{}: {}", one.code.id(), one.code.title())),
        data(&format!("{}{help}", one.message)),
    )
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
