//! Result files of queries on CloudTrail as CSV; `result_row` has what their columns mean.

use std::io::{self, Read};

use super::result_row::{Cells, Columns, Each, record_of};
use super::stream::Reading;

/// Counts what is read, and stops where a row has no end: a quote that is never closed makes one of all that follows.
struct Counting<R> {
    reader: R,
    bytes: u64,
    of_row: usize,
}

/// No row is longer than this.
const MAX_ROW: usize = 32 << 20;

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.of_row > MAX_ROW {
            return Err(io::Error::other(format!("a row is longer than {} MB", MAX_ROW >> 20)));
        }
        let read = self.reader.read(out)?;
        self.bytes += read as u64;
        self.of_row += read;
        Ok(read)
    }
}

impl Cells for csv::StringRecord {
    fn text(&self, at: usize) -> Option<&str> {
        self.get(at)
    }

    fn parts(&self, _: usize) -> Option<&serde_json::Value> {
        None
    }
}

/// Reads the rows of a file, each as the record or records that it stands for; their numbers are those of the rows, from 1.
pub(super) fn read<R: Read>(reader: R, each: &mut Each<'_>) -> Reading {
    let mut counting = Counting { reader, bytes: 0, of_row: 0 };
    let stopped = rows(&mut counting, each).err();
    Reading { bytes: counting.bytes, stopped }
}

fn rows<R: Read>(reader: &mut Counting<R>, each: &mut Each<'_>) -> Result<(), String> {
    let mut csv = csv::ReaderBuilder::new().flexible(true).from_reader(reader);
    let header = csv.headers().map_err(|error| message(&error))?;
    let columns = Columns::of(header.iter())?;
    let mut row = csv::StringRecord::new();
    let mut number = 0;
    loop {
        number += 1;
        match csv.read_record(&mut row) {
            Ok(false) => return Ok(()),
            Ok(true) => {
                csv.get_mut().of_row = 0;
                if row.len() < columns.count {
                    each(number, Err("the row has fewer columns than the header".to_owned()));
                } else {
                    record_of(&columns, &row, number, each);
                }
            }
            Err(error) if error.is_io_error() => return Err(message(&error)),
            Err(error) => each(number, Err(message(&error))),
        }
    }
}

fn message(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => "the file is truncated".to_owned(),
        csv::ErrorKind::Io(error) => error.to_string(),
        csv::ErrorKind::Utf8 { .. } => "the row is not UTF-8".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_every_form_are_records() {
        for csv in [
            "event_source,event_name,principal_type,principal_arn,event_count,first_seen,last_seen,resources\n\
             s3.amazonaws.com,GetObject,AssumedRole,arn:aws:iam::111122223333:role/p/a,1,2026-01-01 00:00:00.000,2026-01-02 00:00:00.000,\"[\"\"arn:aws:s3:::b/k\"\"]\"\n",
            "eventsource,eventname,useridentity,resources\n\
             s3.amazonaws.com,GetObject,\"{type=AssumedRole, sessioncontext={sessionissuer={arn=arn:aws:iam::111122223333:role/p/a}}}\",\"[{arn=arn:aws:s3:::b/k}]\"\n",
            "eventJson\n\"{\"\"eventSource\"\":\"\"s3.amazonaws.com\"\",\"\"eventName\"\":\"\"GetObject\"\",\"\"userIdentity\"\":{\"\"type\"\":\"\"AssumedRole\"\",\"\"sessionContext\"\":\
             {\"\"sessionIssuer\"\":{\"\"arn\"\":\"\"arn:aws:iam::111122223333:role/p/a\"\"}}},\"\"resources\"\":[{\"\"ARN\"\":\"\"arn:aws:s3:::b/k\"\"}]}\"\n",
        ] {
            let mut seen = 0;
            let reading = read(csv.as_bytes(), &mut |number, row| {
                let occurrence = row.unwrap_or_else(|e| panic!("{e}: {csv}"));
                assert_eq!((number, occurrence.count), (1, 1));
                let by = super::super::principal::CalledBy::of(occurrence.record.user_identity.as_ref());
                assert_eq!(
                    by,
                    super::super::principal::CalledBy::Principal("arn:aws:iam::111122223333:role/p/a"),
                    "{csv}"
                );
                let resource =
                    occurrence.record.resources.as_ref().and_then(|r| r.first()).and_then(|r| r.arn.as_deref());
                assert_eq!(resource, Some("arn:aws:s3:::b/k"), "{csv}");
                seen += 1;
            });
            assert_eq!((seen, reading.stopped, reading.bytes), (1, None, csv.len() as u64), "{csv}");
        }
    }

    #[test]
    fn a_quote_that_is_never_closed_does_not_take_all_memory() {
        let head = b"eventsource,eventname\ns3,a\n\"".as_slice();
        let mut rows = 0;
        let reading = read(head.chain(io::repeat(b'x')), &mut |_, _| rows += 1);
        assert_eq!((rows, reading.stopped.as_deref()), (1, Some("a row is longer than 32 MB")));
    }

    #[test]
    fn what_is_no_result_is_said() {
        let stopped = |csv: &str| read(csv.as_bytes(), &mut |_, _| {}).stopped;
        assert!(stopped("a,b\n1,2\n").is_some());
        let mut broken = 0;
        let csv = "eventsource,eventname,event_count\ns3,a,x\ns3,a\ns3,b,2\ns3,b,18446744073709551615\n";
        read(csv.as_bytes(), &mut |_, row| broken += u32::from(row.is_err()));
        assert_eq!(broken, 3);
    }
}
