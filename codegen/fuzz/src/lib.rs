//! What is fuzzed: everything that reads specs. A test of the crate above runs it over the corpus, too, without a fuzzer.
//!
//! The first byte of an input says which file of some specs that are right is replaced; the rest is its new text.

use std::path::Path;

use actwright_codegen::assist::Workspace;
use actwright_codegen::export;

/// The specs below `base`, with one file replaced.
fn texts(base: &Path, data: &[u8]) -> Option<(Vec<(String, String)>, String)> {
    let (which, text) = data.split_first()?;
    let text = str::from_utf8(text).ok()?;
    let mut texts = actwright_codegen::texts(base).ok()?;
    let count = texts.len();
    let (path, replaced) = texts.get_mut(usize::from(*which) % count)?;
    text.clone_into(replaced);
    let path = path.clone();
    Some((texts, path))
}

/// Specs are a model, or have errors with places that exist; of a model, everything can be generated and exported.
pub fn specs(base: &Path, data: &[u8]) {
    let Some((texts, _)) = texts(base, data) else { return };
    match actwright_codegen::load_texts(texts) {
        Ok(model) => {
            let output = actwright_codegen::output(&model);
            assert!(output.is_ok(), "{output:?}");
            for target in ["mdbook", "model", "openapi", "typescript"] {
                let exported = export::files(&model, target, Path::new("no/templates"));
                assert!(exported.is_ok(), "{target}: {exported:?}");
            }
        }
        Err(errors) => {
            assert!(!errors.is_empty());
            assert!(errors.iter().all(|one| one.line > 0 && one.column > 0));
            assert!(!errors.render(true).is_empty() && !errors.to_github().is_empty());
            assert_eq!(errors.to_json().as_array().map(Vec::len), Some(errors.len()));
            errors.to_sarif();
        }
    }
}

/// An editor gets an answer wherever the cursor is, and what it is told to change is there to be changed.
pub fn assist(base: &Path, data: &[u8]) {
    let Some((texts, path)) = texts(base, data) else { return };
    let Some((_, text)) = texts.into_iter().find(|(own, _)| *own == path) else { return };
    let mut workspace = Workspace::new(base);
    workspace.edit(&path, Some(text.clone()));
    workspace.refresh();
    let size = workspace.text(&path).map_or(0, str::len);
    for offset in (0..=size).step_by(1 + size / 64) {
        for proposed in workspace.complete(&path, offset) {
            assert!(workspace.text(&path).is_some_and(|text| text.get(proposed.replace).is_some()));
        }
        workspace.hover(&path, offset);
        workspace.definition(&path, offset);
        workspace.references(&path, offset, true);
        if let Ok(edits) = workspace.rename(&path, offset, "renamed_by_nobody") {
            for edit in edits {
                let text = workspace.text(&edit.place.file);
                assert!(text.is_some_and(|text| text.get(edit.place.span).is_some()));
            }
        }
    }
}
