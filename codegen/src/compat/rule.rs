//! The rules that changes of specs are judged by: one id, one purpose each.

/// What a change means for those who rely on the specs as they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nobody notices.
    Compatible,
    /// Nothing breaks, but somebody should look.
    Warning,
    /// A version that is published does not change like this: publish the next one beside it.
    NewVersion,
    /// Somebody breaks, and a version does not help: there is none of it.
    Breaking,
}

impl Verdict {
    /// As reports write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compatible => "compatible",
            Self::Warning => "warning",
            Self::NewVersion => "needs a new version",
            Self::Breaking => "breaking",
        }
    }

    /// Whether specs with such a change are refused.
    pub fn is_refused(self) -> bool {
        self >= Self::NewVersion
    }
}

/// Who relies on what changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// Programs that call actions.
    Callers,
    /// Stored workflows that call actions.
    Workflows,
    /// Programs that read outputs and events.
    Readers,
    /// Those who read the audit.
    Auditors,
}

impl Audience {
    /// As reports write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Callers => "callers",
            Self::Workflows => "workflows",
            Self::Readers => "readers",
            Self::Auditors => "auditors",
        }
    }
}

macro_rules! rules {
    ($($name:ident = $id:literal, $verdict:ident, [$($audience:ident),*], $why:literal;)*) => {
        /// A kind of change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule {
            $(#[doc = $why] $name,)*
        }

        impl Rule {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As people search for it.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// What such a change means.
            pub fn verdict(self) -> Verdict {
                match self { $(Self::$name => Verdict::$verdict,)* }
            }

            /// For whom.
            pub fn audience(self) -> &'static [Audience] {
                match self { $(Self::$name => &[$(Audience::$audience),*],)* }
            }

            /// Why, in a sentence.
            pub fn why(self) -> &'static str {
                match self { $(Self::$name => $why,)* }
            }
        }
    };
}

rules! {
    ActionAdded = "ACTION_ADDED", Compatible, [], "Nobody calls it yet.";
    ActionRemoved = "ACTION_REMOVED", Breaking, [Callers, Workflows], "Those who call it get an error.";
    VersionAdded = "VERSION_ADDED", Compatible, [], "The versions before it stay as they are.";
    VersionRemoved = "VERSION_REMOVED", Breaking, [Callers, Workflows], "Stored workflows name the version that they call.";
    TextChanged = "TEXT_CHANGED", Compatible, [], "Labels and descriptions are for people.";
    EffectsRaised = "EFFECTS_RAISED", NewVersion, [Callers, Workflows, Auditors], "Who called an action that reads did not expect it to write.";
    EffectsLowered = "EFFECTS_LOWERED", NewVersion, [Callers, Workflows, Auditors], "Who called an action that writes expects it to, and to be audited.";
    IdempotencyChanged = "IDEMPOTENCY_CHANGED", NewVersion, [Callers, Workflows], "Calls that were told apart would be taken for repetitions, or the other way round.";
    PermissionAdded = "PERMISSION_ADDED", NewVersion, [Callers, Workflows], "Actors who may call the action would be denied.";
    PermissionRemoved = "PERMISSION_REMOVED", Warning, [Auditors], "Actors who were denied may call the action.";
    ForeseenPermissionAdded = "FORESEEN_PERMISSION_ADDED", Warning, [Callers, Workflows], "The body may ask for a permission that actors do not have.";
    ForeseenPermissionRemoved = "FORESEEN_PERMISSION_REMOVED", Compatible, [], "The body asks for less.";
    AuditTargetChanged = "AUDIT_TARGET_CHANGED", Warning, [Auditors], "Searches of the audit by the row that was changed no longer find new entries.";
    AuditFieldAdded = "AUDIT_FIELD_ADDED", Compatible, [], "The audit tells more.";
    AuditFieldRemoved = "AUDIT_FIELD_REMOVED", Warning, [Auditors], "The audit tells less than before.";
    EventEmitted = "EVENT_EMITTED", Compatible, [], "Readers of events see one more.";
    EventNoLongerEmitted = "EVENT_NO_LONGER_EMITTED", NewVersion, [Readers], "Readers wait for an event that does not come.";

    InputOptionalFieldAdded = "INPUT_OPTIONAL_FIELD_ADDED", Compatible, [], "Calls without it stay right.";
    InputRequiredFieldAdded = "INPUT_REQUIRED_FIELD_ADDED", NewVersion, [Callers, Workflows], "Calls without it would be refused.";
    InputFieldRemoved = "INPUT_FIELD_REMOVED", NewVersion, [Callers, Workflows], "What callers say in it would be ignored, and workflows with it could not be published.";
    InputFieldMadeOptional = "INPUT_FIELD_MADE_OPTIONAL", Compatible, [], "Calls with it stay right.";
    InputFieldMadeRequired = "INPUT_FIELD_MADE_REQUIRED", NewVersion, [Callers, Workflows], "Calls without it would be refused.";
    InputDefaultChanged = "INPUT_DEFAULT_CHANGED", NewVersion, [Callers, Workflows], "Calls without the field would mean something else.";
    InputNullAdmitted = "INPUT_NULL_ADMITTED", Compatible, [], "Calls without null stay right.";
    InputNullRefused = "INPUT_NULL_REFUSED", NewVersion, [Callers, Workflows], "Calls with null would be refused.";
    InputTypeWidened = "INPUT_TYPE_WIDENED", Compatible, [], "Every value that was right is.";
    InputTypeChanged = "INPUT_TYPE_CHANGED", NewVersion, [Callers, Workflows], "Values that were right would be refused.";
    InputValueAdded = "INPUT_VALUE_ADDED", Compatible, [], "Callers need not use it.";
    InputValueRemoved = "INPUT_VALUE_REMOVED", NewVersion, [Callers, Workflows], "Calls with the value would be refused.";
    InputRangeWidened = "INPUT_RANGE_WIDENED", Compatible, [], "Every number that was right is.";
    InputRangeNarrowed = "INPUT_RANGE_NARROWED", NewVersion, [Callers, Workflows], "Numbers that were right would be refused.";
    InputLengthWidened = "INPUT_LENGTH_WIDENED", Compatible, [], "Every text that was right is.";
    InputLengthNarrowed = "INPUT_LENGTH_NARROWED", NewVersion, [Callers, Workflows], "Texts that were right would be refused.";
    InputItemsWidened = "INPUT_ITEMS_WIDENED", Compatible, [], "Every list that was right is.";
    InputItemsNarrowed = "INPUT_ITEMS_NARROWED", NewVersion, [Callers, Workflows], "Lists that were right would be refused.";
    InputPatternRemoved = "INPUT_PATTERN_REMOVED", Compatible, [], "Every text that was right is.";
    InputPatternChanged = "INPUT_PATTERN_CHANGED", NewVersion, [Callers, Workflows], "Texts that were right may be refused; nothing tells which.";
    InputTrimmingChanged = "INPUT_TRIMMING_CHANGED", Warning, [Callers, Workflows], "White space around a text counts, or no longer counts.";
    InputSecretAdded = "INPUT_SECRET_ADDED", Compatible, [], "The value is redacted from now on.";
    InputSecretRemoved = "INPUT_SECRET_REMOVED", Warning, [Auditors], "The value is stored and logged from now on.";
    InputPickerChanged = "INPUT_PICKER_CHANGED", Compatible, [], "Forms offer other rows; values that were right are.";
    RuleRemoved = "RULE_REMOVED", Compatible, [], "Every input that was right is.";
    RuleAdded = "RULE_ADDED", NewVersion, [Callers, Workflows], "Inputs that were right may be refused.";

    OutputFieldAdded = "OUTPUT_FIELD_ADDED", Compatible, [], "Readers need not read it.";
    OutputFieldRemoved = "OUTPUT_FIELD_REMOVED", NewVersion, [Readers, Workflows], "Readers and later steps find nothing in its place.";
    OutputNullExcluded = "OUTPUT_NULL_EXCLUDED", Compatible, [], "Readers who expect null never meet it.";
    OutputNullAdmitted = "OUTPUT_NULL_ADMITTED", NewVersion, [Readers, Workflows], "Readers would meet a null that they do not expect.";
    OutputTypeNarrowed = "OUTPUT_TYPE_NARROWED", Compatible, [], "Every value is one that readers know.";
    OutputTypeChanged = "OUTPUT_TYPE_CHANGED", NewVersion, [Readers, Workflows], "Readers would meet values of a type that they do not expect.";
    OutputValueRemoved = "OUTPUT_VALUE_REMOVED", Compatible, [], "Readers who know the value never meet it.";
    OutputValueAdded = "OUTPUT_VALUE_ADDED", Warning, [Readers, Workflows], "Readers may meet a value that they do not know.";
    OutputBoundsNarrowed = "OUTPUT_BOUNDS_NARROWED", Compatible, [], "Every value is one that readers expect.";
    OutputBoundsWidened = "OUTPUT_BOUNDS_WIDENED", Warning, [Readers, Workflows], "Readers may meet a value beyond the old bounds.";
    OutputSecretAdded = "OUTPUT_SECRET_ADDED", Compatible, [], "The value is redacted from now on.";
    OutputSecretRemoved = "OUTPUT_SECRET_REMOVED", Warning, [Auditors], "The value is stored and logged from now on.";

    EventAdded = "EVENT_ADDED", Compatible, [], "Nobody waits for it yet.";
    EventRemoved = "EVENT_REMOVED", Breaking, [Readers], "Readers wait for an event that does not come.";
    EventKeyChanged = "EVENT_KEY_CHANGED", Breaking, [Readers], "Readers know repeated events by their key.";
    EventSubjectChanged = "EVENT_SUBJECT_CHANGED", Warning, [Readers], "Events come in order by subject: readers who rely on the old order lose it.";
    EventFieldAdded = "EVENT_FIELD_ADDED", Compatible, [], "Readers need not read it.";
    EventFieldRemoved = "EVENT_FIELD_REMOVED", Breaking, [Readers], "Readers find nothing in its place.";
    EventFieldMadeRequired = "EVENT_FIELD_MADE_REQUIRED", Compatible, [], "Readers who expect it to be absent never meet that.";
    EventFieldMadeOptional = "EVENT_FIELD_MADE_OPTIONAL", Breaking, [Readers], "Readers would miss a field that was always there.";
    EventNullExcluded = "EVENT_NULL_EXCLUDED", Compatible, [], "Readers who expect null never meet it.";
    EventNullAdmitted = "EVENT_NULL_ADMITTED", Breaking, [Readers], "Readers would meet a null that they do not expect.";
    EventTypeNarrowed = "EVENT_TYPE_NARROWED", Compatible, [], "Every value is one that readers know.";
    EventTypeChanged = "EVENT_TYPE_CHANGED", Breaking, [Readers], "Readers would meet values of a type that they do not expect.";
    EventValueRemoved = "EVENT_VALUE_REMOVED", Compatible, [], "Readers who know the value never meet it.";
    EventValueAdded = "EVENT_VALUE_ADDED", Warning, [Readers], "Readers may meet a value that they do not know.";
    EventBoundsNarrowed = "EVENT_BOUNDS_NARROWED", Compatible, [], "Every value is one that readers expect.";
    EventBoundsWidened = "EVENT_BOUNDS_WIDENED", Warning, [Readers], "Readers may meet a value beyond the old bounds.";

    PickerChanged = "PICKER_CHANGED", Compatible, [], "Forms offer other rows; ids that were picked stay.";
    PickerPermissionChanged = "PICKER_PERMISSION_CHANGED", Warning, [Workflows], "Authors may be denied what a form offers.";
    CatalogChanged = "CATALOG_CHANGED", Compatible, [], "Workflow authors find actions in another place.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Ids are what people silence and search for; and who is told to look must be told for whom.
    #[test]
    fn rules_are_told_apart() {
        let ids: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert_eq!(ids.len(), Rule::ALL.len());
        for rule in Rule::ALL {
            assert_eq!(rule.audience().is_empty(), rule.verdict() == Verdict::Compatible, "{}", rule.id());
            assert_eq!(heck::ToShoutySnakeCase::to_shouty_snake_case(format!("{rule:?}").as_str()), rule.id());
        }
    }
}
