//! Log files: found in folders as CloudTrail lays them out in S3, told from the other files there, and opened.
//!
//! Source: CloudTrail User Guide, "Finding your CloudTrail log files" and "CloudTrail log file name format".

use std::fs::{self, File};
use std::io::{self, BufReader, Chain, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::time::Timestamp;
use super::usage::Coverage;

/// A file that is to be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its length as it lies there.
    pub bytes: u64,
    /// What it holds.
    pub kind: LogKind,
}

/// What a file holds, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogKind {
    /// Records as JSON.
    Json,
    /// A query's result.
    Csv,
    /// The same as Parquet.
    Parquet,
}

/// Folders of CloudTrail's and Config's that hold something else.
const OTHER_FOLDERS: &[(&str, &str)] = &[
    ("CloudTrail-Digest", "digest file"),
    ("CloudTrail-Insight", "insight events"),
    ("CloudTrail-NetworkActivity", "network activity events"),
    ("Config", "AWS Config's file"),
];

/// Ends of names, lower case, without `.gz`.
const ENDS: &[(&str, LogKind)] = &[
    ("json", LogKind::Json),
    ("jsonl", LogKind::Json),
    ("ndjson", LogKind::Json),
    ("log", LogKind::Json),
    ("csv", LogKind::Csv),
    ("parquet", LogKind::Parquet),
];

/// All log files in the given files and folders, sorted by path, each once. What is passed over is counted; what can't be
/// read is a trouble. With `from`, files that were delivered before are passed over: their events are older than their names.
pub fn find(paths: &[PathBuf], from: Option<Timestamp>, coverage: &mut Coverage) -> Vec<LogFile> {
    let mut found = Vec::new();
    let mut folders = Vec::new();
    for path in paths {
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => folders.push(path.clone()),
            // What is named by hand is read, whatever its name.
            Ok(meta) => {
                let kind = kind(path).unwrap_or(LogKind::Json);
                found.push(LogFile { path: path.clone(), bytes: meta.len(), kind });
            }
            Err(error) => coverage.troubles.file(&path.display().to_string(), cause(&error)),
        }
    }
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                coverage.troubles.file(&folder.display().to_string(), cause(&error));
                continue;
            }
        };
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    coverage.troubles.file(&folder.display().to_string(), cause(&error));
                    continue;
                }
            };
            let path = entry.path();
            let Ok(meta) = entry.metadata() else { continue };
            // Links are not followed: they could lead in circles, or count events twice.
            if meta.is_symlink() {
                *coverage.files_skipped.entry("symbolic link".into()).or_default() += 1;
            } else if meta.is_dir() {
                folders.push(path);
            } else {
                match judge(&path, from) {
                    Ok(kind) => found.push(LogFile { path, bytes: meta.len(), kind }),
                    Err(reason) => *coverage.files_skipped.entry(reason.into()).or_default() += 1,
                }
            }
        }
    }
    found.sort();
    found.dedup_by(|a, b| a.path == b.path);
    found
}

fn cause(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        _ => error.to_string(),
    }
}

/// What a file in a folder is, or why it is passed over.
fn judge(path: &Path, from: Option<Timestamp>) -> Result<LogKind, &'static str> {
    let mut folders = path.parent().into_iter().flat_map(Path::components);
    let other = folders.find_map(|part| OTHER_FOLDERS.iter().find(|(name, _)| part.as_os_str() == *name));
    if let Some((_, reason)) = other {
        return Err(reason);
    }
    let kind = kind(path).or_else(|| begins_as_parquet(path).then_some(LogKind::Parquet));
    let kind = kind.ok_or("not a log file by its name")?;
    match (from, delivered(path)) {
        (Some(from), Some(delivered)) if delivered < from => Err("delivered before the period"),
        _ => Ok(kind),
    }
}

fn kind(path: &Path) -> Option<LogKind> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let inner = name.strip_suffix(".gz").unwrap_or(&name);
    let end = inner.rsplit_once('.').map(|(_, end)| end);
    match end.and_then(|end| ENDS.iter().find(|(known, _)| *known == end)) {
        Some((_, kind)) => Some(*kind),
        // `…_x.gz`: JSON, unless it turns out otherwise.
        None if name.len() > inner.len() => Some(LogKind::Json),
        None => None,
    }
}

/// What the name of a log file says: `ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ_UNIQUE.json.gz`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery<'n> {
    /// Whose trail it is.
    pub account: &'n str,
    /// Where the events were.
    pub region: &'n str,
    /// When it was delivered. It holds what happened before.
    pub time: Timestamp,
}

impl Delivery<'_> {
    /// About when its events were: CloudTrail delivers within some 15 minutes, every 5.
    pub fn events(&self) -> Timestamp {
        Timestamp(self.time.0 - 600)
    }
}

/// Reads the name of a log file.
pub fn delivery(path: &Path) -> Option<Delivery<'_>> {
    let name = path.file_name()?.to_str()?;
    let (account, rest) = name.split_once("_CloudTrail_")?;
    let mut parts = rest.split('_');
    let (region, stamp) = (parts.next()?, parts.next()?);
    let (date, time) = stamp.strip_suffix('Z')?.split_once('T')?;
    let part = |text: &'_ str, range: std::ops::Range<usize>| text.get(range).map(str::to_owned);
    let (year, month, day) = (part(date, 0..4)?, part(date, 4..6)?, part(date, 6..8)?);
    let (hour, minute) = (part(time, 0..2)?, part(time, 2..4)?);
    // The minute is cut off.
    let time = Timestamp::parse(&format!("{year}-{month}-{day}T{hour}:{minute}:59Z"))?;
    Some(Delivery { account, region, time })
}

fn delivered(path: &Path) -> Option<Timestamp> {
    delivery(path).map(|delivery| delivery.time)
}

/// When the newest of the log files was delivered, by their names.
pub fn newest(paths: &[PathBuf]) -> Option<Timestamp> {
    let files = find(paths, None, &mut Coverage::default());
    files.iter().filter_map(|file| delivered(&file.path)).max()
}

/// A file, by its first bytes.
pub enum Opened {
    /// One that is read from its beginning to its end.
    Text(Text),
    /// Parquet, which is read from its end.
    #[cfg(feature = "parquet")]
    Parquet(File),
}

/// A file, decompressed if its first bytes say that it is compressed.
pub enum Text {
    /// As it lies there.
    Plain(FromStart),
    /// Compressed by gzip.
    Gzip(Box<MultiGzDecoder<FromStart>>),
}

/// How Parquet begins; the second, with an encrypted footer.
const PARQUET: &[u8] = b"PAR1";
const PARQUET_ENCRYPTED: &[u8] = b"PARE";

/// True if a file begins as Parquet does: `UNLOAD` of Athena gives its files no ending.
pub fn begins_as_parquet(path: &Path) -> bool {
    let mut first = [0; 4];
    File::open(path).and_then(|mut file| file.read_exact(&mut first)).is_ok()
        && [PARQUET, PARQUET_ENCRYPTED].contains(&first.as_slice())
}

/// The file again from its first bytes on, which were looked at.
pub type FromStart = Chain<Cursor<Vec<u8>>, BufReader<File>>;

/// Opens a file.
///
/// # Errors
///
/// When it can't be opened, or is of a kind that isn't read.
pub fn open(path: &Path) -> io::Result<Opened> {
    let mut file = File::open(path)?;
    let mut first = Vec::with_capacity(4);
    file.by_ref().take(4).read_to_end(&mut first)?;
    let unsupported = |message: &str| io::Error::new(io::ErrorKind::Unsupported, message.to_owned());
    match first.as_slice() {
        [] => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file is empty")),
        #[cfg(feature = "parquet")]
        PARQUET | PARQUET_ENCRYPTED => return Ok(Opened::Parquet(file)),
        #[cfg(not(feature = "parquet"))]
        PARQUET | PARQUET_ENCRYPTED => {
            return Err(unsupported("Parquet is not read by this build, which lacks the feature `parquet`"));
        }
        [b'P', b'K', 3, 4] => return Err(unsupported("a ZIP archive is not read; unpack it")),
        [0x28, 0xB5, 0x2F, 0xFD] => return Err(unsupported("zstd is not read; decompress it")),
        _ => {}
    }
    let is_gzip = first.starts_with(&[0x1F, 0x8B]);
    let reader = Cursor::new(first).chain(BufReader::with_capacity(256 << 10, file));
    Ok(Opened::Text(match is_gzip {
        true => Text::Gzip(Box::new(MultiGzDecoder::new(reader))),
        false => Text::Plain(reader),
    }))
}

impl Read for Text {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Text::Plain(reader) => reader.read(out),
            Text::Gzip(reader) => reader.read(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_a_trails_folder_is_told_apart() {
        let logs = "AWSLogs/o-abc/111122223333";
        let name = "111122223333_CloudTrail_eu-west-1_20260926T1205Z_aB3.json.gz";
        let from = Timestamp::parse("2026-09-26T12:06:00Z");
        for (path, from, expected) in [
            (format!("{logs}/CloudTrail/eu-west-1/2026/09/26/{name}"), None, Ok(LogKind::Json)),
            (format!("{logs}/CloudTrail/eu-west-1/2026/09/26/{name}"), from, Err("delivered before the period")),
            (format!("{logs}/CloudTrail-Digest/eu-west-1/{name}"), None, Err("digest file")),
            (format!("{logs}/CloudTrail-Insight/eu-west-1/{name}"), None, Err("insight events")),
            ("result.csv".to_owned(), from, Ok(LogKind::Csv)),
            ("result.CSV.gz".to_owned(), from, Ok(LogKind::Csv)),
            ("result.csv.metadata".to_owned(), None, Err("not a log file by its name")),
            ("notes.txt".to_owned(), None, Err("not a log file by its name")),
        ] {
            assert_eq!(judge(Path::new(&path), from), expected, "{path}");
        }
        let time = Timestamp::parse("2026-09-26T12:05:59Z").expect("a time");
        let read = Delivery { account: "111122223333", region: "eu-west-1", time };
        assert_eq!(delivery(Path::new(name)), Some(read));
    }
}
