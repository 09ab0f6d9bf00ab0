//! The sections of a template as Rust types: what is declared, nothing evaluated.
//!
//! Source: "Template anatomy" in the CloudFormation user guide.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::problems::Problems;
use crate::model::Problem;
use crate::source::{Entry, Mapping, Node, NodeKind, Span};

/// A template's sections.
#[derive(Debug, Default)]
pub(super) struct Template {
    /// In the order of the template.
    pub resources: Vec<ResourceDeclaration>,
    /// Logical id to position in `resources`.
    pub by_id: FxHashMap<SmolStr, usize>,
    /// Condition name to expression.
    pub conditions: FxHashMap<SmolStr, Node>,
    /// Output name to declaration.
    pub outputs: FxHashMap<SmolStr, OutputDeclaration>,
}

/// An entry of `Resources`.
#[derive(Debug)]
pub(super) struct ResourceDeclaration {
    /// The logical id.
    pub id: SmolStr,
    /// `Type`.
    pub resource_type: SmolStr,
    /// The whole entry, its key included.
    pub span: Span,
    /// `Condition`.
    pub condition: Option<(SmolStr, Span)>,
    /// `Properties`, an empty map if there are none.
    pub properties: Node,
    /// The construct path of the CDK.
    pub construct_path: Option<SmolStr>,
    /// The path of a local asset that the CDK or SAM CLI wrote into the metadata.
    pub asset_path: Option<SmolStr>,
}

/// An entry of `Outputs`.
#[derive(Debug)]
pub(super) struct OutputDeclaration {
    /// `Value`.
    pub value: Node,
    /// `Export.Name`.
    pub export: Option<Node>,
    /// `Condition`.
    pub condition: Option<SmolStr>,
}

/// The top-level keys of a template.
pub(super) const SECTIONS: &[&str] = &[
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Globals",
    "Hooks",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
];

impl Template {
    /// Takes a normalised tree apart. What does not have the form of a template is told to `problems`.
    pub fn read(root: Node, problems: &mut Problems) -> Template {
        let mut template = Template::default();
        let span = root.span;
        let NodeKind::Mapping(map) = root.kind else {
            problems.push(Problem::at("a template must be a map of sections", span));
            return template;
        };
        for entry in map.entries {
            match entry.key.as_str() {
                "Resources" => {
                    for e in section(entry, problems) {
                        template.resource(e, problems);
                    }
                }
                "Conditions" => {
                    for e in section(entry, problems) {
                        let name = e.key.as_smol().clone();
                        if template.conditions.insert(name, e.value).is_some() {
                            problems.push(Problem::at(format!("condition `{}` is declared twice", e.key), e.key_span));
                        }
                    }
                }
                "Outputs" => {
                    for e in section(entry, problems) {
                        template.output(e, problems);
                    }
                }
                name if SECTIONS.contains(&name) => {}
                _ => problems.push(Problem {
                    message: format!("unknown section `{}`", entry.key),
                    span: Some(entry.key_span),
                    help: nearest_section(entry.key.as_str()),
                }),
            }
        }
        template
    }

    /// The declaration of a logical id.
    pub fn resource_by_id(&self, id: &str) -> Option<&ResourceDeclaration> {
        self.by_id.get(id).and_then(|i| self.resources.get(*i))
    }

    fn resource(&mut self, entry: Entry, problems: &mut Problems) {
        let span = entry.key_span.join(entry.value.span);
        let id = entry.key.as_smol().clone();
        let NodeKind::Mapping(map) = entry.value.kind else {
            problems.push(Problem::at(format!("resource `{}` must be a map", entry.key), entry.value.span));
            return;
        };
        let mut declaration = ResourceDeclaration {
            id: id.clone(),
            resource_type: SmolStr::default(),
            span,
            condition: None,
            properties: Node::new(NodeKind::Mapping(Mapping::default()), entry.value.span),
            construct_path: None,
            asset_path: None,
        };
        for e in map.entries {
            match e.key.as_str() {
                "Type" => match e.value.as_str() {
                    Some(name) => declaration.resource_type = name.into(),
                    None => problems.push(Problem::at(
                        format!("the type of resource `{}` must be a string", entry.key),
                        e.value.span,
                    )),
                },
                "Condition" => match e.value.as_text() {
                    Some(name) => declaration.condition = Some((name.as_smol().clone(), e.value.span)),
                    None => problems.push(Problem::at(
                        format!("the condition of resource `{}` must be the name of a condition", entry.key),
                        e.value.span,
                    )),
                },
                "Properties" => match &e.value.kind {
                    NodeKind::Mapping(_) => declaration.properties = e.value,
                    NodeKind::Null => {}
                    _ => problems.push(Problem::at(
                        format!("the properties of resource `{}` must be a map", entry.key),
                        e.value.span,
                    )),
                },
                "Metadata" => {
                    let text = |key: &str| e.value.get(key).and_then(Node::as_str).map(SmolStr::new);
                    declaration.construct_path = text("aws:cdk:path");
                    declaration.asset_path = text("aws:asset:path");
                }
                _ => {}
            }
        }
        if declaration.resource_type.is_empty() {
            problems.push(Problem::at(format!("resource `{}` has no type", entry.key), entry.key_span));
            return;
        }
        if self.by_id.contains_key(&id) {
            problems.push(Problem::at(format!("resource `{}` is declared twice", entry.key), entry.key_span));
            return;
        }
        self.by_id.insert(id, self.resources.len());
        self.resources.push(declaration);
    }

    fn output(&mut self, entry: Entry, problems: &mut Problems) {
        let Some(value) = entry.value.get("Value") else {
            problems.push(Problem::at(format!("output `{}` has no value", entry.key), entry.key_span));
            return;
        };
        let output = OutputDeclaration {
            value: value.clone(),
            export: entry.value.at(&["Export", "Name"]).cloned(),
            condition: entry.value.get("Condition").and_then(Node::as_str).map(SmolStr::new),
        };
        self.outputs.insert(entry.key.as_smol().clone(), output);
    }
}

fn section(entry: Entry, problems: &mut Problems) -> Vec<Entry> {
    match entry.value.kind {
        NodeKind::Mapping(map) => map.entries,
        NodeKind::Null => Vec::new(),
        _ => {
            problems.push(Problem::at(format!("section `{}` must be a map", entry.key), entry.value.span));
            Vec::new()
        }
    }
}

fn nearest_section(key: &str) -> Option<String> {
    let nearest = SECTIONS.iter().min_by_key(|s| strsim::damerau_levenshtein(s, key))?;
    (strsim::damerau_levenshtein(nearest, key) <= 3).then(|| format!("did you mean `{nearest}`?"))
}
