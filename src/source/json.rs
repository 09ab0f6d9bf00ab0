//! Strict JSON (RFC 8259) into the [`Node`] tree.
//!
//! Written here because `serde_json` keeps no spans and drops duplicate keys, and because YAML parsers reject
//! surrogate pairs, which JSON writers use for every character outside the basic plane.

use super::error::ReadError;
use super::files::{SourceId, Span};
use super::limits::Limits;
use super::node::{Entry, Mapping, Node, NodeKind};
use super::text::{Segment, Text};
use smol_str::SmolStr;

/// Reads one JSON document. A byte order mark is passed over. Duplicate keys are kept, in order.
///
/// # Errors
///
/// The first violation of the grammar or of `limits`, with its place.
///
/// ```
/// use iam_preflight::source::{Limits, Sources, json};
/// let sources = Sources::new();
/// let text = r#"{"Version": "2012-10-17"}"#;
/// let id = sources.add("policy.json", text);
/// let node = json::read(id, text, &Limits::default()).unwrap();
/// assert_eq!(node.get("Version").and_then(|v| v.as_str()), Some("2012-10-17"));
/// ```
pub fn read(source: SourceId, text: &str, limits: &Limits) -> Result<Node, ReadError> {
    if text.len() > limits.bytes {
        return Err(ReadError::new(
            format!("document of {} bytes is over the limit of {} bytes", text.len(), limits.bytes),
            Span::new(source, 0, 0),
        ));
    }
    let mut reader = Reader { bytes: text.as_bytes(), text, at: 0, depth: 0, limits, place: Place::File(source) };
    if text.starts_with('\u{FEFF}') {
        reader.at = 3;
    }
    reader.document()
}

/// Reads JSON that stands inside a string of another document. Spans of the result are those of the string's
/// origins, so far as `segments` (of the text that holds the JSON) or `whole` tell.
///
/// # Errors
///
/// As [`read`]; the error's span is `whole`, narrowed to the origin of the offending byte where one is known.
pub fn read_embedded(text: &Text, whole: Span, limits: &Limits) -> Result<Node, ReadError> {
    let place = Place::Embedded { segments: text.segments(), whole };
    Reader { bytes: text.as_str().as_bytes(), text: text.as_str(), at: 0, depth: 0, limits, place }.document()
}

/// The segments that hold any of the bytes `start..end`.
fn overlapping(segments: &[Segment], start: usize, end: usize) -> &[Segment] {
    let from = segments.partition_point(|s| s.end as usize <= start);
    let rest = segments.get(from..).unwrap_or_default();
    rest.get(..rest.partition_point(|s| (s.start as usize) < end)).unwrap_or_default()
}

enum Place<'a> {
    File(SourceId),
    Embedded { segments: &'a [Segment], whole: Span },
}

struct Reader<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
    depth: usize,
    limits: &'a Limits,
    place: Place<'a>,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<Node, ReadError> {
        self.white_space();
        if self.at == self.bytes.len() {
            return Err(self.error("document is empty", self.at));
        }
        let node = self.value()?;
        self.white_space();
        if self.at < self.bytes.len() {
            return Err(self.error("unexpected text after the end of the JSON value", self.at));
        }
        Ok(node)
    }

    /// The span of `start..end`. In an embedded document: the origin of those bytes. A literal segment that is as
    /// long as its origin maps byte for byte; any other gives its origin as a whole.
    fn span(&self, start: usize, end: usize) -> Span {
        match &self.place {
            Place::File(source) => Span::new(*source, start, end),
            Place::Embedded { segments, whole } => {
                let mut result: Option<Span> = None;
                for s in overlapping(segments, start, end.max(start + 1)) {
                    let length = s.end - s.start;
                    let origin = s.origin;
                    let part = if origin.end - origin.start == length {
                        let from = (start as u32).max(s.start) - s.start;
                        let to = (end as u32).min(s.end) - s.start;
                        Span { source: origin.source, start: origin.start + from, end: origin.start + to.max(from) }
                    } else {
                        origin
                    };
                    result = Some(result.map_or(part, |r| r.join(part)));
                }
                result.unwrap_or(*whole)
            }
        }
    }

    fn error(&self, message: impl Into<String>, at: usize) -> ReadError {
        let end = (at + 1).min(self.bytes.len().max(at));
        ReadError::new(message, self.span(at, end))
    }

    fn white_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    fn unexpected(&self, wanted: &str) -> ReadError {
        match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            None => self.error(format!("unexpected end of the document, expected {wanted}"), self.at),
            Some(c) => self.error(format!("unexpected `{}`, expected {wanted}", c.escape_debug()), self.at),
        }
    }

    fn value(&mut self) -> Result<Node, ReadError> {
        let start = self.at;
        match self.bytes.get(self.at) {
            Some(b'{') => self.object(start),
            Some(b'[') => self.array(start),
            Some(b'"') => {
                let text = self.string()?;
                Ok(Node::text(text, self.span(start, self.at)))
            }
            Some(b'-' | b'0'..=b'9') => self.number(start),
            Some(b't') => self.word("true", NodeKind::Bool(true)),
            Some(b'f') => self.word("false", NodeKind::Bool(false)),
            Some(b'n') => self.word("null", NodeKind::Null),
            // An unknown value may stand where JSON has a value: it is one string of one symbol.
            Some(0xF3 | 0xF4) if matches!(self.place, Place::Embedded { .. }) => {
                let c = self.text[self.at..].chars().next();
                match c.and_then(super::Symbol::of) {
                    Some(symbol) => {
                        self.at += 4;
                        Ok(Node::text(Text::symbol(symbol), self.span(start, self.at)))
                    }
                    None => Err(self.unexpected("a value")),
                }
            }
            _ => Err(self.unexpected("a value")),
        }
    }

    fn word(&mut self, word: &str, kind: NodeKind) -> Result<Node, ReadError> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.unexpected(&format!("`{word}`")));
        }
        let start = self.at;
        self.at += word.len();
        Ok(Node::new(kind, self.span(start, self.at)))
    }

    fn number(&mut self, start: usize) -> Result<Node, ReadError> {
        if self.bytes[self.at] == b'-' {
            self.at += 1;
        }
        match self.bytes.get(self.at) {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.unexpected("a digit")),
        }
        if self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            return Err(self.error("a number must not begin with `0`", start));
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.some_digits()?;
        }
        let written = SmolStr::new(&self.text[start..self.at]);
        Ok(Node::new(NodeKind::Number(written), self.span(start, self.at)))
    }

    fn digits(&mut self) {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
    }

    fn some_digits(&mut self) -> Result<(), ReadError> {
        if !self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            return Err(self.unexpected("a digit"));
        }
        self.digits();
        Ok(())
    }

    fn enter(&mut self, start: usize) -> Result<(), ReadError> {
        self.depth += 1;
        if self.depth > self.limits.depth {
            return Err(self.error(format!("nested more than {} levels deep", self.limits.depth), start));
        }
        self.at += 1;
        self.white_space();
        Ok(())
    }

    fn array(&mut self, start: usize) -> Result<Node, ReadError> {
        self.enter(start)?;
        let mut items = Vec::new();
        if self.bytes.get(self.at) == Some(&b']') {
            self.at += 1;
        } else {
            loop {
                items.push(self.value()?);
                self.white_space();
                match self.bytes.get(self.at) {
                    Some(b',') => self.at += 1,
                    Some(b']') => {
                        self.at += 1;
                        break;
                    }
                    _ => return Err(self.unexpected("`,` or `]`")),
                }
                self.white_space();
            }
        }
        self.depth -= 1;
        Ok(Node::new(NodeKind::Sequence(items), self.span(start, self.at)))
    }

    fn object(&mut self, start: usize) -> Result<Node, ReadError> {
        self.enter(start)?;
        let mut entries = Vec::new();
        if self.bytes.get(self.at) == Some(&b'}') {
            self.at += 1;
        } else {
            loop {
                let key_start = self.at;
                if self.bytes.get(self.at) != Some(&b'"') {
                    return Err(self.unexpected("a key in double quotes"));
                }
                let key = self.string()?;
                let key_span = self.span(key_start, self.at);
                self.white_space();
                if self.bytes.get(self.at) != Some(&b':') {
                    return Err(self.unexpected("`:`"));
                }
                self.at += 1;
                self.white_space();
                let value = self.value()?;
                entries.push(Entry { key, key_span, value });
                self.white_space();
                match self.bytes.get(self.at) {
                    Some(b',') => self.at += 1,
                    Some(b'}') => {
                        self.at += 1;
                        break;
                    }
                    _ => return Err(self.unexpected("`,` or `}`")),
                }
                self.white_space();
            }
        }
        self.depth -= 1;
        Ok(Node::new(NodeKind::Mapping(Mapping { entries }), self.span(start, self.at)))
    }

    fn string(&mut self) -> Result<Text, ReadError> {
        let open = self.at;
        self.at += 1;
        let start = self.at;
        // The usual case: no escapes, one slice.
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    let text = self.piece(start, self.at);
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => break,
                Some(0..=0x1F) => {
                    return Err(self.error("control characters must be escaped in a string", self.at));
                }
                Some(_) => self.at += 1,
                None => return Err(self.error("string is not closed", open)),
            }
        }
        let mut out = String::from(&self.text[start..self.at]);
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => self.escape(&mut out)?,
                Some(0..=0x1F) => {
                    return Err(self.error("control characters must be escaped in a string", self.at));
                }
                Some(_) => {
                    let run = self.at;
                    while !matches!(self.bytes.get(self.at), None | Some(b'"' | b'\\' | 0..=0x1F)) {
                        self.at += 1;
                    }
                    out.push_str(&self.text[run..self.at]);
                }
                None => return Err(self.error("string is not closed", open)),
            }
        }
        let text = match &self.place {
            Place::File(_) => Text::literal(out),
            // Escapes make the lengths differ, so the parts can't be told from one another any more: they share
            // the span of the whole string.
            Place::Embedded { .. } => Text::from_encoded(out),
        };
        self.at += 1;
        Ok(text)
    }

    /// The unescaped text `start..end`, with the origins of its parts when it is embedded.
    fn piece(&self, start: usize, end: usize) -> Text {
        let slice = &self.text[start..end];
        match &self.place {
            Place::File(_) => Text::literal(slice),
            Place::Embedded { segments, .. } => {
                let inside = overlapping(segments, start, end);
                if inside.len() < 2 {
                    return Text::from_encoded(slice);
                }
                let parts: Vec<(Text, Span)> = inside
                    .iter()
                    .map(|s| {
                        let (from, to) = ((s.start as usize).max(start), (s.end as usize).min(end));
                        (Text::from_encoded(&self.text[from..to]), self.span(from, to))
                    })
                    .collect();
                Text::concat(parts.iter().map(|(t, s)| (t, *s)))
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), ReadError> {
        let start = self.at;
        self.at += 2;
        match self.bytes.get(start + 1) {
            Some(b'"') => out.push('"'),
            Some(b'\\') => out.push('\\'),
            Some(b'/') => out.push('/'),
            Some(b'b') => out.push('\u{8}'),
            Some(b'f') => out.push('\u{C}'),
            Some(b'n') => out.push('\n'),
            Some(b'r') => out.push('\r'),
            Some(b't') => out.push('\t'),
            Some(b'u') => {
                let first = self.hex4(start)?;
                let code = if (0xD800..0xDC00).contains(&first) {
                    if self.bytes.get(self.at..self.at + 2) != Some(b"\\u") {
                        return Err(self.error("first half of a surrogate pair without its second half", start));
                    }
                    self.at += 2;
                    let second = self.hex4(start)?;
                    if !(0xDC00..0xE000).contains(&second) {
                        return Err(self.error("first half of a surrogate pair without its second half", start));
                    }
                    0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
                } else {
                    first
                };
                match char::from_u32(code) {
                    Some(c) => out.push(c),
                    None => return Err(self.error("second half of a surrogate pair without its first half", start)),
                }
            }
            _ => return Err(self.error("unknown escape in a string", start)),
        }
        Ok(())
    }

    fn hex4(&mut self, start: usize) -> Result<u32, ReadError> {
        let digits = self.bytes.get(self.at..self.at + 4).filter(|d| d.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.ok_or_else(|| self.error("`\\u` needs four hexadecimal digits", start))?;
        let code = digits.iter().fold(0, |n, d| n * 16 + (*d as char).to_digit(16).unwrap_or(0));
        self.at += 4;
        Ok(code)
    }
}

/// Key texts that occur more than once in one object, compared exactly; each later occurrence.
pub fn duplicate_keys(mapping: &Mapping) -> Vec<&Entry> {
    /// Up to so many keys are compared one by one.
    const FEW: usize = 8;
    if mapping.len() <= FEW {
        let is_later = |i: usize, e: &Entry| mapping.entries.iter().take(i).any(|earlier| earlier.key == e.key);
        return mapping.iter().enumerate().filter(|(i, e)| is_later(*i, e)).map(|(_, e)| e).collect();
    }
    let mut seen = rustc_hash::FxHashSet::default();
    mapping.iter().filter(|e| !seen.insert(e.key.as_str())).collect()
}

fn write_quoted(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| matches!(b, b'"' | b'\\' | 0..=0x1F)) {
        // What is escaped is ASCII, so both cuts are between characters.
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let (escaped, after) = from.split_at(1);
        match escaped {
            "\"" => out.push_str("\\\""),
            "\\" => out.push_str("\\\\"),
            "\u{8}" => out.push_str("\\b"),
            "\u{C}" => out.push_str("\\f"),
            "\n" => out.push_str("\\n"),
            "\r" => out.push_str("\\r"),
            "\t" => out.push_str("\\t"),
            control => out.extend(control.bytes().map(|b| format!("\\u{b:04x}"))),
        }
        rest = after;
    }
    out.push_str(rest);
    out.push('"');
}

/// The tree as compact JSON text, symbols encoded as in [`Text::as_str`].
pub fn write_encoded(node: &Node) -> String {
    fn write(node: &Node, out: &mut String) {
        match &node.kind {
            NodeKind::Null => out.push_str("null"),
            NodeKind::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
            NodeKind::Number(n) => out.push_str(n),
            NodeKind::String(t) => write_quoted(t.as_str(), out),
            NodeKind::Sequence(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write(item, out);
                }
                out.push(']');
            }
            NodeKind::Mapping(m) => {
                out.push('{');
                for (i, e) in m.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write_quoted(e.key.as_str(), out);
                    out.push(':');
                    write(&e.value, out);
                }
                out.push('}');
            }
        }
    }
    let mut out = String::new();
    write(node, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::super::files::Sources;
    use super::*;

    fn parse(text: &str) -> Result<Node, ReadError> {
        let sources = Sources::new();
        let id = sources.add("t.json", text);
        read(id, text, &Limits::default())
    }

    #[test]
    fn values_keep_their_spans_and_spelling() {
        let node = parse(r#" {"a": [1.50, "x\ud83d\ude00y", true], "a": null} "#).unwrap();
        assert_eq!((node.span.start, node.span.end), (1, 49));
        let list = node.get("a").unwrap().as_sequence().unwrap();
        assert!(matches!(&list[0].kind, NodeKind::Number(n) if n == "1.50"));
        assert_eq!(list[1].as_str(), Some("x😀y"));
        assert_eq!(duplicate_keys(node.as_mapping().unwrap()).len(), 1);
    }

    #[test]
    fn what_rfc_8259_forbids_is_an_error_with_its_place() {
        for (text, offset, part) in [
            ("", 0, "empty"),
            ("[1,]", 3, "a value"),
            ("{'a':1}", 1, "double quotes"),
            ("{\"a\" 1}", 5, "`:`"),
            ("01", 0, "begin with `0`"),
            ("1.", 2, "a digit"),
            ("\"a\nb\"", 2, "control"),
            ("\"\\ud83d\"", 1, "surrogate"),
            ("\"\\udc00\"", 1, "surrogate"),
            ("\"\\x\"", 1, "escape"),
            ("\"abc", 0, "not closed"),
            ("[1] 2", 4, "after the end"),
            ("nul", 0, "null"),
            ("// c\n1", 0, "a value"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.span.start, offset, "{text:?}: {error}");
            assert!(error.message.contains(part), "{text:?}: {error}");
        }
    }

    #[test]
    fn depth_is_bounded_before_the_stack_is() {
        let error = parse(&"[".repeat(100_000)).unwrap_err();
        assert!(error.message.contains("200 levels"), "{error}");
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        assert!(parse("\u{FEFF}{}").is_ok());
    }

    #[test]
    fn embedded_json_points_into_the_string_that_holds_it() {
        let outer = Span::new(SourceId(0), 100, 120);
        let text = Text::concat([
            (&Text::from_encoded(r#"{"a":"x"#), Span::new(SourceId(0), 10, 17)),
            (&Text::from_encoded(r#"yz"}"#), Span::new(SourceId(0), 40, 44)),
        ]);
        let node = read_embedded(&text, outer, &Limits::default()).unwrap();
        let value = node.get("a").unwrap();
        assert_eq!(value.as_str(), Some("xyz"));
        assert_eq!(value.as_text().unwrap().origins(1..3).as_slice(), [Span::new(SourceId(0), 40, 42)]);
        let plain = Text::literal(r#"{"a":1}"#);
        assert_eq!(read_embedded(&plain, outer, &Limits::default()).unwrap().span, outer);
    }
}
