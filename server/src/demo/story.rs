//! What the demonstration does.

use actwright_runtime::{Answer, Call, Caller, Error, Runtime, Uuid};
use serde_json::{Value, json};

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

/// The story: four flows, a refusal, a repetition and a rehearsal.
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

fn call(action: &str, actor: Uuid, input: Value) -> Call {
    Call {
        action: action.to_owned(),
        version: Some(1),
        tenant: TENANT,
        caller: Caller::User(actor),
        step_path: None,
        idempotency_key: None,
        dry_run: false,
        input,
    }
}

async fn step(runtime: &Runtime, show: &mut Show, call: &Call) -> Result<Answer, Failure> {
    let answer = runtime.call(call.clone()).await?;
    let audit = runtime.audit_entry(call.tenant, answer.meta.invocation_id).await?;
    let effects = runtime.effects_of(call.tenant, answer.meta.invocation_id).await?;
    show.step(call, &answer, audit.as_ref(), &effects)?;
    Ok(answer)
}

async fn refused(runtime: &Runtime, show: &mut Show, call: &Call) -> Result<(), Failure> {
    match runtime.call(call.clone()).await {
        Ok(_) => Err(Failure::Refused(Error::internal("A technician was let in."))),
        Err(error) => show.refusal(call, &error),
    }
}
