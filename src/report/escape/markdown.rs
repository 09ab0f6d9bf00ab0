//! Text in GitHub's Markdown: what it would show in another way, link, mention or act on stays text.
//!
//! Source: GitHub Flavored Markdown Spec; GitHub's documentation, "Autolinked references and URLs", "Linking a pull
//! request to an issue", "Writing mathematical expressions".

use super::{parts, terminal};

/// Parts what GitHub would read as one: `@name`, `#1`, `GH-1`, addresses. Shown as nothing. Never first: it would begin a
/// block of HTML, in which nothing is escaped.
const PART: &str = "<!-- -->";

/// Text as Markdown text on one line, also in the cell of a table.
///
/// Every ASCII punctuation character is escaped; an empty HTML comment parts what GitHub would link or act on; what a
/// reader would not see is made visible.
pub fn text(text: &str) -> String {
    let line = terminal::line(text);
    let mut out = String::with_capacity(line.len() * 2);
    let mut rest = line.as_str();
    while let Some(c) = rest.chars().next() {
        let word = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        if is_commit(word) {
            for (i, digit) in word.chars().enumerate() {
                if i > 0 && i % COMMIT_PART == 0 {
                    out.push_str(PART);
                }
                out.push(digit);
            }
            rest = &rest[word.len()..];
            continue;
        }
        if !word.is_empty() {
            out.push_str(word);
            rest = &rest[word.len()..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // Outside a table, a backslash before it would be seen.
            '|' => out.push_str("&#124;"),
            '@' | '#' | ':' | '.' | '-' | '$' => {
                // An address may begin here without a scheme.
                if c == '.' && out.len() >= 3 && out.get(out.len() - 3..).is_some_and(|w| w.eq_ignore_ascii_case("www"))
                {
                    out.push_str(PART);
                }
                out.push('\\');
                out.push(c);
                if rest.chars().next().is_some_and(|next| !next.is_whitespace()) {
                    out.push_str(PART);
                }
            }
            // Four of them begin a block of code.
            ' ' if out.is_empty() => out.push_str("&#32;"),
            c if c.is_ascii_punctuation() => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// Digits of a hash that GitHub takes for none.
const COMMIT_PART: usize = 6;

/// GitHub links what can be the hash of a commit.
fn is_commit(word: &str) -> bool {
    (COMMIT_PART + 1..=40).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Text as code on one line that nothing in it can end, also in the cell of a table. Nothing for blank text.
pub fn code(text: &str) -> String {
    let line = terminal::line(text);
    if line.trim().is_empty() {
        return String::new();
    }
    // Within backticks nothing is escaped; what they can't hold, in a table or out of it, is written as HTML.
    let is_plain = !line.contains(['`', '|', '\\']) && !line.contains("##[") && line.trim() == line;
    if is_plain { format!("`{line}`") } else { format!("<code>{}</code>", self::text(&line)) }
}

/// As [`code`], for a name in the cell of a table: a long one may break behind its separators.
pub fn breaking_code(text: &str) -> String {
    let line = terminal::line(text);
    let parts: Vec<String> = parts(&line).map(self::text).collect();
    if parts.len() > 1 { format!("<code>{}</code>", parts.join("<wbr>")) } else { code(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_cannot_mention_link_or_leave_its_cell() {
        let text = text("@team fixes #1 | <img src=x> https://evil.example `x` \u{202E}\n::error:: 0123abcd");
        for part in ["@team", "fixes #1", "<img", "://", "evil.example", "\u{202E}", "\n", "|", "0123abcd"] {
            assert!(!text.contains(part), "{part:?} in {text}");
        }
    }

    #[test]
    fn code_ends_where_it_ends() {
        assert_eq!(code("s3:Get*"), "`s3:Get*`");
        assert_eq!(code("a`b|c"), "<code>a\\`b&#124;c</code>");
        assert_eq!(code(" "), "");
        assert_eq!(breaking_code("s3:Get*"), "`s3:Get*`");
        let arn = breaking_code("arn:aws:iam::111122223333:role/a|b");
        assert_eq!(
            arn.replace(PART, ""),
            "<code>arn\\:<wbr>aws\\:<wbr>iam\\:\\:<wbr>111122223333\\:<wbr>role\\/<wbr>a&#124;b</code>"
        );
    }
}
