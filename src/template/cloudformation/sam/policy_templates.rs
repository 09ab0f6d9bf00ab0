//! SAM policy templates: `{"SQSPollerPolicy": {"QueueName": …}}` in `Policies` stands for a policy document. What
//! each grants is in `policy_templates.txt`.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::construct::At;
use super::grants::{self, Grant, Variables};
use super::intrinsic::given;
use crate::source::{Entry, Node};

struct Template {
    parameters: Vec<&'static str>,
    grants: Vec<Grant>,
}

static TEMPLATES: LazyLock<FxHashMap<&'static str, Template>> = LazyLock::new(|| {
    let blocks = grants::read(include_str!("policy_templates.txt"));
    let templates = blocks.into_iter().map(|block| {
        let (name, parameters) = block.header.split_once(" (").unwrap_or((block.header, ""));
        let parameters = parameters.trim_end_matches(')').split(", ").filter(|p| !p.is_empty()).collect();
        (name, Template { parameters, grants: block.sections.into_iter().flat_map(|s| s.statements).collect() })
    });
    templates.collect()
});

/// The entry of a map that has a policy template's name for its one key.
pub(super) fn used(policy: &Node) -> Option<&Entry> {
    match policy.as_mapping()?.entries.as_slice() {
        [entry] if TEMPLATES.contains_key(entry.key.as_str()) => Some(entry),
        _ => None,
    }
}

/// The document that the use of a template stands for; otherwise what is wrong with its use.
pub(super) fn document(entry: &Entry) -> Result<Node, String> {
    let name = entry.key.as_str();
    let Some(template) = TEMPLATES.get(name) else { return Err(format!("`{name}` is not a policy template")) };
    let Some(arguments) = entry.value.as_mapping() else {
        return Err(format!("policy template `{name}` needs a map of parameters"));
    };
    let at = At(entry.key_span.join(entry.value.span));
    let missing: Vec<&str> = template.parameters.iter().copied().filter(|p| given(arguments, p).is_none()).collect();
    if !missing.is_empty() {
        return Err(format!("policy template `{name}` needs a value for `{}`", missing.join("`, `")));
    }
    let values = template.parameters.iter().map(|p| (*p, given(arguments, p))).collect();
    let variables = Variables { values, whole: false };
    let statements: Result<Vec<Node>, String> = template.grants.iter().map(|g| variables.statement(g, at)).collect();
    Ok(at.unversioned_document(statements?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_template_has_statements_with_actions_and_resources() {
        assert_eq!(TEMPLATES.len(), 81);
        for (name, template) in TEMPLATES.iter() {
            assert!(!template.grants.is_empty(), "{name}");
            assert!(template.grants.iter().all(|g| !g.actions.is_empty() && !g.resources.is_empty()), "{name}");
        }
    }
}
