//! Whatever is in spec files, the answer is a model or a list of errors with places that exist.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

fn base() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors/base")
}

/// The files of the base specs, in order.
fn files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(base().join(&folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            if base().join(&path).is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// Loads the base specs with one file replaced.
fn load(replaced: &Path, bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    for file in files() {
        let target = folder.path().join("specs").join(&file);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        if file == replaced { fs::write(target, bytes) } else { fs::copy(base().join(&file), target).map(|_| ()) }
            .unwrap();
    }
    if let Err(errors) = actwright_codegen::load(&folder.path().join("specs")) {
        assert!(!errors.is_empty());
        assert!(errors.iter().all(|one| one.line > 0 && one.column > 0));
        assert!(!errors.render(true).is_empty());
        assert_eq!(errors.to_json().as_array().map(Vec::len), Some(errors.len()));
    }
}

/// Words and signs that mean something in specs.
fn token() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            ": ",
            "\n",
            "\n  ",
            "\n    ",
            "{",
            "}",
            "[",
            "]",
            ", ",
            "- ",
            "\"",
            "'",
            "&a ",
            "*a",
            "!!str ",
            "|\n",
            "~",
            "no",
            "1.20",
            "-1",
            "9223372036854775808",
            "1e400",
            "\u{0}",
            "\r\n",
            "\t",
            "#",
            "é",
            "客",
            "\u{feff}",
            "type",
            "list",
            "object",
            "items",
            "fields",
            "input",
            "output",
            "rules",
            "any_of",
            "forbid",
            "audit",
            "default",
            "pattern",
            "(?i)",
            "client_id",
            "output.client",
            "{clientId}",
            "ClientSummary",
            "{target.type}:update",
            "uuid?",
            "...",
            "---",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn random_bytes(file in prop::sample::select(files()), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        load(&file, &bytes);
    }

    #[test]
    fn random_tokens(file in prop::sample::select(files()), tokens in prop::collection::vec(token(), 0..60)) {
        load(&file, tokens.concat().as_bytes());
    }

    /// Right specs with a piece cut out and another put in.
    #[test]
    fn mutated_specs(
        file in prop::sample::select(files()),
        at in any::<prop::sample::Index>(),
        cut in 0_usize..12,
        tokens in prop::collection::vec(token(), 0..4),
    ) {
        let mut text: Vec<char> = fs::read_to_string(base().join(&file)).unwrap().chars().collect();
        let start = at.index(text.len());
        let end = (start + cut).min(text.len());
        text.splice(start..end, tokens.concat().chars());
        load(&file, text.into_iter().collect::<String>().as_bytes());
    }
}
