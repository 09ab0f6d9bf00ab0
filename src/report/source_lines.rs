//! The lines of a source around a place, for reports that are no terminal: text and what is marked in it. Secrets are
//! not in it, nor is the text of a plan, which is not for reading and may hold what it marks as sensitive.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Report;
use crate::finding::Edit;
use crate::model::InputKind;
use crate::source::{SourceFile, SourceId, Span};

/// Characters of a line; longer ones are cut around what is marked.
const LINE: usize = 200;
/// Characters that are kept before and after what is marked in a longer line.
const MARGIN: usize = 60;
/// Marked lines of one place.
const MARKED: usize = 6;
/// Lines of a change.
const CHANGED: usize = 24;

/// A line, in three parts; what is marked may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SourceLine {
    /// From 1.
    pub number: usize,
    pub before: String,
    pub marked: String,
    pub after: String,
}

/// What a fix changes in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// The file.
    pub file: String,
    /// From 1.
    pub first_line: usize,
    pub before: Vec<String>,
    pub after: Vec<String>,
}

/// The texts of a report's sources, each as it may be shown.
pub(super) struct SourceTexts<'a> {
    report: &'a Report<'a>,
    texts: FxHashMap<SourceId, Option<Shown>>,
}

#[derive(Clone)]
struct Shown {
    file: Arc<SourceFile>,
    /// The text without secrets, where it has any.
    text: Option<Arc<str>>,
}

impl Shown {
    fn text(&self) -> &str {
        self.text.as_deref().unwrap_or(self.file.text())
    }

    /// From 0.
    fn line_of(&self, offset: usize) -> usize {
        self.file.line_starts().partition_point(|s| *s as usize <= offset).saturating_sub(1)
    }

    /// A line's bytes, without its line break.
    fn line(&self, line: usize) -> std::ops::Range<usize> {
        let start_of = |line: usize| self.file.line_starts().get(line).map_or(self.text().len(), |s| *s as usize);
        let (start, end) = (start_of(line), start_of(line + 1));
        let written = self.text().get(start..end).unwrap_or_default();
        start..start + written.trim_end_matches(['\n', '\r']).len()
    }
}

impl<'a> SourceTexts<'a> {
    pub(super) fn of_report(report: &'a Report<'a>) -> SourceTexts<'a> {
        SourceTexts { report, texts: FxHashMap::default() }
    }

    fn shown(&mut self, source: SourceId) -> Option<Shown> {
        let report = self.report;
        let shown = self.texts.entry(source).or_insert_with(|| {
            let file = report.sources.get(source);
            let mut inputs = report.deployment.inputs.iter();
            let is_plan = inputs.any(|i| {
                matches!(i.kind, InputKind::TerraformPlan | InputKind::TerraformState) && i.path == file.name()
            });
            let text = match file.shown_text() {
                std::borrow::Cow::Owned(text) => Some(text.into()),
                std::borrow::Cow::Borrowed(_) => None,
            };
            (!is_plan).then_some(Shown { file, text })
        });
        shown.clone()
    }

    /// The lines of a place and `context` lines before and after; none of a plan.
    pub(super) fn around(&mut self, span: Span, context: usize) -> Vec<SourceLine> {
        let Some(shown) = self.shown(span.source) else { return Vec::new() };
        let length = shown.text().len();
        let start = (span.start as usize).min(length);
        let end = (span.end as usize).clamp(start, length);
        let first = shown.line_of(start);
        // The end of a block is the start of the line after it.
        let last = shown.line_of(end.saturating_sub(usize::from(end > start))).max(first).min(first + MARKED - 1);
        let (top, bottom) = (first.saturating_sub(context), last + context);
        let lines = (top..=bottom).take_while(|line| *line < shown.file.line_starts().len());
        let lines = lines.map(|line| {
            let of = shown.line(line);
            let mark = start.clamp(of.start, of.end)..end.clamp(of.start, of.end);
            let mark = if (first..=last).contains(&line) { mark } else { of.end..of.end };
            let part = |range: std::ops::Range<usize>| shown.text().get(range).unwrap_or_default();
            let (before, marked, after) = (part(of.start..mark.start), part(mark.clone()), part(mark.end..of.end));
            shortened(line + 1, before, marked, after)
        });
        let mut lines: Vec<SourceLine> = lines.collect();
        while lines.last().is_some_and(|l| l.number > last + 1 && l.before.trim().is_empty()) {
            lines.pop();
        }
        lines
    }

    /// The lines that a fix changes, a file an entry; nothing if they are many, or no source is at hand.
    pub(super) fn changes(&mut self, edits: &[Edit]) -> Vec<Change> {
        let mut sources: Vec<SourceId> = edits.iter().map(|e| e.span.source).collect();
        sources.sort_unstable();
        sources.dedup();
        sources.into_iter().filter_map(|source| self.change(source, edits)).collect()
    }

    fn change(&mut self, source: SourceId, edits: &[Edit]) -> Option<Change> {
        let shown = self.shown(source)?;
        let mut edits: Vec<&Edit> = edits.iter().filter(|e| e.span.source == source).collect();
        edits.sort_by_key(|e| (e.span.start, e.span.end));
        let start = edits.first()?.span.start as usize;
        let end = edits.iter().map(|e| e.span.end as usize).max()?.max(start);
        let (first, last) = (shown.line_of(start), shown.line_of(end));
        if last - first >= CHANGED {
            return None;
        }
        let whole = shown.line(first).start..shown.line(last).end.max(end);
        let mut after = String::new();
        let mut at = whole.start;
        for edit in edits {
            after.push_str(shown.text().get(at..edit.span.start as usize)?);
            after.push_str(&edit.replacement);
            at = edit.span.end as usize;
        }
        after.push_str(shown.text().get(at..whole.end)?);
        let before = shown.text().get(whole)?;
        let lines = |text: &str| -> Vec<String> {
            let line = |l: &str| if l.chars().count() > LINE { super::escape::cut(l, LINE) } else { l.to_owned() };
            text.lines().map(line).collect()
        };
        let (mut before, mut after) = (lines(before), lines(&after));
        // What is the same at the beginning and at the end is no change.
        let mut first_line = first + 1;
        while before.len() > 1 && !after.is_empty() && before.first() == after.first() {
            before.remove(0);
            after.remove(0);
            first_line += 1;
        }
        while before.len() > 1 && !after.is_empty() && before.last() == after.last() {
            before.pop();
            after.pop();
        }
        Some(Change { file: shown.file.name().to_owned(), first_line, before, after })
    }
}

fn shortened(number: usize, before: &str, marked: &str, after: &str) -> SourceLine {
    // Counted no further than it matters: what a tool has written may be one line of megabytes.
    if before.chars().chain(marked.chars()).chain(after.chars()).take(LINE + 1).count() <= LINE {
        return SourceLine { number, before: before.to_owned(), marked: marked.to_owned(), after: after.to_owned() };
    }
    let start = before.char_indices().rev().nth(MARGIN - 1).map_or(0, |(i, _)| i);
    let dots = if start > 0 { "…" } else { "" };
    let before = before.get(start..).unwrap_or_default();
    SourceLine {
        number,
        before: format!("{dots}{before}"),
        marked: super::escape::cut(marked, LINE - MARGIN),
        after: super::escape::cut(after, MARGIN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_around_what_is_marked() {
        let line = shortened(1, &"a".repeat(500), "mark", &"é".repeat(500));
        assert_eq!(line.before, format!("…{}", "a".repeat(60)));
        assert_eq!(line.marked, "mark");
        assert_eq!(line.after.chars().count(), 60);
        assert!(line.after.ends_with('…'));
        assert_eq!(shortened(1, "a", "", "b").after, "b");
    }
}
