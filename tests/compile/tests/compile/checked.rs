//! Crates of a workspace elsewhere that use the runtime. They are checked together, so that what they depend on is compiled
//! once, and at the same place every time, so that the next run compiles little.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

use crate::{everything, random};

/// What the compiler says about a crate.
struct Message {
    package: String,
    /// As it is shown to people.
    text: String,
}

/// What came of it.
struct Checked {
    messages: Vec<Message>,
    /// Packages of which something compiles.
    compiled: BTreeSet<String>,
}

static CHECKED: LazyLock<Checked> = LazyLock::new(check);

/// Fails when the compiler says anything about a package.
pub fn compiles(package: &str) {
    let about = CHECKED.messages.iter().filter(|message| message.package == package);
    let said: Vec<&str> = about.map(|message| message.text.as_str()).collect();
    assert!(said.is_empty() && CHECKED.compiled.contains(package), "{package}\n{}", said.join("\n"));
}

/// The repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Writes a file, unless it is there and the same.
pub fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).ok().as_deref() != Some(text) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// The manifest of a crate in which a warning is an error. `REPOSITORY` stands for the path of this one.
pub fn manifest(name: &str, dependencies: &str) -> String {
    let dependencies = dependencies.replace("REPOSITORY", &repository().display().to_string());
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n\
         [lints.rust]\nwarnings = \"deny\"\n"
    )
}

fn check() -> Checked {
    let folder = repository().join("target/outside");
    let members = [random::write(&folder), everything::write(&folder)].concat();
    let workspace = format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n[profile.dev]\ndebug = false\n");
    write(&folder.join("Cargo.toml"), &workspace);
    // The same versions as here: those are on this machine.
    fs::copy(repository().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["check", "--workspace", "--offline", "--keep-going", "--message-format=json"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    let lines: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |reason| lines.iter().filter(move |line| line["reason"] == reason);
    let compiled: BTreeSet<String> = of("compiler-artifact").filter_map(package).collect();
    // Or nothing is said about those that use it.
    assert!(compiled.contains("actwright-runtime"), "{}", String::from_utf8_lossy(&output.stderr));
    Checked { messages: of("compiler-message").filter_map(message).collect(), compiled }
}

fn message(line: &Value) -> Option<Message> {
    // Without a place it only counts what was said before.
    if line["message"]["spans"].as_array().is_none_or(Vec::is_empty) {
        return None;
    }
    Some(Message { package: package(line)?, text: line["message"]["rendered"].as_str()?.to_owned() })
}

/// Ids are such as path+file:///…/random0#0.0.0, or path+file:///…/runtime#actwright-runtime@0.1.0.
fn package(line: &Value) -> Option<String> {
    let (path, named) = line["package_id"].as_str()?.rsplit_once('#')?;
    let name = named.split_once('@').map(|(name, _)| name).or_else(|| path.rsplit('/').next())?;
    Some(name.to_owned())
}
