//! What `cargo gen export` gives to others, in the hands of their tools: the TypeScript compiler, Node.js, a validator of
//! OpenAPI. Needs Node.js 18 or newer and npm.

#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use actwright_codegen::export;
use actwright_codegen::model::Model;
use actwright_random_specs::Specs;

const TENANT: &str = "10000000-0000-4000-8000-000000000001";

/// The key of the server's tokens.
const KEY: [(&str, &str); 2] = [
    ("ACTWRIGHT_AUTH_KEYS_TEST_ALGORITHM", "HS256"),
    ("ACTWRIGHT_AUTH_KEYS_TEST_SECRET", "a secret of the tests, at least 32 bytes long"),
];

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

    let folder = tempfile::TempDir::new().expect("a folder");
    let database = format!("sqlite:{}", folder.path().join("test.db").display());
    let program = env!("CARGO_BIN_EXE_actwright");
    run(Command::new(program).args(["db", "init"]).env("ACTWRIGHT_DB", &database));
    run(Command::new(program).args(["db", "seed"]).env("ACTWRIGHT_DB", &database));
    let mut server = Command::new(program)
        .args(["serve", "--json", "--set", "http.listen=127.0.0.1:0", "--set", "log.level=error"])
        .env("ACTWRIGHT_DB", &database)
        .envs(KEY)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the server starts");
    let mut line = String::new();
    BufReader::new(server.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let told: serde_json::Value = serde_json::from_str(&line).expect("where the server listens");
    let token = |actor: &str| {
        let mut command = Command::new(program);
        command.args(["token", "--tenant", TENANT, "--actor", actor]).envs(KEY);
        String::from_utf8(command.output().expect("a token").stdout).expect("UTF-8").trim().to_owned()
    };
    let documents = documents.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(":");
    let mut tests = Command::new("node");
    tests
        .args(["--test", "built/client.test.js", "built/openapi.test.js"])
        .current_dir(&project)
        .env("BASE_URL", format!("http://{}", told["http"].as_str().unwrap_or_default()))
        .env("OPENAPI_DOCUMENTS", documents)
        .env("NADIA_TOKEN", token("20000000-0000-4000-8000-000000000001"))
        .env("PRIYA_TOKEN", token("20000000-0000-4000-8000-000000000003"))
        .env("CLIENT", "50000000-0000-4000-8000-000000000001")
        .env("TYPE", "71000000-0000-4000-8000-000000000003");
    let output = tests.output();
    let _ = server.kill();
    let _ = server.wait();
    let output = output.expect("Node.js 18 or newer");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
}
