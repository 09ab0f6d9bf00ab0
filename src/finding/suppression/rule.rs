//! A rule that keeps findings from counting: what it names, for how long, and where it was written.

use std::borrow::Cow;
use std::ops::Range;

use super::SuppressedBy;
use crate::finding::Finding;
use crate::policy::glob;
use crate::source::SourceId;

/// Findings to leave out of account. A finding is named by a rule if it meets everything that the rule gives.
/// In all patterns `*` stands for any characters and `?` for one; case is ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoreRule {
    /// `CODE`, `RESOURCE` or `RESOURCE.CODE`.
    pub finding: Option<String>,
    /// Issue codes, or names of the organisation's rules.
    pub codes: Vec<String>,
    /// Logical ids, addresses, or construct paths.
    pub resources: Vec<String>,
    /// Paths of files, from the folder of the configuration.
    pub paths: Vec<String>,
    /// Names or ids of policies.
    pub policies: Vec<String>,
    /// Why.
    pub reason: Option<String>,
    /// The last day on which it holds, `YYYY-MM-DD`.
    pub expires: Option<String>,
    /// What it was read from.
    pub origin: Origin,
    /// Where it was written: `file:line:column`.
    pub place: Option<String>,
    /// The part of the inputs that it holds for.
    pub scope: Scope,
}

/// What a rule was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `--ignore-finding`.
    CommandLine,
    /// The configuration file.
    Configuration,
    /// A comment in an input.
    Comment,
    /// The metadata of a template.
    Metadata,
}

/// The part of the inputs that a rule holds for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    Run,
    /// What is written in these bytes of a file, and the resources that are declared there.
    Block(SourceId, Range<usize>),
}

/// What a rule may name of a finding, beside the finding itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    pub finding: &'a Finding,
    /// The policy's name and id.
    pub policy: Option<(&'a str, &'a str)>,
    /// The construct path of the resource.
    pub construct_path: Option<&'a str>,
    /// The files that it stands in.
    pub paths: &'a [String],
}

impl IgnoreRule {
    /// A rule without reason or expiry that names nothing yet, and so everything.
    pub fn empty(origin: Origin) -> IgnoreRule {
        IgnoreRule {
            finding: None,
            codes: Vec::new(),
            resources: Vec::new(),
            paths: Vec::new(),
            policies: Vec::new(),
            reason: None,
            expires: None,
            origin,
            place: None,
            scope: Scope::Run,
        }
    }

    /// A rule of `CODE`, `RESOURCE` or `RESOURCE.CODE`, without reason or expiry.
    pub fn new(finding: impl Into<String>, origin: Origin) -> IgnoreRule {
        IgnoreRule { finding: Some(finding.into()), ..IgnoreRule::empty(origin) }
    }

    /// True if the rule names this finding, wherever it stands.
    pub(super) fn names(&self, named: Named<'_>) -> bool {
        let matches = |pattern: &str, text: &str| glob::matches_ignore_case(pattern, text);
        let finding = named.finding;
        let code =
            |pattern: &str| matches(pattern, finding.code) || rule_name(finding).is_some_and(|r| matches(pattern, r));
        let resource = |pattern: &str| {
            let id = finding.resource.as_ref().map(|r| r.id.as_str());
            id.into_iter().chain(named.construct_path).any(|name| matches(pattern, name))
        };
        let whole = self.finding.as_deref().is_none_or(|pattern| {
            // Resource addresses hold dots: the code is what follows the last one.
            let both = |(r, c): (&str, &str)| code(c) && resource(r);
            code(pattern) || resource(pattern) || pattern.rsplit_once('.').is_some_and(both)
        });
        let any = |patterns: &[String], holds: &dyn Fn(&str) -> bool| {
            patterns.is_empty() || patterns.iter().any(|pattern| holds(pattern))
        };
        let policy = |pattern: &str| named.policy.is_some_and(|(n, id)| matches(pattern, n) || matches(pattern, id));
        whole
            && any(&self.codes, &code)
            && any(&self.resources, &resource)
            && any(&self.policies, &policy)
            && any(&self.paths, &|pattern| path_matches(pattern, named.paths))
    }

    /// True if the rule no longer holds on `today` (`YYYY-MM-DD`).
    pub fn is_expired(&self, today: &str) -> bool {
        self.expires.as_deref().is_some_and(|last| last < today)
    }

    /// What the rule names, in the words it was written in.
    pub fn pattern(&self) -> Cow<'_, str> {
        let lists =
            [("code", &self.codes), ("resource", &self.resources), ("policy", &self.policies), ("path", &self.paths)];
        let given: Vec<(&str, String)> = self
            .finding
            .iter()
            .map(|finding| ("finding", finding.clone()))
            .chain(lists.into_iter().filter(|(_, l)| !l.is_empty()).map(|(key, list)| (key, list.join(", "))))
            .collect();
        match given.as_slice() {
            [("finding" | "code", only)] => Cow::Owned(only.clone()),
            all => Cow::Owned(all.iter().map(|(key, value)| format!("{key}: {value}")).collect::<Vec<_>>().join("; ")),
        }
    }

    /// What a finding that it names is suppressed by.
    pub(super) fn by(&self) -> SuppressedBy {
        match self.origin {
            Origin::CommandLine | Origin::Configuration => SuppressedBy::IgnoreFinding,
            Origin::Comment => SuppressedBy::Comment,
            Origin::Metadata => SuppressedBy::Metadata,
        }
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
        let rules = rules.into_iter().map(str::trim).filter(|r| !r.is_empty());
        rules.map(|rule| IgnoreRule::new(rule, Origin::CommandLine)).collect()
    }
}

/// The organisation's rule that a finding is about.
fn rule_name(finding: &Finding) -> Option<&str> {
    finding.evidence.as_ref()?.get("rule")?.as_str()
}

/// `**` is any folders, `*` and `?` stay within a name; a folder stands for what is in it.
fn path_matches(pattern: &str, paths: &[String]) -> bool {
    let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
    let glob = |p: &str| globset::GlobBuilder::new(p).literal_separator(true).build().map(|g| g.compile_matcher());
    let (Ok(file), Ok(folder)) = (glob(pattern), glob(&format!("{pattern}/**"))) else { return false };
    paths.iter().any(|path| file.is_match(path) || folder.is_match(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::FindingType;
    use crate::model::ResourceRef;

    fn names(rule: &IgnoreRule) -> bool {
        let finding = Finding {
            code: "INVALID_ACTION",
            finding_type: FindingType::Error,
            title: "t".into(),
            message: "m".into(),
            policy: None,
            resource: Some(ResourceRef { id: "module.a[\"x\"].aws_iam_policy.p".into(), resource_type: "t".into() }),
            when: None,
            locations: smallvec::SmallVec::new(),
            fix: None,
            evidence: None,
        };
        let paths = ["infra/prod/main.tf".to_owned()];
        rule.names(Named {
            finding: &finding,
            policy: Some(("orders", "plan.json#orders")),
            construct_path: None,
            paths: &paths,
        })
    }

    #[test]
    fn commas_within_a_terraform_address_separate_nothing() {
        let patterns: Vec<_> = IgnoreRule::list(r#"A, module.m["x,y"].aws_iam_policy.p.CODE ,,B"#)
            .into_iter()
            .filter_map(|r| r.finding)
            .collect();
        assert_eq!(patterns, ["A", r#"module.m["x,y"].aws_iam_policy.p.CODE"#, "B"]);
    }

    #[test]
    fn a_finding_is_named_by_code_resource_or_both_with_wildcards() {
        let rule = |finding: &str| IgnoreRule::new(finding, Origin::CommandLine);
        for finding in [
            "invalid_action",
            "INVALID_*",
            "module.a[*].*",
            "module.a[\"x\"].aws_iam_policy.p",
            "module.a*.INVALID_ACTION",
        ] {
            assert!(names(&rule(finding)), "{finding}");
        }
        for finding in ["INVALID", "module.b*", "module.a*.OTHER_CODE", "orders"] {
            assert!(!names(&rule(finding)), "{finding}");
        }
    }

    #[test]
    fn everything_that_a_rule_gives_has_to_be_met() {
        let rule = IgnoreRule {
            codes: vec!["OTHER".into(), "INVALID_ACTION".into()],
            resources: vec!["module.a*".into()],
            paths: vec!["infra/*/main.tf".into()],
            policies: vec!["ord*".into()],
            ..IgnoreRule::empty(Origin::Configuration)
        };
        assert!(names(&rule));
        assert!(!names(&IgnoreRule { codes: vec!["OTHER".into()], ..rule.clone() }));
        assert!(!names(&IgnoreRule { resources: vec!["module.b*".into()], ..rule.clone() }));
        assert!(!names(&IgnoreRule { policies: vec!["x".into()], ..rule.clone() }));
        let paths = [("infra", true), ("infra/", true), ("./infra/**", true), ("infra/p*", true), ("**/main.tf", true)];
        for (path, matches) in paths.into_iter().chain([("main.tf", false), ("infra/*.tf", false)]) {
            assert_eq!(names(&IgnoreRule { paths: vec![path.into()], ..rule.clone() }), matches, "{path}");
        }
    }

    #[test]
    fn a_rule_is_expired_from_the_day_after_its_last() {
        let rule = IgnoreRule { expires: Some("2026-11-23".into()), ..IgnoreRule::new("X", Origin::CommandLine) };
        assert!(!rule.is_expired("2026-11-23"));
        assert!(rule.is_expired("2026-11-24"));
    }
}
