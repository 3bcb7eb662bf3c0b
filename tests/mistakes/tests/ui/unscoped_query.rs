//! A body has no transaction, cannot change the tenant, and cannot build a statement without its scope.

use actwright_generated::crm::find_activities::Context;
use actwright_runtime::query::{Insert, Select, Update};
use actwright_runtime::{Scope, Uuid};

fn body(context: &mut Context<'_>, other: Uuid) {
    let _ = &mut context.tx;
    context.tenant = other;
    context.granted.clear();
    let _ = Select::new;
    let _ = Insert::new;
    let _ = Update::new;
}

fn another_scope() -> Scope {
    Scope { tenant: Uuid::nil() }
}

fn main() {}
