//! The ways in that one policy opens to what it protects: each Allow statement taken apart, and the engine asked of each part
//! whether anybody from outside takes it.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::cube::{self, Cube, Spared};
use super::{ExternalAccess, Source, actions};
use crate::catalog::Catalog;
use crate::finding::Location;
use crate::logic::engine::{
    Access, CompiledPolicy, Through, Ties, Zone, no_outside_access_through, no_public_access_through,
};
use crate::logic::evaluate::PolicyKind;
use crate::model::{PolicyId, ResourceRef};
use crate::policy::TRUST_POLICY;
use crate::policy::{Arn, PolicyDocument};
use crate::source::Text;

/// A policy and what is reached by it.
pub(super) struct Entrance<'a> {
    pub policy: PolicyId,
    pub document: &'a PolicyDocument,
    pub kind: PolicyKind,
    /// What is reached.
    pub shared: &'a [ResourceRef],
    /// Its type, as the engine and the tables know it.
    pub resource_type: &'a SmolStr,
    pub source: Source,
    /// What has to be passed besides the policy. Any one of them leads in; there is at least one.
    pub gates: Vec<Gate>,
    /// True if nobody from the internet comes this way.
    pub is_private: bool,
    /// True if what is granted to everybody counts for nothing.
    pub ignores_public: bool,
    /// Resource control policies that bear on it.
    pub rcps: &'a [CompiledPolicy],
    /// True if a bucket's policy that is not public may leave the choice to access points of other accounts without
    /// being restricted.
    pub is_unrestricted: bool,
}

/// What has to be passed besides the policy.
#[derive(Default)]
pub(super) struct Gate {
    /// Another policy that has to allow the request.
    pub policy: Option<CompiledPolicy>,
    /// Whom it lets in, and under which conditions that findings keep.
    pub principal: Option<(SmolStr, Text)>,
    pub condition: BTreeMap<SmolStr, Vec<Text>>,
    /// Keys that every request on the way carries.
    pub keys: Vec<(SmolStr, SmolStr)>,
    /// What can be done on the way.
    pub access: Access,
    /// What its Deny statements spare.
    pub spared: Vec<Spared>,
}

/// Ways through a gate that are told apart.
const WAYS: usize = 100;
/// Lists of spared values that are looked at.
const KEYS: usize = 16;
/// Ways that Deny statements may narrow one to.
const SPARED: usize = 50;

impl Gate {
    /// The parts of a bucket's policy as gates of their own, so that findings can name their conditions; the whole
    /// policy as one where there are too many.
    pub(super) fn of(document: &PolicyDocument, keys: &[(SmolStr, SmolStr)], access: &Access) -> Vec<Gate> {
        let compiled =
            |document: &PolicyDocument| CompiledPolicy::new(document.clone(), PolicyKind::Resource, Ties::Tied).ok();
        let spared = cube::spared(document);
        let allowing = document.statements.iter().filter(|s| s.is_allow());
        let cubes: Vec<Cube> = allowing.flat_map(|s| cube::cubes(document, s)).collect();
        if cubes.len() > WAYS {
            let (keys, access) = (keys.to_vec(), access.clone());
            return vec![Gate { policy: compiled(document), keys, access, spared, ..Gate::default() }];
        }
        let gates = cubes.into_iter().map(|cube| Gate {
            policy: compiled(&cube.document),
            principal: Some(cube.principal),
            condition: cube.condition,
            keys: keys.to_vec(),
            access: access.clone(),
            spared: spared.clone(),
        });
        gates.filter(|gate| gate.policy.is_some()).collect()
    }

    fn through(&self) -> Through<'_> {
        Through { gate: self.policy.as_ref(), keys: self.keys.clone(), access: self.access.clone(), denying: &[] }
    }
}

type Key = (SmolStr, String, BTreeMap<SmolStr, String>, Source);

impl Entrance<'_> {
    /// Who gets in from outside the zone.
    pub(super) fn ways_in(&self, zone: &Zone, catalog: &Catalog) -> Vec<ExternalAccess> {
        let mut merged: BTreeMap<Key, ExternalAccess> = BTreeMap::new();
        let spared = cube::spared(self.document);
        for statement in self.document.statements.iter().filter(|s| s.is_allow()) {
            for cube in cube::cubes(self.document, statement) {
                if surely_inside(&cube.principal, zone) {
                    continue;
                }
                let path = statement.path().key("Principal");
                let path = if cube.principal.1.as_str() == "*" && cube.item.is_none() {
                    path
                } else {
                    path.key(cube.principal.0.clone()).maybe_index(cube.item)
                };
                let location = Location::new(path, cube.span);
                for gate in &self.gates {
                    let all: Vec<&Spared> = spared.iter().chain(&gate.spared).take(KEYS).collect();
                    for cube in self.narrowed(cube.clone(), gate, &all, zone, SPARED) {
                        let Some((key, access)) = self.way_in(&cube, gate, zone, catalog) else { continue };
                        let entry = merged.entry(key).or_insert_with(|| ExternalAccess {
                            actions: Vec::new(),
                            is_public: false,
                            ..access.clone()
                        });
                        entry.is_public |= access.is_public;
                        entry.is_forbidden &= access.is_forbidden;
                        entry.actions.extend(access.actions);
                        if !entry.locations.iter().any(|l| l.span == location.span) {
                            entry.locations.push(location.clone());
                        }
                        if entry.witness.is_err() {
                            entry.witness = access.witness;
                        }
                    }
                }
            }
        }
        let mut found = Vec::new();
        for mut access in merged.into_values() {
            access.actions.sort_unstable();
            access.actions.dedup();
            access.levels = access.actions.iter().filter_map(|a| Some(catalog.action(a)?.1.access_level)).collect();
            for resource in self.shared {
                found.push(ExternalAccess { resource: resource.clone(), ..access.clone() });
            }
        }
        found
    }

    /// Whether anybody from outside takes the way, for all that is known: also where the engine can't tell.
    fn is_open(&self, cube: &Cube, gate: &Gate, zone: &Zone) -> bool {
        let closed = |policy| no_outside_access_through(&policy, &gate.through(), zone, Ties::Tied).holds();
        !self.compiled(cube).is_some_and(closed)
    }

    fn compiled(&self, cube: &Cube) -> Option<CompiledPolicy> {
        CompiledPolicy::new(cube.document.clone(), self.kind, Ties::Tied).ok()
    }

    /// The way, or where Deny statements leave nothing of it but what they spare, the ways with the spared values: a bucket that
    /// is open to everybody, and denied but from one VPC endpoint, is open from that endpoint. `room` is how many ways that may be.
    fn narrowed(&self, cube: Cube, gate: &Gate, spared: &[&Spared], zone: &Zone, room: usize) -> Vec<Cube> {
        if spared.is_empty() || room == 0 || !self.is_open(&cube, gate, zone) {
            return vec![cube];
        }
        if self.is_open(&cube.without(spared), gate, zone) {
            return vec![cube];
        }
        // The fewest that leave nothing, the last first.
        let mut needed: Vec<&Spared> = spared.to_vec();
        for at in (0..spared.len()).rev().filter(|_| spared.len() > 1) {
            let mut fewer = needed.clone();
            fewer.remove(at);
            if !fewer.is_empty() && !self.is_open(&cube.without(&fewer), gate, zone) {
                needed = fewer;
            }
        }
        let is_needed = |s: &&Spared| needed.iter().any(|n| std::ptr::eq(*n, *s));
        let others: Vec<&Spared> = spared.iter().copied().filter(|s| !is_needed(s)).collect();
        let values: usize = needed.iter().map(|spared| spared.values()).sum();
        let ways: Vec<Cube> = needed.iter().flat_map(|spared| cube.within(spared, values <= room)).collect();
        if ways.len() > room || ways.iter().any(|way| self.compiled(way).is_none()) {
            return vec![cube];
        }
        let room = room / (ways.len() + 1);
        ways.into_iter().flat_map(|way| self.narrowed(way, gate, &others, zone, room)).collect()
    }

    /// Whether somebody from outside takes one way in.
    fn way_in(&self, cube: &Cube, gate: &Gate, zone: &Zone, catalog: &Catalog) -> Option<(Key, ExternalAccess)> {
        let principal = narrower(&cube.principal, gate.principal.as_ref());
        if surely_inside(principal, zone) {
            return None;
        }
        let narrowed = &self.compiled(cube)?;
        let through = gate.through();
        let answer = no_outside_access_through(narrowed, &through, zone, Ties::Tied);
        if answer.holds() {
            return None;
        }
        let condition = self.condition(cube, gate);
        let (source, leads_anywhere) = self.source_of(&condition, zone);
        let is_public = !self.is_private
            && (leads_anywhere && self.is_unrestricted
                || no_public_access_through(narrowed, &through, self.resource_type, Ties::Tied).fails());
        if is_public && self.ignores_public {
            return None;
        }
        let undecided = answer.undecided.first().map_or("not decided", |(_, why)| *why);
        let witness = answer.reasons.into_iter().next().map(|r| r.witness).ok_or(undecided);
        let actions = match &witness {
            Ok(request) => actions::granted(narrowed, &through, self.resource_type, request, zone, catalog),
            Err(_) => Vec::new(),
        };
        if witness.is_ok() && actions.is_empty() {
            // Nothing that exists, or nothing that works from outside.
            return None;
        }
        let under_rcps = Through { denying: self.rcps, ..gate.through() };
        let is_forbidden =
            !self.rcps.is_empty() && no_outside_access_through(narrowed, &under_rcps, zone, Ties::Tied).holds();
        let condition: BTreeMap<SmolStr, String> = condition
            .into_iter()
            .map(|(key, values)| {
                let mut values: Vec<String> = values.iter().map(Text::display).collect();
                values.sort_unstable();
                (key, values.join(", "))
            })
            .collect();
        let key = (principal.0.clone(), shown(&principal.1), condition.clone(), source.clone());
        let resource_type =
            if self.resource_type == TRUST_POLICY { "AWS::IAM::Role".into() } else { self.resource_type.clone() };
        let access = ExternalAccess {
            resource: self.shared.first()?.clone(),
            resource_type,
            arn: None,
            principal: (key.0.clone(), key.1.clone()),
            is_public,
            condition,
            actions,
            levels: BTreeSet::new(),
            source,
            owner: zone.accounts.first().map(|a| crate::source::display_encoded(a)),
            policy: self.policy,
            locations: Vec::new(),
            witness,
            change: None,
            archived: false,
            restricted: false,
            is_forbidden,
        };
        Some((key, access))
    }

    /// The conditions of the policy and of the gate, but for those that the way itself meets. A VPC is one that it sets.
    fn condition(&self, cube: &Cube, gate: &Gate) -> BTreeMap<SmolStr, Vec<Text>> {
        let mut condition: BTreeMap<SmolStr, Vec<Text>> = cube.condition.clone();
        for (key, values) in &gate.condition {
            match condition.get_mut(key) {
                None => {
                    condition.insert(key.clone(), values.clone());
                }
                Some(own) => {
                    let both = |v: &Text| values.iter().any(|other| other.as_str() == v.as_str());
                    if own.iter().any(both) {
                        own.retain(both);
                    } else {
                        own.extend(values.iter().cloned());
                    }
                }
            }
        }
        for (key, value) in &gate.keys {
            condition.remove(key);
            if key == "aws:SourceVpc" {
                condition.insert(key.clone(), vec![Text::from_encoded(value.clone())]);
            }
        }
        condition
    }

    /// A bucket's policy may leave the choice to access points of another account: that is a source of its own, since nobody
    /// here knows whom they let in.
    fn source_of(&self, condition: &BTreeMap<SmolStr, Vec<Text>>, zone: &Zone) -> (Source, bool) {
        let values = |key: &str| condition.get(key).map(Vec::as_slice).unwrap_or_default();
        let accounts = values("s3:DataAccessPointAccount").iter().map(|v| v.as_smol().clone());
        let of_arn = |v: &Text| Arn::split(v.as_str()).map(|arn| SmolStr::new(arn.account));
        let accounts: BTreeSet<SmolStr> =
            accounts.chain(values("s3:DataAccessPointArn").iter().filter_map(of_arn)).collect();
        let foreign = |account: &SmolStr| !account.is_empty() && !zone.accounts.contains(account);
        if accounts.is_empty() || !accounts.iter().all(foreign) || self.source.kind != Source::POLICY {
            return (self.source.clone(), false);
        }
        let accounts: Vec<String> = accounts.iter().map(|a| crate::source::display_encoded(a)).collect();
        (Source::with(Source::ACCESS_POINT_ACCOUNT, "accessPointAccount", accounts.join(", ")), true)
    }
}

/// Of the principals that the policy and the gate name, the one that both let in.
fn narrower<'t>(own: &'t (SmolStr, Text), of_gate: Option<&'t (SmolStr, Text)>) -> &'t (SmolStr, Text) {
    let Some(other) = of_gate else { return own };
    let is_account =
        |text: &str| Arn::split(text).map_or(text != "*", |arn| arn.service == "iam" && arn.resource == "root");
    match (own.1.as_str(), other.1.as_str()) {
        ("*", _) => other,
        (_, "*") => own,
        (account, _) if is_account(account) => other,
        _ => own,
    }
}

/// The principal as people write it: an account by its number.
fn shown(principal: &Text) -> String {
    match Arn::split(principal.as_str()) {
        Some(arn) if arn.service == "iam" && arn.resource == "root" => crate::source::display_encoded(arn.account),
        _ => principal.display(),
    }
}

/// True for principals of the zone's own accounts, which need no engine.
fn surely_inside(principal: &(SmolStr, Text), zone: &Zone) -> bool {
    if principal.0 != "AWS" {
        return false;
    }
    let text = principal.1.as_str();
    let account = Arn::split(text).map_or(text, |arn| arn.account);
    zone.accounts.iter().any(|own| own == account)
}
