//! Comments of Terraform sources, and the blocks that they stand in. Only what matters for that is told apart: comments,
//! quoted templates, heredocs and braces. So a file with a syntax error elsewhere keeps its comments.

use std::ops::Range;

use super::inline::{Directive, after_marker, leads_to};

/// The comments for us.
pub(super) fn directives(text: &str) -> Vec<Directive> {
    let scan = Scan::of(text);
    let mut found = Vec::new();
    for comment in &scan.comments {
        let mut at = comment.start;
        for line in text.get(comment.clone()).unwrap_or_default().split_inclusive('\n') {
            if let Some((offset, rest)) = after_marker(line) {
                let rest = rest.trim_end().trim_end_matches("*/").trim_end().to_owned();
                found.push(Directive { at: at + offset, text: rest, block: scan.block_of(text, comment) });
            }
            at += line.len();
        }
    }
    found
}

#[derive(Debug, Default)]
struct Scan {
    comments: Vec<Range<usize>>,
    /// The blocks of the file's top level.
    blocks: Vec<Range<usize>>,
}

/// What a closing character ends.
enum Open {
    /// A quoted template.
    Quote,
    /// `${` or `%{`, with the braces that are open in it.
    Interpolation(usize),
}

impl Scan {
    fn of(text: &str) -> Scan {
        let bytes = text.as_bytes();
        let mut scan = Scan::default();
        let mut open: Vec<Open> = Vec::new();
        let (mut depth, mut begin, mut i) = (0usize, None, 0);
        while let Some(&byte) = bytes.get(i) {
            let next = bytes.get(i + 1).copied();
            if let Some(Open::Quote) = open.last() {
                i += match (byte, next) {
                    (b'\\', Some(_)) => 2,
                    (b'$' | b'%', Some(n)) if n == byte && bytes.get(i + 2) == Some(&b'{') => 3,
                    (b'$' | b'%', Some(b'{')) => {
                        open.push(Open::Interpolation(0));
                        2
                    }
                    // A quoted template ends with its line, whatever is missing.
                    (b'"' | b'\n', _) => {
                        open.pop();
                        1
                    }
                    _ => 1,
                };
                continue;
            }
            let comment = match (byte, next) {
                (b'#', _) | (b'/', Some(b'/')) => Some(find(bytes, i, b"\n").unwrap_or(bytes.len())),
                (b'/', Some(b'*')) => Some(find(bytes, i + 2, b"*/").map_or(bytes.len(), |end| end + 2)),
                _ => None,
            };
            if let Some(end) = comment {
                scan.comments.push(i..end);
                i = end;
                continue;
            }
            if begin.is_none() && depth == 0 && !byte.is_ascii_whitespace() {
                begin = Some(i);
            }
            match byte {
                b'"' => open.push(Open::Quote),
                b'<' if next == Some(b'<') => {
                    if let Some(end) = heredoc_end(bytes, i + 2) {
                        i = end;
                        continue;
                    }
                }
                b'{' => match open.last_mut() {
                    Some(Open::Interpolation(braces)) => *braces += 1,
                    _ => depth += 1,
                },
                b'}' => match open.last_mut() {
                    Some(Open::Interpolation(0)) => drop(open.pop()),
                    Some(Open::Interpolation(braces)) => *braces -= 1,
                    _ => {
                        depth = depth.saturating_sub(1);
                        if let Some(start) = begin.filter(|_| depth == 0) {
                            scan.blocks.push(start..i + 1);
                            begin = None;
                        }
                    }
                },
                b'\n' if depth == 0 => begin = None,
                _ => {}
            }
            i += 1;
        }
        scan
    }

    /// The block that holds the comment, that ends on its line, or that it leads to.
    fn block_of(&self, text: &str, comment: &Range<usize>) -> Option<Range<usize>> {
        let after = self.blocks.partition_point(|block| block.start <= comment.start);
        let before = after.checked_sub(1).and_then(|i| self.blocks.get(i));
        let beside = |block: &&Range<usize>| {
            comment.start < block.end || text.get(block.end..comment.start).is_some_and(|t| !t.contains('\n'))
        };
        let above = || self.blocks.get(after).filter(|block| leads_to(text, comment.end, block.start));
        before.filter(beside).or_else(above).cloned()
    }
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(what.len()).position(|w| w == what).map(|at| from + at)
}

/// Where the heredoc ends whose marker begins at `at`; `None` if none begins there.
fn heredoc_end(bytes: &[u8], at: usize) -> Option<usize> {
    let start = at + usize::from(bytes.get(at) == Some(&b'-'));
    let line_end = find(bytes, start, b"\n")?;
    let marker = bytes.get(start..line_end)?.trim_ascii();
    let named = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-') || !b.is_ascii();
    if marker.is_empty() || !marker.iter().all(named) {
        return None;
    }
    let mut line = line_end + 1;
    while line < bytes.len() {
        let end = find(bytes, line, b"\n").unwrap_or(bytes.len());
        if bytes.get(line..end)?.trim_ascii() == marker {
            return Some(end);
        }
        line = end + 1;
    }
    Some(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r##"
# iam-preflight: ignore[ABOVE] reason
# and more about it
resource "aws_iam_policy" "a" {
  name   = "a # iam-preflight: ignore[QUOTED]"
  policy = jsonencode({ x = "${join("}", ["# iam-preflight: ignore[INNER]"])}" }) // iam-preflight: ignore[INSIDE] yes
  text   = <<-EOT
    # iam-preflight: ignore[HEREDOC]
    }
  EOT
  /* iam-preflight: ignore[BLOCK] reason */
}

# iam-preflight: ignore[NOWHERE]

locals { a = "$${" } # iam-preflight: ignore[BESIDE]
"##;

    #[test]
    fn comments_belong_to_the_block_around_or_below_them() {
        let found = directives(SOURCE);
        let of: Vec<(&str, Option<&str>)> = found
            .iter()
            .map(|d| (d.text.trim(), d.block.as_ref().map(|b| SOURCE[b.clone()].split(' ').next().unwrap())))
            .collect();
        assert_eq!(
            of,
            [
                ("ignore[ABOVE] reason", Some("resource")),
                ("ignore[INSIDE] yes", Some("resource")),
                ("ignore[BLOCK] reason", Some("resource")),
                ("ignore[NOWHERE]", None),
                ("ignore[BESIDE]", Some("locals")),
            ]
        );
        assert!(SOURCE[found[0].block.clone().unwrap()].ends_with("*/\n}"));
        assert!(found.iter().all(|d| SOURCE[d.at..].starts_with("iam-preflight:")));
    }

    #[test]
    fn whatever_is_left_open_is_no_fault() {
        for end in 0..SOURCE.len() {
            if let Some(part) = SOURCE.get(..end) {
                directives(part);
            }
        }
        for text in ["<<", "<<-", "<<EOT", "\"${", "/*", "}}}", "\"\\", "a = \"${{{\" # iam-preflight: ignore[X]"] {
            directives(text);
        }
    }
}
