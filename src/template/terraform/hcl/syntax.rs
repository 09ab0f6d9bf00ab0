//! The blocks, attributes and expressions of a module, the same for Terraform's native syntax (`.tf`) and its JSON
//! syntax (`.tf.json`). What an expression *means* is the evaluator's.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::source::{Node, NodeKind, Span};

/// An expression that is not evaluated yet.
#[derive(Clone, Debug)]
pub struct Expression {
    pub(super) syntax: Arc<Syntax>,
    /// From its first to its last character.
    pub span: Span,
}

#[derive(Debug)]
pub(super) enum Syntax {
    /// An expression of the native syntax; its ranges are bytes of the file that [`Expression::span`] names.
    Native(hcl_edit::expr::Expression),
    /// A value of the JSON syntax, whose strings are templates.
    Json(Node),
    /// A value that is given, as it is.
    Literal(Node),
}

impl Expression {
    /// A value that was given rather than written in the module: a plan's, a variable's of the command line.
    pub fn value(node: Node) -> Expression {
        Expression { span: node.span, syntax: Arc::new(Syntax::Literal(node)) }
    }

    pub(super) fn native(expression: hcl_edit::expr::Expression, span: Span) -> Expression {
        Expression { syntax: Arc::new(Syntax::Native(expression)), span }
    }

    pub(super) fn json(node: Node) -> Expression {
        Expression { span: node.span, syntax: Arc::new(Syntax::Json(node)) }
    }

    /// The string, if the expression is one without interpolation.
    pub fn as_plain_str(&self) -> Option<&str> {
        match &*self.syntax {
            Syntax::Native(e) => e.as_str(),
            Syntax::Json(n) | Syntax::Literal(n) => n.as_str().filter(|s| !s.contains("${") && !s.contains("%{")),
        }
    }

    /// The truth value, if the expression is `true` or `false`.
    pub fn as_plain_bool(&self) -> Option<bool> {
        match &*self.syntax {
            Syntax::Native(e) => e.as_bool(),
            Syntax::Json(n) | Syntax::Literal(n) => match n.kind {
                NodeKind::Bool(b) => Some(b),
                _ => None,
            },
        }
    }
}

/// `name = expression`.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its name.
    pub name: SmolStr,
    /// Where the name is written.
    pub name_span: Span,
    /// What it is set to.
    pub value: Expression,
    /// From the name to the end of the expression.
    pub span: Span,
}

/// `kind "label" { … }`.
#[derive(Clone, Debug)]
pub struct Block {
    /// `resource`, `statement`, `dynamic`.
    pub kind: SmolStr,
    /// Its labels.
    pub labels: Vec<Label>,
    /// Kind and labels, without the braces.
    pub header: Span,
    /// The whole block.
    pub span: Span,
    /// What stands between the braces.
    pub body: Body,
}

/// A label of a block.
#[derive(Clone, Debug)]
pub struct Label {
    /// The label without quotes.
    pub text: SmolStr,
    /// Where it is written, quotes included.
    pub span: Span,
}

/// Attributes and blocks.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// In the order of the file. In the JSON syntax nested blocks are here too, since nothing but the provider's
    /// schema tells them apart: [`super::Evaluator::expand_blocks`] knows.
    pub attributes: Vec<Attribute>,
    /// In the order of the file.
    pub blocks: Vec<Block>,
}

impl Body {
    /// The attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|a| a.name == name)
    }

    /// The nested blocks of that kind as written, `dynamic` ones not expanded.
    pub fn blocks<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().filter(move |b| b.kind == kind)
    }

    /// Takes over what an override file says: attributes by name, nested blocks by kind.
    pub(super) fn override_with(&mut self, other: Body) {
        for attribute in other.attributes {
            match self.attributes.iter_mut().find(|a| a.name == attribute.name) {
                Some(mine) => *mine = attribute,
                None => self.attributes.push(attribute),
            }
        }
        let kinds: Vec<SmolStr> = other.blocks.iter().map(overridden_kind).collect();
        self.blocks.retain(|b| !kinds.contains(&overridden_kind(b)));
        self.blocks.extend(other.blocks);
    }
}

/// The kind of block that a block makes: a `dynamic` one makes blocks of its label.
fn overridden_kind(block: &Block) -> SmolStr {
    match block.labels.first() {
        Some(label) if block.kind == "dynamic" => label.text.clone(),
        _ => block.kind.clone(),
    }
}
