//! What a body does: steps that are made at random, and the action that takes them.

use actwright_generated::tables::{clients, quote_items, quotes};
use actwright_runtime::decode::{Reader, Record};
use actwright_runtime::query::{Direction, Filter, any};
use actwright_runtime::spec::{ActionSpec, Effects, Field, Idempotency, Type};
use actwright_runtime::{Action, Code, Context, Entry, Error, Result, Uuid};
use proptest::option;
use proptest::prelude::{Just, Strategy, any as anything};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::model::{CLIENTS, ITEMS, QUOTES, Quote, USERS, client, item, quote, title, user};

/// A predicate over quotes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Test {
    Quotes(Vec<usize>),
    Client(usize),
    Clients(Vec<usize>),
    NoClient,
    Owner(usize),
    SomeOwner,
    Title(usize),
    NotClient(usize),
    Below(i64),
    From(i64),
    Both(Box<Test>, Box<Test>),
    Any(Vec<Test>),
}

/// What rows are ordered by, before their ids.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum By {
    Title,
    Total,
    Owner,
}

/// A statement.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Step {
    Select {
        test: Option<Test>,
        by: By,
        descending: bool,
        limit: Option<usize>,
        offset: Option<usize>,
        lock: bool,
        joined: bool,
    },
    Target {
        quote: usize,
        lock: bool,
    },
    /// Items with the quote that they are of.
    Items {
        least: i64,
        test: Test,
    },
    Update {
        test: Test,
        title: Option<usize>,
        #[serde(with = "twice")]
        owner: Option<Option<usize>>,
        total: Option<i64>,
    },
    UpdateItems {
        items: Vec<usize>,
        quantity: i64,
    },
    Insert {
        client: Option<usize>,
        owner: Option<usize>,
        title: usize,
        total: i64,
    },
}

/// An option of an option, which JSON does not tell apart.
mod twice {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(value: &Option<Option<usize>>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(|inner| inner.into_iter().collect::<Vec<_>>()).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<usize>>, D::Error> {
        Ok(Option::<Vec<usize>>::deserialize(deserializer)?.map(|inner| inner.first().copied()))
    }
}

fn test() -> impl Strategy<Value = Test> {
    let numbers = |most: usize| proptest::collection::vec(0..most, 0..4);
    let simple = proptest::prop_oneof![
        numbers(QUOTES + 2).prop_map(Test::Quotes),
        (0..CLIENTS).prop_map(Test::Client),
        numbers(CLIENTS).prop_map(Test::Clients),
        Just(Test::NoClient),
        (0..USERS).prop_map(Test::Owner),
        Just(Test::SomeOwner),
        (0..4_usize).prop_map(Test::Title),
        (0..CLIENTS).prop_map(Test::NotClient),
        (-1..7_i64).prop_map(Test::Below),
        (-1..7_i64).prop_map(Test::From),
    ];
    simple.prop_recursive(3, 8, 3, |inner| {
        proptest::prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(one, two)| Test::Both(one.into(), two.into())),
            proptest::collection::vec(inner, 0..3).prop_map(Test::Any),
        ]
    })
}

pub fn step() -> impl Strategy<Value = Step> {
    let by = proptest::prop_oneof![Just(By::Title), Just(By::Total), Just(By::Owner)];
    let page = (option::of(0..6_usize), option::of(0..4_usize));
    let owner = || option::of(0..USERS);
    proptest::prop_oneof![
        3 => (option::of(test()), by, anything::<bool>(), page, anything::<bool>(), anything::<bool>()).prop_map(
            |(test, by, descending, (limit, offset), lock, joined)| Step::Select {
                test, by, descending, limit, offset, lock, joined,
            }
        ),
        1 => (0..QUOTES + 2, anything::<bool>()).prop_map(|(quote, lock)| Step::Target { quote, lock }),
        1 => (0..5_i64, test()).prop_map(|(least, test)| Step::Items { least, test }),
        2 => (test(), option::of(0..3_usize), option::of(owner()), option::of(0..9_i64))
            .prop_map(|(test, title, owner, total)| Step::Update { test, title, owner, total }),
        1 => (proptest::collection::vec(0..ITEMS, 0..5), 0..9_i64)
            .prop_map(|(items, quantity)| Step::UpdateItems { items, quantity }),
        1 => (option::of(0..3_usize), owner(), 0..3_usize, 0..9_i64)
            .prop_map(|(client, owner, title, total)| Step::Insert { client, owner, title, total }),
    ]
}

impl Test {
    fn filter(self) -> Filter {
        match self {
            Self::Quotes(numbers) => quotes::QUOTE_ID.is_in(numbers.into_iter().map(quote)),
            Self::Client(number) => quotes::CLIENT_ID.eq(Some(client(number))),
            Self::Clients(numbers) => quotes::CLIENT_ID.is_in(numbers.into_iter().map(|number| Some(client(number)))),
            Self::NoClient => quotes::CLIENT_ID.is_null(),
            Self::Owner(number) => quotes::CREATED_BY.eq(Some(user(number))),
            Self::SomeOwner => quotes::CREATED_BY.is_not_null(),
            Self::Title(number) => quotes::TITLE.eq(title(number)),
            Self::NotClient(number) => quotes::CLIENT_ID.ne(Some(client(number))),
            Self::Below(total) => quotes::TOTAL_AMOUNT.lt(total),
            Self::From(total) => quotes::TOTAL_AMOUNT.gte(total),
            Self::Both(one, two) => one.filter().and(two.filter()),
            Self::Any(tests) => any(tests.into_iter().map(Self::filter)),
        }
    }

    /// The same in plain Rust. Nothing equals, and nothing differs from, what is not there.
    pub fn holds(&self, quote: &Quote) -> bool {
        match self {
            Self::Quotes(numbers) => numbers.contains(&quote.number),
            Self::Client(number) => quote.client == Some(*number),
            Self::Clients(numbers) => quote.client.is_some_and(|client| numbers.contains(&client)),
            Self::NoClient => quote.client.is_none(),
            Self::Owner(number) => quote.owner == Some(*number),
            Self::SomeOwner => quote.owner.is_some(),
            Self::Title(number) => quote.title == *number,
            Self::NotClient(number) => quote.client.is_some_and(|client| client != *number),
            Self::Below(total) => quote.total < *total,
            Self::From(total) => quote.total >= *total,
            Self::Both(one, two) => one.holds(quote) && two.holds(quote),
            Self::Any(tests) => tests.iter().any(|test| test.holds(quote)),
        }
    }
}

pub const ACTION: &str = "test.take_steps";

struct TakeSteps;

pub struct Input {
    steps: Value,
}

impl Record for Input {
    const FIELDS: &'static [Field] = &[Field::required("steps", Type::Json)];

    fn decode(reader: &mut Reader<'_>) -> Self {
        Self { steps: reader.take() }
    }
}

#[derive(Serialize)]
pub struct Output {
    answers: Vec<Value>,
}

static SPEC: ActionSpec = ActionSpec {
    id: ACTION,
    version: 1,
    label: "",
    description: "",
    effects: Effects::Write,
    idempotency: Idempotency::Engine,
    permissions: &[],
    may_require: &[],
    input: Input::FIELDS,
    rules: &[],
    audit: None,
    emits: &[],
    input_schema: "{}",
    output_schema: "{}",
};

impl Action for TakeSteps {
    type Input = Input;
    type Output = Output;
    const SPEC: &'static ActionSpec = &SPEC;
}

pub fn entry() -> Entry {
    Entry::new::<TakeSteps>(|context, input| {
        Box::pin(async move {
            let steps: Vec<Step> =
                serde_json::from_value(input.steps).map_err(|error| Error::validation(error.to_string()))?;
            let mut answers = Vec::new();
            for (number, step) in steps.into_iter().enumerate() {
                answers.push(take(context, step, number).await?);
            }
            Ok(Output { answers })
        })
    })
}

async fn take(context: &mut Context<'_, TakeSteps>, step: Step, number: usize) -> Result<Value> {
    match step {
        Step::Select { test, by, descending, limit, offset, lock, joined } => {
            let direction = if descending { Direction::Descending } else { Direction::Ascending };
            let select = context.select(&quotes::TABLE).column(quotes::QUOTE_ID).column(quotes::TOTAL_AMOUNT);
            let mut select = select.filter_some(test.map(Test::filter));
            select = match by {
                By::Title => select.order_by(quotes::TITLE, direction),
                By::Total => select.order_by(quotes::TOTAL_AMOUNT, direction),
                By::Owner => select.order_by(quotes::CREATED_BY, direction),
            };
            select = select.order_by(quotes::QUOTE_ID, Direction::Ascending);
            if joined {
                select = select.left_join(clients::CLIENT_ID, quotes::TEMPLATE_ID).column(clients::CLIENT_NAME);
            }
            if lock {
                select = select.for_update();
            }
            if let Some(limit) = limit {
                select = select.limit(limit as u64);
            }
            if let Some(offset) = offset {
                select = select.offset(offset as u64);
            }
            let rows = select.all().await?.into_iter().map(|row| {
                let name = if joined { row.maybe(clients::CLIENT_NAME)? } else { None };
                Ok(json!([row.get(quotes::QUOTE_ID)?, row.get(quotes::TOTAL_AMOUNT)?, name]))
            });
            rows.collect()
        }
        Step::Target { quote: number, lock } => {
            let select = context.select(&quotes::TABLE).column(quotes::TOTAL_AMOUNT);
            let select = select.filter(quotes::QUOTE_ID.eq(quote(number)));
            let select = if lock { select.for_update() } else { select };
            match select.target().await {
                Ok(Some(row)) => Ok(json!(row.get(quotes::TOTAL_AMOUNT)?)),
                Ok(None) => Ok(json!("missing")),
                Err(error) if error.code == Code::PermissionDenied => Ok(json!("denied")),
                Err(error) => Err(error),
            }
        }
        Step::Items { least, test } => {
            let select = context
                .select(&quote_items::TABLE)
                .left_join(quotes::QUOTE_ID, quote_items::QUOTE_ID)
                .column(quote_items::QUOTE_ITEM_ID)
                .column(quote_items::QUANTITY)
                .column(quotes::TITLE)
                .filter(quote_items::QUANTITY.gte(least))
                .filter(test.filter())
                .order_by(quote_items::QUOTE_ITEM_ID, Direction::Ascending);
            let rows = select.all().await?.into_iter().map(|row| {
                let (id, title) = (row.get(quote_items::QUOTE_ITEM_ID)?, row.maybe(quotes::TITLE)?);
                Ok::<(Uuid, i64, Option<String>), Error>((id, row.get(quote_items::QUANTITY)?, title))
            });
            Ok(json!(rows.collect::<Result<Vec<_>>>()?))
        }
        Step::Update { test, title: to, owner, total } => {
            let mut update = context.update(&quotes::TABLE);
            if let Some(to) = to {
                update.assign(quotes::TITLE, title(to));
            }
            if let Some(owner) = owner {
                update.assign(quotes::CREATED_BY, owner.map(user));
            }
            if let Some(total) = total {
                update.assign(quotes::TOTAL_AMOUNT, total);
            }
            Ok(json!(update.filter(test.filter()).run().await?))
        }
        Step::UpdateItems { items, quantity } => {
            let update = context.update(&quote_items::TABLE).set(quote_items::QUANTITY, quantity);
            Ok(json!(update.filter(quote_items::QUOTE_ITEM_ID.is_in(items.into_iter().map(item))).run().await?))
        }
        Step::Insert { client: of, owner, title: named, total } => {
            let insert = context
                .insert(&quotes::TABLE)
                .set(quotes::QUOTE_ID, quote(QUOTES + number))
                .set(quotes::CLIENT_ID, of.map(client))
                .set(quotes::CREATED_BY, owner.map(user))
                .set(quotes::TITLE, title(named))
                .set(quotes::TOTAL_AMOUNT, total)
                .set(quotes::TEMPLATE_ID, Some(client(0)));
            insert.run().await?;
            Ok(Value::Null)
        }
    }
}
