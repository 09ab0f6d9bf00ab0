//! Holds the findings of a run against all rules and the baseline, and tells which of those kept nothing back.

use rustc_hash::{FxHashMap, FxHashSet};

use super::entry::nearest;
use super::rule::{IgnoreRule, Named, Origin, Scope};
use super::{Baseline, SuppressedBy, Suppression};
use crate::finding::Finding;
use crate::model::{Deployment, InputId};
use crate::source::{SourceId, Sources, Span};

/// Everything that can keep findings from counting.
#[derive(Clone, Debug, Default)]
pub struct Suppressions {
    /// The rules; the first that names a finding is the one that is reported.
    pub rules: Vec<IgnoreRule>,
    /// The findings that were there before.
    pub baseline: Option<Baseline>,
}

/// What becomes of the findings.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// For each finding, in their order.
    pub suppressed: Vec<Option<Suppression>>,
    /// Rules and entries of the baseline that kept nothing back, or no longer hold.
    pub notices: Vec<String>,
}

/// What a run knows about its findings.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// What they are about.
    pub deployment: &'a Deployment,
    /// The texts of the inputs.
    pub sources: &'a Sources,
    /// The ids of the policies, in their order.
    pub policy_ids: &'a [String],
    /// The path of a file as rules name it.
    pub path: &'a dyn Fn(&str) -> String,
    /// All issue codes that there are, each with whether this run looks for it.
    pub codes: &'a [(&'a str, bool)],
    /// The day, `YYYY-MM-DD`.
    pub today: &'a str,
}

impl Suppressions {
    /// Tells what becomes of each finding; `fingerprints` are theirs, in the same order.
    pub fn judge(&self, findings: &[Finding], fingerprints: &[String], run: Run<'_>) -> Judged {
        let mut judged = Judged { suppressed: Vec::with_capacity(findings.len()), notices: Vec::new() };
        let places = Places::of(run.deployment);
        let mut everywhere: Vec<usize> = Vec::new();
        let mut of_file: FxHashMap<SourceId, Vec<usize>> = FxHashMap::default();
        for (i, rule) in self.rules.iter().enumerate().filter(|(_, rule)| !rule.is_expired(run.today)) {
            match &rule.scope {
                Scope::Run => everywhere.push(i),
                Scope::Block(source, _) => of_file.entry(*source).or_default().push(i),
            }
        }
        let mut used = vec![false; self.rules.len()];
        let known: FxHashSet<&str> =
            self.baseline.iter().flat_map(|b| &b.findings).map(|entry| entry.fingerprint.as_str()).collect();
        let mut met: FxHashSet<&str> = FxHashSet::default();
        for (finding, fingerprint) in findings.iter().zip(fingerprints) {
            let spans = places.of_finding(finding);
            let in_block = |rule: &IgnoreRule| match &rule.scope {
                Scope::Run => true,
                Scope::Block(source, range) => {
                    spans.iter().any(|span| span.source == *source && range.contains(&(span.start as usize)))
                }
            };
            let mut files: Vec<SourceId> = spans.iter().map(|span| span.source).collect();
            files.dedup();
            let candidates = files.iter().filter_map(|file| of_file.get(file)).flatten().chain(&everywhere);
            let mut paths: Option<Vec<String>> = None;
            let mut first: Option<&IgnoreRule> = None;
            for &i in candidates {
                let Some(rule) = self.rules.get(i).filter(|rule| in_block(rule)) else { continue };
                let paths: &[String] = if rule.paths.is_empty() {
                    &[]
                } else {
                    paths.get_or_insert_with(|| paths_of(finding, &spans, run))
                };
                let policy = finding.policy.and_then(|id| {
                    let policy = run.deployment.policies.get(id.0)?;
                    Some((policy.name.as_str(), run.policy_ids.get(id.0).map_or("", String::as_str)))
                });
                let construct_path = places.construct_path(finding);
                if rule.names(Named { finding, policy, construct_path, paths }) {
                    // All that name it are of use.
                    if let Some(used) = used.get_mut(i) {
                        *used = true;
                    }
                    first = first.or(Some(rule));
                }
            }
            let in_baseline = known.get(fingerprint.as_str());
            met.extend(in_baseline);
            judged.suppressed.push(match first {
                Some(rule) => Some(Suppression {
                    by: rule.by(),
                    rule: Some(rule.pattern().into_owned()).filter(|pattern| !pattern.is_empty()),
                    reason: rule.reason.clone(),
                    expires: rule.expires.clone(),
                    place: rule.place.clone(),
                }),
                None => in_baseline.map(|_| Suppression {
                    by: SuppressedBy::Baseline,
                    rule: None,
                    reason: None,
                    expires: None,
                    place: None,
                }),
            });
        }
        let found: FxHashSet<&str> = findings.iter().map(|finding| finding.code).collect();
        for (rule, used) in self.rules.iter().zip(used) {
            judged.notices.extend(remark(rule, used, &found, run));
        }
        let gone = known.len() - met.len();
        if gone > 0 {
            let entries = if gone == 1 {
                "1 entry of the baseline matches"
            } else {
                &format!("{gone} entries of the baseline match")
            };
            judged.notices.push(format!("{entries} no finding of this run; `--write-baseline` writes it anew"));
        }
        judged
    }
}

/// What to say about a rule: that it no longer holds, keeps nothing back, or gives no reason.
fn remark(rule: &IgnoreRule, used: bool, found: &FxHashSet<&str>, run: Run<'_>) -> Option<String> {
    let pattern = rule.pattern();
    let place = rule.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
    let rule_of = match rule.origin {
        Origin::CommandLine | Origin::Configuration => format!("the rule `{pattern}` of ignore-finding"),
        Origin::Comment => format!("the comment that ignores `{pattern}`"),
        Origin::Metadata if pattern.is_empty() => "the entry of the metadata".to_owned(),
        Origin::Metadata => format!("the entry `{pattern}` of the metadata"),
    };
    if rule.is_expired(run.today) {
        let day = rule.expires.as_deref().unwrap_or_default();
        return Some(format!("{place}{rule_of} expired on {day}"));
    }
    if used {
        // The command line has no place for one.
        let reasonless = rule.reason.is_none() && rule.origin != Origin::CommandLine;
        return reasonless.then(|| format!("{place}{rule_of} gives no reason"));
    }
    let exact = |name: &str| run.codes.iter().find(|(code, _)| code.eq_ignore_ascii_case(name));
    let wild = |name: &str| name.contains(['*', '?']);
    let named: Vec<&str> = rule.finding.iter().chain(&rule.codes).map(String::as_str).collect();
    // A rule for what this run doesn't look for may well be of use in another.
    let elsewhere = |name: &&str| exact(name).is_some_and(|(code, looked_for)| !looked_for && !found.contains(code));
    if !named.is_empty() && named.iter().all(elsewhere) {
        return None;
    }
    let like_a_code = |name: &&&str| {
        !wild(name) && name.contains('_') && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    let unknown = named.iter().filter(like_a_code).find(|name| exact(name).is_none());
    let help = unknown.and_then(|name| nearest(name, run.codes.iter().map(|(code, _)| *code)));
    let help = help.map(|code| format!("; did you mean `{code}`?")).unwrap_or_default();
    Some(format!("{place}{rule_of} matches no finding{help}"))
}

/// Where resources are declared, and what the CDK calls them.
struct Places<'a> {
    resources: FxHashMap<&'a str, Vec<Declared<'a>>>,
    deployment: &'a Deployment,
}

#[derive(Clone, Copy)]
struct Declared<'a> {
    input: InputId,
    span: Option<Span>,
    construct_path: Option<&'a str>,
}

impl<'a> Places<'a> {
    fn of(deployment: &'a Deployment) -> Places<'a> {
        let mut resources: FxHashMap<&'a str, Vec<Declared<'a>>> = FxHashMap::default();
        for resource in &deployment.resources {
            let (span, construct_path) = (resource.span, resource.construct_path.as_deref());
            let declared = Declared { input: resource.input, span, construct_path };
            resources.entry(resource.id.id.as_str()).or_default().push(declared);
        }
        Places { resources, deployment }
    }

    /// The declaration of the finding's resource: in the policy's input; of a finding about no policy, in the file of its
    /// place.
    fn declared(&self, finding: &Finding) -> Option<Declared<'a>> {
        let all = self.resources.get(finding.resource.as_ref()?.id.as_str())?;
        let policy = finding.policy.and_then(|id| self.deployment.policies.get(id.0));
        let source = finding.locations.first().and_then(|l| l.span).map(|span| span.source);
        let fits = |d: &&Declared<'a>| match (policy, source) {
            (Some(policy), _) => d.input == policy.input,
            (None, Some(source)) => d.span.is_some_and(|span| span.source == source),
            (None, None) => false,
        };
        let only = || all.first().filter(|_| policy.is_none() && all.len() == 1);
        all.iter().find(fits).or_else(only).copied()
    }

    /// The primary place, and that of the resource's declaration.
    fn of_finding(&self, finding: &Finding) -> Vec<Span> {
        let policy = finding.policy.and_then(|id| self.deployment.policies.get(id.0)).and_then(|p| p.span);
        let primary = finding.locations.first().and_then(|l| l.span).or(policy);
        let declared = self.declared(finding).and_then(|d| d.span);
        let mut spans: Vec<Span> = primary.into_iter().chain(declared).collect();
        spans.dedup_by_key(|span| (span.source, span.start));
        spans
    }

    fn construct_path(&self, finding: &Finding) -> Option<&'a str> {
        self.declared(finding)?.construct_path
    }
}

/// The files of a finding's places and its input's, as rules name them.
fn paths_of(finding: &Finding, spans: &[Span], run: Run<'_>) -> Vec<String> {
    let input = finding.policy.and_then(|id| {
        let policy = run.deployment.policies.get(id.0)?;
        Some(run.deployment.inputs.get(policy.input.0)?.path.clone())
    });
    let files = spans.iter().map(|span| run.sources.get(span.source).name().to_owned());
    files.chain(input).map(|file| (run.path)(&file)).collect()
}
