//! Nested stacks whose template is a local file: their parameters come from the parent, their outputs go back to it.

use std::path::PathBuf;
use std::rc::Rc;

use smol_str::SmolStr;

use super::parameters::Given;
use super::resolver::{Resolver, explore};
use super::stack::{Child, Stack, World};
use super::template::ResourceDeclaration;
use super::{files, make_stack};
use crate::model::When;
use crate::source::{Node, Shape, Span, SymbolKind};

/// Levels of nested stacks.
const LEVELS: usize = 10;

/// An output of a nested stack.
pub(super) fn output(r: &mut Resolver<'_, '_>, declaration: &ResourceDeclaration, name: &str, span: Span) -> Node {
    let unknown = |r: &Resolver<'_, '_>| {
        let name = format!("{}.Outputs.{name}", declaration.id);
        r.unknown(name, SymbolKind::ResourceAttribute, Shape::Any, span)
    };
    let Some(children) = children(r.world, r.stack, declaration) else { return unknown(r) };
    let mut values = Vec::new();
    for child in children.iter() {
        let stack = Rc::clone(&child.stack);
        if !stack.template.outputs.contains_key(name) {
            r.problem(format!("nested stack `{}` has no output `{name}`", declaration.id), span);
            return unknown(r);
        }
        let value = r.elsewhere(&stack, |other| {
            let output = stack.template.outputs.get(name)?;
            other.resolve(&output.value)
        });
        match value {
            Some(value) => values.push(value),
            None => return unknown(r),
        }
    }
    match values.split_first() {
        Some((one, rest)) if rest.iter().all(|v| v.same_value(one)) => Node { span, ..one.clone() },
        _ => unknown(r),
    }
}

/// The stacks that a nested stack resource makes, one for each version of its parameters; `None` when its template is
/// not at hand (told once) or the stacks refer to each other in a circle.
pub(super) fn children(world: &World<'_>, stack: &Stack, declaration: &ResourceDeclaration) -> Option<Rc<Vec<Child>>> {
    if let Some(made) = stack.children.borrow().get(&declaration.id) {
        return made.clone();
    }
    stack.children.borrow_mut().insert(declaration.id.clone(), None);
    let made = make(world, stack, declaration).map(Rc::new);
    stack.children.borrow_mut().insert(declaration.id.clone(), made.clone());
    made
}

fn make(world: &World<'_>, stack: &Stack, declaration: &ResourceDeclaration) -> Option<Vec<Child>> {
    let told = |message: String, span: Span| {
        stack.problems.borrow_mut().notice(crate::model::Problem::at(message, span));
    };
    let (versions, _) = explore(world, stack, |r| {
        if let Some((condition, span)) = &declaration.condition
            && r.condition(condition, *span) == Some(false)
        {
            return None;
        }
        let url = declaration.properties.get("TemplateURL")?;
        let url = r.text(url, "the template's location");
        let parameters = declaration.properties.get("Parameters").and_then(|p| r.resolve(p));
        Some((url, parameters))
    });
    let mut children: Vec<Child> = Vec::new();
    for version in versions {
        let Some((url, parameters)) = version.value else { continue };
        let when = When(version.when);
        let location = match (&declaration.asset_path, url.known()) {
            (Some(asset), _) if files::is_local(asset) => asset.as_str(),
            (_, Some(url)) if files::is_local(url) => url,
            _ => {
                told(
                    format!(
                        "nested stack `{}` is not analysed: its template `{}` is no local file",
                        declaration.id,
                        url.display()
                    ),
                    declaration.span,
                );
                return None;
            }
        };
        let path: PathBuf = stack.folder.join(location);
        let same = |p: &PathBuf| p.canonicalize().ok() == path.canonicalize().ok();
        if stack.path.len() >= LEVELS || stack.path.iter().any(same) {
            let message = format!("nested stack `{}` contains itself or is too deep", declaration.id);
            stack.problems.borrow_mut().push(crate::model::Problem::at(message, declaration.span));
            return None;
        }
        let input = match files::read(world.ctx, &path, declaration.span) {
            Ok(input) => input,
            Err(problem) => {
                stack.problems.borrow_mut().push(problem);
                return None;
            }
        };
        let given = |name: &str| -> Option<Given> { parameters.as_ref()?.get(name).cloned().map(Given::Node) };
        let suffix = if children.is_empty() { String::new() } else { format!(" ({when})") };
        let mut inner_path = stack.path.clone();
        inner_path.push(path);
        let scope = SmolStr::new(format!("{}#{}{suffix}", stack.scope, declaration.id));
        let prefix = SmolStr::new(format!("{}{}.", stack.prefix, declaration.id));
        let child = make_stack(world, input, scope, prefix, inner_path, &given, None);
        if let Some(given) = parameters.as_ref().and_then(Node::as_mapping) {
            for entry in given.iter().filter(|e| !child.parameters.values.contains_key(e.key.as_str())) {
                let message =
                    format!("the template of nested stack `{}` has no parameter `{}`", declaration.id, entry.key);
                stack.problems.borrow_mut().push(crate::model::Problem::at(message, entry.key_span));
            }
        }
        children.push(Child { when, stack: Rc::new(child) });
    }
    Some(children)
}
