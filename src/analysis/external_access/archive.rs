//! Archive rules: filters for external access that is meant, in the form of Access Analyzer's own archive rules.
//!
//! Source: IAM User Guide, "IAM Access Analyzer filter keys"; Access Analyzer API Reference, `Criterion`. All keys of a rule have
//! to match; of the values of one operator, one has to (`neq`: none may). Comparison minds case.

use super::{ExternalAccess, ExternalAccessReport};

/// Keys besides `principal.…` and `condition.…`.
const KEYS: &[&str] = &[
    "error",
    "findingType",
    "isPublic",
    "resource",
    "resourceControlPolicyRestriction",
    "resourceOwnerAccount",
    "resourceType",
];
/// The principals' keys.
const PRINCIPAL_KEYS: &[&str] = &["principal.AWS", "principal.CanonicalUser", "principal.Federated"];
/// Operators of a criterion.
pub const OPERATORS: &[&str] = &["contains", "eq", "exists", "neq"];

/// A rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArchiveRule {
    /// Its name.
    pub name: String,
    /// Keys with what is asked of them.
    pub filter: Vec<(String, Criterion)>,
}

/// What is asked of one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Criterion {
    /// One of these.
    pub eq: Vec<String>,
    /// None of these.
    pub neq: Vec<String>,
    /// Holds one of these.
    pub contains: Vec<String>,
    /// Whether the finding has the key at all.
    pub exists: Option<bool>,
}

/// The keys that a filter may name, but for those of conditions.
pub fn filter_keys() -> Vec<&'static str> {
    KEYS.iter().chain(PRINCIPAL_KEYS).copied().collect()
}

/// True for a key that a filter may name.
pub fn is_filter_key(key: &str) -> bool {
    KEYS.contains(&key)
        || PRINCIPAL_KEYS.contains(&key)
        || key.strip_prefix("condition.").is_some_and(|k| !k.is_empty())
}

impl ArchiveRule {
    /// True if the rule archives the access.
    pub fn matches(&self, access: &ExternalAccess) -> bool {
        !self.filter.is_empty() && self.filter.iter().all(|(key, criterion)| criterion.holds(&values(access, key)))
    }
}

impl Criterion {
    /// True if what the finding has for the key meets it.
    fn holds(&self, values: &[String]) -> bool {
        let is = |list: &[String]| values.iter().any(|v| list.contains(v));
        let holds_part = |part: &String| values.iter().any(|v| v.contains(&**part));
        (self.eq.is_empty() || is(&self.eq))
            && !is(&self.neq)
            && (self.contains.is_empty() || self.contains.iter().any(holds_part))
            && self.exists.is_none_or(|exists| exists != values.is_empty())
    }
}

/// What the finding has for a key. A resource is known by its logical id or address, and by its ARN.
fn values(access: &ExternalAccess, key: &str) -> Vec<String> {
    if let Some(kind) = key.strip_prefix("principal.") {
        let is_kind = access.principal.0 == kind;
        return is_kind.then(|| access.principal.1.clone()).into_iter().collect();
    }
    if let Some(name) = key.strip_prefix("condition.") {
        let conditions = access.condition.iter().filter(|(k, _)| k.eq_ignore_ascii_case(name));
        return conditions.map(|(_, v)| v.clone()).collect();
    }
    match key {
        "findingType" => vec!["ExternalAccess".to_owned()],
        "isPublic" => vec![access.is_public.to_string()],
        "resource" => std::iter::once(access.resource.id.to_string()).chain(access.arn.clone()).collect(),
        "resourceControlPolicyRestriction" => vec![access.restriction().to_owned()],
        "resourceOwnerAccount" => access.owner.iter().cloned().collect(),
        "resourceType" => vec![access.resource_type.to_string()],
        _ => Vec::new(),
    }
}

/// Archives what the rules match, and says how much, and which rules match nothing.
pub fn archive(report: &mut ExternalAccessReport, rules: &[ArchiveRule]) {
    for rule in rules {
        let mut matched = 0;
        for access in report.found.iter_mut().filter(|a| !a.is_resolved() && rule.matches(a)) {
            access.archived = true;
            matched += 1;
        }
        report.notices.push(match matched {
            0 => format!("the archive rule `{}` matches nothing", rule.name),
            1 => format!("the archive rule `{}` archives 1 instance of external access", rule.name),
            many => format!("the archive rule `{}` archives {many} instances of external access", rule.name),
        });
    }
}
