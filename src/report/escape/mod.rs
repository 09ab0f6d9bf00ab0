//! Text that comes from an input (a template, a plan, a file name, a branch) as data in the medium of a report: one
//! function a medium, and every writer uses that of its own. JSON needs none: its writer quotes.
//!
//! - [`terminal`]: a terminal, a log;
//! - [`workflow_command`]: GitHub's workflow commands, and lines that must not be any;
//! - [`markdown`]: GitHub's Markdown, and [`mermaid`]: labels of the diagrams in it;
//! - [`html`], [`xml`];
//! - [`sarif`]: messages and addresses in SARIF.
//!
//! No report is CSV.

pub mod html;
pub mod markdown;
pub mod mermaid;
pub mod sarif;
pub mod terminal;
pub mod workflow_command;
pub mod xml;

/// The text, or its beginning and an ellipsis: at most `limit` characters.
pub fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some(_) => text.chars().take(limit.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// Characters of a name that needs no place to break.
const SHORT: usize = 24;

/// The parts of a name between which a line may break, if it is long: what ends with `:`, `/`, `.` or `,`, several of them taken as
/// one. What is between braces, such as `${AWS::Region}`, stays together.
pub fn parts(name: &str) -> impl Iterator<Item = &str> {
    let mut breaks = vec![0];
    let (mut depth, mut was_end) = (0_usize, false);
    if name.chars().count() > SHORT {
        for (at, c) in name.char_indices() {
            let is_end = depth == 0 && matches!(c, ':' | '/' | '.' | ',');
            if was_end && !is_end {
                breaks.push(at);
            }
            was_end = is_end;
            match c {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
    }
    let ends = breaks.clone().into_iter().skip(1).chain([name.len()]);
    breaks.into_iter().zip(ends).filter_map(|(start, end)| name.get(start..end)).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{cut, parts};

    #[test]
    fn a_name_may_break_behind_its_separators() {
        let of = |name| parts(name).collect::<Vec<_>>();
        assert_eq!(
            of("arn:aws:iam::111122223333:role/é/b.c"),
            ["arn:", "aws:", "iam::", "111122223333:", "role/", "é/", "b.", "c"]
        );
        assert_eq!(of("arn:${AWS::Partition}:sqs:*:*:x"), ["arn:", "${AWS::Partition}:", "sqs:", "*:", "*:", "x"]);
        assert_eq!(of("sts.amazonaws.com"), ["sts.amazonaws.com"]);
        assert_eq!(of(""), [""; 0]);
    }

    #[test]
    fn a_text_that_is_cut_has_no_more_characters_than_the_limit() {
        assert_eq!(cut("häß", 3), "häß");
        assert_eq!(cut("häßlich", 3), "hä…");
        assert_eq!(cut("", 0), "");
    }
}
