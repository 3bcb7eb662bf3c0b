//! What callers do.

use serde_json::{Value, json};

use super::random::Random;
use super::rows::{ACTIVITIES, CLIENTS, QUOTES, STATUSES, row};

/// Tags that are used.
pub const TAGS: [&str; 4] = ["urgent", "renewal", "vip", "hardware"];
/// Names of types, each in spellings that mean the same.
pub const TYPES: [[&str; 3]; 3] = [
    ["Remote Session", "remote  session", "REMOTE SESSION"],
    ["Training", "training", "TRAINING"],
    ["Site visit", "SITE VISIT", "site  Visit"],
];
/// What a quote can become.
pub const TARGETS: [&str; 3] = ["contract", "invoice", "contract_and_invoice"];

/// A line that is added to a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Billed once.
    Once(i64),
    /// Billed every month.
    Monthly(i64),
    /// Takes so many percent off the whole quote.
    Percent(i64),
}

/// One call, by the numbers of the rows that it is about. `lenient` is what makes a repetition a no-op.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named after its action and its inputs")]
pub enum Operation {
    Send {
        quote: usize,
        lenient: bool,
    },
    Submit {
        quote: usize,
        lenient: bool,
        comment: bool,
    },
    AddItem {
        quote: usize,
        line: Line,
    },
    Convert {
        quote: usize,
        target: usize,
        lenient: bool,
    },
    CreateQuote {
        client: usize,
    },
    FromTemplate {
        client: usize,
    },
    CreateType {
        name: usize,
        spelling: usize,
        lenient: bool,
    },
    Tag {
        activity: usize,
        tags: Vec<usize>,
        lenient: bool,
    },
    /// Title, notes and status; `None` leaves alone, and a second `None` clears.
    Update {
        activity: usize,
        title: Option<usize>,
        notes: Option<Option<usize>>,
        status: Option<Option<usize>>,
    },
    Move {
        activity: usize,
        status: usize,
        by_name: bool,
        lenient: bool,
    },
    Schedule {
        client: usize,
    },
    Note {
        client: usize,
    },
    FindQuote {
        quote: usize,
    },
    FindQuotes {
        client: usize,
    },
    FindActivities {
        client: usize,
    },
    /// A quote that is not there.
    SendMissing,
    /// An input that is not one.
    SendNothing,
}

impl Operation {
    /// Any operation; those that contend for one row often.
    pub fn any(random: &mut Random) -> Self {
        let lenient = random.percent(70);
        let quote = random.below(QUOTES.len());
        let activity = random.below(ACTIVITIES.len());
        let client = random.below(CLIENTS);
        match random.below(100) {
            0..10 => Self::Send { quote, lenient },
            10..16 => Self::Submit { quote: random.below(2), lenient, comment: random.percent(50) },
            16..30 => {
                let price = 100 * (1 + random.below(50) as i64);
                let line = random.pick(&[Line::Once(price), Line::Monthly(price), Line::Percent(10)]);
                Self::AddItem { quote: random.below(3), line }
            }
            30..40 => Self::Convert { quote: random.pick(&[3, 4, 4, 0]), target: random.below(TARGETS.len()), lenient },
            40..45 => Self::CreateQuote { client },
            45..48 => Self::FromTemplate { client },
            48..55 => {
                Self::CreateType { name: random.below(TYPES.len()), spelling: random.below(TYPES[0].len()), lenient }
            }
            55..65 => {
                let tags = (0..=random.below(3)).map(|_| random.below(TAGS.len())).collect();
                Self::Tag { activity, tags, lenient }
            }
            65..75 => {
                let title = random.percent(50).then(|| random.below(3));
                let notes = random.percent(50).then(|| random.percent(70).then(|| random.below(3)));
                let status = (title.is_none() && notes.is_none() || random.percent(40))
                    .then(|| random.percent(80).then(|| random.below(STATUSES.len())));
                Self::Update { activity, title, notes, status }
            }
            75..83 => {
                Self::Move { activity, status: random.below(STATUSES.len()), by_name: random.percent(50), lenient }
            }
            83..86 => Self::Schedule { client },
            86..88 => Self::Note { client },
            88..92 => Self::FindQuote { quote },
            92..95 => Self::FindQuotes { client },
            95..98 => Self::FindActivities { client },
            98 => Self::SendMissing,
            _ => Self::SendNothing,
        }
    }

    /// Whether it changes nothing whatever happens.
    pub fn reads(&self) -> bool {
        matches!(self, Self::FindQuote { .. } | Self::FindQuotes { .. } | Self::FindActivities { .. })
    }

    /// Id of the action.
    pub fn action(&self) -> &'static str {
        match self {
            Self::Send { .. } | Self::SendMissing | Self::SendNothing => "crm.send_quote",
            Self::Submit { .. } => "crm.submit_quote_for_approval",
            Self::AddItem { .. } => "crm.add_quote_item",
            Self::Convert { .. } => "crm.convert_quote",
            Self::CreateQuote { .. } => "crm.create_quote",
            Self::FromTemplate { .. } => "crm.create_quote_from_template",
            Self::CreateType { .. } => "crm.create_interaction_type",
            Self::Tag { .. } => "crm.tag_activity",
            Self::Update { .. } => "crm.update_activity",
            Self::Move { .. } => "crm.update_activity_status",
            Self::Schedule { .. } => "crm.schedule_activity",
            Self::Note { .. } => "crm.create_activity_note",
            Self::FindQuote { .. } | Self::FindQuotes { .. } => "crm.find_quotes",
            Self::FindActivities { .. } => "crm.find_activities",
        }
    }

    /// Input of the action.
    pub fn input(&self) -> Value {
        let client = |number: &usize| row("client", *number);
        match self {
            Self::Send { quote, lenient } => {
                json!({ "quote_id": row("quote", *quote), "no_op_if_already_sent": lenient })
            }
            Self::SendMissing => json!({ "quote_id": row("missing", 0) }),
            Self::SendNothing => json!({ "message": 7 }),
            Self::Submit { quote, lenient, comment } => {
                let mut input = json!({ "quote_id": row("quote", *quote), "no_op_if_already_pending": lenient });
                if *comment {
                    input["comment"] = json!("Please look at this.");
                }
                input
            }
            Self::AddItem { quote, line } => add_item(*quote, *line),
            Self::Convert { quote, target, lenient } => json!({ "quote_id": row("quote", *quote),
                "target": TARGETS[*target], "no_op_if_already_converted": lenient }),
            Self::CreateQuote { client: number } => json!({ "client_id": client(number), "title": "New",
                "quote_date": "2026-03-02T00:00:00Z", "valid_until": "2096-04-01T00:00:00Z" }),
            Self::FromTemplate { client: number } => {
                json!({ "template_id": row_of("quote.template"), "client_id": client(number) })
            }
            Self::CreateType { name, spelling, lenient } => json!({ "type_name": TYPES[*name][*spelling],
                "if_exists": if *lenient { "return_existing" } else { "error" } }),
            Self::Tag { activity, tags, lenient } => json!({ "activity_id": row("activity", *activity),
                "tags": tags.iter().map(|tag| TAGS[*tag]).collect::<Vec<_>>(),
                "if_exists": if *lenient { "no_op" } else { "error" } }),
            Self::Update { activity, title, notes, status } => {
                let mut patch = json!({});
                if let Some(title) = title {
                    patch["title"] = json!(format!("Title {title}"));
                }
                if let Some(notes) = notes {
                    patch["notes"] = json!(notes.map(|notes| format!("Notes {notes}")));
                }
                if let Some(status) = status {
                    patch["status_id"] = json!(status.map(|status| row("status", status)));
                }
                json!({ "activity_id": row("activity", *activity), "patch": patch })
            }
            Self::Move { activity, status, by_name, lenient } => {
                let mut input =
                    json!({ "activity_id": row("activity", *activity), "no_op_if_already_status": lenient });
                if *by_name {
                    input["status_name"] = json!(STATUSES[*status].to_uppercase());
                } else {
                    input["status_id"] = json!(row("status", *status));
                }
                input
            }
            Self::Schedule { client: number } => json!({ "client_id": client(number), "type_id": row_of("type.call"),
                "title": "Call back", "start_time": "2026-05-01T08:00:00Z" }),
            Self::Note { client: number } => {
                json!({ "target": { "type": "client", "id": client(number) }, "body": "A note" })
            }
            Self::FindQuote { quote } => json!({ "quote_id": row("quote", *quote) }),
            Self::FindQuotes { client: number } => json!({ "client_id": client(number), "pageSize": 200 }),
            Self::FindActivities { client: number } => json!({ "client_id": client(number), "limit": 200 }),
        }
    }
}

fn row_of(alias: &str) -> actwright_runtime::Uuid {
    crate::conformance::alias::id(alias)
}

fn add_item(quote: usize, line: Line) -> Value {
    let mut input = json!({ "quote_id": row("quote", quote), "description": "More", "quantity": 1 });
    match line {
        Line::Once(price) => input["unit_price"] = json!(price),
        Line::Monthly(price) => {
            input["unit_price"] = json!(price);
            input["is_recurring"] = json!(true);
            input["billing_frequency"] = json!("monthly");
        }
        Line::Percent(percent) => {
            input["unit_price"] = json!(0);
            input["is_discount"] = json!(true);
            input["discount_type"] = json!("percentage");
            input["discount_percentage"] = json!(percent);
        }
    }
    input
}
