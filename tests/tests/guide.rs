//! `docs/adding-an-action.md`, followed to the letter in a copy of this repository: the files that it shows are written,
//! the commands that it shows are run, and the new action answers. So the page cannot grow old.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use actwright_tests::nested::outside;

const PAGE: &str = "docs/adding-an-action.md";
const SPEC: &str = "specs/actions/crm/rename_activity.v1.yaml";
const BODY: &str = "actions/src/crm/rename_activity.rs";
const CATALOG: &str = "specs/catalog.yaml";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in the repository").to_owned()
}

/// The fenced blocks of a page, with their language.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push((language.to_owned(), block.join("\n") + "\n"));
        }
    }
    blocks
}

fn of<'b>(blocks: &'b [(String, String)], language: &str) -> Vec<&'b str> {
    blocks.iter().filter(|(kind, _)| kind == language).map(|(_, block)| block.as_str()).collect()
}

/// A copy of the working tree in which only what differs is written, so that the next run compiles little. Its crates have
/// another version: what is compiled of them lies beside what is compiled of the working tree, and must not be taken for it.
fn copy(to: &Path) {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(repository())
        .output()
        .unwrap();
    let names = String::from_utf8(listed.stdout).unwrap();
    let names: BTreeSet<PathBuf> = names.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from).collect();
    assert!(names.len() > 300, "{} files", names.len());
    remove_others(to, Path::new(""), &names);
    for name in names {
        let Ok(mut content) = fs::read(repository().join(&name)) else { continue };
        if name == Path::new("Cargo.toml") {
            let manifest = String::from_utf8(content).unwrap();
            let other = manifest.replacen("\nversion = \"", "\nversion = \"0.0.0-guide+", 1);
            assert_ne!(other, manifest, "all crates have the version of the workspace");
            content = other.into_bytes();
        }
        let target = to.join(&name);
        if fs::read(&target).ok().as_ref() != Some(&content) {
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::write(&target, content).unwrap();
        }
    }
}

/// What an earlier run of the test made is not part of the repository.
fn remove_others(root: &Path, folder: &Path, names: &BTreeSet<PathBuf>) {
    let Ok(entries) = fs::read_dir(root.join(folder)) else { return };
    for entry in entries {
        let name = folder.join(entry.unwrap().file_name());
        let path = root.join(&name);
        if path.is_dir() {
            remove_others(root, &name, names);
        } else if !names.contains(&name) {
            fs::remove_file(path).unwrap();
        }
    }
}

/// Runs a command of the page as a reader would.
fn run(folder: &Path, commands: &str) -> String {
    let output = outside(&mut Command::new("bash"), "guide")
        .args(["-euo", "pipefail", "-c", commands])
        .current_dir(folder)
        .env("CARGO_NET_OFFLINE", "true")
        .env_remove("CI")
        .output()
        .unwrap();
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{commands}\n{out}\n{error}");
    out.into_owned()
}

#[test]
fn the_guide_adds_an_action() {
    let page = fs::read_to_string(repository().join(PAGE)).unwrap();
    let blocks = blocks(&page);
    let (yaml, rust, console) = (of(&blocks, "yaml"), of(&blocks, "rust"), of(&blocks, "console"));
    let ([spec, entry], [body], [generate, try_it]) = (&yaml[..], &rust[..], &console[..]) else {
        panic!("the page has other blocks than this test follows");
    };
    assert!(page.contains(SPEC) && page.contains(BODY) && page.contains(CATALOG));
    let commands = |block: &str| -> Vec<String> {
        block.lines().filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned).collect()
    };

    let folder = repository().join("target/guide/actwright");
    copy(&folder);
    // 1. The spec, and a line in the catalog.
    fs::write(folder.join(SPEC), spec).unwrap();
    let line = entry.lines().find(|line| line.contains("- crm.")).expect("a line for the catalog");
    let catalog = fs::read_to_string(folder.join(CATALOG)).unwrap();
    fs::write(folder.join(CATALOG), format!("{}\n{line}\n", catalog.trim_end())).unwrap();
    // 2. Generate.
    run(&folder, &commands(generate).join("\n"));
    let skeleton = fs::read_to_string(folder.join(BODY)).unwrap();
    assert!(skeleton.contains("impl Body for Bodies"), "{skeleton}");
    // 3. The body.
    fs::write(folder.join(BODY), body).unwrap();
    // 4. Try it.
    let _ = fs::remove_dir_all(folder.join("demo"));
    let said = run(&folder, &commands(try_it).join("\n"));
    let answer = &said[said.rfind("\n{").expect("an answer as JSON")..];
    let answer: serde_json::Value = serde_json::from_str(answer).unwrap_or_else(|error| panic!("{error}: {answer}"));
    assert_eq!(answer["output"]["activity"]["title"], "Call about the firewall", "{answer}");
    assert_eq!(answer["meta"]["dry_run"]["changes"][0]["table"], "interactions", "{answer}");
    let audit = &answer["meta"]["dry_run"]["audit"];
    assert_eq!(audit["changed_data"]["title"], "Call about the firewall", "{audit}");
    // It is a short page because it is little work.
    let written = spec.lines().count() + 1 + body.lines().count();
    assert!(written <= 60, "{written} lines are written by hand");
    // What was generated is what the specs say, and nothing else was touched.
    run(&folder, "cargo gen --check");
}
