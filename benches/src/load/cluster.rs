//! A throwaway PostgreSQL server that keeps what it commits, as one in production does.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Result;

/// Runs a server until our end of the pipe is closed, and removes the folder of ours, too: whoever is interrupted does not.
const KEEPER: &str = r#"
dir=$(mktemp -d)
trap '"$0" stop "$dir"; rm -rf "$1"' EXIT
"$0" start "$dir" -c fsync=on -c synchronous_commit=on -c full_page_writes=on
cat >/dev/null"#;

/// A server that goes away with this value, or with the process, however that ends.
#[derive(Debug)]
pub struct Cluster {
    /// URL of its only database.
    pub url: String,
    keeper: Child,
}

impl Cluster {
    /// Starts a server. Takes a second or two. `folder` goes away with it.
    ///
    /// # Errors
    ///
    /// PostgreSQL is not installed or does not start; the script says more on standard error.
    pub fn start(folder: &Path) -> Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/postgres");
        let mut keeper = Command::new("bash")
            .args(["-euc", KEEPER])
            .args([script.as_path(), folder])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0) // out of reach of Ctrl-C, so that it can clean up after it
            .spawn()?;
        let mut url = String::new();
        if let Some(output) = keeper.stdout.take() {
            BufReader::new(output).read_line(&mut url)?;
        }
        if url.is_empty() {
            keeper.wait()?;
            return Err("there is no PostgreSQL server to measure: see above, or give one with --db".into());
        }
        Ok(Self { url: url.trim_end().to_owned(), keeper })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Nobody is left to report to; the process ends in any case.
        let _ = self.keeper.wait();
    }
}
