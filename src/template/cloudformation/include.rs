//! `Fn::Transform`: `AWS::Include` of a local file is read; macros run in the account and are told.

use super::files;
use super::normalise::normalise;
use super::resolver::Resolver;
use crate::source::{Node, Shape, Span, SymbolKind};

/// The result of a transform; `None` when there is nothing to put in its place.
pub(super) fn transform(r: &mut Resolver<'_, '_>, argument: &Node, span: Span) -> Option<Node> {
    let name = argument.get("Name").and_then(Node::as_str).unwrap_or_default().to_owned();
    if name != "AWS::Include" {
        r.notice(format!("macro `{name}` is run by CloudFormation; what it makes is not known here"), span);
        return Some(r.unknown(format!("Fn::Transform({name})"), SymbolKind::External, Shape::Any, span));
    }
    let location = argument.at(&["Parameters", "Location"]).cloned();
    let location = location.map(|l| r.text(&l, "the location of `AWS::Include`")).unwrap_or_default();
    let unknown = |r: &Resolver<'_, '_>| {
        Some(r.unknown(format!("AWS::Include({location})"), SymbolKind::External, Shape::Any, span))
    };
    let Some(path) = location.known().filter(|l| files::is_local(l)) else {
        r.notice(format!("the include `{location}` is no local file, so its content is not known here"), span);
        return unknown(r);
    };
    match files::read(r.world.ctx, &r.stack.folder.join(path), span) {
        Ok(input) => {
            let node = normalise(input.root);
            r.resolve(&node)
        }
        Err(problem) => {
            r.problems.push(problem);
            unknown(r)
        }
    }
}
