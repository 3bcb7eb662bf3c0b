//! The rows of both tenants, and what each statement does with them.

use std::cmp::Ordering;

use actwright_runtime::Uuid;
use actwright_tests::conformance::alias::id;
use serde_json::{Value, json};

use crate::Case;
use crate::plan::{By, Step};

pub const TENANTS: [&str; 2] = ["north", "rival"];

/// Users of each tenant, with the same ids: without a rule, and with one for what is their own, for two clients, for what is their
/// team's, for changing what is their own, and of a kind that nobody knows.
pub const USERS: usize = 6;

pub const QUOTES: usize = 12;
pub const ITEMS: usize = 16;
/// Those of the first four are in both tenants, the fifth is in one and the sixth in the other.
pub const CLIENTS: usize = 6;

/// The other member of the team of user 3: another one in each tenant.
const TEAMMATE: [usize; 2] = [1, 4];

#[derive(Debug, Clone)]
pub struct Quote {
    pub number: usize,
    pub client: Option<usize>,
    pub owner: Option<usize>,
    pub title: usize,
    pub total: i64,
    /// A client that no foreign key looks after, so that it may be one of the other tenant only.
    pub template: usize,
}

#[derive(Debug, Clone)]
struct Item {
    number: usize,
    quote: usize,
    quantity: i64,
}

#[derive(Debug, Clone)]
struct Rows {
    quotes: Vec<Quote>,
    items: Vec<Item>,
}

#[derive(Debug, Clone)]
pub struct Model([Rows; 2]);

pub fn user(number: usize) -> Uuid {
    id(&format!("user.u{number}"))
}

pub fn client(number: usize) -> Uuid {
    id(&format!("client.c{number}"))
}

pub fn quote(number: usize) -> Uuid {
    id(&format!("quote.q{number}"))
}

pub fn item(number: usize) -> Uuid {
    id(&format!("item.i{number}"))
}

pub fn title(number: usize) -> String {
    format!("Title {number}")
}

impl Model {
    /// Ids are the same in both tenants, everything else differs here and there.
    pub fn new() -> Self {
        Self([0, 1].map(|tenant: usize| {
            Rows {
                quotes: (0..QUOTES)
                    .map(|number| Quote {
                        number,
                        client: Some((number + tenant) % 4).filter(|client| *client < 3),
                        owner: Some((number + 3 * tenant) % (USERS + 1)).filter(|owner| *owner < USERS),
                        title: (number + tenant) % 3,
                        total: i64::try_from(number * 7 % 5 + tenant).unwrap_or_default(),
                        template: (number + tenant) % CLIENTS,
                    })
                    .collect(),
                items: (0..ITEMS)
                    .map(|number| Item {
                        number,
                        quote: (number * 5 + tenant) % QUOTES,
                        quantity: i64::try_from(number % 4 + tenant).unwrap_or_default(),
                    })
                    .collect(),
            }
        }))
    }

    /// The rows as a fixture.
    pub fn rows(&self) -> Value {
        let mut fixture = json!({ "shared": { "tenants": TENANTS.map(|name| json!({
            "tenant": id(&format!("tenant.{name}")), "client_name": name, "email": format!("hello@{name}.example"),
        })) } });
        for (tenant, name) in TENANTS.iter().enumerate() {
            let Rows { quotes, items } = &self.0[tenant];
            let users: Vec<Value> = (0..USERS)
                .map(|n| json!({ "user_id": user(n), "username": format!("u{n}.{name}"), "hashed_password": "-", "email": format!("u{n}@{name}.example") }))
                .collect();
            let clients: Vec<Value> = (0..CLIENTS)
                .filter(|n| is_client(tenant, *n))
                .map(|n| json!({ "client_id": client(n), "client_name": client_name(tenant, n) }))
                .collect();
            let quotes: Vec<Value> = quotes
                .iter()
                .map(|quote| {
                    json!({
                        "quote_id": self::quote(quote.number), "client_id": quote.client.map(client),
                        "created_by": quote.owner.map(user), "title": title(quote.title),
                        "total_amount": quote.total, "template_id": client(quote.template),
                    })
                })
                .collect();
            let items: Vec<Value> = items
                .iter()
                .map(|item| {
                    json!({
                        "quote_item_id": self::item(item.number), "quote_id": quote(item.quote),
                        "description": name, "quantity": item.quantity,
                    })
                })
                .collect();
            let team: Vec<Value> = [3, TEAMMATE[tenant]]
                .into_iter()
                .map(|n| json!({ "team_id": "$team.t", "user_id": user(n) }))
                .collect();
            let rule = |user: usize, rule: Value| json!({ "to": format!("user.u{user}"), "rules": [rule] });
            fixture[name] = json!({
                "users": users,
                "team_members": team,
                "bundles": {
                    "own": rule(1, json!({ "template_key": "own" })),
                    "clients": rule(2, json!({ "template_key": "selected_clients", "config": { "client_ids": [client(0), client(1)] } })),
                    "team": rule(3, json!({ "template_key": "team" })),
                    "own_to_change": rule(4, json!({ "template_key": "own", "action": "update" })),
                    "unknown": rule(5, json!({ "template_key": "phase_of_the_moon" })),
                },
                "clients": clients,
                "quotes": quotes,
                "quote_items": items,
            });
        }
        fixture
    }

    /// The rows as the database has them.
    pub fn stored(&self) -> Value {
        let mut rows: Vec<[Value; 6]> = Vec::new();
        let mut tenants = [0, 1].map(|tenant| (id(&format!("tenant.{}", TENANTS[tenant])), tenant));
        tenants.sort();
        for (tenant, number) in tenants {
            let mut quotes: Vec<_> = self.0[number].quotes.iter().collect();
            quotes.sort_by_key(|quote| self::quote(quote.number));
            rows.extend(quotes.into_iter().map(|quote| {
                [
                    json!(tenant),
                    json!(self::quote(quote.number)),
                    json!(quote.client.map(client)),
                    json!(quote.owner.map(user)),
                    json!(title(quote.title)),
                    json!(quote.total),
                ]
            }));
        }
        for (tenant, number) in tenants {
            let mut items: Vec<_> = self.0[number].items.iter().collect();
            items.sort_by_key(|item| self::item(item.number));
            rows.extend(items.into_iter().map(|item| {
                let (item_id, quote) = (self::item(item.number), quote(item.quote));
                [json!(tenant), json!(item_id), json!(quote), Value::Null, json!(TENANTS[number]), json!(item.quantity)]
            }));
        }
        json!(rows)
    }

    /// What a statement answers, and does.
    pub fn answer(&mut self, case: &Case, step: &Step, number: usize) -> Value {
        let Case { tenant, user, .. } = *case;
        let rows = &mut self.0[tenant];
        let may = move |quote: &Quote, change: bool| may(tenant, user, quote, change);
        match step {
            Step::Select { test, by, descending, limit, offset, lock, joined } => {
                let passes = |quote: &&Quote| may(quote, *lock) && test.as_ref().is_none_or(|test| test.holds(quote));
                let mut found: Vec<&Quote> = rows.quotes.iter().filter(passes).collect();
                found.sort_by(|one, two| {
                    let ordering = by.compare(one, two);
                    let ordering = if *descending { ordering.reverse() } else { ordering };
                    ordering.then_with(|| quote(one.number).cmp(&quote(two.number)))
                });
                let found = found.into_iter().skip(offset.unwrap_or(0)).take(limit.unwrap_or(usize::MAX));
                let answer = found.map(|quote| {
                    let name = Some(quote.template).filter(|n| *joined && is_client(tenant, *n));
                    json!([self::quote(quote.number), quote.total, name.map(|n| client_name(tenant, n))])
                });
                answer.collect()
            }
            Step::Target { quote, lock } => match rows.quotes.iter().find(|one| one.number == *quote) {
                None => json!("missing"),
                Some(quote) if may(quote, *lock) => json!(quote.total),
                Some(_) => json!("denied"),
            },
            Step::Items { least, test } => {
                let mut found: Vec<(Uuid, i64, String)> = Vec::new();
                for item in rows.items.iter().filter(|item| item.quantity >= *least) {
                    let quote = rows.quotes.iter().find(|quote| quote.number == item.quote);
                    if let Some(quote) = quote.filter(|quote| may(quote, false) && test.holds(quote)) {
                        found.push((self::item(item.number), item.quantity, title(quote.title)));
                    }
                }
                found.sort();
                json!(found)
            }
            Step::Update { test, title, owner, total } => {
                if title.is_none() && owner.is_none() && total.is_none() {
                    return json!(0);
                }
                let mut changed = 0;
                for quote in rows.quotes.iter_mut().filter(|quote| test.holds(quote) && may(quote, true)) {
                    changed += 1;
                    quote.title = title.unwrap_or(quote.title);
                    quote.owner = owner.unwrap_or(quote.owner);
                    quote.total = total.unwrap_or(quote.total);
                }
                json!(changed)
            }
            Step::UpdateItems { items, quantity } => {
                let mut changed = 0;
                for item in rows.items.iter_mut().filter(|item| items.contains(&item.number)) {
                    item.quantity = *quantity;
                    changed += 1;
                }
                json!(changed)
            }
            Step::Insert { client, owner, title, total } => {
                let (number, template) = (QUOTES + number, 0);
                let (client, owner, title, total) = (*client, *owner, *title, *total);
                rows.quotes.push(Quote { number, client, owner, title, total, template });
                Value::Null
            }
        }
    }
}

fn is_client(tenant: usize, number: usize) -> bool {
    number < 4 || number == 4 + tenant
}

fn client_name(tenant: usize, number: usize) -> String {
    format!("Client {number} of {}", TENANTS[tenant])
}

fn may(tenant: usize, user: usize, quote: &Quote, change: bool) -> bool {
    match user {
        0 => true,
        1 => quote.owner == Some(1),
        2 => matches!(quote.client, Some(0 | 1)),
        3 => quote.owner == Some(3) || quote.owner == Some(TEAMMATE[tenant]),
        4 => !change || quote.owner == Some(4),
        _ => false,
    }
}

impl By {
    fn compare(self, one: &Quote, two: &Quote) -> Ordering {
        match self {
            Self::Title => one.title.cmp(&two.title),
            Self::Total => one.total.cmp(&two.total),
            // Nobody's come first, as the smallest.
            Self::Owner => one.owner.map(user).cmp(&two.owner.map(user)),
        }
    }
}
