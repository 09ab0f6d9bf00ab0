//! Whole entries taken out of a source: a key with its value out of a mapping of YAML or JSON, a block out of a file of HCL.
//!
//! What holds for [`Layout`] holds here: what is not written out as expected gives `None`, and comments stay, save those within what
//! goes. The last entry of a mapping stays, too: nothing is left in its place that means something else.

use std::ops::Range;

use super::layout::Layout;

impl Layout<'_> {
    /// What to delete for the key that begins at `key` and its value to be gone.
    pub fn without_key(self, key: usize) -> Option<Range<usize>> {
        let bytes = self.text.as_bytes();
        let is_quoted = bytes.get(key) == Some(&b'"');
        let end = match is_quoted {
            true => self.string_end(key)?,
            false => key + self.text.get(key..self.line_end(key))?.find(':')?,
        };
        let sign = self.blank_end(end, false);
        if self.is_hcl || bytes.get(sign) != Some(&b':') {
            return None;
        }
        if is_quoted { self.without_key_in_braces(key, sign + 1) } else { self.without_key_of_lines(key) }
    }

    /// The entry of an object in braces, with the comma that binds it.
    fn without_key_in_braces(self, key: usize, after_sign: usize) -> Option<Range<usize>> {
        let bytes = self.text.as_bytes();
        let end = self.value_end(self.blank_end(after_sign, false))?;
        let next = self.blank_end(end, false);
        let before = self.text.get(..key)?.trim_end();
        match (bytes.get(next)?, before.ends_with(['{', ','])) {
            (b',', true) => {
                let line = self.line_start(key);
                let begins_line = self.text.get(line..key)?.trim().is_empty();
                let ends_line = self.line_end(next + 1);
                match begins_line && self.text.get(next + 1..ends_line)?.trim().is_empty() {
                    true => Some(line..ends_line),
                    false => Some(key..self.blank_end(next + 1, false)),
                }
            }
            (b'}', true) if before.ends_with(',') => Some(before.len() - 1..end),
            _ => None,
        }
    }

    /// The end of a value in JSON.
    fn value_end(self, start: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        match bytes.get(start)? {
            b'"' => self.string_end(start),
            b'{' | b'[' => self.closed(start, &|_| None),
            _ => None,
        }
    }

    /// The end of what the bracket at `open` opens. `skipped` gives the end of what is passed over whole.
    fn closed(self, open: usize, skipped: &dyn Fn(usize) -> Option<usize>) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let (mut at, mut depth) = (open, 0usize);
        loop {
            if let Some(end) = skipped(at) {
                at = end;
                continue;
            }
            match bytes.get(at)? {
                b'"' => {
                    at = self.string_end(at)?;
                    continue;
                }
                b'{' | b'[' | b'(' => depth += 1,
                b'}' | b']' | b')' => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return Some(at + 1);
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// The entry of a mapping whose keys stand one below the other: its line, and those that are further in.
    fn without_key_of_lines(self, key: usize) -> Option<Range<usize>> {
        let start = self.line_start(key);
        let column = key - start;
        if !self.text.get(start..key)?.bytes().all(|b| b == b' ') {
            return None;
        }
        // A line's indent, and whether it is an entry of a list; none for one without content.
        let shape = |line: &str| {
            let content = line.trim_start_matches(' ');
            let is_empty = content.trim().is_empty() || content.starts_with('#');
            (!is_empty).then(|| (line.len() - content.len(), content.starts_with("- ") || content.trim_end() == "-"))
        };
        let mut end = self.line_end(key);
        let mut at = end;
        let mut has_sibling = false;
        for line in self.text.get(end..)?.split_inclusive('\n') {
            match shape(line) {
                Some((indent, is_item)) if indent > column || indent == column && is_item => end = at + line.len(),
                Some((indent, _)) => {
                    has_sibling = indent == column;
                    break;
                }
                None => {}
            }
            at += line.len();
        }
        for line in self.text.get(..start)?.split_inclusive('\n').rev() {
            match shape(line) {
                Some((indent, is_item)) if indent == column && !is_item => has_sibling = true,
                Some((indent, _)) if indent < column => break,
                _ => {}
            }
        }
        (has_sibling && self.text.get(..end)?.ends_with('\n')).then_some(start..end)
    }

    /// What to delete for the block of HCL whose header begins at `header` to be gone, with the empty line behind it.
    pub fn without_hcl_block(self, header: usize) -> Option<Range<usize>> {
        let start = self.line_start(header);
        let text = self.text.get(header..)?;
        if !self.is_hcl || start != header || !text.starts_with("resource ") {
            return None;
        }
        let open = header + text.find('{')?;
        if self.text.get(header..open)?.contains('\n') {
            return None;
        }
        let end = self.closed(open, &|at| self.comment_end(at).or_else(|| self.heredoc_end(at)))?;
        let line_end = self.line_end(end);
        if !self.text.get(end..line_end)?.trim().is_empty() {
            return None;
        }
        let next = self.line_end(line_end);
        let is_gap = self.text.get(line_end..next)?.trim().is_empty();
        Some(start..if is_gap { next } else { line_end })
    }

    /// The end of the text between `<<NAME` and the line that is the name again.
    fn heredoc_end(self, at: usize) -> Option<usize> {
        let rest = self.text.get(at..)?.strip_prefix("<<")?;
        let rest = rest.strip_prefix('-').unwrap_or(rest);
        let name = rest.get(..rest.find('\n')?)?.trim_end();
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return None;
        }
        let mut end = self.line_end(at);
        for line in self.text.get(end..)?.split_inclusive('\n') {
            if line.trim() == name {
                return Some(end + line.trim_end().len());
            }
            end += line.len();
        }
        None
    }

    /// True if a name is mentioned outside of a range, as a word.
    pub fn is_mentioned(self, name: &str, outside: &Range<usize>) -> bool {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        self.text.match_indices(name).any(|(at, _)| {
            let before = self.text.get(..at).and_then(|t| t.chars().next_back());
            let after = self.text.get(at + name.len()..).and_then(|t| t.chars().next());
            let is_word = !before.is_some_and(is_part) && !after.is_some_and(is_part);
            is_word && !outside.contains(&at)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without_key(name: &str, text: &str, key: &str) -> Option<String> {
        let gone = Layout::new(name, text).without_key(text.find(&format!("{key}:")).unwrap())?;
        Some(format!("{}{}", &text[..gone.start], &text[gone.end..]))
    }

    #[test]
    fn a_key_of_yaml_goes_with_its_value() {
        let text = "A:\n  B:\n    - x\n    # about y\n    - y\n\n  # about C\n  C: 1\n";
        assert_eq!(without_key("t.yaml", text, "B").unwrap(), "A:\n\n  # about C\n  C: 1\n");
        assert_eq!(
            without_key("t.yaml", text, "C").unwrap(),
            "A:\n  B:\n    - x\n    # about y\n    - y\n\n  # about C\n"
        );
        let flush = "A:\n  B:\n  - x\n  - z: |\n      w\n  C: 1\n";
        assert_eq!(without_key("t.yaml", flush, "B").unwrap(), "A:\n  C: 1\n");
        assert_eq!(without_key("t.yaml", "A:\n  B: 1\nC: 2\n", "B"), None, "it is the only one");
        assert_eq!(without_key("t.yaml", "A: {B: 1, C: 2}\n", "B"), None);
    }

    #[test]
    fn a_key_of_json_goes_with_its_value_and_comma() {
        let text = "{\n  \"A\": {\"x\": [1, \"}\"]},\n  \"B\": [2],\n  \"C\": \"3\"\n}\n";
        let gone = |key| without_key("t.json", text, key);
        assert_eq!(gone("\"A\"").unwrap(), "{\n  \"B\": [2],\n  \"C\": \"3\"\n}\n");
        assert_eq!(gone("\"C\"").unwrap(), "{\n  \"A\": {\"x\": [1, \"}\"]},\n  \"B\": [2]\n}\n");
        assert_eq!(gone("\"x\""), None, "it is the only one");
        assert_eq!(without_key("t.json", "{\"A\": [1], \"B\": 2}", "\"A\"").unwrap(), "{\"B\": 2}");
    }

    #[test]
    fn a_block_of_hcl_goes_with_all_that_is_in_it() {
        let text =
            "resource \"a\" \"b\" {\n  x = \"}${f(\"}\")}\" # }\n  y = <<EOF\n }\nEOF\n  z { w = 1 }\n}\n\nlocals {}\n";
        let text = text.replace("}${f(\"}\")}", "}");
        let gone = Layout::new("t.tf", &text).without_hcl_block(0).unwrap();
        assert_eq!(format!("{}{}", &text[..gone.start], &text[gone.end..]), "locals {}\n");
        assert_eq!(Layout::new("t.tf", "resource \"a\" \"b\" {\n").without_hcl_block(0), None);
        let layout = Layout::new("t.tf", "x = a.b.id\ny = a.bc\n");
        assert!(layout.is_mentioned("a.b", &(0..0)) && !layout.is_mentioned("a.b", &(0..10)));
    }
}
