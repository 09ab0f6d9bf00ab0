//! What a principal's identity-based policies grant, action by action: Allow statements, less what a Deny takes away from all
//! resources without a condition, less what the permissions boundary doesn't mention. Resources and conditions are left out of
//! account: an action that is granted on one resource under one condition is granted. Each level of service control policies is a
//! limit as the boundary is one.
//!
//! Source: IAM User Guide, "Refine permissions in AWS using last accessed information".

use std::collections::BTreeSet;

use smol_str::SmolStr;

use crate::catalog::Catalog;
use crate::policy::{PolicyDocument, Statement, StringList, glob};

/// The actions that policies speak of.
#[derive(Clone, Debug, Default)]
pub(super) struct Grants {
    allows: Vec<Entry>,
    denies: Vec<Entry>,
    /// The boundary, and each level of service control policies.
    limits: Vec<Vec<Entry>>,
}

/// One statement's actions.
#[derive(Clone, Debug)]
enum Entry {
    Action(Vec<SmolStr>),
    NotAction(Vec<SmolStr>),
}

impl Entry {
    fn of(statement: &Statement) -> Option<Entry> {
        let patterns = |list: &StringList| list.items.iter().map(|i| i.text.as_smol().clone()).collect();
        match (&statement.action, &statement.not_action) {
            (Some(list), _) => Some(Entry::Action(patterns(list))),
            (None, Some(list)) => Some(Entry::NotAction(patterns(list))),
            (None, None) => None,
        }
    }

    fn matches(&self, action: &str) -> bool {
        let listed = |patterns: &[SmolStr]| patterns.iter().any(|p| glob::matches_ignore_case(p, action));
        match self {
            Entry::Action(patterns) => listed(patterns),
            Entry::NotAction(patterns) => !listed(patterns),
        }
    }
}

impl Grants {
    /// Adds an attached policy.
    pub fn add(&mut self, document: &PolicyDocument) {
        for statement in &document.statements {
            if statement.is_allow() {
                self.allows.extend(Entry::of(statement));
            } else if statement.is_deny() && denies_everywhere(statement) {
                self.denies.extend(Entry::of(statement));
            }
        }
    }

    /// Adds a limit: only what one of these documents allows is granted, less what they deny.
    pub fn limit(&mut self, documents: &[PolicyDocument]) {
        let statements = || documents.iter().flat_map(|d| &d.statements);
        self.limits.push(statements().filter(|s| s.is_allow()).filter_map(Entry::of).collect());
        let denies = statements().filter(|s| s.is_deny() && denies_everywhere(s));
        self.denies.extend(denies.filter_map(Entry::of));
    }

    /// True if an action (with prefix) is granted.
    pub fn grant(&self, action: &str) -> bool {
        let within = |entries: &[Entry]| entries.iter().any(|e| e.matches(action));
        within(&self.allows) && !within(&self.denies) && self.limits.iter().all(|limit| within(limit))
    }

    /// True if any action of a service is granted.
    pub fn grant_service(&self, prefix: &str, catalog: &Catalog) -> bool {
        match catalog.service(prefix) {
            Some(service) => service.actions.iter().any(|a| self.grant(&format!("{prefix}:{}", a.name))),
            // Of a service that the data don't have, any action might be the one: a name that only wildcards match.
            None => self.allows.iter().any(|e| e.names_service(prefix)) && self.grant(&format!("{prefix}:Any")),
        }
    }

    /// The services of the catalog that statements speak of; whether they grant anything is another question.
    pub fn services(&self, catalog: &Catalog) -> BTreeSet<SmolStr> {
        let every = || catalog.prefixes().map(SmolStr::from);
        let mut services = BTreeSet::new();
        for entry in &self.allows {
            match entry {
                Entry::NotAction(_) => services.extend(every()),
                Entry::Action(patterns) => {
                    for pattern in patterns {
                        match service_part(pattern) {
                            Some(part) if !part.contains(['*', '?']) => {
                                services.extend(catalog.service(part).map(|s| s.prefix.clone()));
                            }
                            Some(part) => services.extend(every().filter(|p| glob::matches_ignore_case(part, p))),
                            None => services.extend(every()),
                        }
                    }
                }
            }
        }
        services
    }
}

impl Entry {
    fn names_service(&self, prefix: &str) -> bool {
        match self {
            Entry::NotAction(_) => true,
            Entry::Action(patterns) => {
                patterns.iter().any(|p| service_part(p).is_none_or(|part| glob::matches_ignore_case(part, prefix)))
            }
        }
    }
}

/// What stands before the colon; `None` for `*` alone.
pub(super) fn service_part(pattern: &str) -> Option<&str> {
    pattern.split_once(':').map(|(service, _)| service)
}

fn denies_everywhere(statement: &Statement) -> bool {
    let everything = |list: &StringList| list.items.iter().any(|i| i.text.as_str() == "*");
    statement.conditions.is_empty() && statement.resource.as_ref().is_some_and(everything)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Limits, Sources, json};

    fn document(text: &str) -> PolicyDocument {
        let source = Sources::new().add("p.json", text);
        PolicyDocument::new(json::read(source, text, &Limits::default()).expect("JSON"))
    }

    #[test]
    fn a_deny_takes_away_only_what_it_denies_everywhere_and_always() {
        let mut grants = Grants::default();
        grants.add(&document(
            r#"{"Statement": [{"Effect": "Allow", "Action": ["s3:*", "sqs:Send*"], "Resource": "*"},
                {"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"},
                {"Effect": "Deny", "Action": "s3:Put*", "Resource": "arn:aws:s3:::b/*"},
                {"Effect": "Deny", "NotAction": ["s3:*", "sqs:*"], "Resource": "*"}]}"#,
        ));
        assert!(grants.grant("s3:GetObject") && grants.grant("s3:PutObject") && grants.grant("sqs:SendMessage"));
        assert!(
            !grants.grant("s3:DeleteBucket") && !grants.grant("sqs:DeleteMessage") && !grants.grant("ec2:RunInstances")
        );
        let catalog = Catalog::embedded();
        assert_eq!(grants.services(catalog).into_iter().collect::<Vec<_>>(), ["s3", "sqs"]);
        assert!(grants.grant_service("sqs", catalog) && !grants.grant_service("sns", catalog));
        grants.limit(&[document(r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#)]);
        assert!(!grants.grant_service("sqs", catalog) && grants.grant_service("s3", catalog));
        // Of one level any policy may allow it, and each level has to.
        let all = document(r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#);
        let some = document(r#"{"Statement": {"Effect": "Allow", "Action": "s3:G*", "Resource": "*"}}"#);
        grants.limit(&[all.clone(), some.clone()]);
        assert!(grants.grant("s3:PutObject"));
        grants.limit(&[some]);
        assert!(!grants.grant("s3:PutObject") && grants.grant("s3:GetObject"));
        grants
            .limit(&[all, document(r#"{"Statement": {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}}"#)]);
        assert!(!grants.grant("s3:GetObject") && grants.grant("s3:GetBucketAcl"));
    }
}
