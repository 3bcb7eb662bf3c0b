//! How long `cargo check` takes for generated code, and how many lines of it there are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use actwright_benches::Result;
use actwright_benches::synthetic::write_specs;
use actwright_codegen::Generator;
use clap::Parser;

/// Generates synthetic actions into a crate of their own and checks it, with dependencies that were checked before.
#[derive(Debug, Parser)]
struct Arguments {
    /// Actions.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    actions: u32,
    /// Checks; the fastest counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Keep checked dependencies here for the next time. Else they are checked anew, which takes minutes.
    #[arg(long)]
    target_dir: Option<PathBuf>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let folder = tempfile::tempdir()?;
    let library = folder.path().join("generated");
    let target = arguments.target_dir.unwrap_or_else(|| folder.path().join("target"));
    create_crate(&library)?;
    eprintln!("checking the dependencies");
    check(&library, &target)?;
    let empty = fastest(arguments.runs, &library, &target)?;
    let specs = folder.path().join("specs");
    write_specs(&specs, usize::try_from(arguments.actions)?)?;
    Generator::new(&specs, &library).run()?;
    eprintln!("checking {} actions", arguments.actions);
    let full = fastest(arguments.runs, &library, &target)?;
    let lines = lines_of_actions(&library.join("src"))?;
    let hundreds = f64::from(arguments.actions) / 100.0;
    let all: usize = lines.iter().sum();
    println!("actions:                          {}", arguments.actions);
    println!("cargo check, empty crate:         {:.2} s", empty.as_secs_f64());
    println!("cargo check, all actions:         {:.2} s", full.as_secs_f64());
    println!("cargo check for each 100 actions: {:.2} s", (full.saturating_sub(empty)).as_secs_f64() / hundreds);
    println!("lines of Rust for each action:    {:.1}", all as f64 / f64::from(arguments.actions));
    println!("lines of the longest:             {}", lines.iter().max().unwrap_or(&0));
    Ok(())
}

/// An empty library with the dependencies of generated code, at the versions of this repository.
fn create_crate(library: &Path) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    fs::create_dir_all(library.join("src"))?;
    fs::write(library.join("src/lib.rs"), "")?;
    fs::copy(root.join("Cargo.lock"), library.join("Cargo.lock"))?;
    let manifest = format!(
        "[package]\nname = \"generated\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         actwright-runtime = {{ path = \"{}\" }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n",
        root.join("runtime").display()
    );
    Ok(fs::write(library.join("Cargo.toml"), manifest)?)
}

fn fastest(runs: u32, library: &Path, target: &Path) -> Result<Duration> {
    let mut fastest = Duration::MAX;
    for _ in 0..runs {
        // Cargo goes by the time of the file.
        let root = library.join("src/lib.rs");
        fs::write(&root, fs::read(&root)?)?;
        fastest = fastest.min(check(library, target)?);
    }
    Ok(fastest)
}

fn check(library: &Path, target: &Path) -> Result<Duration> {
    let start = Instant::now();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["check", "--quiet"])
        .current_dir(library)
        .env("CARGO_TARGET_DIR", target)
        .stdout(Stdio::null())
        .status()?;
    if !status.success() {
        return Err("cargo check failed: see above".into());
    }
    Ok(start.elapsed())
}

/// Lines of each file of an action: those in a folder of their module.
fn lines_of_actions(sources: &Path) -> Result<Vec<usize>> {
    let mut lines = Vec::new();
    for module in fs::read_dir(sources)? {
        let module = module?.path();
        if module.is_dir() {
            for file in fs::read_dir(module)? {
                lines.push(fs::read_to_string(file?.path())?.lines().count());
            }
        }
    }
    Ok(lines)
}
