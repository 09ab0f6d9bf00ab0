//! CloudFormation templates: from the files of a run to what they deploy.
//!
//! A template is normalised (`normalise`), its loops are written out (`foreach`), SAM resources are expanded (`sam`), and
//! its sections are read (`template`, `parameters`). The resolver (`resolver`, `intrinsics`, `text_functions`,
//! `references`, `resource_values`, `conditions`, `dynamic`, `include`) evaluates resources, in all versions that undecided
//! conditions leave. Policies are found by the table in `locations`, other grants by `grants`, and joined to
//! principals in `attachments`. Nested stacks are in `nested`, CDK assemblies in `assembly`.

mod assembly;
mod attachments;
mod conditions;
mod dynamic;
mod files;
mod foreach;
mod grants;
mod include;
mod intrinsics;
mod locations;
mod merge;
mod nested;
mod normalise;
mod parameter_file;
mod parameters;
mod policies;
mod problems;
mod references;
mod resolver;
mod resource_values;
pub mod sam;
mod shapes;
mod stack;
mod template;
mod text_functions;

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

pub use assembly::load_assembly;
pub use grants::grant_types;
pub use locations::{Holds, POLICY_LOCATIONS, PolicyLocation};
pub use parameter_file::read_file as read_parameter_file;

use super::{LoadContext, ParsedInput};
use crate::model::{Deployment, Input, InputKind, Problem};
use crate::source::{Node, NodeKind, Shape, SymbolInfo, SymbolKind, Text};
use attachments::Attachments;
use parameters::{Given, Parameters};
use problems::Problems;
use resolver::Resolver;
use stack::{Stack, World};
use template::Template;

/// True if a tree is a CloudFormation template: its format version, or `Resources` whose entries have types.
pub fn looks_like(root: &Node) -> bool {
    let Some(map) = root.as_mapping() else { return false };
    if map.get("AWSTemplateFormatVersion").is_some() {
        return true;
    }
    let Some(resources) = map.get("Resources").and_then(Node::as_mapping) else { return false };
    let typed = |n: &Node| n.get("Type").and_then(Node::as_str).is_some_and(|t| t.contains("::"));
    resources.iter().any(|e| e.key.as_str().starts_with("Fn::") || typed(&e.value))
}

/// Resolves templates. There is one deployment for each, in order; they see each other's exports. A template that
/// can't be resolved whole has the first reason in [`Input::error`], and what can be is there all the same.
pub fn load(inputs: Vec<ParsedInput>, ctx: LoadContext<'_>) -> Vec<Deployment> {
    load_as(inputs.into_iter().map(|i| (i, None)).collect(), ctx, InputKind::Cloudformation)
}

/// As [`load`], with the names of the stacks where they are known.
fn load_as(inputs: Vec<(ParsedInput, Option<String>)>, ctx: LoadContext<'_>, kind: InputKind) -> Vec<Deployment> {
    let world = World::new(ctx);
    let given = |name: &str| ctx.options.parameters.get(name).cloned().map(Given::Text);
    let (paths, stacks): (Vec<String>, Vec<Rc<Stack>>) = inputs
        .into_iter()
        .map(|(input, name)| {
            let own_path = input.path.clone();
            let path = vec![PathBuf::from(&own_path)];
            let scope = SmolStr::new(&own_path);
            let stack = make_stack(&world, input, scope, SmolStr::default(), path, &given, name.as_deref());
            (own_path, Rc::new(stack))
        })
        .unzip();
    for stack in &stacks {
        register_exports(&world, stack);
    }
    let mut deployments: Vec<Deployment> = Vec::with_capacity(stacks.len());
    for (path, stack) in paths.into_iter().zip(&stacks) {
        let mut out = Deployment::default();
        let mut attachments = Attachments::default();
        let mut problems = Problems::default();
        policies::collect(&world, stack, None, &mut out, &mut attachments, &mut problems);
        attachments.join(&mut out);
        problems.append(&mut condition_problems(&world, stack));
        out.inputs.push(report(path, kind, problems));
        deployments.push(out);
    }
    unknown_parameters(&world, &stacks, &mut deployments);
    deployments
}

/// What is wrong with conditions that no resource may use: one that depends on itself, or on one that isn't there.
fn condition_problems(world: &World<'_>, stack: &Stack) -> Problems {
    let mut found = Problems::default();
    let mut conditions: Vec<_> = stack.template.conditions.iter().collect();
    conditions.sort_by_key(|(_, expression)| expression.span);
    for (name, expression) in conditions {
        let mut run = Resolver::new(world, stack);
        run.condition(name, expression.span);
        found.append(&mut run.problems);
    }
    found
}

fn report(path: String, kind: InputKind, problems: Problems) -> Input {
    let mut seen = FxHashSet::default();
    let mut fresh = |p: &Problem| seen.insert((p.span, p.message.clone()));
    let mut errors = problems.errors.into_iter().filter(|p| fresh(p));
    let error = errors.next();
    let mut notices: Vec<Problem> = errors.collect();
    notices.extend(problems.notices.into_iter().filter(|p| fresh(p)));
    Input { path, kind, error, notices }
}

/// A parameter that was given and that no template of the run declares.
fn unknown_parameters(world: &World<'_>, stacks: &[Rc<Stack>], deployments: &mut [Deployment]) {
    let Some(input) = deployments.first_mut().and_then(|d| d.inputs.first_mut()) else { return };
    let options = world.ctx.options;
    for name in options.parameters.keys() {
        if stacks.iter().any(|s| s.parameters.values.contains_key(name.as_str())) {
            continue;
        }
        let known = stacks.iter().flat_map(|s| s.parameters.values.keys()).map(SmolStr::as_str);
        let help = references::nearest(name, known);
        let message = format!("parameter `{name}` is given, but no template declares it");
        let problem = Problem { message, span: None, help };
        if input.error.is_none() {
            input.error = Some(problem);
        } else {
            input.notices.push(problem);
        }
    }
}

fn register_exports(world: &World<'_>, stack: &Rc<Stack>) {
    for (name, output) in &stack.template.outputs {
        let Some(export) = &output.export else { continue };
        let mut run = Resolver::new(world, stack);
        if output.condition.as_ref().is_some_and(|c| run.decided(c) == Some(Some(false))) {
            continue;
        }
        let text = run.resolve(export).and_then(|n| n.scalar_text());
        if let Some(text) = text.filter(|_| run.cursor == 0) {
            world.exports.borrow_mut().insert(text.as_smol().clone(), (Rc::clone(stack), name.clone()));
        }
    }
}

/// Reads a template into a stack.
fn make_stack(
    world: &World<'_>,
    input: ParsedInput,
    scope: SmolStr,
    prefix: SmolStr,
    path: Vec<PathBuf>,
    given: &dyn Fn(&str) -> Option<Given>,
    name: Option<&str>,
) -> Stack {
    let ctx = world.ctx;
    let mut problems = Problems::default();
    let mut root = normalise::normalise(input.root);
    let parameters = Parameters::read(root.get("Parameters"), given, &scope, ctx, &mut problems);
    let mut mappings = FxHashMap::default();
    if let Some(section) = root.get("Mappings").and_then(Node::as_mapping) {
        mappings.extend(section.iter().map(|e| (e.key.as_smol().clone(), e.value.clone())));
    }
    let stack_name = match name.or(ctx.options.stack_name.as_deref().filter(|_| prefix.is_empty())) {
        Some(name) => Text::literal(name),
        None => Text::symbol(crate::source::Symbol::intern(SymbolInfo {
            scope: scope.clone(),
            name: SmolStr::new_static("AWS::StackName"),
            kind: SymbolKind::PseudoParameter,
            shape: Shape::Name,
            sensitive: false,
        })),
    };
    let folder = PathBuf::from(&input.path).parent().map(PathBuf::from).unwrap_or_default();
    let mut stack = Stack {
        scope,
        prefix,
        folder,
        path,
        name: stack_name,
        parameters,
        mappings,
        template: Template::default(),
        decided: RefCell::default(),
        attributes: RefCell::default(),
        children: RefCell::default(),
        problems: RefCell::default(),
    };
    if foreach::occurs_in(&root) {
        let mut run = Resolver::new(world, &stack);
        root = foreach::expand(&mut run, root);
        problems.append(&mut run.problems);
    }
    tell_macros(&root, &mut problems);
    if sam::is_sam(&root) {
        let value = |name: &str| -> Option<Node> {
            let value = stack.parameters.values.get(name)?;
            (!value.has_unknown()).then(|| value.clone())
        };
        let transformed = sam::transform(&root, &value, ctx.catalog);
        root = transformed.template;
        transformed.notices.into_iter().for_each(|n| problems.notice(n));
    }
    stack.template = Template::read(root, &mut problems);
    *stack.problems.borrow_mut() = problems;
    stack
}

/// Macros that the whole template is sent through.
fn tell_macros(root: &Node, problems: &mut Problems) {
    let Some(transform) = root.get("Transform") else { return };
    let listed = match &transform.kind {
        NodeKind::Sequence(items) => items.as_slice(),
        _ => std::slice::from_ref(transform),
    };
    for item in listed {
        let name = item.as_str().or_else(|| item.get("Name").and_then(Node::as_str)).unwrap_or_default();
        let known = name.starts_with("AWS::Serverless-") || name.starts_with("AWS::LanguageExtensions");
        if !known {
            problems.notice(Problem::at(
                format!("what macro `{name}` makes of the template is not known before deployment"),
                item.span,
            ));
        }
    }
}
