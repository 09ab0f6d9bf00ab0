//! YAML into the [`Node`] tree, from `saphyr-parser`'s events.
//!
//! Tags stay on the nodes, scalars stay as written, duplicate keys are kept. Anchors are resolved by copying
//! (within [`Limits::expanded_nodes`]), and merge keys (`<<`) are merged: explicit keys win, then earlier maps.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use smol_str::SmolStr;

use super::error::ReadError;
use super::files::{SourceId, Span};
use super::limits::Limits;
use super::node::{Entry, Mapping, Node, NodeKind};
use super::text::Text;

/// Reads one YAML document.
///
/// # Errors
///
/// The first violation of the grammar or of `limits`, with its place; a second document; a key that is not a
/// scalar.
///
/// ```
/// use iam_preflight::source::{Limits, Sources, yaml};
/// let sources = Sources::new();
/// let text = "Version: 2012-10-17\nName: !Sub '${A}-x'\n";
/// let id = sources.add("t.yaml", text);
/// let node = yaml::read(id, text, &Limits::default()).unwrap();
/// assert_eq!(node.get("Version").and_then(|v| v.as_str()), Some("2012-10-17"));
/// assert_eq!(node.get("Name").unwrap().tag.as_deref(), Some("!Sub"));
/// ```
pub fn read(source: SourceId, text: &str, limits: &Limits) -> Result<Node, ReadError> {
    if text.len() > limits.bytes {
        return Err(ReadError::new(
            format!("document of {} bytes is over the limit of {} bytes", text.len(), limits.bytes),
            Span::new(source, 0, 0),
        ));
    }
    let (skipped, body) = match text.strip_prefix('\u{FEFF}') {
        Some(body) => ('\u{FEFF}'.len_utf8(), body),
        None => (0, text),
    };
    // Reading again after each repair costs at most this many bytes.
    const REPAIR_BYTES: usize = 64 << 20;
    let mut repaired = Repaired::new(body);
    let mut spent = 0;
    loop {
        match Builder::new(source, text, limits, ByteOffsets::new(body, skipped, &repaired)).read(&repaired.text) {
            Ok(root) => return Ok(root),
            Err(Stop::Limit(error)) => return Err(error),
            Err(Stop::Syntax { index, in_flow, error }) => {
                spent += repaired.text.len();
                if spent > REPAIR_BYTES || !repaired.indent(index, in_flow, &error.message) {
                    return Err(error);
                }
            }
        }
    }
}

/// Why reading ended.
enum Stop {
    /// A limit, or what YAML allows and we don't read.
    Limit(ReadError),
    /// The parser's error, at a character of the text that it was given.
    Syntax { index: usize, in_flow: bool, error: ReadError },
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Stop {
        Stop::Limit(error)
    }
}

/// The document with spaces put in front of lines that continue a flow collection further left than the YAML
/// specification allows. CloudFormation and most YAML readers accept them; `saphyr-parser` does not.
struct Repaired {
    text: String,
    /// Character positions in `text` at which spaces were put, ascending.
    insertions: Vec<usize>,
}

impl Repaired {
    /// More than any real indentation.
    const SPACES: usize = 250;

    fn new(text: &str) -> Repaired {
        Repaired { text: text.to_owned(), insertions: Vec::new() }
    }

    /// Indents the line of the character `index` if that is what `message` is about; false if it is not.
    fn indent(&mut self, index: usize, in_flow: bool, message: &str) -> bool {
        let Some((byte, character)) = self.text.char_indices().nth(index) else { return false };
        let in_flow = in_flow || message.contains("flow construct");
        if !message.starts_with("invalid indentation") || !(in_flow || matches!(character, ']' | '}')) {
            return false;
        }
        let line = self.text[..byte].rfind('\n').map_or(0, |at| at + 1);
        if !self.text[line..byte].chars().all(|c| c == ' ') {
            return false;
        }
        let start = index - self.text[line..byte].chars().count();
        if self.insertions.contains(&start) {
            return false;
        }
        self.text.insert_str(line, &" ".repeat(Self::SPACES));
        for later in self.insertions.iter_mut().filter(|at| **at > start) {
            *later += Self::SPACES;
        }
        self.insertions.push(start);
        self.insertions.sort_unstable();
        true
    }
}

/// The parser counts characters; spans count bytes.
struct ByteOffsets {
    /// Byte offset of each character; `None` when they are all one byte long.
    table: Option<Vec<u32>>,
    skipped: usize,
    length: usize,
    insertions: Vec<usize>,
}

impl ByteOffsets {
    fn new(text: &str, skipped: usize, repaired: &Repaired) -> Self {
        let table = (!text.is_ascii()).then(|| text.char_indices().map(|(i, _)| i as u32).collect());
        ByteOffsets { table, skipped, length: text.len(), insertions: repaired.insertions.clone() }
    }

    fn get(&self, characters: usize) -> usize {
        let before = self.insertions.iter().take_while(|at| **at < characters);
        let put_in: usize = before.map(|at| (characters - at).min(Repaired::SPACES)).sum();
        let characters = characters - put_in;
        let byte = match &self.table {
            None => characters.min(self.length),
            Some(table) => table.get(characters).map_or(self.length, |b| *b as usize),
        };
        byte + self.skipped
    }
}

/// A list or map that is not finished yet.
struct Open {
    anchor: usize,
    tag: Option<Box<str>>,
    start: u32,
    end: u32,
    kind: OpenKind,
}

enum OpenKind {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, merges: Vec<Node>, key: Option<(Text, Span)> },
}

struct Builder<'a> {
    source: SourceId,
    text: &'a str,
    limits: &'a Limits,
    bytes: ByteOffsets,
    anchors: FxHashMap<usize, (Rc<Node>, usize)>,
    expanded: usize,
    open: Vec<Open>,
    root: Option<Node>,
}

impl<'a> Builder<'a> {
    fn new(source: SourceId, text: &'a str, limits: &'a Limits, bytes: ByteOffsets) -> Self {
        Builder {
            source,
            text,
            limits,
            bytes,
            anchors: FxHashMap::default(),
            expanded: 0,
            open: Vec::new(),
            root: None,
        }
    }

    fn read(mut self, body: &str) -> Result<Node, Stop> {
        let mut parser = Parser::new_from_str(body).keep_tags(true);
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|e| {
                let at = self.bytes.get(e.marker().index());
                let span = Span::new(self.source, at, (at + 1).min(self.text.len().max(at)));
                let error = ReadError::new(e.info().to_owned(), span);
                Stop::Syntax { index: e.marker().index(), in_flow: self.is_in_flow(), error }
            })?;
            let span = Span::new(self.source, self.bytes.get(span.start.index()), self.bytes.get(span.end.index()));
            self.event(event, span)?;
        }
        self.root.ok_or_else(|| ReadError::new("document is empty", Span::new(self.source, 0, 0)).into())
    }

    /// True within `[…]` or `{…}`, so far as the events tell.
    fn is_in_flow(&self) -> bool {
        let Some(open) = self.open.last() else { return false };
        let written = &self.text[open.start as usize..];
        // A tag stands before the bracket.
        let value = if written.starts_with('!') { written.split_once(' ').map_or("", |(_, v)| v) } else { written };
        value.trim_start().starts_with(['[', '{'])
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), ReadError> {
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(ReadError::new("a second YAML document begins here; only one is read", span))
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                Ok(())
            }
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor).cloned() else {
                    return Err(ReadError::new("alias to an anchor that is not complete here", span));
                };
                self.expanded += size;
                if self.expanded > self.limits.expanded_nodes {
                    let limit = self.limits.expanded_nodes;
                    return Err(ReadError::new(format!("aliases expand to more than {limit} nodes"), span));
                }
                self.finished(Rc::unwrap_or_clone(node), 0, span)
            }
            Event::Scalar(value, style, anchor, tag) => {
                let span = self.trimmed(span, style);
                let kind = scalar(&value, style, tag.as_deref());
                let node = Node { kind, span, tag: local_tag(tag.as_deref()) };
                self.finished(node, anchor, span)
            }
            Event::SequenceStart(anchor, tag) => {
                self.start(anchor, tag.as_deref(), span, OpenKind::Sequence(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                let kind = OpenKind::Mapping { entries: Vec::new(), merges: Vec::new(), key: None };
                self.start(anchor, tag.as_deref(), span, kind)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
        }
    }

    /// The parser ends block scalars after their line break, and quoted ones before a comment behind them after it;
    /// the span ends with the scalar's last character.
    fn trimmed(&self, span: Span, style: ScalarStyle) -> Span {
        let written = &self.text[span.start as usize..span.end as usize];
        let length = match style {
            ScalarStyle::Plain => return span,
            ScalarStyle::Literal | ScalarStyle::Folded => written.trim_end().len(),
            ScalarStyle::SingleQuoted => quoted_len(written, '\''),
            ScalarStyle::DoubleQuoted => quoted_len(written, '"'),
        };
        Span { end: span.start + length as u32, ..span }
    }

    fn start(&mut self, anchor: usize, tag: Option<&Tag>, span: Span, kind: OpenKind) -> Result<(), ReadError> {
        if self.open.len() >= self.limits.depth {
            return Err(ReadError::new(format!("nested more than {} levels deep", self.limits.depth), span));
        }
        self.open.push(Open { anchor, tag: local_tag(tag), start: span.start, end: span.end, kind });
        Ok(())
    }

    fn end(&mut self, span: Span) -> Result<(), ReadError> {
        // INVARIANT: the parser balances starts and ends.
        let Some(open) = self.open.pop() else { return Ok(()) };
        // A block collection's end event stands at the next token; a flow collection's holds its bracket.
        let bracket =
            matches!(self.text.as_bytes().get(span.start as usize), Some(b'}' | b']')) && span.end > span.start;
        let end = if bracket { span.start + 1 } else { open.end };
        let span = Span { source: self.source, start: open.start, end };
        let kind = match open.kind {
            OpenKind::Sequence(items) => NodeKind::Sequence(items),
            OpenKind::Mapping { mut entries, merges, .. } => {
                for merge in merges {
                    self.merge(&mut entries, merge)?;
                }
                NodeKind::Mapping(Mapping { entries })
            }
        };
        self.finished(Node { kind, span, tag: open.tag }, open.anchor, span)
    }

    fn merge(&mut self, entries: &mut Vec<Entry>, merge: Node) -> Result<(), ReadError> {
        match merge.kind {
            NodeKind::Mapping(map) => {
                for entry in map.entries {
                    if !entries.iter().any(|e| e.key == entry.key) {
                        entries.push(entry);
                    }
                }
                Ok(())
            }
            NodeKind::Sequence(maps) if maps.iter().all(|m| m.as_mapping().is_some()) => {
                maps.into_iter().try_for_each(|map| self.merge(entries, map))
            }
            _ => Err(ReadError::new("the value of `<<` must be a map or a list of maps", merge.span)),
        }
    }

    fn finished(&mut self, node: Node, anchor: usize, place: Span) -> Result<(), ReadError> {
        if anchor != 0 {
            let size = count(&node);
            self.anchors.insert(anchor, (Rc::new(node.clone()), size));
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        parent.end = parent.end.max(place.end);
        match &mut parent.kind {
            OpenKind::Sequence(items) => items.push(node),
            OpenKind::Mapping { entries, merges, key } => match key.take() {
                None => {
                    let text = node.scalar_text().or_else(|| matches!(node.kind, NodeKind::Null).then(Text::default));
                    match text {
                        Some(text) => *key = Some((text, node.span)),
                        None => return Err(ReadError::new("a key must be a scalar", node.span)),
                    }
                }
                Some((text, _)) if text == "<<" => merges.push(node),
                Some((text, key_span)) => entries.push(Entry { key: text, key_span, value: node }),
            },
        }
        Ok(())
    }
}

fn count(node: &Node) -> usize {
    1 + match &node.kind {
        NodeKind::Sequence(items) => items.iter().map(count).sum(),
        NodeKind::Mapping(map) => map.iter().map(|e| 1 + count(&e.value)).sum(),
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) | NodeKind::String(_) => 0,
    }
}

fn local_tag(tag: Option<&Tag>) -> Option<Box<str>> {
    let tag = tag.filter(|t| !t.is_yaml_core_schema())?;
    Some(format!("{}{}", tag.handle, tag.suffix).into_boxed_str())
}

fn scalar(value: &str, style: ScalarStyle, tag: Option<&Tag>) -> NodeKind {
    let string = || NodeKind::String(Text::literal(value));
    if style != ScalarStyle::Plain {
        return string();
    }
    if let Some(tag) = tag {
        // `!!str 1` is a string; a tag of the document's own (`!Ref x`) is about the text as written.
        if !tag.is_yaml_core_schema() || tag.suffix == "str" {
            return string();
        }
    }
    match value {
        "" | "~" | "null" | "Null" | "NULL" => NodeKind::Null,
        "true" | "True" | "TRUE" => NodeKind::Bool(true),
        "false" | "False" | "FALSE" => NodeKind::Bool(false),
        _ if is_number(value) => NodeKind::Number(SmolStr::new(value)),
        _ => string(),
    }
}

/// JSON's number grammar: what YAML writes otherwise (octal, sexagesimal, leading zeros) stays text.
fn is_number(s: &str) -> bool {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let s = s.strip_prefix('-').unwrap_or(s);
    let (mantissa, exponent) = match s.split_once(['e', 'E']) {
        Some((m, e)) => (m, Some(e)),
        None => (s, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((w, f)) => (w, Some(f)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

/// The length of a quoted scalar, and of what stands before it, up to its closing quote.
fn quoted_len(written: &str, quote: char) -> usize {
    if !written.contains('#') {
        return written.trim_end().len();
    }
    let Some(open) = written.find(quote) else { return written.len() };
    let mut chars = written.char_indices().skip_while(|(i, _)| *i <= open).peekable();
    while let Some((i, c)) = chars.next() {
        let escapes =
            c == '\\' && quote == '"' || c == quote && quote == '\'' && chars.peek().is_some_and(|n| n.1 == c);
        if escapes {
            chars.next();
        } else if c == quote {
            return i + 1;
        }
    }
    written.len()
}

#[cfg(test)]
mod tests {
    use super::super::files::Sources;
    use super::*;

    fn parse(text: &str) -> Result<Node, ReadError> {
        let sources = Sources::new();
        let id = sources.add("t.yaml", text);
        read(id, text, &Limits::default())
    }

    fn written<'a>(text: &'a str, node: &Node) -> &'a str {
        &text[node.span.start as usize..node.span.end as usize]
    }

    #[test]
    fn scalars_stay_as_written() {
        let node =
            parse("a: 012345678901\nb: 2012-10-17\nc: 12345678901234567890\nd: True\ne: yes\nf: '1'\ng:\n").unwrap();
        let text = |k: &str| node.get(k).and_then(Node::scalar_text).map(|t| t.display());
        assert_eq!(text("a").as_deref(), Some("012345678901"));
        assert_eq!(text("b").as_deref(), Some("2012-10-17"));
        assert_eq!(text("c").as_deref(), Some("12345678901234567890"));
        assert!(matches!(node.get("d").unwrap().kind, NodeKind::Bool(true)));
        assert!(node.get("e").unwrap().as_str().is_some());
        assert!(node.get("f").unwrap().as_str().is_some());
        assert!(matches!(node.get("g").unwrap().kind, NodeKind::Null));
    }

    #[test]
    fn spans_are_bytes_and_end_with_the_last_child() {
        let text = "é: 'ü'\nlist:\n  - a\n  - {b: c}\n# comment\nblock: |\n  x\n  y\n\nend: 1\n";
        let node = parse(text).unwrap();
        assert_eq!(written(text, node.get("é").unwrap()), "'ü'");
        assert_eq!(written(text, node.get("list").unwrap()), "- a\n  - {b: c}");
        assert!(written(text, node.get("block").unwrap()).ends_with("y"));
        assert_eq!(written(text, node.get("end").unwrap()), "1");
    }

    #[test]
    fn a_comment_behind_a_quoted_scalar_or_a_bracket_is_no_part_of_it() {
        let text =
            "x: [1]  # g\na: 'it''s #1'  # c\nb:\n  - \"x\\\"#\" # \"d\"\n  - !Sub \"y\"  # e\nc: [ 'z' # f\n]\n";
        let node = parse(text).unwrap();
        assert_eq!(written(text, node.get("x").unwrap()), "[1]");
        assert_eq!(written(text, node.get("a").unwrap()), "'it''s #1'");
        let list = node.get("b").unwrap().as_sequence().unwrap();
        assert_eq!(list.iter().map(|n| written(text, n)).collect::<Vec<_>>(), ["\"x\\\"#\"", "!Sub \"y\""]);
        assert_eq!(written(text, node.get("b").unwrap()), "- \"x\\\"#\" # \"d\"\n  - !Sub \"y\"");
        assert_eq!(written(text, &node.get("c").unwrap().as_sequence().unwrap()[0]), "'z'");
    }

    #[test]
    fn tags_are_kept_and_part_of_the_span() {
        let text = "a: !Sub '${X}'\nb: !GetAtt A.B\nc: !Join [ '', [a, !Ref b]]\nd: !Ref 1\n";
        let node = parse(text).unwrap();
        assert_eq!(node.get("a").unwrap().tag.as_deref(), Some("!Sub"));
        assert!(written(text, node.get("a").unwrap()).contains("${X}"));
        assert_eq!(
            node.get("c").unwrap().as_sequence().unwrap()[1].as_sequence().unwrap()[1].tag.as_deref(),
            Some("!Ref")
        );
        assert_eq!(node.get("d").unwrap().as_str(), Some("1"));
    }

    #[test]
    fn anchors_are_copied_and_merge_keys_merged() {
        let node = parse("base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\nagain: *b\n").unwrap();
        let used = node.get("use").unwrap();
        assert_eq!(used.get("x").unwrap().scalar_text().unwrap(), "1");
        assert_eq!(used.get("y").unwrap().scalar_text().unwrap(), "3");
        assert!(node.get("again").unwrap().same_value(node.get("base").unwrap()));
    }

    #[test]
    fn bombs_and_deep_nesting_are_errors_with_their_place() {
        let mut bomb = String::from("a: &a [x,x,x,x,x,x,x,x,x,x]\n");
        for (this, last) in ('b'..='i').zip('a'..) {
            let list = format!("*{last},").repeat(10);
            bomb.push_str(&format!("{this}: &{this} [{list}]\n"));
        }
        assert!(parse(&bomb).unwrap_err().message.contains("more than 200000 nodes"));
        let deep: String = (0..10_000).map(|i| format!("{}a:\n", " ".repeat(i.min(400)))).collect();
        assert!(parse(&deep).is_err());
        let deep = "[".repeat(10_000);
        assert!(parse(&deep).is_err());
        let deep: String = (0..300).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
        assert!(parse(&deep).unwrap_err().message.contains("200 levels"));
    }

    #[test]
    fn flow_collections_may_be_closed_further_left_and_spans_stay_true() {
        let text =
            "é:\n  a: [\n    1,\n    x\n  ]\n  b: {c:\n   d\n}\n  e: [\n f ]\n  g: !Sub [\n    '${X}', {X: y}\n  ]\n";
        let node = parse(text).unwrap();
        let inner = node.get("é").unwrap();
        assert_eq!(written(text, inner.get("a").unwrap()), "[\n    1,\n    x\n  ]");
        assert_eq!(written(text, &inner.get("e").unwrap().as_sequence().unwrap()[0]), "f");
        assert_eq!(written(text, inner.get("b").unwrap().get("c").unwrap()), "d");
        assert_eq!(inner.get("g").unwrap().as_sequence().unwrap().len(), 2);
        assert!(parse("a:\n  b: 1\n ]\n").is_err());
    }

    #[test]
    fn duplicate_keys_and_second_documents_are_seen() {
        assert_eq!(parse("a: 1\na: 2\n").unwrap().as_mapping().unwrap().len(), 2);
        assert!(parse("a: 1\n---\nb: 2\n").unwrap_err().message.contains("second"));
        assert!(parse("").unwrap_err().message.contains("empty"));
        assert!(parse("a: [1\n").is_err());
        assert!(parse("a: *nope\n").is_err());
    }
}
