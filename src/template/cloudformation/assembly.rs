//! CDK cloud assemblies (`cdk.out`): the manifest, its stacks, and assemblies nested in it.
//!
//! Source: the cloud assembly schema of the AWS CDK: artifacts of type `aws:cloudformation:stack` and
//! `cdk:cloud-assembly`.

use std::path::Path;

use super::{files, load_as};
use crate::model::{Deployment, Input, InputKind, Problem};
use crate::source::{Node, Span};
use crate::template::{LoadContext, ParsedInput};

/// Levels of nested assemblies.
const LEVELS: usize = 8;

/// Resolves the stacks of an assembly; one deployment, with an input for the manifest and one for each stack's template.
pub fn load_assembly(manifest: &ParsedInput, ctx: LoadContext<'_>) -> Deployment {
    let mut input =
        Input { path: manifest.path.clone(), kind: InputKind::CdkAssembly, error: None, notices: Vec::new() };
    let mut templates: Vec<(ParsedInput, Option<String>)> = Vec::new();
    stacks(manifest, ctx, 0, &mut templates, &mut input);
    if templates.is_empty() && input.error.is_none() {
        input.notices.push(Problem::at("the assembly has no stacks", manifest.root.span));
    }
    let mut all = Deployment::default();
    all.inputs.push(input);
    for deployment in load_as(templates, ctx, InputKind::CdkAssembly) {
        all.append(deployment);
    }
    all
}

fn stacks(
    manifest: &ParsedInput,
    ctx: LoadContext<'_>,
    level: usize,
    out: &mut Vec<(ParsedInput, Option<String>)>,
    input: &mut Input,
) {
    let folder = Path::new(&manifest.path).parent().unwrap_or(Path::new(""));
    let Some(artifacts) = manifest.root.get("artifacts").and_then(Node::as_mapping) else { return };
    for artifact in artifacts.iter() {
        let value = &artifact.value;
        let text = |keys: &[&str]| value.at(keys).and_then(Node::as_str);
        match text(&["type"]) {
            Some("aws:cloudformation:stack") => {
                let Some(file) = text(&["properties", "templateFile"]) else { continue };
                let name = text(&["properties", "stackName"]).unwrap_or(artifact.key.as_str()).to_owned();
                if let Some(read) = read(ctx, folder, file, artifact.key_span, input) {
                    out.push((read, Some(name)));
                }
            }
            Some("cdk:cloud-assembly") => {
                let Some(directory) = text(&["properties", "directoryName"]) else { continue };
                if level >= LEVELS {
                    tell(input, Problem::at("assemblies are nested too deep", artifact.key_span));
                    continue;
                }
                let file = format!("{directory}/manifest.json");
                if let Some(read) = read(ctx, folder, &file, artifact.key_span, input) {
                    stacks(&read, ctx, level + 1, out, input);
                }
            }
            _ => {}
        }
    }
}

fn read(ctx: LoadContext<'_>, folder: &Path, file: &str, span: Span, input: &mut Input) -> Option<ParsedInput> {
    if !files::is_local(file) {
        tell(input, Problem::at(format!("`{file}` is no file of the assembly"), span));
        return None;
    }
    match files::read(ctx, &folder.join(file), span) {
        Ok(read) => Some(read),
        Err(problem) => {
            tell(input, problem);
            None
        }
    }
}

fn tell(input: &mut Input, problem: Problem) {
    if input.error.is_none() {
        input.error = Some(problem);
    } else {
        input.notices.push(problem);
    }
}
