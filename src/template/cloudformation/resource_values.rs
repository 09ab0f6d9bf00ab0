//! What a resource's `Ref` and attributes look like: its name, id, ARN, with symbols for what CloudFormation makes.
//!
//! A property given in the template wins; the same unknown is the same symbol in the name, in the ARN and in `Ref`.

use smol_str::SmolStr;

use super::resolver::Resolver;
use super::template::ResourceDeclaration;
use crate::catalog::{CloudFormationType, FormatPart, ValueFormat, ValueShape};
use crate::source::{Node, Shape, SymbolKind, Text};

/// What identifies a resource.
pub(super) struct Identity {
    pub reference: Text,
    pub name: Text,
    pub arn: Option<Text>,
    /// `arn:…:lambda:…:` of the stack's account and Region.
    pub lambda_prefix: Text,
    /// `arn:…:event-bus/`.
    pub event_bus_prefix: Text,
}

/// `Ref` (empty attribute) or `Fn::GetAtt`.
pub(super) fn value(r: &mut Resolver<'_, '_>, declaration: &ResourceDeclaration, attribute: &str) -> Node {
    let span = declaration.span;
    let known = facts(r, declaration);
    let shape = match (known, attribute) {
        (Some(t), "") => Some(&t.reference),
        (Some(t), _) => t.attribute(attribute),
        (None, _) => None,
    };
    let text = match shape {
        Some(ValueShape::Arn(format) | ValueShape::Url(format)) => formatted(r, declaration, format),
        Some(ValueShape::OtherArn) => unknown(r, declaration, attribute, Shape::Arn),
        Some(ValueShape::Property(property)) => property_value(r, declaration, property),
        Some(ValueShape::Id(name)) => unknown(r, declaration, name, Shape::Name),
        Some(ValueShape::Other) | None => match given(r, declaration, attribute) {
            Some(text) => text,
            None => {
                if let (Some(t), None) = (known, shape) {
                    missing_attribute(r, declaration, t, attribute);
                }
                unknown(r, declaration, attribute, guessed(declaration, attribute))
            }
        },
    };
    Node::text(r.assignment.applied(&text, span), span)
}

fn missing_attribute(
    r: &mut Resolver<'_, '_>,
    declaration: &ResourceDeclaration,
    known: &CloudFormationType,
    attribute: &str,
) {
    if known.attributes.is_empty() || declaration.resource_type == "AWS::CloudFormation::Stack" {
        return;
    }
    let names = known.attributes.iter().map(|(name, _)| name.as_str());
    let help = super::references::nearest(attribute, names);
    let message = format!("`{}` has no attribute `{attribute}` that is known here", declaration.resource_type);
    r.problems.notice(crate::model::Problem { message, span: Some(declaration.span), help });
}

/// The name, `Ref` and ARN of a resource.
pub(super) fn identity(r: &mut Resolver<'_, '_>, declaration: &ResourceDeclaration) -> Identity {
    let span = declaration.span;
    let reference =
        super::references::named(r, &declaration.id, span).and_then(|n| n.as_text().cloned()).unwrap_or_default();
    let name = name(r, declaration);
    let arn = arn(r, declaration);
    let name = r.assignment.applied(&name, span);
    let arn = arn.map(|a| r.assignment.applied(&a, span));
    let (lambda_prefix, event_bus_prefix) = r.world.arn_prefixes().clone();
    Identity { reference, name, arn, lambda_prefix, event_bus_prefix }
}

/// `AWS::StackId`.
pub(super) fn stack_id(r: &Resolver<'_, '_>) -> Text {
    let parts = [
        Text::from_encoded("arn:"),
        r.world.pseudo("AWS::Partition"),
        Text::from_encoded(":cloudformation:"),
        r.world.pseudo("AWS::Region"),
        Text::from_encoded(":"),
        r.world.pseudo("AWS::AccountId"),
        Text::from_encoded(":stack/"),
        r.stack.name.clone(),
        Text::from_encoded("/"),
        r.unknown_text("AWS::StackId", SymbolKind::PseudoParameter, Shape::Name),
    ];
    let chars: String = parts.iter().map(Text::as_str).collect();
    Text::from_encoded(chars)
}

fn facts<'a>(r: &Resolver<'_, 'a>, declaration: &ResourceDeclaration) -> Option<&'a CloudFormationType> {
    r.world.ctx.catalog.cloudformation_type(&declaration.resource_type)
}

/// A property of the template, when it has the name of the attribute and is text.
fn given(r: &mut Resolver<'_, '_>, declaration: &ResourceDeclaration, property: &str) -> Option<Text> {
    if property.is_empty() {
        return None;
    }
    let node = declaration.properties.get(property)?;
    r.resolve(node)?.scalar_text()
}

/// The value of a property, or what CloudFormation puts in its place.
fn property_value(r: &mut Resolver<'_, '_>, declaration: &ResourceDeclaration, property: &str) -> Text {
    given(r, declaration, property).unwrap_or_else(|| unknown(r, declaration, property, Shape::Name))
}

fn name(r: &mut Resolver<'_, '_>, declaration: &ResourceDeclaration) -> Text {
    match facts(r, declaration).and_then(|t| t.name_property.as_ref()) {
        Some(property) => property_value(r, declaration, property),
        None => unknown(r, declaration, "", guessed(declaration, "")),
    }
}

fn arn(r: &mut Resolver<'_, '_>, declaration: &ResourceDeclaration) -> Option<Text> {
    let known = facts(r, declaration)?;
    match &known.arn {
        Some(format) => Some(formatted(r, declaration, format)),
        None => match (&known.reference, known.attribute("Arn")) {
            (ValueShape::OtherArn, _) => Some(unknown(r, declaration, "", Shape::Arn)),
            (_, Some(ValueShape::OtherArn)) => Some(unknown(r, declaration, "Arn", Shape::Arn)),
            _ => None,
        },
    }
}

fn formatted(r: &mut Resolver<'_, '_>, declaration: &ResourceDeclaration, format: &ValueFormat) -> Text {
    let mut parts: Vec<Text> = Vec::with_capacity(format.parts.len());
    for part in &format.parts {
        parts.push(match part {
            FormatPart::Literal(text) => Text::from_encoded(text.clone()),
            FormatPart::Partition => r.world.pseudo("AWS::Partition"),
            FormatPart::Region => r.world.pseudo("AWS::Region"),
            FormatPart::Account => r.world.pseudo("AWS::AccountId"),
            FormatPart::UrlSuffix => r.world.pseudo("AWS::URLSuffix"),
            FormatPart::Property { name, strip, default } => match (given(r, declaration, name), default) {
                (Some(text), _) if !strip.is_empty() && text.as_str().starts_with(strip.as_str()) => {
                    text.slice(strip.len()..text.as_str().len())
                }
                (Some(text), _) => text,
                (None, Some(default)) => Text::literal(default),
                (None, None) => unknown(r, declaration, name, Shape::Name),
            },
            FormatPart::Path => given(r, declaration, "Path").unwrap_or_else(|| Text::from_encoded("/")),
            FormatPart::Qualifier { name, default } => match given(r, declaration, name) {
                Some(text) if text != *default.as_str() => {
                    Text::concat([(&text, declaration.span), (&Text::from_encoded("/"), declaration.span)])
                }
                _ => Text::default(),
            },
            FormatPart::Attribute(name) | FormatPart::Unknown(name) => unknown(r, declaration, name, Shape::Name),
        });
    }
    Text::concat(parts.iter().map(|p| (p, declaration.span)))
}

fn is_custom(declaration: &ResourceDeclaration) -> bool {
    declaration.resource_type.starts_with("Custom::")
        || declaration.resource_type == "AWS::CloudFormation::CustomResource"
}

/// What an attribute looks like whose type tells nothing, by its name.
fn guessed(declaration: &ResourceDeclaration, attribute: &str) -> Shape {
    if is_custom(declaration) || !declaration.resource_type.starts_with("AWS::") {
        Shape::Any
    } else if attribute.ends_with("Arn") || attribute.ends_with("ARN") {
        Shape::Arn
    } else if attribute.ends_with("Name") || attribute.ends_with("Id") {
        Shape::Name
    } else {
        Shape::Literal
    }
}

/// The symbol of a value that is made at deployment.
fn unknown(r: &Resolver<'_, '_>, declaration: &ResourceDeclaration, attribute: &str, shape: Shape) -> Text {
    let id = &declaration.id;
    let kind = if is_custom(declaration) { SymbolKind::External } else { SymbolKind::ResourceAttribute };
    let name = if attribute.is_empty() { id.clone() } else { SmolStr::new(format!("{id}.{attribute}")) };
    r.unknown_text(name, kind, shape)
}
