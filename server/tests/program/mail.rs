//! Mail as operators set it up and try it.

use std::fs;
use std::process::Output;

use actwright_tests::smtp::SmtpServer;
use serde_json::Value;
use tempfile::TempDir;

use crate::seeded::actwright;

fn configured(yaml: &str) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("actwright.yaml"), yaml).expect("a file");
    folder
}

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    let mut command = actwright(arguments);
    command.args(["--config", "actwright.yaml"]).current_dir(folder.path());
    command.output().expect("the program runs")
}

fn problems(yaml: &str) -> Vec<String> {
    let output = run(&configured(yaml), &["config", "check"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let text = String::from_utf8(output.stderr).expect("UTF-8");
    text.lines().skip(1).map(|line| line.trim().to_owned()).collect()
}

/// Before a quote depends on it, an operator sees that mails leave, what the server says, and why they do not.
#[test]
fn a_test_mail_shows_what_the_server_says() {
    let server = SmtpServer::start().expect("a server");
    let settings = server.settings("login");
    let folder = configured(&format!(
        "data: data\nmail:\n  from: Northwind <quotes@northwind.example>\n  smtp:\n    host: localhost\n    port: {}\n    \
         tls: starttls\n    ca_file: {}\n    user: quotes\n    password_file: password\n",
        settings.port.expect("a port"),
        server.certificate("server").display(),
    ));
    fs::write(folder.path().join("password"), "correct horse\n").expect("a file");
    let sent = run(&folder, &["mail", "test", "--to", "dana@contoso.example", "--json"]);
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stdout));
    let said: Value = serde_json::from_slice(&sent.stdout).expect("JSON");
    assert_eq!(said["answer"], "250 2.0.0 Taken as dana@contoso.example");
    assert!(said["message_id"].as_str().is_some_and(|id| id.ends_with("@northwind.example>")), "{said}");

    let refused = run(&folder, &["mail", "test", "--to", "gone@contoso.example"]);
    assert_eq!(refused.status.code(), Some(1));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("550 5.1.1 No such user here"), "{told}");

    fs::write(folder.path().join("password"), "battery staple\n").expect("a file");
    let refused = run(&folder, &["mail", "test", "--to", "dana@contoso.example"]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("535 5.7.8 Wrong password …") && !told.contains("battery"), "{told}");
}

/// Without a server, mails are files, and the command says where.
#[test]
fn without_a_server_mails_are_files() {
    let folder = configured("data: data\n");
    let sent = run(&folder, &["mail", "test", "--to", "dana@contoso.example"]);
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    assert!(String::from_utf8_lossy(&sent.stdout).contains("mail.transport is file"));
    let files: Vec<_> = fs::read_dir(folder.path().join("data/mail")).expect("a folder").collect();
    assert_eq!(files.len(), 1, "{files:?}");
}

/// What would only fail with the first mail, or send it where nobody expects it, is told at the start.
#[test]
fn a_wrong_set_up_is_told_before_the_first_mail() {
    assert_eq!(
        problems("mail:\n  transport: smtp\n"),
        ["actwright.yaml:2:3: mail.transport: is smtp, so mail.smtp.host has to be set"]
    );
    assert_eq!(
        problems("mail:\n  smtp:\n    user: me\n"),
        ["actwright.yaml:3:5: mail.smtp.user: is of no use without mail.smtp.host"]
    );
    assert_eq!(
        problems(
            "mail:\n  from: q@northwind.example\n  smtp:\n    host: smtp.northwind.example\n    tls: none\n    user: me\n    password: hunter2\n"
        ),
        [
            "actwright.yaml:5:5: mail.smtp.tls: none would send the password readable to another machine: use implicit or starttls"
        ]
    );
    let told = problems("mail:\n  from: Quotes\n  smtp:\n    host: smtp.northwind.example\n    connect_timeout: 31s\n");
    assert_eq!(
        told[0],
        "actwright.yaml:5:5: mail.smtp.connect_timeout: is longer than delivery.timeout, which ends the attempt before"
    );
    assert!(told[1].starts_with("actwright.yaml:2:3: mail.from: Quotes is not an e-mail address"), "{told:?}");

    let folder = configured("mail:\n  templates: templates\n");
    fs::create_dir_all(folder.path().join("templates/default")).expect("a folder");
    fs::write(folder.path().join("templates/default/quote.txt"), "Hello\n{{ mesage }}\n").expect("a file");
    let output = run(&folder, &["config", "check"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.contains(
            "templates/default/quote.txt:2:4: mail.templates: there is no variable `mesage`. Did you mean `message`?"
        ),
        "{told}"
    );
}
