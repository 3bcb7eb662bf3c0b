//! What does not compile: an action without a body, and a body that reaches beyond its spec or its tenant.
//!
//! The expected messages are beside the sources in `tests/ui/`. After a change that is meant,
//! `INSTA_UPDATE=always cargo test -p actwright-compile-tests` writes them anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::checked::{self, manifest, messages, repository};

const PACKAGE: &str = "mistakes";

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui")
}

/// The names of the sources.
fn names() -> BTreeSet<String> {
    let files = fs::read_dir(sources()).unwrap().map(|file| file.unwrap().path());
    let sources = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    sources.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

/// Writes a crate with a program for each source, and gives its folder.
pub fn write(folder: &Path) -> Vec<String> {
    let folder = folder.join(PACKAGE);
    // What was renamed is not checked any more.
    let _ = fs::remove_dir_all(folder.join("src"));
    for name in names() {
        let text = fs::read_to_string(sources().join(format!("{name}.rs"))).unwrap();
        checked::write(&folder.join(format!("src/bin/{name}.rs")), &text);
    }
    let dependencies = "actwright-generated = { path = \"REPOSITORY/generated\" }\n\
         actwright-runtime = { path = \"REPOSITORY/runtime\" }\n";
    checked::write(&folder.join("Cargo.toml"), &manifest(PACKAGE, dependencies));
    vec![PACKAGE.to_owned()]
}

/// A message without what has nothing to do with it: where the repository is, and at which lines of it things stand.
fn normal(message: &str) -> String {
    let text = message.replace(&repository().display().to_string(), "$WORKSPACE");
    let mut ours = true;
    let mut normal = String::new();
    for line in text.replace(&format!("{PACKAGE}/src/bin/"), "tests/ui/").lines() {
        let text = line.trim_start();
        let (number, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
        let line = match rest.trim_start() {
            place if place.starts_with("--> ") || place.starts_with("::: ") => {
                ours = !place.contains("$WORKSPACE");
                let end = if ours { place.len() } else { place.find(".rs").map_or(place.len(), |at| at + 3) };
                format!("    {}", &place[..end])
            }
            source if source.starts_with('|') => format!("{:>4} {source}", if ours { number } else { "" }),
            note if note.starts_with("= ") => format!("     {note}"),
            // The rest of a note.
            _ if line.starts_with("   ") => format!("            {text}"),
            _ => line.to_owned(),
        };
        normal += line.trim_end();
        normal.push('\n');
    }
    normal
}

#[test]
fn mistakes_are_compile_errors_that_say_what_to_do() {
    for name in names() {
        let said: Vec<String> =
            messages(PACKAGE).filter(|said| said.target == name).map(|said| normal(&said.text)).collect();
        assert!(!said.is_empty(), "{name} compiles");
        insta::with_settings!({
            snapshot_path => sources(), prepend_module_to_snapshot => false, omit_expression => true,
        }, { insta::assert_snapshot!(name, said.concat()) });
    }
}

/// The one message that every author of an action meets.
#[test]
fn the_message_about_a_missing_body_names_action_spec_and_command() {
    let message = fs::read_to_string(sources().join("missing_body.snap")).unwrap();
    for part in [
        "`crm.schedule_activity` version 1 has no body",
        "specs/actions/crm/schedule_activity.v1.yaml",
        "`cargo gen --skeletons` creates actions/src/crm/schedule_activity.rs",
    ] {
        assert!(message.contains(part), "{part} is not in\n{message}");
    }
}
