//! Functions on lists, sets and maps.

use unicode_segmentation::UnicodeSegmentation;

use super::super::operators::{self, entries};
use super::super::types::{Constraint, unified};
use super::super::value::{Field, equal, order};
use super::*;
use crate::source::Text;
use Takes::*;

pub(super) const FUNCTIONS: &[Function] = &[
    function("length", (1, 1), Structure, length),
    function("alltrue", (1, 1), Structure, |c| all_or_any(c, false)),
    function("anytrue", (1, 1), Structure, |c| all_or_any(c, true)),
    function("chunklist", (2, 2), Structure, |c| {
        let size = usize::try_from(c.int(1)?).unwrap_or(0);
        let items = c.list(0)?;
        let size = if size == 0 { items.len().max(1) } else { size };
        let chunk = |part: &[Value]| Value::list(part.to_vec(), c.span);
        Ok(Value::list(items.chunks(size).map(chunk).collect(), c.span))
    }),
    function("coalesce", (1, ANY), Anything, coalesce),
    function("coalescelist", (1, ANY), Anything, |c| {
        for v in c.args {
            if v.has_unknown_type() {
                return c.unknown();
            }
            if v.elements().is_some_and(|items| !items.is_empty()) {
                return Ok(v.clone());
            }
        }
        c.error("no list has elements")
    }),
    function("compact", (1, 1), Structure, |c| {
        let mut kept = Vec::new();
        for v in c.list(0)? {
            match &v.kind {
                Kind::Null => {}
                Kind::String(t) if t.is_empty() => {}
                _ => kept.push(v.clone()),
            }
        }
        Ok(Value::list(kept, c.span))
    }),
    function("concat", (1, ANY), Structure, |c| {
        let mut items = Vec::new();
        for i in 0..c.args.len() {
            items.extend_from_slice(c.list(i)?);
        }
        Ok(match c.args.iter().all(|v| matches!(v.kind, Kind::List(_) | Kind::Set(_))) {
            true => Value::list(unified(items), c.span),
            false => Value::tuple(items, c.span),
        })
    }),
    function("contains", (2, 2), Anything, |c| {
        if c.arg(0)?.has_unknown_type() {
            return c.unknown();
        }
        let wanted = c.arg(1)?;
        let mut open = false;
        for v in c.list(0)? {
            // A string is found among numbers and the other way round, as its conversion.
            let found = match (&v.kind, &wanted.kind) {
                (Kind::String(_), Kind::Number(_) | Kind::Bool(_))
                | (Kind::Number(_) | Kind::Bool(_), Kind::String(_))
                    if !matches!(c.arg(0)?.kind, Kind::Tuple(_)) =>
                {
                    Some(v.scalar_text() == wanted.scalar_text())
                }
                _ => equal(v, wanted),
            };
            match found {
                Some(true) => return Ok(Value::bool(true, c.span)),
                Some(false) => {}
                None => open = true,
            }
        }
        if open { c.unknown() } else { Ok(Value::bool(false, c.span)) }
    }),
    function("distinct", (1, 1), Structure, |c| {
        let mut kept: Vec<Value> = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for v in c.list(0)? {
            if seen.insert(Ordered(v.clone())) {
                kept.push(v.clone());
            }
        }
        Ok(Value::list(unified(kept), c.span))
    }),
    function("element", (2, 2), Structure, |c| {
        let items = c.list(0)?;
        let i = c.int(1)?;
        let at = i.checked_rem_euclid(items.len() as i64).and_then(|i| items.get(i as usize));
        match at {
            _ if i < 0 => c.error("the index is negative"),
            Some(v) => Ok(v.clone()),
            None => c.error("the list is empty"),
        }
    }),
    function("flatten", (1, 1), Structure, |c| {
        let mut out = Vec::new();
        c.list(0)?;
        if !flatten(c, c.arg(0)?, &mut out)? {
            return c.unknown();
        }
        Ok(Value::tuple(out, c.span))
    }),
    function("index", (2, 2), Structure, |c| {
        for (i, v) in c.list(0)?.iter().enumerate() {
            match equal(v, c.arg(1)?) {
                Some(true) => return Ok(Value::number(i as i64, c.span)),
                Some(false) => {}
                None => return c.unknown(),
            }
        }
        c.error("the list does not hold the value")
    }),
    function("keys", (1, 1), Structure, |c| {
        let keys = c.fields(0)?.iter().map(|f| Value::text(f.key.clone(), f.key_span)).collect();
        Ok(match c.arg(0)?.kind {
            Kind::Map(_) => Value::list(keys, c.span),
            _ => Value::tuple(keys, c.span),
        })
    }),
    function("values", (1, 1), Structure, |c| {
        let values = c.fields(0)?.iter().map(|f| f.value.clone()).collect();
        Ok(match c.arg(0)?.kind {
            Kind::Map(_) => Value::list(values, c.span),
            _ => Value::tuple(values, c.span),
        })
    }),
    function("lookup", (2, 3), Anything, |c| {
        let (map, key) = (c.arg(0)?, c.text(1)?);
        if map.has_unknown_type() || key.has_unknown() {
            return c.unknown();
        }
        c.fields(0)?;
        match (map.field(key.as_str()), c.args.get(2)) {
            (Some(f), _) => Ok(f.value.clone()),
            (None, _) if c.fields(0)?.iter().any(|f| f.key.has_unknown()) => c.unknown(),
            (None, Some(default)) => Ok(default.clone()),
            (None, None) => c.error(format!("there is no key `{key}` and no default")),
        }
    }),
    function("list", (0, ANY), Anything, |c| c.error("was removed from Terraform; use `tolist([…])`")),
    function("map", (0, ANY), Anything, |c| c.error("was removed from Terraform; use `tomap({…})`")),
    function("matchkeys", (3, 3), Structure, |c| {
        let (values, keys, wanted) = (c.list(0)?, c.list(1)?, c.list(2)?);
        if values.len() != keys.len() {
            return c.error("values and keys must be as many");
        }
        let mut kept = Vec::new();
        for (v, k) in values.iter().zip(keys) {
            let matches: Vec<Option<bool>> = wanted.iter().map(|w| equal(k, w)).collect();
            if matches.contains(&Some(true)) {
                kept.push(v.clone());
            } else if matches.contains(&None) {
                return c.unknown();
            }
        }
        Ok(Value::list(kept, c.span))
    }),
    function("merge", (0, ANY), Anything, merge),
    function("one", (1, 1), Structure, |c| match c.list(0)? {
        [] => Ok(Value::null(c.span)),
        [v] => Ok(v.clone()),
        _ => c.error("there is more than one element"),
    }),
    function("range", (1, 3), Known, range),
    function("reverse", (1, 1), Structure, |c| {
        let items = c.list(0)?.iter().rev().cloned().collect();
        Ok(match c.arg(0)?.kind {
            Kind::Tuple(_) => Value::tuple(items, c.span),
            _ => Value::list(items, c.span),
        })
    }),
    function("setintersection", (1, ANY), Known, |c| sets(c, |counts, sets| counts == sets)),
    function("setunion", (1, ANY), Structure, |c| sets(c, |_, _| true)),
    function("setsubtract", (2, 2), Known, |c| {
        let (a, b) = (strings(c, 0)?, strings(c, 1)?);
        Ok(Value::set(a.into_iter().filter(|v| !b.iter().any(|o| order(v, o).is_eq())).collect(), c.span))
    }),
    function("setsymmetricdifference", (1, ANY), Known, |c| sets(c, |counts, _| counts % 2 == 1)),
    function("setproduct", (1, ANY), Structure, setproduct),
    function("slice", (3, 3), Structure, |c| {
        let items = c.list(0)?;
        let (from, to) = (usize::try_from(c.int(1)?), usize::try_from(c.int(2)?));
        match from.ok().zip(to.ok()).and_then(|(from, to)| items.get(from..to)) {
            Some(part) => Ok(match c.arg(0)?.kind {
                Kind::Tuple(_) => Value::tuple(part.to_vec(), c.span),
                _ => Value::list(part.to_vec(), c.span),
            }),
            None => c.error("start and end must lie in the list, in order"),
        }
    }),
    function("sort", (1, 1), Known, |c| {
        let mut items = Vec::new();
        for v in c.list(0)? {
            match v.scalar_text() {
                Some(t) => items.push(Value::text(t, v.span)),
                None => return c.error("elements must be strings"),
            }
        }
        items.sort_by(order);
        Ok(Value::list(items, c.span))
    }),
    function("sum", (1, 1), Structure, |c| {
        let items = c.list(0)?;
        let mut total: Option<super::super::number::Number> = None;
        for v in items {
            match operators::number(v, v.span)? {
                Some(n) => total = Some(total.map_or(n.clone(), |t| t.add(&n))),
                None => return c.unknown(),
            }
        }
        match total {
            Some(n) => Ok(Value::number(n, c.span)),
            None => c.error("the list is empty"),
        }
    }),
    function("tolist", (1, 1), Anything, |c| converted(c, Constraint::List(Box::new(Constraint::Any)))),
    function("toset", (1, 1), Anything, |c| converted(c, Constraint::Set(Box::new(Constraint::Any)))),
    function("tomap", (1, 1), Anything, |c| converted(c, Constraint::Map(Box::new(Constraint::Any)))),
    function("transpose", (1, 1), Structure, |c| {
        let mut turned: std::collections::BTreeMap<String, Vec<Value>> = Default::default();
        for f in c.fields(0)? {
            let Some(items) = f.value.elements() else { return c.error("values must be lists of strings") };
            for v in items {
                let Some(t) = v.scalar_text() else { return c.error("values must be lists of strings") };
                turned.entry(t.as_str().to_owned()).or_default().push(Value::text(f.key.clone(), f.key_span));
            }
        }
        let field = |(k, v)| Field { key: Text::from_encoded(k), key_span: c.span, value: Value::list(v, c.span) };
        Ok(Value::map(turned.into_iter().map(field).collect(), c.span))
    }),
    function("zipmap", (2, 2), Structure, |c| {
        let (keys, values) = (c.list(0)?, c.list(1)?);
        if keys.len() != values.len() {
            return c.error("keys and values must be as many");
        }
        let mut fields = Vec::new();
        for (k, v) in keys.iter().zip(values) {
            match k.scalar_text() {
                Some(key) => fields.push(Field { key, key_span: k.span, value: v.clone() }),
                None => return c.error("keys must be strings"),
            }
        }
        Ok(match c.arg(1)?.kind {
            Kind::List(_) => Value::map(fields, c.span),
            _ => Value::object(fields, c.span),
        })
    }),
];

/// A value in the order of sets.
struct Ordered(Value);

impl PartialEq for Ordered {
    fn eq(&self, other: &Self) -> bool {
        order(&self.0, &other.0).is_eq()
    }
}
impl Eq for Ordered {}
impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        order(&self.0, &other.0)
    }
}

fn length(c: &Call<'_, '_>) -> Eval<Value> {
    let v = c.arg(0)?;
    let n = match (&v.kind, v.elements(), v.fields()) {
        // Unknown elements of a set may be equal.
        (Kind::Set(_), ..) if v.has_unknown() => return c.unknown(),
        (Kind::String(t), ..) => match t.known() {
            Some(s) => s.graphemes(true).count(),
            None => return c.unknown(),
        },
        (_, Some(items), _) => items.len(),
        (.., Some(fields)) => fields.len(),
        _ => return c.error(format!("{} has no length", v.type_name())),
    };
    Ok(Value::number(n as i64, c.span))
}

fn all_or_any(c: &Call<'_, '_>, decides: bool) -> Eval<Value> {
    let mut open = false;
    for v in c.list(0)? {
        let truth = if v.is_null() { Some(false) } else { operators::truth(v, v.span)? };
        match truth {
            Some(b) if b == decides => return Ok(Value::bool(decides, c.span)),
            Some(_) => {}
            None => open = true,
        }
    }
    if open { c.unknown() } else { Ok(Value::bool(!decides, c.span)) }
}

fn coalesce(c: &Call<'_, '_>) -> Eval<Value> {
    let candidates = unified(c.args.iter().filter(|v| !v.is_null()).cloned().collect());
    for v in candidates {
        match &v.kind {
            Kind::Unknown(_) => return c.unknown(),
            Kind::String(t) if t.is_empty() => {}
            // One unknown part may be the empty string; beside a known character it can't be all.
            Kind::String(t) if t.as_symbol().is_some() => return c.unknown(),
            _ => return Ok(v),
        }
    }
    c.error("no argument is neither null nor an empty string")
}

/// False when a list in it is unknown.
fn flatten(c: &Call<'_, '_>, v: &Value, out: &mut Vec<Value>) -> Eval<bool> {
    match v.elements() {
        Some(items) => c.ev.nested(c.span, || {
            for item in items {
                if item.elements().is_none() {
                    // An unknown element may be a list: kept as one element, which stands for all of it.
                    out.push(item.clone());
                } else if !flatten(c, item, out)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }),
        None => Ok(false),
    }
}

fn merge(c: &Call<'_, '_>) -> Eval<Value> {
    let mut fields = Vec::new();
    let mut maps = true;
    for v in c.args.iter().filter(|v| !v.is_null()) {
        if v.has_unknown_type() {
            return c.unknown();
        }
        match v.fields() {
            Some(f) => fields.extend_from_slice(f),
            None => return c.error(format!("arguments must be maps or objects, not {}", v.type_name())),
        }
        maps &= matches!(v.kind, Kind::Map(_));
    }
    Ok(match maps && !c.args.is_empty() {
        true => Value::map(fields, c.span),
        false => Value::object(fields, c.span),
    })
}

fn range(c: &Call<'_, '_>) -> Eval<Value> {
    use super::super::number::Number;
    let zero = Number::from(0);
    let (start, limit) = match c.args.len() {
        1 => (zero.clone(), c.number(0)?),
        _ => (c.number(0)?, c.number(1)?),
    };
    let step = match c.args.len() {
        3 => c.number(2)?,
        _ if start > limit => Number::from(-1),
        _ => Number::from(1),
    };
    if step.is_zero() || (start < limit) == step.is_negative() && start != limit {
        return c.error("the step leads away from the limit");
    }
    let mut items = Vec::new();
    let mut n = start;
    while if step.is_negative() { n > limit } else { n < limit } {
        if items.len() >= 1024 {
            return c.error("more than 1024 values");
        }
        let next = n.add(&step);
        items.push(Value::number(n, c.span));
        n = next;
    }
    Ok(Value::list(items, c.span))
}

fn strings(c: &Call<'_, '_>, i: usize) -> Eval<Vec<Value>> {
    match Value::set(c.list(i)?.to_vec(), c.span).elements() {
        Some(items) => Ok(items.to_vec()),
        None => Ok(Vec::new()),
    }
}

/// Elements by the number of sets that hold them.
fn sets(c: &Call<'_, '_>, keep: fn(usize, usize) -> bool) -> Eval<Value> {
    let mut counts: std::collections::BTreeMap<Ordered, usize> = Default::default();
    for i in 0..c.args.len() {
        for v in strings(c, i)? {
            *counts.entry(Ordered(v)).or_default() += 1;
        }
    }
    let kept = counts.into_iter().filter(|(_, n)| keep(*n, c.args.len())).map(|(v, _)| v.0);
    Ok(Value::set(unified(kept.collect()), c.span))
}

fn setproduct(c: &Call<'_, '_>) -> Eval<Value> {
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for i in 0..c.args.len() {
        let items = c.list(i)?;
        if rows.len().saturating_mul(items.len()) > 200_000 {
            return c.error("the product has too many elements");
        }
        rows = rows
            .iter()
            .flat_map(|row| {
                items.iter().map(move |v| {
                    let mut row = row.clone();
                    row.push(v.clone());
                    row
                })
            })
            .collect();
    }
    let rows = rows.into_iter().map(|r| Value::tuple(r, c.span)).collect();
    Ok(match c.args.iter().all(|v| matches!(v.kind, Kind::Set(_))) {
        true => Value::set(rows, c.span),
        false => Value::list(rows, c.span),
    })
}

fn converted(c: &Call<'_, '_>, to: Constraint) -> Eval<Value> {
    let v = c.arg(0)?;
    if let (Constraint::Set(_), Some(_)) = (&to, entries(v, c.span).ok().flatten().filter(|_| v.fields().is_some())) {
        return c.error("a list or set is required, not a map");
    }
    to.convert(v.clone(), c.ev)
}
