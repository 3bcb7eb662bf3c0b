//! Values on which two judges are likely to disagree, and ways to put them into an input.

use serde_json::{Value, json};

/// Values of all types at and around the limits of formats.
pub fn values() -> Vec<Value> {
    let texts = TEXTS.iter().map(|text| json!(text));
    let long = [180, 254, 255, 256].map(|length| json!("é".repeat(length)));
    let long_emails = [(64, 63), (65, 63), (200, 63), (64, 64)]
        .map(|(local, label)| json!(format!("{}@{}.example", "l".repeat(local), "d".repeat(label))));
    let numbers = [
        json!(0),
        json!(-0.0),
        json!(1),
        json!(-1),
        json!(200),
        json!(201),
        json!(1.0),
        json!(2.5),
        json!(1e-9),
        json!(2_147_483_647_i64),
        json!(2_147_483_648_i64),
        json!(9_007_199_254_740_991_i64),
        json!(9_007_199_254_740_992_i64),
        json!(-9_007_199_254_740_992_i64),
        json!(9_007_199_254_740_992.0),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e300),
        json!(-1e300),
    ];
    let others = [
        json!(null),
        json!(true),
        json!(false),
        json!([]),
        json!({}),
        json!([null]),
        json!([[]]),
        json!([""]),
        json!(["a", "a"]),
        json!(["a", "b", 1]),
        json!([1, 1.0]),
        json!({ "a": null }),
        json!({ "": 1 }),
        json!({ "type": "client" }),
        json!({ "type": "client", "id": "3f0c6a52-8d1e-4b7a-9c55-2e4f7f0a1b6d" }),
        json!({ "title": "x" }),
        json!({ "title": "x", "nonsense": 1 }),
        json!({ "notes": null }),
    ];
    texts.chain(long).chain(long_emails).chain(numbers).chain(others).collect()
}

const TEXTS: &[&str] = &[
    "",
    " ",
    "x",
    "\u{a0}",
    "\u{feff}",
    "\u{0}",
    "a\u{0}b",
    "a\nb",
    "\u{7f}",
    "😀",
    "e\u{301}",
    "\u{200b}",
    "true",
    "null",
    "1",
    // Enums
    "internal",
    "Internal",
    "client_visible",
    "return_empty",
    "error",
    "client",
    "project",
    " client",
    // UUIDs
    "3f0c6a52-8d1e-4b7a-9c55-2e4f7f0a1b6d",
    "3F0C6A52-8D1E-4B7A-9C55-2E4F7F0A1B6D",
    "3F0c6a52-8d1e-4b7A-9c55-2e4f7f0a1b6D",
    "3f0c6a528d1e4b7a9c552e4f7f0a1b6d",
    "{3f0c6a52-8d1e-4b7a-9c55-2e4f7f0a1b6d}",
    "urn:uuid:3f0c6a52-8d1e-4b7a-9c55-2e4f7f0a1b6d",
    "3f0c6a52-8d1e-4b7a-9c55-2e4f7f0a1b6",
    "3f0c6a52-8d1e-4b7a-9c55-2e4f7f0a1b6dd",
    "3f0c6a52-8d1e-4b7a-9c55-2e4f7f0a1b6g",
    "3f0c6a52-8d1e-4b7a-9c55-2e4f7f0a1b6d\n",
    " 3f0c6a52-8d1e-4b7a-9c55-2e4f7f0a1b6d",
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "3f0c6a52_8d1e_4b7a_9c55_2e4f7f0a1b6d",
    "3f0c6a5-28d1e-4b7a-9c55-2e4f7f0a1b6d",
    "٣f0c6a52-8d1e-4b7a-9c55-2e4f7f0a1b6d",
    // Date-times
    "2026-03-02T00:00:00Z",
    "2026-03-02t00:00:00z",
    "2026-03-02 00:00:00Z",
    "2026-03-02T00:00:00",
    "2026-03-02T00:00Z",
    "2026-03-02",
    "2026-03-02T00:00:00.1Z",
    "2026-03-02T00:00:00.123456789Z",
    "2026-03-02T00:00:00.1234567890Z",
    "2026-03-02T00:00:00.Z",
    "2026-03-02T00:00:00,5Z",
    "2026-03-02T23:59:60Z",
    "2016-12-31T23:59:60Z",
    "2026-03-02T23:59:59Z",
    "2026-03-02T24:00:00Z",
    "2026-03-02T23:60:00Z",
    "2026-02-29T00:00:00Z",
    "2028-02-29T00:00:00Z",
    "2000-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-01-32T00:00:00Z",
    "0999-12-31T23:59:59Z",
    "1000-01-01T00:00:00Z",
    "2999-12-31T23:59:59Z",
    "3000-01-01T00:00:00Z",
    "9999-01-01T00:00:00Z",
    "1000-01-01T00:00:00+14:00",
    "2999-12-31T23:59:59-12:00",
    "2026-03-02T00:00:00+00:00",
    "2026-03-02T00:00:00-00:00",
    "2026-03-02T00:00:00+23:59",
    "2026-03-02T00:00:00+24:00",
    "2026-03-02T00:00:00+05:60",
    "2026-03-02T00:00:00+0530",
    "2026-03-02T00:00:00+05",
    "2026-03-02T00:00:00Z\n",
    "+2026-03-02T00:00:00Z",
    "2026-3-2T0:0:0Z",
    "2026-03-02T00:00:00ZZ",
    "2026-03-02T00:00:00\u{2212}05:00",
    "２０２６-03-02T00:00:00Z",
    "now",
    // E-mail addresses
    "a@b.example",
    "A.B+c@sub.b.example",
    "a@b",
    "@b.example",
    "a@",
    "a@@b.example",
    "a@b@c.example",
    "a b@c.example",
    ".a@b.example",
    "a.@b.example",
    "a..b@c.example",
    "a@.example",
    "a@b..example",
    "a@b.example.",
    "a@-b.example",
    "a@b-.example",
    "a@b.-example",
    "a@b_c.example",
    "ä@b.example",
    "a@ä.example",
    "a@xn--4ca.example",
    "a@127.0.0.1",
    "a@[127.0.0.1]",
    "\"a b\"@c.example",
    "Ann <a@b.example>",
    "a@b.example\n",
    "a@b.example\r\nBcc: x@y.example",
    " a@b.example",
    "a'b@c.example",
    "a/b@c.example",
    "a!#$%&*=?^_`{|}~b@c.example",
    "a,b@c.example",
    "a:b@c.example",
    "(c)a@b.example",
    "a@b.c",
    "a@1.2",
    "a@b.1",
    "a\u{0}@b.example",
];

/// Where every value of an input is, as JSON Pointers.
pub fn places(input: &Value) -> Vec<String> {
    let mut places = Vec::new();
    collect(input, String::new(), &mut places);
    places
}

fn collect(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                collect(field, format!("{place}/{}", name.replace('~', "~0").replace('/', "~1")), places);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, format!("{place}/{index}"), places);
            }
        }
        _ => {}
    }
    places.push(place);
}

/// Puts a value in a place, which may be a new field.
pub fn put(input: &mut Value, place: &str, value: Value) {
    if let Some(target) = input.pointer_mut(place) {
        *target = value;
    } else if let Some((parent, name)) = place.rsplit_once('/')
        && let Some(Value::Object(fields)) = input.pointer_mut(parent)
    {
        fields.insert(name.to_owned(), value);
    }
}

/// Takes away what is in a place.
pub fn take(input: &mut Value, place: &str) {
    let Some((parent, name)) = place.rsplit_once('/') else { return };
    match input.pointer_mut(parent) {
        Some(Value::Object(fields)) => {
            fields.shift_remove(name);
        }
        Some(Value::Array(items)) => {
            if let Ok(index) = name.parse::<usize>()
                && index < items.len()
            {
                items.remove(index);
            }
        }
        _ => {}
    }
}
