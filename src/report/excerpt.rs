//! Source excerpts for the terminal: any part of a file is found by its index of lines, not by reading the file from
//! the start, and very long lines (a plan is often one) are cut to the neighbourhood of what is shown. Characters that
//! a terminal would obey are replaced by as many question marks as they have bytes, so that offsets stay true.

use std::borrow::Cow;
use std::sync::Arc;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::escape::terminal::{is_unprintable, line as escaped};
use crate::source::{SourceFile, Span};

/// Bytes of a line that are shown whole; of a longer one, only the surroundings of the label.
const LINE_LIMIT: usize = 200;
/// Bytes shown before and after the label of a long line.
const MARGIN: usize = 40;
/// Bytes of a long line that a label may cover.
const LABEL_LIMIT: usize = 80;
/// Lines that one label may cover.
const LINES_LIMIT: usize = 4;

/// A file as [`miette`] reads it.
#[derive(Debug)]
pub(super) struct Excerpt {
    file: Arc<SourceFile>,
    /// The text with unprintable characters replaced, where it has any.
    printable: Option<String>,
    name: String,
}

impl Excerpt {
    pub(super) fn new(file: Arc<SourceFile>) -> Excerpt {
        let unprintable = |c: char| is_unprintable(c) && !matches!(c, '\n' | '\r' | '\t');
        let shown = file.shown_text();
        let printable = (matches!(shown, Cow::Owned(_)) || shown.contains(unprintable)).then(|| {
            shown.chars().fold(String::with_capacity(shown.len()), |mut out, c| {
                if unprintable(c) {
                    out.extend(std::iter::repeat_n('?', c.len_utf8()));
                } else {
                    out.push(c);
                }
                out
            })
        });
        drop(shown);
        let name = escaped(file.name());
        Excerpt { file, printable, name }
    }

    fn text(&self) -> &str {
        self.printable.as_deref().unwrap_or(self.file.text())
    }

    /// The bytes to label for a span: at most some lines of it, and never a whole long line.
    pub(super) fn label(&self, span: Span) -> SourceSpan {
        let text = self.text();
        let start = floor(text, span.start as usize);
        let mut end = floor(text, (span.end as usize).max(start));
        let first = self.line_of(start);
        if self.line_of(end) >= first + LINES_LIMIT {
            end = self.line_end(first + LINES_LIMIT - 1).max(start);
        }
        if self.is_long(first) {
            end = end.min(floor(text, start + LABEL_LIMIT)).min(self.line_end(first)).max(start);
        }
        (start, end - start).into()
    }

    /// True if the line of this place is too long to be shown whole: then no other label goes with it.
    pub(super) fn is_on_long_line(&self, span: Span) -> bool {
        self.is_long(self.line_of(floor(self.text(), span.start as usize)))
    }

    fn is_long(&self, line: usize) -> bool {
        self.line_end(line) - self.line_start(line) > LINE_LIMIT
    }

    /// From 0.
    fn line_of(&self, offset: usize) -> usize {
        self.file.line_starts().partition_point(|s| *s as usize <= offset).saturating_sub(1)
    }

    fn line_start(&self, line: usize) -> usize {
        self.file.line_starts().get(line).map_or(self.text().len(), |s| *s as usize)
    }

    /// Without its line break.
    fn line_end(&self, line: usize) -> usize {
        let end = self.line_start(line + 1);
        let written = self.text().get(self.line_start(line)..end).unwrap_or_default();
        self.line_start(line) + written.trim_end_matches(['\n', '\r']).len()
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let text = self.text();
        let start = floor(text, span.offset());
        let end = floor(text, span.offset() + span.len());
        let (first, last) = (self.line_of(start), self.line_of(end));
        let (top, bottom) = (first.saturating_sub(before), last.saturating_add(after).min(self.last_line()));
        let (from, to) = if (first..=last).any(|line| self.is_long(line)) {
            let from = floor(text, start.saturating_sub(MARGIN)).max(self.line_start(first));
            (from, floor(text, end + MARGIN).min(self.line_end(last)).max(end))
        } else {
            // Context is dropped rather than cut.
            let top = if (top..first).any(|line| self.is_long(line)) { first } else { top };
            let bottom = if (last..=bottom).any(|line| self.is_long(line)) { last } else { bottom };
            let from = if before == 0 { start } else { self.line_start(top) };
            (from, self.line_end(bottom).max(end))
        };
        let line = self.line_of(from);
        let column = text.get(self.line_start(line)..from).unwrap_or_default().chars().count();
        let column = if before == 0 { text[self.line_start(first)..start].chars().count() } else { column };
        let data = text.get(from..to).unwrap_or_default();
        let lines = data.bytes().filter(|b| *b == b'\n').count() + 1;
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            data.as_bytes(),
            (from, data.len()).into(),
            if before == 0 { first } else { line },
            column,
            lines,
        )))
    }
}

impl Excerpt {
    fn last_line(&self) -> usize {
        self.file.line_starts().len().saturating_sub(1)
    }
}

/// The nearest character boundary at or before an offset.
fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Text for one line of a terminal.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unprintable) { Cow::Owned(escaped(text)) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    fn excerpt(text: &str) -> (Excerpt, crate::source::SourceId) {
        let sources = Sources::new();
        let id = sources.add("t.yaml", text);
        (Excerpt::new(sources.get(id)), id)
    }

    #[test]
    fn of_a_long_line_only_the_surroundings_are_shown() {
        let text = format!("{}NEEDLE{}\nnext", "x".repeat(5_000), "y".repeat(5_000));
        let (excerpt, id) = excerpt(&text);
        let label = excerpt.label(Span::new(id, 5_000, 5_006));
        let contents = excerpt.read_span(&label, 1, 1).expect("within the file");
        let shown = String::from_utf8_lossy(contents.data()).into_owned();
        assert!(shown.len() < 100 && shown.contains("NEEDLE"), "{shown}");
        assert_eq!((contents.line(), contents.column()), (0, 4_960));
    }

    #[test]
    fn a_label_covers_few_lines() {
        let text = "a:\n  b\n  c\n  d\n  e\n  f\n";
        let (excerpt, id) = excerpt(text);
        let label = excerpt.label(Span::new(id, 0, text.len()));
        assert_eq!(&text[..label.len()], "a:\n  b\n  c\n  d");
    }

    #[test]
    fn what_a_terminal_would_obey_is_replaced_byte_for_byte() {
        let (excerpt, _) = excerpt("a\u{1b}[31m\u{202e}b\tc");
        assert_eq!(excerpt.text(), "a?[31m???b\tc");
    }
}
