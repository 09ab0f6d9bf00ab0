//! The ways in which one Allow statement can let somebody in: one principal and one value for each condition key that a
//! finding keeps, with the statement narrowed down to them beside all Deny statements of its policy. What a Deny statement spares
//! (`StringNotEquals`, `NotIpAddress`, …) can narrow a way further.
//!
//! Source of the keys: IAM User Guide, "IAM Access Analyzer filter keys".

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::policy::{
    BaseOperator, ConditionBlock, ConditionKey, OperatorFamily, PolicyDocument, PrincipalKind, SetOperator, Statement,
    StringItem, StringList,
};
use crate::source::{Entry, Mapping, Node, NodeKind, Span, Text};

/// Condition keys that findings keep, in IAM's spelling.
const KEPT: &[&str] = &[
    "accounts.google.com:aud",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIp",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceOwner",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:UserId",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "cognito-identity.amazonaws.com:aud",
    "graph.facebook.com:app_id",
    "kms:CallerAccount",
    "lambda:EventSourceToken",
    "s3:DataAccessPointAccount",
    "s3:DataAccessPointArn",
    "www.amazon.com:app_id",
];

/// Keys by which a bucket's policy names access points.
const OF_ACCESS_POINTS: [&str; 4] = [
    "s3:DataAccessPointAccount",
    "s3:DataAccessPointArn",
    "s3express:DataAccessPointAccount",
    "s3express:DataAccessPointArn",
];

/// True for a key by which a bucket's policy names access points.
pub(super) fn is_of_access_point(key: &Text) -> bool {
    OF_ACCESS_POINTS.iter().any(|name| name.eq_ignore_ascii_case(key.as_str()))
}

/// Ways that one statement may have; with more, the longest lists of values are not taken apart.
const WAYS: usize = 400;

/// One way in.
#[derive(Clone, Debug)]
pub(super) struct Cube {
    /// `AWS`, `Federated` or `CanonicalUser`, and who; `*` for anybody.
    pub principal: (SmolStr, Text),
    /// Where the principal is written.
    pub span: Span,
    /// Its position in the list, if it is in one.
    pub item: Option<usize>,
    /// Values of the keys that the finding keeps.
    pub condition: BTreeMap<SmolStr, Vec<Text>>,
    /// The narrowed statement and the policy's Deny statements.
    pub document: PolicyDocument,
}

/// Values of a kept key that a Deny statement spares, if its other conditions hold.
#[derive(Clone, Debug)]
pub(super) struct Spared {
    spelling: SmolStr,
    name: Text,
    /// The operator of the Deny, and the one that asks for the values.
    operators: (&'static str, &'static str),
    values: Vec<Text>,
}

/// What the Deny statements of a document spare.
pub(super) fn spared(document: &PolicyDocument) -> Vec<Spared> {
    use BaseOperator as B;
    let of_block = |block: &ConditionBlock| {
        let operator = block.operator.filter(|operator| operator.set.is_none())?;
        match operator.base {
            B::StringNotEquals => Some(("StringNotEquals", "StringEquals")),
            B::StringNotEqualsIgnoreCase => Some(("StringNotEqualsIgnoreCase", "StringEqualsIgnoreCase")),
            B::StringNotLike => Some(("StringNotLike", "StringLike")),
            B::ArnNotEquals | B::ArnNotLike => Some(("ArnNotLike", "ArnLike")),
            B::NotIpAddress => Some(("NotIpAddress", "IpAddress")),
            _ => None,
        }
    };
    let denying = document.statements.iter().filter(|s| s.is_deny());
    let blocks = denying.flat_map(|s| &s.conditions).filter_map(|block| Some((block, of_block(block)?)));
    let keys = blocks.flat_map(|(block, operators)| block.keys.iter().map(move |key| (key, operators)));
    keys.filter(|(key, _)| !key.values.is_empty())
        .filter_map(|(key, operators)| {
            let values = key.values.iter().map(|v| v.text.clone()).collect();
            Some(Spared { spelling: kept(key)?, name: key.name.clone(), operators, values })
        })
        .collect()
}

impl Spared {
    /// How many values.
    pub(super) fn values(&self) -> usize {
        self.values.len()
    }
}

impl Cube {
    /// The ways with one of the spared values each, or the one with any of them.
    pub(super) fn within(&self, spared: &Spared, apart: bool) -> Vec<Cube> {
        let groups: Vec<Vec<Text>> =
            if apart { spared.values.iter().map(|v| vec![v.clone()]).collect() } else { vec![spared.values.clone()] };
        let narrowed = groups.into_iter().map(|values| {
            let mut cube = self.and([(spared.operators.1, &spared.name, values.as_slice())]);
            // The Deny's values count only where the statement's own don't name fewer.
            cube.condition.entry(spared.spelling.clone()).or_insert(values);
            cube
        });
        narrowed.collect()
    }

    /// What of the way is left without any of the spared values.
    pub(super) fn without(&self, spared: &[&Spared]) -> Cube {
        self.and(spared.iter().map(|s| (s.operators.0, &s.name, s.values.as_slice())))
    }

    /// The way with further conditions on its statement.
    fn and<'a>(&self, conditions: impl IntoIterator<Item = (&'static str, &'a Text, &'a [Text])>) -> Cube {
        let span = self.span;
        let entry = |key: Text, value: Node| Entry { key, key_span: span, value };
        let map = |entries| Node::new(NodeKind::Mapping(Mapping { entries }), span);
        let operators = conditions.into_iter().map(|(operator, key, values)| {
            let values = values.iter().map(|v| Node::text(v.clone(), span)).collect();
            let of_key = entry(key.clone(), Node::new(NodeKind::Sequence(values), span));
            entry(Text::literal(operator), map(vec![of_key]))
        });
        let mut root = self.document.root().clone();
        let statements = match &mut root.kind {
            NodeKind::Mapping(map) => map.entries.iter_mut().find(|e| e.key == "Statement"),
            _ => None,
        };
        if let Some(NodeKind::Sequence(statements)) = statements.map(|e| &mut e.value.kind)
            && let Some(NodeKind::Mapping(first)) = statements.first_mut().map(|s| &mut s.kind)
        {
            let condition = first.entries.iter_mut().find(|e| e.key == "Condition").map(|e| &mut e.value.kind);
            match condition {
                Some(NodeKind::Mapping(all)) => all.entries.extend(operators),
                _ => {
                    let all = map(operators.collect());
                    first.entries.push(entry(Text::literal("Condition"), all));
                }
            }
        }
        Cube { document: PolicyDocument::new(root), ..self.clone() }
    }
}

/// A list of condition values that can be taken apart.
struct Choice<'a> {
    block: &'a ConditionBlock,
    key: &'a ConditionKey,
    spelling: SmolStr,
    apart: bool,
}

/// The ways in which a statement may let somebody in, services of AWS left aside.
pub(super) fn cubes(document: &PolicyDocument, statement: &Statement) -> Vec<Cube> {
    let Some(source) = document.object(statement) else { return Vec::new() };
    let denies: Vec<Node> = document
        .statements
        .iter()
        .filter(|s| s.is_deny())
        .filter_map(|s| Some(Node::new(NodeKind::Mapping(document.object(s)?.clone()), s.span)))
        .collect();
    let principals = principals(statement);
    let mut choices: Vec<Choice<'_>> = statement.conditions.iter().flat_map(choices).collect();
    let ways = |choices: &[Choice<'_>]| {
        let lists = choices.iter().filter(|c| c.apart).map(|c| c.key.values.len().max(1));
        lists.fold(principals.len().max(1), usize::saturating_mul)
    };
    while ways(&choices) > WAYS {
        let longest =
            choices.iter_mut().filter(|c| c.apart && c.key.values.len() > 1).max_by_key(|c| c.key.values.len());
        match longest {
            Some(choice) => choice.apart = false,
            None => break,
        }
    }
    let mut found = Vec::new();
    for (kind, item) in &principals {
        for picks in combinations(&choices) {
            let mut condition: BTreeMap<SmolStr, Vec<Text>> = BTreeMap::new();
            for (choice, pick) in choices.iter().zip(&picks) {
                let values = choice.key.values.iter().enumerate().filter(|(i, _)| !choice.apart || i == pick);
                let of_key = condition.entry(choice.spelling.clone()).or_default();
                for (_, value) in values {
                    if !of_key.iter().any(|v| v.as_str() == value.text.as_str()) {
                        of_key.push(value.text.clone());
                    }
                }
            }
            let narrowed = narrowed(source, statement, (kind, item.as_ref()), &choices, &picks);
            let mut statements = vec![Node::new(NodeKind::Mapping(narrowed), statement.span)];
            statements.extend(denies.iter().cloned());
            found.push(Cube {
                principal: (kind.clone(), item.as_ref().map_or_else(|| Text::literal("*"), |i| i.text.clone())),
                span: item.as_ref().map_or_else(|| principal_span(statement), |i| i.span),
                item: item.as_ref().and_then(|i| i.index),
                condition,
                document: with_statements(document, statements),
            });
        }
    }
    found
}

fn principal_span(statement: &Statement) -> Span {
    statement.principal_elements().next().map_or(statement.span, |p| p.span)
}

/// Who is named; no entry stands for anybody.
fn principals(statement: &Statement) -> Vec<(SmolStr, Option<StringItem>)> {
    let anybody = || vec![(SmolStr::new("AWS"), None)];
    let Some(element) = &statement.principal else {
        return if statement.not_principal.is_some() { anybody() } else { Vec::new() };
    };
    match &element.kind {
        PrincipalKind::Text(text) if text.as_str() == "*" => anybody(),
        PrincipalKind::Text(_) | PrincipalKind::Other => Vec::new(),
        PrincipalKind::Map(lists) => {
            let somebody = |l: &&StringList| matches!(l.element.as_str(), "AWS" | "Federated" | "CanonicalUser");
            let lists = lists.iter().filter(somebody);
            lists.flat_map(|l| l.items.iter().map(|i| (l.element.clone(), Some(i.clone())))).collect()
        }
    }
}

fn choices(block: &ConditionBlock) -> Vec<Choice<'_>> {
    use OperatorFamily as F;
    let Some(operator) = block.operator else { return Vec::new() };
    let positive =
        !operator.base.is_negated() && !operator.if_exists && operator.set != Some(SetOperator::ForAllValues);
    if !positive || !matches!(operator.base.family(), F::String | F::Arn | F::IpAddress | F::Bool) {
        return Vec::new();
    }
    let choice = |key| {
        let spelling = kept(key)?;
        Some(Choice { block, key, spelling, apart: true })
    };
    block.keys.iter().filter(|k| !k.values.is_empty()).filter_map(choice).collect()
}

/// The key in IAM's spelling, if findings keep it. Keys of identity providers are kept whatever the provider.
fn kept(key: &ConditionKey) -> Option<SmolStr> {
    let name = key.name.as_str();
    let known = KEPT.iter().find(|k| k.eq_ignore_ascii_case(name)).copied().map(SmolStr::new);
    let of_provider = || {
        let (host, claim) = name.split_once(':')?;
        let claims = ["aud", "sub", "amr", "iss", "oaud", "app_id", "user_id", "id", "job_workflow_ref", "repository"];
        let named = host.contains('.') || host.eq_ignore_ascii_case("saml");
        (named && claims.iter().any(|c| c.eq_ignore_ascii_case(claim))).then(|| SmolStr::new(name))
    };
    known.or_else(of_provider)
}

/// Every way to pick one value of each list that is taken apart.
fn combinations(choices: &[Choice<'_>]) -> Vec<Vec<usize>> {
    choices.iter().fold(vec![Vec::new()], |picked, choice| {
        let count = if choice.apart { choice.key.values.len() } else { 1 };
        let extend = |picks: Vec<usize>| (0..count).map(move |i| picks.iter().copied().chain([i]).collect());
        picked.into_iter().flat_map(extend).collect()
    })
}

fn narrowed(
    source: &Mapping,
    statement: &Statement,
    (kind, item): (&SmolStr, Option<&StringItem>),
    choices: &[Choice<'_>],
    picks: &[usize],
) -> Mapping {
    let mut mapping = source.clone();
    for entry in &mut mapping.entries {
        if entry.key == "Principal"
            && let Some(item) = item
        {
            let one = crate::source::Entry {
                key: Text::from_encoded(kind.clone()),
                key_span: item.span,
                value: Node::text(item.text.clone(), item.span),
            };
            entry.value = Node::new(NodeKind::Mapping(Mapping { entries: vec![one] }), statement.span);
        }
        if entry.key == "Condition"
            && let NodeKind::Mapping(operators) = &mut entry.value.kind
        {
            for (choice, pick) in choices.iter().zip(picks).filter(|(c, _)| c.apart) {
                let of_operator = operators.entries.iter_mut().find(|e| e.key_span == choice.block.operator_span);
                let Some(NodeKind::Mapping(keys)) = of_operator.map(|e| &mut e.value.kind) else { continue };
                let of_key = keys.entries.iter_mut().find(|e| e.key.as_str() == choice.key.name.as_str());
                if let (Some(entry), Some(value)) = (of_key, choice.key.values.get(*pick)) {
                    entry.value = Node::text(value.text.clone(), entry.value.span);
                }
            }
        }
    }
    mapping
}

/// The document with other statements.
pub(super) fn with_statements(document: &PolicyDocument, statements: Vec<Node>) -> PolicyDocument {
    let mut root = document.root().clone();
    if let NodeKind::Mapping(map) = &mut root.kind {
        for entry in map.entries.iter_mut().filter(|e| e.key == "Statement") {
            entry.value = Node::new(NodeKind::Sequence(statements.clone()), entry.value.span);
        }
    }
    PolicyDocument::new(root)
}
