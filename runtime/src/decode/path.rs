//! Where in the input a value is. Kept as a linked list on the stack, and written out only when there is a problem.

use std::fmt::{self, Write as _};

/// Names longer than this many characters, which only unknown fields and keys of maps can be, are cut in pointers and
/// messages.
const LONGEST_NAME: usize = 200;

#[derive(Clone, Copy)]
pub(super) struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    segment: Segment<'a>,
    /// Containers around the value.
    pub(super) depth: u16,
}

#[derive(Clone, Copy)]
pub(super) enum Segment<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    pub(super) const ROOT: Path<'static> = Path { parent: None, segment: Segment::Root, depth: 0 };

    pub(super) fn below(parent: &'a Path<'a>, segment: Segment<'a>) -> Self {
        Self { parent: Some(parent), segment, depth: parent.depth + 1 }
    }

    /// JSON Pointer (RFC 6901).
    pub(super) fn pointer(&self) -> String {
        let mut text = self.parent.map(Path::pointer).unwrap_or_default();
        match self.segment {
            Segment::Root => {}
            Segment::Key(key) => {
                let _ = write!(text, "/{}", Cut(key).to_string().replace('~', "~0").replace('/', "~1"));
            }
            Segment::Index(index) => {
                let _ = write!(text, "/{index}");
            }
        }
        text
    }
}

/// As people write it: `patch.tags[2]`.
impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nested = self.parent.filter(|parent| !matches!(parent.segment, Segment::Root));
        if let Some(parent) = nested {
            parent.fmt(f)?;
        }
        match self.segment {
            Segment::Root => f.write_str("the input"),
            Segment::Key(key) => write!(f, "{}{}", if nested.is_some() { "." } else { "" }, Cut(key)),
            Segment::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// A name of bounded length.
struct Cut<'a>(&'a str);

impl fmt::Display for Cut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(LONGEST_NAME) {
            Some((end, _)) => write!(f, "{}…", &self.0[..end]),
            None => f.write_str(self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_pointer_and_a_name() {
        let patch = Path::below(&Path::ROOT, Segment::Key("patch"));
        let odd = Path::below(&patch, Segment::Key("a/b~c"));
        let item = Path::below(&odd, Segment::Index(2));
        assert_eq!(item.pointer(), "/patch/a~1b~0c/2");
        assert_eq!(item.to_string(), "patch.a/b~c[2]");
        assert_eq!((Path::ROOT.pointer(), Path::ROOT.to_string()), (String::new(), "the input".to_owned()));
    }

    #[test]
    fn a_long_name_is_cut() {
        let long = "é".repeat(300);
        assert_eq!(Path::below(&Path::ROOT, Segment::Key(&long)).to_string().chars().count(), LONGEST_NAME + 1);
    }
}
