//! The permissions of an active user or role that nobody uses: what its policies grant, less what its permissions boundary and the
//! organization's service control policies forbid, held against last accessed details, or against trails.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::grants::Grants;
use super::judge::Judge;
use super::narrow::{Narrowed, ServiceUse, Unused};
use super::recommend::{Advice, advice, changes};
use super::subject::{Subject, lower};
use super::tracked::{has_action_level, is_checked_along, leaves_trace};
use super::{Detail, NotRecommended, PolicyAdvice, StatementChange, UnusedAction};
use crate::access::document_of_aws;
use crate::activity::event_source;
use crate::activity::time::Timestamp;
use crate::model::{Policy, PolicyForm, PolicyId, Principal, ResourceRef};
use crate::policy::PolicyDocument;
use crate::source::display_encoded;

/// A policy of a principal, or of a group of it.
pub(super) struct Attached<'a> {
    id: Option<PolicyId>,
    shown: String,
    document: Option<&'a PolicyDocument>,
    changed: Option<Timestamp>,
    group: Option<&'a ResourceRef>,
}

/// What a user or role doesn't use, and the policies that grant it.
pub(super) struct Permissions<'s> {
    policies: Vec<Attached<'s>>,
    pub details: Vec<Detail>,
    pub unused: Unused,
}

impl Judge<'_> {
    /// The policies of a principal or of a group of it.
    pub(super) fn attached<'s>(
        &'s self,
        principal: &'s Principal,
        group: Option<&'s ResourceRef>,
        notices: &mut Vec<String>,
    ) -> Vec<Attached<'s>> {
        let mut attached: Vec<Attached<'s>> = Vec::new();
        let named = |id: PolicyId, shown: Option<String>| {
            let policy: &Policy = self.deployment.policies.get(id.0)?;
            let changed =
                self.evidence.details.as_ref().filter(|_| self.is_export).and_then(|d| *d.changed.get(id.0)?);
            let shown = shown.unwrap_or_else(|| match policy.form {
                // Its name is that of a property.
                PolicyForm::Managed => self
                    .arns
                    .get(&policy.resource)
                    .map_or_else(|| display_encoded(&policy.resource.id), |arn| arn.display()),
                _ => policy.name.to_string(),
            });
            Some(Attached { id: Some(id), shown, document: policy.document.as_ref(), changed, group })
        };
        let mut seen: FxHashSet<PolicyId> = FxHashSet::default();
        for reference in &principal.managed_policies {
            match reference.policy {
                Some(id) if seen.insert(id) => attached.extend(named(id, Some(reference.arn.display()))),
                Some(_) => {}
                None => {
                    let document = self.managed.get(reference.arn.as_smol());
                    if document.is_none() {
                        notices.push(format!(
                            "the managed policy `{}` of `{}` is not known: what it allows is not judged",
                            reference.arn.display(),
                            display_encoded(&principal.id.id)
                        ));
                    }
                    let shown = reference.arn.display();
                    attached.push(Attached { id: None, shown, document, changed: None, group });
                }
            }
        }
        attached.extend(principal.policies.iter().filter(|id| seen.insert(**id)).filter_map(|id| named(*id, None)));
        attached
    }

    /// Unused services and actions of an active user or role.
    pub(super) fn permissions<'s>(
        &'s self,
        subject: &'s Subject<'_>,
        covered: bool,
        notices: &mut Vec<String>,
    ) -> Permissions<'s> {
        let principal = subject.principal;
        let mut policies = self.attached(principal, None, notices);
        for group in principal.groups.iter().filter_map(|g| self.by_id.get(g)) {
            policies.extend(self.attached(group, Some(&group.id), notices));
        }
        let mut grants = Grants::default();
        // What a policy has allowed for less than the period can't have been unused for longer.
        let old = |p: &&Attached<'_>| self.old_enough(p.changed);
        policies.iter().filter(old).filter_map(|p| p.document).for_each(|document| grants.add(document));
        if let Some(boundary) = &principal.permissions_boundary {
            let own = boundary.policy.and_then(|id| self.deployment.policies.get(id.0)?.document.as_ref());
            match own.or_else(|| self.managed.get(boundary.arn.as_smol())) {
                Some(document) => grants.limit(std::slice::from_ref(document)),
                None => notices.push(format!(
                    "the permissions boundary `{}` is not known: what it forbids counts as granted",
                    boundary.arn.display()
                )),
            }
        }
        self.settings.service_control_policies.iter().for_each(|level| grants.limit(level));
        let mut unused = Unused { used: self.used(subject), ..Unused::default() };
        let needed = unused.used.iter().filter_map(|action| self.catalog.action(action));
        unused.needed = needed.flat_map(|(_, action)| &action.dependent_actions).map(|a| lower(a)).collect();
        let details = match &subject.last_accessed {
            Some(_) => self.by_last_accessed(subject, &grants, &mut unused),
            None if covered => {
                let deployed = subject.exported.map(|exported| self.deployed(exported));
                self.by_trail(subject, &grants, deployed.as_ref(), &mut unused, notices)
            }
            None => Vec::new(),
        };
        Permissions { policies, details, unused }
    }

    /// What is recommended for each policy of which something is unused, and why there is nothing for others.
    pub(super) fn recommended(
        &self,
        subject: &Subject<'_>,
        permissions: &Permissions<'_>,
    ) -> (Vec<PolicyAdvice>, Vec<NotRecommended>) {
        let (mut advised, mut not) = (Vec::new(), Vec::new());
        if subject.arn.contains(":role/aws-reserved/sso.amazonaws.com/") {
            let message = "the role is IAM Identity Center's: change its permission set".to_owned();
            return (advised, vec![NotRecommended { code: "UNSUPPORTED_ENTITY", message, policy: None }]);
        }
        for policy in permissions.policies.iter().filter(|p| self.old_enough(p.changed)) {
            let Some(existing) = policy.document else { continue };
            let of_group = policy.group.map(|group| (group, self.of_group(group)));
            let unused = match of_group {
                None => &permissions.unused,
                Some((_, Ok(unused))) => unused,
                Some((group, Err(why))) => {
                    if !matches!(advice(existing, &permissions.unused, self.catalog), Advice::Keep) {
                        let message =
                            format!("the policy is that of the group `{}`: {why}", display_encoded(&group.id));
                        let policy = Some(policy.shown.clone());
                        not.push(NotRecommended { code: "UNSUPPORTED_GROUP", message, policy });
                    }
                    continue;
                }
            };
            let advice_of = advice(existing, unused, self.catalog);
            if matches!(advice_of, Advice::Keep) {
                if let Some(group) = policy.group
                    && !matches!(advice(existing, &permissions.unused, self.catalog), Advice::Keep)
                {
                    let group = display_encoded(&group.id);
                    let message = format!("other members of the group `{group}` use what this one does not");
                    not.push(NotRecommended { code: "USED_BY_GROUP", message, policy: Some(policy.shown.clone()) });
                }
                continue;
            }
            let change = |(statement, narrowed): (&crate::policy::Statement, Narrowed)| StatementChange {
                index: statement.index,
                left: match narrowed {
                    Narrowed::Actions(left) => left,
                    Narrowed::Nothing | Narrowed::Same => Vec::new(),
                },
            };
            advised.push(PolicyAdvice {
                policy: policy.id,
                id: policy.shown.clone(),
                group: policy.group.cloned(),
                changed: policy.changed,
                existing: existing.clone(),
                advice: advice_of,
                changes: changes(existing, unused, self.catalog).into_iter().map(change).collect(),
                used: unused.used.iter().cloned().collect(),
            });
        }
        (advised, not)
    }

    /// Actions used within the period, with prefix.
    fn used(&self, subject: &Subject<'_>) -> BTreeSet<SmolStr> {
        let mut used = BTreeSet::new();
        for (prefix, service) in subject.last_accessed.iter().flat_map(|l| &l.services) {
            let actions = service.actions.iter().flatten().filter(|(_, last)| !self.unused(**last));
            used.extend(actions.map(|(name, _)| SmolStr::from(format!("{prefix}:{name}"))));
        }
        let of_trail = subject.used.into_iter().flat_map(|u| &u.actions).filter(|(_, u)| !self.unused(u.all().last()));
        used.extend(of_trail.map(|(action, _)| action.clone()));
        used
    }

    /// By last accessed details: they list what the policies allow, with dates.
    fn by_last_accessed(&self, subject: &Subject<'_>, grants: &Grants, unused: &mut Unused) -> Vec<Detail> {
        let mut details = Vec::new();
        let in_trail = |action: &str| subject.used.and_then(|u| u.actions.get(action)).and_then(|a| a.all().last());
        for (prefix, service) in subject.last_accessed.iter().flat_map(|l| &l.services) {
            let of_actions = service.actions.iter().flatten().filter_map(|(_, last)| *last).max();
            let of_trail = subject.used.and_then(|u| u.last_use_of_service(prefix));
            let last = service.last.max(of_actions).max(of_trail);
            if self.unused(last) {
                if grants.grant_service(prefix, self.catalog) {
                    unused.services.insert(prefix.clone(), ServiceUse::Not);
                    details.push(service_detail(prefix, None, last));
                }
                continue;
            }
            let mut actions = Vec::new();
            for (name, last) in service.actions.iter().flatten() {
                let full = format!("{prefix}:{name}");
                let last = (*last).max(in_trail(&full));
                let is_needed = || unused.needed.contains(&lower(&full)) || is_checked_along(&full);
                if self.unused(last) && !is_needed() && grants.grant(&full) {
                    actions.push(UnusedAction { action: name.clone(), last_accessed: last });
                }
            }
            self.less(prefix, actions, last, unused, &mut details);
        }
        details
    }

    /// What the exported policies of a user or role of a template have granted throughout the period: only that can have
    /// been used, or not.
    fn deployed(&self, exported: &Principal) -> Grants {
        let mut grants = Grants::default();
        let Some(details) = &self.evidence.details else { return grants };
        let deployment = &details.deployment;
        let of_group = |g: &ResourceRef| deployment.principals.iter().find(|p| p.id == *g);
        let groups = exported.groups.iter().filter_map(of_group);
        for holder in std::iter::once(exported).chain(groups) {
            let managed = holder.managed_policies.iter();
            managed.clone().filter(|m| m.policy.is_none()).for_each(|m| {
                if let Some(document) = document_of_aws(m.arn.as_str(), self.catalog) {
                    grants.add(&document);
                }
            });
            for id in holder.policies.iter().copied().chain(managed.filter_map(|m| m.policy)) {
                let changed = details.changed.get(id.0).copied().flatten();
                let document = deployment.policies.get(id.0).and_then(|p| p.document.as_ref());
                if let Some(document) = document.filter(|_| self.old_enough(changed)) {
                    grants.add(document);
                }
            }
        }
        grants
    }

    /// The services of calls within the period that no action is known for.
    fn unmapped(&self, subject: &Subject<'_>) -> BTreeSet<SmolStr> {
        let calls = subject.used.into_iter().flat_map(|u| &u.unmapped).filter(|(_, calls)| !self.unused(calls.last()));
        let services = calls.filter_map(|((source, _), _)| event_source::service(self.catalog, source));
        services.map(|service| service.prefix.clone()).collect()
    }

    /// By trails alone: what leaves a trace in them and hasn't.
    fn by_trail(
        &self,
        subject: &Subject<'_>,
        grants: &Grants,
        deployed: Option<&Grants>,
        unused: &mut Unused,
        notices: &mut Vec<String>,
    ) -> Vec<Detail> {
        let unmapped = self.unmapped(subject);
        for prefix in &unmapped {
            notices.push(format!(
                "`{}` has made calls to `{prefix}` that no action is known for: the service is not judged",
                display_encoded(&subject.principal.id.id)
            ));
        }
        let granted = |action: &str| grants.grant(action) && deployed.is_none_or(|d| d.grant(action));
        let mut details = Vec::new();
        for prefix in grants.services(self.catalog) {
            let judged = has_action_level(&prefix) && !unmapped.contains(&prefix);
            let Some(service) = self.catalog.service(&prefix).filter(|_| judged) else { continue };
            let last = subject.used.and_then(|u| u.last_use_of_service(&prefix));
            let (mut actions, mut traceless) = (Vec::new(), false);
            for action in &service.actions {
                let full = format!("{prefix}:{}", action.name);
                if !granted(&full) {
                    // What is granted here and not there yet has had no time to be used.
                    traceless |= grants.grant(&full);
                    continue;
                }
                if !leaves_trace(&full) {
                    traceless = true;
                    continue;
                }
                let last = subject.used.and_then(|u| u.actions.get(full.as_str())).and_then(|a| a.all().last());
                if self.unused(last) && !unused.needed.contains(&lower(&full)) {
                    actions.push(UnusedAction { action: action.name.clone(), last_accessed: last });
                }
            }
            if self.unused(last) && !traceless && !actions.is_empty() {
                unused.services.insert(prefix.clone(), ServiceUse::Not);
                details.push(service_detail(&prefix, None, last));
            } else {
                self.less(&prefix, actions, last, unused, &mut details);
            }
        }
        details
    }

    /// A service of which some actions are unused.
    fn less(
        &self,
        prefix: &SmolStr,
        actions: Vec<UnusedAction>,
        last: Option<Timestamp>,
        unused: &mut Unused,
        details: &mut Vec<Detail>,
    ) {
        if !actions.is_empty() {
            let names = actions.iter().map(|a| lower(&a.action)).collect();
            unused.services.insert(prefix.clone(), ServiceUse::Less(names));
            details.push(service_detail(prefix, Some(actions), last));
        }
    }
}

fn service_detail(prefix: &SmolStr, actions: Option<Vec<UnusedAction>>, last_accessed: Option<Timestamp>) -> Detail {
    Detail::Service { service_namespace: prefix.clone(), actions, last_accessed }
}
