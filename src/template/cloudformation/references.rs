//! What names a value elsewhere: `Ref`, `Fn::GetAtt`, `Fn::ImportValue`.
//!
//! Lives here: finding what a name means. What a resource's own name, id and ARN look like is in `resource_values`.

use smol_str::SmolStr;

use super::intrinsics::{unknown_value, with_origin};
use super::resolver::Resolver;
use super::{nested, resource_values};
use crate::model::Problem;
use crate::source::{Node, Shape, Span, Symbol, SymbolInfo, SymbolKind, Text};

/// Attributes that only an existing resource has; everything else that is wrong about a name is an error.
const PSEUDO: &[&str] = &[
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// `Ref`; `None` for `AWS::NoValue`.
pub(super) fn reference(r: &mut Resolver<'_, '_>, argument: &Node, span: Span) -> Option<Node> {
    let name = r.text(argument, "the name in `Ref`");
    if name.has_unknown() {
        let value = Node::text(name, argument.span);
        return Some(unknown_value(r, "Ref", &[value], SymbolKind::Expression, Shape::Any, span));
    }
    named(r, name.as_str(), span)
}

/// The value of a parameter, pseudo parameter or resource; `None` for `AWS::NoValue`.
pub(super) fn named(r: &mut Resolver<'_, '_>, name: &str, span: Span) -> Option<Node> {
    if let Some(value) = r.stack.parameters.values.get(name) {
        let value = with_origin(value, span);
        return Some(match value.as_text() {
            Some(text) if text.has_unknown() && !r.assignment.is_empty() => {
                Node::text(r.assignment.applied(text, span), span)
            }
            // An unknown is written where it is used, not where it is declared.
            Some(text) if text.as_symbol().is_some() => Node::text(Text::from_encoded(text.as_smol().clone()), span),
            _ => value,
        });
    }
    let pseudo = match name {
        "AWS::NoValue" => return None,
        "AWS::Region" => Some(r.world.pseudo("AWS::Region")),
        "AWS::AccountId" => Some(r.world.pseudo("AWS::AccountId")),
        "AWS::Partition" => Some(r.world.pseudo("AWS::Partition")),
        "AWS::URLSuffix" => Some(r.world.pseudo("AWS::URLSuffix")),
        "AWS::StackName" => Some(r.stack.name.clone()),
        "AWS::StackId" => Some(resource_values::stack_id(r)),
        "AWS::NotificationARNs" => {
            Some(r.unknown_text("AWS::NotificationARNs", SymbolKind::PseudoParameter, Shape::Any))
        }
        _ => None,
    };
    if let Some(text) = pseudo {
        return Some(Node::text(r.assignment.applied(&text, span), span));
    }
    if r.stack.template.by_id.contains_key(name) {
        return Some(resource_value(r, name, "", span));
    }
    let stack = r.stack;
    let known = stack.parameters.values.keys().chain(stack.template.by_id.keys()).map(SmolStr::as_str);
    let help = if name.contains(':') && !name.starts_with("AWS::") {
        Some(format!("a policy variable inside `Fn::Sub` is written `${{!{name}}}`"))
    } else {
        nearest(name, known.chain(PSEUDO.iter().copied()))
    };
    let shown = Text::from_encoded(name);
    let message = format!("`{shown}` is neither a parameter nor a resource of the template");
    r.problems.push(Problem { message, span: Some(span), help });
    Some(r.unknown(shown.display(), SymbolKind::Expression, Shape::Any, span))
}

/// `Fn::GetAtt`.
pub(super) fn get_att(r: &mut Resolver<'_, '_>, argument: &Node, span: Span) -> Node {
    let parts: Vec<Text> = match argument.as_sequence() {
        Some(items) if items.len() >= 2 => items.iter().map(|i| r.text(i, "an argument of `Fn::GetAtt`")).collect(),
        _ => {
            r.problem("`Fn::GetAtt` needs a logical id and an attribute", argument.span);
            return r.unknown("Fn::GetAtt", SymbolKind::Expression, Shape::Any, span);
        }
    };
    if parts.iter().any(Text::has_unknown) {
        let values: Vec<Node> = parts.into_iter().map(|p| Node::text(p, span)).collect();
        return unknown_value(r, "Fn::GetAtt", &values, SymbolKind::Expression, Shape::Any, span);
    }
    let names: Vec<&str> = parts.iter().map(Text::as_str).collect();
    attribute(r, names[0], &names[1..].join("."), span)
}

/// An attribute of a resource.
pub(super) fn attribute(r: &mut Resolver<'_, '_>, id: &str, attribute: &str, span: Span) -> Node {
    if r.stack.template.by_id.contains_key(id) {
        return resource_value(r, id, attribute, span);
    }
    // Modules are macros that expand before deployment; their resources are not in the template.
    let stack = r.stack;
    let help = nearest(id, stack.template.by_id.keys().map(SmolStr::as_str));
    let message = format!("`{id}` is no resource of the template");
    r.problems.push(Problem { message, span: Some(span), help });
    r.unknown(format!("{id}.{attribute}"), SymbolKind::Expression, Shape::Any, span)
}

/// The value of `Ref` (empty attribute) or `Fn::GetAtt`, worked out once for the stack where no choice is involved.
fn resource_value(r: &mut Resolver<'_, '_>, id: &str, attribute: &str, span: Span) -> Node {
    let key = (SmolStr::new(id), SmolStr::new(attribute));
    let at_use = |node: &Node| Node { span, kind: node.kind.clone(), tag: None };
    if r.assignment.is_empty()
        && let Some(node) = r.stack.attributes.borrow().get(&key)
    {
        return at_use(node);
    }
    if r.open_references.contains(&key) {
        r.problem(format!("`{id}` refers to itself"), span);
        return r.unknown(format!("{id}.{attribute}"), SymbolKind::Expression, Shape::Any, span);
    }
    let stack = r.stack;
    let Some(declaration) = stack.template.resource_by_id(id) else {
        return r.unknown(format!("{id}.{attribute}"), SymbolKind::Expression, Shape::Any, span);
    };
    if let Some((condition, _)) = &declaration.condition {
        // Only what is settled counts: a reference is no reason to look at a world without the resource.
        let absent = r.settled.get(condition) == Some(&false) || r.decided(condition) == Some(Some(false));
        if absent {
            r.notice(format!("`{id}` does not exist here, because condition `{condition}` is false"), span);
        }
    }
    r.open_references.push(key.clone());
    let before = (r.problems.errors.len(), r.problems.notices.len());
    let value = match attribute.strip_prefix("Outputs.") {
        Some(output) if declaration.resource_type == "AWS::CloudFormation::Stack" => {
            nested::output(r, declaration, output, span)
        }
        _ => resource_values::value(r, declaration, attribute),
    };
    r.open_references.pop();
    if r.assignment.is_empty() && r.cursor == 0 && !r.probing {
        // What was wrong is told once, though the value is used again.
        let mut told = r.stack.problems.borrow_mut();
        told.errors.extend(r.problems.errors.iter().skip(before.0).cloned());
        told.notices.extend(r.problems.notices.iter().skip(before.1).cloned());
        r.stack.attributes.borrow_mut().insert(key, value.clone());
    }
    at_use(&value)
}

/// `Fn::ImportValue`.
pub(super) fn import_value(r: &mut Resolver<'_, '_>, argument: &Node, span: Span) -> Node {
    let name = r.text(argument, "the name in `Fn::ImportValue`");
    if let Some(value) = name.known().and_then(|n| r.world.ctx.options.exports.get(n)) {
        return Node::string(value, span);
    }
    let found = r.world.exports.borrow().get(name.as_str()).cloned();
    if let Some((stack, output)) = found {
        let value = r.elsewhere(&stack, |other| {
            let output = stack.template.outputs.get(&output)?;
            other.resolve(&output.value)
        });
        if let Some(value) = value {
            return Node { span, ..value };
        }
    }
    let scope = if name.has_unknown() { r.stack.scope.clone() } else { SmolStr::default() };
    Node::text(
        Text::symbol(Symbol::intern(SymbolInfo {
            scope,
            name: format!("Fn::ImportValue({name})").into(),
            kind: SymbolKind::ImportValue,
            shape: Shape::Any,
            sensitive: false,
        })),
        span,
    )
}

/// Advice that names the nearest of some names, if one is near.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    // A template may have thousands of names: those of another length can't be near.
    let near = known.filter(|k| k.len().abs_diff(name.len()) <= 2);
    let (distance, best) = near.map(|k| (strsim::damerau_levenshtein(k, name), k)).min()?;
    (distance <= 2 && distance < name.len()).then(|| format!("did you mean `{best}`?"))
}
