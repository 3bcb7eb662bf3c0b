//! An action is in the pack, and nobody has written its body.

struct Bodies;

fn main() {
    actwright_generated::crm::schedule_activity::entry::<Bodies>();
}
