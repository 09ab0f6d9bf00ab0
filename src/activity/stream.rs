//! The records of one stream of JSON, whatever holds them together: a log file's `{"Records": […]}`, the `{"Events": […]}` of
//! `aws cloudtrail lookup-events`, a bare array, or one record a line. The stream is read in pieces and only the record at hand
//! is kept; a record that can't be read is told, and reading goes on behind it.

use std::io::{self, Read};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::record::Record;

/// Bytes asked of the reader at a time.
const PIECE: usize = 512 << 10;
/// No record is longer than this; CloudTrail's own limit is 1 MB.
const MAX_RECORD: usize = 32 << 20;

/// What is found, in the order of the stream.
pub enum Found<'r, 'a> {
    /// A record; its number from 1.
    Record(u64, &'r Record<'a>),
    /// A record that can't be read, and why.
    Broken(u64, String),
}

/// How far a stream could be read.
#[derive(Debug)]
pub struct Reading {
    /// Bytes read.
    pub bytes: u64,
    /// Why the rest could not be read.
    pub stopped: Option<String>,
}

/// Where in a stream the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Between texts: at the beginning, and behind each record of a file of lines.
    Top,
    /// In the object that holds the array, before a name.
    Envelope,
    /// In the array, before a record; true if in an object.
    Items(bool),
    /// Behind a record of the array.
    BehindItem(bool),
}

/// Names under which an envelope has its records.
const ARRAYS: [&str; 2] = ["Records", "Events"];
/// What else envelopes begin with.
const OTHER: [&str; 3] = ["NextToken", "ResponseMetadata", "$metadata"];

struct Stream<R> {
    reader: R,
    buffer: Vec<u8>,
    at: usize,
    bytes: u64,
    ended: bool,
    /// Why the reader gave no more; told once what it gave before is used up.
    failure: Option<String>,
}

/// Reads a stream to its end, and hands each record to `each`.
pub fn read<R: Read>(reader: R, each: &mut dyn FnMut(Found<'_, '_>)) -> Reading {
    let mut stream =
        Stream { reader, buffer: Vec::with_capacity(2 * PIECE), at: 0, bytes: 0, ended: false, failure: None };
    let stopped = stream.records(each).err();
    Reading { bytes: stream.bytes, stopped }
}

/// What reading one value came to.
enum Step {
    /// The value ends there.
    Done(usize),
    /// More text is needed to tell.
    More,
}

impl<R: Read> Stream<R> {
    fn records(&mut self, each: &mut dyn FnMut(Found<'_, '_>)) -> Result<(), String> {
        let mut place = Place::Top;
        let mut number = 0;
        let mut any = false;
        loop {
            let Some(byte) = self.peek()? else {
                return match place {
                    Place::Top if any => Ok(()),
                    Place::Top => Err("the file is empty".to_owned()),
                    _ => Err("the text ends in the middle".to_owned()),
                };
            };
            any = true;
            place = match (place, byte) {
                (Place::Top, b'[') => self.pass(Place::Items(false)),
                (Place::Top, b'{') => match self.first_key()? {
                    Some(key) if ARRAYS.contains(&&*key) || OTHER.contains(&&*key) => self.pass(Place::Envelope),
                    _ => {
                        self.item(&mut number, each)?;
                        Place::Top
                    }
                },
                // Between the records of a file of lines some writers put commas.
                (Place::Top, b',') if number > 0 => self.pass(Place::Top),
                (Place::Envelope, b',') => self.pass(Place::Envelope),
                (Place::Envelope, b'}') => self.pass(Place::Top),
                (Place::Envelope, b'"') => {
                    let key: String = self.value()?;
                    if self.peek()? != Some(b':') {
                        return Err(self.unexpected());
                    }
                    self.at += 1;
                    if ARRAYS.contains(&key.as_str()) && self.peek()? == Some(b'[') {
                        self.pass(Place::Items(true))
                    } else {
                        self.value::<IgnoredAny>()?;
                        Place::Envelope
                    }
                }
                (Place::Items(in_object) | Place::BehindItem(in_object), b']') => {
                    self.pass(if in_object { Place::Envelope } else { Place::Top })
                }
                (Place::BehindItem(in_object), b',') => self.pass(Place::Items(in_object)),
                (Place::Items(in_object), _) => {
                    self.item(&mut number, each)?;
                    Place::BehindItem(in_object)
                }
                _ => return Err(self.unexpected()),
            };
        }
    }

    fn pass(&mut self, place: Place) -> Place {
        self.at += 1;
        place
    }

    /// Reads the record that begins here.
    fn item(&mut self, number: &mut u64, each: &mut dyn FnMut(Found<'_, '_>)) -> Result<(), String> {
        *number += 1;
        loop {
            let mut values = serde_json::Deserializer::from_slice(self.rest()).into_iter::<Record<'_>>();
            let problem = match values.next() {
                Some(Ok(record)) => {
                    each(Found::Record(*number, &record));
                    self.at += values.byte_offset();
                    return Ok(());
                }
                Some(Err(error)) if error.is_eof() => None,
                Some(Err(error)) => Some(message(&error)),
                None => None,
            };
            if let Some(problem) = problem {
                each(Found::Broken(*number, problem));
                return self.skip_value();
            }
            self.more_of_a_value()?;
        }
    }

    /// Reads a small value.
    fn value<T: for<'de> Deserialize<'de>>(&mut self) -> Result<T, String> {
        loop {
            let mut values = serde_json::Deserializer::from_slice(self.rest()).into_iter::<T>();
            match values.next() {
                Some(Ok(value)) => {
                    self.at += values.byte_offset();
                    return Ok(value);
                }
                Some(Err(error)) if !error.is_eof() => return Err(message(&error)),
                _ => self.more_of_a_value()?,
            }
        }
    }

    /// The first name in the object that begins here.
    fn first_key(&mut self) -> Result<Option<String>, String> {
        loop {
            let inside = self.rest().get(1..).unwrap_or_default();
            let mut values = serde_json::Deserializer::from_slice(inside).into_iter::<String>();
            match values.next() {
                Some(Ok(key)) => return Ok(Some(key)),
                Some(Err(error)) if !error.is_eof() => return Ok(None),
                _ if self.ended => return Ok(None),
                _ => self.more_of_a_value()?,
            }
        }
    }

    /// Passes over a value that could not be read, by its brackets alone.
    fn skip_value(&mut self) -> Result<(), String> {
        loop {
            match end_of_value(self.rest()) {
                Step::Done(length) => {
                    self.at += length;
                    return Ok(());
                }
                Step::More if self.ended && self.rest().iter().all(|b| !matches!(b, b'{' | b'[' | b'"')) => {
                    self.at = self.buffer.len();
                    return Ok(());
                }
                Step::More => self.more_of_a_value()?,
            }
        }
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    /// The next byte that is no white space; `None` at the end.
    fn peek(&mut self) -> Result<Option<u8>, String> {
        loop {
            while let Some(&byte) = self.buffer.get(self.at) {
                let mark =
                    self.bytes as usize == self.buffer.len() && self.at < 3 && matches!(byte, 0xEF | 0xBB | 0xBF);
                if !byte.is_ascii_whitespace() && !mark {
                    return Ok(Some(byte));
                }
                self.at += 1;
            }
            if self.ended {
                return Ok(None);
            }
            self.fill()?;
        }
    }

    fn more_of_a_value(&mut self) -> Result<(), String> {
        if self.ended {
            return Err("the text ends in the middle of a record".to_owned());
        }
        if self.rest().len() > MAX_RECORD {
            return Err(format!("a record is longer than {} MB", MAX_RECORD >> 20));
        }
        self.fill()
    }

    /// Reads on, for as much again as is at hand, so that a long value is not begun anew too often.
    fn fill(&mut self) -> Result<(), String> {
        self.buffer.drain(..self.at.min(self.buffer.len()));
        self.at = 0;
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let wanted = PIECE.max(self.buffer.len());
        let before = self.buffer.len();
        let result = self.reader.by_ref().take(wanted as u64).read_to_end(&mut self.buffer);
        let read = self.buffer.len() - before;
        self.bytes += read as u64;
        match result {
            Ok(_) => self.ended = read < wanted,
            Err(error) => {
                let truncated = error.kind() == io::ErrorKind::UnexpectedEof;
                let failure = if truncated { "the file is truncated".to_owned() } else { error.to_string() };
                if read == 0 {
                    return Err(failure);
                }
                self.failure = Some(failure);
            }
        }
        Ok(())
    }

    fn unexpected(&self) -> String {
        let found = String::from_utf8_lossy(self.rest().get(..1).unwrap_or_default()).into_owned();
        format!("unexpected `{found}` where a CloudTrail log goes on")
    }
}

/// The reader's message without the position, which is that in the piece at hand.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text.get(..at).unwrap_or(&text).to_owned(),
        None => text,
    }
}

/// Where a value ends that begins here; strings and brackets are all that is looked at.
fn end_of_value(text: &[u8]) -> Step {
    let mut depth = 0u64;
    let mut in_string = false;
    let mut escaped = false;
    for (at, byte) in text.iter().enumerate() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            if !in_string && depth == 0 {
                return Step::Done(at + 1);
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return Step::Done(at),
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Step::Done(at + 1);
                }
            }
            // A number or a word.
            b',' | b'\n' if depth == 0 => return Step::Done(at),
            _ => {}
        }
    }
    Step::More
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives few bytes at a time.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(self.1).min(out.len());
            let (now, later) = self.0.split_at(count);
            out[..count].copy_from_slice(now);
            self.0 = later;
            Ok(count)
        }
    }

    fn names(text: &str) -> (Vec<String>, Vec<u64>, Option<String>) {
        let mut names = Vec::new();
        let mut broken = Vec::new();
        let result = read(Drops(text.as_bytes(), 7), &mut |found| match found {
            Found::Record(_, record) => {
                names.push(record.event_name.as_deref().or(record.wrapped()).unwrap_or("?").to_owned());
            }
            Found::Broken(number, _) => broken.push(number),
        });
        assert_eq!(result.bytes, text.len() as u64);
        (names, broken, result.stopped)
    }

    #[test]
    fn every_form_that_holds_records_is_read() {
        for text in [
            r#"{"Records":[{"eventName":"A"},{"eventName":"B"}]}"#,
            r#"{"Records":[{"eventName":"A"} , {"eventName":"B"}], "x": {"y": [1]}}"#,
            r#"{"NextToken":"n","Events":[{"CloudTrailEvent":"A"},{"CloudTrailEvent":"B"}]}"#,
            r#" [ {"eventName":"A"},{"eventName":"B"} ] "#,
            "{\"eventName\":\"A\"}\n{\"eventName\":\"B\"}\n",
            "\u{FEFF}{\"eventName\":\"A\"}{\"eventName\":\"B\"}",
            "{\"Records\":[{\"eventName\":\"A\"}]}\n{\"Records\":[{\"eventName\":\"B\"}]}",
        ] {
            assert_eq!(names(text), (vec!["A".to_owned(), "B".to_owned()], vec![], None), "{text}");
        }
        assert_eq!(names(r#"{"Records":[]}"#), (vec![], vec![], None));
    }

    #[test]
    fn a_broken_record_is_passed_over_and_the_rest_is_read() {
        for broken in [
            r#"{"eventName":7}"#,
            r#"{"eventName":"B" "x"}"#,
            "17",
            "\"text\"",
            "[[]]",
            r#"{"a":"\ud800","eventName":"\ud800"}"#,
            "null7",
        ] {
            let text = format!(r#"{{"Records":[{{"eventName":"A"}},{broken},{{"eventName":"C"}}]}}"#);
            let expected = (vec!["A".to_owned(), "C".to_owned()], vec![2], None);
            assert_eq!(names(&text), expected, "{text}");
        }
    }

    #[test]
    fn a_text_that_ends_in_the_middle_gives_what_came_before() {
        let whole = r#"{"Records":[{"eventName":"A"},{"eventName":"B"}]}"#;
        for end in 1..whole.len() {
            let (found, _, stopped) = names(&whole[..end]);
            assert!(stopped.is_some(), "{end}");
            assert_eq!(found.len(), usize::from(end >= 29) + usize::from(end >= 47), "{end}");
        }
        assert!(names("").2.is_some());
    }
}
