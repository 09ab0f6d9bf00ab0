//! What keeps a finding from counting: `--ignore-finding` and the configuration's list of it, with reasons and
//! expiry, and the baseline of findings that were there before.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Finding;

/// Findings to leave out of account: by issue code, by resource, or by both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoreRule {
    /// `CODE`, `RESOURCE` or `RESOURCE.CODE`; case is ignored.
    pub pattern: String,
    /// Why.
    pub reason: Option<String>,
    /// The last day on which it holds, `YYYY-MM-DD`.
    pub expires: Option<String>,
}

/// Why a finding does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Suppression {
    /// By what.
    pub by: SuppressedBy,
    /// The rule that names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The reason that the rule gives.
    pub reason: Option<String>,
}

/// What can suppress a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuppressedBy {
    /// `--ignore-finding` or the configuration.
    IgnoreFinding,
    /// The baseline.
    Baseline,
}

impl IgnoreRule {
    /// A rule without reason or expiry.
    pub fn new(pattern: impl Into<String>) -> IgnoreRule {
        IgnoreRule { pattern: pattern.into(), reason: None, expires: None }
    }

    /// True if the rule names this finding.
    pub fn matches(&self, finding: &Finding) -> bool {
        let pattern = self.pattern.as_str();
        if pattern.eq_ignore_ascii_case(finding.code) {
            return true;
        }
        let Some(resource) = finding.resource.as_ref().map(|r| r.id.as_str()) else { return false };
        if pattern.eq_ignore_ascii_case(resource) {
            return true;
        }
        // Resource addresses hold dots: the code is what follows the last one.
        pattern.rsplit_once('.').is_some_and(|(named, code)| {
            code.eq_ignore_ascii_case(finding.code) && named.eq_ignore_ascii_case(resource)
        })
    }

    /// True if the rule no longer holds on `today` (`YYYY-MM-DD`).
    pub fn is_expired(&self, today: &str) -> bool {
        self.expires.as_deref().is_some_and(|last| last < today)
    }

    /// The rules of a comma-separated list. Commas within quotes or brackets, as Terraform addresses have them,
    /// separate nothing.
    pub fn list(text: &str) -> Vec<IgnoreRule> {
        let mut rules = Vec::new();
        let (mut start, mut depth, mut quoted) = (0, 0usize, false);
        for (i, c) in text.char_indices() {
            match c {
                '"' => quoted = !quoted,
                '[' if !quoted => depth += 1,
                ']' if !quoted => depth = depth.saturating_sub(1),
                ',' if !quoted && depth == 0 => {
                    rules.push(&text[start..i]);
                    start = i + 1;
                }
                _ => {}
            }
        }
        rules.push(&text[start..]);
        rules.into_iter().map(str::trim).filter(|r| !r.is_empty()).map(IgnoreRule::new).collect()
    }
}

/// Fingerprints of findings that were there before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Baseline {
    /// The format's version, `1`.
    pub baseline_version: String,
    /// The findings, sorted by fingerprint: one line each, so that version control merges them.
    pub findings: Vec<BaselineEntry>,
}

/// One finding of a baseline.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BaselineEntry {
    /// What tells the finding.
    pub fingerprint: String,
    /// For people: its issue code.
    pub code: String,
    /// For people: the resource.
    pub resource: Option<String>,
}

impl Baseline {
    /// The baseline of these findings.
    pub fn of(entries: impl IntoIterator<Item = BaselineEntry>) -> Baseline {
        let entries: BTreeSet<BaselineEntry> = entries.into_iter().collect();
        Baseline { baseline_version: "1".to_owned(), findings: entries.into_iter().collect() }
    }

    /// Reads a baseline file.
    ///
    /// # Errors
    ///
    /// When the text is not a baseline of a known version.
    pub fn read(text: &str) -> Result<Baseline, String> {
        let baseline: Baseline = serde_json::from_str(text).map_err(|e| format!("not a baseline file: {e}"))?;
        match baseline.baseline_version.as_str() {
            "1" => Ok(baseline),
            other => Err(format!("baseline version `{}` is not known; this version reads `1`", other.escape_debug())),
        }
    }

    /// The file's text: a finding a line.
    pub fn to_text(&self) -> String {
        let lines: Vec<String> = self
            .findings
            .iter()
            .map(|entry| format!("    {}", serde_json::to_string(entry).unwrap_or_default()))
            .collect();
        let body = if lines.is_empty() { String::new() } else { format!("\n{}\n  ", lines.join(",\n")) };
        format!("{{\n  \"baselineVersion\": \"1\",\n  \"findings\": [{body}]\n}}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_within_a_terraform_address_separate_nothing() {
        let patterns: Vec<_> = IgnoreRule::list(r#"A, module.m["x,y"].aws_iam_policy.p.CODE ,,B"#)
            .into_iter()
            .map(|r| r.pattern)
            .collect();
        assert_eq!(patterns, ["A", r#"module.m["x,y"].aws_iam_policy.p.CODE"#, "B"]);
    }

    #[test]
    fn a_baseline_reads_what_it_wrote() {
        let entry = |f: &str| BaselineEntry { fingerprint: f.into(), code: "C".into(), resource: None };
        for baseline in [Baseline::of([]), Baseline::of([entry("b"), entry("a"), entry("b")])] {
            assert_eq!(Baseline::read(&baseline.to_text()), Ok(baseline));
        }
        assert!(Baseline::read(r#"{"baselineVersion": "9", "findings": []}"#).is_err());
    }

    #[test]
    fn a_rule_is_expired_from_the_day_after_its_last() {
        let rule = IgnoreRule { expires: Some("2026-11-23".into()), ..IgnoreRule::new("X") };
        assert!(!rule.is_expired("2026-11-23"));
        assert!(rule.is_expired("2026-11-24"));
    }
}
