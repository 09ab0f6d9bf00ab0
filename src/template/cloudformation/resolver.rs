//! Evaluates the expressions of a template: from the tree as written to the tree as deployed.
//!
//! Lives here: the walk over the tree, and the run that it belongs to, with the choices made for undecided
//! conditions. [`explore`] repeats a run for every combination of choices that it meets, so a resource is only split
//! by the conditions that it touches. The functions themselves are in `intrinsics` and `text_functions`, references in
//! `references`, the logic of conditions in `conditions`.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::conditions::{Assignment, Choice};
use super::problems::Problems;
use super::stack::{Stack, World};
use super::{dynamic, include, intrinsics};
use crate::model::Problem;
use crate::source::{Entry, Mapping, Node, NodeKind, Shape, Span, SymbolKind, Text};

/// Levels of expressions and references within each other.
const DEPTH: usize = 250;

/// Combinations of undecided conditions that are analysed for one resource.
pub(super) const VERSIONS: usize = 64;

/// One evaluation.
pub(super) struct Resolver<'r, 'a> {
    pub world: &'r World<'a>,
    pub stack: &'r Stack,
    /// What was found to be wrong.
    pub problems: Problems,
    /// Undecided conditions that were asked for, with the value chosen.
    pub touched: BTreeMap<SmolStr, bool>,
    /// Undecided conditions that were worked out in this run.
    pub settled: FxHashMap<SmolStr, bool>,
    pub assignment: Assignment,
    pub choices: Vec<Choice>,
    pub cursor: usize,
    /// True when undecided conditions are to be left undecided.
    pub probing: bool,
    /// Attributes being worked out, against cycles.
    pub open_references: Vec<(SmolStr, SmolStr)>,
    /// Conditions being worked out, against cycles.
    pub open_conditions: Vec<SmolStr>,
}

/// What an expression came to under one combination of undecided conditions.
pub(super) struct Version<T> {
    pub value: T,
    pub when: BTreeMap<SmolStr, bool>,
    pub problems: Problems,
}

/// Every version of an evaluation; false if there are more than [`VERSIONS`].
pub(super) fn explore<T>(
    world: &World<'_>,
    stack: &Stack,
    mut f: impl FnMut(&mut Resolver<'_, '_>) -> T,
) -> (Vec<Version<T>>, bool) {
    let mut versions = Vec::new();
    let mut choices: Vec<Choice> = Vec::new();
    loop {
        let mut run = Resolver::new(world, stack);
        run.choices = choices;
        let mut value = f(&mut run);
        if run.cursor > 0 {
            // Values that were read before a choice was made have to be read again in its light.
            run.problems.clear();
            run.touched.clear();
            run.settled.clear();
            value = f(&mut run);
        }
        versions.push(Version { value, when: run.touched, problems: run.problems });
        choices = run.choices;
        while choices.last().is_some_and(|c| c.exhausted) {
            choices.pop();
        }
        match choices.last_mut() {
            None => return (versions, true),
            Some(_) if versions.len() >= VERSIONS => return (versions, false),
            Some(last) => *last = Choice { value: false, exhausted: true },
        }
    }
}

impl<'r, 'a> Resolver<'r, 'a> {
    /// A run in which nothing is chosen yet.
    pub fn new(world: &'r World<'a>, stack: &'r Stack) -> Self {
        Resolver {
            world,
            stack,
            problems: Problems::default(),
            touched: BTreeMap::new(),
            settled: FxHashMap::default(),
            assignment: Assignment::default(),
            choices: Vec::new(),
            cursor: 0,
            probing: false,
            open_references: Vec::new(),
            open_conditions: Vec::new(),
        }
    }

    /// The value of an expression; `None` for `AWS::NoValue`.
    pub fn resolve(&mut self, node: &Node) -> Option<Node> {
        match &node.kind {
            NodeKind::String(text) if text.as_str().contains("{{resolve:") => {
                Some(Node::text(dynamic::replace(self, text, node.span), node.span))
            }
            NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) | NodeKind::String(_) => Some(node.clone()),
            _ if !self.enter(node.span) => {
                Some(self.unknown("too deep", SymbolKind::Expression, Shape::Any, node.span))
            }
            NodeKind::Sequence(items) => {
                let items = items.iter().filter_map(|i| self.resolve(i)).collect();
                self.leave();
                Some(Node::new(NodeKind::Sequence(items), node.span))
            }
            NodeKind::Mapping(map) => {
                let value = match intrinsics::of(map) {
                    Some(entry) => intrinsics::call(self, entry, node.span),
                    None => Some(self.mapping(map, node.span)),
                };
                self.leave();
                value
            }
        }
    }

    /// Goes a level deeper, in whatever stack; false (and told) at the limit. [`Resolver::leave`] goes back.
    pub fn enter(&mut self, span: Span) -> bool {
        let depth = self.world.depth.get();
        if depth >= DEPTH {
            self.problem(format!("expressions and references are nested more than {DEPTH} levels deep"), span);
            return false;
        }
        self.world.depth.set(depth + 1);
        true
    }

    /// Goes back up from [`Resolver::enter`].
    pub fn leave(&mut self) {
        self.world.depth.set(self.world.depth.get().saturating_sub(1));
    }

    fn mapping(&mut self, map: &Mapping, span: Span) -> Node {
        let mut entries = Vec::with_capacity(map.len());
        for e in map.iter() {
            if e.key == "Fn::Transform" {
                // A transform beside other keys adds its result to them.
                if let Some(included) = include::transform(self, &e.value, e.key_span.join(e.value.span)) {
                    match included.kind {
                        NodeKind::Mapping(m) => entries.extend(m.entries),
                        _ => entries.push(Entry { key: e.key.clone(), key_span: e.key_span, value: included }),
                    }
                }
                continue;
            }
            if e.key.as_str().starts_with("Fn::") {
                self.problem(format!("`{}` must be the only key of its map", e.key), e.key_span);
            }
            if let Some(value) = self.resolve(&e.value) {
                entries.push(Entry { key: e.key.clone(), key_span: e.key_span, value });
            }
        }
        Node::new(NodeKind::Mapping(Mapping { entries }), span)
    }

    /// The value of an expression that has to be a string (or another scalar). Lists and nothing are told and give a
    /// symbol.
    pub fn text(&mut self, node: &Node, what: &str) -> Text {
        match self.resolve(node) {
            Some(value) => match value.scalar_text() {
                Some(text) => text,
                None => {
                    self.problem(format!("{what} must be a string, not an {}", value.type_name()), node.span);
                    self.unknown_text(what, SymbolKind::Expression, Shape::Any)
                }
            },
            None => Text::default(),
        }
    }

    /// Notes that something is wrong.
    pub fn problem(&mut self, message: impl Into<String>, span: Span) {
        self.problems.push(Problem::at(message, span));
    }

    /// Notes that something is not known.
    pub fn notice(&mut self, message: impl Into<String>, span: Span) {
        self.problems.notice(Problem::at(message, span));
    }

    /// An unknown of this stack, as a node.
    pub fn unknown(&self, name: impl Into<SmolStr>, kind: SymbolKind, shape: Shape, span: Span) -> Node {
        Node::text(self.unknown_text(name, kind, shape), span)
    }

    /// An unknown of this stack.
    pub fn unknown_text(&self, name: impl Into<SmolStr>, kind: SymbolKind, shape: Shape) -> Text {
        Text::symbol(self.stack.symbol(name, kind, shape))
    }

    /// A run for another stack, in which nothing is chosen: for values that cross from stack to stack. `None` when the
    /// value depends on an undecided condition there, or stacks refer to each other too deeply.
    pub fn elsewhere(&mut self, stack: &Stack, f: impl FnOnce(&mut Resolver<'_, '_>) -> Option<Node>) -> Option<Node> {
        let crossings = self.world.crossings.get();
        if crossings >= 12 {
            return None;
        }
        self.world.crossings.set(crossings + 1);
        let mut run = Resolver::new(self.world, stack);
        let value = f(&mut run);
        self.world.crossings.set(crossings);
        if run.cursor > 0 { None } else { value }
    }
}
