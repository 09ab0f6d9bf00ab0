//! References to what SAM generates: `MyFunction.Alias`, `MyApi.Stage` and the like, and resources whose logical id
//! has changed (layers).

use std::borrow::Cow;

use rustc_hash::FxHashMap;
use smol_str::{SmolStr, format_smolstr};

use super::construct::Generated;
use super::intrinsic::replace_variables;
use crate::source::{Node, NodeKind, Text};

/// What can be referred to, by kind of SAM resource: property and type of the generated resource.
const REFERABLE: [(&str, &str, &str); 15] = [
    ("Function", "Alias", "AWS::Lambda::Alias"),
    ("Function", "Version", "AWS::Lambda::Version"),
    ("Function", "DestinationTopic", "AWS::SNS::Topic"),
    ("Function", "DestinationQueue", "AWS::SQS::Queue"),
    ("Api", "Stage", "AWS::ApiGateway::Stage"),
    ("Api", "Deployment", "AWS::ApiGateway::Deployment"),
    ("Api", "DomainName", "AWS::ApiGateway::DomainName"),
    ("Api", "DomainNameV2", "AWS::ApiGateway::DomainNameV2"),
    ("Api", "UsagePlan", "AWS::ApiGateway::UsagePlan"),
    ("Api", "UsagePlanKey", "AWS::ApiGateway::UsagePlanKey"),
    ("Api", "ApiKey", "AWS::ApiGateway::ApiKey"),
    ("HttpApi", "Stage", "AWS::ApiGatewayV2::Stage"),
    ("HttpApi", "DomainName", "AWS::ApiGatewayV2::DomainName"),
    ("WebSocketApi", "Stage", "AWS::ApiGatewayV2::Stage"),
    ("WebSocketApi", "DomainName", "AWS::ApiGatewayV2::DomainName"),
];

/// Old and new names.
#[derive(Debug, Default)]
pub(super) struct References {
    /// `MyFunction.Alias`
    properties: FxHashMap<SmolStr, SmolStr>,
    renamed: FxHashMap<SmolStr, SmolStr>,
}

impl References {
    /// Notes what of a SAM resource can be referred to.
    pub fn learn(&mut self, id: &str, kind: &str, generated: &[Generated]) {
        for (_, property, resource_type) in REFERABLE.iter().filter(|(k, ..)| *k == kind) {
            if let Some(resource) = generated.iter().rfind(|g| g.resource_type == *resource_type) {
                self.properties.insert(format_smolstr!("{id}.{property}"), resource.id.clone());
            }
        }
    }

    /// Notes that a resource got another logical id.
    pub fn rename(&mut self, old: SmolStr, new: SmolStr) {
        self.renamed.insert(old, new);
    }

    /// Replaces the names in a template.
    pub fn apply(&self, template: &mut Node) {
        if !self.properties.is_empty() || !self.renamed.is_empty() {
            self.walk(template);
        }
    }

    /// The name that `Id`, `Id.Property` or `Id.Property.Attribute` has become.
    fn renamed<'n>(&self, name: &'n str) -> Cow<'n, str> {
        let (id, rest) = name.split_once('.').unwrap_or((name, ""));
        if let Some(new) = self.renamed.get(id) {
            return if rest.is_empty() { Cow::Owned(new.to_string()) } else { Cow::Owned(format!("{new}.{rest}")) };
        }
        let (property, attribute) = rest.split_once('.').unwrap_or((rest, ""));
        if !property.is_empty()
            && let Some(new) = self.properties.get(&name[..id.len() + 1 + property.len()])
        {
            return if attribute.is_empty() {
                Cow::Owned(new.to_string())
            } else {
                Cow::Owned(format!("{new}.{attribute}"))
            };
        }
        Cow::Borrowed(name)
    }

    fn walk(&self, node: &mut Node) {
        match &mut node.kind {
            NodeKind::Sequence(items) => items.iter_mut().for_each(|n| self.walk(n)),
            NodeKind::Mapping(map) => {
                for entry in &mut map.entries {
                    match entry.key.as_str() {
                        "Ref" => self.rename_text(&mut entry.value),
                        "DependsOn" => match &mut entry.value.kind {
                            NodeKind::Sequence(items) => items.iter_mut().for_each(|n| self.rename_text(n)),
                            _ => self.rename_text(&mut entry.value),
                        },
                        "Fn::GetAtt" => self.rename_attribute(&mut entry.value),
                        "Fn::Sub" => match &mut entry.value.kind {
                            NodeKind::Sequence(items) => {
                                for item in items {
                                    if item.as_text().is_some() { self.rename_variables(item) } else { self.walk(item) }
                                }
                            }
                            _ => self.rename_variables(&mut entry.value),
                        },
                        _ => self.walk(&mut entry.value),
                    }
                }
            }
            NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) | NodeKind::String(_) => {}
        }
    }

    fn rename_text(&self, node: &mut Node) {
        let Some(name) = node.as_str() else { return self.walk(node) };
        if let Cow::Owned(new) = self.renamed(name) {
            node.kind = NodeKind::String(Text::literal(new));
        }
    }

    /// `["Id.Property", "Attribute"]`, `["Id", "Property.Attribute"]` or the same as one string.
    fn rename_attribute(&self, node: &mut Node) {
        let joined = match &node.kind {
            NodeKind::Sequence(items) => {
                let parts: Option<Vec<&str>> = items.iter().map(Node::as_str).collect();
                parts.map(|p| p.join("."))
            }
            _ => node.as_str().map(str::to_owned),
        };
        let Some(joined) = joined else { return self.walk(node) };
        let Cow::Owned(new) = self.renamed(&joined) else { return };
        let (id, attribute) = new.split_once('.').unwrap_or((&new, ""));
        let parts = [id, attribute].map(|p| Node::string(p, node.span));
        node.kind = NodeKind::Sequence(parts.into());
    }

    fn rename_variables(&self, node: &mut Node) {
        let Some(text) = node.as_str().filter(|t| t.contains("${")) else { return };
        let mut changed = false;
        let new = replace_variables(text, |name| match self.renamed(name) {
            Cow::Owned(new) => {
                changed = true;
                Some(format!("${{{new}}}"))
            }
            Cow::Borrowed(_) => None,
        });
        if changed {
            node.kind = NodeKind::String(Text::literal(new));
        }
    }
}
