//! Fixes: making the edits of findings certain, and applying them to a text.
//!
//! Checks know values, not how they are written. So a fix says which value should stand where, and [`settle`] holds
//! that against the source: only where the value is written out literally the edit stays. What an intrinsic function
//! computed, what holds escapes, and what would need other quotes is left alone.

use std::ops::Range;

use super::layout::Layout;
use super::{Edit, Finding, Intent, ListEntries, ListEntry};
use crate::source::{SourceId, Sources, Span};

/// Makes text of the edits of each fix, and drops fixes that are not certain.
pub fn settle(findings: &mut [Finding], sources: &Sources) {
    for finding in findings {
        let Some(fix) = &mut finding.fix else { continue };
        let settled: Option<Vec<Vec<Edit>>> = fix.edits.iter().map(|e| settle_edit(e, sources)).collect();
        match settled.map(|edits| edits.concat()) {
            Some(edits) if !edits.is_empty() => fix.edits = edits,
            _ => finding.fix = None,
        }
    }
}

/// The same for fixes whose edits are good on their own: those that are not certain are left out.
pub fn settle_each(findings: &mut [Finding], sources: &Sources) {
    for finding in findings {
        let Some(fix) = &mut finding.fix else { continue };
        fix.edits = fix.edits.iter().filter_map(|edit| settle_edit(edit, sources)).flatten().collect();
        if fix.edits.is_empty() {
            finding.fix = None;
        }
    }
}

/// True if the edit can be made as it is meant.
pub fn is_certain(edit: &Edit, sources: &Sources) -> bool {
    settle_edit(edit, sources).is_some()
}

/// The edits of the source that an edit comes down to.
fn settle_edit(edit: &Edit, sources: &Sources) -> Option<Vec<Edit>> {
    let file = sources.get(edit.span.source);
    let layout = Layout::new(file.name(), file.text());
    let settled = |range: Range<usize>, replacement: String| Edit {
        span: Span::new(edit.span.source, range.start, range.end),
        intent: Intent::Source,
        replacement,
    };
    match &edit.intent {
        Intent::Source => Some(vec![edit.clone()]),
        Intent::Value(value) => {
            let place = range(edit.span);
            let inner = layout.literal(place.clone(), value)?;
            let quote = file.text().get(place.start..inner.start)?.chars().next();
            let fits = match quote {
                Some(q) => !edit.replacement.contains([q, '\\', '\n']),
                None => is_plain(&edit.replacement) && is_plain(value),
            };
            fits.then(|| vec![settled(inner, edit.replacement.clone())])
        }
        Intent::RemoveEntries(entries) => {
            let ranges = entries_to_delete(layout, edit.span, entries)?;
            Some(ranges.into_iter().map(|range| settled(range, String::new())).collect())
        }
        Intent::ReplaceEntries { key, entries } => {
            let same_file = |span: &Span| span.source == edit.span.source;
            if !same_file(key) || !entries.iter().all(|(entry, _)| same_file(&entry.span)) {
                return None;
            }
            let entries: Vec<_> =
                entries.iter().map(|(entry, to)| ((range(entry.span), entry.value.as_str()), to.clone())).collect();
            let changes = layout.with_replaced(range(*key), range(edit.span), &entries)?;
            Some(changes.into_iter().map(|(range, replacement)| settled(range, replacement)).collect())
        }
        Intent::RemoveElements { key, removed, kept } => {
            if !std::iter::once(key).chain(removed).chain(kept).all(|span| span.source == edit.span.source) {
                return None;
            }
            let ranges = |spans: &[Span]| spans.iter().map(|span| range(*span)).collect::<Vec<_>>();
            let gone = layout.without_elements(range(*key), range(edit.span), &ranges(removed), &ranges(kept))?;
            Some(gone.into_iter().map(|range| settled(range, String::new())).collect())
        }
        Intent::RemoveWhole { name } => {
            let start = range(edit.span).start;
            let gone = if layout.is_hcl { layout.without_hcl_block(start)? } else { layout.without_key(start)? };
            if let Some(name) = name {
                // A name of Terraform's is known in all files of its folder.
                let files = if layout.is_hcl { sources.all() } else { vec![std::sync::Arc::clone(&file)] };
                let mentioned = files.iter().any(|other| {
                    let own = if other.name() == file.name() { gone.clone() } else { 0..0 };
                    let other = Layout::new(other.name(), other.text());
                    other.is_hcl == layout.is_hcl && other.is_mentioned(name, &own)
                });
                if mentioned {
                    return None;
                }
            }
            Some(vec![settled(gone, String::new())])
        }
        Intent::FirstKey { key, before: (span, name) } => {
            let same_file = span.source == edit.span.source;
            let first = (range(*span), name.as_str());
            let (at, text) = layout.first_key(range(edit.span), first, key, &edit.replacement).filter(|_| same_file)?;
            Some(vec![settled(at..at, text)])
        }
    }
}

fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}

/// What to delete for the redundant entries to be gone: all of them, or those that are written out beside the entry
/// that covers them.
fn entries_to_delete(layout: Layout<'_>, list: Span, entries: &ListEntries) -> Option<Vec<Range<usize>>> {
    let in_file = |e: &ListEntry| e.span.source == list.source;
    let pairs: Vec<&(ListEntry, ListEntry)> = entries
        .redundant
        .iter()
        .filter(|(a, b)| in_file(a) && in_file(b) && entries.key.source == list.source)
        .collect();
    let without = |pairs: &[&(ListEntry, ListEntry)]| {
        fn entry(e: &ListEntry) -> (Range<usize>, &str) {
            (range(e.span), e.value.as_str())
        }
        let (removed, covers): (Vec<_>, Vec<_>) = pairs.iter().map(|(a, b)| (entry(a), entry(b))).unzip();
        layout.without(range(entries.key), range(list), &removed, &covers)
    };
    without(&pairs).or_else(|| {
        let certain: Vec<_> = pairs.into_iter().filter(|pair| without(std::slice::from_ref(pair)).is_some()).collect();
        without(&certain)
    })
}

/// True for text that a YAML plain scalar can hold in any context, and stays a string there.
pub(super) fn is_plain(s: &str) -> bool {
    let first = s.chars().next();
    first.is_some_and(|c| c.is_ascii_alphabetic() || c == '/')
        && !s.ends_with([':', ' '])
        && !s.contains(": ")
        && !s.contains(" #")
        && s.chars().all(|c| !c.is_control() && !"{}[],\"'".contains(c))
        && !["true", "false", "null", "yes", "no", "on", "off"].iter().any(|w| w.eq_ignore_ascii_case(s))
}

/// The text of one file with the edits of the fixes that concern it; edits that overlap one already made are left
/// out, whole fixes at a time. Returns the text and the number of fixes made.
pub fn apply<'f>(text: &str, source: SourceId, findings: impl IntoIterator<Item = &'f Finding>) -> (String, usize) {
    let mut taken: Vec<&Edit> = Vec::new();
    let mut made = 0;
    for fix in findings.into_iter().filter_map(|f| f.fix.as_ref()) {
        let same = |a: &Edit, b: &Edit| a == b;
        let usable = fix.edits.iter().all(|e| {
            let (start, end) = (e.span.start as usize, e.span.end as usize);
            let clash = |t: &&Edit| {
                !same(t, e)
                    && t.span.start < e.span.end.max(e.span.start + 1)
                    && e.span.start < t.span.end.max(t.span.start + 1)
            };
            e.span.source == source
                && e.intent == Intent::Source
                && text.get(start..end).is_some()
                && !taken.iter().any(clash)
        });
        if usable {
            made += 1;
            for e in &fix.edits {
                if !taken.iter().any(|t| same(t, e)) {
                    taken.push(e);
                }
            }
        }
    }
    taken.sort_by_key(|e| (e.span.start, e.span.end));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for e in taken {
        out.push_str(&text[at..e.span.start as usize]);
        out.push_str(&e.replacement);
        at = e.span.end as usize;
    }
    out.push_str(&text[at..]);
    (out, made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{FindingType, Fix, Location};
    use crate::policy::PolicyPath;

    fn finding(span: Span, from: &str, to: &str) -> Finding {
        Finding {
            code: "TEST",
            finding_type: FindingType::Error,
            title: "t".into(),
            message: "m".into(),
            policy: None,
            resource: None,
            when: None,
            locations: smallvec::smallvec![Location::new(PolicyPath::root(), span)],
            fix: Some(Fix {
                description: String::new(),
                edits: vec![Edit { span, intent: Intent::Value(from.into()), replacement: to.into() }],
            }),
            evidence: None,
        }
    }

    fn fixed(text: &str, written: &str, from: &str, to: &str) -> Option<String> {
        let sources = Sources::new();
        let id = sources.add("t", text);
        let start = text.find(written).unwrap();
        let mut findings = [finding(Span::new(id, start, start + written.len()), from, to)];
        settle(&mut findings, &sources);
        findings[0].fix.as_ref()?;
        Some(apply(text, id, &findings).0)
    }

    #[test]
    fn quotes_and_comments_around_a_changed_value_stay() {
        assert_eq!(fixed("a: 'allow' # c", "'allow'", "allow", "Allow").as_deref(), Some("a: 'Allow' # c"));
        assert_eq!(fixed("{\"a\": \"allow\"}", "\"allow\"", "allow", "Allow").as_deref(), Some("{\"a\": \"Allow\"}"));
        assert_eq!(fixed("Effect: allow\n", "allow", "allow", "Allow").as_deref(), Some("Effect: Allow\n"));
    }

    #[test]
    fn what_is_not_written_literally_is_left_alone() {
        assert_eq!(fixed("a: !Ref Effect", "!Ref Effect", "allow", "Allow"), None);
        assert_eq!(fixed("a: \"al\\u006cow\"", "\"al\\u006cow\"", "allow", "Allow"), None);
        assert_eq!(fixed("a: allow", "allow", "allow", "*"), None);
    }

    #[test]
    fn of_two_fixes_that_overlap_the_first_is_made() {
        let sources = Sources::new();
        let id = sources.add("t", "allow");
        let span = Span::new(id, 0, 5);
        let mut findings = [finding(span, "allow", "Allow"), finding(span, "allow", "Deny")];
        settle(&mut findings, &sources);
        assert_eq!(apply("allow", id, &findings), ("Allow".to_owned(), 1));
    }
}
