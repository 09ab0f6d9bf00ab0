//! A way to a resource that leads through more than its policy: another policy that has to allow the request as well, and
//! condition keys that every request on this way carries. A bucket behind an access point is reached so.
//!
//! Source: Amazon S3 User Guide, "Configuring IAM policies for using access points" (both the access point's policy and the
//! bucket's have to permit a request).

use smallvec::SmallVec;
use smol_str::SmolStr;

use super::compile::{CompiledPolicy, Dimension, Literal, Test, resource_patterns};
use super::key::KeyId;
use super::language::{Found, Language};
use super::others::Others;
use super::pattern::Pattern;
use super::question::{Access, RegionSearch, allows, demanded, denies, regions};
use super::value::Values;
use crate::logic::request::Request;
use crate::policy::glob::matches_ignore_case;

/// What a request has to pass besides the policy in question; by default, nothing.
#[derive(Clone, Debug, Default)]
pub struct Through<'a> {
    /// A policy that has to allow the request, too.
    pub gate: Option<&'a CompiledPolicy>,
    /// Condition keys, each with the one value that every request on this way carries.
    pub keys: Vec<(SmolStr, SmolStr)>,
    /// What can be done on this way, and on what.
    pub access: Access,
    /// Policies that grant nothing here, but whose Denies count.
    pub denying: &'a [CompiledPolicy],
}

impl<'a> Through<'a> {
    /// True if every request on this way carries the key.
    pub(super) fn gives(&self, key: &str) -> bool {
        self.keys.iter().any(|(given, _)| given.eq_ignore_ascii_case(key))
    }

    /// Every policy that has a say.
    pub(super) fn policies(&self, policy: &'a CompiledPolicy) -> Vec<&'a CompiledPolicy> {
        std::iter::once(policy).chain(self.gate).chain(self.denying).collect()
    }

    /// What every request on this way is like, as constraints.
    pub(super) fn literals(&self) -> impl Iterator<Item = Literal> + '_ {
        let keys = self.keys.iter().map(|(key, value)| {
            let values = Values::Text(Language::of(Pattern::literal(value.clone())));
            let test = Test::Value { values, negated: false, or_absent: false };
            Literal::new(Dimension::Key(KeyId::of(key)), test, true)
        });
        keys.chain(demanded(&self.access))
    }

    /// True if the request is one on this way that the policy and the gate allow.
    pub fn allows(&self, policy: &CompiledPolicy, request: &Request) -> bool {
        let carries = |(key, value): &(SmolStr, SmolStr)| request.values(key).as_slice() == [value.clone()];
        let Access { actions, resources } = &self.access;
        let is_possible = (actions.is_empty() || actions.iter().any(|a| matches_ignore_case(a, &request.action)))
            && (resources.is_empty()
                || resources.iter().any(|r| resource_patterns(r).iter().any(|p| p.matches(&request.resource))));
        is_possible
            && self.keys.iter().all(carries)
            && allows(policy, request)
            && self.gate.is_none_or(|gate| allows(gate, request))
            && !self.denying.iter().any(|policy| denies(policy, request))
    }

    /// Finds a request of the searched region and of `also` that the gate lets through and none of `others` holds.
    pub(super) fn escape(
        &self,
        search: &mut RegionSearch<'_, '_>,
        also: &[Literal],
        others: &Others<'_>,
    ) -> Found<Request> {
        let Some(gate) = self.gate else {
            let also: SmallVec<[&Literal; 4]> = also.iter().collect();
            return search.escape(&also, others);
        };
        let mut unknown = None;
        for region in regions(gate, true) {
            let both: SmallVec<[&Literal; 4]> = also.iter().chain(region).collect();
            match search.escape(&both, others) {
                Found::Nothing => {}
                Found::Some(request) => return Found::Some(request),
                Found::Unknown(why) => unknown = Some(why),
            }
        }
        unknown.map_or(Found::Nothing, Found::Unknown)
    }
}
