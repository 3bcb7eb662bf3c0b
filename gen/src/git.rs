//! What the specs were in another revision, as git has it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Branches that work starts from, the likeliest first.
const MAIN: [&str; 4] = ["origin/main", "main", "origin/master", "master"];

/// The commit at which this branch left the main one.
///
/// # Errors
///
/// Says what git said.
pub fn merge_base(root: &Path) -> Result<String, String> {
    let main = MAIN.iter().find(|branch| commit(root, branch).is_ok());
    let main = main.ok_or("there is no branch main or master to compare with; say which with --against")?;
    let base = git(root, &["merge-base", "HEAD", main])?;
    Ok(base.trim().to_owned())
}

/// The full id of a revision.
///
/// # Errors
///
/// Says what git said.
pub fn commit(root: &Path, revision: &str) -> Result<String, String> {
    // What begins with a dash would be an option.
    if revision.starts_with('-') {
        return Err(format!("`{revision}` is no revision"));
    }
    git(root, &["rev-parse", "--verify", "--quiet", &format!("{revision}^{{commit}}")])
        .map(|id| id.trim().to_owned())
        .map_err(|error| if error.is_empty() { format!("there is no revision `{revision}`") } else { error })
}

/// The YAML files below a folder in a commit: paths from the folder's own name on, and texts.
///
/// # Errors
///
/// Says what git said.
pub fn texts(root: &Path, commit: &str, folder: &Path) -> Result<Vec<(String, String)>, String> {
    let folder = std::path::absolute(folder).map_err(|error| error.to_string())?;
    let (parent, name) = (folder.parent().unwrap_or(&folder), folder.file_name().unwrap_or_default());
    // Git names files from the top of the repository, wherever this folder is in it.
    let prefix = git(parent, &["rev-parse", "--show-prefix"])?;
    let (prefix, name) = (prefix.trim(), name.to_string_lossy());
    let list =
        git(parent, &["ls-tree", "-r", "-z", "--full-tree", "--name-only", commit, &format!("{prefix}{name}/")])?;
    let is_yaml = |path: &&str| Path::new(path).extension().is_some_and(|end| end == "yaml" || end == "yml");
    let paths: Vec<&str> = list.split('\0').filter(is_yaml).collect();
    let texts = blobs(root, commit, &paths)?;
    Ok(paths.iter().map(|path| path.strip_prefix(prefix).unwrap_or(path).to_owned()).zip(texts).collect())
}

/// The texts of files, in one run of git: a run for each would take long for a thousand.
fn blobs(root: &Path, commit: &str, paths: &[&str]) -> Result<Vec<String>, String> {
    let wanted: String = paths.iter().map(|path| format!("{commit}:{path}\n")).collect();
    let mut child = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(cannot_run)?;
    let mut stdin = child.stdin.take().ok_or("git takes no input")?;
    // Beside the reading, because git waits for its answers to be read.
    let writer = std::thread::spawn(move || stdin.write_all(wanted.as_bytes()));
    let output = child.wait_with_output().map_err(cannot_run)?;
    let written = writer.join().map_err(|_| "git takes no input")?;
    written.map_err(|error| error.to_string())?;
    let mut rest = output.stdout.as_slice();
    paths.iter().map(|path| blob(&mut rest).ok_or_else(|| format!("git does not give {path} of {commit}"))).collect()
}

/// Takes one answer: `<id> blob <size>`, the bytes, and an end of line.
fn blob(rest: &mut &[u8]) -> Option<String> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let size: usize = std::str::from_utf8(&rest[..end]).ok()?.rsplit(' ').next()?.parse().ok()?;
    let text = rest.get(end + 1..end + 1 + size)?;
    *rest = rest.get(end + 2 + size..)?;
    Some(String::from_utf8_lossy(text).into_owned())
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output().map_err(cannot_run)?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

fn cannot_run(error: std::io::Error) -> String {
    format!("git cannot be run: {error}")
}
