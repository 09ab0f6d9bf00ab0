//! Templates: strings with interpolation and directives, heredocs, template files, the strings of the JSON syntax.
//!
//! Literal text is taken from the source rather than from `hcl-edit`'s tree, so that each run of it keeps its place,
//! escapes included. Strip markers and the indentation of `<<-` work on tokens as HCL's scanner makes them: a
//! heredoc's literal text is one token a line.

use hcl_edit::Span as _;
use hcl_edit::expr::Expression as Hcl;
use hcl_edit::template::{Directive, Element, HeredocTemplate, StringTemplate, Strip, Template};

use super::evaluate::{Evaluator, Frame, Name, Place, STRING_BYTES};
use super::native::syntax_error;
use super::operators;
use super::scope::Bindings;
use super::value::{Eval, Field, Kind, Value, content_span, fail};
use crate::source::{Node, NodeKind, Span, Text};

/// How literal text is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writing {
    /// Between quotes, with backslash escapes.
    Quoted,
    /// As it is, but for `$${` and `%%{`.
    Raw,
}

/// A run of literal text and where it is written.
struct Chunk {
    text: String,
    span: Span,
    /// Byte for byte as in the source.
    verbatim: bool,
}

/// A template, flattened.
enum Token<'t> {
    Literal(Vec<Chunk>),
    Interpolation(&'t Hcl),
    If(&'t Hcl),
    Else,
    EndIf,
    For { key: Option<&'t str>, value: &'t str, collection: &'t Hcl },
    EndFor,
}

/// A quoted string without interpolation.
pub(super) fn quoted_literal(value: &str, f: &Frame<'_>, span: Span) -> Value {
    if (span.end - span.start) as usize == value.len() + 2 || matches!(f.place, Place::Within(_)) {
        return Value::string(value, span);
    }
    let Place::At(_, base) = f.place else { return Value::string(value, span) };
    let (start, end) = (span.start as usize - base + 1, (span.end as usize).saturating_sub(base + 1));
    let Some(source) = f.text.get(start..end) else { return Value::string(value, span) };
    let chunks = chunks(source, start, Writing::Quoted, f);
    let text = join(chunks.iter().map(|c| (Text::literal(&c.text), c.span)));
    match text.as_str() == Text::literal(value).as_str() {
        true => Value::text(text, span),
        false => Value::string(value, span),
    }
}

/// A quoted string with interpolation or directives.
pub(super) fn quoted(ev: &Evaluator<'_>, t: &StringTemplate, f: &Frame<'_>, span: Span) -> Eval<Value> {
    template(ev, t, f, span, Writing::Quoted, false)
}

/// A heredoc.
pub(super) fn heredoc(ev: &Evaluator<'_>, t: &HeredocTemplate, f: &Frame<'_>, span: Span) -> Eval<Value> {
    let written = f.written(t.span());
    let indented = written.starts_with("<<-");
    let mut tokens = tokens(&t.template, f, Writing::Raw);
    if indented {
        dedent(&mut tokens);
    }
    assemble(ev, &tokens, f, span)
}

/// The text of a template file, with the names `names` and nothing else.
pub(super) fn file(ev: &Evaluator<'_>, text: &str, f: &Frame<'_>, span: Span) -> Eval<Value> {
    let Place::At(source, _) = f.place else { return fail("template has no source", span) };
    let parsed = hcl_edit::parser::parse_template(text).map_err(|e| syntax_error(source, &e))?;
    template(ev, &parsed, f, Span::new(source, 0, text.len()), Writing::Raw, true)
}

/// A value of the JSON syntax: its strings, keys included, are templates.
pub(super) fn json_value(ev: &Evaluator<'_>, node: &Node, bindings: &Bindings) -> Eval<Value> {
    ev.nested(node.span, || {
        let kind = match &node.kind {
            NodeKind::String(t) => return json_string(ev, t, node.span, bindings),
            NodeKind::Sequence(items) => {
                let items = items.iter().map(|n| json_value(ev, n, bindings)).collect::<Eval<Vec<_>>>()?;
                Kind::Tuple(std::sync::Arc::new(items))
            }
            NodeKind::Mapping(m) => {
                let mut fields = Vec::with_capacity(m.len());
                for e in m.iter() {
                    let key = json_string(ev, &e.key, e.key_span, bindings)?;
                    let Some(text) = key.scalar_text() else {
                        return fail(format!("object key must be a string, not {}", key.type_name()), e.key_span);
                    };
                    let value = json_value(ev, &e.value, bindings)?;
                    fields.push(Field { key: text, key_span: e.key_span, value });
                }
                return Ok(Value::object(fields, node.span));
            }
            _ => return Ok(Value::of_node(node)),
        };
        Ok(Value::new(kind, node.span))
    })
}

fn json_string(ev: &Evaluator<'_>, text: &Text, span: Span, bindings: &Bindings) -> Eval<Value> {
    let written = text.as_str();
    if !written.contains("${") && !written.contains("%{") {
        return Ok(Value::text(text.clone(), span));
    }
    let inside = content_span(text, span);
    let place = match inside != span {
        true => Place::At(span.source, inside.start as usize),
        false => Place::Within(span),
    };
    let parsed = hcl_edit::parser::parse_template(written).map_err(|e| {
        let mut error = syntax_error(span.source, &e);
        error.span = span;
        error
    })?;
    let f = Frame { place, text: written, names: None, bindings, closed: false };
    template(ev, &parsed, &f, span, Writing::Raw, false)
}

fn template(
    ev: &Evaluator<'_>,
    t: &Template,
    f: &Frame<'_>,
    span: Span,
    writing: Writing,
    is_file: bool,
) -> Eval<Value> {
    // A template that is one interpolation is that value, of whatever type.
    if let Some(Element::Interpolation(i)) = t.as_single_element() {
        let value = ev.expr(&i.expr, f)?;
        return match is_file {
            true => Ok(Value::text(to_text(&value, f.span(i.span()))?, span)),
            false => Ok(value),
        };
    }
    assemble(ev, &tokens(t, f, writing), f, span)
}

/// A value as a part of a string.
fn to_text(value: &Value, span: Span) -> Eval<Text> {
    match value.scalar_text() {
        Some(text) => Ok(text),
        None => {
            let message = format!("{} can't be part of a string template: a string is required", value.type_name());
            fail(message, span)
        }
    }
}

fn join(parts: impl Iterator<Item = (Text, Span)>) -> Text {
    let parts: Vec<(Text, Span)> = parts.collect();
    Text::concat(parts.iter().map(|(t, s)| (t, *s)))
}

fn assemble(ev: &Evaluator<'_>, tokens: &[Token<'_>], f: &Frame<'_>, span: Span) -> Eval<Value> {
    let mut parts = Vec::new();
    let mut bytes = 0;
    run(ev, tokens, f, span, &mut parts, &mut bytes)?;
    Ok(Value::text(join(parts.into_iter()), span))
}

fn push(parts: &mut Vec<(Text, Span)>, bytes: &mut usize, text: Text, span: Span) -> Eval<()> {
    *bytes += text.as_str().len();
    if *bytes > STRING_BYTES {
        return fail(format!("string of more than {STRING_BYTES} bytes"), span);
    }
    parts.push((text, span));
    Ok(())
}

/// The tokens from after the opening directive at the start of `tokens` to its `else` and to its end.
fn block<'a, 't>(tokens: &'a [Token<'t>]) -> (&'a [Token<'t>], &'a [Token<'t>], &'a [Token<'t>]) {
    let (mut level, mut middle) = (0usize, None);
    for (i, token) in tokens.iter().enumerate() {
        match token {
            Token::If(_) | Token::For { .. } => level += 1,
            Token::Else if level == 0 => middle = Some(i),
            Token::EndIf | Token::EndFor if level == 0 => {
                let (inside, rest) = tokens.split_at(i);
                let (first, second) = inside.split_at(middle.unwrap_or(i));
                return (first, second.get(1..).unwrap_or(&[]), rest.get(1..).unwrap_or(&[]));
            }
            Token::EndIf | Token::EndFor => level -= 1,
            _ => {}
        }
    }
    (tokens, &[], &[])
}

fn run(
    ev: &Evaluator<'_>,
    mut tokens: &[Token<'_>],
    f: &Frame<'_>,
    span: Span,
    parts: &mut Vec<(Text, Span)>,
    bytes: &mut usize,
) -> Eval<()> {
    while let Some((first, rest)) = tokens.split_first() {
        tokens = rest;
        match first {
            Token::Literal(chunks) => {
                for c in chunks {
                    push(parts, bytes, Text::literal(&c.text), c.span)?;
                }
            }
            Token::Interpolation(e) => {
                let value = ev.expr(e, f)?;
                if value.is_null() {
                    return fail("null can't be part of a string template", f.span(e.span()));
                }
                let text = to_text(&value, f.span(e.span()))?;
                let origin = content_span(&text, value.span);
                push(parts, bytes, text, origin)?;
            }
            Token::If(condition) => {
                let (yes, no, after) = block(rest);
                tokens = after;
                let value = ev.expr(condition, f)?;
                match operators::truth(&value, f.span(condition.span()))? {
                    Some(true) => ev.nested(span, || run(ev, yes, f, span, parts, bytes))?,
                    Some(false) => ev.nested(span, || run(ev, no, f, span, parts, bytes))?,
                    None => {
                        // Either text; if they are the same it doesn't matter which.
                        let (mut a, mut b) = (Vec::new(), Vec::new());
                        ev.nested(span, || run(ev, yes, f, span, &mut a, bytes))?;
                        ev.nested(span, || run(ev, no, f, span, &mut b, bytes))?;
                        let (a, b) = (join(a.into_iter()), join(b.into_iter()));
                        let place = f.span(condition.span());
                        let text = match a == b {
                            true => a,
                            false => {
                                let of = [value, Value::text(a, place), Value::text(b, place)];
                                let name = format!("if {}", f.written(condition.span()));
                                to_text(&ev.unknown_of(place, name, &of), place)?
                            }
                        };
                        push(parts, bytes, text, place)?;
                    }
                }
            }
            Token::For { key, value, collection } => {
                let (body, _, after) = block(rest);
                tokens = after;
                let place = f.span(collection.span());
                let over = ev.expr(collection, f)?;
                match operators::entries(&over, place)? {
                    Some(entries) => {
                        for (k, v) in entries {
                            let key_name = Name { name: key.unwrap_or(""), value: k, outer: f.names };
                            let value_name = Name { name: value, value: v, outer: Some(&key_name) };
                            let inner = Frame { names: Some(&value_name), ..*f };
                            ev.nested(span, || run(ev, body, &inner, span, parts, bytes))?;
                        }
                    }
                    None => {
                        let unknown = ev.derived_here(f, place, &[over]);
                        let name = format!("for over {}", f.written(collection.span()));
                        let unknown = ev.unknown_of(place, name, &[unknown]);
                        push(parts, bytes, to_text(&unknown, place)?, place)?;
                    }
                }
            }
            // Consumed with what opened them.
            Token::Else | Token::EndIf | Token::EndFor => {}
        }
    }
    Ok(())
}

fn tokens<'t>(t: &'t Template, f: &Frame<'_>, writing: Writing) -> Vec<Token<'t>> {
    let mut flat = Flattening { tokens: Vec::new(), trim_next: false, writing };
    flat.template(t, f);
    flat.tokens
}

struct Flattening<'t> {
    tokens: Vec<Token<'t>>,
    trim_next: bool,
    writing: Writing,
}

impl<'t> Flattening<'t> {
    fn marker(&mut self, token: Token<'t>, strip: Strip) {
        if strip.strip_start()
            && let Some(Token::Literal(chunks)) = self.tokens.last_mut()
        {
            trim_end(chunks);
        }
        self.tokens.push(token);
        self.trim_next = strip.strip_end();
    }

    fn literal(&mut self, mut chunks: Vec<Chunk>) {
        if std::mem::take(&mut self.trim_next) {
            trim_start(&mut chunks);
        }
        self.tokens.push(Token::Literal(chunks));
    }

    fn template(&mut self, t: &'t Template, f: &Frame<'_>) {
        for element in t.iter() {
            match element {
                Element::Literal(literal) => {
                    let range = literal.span().unwrap_or(0..0);
                    let Some(source) = f.text.get(range.clone()) else { continue };
                    if self.writing == Writing::Quoted {
                        self.literal(chunks(source, range.start, self.writing, f));
                        continue;
                    }
                    let mut at = range.start;
                    for line in source.split_inclusive('\n') {
                        self.literal(chunks(line, at, self.writing, f));
                        at += line.len();
                    }
                }
                Element::Interpolation(i) => self.marker(Token::Interpolation(&i.expr), i.strip),
                Element::Directive(d) => match &**d {
                    Directive::If(d) => {
                        self.marker(Token::If(&d.if_expr.cond_expr), d.if_expr.strip);
                        self.template(&d.if_expr.template, f);
                        if let Some(e) = &d.else_expr {
                            self.marker(Token::Else, e.strip);
                            self.template(&e.template, f);
                        }
                        self.marker(Token::EndIf, d.endif_expr.strip);
                    }
                    Directive::For(d) => {
                        let intro = &d.for_expr;
                        let key = intro.key_var.as_ref().map(|k| k.as_str());
                        let value = intro.value_var.as_str();
                        self.marker(Token::For { key, value, collection: &intro.collection_expr }, intro.strip);
                        self.template(&intro.template, f);
                        self.marker(Token::EndFor, d.endfor_expr.strip);
                    }
                },
            }
        }
    }
}

/// Splits literal text into what stands for itself and escapes.
fn chunks(source: &str, start: usize, writing: Writing, f: &Frame<'_>) -> Vec<Chunk> {
    let mut result: Vec<Chunk> = Vec::new();
    let mut plain = 0;
    let mut at = 0;
    let place = |from: usize, to: usize| f.span(Some(start + from..start + to));
    while let Some(rest) = source.get(at..) {
        let escape = match rest.as_bytes() {
            [] => break,
            [b'$', b'$', b'{', ..] => Some(("${".to_owned(), 3)),
            [b'%', b'%', b'{', ..] => Some(("%{".to_owned(), 3)),
            [b'\\', c, ..] if writing == Writing::Quoted => match c {
                b'n' => Some(("\n".to_owned(), 2)),
                b'r' => Some(("\r".to_owned(), 2)),
                b't' => Some(("\t".to_owned(), 2)),
                b'u' | b'U' => {
                    let length = if *c == b'u' { 6 } else { 10 };
                    let code = rest.get(2..length).and_then(|hex| u32::from_str_radix(hex, 16).ok());
                    code.and_then(char::from_u32).map(|c| (c.to_string(), length))
                }
                c => Some(((*c as char).to_string(), 2)),
            },
            _ => None,
        };
        match escape {
            Some((text, length)) => {
                if plain < at {
                    let text = source.get(plain..at).unwrap_or("").to_owned();
                    result.push(Chunk { text, span: place(plain, at), verbatim: true });
                }
                result.push(Chunk { text, span: place(at, at + length), verbatim: false });
                at += length;
                plain = at;
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    if plain < source.len() {
        let text = source.get(plain..).unwrap_or("").to_owned();
        result.push(Chunk { text, span: place(plain, source.len()), verbatim: true });
    }
    result
}

fn cut(chunk: &mut Chunk, range: std::ops::Range<usize>) {
    let length = chunk.text.len();
    if chunk.verbatim && (chunk.span.end - chunk.span.start) as usize == length {
        chunk.span.end -= (length - range.end) as u32;
        chunk.span.start += range.start as u32;
    }
    chunk.text = chunk.text.get(range).unwrap_or("").to_owned();
}

fn trim_end(chunks: &mut Vec<Chunk>) {
    while let Some(last) = chunks.last_mut() {
        let kept = last.text.trim_end().len();
        if kept > 0 {
            return cut(last, 0..kept);
        }
        chunks.pop();
    }
}

fn trim_start(chunks: &mut Vec<Chunk>) {
    while let Some(first) = chunks.first_mut() {
        let (length, kept) = (first.text.len(), first.text.trim_start().len());
        if kept > 0 {
            return cut(first, length - kept..length);
        }
        chunks.remove(0);
    }
}

/// Takes away the indentation that all lines share, blank lines left out of account and as they are.
fn dedent(tokens: &mut [Token<'_>]) {
    let mut smallest = usize::MAX;
    let mut at_line_start = true;
    let mut lines = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        if std::mem::take(&mut at_line_start) {
            match token {
                Token::Literal(chunks) => {
                    let text: String = chunks.iter().map(|c| c.text.as_str()).collect();
                    let spaces = text.chars().take_while(|c| c.is_whitespace()).count();
                    if !(text.trim_start().is_empty() && text.ends_with('\n')) {
                        lines.push(i);
                        smallest = smallest.min(spaces);
                    }
                }
                _ => smallest = 0,
            }
        }
        if let Token::Literal(chunks) = token
            && chunks.last().is_some_and(|c| c.text.ends_with('\n'))
        {
            at_line_start = true;
        }
    }
    if smallest == 0 || smallest == usize::MAX {
        return;
    }
    for i in lines {
        if let Some(Token::Literal(chunks)) = tokens.get_mut(i)
            && let Some(first) = chunks.first_mut()
        {
            let bytes = first.text.chars().take(smallest).take_while(|c| c.is_whitespace()).map(char::len_utf8).sum();
            cut(first, bytes..first.text.len());
        }
    }
}
