//! The pages of a column of a Parquet file: read by the `parquet` crate, decompressed here, by the decoders that the rest of the
//! program has, and looked at before the crate decodes them. It makes room for as many values as a page says that it holds, and
//! collects the elements of a list until the row ends, so both are held to what real files have.
//!
//! Source: Apache Parquet's "Encodings" and "Compression"; `parquet.thrift` (`DataPageHeader`, `DataPageHeaderV2`).

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Take};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{ChunkReader, Length, SerializedPageReader};
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor};

/// No page is longer than this, decompressed; writers' own limits are 1 to 100 MB.
const MAX_PAGE: usize = 128 << 20;
/// Nor has it more values.
const MAX_VALUES: usize = 1 << 24;
/// What the pages of a row group that are read at one time take.
const MAX_HELD: u64 = 512 << 20;
/// What one list of a row can take: elements times the longest value. A record of CloudTrail has 256 KB.
const MAX_LIST: usize = 64 << 20;
/// No header of a page is longer than this; statistics are in it.
const MAX_HEADER: u64 = 16 << 20;

/// The file, which gives no more than a page at a time.
pub(super) struct Source {
    file: File,
    length: u64,
}

impl Source {
    pub(super) fn new(file: File, length: u64) -> Source {
        Source { file, length }
    }

    fn at(&self, start: u64) -> Result<File> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        Ok(file)
    }
}

impl Length for Source {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Source {
    type T = Take<BufReader<File>>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(BufReader::new(self.at(start)?).take(MAX_HEADER))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        if length > MAX_PAGE {
            return Err(wrong(format!("a page is longer than {} MB", MAX_PAGE >> 20)));
        }
        let mut bytes = Vec::new();
        self.at(start)?.take(length as u64).read_to_end(&mut bytes)?;
        if bytes.len() < length {
            return Err(wrong("the file is truncated"));
        }
        Ok(bytes.into())
    }
}

pub(super) fn wrong(message: impl Into<String>) -> ParquetError {
    ParquetError::General(message.into())
}

/// How pages are compressed.
#[derive(Clone, Copy)]
enum Codec {
    None,
    Snappy,
    Gzip,
    Zstd,
}

impl Codec {
    fn decompress(self, bytes: &Bytes) -> Result<Bytes> {
        // Nothing is compressed to nothing.
        if bytes.is_empty() {
            return Ok(Bytes::new());
        }
        let too_long = || wrong(format!("a page is longer than {} MB", MAX_PAGE >> 20));
        let broken = |error: &dyn std::fmt::Display| wrong(format!("a page can't be decompressed: {error}"));
        let all = |reader: &mut dyn Read| {
            let mut out = Vec::new();
            reader.take(MAX_PAGE as u64 + 1).read_to_end(&mut out).map_err(|error| broken(&error))?;
            if out.len() > MAX_PAGE { Err(too_long()) } else { Ok(out.into()) }
        };
        match self {
            Codec::None => Ok(bytes.clone()),
            Codec::Snappy => match snap::raw::decompress_len(bytes) {
                Ok(length) if length > MAX_PAGE => Err(too_long()),
                Ok(_) => {
                    snap::raw::Decoder::new().decompress_vec(bytes).map(Bytes::from).map_err(|error| broken(&error))
                }
                Err(error) => Err(broken(&error)),
            },
            Codec::Gzip => all(&mut flate2::read::MultiGzDecoder::new(bytes.as_ref())),
            Codec::Zstd => {
                let decoder = ruzstd::decoding::StreamingDecoder::new(bytes.as_ref());
                all(&mut decoder.map_err(|error| broken(&error))?)
            }
        }
    }
}

/// What the pages of a row group take together, and what was decompressed in all.
#[derive(Default)]
pub(super) struct Budget {
    held: AtomicU64,
    pub(super) read: AtomicU64,
}

/// The pages of one column of a row group.
pub(super) struct Pages {
    inner: SerializedPageReader<Source>,
    codec: Codec,
    column: ColumnDescPtr,
    budget: Arc<Budget>,
    /// What the dictionary and the page before took.
    dictionary: u64,
    page: u64,
    lists: Lists,
}

impl Pages {
    pub(super) fn new(
        source: Arc<Source>,
        chunk: &ColumnChunkMetaData,
        rows: usize,
        budget: Arc<Budget>,
    ) -> Result<Pages> {
        let codec = match chunk.compression() {
            Compression::UNCOMPRESSED => Codec::None,
            Compression::SNAPPY => Codec::Snappy,
            Compression::GZIP(_) => Codec::Gzip,
            Compression::ZSTD(_) => Codec::Zstd,
            other => {
                let name = other.to_string();
                let name = name.split('(').next().unwrap_or_default();
                return Err(wrong(format!("pages compressed by {name} are not read; SNAPPY, GZIP and ZSTD are")));
            }
        };
        let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
        if start < 0 || chunk.compressed_size() < 0 {
            return Err(wrong("a column lies outside of the file"));
        }
        // The crate leaves pages as they are that it takes to be uncompressed.
        let plain = chunk.clone().into_builder().set_compression(Compression::UNCOMPRESSED).build()?;
        let inner = SerializedPageReader::new(source, &plain, rows, None)?;
        let column = chunk.column_descr_ptr();
        Ok(Pages { inner, codec, column, budget, dictionary: 0, page: 0, lists: Lists::default() })
    }

    fn held(&mut self, bytes: usize, is_dictionary: bool) -> Result<()> {
        let held = if is_dictionary { &mut self.dictionary } else { &mut self.page };
        let before = std::mem::replace(held, bytes as u64);
        self.budget.read.fetch_add(bytes as u64, Ordering::Relaxed);
        let all = self.budget.held.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        self.budget.held.fetch_sub(before, Ordering::Relaxed);
        match all.saturating_sub(before) > MAX_HELD {
            true => Err(wrong(format!("the pages of a row group take more than {} MB", MAX_HELD >> 20))),
            false => Ok(()),
        }
    }

    fn decompressed(&mut self, page: Page) -> Result<Page> {
        match page {
            Page::DictionaryPage { buf, num_values, encoding, is_sorted } => {
                let buf = self.codec.decompress(&buf)?;
                self.held(buf.len(), true)?;
                dictionary_fits(&buf, num_values as usize, &self.column)?;
                self.lists.longest = longest(Encoding::PLAIN, &buf);
                Ok(Page::DictionaryPage { buf, num_values, encoding, is_sorted })
            }
            Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, statistics } => {
                let buf = self.codec.decompress(&buf)?;
                self.held(buf.len(), false)?;
                let levels = [
                    (self.column.max_rep_level(), rep_level_encoding),
                    (self.column.max_def_level(), def_level_encoding),
                ];
                let mut rest = buf.as_ref();
                for (number, (max, level_encoding)) in levels.into_iter().enumerate() {
                    if max == 0 {
                        continue;
                    }
                    if level_encoding != Encoding::RLE {
                        return Err(wrong(format!("levels encoded by {level_encoding} are not read")));
                    }
                    let (bytes, after) = prefixed(rest).ok_or_else(|| wrong("a page is broken"))?;
                    if number == 0 {
                        self.lists.add(bytes, num_values as usize)?;
                    }
                    rest = after;
                }
                values_fit(rest, num_values as usize, encoding)?;
                self.lists.longest = self.lists.longest.max(longest(encoding, rest));
                Ok(Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, statistics })
            }
            Page::DataPageV2 {
                buf,
                num_values,
                encoding,
                num_nulls,
                num_rows,
                def_levels_byte_len,
                rep_levels_byte_len,
                is_compressed,
                statistics,
            } => {
                let of_repetition = rep_levels_byte_len as usize;
                let of_levels = of_repetition.saturating_add(def_levels_byte_len as usize);
                if of_levels > buf.len() {
                    return Err(wrong("a page is broken"));
                }
                let (levels, values) = (buf.slice(..of_levels), buf.slice(of_levels..));
                let values = if is_compressed { self.codec.decompress(&values)? } else { values };
                self.held(of_levels + values.len(), false)?;
                if self.column.max_rep_level() > 0 {
                    self.lists.add(&levels.slice(..of_repetition), num_values as usize)?;
                }
                values_fit(&values, num_values as usize, encoding)?;
                self.lists.longest = self.lists.longest.max(longest(encoding, &values));
                let buf = match is_compressed {
                    true => Bytes::from([levels.as_ref(), values.as_ref()].concat()),
                    false => buf,
                };
                Ok(Page::DataPageV2 {
                    buf,
                    num_values,
                    encoding,
                    num_nulls,
                    num_rows,
                    def_levels_byte_len,
                    rep_levels_byte_len,
                    is_compressed,
                    statistics,
                })
            }
        }
    }
}

/// The crate makes room for all values of a dictionary before it reads them.
fn dictionary_fits(bytes: &[u8], count: usize, column: &ColumnDescriptor) -> Result<()> {
    let least = match column.physical_type() {
        Type::BYTE_ARRAY | Type::INT32 | Type::FLOAT => 4,
        Type::INT64 | Type::DOUBLE => 8,
        Type::INT96 => 12,
        Type::FIXED_LEN_BYTE_ARRAY => usize::try_from(column.type_length()).unwrap_or(0).max(1),
        Type::BOOLEAN => 1,
    };
    match count > MAX_VALUES || count.saturating_mul(least) > bytes.len() {
        true => Err(wrong(format!("a dictionary of {} bytes has not {count} values", bytes.len()))),
        false => Ok(()),
    }
}

/// Whether every list of a column has an end that memory suffices for.
#[derive(Debug, Default)]
struct Lists {
    /// The longest value, as far as the dictionary and the pages say.
    longest: usize,
    /// Elements of the list that the pages read so far have left open.
    run: usize,
}

impl Lists {
    /// Takes the repetition levels of a page, as runs of one bit for each element: set if it belongs to the same row as the one
    /// before.
    fn add(&mut self, levels: &[u8], count: usize) -> Result<()> {
        let broken = || wrong("a page is broken");
        let (mut left, mut rest) = (count, levels);
        while left > 0 {
            let (head, after) = varint(rest).ok_or_else(broken)?;
            let of_run = usize::try_from(head >> 1).ok().filter(|of_run| *of_run > 0).ok_or_else(broken)?;
            if head & 1 == 0 {
                let (level, after) = after.split_first().ok_or_else(broken)?;
                let of_run = of_run.min(left);
                self.run = if *level == 0 { 1 } else { self.run.saturating_add(of_run) };
                self.check()?;
                (left, rest) = (left - of_run, after);
            } else {
                let bytes = after.get(..of_run).unwrap_or(after);
                let bits = (bytes.len() * 8).min(left);
                if bits == 0 {
                    return Err(broken());
                }
                for at in 0..bits {
                    let is_set = bytes.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1);
                    self.run = if is_set { self.run + 1 } else { 1 };
                    self.check()?;
                }
                (left, rest) = (left - bits, after.get(bytes.len()..).unwrap_or_default());
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        // An element takes some room however short its value is.
        match self.run.saturating_mul(self.longest.max(1 << 10)) > MAX_LIST {
            true => Err(wrong(format!("a list of a row takes more than {} MB", MAX_LIST >> 20))),
            false => Ok(()),
        }
    }
}

/// What a length stands before, and what comes behind it.
fn prefixed(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (at, byte) in bytes.iter().take(10).enumerate() {
        number |= u64::from(byte & 0x7F).checked_shl(7 * at as u32)?;
        if *byte < 0x80 {
            return Some((number, bytes.get(at + 1..)?));
        }
    }
    None
}

/// The longest text of a page without encoding.
fn longest(encoding: Encoding, values: &[u8]) -> usize {
    if encoding != Encoding::PLAIN {
        return 0;
    }
    let (mut rest, mut longest) = (values, 0);
    while let Some((value, after)) = prefixed(rest) {
        longest = longest.max(value.len());
        rest = after;
    }
    longest
}

/// Whether a page has as many values as it says, as far as the crate makes room for them beforehand.
fn values_fit(values: &[u8], count: usize, encoding: Encoding) -> Result<()> {
    let absurd = || wrong("a page says that it has more values than it can hold");
    if count > MAX_VALUES {
        return Err(absurd());
    }
    let lists = match encoding {
        Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BINARY_PACKED => 1,
        Encoding::DELTA_BYTE_ARRAY => 2,
        _ => 0,
    };
    let mut rest = values;
    for _ in 0..lists {
        // A page of nulls alone has no values.
        if rest.is_empty() {
            return Ok(());
        }
        let (of_list, after) = delta_list(rest).ok_or_else(|| wrong("a page is broken"))?;
        if of_list > count as u64 {
            return Err(absurd());
        }
        rest = after;
    }
    Ok(())
}

/// How many numbers a list of differences has, and what comes behind it.
fn delta_list(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (of_block, rest) = varint(bytes)?;
    let (minis, rest) = varint(rest)?;
    let (count, rest) = varint(rest)?;
    let (_first, mut rest) = varint(rest)?;
    let of_mini = of_block.checked_div(minis)?;
    if of_mini == 0 || minis > 1024 || count > MAX_VALUES as u64 {
        return Some((count, rest));
    }
    let mut left = count.saturating_sub(1);
    while left > 0 {
        let (_least, after) = varint(rest)?;
        let (widths, mut after) = after.split_at_checked(usize::try_from(minis).ok()?)?;
        for width in widths {
            if left == 0 {
                break;
            }
            let bits = of_mini.checked_mul(u64::from(*width))?;
            // The last one may be cut off behind its last value.
            after = after.get(usize::try_from(bits / 8).ok()?..).unwrap_or_default();
            left = left.saturating_sub(of_mini);
        }
        rest = after;
    }
    Some((count, rest))
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        match self.inner.get_next_page()? {
            Some(page) => self.decompressed(page).map(Some),
            None => Ok(None),
        }
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.inner.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.inner.skip_next_page()
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.page + self.dictionary, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_without_end_is_refused_and_lists_of_a_row_are_not() {
        // Runs of one level: a hundred rows with one element each; then bits: rows of eight elements.
        let mut lists = Lists::default();
        lists.add(&[200, 1, 0, 0x03, 0xFE], 108).expect("short lists");
        assert_eq!(lists.run, 8);
        let mut endless = Lists::default();
        endless.add(&[0xFE, 0xFF, 0x03, 1], 32_767).expect("some room");
        assert!(endless.add(&[0xFE, 0xFF, 0x0F, 1], 131_071).is_err(), "over pages");
        let mut long_values = Lists { longest: 1 << 20, run: 0 };
        assert!(long_values.add(&[200, 1, 1], 100).is_err());
        for broken in [&[][..], &[200, 1], &[0, 0], &[0x03], &[0x01]] {
            assert!(Lists::default().add(broken, 100).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn a_page_that_promises_more_values_than_it_has_is_refused() {
        // Blocks of 128 in 4 parts, and how many there are; the first is 0, and differences have no bits.
        let numbers = |count: u8| [0x80, 0x01, 4, count, 0, 0, 0, 0, 0, 0];
        assert_eq!(delta_list(&numbers(100)).map(|(count, rest)| (count, rest.len())), Some((100, 0)));
        let both = [&numbers(3)[..], &numbers(3)].concat();
        assert!(values_fit(&both, 3, Encoding::DELTA_BYTE_ARRAY).is_ok());
        assert!(values_fit(&both, 2, Encoding::DELTA_BYTE_ARRAY).is_err());
        let second = [&numbers(3)[..], &[0x80, 0x01, 4, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0]].concat();
        assert!(values_fit(&second, 3, Encoding::DELTA_BYTE_ARRAY).is_err());
        assert!(values_fit(&second, 3, Encoding::DELTA_LENGTH_BYTE_ARRAY).is_ok());
        assert!(values_fit(&[], 3, Encoding::DELTA_BYTE_ARRAY).is_ok(), "nulls alone");
        assert!(values_fit(&[], MAX_VALUES + 1, Encoding::PLAIN).is_err());
        assert!(values_fit(&[0x80], 3, Encoding::DELTA_BINARY_PACKED).is_err());
    }

    #[test]
    fn what_is_compressed_to_almost_nothing_has_a_limit() {
        let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let megabyte = vec![0; 1 << 20];
        for _ in 0..MAX_PAGE / megabyte.len() + 1 {
            std::io::Write::write_all(&mut bomb, &megabyte).expect("in memory");
        }
        let bomb = Bytes::from(bomb.finish().expect("in memory"));
        let refused = |codec: Codec, bytes: &Bytes| codec.decompress(bytes).expect_err("too long").to_string();
        assert!(refused(Codec::Gzip, &bomb).contains("a page is longer than 128 MB"));
        // Snappy says how long it will be.
        assert!(refused(Codec::Snappy, &Bytes::from_static(&[0xFF, 0xFF, 0xFF, 0xFF, 0x07])).contains("longer than"));
        assert!(refused(Codec::Zstd, &Bytes::from_static(b"no zstd")).contains("can't be decompressed"));
    }
}
