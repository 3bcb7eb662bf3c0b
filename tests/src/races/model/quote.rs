//! A quote.

use serde_json::{Value, json};

use super::Verdict;
use crate::races::operation::{Line, Operation, TARGETS};
use crate::races::rows;

/// All that calls change of a quote.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Quote {
    status: &'static str,
    /// What items come to.
    items: i64,
    /// Percents that are taken off the whole quote.
    discounts: Vec<i64>,
    lines: i64,
    last_place: Option<i64>,
    contract: bool,
    invoice: bool,
    /// Entries of the history: sent, submitted, commented, converted.
    entries: [u8; 4],
    mails_to: bool,
}

const INVALID: &str = "VALIDATION_ERROR";

impl Quote {
    /// The quote of this number, as all callers find it.
    pub fn initial(number: usize) -> Self {
        let (items, _) = rows::INITIAL[number];
        let lines = if items > 0 { 2 } else { 0 };
        Self {
            status: rows::QUOTES[number],
            items,
            discounts: Vec::new(),
            lines,
            last_place: (lines > 0).then_some(lines),
            contract: false,
            invoice: false,
            entries: [0; 4],
            mails_to: rows::client_of(number) == 0,
        }
    }

    /// What becomes of it by a call.
    pub fn step(&self, operation: &Operation) -> Verdict<Self> {
        match operation {
            Operation::Send { lenient, .. } => self.send(*lenient),
            Operation::Submit { lenient, comment, .. } => self.submit(*lenient, *comment),
            Operation::AddItem { line, .. } => self.add(*line),
            Operation::Convert { target, lenient, .. } => self.convert(TARGETS[*target], *lenient),
            _ => Ok((self.clone(), self.detail())),
        }
    }

    fn send(&self, lenient: bool) -> Verdict<Self> {
        match self.status {
            "sent" if lenient => Ok((
                self.clone(),
                json!({ "previous_status": "sent", "new_status": "sent", "no_op": true,
                "recipients": [], "message_id": null, "quote": { "status": "sent" } }),
            )),
            "draft" | "approved" => {
                let mut after = Self { status: "sent", ..self.clone() };
                after.entries[0] += 1;
                let recipients: &[&str] = if self.mails_to { &["dana@example.com", "bills@example.com"] } else { &[] };
                Ok((
                    after,
                    json!({ "previous_status": self.status, "new_status": "sent", "no_op": false,
                    "recipients": recipients, "quote": { "status": "sent" } }),
                ))
            }
            _ => Err((INVALID, Some("/quote_id"))),
        }
    }

    fn submit(&self, lenient: bool, comment: bool) -> Verdict<Self> {
        let mut after = self.clone();
        let no_op = self.status == "pending_approval";
        match self.status {
            "pending_approval" if lenient => {}
            "draft" => {
                after.status = "pending_approval";
                after.entries[1] += 1;
                after.entries[2] += u8::from(comment);
            }
            _ => return Err((INVALID, Some("/quote_id"))),
        }
        let answer = json!({ "previous_status": self.status, "new_status": "pending_approval", "no_op": no_op,
            "quote": after.detail() });
        Ok((after, answer))
    }

    fn add(&self, line: Line) -> Verdict<Self> {
        if self.status != "draft" {
            return Err((INVALID, Some("/quote_id")));
        }
        let mut after = self.clone();
        let price = match line {
            Line::Once(price) | Line::Monthly(price) => {
                after.items += price;
                price
            }
            Line::Percent(percent) => {
                after.discounts.push(percent);
                percent_of(self.items, percent)
            }
        };
        let place = self.last_place.map_or(0, |last| last + 1);
        after.last_place = Some(place);
        after.lines += 1;
        let answer = json!({ "quote_item": { "total_price": price, "display_order": place }, "quote": after.detail() });
        Ok((after, answer))
    }

    fn convert(&self, target: &str, lenient: bool) -> Verdict<Self> {
        let (contract, invoice) = (target != "invoice", target != "contract");
        let no_op = (!contract || self.contract) && (!invoice || self.invoice);
        let mut after = self.clone();
        if no_op && !lenient {
            return Err((INVALID, Some("/quote_id")));
        }
        if !no_op {
            if self.status != "accepted" {
                return Err((INVALID, Some("/quote_id")));
            }
            if contract && invoice && (self.contract || self.invoice) {
                return Err((INVALID, Some("/target")));
            }
            after.contract |= contract;
            after.invoice |= invoice;
            after.entries[3] += u8::from(contract) + u8::from(invoice);
            if after.contract && after.invoice {
                after.status = "converted";
            }
        }
        let answer = json!({ "no_op": no_op, "quote": after.detail() });
        Ok((after, answer))
    }

    /// As outputs show it.
    fn detail(&self) -> Value {
        let discount: i64 = self.discounts.iter().map(|percent| percent_of(self.items, *percent)).sum();
        json!({ "status": self.status, "subtotal": self.items, "discount_total": discount, "tax": 0,
            "total_amount": self.items - discount })
    }

    /// Whether the database has this of it: the row, the number of its items, and the types of the entries of its history.
    pub fn is_stored(&self, row: &Value, items: usize, entries: &[&str]) -> bool {
        let count = |kind: &str| entries.iter().filter(|entry| **entry == kind).count();
        let counted = ["sent", "status_changed", "approval_submitted", "converted"].map(count);
        super::fits(&self.detail(), row)
            && row["converted_contract_id"].is_null() != self.contract
            && row["converted_invoice_id"].is_null() != self.invoice
            && row["sent_at"].is_null() != (self.status == "sent")
            && i64::try_from(items) == Ok(self.lines)
            && self.entries.map(usize::from) == counted
    }
}

fn percent_of(amount: i64, percent: i64) -> i64 {
    (amount * percent + 50).div_euclid(100)
}
