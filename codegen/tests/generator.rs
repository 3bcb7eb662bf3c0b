//! The generator as a library: what a run writes, what it leaves alone, and what a check finds.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use actwright_codegen::{Drift, DriftKind, Error, Generator};
use tempfile::TempDir;

/// Specs that a test may change, and where they are generated into.
struct Pack {
    folder: TempDir,
}

impl Pack {
    /// A copy of the smallest specs that pass.
    fn new() -> Self {
        let pack = Self { folder: tempfile::tempdir().unwrap() };
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packs/notes"), &pack.path("specs"));
        pack
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn generator(&self) -> Generator {
        Generator::new(self.path("specs"), self.path("out")).bodies(self.path("bodies"))
    }

    fn edit(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{from} is not in {name}");
        fs::write(self.path(name), text.replacen(from, to, 1)).unwrap();
    }

    /// Every file below a folder, with its content.
    fn files(&self, folder: &str) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        collect(&self.path(folder), &self.path(folder), &mut files);
        files
    }

    fn drift(&self) -> Vec<(String, DriftKind)> {
        match self.generator().check() {
            Ok(()) => Vec::new(),
            Err(Error::Drift(all)) => {
                let short = |Drift { path, kind }: Drift| (self.short(&path), kind);
                all.into_iter().map(short).collect()
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn short(&self, path: &Path) -> String {
        path.strip_prefix(self.folder.path()).unwrap().to_string_lossy().into_owned()
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

/// Output depends on the specs and on nothing else, so that it can be committed.
#[test]
fn two_runs_give_the_same_bytes() {
    let (one, other) = (Pack::new(), Pack::new());
    let report = one.generator().run().unwrap();
    other.generator().run().unwrap();
    let mut files = one.files("out");
    let mut others = other.files("out");
    // The stamp is about files' times.
    assert!(files.remove(".stamp").is_some() && others.remove(".stamp").is_some());
    assert_eq!(files, others);
    assert_eq!(report.actions, Some(3));
    assert_eq!(report.written.len(), files.len());
}

/// Builds touch nothing when nothing changed, so that nothing is compiled anew.
#[test]
fn a_run_writes_only_what_differs() {
    let pack = Pack::new();
    pack.generator().run().unwrap();
    assert_eq!(pack.generator().run().unwrap().actions, None);

    fs::remove_file(pack.path("out/.stamp")).unwrap();
    let again = pack.generator().run().unwrap();
    assert_eq!((again.actions, again.written, again.removed), (Some(3), vec![], vec![]));

    pack.edit("specs/actions/notes/add_note.v1.yaml", "label: Add Note", "label: Take a Note");
    let changed = pack.generator().run().unwrap();
    let names: Vec<String> = changed.written.iter().map(|path| pack.short(path)).collect();
    assert!(names.contains(&"out/src/notes/add_note.rs".to_owned()), "{names:?}");
    assert!(!names.iter().any(|name| name.contains("find_notes")), "{names:?}");
}

/// A check names every file that is not as the specs say, tells why, and changes nothing.
#[test]
fn a_check_tells_the_kinds_of_drift_apart() {
    let pack = Pack::new();
    pack.generator().run().unwrap();
    assert_eq!(pack.drift(), []);

    fs::remove_file(pack.path("out/docs/notes.add_note.v1.md")).unwrap();
    fs::write(pack.path("out/src/notes/leftover.rs"), "// nobody knows\n").unwrap();
    pack.edit("out/catalog.json", "Notes", "Nodes");
    pack.edit("specs/actions/notes/find_notes.v1.yaml", "label: Find Notes", "label: Look for Notes");
    let before = pack.files("out");
    let drift = pack.drift();
    assert_eq!(pack.files("out"), before);

    let kind = |name: &str| drift.iter().find(|(path, _)| path == name).map(|(_, kind)| *kind);
    assert_eq!(kind("out/docs/notes.add_note.v1.md"), Some(DriftKind::Missing));
    assert_eq!(kind("out/src/notes/leftover.rs"), Some(DriftKind::Stale));
    assert_eq!(kind("out/catalog.json"), Some(DriftKind::HandEdited));
    assert_eq!(kind("out/src/notes/find_notes.rs"), Some(DriftKind::Changed));
    assert_eq!(kind("out/src/notes/add_note.rs"), None);
    for (_, kind) in drift {
        assert!(kind.remedy().contains("cargo gen"), "{}", kind.remedy());
    }
}

/// What an action leaves behind goes with it; a hand-made edit is overwritten, and said to be.
#[test]
fn a_run_removes_what_is_no_longer_generated() {
    let pack = Pack::new();
    pack.generator().run().unwrap();
    fs::remove_file(pack.path("specs/actions/notes/find_notes.v1.yaml")).unwrap();
    pack.edit("specs/catalog.yaml", "      - notes.find_notes\n", "");
    assert!(pack.drift().contains(&("out/src/notes/find_notes.rs".to_owned(), DriftKind::Stale)));

    pack.edit("out/src/notes/add_note.rs", "// Generated", "// Improved. Generated");
    let report = pack.generator().run().unwrap();
    assert_eq!(report.actions, Some(2));
    let overwritten: Vec<String> = report.overwritten.iter().map(|path| pack.short(path)).collect();
    assert_eq!(overwritten, ["out/src/notes/add_note.rs"]);
    assert!(report.removed.iter().any(|path| path.ends_with("src/notes/find_notes.rs")), "{:?}", report.removed);
    assert!(!pack.path("out/src/notes/find_notes.rs").exists());
    assert_eq!(pack.drift(), []);
}

/// A manifest that names files elsewhere must not have them removed.
#[test]
fn nothing_outside_the_output_is_removed() {
    let pack = Pack::new();
    pack.generator().run().unwrap();
    let precious = [pack.path("precious.txt"), pack.path("out/Cargo.toml")];
    precious.iter().for_each(|path| fs::write(path, "mine").unwrap());
    let absolute = precious[0].to_string_lossy().into_owned();
    let added = format!(
        "{{\n    \"../precious.txt\": \"0\",\n    \"{absolute}\": \"0\",\n    \"src/../../precious.txt\": \"0\","
    );
    pack.edit("out/manifest.json", "{\n    ", &format!("{added}\n    "));
    pack.generator().run().unwrap();
    assert!(precious.iter().all(|path| fs::read_to_string(path).unwrap() == "mine"));
    assert_eq!(pack.drift(), []);
}

/// Half of a generation is worse than none.
#[test]
fn wrong_specs_write_nothing() {
    let pack = Pack::new();
    pack.generator().run().unwrap();
    let before = pack.files("out");
    pack.edit("specs/actions/notes/add_note.v1.yaml", "type: uuid", "type: uuuid");
    let Err(Error::Specs(diagnostics)) = pack.generator().run() else { panic!("the specs are wrong") };
    assert!(diagnostics.to_string().contains("uuuid"), "{diagnostics}");
    assert_eq!(pack.files("out"), before);
    assert!(matches!(pack.generator().check(), Err(Error::Specs(_))));
}

/// Authors own their bodies: a skeleton is there to start from, and never again.
#[test]
fn skeletons_are_created_once() {
    let pack = Pack::new();
    let report = pack.generator().skeletons().unwrap();
    let mut created: Vec<String> = report.skeletons.iter().map(|path| pack.short(path)).collect();
    created.sort();
    assert_eq!(created, ["bodies/notes/add_note.rs", "bodies/notes/add_note_v2.rs", "bodies/notes/find_notes.rs"]);
    for path in &report.skeletons {
        syn::parse_file(&fs::read_to_string(path).unwrap()).unwrap();
    }
    let list = fs::read_to_string(pack.path("bodies/notes/mod.rs")).unwrap();
    assert!(list.contains("pub mod add_note;") && list.contains("pub mod add_note_v2;"), "{list}");

    fs::write(pack.path("bodies/notes/add_note.rs"), "// mine\n").unwrap();
    fs::remove_file(pack.path("bodies/notes/find_notes.rs")).unwrap();
    let again = pack.generator().skeletons().unwrap();
    assert_eq!(again.skeletons, [pack.path("bodies/notes/find_notes.rs")]);
    assert_eq!(fs::read_to_string(pack.path("bodies/notes/add_note.rs")).unwrap(), "// mine\n");
}

/// A helper beside the bodies belongs to the list of modules, too.
#[test]
fn the_list_of_modules_follows_the_folder() {
    let pack = Pack::new();
    pack.generator().skeletons().unwrap();
    fs::write(pack.path("bodies/notes/shared_words.rs"), "").unwrap();
    assert_eq!(pack.drift(), [("bodies/notes/mod.rs".to_owned(), DriftKind::Changed)]);
    pack.generator().run().unwrap();
    assert!(fs::read_to_string(pack.path("bodies/notes/mod.rs")).unwrap().contains("pub mod shared_words;"));

    fs::create_dir(pack.path("bodies/notes/shared")).unwrap();
    assert_eq!(pack.drift(), [], "a folder without a module is none");
    fs::write(pack.path("bodies/notes/shared/mod.rs"), "").unwrap();
    pack.generator().run().unwrap();
    assert!(fs::read_to_string(pack.path("bodies/notes/mod.rs")).unwrap().contains("pub mod shared;"));
}
