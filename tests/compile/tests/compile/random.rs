//! Whatever is generated compiles: from specs that are right, and as odd as the language allows.

use std::path::Path;

use actwright_codegen::Generator;
use actwright_random_specs::Specs;

use crate::checked::{self, compiles, manifest};

/// Crates, and actions in each.
const CRATES: u64 = 6;
const ACTIONS: usize = 40;

fn name(seed: u64) -> String {
    format!("random{seed}")
}

/// Writes the crates, and gives their folders.
pub fn write(folder: &Path) -> Vec<String> {
    let crates = (0..CRATES).map(|seed| {
        let name = name(seed);
        let specs = folder.join(&name).join("specs");
        Specs::new(seed, ACTIONS).write(&specs).unwrap();
        let report = Generator::new(&specs, folder.join(&name)).run();
        assert!(report.is_ok(), "seed {seed}: {}", report.unwrap_err());
        let dependencies = "actwright-runtime = { path = \"REPOSITORY/runtime\" }\n\
             serde = { version = \"1\", features = [\"derive\"] }\n";
        checked::write(&folder.join(&name).join("Cargo.toml"), &manifest(&name, dependencies));
        name
    });
    crates.collect()
}

/// With every warning denied.
#[test]
fn whatever_is_generated_compiles_without_a_warning() {
    (0..CRATES).for_each(|seed| compiles(&name(seed)));
}
