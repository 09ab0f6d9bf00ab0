//! Text of XML: the characters that a document can't hold are made visible; those that it has another use for are
//! quoted by its writer.
//!
//! Source: XML 1.0, production `Char`.

use super::{cut, terminal};

/// The text on one line, at most `limit` characters long, each of them one that XML allows.
pub fn line(text: &str, limit: usize) -> String {
    cut(&terminal::line(text), limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_is_left_that_xml_does_not_allow() {
        let all: String = (0..=0x10FFFF).filter_map(char::from_u32).collect();
        let allowed = |c: char| matches!(c, '\u{9}' | '\u{A}' | '\u{D}' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
        assert_eq!(line(&all, usize::MAX).chars().find(|c| !allowed(*c)), None);
        assert_eq!(line("a\u{FFFE}b\0c", 100), "a\\u{fffe}b\\u{0}c");
    }
}
