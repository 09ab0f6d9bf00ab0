//! The recommended policy in the place of an attached one, and its two proofs: it allows nothing that the existing policy does
//! not, and it allows each used action wherever the existing policy does. The engine decides both for all requests; the
//! second is held against the evaluator, too, with a request for each used action and statement. A policy that lacks a proof is
//! not recommended.
//!
//! Source: IAM Access Analyzer API Reference, `GetFindingRecommendation`; quota of managed policies: IAM User Guide, "IAM and
//! AWS STS quotas".

use smol_str::SmolStr;

use super::narrow::{Narrowed, Unsupported, Unused, with_actions, with_statements};
use crate::access::compile;
use crate::catalog::Catalog;
use crate::logic::engine::{Access, CompiledPolicy, Permissions, Ties, access_not_granted, added};
use crate::logic::evaluate::PolicyKind;
use crate::policy::{PolicyDocument, Statement, glob};
use crate::source::Node;

/// Characters of a managed policy, white space left out.
const QUOTA: usize = 6144;

/// What to do with a policy.
#[derive(Clone, Debug)]
pub enum Advice {
    /// Nothing of it is unused, as far as is known.
    Keep,
    /// Everything it allows is unused.
    Detach,
    /// These policies do: one, unless they would be over the quota.
    Replace(Vec<PolicyDocument>),
    /// There is no recommendation.
    None {
        /// Access Analyzer's way to write it.
        code: &'static str,
        /// Why.
        reason: String,
    },
}

impl Advice {
    fn none(code: &'static str, reason: impl Into<String>) -> Advice {
        Advice::None { code, reason: reason.into() }
    }
}

/// What is recommended for a policy, and what is left of each of its Allow statements.
pub(super) fn advice(document: &PolicyDocument, unused: &Unused, catalog: &Catalog) -> Advice {
    let narrower = match unused.document(document, false, catalog) {
        Ok(None) => return Advice::Keep,
        Ok(Some(narrower)) => narrower,
        Err(Unsupported::NotAction) => {
            return Advice::none("UNSUPPORTED_POLICY", "an Allow statement of the policy has `NotAction`");
        }
    };
    if !narrower.statements.iter().any(Statement::is_allow) {
        // Denies alone allow nothing; whether something else needs them is not known here.
        return match document.statements.iter().any(Statement::is_deny) {
            true => Advice::Replace(vec![narrower]),
            false => Advice::Detach,
        };
    }
    // Over the quota, lists are written shorter; still over it, the policy is split.
    let parts = match size(&narrower) > QUOTA {
        false => vec![narrower],
        true => match unused.document(document, true, catalog) {
            Ok(Some(short)) if size(&short) > QUOTA => split(&short),
            Ok(Some(short)) => vec![short],
            _ => vec![narrower],
        },
    };
    match prove(document, &parts, unused) {
        Ok(()) => Advice::Replace(parts),
        Err(why) => Advice::none("NOT_PROVEN", why),
    }
}

/// Both proofs.
pub(super) fn prove(existing: &PolicyDocument, parts: &[PolicyDocument], unused: &Unused) -> Result<(), String> {
    let compiled = |document: &PolicyDocument| {
        compile(document.clone(), PolicyKind::Identity, Ties::Tied).map_err(|e| format!("the policy: {e}"))
    };
    let old = compiled(existing)?;
    let new: Vec<CompiledPolicy> = parts.iter().map(compiled).collect::<Result<_, _>>()?;
    let (new, old) = (together(new.iter().collect()), together(vec![&old]));
    nothing_added(&new, &old, "allow something that the existing policy does not")?;
    let Some(used) = restricted(existing, unused) else { return Ok(()) };
    let used = compiled(&used)?;
    nothing_added(&together(vec![&used]), &new, "not allow something that was used")?;
    for action in &unused.used {
        let access = Access { actions: vec![action.clone()], resources: Vec::new() };
        let witnesses = old.policies.iter().flat_map(|p| access_not_granted(p, &access, Ties::Tied).reasons);
        for witness in witnesses {
            if !new.allow(&witness.witness) {
                return Err(format!("it would not allow a request for `{action}`"));
            }
        }
    }
    Ok(())
}

fn together(policies: Vec<&CompiledPolicy>) -> Permissions<'_> {
    Permissions { policies, ..Permissions::default() }
}

fn nothing_added(new: &Permissions<'_>, existing: &Permissions<'_>, what: &str) -> Result<(), String> {
    match added(new, existing, Ties::Tied).first() {
        None => Ok(()),
        Some(added) => Err(match &added.witness {
            Ok(request) => format!("it would {what}: `{}`", request.action),
            Err(why) => format!("it is not certain that it would {what}: {why}"),
        }),
    }
}

/// The existing policy, its Allow statements for used actions alone; `None` without any.
fn restricted(existing: &PolicyDocument, unused: &Unused) -> Option<PolicyDocument> {
    let actions = |index: Option<usize>| -> Option<Vec<SmolStr>> {
        let statement = existing.statements.iter().find(|s| s.index == index)?;
        if !statement.is_allow() {
            return None;
        }
        let patterns = &statement.action.as_ref()?.items;
        let granted = |a: &&SmolStr| patterns.iter().any(|p| glob::matches_ignore_case(p.text.as_str(), a));
        Some(unused.used.iter().filter(granted).cloned().collect())
    };
    let restricted = with_statements(existing, &|index, node| match actions(index) {
        None => Some(node.clone()),
        Some(actions) => (!actions.is_empty()).then(|| with_actions(node, &actions)),
    });
    restricted.statements.iter().any(Statement::is_allow).then_some(restricted)
}

/// The characters that count for the quota.
fn size(document: &PolicyDocument) -> usize {
    size_of(document.root())
}

fn size_of(node: &Node) -> usize {
    node.to_json().to_string().chars().filter(|c| !c.is_whitespace()).count()
}

/// The policy in parts, each with all Denies.
fn split(document: &PolicyDocument) -> Vec<PolicyDocument> {
    // A statement and where it stands; long ones in pieces.
    let frame = with_statements(document, &|index, node| is_deny(document, index).then(|| node.clone()));
    let room = QUOTA.saturating_sub(size(&frame) + 1);
    let mut pieces: Vec<(Node, usize)> = Vec::new();
    for statement in document.statements.iter().filter(|s| s.is_allow()) {
        let Some(node) = node_of(document, statement) else { continue };
        let size = size_of(node) + 1;
        let actions: Vec<SmolStr> = match &statement.action {
            Some(list) if size > room => list.items.iter().map(|i| i.text.as_smol().clone()).collect(),
            _ => {
                pieces.push((node.clone(), size));
                continue;
            }
        };
        let bare = size_of(&with_actions(node, &[])) + 1;
        let (mut chunk, mut so_far): (Vec<SmolStr>, usize) = (Vec::new(), bare);
        for action in actions {
            let more = action.len() + 3;
            if so_far + more > room && !chunk.is_empty() {
                pieces.push((without_sid(&with_actions(node, &chunk)), so_far));
                (chunk, so_far) = (Vec::new(), bare);
            }
            so_far += more;
            chunk.push(action);
        }
        if !chunk.is_empty() {
            pieces.push((without_sid(&with_actions(node, &chunk)), so_far));
        }
    }
    let mut parts: Vec<(Vec<Node>, usize)> = Vec::new();
    for (node, size) in pieces {
        match parts.last_mut() {
            Some((nodes, so_far)) if *so_far + size <= room => {
                nodes.push(node);
                *so_far += size;
            }
            _ => parts.push((vec![node], size)),
        }
    }
    parts.into_iter().map(|(nodes, _)| with_further(&frame, nodes)).collect()
}

fn is_deny(document: &PolicyDocument, index: Option<usize>) -> bool {
    document.statements.iter().any(|s| s.index == index && s.is_deny())
}

fn node_of<'d>(document: &'d PolicyDocument, statement: &Statement) -> Option<&'d Node> {
    let node = document.root().get("Statement")?;
    match statement.index {
        Some(index) => node.as_sequence()?.get(index),
        None => Some(node),
    }
}

/// A `Sid` is unique in its policy.
fn without_sid(statement: &Node) -> Node {
    let mut statement = statement.clone();
    if let crate::source::NodeKind::Mapping(map) = &mut statement.kind {
        map.entries.retain(|e| e.key != "Sid");
    }
    statement
}

fn with_further(frame: &PolicyDocument, statements: Vec<Node>) -> PolicyDocument {
    let mut root = frame.root().clone();
    if let crate::source::NodeKind::Mapping(map) = &mut root.kind {
        for entry in map.entries.iter_mut().filter(|e| e.key == "Statement") {
            if let crate::source::NodeKind::Sequence(denies) = &mut entry.value.kind {
                let denies = std::mem::take(denies);
                entry.value.kind = crate::source::NodeKind::Sequence([statements.clone(), denies].concat());
            }
        }
    }
    PolicyDocument::new(root)
}

/// What goes of each Allow statement, for the places of a finding and for the edits of a template.
pub(super) fn changes<'d>(
    document: &'d PolicyDocument,
    unused: &Unused,
    catalog: &Catalog,
) -> Vec<(&'d Statement, Narrowed)> {
    let of = |s: &'d Statement| Some((s, unused.statement(s, catalog).ok()?));
    document.statements.iter().filter_map(of).filter(|(_, n)| *n != Narrowed::Same).collect()
}

#[cfg(test)]
mod tests {
    use super::super::narrow::ServiceUse;
    use super::*;
    use crate::source::{Limits, Sources, json};

    fn document(text: &str) -> PolicyDocument {
        let source = Sources::new().add("p.json", text);
        PolicyDocument::new(json::read(source, text, &Limits::default()).expect("JSON"))
    }

    fn unused(without: &[&str], used: &[&str]) -> Unused {
        Unused {
            services: without.iter().map(|p| (SmolStr::from(*p), ServiceUse::Not)).collect(),
            used: used.iter().map(|u| SmolStr::from(*u)).collect(),
            ..Unused::default()
        }
    }

    #[test]
    fn a_policy_over_the_quota_is_split_and_still_proven() {
        let catalog = Catalog::embedded();
        let existing = document(
            r#"{"Version": "2012-10-17", "Statement": [
                {"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"},
                {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}]}"#,
        );
        let mut unused = unused(&["sqs"], &["ec2:RunInstances", "s3:CreateBucket"]);
        for prefix in ["ec2", "iam", "glue", "sagemaker", "rds", "quicksight", "connect"] {
            let service = catalog.service(prefix).expect("known");
            let every_third = service.actions.iter().step_by(3).map(|a| SmolStr::from(a.name.to_lowercase()));
            let gone = every_third.filter(|a| a != "runinstances").collect();
            unused.services.insert(prefix.into(), ServiceUse::Less(gone));
        }
        let Advice::Replace(parts) = advice(&existing, &unused, catalog) else { panic!("a recommendation") };
        assert!(parts.len() > 1);
        for part in &parts {
            assert!(size(part) <= QUOTA, "{}", size(part));
            assert_eq!(part.statements.iter().filter(|s| s.is_deny()).count(), 1);
        }
    }

    #[test]
    fn a_policy_that_allows_more_or_not_what_was_used_has_no_proof() {
        let existing =
            document(r#"{"Statement": {"Effect": "Allow", "Action": ["s3:Get*", "s3:PutObject"], "Resource": "*"}}"#);
        let more = document(r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#);
        let less = document(r#"{"Statement": {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}}"#);
        let unused = unused(&[], &["s3:GetObject"]);
        assert!(prove(&existing, std::slice::from_ref(&existing), &unused).is_ok());
        assert!(prove(&existing, &[more], &unused).is_err_and(|e| e.contains("does not")));
        assert!(prove(&existing, &[less], &unused).is_err_and(|e| e.contains("was used: `s3:GetObject`")));
    }

    #[test]
    fn a_wholly_unused_policy_is_detached_unless_it_denies() {
        let catalog = Catalog::embedded();
        let allow = document(r#"{"Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}"#);
        assert!(matches!(advice(&allow, &unused(&["sqs"], &[]), catalog), Advice::Detach));
        let both = document(
            r#"{"Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"},
                {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]}"#,
        );
        assert!(matches!(advice(&both, &unused(&["sqs"], &[]), catalog), Advice::Replace(_)));
        assert!(matches!(advice(&both, &unused(&["ec2"], &[]), catalog), Advice::Keep));
    }
}
