//! What the demonstration does.

use actwright_runtime::{Answer, Call, Caller, Error, Runtime, Timestamp, Uuid};
use serde_json::{Value, json};

use super::portal;
use super::show::Show;
use crate::failure::Failure;
use crate::seed::{ADMIN, TECHNICIAN, TENANT};

/// Brightwater Dental Group.
const CLIENT: &str = "50000000-0000-4000-8000-000000000001";
/// Hannah Lindqvist of Brightwater Dental Group.
const CONTACT: &str = "52000000-0000-4000-8000-000000000001";
/// The tenant's status of what is done.
const COMPLETED: &str = "40000000-0000-4000-8000-000000000003";
/// A type of the tenant's own.
const REMOTE_SESSION: &str = "71000000-0000-4000-8000-000000000003";
/// A draft for Brightwater Dental Group.
const QUOTE: &str = "90000000-0000-4000-8000-000000000001";
/// An approved quote for Cobalt Freight Lines.
const OTHER_QUOTE: &str = "90000000-0000-4000-8000-000000000002";

/// A template, and Alder & Finch Architects with Tobias Finch, who have no quote yet.
const TEMPLATE: &str = "90000000-0000-4000-8000-000000000004";
const NEW_CLIENT: &str = "50000000-0000-4000-8000-000000000004";
const NEW_CONTACT: &str = "52000000-0000-4000-8000-000000000006";
/// Seconds that the offer is good for.
const MONTH: i64 = 30 * 24 * 60 * 60;

/// The story: five flows, a refusal, a repetition and a rehearsal.
pub async fn tell(runtime: &Runtime, show: &mut Show) -> Result<(), Failure> {
    show.chapter("Find recent activity, and branch on it", "What happened with Brightwater Dental Group lately?")?;
    let find = call("crm.find_activities", ADMIN, json!({ "client_id": CLIENT, "limit": 3 }));
    let found = step(runtime, show, &find).await?;
    let latest = &found.output["activities"][0];
    let open = latest["status_id"] != COMPLETED;
    show.remark(&if open {
        format!("The latest, {}, is not completed: the workflow takes the branch that completes it.", latest["title"])
    } else {
        "The latest is completed: the workflow goes on to the follow-up.".to_owned()
    })?;

    show.chapter("Update an activity", "Absent and null differ: end_time goes, what is not named stays.")?;
    let patch = json!({ "status_id": COMPLETED, "notes": "Talked it through; they want a date for the firewall.", "end_time": null });
    let input = json!({ "activity_id": latest["activity_id"], "patch": patch, "reason": "Call completed" });
    step(runtime, show, &call("crm.update_activity", ADMIN, input)).await?;

    show.chapter(
        "Schedule a follow-up",
        "The contact is enough: the client comes from her, the status from the tenant.",
    )?;
    let schedule = Call {
        idempotency_key: Some("demo-follow-up".to_owned()),
        ..call(
            "crm.schedule_activity",
            ADMIN,
            json!({
                "contact_id": CONTACT, "type_id": REMOTE_SESSION, "title": "Walk through the firewall quote",
                "start_time": "2027-01-12T10:00:00+01:00", "end_time": "2027-01-12T10:45:00+01:00", "tags": ["firewall"],
            }),
        )
    };
    step(runtime, show, &schedule).await?;

    show.chapter("Send a quote", "Its PDF is rendered and stored, and the mail leaves after the commit.")?;
    let send = call(
        "crm.send_quote",
        ADMIN,
        json!({ "quote_id": QUOTE, "message": "As promised, Hannah: the offer for next year." }),
    );
    step(runtime, show, &send).await?;

    from_template_to_invoice(runtime, show).await?;

    show.chapter(
        "A call that is denied",
        "Priya is a technician: she may read clients, not change them. The attempt is audited.",
    )?;
    refused(runtime, show, &Call { caller: Caller::User(TECHNICIAN), ..schedule.clone() }).await?;

    show.chapter("The same call again", "Same key, same input: the first answer, and no second appointment.")?;
    step(runtime, show, &schedule).await?;

    show.chapter("A dry run", "The real body runs, everything is shown, and everything is rolled back.")?;
    let rehearsal = Call { dry_run: true, ..call("crm.send_quote", ADMIN, json!({ "quote_id": OTHER_QUOTE })) };
    step(runtime, show, &rehearsal).await?;
    Ok(())
}

/// One line a call: the totals and what became of them.
async fn from_template_to_invoice(runtime: &Runtime, show: &mut Show) -> Result<(), Failure> {
    show.chapter(
        "From a template to a contract and an invoice",
        "What recurs becomes the contract, the rest the invoice; numbers, discounts and taxes are the tenant's.",
    )?;
    let now = Timestamp::now();
    let input = json!({
        "template_id": TEMPLATE, "client_id": NEW_CLIENT, "contact_id": NEW_CONTACT, "title": "Managed workplace",
        "quote_date": now, "valid_until": now.plus_seconds(MONTH),
    });
    let created = line(runtime, show, &call("crm.create_quote_from_template", ADMIN, input), totals).await?;
    let quote_id = &created.output["quote"]["quote_id"];
    let input = json!({ "quote_id": quote_id, "description": "Laptop", "quantity": 2, "unit_price": 139_900 });
    line(runtime, show, &call("crm.add_quote_item", ADMIN, input), totals).await?;
    let sent = |answer: &Answer| format!("{}, mail sent: {}", answer.output["new_status"], answer.output["email_sent"]);
    line(runtime, show, &call("crm.send_quote", ADMIN, json!({ "quote_id": quote_id })), sent).await?;
    portal::accept(runtime.database(), quote_id.as_str().unwrap_or_default()).await?;
    show.line("(the client accepts)", "in the portal of the PSA")?;
    let input = json!({ "quote_id": quote_id, "target": "contract_and_invoice" });
    let became = |answer: &Answer| {
        let output = &answer.output;
        format!("{}; contract {}, invoice {}", output["quote"]["status"], output["contract_id"], output["invoice_id"])
    };
    line(runtime, show, &call("crm.convert_quote", ADMIN, input), became).await?;
    Ok(())
}

/// Number, sums and total of the quote in an answer. Its currency has cents.
fn totals(answer: &Answer) -> String {
    let quote = &answer.output["quote"];
    let money = |key: &str| {
        let cents = quote[key].as_i64().unwrap_or_default();
        format!("{}.{:02}", cents / 100, cents % 100)
    };
    let [subtotal, discount, tax, total] = ["subtotal", "discount_total", "tax", "total_amount"].map(money);
    let (number, currency) = (&quote["quote_number"], &quote["currency_code"]);
    format!("{number}: {subtotal} - {discount} + {tax} tax = {total} {currency}")
}

fn call(action: &str, actor: Uuid, input: Value) -> Call {
    Call { version: Some(1), ..Call::new(action, TENANT, Caller::User(actor), input) }
}

async fn step(runtime: &Runtime, show: &mut Show, call: &Call) -> Result<Answer, Failure> {
    let answer = runtime.call(call.clone()).await?;
    let audit = runtime.audit_entry(call.tenant, answer.meta.invocation_id).await?;
    let effects = runtime.effects_of(call.tenant, answer.meta.invocation_id).await?;
    show.step(call, &answer, audit.as_ref(), &effects)?;
    Ok(answer)
}

async fn line(
    runtime: &Runtime,
    show: &mut Show,
    call: &Call,
    about: impl Fn(&Answer) -> String,
) -> Result<Answer, Failure> {
    let answer = runtime.call(call.clone()).await?;
    show.call_line(call, &answer, &about(&answer).replace('"', ""))?;
    Ok(answer)
}

async fn refused(runtime: &Runtime, show: &mut Show, call: &Call) -> Result<(), Failure> {
    match runtime.call(call.clone()).await {
        Ok(_) => Err(Failure::Refused(Error::internal("A technician was let in."))),
        Err(error) => show.refusal(call, &error),
    }
}
