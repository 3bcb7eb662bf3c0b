//! Text as people typed it, made ready for the page.

use serde::Serialize;

/// Words longer than this may be broken anywhere, lest they run out of their column.
const LONGEST_WORD: usize = 28;
const ZERO_WIDTH_SPACE: char = '\u{200b}';

/// Lines that belong together, and whether they read from right to left.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub(crate) struct Paragraph {
    pub lines: Vec<String>,
    pub rtl: bool,
}

/// One line: line breaks become blanks.
pub(crate) fn line(text: &str) -> String {
    breakable(clean(text).split_whitespace())
}

/// One line that is kept as it is, for what is not set on the page.
pub(crate) fn plain_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One line, or nothing when it is blank.
pub(crate) fn optional_line(text: Option<&str>) -> Option<String> {
    text.map(line).filter(|line| !line.is_empty())
}

/// Paragraphs, separated by blank lines in the text. None when the text is blank.
pub(crate) fn paragraphs(text: &str) -> Vec<Paragraph> {
    let lines: Vec<String> = clean(text).lines().map(|line| breakable(line.split_whitespace())).collect();
    lines
        .split(String::is_empty)
        .filter(|lines| !lines.is_empty())
        .map(|lines| Paragraph { lines: lines.to_vec(), rtl: lines.iter().any(|line| reads_from_right(line)) })
        .collect()
}

/// Paragraphs of a text that may be absent.
pub(crate) fn optional_paragraphs(text: Option<&str>) -> Vec<Paragraph> {
    text.map(paragraphs).unwrap_or_default()
}

/// A word of a database as a label: `semi_annually` becomes `Semi annually`.
pub(crate) fn label(text: &str) -> String {
    let words = line(text).replace('_', " ").to_lowercase();
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Drops what has no place in print: control characters, and the marks that reorder the text around them, with which
/// an amount could be made to look like another.
fn clean(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .filter_map(|character| match character {
            '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
            '\t' => Some(' '),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => None,
            character if character.is_control() => None,
            character => Some(character),
        })
        .collect()
}

fn breakable<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut line = String::new();
    for word in words {
        if !line.is_empty() {
            line.push(' ');
        }
        // The typesetting engine knows where to break web addresses.
        if word.contains("://") || word.chars().count() <= LONGEST_WORD {
            line.push_str(word);
        } else {
            push_breakable(&mut line, word);
        }
    }
    line
}

/// Lets a long word break after the punctuation of e-mail addresses and paths, and anywhere in what is still too long.
fn push_breakable(line: &mut String, word: &str) {
    let mut unbroken = 0;
    for character in word.chars() {
        if unbroken >= LONGEST_WORD && breaks_only_at_blanks(character) {
            line.push(ZERO_WIDTH_SPACE);
        }
        line.push(character);
        unbroken += 1;
        if matches!(character, '@' | '.' | '/' | '_' | '-') {
            line.push(ZERO_WIDTH_SPACE);
            unbroken = 0;
        }
    }
}

/// Printable ASCII, Latin, Greek, Cyrillic and Armenian; elsewhere lines break between characters or words are joined up.
fn breaks_only_at_blanks(character: char) -> bool {
    matches!(character, '!'..='\u{24f}' | '\u{370}'..='\u{58f}')
}

/// By the first letter, as the Unicode bidirectional algorithm has it.
fn reads_from_right(text: &str) -> bool {
    text.chars().find(|character| character.is_alphabetic()).is_some_and(
        |letter| matches!(letter, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_control_characters_and_folds_blanks() {
        assert_eq!(line(" a\0\u{7}\tb\r\nc\u{202e}d\u{1b}[1m "), "a b cd[1m");
        assert_eq!(optional_line(Some("\u{0} \n")), None);
    }

    #[test]
    fn separates_paragraphs_at_blank_lines() {
        let paragraphs = paragraphs("one\r\ntwo\n\n \n\nשלום, world\n");
        assert_eq!(
            paragraphs,
            [
                Paragraph { lines: vec!["one".to_owned(), "two".to_owned()], rtl: false },
                Paragraph { lines: vec!["שלום, world".to_owned()], rtl: true },
            ]
        );
        assert_eq!(super::paragraphs(" \n\t"), []);
    }

    #[test]
    fn lets_very_long_words_break() {
        let word = "x".repeat(LONGEST_WORD + 2);
        assert_eq!(line(&word).chars().filter(|character| *character == ZERO_WIDTH_SPACE).count(), 2);
        assert_eq!(line("an ordinary sentence"), "an ordinary sentence");
        assert_eq!(
            line("accounts.payable@wolfeschlegel.example").replace(ZERO_WIDTH_SPACE, "|"),
            "accounts.|payable@|wolfeschlegel.|example"
        );
    }

    #[test]
    fn makes_labels() {
        assert_eq!(label("semi_annually"), "Semi annually");
        assert_eq!(label(""), "");
    }
}
