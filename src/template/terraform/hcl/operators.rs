//! Operators, conditionals and `for` expressions.

use hcl_edit::Span as _;
use hcl_edit::expr::{BinaryOp, BinaryOperator, Conditional, ForExpr, UnaryOp, UnaryOperator};

use super::evaluate::{Evaluator, Frame, Name};
use super::number::Number;
use super::value::{Eval, Field, Kind, Value, equal, fail};
use crate::source::{Span, Text};

/// A value as a truth value; `None` when it isn't known.
pub(super) fn truth(value: &Value, span: Span) -> Eval<Option<bool>> {
    match &value.kind {
        Kind::Bool(b) => Ok(Some(*b)),
        Kind::Unknown(_) => Ok(None),
        Kind::String(t) => match t.known() {
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => fail("a bool is required; a string other than `true` and `false` isn't one", span),
            None => Ok(None),
        },
        Kind::Null => fail("a bool is required, not null", span),
        _ => fail(format!("a bool is required, not {}", value.type_name()), span),
    }
}

/// A value as a number; `None` when it isn't known.
pub(super) fn number(value: &Value, span: Span) -> Eval<Option<Number>> {
    match &value.kind {
        Kind::Number(n) => Ok(Some(n.clone())),
        Kind::Unknown(_) => Ok(None),
        Kind::String(t) => match t.known() {
            Some(s) => match Number::parse(s) {
                Some(n) => Ok(Some(n)),
                None => fail(format!("a number is required, not the string `{s}`"), span),
            },
            None => Ok(None),
        },
        Kind::Null => fail("a number is required, not null", span),
        _ => fail(format!("a number is required, not {}", value.type_name()), span),
    }
}

/// Keys and values of a collection, in order; `None` when it isn't known.
pub(super) fn entries(value: &Value, span: Span) -> Eval<Option<Vec<(Value, Value)>>> {
    if value.has_unknown_type() {
        return Ok(None);
    }
    if let Some(fields) = value.fields() {
        let entry = |f: &Field| (Value::text(f.key.clone(), f.key_span), f.value.clone());
        return Ok(Some(fields.iter().map(entry).collect()));
    }
    if let Kind::Set(items) = &value.kind {
        return Ok(Some(items.iter().map(|v| (v.clone(), v.clone())).collect()));
    }
    match value.elements() {
        Some(items) => {
            let entry = |(i, v): (usize, &Value)| (Value::number(i as i64, v.span), v.clone());
            Ok(Some(items.iter().enumerate().map(entry).collect()))
        }
        None => fail(format!("a collection is required, not {}", value.type_name()), span),
    }
}

pub(super) fn unary(ev: &Evaluator<'_>, op: &UnaryOp, f: &Frame<'_>, span: Span) -> Eval<Value> {
    let value = ev.expr(&op.expr, f)?;
    let place = f.span(op.expr.span());
    let result = match op.operator.value() {
        UnaryOperator::Neg => number(&value, place)?.map(|n| Kind::Number(n.negated())),
        UnaryOperator::Not => truth(&value, place)?.map(|b| Kind::Bool(!b)),
    };
    Ok(match result {
        Some(kind) => Value::new(kind, span),
        None => ev.derived(f, span, &[value]),
    })
}

pub(super) fn binary(ev: &Evaluator<'_>, op: &BinaryOp, f: &Frame<'_>, span: Span) -> Eval<Value> {
    use BinaryOperator as Op;
    let (left, right) = (ev.expr(&op.lhs_expr, f)?, ev.expr(&op.rhs_expr, f)?);
    let (left_place, right_place) = (f.span(op.lhs_expr.span()), f.span(op.rhs_expr.span()));
    let operator = *op.operator.value();
    let kind = match operator {
        Op::Eq => equal(&left, &right).map(Kind::Bool),
        Op::NotEq => equal(&left, &right).map(|b| Kind::Bool(!b)),
        Op::And | Op::Or => {
            // Known operands decide where the other one can't change the result.
            let decides = operator == Op::Or;
            match (truth(&left, left_place)?, truth(&right, right_place)?) {
                (Some(a), Some(b)) => Some(Kind::Bool(if decides { a || b } else { a && b })),
                (Some(known), None) | (None, Some(known)) if known == decides => Some(Kind::Bool(decides)),
                _ => None,
            }
        }
        _ => match (number(&left, left_place)?, number(&right, right_place)?) {
            (Some(a), Some(b)) => {
                let result = match operator {
                    Op::Plus => Kind::Number(a.add(&b)),
                    Op::Minus => Kind::Number(a.subtract(&b)),
                    Op::Mul => Kind::Number(a.multiply(&b)),
                    Op::Less => Kind::Bool(a < b),
                    Op::LessEq => Kind::Bool(a <= b),
                    Op::Greater => Kind::Bool(a > b),
                    Op::GreaterEq => Kind::Bool(a >= b),
                    Op::Mod => Kind::Number(a.remainder(&b)),
                    Op::Div => match a.divide(&b) {
                        Some(n) => Kind::Number(n),
                        None => return fail("division by zero", right_place),
                    },
                    // Handled above.
                    Op::Eq | Op::NotEq | Op::And | Op::Or => return fail("operator out of place", span),
                };
                Some(result)
            }
            _ => None,
        },
    };
    Ok(match kind {
        Some(kind) => Value::new(kind, span),
        None => ev.derived(f, span, &[left, right]),
    })
}

pub(super) fn conditional(ev: &Evaluator<'_>, c: &Conditional, f: &Frame<'_>, span: Span) -> Eval<Value> {
    let condition = ev.expr(&c.cond_expr, f)?;
    match truth(&condition, f.span(c.cond_expr.span()))? {
        Some(taken) => {
            let (one, other) = if taken { (&c.true_expr, &c.false_expr) } else { (&c.false_expr, &c.true_expr) };
            let value = ev.expr(one, f)?;
            // Both results have one type; the one that isn't taken may not even be valid in these circumstances, and
            // it matters only where a primitive may have to become a string.
            let primitive = matches!(value.kind, Kind::Bool(_) | Kind::Number(_));
            match primitive.then(|| ev.expr(other, f)) {
                Some(Ok(Value { kind: Kind::String(_), .. })) => match value.scalar_text() {
                    Some(text) => Ok(Value::text(text, value.span)),
                    None => Ok(value),
                },
                _ => Ok(value),
            }
        }
        None => {
            let (yes, no) = (ev.expr(&c.true_expr, f), ev.expr(&c.false_expr, f));
            match (yes, no) {
                (Ok(yes), Ok(no)) => match equal(&yes, &no) {
                    Some(true) => Ok(yes),
                    _ => Ok(ev.derived(f, span, &[condition, yes, no])),
                },
                // The result that can't be computed is, as a rule, the one that isn't taken.
                _ => Ok(ev.derived_here(f, span, &[condition])),
            }
        }
    }
}

pub(super) fn for_expression(ev: &Evaluator<'_>, e: &ForExpr, f: &Frame<'_>, span: Span) -> Eval<Value> {
    let place = f.span(e.intro.collection_expr.span());
    let over = ev.expr(&e.intro.collection_expr, f)?;
    if over.is_null() {
        return fail("a null value can't be iterated over", place);
    }
    let Some(entries) = entries(&over, place)? else {
        return Ok(ev.derived_here(f, span, &[over]));
    };
    let mut items = Vec::with_capacity(entries.len());
    let mut fields: Vec<Field> = Vec::new();
    let mut groups: indexmap::IndexMap<Text, (Span, Vec<Value>)> = indexmap::IndexMap::new();
    for (key, value) in entries {
        let key_name = e.intro.key_var.as_ref().map_or("", |k| k.as_str());
        let key_name = Name { name: key_name, value: key, outer: f.names };
        let value_name = Name { name: e.intro.value_var.as_str(), value, outer: Some(&key_name) };
        let inner = Frame { names: Some(&value_name), ..*f };
        if let Some(condition) = &e.cond {
            let kept = ev.expr(&condition.expr, &inner)?;
            match truth(&kept, f.span(condition.expr.span()))? {
                Some(true) => {}
                Some(false) => continue,
                None => return Ok(ev.derived_here(f, span, &[over])),
            }
        }
        let Some(key_expr) = &e.key_expr else {
            items.push(ev.expr(&e.value_expr, &inner)?);
            continue;
        };
        let key = ev.expr(key_expr, &inner)?;
        let key_span = f.span(key_expr.span());
        let Some(key) = key.scalar_text() else {
            return fail(format!("key must be a string, not {}", key.type_name()), key_span);
        };
        let value = ev.expr(&e.value_expr, &inner)?;
        match e.grouping {
            true => groups.entry(key).or_insert_with(|| (key_span, Vec::new())).1.push(value),
            false => fields.push(Field { key, key_span, value }),
        }
    }
    if e.key_expr.is_none() {
        return Ok(Value::tuple(items, span));
    }
    if e.grouping {
        fields = groups
            .into_iter()
            .map(|(key, (key_span, values))| Field { key, key_span, value: Value::tuple(values, span) })
            .collect();
    }
    let count = fields.len();
    let result = Value::object(fields, span);
    if result.fields().is_some_and(|f| f.len() < count) {
        return fail("two elements of the `for` expression have the same key", span);
    }
    Ok(result)
}
