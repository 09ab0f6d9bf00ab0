//! Does a resource policy let anybody in from outside a zone of trust? It does if it allows a request of somebody who
//! belongs to none of the zone's accounts and is no service of AWS, and that no key ties to the zone.
//!
//! Source: IAM User Guide, "Using AWS IAM Access Analyzer" (zone of trust; service principals are not reported) and "AWS
//! global condition context keys" (which keys name the account or organization that a request comes from or is made for).

use std::sync::Arc;

use smol_str::SmolStr;

use super::caller::{self, Derived, Kind};
use super::compile::{CompiledPolicy, Dimension, Literal, Test, Ties};
use super::key::KeyId;
use super::language::Language;
use super::others::Others;
use super::pattern::{Class, Pattern, glob, literal};
use super::question::{About, Answer, Question, regions};
use super::through::Through;
use super::value::Values;
use crate::logic::request::{Caller, Request};
use crate::policy::Statement;

/// Whom the owner of a resource trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    /// Account ids; for an account that isn't known yet, the name that stands for it.
    pub accounts: Vec<SmolStr>,
    /// The organization, if all of it is trusted.
    pub organization: Option<SmolStr>,
    /// Canonical user ids of the accounts.
    pub canonical_ids: Vec<SmolStr>,
}

/// Callers that are somebody. Services of AWS are not: what they do, they do for others.
const SOMEBODY: [Kind; 7] =
    [Kind::Anonymous, Kind::User, Kind::Role, Kind::Root, Kind::FederatedUser, Kind::Federated, Kind::Canonical];

/// Keys that name the account for which a request is made, or whose access point it comes through.
const FOR_ACCOUNT: [&str; 4] =
    ["aws:sourceaccount", "aws:sourceowner", "s3:dataaccesspointaccount", "s3express:dataaccesspointaccount"];
/// The same as an ARN.
const FOR_ARN: [&str; 3] = ["aws:sourcearn", "s3:dataaccesspointarn", "s3express:dataaccesspointarn"];
/// Keys that name the organization of the caller, or of the account for which a request is made.
const OF_ORGANIZATION: [&str; 2] = ["aws:principalorgid", "aws:sourceorgid"];
/// The same as a path of organizational units.
const OF_ORGANIZATION_PATH: [&str; 2] = ["aws:principalorgpaths", "aws:sourceorgpaths"];

impl Zone {
    /// True if the caller is surely within the zone.
    pub fn holds(&self, caller: &Caller) -> bool {
        match caller {
            Caller::Canonical { id } => self.canonical_ids.contains(id),
            _ => caller.account().is_some_and(|account| self.accounts.iter().any(|a| a == account)),
        }
    }

    /// What makes a request one from outside. Keys that no policy asks for are left open, and so are those that every
    /// request on the way carries.
    fn outside(&self, policies: &[&CompiledPolicy], through: &Through<'_>, ties: Ties) -> Vec<Literal> {
        let asked: Vec<String> = policies.iter().flat_map(|p| &p.document().statements).flat_map(keys).collect();
        let asks = |key: &str| asked.iter().any(|k| k == key) && !through.gives(key);
        let caller = |language: Language, holds: bool| Literal::new(Dimension::Caller, Test::In(language), holds);
        let mut literals = vec![caller(caller::of_kinds(&SOMEBODY), true)];
        let accounts = || language(self.accounts.iter().map(|a| Pattern::new(literal(a))));
        if !self.accounts.is_empty() {
            literals.push(caller(Derived::Account.callers(&accounts()), false));
            let arns = || {
                language(self.accounts.iter().map(|a| {
                    let field = |s: &str| glob(s, Class::NoColon).collect::<Vec<_>>();
                    let start = field("arn:*:*:*:").into_iter().chain(literal(a));
                    Pattern::new(start.chain(literal(":")).chain(glob("*", Class::All)).collect::<Vec<_>>())
                }))
            };
            literals.extend(FOR_ACCOUNT.iter().filter(|k| asks(k)).map(|k| excluded(k, accounts())));
            literals.extend(FOR_ARN.iter().filter(|k| asks(k)).map(|k| excluded(k, arns())));
            if ties == Ties::Untied {
                let of_caller = ["aws:principalaccount", "kms:calleraccount"];
                literals.extend(of_caller.iter().filter(|k| asks(k)).map(|k| excluded(k, accounts())));
                literals.extend(["aws:principalarn"].iter().filter(|k| asks(k)).map(|k| excluded(k, arns())));
            }
        }
        if !self.canonical_ids.is_empty() {
            let own = self.canonical_ids.iter().map(|id| caller::encode(&Caller::Canonical { id: id.clone() }));
            literals.push(caller(language(own.map(|c| Pattern::new(literal(&c).collect::<Vec<_>>()))), false));
        }
        if let Some(organization) = &self.organization {
            let own = || language([Pattern::new(literal(organization).collect::<Vec<_>>())]);
            let within = || {
                let start = literal(organization).collect::<Vec<_>>().into_iter();
                language([Pattern::new(start.chain(glob("/*", Class::All)).collect::<Vec<_>>())])
            };
            literals.extend(OF_ORGANIZATION.iter().filter(|k| asks(k)).map(|k| excluded(k, own())));
            literals.extend(OF_ORGANIZATION_PATH.iter().filter(|k| asks(k)).map(|k| excluded(k, within())));
        }
        literals
    }
}

fn keys(statement: &Statement) -> impl Iterator<Item = String> + '_ {
    statement.conditions.iter().flat_map(|b| &b.keys).map(|k| k.name.as_str().to_ascii_lowercase())
}

fn language(patterns: impl IntoIterator<Item = Pattern>) -> Language {
    Language::new(patterns.into_iter().map(Arc::new))
}

/// No value of the key is in the language.
fn excluded(key: &str, language: Language) -> Literal {
    let test = Test::Any { values: Values::Text(language), negated: false, or_absent: false };
    Literal::new(Dimension::Key(KeyId::of(key)), test, false)
}

/// Does the policy let nobody in from outside the zone?
pub fn no_outside_access(policy: &CompiledPolicy, zone: &Zone, ties: Ties) -> Answer {
    no_outside_access_through(policy, &Through::default(), zone, ties)
}

/// Does the policy let nobody in from outside the zone who takes this way?
pub fn no_outside_access_through(policy: &CompiledPolicy, through: &Through<'_>, zone: &Zone, ties: Ties) -> Answer {
    let policies = through.policies(policy);
    let denies = Others::new(policies.iter().flat_map(|p| regions(p, false)));
    let mut outside = zone.outside(&policies, through, ties);
    outside.extend(through.literals());
    let confirm = |request: &Request| through.allows(policy, request) && !zone.holds(&request.caller);
    let question = Question::new(&policies, &outside, ties, About::Strangers, &confirm);
    question.answer(policy, |search| through.escape(search, &outside, &denies))
}
