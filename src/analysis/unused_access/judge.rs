//! The rules of unused access, for one user or role.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::grants::Grants;
use super::narrow::{Narrowed, ServiceUse, Unused};
use super::recommend::{Advice, advice, changes};
use super::subject::{self, Subject, lower};
use super::tracked::{has_action_level, is_checked_along, leaves_trace};
use super::{Detail, PolicyAdvice, Settings, StatementChange, UnusedAccess, UnusedAccessType, UnusedAction};
use crate::activity::credential_report::Credential;
use crate::activity::event_source;
use crate::activity::evidence::Evidence;
use crate::activity::time::{DAY, Timestamp};
use crate::catalog::Catalog;
use crate::model::{Deployment, Policy, PolicyId, Principal, PrincipalEntityKind, ResourceRef};
use crate::policy::PolicyDocument;
use crate::source::{Limits, Node, NodeKind, Sources, Text, display_encoded, json};

/// What came of one user or role.
pub(super) enum Judged {
    Excluded,
    ServiceLinked,
    NoEvidence,
    TooYoung,
    Found { found: Vec<UnusedAccess>, notices: Vec<String> },
}

/// The rules with all that they look at.
pub(super) struct Judge<'a> {
    deployment: &'a Deployment,
    /// The deployment is the export, whose policies have dates.
    is_export: bool,
    evidence: &'a Evidence,
    settings: &'a Settings,
    /// What was last used by then is unused.
    cutoff: Timestamp,
    as_of: Timestamp,
    catalog: &'a Catalog,
    /// Policies that AWS manages and that the deployment doesn't have, by ARN.
    managed: FxHashMap<SmolStr, PolicyDocument>,
    by_id: FxHashMap<&'a ResourceRef, &'a Principal>,
    tags: FxHashMap<&'a ResourceRef, Vec<(SmolStr, SmolStr)>>,
}

/// A policy of a principal.
struct Attached<'a> {
    id: Option<PolicyId>,
    shown: String,
    document: Option<&'a PolicyDocument>,
    changed: Option<Timestamp>,
    of_group: bool,
}

/// Files that are older than the newest evidence by this are named.
const STALE: i64 = 7 * DAY;

impl<'a> Judge<'a> {
    pub(super) fn new(
        deployment: &'a Deployment,
        is_export: bool,
        evidence: &'a Evidence,
        settings: &'a Settings,
        as_of: Timestamp,
        catalog: &'a Catalog,
    ) -> Judge<'a> {
        let mut managed: FxHashMap<SmolStr, PolicyDocument> = FxHashMap::default();
        let named = deployment.principals.iter().flat_map(|p| p.managed_policies.iter().chain(&p.permissions_boundary));
        for reference in named.filter(|m| m.policy.is_none()) {
            if !managed.contains_key(reference.arn.as_smol())
                && let Some(document) = of_aws(reference.arn.as_str(), catalog)
            {
                managed.insert(reference.arn.as_smol().clone(), document);
            }
        }
        let by_id = deployment.principals.iter().map(|p| (&p.id, p)).collect();
        let asks_for_tags = !settings.exclude_tags.is_empty();
        let tagged = deployment.resources.iter().filter(|_| asks_for_tags);
        let tags = tagged.filter_map(|r| Some((&r.id, tags_of(r.properties.as_ref()?)))).collect();
        let cutoff = as_of.days_before(settings.tracking_period);
        Judge { deployment, is_export, evidence, settings, cutoff, as_of, catalog, managed, by_id, tags }
    }

    fn unused(&self, last: Option<Timestamp>) -> bool {
        last.is_none_or(|time| time <= self.cutoff)
    }

    fn old_enough(&self, since: Option<Timestamp>) -> bool {
        since.is_none_or(|time| time <= self.cutoff)
    }

    /// True if trails show all that was done in the account throughout the period.
    fn trail_covers(&self, account: Option<&SmolStr>) -> bool {
        let Some(activity) = &self.evidence.activity else { return false };
        let coverage = &activity.coverage;
        // What a broken file held, nobody knows.
        if coverage.troubles.files > 0 {
            return false;
        }
        let begins = coverage.period.is_some_and(|(first, _)| first.0 <= self.cutoff.0 + DAY);
        begins && account.is_none_or(|account| coverage.accounts.is_empty() || coverage.accounts.contains_key(account))
    }

    /// What is wrong with the evidence as a whole.
    pub(super) fn remarks(&self, subjects: &[Subject<'_>], notices: &mut Vec<String>) {
        let days = self.settings.tracking_period;
        if let Some(activity) = &self.evidence.activity {
            if activity.coverage.troubles.files > 0 {
                notices.push(
                    "files of the trails could not be read: they show what was used, not what was not".to_owned(),
                );
            }
            match activity.coverage.period {
                None => notices.push("the trails hold no events".to_owned()),
                Some((first, last)) if first.0 > self.cutoff.0 + DAY => {
                    let covered = (last.0 - first.0) / DAY;
                    notices.push(format!(
                        "the trails begin on {first} and cover {covered} days of {days}: they show what was used, not what was not"
                    ));
                }
                Some((first, last)) => {
                    let regions: Vec<&str> = activity.coverage.regions.keys().map(SmolStr::as_str).collect();
                    notices.push(format!(
                        "the trails cover {first} to {last}, Regions {}: use elsewhere is not known",
                        if regions.is_empty() { "unknown".to_owned() } else { regions.join(", ") }
                    ));
                }
            }
        }
        let age = |time: Option<Timestamp>| time.filter(|t| self.as_of.0 - t.0 > STALE);
        let read = subjects.iter().filter_map(|s| s.last_accessed.as_ref());
        let stale = read.filter_map(|r| age(r.completed)).collect::<Vec<_>>();
        if let Some(oldest) = stale.iter().min() {
            let count = crate::report::counted(
                stale.len(),
                "file of last accessed details is",
                "files of last accessed details are",
            );
            notices.push(format!("{count} older than the rest of the evidence, the oldest of {oldest}"));
        }
        if subjects.iter().any(|s| s.last_accessed.as_ref().is_some_and(|l| l.truncated)) {
            notices.push("last accessed details are truncated: a further page is missing".to_owned());
        }
        if self.evidence.details.as_ref().is_some_and(|d| d.truncated) {
            notices.push("the authorization details are truncated: a further page is missing".to_owned());
        }
    }

    pub(super) fn subject(&self, subject: &Subject<'_>) -> Judged {
        if self.is_excluded(subject) {
            return Judged::Excluded;
        }
        let path = subject.arn.split_once("/").map(|(_, rest)| rest).unwrap_or_default();
        if subject.principal.kind == PrincipalEntityKind::Role && path.starts_with("aws-service-role/") {
            return Judged::ServiceLinked;
        }
        let covered = self.trail_covers(subject.account.as_ref());
        let is_role = subject.principal.kind == PrincipalEntityKind::Role;
        let speaks = subject.entity.filter(|_| is_role).is_some()
            || subject.last_accessed.is_some()
            || subject.credentials.is_some()
            || subject.used.is_some()
            || covered;
        if !speaks {
            return Judged::NoEvidence;
        }
        let mut found = Vec::new();
        let new = |finding_type, details| UnusedAccess {
            finding_type,
            resource: display_encoded(&subject.arn),
            principal: subject.principal.id.clone(),
            resource_type: if is_role { "AWS::IAM::Role" } else { "AWS::IAM::User" },
            details,
            policies: Vec::new(),
            not_recommended: None,
        };
        // A credential has an age of its own.
        if let Some(credentials) = subject.credentials {
            let sign_in = subject.used.and_then(|u| u.console_sign_in.last());
            if let Some(password) = &credentials.password
                && let Some(last_accessed) = self.credential(password, sign_in, credentials.created)
            {
                found.push(new(UnusedAccessType::Password, vec![Detail::Whole { last_accessed }]));
            }
            for (number, key) in &credentials.access_keys {
                let id = self.evidence.access_key_id(&credentials.user, key.set);
                // Without its id, which of a user's keys a trail speaks of is not known.
                let keys = subject.used.into_iter().flat_map(|u| &u.access_keys);
                let signed =
                    keys.filter(|(other, _)| id.is_none_or(|id| id == *other)).filter_map(|(_, k)| k.last()).max();
                if let Some(last_accessed) = self.credential(key, signed, credentials.created) {
                    let access_key_id = id.map_or_else(|| format!("access_key_{number}"), ToString::to_string);
                    found.push(new(
                        UnusedAccessType::AccessKey,
                        vec![Detail::AccessKey { access_key_id, last_accessed }],
                    ));
                }
            }
        }
        let created = subject.entity.and_then(|e| e.created).or(subject.credentials.and_then(|c| c.created));
        if !self.old_enough(created) {
            return if found.is_empty() { Judged::TooYoung } else { Judged::Found { found, notices: Vec::new() } };
        }
        let last = self.last_use(subject);
        let mut notices = Vec::new();
        if is_role && self.unused(last) {
            let knows = subject.entity.is_some() || subject.last_accessed.is_some() || covered;
            if knows {
                found.push(new(UnusedAccessType::Role, vec![Detail::Whole { last_accessed: last }]));
            }
        } else if !self.unused(last) {
            let (details, policies, not_recommended) = self.permissions(subject, covered, &mut notices);
            if !details.is_empty() {
                let permission = new(UnusedAccessType::Permission, details);
                found.push(UnusedAccess { policies, not_recommended, ..permission });
            }
        }
        Judged::Found { found, notices }
    }

    fn is_excluded(&self, subject: &Subject<'_>) -> bool {
        let asked = |(key, value): &(SmolStr, SmolStr)| {
            let mut tags = self.settings.exclude_tags.iter();
            tags.any(|(k, v)| k == key.as_str() && (v.is_empty() || v == value.as_str()))
        };
        let tags = subject.entity.map(|e| &e.tags).into_iter().chain(self.tags.get(&subject.principal.id));
        tags.flatten().any(asked) || self.settings.exclude.iter().any(|name| subject::is_named(subject, name))
    }

    /// The last use of a credential, if it is unused.
    fn credential(
        &self,
        credential: &Credential,
        seen: Option<Timestamp>,
        created: Option<Timestamp>,
    ) -> Option<Option<Timestamp>> {
        let last = credential.last_used.max(seen);
        (self.unused(last) && self.old_enough(credential.set.or(created))).then_some(last)
    }

    /// The last use of anything.
    fn last_use(&self, subject: &Subject<'_>) -> Option<Timestamp> {
        let of_entity = subject.entity.and_then(|e| e.last_used);
        let services = subject.last_accessed.iter().flat_map(|l| l.services.values());
        let of_services =
            services.filter_map(|s| s.last.max(s.actions.iter().flatten().filter_map(|(_, t)| *t).max())).max();
        let of_trail = subject.used.and_then(|u| u.calls.last().max(u.console_sign_in.last()));
        let credentials = subject.credentials.iter();
        let of_credentials = credentials
            .flat_map(|c| c.password.iter().chain(c.access_keys.iter().map(|(_, key)| key)))
            .filter_map(|c| c.last_used)
            .max();
        of_entity.max(of_services).max(of_trail).max(of_credentials)
    }

    /// The policies of a principal or of a group of it.
    fn attached<'s>(
        &'s self,
        principal: &'s Principal,
        of_group: bool,
        notices: &mut Vec<String>,
    ) -> Vec<Attached<'s>> {
        let mut attached: Vec<Attached<'s>> = Vec::new();
        let named = |id: PolicyId, shown: Option<String>| {
            let policy: &Policy = self.deployment.policies.get(id.0)?;
            let changed =
                self.evidence.details.as_ref().filter(|_| self.is_export).and_then(|d| *d.changed.get(id.0)?);
            let shown = shown.unwrap_or_else(|| policy.name.to_string());
            Some(Attached { id: Some(id), shown, document: policy.document.as_ref(), changed, of_group })
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
                    attached.push(Attached { id: None, shown, document, changed: None, of_group });
                }
            }
        }
        attached.extend(principal.policies.iter().filter(|id| seen.insert(**id)).filter_map(|id| named(*id, None)));
        attached
    }

    /// Unused services and actions of an active user or role, and what is recommended.
    fn permissions(
        &self,
        subject: &Subject<'_>,
        covered: bool,
        notices: &mut Vec<String>,
    ) -> (Vec<Detail>, Vec<PolicyAdvice>, Option<&'static str>) {
        let principal = subject.principal;
        let mut policies = self.attached(principal, false, notices);
        for group in principal.groups.iter().filter_map(|g| self.by_id.get(g)) {
            policies.extend(self.attached(group, true, notices));
        }
        let mut grants = Grants::default();
        // What a policy has allowed for less than the period can't have been unused for longer.
        let old = |p: &&Attached<'_>| self.old_enough(p.changed);
        policies.iter().filter(old).filter_map(|p| p.document).for_each(|document| grants.add(document));
        if let Some(boundary) = &principal.permissions_boundary {
            let own = boundary.policy.and_then(|id| self.deployment.policies.get(id.0)?.document.as_ref());
            if let Some(document) = own.or_else(|| self.managed.get(boundary.arn.as_smol())) {
                grants.limit(document);
            }
        }
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
        if details.is_empty() {
            return (details, Vec::new(), None);
        }
        if subject.arn.contains(":role/aws-reserved/sso.amazonaws.com/") {
            return (details, Vec::new(), Some("the role is IAM Identity Center's: change its permission set"));
        }
        let mut advised = Vec::new();
        for policy in policies.iter().filter(|p| !p.of_group).filter(old) {
            let Some(existing) = policy.document else { continue };
            let advice = advice(existing, &unused, self.catalog);
            if matches!(advice, Advice::Keep) {
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
                changed: policy.changed,
                existing: existing.clone(),
                advice,
                changes: changes(existing, &unused, self.catalog).into_iter().map(change).collect(),
                used: unused.used.iter().cloned().collect(),
            });
        }
        let by_group = advised.is_empty() && policies.iter().any(|p| p.of_group);
        (details, advised, by_group.then_some("what is unused comes from a group's policies, which others share"))
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
                if let Some(document) = of_aws(m.arn.as_str(), self.catalog) {
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

/// A policy that AWS manages, by its ARN in any partition.
fn of_aws(arn: &str, catalog: &Catalog) -> Option<PolicyDocument> {
    let (_, rest) = arn.split_once(":iam::aws:")?;
    let text = catalog.managed_policy(&format!("arn:aws:iam::aws:{rest}"))?.document;
    let source = Sources::new().add(arn, text);
    json::read(source, text, &Limits::default()).ok().map(PolicyDocument::new)
}

/// CloudFormation's list of `Key` and `Value`, or Terraform's map.
fn tags_of(properties: &Node) -> Vec<(SmolStr, SmolStr)> {
    let text = |node: Option<&Node>| node.and_then(Node::as_text).map(|t: &Text| t.as_smol().clone());
    let mut tags = Vec::new();
    for name in ["Tags", "tags", "tags_all"] {
        match properties.get(name).map(|n| &n.kind) {
            Some(NodeKind::Sequence(items)) => {
                tags.extend(items.iter().filter_map(|t| Some((text(t.get("Key"))?, text(t.get("Value"))?))));
            }
            Some(NodeKind::Mapping(map)) => {
                tags.extend(map.iter().filter_map(|e| Some((e.key.as_smol().clone(), text(Some(&e.value))?))));
            }
            _ => {}
        }
    }
    tags
}
