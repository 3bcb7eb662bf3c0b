//! Templates: texts with `{names}` in them.

use super::keys::Notes;
use crate::diagnostic::Code;
use crate::yaml::Node;

/// The names between braces; `None` when the braces do not match, which is noted.
pub fn placeholders<'t>(notes: &mut Notes<'_>, node: &Node, template: &'t str) -> Option<Vec<&'t str>> {
    let mut names = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let name = rest[at..].strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let Some((name, after)) = name.filter(|(name, _)| !name.is_empty() && !name.contains('{')) else {
            let error = notes.error(Code::WrongShape, &node.span, "the braces of the template do not match");
            error.help("a name is written in braces, such as {full_name}; braces stand for nothing else");
            return None;
        };
        names.push(name);
        rest = after;
    }
    Some(names)
}
