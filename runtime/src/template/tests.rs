use serde_json::json;

use super::*;

const GREETING: MailTemplate = MailTemplate {
    name: "greeting",
    subject: "Hello {{ person.name }}",
    text: "Hello {{ person.name }},\n\n{% if note %}{{ note }}{% else %}Good bye.{% endif %}",
    html: "<p>Hello {{ person.name }}</p>",
    samples: &[
        r#"{ "person": { "name": "Dana" }, "note": "See you." }"#,
        r#"{ "person": { "name": "Dana" }, "note": null }"#,
    ],
};

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// What is wrong with these files, without the folder that they are in.
fn problems(files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let found = Templates::read(folder.path(), &[GREETING]).err().unwrap_or_default();
    let base = format!("{}/", folder.path().display());
    found.iter().map(|problem| problem.to_string().replace(&base, "")).collect()
}

fn tenant(number: u8) -> Uuid {
    Uuid::from_u128(u128::from(number))
}

/// A tenant replaces what it wants to, all others may be given something else, and the rest is built in.
#[test]
fn each_part_is_the_nearest_there_is() {
    let own = format!("{}/greeting.subject", tenant(1));
    let folder = folder(&[
        (&own, "Moin {{ person.name }}"),
        ("default/greeting.subject", "Hi {{ person.name }}"),
        ("default/greeting.html", "{% include \"_head.html\" %}<p>Hi {{ person.name }}</p>"),
        ("default/_head.html", "<h1>Northwind</h1>"),
    ]);
    let templates = Templates::read(folder.path(), &[GREETING]).unwrap();
    let values = json!({ "person": { "name": "<Ada> & Co" }, "note": null });
    let first = templates.write(tenant(1), &GREETING, &values).unwrap();
    assert_eq!(first.subject, "Moin <Ada> & Co");
    assert_eq!(first.text, "Hello <Ada> & Co,\n\nGood bye.\n");
    assert_eq!(first.html, "<h1>Northwind</h1><p>Hi &lt;Ada&gt; &amp; Co</p>\n", "values are no markup");
    assert_eq!(templates.write(tenant(2), &GREETING, &values).unwrap().subject, "Hi <Ada> & Co");
    let built_in = Templates::default().write(tenant(1), &GREETING, &values).unwrap();
    assert_eq!(built_in.html, "<p>Hello &lt;Ada&gt; &amp; Co</p>\n");
}

/// Whoever writes a template is told where it is wrong and what is expected, before a mail depends on it.
#[test]
fn mistakes_are_found_when_templates_are_read() {
    assert_eq!(
        problems(&[("default/greeting.txt", "Hello\n{{ persom.name }}")]),
        ["default/greeting.txt:2:4: there is no variable `persom`. Did you mean `person`? There are person, note."]
    );
    let found = problems(&[("default/greeting.txt", "Hello\n{{ person.nme }}")]);
    assert!(found.len() == 1 && found[0].starts_with("default/greeting.txt:2:"), "{found:?}");
    let found = problems(&[("default/greeting.html", "<p>\n{% if note %}")]);
    assert!(found.len() == 1 && found[0].starts_with("default/greeting.html:2:"), "{found:?}");
    assert_eq!(problems(&[("default/greeting.subject", " \n")]), ["default/greeting.subject: gives no text"]);
    let found = problems(&[("default/greeting.txt", "{{ note | upper }}")]);
    assert!(
        found.len() == 1 && found[0].starts_with("default/greeting.txt:1:"),
        "what may be null is tried: {found:?}"
    );
    assert_eq!(
        problems(&[("default/greting.txt", "Hello")]),
        ["default/greting.txt: is no template. Did you mean greeting.txt? There are greeting.subject, greeting.txt, \
          greeting.html, and names that begin with _ for what these include."]
    );
    assert_eq!(
        problems(&[("northwind/greeting.txt", "Hello")]),
        ["northwind: is no folder of templates: expected `default` or the id of a tenant"]
    );
}

/// A quote leaves also when a template does not stand the values that it gets.
#[test]
fn a_template_that_fails_gives_way_to_the_built_in_one() {
    let folder = folder(&[("default/greeting.subject", "{{ person.name | split(pat=\" \") | nth(n=0) | upper }}")]);
    let templates = Templates::read(folder.path(), &[GREETING]).unwrap();
    let written = templates.write(tenant(1), &GREETING, &json!({ "person": { "name": 5 }, "note": null })).unwrap();
    assert_eq!(written.subject, "Hello 5");
}
