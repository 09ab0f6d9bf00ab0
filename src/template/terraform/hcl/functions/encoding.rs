//! Functions that encode and decode: JSON, YAML, Base64, URLs, CSV.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::evaluate::STRING_BYTES;
use super::super::value::Field;
use super::*;
use crate::source::{Text, json, yaml};
use Takes::*;

pub(super) const FUNCTIONS: &[Function] = &[
    function("jsonencode", (1, 1), Anything, |c| {
        let mut writer = Writer { parts: Vec::new(), bytes: 0 };
        writer.value(c, c.arg(0)?)?;
        Ok(Value::text(Text::concat(writer.parts.iter().map(|(t, s)| (t, *s))), c.span))
    }),
    function("jsondecode", (1, 1), Structure, |c| {
        let (v, t) = (c.arg(0)?, c.text(0)?);
        match json::read_embedded(&t, content_span(&t, v.span), c.ev.ctx.limits) {
            Ok(node) => Ok(Value::of_node(&node)),
            Err(_) if t.has_unknown() => c.unknown(),
            Err(e) => c.error(e.message),
        }
    }),
    function("yamlencode", (1, 1), Known, |c| {
        let mut out = String::new();
        yaml_value(c, c.arg(0)?, 0, &mut out)?;
        Ok(Value::text(Text::from_encoded(out), c.span))
    }),
    function("yamldecode", (1, 1), Known, |c| {
        let s = c.str(0)?;
        let id = c.ev.ctx.sources.add("<yamldecode>", s.as_str());
        match yaml::read(id, &s, c.ev.ctx.limits) {
            Ok(node) => Ok(Value::of_node(&node)),
            Err(e) => c.error(e.message),
        }
    }),
    function("base64encode", (1, 1), Known, |c| Ok(Value::string(STANDARD.encode(c.str(0)?), c.span))),
    function("base64decode", (1, 1), Known, |c| match STANDARD.decode(c.str(0)?).map(String::from_utf8) {
        Ok(Ok(s)) => Ok(Value::string(s, c.span)),
        _ => c.error("not Base64 of UTF-8 text"),
    }),
    function("textencodebase64", (2, 2), Known, |c| {
        let (s, encoding) = (c.str(0)?, c.str(1)?.to_uppercase());
        let bytes: Vec<u8> = match encoding.as_str() {
            "UTF-8" => s.bytes().collect(),
            "UTF-16LE" => s.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "UTF-16BE" => s.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            "US-ASCII" | "ISO-8859-1" if s.is_ascii() => s.bytes().collect(),
            _ => return c.unknown(),
        };
        Ok(Value::string(STANDARD.encode(bytes), c.span))
    }),
    function("textdecodebase64", (2, 2), Known, |c| {
        let Ok(bytes) = STANDARD.decode(c.str(0)?) else { return c.error("not Base64") };
        let wide = |read: fn([u8; 2]) -> u16| -> String {
            let units = bytes.chunks(2).map(|b| match b {
                [a, b] => read([*a, *b]),
                _ => 0xFFFD,
            });
            char::decode_utf16(units).map(|ch| ch.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        };
        let s = match c.str(1)?.to_uppercase().as_str() {
            "UTF-8" => String::from_utf8_lossy(&bytes).into_owned(),
            "UTF-16LE" => wide(u16::from_le_bytes),
            "UTF-16BE" => wide(u16::from_be_bytes),
            _ => return c.unknown(),
        };
        Ok(Value::string(s, c.span))
    }),
    function("urlencode", (1, 1), Known, |c| {
        let mut out = String::new();
        for b in c.str(0)?.bytes() {
            match b {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(b as char),
                b' ' => out.push('+'),
                b => out.push_str(&format!("%{b:02X}")),
            }
        }
        Ok(Value::string(out, c.span))
    }),
    function("csvdecode", (1, 1), Known, csvdecode),
];

/// Writes JSON whose every part remembers where it comes from: a value's brackets and quotes its span, text the
/// characters of the source.
struct Writer {
    parts: Vec<(Text, Span)>,
    bytes: usize,
}

impl Writer {
    fn push(&mut self, text: Text, span: Span) -> Eval<()> {
        self.bytes += text.as_str().len();
        if self.bytes > STRING_BYTES {
            return fail(format!("string of more than {STRING_BYTES} bytes"), span);
        }
        self.parts.push((text, span));
        Ok(())
    }

    fn mark(&mut self, s: &'static str, span: Span) -> Eval<()> {
        self.push(Text::from_encoded(s), span)
    }

    fn string(&mut self, t: &Text, span: Span) -> Eval<()> {
        self.mark("\"", span)?;
        // One part for each origin, cut at what JSON and Terraform (`<`, `>`, `&`) escape.
        let whole = content_span(t, span);
        let segments = t.segments();
        let single = [crate::source::Segment { start: 0, end: t.as_str().len() as u32, origin: whole }];
        for segment in if segments.is_empty() { &single[..] } else { segments } {
            let (from, to) = (segment.start as usize, segment.end as usize);
            let exact = (segment.origin.end - segment.origin.start) as usize == to - from;
            let place = |a: usize, b: usize| match exact {
                true => Span {
                    start: segment.origin.start + (a - from) as u32,
                    end: segment.origin.start + (b - from) as u32,
                    ..segment.origin
                },
                false => segment.origin,
            };
            let Some(part) = t.as_str().get(from..to) else { continue };
            let mut plain = from;
            for (i, ch) in part.char_indices().map(|(i, ch)| (i + from, ch)) {
                let escaped = match ch {
                    '"' => "\\\"".to_owned(),
                    '\\' => "\\\\".to_owned(),
                    '\n' => "\\n".to_owned(),
                    '\r' => "\\r".to_owned(),
                    '\t' => "\\t".to_owned(),
                    '\u{8}' => "\\b".to_owned(),
                    '\u{c}' => "\\f".to_owned(),
                    '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => format!("\\u{:04x}", ch as u32),
                    _ => continue,
                };
                self.push(Text::from_encoded(t.as_str().get(plain..i).unwrap_or("")), place(plain, i))?;
                plain = i + ch.len_utf8();
                self.push(Text::from_encoded(escaped), place(i, plain))?;
            }
            self.push(Text::from_encoded(t.as_str().get(plain..to).unwrap_or("")), place(plain, to))?;
        }
        self.mark("\"", span)
    }

    fn value(&mut self, c: &Call<'_, '_>, v: &Value) -> Eval<()> {
        let span = v.span;
        match &v.kind {
            Kind::Null => self.mark("null", span),
            // What the value is decides whether there are quotes; the reader takes the bare symbol for either.
            Kind::Unknown(symbol) => self.push(Text::symbol(*symbol), span),
            Kind::Bool(_) | Kind::Number(_) => self.push(v.scalar_text().unwrap_or_default(), span),
            Kind::String(t) => self.string(t, span),
            Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => c.ev.nested(span, || {
                self.mark("[", span)?;
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        self.mark(",", span)?;
                    }
                    self.value(c, item)?;
                }
                self.mark("]", span)
            }),
            Kind::Map(fields) | Kind::Object(fields) => c.ev.nested(span, || {
                self.mark("{", span)?;
                for (i, f) in fields.iter().enumerate() {
                    if i > 0 {
                        self.mark(",", span)?;
                    }
                    self.string(&f.key, f.key_span)?;
                    self.mark(":", f.key_span)?;
                    self.value(c, &f.value)?;
                }
                self.mark("}", span)
            }),
        }
    }
}

/// YAML as Terraform writes it: block style, strings and keys in double quotes, indented by two.
fn yaml_value(c: &Call<'_, '_>, v: &Value, level: usize, out: &mut String) -> Eval<()> {
    let quoted = |s: &str| serde_json::to_string(s).unwrap_or_default();
    let indent = |out: &mut String| (0..level).for_each(|_| out.push_str("  "));
    if out.len() > STRING_BYTES {
        return c.error("result is too long");
    }
    if let Some(items) = v.elements() {
        if items.is_empty() {
            out.push_str("[]\n");
        }
        return c.ev.nested(c.span, || {
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    indent(out);
                }
                out.push_str("- ");
                yaml_value(c, item, level + 1, out)?;
            }
            Ok(())
        });
    }
    if let Some(fields) = v.fields() {
        if fields.is_empty() {
            out.push_str("{}\n");
        }
        return c.ev.nested(c.span, || {
            for (i, f) in fields.iter().enumerate() {
                if i > 0 {
                    indent(out);
                }
                out.push_str(&quoted(f.key.as_str()));
                out.push(':');
                let nested_map = f.value.fields().is_some_and(|f| !f.is_empty());
                let nested_list = f.value.elements().is_some_and(|l| !l.is_empty());
                match (nested_map, nested_list) {
                    (true, _) => {
                        out.push('\n');
                        (0..=level).for_each(|_| out.push_str("  "));
                        yaml_value(c, &f.value, level + 1, out)?;
                    }
                    (_, true) => {
                        out.push('\n');
                        indent(out);
                        yaml_value(c, &f.value, level, out)?;
                    }
                    _ => {
                        out.push(' ');
                        yaml_value(c, &f.value, level, out)?;
                    }
                }
            }
            Ok(())
        });
    }
    match &v.kind {
        Kind::Null => out.push_str("null"),
        Kind::String(t) if t.as_str().contains('\n') && !t.as_str().starts_with([' ', '\n']) => {
            out.push_str(if t.as_str().ends_with('\n') { "|" } else { "|-" });
            for line in t.as_str().trim_end_matches('\n').split('\n') {
                out.push('\n');
                if !line.is_empty() {
                    (0..level.max(1)).for_each(|_| out.push_str("  "));
                    out.push_str(line);
                }
            }
        }
        Kind::String(t) => out.push_str(&quoted(t.as_str())),
        _ => out.push_str(v.scalar_text().unwrap_or_default().as_str()),
    }
    out.push('\n');
    Ok(())
}

fn csvdecode(c: &Call<'_, '_>) -> Eval<Value> {
    let s = c.str(0)?;
    let mut reader = csv::Reader::from_reader(s.as_bytes());
    let headers = match reader.headers() {
        Ok(h) => h.clone(),
        Err(e) => return c.error(e.to_string()),
    };
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(r) => r,
            Err(e) => return c.error(e.to_string()),
        };
        let field =
            |(k, v): (&str, &str)| Field { key: Text::literal(k), key_span: c.span, value: Value::string(v, c.span) };
        rows.push(Value::object(headers.iter().zip(record.iter()).map(field).collect(), c.span));
    }
    Ok(Value::list(rows, c.span))
}
