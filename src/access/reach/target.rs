//! What a question about access is about: a resource with the resource-based policies that protect it, each combination
//! of undecided conditions by itself.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::access::holders::{agree, unknown_account};
use crate::access::settled::settled_document;
use crate::access::{compile, kind_of};
use crate::catalog::Catalog;
use crate::logic::engine::{CompiledPolicy, Ties};
use crate::logic::evaluate::PolicyKind;
use crate::model::{Deployment, Policy, PolicyId, ResourceRef, When};
use crate::policy::{Arn, PolicyDocument, glob};
use crate::source::{Entry, Mapping, Node, NodeKind, Span, Text};

/// Undecided conditions of a resource's policies whose combinations are gone through one by one.
const CONDITIONS: usize = 4;

/// Services whose resources hold others that their policies speak of, and what stands between the two in an ARN.
/// Source: Service Authorization Reference, the resource types of each service.
const PARTS: [(&str, &str); 12] = [
    ("s3", "/"),
    ("s3express", "/"),
    ("dynamodb", "/"),
    ("kinesis", "/"),
    ("execute-api", "/"),
    ("es", "/"),
    ("elasticfilesystem", "/"),
    ("lambda", ":"),
    ("logs", ":"),
    ("sns", ":"),
    ("states", ":"),
    ("backup", ":"),
];

/// The ARN and, where there may be resources within the resource, theirs.
pub(crate) fn with_parts(arn: &str) -> Vec<SmolStr> {
    let mut all = vec![SmolStr::new(arn)];
    let service = Arn::split(arn).map(|a| a.service);
    if let Some((_, joint)) = PARTS.iter().find(|(s, _)| service == Some(s)) {
        all.push(format!("{arn}{joint}*").into());
    }
    all
}

/// Those of a resource's ARNs that an action is about, by the formats of its resource types: the bucket, or objects in it.
pub(crate) fn fitting(mut arns: Vec<SmolStr>, action: &str, catalog: &Catalog) -> Vec<SmolStr> {
    let Some((service, action)) = catalog.action(action) else { return arns };
    let types = action.resources.iter().filter_map(|r| service.resource_type(&r.name));
    let formats: Vec<String> = types.flat_map(|t| &t.arns).map(|format| pattern(format)).collect();
    let joints = |arn: &str| Arn::split(arn).map_or(0, |a| a.resource.matches(['/', ':']).count());
    let fits = |arn: &str| {
        let meeting = formats.iter().filter(|f| meet(f, arn));
        // What is within the resource, only if some type is.
        meeting.map(|f| joints(f)).max().is_some_and(|most| !arn.ends_with('*') || most >= joints(arn))
    };
    if arns.iter().any(|arn| fits(arn)) {
        arns.retain(|arn| fits(arn));
    }
    arns
}

/// True if two ARN patterns have an ARN in common: part by part, since no wildcard of a format stands for a colon.
fn meet(format: &str, arn: &str) -> bool {
    let (Some(format), Some(arn)) = (Arn::split(format), Arn::split(arn)) else { return false };
    let parts = [
        (format.partition, arn.partition),
        (format.service, arn.service),
        (format.region, arn.region),
        (format.account, arn.account),
        (format.resource, arn.resource),
    ];
    parts.iter().all(|(a, b)| glob::meet(a, b))
}

/// An ARN format with wildcards for its variable parts.
fn pattern(format: &str) -> String {
    let mut out = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        out.push('*');
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    out + rest
}

/// The resource-based policies of the run, by what they protect.
pub(crate) struct Protection {
    by_resource: FxHashMap<ResourceRef, Vec<PolicyId>>,
}

impl Protection {
    pub fn new(deployment: &Deployment) -> Protection {
        let mut by_resource: FxHashMap<ResourceRef, Vec<PolicyId>> = FxHashMap::default();
        for (index, policy) in deployment.policies.iter().enumerate() {
            if !matches!(kind_of(policy), PolicyKind::Resource | PolicyKind::Trust) {
                continue;
            }
            let own = std::slice::from_ref(&policy.resource);
            let protects = if policy.attached_to.is_empty() { own } else { policy.attached_to.as_slice() };
            for resource in protects {
                by_resource.entry(resource.clone()).or_default().push(PolicyId(index));
            }
        }
        Protection { by_resource }
    }

    pub fn of(&self, resource: &ResourceRef) -> &[PolicyId] {
        self.by_resource.get(resource).map_or(&[], Vec::as_slice)
    }
}

/// The resource's side of a question, under some conditions.
pub(crate) struct Side {
    pub when: Option<When>,
    /// A resource's policy or a role's trust policy.
    pub kind: PolicyKind,
    /// All policies as one document.
    pub document: Arc<PolicyDocument>,
    pub compiled: CompiledPolicy,
    /// Of each statement, the policy and the position there.
    pub origins: Vec<(PolicyId, usize)>,
}

/// A resource that is asked for.
pub(crate) struct Target {
    /// ARNs or ARN patterns, of which one has to match.
    pub arns: Vec<SmolStr>,
    /// The account that owns it, if that is known.
    pub account: Option<SmolStr>,
    /// The resource's side, for every combination of conditions; none without policies.
    pub sides: Vec<Side>,
    /// What of the resource's side is not known.
    pub unknown: Vec<String>,
}

impl Target {
    /// ARNs, protected by the policies of resources of the run.
    pub fn new(
        arns: Vec<SmolStr>,
        resources: &[&ResourceRef],
        protection: &Protection,
        deployment: &Deployment,
    ) -> Target {
        let mut ids: Vec<PolicyId> = resources.iter().flat_map(|r| protection.of(r)).copied().collect();
        ids.sort_unstable();
        ids.dedup();
        let written = arns.first().and_then(|arn| Arn::split(arn)).map(|a| SmolStr::new(a.account));
        // The ARN of a bucket names no account: one of the run is in the run's.
        let account = written.filter(|a| !a.is_empty()).or_else(|| (!resources.is_empty()).then(|| own(deployment)));
        let mut target = Target { arns, account, sides: Vec::new(), unknown: Vec::new() };
        let mut policies: Vec<(PolicyId, &Policy)> = Vec::new();
        for id in ids {
            let Some(policy) = deployment.policies.get(id.0) else { continue };
            match &policy.document {
                Some(_) => policies.push((id, policy)),
                None => target.unknown.push(format!("the policy `{}` of `{}`", policy.name, policy.resource.id)),
            }
        }
        let Some((kind, span)) =
            policies.first().and_then(|(_, p)| Some((kind_of(p), p.document.as_ref()?.root().span)))
        else {
            return target;
        };
        for when in target.worlds(&policies) {
            let exist = policies.iter().filter(|(_, p)| match (&p.when, &when) {
                (Some(of_policy), Some(when)) => agree(of_policy, when),
                _ => true,
            });
            let exist: Vec<(PolicyId, &Policy)> = exist.copied().collect();
            target.side(when, kind, span, &exist);
        }
        target
    }

    /// The combinations of undecided conditions that the policies tell apart.
    fn worlds(&mut self, policies: &[(PolicyId, &Policy)]) -> Vec<Option<When>> {
        let mut names: Vec<&SmolStr> =
            policies.iter().filter_map(|(_, p)| p.when.as_ref()).flat_map(|w| w.0.keys()).collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() {
            return vec![None];
        }
        if names.len() > CONDITIONS {
            self.unknown.push(format!("the effect of {} undecided conditions on its policies", names.len()));
            names.truncate(CONDITIONS);
        }
        let combination = |bits: usize| {
            let values = names.iter().enumerate().map(|(i, name)| ((*name).clone(), bits & (1 << i) == 0));
            Some(When(values.collect()))
        };
        (0..1usize << names.len()).map(combination).collect()
    }

    fn side(&mut self, when: Option<When>, kind: PolicyKind, span: Span, policies: &[(PolicyId, &Policy)]) {
        let mut documents: Vec<(PolicyId, PolicyDocument)> = Vec::new();
        for (id, policy) in policies {
            let Some(document) = policy.document.as_ref().map(settled_document) else { continue };
            // A document that is none of its type would not be accepted, and protects nothing.
            match compile(document.clone(), kind, Ties::Tied) {
                Ok(_) => documents.push((*id, document)),
                Err(why) => {
                    self.unknown.push(format!("the policy `{}` of `{}`: {why}", policy.name, policy.resource.id))
                }
            }
        }
        let origins: Vec<(PolicyId, usize)> =
            documents.iter().flat_map(|(id, d)| (0..d.statements.len()).map(move |i| (*id, i))).collect();
        // Without a policy, as with one that says nothing.
        let document = merged(documents.iter().map(|(_, d)| d)).unwrap_or_else(|| silent(span));
        match CompiledPolicy::new(document.clone(), kind, Ties::Tied) {
            Ok(compiled) => self.sides.push(Side { when, kind, document: Arc::new(document), compiled, origins }),
            Err(why) => self.unknown.push(format!("the policies of the resource: {why}")),
        }
    }
}

/// The account of the run: that of its principals.
fn own(deployment: &Deployment) -> SmolStr {
    let accounts = deployment.principals.iter().filter_map(|p| Arn::split(p.arn.as_str()).map(|a| a.account));
    accounts.filter(|a| !a.is_empty()).map(SmolStr::new).next().unwrap_or_else(unknown_account)
}

/// A document without statements.
fn silent(span: Span) -> PolicyDocument {
    let none = Entry {
        key: Text::literal("Statement"),
        key_span: span,
        value: Node::new(NodeKind::Sequence(Vec::new()), span),
    };
    PolicyDocument::new(Node::new(NodeKind::Mapping(Mapping { entries: vec![none] }), span))
}

/// Several documents as one. The variables of one that has none by its version stay as they are in the others' version,
/// where nothing is written that looks like one.
fn merged<'d>(documents: impl Iterator<Item = &'d PolicyDocument>) -> Option<PolicyDocument> {
    let documents: Vec<&PolicyDocument> = documents.collect();
    if let [one] = documents.as_slice() {
        return Some((*one).clone());
    }
    let first = documents.first()?.root();
    let version = documents.iter().find_map(|d| d.root().get("Version").filter(|v| v.as_str() == Some("2012-10-17")));
    let mut statements: Vec<Node> = Vec::new();
    for document in &documents {
        match document.root().get("Statement").map(|n| &n.kind) {
            Some(NodeKind::Sequence(items)) => statements.extend(items.iter().cloned()),
            Some(NodeKind::Mapping(_)) => statements.extend(document.root().get("Statement").cloned()),
            _ => {}
        }
    }
    let entry = |key: &str, value: Node| Entry { key: Text::literal(key), key_span: first.span, value };
    let mut entries: Vec<Entry> = version.map(|v| entry("Version", v.clone())).into_iter().collect();
    entries.push(entry("Statement", Node::new(NodeKind::Sequence(statements), first.span)));
    Some(PolicyDocument::new(Node::new(NodeKind::Mapping(Mapping { entries }), first.span)))
}
