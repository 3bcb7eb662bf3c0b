//! Events in a file: the embedded default.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actwright_runtime::outbox::{CloudEvent, DeliveryError, EventSink};
use actwright_runtime::registry::BoxFuture;

use crate::{sync_folder, unwritable};

/// Appends each event to a file, a JSON object a line. Several processes may append to one file.
#[derive(Debug)]
pub struct FileEvents {
    path: PathBuf,
    /// Lines of two calls never mix. An attempt that is given up keeps its turn until its line is written, so that a file that
    /// somebody else holds occupies one thread, however often it is tried.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl FileEvents {
    /// Appends to this file, which is created with the first event.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), turn: Arc::default() }
    }

    async fn append(&self, line: String) -> std::io::Result<()> {
        let turn = self.turn.clone().lock_owned().await;
        let path = self.path.clone();
        let written = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            append(&path, line)
        })
        .await;
        written.unwrap_or_else(|_| Err(std::io::ErrorKind::Interrupted.into()))
    }
}

/// Appends a line that is whole or not there at all, whatever the disk does and whoever was lost while writing before.
fn append(path: &Path, line: String) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = File::options().create(true).append(true).read(true).open(path)?;
    // Other processes append, too. Closing the file unlocks it.
    file.lock()?;
    let whole = whole_lines(&mut file)?;
    file.set_len(whole)?;
    // The event counts as delivered then, also after a power cut.
    let written = file.write_all(line.as_bytes()).and_then(|()| file.sync_data());
    let written = written.and_then(|()| if whole == 0 { sync_folder(path) } else { Ok(()) });
    written.inspect_err(|_| {
        // Nobody is left to report a second failure to; what is there is cut off the next time.
        let _ = file.set_len(whole);
    })
}

/// Where the last line ends. What follows was left by a process that was lost while writing, whose event is sent again.
fn whole_lines(file: &mut File) -> std::io::Result<u64> {
    const BLOCK: u64 = 4096;
    let mut end = file.metadata()?.len();
    let mut block = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(BLOCK);
        file.seek(SeekFrom::Start(start))?;
        block.clear();
        Read::by_ref(file).take(end - start).read_to_end(&mut block)?;
        if let Some(last) = block.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + last as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

impl EventSink for FileEvents {
    fn name(&self) -> &str {
        "file"
    }

    fn publish<'a>(&'a self, event: &'a CloudEvent) -> BoxFuture<'a, Result<(), DeliveryError>> {
        Box::pin(async move {
            let mut line = serde_json::to_string(event)
                .map_err(|_| DeliveryError::permanent("The event cannot be written as JSON."))?;
            line.push('\n');
            self.append(line).await.map_err(|error| unwritable(&self.path, &error))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader takes the file line by line: half a line of a process that was killed must not glue to the next.
    #[test]
    fn half_a_line_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/events.jsonl");
        let content = || std::fs::read_to_string(&path).unwrap();
        append(&path, "{\"id\":1}\n".to_owned()).unwrap();
        for half in ["{\"id\"", &"x".repeat(10_000)] {
            File::options().append(true).open(&path).unwrap().write_all(half.as_bytes()).unwrap();
            append(&path, "{\"id\":2}\n".to_owned()).unwrap();
        }
        assert_eq!(content(), "{\"id\":1}\n{\"id\":2}\n{\"id\":2}\n");
        std::fs::write(&path, "half").unwrap();
        append(&path, "{}\n".to_owned()).unwrap();
        assert_eq!(content(), "{}\n");
    }

    /// Threads that wait for a file would be missing for everything else that blocks, and all write when it is free.
    #[tokio::test]
    async fn attempts_that_were_given_up_do_not_pile_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let events = FileEvents::new(&path);
        events.append("0\n".to_owned()).await.unwrap();
        let held = File::open(&path).unwrap();
        held.lock().unwrap();
        for _ in 0..3 {
            let attempt = events.append("1\n".to_owned());
            tokio::time::timeout(std::time::Duration::from_millis(50), attempt).await.unwrap_err();
        }
        drop(held);
        events.append("2\n".to_owned()).await.unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "0\n1\n2\n");
    }

    /// Whoever rotates the file moves it away: the next event begins a new one, and none goes into the old one.
    #[test]
    fn a_file_that_was_moved_away_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (path, old) = (folder.path().join("events.jsonl"), folder.path().join("events.jsonl.1"));
        append(&path, "{\"id\":1}\n".to_owned()).unwrap();
        std::fs::rename(&path, &old).unwrap();
        append(&path, "{\"id\":2}\n".to_owned()).unwrap();
        assert_eq!(std::fs::read_to_string(&old).unwrap(), "{\"id\":1}\n");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"id\":2}\n");
    }
}
