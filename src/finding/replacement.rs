//! Entries of a list replaced by others, in the form in which the list is written, and elements of any kind removed from one.
//! A single value in the place of a list becomes a list in brackets, which YAML, JSON and HCL all read.
//!
//! What holds for [`Layout`] holds here: what is not written out as expected gives `None`, and comments stay.

use std::ops::Range;

use super::layout::{Entry, Layout};

/// Columns beyond which a list in brackets is written on several lines.
const WIDTH: usize = 100;

/// What to write in the place of a range.
pub(super) type Change = (Range<usize>, String);

impl Layout<'_> {
    /// The changes that put other values in the place of each entry of the list that is the value of the key at `key`; an
    /// entry that keeps its value is replaced by itself alone. At least one value must be left.
    pub fn with_replaced(
        self,
        key: Range<usize>,
        list: Range<usize>,
        entries: &[(Entry<'_>, Vec<String>)],
    ) -> Option<Vec<Change>> {
        if !self.is_value_of(key.clone(), list.start) || entries.iter().all(|(_, values)| values.is_empty()) {
            return None;
        }
        if let [((place, value), values)] = entries
            && *place == list
        {
            return self.in_place_of_one(key, place.clone(), value, values).map(|change| vec![change]);
        }
        let same = |(entry, values): &&(Entry<'_>, Vec<String>)| matches!(values.as_slice(), [one] if one == entry.1);
        let (removed, left): (Vec<_>, Vec<_>) = entries.iter().partition(|(_, values)| values.is_empty());
        let entry =
            |(entry, _): &(Entry<'_>, Vec<String>)| -> (Range<usize>, String) { (entry.0.clone(), entry.1.to_owned()) };
        let owned = |all: &[&(Entry<'_>, Vec<String>)]| all.iter().map(|e| entry(e)).collect::<Vec<_>>();
        let (gone, kept) = (owned(&removed), owned(&left));
        fn view(all: &[(Range<usize>, String)]) -> Vec<Entry<'_>> {
            all.iter().map(|(place, value)| (place.clone(), value.as_str())).collect()
        }
        let mut changes: Vec<Change> = Vec::new();
        if !gone.is_empty() {
            let ranges = self.without(key, list.clone(), &view(&gone), &view(&kept))?;
            changes.extend(ranges.into_iter().map(|range| (range, String::new())));
        }
        let is_block = self.text.as_bytes().get(list.start)? == &b'-';
        for ((place, value), values) in left.into_iter().filter(|e| !same(e)) {
            self.literal(place.clone(), value)?;
            let written: Vec<String> =
                values.iter().map(|v| self.written_like(place.clone(), v)).collect::<Option<_>>()?;
            let before = self.text.get(self.line_start(place.start)..place.start)?;
            let joint = match (is_block, before.trim().is_empty()) {
                (true, _) => format!("\n{}", before.get(..before.rfind('-')? + 2)?),
                (false, true) => format!(",\n{before}"),
                (false, false) if before.len() + written.iter().map(|w| w.len() + 2).sum::<usize>() > WIDTH => {
                    let indent = before.find(|c: char| c != ' ' && c != '\t').and_then(|at| before.get(..at))?;
                    format!(",\n{indent}    ")
                }
                (false, false) => ", ".to_owned(),
            };
            changes.push((place.clone(), written.join(&joint)));
        }
        Some(changes)
    }

    /// One value, or several, for a value that stands in no list.
    fn in_place_of_one(self, key: Range<usize>, place: Range<usize>, value: &str, values: &[String]) -> Option<Change> {
        self.literal(place.clone(), value)?;
        if let [one] = values {
            return Some((place.clone(), self.written_like(place, one)?));
        }
        let quoted: Vec<String> = values.iter().map(|v| quoted(v, '"')).collect::<Option<_>>()?;
        let one_line = format!("[{}]", quoted.join(", "));
        let start = self.line_start(key.start);
        if place.start.saturating_sub(start) + one_line.len() <= WIDTH {
            return Some((place, one_line));
        }
        // Deeper than the key, which stands behind the dash of a list in YAML.
        let before = self.text.get(start..key.start)?;
        let indent: String = before.chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let lines = quoted.iter().map(|value| format!("\n{indent}    {value}")).collect::<Vec<_>>().join(",");
        Some((place, format!("[{lines}\n{indent}  ]")))
    }

    /// A value quoted as the one that stands at `place`.
    fn written_like(self, place: Range<usize>, value: &str) -> Option<String> {
        match self.text.get(place)?.chars().next()? {
            quote @ ('"' | '\'') => quoted(value, quote),
            _ if super::fix::is_plain(value) => Some(value.to_owned()),
            _ => quoted(value, '"'),
        }
    }

    /// What to delete for elements to be gone from the list that is the value of the key at `key`.
    pub fn without_elements(
        self,
        key: Range<usize>,
        list: Range<usize>,
        removed: &[Range<usize>],
        kept: &[Range<usize>],
    ) -> Option<Vec<Range<usize>>> {
        if removed.is_empty() || kept.is_empty() || !self.is_value_of(key, list.start) {
            return None;
        }
        fn entries(places: &[Range<usize>]) -> Vec<Entry<'static>> {
            places.iter().map(|place| (place.clone(), "")).collect()
        }
        match self.text.as_bytes().get(list.start)? {
            b'[' => self.without_flow(list, &entries(removed), &entries(kept)),
            b'-' if !self.is_hcl => self.without_block(list, &entries(removed), &entries(kept)),
            _ => None,
        }
    }
}

/// In quotes, if nothing in the value needs an escape.
fn quoted(value: &str, quote: char) -> Option<String> {
    let fits = !value.contains([quote, '\\', '\n', '$', '%']);
    fits.then(|| format!("{quote}{value}{quote}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, part: &str) -> Range<usize> {
        let start = text.find(part).unwrap();
        start..start + part.len()
    }

    fn replaced(name: &str, text: &str, list: &str, entries: &[(&str, &[&str])]) -> Option<String> {
        let list = place(text, list);
        let within = |part: &str| {
            let at = place(&text[list.clone()], part);
            at.start + list.start..at.end + list.start
        };
        let entries: Vec<(Entry<'_>, Vec<String>)> = entries
            .iter()
            .map(|(written, values)| {
                let value = written.trim_matches(['"', '\'']);
                ((within(written), value), values.iter().map(|v| (*v).to_owned()).collect())
            })
            .collect();
        let key = if text.contains("\"Action\"") { "\"Action\"" } else { "Action" };
        let mut changes = Layout::new(name, text).with_replaced(place(text, key), list.clone(), &entries)?;
        changes.sort_by_key(|(range, _)| range.start);
        let mut out = text.to_owned();
        for (range, with) in changes.into_iter().rev() {
            out.replace_range(range, &with);
        }
        Some(out)
    }

    #[test]
    fn an_entry_becomes_several_in_the_form_of_its_list() {
        let text = "Action:\n  - a:*  # all\n  - 'b:*'\n  - c:D\nEffect: Allow\n";
        let list = "- a:*  # all\n  - 'b:*'\n  - c:D";
        let shown = replaced("t.yaml", text, list, &[("a:*", &["a:B", "a:C"]), ("'b:*'", &["b:X"]), ("c:D", &[])]);
        assert_eq!(shown.unwrap(), "Action:\n  - a:B\n  - a:C  # all\n  - 'b:X'\nEffect: Allow\n");
        let text = r#"{"Action": ["a:*", "c:D"]}"#;
        let shown =
            replaced("t.json", text, r#"["a:*", "c:D"]"#, &[("\"a:*\"", &["a:B", "a:C"]), ("\"c:D\"", &["c:D"])]);
        assert_eq!(shown.unwrap(), r#"{"Action": ["a:B", "a:C", "c:D"]}"#);
        let text = "Action = [\n  \"a:*\", # all\n]\n";
        let shown = replaced("t.tf", text, "[\n  \"a:*\", # all\n]", &[("\"a:*\"", &["a:B", "a:C"])]);
        assert_eq!(shown.unwrap(), "Action = [\n  \"a:B\",\n  \"a:C\", # all\n]\n");
    }

    #[test]
    fn a_value_outside_of_a_list_becomes_one_or_a_list() {
        assert_eq!(
            replaced("t.yaml", "Action: a:*  # all", "a:*", &[("a:*", &["a:B"])]).unwrap(),
            "Action: a:B  # all"
        );
        assert_eq!(
            replaced("t.yaml", "- Action: a:*\n", "a:*", &[("a:*", &["a:B", "a:C"])]).unwrap(),
            "- Action: [\"a:B\", \"a:C\"]\n"
        );
        let long: Vec<String> = (0..20).map(|i| format!("service:Action{i}")).collect();
        let long: Vec<&str> = long.iter().map(String::as_str).collect();
        let shown = replaced("t.yaml", "- Action: a:*\n", "a:*", &[("a:*", &long)]).unwrap();
        assert!(shown.starts_with("- Action: [\n      \"service:Action0\",\n      \"service:Action1\","), "{shown}");
        assert!(shown.ends_with("\"service:Action19\"\n    ]\n"), "{shown}");
    }

    #[test]
    fn what_was_computed_is_left_alone() {
        let text = "Action:\n  - !If [C, a:*, x]\n  - b:C\n";
        let list = "- !If [C, a:*, x]\n  - b:C";
        assert_eq!(replaced("t.yaml", text, list, &[("a:*", &[]), ("b:C", &["b:C"])]), None);
        let sub = Layout::new("t.yaml", "Action: !Sub 'a:*'").with_replaced(
            0..6,
            8..18,
            &[((8..18, "a:*"), vec!["a:B".into()])],
        );
        assert_eq!(sub, None);
    }

    #[test]
    fn statements_leave_a_list_of_statements() {
        let yaml = "Statement:\n  - Effect: Allow\n    Action: a:*\n  # why\n  - Effect: Deny\n    Action: b:*\nX: 1\n";
        let first = place(yaml, "Effect: Allow\n    Action: a:*");
        let second = place(yaml, "Effect: Deny\n    Action: b:*");
        let list = place(yaml, "- Effect: Allow\n    Action: a:*\n  # why\n  - Effect: Deny\n    Action: b:*");
        let gone =
            Layout::new("t.yaml", yaml).without_elements(place(yaml, "Statement"), list, &[first], &[second]).unwrap();
        assert_eq!(gone.iter().map(|r| &yaml[r.clone()]).collect::<Vec<_>>(), ["  - Effect: Allow\n    Action: a:*\n"]);
        let apart =
            "Statement:\n  -\n    Effect: Allow\n    Action: a:*\n  -\n    Effect: Deny\n    Action: b:*\nX: 1\n";
        let first = place(apart, "Effect: Allow\n    Action: a:*");
        let second = place(apart, "Effect: Deny\n    Action: b:*");
        let list = place(apart, "-\n    Effect: Allow\n    Action: a:*\n  -\n    Effect: Deny\n    Action: b:*");
        let key = place(apart, "Statement");
        let gone = Layout::new("t.yaml", apart).without_elements(key, list, &[second], &[first]).unwrap();
        let gone: Vec<&str> = gone.iter().map(|r| &apart[r.clone()]).collect();
        assert_eq!(gone, ["  -\n    Effect: Deny\n    Action: b:*\n"]);
        let json = r#"{"Statement": [{"a": 1}, {"b": [1, 2]}]}"#;
        let (a, b) = (place(json, r#"{"a": 1}"#), place(json, r#"{"b": [1, 2]}"#));
        let list = place(json, r#"[{"a": 1}, {"b": [1, 2]}]"#);
        let gone =
            Layout::new("t.json", json).without_elements(place(json, "\"Statement\""), list, &[b], &[a]).unwrap();
        assert_eq!(gone.iter().map(|r| &json[r.clone()]).collect::<Vec<_>>(), [r#", {"b": [1, 2]}"#]);
    }
}
