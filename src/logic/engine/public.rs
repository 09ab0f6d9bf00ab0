//! Does a resource policy let the public in? It does if it allows a request of an arbitrary stranger: somebody in none of
//! the accounts that it names, whose request carries, for every key that a stranger can't choose freely, either nothing
//! or a value that the policy nowhere fixes.
//!
//! Source of the trusted keys and of what counts as a fixed value: Amazon S3 User Guide, "The meaning of public", and the
//! equivalent pages of the other services' guides.

use std::sync::Arc;

use ipnet::IpNet;

use super::caller::{self, Derived, Kind};
use super::compile::{CompiledPolicy, Dimension, Literal, Test, Ties};
use super::key::KeyId;
use super::language::Language;
use super::others::Others;
use super::pattern::{Class, Pattern, folded, glob, literal};
use super::question::{About, Answer, Question, regions};
use super::through::Through;
use super::value::{Addresses, Values};
use crate::logic::request::Request;
use crate::logic::scalar::parse_network;
use crate::policy::{Arn, PrincipalKind, Statement};

/// The resource types that the service's check knows, with the names of its API.
pub const PUBLIC_RESOURCE_TYPES: &[&str] = &[
    "AWS::ApiGateway::RestApi",
    "AWS::Backup::BackupVault",
    "AWS::CloudTrail::Dashboard",
    "AWS::CloudTrail::EventDataStore",
    "AWS::CodeArtifact::Domain",
    "AWS::DynamoDB::Stream",
    "AWS::DynamoDB::Table",
    "AWS::EFS::FileSystem",
    "AWS::IAM::AssumeRolePolicyDocument",
    "AWS::KMS::Key",
    "AWS::Kinesis::Stream",
    "AWS::Kinesis::StreamConsumer",
    "AWS::Lambda::Function",
    "AWS::OpenSearchService::Domain",
    "AWS::S3::AccessPoint",
    "AWS::S3::Bucket",
    "AWS::S3::Glacier",
    "AWS::S3Express::AccessPoint",
    "AWS::S3Express::DirectoryBucket",
    "AWS::S3Outposts::AccessPoint",
    "AWS::S3Outposts::Bucket",
    "AWS::S3Tables::Table",
    "AWS::S3Tables::TableBucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
];

/// How the values of a trusted key pin a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pins {
    /// Values without wildcards.
    Fixed,
    /// Those, and ARNs of one account.
    Arns,
    /// Those, and paths within one organization.
    OrganizationPaths,
    /// Ranges that are small enough.
    Addresses,
}

/// Keys whose values a stranger can't choose, in lower case; those that follow from the caller are not among them.
const TRUSTED: &[(&str, Pins)] = &[
    ("aws:ec2instancesourcevpc", Pins::Fixed),
    ("aws:principalorgid", Pins::Fixed),
    ("aws:principalorgpaths", Pins::OrganizationPaths),
    ("aws:principalservicenameslist", Pins::Fixed),
    ("aws:sourceaccount", Pins::Fixed),
    ("aws:sourcearn", Pins::Arns),
    ("aws:sourceip", Pins::Addresses),
    ("aws:sourceorgid", Pins::Fixed),
    ("aws:sourceorgpaths", Pins::OrganizationPaths),
    ("aws:sourceowner", Pins::Fixed),
    ("aws:sourcevpc", Pins::Fixed),
    ("aws:sourcevpcarn", Pins::Arns),
    ("aws:sourcevpce", Pins::Fixed),
    ("aws:userid", Pins::Fixed),
    ("aws:vpceaccount", Pins::Fixed),
    ("aws:vpceorgid", Pins::Fixed),
    ("aws:vpceorgpaths", Pins::OrganizationPaths),
    ("elasticfilesystem:accessedviamounttarget", Pins::Fixed),
    ("elasticfilesystem:accesspointarn", Pins::Arns),
    ("lambda:eventsourcetoken", Pins::Fixed),
    ("s3:dataaccesspointaccount", Pins::Fixed),
    ("s3:dataaccesspointarn", Pins::Arns),
];

/// The widest ranges that still pin a request, by the length of their prefix.
const WIDEST: (u8, u8) = (8, 32);

/// Private ranges, which no stranger's request comes from.
const PRIVATE: &[&str] = &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/// Does the policy of a resource of this type let nobody in but those whom it pins down?
pub fn no_public_access(policy: &CompiledPolicy, resource_type: &str, ties: Ties) -> Answer {
    no_public_access_through(policy, &Through::default(), resource_type, ties)
}

/// Does the policy let nobody in who takes this way, but those whom it or the gate pins down?
pub fn no_public_access_through(
    policy: &CompiledPolicy,
    through: &Through<'_>,
    resource_type: &str,
    ties: Ties,
) -> Answer {
    let policies = through.policies(policy);
    let denies = Others::new(policies.iter().flat_map(|p| regions(p, false)));
    let mut strangers = strangers_on(&policies, through, resource_type, ties);
    strangers.extend(through.literals());
    let confirm = |request: &Request| through.allows(policy, request);
    let question = Question::new(&policies, &strangers, ties, About::Strangers, &confirm);
    question.answer(policy, |search| through.escape(search, &strangers, &denies))
}

/// What makes a request one of a stranger.
pub(super) fn strangers(policy: &CompiledPolicy, resource_type: &str, ties: Ties) -> Vec<Literal> {
    strangers_on(&[policy], &Through::default(), resource_type, ties)
}

/// The same on a way to the resource. Keys that every request on it carries pin nothing.
fn strangers_on(policies: &[&CompiledPolicy], through: &Through<'_>, resource_type: &str, ties: Ties) -> Vec<Literal> {
    let statements = || policies.iter().flat_map(|p| &p.document().statements);
    let caller = |language: Language, holds: bool| Literal::new(Dimension::Caller, Test::In(language), holds);
    let mut literals = vec![caller(caller::of_kinds(&[Kind::Anonymous, Kind::User, Kind::Role]), true)];
    for element in statements().flat_map(Statement::principal_elements) {
        let fixed = !matches!(&element.kind, PrincipalKind::Map(lists)
            if lists.iter().flat_map(|l| &l.items).any(|i| i.text.as_str().contains(['*', '?'])));
        if fixed && let Some(language) = caller::of_element(element) {
            literals.push(caller(language, false));
        }
    }
    let mut networks: Vec<IpNet> = Vec::new();
    for key in statements().flat_map(|s| &s.conditions).flat_map(|b| &b.keys) {
        let name = key.name.as_str().to_ascii_lowercase();
        if through.gives(&name) {
            continue;
        }
        let texts = || key.values.iter().map(|v| v.text.as_str());
        if let Some(derived) = Derived::of(&name) {
            let pins = if derived == Derived::Arn { Pins::Arns } else { Pins::Fixed };
            let language = fixed_values(texts(), pins);
            let test = match ties {
                Ties::Tied => caller(derived.callers(&language), false),
                Ties::Untied => excluded(KeyId::of(&name), language),
            };
            literals.push(test);
            continue;
        }
        let Some((_, pins)) = TRUSTED.iter().find(|(trusted, _)| *trusted == name) else { continue };
        if name == "s3:dataaccesspointarn" && resource_type.ends_with("::AccessPoint") {
            continue;
        }
        if *pins == Pins::Addresses {
            networks.extend(texts().filter_map(parse_network));
        } else {
            literals.push(excluded(KeyId::of(&name), fixed_values(texts(), *pins)));
        }
    }
    if !networks.is_empty() {
        let narrow = |net: &IpNet| match net {
            IpNet::V4(net) => net.prefix_len() >= WIDEST.0,
            IpNet::V6(net) => net.prefix_len() >= WIDEST.1,
        };
        let joined = IpNet::aggregate(&networks).into_iter().filter(narrow);
        let private = PRIVATE.iter().filter_map(|p| parse_network(p));
        let values = Values::Address(Addresses::union(joined.chain(private)));
        let test = Test::Any { values, negated: false, or_absent: false };
        literals.push(Literal::new(Dimension::Key(KeyId::of("aws:SourceIp")), test, false));
    }
    literals
}

/// No value of the key is in the language.
fn excluded(key: KeyId, language: Language) -> Literal {
    let test = Test::Any { values: Values::Text(language), negated: false, or_absent: false };
    Literal::new(Dimension::Key(key), test, false)
}

/// The values that pin a request. Policy variables pin nothing: a stranger may have any value.
fn fixed_values<'a>(texts: impl Iterator<Item = &'a str>, pins: Pins) -> Language {
    let pattern = |text: &str| {
        if text.contains("${") {
            return None;
        }
        if !text.contains(['*', '?']) {
            let plain = text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false");
            return Some(if plain { Pattern::new(folded(text)) } else { Pattern::new(literal(text)) });
        }
        let pinned = match pins {
            Pins::Arns => {
                Arn::split(text).is_some_and(|arn| !arn.account.is_empty() && !arn.account.contains(['*', '?']))
            }
            Pins::OrganizationPaths => {
                text.split('/').next().is_some_and(|o| o.starts_with("o-") && !o.contains(['*', '?']))
                    && text.contains('/')
            }
            Pins::Fixed | Pins::Addresses => false,
        };
        pinned.then(|| Pattern::new(glob(text, Class::All)))
    };
    Language::new(texts.filter_map(pattern).map(Arc::new))
}
