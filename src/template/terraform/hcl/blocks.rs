//! Nested blocks of a body, `dynamic` ones expanded.

use smol_str::SmolStr;

use super::evaluate::Evaluator;
use super::json_syntax;
use super::operators;
use super::scope::Bindings;
use super::syntax::{Block, Body, Expression, Syntax};
use super::value::{Eval, Value, fail};
use crate::source::{Node, NodeKind, ReadError, Span};

/// A block as it is after expansion.
#[derive(Clone, Debug)]
pub struct ExpandedBlock<'b> {
    /// Its attributes and nested blocks.
    pub body: std::borrow::Cow<'b, Body>,
    /// What its expressions see: the bindings around it and the iterators of `dynamic` blocks.
    pub bindings: Bindings,
    /// The whole block as written; for a `dynamic` block its `content`.
    pub span: Span,
    /// How many such blocks there will be is not known: this one stands for all of them, its iterator's key and
    /// value being symbols.
    pub repeated_unknown_times: bool,
}

impl Evaluator<'_> {
    /// The nested blocks of one kind, in order, `dynamic` blocks expanded.
    ///
    /// # Errors
    ///
    /// When the `for_each` of a `dynamic` block can't be evaluated or is no collection.
    pub fn expand_blocks<'b>(
        &self,
        body: &'b Body,
        kind: &str,
        bindings: &Bindings,
    ) -> Result<Vec<ExpandedBlock<'b>>, ReadError> {
        let mut found = Vec::new();
        for block in &body.blocks {
            if block.kind == kind {
                found.push(ExpandedBlock {
                    body: std::borrow::Cow::Borrowed(&block.body),
                    bindings: bindings.clone(),
                    span: block.span,
                    repeated_unknown_times: false,
                });
            } else if block.kind == "dynamic" && block.labels.first().is_some_and(|l| l.text == kind) {
                self.expand_dynamic(block, kind, bindings, &mut found)?;
            }
        }
        // In the JSON syntax blocks look like attributes.
        if let Some(attribute) = body.attribute(kind) {
            self.json_blocks(&attribute.value, bindings, &mut found)?;
        }
        if let Some(Syntax::Json(node)) = body.attribute("dynamic").map(|a| &*a.value.syntax) {
            for dynamic in list_of(node).iter().flat_map(|n| n.get(kind)).flat_map(list_of) {
                if let Some(body) = json_syntax::body_of(dynamic) {
                    self.expand_json_dynamic(&body, kind, dynamic.span, bindings, &mut found)?;
                }
            }
        }
        Ok(found)
    }

    fn expand_dynamic<'b>(
        &self,
        block: &'b Block,
        kind: &str,
        bindings: &Bindings,
        found: &mut Vec<ExpandedBlock<'b>>,
    ) -> Eval<()> {
        let Some(content) = block.body.blocks("content").next() else {
            return fail("`dynamic` block has no `content` block", block.header);
        };
        for (bindings, unknown) in self.iterations(&block.body, kind, block.header, bindings)? {
            found.push(ExpandedBlock {
                body: std::borrow::Cow::Borrowed(&content.body),
                bindings,
                span: content.span,
                repeated_unknown_times: unknown,
            });
        }
        Ok(())
    }

    fn expand_json_dynamic(
        &self,
        body: &Body,
        kind: &str,
        span: Span,
        bindings: &Bindings,
        found: &mut Vec<ExpandedBlock<'_>>,
    ) -> Eval<()> {
        let Some(Syntax::Json(content)) = body.attribute("content").map(|a| &*a.value.syntax) else {
            return fail("`dynamic` block has no `content`", span);
        };
        for (bindings, unknown) in self.iterations(body, kind, span, bindings)? {
            for content in list_of(content) {
                let Some(content_body) = json_syntax::body_of(content) else { continue };
                found.push(ExpandedBlock {
                    body: std::borrow::Cow::Owned(content_body),
                    bindings: bindings.clone(),
                    span: content.span,
                    repeated_unknown_times: unknown,
                });
            }
        }
        Ok(())
    }

    /// The bindings of each block that a `dynamic` block makes.
    fn iterations(&self, body: &Body, kind: &str, span: Span, bindings: &Bindings) -> Eval<Vec<(Bindings, bool)>> {
        let Some(for_each) = body.attribute("for_each") else {
            return fail("`dynamic` block has no `for_each`", span);
        };
        let iterator = body.attribute("iterator").and_then(|a| name_of(&a.value)).unwrap_or(SmolStr::new(kind));
        let over = self.value(&for_each.value, bindings)?;
        let bind = |key: Node, value: Node| {
            let mut bindings = bindings.clone();
            bindings.iterators.push((iterator.clone(), key, value));
            bindings
        };
        let mut budget = 1_000_000;
        match operators::entries(&over, for_each.value.span)? {
            Some(entries) => {
                let mut all = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    all.push((bind(key.to_node(&mut budget)?, value.to_node(&mut budget)?), false));
                }
                Ok(all)
            }
            None => {
                let place = for_each.value.span;
                let symbol = |part: &str| -> Value {
                    self.unknown_of(place, format!("{iterator}.{part}"), std::slice::from_ref(&over))
                };
                let key = symbol("key").to_node(&mut budget)?;
                let value = symbol("value").to_node(&mut budget)?;
                Ok(vec![(bind(key, value), true)])
            }
        }
    }

    fn json_blocks(&self, value: &Expression, bindings: &Bindings, found: &mut Vec<ExpandedBlock<'_>>) -> Eval<()> {
        let Syntax::Json(node) = &*value.syntax else { return Ok(()) };
        for node in list_of(node) {
            if let Some(body) = json_syntax::body_of(node) {
                found.push(ExpandedBlock {
                    body: std::borrow::Cow::Owned(body),
                    bindings: bindings.clone(),
                    span: node.span,
                    repeated_unknown_times: false,
                });
            }
        }
        Ok(())
    }
}

/// A list's elements, anything else as the only one.
fn list_of(node: &Node) -> &[Node] {
    match &node.kind {
        NodeKind::Sequence(items) => items,
        _ => std::slice::from_ref(node),
    }
}

/// `iterator = name`, a bare name.
fn name_of(e: &Expression) -> Option<SmolStr> {
    match &*e.syntax {
        Syntax::Native(hcl_edit::expr::Expression::Variable(name)) => Some(SmolStr::new(name.as_str())),
        _ => e.as_plain_str().map(SmolStr::new),
    }
}
