//! What follows a quote that was sent: its PDF, the documents, the mail, and the note that it is out.

use actwright_documents::{Item, Party, Quote, render};
use actwright_runtime::outbox::Attachment;
use actwright_runtime::{Timestamp, Uuid};
use serde_json::json;

use super::calls::Committed;
use super::tx::{Param, Read, Tx};
use super::{Bare, sql};
use crate::Result;
use crate::load::operation::Draw;
use crate::load::seed::{Kind, TENANT, id};

const T: Param<'static> = Param::Id(TENANT);
const ONE: Param<'static> = Param::Size(1);
const PDF: &str = "application/pdf";

impl Bare {
    pub(super) async fn publish(&self, draw: &Draw, sent: Committed) -> Result<()> {
        self.read_quote(draw).await?;
        let quote = quote(draw);
        let name = format!("Quote {}.pdf", quote.number.clone().unwrap_or_default());
        let pdf = tokio::task::spawn_blocking(move || render(&quote)).await??;
        let path = format!("{TENANT}/quotes/{}/{}.pdf", draw.quote, sent.row);
        let size = i64::try_from(pdf.len())?;
        self.options.files.put(&path, pdf).await?;
        let mail_ids = self.record(draw, &sent, &name, &path, size).await?;
        let mut mail = self.template.mail.clone().ok_or("the call to learn from sent no mail")?;
        mail.message_id = format!("<{}@actwright>", sent.row);
        mail.attachments = vec![Attachment { file_name: name, mime_type: PDF.to_owned(), path }];
        for (index, (mail_id, recipient)) in mail_ids.into_iter().zip(&mail.to).enumerate() {
            self.options.mailer.send(&mail, recipient, &self.options.files).await?;
            self.mailed(&sent, mail_id, index == 0).await?;
        }
        Ok(())
    }

    async fn read_quote(&self, draw: &Draw) -> Result<()> {
        let mut tx = Tx::begin_read(&self.database).await?;
        tx.set_tenant().await?;
        let columns = [
            Read::Text,
            Read::Text,
            Read::Text,
            Read::At,
            Read::At,
            Read::Text,
            Read::Text,
            Read::Text,
            Read::Text,
            Read::Size,
            Read::Size,
            Read::Size,
            Read::Size,
            Read::Id,
            Read::Text,
            Read::Text,
            Read::Text,
            Read::Text,
        ];
        tx.read(sql::RULES, &[T, Param::Id(draw.user)], &[]).await?;
        tx.one(sql::QUOTE, &[T, Param::Id(draw.quote), ONE], &columns).await?;
        let client = Param::Id(id(Kind::Client, draw.quote_client));
        tx.read(sql::LOCATION, &[T, client, Param::Flag(true), ONE], &[Read::Text; 6]).await?;
        tx.one(sql::SELLER, &[T, ONE], &[Read::Text; 3]).await?;
        let columns = [
            Read::Text,
            Read::Text,
            Read::Text,
            Read::Text,
            Read::Size,
            Read::Text,
            Read::Size,
            Read::Size,
            Read::Flag,
            Read::Flag,
            Read::Flag,
            Read::Text,
            Read::Flag,
            Read::Number,
        ];
        tx.one(sql::ITEMS, &[T, Param::Id(draw.quote)], &columns).await?;
        tx.rollback().await
    }

    /// Makes the file a document, puts the mail into the outbox, and notes that the job is done.
    async fn record(&self, draw: &Draw, sent: &Committed, name: &str, path: &str, size: i64) -> Result<Vec<Uuid>> {
        let mut tx = Tx::begin_write(&self.database).await?;
        tx.set_tenant().await?;
        let (file, document, now) = (Param::Id(Uuid::now_v7()), Param::Id(Uuid::now_v7()), Timestamp::now());
        let (name, path, mime, user) = (Param::Text(name), Param::Text(path), Param::Text(PDF), Param::Id(draw.user));
        tx.execute(sql::FILE, &[T, file, path, name, mime, Param::Size(size), path, user]).await?;
        let row =
            [T, document, name, user, user, Param::At(now), file, path, mime, Param::Size(size), Param::Flag(true)];
        tx.execute(sql::DOCUMENT, &row).await?;
        let association = Param::Id(Uuid::now_v7());
        tx.execute(sql::ASSOCIATION, &[T, association, document, Param::Id(draw.quote), Param::Text("quote")]).await?;
        let (mails, mail_ids) = self.template.mails();
        let row = [
            T,
            Param::Text("crm.send_quote"),
            Param::Number(1),
            Param::Id(sent.invocation),
            user,
            tx.lease(now),
            Param::At(now),
            Param::Json(&mails),
            Param::Id(sent.invocation),
        ];
        tx.read(sql::EFFECTS, &row, &[Read::Id, Read::Id]).await?;
        sent.delivered(&mut tx, sent.outbox_id).await?;
        tx.commit().await?;
        Ok(mail_ids)
    }

    /// Notes in the quote's history that the mail has reached somebody, and, the first time, in the stored result and the
    /// audit row.
    async fn mailed(&self, sent: &Committed, mail_id: Uuid, first: bool) -> Result<()> {
        let mut tx = Tx::begin_write(&self.database).await?;
        tx.set_tenant().await?;
        let (call, activity) = (Param::Id(sent.invocation), Param::Id(sent.row));
        let changed = Param::Json(&self.template.changed);
        tx.one(sql::LOCKED_METADATA, &[T, activity, ONE], &[Read::Json, Read::Text]).await?;
        let description = Param::Text("Quote sent to cfo@northwind.example and published in client portal");
        tx.execute(sql::METADATA, &[changed, description, T, activity]).await?;
        if first {
            tx.one(sql::OUTPUT, &[T, call], &[Read::Json]).await?;
            tx.execute(sql::SET_OUTPUT, &[T, call, Param::Json(&self.template.output)]).await?;
            tx.one(sql::AUDIT, &[T, call], &[Read::Json]).await?;
            let (before, after) = (json!({ "email_sent": false }), json!({ "email_sent": true }));
            let amendment = Param::Id(Uuid::now_v7());
            let values = [T, amendment, call, Param::Json(&before), Param::Json(&after), Param::At(Timestamp::now())];
            tx.execute(sql::AMENDMENT, &values).await?;
            tx.execute(sql::SET_AUDIT, &[T, call, changed]).await?;
        }
        sent.delivered(&mut tx, mail_id).await?;
        tx.commit().await
    }
}

/// The quote as [`crate::load::seed`] made it. Each is another one: typesetting remembers what it has done before.
fn quote(draw: &Draw) -> Quote {
    let (number, client) = (draw.quote_number, draw.quote_client);
    let items = (0..6).map(|number| Item {
        description: format!("Managed service, part {}", number + 1),
        detail: Some(format!("MS-{}", number + 1)),
        quantity: 10,
        unit: Some("workstation".to_owned()),
        unit_price: 10_000,
        total: 100_000,
        optional: number == 5,
        recurring: (number < 3).then(|| "monthly".to_owned()),
        ..Item::default()
    });
    let day = Timestamp::now().utc().date_naive();
    Quote {
        number: Some(format!("QUO-{}", 10_000 + number)),
        title: "Managed workplace and new firewall".to_owned(),
        status: None,
        issued: Some(day),
        valid_until: Some(day),
        currency: "USD".to_owned(),
        seller: Party {
            name: "Harbourlight Managed Services".to_owned(),
            address: Vec::new(),
            email: Some("hello@harbourlight.example".to_owned()),
            phone: Some("+1 555 0100".to_owned()),
        },
        client: Party {
            name: format!("Client {client} Trading Company"),
            address: vec![
                format!("{client} Harbour Road"),
                format!("Rotterdam {}", 10_000 + client),
                "United States".to_owned(),
            ],
            email: Some(format!("billing@client{client}.example")),
            phone: None,
        },
        contact: Some(Party {
            name: format!("Tom {client}"),
            email: Some(format!("contact{client}@client.example")),
            ..Party::default()
        }),
        po_number: None,
        description: Some("Support, backup and security, and a new firewall with installation.".to_owned()),
        introduction: None,
        items: items.collect(),
        subtotal: 600_000,
        discount_total: 0,
        tax: 48_000,
        total: 648_000,
        terms_and_conditions: Some(
            "Recurring services run for twelve months. Invoices are due within 30 days.".to_owned(),
        ),
        portal_link: Some(format!("https://portal.harbourlight.example/quotes/{}", draw.quote)),
    }
}
