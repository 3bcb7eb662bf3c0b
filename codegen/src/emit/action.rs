//! The module of one action.

use proc_macro2::{Group, Literal, Spacing, TokenStream, TokenTree};
use quote::quote;
use serde_json::Value;

use super::ident::{action_module, pascal};
use super::types::{FileKind, Records, Use, doc_attribute};
use crate::model::{
    Action, Audit, AuditField, AuditSource, Check, Condition, Effects, Idempotency, Model, Permission, Rule,
};

/// Names that every action's module has.
const OWN: [&str; 5] = ["Action", "Body", "Context", "Input", "Output"];
/// Names that it uses as they are: those that it imports, and two of the prelude.
const USED: [&str; 19] = [
    "ActionSpec",
    "Audit",
    "AuditField",
    "AuditSource",
    "Check",
    "Condition",
    "Effects",
    "Field",
    "Future",
    "Idempotency",
    "Item",
    "List",
    "Permission",
    "PickerSpec",
    "Presence",
    "Rule",
    "Send",
    "Text",
    "Type",
];

pub fn module(model: &Model, action: &Action, bodies: &str) -> TokenStream {
    let mut records =
        Records::new(&model.types, FileKind::Action, OWN.iter().chain(&USED).map(|name| (*name).to_owned()));
    let input_use = Use { input: true, output: false };
    let output_use = Use { input: false, output: true };
    let title = format!("`{}` version {}", action.id, action.version);
    let input = records.record(&pascal("Input"), &format!("What {title} gets."), &action.input, input_use, false);
    let output = records.record(&pascal("Output"), &format!("What {title} gives."), &action.output, output_use, false);
    let held = records.finish();
    let body = body_trait(action, bodies);
    let specification = specification(action);
    let emits = action.emits.iter().map(|event| {
        let event = pascal(&event.to_lowercase());
        quote!(impl ::actwright_runtime::Emits<crate::events::#event> for Action {})
    });
    let doc = doc_attribute(&format!("{}: {}", action.label, action.description));
    let module = quote! {
        #doc
        #[derive(Debug)]
        pub struct Action;
        pub type Context<'a> = ::actwright_runtime::Context<'a, Action>;
        #input
        #output
        #held
        #body
        #specification
        #(#emits)*
        pub fn entry<B: Body>() -> ::actwright_runtime::Entry {
            ::actwright_runtime::Entry::new::<Action>(|context, input| ::std::boxed::Box::pin(B::run(context, input)))
        }
    };
    let module = unqualified(module);
    quote! {
        use ::actwright_runtime::{decode, spec::*};
        #module
    }
}

/// Takes `spec::` off what the module imports: half of its text would be that.
fn unqualified(tokens: TokenStream) -> TokenStream {
    let mut out: Vec<TokenTree> = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(ident) if ident == "spec" && !follows_path(&out) && begins_path(tokens.peek()) => {
                tokens.nth(1);
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), unqualified(group.stream()));
                inner.set_span(group.span());
                out.push(TokenTree::Group(inner));
            }
            other => out.push(other),
        }
    }
    out.into_iter().collect()
}

/// Whether `::` is next, and not the `:` of a field that has the name.
fn begins_path(next: Option<&TokenTree>) -> bool {
    matches!(next, Some(TokenTree::Punct(one)) if one.as_char() == ':' && one.spacing() == Spacing::Joint)
}

fn follows_path(before: &[TokenTree]) -> bool {
    let colon = |token: &TokenTree| matches!(token, TokenTree::Punct(one) if one.as_char() == ':');
    matches!(before, [.., first, second] if colon(first) && colon(second))
}

fn body_trait(action: &Action, bodies: &str) -> TokenStream {
    let file = format!("{bodies}/{}/{}.rs", action.module, action_module(&action.name, action.version));
    let message = format!("the action `{}` version {} has no body", action.id, action.version);
    let label = format!("`{}` is not implemented", action.id);
    let spec = format!("its spec is {}", action.source);
    let command = format!("`cargo gen --skeletons` creates {file}");
    quote! {
        #[diagnostic::on_unimplemented(message = #message, label = #label, note = #spec, note = #command)]
        pub trait Body: 'static {
            fn run(context: &mut Context<'_>, input: Input) -> impl Future<Output = ::actwright_runtime::Result<Output>> + Send;
        }
    }
}

fn specification(action: &Action) -> TokenStream {
    let Action { id, label, description, .. } = action;
    let version = Literal::u32_unsuffixed(action.version);
    let effects = match action.effects {
        Effects::Read => quote!(spec::Effects::Read),
        Effects::Write => quote!(spec::Effects::Write),
    };
    let idempotency = match &action.idempotency {
        Idempotency::Engine => quote!(spec::Idempotency::Engine),
        Idempotency::Action { key } => quote!(spec::Idempotency::Action(#key)),
    };
    let permissions = action.permissions.iter().map(permission);
    let may_require = action.may_require.iter().map(|(resource, action)| quote!((#resource, #action)));
    let rules = action.rules.iter().map(rule);
    let audit = match &action.audit {
        Some(audit) => {
            let audit = audit_tokens(audit);
            quote!(::core::option::Option::Some(#audit))
        }
        None => quote!(::core::option::Option::None),
    };
    let emits = &action.emits;
    let schema = |direction: &str| format!("../../schemas/{id}.v{version}.{direction}.json");
    let (input_schema, output_schema) = (schema("input"), schema("output"));
    quote! {
        impl ::actwright_runtime::Action for Action {
            type Input = Input;
            type Output = Output;
            const SPEC: &'static spec::ActionSpec = &spec::ActionSpec {
                id: #id,
                version: #version,
                label: #label,
                description: #description,
                effects: #effects,
                idempotency: #idempotency,
                permissions: &[#(#permissions),*],
                may_require: &[#(#may_require),*],
                input: <Input as decode::Record>::FIELDS,
                rules: &[#(#rules),*],
                audit: #audit,
                emits: &[#(#emits),*],
                input_schema: ::core::include_str!(#input_schema),
                output_schema: ::core::include_str!(#output_schema),
            };
        }
    }
}

fn permission(permission: &Permission) -> TokenStream {
    let Permission { resource, action, when } = permission;
    match when.as_ref().map(condition) {
        None => quote!(spec::Permission::always(#resource, #action)),
        Some(condition) => quote!(spec::Permission::when(#resource, #action, #condition)),
    }
}

fn condition(condition: &Condition) -> TokenStream {
    match condition {
        Condition::Present(path) => quote!(spec::Condition::Present(#path)),
        Condition::Equals(path, value) => {
            let value = value.to_string();
            quote!(spec::Condition::Equals(#path, #value))
        }
    }
}

fn rule(rule: &Rule) -> TokenStream {
    let message = &rule.message;
    let check = match &rule.check {
        Check::AnyOf(paths) => quote!(spec::Check::AnyOf(&[#(#paths),*])),
        Check::OneOf(paths) => quote!(spec::Check::OneOf(&[#(#paths),*])),
        Check::Ordered(first, second) => quote!(spec::Check::Ordered(#first, #second)),
        Check::Requires(when, others) => {
            let when = condition(when);
            quote!(spec::Check::Requires(#when, &[#(#others),*]))
        }
        Check::Excludes(when, others) => {
            let when = condition(when);
            quote!(spec::Check::Excludes(#when, &[#(#others),*]))
        }
        Check::NonEmpty(path) => quote!(spec::Check::NonEmpty(#path)),
        Check::Forbid(all) => {
            let pairs = all.iter().map(|(path, value): &(String, Value)| {
                let value = value.to_string();
                quote!((#path, #value))
            });
            quote!(spec::Check::Forbid(&[#(#pairs),*]))
        }
    };
    quote!(spec::Rule::new(#check, #message))
}

fn audit_tokens(audit: &Audit) -> TokenStream {
    let target = audit_field(&audit.target);
    let changed = audit.changed.iter().map(audit_field);
    quote!(spec::Audit { target: #target, changed: &[#(#changed),*] })
}

fn audit_field(field: &AuditField) -> TokenStream {
    let name = &field.name;
    match &field.from {
        AuditSource::Path(path) => quote!(spec::AuditField::path(#name, #path)),
        AuditSource::Object(fields) => {
            let fields = fields.iter().map(audit_field);
            quote!(spec::AuditField::object(#name, &[#(#fields),*]))
        }
    }
}
