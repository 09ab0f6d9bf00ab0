//! Labels of Mermaid diagrams: between quotes, and nothing in them is a quote, a directive (`%%{…}%%`), Markdown or HTML.
//!
//! Source: Mermaid's documentation, "Flowcharts", "Entity codes to escape characters".

use super::terminal;

/// The text as a label, to be put between quotes.
pub fn label(text: &str) -> String {
    let line = terminal::line(text);
    let mut out = String::with_capacity(line.len() + 16);
    for c in line.chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | '.' | '_' | ',' | '/' | ':' | '+') {
            out.push(c);
        } else {
            out.push_str(&format!("#{};", u32::from(c)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_label_ends_it_or_is_obeyed() {
        assert_eq!(label("s3:Get*"), "s3:Get#42;");
        let hostile = label("\"]; click a \"javascript:x\" %%{init: {}}%% `**b**` <img> #quot; -->\n  end\u{202e}");
        assert!(!hostile.contains(['"', '`', '<', '>', '%', '{', '\n', '[', ']', '-', '*', '(']), "{hostile}");
    }
}
