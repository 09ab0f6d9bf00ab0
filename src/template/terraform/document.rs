//! `data "aws_iam_policy_document"`: the document that the data source will write, rebuilt from its arguments when
//! its `json` is not known before apply.
//!
//! How statements are written, merged and escaped follows the provider's documentation of the data source: effect
//! `Allow` and version `2012-10-17` by default; `source_policy_documents`, then the own statements, then
//! `override_policy_documents`, each statement replacing the one of the same Sid; one-element lists as strings;
//! `&{…}` for IAM's `${…}`; principals of type `*` with identifier `*` as `"Principal": "*"`.

use smol_str::SmolStr;

use super::address::Address;
use super::configuration;
use super::expressions::align;
use super::plan::sequence;
use super::resolve::Resolver;
use super::values::{Masked, attribute_symbol, overlay};
use crate::model::Problem;
use crate::source::{Entry, Mapping, Node, NodeKind, Span, Text, json};

/// A document put together from its parts.
#[derive(Clone, Debug)]
pub(super) struct Rebuilt {
    /// The JSON, each part with its origin.
    pub text: Text,
    /// What could not be found out.
    pub gaps: Vec<Problem>,
}

impl<'a> Resolver<'a> {
    /// The document of a data source, from the sources or the plan.
    pub(super) fn policy_document(&self, address: &Address) -> Option<Rebuilt> {
        let key = SmolStr::from(address.to_string());
        if let Some(found) = self.documents.borrow().get(&key) {
            return found.clone();
        }
        // A document that is made from itself sees nothing.
        self.documents.borrow_mut().insert(key.clone(), None);
        let outer = std::mem::take(&mut *self.gaps.borrow_mut());
        let found = self.deeper(|| {
            let known = self.known_document(address);
            let sourced = self.sourced_document(address);
            let whole = sourced.as_ref().is_none_or(|(_, whole)| *whole);
            let arguments = match sourced {
                Some((node, _)) => node,
                // The sources are not at hand; what the provider wrote is better than what we would write.
                None if known.is_some() => return None,
                None => self.document_arguments(address)?,
            };
            let mut builder = Builder { resolver: self, gaps: Vec::new() };
            let mut document = builder.build(&arguments);
            let mut gaps = builder.gaps;
            gaps.append(&mut self.gaps.borrow_mut());
            match known {
                Some(known) => {
                    document = align(&known, &document);
                    gaps.clear();
                }
                None if !whole => {
                    let gap = "how many blocks a `dynamic` block makes is not known before apply";
                    gaps.push(Problem::at(gap, arguments.span));
                }
                None => {}
            }
            Some(Rebuilt { text: write(&document), gaps })
        });
        *self.gaps.borrow_mut() = outer;
        self.documents.borrow_mut().insert(key, found.clone());
        found
    }

    /// The document as the plan has it.
    fn known_document(&self, address: &Address) -> Option<Node> {
        let instance = self.instances.get(self.instances.at(&address.to_string())?)?;
        let json = instance.masked().key("json");
        let value = json.value.filter(|_| json.is_plain())?;
        json::read_embedded(value.as_text()?, value.span, self.ctx.limits).ok()
    }

    /// The arguments of the data source as an object: nested blocks are lists of objects.
    fn document_arguments(&self, address: &Address) -> Option<Node> {
        let text = address.to_string();
        let block = self.configuration.block(address);
        if let Some(instance) = self.instances.at(&text).and_then(|id| self.instances.get(id)) {
            let expressions = block.and_then(|b| b.get("expressions"));
            return Some(self.argument(instance.masked(), expressions, &text, instance.span));
        }
        // Not in the plan's values at all: constants and references are what there is.
        let expressions = block?.get("expressions")?;
        let nothing = Masked { value: None, unknown: None, sensitive: None };
        Some(self.argument(nothing, Some(expressions), &text, expressions.span))
    }

    /// A value of the plan, or what the configuration says where the plan does not know it.
    fn argument(&self, masked: Masked<'_>, expression: Option<&Node>, path: &str, span: Span) -> Node {
        if masked.is_sensitive() {
            return overlay(masked, &self.scope, path, span);
        }
        let has_value = masked.value.is_some() && masked.is_plain();
        if let Some(value) = masked.value.filter(|_| has_value) {
            return value.clone();
        }
        if let Some(constant) = expression.and_then(|e| e.get("constant_value")) {
            return constant.clone();
        }
        let is_expression = expression.is_some_and(|e| e.get("references").is_some());
        match expression.map(|e| &e.kind) {
            Some(NodeKind::Mapping(arguments)) if !is_expression => {
                let mut entries: Vec<Entry> = Vec::new();
                let values = masked.value.and_then(Node::as_mapping);
                for e in arguments.iter() {
                    let key = e.key.as_str();
                    let value = self.argument(masked.key(key), Some(&e.value), &format!("{path}.{key}"), span);
                    entries.push(Entry { key: e.key.clone(), key_span: e.key_span, value });
                }
                // Blocks that `dynamic` made are in the values and not in the configuration.
                for e in values.into_iter().flat_map(Mapping::iter) {
                    let key = e.key.as_str();
                    if arguments.get(key).is_none() {
                        let value = overlay(masked.key(key), &self.scope, &format!("{path}.{key}"), span);
                        entries.push(Entry { key: e.key.clone(), key_span: e.key_span, value });
                    }
                }
                Node::new(NodeKind::Mapping(Mapping { entries }), span)
            }
            Some(NodeKind::Sequence(blocks)) => {
                let items = masked.items();
                if !items.is_empty() && items.len() != blocks.len() {
                    return overlay(masked, &self.scope, path, span);
                }
                let nothing = Masked { value: None, unknown: None, sensitive: None };
                let item = |(i, block): (usize, &Node)| {
                    let masked = items.get(i).copied().unwrap_or(nothing);
                    self.argument(masked, Some(block), &format!("{path}[{i}]"), block.span)
                };
                Node::new(NodeKind::Sequence(blocks.iter().enumerate().map(item).collect()), span)
            }
            Some(_) if masked.value.is_none() && !masked.is_unknown() && masked.items().is_empty() => {
                // Set by an expression of which the plan says nothing.
                Node::text(Text::symbol(attribute_symbol(&self.scope, path, false)), span)
            }
            Some(_) if is_list_of_documents(path) => {
                let found = expression.and_then(|e| self.documents_of(e, masked, path));
                found.unwrap_or_else(|| overlay(masked, &self.scope, path, span))
            }
            _ => overlay(masked, &self.scope, path, span),
        }
    }

    /// The documents that `source_policy_documents` or `override_policy_documents` mentions, if each reference is one
    /// and the plan has as many elements.
    fn documents_of(&self, expression: &Node, masked: Masked<'_>, path: &str) -> Option<Node> {
        let module = Address::parse_prefix(path)?.0.module;
        let names = configuration::references(expression);
        let count = masked.items().len();
        if names.is_empty() || (count != names.len() && !masked.is_unknown()) {
            return None;
        }
        let mut items = Vec::new();
        for name in names {
            let (mut address, _) = Address::parse_prefix(name)?;
            address.module = module.clone();
            if address.resource_type != "aws_iam_policy_document" {
                return None;
            }
            let rebuilt = self.policy_document(&address)?;
            self.gaps.borrow_mut().extend(rebuilt.gaps);
            items.push(Node::text(rebuilt.text, expression.span));
        }
        Some(Node::new(NodeKind::Sequence(items), expression.span))
    }
}

fn is_list_of_documents(path: &str) -> bool {
    path.ends_with("policy_documents") || path.ends_with(".source_json") || path.ends_with(".override_json")
}

struct Builder<'r, 'a> {
    resolver: &'r Resolver<'a>,
    gaps: Vec<Problem>,
}

/// The document while statements are merged into it.
#[derive(Default)]
struct Merged {
    version: Option<Node>,
    id: Option<Node>,
    statements: Vec<Node>,
}

impl Builder<'_, '_> {
    fn build(&mut self, arguments: &Node) -> Node {
        let span = arguments.span;
        let mut merged = Merged::default();
        for name in ["source_json", "source_policy_documents"] {
            self.merge_documents(arguments.get(name), &mut merged);
        }
        let version = set(arguments.get("version")).cloned();
        let version = version.unwrap_or_else(|| Node::string("2012-10-17", span));
        let statements = match arguments.get("statement") {
            Some(node) if node.as_text().is_some() => {
                self.gaps.push(Problem::at("the statements are not known before apply", node.span));
                Vec::new()
            }
            node => sequence(node).iter().map(|s| self.statement(s)).collect(),
        };
        let own = Merged { version: Some(version), id: set(arguments.get("policy_id")).cloned(), statements };
        merged.merge(own);
        for name in ["override_policy_documents", "override_json"] {
            self.merge_documents(arguments.get(name), &mut merged);
        }
        let mut entries = Vec::new();
        let mut add = |key: &'static str, value: Option<Node>| {
            entries.extend(value.map(|value| Entry { key: Text::from_encoded(key), key_span: value.span, value }));
        };
        add("Version", merged.version);
        add("Id", merged.id);
        if !merged.statements.is_empty() {
            add("Statement", Some(Node::new(NodeKind::Sequence(merged.statements), span)));
        }
        Node::new(NodeKind::Mapping(Mapping { entries }), span)
    }

    fn merge_documents(&mut self, list: Option<&Node>, merged: &mut Merged) {
        let Some(list) = set(list) else { return };
        let items = match &list.kind {
            NodeKind::Sequence(items) => items.as_slice(),
            _ => std::slice::from_ref(list),
        };
        for item in items {
            let Some(text) = item.as_text().filter(|t| !t.is_empty()) else { continue };
            if let Some(symbol) = text.as_symbol() {
                let name = symbol.info().name.clone();
                self.gaps
                    .push(Problem::at(format!("the merged document `{name}` is not known before apply"), item.span));
                continue;
            }
            match json::read_embedded(text, item.span, self.resolver.ctx.limits) {
                Ok(document) => {
                    let statements = match document.get("Statement") {
                        Some(s) if s.as_mapping().is_some() => vec![s.clone()],
                        s => sequence(s).to_vec(),
                    };
                    merged.merge(Merged {
                        version: document.get("Version").cloned(),
                        id: document.get("Id").cloned(),
                        statements,
                    });
                }
                Err(e) => {
                    let mut problem = Problem::from(e);
                    problem.message = format!("a merged document is not valid JSON: {}", problem.message);
                    self.gaps.push(problem);
                }
            }
        }
    }

    fn statement(&mut self, block: &Node) -> Node {
        let mut entries = Vec::new();
        let mut add = |key: &'static str, span: Span, value: Option<Node>| {
            entries.extend(value.map(|value| Entry { key: Text::from_encoded(key), key_span: span, value }));
        };
        let span_of = |name: &str| block.as_mapping().and_then(|m| m.entry(name)).map_or(block.span, |e| e.key_span);
        let sid = set(block.get("sid")).filter(|n| n.as_text().is_none_or(|t| !t.is_empty()));
        add("Sid", span_of("sid"), sid.cloned());
        let effect = set(block.get("effect")).cloned();
        add("Effect", span_of("effect"), Some(effect.unwrap_or_else(|| Node::string("Allow", block.span))));
        for (argument, element, has_variables) in [
            ("actions", "Action", false),
            ("not_actions", "NotAction", false),
            ("resources", "Resource", true),
            ("not_resources", "NotResource", true),
        ] {
            add(element, span_of(argument), strings(block.get(argument), has_variables));
        }
        for (argument, element) in [("principals", "Principal"), ("not_principals", "NotPrincipal")] {
            add(element, span_of(argument), principals(block.get(argument)));
        }
        add("Condition", span_of("condition"), conditions(block.get("condition")));
        Node::new(NodeKind::Mapping(Mapping { entries }), block.span)
    }
}

impl Merged {
    fn merge(&mut self, new: Merged) {
        let text = |n: &Option<Node>| n.as_ref().and_then(Node::as_text).map(|t| t.as_str().to_owned());
        self.id = new.id.or(self.id.take());
        if text(&new.version) > text(&self.version) {
            self.version = new.version;
        }
        for statement in new.statements {
            let sid = statement.get("Sid").and_then(Node::as_text).filter(|s| !s.is_empty()).cloned();
            let same = |s: &&mut Node| sid.is_some() && s.get("Sid").and_then(Node::as_text) == sid.as_ref();
            match self.statements.iter_mut().find(same) {
                Some(old) => *old = statement,
                None => self.statements.push(statement),
            }
        }
    }
}

/// The value unless it is null.
fn set(node: Option<&Node>) -> Option<&Node> {
    node.filter(|n| !matches!(n.kind, NodeKind::Null))
}

/// A set of strings as the provider writes it: one alone, several sorted backwards.
fn strings(node: Option<&Node>, has_variables: bool) -> Option<Node> {
    let node = set(node)?;
    let mut items: Vec<Node> = match &node.kind {
        NodeKind::Sequence(items) => items.iter().map(|n| as_string(n, has_variables)).collect(),
        _ => vec![as_string(node, has_variables)],
    };
    if items.is_empty() {
        return None;
    }
    if items.iter().all(|n| n.as_str().is_some()) {
        items.sort_by(|a, b| b.as_str().cmp(&a.as_str()));
        items.dedup_by(|a, b| a.as_str() == b.as_str());
    }
    match items.pop() {
        Some(only) if items.is_empty() => Some(only),
        last => {
            items.extend(last);
            Some(Node::new(NodeKind::Sequence(items), node.span))
        }
    }
}

fn as_string(node: &Node, has_variables: bool) -> Node {
    let Some(text) = node.scalar_text() else { return node.clone() };
    let text = if has_variables { policy_variables(&text, node.span) } else { text };
    Node::text(text, node.span)
}

/// `&{` is how Terraform sources write IAM's `${`.
fn policy_variables(text: &Text, span: Span) -> Text {
    if !text.as_str().contains("&{") {
        return text.clone();
    }
    let dollar = Text::from_encoded("$");
    let mut parts: Vec<Text> = Vec::new();
    let mut start = 0;
    for (at, _) in text.as_str().match_indices("&{") {
        parts.push(text.slice(start..at));
        parts.push(dollar.clone());
        start = at + 1;
    }
    parts.push(text.slice(start..text.as_str().len()));
    Text::concat(parts.iter().map(|p| (p, span)))
}

fn principals(blocks: Option<&Node>) -> Option<Node> {
    let blocks = set(blocks)?;
    if blocks.as_text().is_some() {
        return Some(blocks.clone());
    }
    let items = sequence(Some(blocks));
    let mut entries: Vec<Entry> = Vec::new();
    for item in items {
        let kind = item.get("type").and_then(Node::as_text).cloned().unwrap_or_default();
        let kind_span = item.get("type").map_or(item.span, |n| n.span);
        let Some(identifiers) = strings(item.get("identifiers"), true) else { continue };
        if items.len() == 1 && kind == "*" && identifiers.as_str() == Some("*") {
            return Some(identifiers);
        }
        add_values(&mut entries, kind, kind_span, identifiers);
    }
    (!entries.is_empty()).then(|| Node::new(NodeKind::Mapping(Mapping { entries }), blocks.span))
}

fn conditions(blocks: Option<&Node>) -> Option<Node> {
    let blocks = set(blocks)?;
    if blocks.as_text().is_some() {
        return Some(blocks.clone());
    }
    let mut operators: Vec<Entry> = Vec::new();
    for item in sequence(Some(blocks)) {
        let part = |name: &str| {
            let node = item.get(name);
            (node.and_then(Node::as_text).cloned().unwrap_or_default(), node.map_or(item.span, |n| n.span))
        };
        let ((operator, operator_span), (key, key_span)) = (part("test"), part("variable"));
        let empty = || Node::new(NodeKind::Sequence(Vec::new()), item.span);
        let values = strings(item.get("values"), true).unwrap_or_else(empty);
        let at = operators.iter().position(|e| e.key == operator).unwrap_or_else(|| {
            let value = Node::new(NodeKind::Mapping(Mapping::default()), item.span);
            operators.push(Entry { key: operator, key_span: operator_span, value });
            operators.len() - 1
        });
        if let Some(NodeKind::Mapping(keys)) = operators.get_mut(at).map(|e| &mut e.value.kind) {
            add_values(&mut keys.entries, key, key_span, values);
        }
    }
    (!operators.is_empty()).then(|| Node::new(NodeKind::Mapping(Mapping { entries: operators }), blocks.span))
}

/// Adds values under a key; those of a key that is there already are joined.
fn add_values(entries: &mut Vec<Entry>, key: Text, key_span: Span, value: Node) {
    match entries.iter_mut().find(|e| e.key == key) {
        None => entries.push(Entry { key, key_span, value }),
        Some(entry) => {
            let span = entry.value.span;
            let old = std::mem::replace(&mut entry.value, Node::new(NodeKind::Null, span));
            let list = |node: Node| match node.kind {
                NodeKind::Sequence(items) => items,
                _ => vec![node],
            };
            let mut items = list(old);
            items.extend(list(value));
            entry.value = Node::new(NodeKind::Sequence(items), span);
        }
    }
}

/// The tree as JSON text that remembers where each part was written.
pub(super) fn write(node: &Node) -> Text {
    let mut parts = Vec::new();
    write_parts(node, &mut parts);
    Text::concat(parts.iter().map(|(text, span)| (text, *span)))
}

fn write_parts(node: &Node, parts: &mut Vec<(Text, Span)>) {
    let span = node.span;
    match &node.kind {
        NodeKind::Null => parts.push((Text::from_encoded("null"), span)),
        NodeKind::Bool(b) => parts.push((Text::from_encoded(if *b { "true" } else { "false" }), span)),
        NodeKind::Number(n) => parts.push((Text::from_encoded(n.clone()), span)),
        NodeKind::String(text) => write_string(text, span, parts),
        NodeKind::Sequence(items) => {
            parts.push((Text::from_encoded("["), span));
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    parts.push((Text::from_encoded(","), span));
                }
                write_parts(item, parts);
            }
            parts.push((Text::from_encoded("]"), span));
        }
        NodeKind::Mapping(m) => {
            parts.push((Text::from_encoded("{"), span));
            for (i, e) in m.iter().enumerate() {
                if i > 0 {
                    parts.push((Text::from_encoded(","), span));
                }
                write_string(&e.key, e.key_span, parts);
                parts.push((Text::from_encoded(":"), span));
                write_parts(&e.value, parts);
            }
            parts.push((Text::from_encoded("}"), span));
        }
    }
}

fn write_string(text: &Text, span: Span, parts: &mut Vec<(Text, Span)>) {
    let must_escape = text.as_str().bytes().any(|b| matches!(b, b'"' | b'\\' | 0..=0x1F));
    if must_escape {
        let quoted = serde_json::Value::String(text.as_str().to_owned()).to_string();
        parts.push((Text::from_encoded(quoted), span));
        return;
    }
    let quote = Text::from_encoded("\"");
    parts.push((quote.clone(), span));
    parts.push((text.clone(), span));
    parts.push((quote, span));
}
