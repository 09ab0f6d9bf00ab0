//! Evaluates expressions to values with spans, with named symbols for what isn't known.
//!
//! `hcl-rs`, the evaluator that belongs to `hcl-edit`, knows neither spans nor unknown values, so `hcl-edit`'s syntax
//! tree is evaluated here. The rules are those of HCL's and Terraform's language documentation ("Expressions"); the
//! tests compare with `terraform console`. Operators, templates and functions have files of their own.
//!
//! Evaluation is bounded in depth, steps and size: an expression that goes over is an error at its place.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression as Hcl, FuncCall, ObjectKey, Traversal, TraversalOperator};
use rustc_hash::FxHashMap;
use smol_str::{SmolStr, format_smolstr};

use super::module::{ModuleCall, ModuleSource};
use super::number::Number;
use super::scope::{Bindings, Scope, Step};
use super::syntax::{Expression, Syntax};
use super::value::{Eval, Field, Kind, Value, fail};
use super::{functions, native, operators, template, types};
use crate::source::{Node, ReadError, Shape, SourceId, Span, Symbol, SymbolInfo, SymbolKind, Text};
use crate::template::LoadContext;

/// How many evaluations may be inside one another. A frame costs a few kilobytes of stack; worker threads have 2 MiB.
const DEPTH: u32 = 160;
/// How many expressions one call of [`Evaluator::evaluate`] may evaluate.
const STEPS: u64 = 4_000_000;
/// How many nodes a result may have.
const NODES: usize = 2_000_000;
/// How many bytes a string may have.
pub(super) const STRING_BYTES: usize = 16 << 20;

/// Values of a module's input variables, by name.
pub type Inputs = FxHashMap<SmolStr, Node>;

/// Evaluates the expressions of one instance of a module.
pub struct Evaluator<'a> {
    pub(super) module: &'a ModuleSource,
    pub(super) ctx: LoadContext<'a>,
    scope: &'a dyn Scope,
    symbol_scope: SmolStr,
    address: SmolStr,
    inputs: Rc<Inputs>,
    is_root: bool,
    memo: Rc<Memo>,
    depth: Cell<u32>,
    steps: Cell<u64>,
}

/// The values of a module instance's locals and variables, each worked out once. Evaluators of the same module
/// instance share it.
#[derive(Default)]
pub struct Memo {
    locals: RefCell<FxHashMap<SmolStr, Local>>,
    variables: RefCell<FxHashMap<SmolStr, Result<Value, ReadError>>>,
}

impl std::fmt::Debug for Memo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memo").finish_non_exhaustive()
    }
}

enum Local {
    Evaluating,
    Done(Result<Value, ReadError>),
}

/// What the expression at hand sees: where it is written and the names around it.
#[derive(Clone, Copy)]
pub(super) struct Frame<'f> {
    pub(super) place: Place,
    pub(super) text: &'f str,
    pub(super) names: Option<&'f Name<'f>>,
    pub(super) bindings: &'f Bindings,
    /// Only `names` can be referred to, as in a template file.
    pub(super) closed: bool,
}

/// Where the ranges of a syntax tree lie.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// From this byte of the file on.
    At(SourceId, usize),
    /// In a text that doesn't map to the file byte for byte.
    Within(Span),
}

/// A name that a `for` expression or a template gives.
pub(super) struct Name<'f> {
    pub(super) name: &'f str,
    pub(super) value: Value,
    pub(super) outer: Option<&'f Name<'f>>,
}

impl<'f> Frame<'f> {
    pub(super) fn span(&self, range: Option<std::ops::Range<usize>>) -> Span {
        match (self.place, range) {
            (Place::At(source, base), Some(range)) => Span::new(source, base + range.start, base + range.end),
            (Place::At(source, base), None) => Span::new(source, base, base),
            (Place::Within(span), _) => span,
        }
    }

    pub(super) fn written(&self, range: Option<std::ops::Range<usize>>) -> &'f str {
        range.and_then(|r| self.text.get(r)).unwrap_or("")
    }
}

impl<'a> Evaluator<'a> {
    /// An evaluator for the root module, whose variables have the values of the command line, of `.tfvars` files or
    /// their defaults, in this order. `symbol_scope` is the scope of the symbols that it makes.
    pub fn new(
        module: &'a ModuleSource,
        scope: &'a dyn Scope,
        symbol_scope: impl Into<SmolStr>,
        ctx: LoadContext<'a>,
    ) -> Evaluator<'a> {
        Evaluator {
            module,
            ctx,
            scope,
            symbol_scope: symbol_scope.into(),
            address: SmolStr::default(),
            inputs: Rc::default(),
            is_root: true,
            memo: Rc::default(),
            depth: Cell::new(0),
            steps: Cell::new(0),
        }
    }

    /// Values of variables, which come before every other.
    #[must_use]
    pub fn with_inputs(mut self, inputs: Rc<Inputs>) -> Self {
        self.inputs = inputs;
        self
    }

    /// Takes what other evaluators of the same instance of the module, with the same inputs, have worked out, and adds
    /// to it.
    #[must_use]
    pub fn with_memo(mut self, memo: Rc<Memo>) -> Self {
        self.memo = memo;
        self
    }

    /// Makes it the evaluator of a child module's instance: `address` is `module.network["eu"]`, `inputs` what
    /// [`Evaluator::call_inputs`] of the parent gave.
    #[must_use]
    pub fn in_module(mut self, address: impl Into<SmolStr>, inputs: Rc<Inputs>) -> Self {
        self.address = address.into();
        self.is_root = false;
        self.inputs = inputs;
        self
    }

    /// The value of an expression. An unknown value, of whatever type, is a string of one symbol.
    ///
    /// # Errors
    ///
    /// What Terraform would call an error in the expression, and going over a bound.
    pub fn evaluate(&self, expression: &Expression, bindings: &Bindings) -> Result<Node, ReadError> {
        self.value(expression, bindings)?.to_node(&mut NODES.clone())
    }

    /// The values of a module call's arguments, for the instance that `bindings` names.
    ///
    /// Arguments that can't be evaluated are left out; the second part tells why.
    pub fn call_inputs(&self, call: &ModuleCall, bindings: &Bindings) -> (Inputs, Vec<ReadError>) {
        const META: [&str; 6] = ["source", "version", "count", "for_each", "providers", "depends_on"];
        let mut errors = Vec::new();
        let mut inputs = Inputs::default();
        for a in call.body.attributes.iter().filter(|a| !META.contains(&a.name.as_str())) {
            match self.evaluate(&a.value, bindings) {
                Ok(node) => {
                    inputs.insert(a.name.clone(), node);
                }
                Err(e) => errors.push(e),
            }
        }
        (inputs, errors)
    }

    pub(super) fn value(&self, expression: &Expression, bindings: &Bindings) -> Eval<Value> {
        if self.depth.get() == 0 {
            self.steps.set(0);
        }
        match &*expression.syntax {
            Syntax::Native(tree) => {
                let source = expression.span.source;
                let file = match self.module.text(source) {
                    Some(file) => std::sync::Arc::clone(file),
                    None => self.ctx.sources.get(source),
                };
                let place = Place::At(source, 0);
                self.expr(tree, &Frame { place, text: file.text(), names: None, bindings, closed: false })
            }
            Syntax::Json(node) => template::json_value(self, node, bindings),
            Syntax::Literal(node) => Ok(Value::of_node(node)),
        }
    }

    /// Counts a step and a level; every recursive path of the evaluation goes through here.
    pub(super) fn nested<T>(&self, span: Span, run: impl FnOnce() -> Eval<T>) -> Eval<T> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > STEPS {
            return fail("expression takes too long to evaluate", span);
        }
        if self.depth.get() >= DEPTH {
            return fail("expressions refer to one another too deeply", span);
        }
        self.depth.set(self.depth.get() + 1);
        let result = run();
        self.depth.set(self.depth.get() - 1);
        result
    }

    pub(super) fn expr(&self, e: &Hcl, f: &Frame<'_>) -> Eval<Value> {
        let span = f.span(e.span());
        match e {
            Hcl::Null(_) => Ok(Value::null(span)),
            Hcl::Bool(b) => Ok(Value::bool(*b.value(), span)),
            Hcl::Number(n) => {
                // The tree holds a float; the text holds the number.
                let written: String = f.written(n.span()).chars().filter(|c| !c.is_whitespace()).collect();
                match Number::parse(&written).or_else(|| n.value().as_f64().and_then(Number::from_f64)) {
                    Some(n) => Ok(Value::new(Kind::Number(n), span)),
                    None => fail(format!("number `{written}` is out of bounds"), span),
                }
            }
            Hcl::String(s) => Ok(template::quoted_literal(s.value(), f, span)),
            Hcl::Parenthesis(p) => self.nested(span, || self.expr(p.inner(), f)),
            Hcl::Array(items) => self
                .nested(span, || Ok(Value::tuple(items.iter().map(|e| self.expr(e, f)).collect::<Eval<_>>()?, span))),
            Hcl::Object(o) => self.nested(span, || {
                let mut fields = Vec::with_capacity(o.len());
                for (key, value) in o.iter() {
                    let (key, key_span) = match key {
                        ObjectKey::Ident(i) => (Text::literal(i.as_str()), f.span(i.span())),
                        ObjectKey::Expression(e) => self.object_key(e, f)?,
                    };
                    fields.push(Field { key, key_span, value: self.expr(value.expr(), f)? });
                }
                Ok(Value::object(fields, span))
            }),
            Hcl::StringTemplate(t) => self.nested(span, || template::quoted(self, t, f, span)),
            Hcl::HeredocTemplate(t) => self.nested(span, || template::heredoc(self, t, f, span)),
            Hcl::Variable(name) => self.nested(span, || self.reference(name.as_str(), &[], f, span)),
            Hcl::Traversal(t) => self.nested(span, || self.traversal(t, f, span)),
            Hcl::Conditional(c) => self.nested(span, || operators::conditional(self, c, f, span)),
            Hcl::UnaryOp(op) => self.nested(span, || operators::unary(self, op, f, span)),
            Hcl::BinaryOp(op) => self.nested(span, || operators::binary(self, op, f, span)),
            Hcl::FuncCall(call) => self.nested(span, || self.call(call, f, span)),
            Hcl::ForExpr(e) => self.nested(span, || operators::for_expression(self, e, f, span)),
        }
    }

    pub(super) fn object_key(&self, e: &Hcl, f: &Frame<'_>) -> Eval<(Text, Span)> {
        let key = self.expr(e, f)?;
        match key.scalar_text() {
            Some(text) => Ok((text, key.span)),
            None => fail(format!("object key must be a string, not {}", key.type_name()), f.span(e.span())),
        }
    }

    fn call(&self, call: &FuncCall, f: &Frame<'_>, span: Span) -> Eval<Value> {
        let mut name = String::new();
        for part in &call.name.namespace {
            name.push_str(part.as_str());
            name.push_str("::");
        }
        name.push_str(call.name.name.as_str());
        match name.as_str() {
            // These two see errors instead of passing them on.
            "try" => {
                let mut last = None;
                for e in call.args.iter() {
                    match self.expr(e, f) {
                        Ok(v) => return Ok(v),
                        Err(e) => last = Some(e),
                    }
                }
                let reason = last.map_or_else(String::new, |e| format!(": {}", e.message));
                fail(format!("no argument of `try` can be evaluated{reason}"), span)
            }
            "can" => match call.args.get(0) {
                Some(e) if call.args.len() == 1 => Ok(Value::bool(self.expr(e, f).is_ok(), span)),
                _ => fail("`can` takes one argument", span),
            },
            _ => {
                let mut args = Vec::with_capacity(call.args.len());
                for e in call.args.iter() {
                    args.push(self.expr(e, f)?);
                }
                if call.args.expand_final()
                    && let Some(last) = args.pop()
                {
                    match last.elements() {
                        Some(items) => args.extend(items.iter().cloned()),
                        None if last.has_unknown_type() => {
                            return Ok(self.derived(f, span, &[last]));
                        }
                        None => {
                            let message = format!("`...` must expand a list, set or tuple, not {}", last.type_name());
                            return fail(message, last.span);
                        }
                    }
                }
                functions::call(self, &name, &args, f, span)
            }
        }
    }

    fn traversal(&self, t: &Traversal, f: &Frame<'_>, span: Span) -> Eval<Value> {
        let operators = t.operators.as_slice();
        let mut steps: Vec<Step> = Vec::new();
        let (mut value, mut rest) = match &t.expr {
            Hcl::Variable(root) => {
                // The longest run of steps whose values are known.
                let mut rest = operators;
                while let Some((first, tail)) = rest.split_first() {
                    let step = match first.value() {
                        TraversalOperator::GetAttr(name) => Step::Attribute(SmolStr::new(name.as_str())),
                        TraversalOperator::LegacyIndex(i) => Step::Index(*i.value() as i64),
                        TraversalOperator::Index(e) => {
                            let index = self.expr(e, f)?;
                            match &index.kind {
                                Kind::Number(n) => match n.to_i64() {
                                    Some(i) => Step::Index(i),
                                    None => break,
                                },
                                Kind::String(t) => match t.known() {
                                    Some(s) => Step::Key(SmolStr::new(s)),
                                    None => break,
                                },
                                _ => break,
                            }
                        }
                        _ => break,
                    };
                    steps.push(step);
                    rest = tail;
                }
                let end = rest.first().map_or(span.end, |_| {
                    let used = operators.len() - rest.len();
                    used.checked_sub(1).and_then(|i| operators.get(i)).map_or(span.end, |o| f.span(o.span()).end)
                });
                let known = Span { end: end.clamp(span.start, span.end), ..span };
                (self.reference(root.as_str(), &steps, f, known)?, rest)
            }
            e => (self.expr(e, f)?, operators),
        };
        while let Some((first, tail)) = rest.split_first() {
            rest = tail;
            value = match first.value() {
                TraversalOperator::GetAttr(name) => self.attribute(value, name.as_str(), span)?,
                TraversalOperator::LegacyIndex(i) => {
                    let index = Value::number(*i.value() as i64, span);
                    self.index(value, &index, f, span)?
                }
                TraversalOperator::Index(e) => {
                    let index = self.expr(e, f)?;
                    self.index(value, &index, f, span)?
                }
                // `.*` reaches over the attributes that follow, `[*]` over everything that follows.
                splat @ (TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_)) => {
                    let full = matches!(splat, TraversalOperator::FullSplat(_));
                    let reach = match full {
                        true => rest.iter().position(|o| matches!(o.value(), TraversalOperator::AttrSplat(_))),
                        false => rest.iter().position(|o| !matches!(o.value(), TraversalOperator::GetAttr(_))),
                    };
                    let (each, after) = rest.split_at(reach.unwrap_or(rest.len()));
                    rest = after;
                    self.splat(value, each, f, span)?
                }
            };
        }
        Ok(value)
    }

    fn splat(
        &self,
        value: Value,
        each: &[hcl_edit::Decorated<TraversalOperator>],
        f: &Frame<'_>,
        span: Span,
    ) -> Eval<Value> {
        if let Kind::Unknown(symbol) = &value.kind {
            // A list of unknown length: the symbol of the expression up to here.
            let mut name = String::from("[*]");
            for operator in each {
                match operator.value() {
                    TraversalOperator::GetAttr(n) => name.extend([".", n.as_str()]),
                    o => name.push_str(f.written(o.span())),
                }
            }
            return Ok(Value::new(Kind::Unknown(extended(*symbol, &name)), span));
        }
        let single = [value.clone()];
        let items: &[Value] = match value.elements() {
            Some(items) => items,
            None if value.is_null() => &[],
            None => &single,
        };
        let mut results = Vec::with_capacity(items.len());
        for item in items {
            let result = self.nested(span, || {
                let mut item = item.clone();
                for (i, operator) in each.iter().enumerate() {
                    item = match operator.value() {
                        TraversalOperator::GetAttr(name) => self.attribute(item, name.as_str(), span)?,
                        TraversalOperator::LegacyIndex(i) => {
                            self.index(item, &Value::number(*i.value() as i64, span), f, span)?
                        }
                        TraversalOperator::Index(e) => {
                            let index = self.expr(e, f)?;
                            self.index(item, &index, f, span)?
                        }
                        TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => {
                            return self.splat(item, each.get(i + 1..).unwrap_or(&[]), f, span);
                        }
                    };
                }
                Ok(item)
            })?;
            results.push(result);
        }
        Ok(match value.kind {
            Kind::List(_) | Kind::Set(_) => Value::list(results, span),
            _ => Value::tuple(results, span),
        })
    }

    /// `value.name`.
    pub(super) fn attribute(&self, value: Value, name: &str, span: Span) -> Eval<Value> {
        match &value.kind {
            Kind::Unknown(symbol) => Ok(Value::new(Kind::Unknown(extended(*symbol, &format!(".{name}"))), span)),
            Kind::Map(_) | Kind::Object(_) => match value.field(name) {
                Some(field) => Ok(field.value.clone()),
                None => match value.fields().and_then(|f| f.iter().find(|f| f.key.has_unknown())) {
                    // A key that isn't known may be this one.
                    Some(_) => Ok(self.unknown_of(span, format!("value of `{name}`"), std::slice::from_ref(&value))),
                    None => fail(format!("the value has no attribute `{name}`"), span),
                },
            },
            Kind::Null => fail(format!("attribute `{name}` of null"), span),
            _ => fail(format!("{} has no attribute `{name}`", value.type_name()), span),
        }
    }

    /// `value[index]`.
    pub(super) fn index(&self, value: Value, index: &Value, f: &Frame<'_>, span: Span) -> Eval<Value> {
        if index.is_null() {
            return fail("index is null", span);
        }
        if let Kind::Unknown(symbol) = &value.kind
            && let Some(key) = index.scalar_text()
        {
            let step = match &index.kind {
                Kind::String(t) => format!("[{:?}]", t.display()),
                _ => format!("[{}]", key.display()),
            };
            return Ok(Value::new(Kind::Unknown(extended(*symbol, &step)), span));
        }
        if index.has_unknown() || value.has_unknown_type() {
            return Ok(self.derived(f, span, &[value, index.clone()]));
        }
        if let Some(fields) = value.fields() {
            let Some(key) = index.scalar_text() else {
                return fail(format!("key must be a string, not {}", index.type_name()), span);
            };
            return match value.field(key.as_str()) {
                Some(field) => Ok(field.value.clone()),
                None if fields.iter().any(|f| f.key.has_unknown()) => {
                    Ok(self.derived(f, span, &[value, index.clone()]))
                }
                None => fail(format!("the value has no element with the key `{}`", key.display()), span),
            };
        }
        if let Kind::List(items) | Kind::Tuple(items) = &value.kind {
            let number = match &index.kind {
                Kind::Number(n) => Some(n.clone()),
                Kind::String(t) => t.known().and_then(Number::parse),
                _ => None,
            };
            let Some(number) = number else {
                return fail(format!("index must be a number, not {}", index.type_name()), span);
            };
            let item = number.to_i64().and_then(|i| usize::try_from(i).ok()).and_then(|i| items.get(i));
            return match item {
                Some(item) => Ok(item.clone()),
                None => fail(format!("there is no element {} among {}", number.written(), items.len()), span),
            };
        }
        fail(format!("{} can't be indexed", value.type_name()), span)
    }

    fn follow(&self, mut value: Value, steps: &[Step], f: &Frame<'_>, span: Span) -> Eval<Value> {
        for step in steps {
            value = match step {
                Step::Attribute(name) => self.attribute(value, name, span)?,
                Step::Index(i) => self.index(value, &Value::number(*i, span), f, span)?,
                Step::Key(key) => self.index(value, &Value::string(key, span), f, span)?,
            };
        }
        Ok(value)
    }

    fn reference(&self, root: &str, steps: &[Step], f: &Frame<'_>, span: Span) -> Eval<Value> {
        let mut name = f.names;
        while let Some(n) = name {
            if n.name == root {
                return self.follow(n.value.clone(), steps, f, span);
            }
            name = n.outer;
        }
        if f.closed {
            return fail(format!("`{root}` is not among the variables of the template"), span);
        }
        if let Some((_, key, value)) = f.bindings.iterators.iter().rev().find(|(n, ..)| n == root) {
            return match steps.split_first() {
                Some((Step::Attribute(a), rest)) if a == "key" => self.follow(Value::of_node(key), rest, f, span),
                Some((Step::Attribute(a), rest)) if a == "value" => self.follow(Value::of_node(value), rest, f, span),
                _ => fail(format!("`{root}` has only the attributes `key` and `value`"), span),
            };
        }
        let first = match steps.first() {
            Some(Step::Attribute(name)) => Some(name.as_str()),
            _ => None,
        };
        let rest = steps.get(1..).unwrap_or(&[]);
        match (root, first) {
            ("var", Some(name)) => self.follow(self.variable(name, span)?, rest, f, span),
            ("local", Some(name)) => self.follow(self.local(name, span)?, rest, f, span),
            ("path", Some("module" | "root" | "cwd")) => {
                // The plan was made in another place; relative to the module, files are the same.
                Ok(Value::string(".", span))
            }
            ("each", Some(part)) => match (&f.bindings.each, part) {
                (Some((key, _)), "key") => self.follow(Value::of_node(key), rest, f, span),
                (Some((_, value)), "value") => self.follow(Value::of_node(value), rest, f, span),
                _ => Ok(self.addressed(root, steps, SymbolKind::Expression, span)),
            },
            ("count", Some("index")) => match &f.bindings.count_index {
                Some(index) => Ok(Value::of_node(index)),
                None => Ok(self.addressed(root, steps, SymbolKind::Expression, span)),
            },
            ("self", _) if f.bindings.self_value.is_some() => match &f.bindings.self_value {
                Some(node) => self.follow(Value::of_node(node), steps, f, span),
                None => Ok(self.addressed(root, steps, SymbolKind::ResourceAttribute, span)),
            },
            ("var" | "local" | "path" | "each" | "count", _) => {
                fail(format!("`{root}` must be followed by a name"), span)
            }
            _ if steps.is_empty() => fail(format!("reference to unknown name `{root}`"), span),
            _ => match self.scope.resolve(root, steps, span) {
                Some(found) => {
                    let rest = steps.get(found.steps..).unwrap_or(&[]);
                    self.follow(Value::of_node(&found.value), rest, f, span)
                }
                None => {
                    let kind = match root {
                        "data" | "module" | "terraform" => SymbolKind::External,
                        _ => SymbolKind::ResourceAttribute,
                    };
                    Ok(self.addressed(root, steps, kind, span))
                }
            },
        }
    }

    /// The symbol that is named by an address.
    fn addressed(&self, root: &str, steps: &[Step], kind: SymbolKind, span: Span) -> Value {
        let mut name = root.to_owned();
        for step in steps {
            match step {
                Step::Attribute(a) => name.extend([".", a]),
                Step::Index(i) => name.push_str(&format!("[{i}]")),
                Step::Key(k) => name.push_str(&format!("[{k:?}]")),
            }
        }
        Value::new(Kind::Unknown(self.symbol(name, kind, false)), span)
    }

    /// A symbol of this module instance.
    pub(super) fn symbol(&self, name: String, kind: SymbolKind, sensitive: bool) -> Symbol {
        let name =
            if self.address.is_empty() { SmolStr::from(name) } else { format_smolstr!("{}.{name}", self.address) };
        Symbol::intern(SymbolInfo { scope: self.symbol_scope.clone(), name, kind, shape: Shape::Any, sensitive })
    }

    /// The unknown result of the expression at `span`, which depends on nothing but the values `of`: named by its
    /// source text.
    pub(super) fn derived(&self, f: &Frame<'_>, span: Span, of: &[Value]) -> Value {
        let written = match f.place {
            Place::At(_, base) => {
                let range = (span.start as usize).saturating_sub(base)..(span.end as usize).saturating_sub(base);
                f.text.get(range).unwrap_or("")
            }
            Place::Within(_) => f.text,
        };
        self.unknown_of(span, written.split_whitespace().collect::<Vec<_>>().join(" "), of)
    }

    /// As [`Evaluator::derived`] for an expression that may depend on every name around it.
    pub(super) fn derived_here(&self, f: &Frame<'_>, span: Span, of: &[Value]) -> Value {
        let mut of = of.to_vec();
        let mut name = f.names;
        while let Some(n) = name {
            of.push(n.value.clone());
            name = n.outer;
        }
        let b = f.bindings;
        let nodes = b.each.iter().flat_map(|(k, v)| [k, v]).chain(&b.count_index).chain(&b.self_value);
        of.extend(nodes.chain(b.iterators.iter().flat_map(|(_, k, v)| [k, v])).map(Value::of_node));
        self.derived(f, span, &of)
    }

    /// An unknown value with a name for people, told apart from others by what it was computed of.
    pub(super) fn unknown_of(&self, span: Span, name: String, of: &[Value]) -> Value {
        use std::hash::{Hash, Hasher};
        let mut hasher = rustc_hash::FxHasher::default();
        name.hash(&mut hasher);
        of.iter().for_each(|v| hash_value(v, &mut hasher));
        let shown: String =
            if name.chars().count() > 60 { name.chars().take(57).chain("...".chars()).collect() } else { name };
        let sensitive = of.iter().any(Value::has_secret);
        let name = format!("{shown} #{:04x}", hasher.finish() >> 40);
        Value::new(Kind::Unknown(self.symbol(name, SymbolKind::Expression, sensitive)), span)
    }

    /// A local value, evaluated once.
    fn local(&self, name: &str, span: Span) -> Eval<Value> {
        match self.memo.locals.borrow().get(name) {
            Some(Local::Evaluating) => return fail(format!("local value `{name}` refers to itself"), span),
            Some(Local::Done(result)) => return result.clone(),
            None => {}
        }
        let Some(attribute) = self.module.locals.get(name) else {
            return fail(format!("there is no local value `{name}`"), span);
        };
        self.memo.locals.borrow_mut().insert(SmolStr::new(name), Local::Evaluating);
        let result = self.nested(span, || self.value(&attribute.value, &Bindings::none()));
        let done = match &result {
            // Going over a bound is not the local's own fault: from elsewhere it may be evaluated.
            Err(_) if self.depth.get() + 8 >= DEPTH || self.steps.get() > STEPS => None,
            _ => Some(Local::Done(result.clone())),
        };
        match done {
            Some(done) => self.memo.locals.borrow_mut().insert(SmolStr::new(name), done),
            None => self.memo.locals.borrow_mut().remove(name),
        };
        result
    }

    /// An input variable.
    fn variable(&self, name: &str, span: Span) -> Eval<Value> {
        if let Some(known) = self.memo.variables.borrow().get(name) {
            return known.clone();
        }
        let result = self.nested(span, || self.evaluate_variable(name, span));
        self.memo.variables.borrow_mut().insert(SmolStr::new(name), result.clone());
        result
    }

    fn evaluate_variable(&self, name: &str, span: Span) -> Eval<Value> {
        let declared = self.module.variables.get(name);
        let mut value = None;
        if let Some(node) = self.inputs.get(name) {
            value = Some(Value::of_node(node));
        } else if self.is_root {
            if let Some(text) = self.ctx.options.parameters.get(name) {
                value = Some(self.command_line_value(name, text)?);
            } else if let Some(attribute) = self.module.tfvars.get(name) {
                value = Some(self.value(&attribute.value, &Bindings::none())?);
            }
        }
        let Some(declared) = declared else {
            return match value {
                Some(value) => Ok(value),
                None => fail(format!("there is no variable `{name}`"), span),
            };
        };
        let default = |this: &Self| match &declared.default {
            Some(e) => this.value(e, &Bindings::none()).map(Some),
            None => Ok(None),
        };
        if value.as_ref().is_none_or(|v| v.is_null() && !declared.nullable) {
            value = default(self)?;
        }
        let Some(value) = value else {
            let symbol = self.symbol(format!("var.{name}"), SymbolKind::Parameter, declared.sensitive);
            return Ok(Value::new(Kind::Unknown(symbol), declared.span));
        };
        let value = match &declared.constraint {
            Some(constraint) => types::Constraint::read(constraint, self)?.convert(value, self)?,
            None => value,
        };
        Ok(match declared.sensitive {
            true => self.concealed(&value, &format!("var.{name}")),
            false => value,
        })
    }

    /// The value of `-var name=text`: the text itself for strings, an expression for everything else.
    fn command_line_value(&self, name: &str, text: &str) -> Eval<Value> {
        let id = self.ctx.sources.add(format!("<parameter {name}>"), text);
        let span = Span::new(id, 0, text.len());
        let constraint = self.module.variables.get(name).and_then(|v| v.constraint.as_ref());
        let is_text = match constraint {
            Some(constraint) => types::Constraint::read(constraint, self)?.is_primitive(),
            None => true,
        };
        match is_text {
            true => Ok(Value::string(text, span)),
            false => self.value(&native::read_expression(id, text)?, &Bindings::none()),
        }
    }

    /// A secret's structure, with symbols that are never printed in place of its values.
    pub(super) fn concealed(&self, value: &Value, name: &str) -> Value {
        let kind = match &value.kind {
            Kind::Null => Kind::Null,
            Kind::Unknown(_) | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => {
                Kind::Unknown(self.symbol(name.to_owned(), SymbolKind::Parameter, true))
            }
            Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => {
                let conceal = |(i, v)| self.concealed(v, &format!("{name}[{i}]"));
                Kind::Tuple(std::sync::Arc::new(items.iter().enumerate().map(conceal).collect()))
            }
            Kind::Map(fields) | Kind::Object(fields) => {
                let conceal =
                    |f: &Field| Field { value: self.concealed(&f.value, &format!("{name}.{}", f.key)), ..f.clone() };
                Kind::Object(std::sync::Arc::new(fields.iter().map(conceal).collect()))
            }
        };
        Value::new(kind, value.span)
    }
}

/// The symbol of a part of an unknown value.
fn extended(symbol: Symbol, step: &str) -> Symbol {
    let info = symbol.info();
    Symbol::intern(SymbolInfo { name: format_smolstr!("{}{step}", info.name), shape: Shape::Any, ..(*info).clone() })
}

fn hash_value(value: &Value, hasher: &mut rustc_hash::FxHasher) {
    use std::hash::Hash;
    std::mem::discriminant(&value.kind).hash(hasher);
    match &value.kind {
        Kind::Unknown(symbol) => symbol.hash(hasher),
        Kind::Null => {}
        Kind::Bool(b) => b.hash(hasher),
        Kind::Number(n) => n.hash(hasher),
        Kind::String(t) => t.as_str().hash(hasher),
        Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => items.iter().for_each(|v| hash_value(v, hasher)),
        Kind::Map(fields) | Kind::Object(fields) => fields.iter().for_each(|f| {
            f.key.as_str().hash(hasher);
            hash_value(&f.value, hasher);
        }),
    }
}
