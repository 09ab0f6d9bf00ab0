//! Text of an input on one line of a terminal, a log or a message: no control codes, no characters that reorder or hide text.
//!
//! Source: Unicode Standard, "Bidirectional Algorithm" (UAX 9) and `Default_Ignorable_Code_Point` (its derived core
//! properties); ECMA-48 for control codes.

/// The text on one line, with what a terminal would obey, or a reader would not see, as `\u{…}`.
pub fn line(text: &str) -> String {
    if !text.chars().any(is_unprintable) {
        return text.to_owned();
    }
    text.chars().fold(String::with_capacity(text.len() + 8), |mut out, c| {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if is_unprintable(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
        out
    })
}

/// Control codes, and the characters by which text can be shown in another order than it is read in (Unicode's
/// bidirectional controls) or not at all.
pub fn is_unprintable(c: char) -> bool {
    match c {
        c if c.is_control() => true,
        // The soft hyphen, fillers, vowel separators.
        '\u{AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' => true,
        '\u{180B}'..='\u{180F}' | '\u{3164}' | '\u{FFA0}' => true,
        // Spaces of no width, directional marks, line separators, embeddings, overrides, isolates, invisible operators.
        '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' => true,
        '\u{FFF0}'..='\u{FFFB}' | '\u{FFFE}' | '\u{FFFF}' => true,
        // Shorthand and musical format controls, tags, and the variation selectors that data can be hidden in.
        '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}' => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_codes_and_reordering_characters_are_made_visible() {
        assert_eq!(line("a\u{1b}[31mb\nc\u{202e}d\u{9b}"), "a\\u{1b}[31mb c\\u{202e}d\\u{9b}");
        assert_eq!(line("häß 😀"), "häß 😀");
    }
}
