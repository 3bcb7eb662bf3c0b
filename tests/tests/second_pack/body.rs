//! `notes.add_note`: pins a memo to the board.

use actwright_runtime::Result;
use notes_api::notes::add_note::{Body, Context, Input, Output};
use notes_api::tables::memos;

use crate::Bodies;

impl Body for Bodies {
    async fn run(context: &mut Context<'_>, input: Input) -> Result<Output> {
        let (memo_id, actor, now) = (context.new_id(), context.actor(), context.now());
        context
            .insert(&memos::TABLE)
            .set(memos::MEMO_ID, memo_id)
            .set(memos::TEXT, input.text.clone())
            .set(memos::WRITTEN_BY, actor)
            .set(memos::WRITTEN_AT, now)
            .run()
            .await?;
        Ok(Output { memo_id, text: input.text })
    }
}
