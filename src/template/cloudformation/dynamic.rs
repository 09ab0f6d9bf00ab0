//! Dynamic references (`{{resolve:service:name}}`): values that CloudFormation reads at deployment.
//!
//! They are symbols, unless the caller gives the value of a parameter store parameter. Secrets stay symbols whatever is
//! given. Source: "Dynamic references" in the CloudFormation user guide.

use smol_str::SmolStr;

use super::resolver::Resolver;
use crate::source::{Shape, Span, Symbol, SymbolInfo, SymbolKind, Text};

const OPEN: &str = "{{resolve:";

/// The text with its dynamic references replaced by symbols or values.
pub(super) fn replace(r: &mut Resolver<'_, '_>, text: &Text, span: Span) -> Text {
    let whole = text.as_str();
    if !whole.contains(OPEN) {
        return text.clone();
    }
    let mut parts: Vec<(Text, Span)> = Vec::new();
    let mut position = 0;
    while let Some(open) = whole[position..].find(OPEN).map(|i| i + position) {
        let Some(close) = whole[open..].find("}}").map(|i| i + open) else { break };
        if open > position {
            parts.push((text.slice(position..open), span));
        }
        position = close + 2;
        let inner = Text::from_encoded(&whole[open + 2..close]);
        let origin = text.origins(open..position).first().copied().unwrap_or(span);
        parts.push((value(r, &inner, origin), origin));
    }
    if position < whole.len() {
        parts.push((text.slice(position..whole.len()), span));
    }
    Text::concat(parts.iter().map(|(t, s)| (t, *s)))
}

fn value(r: &mut Resolver<'_, '_>, reference: &Text, span: Span) -> Text {
    let body = reference.as_str().strip_prefix("resolve:").unwrap_or_default();
    let (service, name) = body.split_once(':').unwrap_or((body, ""));
    let sensitive = service != "ssm";
    if !matches!(service, "ssm" | "ssm-secure" | "secretsmanager") || name.is_empty() {
        r.problem(format!("`{{{{{reference}}}}}` is no dynamic reference that CloudFormation knows"), span);
    }
    if !sensitive {
        let ssm = &r.world.ctx.options.ssm;
        let without_version = name.rsplit_once(':').map_or(name, |(n, _)| n);
        if let Some(value) = ssm.get(name).or_else(|| ssm.get(without_version)) {
            return Text::concat([(&Text::literal(value), span)]);
        }
    }
    // The same name in every stack of the run is the same value, unless the name depends on the stack.
    let scope = if reference.has_unknown() { r.stack.scope.clone() } else { SmolStr::default() };
    Text::symbol(Symbol::intern(SymbolInfo {
        scope,
        name: reference.display().into(),
        kind: SymbolKind::DynamicReference,
        shape: Shape::Any,
        sensitive,
    }))
}
