//! Links within the repository lead somewhere: to a file that exists, and to a heading of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

#[path = "common/pages.rs"]
mod pages;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pages::repository;

/// The pages that people read, by their paths below the root.
fn all() -> Vec<(PathBuf, String)> {
    let root = repository();
    let single = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| {
        let path = root.join(name);
        let text = fs::read_to_string(&path).unwrap();
        (path, text)
    });
    let folders = ["docs", "generated/docs"].map(|name| pages::pages(&root.join(name)));
    single.into_iter().chain(folders.into_iter().flatten()).collect()
}

/// A page without its fenced blocks.
fn prose(page: &str) -> String {
    let mut fenced = false;
    let kept = page.lines().map(|line| {
        fenced ^= line.starts_with("```");
        if fenced || line.starts_with("```") { "" } else { line }
    });
    kept.map(|line| format!("{line}\n")).collect()
}

/// The targets of links, outside of blocks and code.
fn targets(page: &str) -> Vec<String> {
    let prose = prose(page);
    // Of a text between single backquotes nothing is read.
    let read: String =
        prose.split('`').enumerate().map(|(index, part)| if index % 2 == 0 { part } else { "code" }).collect();
    let mut targets = Vec::new();
    let mut rest = read.as_str();
    while let Some((_, after)) = rest.split_once("](") {
        let (target, next) = after.split_once(')').unwrap();
        targets.push(target.split_whitespace().collect());
        rest = next;
    }
    targets
}

/// The anchors of a page, as code hosts make them from headings.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for heading in prose(page).lines().filter(|line| line.starts_with('#')) {
        let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
        let text: String = heading.trim_start_matches('#').trim().chars().filter(kept).collect();
        let plain = text.to_lowercase().replace(' ', "-");
        let numbered = (1..).map(|number| format!("{plain}-{number}"));
        let free = [plain.clone()].into_iter().chain(numbered).find(|anchor| !anchors.contains(anchor));
        anchors.extend(free);
    }
    anchors
}

#[test]
fn links_lead_somewhere() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (path, page) in all() {
        for target in targets(&page).into_iter().filter(|target| !target.contains("://")) {
            count += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let to = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            let found = to.exists() && (anchor.is_empty() || leads(&to, anchor));
            if !found {
                wrong.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "links that lead nowhere:\n{}", wrong.join("\n"));
    assert!(count > 200, "{count}");
}

fn leads(page: &Path, anchor: &str) -> bool {
    fs::read_to_string(page).is_ok_and(|text| anchors(&text).contains(anchor))
}

/// Headings with code, punctuation and repetitions have the anchors that code hosts give them.
#[test]
fn anchors_are_as_code_hosts_make_them() {
    let page = "# The `rules`, all\n```sh\n# none\n```\n## Again\n## Again\n### When? Never: 10,000\n";
    let all = ["again", "again-1", "the-rules-all", "when-never-10000"].map(str::to_owned);
    assert_eq!(anchors(page), BTreeSet::from(all));
}
