//! `format` and `formatlist`.

use super::super::number::Number;
use super::*;
use Takes::*;

pub(super) const FUNCTIONS: &[Function] = &[
    function("format", (1, ANY), Anything, |c| {
        let t = c.text(0)?;
        if t.has_unknown() {
            return c.unknown();
        }
        formatted(c, t.as_str(), c.args.get(1..).unwrap_or(&[]))
    }),
    function("formatlist", (1, ANY), Anything, |c| {
        let t = c.text(0)?;
        let args = c.args.get(1..).unwrap_or(&[]);
        if t.has_unknown() || args.iter().any(Value::has_unknown_type) {
            return c.unknown();
        }
        let lengths: Vec<usize> = args.iter().filter_map(|v| v.elements().map(<[Value]>::len)).collect();
        let count = lengths.first().copied().unwrap_or(1);
        if lengths.iter().any(|n| *n != count) {
            return c.error("lists must have the same length");
        }
        let mut results = Vec::with_capacity(count);
        for i in 0..count {
            let row: Vec<Value> = args
                .iter()
                .filter_map(|v| match v.elements() {
                    Some(items) => items.get(i).cloned(),
                    None => Some(v.clone()),
                })
                .collect();
            results.push(formatted(c, t.as_str(), &row)?);
        }
        Ok(Value::list(results, c.span))
    }),
];

/// A verb: `%[2]-08.3f`.
struct Verb {
    flags: Vec<char>,
    width: Option<usize>,
    precision: Option<u32>,
    argument: usize,
    letter: char,
}

/// Widest field and longest fraction.
const WIDTH: usize = 10_000;

fn formatted(c: &Call<'_, '_>, format: &str, args: &[Value]) -> Eval<Value> {
    let mut parts: Vec<(Text, Span)> = Vec::new();
    let place = c.arg(0)?.span;
    let mut next = 0;
    let mut used = 0;
    let mut indexed = false;
    let mut rest = format;
    while let Some(i) = rest.find('%') {
        let (literal, tail) = rest.split_at(i);
        parts.push((Text::from_encoded(literal), place));
        let mut chars = tail.chars();
        chars.next();
        if let Some(after) = tail.strip_prefix("%%") {
            parts.push((Text::from_encoded("%"), place));
            rest = after;
            continue;
        }
        let Some((verb, after)) = verb(chars.as_str(), &mut next, &mut indexed) else {
            return c.error(format!("`{tail}` begins with an invalid verb"));
        };
        rest = after;
        used = used.max(verb.argument + 1);
        let Some(value) = args.get(verb.argument) else {
            return c.error("there are fewer arguments than verbs");
        };
        let text = render(c, &verb, value)?;
        let origin = content_span(&text, value.span);
        parts.push((text, origin));
    }
    parts.push((Text::from_encoded(rest), place));
    if !indexed && used < args.len() {
        return c.error("there are more arguments than verbs");
    }
    Ok(Value::text(Text::concat(parts.iter().map(|(t, s)| (t, *s))), c.span))
}

fn verb<'s>(s: &'s str, next: &mut usize, indexed: &mut bool) -> Option<(Verb, &'s str)> {
    let digits = |s: &str| s.len() - s.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mut rest = s.trim_start_matches(['+', '-', '#', ' ', '0']);
    let flags = s.get(..s.len() - rest.len())?.chars().collect();
    let (width, tail) = rest.split_at(digits(rest));
    rest = tail;
    let mut precision = None;
    if let Some(tail) = rest.strip_prefix('.') {
        let (written, tail) = tail.split_at(digits(tail));
        precision = Some(if written.is_empty() { 0 } else { written.parse().ok()? });
        rest = tail;
    }
    let mut argument = *next;
    if let Some(tail) = rest.strip_prefix('[') {
        let (written, tail) = tail.split_once(']')?;
        argument = written.parse::<usize>().ok()?.checked_sub(1)?;
        *indexed = true;
        rest = tail;
    }
    *next = argument + 1;
    let letter = rest.chars().next()?;
    let width = if width.is_empty() { None } else { Some(width.parse().ok()?) };
    if width.is_some_and(|w| w > WIDTH) || precision.is_some_and(|p| p as usize > WIDTH) {
        return None;
    }
    Some((Verb { flags, width, precision, argument, letter }, rest.get(letter.len_utf8()..)?))
}

fn json(c: &Call<'_, '_>, value: &Value) -> Eval<Text> {
    let encoded = super::call(c.ev, "jsonencode", std::slice::from_ref(value), c.frame, c.span)?;
    Ok(encoded.scalar_text().unwrap_or_default())
}

fn render(c: &Call<'_, '_>, verb: &Verb, value: &Value) -> Eval<Text> {
    let plain = verb.flags.is_empty() && verb.width.is_none() && verb.precision.is_none();
    if plain
        && matches!(verb.letter, 's' | 'v')
        && let Some(text) = value.scalar_text()
    {
        return Ok(text);
    }
    if value.has_unknown() {
        return Ok(match (verb.letter, plain) {
            ('v', true) => json(c, value)?,
            _ => c.ev.derived(c.frame, c.span, c.args).scalar_text().unwrap_or_default(),
        });
    }
    let wanted = |what: &str| c.error(format!("`%{}` needs {what}, not {}", verb.letter, value.type_name()));
    let flag = |f: char| verb.flags.contains(&f);
    let number = || -> Eval<Number> {
        match operators::number(value, c.span)? {
            Some(n) => Ok(n),
            None => c.error("the number is not known"),
        }
    };
    let signed = |body: String, negative: bool| match (negative, flag('+'), flag(' ')) {
        (true, ..) => format!("-{body}"),
        (_, true, _) => format!("+{body}"),
        (_, _, true) => format!(" {body}"),
        _ => body,
    };
    let mut numeric = false;
    let mut body = match verb.letter {
        's' | 'q' => match value.scalar_text() {
            Some(t) => {
                let s = t.as_str();
                let cut = verb.precision.map_or(s.to_owned(), |p| s.chars().take(p as usize).collect());
                match verb.letter {
                    'q' => serde_json::to_string(&cut).unwrap_or_default(),
                    _ => cut,
                }
            }
            None => return wanted("a string"),
        },
        'v' => match value.scalar_text() {
            Some(t) if !flag('#') => t.as_str().to_owned(),
            _ => json(c, value)?.as_str().to_owned(),
        },
        't' => match operators::truth(value, c.span)? {
            Some(b) => b.to_string(),
            None => return wanted("a bool"),
        },
        'd' | 'b' | 'o' | 'x' | 'X' => {
            numeric = true;
            let n = number()?.truncated();
            let (negative, n) = (n.is_negative(), n.abs());
            let wide = || n.written().parse::<u128>().map_or_else(|_| c.error("the number is too large"), Ok);
            let body = match verb.letter {
                'd' => n.written().to_string(),
                'b' => format!("{:b}", wide()?),
                'o' => format!("{:o}", wide()?),
                'x' => format!("{:x}", wide()?),
                _ => format!("{:X}", wide()?),
            };
            signed(body, negative)
        }
        'f' | 'F' => {
            numeric = true;
            let n = number()?;
            signed(n.abs().fixed(verb.precision.unwrap_or(6)), n.is_negative())
        }
        'e' | 'E' => {
            numeric = true;
            let n = number()?.to_f64();
            let digits = verb.precision.unwrap_or(6) as usize;
            let written = format!("{:.digits$e}", n.abs());
            let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(e) => ('-', e),
                None => ('+', exponent),
            };
            let body = format!("{mantissa}e{sign}{exponent:0>2}");
            signed(if verb.letter == 'E' { body.to_uppercase() } else { body }, n < 0.0)
        }
        'g' | 'G' => {
            numeric = true;
            let n = number()?;
            signed(n.abs().written().to_string(), n.is_negative())
        }
        other => return c.error(format!("`%{other}` is not a verb")),
    };
    if let Some(width) = verb.width {
        let missing = width.saturating_sub(body.chars().count());
        body = match (flag('-'), flag('0') && numeric) {
            (true, _) => format!("{body}{}", " ".repeat(missing)),
            (_, true) => {
                let sign = body.starts_with(['-', '+', ' ']);
                let (sign, digits) = body.split_at(usize::from(sign));
                format!("{sign}{}{digits}", "0".repeat(missing))
            }
            _ => format!("{}{body}", " ".repeat(missing)),
        };
    }
    Ok(Text::from_encoded(body))
}
