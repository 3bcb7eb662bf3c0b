//! The spec of `crm.create_activity_note` names no event.

use actwright_generated::crm::create_activity_note::Context;
use actwright_generated::events::InteractionLogged;

fn body(context: &mut Context<'_>, event: InteractionLogged) {
    let _ = context.emit(event);
}

fn main() {}
