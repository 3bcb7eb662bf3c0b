//! Cargo within a test, as somebody runs it who is in no test.

use std::path::Path;
use std::process::Command;

/// Lets what a command compiles lie beside what this repository's own builds leave, whose dependencies are used; programs go
/// into `folder` of the build folder.
///
/// A test has variables about its own crate from cargo. Some build scripts run again when these change, and what depends on them
/// would be compiled again, here and then in the repository.
pub fn outside<'c>(command: &'c mut Command, folder: &str) -> &'c mut Command {
    let about_the_test = |name: &str| {
        ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.starts_with(prefix)) || name == "OUT_DIR"
    };
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(about_the_test) {
            command.env_remove(name);
        }
    }
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target");
    command.env("CARGO_BUILD_BUILD_DIR", &target).env("CARGO_TARGET_DIR", target.join(folder).join("target"));
    command.env_remove("RUSTFLAGS")
}
