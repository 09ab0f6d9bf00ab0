//! What a file is, told by its content: a CloudFormation template, a Terraform plan or state, a CDK assembly's
//! manifest, a policy document, or none of these. The loaders' own `looks_like` functions know their formats; here is
//! the order in which they are asked, and the choice between JSON and YAML.

use std::path::Path;

use super::{LoadContext, ParsedInput, document};
use crate::model::{InputKind, Problem};
use crate::source::{Node, ReadError, SourceId, json, yaml};

/// A file whose text is registered.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// As given or found.
    pub path: String,
    /// Its text.
    pub source: SourceId,
    /// True if the user named it, false if a folder search or a glob found it.
    pub named: bool,
}

/// What a file turned out to be.
#[derive(Debug)]
pub enum Detected {
    /// Something to load.
    Input(InputKind, ParsedInput),
    /// A policy document that is not JSON.
    BrokenDocument(ReadError),
    /// It can't be read as what it seems to be.
    Failed(InputKind, Problem),
    /// Nothing for us.
    Nothing,
}

/// Reads a file and tells what it is.
pub fn detect(candidate: &Candidate, text: &str, ctx: LoadContext<'_>) -> Detected {
    if !candidate.named && !mentions_a_format(text) {
        return Detected::Nothing;
    }
    let document_asked = candidate.named && ctx.options.policy_type.is_some();
    let root = match read_tree(candidate, text, ctx, document_asked) {
        Ok(root) => root,
        Err(error) if document_asked && !is_yaml_name(&candidate.path) => return Detected::BrokenDocument(error),
        Err(error) => return not_readable(candidate, text, error),
    };
    let kind = kind_of(&root, document_asked);
    if kind == InputKind::Unknown {
        return Detected::Nothing;
    }
    Detected::Input(kind, ParsedInput { path: candidate.path.clone(), source: candidate.source, root })
}

/// The kind of a tree. With `document_asked` (the user gave a policy type), what is nothing else is a policy document.
fn kind_of(root: &Node, document_asked: bool) -> InputKind {
    if document_asked && document::looks_like(root) {
        return InputKind::PolicyDocument;
    }
    if super::cloudformation::looks_like(root) {
        return InputKind::Cloudformation;
    }
    if let Some(kind) = super::terraform::looks_like(root) {
        return kind;
    }
    // A plan without its version is still one; the loader says what it lacks.
    if root.get("planned_values").is_some() {
        return InputKind::TerraformPlan;
    }
    if is_assembly_manifest(root) {
        return InputKind::CdkAssembly;
    }
    if crate::activity::authorization_details::looks_like(root) {
        return InputKind::AuthorizationDetails;
    }
    if document_asked || document::looks_like(root) {
        return InputKind::PolicyDocument;
    }
    InputKind::Unknown
}

/// `manifest.json` of a CDK cloud assembly.
fn is_assembly_manifest(root: &Node) -> bool {
    root.get("version").and_then(Node::as_str).is_some()
        && root.get("artifacts").is_some_and(|a| a.as_mapping().is_some())
}

fn read_tree(candidate: &Candidate, text: &str, ctx: LoadContext<'_>, document_asked: bool) -> Result<Node, ReadError> {
    let yaml_name = is_yaml_name(&candidate.path);
    let begins_as_json = begins_as_json(text);
    if !begins_as_json && (!document_asked || yaml_name) {
        return yaml::read(candidate.source, text, ctx.limits);
    }
    json::read(candidate.source, text, ctx.limits).or_else(|error| {
        // CloudFormation takes flow-style YAML, which begins as JSON does.
        if document_asked && !yaml_name {
            return Err(error);
        }
        match yaml::read(candidate.source, text, ctx.limits) {
            Ok(root) if super::cloudformation::looks_like(&root) => Ok(root),
            _ => Err(error),
        }
    })
}

fn not_readable(candidate: &Candidate, text: &str, error: ReadError) -> Detected {
    let kind = [
        (InputKind::Cloudformation, &["AWSTemplateFormatVersion", "AWS::"][..]),
        (InputKind::TerraformPlan, &["\"format_version\"", "\"planned_values\""][..]),
    ]
    .into_iter()
    .find(|(_, words)| words.iter().any(|w| text.contains(w)))
    .map(|(kind, _)| kind);
    match kind {
        Some(kind) => Detected::Failed(kind, error.into()),
        None if candidate.named && looks_like_document_text(text) => Detected::BrokenDocument(error),
        None if candidate.named => Detected::Failed(InputKind::Unknown, error.into()),
        None => Detected::Nothing,
    }
}

fn looks_like_document_text(text: &str) -> bool {
    begins_as_json(text) && text.contains("Statement") && text.contains("Effect")
}

fn begins_as_json(text: &str) -> bool {
    text.trim_start_matches('\u{FEFF}').trim_start().starts_with(['{', '['])
}

fn is_yaml_name(path: &str) -> bool {
    let extension = Path::new(path).extension().unwrap_or_default();
    extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml")
}

/// Words of which each of our formats holds at least one: a folder search reads no tree without them.
const FORMAT_WORDS: [&str; 8] = [
    "Resources",
    "Statement",
    "\"format_version\"",
    "\"planned_values\"",
    "\"artifacts\"",
    "AWSTemplateFormatVersion",
    "Transform",
    "DetailList",
];

fn mentions_a_format(text: &str) -> bool {
    FORMAT_WORDS.iter().any(|word| text.contains(word))
}
