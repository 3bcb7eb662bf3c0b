//! A pack with secrets in every position. The CRM pack has none.

use std::collections::BTreeMap;
use std::time::Duration;

use actwright_generated::tables::{clients, tag_definitions};
use actwright_runtime::decode::{Decode, Enumeration, Node, Reader, Record, enumeration, record};
use actwright_runtime::outbox::Job;
use actwright_runtime::spec::{
    ANY, ActionSpec, Audit, AuditField, Effects, Field, Idempotency, Item, List, Permission, Text, Type,
};
use actwright_runtime::{Action, Context, Entry, Error, Pack, Result, Timestamp, Update, Uuid};
use serde::Serialize;
use serde_json::{Value, json};

macro_rules! records {
    ($($name:ident { $($field:ident: $ty:ty = $spec:expr),+ $(,)? })+) => {
        $(
            pub struct $name {
                $(#[allow(dead_code, reason = "decoded, like every field of an input")] pub $field: $ty,)+
            }

            impl Record for $name {
                const FIELDS: &'static [Field] = &[$($spec),+];

                fn decode(reader: &mut Reader<'_>) -> Self {
                    Self { $($field: reader.take()),+ }
                }
            }

            impl Decode for $name {
                fn decode(node: Node<'_>) -> Self {
                    record(node)
                }
            }
        )+
    };
}

const CREDENTIALS: Type = Type::object::<Credentials>();

records! {
    Input {
        how: String = Field::required("how", Type::NON_EMPTY),
        note: Option<String> = Field::optional("note", Type::TEXT),
        token: Option<String> = Field::optional("token", Type::String(Text::new(1, 100).pattern("^s3cr3t"))).nullable().secret(),
        pin: Option<i64> = Field::optional("pin", Type::Integer(0, 9_000_000_000)).secret(),
        level: Option<Level> = Field::optional("level", Type::enumeration::<Level>()).secret(),
        since: Option<Timestamp> = Field::optional("since", Type::DateTime).secret(),
        contact: Option<String> = Field::optional("contact", Type::Email).secret(),
        credentials: Option<Credentials> = Field::optional("credentials", CREDENTIALS),
        accounts: Option<Vec<Credentials>> = Field::optional("accounts", Type::List(List::new(Item::of(&CREDENTIALS), 0, ANY))),
        by_name: Option<BTreeMap<String, Credentials>> = Field::optional("by_name", Type::Map(Item::of(&CREDENTIALS))),
        codes: Option<Vec<String>> = Field::optional("codes", Type::List(List::new(Item::of(&Type::TEXT), 0, 5).unique())).secret(),
        keys: Option<BTreeMap<String, String>> = Field::optional("keys", Type::Map(Item::of(&Type::TEXT))).secret(),
        blob: Option<Value> = Field::optional("blob", Type::Json).secret(),
        patch: Option<Patch> = Field::optional("patch", Type::object::<Patch>()),
    }
    Credentials {
        user: Option<String> = Field::optional("user", Type::TEXT),
        password: String = Field::required("password", Type::NON_EMPTY).secret(),
        vault: Option<Vault> = Field::optional("vault", Type::object::<Vault>()),
    }
    Vault {
        path: Option<String> = Field::optional("path", Type::TEXT),
        key: String = Field::required("key", Type::NON_EMPTY).secret(),
    }
    Patch {
        password: Update<String> = Field::optional("password", Type::NON_EMPTY).nullable().secret(),
        title: Option<String> = Field::optional("title", Type::TEXT),
    }
}

#[derive(Debug, Clone, Copy)]
pub enum Level {
    Low,
    High,
}

impl Enumeration for Level {
    const VALUES: &'static [Self] = &[Self::Low, Self::High];
    const NAMES: &'static [&'static str] = &["low", "high"];
}

impl Decode for Level {
    fn decode(node: Node<'_>) -> Self {
        enumeration(node)
    }
}

#[derive(Serialize)]
pub struct Stored {
    stored: bool,
}

#[derive(Serialize)]
pub struct Made {
    made: Value,
    pins: Value,
}

const PERMISSIONS: &[Permission] = &[Permission::always("client", "update")];
const CHANGED: &[AuditField] = &[AuditField::path("stored", "output.stored"), AuditField::path("note", "input.note")];

const fn spec(id: &'static str, effects: Effects, output_schema: &'static str) -> ActionSpec {
    ActionSpec {
        id,
        version: 1,
        label: "Vault",
        description: "Keeps secrets.",
        effects,
        idempotency: Idempotency::Engine,
        permissions: PERMISSIONS,
        may_require: &[],
        input: Input::FIELDS,
        rules: &[],
        audit: Some(Audit { target: AuditField::path("note_id", "input.note"), changed: CHANGED }),
        emits: &[],
        input_schema: "{}",
        output_schema,
    }
}

macro_rules! action {
    ($name:ident, $output:ty, $spec:expr) => {
        pub struct $name;

        impl Action for $name {
            type Input = Input;
            type Output = $output;
            const SPEC: &'static ActionSpec = &$spec;
        }
    };
}

action!(Store, Stored, spec("vault.store", Effects::Write, "{}"));
action!(Look, Stored, spec("vault.look", Effects::Read, "{}"));
action!(
    MakeKey,
    Made,
    spec(
        "vault.make_key",
        Effects::Write,
        r#"{ "type": "object", "properties": {
            "made": { "type": "object", "properties": {
                "key": { "type": "string", "writeOnly": true, "x-actwright-secret": true }, "name": { "type": "string" }
            } },
            "pins": { "type": "array", "items": { "type": "object", "properties": {
                "pin": { "type": "integer", "x-actwright-secret": true }
            } } }
        } }"#
    )
);

/// Ends as the input says.
async fn store(context: &mut Context<'_, Store>, input: Input) -> Result<Stored> {
    let secret = input.token.unwrap_or_default();
    let (pin, since, contact) = (input.pin, json!(input.since), input.contact);
    match input.how.as_str() {
        "job" => context.defer("vault.fail", json!({ "note": input.note }))?,
        "conflict" => return Err(Error::conflict("The vault is locked.")),
        // A careless body.
        "says" => {
            let message = format!("{secret} is known already: {pin:?} since {since}, of {contact:?}.");
            let error = Error::conflict(message).with_detail("token", secret).with_detail("pin", pin);
            return Err(error.with_detail("since", since).with_detail("contact", contact));
        }
        "not_found" => return Err(Error::not_found("vault", Uuid::nil())),
        "writes" => {
            tag(context, &secret).await?;
            let kept = json!({ "pin": pin, "since": since, "said": format!("{pin:?} of {contact:?}") });
            let update = context.update(&clients::TABLE).set(clients::PROPERTIES, Some(kept));
            update.filter(clients::CLIENT_NAME.eq("Contoso Dental".to_owned())).run().await?;
        }
        "twice" => {
            tag(context, &secret).await?;
            tag(context, &secret).await?;
        }
        "panic" => panic!("the vault fell over"),
        "slow" => tokio::time::sleep(Duration::from_secs(20)).await,
        _ => {}
    }
    Ok(Stored { stored: true })
}

async fn tag(context: &mut Context<'_, Store>, text: &str) -> Result<()> {
    let insert = context.insert(&tag_definitions::TABLE).set(tag_definitions::TAG_ID, Uuid::now_v7());
    insert
        .set(tag_definitions::TAG_TEXT, text.to_owned())
        .set(tag_definitions::TAGGED_TYPE, "client".to_owned())
        .run()
        .await
        .map(|_| ())
}

pub fn pack() -> Pack {
    let job =
        Job { name: "vault.fail", run: |_, _| Box::pin(async { Err(Error::transient("The vault does not answer.")) }) };
    Pack {
        actions: vec![
            Entry::new::<Look>(|_, _| Box::pin(async { Ok(Stored { stored: false }) })),
            Entry::new::<MakeKey>(|_, input| {
                Box::pin(async move {
                    let key = format!("made from {}", input.token.unwrap_or_default());
                    Ok(Made {
                        made: json!({ "key": key, "name": "main" }),
                        pins: json!([{ "pin": 4_242_777_001_i64 }]),
                    })
                })
            }),
            Entry::new::<Store>(|context, input| Box::pin(store(context, input))),
        ],
        catalog: "{}",
        jobs: vec![job],
        ..actwright_actions::pack()
    }
}
