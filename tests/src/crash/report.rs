//! The matrix as a table.

use super::matrix::Crashes;

/// What came of an action on one database.
#[derive(Debug, Clone, Copy, Default)]
pub struct Row {
    /// A call that succeeds.
    pub call: Crashes,
    /// The relay that delivers what one left.
    pub relay: Option<Crashes>,
    /// A call that is denied.
    pub denied: Crashes,
    /// A call that fails.
    pub failed: Crashes,
}

impl Crashes {
    fn all(self) -> usize {
        self.before_commit + self.after_commit + self.in_delivery
    }
}

impl Row {
    /// Without those of relays: how often one looks for more is up to who is done first.
    fn all(self) -> usize {
        self.call.all() + self.denied.all() + self.failed.all()
    }
}

/// Rows by action, each with that of SQLite and that of PostgreSQL, as Markdown. An action has its row only if nothing was lost
/// and nothing doubled.
pub fn table(rows: &[(String, Row, Row)]) -> String {
    let mut text =
        "| action | before the commit | after it | in deliveries | in the relay's | denied | failed | delivered twice \
                    |\n|---|--:|--:|--:|---|--:|--:|--:|\n"
            .to_owned();
    for (action, sqlite, postgres) in rows {
        let cell = |count: fn(Row) -> usize| match (count(*sqlite), count(*postgres)) {
            (0, 0) => "–".to_owned(),
            (sqlite, postgres) => format!("{sqlite} / {postgres}"),
        };
        text += &format!(
            "| `{action}` | {} | {} | {} | {} | {} | {} | {} |\n",
            cell(|row| row.call.before_commit),
            cell(|row| row.call.after_commit),
            cell(|row| row.call.in_delivery),
            if sqlite.relay.is_some() && postgres.relay.is_some() { "each step" } else { "–" },
            cell(|row| row.denied.all()),
            cell(|row| row.failed.all()),
            cell(|row| row.call.repeated),
        );
    }
    let all: usize = rows.iter().map(|(_, sqlite, postgres)| sqlite.all() + postgres.all()).sum();
    text + &format!(
        "\n{all} crashes, and one at each step of the relays: nothing lost, nothing doubled, no half of a transaction.\n"
    )
}
