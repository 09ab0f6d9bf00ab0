//! Values from the `.tf` sources: attributes and nested blocks evaluated for one instance, with references answered
//! from the plan.
//!
//! The plan's own values are the truth; the sources tell where they were written, and give what the plan does not know.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::address::{Address, InstanceKey, Mode, ModulePath, ModuleStep};
use super::hcl::{Bindings, Body, Evaluator, Inputs, Memo, ModuleSource, Resolved, ResourceBlock, Scope, Step};
use super::resolve::Resolver;
use super::values::attribute_symbol;
use crate::source::{Entry, Mapping, Node, NodeKind, Shape, SourceId, Span, Symbol, SymbolInfo, SymbolKind, Text};

/// The values that `each.value` takes, by `each.key`.
pub(super) type EachValues = Rc<FxHashMap<SmolStr, Node>>;

/// What is known of a module instance: what it was called with, and what was worked out from that.
#[derive(Clone, Debug)]
pub(super) struct ModuleValues {
    inputs: Rc<Inputs>,
    memo: Rc<Memo>,
}

/// Answers references of one module instance.
struct ModuleScope<'s, 'a> {
    resolver: &'s Resolver<'a>,
    module: &'s ModulePath,
}

impl<'a> Resolver<'a> {
    /// The block of an address in the sources.
    pub fn source_block(&self, address: &Address) -> Option<(Rc<ModuleSource>, Span)> {
        let source = self.tree?.module(&address.module.call_names())?;
        let block = block_in(source, address)?;
        Some((Rc::clone(source), block.header))
    }

    /// The value of an attribute as its source has it.
    pub fn sourced(&self, address: &Address, name: &str) -> Option<Node> {
        let (source, _) = self.source_block(address)?;
        let attribute = block_in(&source, address)?.body.attribute(name)?;
        self.in_block(address, &source, |evaluator, bindings, _| evaluator.evaluate(&attribute.value, bindings).ok())
    }

    /// Where an attribute is written.
    pub fn source_span(&self, address: &Address, name: &str) -> Option<Span> {
        let (source, _) = self.source_block(address)?;
        block_in(&source, address)?.body.attribute(name).map(|a| a.value.span)
    }

    /// The nested blocks of one kind as objects of these attributes.
    pub fn sourced_blocks(&self, address: &Address, kind: &str, attributes: &[&str]) -> Option<Vec<Node>> {
        let (source, _) = self.source_block(address)?;
        self.in_block(address, &source, |evaluator, bindings, body| {
            let blocks = evaluator.expand_blocks(body, kind, bindings).ok()?;
            let node = |b: &super::hcl::ExpandedBlock<'_>| object(evaluator, &b.body, &b.bindings, b.span, attributes);
            Some(blocks.iter().map(node).collect())
        })
    }

    /// The arguments of an `aws_iam_policy_document` as its source has them. The second part is false if how many
    /// statements there are is not known.
    pub(super) fn sourced_document(&self, address: &Address) -> Option<(Node, bool)> {
        let (source, _) = self.source_block(address)?;
        let span = block_in(&source, address)?.span;
        self.in_block(address, &source, |evaluator, bindings, body| {
            let mut whole = true;
            let add = |entries: &mut Vec<Entry>, kind: &'static str, nodes: Vec<Node>, at: Span| {
                let value = Node::new(NodeKind::Sequence(nodes), at);
                entries.push(Entry { key: Text::from_encoded(kind), key_span: at, value });
            };
            let names = [
                "version",
                "policy_id",
                "source_policy_documents",
                "override_policy_documents",
                "source_json",
                "override_json",
            ];
            let mut top = entries_of(evaluator, body, bindings, &names);
            let mut statements = Vec::new();
            for block in evaluator.expand_blocks(body, "statement", bindings).ok()? {
                whole &= !block.repeated_unknown_times;
                let names = ["sid", "effect", "actions", "not_actions", "resources", "not_resources"];
                let mut entries = entries_of(evaluator, &block.body, &block.bindings, &names);
                for (kind, names) in [
                    ("principals", &["type", "identifiers"][..]),
                    ("not_principals", &["type", "identifiers"][..]),
                    ("condition", &["test", "variable", "values"][..]),
                ] {
                    let inner = evaluator.expand_blocks(&block.body, kind, &block.bindings).ok()?;
                    whole &= inner.iter().all(|b| !b.repeated_unknown_times);
                    let Some(at) = inner.first().map(|b| b.span) else { continue };
                    let nodes = inner.iter().map(|b| object(evaluator, &b.body, &b.bindings, b.span, names)).collect();
                    add(&mut entries, kind, nodes, at);
                }
                statements.push(Node::new(NodeKind::Mapping(Mapping { entries }), block.span));
            }
            if !statements.is_empty() {
                add(&mut top, "statement", statements, span);
            }
            Some((Node::new(NodeKind::Mapping(Mapping { entries: top }), span), whole))
        })
    }

    fn in_block<T>(
        &self,
        address: &Address,
        source: &Rc<ModuleSource>,
        f: impl FnOnce(&Evaluator<'_>, &Bindings, &Body) -> Option<T>,
    ) -> Option<T> {
        let block = block_in(source, address)?;
        self.in_module(&address.module, |evaluator| {
            let place = SmolStr::from(Address { key: None, ..address.clone() }.to_string());
            let bindings = self.bindings(evaluator, &place, &block.body, address.key.as_ref());
            f(evaluator, &bindings, &block.body)
        })
    }

    /// Runs `f` with the evaluator of a module instance.
    fn in_module<T>(&self, module: &ModulePath, f: impl FnOnce(&Evaluator<'_>) -> Option<T>) -> Option<T> {
        let source = Rc::clone(self.tree?.module(&module.call_names())?);
        self.deeper(|| {
            let scope = ModuleScope { resolver: self, module };
            let evaluator = Evaluator::new(&source, &scope, self.scope.clone(), self.ctx);
            let known = self.module_values(module, &source)?;
            let evaluator = match module.0.is_empty() {
                true => evaluator.with_inputs(known.inputs),
                false => evaluator.in_module(module.to_string(), known.inputs),
            };
            f(&evaluator.with_memo(known.memo))
        })
    }

    /// The values of a module instance's variables: the plan's for the root module, the call's arguments for others.
    fn module_values(&self, module: &ModulePath, source: &ModuleSource) -> Option<ModuleValues> {
        let key = SmolStr::from(module.to_string());
        if let Some(found) = self.module_values.borrow().get(&key) {
            return Some(found.clone());
        }
        let inputs = match module.parent() {
            None => self.root_inputs(source),
            Some((parent, step)) => {
                let caller = Rc::clone(self.tree?.module(&parent.call_names())?);
                let call = caller.module_calls.get(&step.name)?;
                self.in_module(&parent, |evaluator| {
                    let place = SmolStr::from(ModulePath(without_key(module)).to_string());
                    let bindings = self.bindings(evaluator, &place, &call.body, step.key.as_ref());
                    Some(evaluator.call_inputs(call, &bindings).0)
                })?
            }
        };
        let values = ModuleValues { inputs: Rc::new(inputs), memo: Rc::default() };
        self.module_values.borrow_mut().insert(key, values.clone());
        Some(values)
    }

    fn root_inputs(&self, source: &ModuleSource) -> Inputs {
        let mut inputs = Inputs::default();
        for e in self.root.get("variables").and_then(Node::as_mapping).into_iter().flat_map(Mapping::iter) {
            let name = e.key.as_smol();
            let declared = source.variables.get(name);
            let marked = self.root.at(&["configuration", "root_module", "variables", name, "sensitive"]);
            let marked = matches!(marked.map(|n| &n.kind), Some(NodeKind::Bool(true)));
            let secret = marked || declared.is_some_and(|v| v.sensitive);
            let value = match e.value.get("value") {
                Some(value) if !secret => match declared {
                    Some(variable) => placed(value, variable.span),
                    None => value.clone(),
                },
                _ => {
                    let symbol = Symbol::intern(SymbolInfo {
                        scope: self.scope.clone(),
                        name: format!("var.{name}").into(),
                        kind: SymbolKind::Parameter,
                        shape: Shape::Any,
                        sensitive: secret,
                    });
                    Node::text(Text::symbol(symbol), e.value.span)
                }
            };
            inputs.insert(name.clone(), value);
        }
        inputs
    }

    /// `count.index`, or `each.key` and `each.value`, of one instance. `place` names the block for the cache.
    fn bindings(&self, evaluator: &Evaluator<'_>, place: &SmolStr, body: &Body, key: Option<&InstanceKey>) -> Bindings {
        let nowhere = |name: &str| body.attribute(name).map(|a| a.value.span);
        match key {
            None => Bindings::none(),
            Some(InstanceKey::Number(n)) => {
                let Some(span) = nowhere("count") else { return Bindings::none() };
                Bindings::count(Node::new(NodeKind::Number(n.to_string().into()), span))
            }
            Some(InstanceKey::Text(key)) => {
                let Some(attribute) = body.attribute("for_each") else { return Bindings::none() };
                let span = attribute.value.span;
                let known = self.each_values.borrow().get(place).cloned();
                let values = known.unwrap_or_else(|| {
                    let node = evaluator.evaluate(&attribute.value, &Bindings::none()).ok();
                    let values = Rc::new(node.map(each_values).unwrap_or_default());
                    self.each_values.borrow_mut().insert(place.clone(), Rc::clone(&values));
                    values
                });
                let own = Node::string(key, span);
                let value = values.get(key).cloned().unwrap_or_else(|| {
                    let symbol = Symbol::intern(SymbolInfo {
                        scope: self.scope.clone(),
                        name: format!("{place}{}: each.value", InstanceKey::Text(key.clone())).into(),
                        kind: SymbolKind::Expression,
                        shape: Shape::Any,
                        sensitive: false,
                    });
                    Node::text(Text::symbol(symbol), span)
                });
                Bindings::each(own, value)
            }
        }
    }

    /// All outputs of a module instance.
    fn outputs(&self, module: &ModulePath) -> Option<Node> {
        let source = Rc::clone(self.tree?.module(&module.call_names())?);
        let mut entries = Vec::new();
        for (name, output) in &source.outputs {
            let key = Text::literal(name);
            let span = output.span;
            // One that can't be evaluated is unknown, not absent.
            let value = self.output(module, name).unwrap_or_else(|| {
                let path = format!("{module}.{name}");
                Node::text(Text::symbol(attribute_symbol(&self.scope, &path, output.sensitive)), span)
            });
            entries.push(Entry { key, key_span: span, value });
        }
        Some(Node::new(NodeKind::Mapping(Mapping { entries }), self.root.span))
    }

    /// All instances of a module with `count` or `for_each`.
    fn module_instances(&self, module: &ModulePath, keys: &[InstanceKey]) -> Option<Node> {
        let mut keys = keys.to_vec();
        keys.sort();
        let mut entries = Vec::new();
        let mut items = Vec::new();
        for key in keys {
            let mut instance = module.clone();
            instance.0.last_mut()?.key = Some(key.clone());
            let value = self.outputs(&instance)?;
            match key {
                InstanceKey::Number(_) => items.push(value),
                InstanceKey::Text(key) => {
                    let key_span = value.span;
                    entries.push(Entry { key: Text::literal(key), key_span, value });
                }
            }
        }
        let kind = match entries.is_empty() {
            true => NodeKind::Sequence(items),
            false => NodeKind::Mapping(Mapping { entries }),
        };
        Some(Node::new(kind, self.root.span))
    }

    fn output(&self, module: &ModulePath, name: &str) -> Option<Node> {
        let source = Rc::clone(self.tree?.module(&module.call_names())?);
        let output = source.outputs.get(name)?.value.as_ref()?;
        self.in_module(module, |evaluator| evaluator.evaluate(output, &Bindings::none()).ok())
    }
}

impl Scope for ModuleScope<'_, '_> {
    fn resolve(&self, root: &str, steps: &[Step], span: Span) -> Option<Resolved> {
        let found = self.find(root, steps, span)?;
        // A value that only the plan has is written, for the reader, where the sources refer to it.
        let value = out_of(self.resolver.root.span.source, &found.value, span);
        Some(Resolved { value, ..found })
    }
}

impl ModuleScope<'_, '_> {
    fn find(&self, root: &str, steps: &[Step], span: Span) -> Option<Resolved> {
        match root {
            "module" => self.module_output(steps),
            "data" => match steps {
                [Step::Attribute(resource_type), rest @ ..] => self.block(Mode::Data, resource_type, rest, 1, span),
                _ => None,
            },
            _ => self.block(Mode::Managed, root, steps, 0, span),
        }
    }

    fn block(&self, mode: Mode, resource_type: &str, steps: &[Step], before: usize, span: Span) -> Option<Resolved> {
        let [Step::Attribute(name), rest @ ..] = steps else { return None };
        let (key, rest, mut used) = match rest {
            [Step::Index(n), rest @ ..] => (Some(InstanceKey::Number(u64::try_from(*n).ok()?)), rest, before + 2),
            [Step::Key(k), rest @ ..] => (Some(InstanceKey::Text(k.clone())), rest, before + 2),
            _ => (None, rest, before + 1),
        };
        let resource_type = SmolStr::new(resource_type);
        let mut address = Address { module: self.module.clone(), mode, resource_type, name: name.clone(), key };
        let resolver = self.resolver;
        let instance = resolver.instances.at(&address.to_string());
        let attribute = match rest {
            [Step::Attribute(attribute), ..] => Some(attribute.as_str()),
            _ => None,
        };
        match (instance, attribute) {
            (Some(id), Some(attribute)) => {
                used += 1;
                let value = resolver.attribute(id, attribute).unwrap_or_else(|| Node::new(NodeKind::Null, span));
                Some(Resolved { value, steps: used })
            }
            (Some(id), None) => Some(Resolved { value: resolver.object(id)?, steps: used }),
            // Not an instance of the plan: a data source that says what is known anyway, or all instances of a block.
            (None, Some(attribute)) if resolver.instances.of_block(&address).is_empty() => {
                let value = resolver.special(&address, attribute, span)?;
                Some(Resolved { value, steps: used + 1 })
            }
            (None, _) if address.key.is_none() => {
                let value = resolver.collection(&address, |id| resolver.object(id))?;
                Some(Resolved { value, steps: used })
            }
            (None, _) => {
                address.key = None;
                None
            }
        }
    }

    fn module_output(&self, steps: &[Step]) -> Option<Resolved> {
        let [Step::Attribute(name), rest @ ..] = steps else { return None };
        let (key, rest, used) = match rest {
            [Step::Index(n), rest @ ..] => (Some(InstanceKey::Number(u64::try_from(*n).ok()?)), rest, 2),
            [Step::Key(k), rest @ ..] => (Some(InstanceKey::Text(k.clone())), rest, 2),
            _ => (None, rest, 1),
        };
        let mut module = self.module.clone();
        module.0.push(ModuleStep { name: name.clone(), key });
        if let Some(keys) = self.resolver.module_keys.get(module.to_string().as_str()) {
            return Some(Resolved { value: self.resolver.module_instances(&module, keys)?, steps: used });
        }
        let [Step::Attribute(output), ..] = rest else {
            return Some(Resolved { value: self.resolver.outputs(&module)?, steps: used });
        };
        let value = self.resolver.output(&module, output)?;
        Some(Resolved { value, steps: used + 1 })
    }
}

fn block_in<'s>(source: &'s ModuleSource, address: &Address) -> Option<&'s ResourceBlock> {
    match address.mode {
        Mode::Managed => source.resource(&address.resource_type, &address.name),
        Mode::Data => source.data(&address.resource_type, &address.name),
    }
}

fn without_key(module: &ModulePath) -> Vec<ModuleStep> {
    let mut steps = module.0.clone();
    if let Some(last) = steps.last_mut() {
        last.key = None;
    }
    steps
}

fn each_values(node: Node) -> FxHashMap<SmolStr, Node> {
    match node.kind {
        NodeKind::Mapping(m) => m.entries.into_iter().map(|e| (e.key.as_smol().clone(), e.value)).collect(),
        NodeKind::Sequence(items) => {
            items.into_iter().filter_map(|n| Some((n.as_text()?.as_smol().clone(), n))).collect()
        }
        _ => FxHashMap::default(),
    }
}

fn entries_of(evaluator: &Evaluator<'_>, body: &Body, bindings: &Bindings, names: &[&str]) -> Vec<Entry> {
    let mut entries = Vec::new();
    for name in names {
        let Some(attribute) = body.attribute(name) else { continue };
        let value = evaluator.evaluate(&attribute.value, bindings).unwrap_or_else(|e| {
            let symbol = Symbol::intern(SymbolInfo {
                scope: SmolStr::default(),
                name: e.message.into(),
                kind: SymbolKind::Expression,
                shape: Shape::Any,
                sensitive: false,
            });
            Node::text(Text::symbol(symbol), attribute.value.span)
        });
        entries.push(Entry { key: Text::literal(name), key_span: attribute.name_span, value });
    }
    entries
}

fn object(evaluator: &Evaluator<'_>, body: &Body, bindings: &Bindings, span: Span, names: &[&str]) -> Node {
    Node::new(NodeKind::Mapping(Mapping { entries: entries_of(evaluator, body, bindings, names) }), span)
}

/// The plan's value with the places of the sources: where both agree, part by part; else the smallest part around it
/// that both have.
pub(super) fn align(value: &Node, source: &Node) -> Node {
    let span = source.span;
    let kind = match (&value.kind, &source.kind) {
        (NodeKind::String(a), NodeKind::String(b)) if a == b => NodeKind::String(b.clone()),
        (NodeKind::String(a), _) => NodeKind::String(Text::from_encoded(a.as_smol().clone())),
        (NodeKind::Sequence(items), NodeKind::Sequence(others)) => {
            let same_length = items.len() == others.len();
            let item = |(i, item): (usize, &Node)| {
                let at_place = others.get(i).filter(|o| same_scalar(item, o));
                let anywhere = || others.iter().find(|o| same_scalar(item, o));
                let same_sid = || {
                    let sid = item.get("Sid")?;
                    others.iter().find(|o| o.get("Sid").is_some_and(|s| same_scalar(s, sid)))
                };
                let by_place = || others.get(i).filter(|_| same_length);
                let found = at_place.or_else(anywhere).or_else(same_sid).or_else(by_place);
                found.map_or_else(|| placed(item, span), |o| align(item, o))
            };
            NodeKind::Sequence(items.iter().enumerate().map(item).collect())
        }
        (NodeKind::Sequence(items), _) => NodeKind::Sequence(items.iter().map(|i| align(i, source)).collect()),
        (NodeKind::Mapping(_), NodeKind::Sequence(others)) if others.len() == 1 => {
            return others.first().map_or_else(|| placed(value, span), |o| align(value, o));
        }
        (NodeKind::Mapping(map), NodeKind::Mapping(other)) => {
            let entry = |e: &Entry| match other.entry(e.key.as_str()) {
                Some(o) => Entry { key: e.key.clone(), key_span: o.key_span, value: align(&e.value, &o.value) },
                None => Entry { key: e.key.clone(), key_span: span, value: placed(&e.value, span) },
            };
            NodeKind::Mapping(Mapping { entries: map.iter().map(entry).collect() })
        }
        _ => return placed(value, span),
    };
    Node::new(kind, span)
}

fn same_scalar(a: &Node, b: &Node) -> bool {
    matches!((a.scalar_text(), b.scalar_text()), (Some(a), Some(b)) if a == b)
}

/// The value with `span` for every part that stands in the file `plan`.
fn out_of(plan: SourceId, value: &Node, span: Span) -> Node {
    let place = |at: Span| if at.source == plan { span } else { at };
    let text = |t: &Text| {
        if t.segments().iter().all(|s| s.origin.source != plan) {
            return t.clone();
        }
        let parts: Vec<(Text, Span)> = t
            .segments()
            .iter()
            .map(|s| (t.as_str().get(s.start as usize..s.end as usize).unwrap_or(""), place(s.origin)))
            .map(|(part, at)| (Text::from_encoded(part), at))
            .collect();
        Text::concat(parts.iter().map(|(part, at)| (part, *at)))
    };
    let kind = match &value.kind {
        NodeKind::String(t) => NodeKind::String(text(t)),
        NodeKind::Sequence(items) => NodeKind::Sequence(items.iter().map(|i| out_of(plan, i, span)).collect()),
        NodeKind::Mapping(m) => {
            let entry = |e: &Entry| Entry {
                key: text(&e.key),
                key_span: place(e.key_span),
                value: out_of(plan, &e.value, span),
            };
            NodeKind::Mapping(Mapping { entries: m.iter().map(entry).collect() })
        }
        other => other.clone(),
    };
    Node::new(kind, place(value.span))
}

/// The value as if all of it had been written at one place.
pub(super) fn placed(value: &Node, span: Span) -> Node {
    let kind = match &value.kind {
        NodeKind::String(t) => NodeKind::String(Text::from_encoded(t.as_smol().clone())),
        NodeKind::Sequence(items) => NodeKind::Sequence(items.iter().map(|i| placed(i, span)).collect()),
        NodeKind::Mapping(m) => {
            let entry = |e: &Entry| Entry { key: e.key.clone(), key_span: span, value: placed(&e.value, span) };
            NodeKind::Mapping(Mapping { entries: m.iter().map(entry).collect() })
        }
        other => other.clone(),
    };
    Node::new(kind, span)
}
