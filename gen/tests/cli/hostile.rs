//! Files that mean harm, or come from strange programs: an error that names the file, in bounded time and memory, and never a
//! crash. Each runs in a process of its own with little memory.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::workspace::{edit, err, gen_in, workspace};

/// In KiB. Generous for any spec, and far below what a bomb would take.
const MEMORY: u64 = 1024 * 1024;
/// For a busy machine; the limit is there to end what would never end.
const TIME: Duration = Duration::from_secs(60);

/// What `cargo gen` says of a file of types with this text.
fn told(text: &[u8]) -> String {
    let folder = workspace();
    fs::create_dir_all(folder.path().join("specs/types")).unwrap();
    fs::write(folder.path().join("specs/types/hostile.yaml"), text).unwrap();
    let stderr = folder.path().join("stderr");
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(format!("ulimit -v {MEMORY}; exec \"$0\""))
        .arg(env!("CARGO_BIN_EXE_actwright-gen"))
        .current_dir(folder.path())
        .stderr(fs::File::create(&stderr).unwrap())
        .spawn()
        .unwrap();
    let begun: String = String::from_utf8_lossy(text).chars().take(80).collect();
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > TIME {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert!(start.elapsed() <= TIME, "it does not end: {begun}");
        std::thread::sleep(Duration::from_millis(2));
    };
    let said = String::from_utf8_lossy(&fs::read(&stderr).unwrap()).into_owned();
    let beginning: String = said.chars().take(2_000).collect();
    assert_eq!(status.code(), Some(1), "{begun}: {beginning}");
    assert!(!said.contains("panicked"), "{beginning}");
    assert!(said.contains("specs/types/hostile.yaml"), "{beginning}");
    said
}

/// Nesting that would take a parser's whole stack.
#[test]
fn deep_nesting() {
    assert!(told(b"a: &a [*a]\n").contains("an alias is inside of what it refers to"));
    for (open, close, depth) in
        [("[", "]", 100_000), ("{a: ", "}", 100_000), ("- ", "", 100_000), ("[", "", 1_000_000), ("? ", "", 50_000)]
    {
        told(format!("type: Hostile\nfields: {}x{}\n", open.repeat(depth), close.repeat(depth)).as_bytes());
    }
    let blocks: String = (0..1_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    told(format!("{blocks}{}a\n", " ".repeat(1_001)).as_bytes());
}

/// Few bytes that stand for very many.
#[test]
fn bombs_of_aliases() {
    let level = |name: char, below: char| format!("{name}: &{name} [{}]\n", vec![format!("*{below}"); 10].join(", "));
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (below, name) in ('a'..='i').zip('b'..='j') {
        bomb.push_str(&level(name, below));
    }
    told(bomb.as_bytes());
    told(b"a: &a [*a]\n");
    told(b"a: &a { b: *a }\ntype: *a\n");
    let merges: String =
        (1..200).map(|at| format!("k{at}: &k{at} {{ <<: [*k{0}, *k{0}], x{at}: 1 }}\n", at - 1)).collect();
    told(format!("k0: &k0 {{ x: 1 }}\n{merges}").as_bytes());
}

/// Types that double with each step come to more than a disk holds when they are written out.
#[test]
fn types_that_double() {
    let folder = workspace();
    let types = folder.path().join("specs/types");
    fs::create_dir_all(&types).unwrap();
    for level in 0..40 {
        let text =
            format!("type: Level{level}\nfields:\n  a: {{ type: Level{0} }}\n  b: {{ type: Level{0} }}\n", level + 1);
        fs::write(types.join(format!("level{level}.yaml")), text).unwrap();
    }
    fs::write(types.join("level40.yaml"), "type: Level40\nfields:\n  leaf: { type: uuid }\n").unwrap();
    let spec = "specs/actions/notes/add_note.v1.yaml";
    edit(folder.path(), spec, "output:\n", "output:\n  deep: { type: Level28 }\n");
    let large = gen_in(folder.path(), &[]);
    assert!(err(&large).contains("error[AW0207]: the output has more than 10000 fields"), "{}", err(&large));
    edit(folder.path(), spec, "Level28", "Level36");
    let small = gen_in(folder.path(), &[]);
    assert_eq!(small.status.code(), Some(0), "{}", err(&small));
}

/// Sizes that no spec has.
#[test]
fn large_files() {
    told(&vec![b'a'; 10 * 1024 * 1024]);
    told(&vec![b'\n'; 1024 * 1024]);
    told(format!("type: {}\nvalues: [a]\n", "H".repeat(1_000_000)).as_bytes());
    let fields: String = (0..20_000).map(|at| format!("  f{at}: {{ type: nothing }}\n")).collect();
    told(format!("type: Hostile\nfields:\n{fields}").as_bytes());
    let same: String = (0..20_000).map(|_| "  f: { type: uuid }\n").collect();
    told(format!("type: Hostile\nfields:\n{same}").as_bytes());
    told(format!("type: Hostile\nvalues: [{}]\n", "a, ".repeat(100_000)).as_bytes());
}

/// Bytes that editors do not show, and letters that look like others.
#[test]
fn strange_characters() {
    let base = "type: Hostile\nfields:\n  name: { type: string }\n";
    for (from, to) in [
        ("  name", "\tname"),
        ("name", "n\u{430}me"),
        ("name", "na\u{200b}me"),
        ("name", "\u{202e}eman"),
        ("name", "na\u{0}me"),
        ("name", "na\u{2028}me"),
        ("name", "self"),
        ("string", "str\u{131}ng"),
        ("Hostile", "H\u{43e}stile"),
    ] {
        let said = told(base.replacen(from, to, 1).as_bytes());
        assert!(said.contains("error[AW"), "{said}");
    }
    told(b"\xff\xfet\0y\0p\0e\0");
    told(b"type: Hostile\nfields:\n  name: { type: string, description: \"\xc3\x28\" }\n");
    told(b"%YAML 1.2\n---\ntype: Hostile\n...\n---\ntype: Hostile\n");
    told(b"!!binary aGVsbG8=\n");
    told(b"type: !!python/object/apply:os.system [ls]\n");
}
