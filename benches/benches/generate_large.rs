//! The generator over 1,000 and 10,000 actions: time and memory of a run into an empty folder, of one in which nothing has
//! changed, of one after the edit of one spec, and of typify, which makes Rust types of the same JSON Schemas.
//!
//! Each measurement is a process of its own, in turns; the table has the median, the fastest and the most memory.
#![allow(missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use actwright_benches::Result;
use actwright_benches::synthetic::write_specs;
use actwright_codegen::{Generator, Session};
use serde_json::{Value, json};
use typify::{TypeSpace, TypeSpaceSettings};

/// As `cargo gen` has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Actions, and how often each is measured.
const SIZES: [(usize, usize); 2] = [(1_000, 7), (10_000, 3)];
/// What is measured: its name in the table, and that of its process.
const MEASURED: [(&str, &str); 4] = [
    ("into an empty folder", "cold"),
    ("nothing changed", "unchanged"),
    ("one spec changed, in a watch", "edit"),
    ("typify, types of the same schemas", "typify"),
];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [what, folder] = arguments.as_slice() {
        let took = measure(what, Path::new(folder))?;
        println!("{}", json!({ "seconds": took.as_secs_f64(), "memory": peak_memory() }));
        return Ok(());
    }
    println!("| actions | what | median | fastest | peak memory | beside typify |");
    println!("|---|---|---|---|---|---|");
    for (actions, rounds) in SIZES {
        let folder = tempfile::tempdir()?;
        write_specs(&folder.path().join("specs"), actions)?;
        // Leaves the schemas for typify, and a folder in which nothing has changed.
        Generator::new(folder.path().join("specs"), folder.path().join("out")).run()?;
        let mut all: Vec<Vec<(f64, Option<u64>)>> = vec![Vec::new(); MEASURED.len()];
        for _ in 0..rounds {
            for ((_, what), measured) in MEASURED.iter().zip(&mut all) {
                measured.push(in_a_process(what, folder.path())?);
            }
        }
        let median = |all: &[(f64, Option<u64>)]| {
            let mut times: Vec<f64> = all.iter().map(|(seconds, _)| *seconds).collect();
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        };
        let typify = all.last().map(|all| median(all)).unwrap_or_default();
        for ((name, _), measured) in MEASURED.iter().zip(&all) {
            let fastest = measured.iter().map(|(seconds, _)| *seconds).fold(f64::MAX, f64::min);
            let memory = measured.iter().filter_map(|(_, memory)| *memory).max();
            let memory = memory.map_or_else(|| "unknown".to_owned(), |bytes| format!("{} MiB", bytes >> 20));
            let own = median(measured);
            println!(
                "| {actions} | {name} | {:.1} ms | {:.1} ms | {memory} | {:.2} |",
                own * 1e3,
                fastest * 1e3,
                own / typify
            );
        }
    }
    Ok(())
}

fn in_a_process(what: &str, folder: &Path) -> Result<(f64, Option<u64>)> {
    let output = Command::new(std::env::current_exe()?).arg(what).arg(folder).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let facts: Value = serde_json::from_slice(&output.stdout)?;
    Ok((facts["seconds"].as_f64().unwrap_or_default(), facts["memory"].as_u64()))
}

fn measure(what: &str, folder: &Path) -> Result<Duration> {
    let specs = folder.join("specs");
    let fresh = |name: &str| {
        (0..).map(|number| folder.join(format!("{name}-{number}"))).find(|path| !path.exists()).unwrap_or_default()
    };
    Ok(match what {
        "cold" => {
            let generator = Generator::new(&specs, fresh("cold"));
            timed(|| generator.run().map(drop).map_err(Into::into))?
        }
        "unchanged" => {
            let generator = Generator::new(&specs, folder.join("out"));
            timed(|| generator.run().map(drop).map_err(Into::into))?
        }
        "edit" => edit(&specs, &folder.join("out"))?,
        _ => {
            let out = fresh("typify");
            timed(|| typify(&folder.join("out/schemas"), &out))?
        }
    })
}

fn timed(run: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let begin = Instant::now();
    run()?;
    Ok(begin.elapsed())
}

/// What is between the saving of a spec and its code, after a watch has read everything once.
fn edit(specs: &Path, out: &Path) -> Result<Duration> {
    let mut session = Session::new(Generator::new(specs, out));
    session.run()?;
    let spec = first_file(&specs.join("actions"))?;
    let text = fs::read_to_string(&spec)?;
    fs::write(&spec, text.replace("Does step", "Takes step"))?;
    let took = timed(|| session.run().map(drop).map_err(Into::into));
    fs::write(&spec, text)?;
    session.run()?;
    Generator::new(specs, out).settle()?;
    took
}

fn first_file(folder: &Path) -> Result<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    entries.sort();
    match entries.into_iter().next() {
        Some(path) if path.is_dir() => first_file(&path),
        Some(path) => Ok(path),
        None => Err("there are no specs".into()),
    }
}

/// A Rust file of types for each pair of schemas, formatted and written as ours are.
fn typify(schemas: &Path, out: &Path) -> Result<()> {
    fs::create_dir_all(out)?;
    for entry in fs::read_dir(schemas)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(action) = name.strip_suffix(".input.refs.json") else { continue };
        let mut types = TypeSpace::new(&TypeSpaceSettings::default());
        for direction in ["input", "output"] {
            let text = fs::read_to_string(schemas.join(format!("{action}.{direction}.refs.json")))?;
            // It reads schemas of an older draft.
            let mut schema: Value = serde_json::from_str(&text.replace("$defs", "definitions"))?;
            schema["title"] = json!(direction);
            types.add_root_schema(serde_json::from_value(schema)?)?;
        }
        let file = syn::parse2(types.to_stream())?;
        fs::write(out.join(format!("{action}.rs")), prettyplease::unparse(&file))?;
    }
    Ok(())
}

/// In bytes, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}
