//! A pack of one's own: specs, tables, permissions and a body that this repository has never heard of, in a crate of
//! their own, with the generator as a library. Nothing of the runtime or the generator knows the CRM.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use actwright_codegen::Generator;
use actwright_tests::nested::outside;

/// The files of the pack. `REPOSITORY` stands for the path of this one.
const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("second_pack/workspace.toml")),
    ("specs/actions/notes/add_note.v1.yaml", include_str!("second_pack/add_note.v1.yaml")),
    ("specs/permissions.yaml", include_str!("second_pack/permissions.yaml")),
    ("specs/catalog.yaml", include_str!("second_pack/catalog.yaml")),
    ("specs/tables.yaml", include_str!("second_pack/tables.yaml")),
    ("api/Cargo.toml", include_str!("second_pack/api.toml")),
    ("notes/Cargo.toml", include_str!("second_pack/notes.toml")),
    ("notes/migrations/0001_memos.sql", include_str!("second_pack/memos.sql")),
    ("notes/src/main.rs", include_str!("second_pack/program.rs")),
];

/// What the author writes in place of the skeleton.
const BODY: &str = include_str!("second_pack/body.rs");

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in the repository").to_owned()
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).unwrap();
    fs::write(path, text).unwrap();
}

/// Runs cargo in the pack.
fn cargo(pack: &Path, arguments: &[&str]) -> String {
    let output = outside(&mut Command::new(env!("CARGO")), "second-pack")
        .args(arguments)
        .arg("--offline")
        .current_dir(pack)
        .output()
        .unwrap();
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "cargo {} failed\n{out}\n{error}", arguments.join(" "));
    out.into_owned()
}

#[test]
fn a_pack_of_ones_own_is_generated_compiled_and_run() {
    // Always in the same place, so that cargo knows it again.
    let pack = &repository().join("target/second-pack/pack");
    if pack.exists() {
        fs::remove_dir_all(pack).unwrap();
    }
    for (name, text) in FILES {
        let text = text.replace("REPOSITORY", &repository().display().to_string());
        write(&pack.join(name), &text);
    }
    // The same versions as here: those are compiled already, and there without a network.
    fs::copy(repository().join("Cargo.lock"), pack.join("Cargo.lock")).unwrap();

    let generator = Generator::new(pack.join("specs"), pack.join("api")).bodies(pack.join("notes/src"));
    let report = generator.skeletons().unwrap_or_else(|error| panic!("{error}"));
    let body = pack.join("notes/src/notes/add_note.rs");
    assert_eq!(report.actions, Some(1));
    assert_eq!(report.skeletons, std::slice::from_ref(&body));
    generator.check().unwrap_or_else(|error| panic!("{error}"));

    // The skeleton compiles, and says that it is one.
    let database = pack.join("skeleton.db");
    let said = cargo(pack, &["run", "--quiet", "--", &format!("sqlite:{}", database.display())]);
    assert!(said.contains("error: The body of notes.add_note is not written yet. (INTERNAL_ERROR)"), "{said}");

    write(&body, BODY);
    // A file that is there is never touched.
    let report = generator.skeletons().unwrap_or_else(|error| panic!("{error}"));
    assert!(report.skeletons.is_empty(), "{report:?}");
    assert_eq!(fs::read_to_string(&body).unwrap(), BODY);

    let database = pack.join("notes.db");
    let said = cargo(pack, &["run", "--quiet", "--", &format!("sqlite:{}", database.display())]);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines,
        [
            "answer: Water the plants",
            "memo: Water the plants by 20000000-0000-4000-8000-000000000001 in 10000000-0000-4000-8000-000000000001",
            "audit: workflow_action:notes.add_note {\"text\":\"Water the plants\"}",
            "empty: /text min_length",
            "denied: PERMISSION_DENIED",
            "audit: workflow_action_denied:notes.add_note {}",
            "memos: 1",
        ],
        "{said}"
    );
}
