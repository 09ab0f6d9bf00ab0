//! A recommended policy as changes of the template that its policy is written in: entries of `Action` that go or become lists, and
//! statements that go. Each change narrows by itself, so one that can't be made certain takes no other with it.
//!
//! Text that makes several policies (a block with `count`, a policy of several principals) is changed only if the same is
//! recommended for all of them.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Advice, PolicyAdvice, UnusedAccess};
use crate::finding::{Edit, Fix, Intent, ListEntry};
use crate::model::{Deployment, PolicyId};
use crate::policy::{PolicyDocument, Statement, glob};
use crate::source::{Node, Span};

/// How often the policies of a deployment use the same text, and the principals the same policy.
#[derive(Debug)]
pub(super) struct Sharing {
    policies: FxHashMap<Span, usize>,
    principals: FxHashMap<PolicyId, usize>,
}

impl Sharing {
    pub fn of(deployment: &Deployment) -> Sharing {
        let mut sharing = Sharing { policies: FxHashMap::default(), principals: FxHashMap::default() };
        for document in deployment.policies.iter().filter_map(|p| p.document.as_ref()) {
            let actions = document.statements.iter().flat_map(|s| &s.action).map(|list| list.span);
            let statements = document.root().get("Statement").map(|list| list.span);
            let spans: FxHashSet<Span> = actions.chain(statements).collect();
            for span in spans {
                *sharing.policies.entry(span).or_default() += 1;
            }
        }
        for principal in &deployment.principals {
            let managed = principal.managed_policies.iter().filter_map(|m| m.policy);
            let ids: FxHashSet<PolicyId> = principal.policies.iter().copied().chain(managed).collect();
            for id in ids {
                *sharing.principals.entry(id).or_default() += 1;
            }
        }
        sharing
    }
}

/// The changes for a finding; not settled yet.
pub(super) fn fix(unused: &UnusedAccess, deployment: &Deployment, sharing: &Sharing) -> Option<Fix> {
    let mut by_span: Vec<(Edit, usize)> = Vec::new();
    for policy in &unused.policies {
        let own = policy.policy.filter(|id| sharing.principals.get(id) == Some(&1));
        let is_own = own.and_then(|id| deployment.policies.get(id.0)).is_some_and(|p| p.is_own);
        if !is_own || !matches!(&policy.advice, Advice::Replace(parts) if parts.len() == 1) {
            continue;
        }
        for edit in edits(policy) {
            match by_span.iter_mut().find(|(known, _)| *known == edit) {
                Some((_, count)) => *count += 1,
                None => by_span.push((edit, 1)),
            }
        }
    }
    // INVARIANT: all policies that a text makes agree on its change.
    let shared = |edit: &Edit| sharing.policies.get(&edit.span).copied().unwrap_or_default();
    let edits: Vec<Edit> = by_span.into_iter().filter(|(edit, count)| shared(edit) == *count).map(|(e, _)| e).collect();
    let description = "take out what is not used".to_owned();
    (!edits.is_empty()).then_some(Fix { description, edits })
}

fn edits(policy: &PolicyAdvice) -> Vec<Edit> {
    let document = &policy.existing;
    let left = |statement: &Statement| policy.changes.iter().find(|c| c.index == statement.index).map(|c| &c.left);
    let mut edits = Vec::new();
    for statement in &document.statements {
        let (Some(left), Some(actions)) = (left(statement).filter(|left| !left.is_empty()), &statement.action) else {
            continue;
        };
        let is_entry = |action: &str| actions.items.iter().any(|i| i.text.as_str() == action);
        let mut claimed: FxHashSet<&str> = FxHashSet::default();
        let mut entries = Vec::new();
        for item in &actions.items {
            let value = item.text.as_str();
            let replaced: Vec<String> = if left.iter().any(|l| l == value) {
                vec![value.to_owned()]
            } else {
                let of_entry = left.iter().filter(|l| !is_entry(l) && glob::matches_ignore_case(value, l));
                of_entry.filter(|l| claimed.insert(l.as_str())).map(ToString::to_string).collect()
            };
            entries.push((ListEntry { span: item.span, value: value.to_owned() }, replaced));
        }
        // What is left of `*` for services that are not judged, `s3:*`, is matched by `*`, too; anything else would be lost.
        let complete = left.iter().all(|l| is_entry(l) || claimed.contains(l.as_str()));
        if complete {
            let intent = Intent::ReplaceEntries { key: actions.key_span, entries };
            edits.push(Edit { span: actions.span, intent, replacement: String::new() });
        }
    }
    let (removed, kept): (Vec<&Statement>, Vec<&Statement>) =
        document.statements.iter().partition(|s| left(s).is_some_and(Vec::is_empty));
    if !removed.is_empty() && !kept.is_empty() {
        edits.extend(without_statements(document, &removed, &kept));
    }
    edits
}

fn without_statements(document: &PolicyDocument, removed: &[&Statement], kept: &[&Statement]) -> Option<Edit> {
    let list = document.root().as_mapping()?.entry("Statement")?;
    Node::as_sequence(&list.value)?;
    let spans = |statements: &[&Statement]| statements.iter().map(|s| s.span).collect();
    let intent = Intent::RemoveElements { key: list.key_span, removed: spans(removed), kept: spans(kept) };
    Some(Edit { span: list.value.span, intent, replacement: String::new() })
}
