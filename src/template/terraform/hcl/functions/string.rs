//! Functions on strings and regular expressions.

use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::super::value::Field;
use super::*;
use crate::source::{Piece, Shape, Text};
use Takes::*;

pub(super) const FUNCTIONS: &[Function] = &[
    function("chomp", (1, 1), Known, |c| text(c, c.str(0)?.trim_end_matches(['\r', '\n']))),
    function("lower", (1, 1), Structure, |c| cased(c, str::to_lowercase)),
    function("upper", (1, 1), Known, |c| text(c, c.str(0)?.to_uppercase())),
    function("title", (1, 1), Known, |c| text(c, title(&c.str(0)?))),
    function("strrev", (1, 1), Known, |c| text(c, c.str(0)?.graphemes(true).rev().collect::<String>())),
    function("trimspace", (1, 1), Known, |c| text(c, c.str(0)?.trim())),
    function("trim", (2, 2), Known, |c| {
        let cut: Vec<char> = c.str(1)?.chars().collect();
        text(c, c.str(0)?.trim_matches(cut.as_slice()))
    }),
    function("trimprefix", (2, 2), Structure, |c| trimmed(c, true)),
    function("trimsuffix", (2, 2), Structure, |c| trimmed(c, false)),
    function("startswith", (2, 2), Structure, |c| affix(c, true)),
    function("endswith", (2, 2), Structure, |c| affix(c, false)),
    function("strcontains", (2, 2), Structure, |c| {
        let (s, part) = (c.text(0)?, c.text(1)?);
        match (s.as_str().contains(part.as_str()), s.has_unknown() || part.has_unknown()) {
            (true, _) => Ok(Value::bool(true, c.span)),
            (false, false) => Ok(Value::bool(false, c.span)),
            _ => c.unknown(),
        }
    }),
    function("join", (1, ANY), Structure, join),
    function("split", (2, 2), Structure, split),
    function("indent", (2, 2), Known, |c| {
        let spaces = usize::try_from(c.int(0)?).unwrap_or(0).min(10_000);
        let s = c.str(1)?;
        if s.matches('\n').count().saturating_mul(spaces) > super::super::evaluate::STRING_BYTES {
            return c.error("result is too long");
        }
        text(c, s.replace('\n', &format!("\n{}", " ".repeat(spaces))))
    }),
    function("substr", (3, 3), Known, substr),
    function("replace", (3, 3), Known, replace),
    function("regex", (2, 2), Known, |c| {
        let re = pattern(c, &c.str(0)?)?;
        match re.captures(&c.str(1)?) {
            Some(captures) => Ok(captured(&re, &captures, c.span)),
            None => c.error("the pattern does not match"),
        }
    }),
    function("regexall", (2, 2), Known, |c| {
        let re = pattern(c, &c.str(0)?)?;
        let s = c.str(1)?;
        Ok(Value::list(re.captures_iter(&s).map(|m| captured(&re, &m, c.span)).collect(), c.span))
    }),
];

fn text(c: &Call<'_, '_>, s: impl AsRef<str>) -> Eval<Value> {
    Ok(Value::text(Text::from_encoded(s.as_ref()), c.span))
}

/// Unknown parts that are the same in lower case stay; others make the result unknown.
fn cased(c: &Call<'_, '_>, change: fn(&str) -> String) -> Eval<Value> {
    let t = c.text(0)?;
    let caseless = |s: crate::source::Symbol| {
        matches!(s.info().shape, Shape::AccountId | Shape::Region | Shape::Partition | Shape::UrlSuffix)
    };
    if !t.symbols().all(caseless) {
        return c.unknown();
    }
    let mut out = String::new();
    for piece in t.pieces() {
        match piece {
            Piece::Literal(s) => out.push_str(&change(s)),
            Piece::Symbol(s) => out.push(s.as_char()),
        }
    }
    text(c, out)
}

fn title(s: &str) -> String {
    let mut start = true;
    let change = |ch: char| {
        let first = std::mem::replace(&mut start, !(ch.is_alphanumeric() || ch == '_' || ch == '\''));
        if first { ch.to_uppercase().collect::<String>() } else { ch.to_string() }
    };
    s.chars().map(change).collect()
}

fn trimmed(c: &Call<'_, '_>, front: bool) -> Eval<Value> {
    let (s, affix) = (c.text(0)?, c.text(1)?);
    let length = affix.as_str().len();
    let found = if front { s.as_str().starts_with(affix.as_str()) } else { s.as_str().ends_with(affix.as_str()) };
    if found {
        let kept = if front { length..s.as_str().len() } else { 0..s.as_str().len() - length };
        return Ok(Value::text(s.slice(kept), c.arg(0)?.span));
    }
    match begins(&s, &affix, front) {
        Some(_) => Ok(Value::text(s, c.arg(0)?.span)),
        None => c.unknown(),
    }
}

/// Whether a text begins (or ends) with another; `None` when unknown parts decide.
fn begins(s: &Text, affix: &Text, front: bool) -> Option<bool> {
    let (s, affix) = (s.as_str(), affix.as_str());
    if if front { s.starts_with(affix) } else { s.ends_with(affix) } {
        return Some(true);
    }
    let order = |s: &str| -> Vec<char> { if front { s.chars().collect() } else { s.chars().rev().collect() } };
    let (s, affix) = (order(s), order(affix));
    for (i, wanted) in affix.iter().enumerate() {
        let symbol = |c: &char| crate::source::Symbol::of(*c).is_some();
        match s.get(i) {
            Some(found) if found == wanted => {}
            Some(found) if symbol(found) || symbol(wanted) => return None,
            None if symbol(wanted) => return None,
            _ => return Some(false),
        }
    }
    Some(true)
}

fn affix(c: &Call<'_, '_>, front: bool) -> Eval<Value> {
    match begins(&c.text(0)?, &c.text(1)?, front) {
        Some(b) => Ok(Value::bool(b, c.span)),
        None => c.unknown(),
    }
}

fn join(c: &Call<'_, '_>) -> Eval<Value> {
    let separator = c.text(0)?;
    let place = content_span(&separator, c.arg(0)?.span);
    let mut parts: Vec<(Text, Span)> = Vec::new();
    let mut bytes = 0usize;
    for list in c.args.iter().skip(1) {
        let Some(items) = list.elements() else {
            return c.error(format!("a list of strings is required, not {}", list.type_name()));
        };
        for item in items {
            let Some(t) = item.scalar_text() else {
                return c.error(format!("elements must be strings, not {}", item.type_name()));
            };
            if !parts.is_empty() {
                parts.push((separator.clone(), place));
            }
            bytes = bytes.saturating_add(t.as_str().len() + separator.as_str().len());
            if bytes > super::super::evaluate::STRING_BYTES {
                return c.error("result is too long");
            }
            let origin = content_span(&t, item.span);
            parts.push((t, origin));
        }
    }
    Ok(Value::text(Text::concat(parts.iter().map(|(t, s)| (t, *s))), c.span))
}

/// A partly unknown string is split only where no unknown part can hold the separator.
fn split(c: &Call<'_, '_>) -> Eval<Value> {
    let (separator, s) = (c.text(0)?, c.text(1)?);
    let span = c.arg(1)?.span;
    if separator.has_unknown() {
        return c.unknown();
    }
    let free = |symbol: crate::source::Symbol| match symbol.info().shape {
        Shape::Any | Shape::Literal | Shape::Arn => false,
        Shape::Name | Shape::Partition | Shape::Region | Shape::AccountId => separator.as_str().contains([':', '/']),
        Shape::UrlSuffix => separator.as_str().contains([':', '/']),
    };
    if !s.symbols().all(free) {
        return c.unknown();
    }
    let whole = s.as_str();
    if whole.is_empty() {
        return Ok(Value::list(vec![Value::text(s.clone(), span)], c.span));
    }
    let origin = content_span(&s, span);
    let exact = (origin.end - origin.start) as usize == whole.len();
    let part = |from: usize, to: usize| {
        let place = match exact {
            true => Span { start: origin.start + from as u32, end: origin.start + to as u32, ..origin },
            false => span,
        };
        Value::text(s.slice(from..to), place)
    };
    if separator.is_empty() {
        let parts = whole.grapheme_indices(true).map(|(i, g)| part(i, i + g.len()));
        return Ok(Value::list(parts.collect(), c.span));
    }
    let mut parts = Vec::new();
    let mut from = 0;
    for (i, _) in whole.match_indices(separator.as_str()) {
        parts.push(part(from, i));
        from = i + separator.as_str().len();
    }
    parts.push(part(from, whole.len()));
    Ok(Value::list(parts, c.span))
}

fn substr(c: &Call<'_, '_>) -> Eval<Value> {
    let s = c.str(0)?;
    let graphemes: Vec<&str> = s.graphemes(true).collect();
    let (mut offset, length) = (c.int(1)?, c.int(2)?);
    let count = graphemes.len() as i64;
    if offset < 0 {
        offset = (offset + count).max(0);
    }
    let end = if length < 0 { count } else { offset.saturating_add(length).min(count) };
    let part = graphemes.get(offset.min(count) as usize..end.max(offset.min(count)) as usize).unwrap_or(&[]);
    text(c, part.concat())
}

fn pattern(c: &Call<'_, '_>, s: &str) -> Eval<Regex> {
    match regex::RegexBuilder::new(s).size_limit(1 << 20).build() {
        Ok(re) => Ok(re),
        Err(e) => {
            let line = e.to_string().lines().last().unwrap_or("").trim().to_owned();
            c.error(format!("`{s}` is not a regular expression: {line}"))
        }
    }
}

fn captured(re: &Regex, captures: &regex::Captures<'_>, span: Span) -> Value {
    let group = |i: usize| match captures.get(i) {
        Some(m) => Value::text(Text::from_encoded(m.as_str()), span),
        None => Value::null(span),
    };
    let names: Vec<Option<&str>> = re.capture_names().collect();
    if names.len() == 1 {
        return group(0);
    }
    if names.iter().any(Option::is_some) {
        let named = names
            .iter()
            .enumerate()
            .filter_map(|(i, n)| n.map(|n| Field { key: Text::literal(n), key_span: span, value: group(i) }));
        return Value::object(named.collect(), span);
    }
    Value::tuple((1..names.len()).map(group).collect(), span)
}

fn replace(c: &Call<'_, '_>) -> Eval<Value> {
    let (s, wanted, by) = (c.str(0)?, c.str(1)?, c.str(2)?);
    let room = super::super::evaluate::STRING_BYTES;
    if s.len().saturating_mul(by.len().max(1)) > room.saturating_mul(64) {
        return c.error("result is too long");
    }
    match wanted.strip_prefix('/').and_then(|w| w.strip_suffix('/')).filter(|_| wanted.len() > 1) {
        Some(expression) => {
            let re = pattern(c, expression)?;
            // `$1x` names the group `1x` in both syntaxes; `$$` and `${name}` are the same too.
            text(c, re.replace_all(&s, by.as_str()))
        }
        None => text(c, s.replace(wanted.as_str(), &by)),
    }
}
