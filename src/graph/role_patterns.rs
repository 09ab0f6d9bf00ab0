//! Which roles the policies of principals name, as patterns, in statements about assuming or passing roles: so that who may do
//! something to a role is found without looking at every pair.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::access::holders::{Holder, HolderKind, Holders};
use crate::logic::engine::concerns;
use crate::policy::glob;

/// Pairs of a pattern and a role that are looked at.
const COMPARED: usize = 2_000_000;

/// Which roles the patterns of policies are about, each pattern looked at once.
pub(super) struct RolePatterns<'e, 'a> {
    holders: &'e Holders<'a>,
    met: FxHashMap<SmolStr, Vec<usize>>,
    compared: usize,
    /// Patterns that were not looked at.
    left_out: usize,
}

impl<'e, 'a> RolePatterns<'e, 'a> {
    pub fn new(holders: &'e Holders<'a>) -> RolePatterns<'e, 'a> {
        RolePatterns { holders, met: FxHashMap::default(), compared: 0, left_out: 0 }
    }

    /// The patterns on which a holder's statements allow the action; `*` for whatever may be anything.
    pub fn patterns<'h>(&self, holder: &'h Holder<'_>, action: &str) -> Vec<&'h str> {
        let statements = holder.policies.iter().flat_map(|p| &p.compiled.document().statements);
        let mut found: Vec<&str> = Vec::new();
        for statement in statements.filter(|s| s.is_allow() && concerns(s, action)) {
            match &statement.resource {
                None => found.push("*"),
                Some(list) => found.extend(list.items.iter().map(|i| i.text.as_str())),
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The roles that a pattern may be about, in their order.
    pub fn roles(&mut self, pattern: &str) -> Vec<usize> {
        if let Some(known) = self.met.get(pattern) {
            self.compared += known.len();
            if self.compared > COMPARED {
                self.left_out += 1;
                return Vec::new();
            }
            return known.clone();
        }
        let near = self.holders.meeting(pattern);
        self.compared += near.len();
        if self.compared > COMPARED {
            self.left_out += 1;
            return Vec::new();
        }
        let holder = |i: &usize| self.holders.all.get(*i);
        let is_met = |i: &usize| {
            holder(i).is_some_and(|h| h.kind == HolderKind::Role && glob::may_meet(pattern, h.arn.as_str()))
        };
        let mut met: Vec<usize> = near.iter().map(|(_, i)| *i).filter(is_met).collect();
        met.sort_unstable();
        self.met.insert(pattern.into(), met.clone());
        met
    }

    /// What was left out, if anything was.
    pub fn notice(&self) -> Option<String> {
        let said = format!(
            "{} patterns of roles that principals may assume or pass were not looked at: at most {COMPARED} pairs of pattern \
             and role are",
            self.left_out
        );
        (self.left_out > 0).then_some(said)
    }
}

/// Who may try to do something to a role, as far as their own policies name it.
pub(super) struct Trying {
    of_role: FxHashMap<usize, Vec<usize>>,
    any: Vec<usize>,
}

impl Trying {
    pub fn new(near: &mut RolePatterns<'_, '_>, holders: &[usize], action: &str) -> Trying {
        let mut trying = Trying { of_role: FxHashMap::default(), any: Vec::new() };
        for who in holders {
            let Some(holder) = near.holders.all.get(*who) else { continue };
            let patterns = near.patterns(holder, action);
            if patterns.contains(&"*") {
                trying.any.push(*who);
                continue;
            }
            for role in patterns.iter().flat_map(|p| near.roles(p)) {
                let of_role = trying.of_role.entry(role).or_default();
                if of_role.last() != Some(who) {
                    of_role.push(*who);
                }
            }
        }
        trying
    }

    /// Those who may try it on a role: those who name roles like it, then those who name any.
    pub fn of(&self, role: usize) -> impl Iterator<Item = usize> + '_ {
        self.of_role.get(&role).into_iter().flatten().chain(&self.any).copied()
    }
}
