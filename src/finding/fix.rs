//! Fixes: making the edits of findings certain, and applying them to a text.
//!
//! Checks know values, not how they are written. So a fix says which value should stand where, and [`settle`] holds
//! that against the source: only where the value is written out literally the edit stays. What an intrinsic function
//! computed, what holds escapes, and what would need other quotes is left alone.

use super::{Edit, Finding};
use crate::source::{SourceId, Sources, Span};

/// Narrows the edits of each fix to the source text that they change, and drops fixes that are not certain.
pub fn settle(findings: &mut [Finding], sources: &Sources) {
    for finding in findings {
        let Some(fix) = &mut finding.fix else { continue };
        let settled: Option<Vec<Edit>> = fix.edits.iter().map(|e| settle_edit(e, sources)).collect();
        match settled {
            Some(edits) if !edits.is_empty() => fix.edits = edits,
            _ => finding.fix = None,
        }
    }
}

fn settle_edit(edit: &Edit, sources: &Sources) -> Option<Edit> {
    let Some(value) = &edit.replaces else { return Some(edit.clone()) };
    let file = sources.get(edit.span.source);
    let (start, end) = (edit.span.start as usize, edit.span.end as usize);
    let written = file.text().get(start..end)?;
    let (open, quote) = match written.as_bytes().first()? {
        b'"' => (1, Some('"')),
        b'\'' => (1, Some('\'')),
        _ => (0, None),
    };
    let inner = match quote {
        Some(q) => written.get(1..)?.strip_suffix(q)?,
        None => written,
    };
    let fits = match quote {
        Some(q) => !edit.replacement.contains([q, '\\', '\n']),
        None => is_plain(&edit.replacement) && is_plain(value),
    };
    (inner == value && fits).then(|| Edit {
        span: Span::new(edit.span.source, start + open, start + open + inner.len()),
        replaces: None,
        replacement: edit.replacement.clone(),
    })
}

/// True for text that a YAML plain scalar can hold in any context, and stays a string there.
fn is_plain(s: &str) -> bool {
    let first = s.chars().next();
    first.is_some_and(|c| c.is_ascii_alphabetic() || c == '/')
        && !s.ends_with([':', ' '])
        && !s.contains(": ")
        && !s.contains(" #")
        && s.chars().all(|c| !c.is_control() && !"{}[],&*!|>%@`\"'\\".contains(c))
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
                && e.replaces.is_none()
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
                edits: vec![Edit { span, replaces: Some(from.into()), replacement: to.into() }],
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
