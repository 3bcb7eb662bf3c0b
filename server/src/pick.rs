//! `actwright pick`.

use actwright_runtime::pickers::{Ask, PickerQuery};
use serde_json::json;

use crate::cli::PickArguments;
use crate::failure::Failure;
use crate::open;
use crate::terminal::{plain, say, table};

pub async fn run(arguments: PickArguments, json: bool) -> Result<(), Failure> {
    let (tenant, caller) = open::caller(&arguments.caller)?;
    let ask = if arguments.ids.is_empty() {
        let depends_on = arguments.narrowed.into_iter().collect();
        Ask::Search { text: arguments.search, depends_on, limit: arguments.limit }
    } else {
        Ask::Resolve(arguments.ids)
    };
    let runtime = open::runtime(&arguments.database).await?;
    let choices = runtime.pick(PickerQuery { picker: arguments.kind, tenant, caller, ask }).await?;
    if json {
        return say(json!(choices));
    }
    let mut table = table(["ID", "LABEL", ""]);
    for choice in choices {
        table.add_row([choice.id.to_string(), plain(&choice.label), plain(&choice.detail.unwrap_or_default())]);
    }
    say(table.trim_fmt())
}
