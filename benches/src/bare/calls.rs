//! The transaction of each action's call.

use actwright_runtime::outbox::CloudEvent;
use actwright_runtime::{Timestamp, Uuid};

use super::tx::{self, Param, Read, Tx};
use super::{Bare, sql};
use crate::Result;
use crate::load::operation::{Draw, Operation};
use crate::load::seed::TENANT;

const T: Param<'static> = Param::Id(TENANT);
const ONE: Param<'static> = Param::Size(1);

/// A call that committed.
pub struct Committed {
    pub invocation: Uuid,
    /// The row of its effect, where it has one.
    pub outbox_id: Uuid,
    /// The row that it is about.
    pub row: Uuid,
}

impl Committed {
    /// Notes that an effect was delivered that the call holds.
    pub(super) async fn delivered(&self, tx: &mut Tx, outbox_id: Uuid) -> Result<()> {
        let note = [T, Param::Id(outbox_id), Param::Id(self.invocation), Param::At(Timestamp::now())];
        tx.execute(sql::DELIVERED, &note).await
    }
}

/// A call under way.
pub struct Under<'d> {
    tx: Tx,
    draw: &'d Draw,
    action: &'static str,
    invocation: Uuid,
    now: Timestamp,
}

impl Bare {
    pub(super) async fn find_activities(&self, draw: &Draw) -> Result<()> {
        let mut tx = Tx::begin_read(&self.database).await?;
        let limit = Param::Size(25);
        let (from, to) = draw.days;
        match draw.number % 3 {
            0 => {
                session(&mut tx, draw, &["client"], &["read"]).await?;
                tx.read(sql::BY_CLIENT, &[T, Param::Id(draw.client), limit], sql::SUMMARY).await?;
            }
            1 => {
                session(&mut tx, draw, &["client", "ticket"], &["read", "read"]).await?;
                tx.read(sql::BY_TICKET, &[T, Param::Id(draw.ticket), limit], sql::SUMMARY).await?;
            }
            _ => {
                session(&mut tx, draw, &["client"], &["read"]).await?;
                tx.read(sql::BY_DATE, &[T, Param::At(from), Param::At(to), limit], sql::SUMMARY).await?;
            }
        }
        tx.rollback().await
    }

    pub(super) async fn update_activity(&self, draw: &Draw) -> Result<()> {
        let mut call = self.begin(Operation::UpdateActivity, draw, &["client"], &["update"]).await?;
        let (id, status) = (Param::Id(draw.activity), Param::Id(draw.status));
        call.tx.lock(sql::LOCK_ACTIVITY, &[T, id]).await?;
        call.tx.one(sql::ACTIVITY, &[T, id, ONE], sql::SUMMARY).await?;
        call.tx.one(sql::STATUS, &[T, status, Param::Text("interaction"), ONE], &[]).await?;
        let (notes, title) = (draw.notes(), draw.title());
        call.tx.execute(sql::UPDATE_ACTIVITY, &[Param::Text(&notes), status, Param::Text(&title), T, id]).await?;
        call.tx.one(sql::ACTIVITY, &[T, id, ONE], sql::SUMMARY).await?;
        self.commit(call, draw.activity).await?;
        Ok(())
    }

    pub(super) async fn schedule_activity(&self, draw: &Draw) -> Result<()> {
        let (resources, actions) = (["client", "ticket"], ["update", "read"]);
        let mut call = self.begin(Operation::ScheduleActivity, draw, &resources, &actions).await?;
        let tx = &mut call.tx;
        let (client, contact, ticket) = (Param::Id(draw.client), Param::Id(draw.contact), Param::Id(draw.ticket));
        tx.one(sql::CLIENT, &[T, client, ONE], &[]).await?;
        tx.one(sql::CONTACT, &[T, contact, ONE], &[Read::Id]).await?;
        tx.one(sql::TICKET, &[T, ticket, ONE], &[Read::Id, Read::Id]).await?;
        let type_id = Param::Id(Draw::call_type());
        tx.read(sql::OWN_TYPE, &[T, type_id, ONE], &[]).await?;
        tx.one(sql::SYSTEM_TYPE, &[type_id, ONE], &[]).await?;
        tx.one(sql::DEFAULT_STATUS, &[T, Param::Text("interaction"), Param::Flag(true), ONE], &[Read::Id]).await?;
        let (activity, title, notes) = (Uuid::now_v7(), draw.title(), draw.notes());
        let (start, end) = (Param::At(draw.days.0), Param::At(draw.days.0.plus_seconds(1_800)));
        let row = [
            T,
            Param::Id(activity),
            client,
            contact,
            ticket,
            Param::Id(draw.user),
            type_id,
            Param::Id(Draw::default_status()),
            Param::Text(&title),
            Param::Text(&notes),
            start,
            start,
            end,
            Param::Number(30),
            Param::Text("internal"),
            Param::NoText,
            Param::Texts(&["follow-up", "backup"]),
        ];
        tx.execute(sql::SCHEDULE, &row).await?;
        tx.one(sql::ACTIVITY, &[T, Param::Id(activity), ONE], sql::SUMMARY).await?;
        let done = self.commit(call, activity).await?;
        let [sink] = self.options.events.as_slice() else { return Err("there is one sink of events".into()) };
        let event = CloudEvent {
            id: "key".to_owned(),
            name: "INTERACTION_LOGGED".to_owned(),
            subject: "key".to_owned(),
            time: Timestamp::now(),
            tenant: TENANT,
            data: self.template.effects[0]["payload"].clone(),
        };
        sink.publish(&event).await?;
        self.settle(&done).await
    }

    pub(super) async fn create_activity_note(&self, draw: &Draw) -> Result<()> {
        let mut call = self.begin(Operation::CreateActivityNote, draw, &["ticket"], &["update"]).await?;
        let columns = [Read::Text, Read::Text, Read::Id, Read::Id];
        call.tx.one(sql::TICKET_IN_SHORT, &[T, Param::Id(draw.ticket), ONE], &columns).await?;
        call.tx.one(sql::SYSTEM_TYPE_NAMED, &[Param::Text("Note"), ONE], &[Read::Id]).await?;
        let (note, notes, now) = (Uuid::now_v7(), draw.notes(), Param::At(call.now));
        let row = [
            T,
            Param::Id(note),
            Param::Id(Draw::note_type()),
            Param::Id(draw.user),
            Param::Id(draw.client),
            Param::Id(draw.contact),
            Param::Id(draw.ticket),
            Param::NoId,
            Param::Text("Note"),
            Param::Text(&notes),
            now,
            now,
            now,
            Param::Number(0),
            Param::Text("internal"),
            Param::NoText,
            Param::Texts(&["vendor"]),
        ];
        call.tx.execute(sql::NOTE, &row).await?;
        self.commit(call, note).await?;
        Ok(())
    }

    pub(super) async fn send_quote(&self, draw: &Draw) -> Result<Committed> {
        let (resources, actions) = (["billing", "billing"], ["read", "update"]);
        let mut call = self.begin(Operation::SendQuote, draw, &resources, &actions).await?;
        let (quote, user, now) = (Param::Id(draw.quote), Param::Id(draw.user), Param::At(call.now));
        let columns =
            [Read::Text, Read::Text, Read::Id, Read::Text, Read::Flag, Read::At, Read::At, Read::Text, Read::Text];
        call.tx.lock(sql::LOCK_QUOTE, &[T, quote]).await?;
        call.tx.read(sql::RULES, &[T, user], &[]).await?;
        call.tx.one(sql::LOCKED_QUOTE, &[T, quote, ONE], &columns).await?;
        call.tx.execute(sql::SEND_QUOTE, &[Param::Text("sent"), now, user, now, T, quote]).await?;
        let activity = Uuid::now_v7();
        let metadata = &self.template.changed;
        let row = [
            T,
            Param::Id(activity),
            quote,
            Param::Text("sent"),
            Param::Text("Quote published in client portal"),
            user,
            Param::Json(metadata),
            now,
        ];
        call.tx.execute(sql::QUOTE_ACTIVITY, &row).await?;
        self.commit(call, activity).await
    }

    /// Begins, finds the actor and what they may do, and claims the idempotency key.
    async fn begin<'d>(
        &self,
        operation: Operation,
        draw: &'d Draw,
        resources: &[&str],
        actions: &[&str],
    ) -> Result<Under<'d>> {
        let mut tx = Tx::begin_write(&self.database).await?;
        session(&mut tx, draw, resources, actions).await?;
        let (invocation, now, action) = (Uuid::now_v7(), Timestamp::now(), operation.action());
        let claim = [
            T,
            Param::Text(action),
            Param::Number(1),
            Param::Text(&draw.idempotency_key),
            Param::Text("0000000000000000000000000000000000000000000000000000000000000000"),
            Param::Id(invocation),
            Param::NoId,
            Param::NoText,
            Param::At(now),
            // Keys from before then have expired.
            Param::At(Timestamp::EPOCH),
        ];
        tx.execute(sql::CLAIM, &claim).await?;
        Ok(Under { tx, draw, action, invocation, now })
    }

    /// Stores result, effects and audit row, and commits.
    async fn commit(&self, call: Under<'_>, row: Uuid) -> Result<Committed> {
        let Under { mut tx, draw, action, invocation, now } = call;
        let (effects, outbox_id) = self.template.effects();
        let (action_id, version, key) = (Param::Text(action), Param::Number(1), Param::Text(&draw.idempotency_key));
        let (output, call_id, user) = (Param::Json(&self.template.output), Param::Id(invocation), Param::Id(draw.user));
        let (held, at) = (tx.lease(now), Param::At(now));
        let (user_text, operation) = (draw.user.to_string(), format!("workflow_action:{action}"));
        let (record, rows) = (invocation.to_string(), Param::Json(&effects));
        let audit = [
            Param::Text(&user_text),
            Param::Text(&operation),
            Param::Text(&record),
            Param::Json(&self.template.changed),
            Param::Json(&self.template.details),
        ];
        let [by, what, about, changed, details] = audit;
        if tx.is_postgres() {
            let all =
                [T, action_id, version, key, output, call_id, user, held, at, rows, by, what, about, changed, details];
            tx.read(tx::Sql { postgres: sql::POSTGRES_FINISH, sqlite: "" }, &all, &[Read::Id]).await?;
        } else {
            let store = tx::Sql { postgres: "", sqlite: sql::SQLITE_STORE_OUTPUT };
            tx.execute(store, &[T, action_id, version, key, output]).await?;
            if effects.as_array().is_some_and(|effects| !effects.is_empty()) {
                let effects = [T, action_id, version, call_id, user, held, at, rows, call_id];
                tx.read(sql::EFFECTS, &effects, &[Read::Id, Read::Id]).await?;
            }
            let write = tx::Sql { postgres: "", sqlite: sql::SQLITE_AUDIT };
            tx.execute(write, &[call_id, T, by, what, about, changed, details, at]).await?;
        }
        tx.commit().await?;
        Ok(Committed { invocation, outbox_id, row })
    }

    /// Notes that the effect of a call was delivered.
    pub(super) async fn settle(&self, done: &Committed) -> Result<()> {
        let mut tx = Tx::begin_write(&self.database).await?;
        tx.set_tenant().await?;
        done.delivered(&mut tx, done.outbox_id).await?;
        tx.commit().await
    }
}

async fn session(tx: &mut Tx, draw: &Draw, resources: &[&str], actions: &[&str]) -> Result<()> {
    let params = [T, Param::Id(draw.user), Param::Texts(resources), Param::Texts(actions)];
    tx.one(sql::SESSIONS[actions.len() - 1], &params, &[Read::Id, Read::Flag, Read::Texts]).await
}
