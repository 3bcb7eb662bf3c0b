//! Generating whenever a spec is saved.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use crate::workspace::{edit, gen_in, out, workspace};

/// Much longer than a run takes: only a watch that does not work waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `cargo gen --watch`, and the lines that it says. It ends with the test.
struct Watch {
    child: Child,
    lines: Receiver<String>,
}

impl Watch {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_actwright-gen"))
            .arg("--watch")
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, lines) = channel();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let to_stdout = send.clone();
        thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| to_stdout.send(line))
        });
        thread::spawn(move || {
            BufReader::new(stderr).lines().map_while(Result::ok).try_for_each(|line| send.send(line))
        });
        Self { child, lines }
    }

    /// What it says up to a line with this in it.
    fn wait_for(&self, text: &str) -> Vec<String> {
        let mut said = Vec::new();
        loop {
            let next = self.lines.recv_timeout(PATIENCE);
            assert!(next.is_ok(), "it never said {text:?}, only: {said:#?}");
            match next.unwrap() {
                line if line.contains(text) => return said,
                line => said.push(line),
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A spec is saved, and its code is there; a mistake is told, and the watch goes on. At the end all is as a full run
/// would have left it.
#[test]
fn what_is_saved_is_generated() {
    let folder = workspace();
    let root = folder.path();
    let watch = Watch::start(root);
    watch.wait_for("actions");
    watch.wait_for("in ");

    let spec = "specs/actions/notes/add_note.v1.yaml";
    edit(root, spec, "label: ", "label: Really ");
    let said = watch.wait_for("actions");
    assert!(said.iter().any(|line| line == "wrote generated/docs/notes.add_note.v1.md"), "{said:?}");
    assert!(
        !said.iter().any(|line| line.contains("other") || line.contains("types.rs")),
        "only what depends: {said:?}"
    );

    edit(root, spec, "type: uuid", "type: uuuid");
    watch.wait_for("error[AW");
    assert!(fs::read_to_string(root.join("generated/docs/notes.add_note.v1.md")).unwrap().contains("Really"));
    edit(root, spec, "type: uuuid", "type: uuid");
    watch.wait_for("The specs are right again.");

    drop(watch);
    assert_eq!(out(&gen_in(root, &["--check"])), "Everything is as the specs say.\n");
}

/// A change of branches may take the folder away for a moment.
#[test]
fn a_folder_that_comes_back_is_watched_again() {
    let folder = workspace();
    let root = folder.path();
    let watch = Watch::start(root);
    watch.wait_for("in ");
    fs::rename(root.join("specs"), root.join("away")).unwrap();
    thread::sleep(Duration::from_millis(300));
    edit(root, "away/actions/notes/add_note.v1.yaml", "label: ", "label: Really ");
    fs::rename(root.join("away"), root.join("specs")).unwrap();
    watch.wait_for("wrote generated/docs/notes.add_note.v1.md");
    edit(root, "specs/actions/notes/add_note.v1.yaml", "label: Really ", "label: Not ");
    watch.wait_for("wrote generated/docs/notes.add_note.v1.md");
}
