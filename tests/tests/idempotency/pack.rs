//! A pack with two versions of an action, another action beside it, and one whose keys the engine derives. Each call that runs
//! inserts a row, so that rows count effects.

use actwright_generated::crm::create_interaction_type::{Input, Output};
use actwright_generated::tables::interaction_types;
use actwright_generated::types::InteractionType;
use actwright_runtime::decode::Record;
use actwright_runtime::registry::Entry;
use actwright_runtime::spec::{ActionSpec, Effects, Idempotency, Permission};
use actwright_runtime::{Action, Context, Error, Pack, Result};

/// The row is written, and then the body fails.
pub const FAILS: &str = "Fails";
/// The row is written, and then the body never ends.
pub const HANGS: &str = "Hangs";

struct Adds<const KIND: usize>;

const PERMISSIONS: &[Permission] = &[Permission::always("client", "read")];
const KEYED: Idempotency = Idempotency::Action("idempotency_key");

const SPECS: [ActionSpec; 4] = [
    spec("test.add", 1, KEYED),
    spec("test.add", 2, KEYED),
    spec("test.add_other", 1, KEYED),
    spec("test.derive", 1, Idempotency::Engine),
];

const fn spec(id: &'static str, version: u32, idempotency: Idempotency) -> ActionSpec {
    ActionSpec {
        id,
        version,
        label: "",
        description: "",
        effects: Effects::Write,
        idempotency,
        permissions: PERMISSIONS,
        may_require: &[],
        input: <Input as Record>::FIELDS,
        rules: &[],
        audit: None,
        emits: &[],
        input_schema: "{}",
        output_schema: "{}",
    }
}

impl<const KIND: usize> Action for Adds<KIND> {
    type Input = Input;
    type Output = Output;
    const SPEC: &'static ActionSpec = &SPECS[KIND];
}

async fn add<A: Action>(context: &mut Context<'_, A>, input: Input) -> Result<Output> {
    let interaction_type = InteractionType {
        type_id: context.new_id(),
        type_name: input.type_name,
        icon: None,
        display_order: None,
        created_by: None,
        created: true,
    };
    context
        .insert(&interaction_types::TABLE)
        .set(interaction_types::TYPE_ID, interaction_type.type_id)
        .set(interaction_types::TYPE_NAME, interaction_type.type_name.clone())
        .run()
        .await?;
    if interaction_type.type_name == FAILS {
        return Err(Error::conflict("The body fails."));
    }
    if interaction_type.type_name == HANGS {
        std::future::pending::<()>().await;
    }
    Ok(Output { interaction_type })
}

fn entry<const KIND: usize>() -> Entry {
    Entry::new::<Adds<KIND>>(|context, input| Box::pin(add(context, input)))
}

pub fn pack() -> Pack {
    Pack { actions: vec![entry::<0>(), entry::<1>(), entry::<2>(), entry::<3>()], ..actwright_actions::pack() }
}
