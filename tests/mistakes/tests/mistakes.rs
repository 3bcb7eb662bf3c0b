//! What does not compile: an action without a body, and a body that reaches beyond its spec or its tenant.
//!
//! The expected messages are beside the sources in `tests/ui/`. After a change that is meant,
//! `TRYBUILD=overwrite cargo test -p actwright-mistakes` writes them anew.

#[test]
fn mistakes_are_compile_errors_that_say_what_to_do() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
}

/// The one message that every author of an action meets.
#[test]
fn the_message_about_a_missing_body_names_action_spec_and_command() {
    let message = include_str!("ui/missing_body.stderr");
    for part in [
        "`crm.schedule_activity` version 1 has no body",
        "specs/actions/crm/schedule_activity.v1.yaml",
        "`cargo gen --skeletons` creates actions/src/crm/schedule_activity.rs",
    ] {
        assert!(message.contains(part), "{part} is not in\n{message}");
    }
}
