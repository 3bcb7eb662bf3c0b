//! Generates again when the specs have changed, so that `cargo build` after an edit is enough. In continuous integration
//! (`CI` is set) it only checks: what is built there is what was committed.

use std::path::PathBuf;
use std::process::exit;

use actwright_codegen::Generator;

fn main() {
    // As it is now, not as it was when this was compiled: the repository may have moved.
    let here: PathBuf = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default().into();
    let root = here.parent().unwrap_or(&here);
    println!("cargo::rerun-if-changed={}", root.join("specs").display());
    println!("cargo::rerun-if-env-changed=CI");
    let generator = Generator::new(root.join("specs"), &here).bodies(root.join("actions/src"));
    let outcome = if std::env::var_os("CI").is_some() { generator.check() } else { generator.run().map(|_| ()) };
    if let Err(error) = outcome {
        eprintln!("{error}");
        exit(1);
    }
}
