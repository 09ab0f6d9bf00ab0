//! Rules that stand in the inputs themselves, beside what they are about:
//!
//! ```yaml
//! Orders:
//!   Type: AWS::SQS::QueuePolicy
//!   # iam-preflight: ignore[PASS_ROLE_WITH_STAR_IN_RESOURCE] until 2027-06-30: the role is made in the next release
//! ```
//!
//! A comment holds for the block of the resource that it stands in, or that it stands directly above. JSON has no
//! comments; there, and wherever one prefers it, CloudFormation's `Metadata` holds the rules.

use std::ops::Range;

use rustc_hash::FxHashSet;

use super::entry::is_date;
use super::rule::{IgnoreRule, Origin, Scope};
use super::{hcl_comments, metadata, yaml_comments};
use crate::model::Deployment;
use crate::source::{Limits, Node, SourceFile, SourceId, Sources, json, yaml};

/// What comments for us begin with.
pub(super) const MARKER: &str = "iam-preflight:";

/// How a comment is written, for help texts.
const FORM: &str = "`# iam-preflight: ignore[CODE] reason`";

/// The rules of the inputs, and what is wrong with them.
#[derive(Clone, Debug, Default)]
pub struct Inline {
    /// The rules, in the order of the files and of the places in them.
    pub rules: Vec<IgnoreRule>,
    /// What could not be understood, each with its place.
    pub notices: Vec<String>,
}

/// A comment for us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Directive {
    /// Where the marker begins.
    pub at: usize,
    /// What follows the marker, on its line.
    pub text: String,
    /// The block that it stands in or above.
    pub block: Option<Range<usize>>,
}

impl Inline {
    fn notice(&mut self, file: &SourceFile, at: usize, message: &str) {
        self.notices.push(format!("{}: {message}", place(file, at)));
    }
}

/// Reads the rules of all files that the deployment was made from.
pub fn collect(deployment: &Deployment, sources: &Sources) -> Inline {
    let mut seen: FxHashSet<SourceId> = FxHashSet::default();
    let resources = deployment.resources.iter().filter_map(|r| r.span);
    let policies = deployment.policies.iter().filter_map(|p| p.span);
    let mut files: Vec<SourceId> = resources.chain(policies).map(|s| s.source).filter(|s| seen.insert(*s)).collect();
    files.sort_unstable();
    let mut inline = Inline::default();
    for id in files {
        let file = sources.get(id);
        if file.text().contains("iam-preflight") {
            read(id, &file, &mut inline);
        }
    }
    inline
}

fn read(id: SourceId, file: &SourceFile, inline: &mut Inline) {
    let (name, text) = (file.name(), file.text());
    if [".tf", ".tofu"].iter().any(|end| name.ends_with(end)) {
        directives(id, file, hcl_comments::directives(text), inline);
        return;
    }
    let limits = Limits { bytes: text.len(), ..Limits::default() };
    if text.trim_start_matches('\u{FEFF}').trim_start().starts_with('{') {
        // A plan may be large, and has no metadata.
        if text.contains("\"Metadata\"")
            && let Ok(root) = json::read(id, text, &limits)
        {
            entries(id, file, &root, inline);
        }
    } else if let Ok(root) = yaml::read(id, text, &limits) {
        // What can't be read here could not be read as an input either, and is an error of the input.
        directives(id, file, yaml_comments::directives(text, &root), inline);
        entries(id, file, &root, inline);
    }
}

fn entries(id: SourceId, file: &SourceFile, root: &Node, inline: &mut Inline) {
    let found = metadata::rules(root);
    for (at, rule, block) in found.rules {
        let scope = Scope::Block(id, block.unwrap_or(0..file.text().len()));
        inline.rules.push(IgnoreRule { scope, place: Some(place(file, at)), ..rule });
    }
    for error in found.errors {
        let help = error.help.map(|help| format!(" ({help})")).unwrap_or_default();
        inline.notice(file, error.span.start as usize, &format!("{}{help}; the entry is passed over", error.message));
    }
}

fn directives(id: SourceId, file: &SourceFile, found: Vec<Directive>, inline: &mut Inline) {
    for directive in found {
        let at = directive.at;
        let Some(block) = directive.block else {
            let message = "the comment stands in no resource's block, nor directly above one, and ignores nothing";
            inline.notice(file, at, message);
            continue;
        };
        match parse(&directive.text) {
            Ok(parsed) => {
                for code in parsed.codes {
                    inline.rules.push(IgnoreRule {
                        codes: vec![code],
                        reason: parsed.reason.clone(),
                        expires: parsed.expires.clone(),
                        place: Some(place(file, at)),
                        scope: Scope::Block(id, block.clone()),
                        ..IgnoreRule::empty(Origin::Comment)
                    });
                }
            }
            Err(why) => inline.notice(file, at, &format!("{why}; a comment that ignores a finding is {FORM}")),
        }
    }
}

/// `file:line:column`.
fn place(file: &SourceFile, at: usize) -> String {
    let position = file.position(at);
    format!("{}:{}:{}", file.name(), position.line, position.column)
}

#[derive(Debug, PartialEq, Eq)]
struct Parsed {
    codes: Vec<String>,
    expires: Option<String>,
    reason: Option<String>,
}

/// `ignore[CODE, …] until YYYY-MM-DD: reason`; the day and the reason may be left out.
fn parse(text: &str) -> Result<Parsed, String> {
    let rest = text.trim().strip_prefix("ignore").ok_or("the comment does not say `ignore`")?.trim_start();
    let (codes, rest) =
        rest.strip_prefix('[').and_then(|r| r.split_once(']')).ok_or("the comment names no codes in brackets")?;
    let codes: Vec<String> = codes.split(',').map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned).collect();
    if codes.is_empty() {
        return Err("the comment names no codes in brackets".to_owned());
    }
    let mut rest = rest.trim_start();
    let mut expires = None;
    if let Some(after) = rest.strip_prefix("until").filter(|after| after.starts_with([' ', '\t'])) {
        let after = after.trim_start();
        let day =
            after.split(|c: char| !c.is_ascii_digit() && c != '-').next().unwrap_or_default().trim_end_matches('-');
        if !is_date(day) {
            return Err("what follows `until` is no day, YYYY-MM-DD".to_owned());
        }
        expires = Some(day.to_owned());
        rest = &after[day.len()..];
    }
    let reason = rest.trim_start_matches([':', '-', '–', '—', ' ', '\t']).trim();
    Ok(Parsed { codes, expires, reason: (!reason.is_empty()).then(|| reason.to_owned()) })
}

/// What follows the marker in the text of a comment: the marker stands first in it, or after a further `#`.
pub(super) fn after_marker(comment: &str) -> Option<(usize, &str)> {
    let lead = |c: char| matches!(c, '#' | '/' | '*') || c.is_whitespace();
    comment.match_indices(MARKER).find_map(|(at, _)| {
        let before = comment.get(..at)?;
        let first = before.chars().all(lead);
        let again = before.trim_end().ends_with('#');
        (first || again).then(|| (at, comment.get(at + MARKER.len()..).unwrap_or_default()))
    })
}

/// True if from the end of a comment nothing but further comments leads to `to`, without an empty line between.
pub(super) fn leads_to(text: &str, from: usize, to: usize) -> bool {
    let Some(between) = text.get(from..to) else { return false };
    let lines: Vec<&str> = between.split('\n').map(str::trim).collect();
    match lines.as_slice() {
        [first, middle @ .., last] => {
            let comment = |line: &&str| ["#", "//", "/*", "*"].iter().any(|c| line.starts_with(c));
            first.is_empty() && last.is_empty() && middle.iter().all(comment)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_names_codes_a_last_day_and_a_reason() {
        let parsed = |codes: &[&str], expires: Option<&str>, reason: Option<&str>| Parsed {
            codes: codes.iter().map(|c| (*c).to_owned()).collect(),
            expires: expires.map(str::to_owned),
            reason: reason.map(str::to_owned),
        };
        assert_eq!(parse(" ignore[A]"), Ok(parsed(&["A"], None, None)));
        assert_eq!(parse("ignore[A, B*] by design"), Ok(parsed(&["A", "B*"], None, Some("by design"))));
        assert_eq!(
            parse("ignore [A] until 2027-01-31: soon gone"),
            Ok(parsed(&["A"], Some("2027-01-31"), Some("soon gone")))
        );
        assert_eq!(parse("ignore[A] until 2027-01-31"), Ok(parsed(&["A"], Some("2027-01-31"), None)));
        assert_eq!(parse("ignore[A] until we know - wait"), Err("what follows `until` is no day, YYYY-MM-DD".into()));
        for wrong in ["", "ignore", "ignore A", "ignore[]", "ignore[ , ]", "skip[A]"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_marker_stands_first_in_a_comment() {
        assert_eq!(after_marker("# iam-preflight: x"), Some((2, " x")));
        assert_eq!(after_marker("# old: y # iam-preflight: x"), Some((11, " x")));
        assert_eq!(after_marker("# write `iam-preflight: x`"), None);
    }
}
