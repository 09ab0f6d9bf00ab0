//! Messages and addresses of SARIF: in a message, `[text](target)` is a link; an address is a URI reference.
//!
//! Source: SARIF 2.1.0, 3.11.6 "Messages with embedded links" and 3.10.1 "URI-valued properties"; RFC 3986.

use super::terminal;

/// The text as a message, its lines kept.
pub fn message(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (i, line) in text.lines().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        for c in terminal::line(line).chars() {
            if matches!(c, '[' | ']' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
    }
    if out.trim().is_empty() { "(no message)".to_owned() } else { out }
}

/// A path as a URI reference: whatever isn't unreserved is percent-encoded, so that no part of a name is taken for a
/// scheme, an authority, a query or a fragment.
pub fn uri(path: &str) -> String {
    let mut out = String::from(if path.starts_with('/') { "file://" } else { "" });
    // Two slashes would begin an authority.
    let path = if path.starts_with("//") { path.trim_start_matches('/') } else { path };
    if out.len() > 1 && !path.starts_with('/') {
        out.push('/');
    }
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            b if b.is_ascii_alphanumeric() => out.push(char::from(b)),
            b => out.push_str(&format!("%{b:02X}")),
        }
    }
    if out.is_empty() { "-".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_a_path_and_nothing_else() {
        assert_eq!(uri("a b/javascript:x?#%.yaml"), "a%20b/javascript%3Ax%3F%23%25.yaml");
        assert_eq!(uri("/tmp/é"), "file:///tmp/%C3%A9");
        assert_eq!(uri("//evil.example/x"), "file:///evil.example/x");
        assert_eq!(uri(""), "-");
    }

    #[test]
    fn text_of_an_input_makes_no_link() {
        assert_eq!(message("[a](b)\u{1b}[0m\nc"), "\\[a\\](b)\\\\u{1b}\\[0m\nc");
        assert_eq!(message(" "), "(no message)");
    }
}
