//! The rules of unused access, for one user or role.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::narrow::Unused;
use super::subject::{self, Subject};
use super::trail::Trail;
use super::{Detail, Settings, UnusedAccess, UnusedAccessType};
use crate::access::document_of_aws;
use crate::activity::credential_report::Credential;
use crate::activity::evidence::Evidence;
use crate::activity::time::{DAY, Timestamp};
use crate::catalog::Catalog;
use crate::finding::counted;
use crate::model::{Deployment, Principal, PrincipalEntityKind, Resource, ResourceRef};
use crate::policy::PolicyDocument;
use crate::source::{Node, NodeKind, Text, display_encoded};

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
    pub deployment: &'a Deployment,
    /// The deployment is the export, whose policies have dates.
    pub is_export: bool,
    pub evidence: &'a Evidence,
    pub settings: &'a Settings,
    /// What was last used by then is unused.
    cutoff: Timestamp,
    as_of: Timestamp,
    pub catalog: &'a Catalog,
    /// Policies that AWS manages and that the deployment doesn't have, by ARN.
    pub managed: FxHashMap<SmolStr, PolicyDocument>,
    pub by_id: FxHashMap<&'a ResourceRef, &'a Principal>,
    /// The ARNs of managed policies of the deployment.
    pub arns: FxHashMap<&'a ResourceRef, &'a Text>,
    tags: FxHashMap<&'a ResourceRef, Vec<(SmolStr, SmolStr)>>,
    trail: Option<Trail<'a>>,
    /// What the members of each group don't use, any of them; or why that is not known.
    pub groups: FxHashMap<&'a ResourceRef, Result<Unused, String>>,
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
                && let Some(document) = document_of_aws(reference.arn.as_str(), catalog)
            {
                managed.insert(reference.arn.as_smol().clone(), document);
            }
        }
        let by_id = deployment.principals.iter().map(|p| (&p.id, p)).collect();
        let is_policy =
            |r: &&Resource| ["AWS::IAM::ManagedPolicy", "aws_iam_policy"].contains(&r.id.resource_type.as_str());
        let policies = deployment.resources.iter().filter(is_policy);
        let arns = policies.filter_map(|r| Some((&r.id, r.arn.as_ref()?))).collect();
        let asks_for_tags = !settings.exclude_tags.is_empty();
        let tagged = deployment.resources.iter().filter(|_| asks_for_tags);
        let tags = tagged.filter_map(|r| Some((&r.id, tags_of(r.properties.as_ref()?)))).collect();
        let cutoff = as_of.days_before(settings.tracking_period);
        let trail = evidence.activity.as_ref().map(|activity| Trail::new(activity, cutoff, as_of));
        let groups = FxHashMap::default();
        Judge {
            deployment,
            is_export,
            evidence,
            settings,
            cutoff,
            as_of,
            catalog,
            managed,
            by_id,
            arns,
            tags,
            trail,
            groups,
        }
    }

    pub(super) fn unused(&self, last: Option<Timestamp>) -> bool {
        last.is_none_or(|time| time <= self.cutoff)
    }

    pub(super) fn old_enough(&self, since: Option<Timestamp>) -> bool {
        since.is_none_or(|time| time <= self.cutoff)
    }

    /// When a user or role was created, as far as the evidence says.
    pub(super) fn created(&self, subject: &Subject<'_>) -> Option<Timestamp> {
        subject.entity.and_then(|e| e.created).or(subject.credentials.and_then(|c| c.created))
    }

    /// True if trails show all that was done in the account throughout the period.
    pub(super) fn trail_covers(&self, account: Option<&SmolStr>) -> bool {
        self.trail.as_ref().is_some_and(|trail| trail.covers(account))
    }

    /// What the members of a group don't use, any of them; or why that is not known.
    pub(super) fn of_group(&self, group: &ResourceRef) -> &Result<Unused, String> {
        // INVARIANT: every group of the deployment is there.
        const UNKNOWN: &Result<Unused, String> = &Err(String::new());
        self.groups.get(group).unwrap_or(UNKNOWN)
    }

    /// What is wrong with the evidence as a whole.
    pub(super) fn remarks(&self, subjects: &[Subject<'_>], notices: &mut Vec<String>) {
        if let Some(trail) = &self.trail {
            trail.remarks(self.settings.tracking_period, notices);
        }
        self.limits_remark(subjects, notices);
        let age = |time: Option<Timestamp>| time.filter(|t| self.as_of.0 - t.0 > STALE);
        let read = subjects.iter().filter_map(|s| s.last_accessed.as_ref());
        let stale = read.filter_map(|r| age(r.completed)).collect::<Vec<_>>();
        if let Some(oldest) = stale.iter().min() {
            let count = crate::finding::counted(
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

    /// What the organization's policies and boundaries forbid is not granted, so nothing of it is unused.
    fn limits_remark(&self, subjects: &[Subject<'_>], notices: &mut Vec<String>) {
        let levels = &self.settings.service_control_policies;
        let bounded = subjects.iter().filter(|s| s.principal.permissions_boundary.is_some()).count();
        let mut limits = Vec::new();
        if !levels.is_empty() {
            let policies = levels.iter().map(Vec::len).sum();
            limits.push(format!(
                "{} of {}",
                counted(policies, "service control policy", "service control policies"),
                counted(levels.len(), "level", "levels")
            ));
        }
        if bounded > 0 {
            limits.push(counted(bounded, "permissions boundary", "permissions boundaries"));
        }
        if !limits.is_empty() {
            let limits = limits.join(" and ");
            notices.push(format!(
                "what is forbidden on all resources by {limits} counts neither as granted nor as unused"
            ));
        }
    }

    pub(super) fn subject(&self, subject: &Subject<'_>) -> Judged {
        if self.is_excluded(subject) {
            return Judged::Excluded;
        }
        let path = subject.arn.split_once('/').map(|(_, rest)| rest).unwrap_or_default();
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
            not_recommended: Vec::new(),
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
        if !self.old_enough(self.created(subject)) {
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
            let permissions = self.permissions(subject, covered, &mut notices);
            if !permissions.details.is_empty() {
                let (policies, not_recommended) = self.recommended(subject, &permissions);
                let permission = new(UnusedAccessType::Permission, permissions.details);
                found.push(UnusedAccess { policies, not_recommended, ..permission });
            }
        }
        Judged::Found { found, notices }
    }

    pub(super) fn is_excluded(&self, subject: &Subject<'_>) -> bool {
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
