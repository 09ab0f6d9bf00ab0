//! Archive rules: filters for external access that is meant, in the form of Access Analyzer's own archive rules.
//!
//! Source: IAM User Guide, "IAM Access Analyzer filter keys"; Access Analyzer API Reference, `Criterion`. All keys of a rule have
//! to match; of the values of one operator, one has to (`neq`: none may). Comparison minds case.

use smol_str::SmolStr;

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
        !self.filter.is_empty()
            && self.filter.iter().all(|(key, criterion)| criterion.holds(value(access, key).as_deref()))
    }
}

impl Criterion {
    fn holds(&self, value: Option<&str>) -> bool {
        let is = |list: &[String]| value.is_some_and(|v| list.iter().any(|l| l == v));
        (self.eq.is_empty() || is(&self.eq))
            && !is(&self.neq)
            && (self.contains.is_empty() || value.is_some_and(|v| self.contains.iter().any(|part| v.contains(&**part))))
            && self.exists.is_none_or(|exists| exists == value.is_some())
    }
}

fn value(access: &ExternalAccess, key: &str) -> Option<String> {
    if let Some(kind) = key.strip_prefix("principal.") {
        return (access.principal.0 == kind).then(|| access.principal.1.clone());
    }
    if let Some(name) = key.strip_prefix("condition.") {
        return access.condition.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v.clone());
    }
    let known: SmolStr = match key {
        "findingType" => "ExternalAccess".into(),
        "isPublic" => if access.is_public { "true" } else { "false" }.into(),
        "resource" => access.resource.id.clone(),
        "resourceControlPolicyRestriction" => access.restriction().into(),
        "resourceOwnerAccount" => return access.owner.clone(),
        "resourceType" => access.resource_type.clone(),
        _ => return None,
    };
    Some(known.into())
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
