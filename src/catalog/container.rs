//! The file that holds the data: named entries, each compressed by itself, so that only what is asked for is decoded.
//!
//! `data/README.md` describes the format and `data/container.py` writes it. What is in the entries isn't known here.

use std::borrow::Cow;
use std::io::Read;
use std::ops::Range;

use ruzstd::decoding::StreamingDecoder;
use sha2::{Digest, Sha256};

const MAGIC: &[u8; 8] = b"IAMPDATA";
const FORMAT_VERSION: u32 = 1;
const HEAD: usize = 8 + 4 + 32;

/// No entry is larger than this once decoded; a file that says otherwise is refused.
const MAX_ENTRY: usize = 64 << 20;

/// The bytes of a data file and where its entries are.
pub(super) struct Container {
    bytes: Cow<'static, [u8]>,
    date: String,
    /// Sorted by name.
    entries: Vec<Entry>,
}

struct Entry {
    name: Range<usize>,
    frame: Range<usize>,
    decoded: usize,
}

/// Why a data file can't be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum ContainerError {
    #[error("not a service data file")]
    NotServiceData,
    #[error("service data format {found} where this program reads format {FORMAT_VERSION}")]
    OtherVersion { found: u32 },
    #[error("the file is damaged: its checksum doesn't match")]
    Checksum,
    #[error("the file is damaged: its index is not valid")]
    Index,
    #[error("the file lacks the entry `{name}`")]
    Missing { name: String },
    #[error("the entry `{name}` can't be decompressed")]
    Compression { name: String },
    #[error("the entry `{name}` is not valid")]
    Entry { name: String },
}

impl Container {
    /// Reads the index; decodes nothing.
    pub(super) fn open(bytes: Cow<'static, [u8]>) -> Result<Container, ContainerError> {
        let version = bytes.strip_prefix(MAGIC).ok_or(ContainerError::NotServiceData)?;
        let version = version.first_chunk::<4>().ok_or(ContainerError::Index)?;
        let found = u32::from_le_bytes(*version);
        if found != FORMAT_VERSION {
            return Err(ContainerError::OtherVersion { found });
        }
        let mut reader = Reader::new(&bytes);
        let index = (|| {
            reader.skip(HEAD)?;
            let date = reader.text()?.to_owned();
            let count = reader.count()?;
            let mut lengths = Vec::with_capacity(count);
            for _ in 0..count {
                let name = reader.text_range()?;
                lengths.push((name, reader.number()?, reader.number()?));
            }
            let mut at = reader.position();
            let mut entries = Vec::with_capacity(count);
            for (name, compressed, decoded) in lengths {
                let end = at.checked_add(compressed).filter(|end| *end <= bytes.len())?;
                if decoded > MAX_ENTRY {
                    return None;
                }
                entries.push(Entry { name, frame: at..end, decoded });
                at = end;
            }
            (at == bytes.len()).then_some((date, entries))
        })();
        let (date, entries) = index.ok_or(ContainerError::Index)?;
        let container = Container { bytes, date, entries };
        if container.names().is_sorted_by(|a, b| a < b) { Ok(container) } else { Err(ContainerError::Index) }
    }

    /// Compares the bytes with the checksum in the file.
    pub(super) fn verify(&self) -> Result<(), ContainerError> {
        let written = self.bytes.get(12..HEAD).ok_or(ContainerError::Index)?;
        let body = self.bytes.get(HEAD..).ok_or(ContainerError::Index)?;
        if Sha256::digest(body)[..] == *written { Ok(()) } else { Err(ContainerError::Checksum) }
    }

    /// The day of the data, `YYYY-MM-DD`.
    pub(super) fn date(&self) -> &str {
        &self.date
    }

    /// The names of all entries, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| self.name(entry))
    }

    fn name(&self, entry: &Entry) -> &str {
        // INVARIANT: `open` has read the name as text from this range.
        self.bytes.get(entry.name.clone()).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default()
    }

    /// Decodes an entry.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>, ContainerError> {
        let found = self.entries.binary_search_by(|entry| self.name(entry).cmp(name));
        let missing = || ContainerError::Missing { name: name.to_owned() };
        let entry = found.ok().and_then(|i| self.entries.get(i)).ok_or_else(missing)?;
        self.decode(entry).ok_or_else(|| ContainerError::Compression { name: name.to_owned() })
    }

    fn decode(&self, entry: &Entry) -> Option<Vec<u8>> {
        let frame = self.bytes.get(entry.frame.clone())?;
        let mut decoded = Vec::with_capacity(entry.decoded);
        // One byte more than promised tells a frame that is longer.
        let limit = u64::try_from(entry.decoded).ok()?.checked_add(1)?;
        StreamingDecoder::new(frame).ok()?.take(limit).read_to_end(&mut decoded).ok()?;
        (decoded.len() == entry.decoded).then_some(decoded)
    }
}

/// Reads numbers (LEB128) and texts (length, UTF-8) from bytes; `None` when they don't hold what is asked for.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    fn skip(&mut self, count: usize) -> Option<Range<usize>> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len())?;
        let range = self.at..end;
        self.at = end;
        Some(range)
    }

    pub(super) fn number(&mut self) -> Option<usize> {
        let mut number = 0usize;
        // Numbers here are lengths and positions: five groups of seven bits are more than any file needs.
        for shift in (0..35).step_by(7) {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            number |= usize::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A number of things that follow: each takes at least a byte, so more than the bytes left can't be true. This
    /// bounds what is allocated for them.
    pub(super) fn count(&mut self) -> Option<usize> {
        let count = self.number()?;
        (count <= self.bytes.len() - self.at).then_some(count)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = self.number()?;
        let range = self.skip(length)?;
        std::str::from_utf8(self.bytes.get(range)?).ok()
    }

    /// Where a text stands, having seen that it is one.
    fn text_range(&mut self) -> Option<Range<usize>> {
        let length = self.number()?;
        let range = self.skip(length)?;
        std::str::from_utf8(self.bytes.get(range.clone())?).ok()?;
        Some(range)
    }
}

impl std::fmt::Debug for Container {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Container").field("date", &self.date).field("entries", &self.entries.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMBEDDED: &[u8] = super::super::embedded::DATA;

    fn open(bytes: Vec<u8>) -> Result<Container, ContainerError> {
        let container = Container::open(Cow::Owned(bytes))?;
        container.verify()?;
        Ok(container)
    }

    #[test]
    fn the_embedded_file_opens_and_its_checksum_holds() {
        let container = open(EMBEDDED.to_vec()).unwrap();
        assert!(container.names().count() > 400);
    }

    #[test]
    fn every_entry_decodes() {
        let container = Container::open(Cow::Borrowed(EMBEDDED)).unwrap();
        for name in container.names() {
            container.read(name).unwrap_or_else(|e| panic!("{e}"));
        }
    }

    #[test]
    fn text_that_is_no_data_file_is_refused_as_such() {
        assert_eq!(open(b"{}".to_vec()).unwrap_err(), ContainerError::NotServiceData);
        assert_eq!(open(Vec::new()).unwrap_err(), ContainerError::NotServiceData);
    }

    #[test]
    fn a_file_of_a_later_format_is_refused_with_both_versions() {
        let mut bytes = EMBEDDED.to_vec();
        bytes[8] = 9;
        let error = open(bytes).unwrap_err();
        assert_eq!(error.to_string(), "service data format 9 where this program reads format 1");
    }

    #[test]
    fn a_changed_byte_anywhere_in_the_body_is_noticed() {
        for at in (HEAD..EMBEDDED.len()).step_by(EMBEDDED.len() / 23) {
            let mut bytes = EMBEDDED.to_vec();
            bytes[at] ^= 0x10;
            assert!(open(bytes).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_file_cut_short_anywhere_is_refused() {
        for end in (0..EMBEDDED.len()).step_by(EMBEDDED.len() / 57) {
            assert!(open(EMBEDDED[..end].to_vec()).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn a_count_larger_than_the_bytes_left_is_refused() {
        assert_eq!(Reader::new(&[0xff, 0xff, 0x7f, 0]).count(), None);
        assert_eq!(Reader::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]).number(), None);
    }
}
