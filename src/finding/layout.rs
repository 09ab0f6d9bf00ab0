//! How objects and lists are written in a source: in JSON, in YAML's block and flow forms, and in HCL. It tells which
//! bytes hold an entry of a list with its comma or its line, and where a further key would stand.
//!
//! Nothing is guessed: what is not written out as expected (a list that an intrinsic function computed, an entry that
//! is not the plain value, a list of another key) gives `None`. Comments are never part of what goes.

use std::ops::Range;

/// The text of a file, read as one of two languages: HCL, or YAML with JSON in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout<'t> {
    pub text: &'t str,
    pub is_hcl: bool,
}

/// An entry of a list: where it stands, and its value.
pub(super) type Entry<'v> = (Range<usize>, &'v str);

impl<'t> Layout<'t> {
    /// The layout of a file, its language told by its name.
    pub fn new(name: &str, text: &'t str) -> Layout<'t> {
        Layout { text, is_hcl: name.ends_with(".tf") || name.ends_with(".tofu") }
    }

    /// The bytes within `place` that spell the value, quotes left out, if it is written there literally.
    pub fn literal(self, place: Range<usize>, value: &str) -> Option<Range<usize>> {
        let written = self.text.get(place.clone())?;
        let quoted = |q: char| written.len() > 1 && written.starts_with(q) && written.ends_with(q);
        let inner = if quoted('"') || quoted('\'') { place.start + 1..place.end - 1 } else { place };
        (self.text.get(inner.clone())? == value).then_some(inner)
    }

    /// What to delete for `removed` to be gone from the list that is the value of the key at `key`. The entries of
    /// `kept` must be written out in the same list.
    pub fn without(
        self,
        key: Range<usize>,
        list: Range<usize>,
        removed: &[Entry<'_>],
        kept: &[Entry<'_>],
    ) -> Option<Vec<Range<usize>>> {
        let literal = |entry: &Entry<'_>| self.literal(entry.0.clone(), entry.1).is_some();
        if removed.is_empty() || !removed.iter().chain(kept).all(literal) || !self.is_value_of(key, list.start) {
            return None;
        }
        match self.text.as_bytes().get(list.start)? {
            b'[' => self.without_flow(list, removed, kept),
            b'-' if !self.is_hcl => self.without_block(list, removed, kept),
            _ => None,
        }
    }

    /// True if between the key and its value stands nothing but the sign that binds them, white space and comments.
    pub(super) fn is_value_of(self, key: Range<usize>, value: usize) -> bool {
        let sign = self.blank_end(key.end, false);
        let bytes = self.text.as_bytes();
        let is_sign = matches!(bytes.get(sign), Some(b':')) || self.is_hcl && bytes.get(sign) == Some(&b'=');
        is_sign && self.blank_end(sign + 1, true) == value
    }

    /// The first byte from `at` on that is neither white space nor, if they may stand there, in a comment.
    pub(super) fn blank_end(self, mut at: usize, comments: bool) -> usize {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(at) {
                Some(b' ' | b'\t' | b'\r' | b'\n') => at += 1,
                Some(_) if comments => match self.comment_end(at) {
                    Some(end) => at = end,
                    None => return at,
                },
                _ => return at,
            }
        }
    }

    /// The end of the comment that begins at `at`, before its line break, if one does.
    pub(super) fn comment_end(self, at: usize) -> Option<usize> {
        let rest = self.text.get(at..)?;
        let line = || at + rest.find(['\n', '\r']).unwrap_or(rest.len());
        if rest.starts_with('#') {
            let before = self.text.get(..at)?.chars().next_back();
            let is_comment = self.is_hcl || before.is_none_or(|c| c.is_whitespace() || "[{,".contains(c));
            return is_comment.then(line);
        }
        if self.is_hcl && rest.starts_with("//") {
            return Some(line());
        }
        (self.is_hcl && rest.starts_with("/*")).then(|| at + rest.find("*/").map_or(rest.len(), |end| end + 2))
    }

    pub(super) fn line_start(self, at: usize) -> usize {
        self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |i| i + 1)
    }

    /// The start of the next line; the end of the text if there is none.
    pub(super) fn line_end(self, at: usize) -> usize {
        self.text.get(at..).and_then(|rest| rest.find('\n')).map_or(self.text.len(), |i| at + i + 1)
    }

    /// True if between `from` and `to` there is white space alone.
    fn is_blank(self, from: usize, to: usize) -> bool {
        self.text.get(from..to).is_some_and(|s| s.trim().is_empty())
    }

    /// Deletes `from..to`, which is all of its line but for white space and a comment behind it: the line goes, or, for
    /// the comment's sake, what stands before it.
    fn line_of(self, from: usize, to: usize) -> Option<Range<usize>> {
        let start = self.line_start(from);
        let end = self.line_end(to);
        if !self.is_blank(start, from) {
            return None;
        }
        if !self.is_blank(to, end) {
            let after = to + self.text.get(to..)?.find(|c: char| c != ' ' && c != '\t')?;
            return self.comment_end(after).filter(|c| self.is_blank(*c, end)).map(|_| from..after);
        }
        let ends_text = !self.text.get(start..end)?.ends_with('\n') && start > 0;
        Some(if ends_text { start - 1..end } else { start..end })
    }

    pub(super) fn without_block(
        self,
        list: Range<usize>,
        removed: &[Entry<'_>],
        kept: &[Entry<'_>],
    ) -> Option<Vec<Range<usize>>> {
        let column = list.start - self.line_start(list.start);
        // The dash before an entry, if the entry is one of this list: its column is the list's. It stands on the entry's line, or
        // alone on the one before.
        let dash = |entry: &Range<usize>| {
            let line = self.line_start(entry.start);
            let before = self.line_start(line.saturating_sub(1));
            let is_dash = |dash: &usize| {
                list.start <= *dash
                    && entry.end <= list.end
                    && *dash < entry.start
                    && self.is_blank(self.line_start(*dash), *dash)
                    && self.text.as_bytes().get(*dash) == Some(&b'-')
                    && self.is_blank(dash + 1, entry.start)
            };
            [line + column, before + column].into_iter().find(is_dash)
        };
        if !kept.iter().all(|(place, _)| dash(place).is_some()) {
            return None;
        }
        removed.iter().map(|(place, _)| self.line_of(dash(place)?, place.end)).collect()
    }

    pub(super) fn without_flow(
        self,
        list: Range<usize>,
        removed: &[Entry<'_>],
        kept: &[Entry<'_>],
    ) -> Option<Vec<Range<usize>>> {
        let entries = self.flow_entries(list.clone())?;
        let position = |entry: &Entry<'_>| entries.iter().position(|e| *e == entry.0);
        kept.iter().map(position).collect::<Option<Vec<_>>>()?;
        let mut gone: Vec<usize> = removed.iter().map(position).collect::<Option<_>>()?;
        gone.sort_unstable();
        let last_kept = (0..entries.len()).rev().find(|i| !gone.contains(i))?;
        // The comma behind an entry, and the end of what goes with the entry.
        let comma = |i: usize| {
            let at = self.blank_end(entries.get(i)?.end, true);
            (self.text.as_bytes().get(at) == Some(&b',')).then_some(at)
        };
        let with_comma = |i: usize| Some(comma(i).map_or(entries.get(i)?.end, |at| at + 1));
        let lines: Option<Vec<Range<usize>>> =
            gone.iter().map(|i| self.line_of(entries.get(*i)?.start, with_comma(*i)?)).collect();
        let ends_with_comma = comma(entries.len() - 1).is_some();
        if let Some(mut lines) = lines {
            // Where no comma stands behind the last entry, none stands behind the one that is last now.
            if last_kept + 1 < entries.len() && !ends_with_comma {
                let at = comma(last_kept)?;
                lines.push(at..at + 1);
            }
            return Some(lines);
        }
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for i in gone.iter().copied().filter(|i| *i < last_kept) {
            ranges.push(entries.get(i)?.start..entries.get(i + 1)?.start);
        }
        if last_kept + 1 < entries.len() {
            ranges.push(entries.get(last_kept)?.end..entries.last()?.end);
        }
        ranges.iter().all(|r| !self.has_comment(r.clone(), &entries)).then_some(ranges)
    }

    /// True if a comment begins within the range, outside of the entries.
    fn has_comment(self, range: Range<usize>, entries: &[Range<usize>]) -> bool {
        let mut outside = range.filter(|at| !entries.iter().any(|e| e.contains(at)));
        outside.any(|at| self.text.is_char_boundary(at) && self.comment_end(at).is_some())
    }

    /// The entries of a list in brackets.
    fn flow_entries(self, list: Range<usize>) -> Option<Vec<Range<usize>>> {
        let bytes = self.text.as_bytes();
        let last = list.end.checked_sub(1)?;
        if bytes.get(last) != Some(&b']') || last <= list.start {
            return None;
        }
        let (mut entries, mut current, mut depth): (Vec<Range<usize>>, Option<Range<usize>>, usize) =
            (Vec::new(), None, 0);
        // Quotes open a string only where a value can begin.
        let mut value_begins = true;
        let mut at = list.start + 1;
        while at < last {
            let byte = *bytes.get(at)?;
            if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                at += 1;
                continue;
            }
            if let Some(end) = self.comment_end(at) {
                at = end;
                continue;
            }
            if byte == b',' && depth == 0 {
                entries.push(current.take()?);
                (value_begins, at) = (true, at + 1);
                continue;
            }
            let start = at;
            match byte {
                b'"' if value_begins || self.is_hcl => at = self.string_end(at)?,
                b'\'' if value_begins && !self.is_hcl => at = self.single_quoted_end(at)?,
                b'[' | b'{' => (depth, at) = (depth + 1, at + 1),
                b'(' if self.is_hcl => (depth, at) = (depth + 1, at + 1),
                b']' | b'}' => (depth, at) = (depth.checked_sub(1)?, at + 1),
                b')' if self.is_hcl => (depth, at) = (depth.checked_sub(1)?, at + 1),
                b'<' if self.is_hcl && bytes.get(at + 1) == Some(&b'<') => return None,
                _ => at += 1,
            }
            value_begins = matches!(byte, b'[' | b'{' | b'(' | b',' | b':' | b'=');
            current = Some(current.map_or(start, |c| c.start)..at);
        }
        if depth > 0 {
            return None;
        }
        entries.extend(current);
        (!entries.is_empty()).then_some(entries)
    }

    /// The end of a string in double quotes; in HCL it may hold `${…}` with strings of its own.
    pub(super) fn string_end(self, open: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let (mut at, mut braces) = (open + 1, 0usize);
        loop {
            match *bytes.get(at)? {
                b'\\' => at += 1,
                b'"' if braces == 0 => return Some(at + 1),
                // A string within an expression within the string: few are deeper, and they are left alone.
                b'"' => return None,
                b'$' | b'%' if self.is_hcl && bytes.get(at + 1) == Some(&b'{') => {
                    (braces, at) = (braces + 1, at + 1);
                }
                b'{' if braces > 0 => braces += 1,
                b'}' if braces > 0 => braces -= 1,
                _ => {}
            }
            at += 1;
        }
    }

    fn single_quoted_end(self, open: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let mut at = open + 1;
        loop {
            match (*bytes.get(at)?, bytes.get(at + 1)) {
                (b'\'', Some(b'\'')) => at += 2,
                (b'\'', _) => return Some(at + 1),
                _ => at += 1,
            }
        }
    }

    /// Where a key with a string value goes to be the first of an object, and what to write there. `first` is the
    /// place of the key that is first now.
    pub fn first_key(self, object: Range<usize>, first: Entry<'_>, key: &str, value: &str) -> Option<(usize, String)> {
        let (first, name) = first;
        self.literal(first.clone(), name)?;
        let quote = match self.text.as_bytes().get(first.start)? {
            b'"' => "\"",
            b'\'' => "'",
            _ => "",
        };
        let line = self.line_start(first.start);
        let before = self.text.get(line..first.start)?;
        let line_break = if self.text.get(..line)?.ends_with("\r\n") { "\r\n" } else { "\n" };
        let sign = self.text.as_bytes().get(self.blank_end(first.end, false))?;
        if self.text.as_bytes().get(object.start) != Some(&b'{') {
            // A block of YAML: its keys stand one below the other.
            let is_block = object.start == first.start && *sign == b':' && !self.is_hcl;
            let indent = before.trim_start_matches(' ');
            let begins_line = indent.is_empty() || indent == "- ";
            return (is_block && begins_line).then(|| {
                let spaces = " ".repeat(before.len());
                (first.start, format!("{quote}{key}{quote}: \"{value}\"{line_break}{spaces}"))
            });
        }
        if self.text.as_bytes().get(object.end.checked_sub(1)?) != Some(&b'}')
            || self.blank_end(object.start + 1, true) != first.start
        {
            return None;
        }
        let value_quote = if quote == "'" { '\'' } else { '"' };
        let (binding, comma) = match (sign, self.is_hcl) {
            (b':', _) => (": ", ","),
            (b'=', true) => (" = ", ""),
            _ => return None,
        };
        let has_line = line > object.start;
        if has_line && !before.trim().is_empty() {
            return None;
        }
        let end = if has_line { format!("{comma}{line_break}{before}") } else { ", ".to_owned() };
        Some((first.start, format!("{quote}{key}{quote}{binding}{value_quote}{value}{value_quote}{end}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, part: &str) -> Range<usize> {
        let start = text.find(part).unwrap();
        start..start + part.len()
    }

    /// The text without the entries: `list` is its whole value, entries are given as written.
    fn without(name: &str, text: &str, list: &str, removed: &[&str], kept: &[&str]) -> Option<String> {
        let own = |all: &[&str]| -> Vec<(Range<usize>, String)> {
            all.iter().map(|w| (place(text, w), w.trim_matches(['"', '\'']).to_owned())).collect()
        };
        let (removed, kept) = (own(removed), own(kept));
        let key = if text.contains("\"Action\"") { "\"Action\"" } else { "Action" };
        let removed: Vec<Entry<'_>> = removed.iter().map(|(r, v)| (r.clone(), v.as_str())).collect();
        let kept: Vec<Entry<'_>> = kept.iter().map(|(r, v)| (r.clone(), v.as_str())).collect();
        let ranges = Layout::new(name, text).without(place(text, key), place(text, list), &removed, &kept)?;
        let mut out = text.to_owned();
        let mut ranges = ranges;
        ranges.sort_by_key(|r| r.start);
        for range in ranges.into_iter().rev() {
            out.replace_range(range, "");
        }
        Some(out)
    }

    #[test]
    fn lines_of_a_yaml_list_go_and_comments_stay() {
        let list = "- s3:Get*  # all\n  # one\n  - s3:GetObject # by name\n  - 's3:GetTag'\n  - s3:List*";
        let text = format!("Action:  # what\n  {list}\nEffect: Allow\n");
        let shown = without("t.yaml", &text, list, &["s3:GetObject", "'s3:GetTag'"], &["s3:Get*"]).unwrap();
        assert_eq!(shown, "Action:  # what\n  - s3:Get*  # all\n  # one\n  # by name\n  - s3:List*\nEffect: Allow\n");
        let list = "- a:B\n- a:*";
        let text = format!("Action:\r\n{}", list.replace('\n', "\r\n"));
        let list = list.replace('\n', "\r\n");
        assert_eq!(without("t.yaml", &text, &list, &["a:B"], &["a:*"]).unwrap(), "Action:\r\n- a:*");
    }

    #[test]
    fn the_last_line_of_a_text_goes_with_the_break_before_it() {
        let text = "Action:\n- a:*\n- a:B";
        assert_eq!(without("t.yaml", text, "- a:*\n- a:B", &["a:B"], &["a:*"]).unwrap(), "Action:\n- a:*");
    }

    #[test]
    fn entries_in_brackets_go_with_one_comma() {
        let case =
            |text: &str, list: &str, removed: &[&str], kept: &[&str]| without("t.json", text, list, removed, kept);
        let json = r#"{"Action": ["a:B", "a:*", "a:C","a:D"], "x": 1}"#;
        let list = r#"["a:B", "a:*", "a:C","a:D"]"#;
        let b_c_d = ["\"a:B\"", "\"a:C\"", "\"a:D\""];
        assert_eq!(case(json, list, &b_c_d, &["\"a:*\""]).unwrap(), r#"{"Action": ["a:*"], "x": 1}"#);
        assert_eq!(case(json, list, &b_c_d[..1], &["\"a:*\""]).unwrap(), r#"{"Action": ["a:*", "a:C","a:D"], "x": 1}"#);
        assert_eq!(
            case(json, list, &b_c_d[2..], &["\"a:*\""]).unwrap(),
            r#"{"Action": ["a:B", "a:*", "a:C"], "x": 1}"#
        );
        let yaml = "Action: [a:B, 'a:*', a:C]  # flow\n";
        let shown = case(yaml, "[a:B, 'a:*', a:C]", &["a:C"], &["'a:*'"]).unwrap();
        assert_eq!(shown, "Action: [a:B, 'a:*']  # flow\n");
        let lines = "{\"Action\": [\n  \"a:*\",\n  \"a:B\"\n]}";
        assert_eq!(
            case(lines, "[\n  \"a:*\",\n  \"a:B\"\n]", &["\"a:B\""], &["\"a:*\""]).unwrap(),
            "{\"Action\": [\n  \"a:*\"\n]}"
        );
    }

    #[test]
    fn hcl_lists_keep_their_comments_and_their_last_comma() {
        let list = "[\n  \"a:*\", // all\n  \"a:B\", # one\n  \"${x.y}:z\",\n  \"a:C\",\n]";
        let text = format!("Action = {list}");
        let shown = without("t.tf", &text, list, &["\"a:B\"", "\"a:C\""], &["\"a:*\""]).unwrap();
        assert_eq!(shown, "Action = [\n  \"a:*\", // all\n  # one\n  \"${x.y}:z\",\n]");
    }

    #[test]
    fn what_was_computed_is_left_alone() {
        let of = |text: &str, list: &str, removed: &str, kept: &str| without("t.yaml", text, list, &[removed], &[kept]);
        assert_eq!(of("Action: !If [C, [a:*, a:B], x]", "[a:*, a:B]", "a:B", "a:*"), None);
        assert_eq!(of("Action:\n- !If [C, a:*, x]\n- a:B", "- !If [C, a:*, x]\n- a:B", "a:B", "a:*"), None);
        assert_eq!(of("Action: [!If [C, a:*, x], a:B]", "[!If [C, a:*, x], a:B]", "a:B", "a:*"), None);
        assert_eq!(
            of("Action: [a:*, # all\n  a:B, a:C]", "[a:*, # all\n  a:B, a:C]", "a:B", "a:*").as_deref(),
            Some("Action: [a:*, # all\n  a:C]")
        );
        assert_eq!(of("Action: [a:*, a:B # one\n, a:C]", "[a:*, a:B # one\n, a:C]", "a:B", "a:*"), None);
    }

    fn with_version(name: &str, text: &str, object: &str) -> Option<String> {
        let written = ["\"Statement\"", "'Statement'", "Statement"].into_iter().find(|w| text.contains(w))?;
        let layout = Layout::new(name, text);
        let (at, insert) =
            layout.first_key(place(text, object), (place(text, written), "Statement"), "Version", "2012-10-17")?;
        let mut out = text.to_owned();
        out.insert_str(at, &insert);
        Some(out)
    }

    #[test]
    fn a_first_key_is_written_as_the_one_that_it_goes_before() {
        let case = |text: &str, object: &str| with_version("t", text, object).unwrap();
        assert_eq!(
            case("{\"Statement\": []}", "{\"Statement\": []}"),
            "{\"Version\": \"2012-10-17\", \"Statement\": []}"
        );
        assert_eq!(
            case("{\r\n\t\"Statement\": []\r\n}", "{\r\n\t\"Statement\": []\r\n}"),
            "{\r\n\t\"Version\": \"2012-10-17\",\r\n\t\"Statement\": []\r\n}"
        );
        assert_eq!(
            case("P:\n  # why\n  Statement: []\n", "Statement: []"),
            "P:\n  # why\n  Version: \"2012-10-17\"\n  Statement: []\n"
        );
        assert_eq!(case("- Statement: []\n", "Statement: []"), "- Version: \"2012-10-17\"\n  Statement: []\n");
        assert_eq!(case("P: {'Statement': []}", "{'Statement': []}"), "P: {'Version': '2012-10-17', 'Statement': []}");
    }

    #[test]
    fn a_first_key_in_hcl_needs_no_comma_on_a_line_of_its_own() {
        let case = |text: &str, object: &str| with_version("t.tf", text, object);
        assert_eq!(
            case("p = jsonencode({\n  Statement = []\n})", "{\n  Statement = []\n}").as_deref(),
            Some("p = jsonencode({\n  Version = \"2012-10-17\"\n  Statement = []\n})")
        );
        assert_eq!(
            case("p = { Statement = [] }", "{ Statement = [] }").as_deref(),
            Some("p = { Version = \"2012-10-17\", Statement = [] }")
        );
        assert_eq!(case("p = merge(x, y)", "merge(x, y)"), None);
    }
}
