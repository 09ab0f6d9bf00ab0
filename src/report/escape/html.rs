//! Text and attribute values of HTML.

use super::terminal::is_unprintable;

/// The text as HTML, in an element or between the quotes of an attribute. Line breaks and tabs stay; what a reader
/// would not see is made visible.
pub fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            '\r' => {}
            c if is_unprintable(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_an_input_is_neither_an_element_nor_the_end_of_an_attribute() {
        assert_eq!(text("\"><script>'&amp;\u{202e}\0"), "&quot;&gt;&lt;script&gt;&#39;&amp;amp;\\u{202e}\\u{0}");
    }
}
