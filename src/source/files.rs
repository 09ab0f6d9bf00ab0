//! Source files and spans: byte ranges are kept everywhere, line and column are derived only for output.

use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, OnceLock, RwLock};

/// Names one file of a [`Sources`] registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// A byte range of one source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// First byte, from 0.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The bytes `start..end` of `source`.
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        Span { source, start: start as u32, end: end.max(start) as u32 }
    }

    /// The smallest span that holds both, or `self` when they are of different files.
    pub fn join(self, other: Span) -> Span {
        if self.source != other.source {
            return self;
        }
        Span { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A place as people read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// From 1, in Unicode characters.
    pub column: usize,
    /// Bytes from 0.
    pub offset: usize,
}

/// The text of one input with the name that messages give it.
#[derive(Debug)]
pub struct SourceFile {
    name: String,
    text: Arc<str>,
    line_starts: OnceLock<Vec<u32>>,
    /// How many characters begin before each block of [`BLOCK`] bytes.
    characters: OnceLock<Vec<u32>>,
    /// The bytes that no report shows.
    hidden: RwLock<Vec<(u32, u32)>>,
}

/// Bytes of a block. Characters of longer lines are counted by blocks: what a tool has written may be one line of megabytes.
const BLOCK: usize = 1024;

fn begun(bytes: &[u8]) -> usize {
    bytes.iter().filter(|b| **b & 0xC0 != 0x80).count()
}

impl SourceFile {
    fn new(name: String, text: Arc<str>) -> Self {
        SourceFile { name, text, line_starts: OnceLock::new(), characters: OnceLock::new(), hidden: RwLock::default() }
    }

    /// The path as it was given, or a name such as `<stdin>`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path's folder, for references relative to the file.
    pub fn folder(&self) -> &Path {
        Path::new(&self.name).parent().unwrap_or(Path::new(""))
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text as reports may show it: secrets are as many asterisks as they have bytes, so that places stay the same.
    pub fn shown_text(&self) -> Cow<'_, str> {
        let hidden = self.hidden.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        if hidden.is_empty() {
            return Cow::Borrowed(&self.text);
        }
        let mut bytes = self.text.as_bytes().to_vec();
        for (start, end) in hidden.iter() {
            let range = *start as usize..(*end as usize).min(self.text.len());
            if self.text.is_char_boundary(range.start) && self.text.is_char_boundary(range.end) {
                bytes.get_mut(range).into_iter().flatten().filter(|b| !b.is_ascii_whitespace()).for_each(|b| *b = b'*');
            }
        }
        Cow::Owned(String::from_utf8(bytes).unwrap_or_default())
    }

    /// Byte offsets at which the lines start.
    pub fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let mut starts = vec![0u32];
            starts.extend(self.text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i as u32 + 1));
            starts
        })
    }

    /// Line and column of a byte offset; offsets past the end give the end.
    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let starts = self.line_starts();
        let line = starts.partition_point(|s| *s as usize <= offset).saturating_sub(1);
        let start = starts[line] as usize;
        let column = if offset - start <= BLOCK {
            self.text[start..offset].chars().count()
        } else {
            self.characters_before(offset) - self.characters_before(start)
        };
        Position { line: line + 1, column: column + 1, offset }
    }

    /// How many characters begin before a byte offset.
    fn characters_before(&self, offset: usize) -> usize {
        let bytes = self.text.as_bytes();
        let blocks = self.characters.get_or_init(|| {
            let mut before = 0;
            let count = |block: &[u8]| {
                let here = before;
                before += begun(block) as u32;
                here
            };
            bytes.chunks(BLOCK).map(count).collect()
        });
        let whole = offset / BLOCK;
        // Past the last block, if the text ends with a whole one.
        let whole = whole.min(blocks.len().saturating_sub(1));
        blocks.get(whole).map_or(0, |before| *before as usize) + begun(&bytes[whole * BLOCK..offset])
    }

    /// The text of one line (from 1), without its line break.
    pub fn line(&self, line: usize) -> Option<&str> {
        let starts = self.line_starts();
        let start = *starts.get(line.checked_sub(1)?)? as usize;
        let end = starts.get(line).map_or(self.text.len(), |e| *e as usize);
        Some(self.text[start..end].trim_end_matches(['\n', '\r']))
    }
}

/// All files of a run. Files are only ever added, so ids and spans stay valid.
#[derive(Debug, Default)]
pub struct Sources {
    files: RwLock<Vec<Arc<SourceFile>>>,
}

impl Sources {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text under a name and returns its id. A name may be added again: it gets another id.
    pub fn add(&self, name: impl Into<String>, text: impl Into<Arc<str>>) -> SourceId {
        let mut files = self.files.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        let id = SourceId(files.len() as u32);
        files.push(Arc::new(SourceFile::new(name.into(), text.into())));
        id
    }

    /// The file of an id.
    ///
    /// # Panics
    ///
    /// When the id is of another registry.
    pub fn get(&self, id: SourceId) -> Arc<SourceFile> {
        let files = self.files.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        Arc::clone(&files[id.0 as usize])
    }

    /// All files, in the order in which they were added.
    pub fn all(&self) -> Vec<Arc<SourceFile>> {
        self.files.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    /// Keeps what is written at a place, a secret, from being shown: see [`SourceFile::shown_text`].
    pub fn hide(&self, span: Span) {
        let file = self.get(span.source);
        let mut hidden = file.hidden.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        hidden.push((span.start, span.end));
    }

    /// Start and end of a span, as people read them.
    pub fn positions(&self, span: Span) -> (Position, Position) {
        let file = self.get(span.source);
        (file.position(span.start as usize), file.position(span.end as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown_and_moves_nothing() {
        let sources = Sources::new();
        let id = sources.add("t.yaml", "Default: hünter\n  two\nType: String");
        sources.hide(Span::new(id, 9, 22));
        assert_eq!(sources.get(id).shown_text(), "Default: *******\n  ***\nType: String");
        assert!(sources.get(id).text().contains("hünter"));
    }

    #[test]
    fn columns_of_a_very_long_line_count_characters() {
        let line: String = "aé€𝄞b".repeat(2_000);
        let text = format!("first\n{line}\nlast");
        let file = SourceFile::new("plan.json".to_owned(), text.as_str().into());
        for (column, (offset, _)) in line.char_indices().enumerate() {
            assert_eq!(file.position(6 + offset), Position { line: 2, column: column + 1, offset: 6 + offset });
        }
        assert_eq!(file.position(text.len()).column, 5);
        let whole = "x".repeat(4 * BLOCK);
        let end = whole.len();
        assert_eq!(SourceFile::new(String::new(), whole.as_str().into()).position(end).column, end + 1);
    }

    #[test]
    fn columns_count_characters_and_offsets_count_bytes() {
        let sources = Sources::new();
        let id = sources.add("t", "é: x\nb");
        let file = sources.get(id);
        assert_eq!(file.position(4), Position { line: 1, column: 4, offset: 4 });
        assert_eq!(file.position(6), Position { line: 2, column: 1, offset: 6 });
        assert_eq!(file.position(1), Position { line: 1, column: 1, offset: 0 });
        assert_eq!(file.line(1), Some("é: x"));
        assert_eq!(file.line(3), None);
    }
}
