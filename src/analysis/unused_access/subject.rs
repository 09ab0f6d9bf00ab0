//! Whose access is judged, and what the evidence says of each: a principal of a template is found again in an account's export,
//! in last accessed details, credential reports and trails. By its ARN where that is known, else by its name, else by the tags
//! and the form of the name that CloudFormation gives to what it creates. What fits several is taken for none.

use rustc_hash::FxHashMap;
use smol_str::{SmolStr, StrExt, format_smolstr};

use crate::activity::authorization_details::EntityDetails;
use crate::activity::credential_report::UserCredentials;
use crate::activity::evidence::Evidence;
use crate::activity::last_accessed::{LastAccessed, names_entity};
use crate::activity::usage::{PrincipalKey, PrincipalKind, PrincipalUse};
use crate::model::{Deployment, Principal, PrincipalEntityKind, ResourceRef};
use crate::policy::Arn;

/// A principal with all that is known of its use.
#[derive(Debug)]
pub(super) struct Subject<'a> {
    pub principal: &'a Principal,
    /// Its ARN as the evidence has it, else as the template does.
    pub arn: SmolStr,
    /// The account, if it is known.
    pub account: Option<SmolStr>,
    pub entity: Option<&'a EntityDetails>,
    /// The exported principal of one of a template.
    pub exported: Option<&'a Principal>,
    pub last_accessed: Option<LastAccessed>,
    pub used: Option<&'a PrincipalUse>,
    pub credentials: Option<&'a UserCredentials>,
}

/// The subjects, and what of the evidence is nobody's.
#[derive(Debug, Default)]
pub(super) struct Subjects<'a> {
    pub of: Vec<Subject<'a>>,
    /// Exported users that are in groups of a template, and not in it themselves.
    pub further: Vec<Subject<'a>>,
    pub groups: Vec<Group<'a>>,
    /// Labels of last accessed details.
    pub unclaimed: Vec<String>,
}

/// A group and all its members.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub id: &'a ResourceRef,
    /// Positions in [`Subjects::of`].
    pub members: Vec<usize>,
    /// Positions in [`Subjects::further`].
    pub further: Vec<usize>,
    /// Why it is not known who else is in it.
    pub unknown: Option<String>,
}

/// `role`, `user`: how ARNs name a kind.
fn word(kind: PrincipalEntityKind) -> Option<&'static str> {
    match kind {
        PrincipalEntityKind::Role => Some("role"),
        PrincipalEntityKind::User => Some("user"),
        PrincipalEntityKind::Group | PrincipalEntityKind::PermissionSet => None,
    }
}

/// The users and roles of a deployment; without one, those of the export.
pub(super) fn subjects<'a>(deployment: Option<&'a Deployment>, evidence: &'a Evidence) -> Subjects<'a> {
    let export = evidence.details.as_ref();
    let index = Index::new(evidence);
    let of_template = deployment.into_iter().flat_map(|d| &d.principals).map(|p| (p, index.entity(p)));
    let own = export.filter(|_| deployment.is_none()).into_iter();
    let of_export = own.flat_map(|e| e.deployment.principals.iter().enumerate().map(|(at, p)| (p, Some(at))));
    let mut subjects = Subjects::default();
    for (principal, entity) in of_template.chain(of_export) {
        subjects.of.extend(index.subject(principal, entity, deployment.is_some()));
    }
    members(&mut subjects, deployment, &index);
    assign(&mut subjects, evidence);
    for subject in &mut subjects.of {
        if let Some(exported) = index.entity(subject.principal).and_then(|at| export?.deployment.principals.get(at)) {
            subject.arn = exported.arn.as_smol().clone();
        } else if subject.account.is_none() {
            subject.arn = subject.principal.arn.as_smol().clone();
        }
    }
    subjects
}

/// Finds the members of each group: those that its input names, and those that it has by the export.
fn members<'a>(subjects: &mut Subjects<'a>, deployment: Option<&'a Deployment>, index: &Index<'a>) {
    let export = index.evidence.details.as_ref();
    let Some(own) = deployment.or(export.map(|e| &e.deployment)) else { return };
    let is_member = |user: &Principal, group: &ResourceRef| user.groups.contains(group);
    for (at, group) in own.principals.iter().enumerate().filter(|(_, p)| p.kind == PrincipalEntityKind::Group) {
        let of_own = subjects.of.iter().enumerate().filter(|(_, s)| is_member(s.principal, &group.id));
        let mut found =
            Group { id: &group.id, members: of_own.map(|(at, _)| at).collect(), further: Vec::new(), unknown: None };
        let exported = if deployment.is_some() { index.entity(group) } else { Some(at) };
        let unknown = "only authorization details tell who else is in it";
        match (export, exported.and_then(|at| export?.deployment.principals.get(at))) {
            (None, _) => found.unknown = Some(unknown.to_owned()),
            (Some(export), _) if export.truncated => {
                found.unknown = Some(format!("{unknown}, and these are truncated"))
            }
            (Some(_), None) => found.unknown = Some("it is not in the authorization details".to_owned()),
            (Some(export), Some(exported)) if deployment.is_some() => {
                for (at, user) in export.deployment.principals.iter().enumerate() {
                    if user.kind != PrincipalEntityKind::User || !is_member(user, &exported.id) {
                        continue;
                    }
                    if let Some(at) = subjects.of.iter().position(|s| s.exported.is_some_and(|e| e.id == user.id)) {
                        if !found.members.contains(&at) {
                            found.members.push(at);
                        }
                    } else if let Some(at) = subjects.further.iter().position(|s| s.principal.id == user.id) {
                        found.further.push(at);
                    } else if let Some(subject) = index.subject(user, Some(at), false) {
                        found.further.push(subjects.further.len());
                        subjects.further.push(subject);
                    }
                }
            }
            (Some(_), Some(_)) => {}
        }
        subjects.groups.push(found);
    }
}

/// Gives each file of last accessed details to its subject.
fn assign(subjects: &mut Subjects<'_>, evidence: &Evidence) {
    let mut all: Vec<&mut Subject<'_>> = subjects.of.iter_mut().chain(&mut subjects.further).collect();
    let mut by_key: FxHashMap<SmolStr, Vec<usize>> = FxHashMap::default();
    for (at, subject) in all.iter().enumerate() {
        let id = &subject.principal.id.id;
        let name = subject.arn.rsplit('/').next().unwrap_or(&subject.arn);
        let kind = word(subject.principal.kind).unwrap_or_default();
        let keys = [id.clone(), name.into(), folded(&subject.arn), folded(&format!("{kind}/{name}"))];
        for (number, key) in keys.iter().enumerate() {
            if !keys.iter().take(number).any(|k| k == key) {
                by_key.entry(key.clone()).or_default().push(at);
            }
        }
    }
    for (label, read) in &evidence.last_accessed {
        let file = label.rsplit('/').next().unwrap_or(label);
        let keys = [label.into(), file.into(), folded(label), folded(file)];
        let mut fits: Vec<usize> = keys.iter().filter_map(|k| by_key.get(k)).flatten().copied().collect();
        fits.sort_unstable();
        fits.dedup();
        fits.retain(|at| {
            let subject = all.get(*at);
            subject.is_some_and(|s| s.principal.id.id == label.as_str() || names_entity(label, &s.arn))
        });
        if fits.is_empty() {
            // The file itself may name who used it.
            fits = match read.entities.as_slice() {
                [one] => (0..all.len()).filter(|at| all.get(*at).is_some_and(|s| s.arn == *one)).collect(),
                _ => Vec::new(),
            };
        }
        match (fits.as_slice(), fits.first().and_then(|at| all.get_mut(*at))) {
            ([_], Some(subject)) => match &mut subject.last_accessed {
                Some(known) => known.merge(read.clone()),
                none => *none = Some(read.clone()),
            },
            _ => subjects.unclaimed.push(label.clone()),
        }
    }
}

/// Letters and digits, and `_` for everything else.
fn folded(text: &str) -> SmolStr {
    let fold = |c: char| if c.is_alphanumeric() { c } else { '_' };
    format_smolstr!("={}", text.chars().map(fold).collect::<String>())
}

/// The evidence, by what it can be found by.
struct Index<'a> {
    evidence: &'a Evidence,
    entities: FxHashMap<(PrincipalEntityKind, SmolStr), Vec<usize>>,
    by_arn: FxHashMap<&'a str, usize>,
    by_logical_id: FxHashMap<(PrincipalEntityKind, SmolStr), Vec<usize>>,
    used: FxHashMap<(PrincipalKind, &'a str), Vec<&'a PrincipalUse>>,
    credentials: FxHashMap<&'a str, Vec<&'a UserCredentials>>,
}

/// The tag that CloudFormation gives to roles and users that it creates.
const LOGICAL_ID: &str = "aws:cloudformation:logical-id";

impl<'a> Index<'a> {
    fn new(evidence: &'a Evidence) -> Index<'a> {
        let mut index = Index {
            evidence,
            entities: FxHashMap::default(),
            by_arn: FxHashMap::default(),
            by_logical_id: FxHashMap::default(),
            used: FxHashMap::default(),
            credentials: FxHashMap::default(),
        };
        if let Some(details) = &evidence.details {
            for (at, (p, entity)) in details.deployment.principals.iter().zip(&details.entities).enumerate() {
                index.by_arn.insert(p.arn.as_str(), at);
                index.entities.entry((p.kind, p.name.as_smol().clone())).or_default().push(at);
                let tag = entity.tags.iter().find(|(key, _)| key == LOGICAL_ID).map(|(_, id)| id.clone());
                if let Some(id) = tag.or_else(|| generated_from(p.name.as_str())) {
                    index.by_logical_id.entry((p.kind, id)).or_default().push(at);
                }
            }
        }
        for (key, used) in evidence.activity.iter().flat_map(|a| &a.principals) {
            index.used.entry((key.kind, key.name.as_str())).or_default().push(used);
        }
        for user in evidence.users() {
            index.credentials.entry(user.user.as_str()).or_default().push(user);
        }
        index
    }

    /// A user or role with what the evidence says of it; `entity` is its place in the export.
    fn subject(&self, principal: &'a Principal, entity: Option<usize>, of_template: bool) -> Option<Subject<'a>> {
        let word = word(principal.kind)?;
        let export = self.evidence.details.as_ref();
        let exported = entity.and_then(|at| export?.deployment.principals.get(at));
        let arn = exported.unwrap_or(principal).arn.as_smol().clone();
        let known = exported.map(|p| p.arn.as_str()).or(principal.arn.known());
        let account = known.and_then(Arn::split).map(|a| SmolStr::from(a.account)).filter(|a| !a.is_empty());
        // Where the account is not known, a name may do.
        let name = known.map(|arn| arn.rsplit('/').next().unwrap_or(arn)).or(principal.name.known());
        let named = known.map(SmolStr::from).or_else(|| Some(format_smolstr!("arn:aws:iam:::{word}/{}", name?)));
        Some(Subject {
            principal,
            entity: entity.and_then(|at| export?.entities.get(at)),
            exported: exported.filter(|_| of_template),
            last_accessed: None,
            used: named.as_deref().and_then(|arn| self.used(arn)),
            credentials: named.as_deref().filter(|_| word == "user").and_then(|arn| self.credentials(arn)),
            arn: named.unwrap_or(arn),
            account,
        })
    }

    /// The exported entity of a principal.
    fn entity(&self, principal: &Principal) -> Option<usize> {
        if let Some(arn) = principal.arn.known() {
            return self.by_arn.get(arn).copied();
        }
        if let Some(name) = principal.name.known() {
            return only(self.entities.get(&(principal.kind, name.into())));
        }
        // `Nested.Role` in a nested stack.
        let logical_id = principal.id.id.rsplit('.').next().unwrap_or(&principal.id.id);
        let is_generated = principal.name.as_symbol().is_some() && principal.id.resource_type.starts_with("AWS::");
        let candidates = self.by_logical_id.get(&(principal.kind, logical_id.into()));
        only(candidates.filter(|_| is_generated))
    }

    fn used(&self, arn: &str) -> Option<&'a PrincipalUse> {
        if let Some(key) = PrincipalKey::of_arn(arn) {
            return self.evidence.activity.as_ref()?.principals.get(&key);
        }
        let name = arn.rsplit('/').next().unwrap_or(arn);
        let kind = if arn.contains(":user/") { PrincipalKind::User } else { PrincipalKind::Role };
        match self.used.get(&(kind, name))?.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    fn credentials(&self, arn: &str) -> Option<&'a UserCredentials> {
        let users = self.credentials.get(arn.rsplit('/').next().unwrap_or(arn))?;
        match users.as_slice() {
            [one] if one.arn == arn || arn.starts_with("arn:aws:iam:::") => Some(one),
            several => several.iter().find(|u| u.arn == arn).copied(),
        }
    }
}

fn only(found: Option<&Vec<usize>>) -> Option<usize> {
    match found?.as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}

/// The logical id in a name that CloudFormation has made: `stack-LogicalId-1A2B3C4D5E6F7`.
fn generated_from(name: &str) -> Option<SmolStr> {
    let (rest, random) = name.rsplit_once('-')?;
    let (_, id) = rest.rsplit_once('-')?;
    let is_random = (8..=13).contains(&random.len()) && random.chars().all(|c| c.is_ascii_alphanumeric());
    (is_random && !id.is_empty()).then(|| id.into())
}

/// True if a principal is one of those that were excluded by name: its name, its ARN or its id, with wildcards.
pub(super) fn is_named(subject: &Subject<'_>, pattern: &str) -> bool {
    let arn = subject.arn.as_str();
    let name = arn.rsplit('/').next().unwrap_or(arn);
    [name, arn, subject.principal.id.id.as_str()].iter().any(|s| crate::policy::glob::matches(pattern, s))
}

/// Lower case, for the comparison of actions.
pub(super) fn lower(text: &str) -> SmolStr {
    text.to_ascii_lowercase_smolstr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logical_id_is_told_from_a_generated_name() {
        assert_eq!(generated_from("my-stack-AppRole-1A2B3C4D5E6F7").as_deref(), Some("AppRole"));
        assert_eq!(generated_from("my-stack-AppRole-aBcD1234efgh").as_deref(), Some("AppRole"));
        assert_eq!(generated_from("deploy-prod"), None);
        assert_eq!(generated_from("AppRole-1A2B3C4D5E6F7"), None);
    }
}
