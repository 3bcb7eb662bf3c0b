//! Parts of pages under `docs/` that tests write, between `<!-- NAME -->` and `<!-- end of NAME -->`.

use std::path::{Path, PathBuf};

/// Set: what differs is written instead of refused.
const UPDATE: &str = "UPDATE_DOCS";

/// Compares a part of a page with what it should be; with `UPDATE_DOCS=1` it is written.
///
/// # Errors
///
/// The part is another, and how to update it; or the page cannot be read or written, or has no such part.
pub fn keep(page: &str, name: &str, text: &str) -> Result<(), String> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(page);
    let found = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let wanted = with_part(&found, name, text).ok_or_else(|| format!("docs/{page} has no part {name}"))?;
    if wanted == found {
        return Ok(());
    }
    if std::env::var_os(UPDATE).is_some() {
        return std::fs::write(&path, wanted).map_err(|error| format!("{}: {error}", path.display()));
    }
    Err(format!(
        "docs/{page} is out of date. Run this test with {UPDATE}=1 and commit the page. It should say:\n{text}"
    ))
}

/// The page with another text in the part.
fn with_part(page: &str, name: &str, text: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->\n"));
    let (head, rest) = page.split_once(&begin)?;
    let (_, tail) = rest.split_once(&end)?;
    Some(format!("{head}{begin}\n{}\n\n{end}{tail}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What people wrote around the part stays as it is, and a second time changes nothing.
    #[test]
    fn only_the_part_changes() {
        let page = "before\n<!-- counts -->\nold\n<!-- end of counts -->\nafter\n";
        let once = with_part(page, "counts", "new\n").unwrap();
        assert_eq!(once, "before\n<!-- counts -->\n\nnew\n\n<!-- end of counts -->\nafter\n");
        assert_eq!(with_part(&once, "counts", "new\n").unwrap(), once);
        assert_eq!(with_part(page, "other", "new"), None);
    }
}
