//! A policy made narrower: what is unused goes from the actions of its Allow statements, statements without actions go, and
//! everything else stays as it is: Deny statements, `Resource`, `Condition`, `Sid`.
//!
//! Entries of which nothing goes stay as they are written. A wildcard of which something goes becomes the list of what is
//! left of it, by the service data; actions that the data don't have are no part of it unless they were used.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;
use smol_str::{SmolStr, StrExt};

use super::grants::service_part;
use super::tracked::is_checked_along;
use crate::catalog::{Catalog, Service};
use crate::policy::{Effect, PolicyDocument, Statement, glob};
use crate::source::{Entry, Mapping, Node, NodeKind, Span};

/// What is unused, and what is known to be used.
#[derive(Clone, Debug, Default)]
pub(super) struct Unused {
    /// By prefix: services with a judgement. Of others, nothing goes.
    pub services: BTreeMap<SmolStr, ServiceUse>,
    /// Actions used within the period, with prefix.
    pub used: BTreeSet<SmolStr>,
    /// Actions that those need along with them, with prefix, lower case.
    pub needed: FxHashSet<SmolStr>,
}

/// How a service was used.
#[derive(Clone, Debug)]
pub(super) enum ServiceUse {
    /// Not at all.
    Not,
    /// It was; these actions of it were not (without prefix, lower case).
    Less(FxHashSet<SmolStr>),
}

/// The statement's part of a narrower policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Narrowed {
    /// Nothing goes.
    Same,
    /// These actions are left.
    Actions(Vec<SmolStr>),
    /// Nothing is left.
    Nothing,
}

/// Why a policy can't be made narrower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsupported {
    /// An Allow statement has `NotAction`.
    NotAction,
}

impl Unused {
    /// True if nothing shows that the action is unused, or something that it is needed.
    fn keeps(&self, action: &str) -> bool {
        if is_checked_along(action) || self.needed.contains(&action.to_ascii_lowercase_smolstr()) {
            return true;
        }
        let Some((prefix, name)) = action.split_once(':') else { return true };
        match self.services.get(&prefix.to_ascii_lowercase_smolstr()) {
            None => true,
            Some(ServiceUse::Not) => false,
            Some(ServiceUse::Less(unused)) => !unused.contains(&name.to_ascii_lowercase_smolstr()),
        }
    }

    /// What is left of a statement.
    pub fn statement(&self, statement: &Statement, catalog: &Catalog) -> Result<Narrowed, Unsupported> {
        if statement.effect != Some(Effect::Allow) {
            return Ok(Narrowed::Same);
        }
        let Some(actions) = &statement.action else {
            return if statement.not_action.is_some() { Err(Unsupported::NotAction) } else { Ok(Narrowed::Same) };
        };
        let (mut left, mut seen) = (Vec::new(), FxHashSet::default());
        let mut changed = false;
        for item in &actions.items {
            let whole = item.text.as_smol();
            let of_entry = if item.text.has_unknown() { None } else { self.entry(whole, catalog) };
            changed |= of_entry.is_some();
            for action in of_entry.unwrap_or_else(|| vec![whole.clone()]) {
                if seen.insert(action.to_ascii_lowercase_smolstr()) {
                    left.push(action);
                }
            }
        }
        Ok(match (changed, left.is_empty()) {
            (false, _) => Narrowed::Same,
            (true, true) => Narrowed::Nothing,
            (true, false) => Narrowed::Actions(left),
        })
    }

    /// What is left of an entry; `None` if all of it.
    fn entry(&self, pattern: &SmolStr, catalog: &Catalog) -> Option<Vec<SmolStr>> {
        let names = match pattern.split_once(':') {
            Some((_, names)) => names,
            None if pattern.chars().all(|c| c == '*') => "*",
            // No action has such a name.
            None => return None,
        };
        let prefixes: BTreeSet<SmolStr> = match service_part(pattern) {
            Some(part) if !part.contains(['*', '?']) => BTreeSet::from([part.to_ascii_lowercase_smolstr()]),
            part => {
                let known = catalog.prefixes().map(SmolStr::from).chain(self.services.keys().cloned());
                known.filter(|p| part.is_none_or(|part| glob::matches_ignore_case(part, p))).collect()
            }
        };
        let mut changed = false;
        let mut left = Vec::new();
        for prefix in prefixes {
            match self.of_service(&prefix, names, catalog) {
                None => left.push(format!("{prefix}:{names}").into()),
                Some(actions) => {
                    changed = true;
                    left.extend(actions);
                }
            }
        }
        changed.then_some(left)
    }

    /// What is left of a service's actions that a pattern names; `None` if all.
    fn of_service(&self, prefix: &SmolStr, names: &str, catalog: &Catalog) -> Option<Vec<SmolStr>> {
        let judged = self.services.get(prefix)?;
        let full = |name: &str| SmolStr::from(format!("{prefix}:{name}"));
        if !names.contains(['*', '?']) {
            return (!self.keeps(&full(names))).then(Vec::new);
        }
        let known: Vec<SmolStr> = catalog
            .service(prefix)
            .into_iter()
            .flat_map(|s| s.actions_matching(names))
            .map(|a| full(&a.name))
            .collect();
        if matches!(judged, ServiceUse::Less(_)) && known.iter().all(|a| self.keeps(a)) {
            return None;
        }
        let mut left: BTreeSet<SmolStr> = known.into_iter().filter(|a| self.keeps(a)).collect();
        // What was used is granted, whether the data know it or not.
        let pattern = full(names);
        let unknown = |a: &&SmolStr| catalog.action(a).is_none() && glob::matches_ignore_case(&pattern, a);
        left.extend(self.used.iter().filter(unknown).cloned());
        Some(left.into_iter().collect())
    }

    /// The whole document; `None` if nothing of it goes. With `short`, its lists are written as short as they can be.
    pub fn document(
        &self,
        document: &PolicyDocument,
        short: bool,
        catalog: &Catalog,
    ) -> Result<Option<PolicyDocument>, Unsupported> {
        let mut of: BTreeMap<Option<usize>, Narrowed> = BTreeMap::new();
        for statement in &document.statements {
            let mut narrowed = self.statement(statement, catalog)?;
            if let (true, Narrowed::Actions(actions), Some(list)) = (short, &mut narrowed, &statement.action) {
                let entries: Vec<&str> = list.items.iter().map(|i| i.text.as_str()).collect();
                *actions = shortened(actions, &entries, catalog);
            }
            of.insert(statement.index, narrowed);
        }
        if of.values().all(|n| *n == Narrowed::Same) {
            return Ok(None);
        }
        Ok(Some(with_statements(document, &|index, node| match of.get(&index) {
            Some(Narrowed::Nothing) => None,
            Some(Narrowed::Actions(actions)) => Some(with_actions(node, actions)),
            Some(Narrowed::Same) | None => Some(node.clone()),
        })))
    }
}

/// The document with other statements; those that become `None` go.
pub(super) fn with_statements(
    document: &PolicyDocument,
    change: &dyn Fn(Option<usize>, &Node) -> Option<Node>,
) -> PolicyDocument {
    let mut root = document.root().clone();
    if let NodeKind::Mapping(map) = &mut root.kind {
        for entry in map.entries.iter_mut().filter(|e| e.key == "Statement") {
            let statements: Vec<Node> = match &entry.value.kind {
                NodeKind::Sequence(items) => {
                    items.iter().enumerate().filter_map(|(i, node)| change(Some(i), node)).collect()
                }
                _ => change(None, &entry.value).into_iter().collect(),
            };
            entry.value.kind = NodeKind::Sequence(statements);
        }
    }
    PolicyDocument::new(root)
}

/// A statement with other actions.
pub(super) fn with_actions(statement: &Node, actions: &[SmolStr]) -> Node {
    let mut statement = statement.clone();
    if let NodeKind::Mapping(Mapping { entries }) = &mut statement.kind {
        for Entry { value, .. } in entries.iter_mut().filter(|e| e.key == "Action") {
            value.kind = list(actions, value.span);
        }
    }
    statement
}

fn list(actions: &[SmolStr], span: Span) -> NodeKind {
    let text = |a: &SmolStr| Node::text(crate::source::Text::from_encoded(a.clone()), span);
    match actions {
        [one] => text(one).kind,
        _ => NodeKind::Sequence(actions.iter().map(text).collect()),
    }
}

/// Writes lists of actions shorter: names of one service that begin alike become a wildcard where every action of the
/// service data that it matches is in the list, and where one of the entries that the list comes from has matched all that the
/// wildcard does, future actions included.
fn shortened(actions: &[SmolStr], entries: &[&str], catalog: &Catalog) -> Vec<SmolStr> {
    let entries: Vec<String> = entries.iter().map(|e| e.to_ascii_lowercase()).collect();
    let allowed = |pattern: &str| entries.iter().any(|e| glob::covers(e, &pattern.to_ascii_lowercase()));
    let mut by_service: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut short: Vec<SmolStr> = Vec::new();
    for action in actions {
        match action.split_once(':') {
            Some((prefix, name)) if !name.contains(['*', '?']) && catalog.action(action).is_some() => {
                by_service.entry(prefix).or_default().push(name);
            }
            _ => short.push(action.clone()),
        }
    }
    for (prefix, mut names) in by_service {
        names.sort_unstable();
        let Some(service) = catalog.service(prefix) else { continue };
        let mut at = 0;
        while let Some(name) = names.get(at) {
            let rest = names.get(at..).unwrap_or_default();
            let (beginning, count) = longest_group(service, name, rest, &allowed);
            if count > 1 {
                short.push(format!("{prefix}:{beginning}*").into());
            } else {
                short.push(format!("{prefix}:{name}").into());
            }
            at += count.max(1);
        }
    }
    short
}

/// The shortest beginning of `name` (at a capital letter) whose every action of the service stands at the start of `names`.
fn longest_group<'n>(
    service: &Service,
    name: &'n str,
    names: &[&str],
    allowed: &dyn Fn(&str) -> bool,
) -> (&'n str, usize) {
    let cuts =
        name.char_indices().filter(|(i, c)| *i > 0 && c.is_ascii_uppercase()).map(|(i, _)| i).chain([name.len()]);
    for cut in cuts {
        let Some(beginning) = name.get(..cut) else { continue };
        let listed = names.iter().take_while(|n| n.starts_with(beginning)).count();
        let all = service.actions_matching(&format!("{beginning}*")).count();
        if listed == all && allowed(&format!("{}:{beginning}*", service.prefix)) {
            return (beginning, listed);
        }
    }
    (name, 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Limits, Sources, json};

    fn document(text: &str) -> PolicyDocument {
        let source = Sources::new().add("p.json", text);
        PolicyDocument::new(json::read(source, text, &Limits::default()).expect("JSON"))
    }

    fn unused(services: &[(&str, Option<&[&str]>)]) -> Unused {
        let of = |names: Option<&[&str]>| match names {
            None => ServiceUse::Not,
            Some(names) => ServiceUse::Less(names.iter().map(|n| SmolStr::from(n.to_lowercase())).collect()),
        };
        Unused {
            services: services.iter().map(|(p, names)| (SmolStr::from(*p), of(*names))).collect(),
            ..Unused::default()
        }
    }

    fn actions_left(unused: &Unused, actions: &str) -> Narrowed {
        let document =
            document(&format!(r#"{{"Statement": {{"Effect": "Allow", "Action": {actions}, "Resource": "*"}}}}"#));
        unused.statement(&document.statements[0], Catalog::embedded()).expect("supported")
    }

    #[test]
    fn entries_of_which_nothing_goes_stay_as_they_are_written() {
        let unused = unused(&[("s3", Some(&["CreateBucket"])), ("sqs", None)]);
        assert_eq!(actions_left(&unused, r#"["S3:get*", "ec2:*", "*Bad", "s3:ListAllMyBuckets"]"#), Narrowed::Same);
        assert_eq!(
            actions_left(&unused, r#"["S3:get*", "s3:createbucket", "SQS:*"]"#),
            Narrowed::Actions(vec!["S3:get*".into()])
        );
        assert_eq!(actions_left(&unused, r#"["sqs:SendMessage", "s3:CreateBucket"]"#), Narrowed::Nothing);
    }

    #[test]
    fn a_wildcard_becomes_the_list_of_what_is_left_of_it() {
        let unused = unused(&[("sqs", Some(&["CreateQueue", "DeleteQueue", "PurgeQueue"]))]);
        assert_eq!(actions_left(&unused, r#"["sqs:P*", "sqs:Send*"]"#), Narrowed::Actions(vec!["sqs:Send*".into()]));
        let Narrowed::Actions(left) = actions_left(&unused, r#""sqs:*""#) else { panic!("some are left") };
        assert!(left.contains(&"sqs:SendMessage".into()) && !left.contains(&"sqs:PurgeQueue".into()));
        let Narrowed::Actions(left) = actions_left(&unused, r#""*""#) else { panic!("some are left") };
        assert!(left.contains(&"s3:*".into()) && !left.contains(&"sqs:*".into()));
    }

    #[test]
    fn what_is_checked_along_with_other_actions_stays() {
        let unused = unused(&[("iam", None)]);
        assert_eq!(actions_left(&unused, r#""iam:*""#), Narrowed::Actions(vec!["iam:PassRole".into()]));
        assert_eq!(actions_left(&unused, r#""iam:PassRole""#), Narrowed::Same);
    }

    #[test]
    fn deny_statements_conditions_and_the_rest_of_the_document_stay() {
        let before = document(
            r#"{"Version": "2012-10-17", "Id": "x", "Statement": [
                {"Sid": "A", "Effect": "Allow", "Action": ["s3:GetObject", "sqs:SendMessage"], "Resource": "arn:aws:s3:::b/*",
                 "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
                {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"},
                {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}]}"#,
        );
        let after = unused(&[("sqs", None)])
            .document(&before, false, Catalog::embedded())
            .expect("supported")
            .expect("narrower");
        assert_eq!(
            after.root().to_json(),
            serde_json::json!({"Version": "2012-10-17", "Id": "x", "Statement": [
                {"Sid": "A", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*",
                 "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
                {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}]})
        );
        let not_action = document(r#"{"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}}"#);
        assert_eq!(unused(&[]).document(&not_action, false, Catalog::embedded()).err(), Some(Unsupported::NotAction));
    }

    #[test]
    fn shortened_lists_match_nothing_else() {
        let catalog = Catalog::embedded();
        let sqs = catalog.service("sqs").expect("known");
        let names = sqs.actions.iter().filter(|a| a.name != "ListQueues");
        let all: Vec<SmolStr> = names.map(|a| SmolStr::from(format!("sqs:{}", a.name))).collect();
        let short = shortened(&all, &["sqs:*"], catalog);
        assert_eq!(shortened(&all, &["sqs:?"], catalog), all, "nothing that was not allowed");
        assert!(short.len() < all.len(), "{short:?}");
        let mut expanded: Vec<SmolStr> = Vec::new();
        for pattern in &short {
            let names = pattern.split_once(':').expect("with a prefix").1;
            expanded.extend(sqs.actions_matching(names).map(|a| SmolStr::from(format!("sqs:{}", a.name))));
        }
        expanded.sort_unstable();
        let mut all = all;
        all.sort_unstable();
        assert_eq!(expanded, all);
    }
}
