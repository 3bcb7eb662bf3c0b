//! Blocks and tables of a page.

/// A fenced block.
#[derive(Debug)]
pub struct Block<'p> {
    pub language: &'p str,
    /// Without the fences.
    pub text: String,
    /// Of its first line in the page, counted from 1.
    pub line: usize,
}

/// The fenced blocks of a page.
pub fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let text = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```");
            let text = text.map(|line| format!("{line}\n")).collect();
            blocks.push(Block { language, text, line: number + 2 });
        }
    }
    blocks
}

/// The rows of the tables that begin with a heading, each as its cells.
pub fn rows<'p>(text: &'p str, heading: &str) -> Vec<Vec<&'p str>> {
    let mut rows = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.starts_with(heading) {
            rows.extend(lines.by_ref().skip(1).take_while(|line| line.starts_with('|')).map(cells));
        }
    }
    rows
}

/// A bar in code is written `\|`.
fn cells(row: &str) -> Vec<&str> {
    let mut cells = Vec::new();
    let mut rest = row.trim().trim_start_matches('|');
    let mut from = 0;
    while let Some(at) = rest[from..].find('|').map(|at| from + at) {
        if rest[..at].ends_with('\\') {
            from = at + 1;
            continue;
        }
        cells.push(rest[..at].trim());
        (rest, from) = (&rest[at + 1..], 0);
    }
    cells
}

/// What stands in a cell as code.
pub fn code(cell: &str) -> &str {
    cell.strip_prefix('`').and_then(|cell| cell.strip_suffix('`')).unwrap_or(cell)
}
