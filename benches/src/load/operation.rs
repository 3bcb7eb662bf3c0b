//! What is measured: each action, with inputs that wander over the rows.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use actwright_runtime::{Call, Caller, Timestamp, Uuid, Value};
use serde_json::json;

use super::seed::{self, CONTACTS, Kind, QUOTES, STATUSES, Sizes, TENANT, USERS, id};

/// One line of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `crm.find_activities`: by client, by ticket and by date in turn, 25 rows at most.
    FindActivities,
    /// `crm.update_activity`: notes, status and title.
    UpdateActivity,
    /// `crm.schedule_activity`: for a contact about a ticket, with a system type, and its event.
    ScheduleActivity,
    /// `crm.send_quote` up to its commit: what follows does nothing.
    SendQuoteCall,
    /// `crm.send_quote` until the mail is out: PDF, documents, mail.
    SendQuote,
    /// `crm.create_activity_note`: on a ticket.
    CreateActivityNote,
}

impl Operation {
    /// In the order of the report.
    pub const ALL: [Self; 6] = [
        Self::FindActivities,
        Self::UpdateActivity,
        Self::ScheduleActivity,
        Self::CreateActivityNote,
        Self::SendQuoteCall,
        Self::SendQuote,
    ];

    /// Id of the action.
    pub fn action(self) -> &'static str {
        match self {
            Self::FindActivities => "crm.find_activities",
            Self::UpdateActivity => "crm.update_activity",
            Self::ScheduleActivity => "crm.schedule_activity",
            Self::SendQuoteCall | Self::SendQuote => "crm.send_quote",
            Self::CreateActivityNote => "crm.create_activity_note",
        }
    }

    /// As the report names it.
    pub fn label(self) -> String {
        let what = match self {
            Self::SendQuoteCall => ", until the commit",
            Self::SendQuote => ", until the mail is out",
            _ => "",
        };
        format!("{}{what}", self.action())
    }

    /// Whether a measurement uses up quotes.
    pub fn sends(self) -> bool {
        matches!(self, Self::SendQuoteCall | Self::SendQuote)
    }
}

/// Which rows a call is about. Both sides draw from it, so that no two calls are the same.
#[derive(Debug)]
pub struct Source {
    sizes: Sizes,
    drawn: AtomicU64,
    quotes: AtomicU64,
    /// How many quotes may be drawn until they are put back.
    quotes_end: AtomicU64,
    /// The status that each interaction gets next, so that every update changes it.
    statuses: Vec<AtomicU8>,
}

/// The rows of one call.
#[derive(Debug, Clone)]
pub struct Draw {
    /// Counts the calls.
    pub number: u64,
    /// Who calls.
    pub user: Uuid,
    /// A client.
    pub client: Uuid,
    /// A contact of the client.
    pub contact: Uuid,
    /// A ticket of both.
    pub ticket: Uuid,
    /// Any interaction.
    pub activity: Uuid,
    /// Another status than the interaction has.
    pub status: Uuid,
    /// A quote that was not sent since quotes were put back.
    pub quote: Uuid,
    /// Counts the quotes from 1.
    pub quote_number: u64,
    /// The quote's client, counted from 1.
    pub quote_client: u64,
    /// Begin and end of three days of the last three years.
    pub days: (Timestamp, Timestamp),
    /// The caller's own.
    pub idempotency_key: String,
}

impl Source {
    /// Draws from a database of these sizes.
    pub fn new(sizes: Sizes) -> Self {
        // As `seed` set them, and one further.
        let status = |n: u64| AtomicU8::new(u8::try_from((n + 1) % STATUSES).unwrap_or_default());
        let statuses = (1..=sizes.interactions).map(status).collect();
        Self {
            sizes,
            drawn: AtomicU64::new(0),
            quotes: AtomicU64::new(0),
            quotes_end: AtomicU64::new(QUOTES),
            statuses,
        }
    }

    /// The next call; none when it would send a quote and all are sent.
    pub fn draw(&self, operation: Operation) -> Option<Draw> {
        let quote = if operation.sends() { self.quotes.fetch_add(1, Ordering::Relaxed) } else { 0 };
        if quote >= self.quotes_end.load(Ordering::Relaxed) {
            return None;
        }
        let quote = quote % QUOTES;
        let number = self.drawn.fetch_add(1, Ordering::Relaxed);
        let mut random = Random(number);
        let Sizes { interactions, clients, tickets } = self.sizes;
        let (client, ticket, activity) = (random.below(clients), random.below(tickets), random.below(interactions));
        let status = match operation {
            Operation::UpdateActivity => {
                let next = self.statuses.get(usize::try_from(activity).unwrap_or_default());
                next.map_or(0, |next| u64::from(next.fetch_add(1, Ordering::Relaxed)) % STATUSES)
            }
            _ => 0,
        };
        let day = i64::try_from(random.below(1_090)).unwrap_or_default();
        let from = Timestamp::now().plus_seconds(-86_400 * (day + 3));
        Some(Draw {
            number,
            user: id(Kind::User, 1 + random.below(USERS)),
            client: id(Kind::Client, 1 + client),
            contact: id(Kind::Contact, 1 + client + clients * (ticket % CONTACTS)),
            ticket: id(Kind::Ticket, 1 + client + clients * ticket),
            activity: id(Kind::Interaction, 1 + activity),
            status: id(Kind::Status, 1 + status),
            quote: id(Kind::Quote, 1 + quote),
            quote_number: 1 + quote,
            quote_client: 1 + quote % clients,
            days: (from, from.plus_seconds(3 * 86_400)),
            idempotency_key: format!("load-{number}"),
        })
    }

    /// All quotes may be drawn again. It goes on after the last, because typesetting remembers those that it had.
    fn put_quotes_back(&self) {
        self.quotes_end.store(self.quotes.load(Ordering::Relaxed) + QUOTES, Ordering::Relaxed);
    }
}

/// SplitMix64: the same calls in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

impl Draw {
    /// Title of an activity that is written.
    pub fn title(&self) -> String {
        format!("Check the backup report, round {}", self.number)
    }

    /// Notes of an activity that is written.
    pub fn notes(&self) -> String {
        format!("Two jobs failed on the file server; look at the log and call back. Case {}", self.number)
    }

    /// The type of scheduled activities and notes: one of the system's.
    pub fn call_type() -> Uuid {
        id(Kind::SystemType, 1)
    }

    /// The type of notes.
    pub fn note_type() -> Uuid {
        id(Kind::SystemType, 4)
    }

    /// The default status of interactions.
    pub fn default_status() -> Uuid {
        id(Kind::Status, 1)
    }

    /// The call of the action.
    pub fn call(&self, operation: Operation) -> Call {
        Call {
            // Only writes are deduplicated; the key costs them two statements.
            idempotency_key: Some(self.idempotency_key.clone()),
            ..Call::new(operation.action(), TENANT, Caller::User(self.user), self.input(operation))
        }
    }

    fn input(&self, operation: Operation) -> Value {
        match operation {
            Operation::FindActivities => match self.number % 3 {
                0 => json!({ "client_id": self.client }),
                1 => json!({ "ticket_id": self.ticket }),
                _ => json!({ "date_from": self.days.0, "date_to": self.days.1 }),
            },
            Operation::UpdateActivity => json!({
                "activity_id": self.activity,
                "patch": { "notes": self.notes(), "status_id": self.status, "title": self.title() },
                "reason": "Follow-up call completed",
            }),
            Operation::ScheduleActivity => json!({
                "client_id": self.client,
                "contact_id": self.contact,
                "ticket_id": self.ticket,
                "type_id": Self::call_type(),
                "title": self.title(),
                "notes": self.notes(),
                "start_time": self.days.0,
                "end_time": self.days.0.plus_seconds(1_800),
                "tags": ["follow-up", "backup"],
            }),
            Operation::SendQuoteCall | Operation::SendQuote => json!({
                "quote_id": self.quote,
                "email_addresses": ["cfo@northwind.example"],
                "message": "As discussed on Tuesday, please find our offer for the coming year attached.",
            }),
            Operation::CreateActivityNote => json!({
                "target": { "type": "ticket", "id": self.ticket },
                "body": self.notes(),
                "tags": ["vendor"],
            }),
        }
    }
}

/// Puts all quotes back, in the database and for drawing.
///
/// # Errors
///
/// Those of the database.
pub async fn put_quotes_back(source: &Source, database: &actwright_runtime::Database) -> crate::Result<()> {
    seed::unsend(database).await?;
    source.put_quotes_back();
    Ok(())
}
