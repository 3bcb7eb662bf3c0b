//! `cargo gen --watch`: generates again whenever a spec is saved.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::sleep;
use std::time::{Duration, Instant};

use actwright_codegen::{Generator, Report, Session};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// An editor saves with several events, and a version control system saves many files: when nothing has come for so long,
/// they are through.
const QUIET: Duration = Duration::from_millis(15);
/// How often to look for a folder that was taken away.
const LOOK: Duration = Duration::from_millis(200);

/// What tells of a run: the time that it took, and how it went.
pub type Tell<'t> = &'t dyn Fn(Duration, Result<Report, actwright_codegen::Error>);

/// Generates now and after every change, until the process is ended.
pub fn run(generator: &Generator, specs: &Path, bodies: Option<&Path>, tell: Tell<'_>) -> ExitCode {
    anstream::eprintln!("Watching {}, until you press Ctrl-C", specs.display());
    let mut session = Session::new(generator.clone());
    loop {
        // Watching begins before reading, so that no change falls between the two.
        let (_watcher, events) = match watch(specs, bodies) {
            Ok(watching) => watching,
            Err(error) => {
                anstream::eprintln!("the specs cannot be watched: {error}");
                return ExitCode::FAILURE;
            }
        };
        loop {
            let begin = Instant::now();
            let outcome = session.run();
            let went_well = outcome.is_ok();
            tell(begin.elapsed(), outcome);
            // What takes its time is left for when nobody waits.
            if went_well && let Err(error) = generator.settle() {
                anstream::eprintln!("{error}");
            }
            if !wait(&events) || !specs.is_dir() {
                break;
            }
        }
        // A folder that is taken away, as a change of branches may do, has a new watch when it is back.
        while !specs.is_dir() {
            sleep(LOOK);
        }
    }
}

type Events = Receiver<notify::Result<Event>>;

fn watch(specs: &Path, bodies: Option<&Path>) -> notify::Result<(RecommendedWatcher, Events)> {
    let (send, events) = channel();
    let mut watcher = notify::recommended_watcher(send)?;
    watcher.watch(specs, RecursiveMode::Recursive)?;
    if let Some(bodies) = bodies.filter(|bodies| bodies.is_dir()) {
        watcher.watch(bodies, RecursiveMode::Recursive)?;
    }
    Ok((watcher, events))
}

/// Waits for a change and for the end of it; `false` when there will be none.
fn wait(events: &Events) -> bool {
    loop {
        match events.recv() {
            Ok(event) if matters(&event) => break,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    loop {
        match events.recv_timeout(QUIET) {
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
}

/// Reading is an event, too, and every run reads.
fn matters(event: &notify::Result<Event>) -> bool {
    let is_source =
        |path: &PathBuf| path.extension().is_none_or(|end| ["yaml", "yml", "rs"].iter().any(|one| end == *one));
    match event {
        Ok(event) if event.need_rescan() => true,
        Ok(event) => !matches!(event.kind, EventKind::Access(_)) && event.paths.iter().any(is_source),
        Err(_) => true,
    }
}
