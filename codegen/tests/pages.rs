//! The pages about errors (`docs/errors/`): what they call wrong is that, and is told as the snapshots have it; what they
//! call right is right. And the lists of them name each.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use actwright_codegen::Diagnostics;
use actwright_codegen::diagnostic::Code;
use common::specs_of;

/// Bytes of another encoding, and many files, cannot be shown on a page; other tests have such files.
const WITHOUT_EXAMPLES: &[Code] = &[Code::UnreadableFile, Code::TooLarge];

/// The files that a page shows under a word: paths below `specs/` and texts.
fn files<'p>(page: &'p str, word: &str) -> Vec<(&'p str, &'p str)> {
    let mut found = Vec::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("```yaml\n") {
        let (text, next) = after.split_once("```").unwrap();
        let heading = before.trim_end().lines().last().unwrap_or_default();
        if let Some(path) = heading.strip_prefix(word).and_then(|rest| rest.strip_prefix(", `specs/")) {
            found.push((path.trim_end_matches("`:"), text));
        }
        rest = next;
    }
    found
}

/// What is told of these files, laid over specs that are right.
fn told(code: Code, files: &[(&str, &str)]) -> Diagnostics {
    let folder = specs_of("errors/base");
    let specs = folder.path().join("specs");
    for (path, text) in files {
        fs::write(specs.join(path), text).unwrap();
    }
    if !code.is_lint() {
        return actwright_codegen::load(&specs).err().unwrap_or_default();
    }
    let shown = |file: &str| files.iter().any(|(path, _)| file.ends_with(path));
    actwright_codegen::lint(&specs).unwrap().diagnostics.filtered(|one| shown(&one.file))
}

fn codes(diagnostics: &Diagnostics) -> BTreeSet<Code> {
    diagnostics.iter().map(|one| one.code).collect()
}

#[test]
fn examples_are_what_they_are_called() {
    for code in Code::ALL {
        assert!(code.page().starts_with(&format!("# {}: ", code.id())), "{code:?} has the page of another");
        let (wrong, right) = (files(code.page(), "Wrong"), files(code.page(), "Right"));
        if WITHOUT_EXAMPLES.contains(code) {
            assert!(wrong.is_empty() && right.is_empty(), "{code:?} has examples after all");
            continue;
        }
        assert!(!wrong.is_empty() && !right.is_empty(), "{code:?} has no examples");
        let (wrong, right) = (told(*code, &wrong), told(*code, &right));
        assert_eq!(codes(&wrong), BTreeSet::from([*code]), "the wrong example of {}", code.id());
        assert_eq!(codes(&right), BTreeSet::new(), "the right example of {}", code.id());
        insta::assert_snapshot!(code.id(), wrong.to_string());
    }
}

/// The list of the pages names each, in order.
#[test]
fn every_page_is_listed() {
    let list = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors/README.md")).unwrap();
    let listed: Vec<&str> =
        list.lines().filter_map(|line| line.strip_prefix("| [")?.split_once(']')).map(|(id, _)| id).collect();
    let all: Vec<&str> = Code::ALL.iter().map(|code| code.id()).collect();
    assert_eq!(listed, all);
}

/// The page about findings lists every rule. `UPDATE=1` writes the list anew.
#[test]
fn the_page_of_findings_lists_every_rule() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/lint.md");
    let page = fs::read_to_string(&path).unwrap();
    let heading = "| code | | severity | why | silenced by |\n|---|---|---|---|---|\n";
    let (before, _) = page.split_once(heading).unwrap();
    let row = |code: &Code| {
        let id = code.id();
        let silence = if code.is_silenceable() { format!("`# allow({id}): why`") } else { "nothing".to_owned() };
        let severity = code.severity().as_str();
        format!("| [{id}](errors/{id}.md) | {} | {severity} | {} | {silence} |\n", code.title(), code.why())
    };
    let rows: String = Code::ALL.iter().filter(|code| code.is_lint()).map(row).collect();
    let expected = format!("{before}{heading}{rows}");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
}
