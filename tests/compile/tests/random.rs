//! Whatever is generated compiles: from specs that are right, and as odd as the language allows.

use std::fs;
use std::path::Path;
use std::process::Command;

use actwright_codegen::Generator;
use actwright_random_specs::Specs;

/// Crates, and actions in each.
const CRATES: u64 = 6;
const ACTIONS: usize = 40;

/// With every warning denied, and with bodies that do what the types let them.
#[test]
fn whatever_is_generated_compiles_without_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let members: Vec<String> = (0..CRATES).map(|seed| format!("random{seed}")).collect();
    fs::write(folder.path().join("Cargo.toml"), format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n"))
        .unwrap();
    fs::copy(root.join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
    for (seed, name) in (0..CRATES).zip(&members) {
        let library = folder.path().join(name);
        let specs = library.join("specs");
        Specs::new(seed, ACTIONS).write(&specs).unwrap();
        let report = Generator::new(&specs, &library).run();
        assert!(report.is_ok(), "seed {seed}: {}", report.unwrap_err());
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[lints.rust]\nwarnings = \"deny\"\n\n\
             [dependencies]\nactwright-runtime = {{ path = \"{}\" }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n",
            root.join("runtime").display()
        );
        fs::write(library.join("Cargo.toml"), manifest).unwrap();
    }
    let check = Command::new(env!("CARGO"))
        .args(["check", "--workspace", "--quiet", "--keep-going"])
        .current_dir(folder.path())
        // Beside what the other test of this crate builds, most of which is the same.
        .env("CARGO_TARGET_DIR", root.join("target/tests/trybuild"))
        .output()
        .unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
}
