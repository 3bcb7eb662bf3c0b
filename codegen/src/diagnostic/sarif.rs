//! Diagnostics in SARIF 2.1.0, which code hosts and editors show beside the code.

use serde_json::{Value, json};

use super::{Code, Diagnostic, Diagnostics, Place};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

pub(super) fn log(all: &Diagnostics) -> Value {
    let results: Vec<Value> = all.iter().map(|one| result(all, one)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "cargo gen",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": Code::ALL.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.id(),
        "name": format!("{code:?}"),
        "shortDescription": { "text": code.title() },
        "fullDescription": { "text": code.why() },
        "help": { "text": code.page(), "markdown": code.page() },
        "defaultConfiguration": { "level": code.severity().as_str() },
    })
}

fn result(all: &Diagnostics, one: &Diagnostic) -> Value {
    let place = &all.place(one);
    let help = one.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    let mut result = json!({
        "ruleId": one.code.id(),
        "ruleIndex": Code::ALL.iter().position(|code| *code == one.code),
        "level": one.code.severity().as_str(),
        "message": { "text": format!("{}{help}", one.message) },
        "locations": [location(&one.file, place)],
    });
    if let Some(also) = &one.also {
        let mut related = location(&also.file, &all.place_in(&also.file, &also.span));
        related["message"] = json!({ "text": also.label });
        result["relatedLocations"] = json!([related]);
    }
    if let Some(suggestion) = one.suggestion.as_ref().filter(|_| one.span.is_some()) {
        result["fixes"] = json!([{
            "description": { "text": one.help },
            "artifactChanges": [{
                "artifactLocation": { "uri": one.file },
                "replacements": [{ "deletedRegion": region(place), "insertedContent": { "text": suggestion } }],
            }],
        }]);
    }
    result
}

fn location(file: &str, place: &Place) -> Value {
    json!({ "physicalLocation": { "artifactLocation": { "uri": file }, "region": region(place) } })
}

fn region(place: &Place) -> Value {
    json!({
        "startLine": place.line, "startColumn": place.column, "endLine": place.end_line, "endColumn": place.end_column,
    })
}
