//! The footer of a Parquet file: where it is, and whether its schema is one that can be read. The `parquet` crate reads it, and
//! trusts two numbers in it: it follows a schema as deep as it goes, and makes room for as many children as a group says that it
//! has. Either would end the process, so the schema is walked through here first.
//!
//! Source: Apache Parquet's `parquet.thrift` (`FileMetaData`, `SchemaElement`); Apache Thrift, "Thrift Compact protocol
//! encoding".

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

/// How a file begins and ends.
pub(super) const MAGIC: &[u8; 4] = b"PAR1";
/// How one ends whose footer is encrypted.
const ENCRYPTED: &[u8; 4] = b"PARE";
/// No footer is longer than this; that of a thousand row groups of forty columns has some 8 MB.
const MAX_FOOTER: u64 = 16 << 20;
/// No schema is deeper than this, nor a structure of the footer.
const MAX_DEPTH: usize = 32;

/// The footer of a file of that length.
pub(super) fn read(file: &mut File, length: u64) -> Result<Vec<u8>, String> {
    let mut tail = [0; 8];
    let cut = || "the file is truncated: it does not end as Parquet does".to_owned();
    if length < 12 {
        return Err(cut());
    }
    file.seek(SeekFrom::Start(length - 8)).and_then(|_| file.read_exact(&mut tail)).map_err(|e| e.to_string())?;
    let [a, b, c, d, magic @ ..] = tail;
    match &magic {
        MAGIC => {}
        ENCRYPTED => return Err("the file is encrypted; decrypt it".to_owned()),
        _ => return Err(cut()),
    }
    let of_footer = u64::from(u32::from_le_bytes([a, b, c, d]));
    if of_footer > MAX_FOOTER {
        return Err(format!("the footer is longer than {} MB", MAX_FOOTER >> 20));
    }
    let Some(start) = (length - 8).checked_sub(of_footer) else { return Err(cut()) };
    let mut footer = Vec::new();
    let read = file.seek(SeekFrom::Start(start)).and_then(|_| file.take(of_footer).read_to_end(&mut footer));
    read.map_err(|e| e.to_string())?;
    check(&footer).ok_or("the footer is broken")??;
    Ok(footer)
}

/// Walks through a footer; `None` where it ends too early.
fn check(footer: &[u8]) -> Option<Result<(), String>> {
    let mut at = Compact { bytes: footer };
    let mut id = 0;
    while let Some(field) = at.field(&mut id)? {
        if id == 2 && field == LIST {
            return at.schema();
        }
        at.skip(field, 0)?;
    }
    Some(Err("the footer has no schema".to_owned()))
}

/// Types of the compact protocol.
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;

/// What is left to be read. Methods give `None` where there is too little, or too deep a structure.
struct Compact<'a> {
    bytes: &'a [u8],
}

impl Compact<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn pass(&mut self, count: u64) -> Option<()> {
        self.bytes = self.bytes.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// The type of the next field of a structure, whose id follows from that of the one before; none at its end.
    fn field(&mut self, id: &mut i64) -> Option<Option<u8>> {
        let head = self.byte()?;
        if head == 0 {
            return Some(None);
        }
        *id = match head >> 4 {
            0 => self.signed()?,
            step => id.checked_add(i64::from(step))?,
        };
        Some(Some(head & 0x0F))
    }

    /// The type of a list's elements, and how many there are.
    fn list(&mut self) -> Option<(u8, u64)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.number()?,
            count => u64::from(count),
        };
        Some((head & 0x0F, count))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match kind {
            // In a structure their value is their type.
            TRUE | FALSE => Some(()),
            BYTE => self.pass(1),
            I16..=I64 => self.number().map(drop),
            DOUBLE => self.pass(8),
            BINARY => {
                let length = self.number()?;
                self.pass(length)
            }
            LIST | SET => {
                let (kind, count) = self.list()?;
                // In a list they are a byte each.
                let kind = if matches!(kind, TRUE | FALSE) { BYTE } else { kind };
                (0..count).try_for_each(|_| self.skip(kind, depth + 1))
            }
            MAP => {
                let count = self.number()?;
                if count == 0 {
                    return Some(());
                }
                let kinds = self.byte()?;
                (0..count).try_for_each(|_| {
                    self.skip(kinds >> 4, depth + 1)?;
                    self.skip(kinds & 0x0F, depth + 1)
                })
            }
            STRUCT => {
                let mut id = 0;
                while let Some(field) = self.field(&mut id)? {
                    self.skip(field, depth + 1)?;
                }
                Some(())
            }
            _ => None,
        }
    }

    /// The list of the schema's elements: each group is followed by its children.
    fn schema(&mut self) -> Option<Result<(), String>> {
        let (kind, count) = self.list()?;
        if kind != STRUCT {
            return None;
        }
        // How many children are still to come of each group that is open.
        let mut open: Vec<u64> = Vec::new();
        for number in 0..count {
            let mut children = 0;
            let mut id = 0;
            while let Some(field) = self.field(&mut id)? {
                match (id, field) {
                    (5, I16..=I64) => children = u64::try_from(self.signed()?).ok()?,
                    _ => self.skip(field, 0)?,
                }
            }
            if children >= count - number {
                return Some(Err("a group of the schema has more children than there are columns".to_owned()));
            }
            while open.last() == Some(&0) {
                open.pop();
            }
            if let Some(left) = open.last_mut() {
                *left -= 1;
            }
            if children > 0 {
                open.push(children);
            }
            if open.len() > MAX_DEPTH {
                return Some(Err(format!("the schema is deeper than {MAX_DEPTH} levels")));
            }
        }
        Some(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A footer with a schema of groups, each with so many children.
    fn footer(children: &[u32]) -> Vec<u8> {
        let mut bytes = vec![0x15, 2, 0x19, 0xF0 | STRUCT];
        bytes.extend(number(children.len() as u32));
        for count in children {
            bytes.extend([0x48, 1, b'x']);
            if *count > 0 {
                bytes.push(0x15);
                bytes.extend(number(count << 1));
            }
            bytes.push(0);
        }
        bytes.push(0);
        bytes
    }

    fn number(mut value: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        while value >= 0x80 {
            bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
        bytes
    }

    #[test]
    fn a_schema_that_would_end_the_process_is_refused() {
        assert_eq!(check(&footer(&[2, 0, 1, 0])), Some(Ok(())));
        let deep: Vec<u32> = std::iter::repeat_n(1, 100_000).chain([0]).collect();
        assert!(check(&footer(&deep)).is_some_and(|r| r.is_err_and(|e| e.contains("deeper"))));
        let wide = footer(&[i32::MAX as u32 / 2, 0]);
        assert!(check(&wide).is_some_and(|r| r.is_err_and(|e| e.contains("more children"))));
        let whole = footer(&[2, 0, 1, 0]);
        for end in 0..whole.len() - 1 {
            assert_eq!(check(&whole[..end]).and_then(Result::ok), None, "{end}");
        }
    }

    #[test]
    fn structures_in_structures_have_an_end() {
        let nested: Vec<u8> = std::iter::repeat_n(0x1C, 100_000).collect();
        assert_eq!(check(&nested), None);
    }
}
