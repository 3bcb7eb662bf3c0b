//! Generates again when the specs have changed, so that `cargo build` after an edit is enough. In continuous integration
//! (`CI` is set) it only checks: what is built there is what was committed.

use std::path::Path;
use std::process::exit;

use actwright_codegen::Generator;

fn main() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.parent().unwrap_or(here);
    println!("cargo::rerun-if-changed={}", root.join("specs").display());
    println!("cargo::rerun-if-env-changed=CI");
    let generator = Generator::new(root.join("specs"), here).bodies(root.join("actions/src"));
    let outcome = if std::env::var_os("CI").is_some() { generator.check() } else { generator.run().map(|_| ()) };
    if let Err(error) = outcome {
        eprintln!("{error}");
        exit(1);
    }
}
