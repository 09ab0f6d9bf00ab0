//! Comments of YAML, and the blocks that they stand in. The parser keeps no comments, so they are looked for in the text
//! and held against the places of all values: what is part of a value is no comment.

use std::ops::Range;

use super::inline::{Directive, MARKER, after_marker, leads_to};
use crate::source::{Mapping, Node, NodeKind};

/// The comments for us.
pub(super) fn directives(text: &str, root: &Node) -> Vec<Directive> {
    let mut comments: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.trim_end().len();
        if line.contains(MARKER) {
            let begins = |(at, _): &(usize, &str)| line[..*at].chars().next_back().is_none_or(char::is_whitespace);
            // The first sign that begins a comment: what precedes it may be values with signs in them.
            let signs: Vec<usize> = line.match_indices('#').filter(begins).map(|(at, _)| start + at).collect();
            comments.extend(signs.into_iter().map(|at| at..end.max(at)));
        }
        start += line.len();
    }
    if comments.is_empty() {
        return Vec::new();
    }
    let mut scalars = Vec::new();
    scalars_of(root, &mut scalars);
    scalars.sort_unstable_by_key(|range| range.start);
    let reach: Vec<usize> = scalars
        .iter()
        .scan(0, |most, range| {
            *most = range.end.max(*most);
            Some(*most)
        })
        .collect();
    let in_value = |at: usize| {
        let before = scalars.partition_point(|range| range.start <= at);
        before.checked_sub(1).and_then(|i| reach.get(i)).is_some_and(|end| at < *end)
    };
    let blocks = Blocks::of(text, root);
    let mut found: Vec<Directive> = Vec::new();
    let mut last_end = 0;
    for comment in comments {
        // A further sign within a comment begins no other.
        if comment.start < last_end || in_value(comment.start) {
            continue;
        }
        last_end = comment.end;
        if let Some((offset, rest)) = text.get(comment.clone()).and_then(after_marker) {
            let block = blocks.of_comment(text, &comment);
            found.push(Directive { at: comment.start + offset, text: rest.to_owned(), block });
        }
    }
    found
}

fn scalars_of(node: &Node, out: &mut Vec<Range<usize>>) {
    match &node.kind {
        NodeKind::Sequence(items) => items.iter().for_each(|item| scalars_of(item, out)),
        NodeKind::Mapping(map) => map.iter().for_each(|entry| {
            out.push(entry.key_span.start as usize..entry.key_span.end as usize);
            scalars_of(&entry.value, out);
        }),
        _ => out.push(node.span.start as usize..node.span.end as usize),
    }
}

/// One past the last byte of a value or of anything in it.
pub(super) fn end_of(node: &Node) -> usize {
    let inner = match &node.kind {
        NodeKind::Sequence(items) => items.last().map(end_of),
        NodeKind::Mapping(map) => map.entries.last().map(|e| end_of(&e.value).max(e.key_span.end as usize)),
        _ => Some(node.span.end as usize),
    };
    inner.unwrap_or(node.span.end as usize)
}

/// The entries of a template's sections, in the order of the text; or the whole file.
struct Blocks {
    entries: Vec<Entry>,
    whole: bool,
}

struct Entry {
    /// From the key to the end of the value.
    range: Range<usize>,
    /// The key's column, in bytes from 0.
    column: usize,
    /// Where the next key begins, of this section or of a section after it.
    next: usize,
}

impl Blocks {
    fn of(text: &str, root: &Node) -> Blocks {
        let Some(map) = root.as_mapping() else { return Blocks { entries: Vec::new(), whole: true } };
        let sections = map.entry("Resources").is_some();
        let resources = |map: &Mapping| map.iter().any(|e| e.value.get("Type").is_some());
        if !sections && !resources(map) {
            return Blocks { entries: Vec::new(), whole: true };
        }
        let mut entries = Vec::new();
        let mut keys: Vec<usize> = Vec::new();
        let mut add = |map: &Mapping, keys: &mut Vec<usize>| {
            for entry in map.iter() {
                let start = entry.key_span.start as usize;
                keys.push(start);
                let end = end_of(&entry.value).max(entry.key_span.end as usize);
                let line = text.get(..start).and_then(|t| t.rfind('\n')).map_or(0, |at| at + 1);
                entries.push(Entry { range: start..end, column: start - line, next: text.len() });
            }
        };
        if sections {
            for section in map.iter() {
                keys.push(section.key_span.start as usize);
                if let Some(inner) = section.value.as_mapping() {
                    add(inner, &mut keys);
                }
            }
        } else {
            add(map, &mut keys);
        }
        keys.sort_unstable();
        entries.sort_unstable_by_key(|e| e.range.start);
        for entry in &mut entries {
            let next = keys.partition_point(|k| *k <= entry.range.start);
            entry.next = keys.get(next).copied().unwrap_or(text.len());
        }
        Blocks { entries, whole: false }
    }

    fn of_comment(&self, text: &str, comment: &Range<usize>) -> Option<Range<usize>> {
        if self.whole {
            return Some(0..text.len());
        }
        let after = self.entries.partition_point(|e| e.range.start <= comment.start);
        let line = text.get(..comment.start)?.rfind('\n').map_or(0, |at| at + 1);
        let alone = text.get(line..comment.start)?.trim().is_empty();
        let column = comment.start - line;
        let around = after
            .checked_sub(1)
            .and_then(|i| self.entries.get(i))
            .filter(|e| comment.start < e.range.end || (comment.start < e.next && (!alone || column > e.column)));
        let below = || self.entries.get(after).filter(|e| alone && leads_to(text, comment.end, e.range.start));
        Some(around.or_else(below)?.range.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Limits, Sources, yaml};

    fn found(text: &str) -> Vec<(String, Option<String>)> {
        let source = Sources::new().add("t", text);
        let root = yaml::read(source, text, &Limits::default()).unwrap();
        let name = |block: Range<usize>| text[block].split(':').next().unwrap().to_owned();
        directives(text, &root).into_iter().map(|d| (d.text.trim().to_owned(), d.block.map(name))).collect()
    }

    #[test]
    fn comments_belong_to_the_resource_around_or_below_them() {
        let text = r##"# iam-preflight: ignore[FILE]
Parameters:
  # iam-preflight: ignore[NAME] above
  Name:
    Type: String # iam-preflight: ignore[TYPE] beside

Resources:
  A:
    Type: X
    P: "v # iam-preflight: ignore[QUOTED]" # iam-preflight: ignore[A] x
    Text: |
      # iam-preflight: ignore[LITERAL]
    # iam-preflight: ignore[END]
  # iam-preflight: ignore[B] above
  B: # iam-preflight: ignore[KEY]
    Type: Y
    # a note # iam-preflight: ignore[SECOND]
    L:
      - 1
      # iam-preflight: ignore[LIST]

  # iam-preflight: ignore[LOST]

  C: {Type: Z, # iam-preflight: ignore[FLOW]
    D: 1}
# iam-preflight: ignore[OUTPUTS]
Outputs: {}
"##;
        let expected = [
            ("ignore[FILE]", None),
            ("ignore[NAME] above", Some("Name")),
            ("ignore[TYPE] beside", Some("Name")),
            ("ignore[A] x", Some("A")),
            ("ignore[END]", Some("A")),
            ("ignore[B] above", Some("B")),
            ("ignore[KEY]", Some("B")),
            ("ignore[SECOND]", Some("B")),
            ("ignore[LIST]", Some("B")),
            ("ignore[LOST]", None),
            ("ignore[FLOW]", Some("C")),
            ("ignore[OUTPUTS]", None),
        ];
        let expected: Vec<(String, Option<String>)> =
            expected.map(|(text, block)| (text.to_owned(), block.map(str::to_owned))).into();
        assert_eq!(found(text), expected);
    }

    #[test]
    fn in_a_bare_policy_document_a_comment_holds_for_the_file() {
        let found = found("Version: 2012-10-17\n# iam-preflight: ignore[X]\nStatement: []\n");
        assert_eq!(found, [("ignore[X]".to_owned(), Some("Version".to_owned()))]);
    }

    #[test]
    fn of_a_snippet_of_resources_each_is_a_block() {
        let found = found("A:\n  Type: X\nB:\n  # iam-preflight: ignore[X]\n  Type: Y\n");
        assert_eq!(found, [("ignore[X]".to_owned(), Some("B".to_owned()))]);
    }
}
