//! What `cargo gen export` gives to others, in the hands of their tools: the TypeScript compiler, Node.js, a validator of
//! OpenAPI. Needs Node.js 18 or newer and npm.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use actwright_codegen::export;
use actwright_codegen::model::Model;
use actwright_random_specs::Specs;

use crate::seeded::{CLIENT, PRIYA, Seeded, TYPE};

/// Sets of random specs; each is as odd as the language allows.
const SEEDS: [u64; 4] = [1, 2, 3, 4];

/// The project that the exports are part of, with its dependencies.
fn project() -> PathBuf {
    let project = Path::new(env!("CARGO_TARGET_TMPDIR")).join("typescript");
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/typescript");
    for left in ["exported", "random", "built"] {
        let _ = fs::remove_dir_all(project.join(left));
    }
    fs::create_dir_all(&project).expect("a folder");
    let lock = |folder: &Path| fs::read(folder.join("package-lock.json")).ok();
    let installed = project.join("node_modules/typescript").is_dir() && lock(&project) == lock(&sources);
    for entry in fs::read_dir(&sources).expect("the sources") {
        let entry = entry.expect("a source");
        fs::copy(entry.path(), project.join(entry.file_name())).expect("a copy");
    }
    if !installed {
        run(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(&project));
    }
    project
}

fn run(command: &mut Command) {
    let output = command.output().expect("Node.js 18 or newer, and npm");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{command:?}\n{told}{}", String::from_utf8_lossy(&output.stderr));
}

fn write(model: &Model, target: &str, out: &Path) {
    let files = export::files(model, target, Path::new("no/templates")).expect("an export");
    export::write(files, target, out).expect("files");
}

/// What the page about outputs shows.
fn shown() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/outputs.md");
    let page = fs::read_to_string(page).expect("the page");
    let (_, after) = page.split_once("```ts\n").expect("an example");
    after.split("```").next().unwrap_or_default().to_owned()
}

/// The types compile under the strictest settings, whatever the specs; the client calls actions of a database; the
/// descriptions of the API are valid.
#[test]
fn others_can_use_what_is_exported() {
    let project = project();
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs");
    let model = actwright_codegen::load(&specs).expect("the specs are right");
    write(&model, "typescript", &project.join("exported"));
    write(&model, "openapi", &project.join("exported"));
    let mut documents = vec![project.join("exported/openapi.json")];
    for seed in SEEDS {
        let texts = Specs::new(seed, 40).texts();
        let model = actwright_codegen::load_texts(texts).expect("random specs are right");
        let folder = project.join(format!("random/{seed}"));
        write(&model, "typescript", &folder);
        write(&model, "openapi", &folder);
        documents.push(folder.join("openapi.json"));
    }
    fs::write(project.join("page.ts"), shown()).expect("the page's example");
    run(Command::new("node").arg("node_modules/typescript/bin/tsc").current_dir(&project));

    let seeded = Seeded::sqlite();
    let server = seeded.serve(&["log.level=error"]);
    let documents = documents.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(":");
    let mut tests = Command::new("node");
    tests
        .args(["--test", "built/client.test.js", "built/openapi.test.js"])
        .current_dir(&project)
        .env("BASE_URL", format!("http://{}", server.address))
        .env("OPENAPI_DOCUMENTS", documents)
        .env("NADIA_TOKEN", server.token())
        .env("PRIYA_TOKEN", seeded.token(PRIYA))
        .env("CLIENT", CLIENT)
        .env("TYPE", TYPE);
    run(&mut tests);
}
