//! What was measured, as a Markdown table for people and as JSON for machines.

use actwright_runtime::Value;
use serde_json::json;

use super::measure::Sample;
use super::operation::Operation;
use super::sides::Statements;

/// One line of the report.
#[derive(Debug)]
pub struct Line {
    /// `PostgreSQL` or `SQLite`.
    pub database: &'static str,
    /// Interactions in the database.
    pub rows: u64,
    /// Calls at a time.
    pub callers: usize,
    /// What was called.
    pub operation: Operation,
    /// Statements of a call on each side.
    pub statements: (usize, usize),
    /// Calls through the runtime.
    pub ours: Sample,
    /// Bare SQL.
    pub bare: Sample,
}

const HEAD: [&str; 9] = [
    "operation",
    "callers",
    "statements",
    "calls/s",
    "p50 ms",
    "p99 ms",
    "bare calls/s",
    "bare p50 / p99 ms",
    "ratio (rounds)",
];

impl Line {
    /// Calls a second through the runtime, as a part of those by bare SQL.
    pub fn ratio(&self) -> f64 {
        self.ours.rate() / self.bare.rate()
    }

    /// The lowest and the highest ratio of a round: how far to trust [`Line::ratio`].
    pub fn spread(&self) -> (f64, f64) {
        let rounds = self.ours.rounds.iter().zip(&self.bare.rounds).map(|(ours, bare)| ours / bare);
        rounds.fold((f64::INFINITY, 0.0), |(low, high), ratio| (low.min(ratio), high.max(ratio)))
    }

    fn cells(&self) -> [String; 9] {
        let (low, high) = self.spread();
        let statements = match self.statements {
            (ours, bare) if ours == bare => ours.to_string(),
            (ours, bare) => format!("{ours}, bare {bare}"),
        };
        [
            self.operation.label(),
            self.callers.to_string(),
            statements,
            format!("{:.0}", self.ours.rate()),
            format!("{:.2}", self.ours.percentile(0.5)),
            format!("{:.2}", self.ours.percentile(0.99)),
            format!("{:.0}", self.bare.rate()),
            format!("{:.2} / {:.2}", self.bare.percentile(0.5), self.bare.percentile(0.99)),
            format!("{:.2} ({low:.2}–{high:.2})", self.ratio()),
        ]
    }

    /// This line for machines.
    pub fn json(&self) -> Value {
        let side = |sample: &Sample| {
            json!({
                "calls": sample.latencies.len(),
                "calls_per_second": sample.rate(),
                "p50_ms": sample.percentile(0.5),
                "p99_ms": sample.percentile(0.99),
            })
        };
        let (lowest, highest) = self.spread();
        json!({
            "database": self.database,
            "rows": self.rows,
            "callers": self.callers,
            "operation": self.operation.label(),
            "statements": { "ours": self.statements.0, "bare": self.statements.1 },
            "ours": side(&self.ours),
            "bare": side(&self.bare),
            "ratio": { "all": self.ratio(), "lowest_round": lowest, "highest_round": highest },
        })
    }
}

/// The lines as a table for each database and size.
pub fn markdown(lines: &[Line]) -> String {
    let mut text = String::new();
    for group in lines.chunk_by(|a, b| (a.database, a.rows) == (b.database, b.rows)) {
        let cells: Vec<[String; 9]> = group.iter().map(Line::cells).collect();
        let width = |column: usize| {
            let cells = cells.iter().map(|line| line[column].chars().count());
            cells.chain([HEAD[column].len()]).max().unwrap_or_default()
        };
        if let Some(first) = group.first() {
            text += &format!("\n### {}, {} interactions\n\n", first.database, first.rows);
        }
        text += &row(&HEAD.map(str::to_owned), width);
        text += &row(&std::array::from_fn(|column| "-".repeat(width(column))), width);
        cells.iter().for_each(|line| text += &row(line, width));
    }
    text
}

fn row(cells: &[String; 9], width: impl Fn(usize) -> usize) -> String {
    let cells = cells.iter().enumerate().map(|(column, cell)| match column {
        0 => format!("{cell:<0$}", width(column)),
        _ => format!("{cell:>0$}", width(column)),
    });
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// Says on standard error where a comparison is not fair.
pub fn warn(operation: Operation, statements: &Statements) {
    for difference in statements.differences() {
        eprintln!("{}: the sides send different statements\n{difference}", operation.label());
    }
}
