//! How counts and texts of inputs stand in messages.

/// Text of an input on one line of a terminal or log: control codes are made visible.
pub fn printable_line(text: &str) -> String {
    crate::source::printable::line(text)
}

/// `1 policy`, `2 policies`.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
