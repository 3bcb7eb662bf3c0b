//! Made-up quotes that show what a quote can hold. The tests render them too.

use actwright_documents::{Discount, Item, Party, Quote};
use chrono::NaiveDate;

/// A name and what it stands for.
type Sample = (&'static str, fn() -> Quote);

pub const ALL: &[Sample] = &[
    ("project", project),
    ("one-page", one_page),
    ("long", long),
    ("scripts", scripts),
    ("extremes", extremes),
    ("dinar", dinar),
    ("empty", empty),
];

/// Phases, recurring and optional items, discounts: two pages.
pub fn project() -> Quote {
    let item = |phase: &str, description: &str, detail: &str, quantity: i64, unit: &str, unit_price: i64| Item {
        description: description.to_owned(),
        detail: text(detail),
        phase: text(phase),
        quantity,
        unit: text(unit),
        unit_price,
        total: quantity * unit_price,
        ..Item::default()
    };
    let items = vec![
        item(
            "Assessment",
            "On-site network survey and documentation",
            "SVC-ASSESS · Network assessment",
            1,
            "",
            180_000,
        ),
        item(
            "Assessment",
            "Security review against CIS Controls v8, with a written report and a debriefing of two hours for the management team",
            "SVC-SEC · Security review",
            12,
            "hours",
            16_500,
        ),
        item(
            "Deployment",
            "Next-generation firewall, high-availability pair",
            "HW-FW-120 · Three years of support included",
            2,
            "units",
            348_000,
        ),
        item("Deployment", "Wi-Fi 7 access points, ceiling-mounted", "HW-AP-770", 14, "units", 42_900),
        item(
            "Deployment",
            "Installation, configuration and cut-over on a weekend",
            "SVC-DEPLOY · Field engineering",
            36,
            "hours",
            14_500,
        ),
        Item {
            optional: true,
            ..item("Deployment", "Rack tidy-up and cable labelling", "SVC-CABLE", 8, "hours", 9_500)
        },
        Item {
            optional: true,
            selected: false,
            ..item("Deployment", "LTE failover router with a twelve-month data plan", "HW-LTE-20", 1, "unit", 89_900)
        },
        Item {
            recurring: text("monthly"),
            ..item(
                "Ongoing care",
                "Managed network: monitoring, patching, help desk in business hours",
                "MS-NET · 85 seats",
                85,
                "seats",
                1_450,
            )
        },
        Item {
            recurring: text("annually"),
            ..item("Ongoing care", "Firewall threat-prevention subscription", "SUB-TP-120", 2, "licences", 98_000)
        },
        Item {
            recurring: text("monthly"),
            optional: true,
            selected: false,
            ..item("Ongoing care", "Help desk around the clock", "MS-247", 85, "seats", 600)
        },
        Item {
            description: "Launch discount on field engineering".to_owned(),
            total: -52_200,
            discount: Some(Discount::Percentage(10)),
            ..Item::default()
        },
        Item {
            description: "Loyalty credit".to_owned(),
            total: 50_000,
            discount: Some(Discount::Fixed),
            ..Item::default()
        },
    ];
    with_totals(Quote {
        title: "Network refresh for the Emerald City headquarters".to_owned(),
        description: text("Replacement of the core network at 12 Yellow Brick Road, with managed care afterwards."),
        po_number: text("PO-2026-0117"),
        introduction: text(
            "Dear Dorothy,\n\nthank you for walking us through the building last week. This quote covers everything that we \
             discussed: the survey, new firewalls and Wi-Fi, the cut-over on a weekend, and a care plan for the time after.\n\n\
             Items marked as optional can be added or left out when you accept.",
        ),
        terms_and_conditions: text(TERMS),
        ..base("QUO-0042", items)
    })
}

/// The everyday case.
pub fn one_page() -> Quote {
    let items = vec![
        Item {
            description: "Laptop, 14 inch, 32 GB".to_owned(),
            detail: text("HW-NB-14"),
            quantity: 5,
            unit_price: 164_900,
            total: 824_500,
            ..Item::default()
        },
        Item {
            description: "Set-up and data migration".to_owned(),
            quantity: 10,
            unit: text("hours"),
            unit_price: 12_500,
            total: 125_000,
            ..Item::default()
        },
    ];
    with_totals(Quote {
        title: "Five laptops, ready to use".to_owned(),
        contact: None,
        portal_link: None,
        terms_and_conditions: text("Payment within 30 days. Prices hold until the date above."),
        ..base("QUO-0043", items)
    })
}

/// Two hundred items in eight phases.
pub fn long() -> Quote {
    let items = (0..200)
        .map(|index| Item {
            description: format!("Work package {} of the migration programme", index + 1),
            detail: (index % 3 == 0).then(|| format!("WP-{:03}", index + 1)),
            phase: Some(format!("Phase {}", index / 25 + 1)),
            quantity: index % 7 + 1,
            unit: text("days"),
            unit_price: 95_000,
            total: (index % 7 + 1) * 95_000,
            ..Item::default()
        })
        .collect();
    with_totals(Quote { title: "Data centre migration".to_owned(), ..base("QUO-0044", items) })
}

/// Names in many scripts, Japanese yen.
pub fn scripts() -> Quote {
    let item = |description: &str, detail: &str, unit_price: i64| Item {
        description: description.to_owned(),
        detail: text(detail),
        unit_price,
        total: unit_price,
        ..Item::default()
    };
    let items = vec![
        item("ネットワーク機器の更新と設定作業", "株式会社日本情報サービス", 1_250_000),
        item("北京办公室的网络安全评估", "北京华为信息技术有限公司", 480_000),
        item("臺北辦公室的雲端備份", "臺灣積體電路製造股份有限公司", 330_000),
        item("서울 사무소 원격 지원", "주식회사 한국정보통신 · 홍길동", 210_000),
        item("Настройка сервера и обучение сотрудников", "ООО «Ромашка» · Щербаков", 150_000),
        item("Εγκατάσταση δικτύου", "Ελληνική Εταιρεία Πληροφορικής", 140_000),
        item("התקנת שרת הדואר (כולל הדרכה), 3 ימים.", "חברת התוכנה הישראלית בע״מ", 130_000),
        item("صيانة الشبكة السنوية (24 ساعة).", "شركة الخليج للتقنية", 120_000),
        item("การติดตั้งเครือข่าย", "บริษัท ไทยเทคโนโลยี จำกัด", 110_000),
        item("सर्वर रखरखाव", "भारत सूचना प्रौद्योगिकी", 100_000),
        item("Nguyễn Thị Hồng – Łódź, Ångström, Çelik", "O’Brien & Søn", 90_000),
    ];
    with_totals(Quote {
        title: "多言語サポート / Multilingual support / Поддержка".to_owned(),
        currency: "JPY".to_owned(),
        client: Party {
            name: "株式会社山﨑システム".to_owned(),
            address: lines(&["〒100-0001", "東京都千代田区千代田1-1", "日本"]),
            email: text("keiri@yamazaki.example"),
            phone: None,
        },
        contact: Some(Party { name: "髙橋 美咲".to_owned(), ..Party::default() }),
        introduction: text(
            "髙橋様\n\nいつもお世話になっております。お見積書をお送りいたします。\n\nשלום, זו פסקה בעברית (עם סוגריים).",
        ),
        ..base("QUO-0045", items)
    })
}

/// Long names, huge amounts, long words, long descriptions, nothing to pay.
pub fn extremes() -> Quote {
    let items = vec![
        Item {
            description: "An item whose description goes on and on. ".repeat(120),
            quantity: 1_000_000,
            unit: text("kilowatt-hours"),
            unit_price: 123_456_789,
            total: 123_456_789_000_000,
            ..Item::default()
        },
        Item { description: "Donaudampfschifffahrtsgesellschaft".repeat(8), ..Item::default() },
        Item {
            description: "Free of charge".to_owned(),
            phase: text(&"A phase with a very long name ".repeat(8)),
            ..Item::default()
        },
        Item { description: String::new(), ..Item::default() },
    ];
    Quote {
        title: "A title that does not fit on one line however hard one tries, because its author had so much to say about it".to_owned(),
        status: text("pending_approval"),
        client: Party {
            name: "Wolfeschlegelsteinhausenbergerdorff & Sons International Consulting Engineers Proprietary Limited".to_owned(),
            email: text("accounts.payable.department@wolfeschlegelsteinhausenbergerdorff.example"),
            ..Party::default()
        },
        portal_link: text(&format!("https://portal.example/quotes/{}", "0123456789abcdef".repeat(8))),
        ..base("QUO-2026-EXTREMELY-LONG-NUMBER-0046", items)
    }
}

/// A currency with three decimals, written with its code.
pub fn dinar() -> Quote {
    let items = vec![Item {
        description: "Cloud backup, 10 TB".to_owned(),
        detail: text("النسخ الاحتياطي السحابي"),
        quantity: 12,
        unit: text("months"),
        unit_price: 123_456,
        total: 1_481_472,
        ..Item::default()
    }];
    with_totals(Quote {
        title: "Cloud backup".to_owned(),
        currency: "KWD".to_owned(),
        client: Party {
            name: "شركة الخليج للتقنية ذ.م.م".to_owned(), ..base("", Vec::new()).client
        },
        ..base("QUO-0047", items)
    })
}

/// A draft without anything in it.
pub fn empty() -> Quote {
    Quote { title: "Draft".to_owned(), currency: "EUR".to_owned(), status: text("draft"), ..Quote::default() }
}

const TERMS: &str = "Prices are in US dollars and hold until the date above. Hardware is invoiced on delivery, work at the \
    end of each phase, recurring services in advance. Payment within 30 days of the invoice.\n\nHardware remains our property \
    until it is paid for in full. We warrant our work for 90 days; the manufacturer's warranty applies to hardware.\n\nThe \
    care plan runs for twelve months and renews by the month after that, with 30 days' notice on either side.";

fn base(number: &str, items: Vec<Item>) -> Quote {
    Quote {
        number: text(number),
        issued: NaiveDate::from_ymd_opt(2026, 11, 23),
        valid_until: NaiveDate::from_ymd_opt(2026, 12, 23),
        currency: "USD".to_owned(),
        seller: Party {
            name: "Oz Managed Services".to_owned(),
            address: lines(&["1 Wizard Plaza, Suite 400", "Topeka, KS 66603"]),
            email: text("sales@oz-msp.example"),
            phone: text("+1 785 555 0100"),
        },
        client: Party {
            name: "Emerald City, Inc.".to_owned(),
            address: lines(&["12 Yellow Brick Road", "Emerald City, KS 67001"]),
            email: text("accounts@emeraldcity.example"),
            phone: None,
        },
        contact: Some(Party {
            name: "Dorothy Gale".to_owned(),
            email: text("dorothy.gale@emeraldcity.example"),
            phone: text("+1 785 555 0142"),
            ..Party::default()
        }),
        items,
        portal_link: text("https://portal.oz-msp.example/quotes/QUO-0042"),
        ..Quote::default()
    }
}

/// Sums up the items as a quote does, with a tax of 7.5 percent.
fn with_totals(quote: Quote) -> Quote {
    let counted = || quote.items.iter().filter(|item| !item.optional || item.selected);
    let subtotal: i64 = counted().filter(|item| item.discount.is_none()).map(|item| item.total).sum();
    let discount_total: i64 = counted().filter(|item| item.discount.is_some()).map(|item| item.total.abs()).sum();
    let tax = (subtotal - discount_total) * 75 / 1_000;
    Quote { subtotal, discount_total, tax, total: subtotal - discount_total + tax, ..quote }
}

fn text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}
