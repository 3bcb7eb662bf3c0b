//! Specs that say everything that a spec can say, and the skeletons of their bodies.

use std::path::Path;

use actwright_codegen::Generator;

use crate::checked::{self, compiles, manifest, repository};

const PACKAGES: [&str; 2] = ["everything-api", "everything-bodies"];

const LIBRARY: &str = "pub mod alpha;\npub mod beta;\n\npub struct Bodies;\n\n\
    pub fn pack() -> actwright_runtime::Pack {\n    everything_api::pack::<Bodies>()\n}\n";

/// Writes the crates, and gives their folders.
pub fn write(folder: &Path) -> Vec<String> {
    let [api, bodies] = PACKAGES.map(|name| folder.join(name));
    let runtime = "actwright-runtime = { path = \"REPOSITORY/runtime\" }\n";
    let of_api = format!("{runtime}serde = {{ version = \"1\", features = [\"derive\"] }}\n");
    checked::write(&api.join("Cargo.toml"), &manifest("everything-api", &of_api));
    let of_bodies = format!("{runtime}everything-api = {{ path = \"../everything-api\" }}\n");
    checked::write(&bodies.join("Cargo.toml"), &manifest("everything-bodies", &of_bodies));
    checked::write(&bodies.join("src/lib.rs"), LIBRARY);
    let specs = repository().join("codegen/tests/packs/everything");
    // Skeletons are created where there are none.
    for module in ["alpha", "beta"] {
        let _ = std::fs::remove_dir_all(bodies.join("src").join(module));
    }
    let generator = Generator::new(specs, api).bodies(bodies.join("src"));
    let report = generator.skeletons().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(report.skeletons.len(), 4, "{report:?}");
    PACKAGES.map(str::to_owned).into()
}

/// The Rust for it and the skeletons compile without a warning.
#[test]
fn everything_that_a_spec_can_say_compiles() {
    PACKAGES.into_iter().for_each(compiles);
}
