//! Strings that may hold unknown values and remember where each part was written.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;
use smol_str::{SmolStr, SmolStrBuilder};

use super::files::Span;
use super::symbol::{Shape, Symbol, SymbolInfo, SymbolKind};

/// A string of literal text and [`Symbol`]s.
///
/// Equality and hashing look at the characters alone, not at the origins.
#[derive(Clone, Default)]
pub struct Text {
    chars: SmolStr,
    /// Present only for strings put together from several places; ordered, covering all of `chars`.
    segments: Option<Arc<Vec<Segment>>>,
}

/// Where a part of a [`Text`] was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// First byte within the text's [`Text::as_str`].
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// Where it was written.
    pub origin: Span,
}

/// A part of a [`Text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Known characters.
    Literal(&'a str),
    /// An unknown value.
    Symbol(Symbol),
}

impl Text {
    /// Text as it stands in an input. Private use characters in it become symbols of their own.
    pub fn literal(s: impl AsRef<str>) -> Text {
        let s = s.as_ref();
        if !Symbol::occurs_in(s) {
            return Text { chars: SmolStr::new(s), segments: None };
        }
        let mut chars = String::with_capacity(s.len());
        for c in s.chars() {
            if Symbol::of(c).is_some() {
                let symbol = Symbol::intern(SymbolInfo {
                    scope: SmolStr::default(),
                    name: SmolStr::from_iter([c]),
                    kind: SymbolKind::PrivateUseCharacter,
                    shape: Shape::Literal,
                    sensitive: false,
                });
                chars.push(symbol.as_char());
            } else {
                chars.push(c);
            }
        }
        Text { chars: chars.into(), segments: None }
    }

    /// One unknown value.
    pub fn symbol(symbol: Symbol) -> Text {
        Text { chars: SmolStr::from_iter([symbol.as_char()]), segments: None }
    }

    /// Characters that are already encoded, as [`Text::as_str`] gives them; no origins are kept.
    pub fn from_encoded(chars: impl Into<SmolStr>) -> Text {
        Text { chars: chars.into(), segments: None }
    }

    /// Joins parts, each with the place where it was written; origins inside the parts are kept.
    pub fn concat<'a>(parts: impl IntoIterator<Item = (&'a Text, Span)>) -> Text {
        let mut chars = SmolStrBuilder::new();
        let mut length = 0u32;
        let mut segments = Vec::new();
        for (part, span) in parts {
            if part.chars.is_empty() {
                continue;
            }
            chars.push_str(&part.chars);
            match &part.segments {
                Some(inner) => segments.extend(inner.iter().map(|s| Segment {
                    start: s.start + length,
                    end: s.end + length,
                    origin: s.origin,
                })),
                None => segments.push(Segment { start: length, end: length + part.chars.len() as u32, origin: span }),
            }
            length += part.chars.len() as u32;
        }
        Text { chars: chars.finish(), segments: (!segments.is_empty()).then(|| Arc::new(segments)) }
    }

    /// The part `range` (bytes of [`Text::as_str`]), with its origins.
    ///
    /// # Panics
    ///
    /// When the range does not lie on character boundaries.
    pub fn slice(&self, range: Range<usize>) -> Text {
        let segments = self.segments.as_ref().map(|segments| {
            let (from, to) = (range.start as u32, range.end as u32);
            let cut = segments.iter().filter(|s| s.start < to && s.end > from);
            Arc::new(
                cut.map(|s| Segment { start: s.start.max(from) - from, end: s.end.min(to) - from, origin: s.origin })
                    .collect(),
            )
        });
        Text { chars: SmolStr::new(&self.chars[range]), segments }
    }

    /// The characters, symbols as the private use characters that stand for them.
    pub fn as_str(&self) -> &str {
        &self.chars
    }

    /// The characters as a shared string.
    pub fn as_smol(&self) -> &SmolStr {
        &self.chars
    }

    /// The string when all of it is known.
    pub fn known(&self) -> Option<&str> {
        (!self.has_unknown()).then_some(&self.chars)
    }

    /// True if any part is unknown. (A private use character of the input counts as unknown: nothing about it is
    /// decided, but it is shown as it is.)
    pub fn has_unknown(&self) -> bool {
        Symbol::occurs_in(&self.chars)
    }

    /// True for the empty string.
    pub fn is_empty(&self) -> bool {
        self.chars.is_empty()
    }

    /// The one symbol that the text consists of.
    pub fn as_symbol(&self) -> Option<Symbol> {
        let mut chars = self.chars.chars();
        let symbol = Symbol::of(chars.next()?)?;
        chars.next().is_none().then_some(symbol)
    }

    /// Literal runs and symbols, in order.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let mut rest = self.as_str();
        std::iter::from_fn(move || {
            let first = rest.chars().next()?;
            if let Some(symbol) = Symbol::of(first) {
                rest = &rest[first.len_utf8()..];
                return Some(Piece::Symbol(symbol));
            }
            let end = rest.char_indices().find(|(_, c)| Symbol::of(*c).is_some()).map_or(rest.len(), |(i, _)| i);
            let (literal, tail) = rest.split_at(end);
            rest = tail;
            Some(Piece::Literal(literal))
        })
    }

    /// The symbols in it, in order, repetitions included.
    pub fn symbols(&self) -> impl Iterator<Item = Symbol> + '_ {
        self.pieces().filter_map(|p| match p {
            Piece::Symbol(symbol) => Some(symbol),
            Piece::Literal(_) => None,
        })
    }

    /// Where parts were written, for strings put together from several places; empty otherwise (the whole text
    /// then comes from the span of its node).
    pub fn segments(&self) -> &[Segment] {
        self.segments.as_deref().map_or(&[], |s| s)
    }

    /// The places in which the part `range` was written; empty when the text has no parts of its own.
    pub fn origins(&self, range: Range<usize>) -> SmallVec<[Span; 2]> {
        let overlapping =
            self.segments().iter().filter(|s| (s.start as usize) < range.end && s.end as usize > range.start);
        overlapping.map(|s| s.origin).collect()
    }

    /// The string as people read it: unknown parts as `${name}`.
    pub fn display(&self) -> String {
        self.to_string()
    }
}

/// Writes an encoded string (see [`Text::as_str`]) with unknown parts as `${name}`.
pub fn display_encoded(s: &str) -> String {
    Text::from_encoded(s).display()
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.has_unknown() {
            return f.write_str(&self.chars);
        }
        for piece in self.pieces() {
            match piece {
                Piece::Literal(s) => f.write_str(s)?,
                Piece::Symbol(symbol) => {
                    let info = symbol.info();
                    match info.kind {
                        SymbolKind::PrivateUseCharacter => f.write_str(&info.name)?,
                        _ => write!(f, "${{{}}}", info.name)?,
                    }
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.display())
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.chars == other.chars
    }
}
impl Eq for Text {}
impl std::hash::Hash for Text {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.chars.hash(state);
    }
}
impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Text {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.chars.cmp(&other.chars)
    }
}
impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.chars == other
    }
}
impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.chars == *other
    }
}
impl From<&str> for Text {
    fn from(s: &str) -> Text {
        Text::literal(s)
    }
}

#[cfg(test)]
mod tests {
    use super::super::files::SourceId;
    use super::*;

    fn symbol(name: &str) -> Symbol {
        Symbol::intern(SymbolInfo {
            scope: "text tests".into(),
            name: name.into(),
            kind: SymbolKind::Parameter,
            shape: Shape::Name,
            sensitive: false,
        })
    }

    #[test]
    fn a_joined_text_knows_where_each_part_was_written() {
        let at = |n| Span::new(SourceId(0), n, n + 1);
        let text = Text::concat([
            (&Text::literal("arn:"), at(1)),
            (&Text::symbol(symbol("P")), at(2)),
            (&Text::literal(":s3"), at(3)),
        ]);
        assert_eq!(text.display(), "arn:${P}:s3");
        assert_eq!(text.known(), None);
        let end = text.as_str().len();
        assert_eq!(text.origins(end - 2..end).as_slice(), [at(3)]);
        let outer = Text::concat([(&Text::literal("<"), at(9)), (&text, at(10))]);
        assert_eq!(outer.origins(0..1).as_slice(), [at(9)]);
        assert_eq!(outer.origins(1..2).as_slice(), [at(1)]);
        assert_eq!(outer.slice(1..outer.as_str().len()), text);
    }

    #[test]
    fn a_private_use_character_of_the_input_is_shown_as_it_is() {
        let text = Text::literal("a\u{F0000}b");
        assert_eq!(text.display(), "a\u{F0000}b");
        assert_eq!(text.pieces().count(), 3);
    }
}
