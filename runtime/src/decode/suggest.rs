//! Did you mean …?

/// The name that is most like the one that was written, if one is.
pub fn suggestion<'n>(written: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    /// Longer texts are no misspelt names, and comparing them is slow.
    const LONGEST: usize = 64;
    if written.len() > LONGEST {
        return None;
    }
    let likeness = |name| strsim::jaro_winkler(&written.to_lowercase(), name);
    let scored = names.map(|name| (likeness(name), name)).filter(|(score, _)| *score > 0.8);
    scored.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, name)| name)
}
