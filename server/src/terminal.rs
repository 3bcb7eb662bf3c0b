//! How things look on a terminal. Elsewhere the same text comes without colour.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::failure::Failure;

const TITLE: Style = Style::new().bold();
const QUIET: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();

pub fn title(text: impl Display) -> String {
    format!("{TITLE}{text}{TITLE:#}")
}

pub fn quiet(text: impl Display) -> String {
    format!("{QUIET}{text}{QUIET:#}")
}

pub fn good(text: impl Display) -> String {
    format!("{GOOD}{text}{GOOD:#}")
}

pub fn bad(text: impl Display) -> String {
    format!("{BAD}{text}{BAD:#}")
}

/// Text of somebody else, on the one line that it belongs to: what would end the line or steer a terminal is shown instead.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { plain.extend(c.escape_default()) } else { plain.push(c) }
    }
    plain
}

/// Writes a line to standard output; colour goes where there is a terminal.
pub fn say(line: impl Display) -> Result<(), Failure> {
    writeln!(anstream::stdout(), "{line}")?;
    Ok(())
}

/// A note on standard error that shows itself when something takes more than a second, on a terminal.
pub fn progress(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::hidden();
    if std::io::stderr().is_terminal() {
        let style = ProgressStyle::with_template("{spinner} {msg} {pos} ({elapsed})");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.set_message(what);
        let shown = bar.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if !shown.is_finished() {
                shown.set_draw_target(ProgressDrawTarget::stderr());
                shown.enable_steady_tick(Duration::from_millis(200));
            }
        });
    }
    bar
}

/// A table without lines, no wider than a page.
pub fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(100);
    table.set_header(header);
    table
}
