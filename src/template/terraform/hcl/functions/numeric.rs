//! Functions on numbers, and conversions between the primitive types.

use super::super::number::Number;
use super::super::types::{Constraint, primitive};
use super::super::value::order;
use super::*;
use Takes::*;

pub(super) const FUNCTIONS: &[Function] = &[
    function("abs", (1, 1), Known, |c| done(c, c.number(0)?.abs())),
    function("ceil", (1, 1), Known, |c| done(c, c.number(0)?.ceil())),
    function("floor", (1, 1), Known, |c| done(c, c.number(0)?.floor())),
    function("log", (2, 2), Known, |c| {
        let result = c.number(0)?.to_f64().ln() / c.number(1)?.to_f64().ln();
        float(c, result)
    }),
    function("pow", (2, 2), Known, |c| float(c, c.number(0)?.to_f64().powf(c.number(1)?.to_f64()))),
    function("signum", (1, 1), Known, |c| {
        let n = c.number(0)?;
        done(
            c,
            Number::from(if n.is_zero() {
                0
            } else if n.is_negative() {
                -1
            } else {
                1
            }),
        )
    }),
    function("max", (1, ANY), Known, |c| extreme(c, false)),
    function("min", (1, ANY), Known, |c| extreme(c, true)),
    function("parseint", (2, 2), Known, |c| {
        let (s, base) = (c.str(0)?, c.int(1)?);
        let base = u32::try_from(base).ok().filter(|b| (2..=36).contains(b));
        match base.and_then(|b| i128::from_str_radix(&s, b).ok()).and_then(|n| Number::parse(&n.to_string())) {
            Some(n) => done(c, n),
            None => c.error(format!("`{s}` is not a number of that base")),
        }
    }),
    function("tostring", (1, 1), Anything, |c| primitive(c.arg(0)?, &Constraint::String, c.ev, c.span)),
    function("tonumber", (1, 1), Anything, |c| primitive(c.arg(0)?, &Constraint::Number, c.ev, c.span)),
    function("tobool", (1, 1), Anything, |c| primitive(c.arg(0)?, &Constraint::Bool, c.ev, c.span)),
    function("sensitive", (1, 1), Anything, |c| Ok(c.ev.concealed(c.arg(0)?, "sensitive"))),
    function("nonsensitive", (1, 1), Anything, |c| Ok(c.arg(0)?.clone())),
    function("ephemeralasnull", (1, 1), Anything, |c| Ok(c.arg(0)?.clone())),
    function("issensitive", (1, 1), Anything, |c| Ok(Value::bool(c.arg(0)?.has_secret(), c.span))),
    // Results that no two runs share.
    function("timestamp", (0, 0), Anything, |c| c.unknown()),
    function("plantimestamp", (0, 0), Anything, |c| c.unknown()),
    function("uuid", (0, 0), Anything, |c| c.unknown()),
    function("bcrypt", (1, 2), Anything, |c| c.unknown()),
    function("rsadecrypt", (2, 2), Anything, |c| c.unknown()),
    // Its bytes depend on the compressor.
    function("base64gzip", (1, 1), Anything, |c| c.unknown()),
];

fn done(c: &Call<'_, '_>, n: Number) -> Eval<Value> {
    Ok(Value::number(n, c.span))
}

fn float(c: &Call<'_, '_>, f: f64) -> Eval<Value> {
    match Number::from_f64(f) {
        Some(n) => done(c, n),
        None => c.error("the result is not a number"),
    }
}

fn extreme(c: &Call<'_, '_>, least: bool) -> Eval<Value> {
    let mut best: Option<Value> = None;
    for i in 0..c.args.len() {
        let n = Value::number(c.number(i)?, c.span);
        let wins = best.as_ref().is_none_or(|b| if least { order(&n, b).is_lt() } else { order(&n, b).is_gt() });
        if wins {
            best = Some(n);
        }
    }
    best.map_or_else(|| c.error("no numbers"), Ok)
}
