//! Numbers of documents: unique and without gaps, because each is taken in the transaction that uses it.

use actwright_generated::tables::next_number;
use actwright_runtime::{Result, Scope};

/// What is numbered, and how where the tenant has not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbering {
    entity_type: &'static str,
    prefix: &'static str,
    padding: i64,
    first: i64,
}

/// Quotes: `QUO-0001` and on.
pub const QUOTE: Numbering = Numbering { entity_type: "QUOTE", prefix: "QUO-", padding: 4, first: 1 };

/// Invoices: `INV-000001` and on.
pub const INVOICE: Numbering = Numbering { entity_type: "INVOICE", prefix: "INV-", padding: 6, first: 1 };

impl Numbering {
    /// Takes the next number. Others who want one wait until the transaction ends; when it rolls back, the number is free
    /// again.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn next(self, scope: &mut Scope) -> Result<String> {
        let mut stored = self.stored(scope).await?;
        if stored.is_none() {
            // There is no row to lock before the first number of all.
            scope.hold(&format!("next_number:{}", self.entity_type)).await?;
            stored = self.stored(scope).await?;
        }
        match stored {
            Some(Stored { last, initial, prefix, padding }) => {
                let number = initial.max(last.saturating_add(1));
                let update = scope.update(&next_number::TABLE).set(next_number::LAST_NUMBER, number);
                update.filter(next_number::ENTITY_TYPE.eq(self.entity_type.to_owned())).run().await?;
                Ok(written(&prefix.unwrap_or_default(), padding.unwrap_or_default(), number))
            }
            None => {
                scope
                    .insert(&next_number::TABLE)
                    .set(next_number::ENTITY_TYPE, self.entity_type.to_owned())
                    .set(next_number::LAST_NUMBER, self.first)
                    .set(next_number::INITIAL_VALUE, self.first)
                    .set(next_number::PREFIX, Some(self.prefix.to_owned()))
                    .set(next_number::PADDING_LENGTH, Some(self.padding))
                    .run()
                    .await?;
                Ok(written(self.prefix, self.padding, self.first))
            }
        }
    }

    async fn stored(self, scope: &mut Scope) -> Result<Option<Stored>> {
        let row = scope
            .select(&next_number::TABLE)
            .column(next_number::LAST_NUMBER)
            .column(next_number::INITIAL_VALUE)
            .column(next_number::PREFIX)
            .column(next_number::PADDING_LENGTH)
            .filter(next_number::ENTITY_TYPE.eq(self.entity_type.to_owned()))
            .for_update()
            .one()
            .await?;
        let stored = row.map(|row| {
            Ok(Stored {
                last: row.get(next_number::LAST_NUMBER)?,
                initial: row.get(next_number::INITIAL_VALUE)?,
                prefix: row.get(next_number::PREFIX)?,
                padding: row.get(next_number::PADDING_LENGTH)?,
            })
        });
        stored.transpose()
    }
}

/// The tenant's row for one kind of document.
struct Stored {
    last: i64,
    initial: i64,
    prefix: Option<String>,
    padding: Option<i64>,
}

/// Zeros to the left, as many as it takes; a longer number stays whole.
fn written(prefix: &str, padding: i64, number: i64) -> String {
    let width = usize::try_from(padding.clamp(0, 64)).unwrap_or_default();
    format!("{prefix}{number:0width$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers outgrow their padding without being cut.
    #[test]
    fn numbers_are_padded_and_never_cut() {
        assert_eq!(written("QUO-", 4, 7), "QUO-0007");
        assert_eq!(written("QUO-", 4, 12_345), "QUO-12345");
        assert_eq!(written("", -3, 7), "7");
    }
}
