//! What people read when specs are wrong: each folder of `tests/errors/` is laid over `tests/errors/base/`, and its
//! `expected.txt` is the text of all errors. `UPDATE=1 cargo test -p actwright-codegen --test errors` writes them anew.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{copy, specs_of};
use tempfile::TempDir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors")
}

/// The base specs with those of a case over them, without the files that the case names in `without`.
fn specs(case: Option<&Path>) -> TempDir {
    let folder = specs_of("errors/base");
    let specs = folder.path().join("specs");
    if let Some(case) = case {
        copy(case, &specs);
        for name in fs::read_to_string(case.join("without")).unwrap_or_default().lines() {
            fs::remove_file(specs.join(name)).unwrap();
        }
    }
    folder
}

fn load(folder: &TempDir) -> Result<actwright_codegen::model::Model, actwright_codegen::Diagnostics> {
    actwright_codegen::load(&folder.path().join("specs"))
}

#[test]
fn the_base_is_right() {
    let model = load(&specs(None)).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(model.actions.len(), 1);
}

#[test]
fn errors_read_as_expected() {
    let mut cases: Vec<PathBuf> = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.file_name().is_some_and(|name| name != "base"));
    cases.sort();
    assert!(cases.len() >= 30, "{}", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let text = match load(&specs(Some(&case))) {
            Ok(_) => "no errors\n".to_owned(),
            Err(errors) => errors.to_string(),
        };
        let expected = case.join("expected.txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&expected, &text).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != text {
            wrong.push(format!("{}:\n{text}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn programs_get_the_same_errors() {
    let errors = load(&specs(Some(&root().join("unknown_types")))).unwrap_err();
    let json = errors.to_json();
    let first = &json[0];
    assert_eq!(json.as_array().map(Vec::len), Some(errors.len()));
    assert_eq!(first["code"], "AW0201");
    assert_eq!(first["file"], "specs/actions/crm/rename_client.v1.yaml");
    assert_eq!((first["line"].as_u64(), first["column"].as_u64()), (Some(8), Some(22)));
    assert_eq!(first["excerpt"], "uid");
    assert_eq!(first["suggestion"], "uuid");
}

#[test]
fn colour_is_for_terminals() {
    let errors = load(&specs(Some(&root().join("unknown_types")))).unwrap_err();
    assert!(errors.render(true).contains('\u{1b}'));
    assert!(!errors.render(false).contains('\u{1b}'));
}

/// Files that are no text at all, and files from other systems.
#[test]
fn bytes_of_all_kinds() {
    let folder = specs(None);
    let types = folder.path().join("specs/types");
    fs::write(types.join("latin.yaml"), b"type: Latin\nvalues: [\xe9]\n").unwrap();
    fs::write(types.join("large.yaml"), vec![b'#'; 1024 * 1024 + 1]).unwrap();
    fs::write(types.join("windows.yaml"), "\u{feff}type: Windows\r\nvalues: [a]\r\n").unwrap();
    fs::write(types.join("windows_wrong.yaml"), "\u{feff}type: WindowsWrong\r\nvalues: [1st]\r\n").unwrap();
    fs::write(types.join(".hidden.yaml"), "?").unwrap();
    fs::write(types.join("README.md"), "?").unwrap();
    let errors = load(&folder).unwrap_err();
    let told: Vec<(&str, &str)> = errors.iter().map(|one| (one.file.as_str(), one.message.as_str())).collect();
    assert_eq!(
        told,
        [
            ("specs/types/large.yaml", "the file has 1048577 bytes, and a spec has at most 1048576"),
            ("specs/types/latin.yaml", "the file is not UTF-8: see line 2"),
            ("specs/types/windows_wrong.yaml", "`1st` cannot be a value of an enum"),
        ]
    );
    assert_eq!(errors.iter().last().map(|one| (one.line, one.column)), Some((2, 10)));
}

#[test]
fn a_folder_without_specs_is_told() {
    let folder = TempDir::new().unwrap();
    assert!(actwright_codegen::load(folder.path()).unwrap_err().to_string().contains("there are no specs"));
    assert!(actwright_codegen::load(&folder.path().join("no")).unwrap_err().to_string().contains("cannot be read"));
}
