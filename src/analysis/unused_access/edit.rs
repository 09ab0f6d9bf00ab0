//! A recommended policy as changes of the template that its policy is written in: entries of `Action` that go or become lists, and
//! statements that go. Each change narrows by itself, so one that can't be made certain takes no other with it.
//!
//! Text that makes several policies (a block with `count`, a policy of several principals) is changed only if the same is
//! recommended for all of them.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::{SmolStr, format_smolstr};

use super::detach::Places;
use super::{Advice, PolicyAdvice, UnusedAccess};
use crate::finding::{Edit, Fix, Intent, ListEntry};
use crate::model::{Deployment, PolicyId, ResourceRef};
use crate::policy::{PolicyDocument, Statement, glob};
use crate::source::{Node, Span};

/// What holds a text, and a user, role or group that has it: a policy, an attachment.
pub(super) type Holding = (SmolStr, ResourceRef);

/// A change that one finding asks for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub edit: Edit,
    pub holding: Holding,
    /// How many holdings have to agree; those of the policies that the text makes, if it isn't said.
    pub uses: Option<usize>,
}

/// A policy that is to be detached.
#[derive(Clone, Debug)]
pub struct Detached {
    /// Its user, role or group.
    pub holder: ResourceRef,
    /// Its ARN, or the name of an inline policy.
    pub policy: String,
    /// The change of the template that does it, if there is one.
    pub edit: Option<Edit>,
}

/// The changes for each finding, in their order, not settled yet; and the policies to be detached.
pub(super) fn fixes(found: &[UnusedAccess], deployment: &Deployment) -> (Vec<Option<Fix>>, Vec<Detached>) {
    let narrowing = |unused: &UnusedAccess| -> Vec<Wanted> {
        let is_own = |id: PolicyId| deployment.policies.get(id.0).is_some_and(|p| p.is_own);
        let whole = |p: &&PolicyAdvice| matches!(&p.advice, Advice::Replace(parts) if parts.len() == 1);
        let own = unused.policies.iter().filter_map(|p| Some((p, p.policy.filter(|id| is_own(*id))?)));
        own.filter(|(p, _)| whole(p))
            .flat_map(|(p, id)| {
                let holding =
                    (format_smolstr!("policy {}", id.0), p.group.as_ref().unwrap_or(&unused.principal).clone());
                edits(p).into_iter().map(move |edit| Wanted { edit, holding: holding.clone(), uses: None })
            })
            .collect()
    };
    let places = Places::new(deployment);
    let (mut wanted, mut detached): (Vec<Vec<Wanted>>, Vec<Detached>) = (Vec::new(), Vec::new());
    for unused in found {
        let (removals, without) = places.wanted(unused);
        let holder_of = |policy: &str| {
            let group = unused.policies.iter().find(|p| p.id == policy).and_then(|p| p.group.as_ref());
            group.unwrap_or(&unused.principal).clone()
        };
        for (policy, edit) in removals
            .iter()
            .map(|(policy, wanted)| (policy, Some(wanted.edit.clone())))
            .chain(without.iter().map(|policy| (policy, None)))
        {
            detached.push(Detached { holder: holder_of(policy), policy: policy.clone(), edit });
        }
        let removals = removals.into_iter().map(|(_, wanted)| wanted);
        wanted.push(narrowing(unused).into_iter().chain(removals).collect());
    }
    // INVARIANT: all principals of all policies that a text makes agree on its change.
    let mut agreed: FxHashMap<Span, (&Edit, FxHashSet<&Holding>)> = FxHashMap::default();
    let mut disputed: FxHashSet<Span> = FxHashSet::default();
    for Wanted { edit, holding, .. } in wanted.iter().flatten() {
        let (first, holdings) = agreed.entry(edit.span).or_insert((edit, FxHashSet::default()));
        if *first == edit {
            holdings.insert(holding);
        } else {
            disputed.insert(edit.span);
        }
    }
    let uses = uses(deployment, &agreed);
    let certain = |wanted: &Wanted| {
        let count = agreed.get(&wanted.edit.span).map(|(_, holdings)| holdings.len());
        let uses = wanted.uses.or_else(|| uses.get(&wanted.edit.span).copied());
        !disputed.contains(&wanted.edit.span) && count.is_some() && count == uses
    };
    let fixes = wanted.iter().map(|wanted| {
        let mut edits: Vec<Edit> = Vec::new();
        for Wanted { edit, .. } in wanted.iter().filter(|w| certain(w)) {
            // The versions of one policy under different conditions share their text.
            if !edits.contains(edit) {
                edits.push(edit.clone());
            }
        }
        let description = "take out what is not used".to_owned();
        (!edits.is_empty()).then_some(Fix { description, edits })
    });
    let fixes: Vec<Option<Fix>> = fixes.collect();
    let made: FxHashSet<Span> = fixes.iter().flatten().flat_map(|fix| &fix.edits).map(|edit| edit.span).collect();
    for one in &mut detached {
        one.edit = one.edit.take().filter(|edit| made.contains(&edit.span));
    }
    (fixes, detached)
}

/// How many principals get each of the texts by their policies.
fn uses(deployment: &Deployment, of: &FxHashMap<Span, (&Edit, FxHashSet<&Holding>)>) -> FxHashMap<Span, usize> {
    let mut principals: FxHashMap<PolicyId, usize> = FxHashMap::default();
    for principal in &deployment.principals {
        let managed = principal.managed_policies.iter().filter_map(|m| m.policy);
        let ids: FxHashSet<PolicyId> = principal.policies.iter().copied().chain(managed).collect();
        for id in ids {
            *principals.entry(id).or_default() += 1;
        }
    }
    let mut uses: FxHashMap<Span, usize> = FxHashMap::default();
    for (number, policy) in deployment.policies.iter().enumerate() {
        let Some(document) = &policy.document else { continue };
        let actions = document.statements.iter().flat_map(|s| &s.action).map(|list| list.span);
        let statements = document.root().get("Statement").map(|list| list.span);
        let spans: FxHashSet<Span> = actions.chain(statements).filter(|span| of.contains_key(span)).collect();
        let count = principals.get(&PolicyId(number)).copied().unwrap_or(1);
        for span in spans {
            *uses.entry(span).or_default() += count;
        }
    }
    uses
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
