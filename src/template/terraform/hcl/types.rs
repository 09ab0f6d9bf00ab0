//! Type constraints of variables and the conversion of values to them.

use std::sync::Arc;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression as Hcl, ObjectKey};
use smol_str::SmolStr;

use super::evaluate::{Evaluator, Frame, Place};
use super::native::read_expression;
use super::number::Number;
use super::scope::Bindings;
use super::syntax::{Expression, Syntax};
use super::value::{Eval, Field, Kind, Value, fail};
use crate::source::{Span, Text};

/// A type.
#[derive(Clone, Debug)]
pub(super) enum Constraint {
    Any,
    String,
    Number,
    Bool,
    List(Box<Constraint>),
    Set(Box<Constraint>),
    Map(Box<Constraint>),
    Tuple(Vec<Constraint>),
    Object(Vec<Member>),
}

/// An attribute of an object type.
#[derive(Clone, Debug)]
pub(super) struct Member {
    name: SmolStr,
    constraint: Constraint,
    optional: bool,
    default: Option<Value>,
}

impl Constraint {
    /// The type that an expression such as `list(object({ name = string }))` names.
    pub(super) fn read(expression: &Expression, ev: &Evaluator<'_>) -> Eval<Constraint> {
        let bindings = Bindings::none();
        let source = expression.span.source;
        match &*expression.syntax {
            Syntax::Native(Hcl::String(s)) => Self::of_text(s.value(), expression.span, ev),
            Syntax::Native(e) => {
                let file = ev.ctx.sources.get(source);
                let place = Place::At(source, 0);
                let f = Frame { place, text: file.text(), names: None, bindings: &bindings, closed: false };
                Self::of(e, &f, ev)
            }
            Syntax::Json(node) | Syntax::Literal(node) => match node.as_str() {
                Some(s) => Self::of_text(s, node.span, ev),
                None => fail("a type is required", node.span),
            },
        }
    }

    fn of_text(text: &str, span: Span, ev: &Evaluator<'_>) -> Eval<Constraint> {
        match text {
            // Terraform 0.11 wrote types as strings.
            "list" => return Ok(Constraint::List(Box::new(Constraint::Any))),
            "map" => return Ok(Constraint::Map(Box::new(Constraint::Any))),
            _ => {}
        }
        let expression = read_expression(span.source, text).map_err(|mut e| {
            e.span = span;
            e
        })?;
        let bindings = Bindings::none();
        let f = Frame { place: Place::Within(span), text, names: None, bindings: &bindings, closed: false };
        match &*expression.syntax {
            Syntax::Native(e) => Self::of(e, &f, ev),
            _ => fail("a type is required", span),
        }
    }

    fn of(e: &Hcl, f: &Frame<'_>, ev: &Evaluator<'_>) -> Eval<Constraint> {
        let span = f.span(e.span());
        match e {
            Hcl::Parenthesis(p) => ev.nested(span, || Self::of(p.inner(), f, ev)),
            Hcl::Variable(name) => match name.as_str() {
                "any" => Ok(Constraint::Any),
                "string" => Ok(Constraint::String),
                "number" => Ok(Constraint::Number),
                "bool" => Ok(Constraint::Bool),
                "list" => Ok(Constraint::List(Box::new(Constraint::Any))),
                "map" => Ok(Constraint::Map(Box::new(Constraint::Any))),
                "set" => Ok(Constraint::Set(Box::new(Constraint::Any))),
                other => fail(format!("`{other}` is not a type"), span),
            },
            Hcl::FuncCall(call) => {
                let name = call.name.name.as_str();
                let inner = || match call.args.get(0) {
                    Some(e) => ev.nested(span, || Self::of(e, f, ev)).map(Box::new),
                    None => fail(format!("`{name}` needs an element type"), span),
                };
                match (name, call.args.get(0)) {
                    ("list", _) => Ok(Constraint::List(inner()?)),
                    ("set", _) => Ok(Constraint::Set(inner()?)),
                    ("map", _) => Ok(Constraint::Map(inner()?)),
                    ("tuple", Some(Hcl::Array(items))) => {
                        let read = |e| ev.nested(span, || Self::of(e, f, ev));
                        Ok(Constraint::Tuple(items.iter().map(read).collect::<Eval<_>>()?))
                    }
                    ("object", Some(Hcl::Object(object))) => {
                        let mut members = Vec::with_capacity(object.len());
                        for (key, value) in object.iter() {
                            let name = match key {
                                ObjectKey::Ident(i) => SmolStr::new(i.as_str()),
                                ObjectKey::Expression(e) => SmolStr::new(ev.object_key(e, f)?.0.as_str()),
                            };
                            members.push(ev.nested(span, || Self::member(name, value.expr(), f, ev))?);
                        }
                        Ok(Constraint::Object(members))
                    }
                    _ => fail(format!("`{name}(…)` is not a type"), span),
                }
            }
            _ => fail("a type is required", span),
        }
    }

    fn member(name: SmolStr, e: &Hcl, f: &Frame<'_>, ev: &Evaluator<'_>) -> Eval<Member> {
        match e {
            Hcl::FuncCall(call) if call.name.name.as_str() == "optional" => {
                let Some(inner) = call.args.get(0) else {
                    return fail("`optional` needs a type", f.span(e.span()));
                };
                let constraint = Self::of(inner, f, ev)?;
                let default = call.args.get(1).map(|e| ev.expr(e, f)).transpose()?;
                Ok(Member { name, constraint, optional: true, default })
            }
            _ => Ok(Member { name, constraint: Self::of(e, f, ev)?, optional: false, default: None }),
        }
    }

    /// Values of it are written on the command line as they are.
    pub(super) fn is_primitive(&self) -> bool {
        matches!(self, Constraint::Any | Constraint::String | Constraint::Number | Constraint::Bool)
    }

    /// The value as a value of this type.
    pub(super) fn convert(&self, value: Value, ev: &Evaluator<'_>) -> Eval<Value> {
        let span = value.span;
        if value.is_null() || value.has_unknown_type() {
            return Ok(value);
        }
        let mismatch = |wanted: &str, value: &Value| {
            fail(format!("{wanted} is required, but the value is of type {}", value.type_name()), span)
        };
        ev.nested(span, || match self {
            Constraint::Any => Ok(value),
            Constraint::String => match value.scalar_text() {
                Some(text) => Ok(Value::text(text, span)),
                None => mismatch("a string", &value),
            },
            Constraint::Number => match super::operators::number(&value, span)? {
                Some(n) => Ok(Value::new(Kind::Number(n), span)),
                None => Ok(value),
            },
            Constraint::Bool => match super::operators::truth(&value, span)? {
                Some(b) => Ok(Value::bool(b, span)),
                None => Ok(value),
            },
            Constraint::List(inner) | Constraint::Set(inner) => match value.elements() {
                Some(items) => {
                    let items = items.iter().map(|v| inner.convert(v.clone(), ev)).collect::<Eval<Vec<_>>>()?;
                    let items = if matches!(**inner, Constraint::Any) { unified(items) } else { items };
                    match self {
                        Constraint::Set(_) => Ok(Value::set(items, span)),
                        _ => Ok(Value::list(items, span)),
                    }
                }
                None => mismatch("a list", &value),
            },
            Constraint::Map(inner) => match value.fields() {
                Some(fields) => {
                    let convert = |f: &Field| Ok(Field { value: inner.convert(f.value.clone(), ev)?, ..f.clone() });
                    let mut fields = fields.iter().map(convert).collect::<Eval<Vec<_>>>()?;
                    if matches!(**inner, Constraint::Any) {
                        let values = unified(fields.iter().map(|f| f.value.clone()).collect());
                        fields.iter_mut().zip(values).for_each(|(f, v)| f.value = v);
                    }
                    Ok(Value::map(fields, span))
                }
                None => mismatch("a map", &value),
            },
            Constraint::Tuple(members) => match value.elements() {
                Some(items) if items.len() == members.len() => {
                    let items = items.iter().zip(members).map(|(v, c)| c.convert(v.clone(), ev));
                    Ok(Value::tuple(items.collect::<Eval<_>>()?, span))
                }
                _ => mismatch("a tuple", &value),
            },
            Constraint::Object(members) => {
                if value.fields().is_none() {
                    return mismatch("an object", &value);
                }
                let mut fields = Vec::with_capacity(members.len());
                for m in members {
                    let given = value.field(&m.name).filter(|f| !(f.value.is_null() && m.default.is_some()));
                    let (key_span, item) = match (given, &m.default) {
                        (Some(f), _) => (f.key_span, m.constraint.convert(f.value.clone(), ev)?),
                        (None, Some(default)) => (span, m.constraint.convert(default.clone(), ev)?),
                        (None, None) if m.optional => (span, Value::null(span)),
                        (None, None) => return fail(format!("attribute `{}` is required", m.name), span),
                    };
                    fields.push(Field { key: Text::literal(&m.name), key_span, value: item });
                }
                Ok(Value::object(fields, span))
            }
        })
    }
}

/// Elements of one collection have one type: primitives become strings if one of them is a string.
pub(super) fn unified(items: Vec<Value>) -> Vec<Value> {
    let is_string = |v: &Value| matches!(v.kind, Kind::String(_));
    let is_other = |v: &Value| matches!(v.kind, Kind::Bool(_) | Kind::Number(_));
    let mixed = items.iter().any(|v| matches!(v.kind, Kind::Bool(_)))
        && items.iter().any(|v| matches!(v.kind, Kind::Number(_)));
    if mixed || (items.iter().any(is_string) && items.iter().any(is_other)) {
        let convert = |v: Value| match v.scalar_text() {
            Some(text) if is_other(&v) => Value::text(text, v.span),
            _ => v,
        };
        return items.into_iter().map(convert).collect();
    }
    let tuples = items.iter().all(|v| matches!(v.kind, Kind::Tuple(_) | Kind::List(_)));
    let objects = !items.is_empty() && items.iter().all(|v| matches!(v.kind, Kind::Object(_) | Kind::Map(_)));
    if tuples && items.iter().any(|v| matches!(v.kind, Kind::List(_))) {
        let convert = |v: Value| match v.kind {
            Kind::Tuple(items) => Value::new(Kind::List(items), v.span),
            _ => v,
        };
        return items.into_iter().map(convert).collect();
    }
    if objects && items.iter().any(|v| matches!(v.kind, Kind::Map(_))) {
        let convert = |v: Value| match v.kind {
            Kind::Object(fields) => Value::new(Kind::Map(Arc::clone(&fields)), v.span),
            _ => v,
        };
        return items.into_iter().map(convert).collect();
    }
    items
}

/// The conversions of the functions `tostring`, `tonumber`, `tobool`.
pub(super) fn primitive(value: &Value, to: &Constraint, ev: &Evaluator<'_>, span: Span) -> Eval<Value> {
    if let (Kind::String(t), Constraint::Number) = (&value.kind, to)
        && let Some(s) = t.known()
        && Number::parse(s).is_none()
    {
        return fail(format!("cannot convert `{s}` to a number"), span);
    }
    to.convert(Value { span, ..value.clone() }, ev)
}
