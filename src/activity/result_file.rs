//! Result files of queries on CloudTrail, as CSV: those that `generate-policy --print-sql` asks for, where a row stands for many
//! events; rows of Athena's table and of CloudTrail Lake's event data stores; and rows that hold a record as JSON.
//!
//! Columns are told by their names, without regard to case and underscores. Athena writes structures as `{type=Role, arn=…}`.
//!
//! Source: CloudTrail User Guide, "Create a table for CloudTrail logs in Athena" and "CloudTrail Lake event data store schema".

use std::io::{self, Read};

use serde_json::Value;
use serde_json::value::RawValue;

use super::collect::Occurrence;
use super::record::{Record, RecordResource, SessionContext, SessionIssuer, Str, UserIdentity};
use super::stream::Reading;
use super::time::Timestamp;

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

/// Where the columns are.
struct Columns(Vec<String>);

impl Columns {
    fn of(header: &csv::StringRecord) -> Columns {
        Columns(header.iter().map(super::parameters::normalised).collect())
    }

    /// The value in the first of these columns that is there and not empty.
    fn get<'r>(&self, row: &'r csv::StringRecord, names: &[&str]) -> Option<&'r str> {
        names.iter().find_map(|name| {
            let at = self.0.iter().position(|column| column == name)?;
            row.get(at).filter(|value| !value.is_empty() && *value != "null" && *value != "-")
        })
    }

    fn has(&self, names: &[&str]) -> bool {
        self.0.iter().any(|column| names.contains(&column.as_str()))
    }
}

/// Columns that hold a record as JSON.
const WHOLE: &[&str] = &["eventjson", "cloudtrailevent"];

/// Reads the rows of a file, each as the record or records that it stands for; their numbers are those of the rows, from 1.
pub(super) fn read<R: Read>(reader: R, each: &mut dyn FnMut(u64, Result<Occurrence<'_, '_>, String>)) -> Reading {
    let mut counting = Counting { reader, bytes: 0, of_row: 0 };
    let stopped = rows(&mut counting, each).err();
    Reading { bytes: counting.bytes, stopped }
}

fn rows<R: Read>(
    reader: &mut Counting<R>,
    each: &mut dyn FnMut(u64, Result<Occurrence<'_, '_>, String>),
) -> Result<(), String> {
    let mut csv = csv::ReaderBuilder::new().flexible(true).from_reader(reader);
    let header = csv.headers().map_err(|error| message(&error))?;
    let columns = Columns::of(header);
    let told_apart = columns.has(&["eventname"]) && columns.has(&["eventsource"]);
    if !told_apart && !columns.has(WHOLE) {
        return Err("the header has no columns `eventSource` and `eventName`, nor one with records as JSON".to_owned());
    }
    let mut row = csv::StringRecord::new();
    let mut number = 0;
    loop {
        number += 1;
        match csv.read_record(&mut row) {
            Ok(false) => return Ok(()),
            Ok(true) => {
                csv.get_mut().of_row = 0;
                if row.len() < columns.0.len() {
                    each(number, Err("the row has fewer columns than the header".to_owned()));
                } else {
                    one(&columns, &row, number, each);
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

fn one(
    columns: &Columns,
    row: &csv::StringRecord,
    number: u64,
    each: &mut dyn FnMut(u64, Result<Occurrence<'_, '_>, String>),
) {
    let get = |names: &[&str]| columns.get(row, names);
    if let Some(json) = get(WHOLE) {
        return match serde_json::from_str::<Record<'_>>(json) {
            Ok(record) => each(number, Ok(Occurrence { record: &record, count: 1, period: None })),
            Err(error) => each(number, Err(error.to_string())),
        };
    }
    let count = match get(&["eventcount"]).map(str::parse::<u64>) {
        None => 1,
        Some(Ok(count)) => count,
        Some(Err(_)) => return each(number, Err("`event_count` is no number".to_owned())),
    };
    let times = [get(&["firstseen"]), get(&["lastseen"])];
    let period = match times.map(|time| time.map(Timestamp::parse)) {
        [Some(Some(first)), Some(Some(last))] => Some((first, last)),
        [None, None] => None,
        _ => return each(number, Err("`first_seen` or `last_seen` is no time".to_owned())),
    };
    let parameters = get(&["requestparameters"]);
    let expanded = get(&["requestparametermap"]).and_then(expanded);
    let raw: Option<&RawValue> = match &expanded {
        Some(raw) => Some(raw),
        None => parameters.and_then(|text| serde_json::from_str(text).ok()),
    };
    let identity = get(&["useridentity"]).map(structure);
    let of_identity = |path: &[&str]| identity.as_ref().and_then(|value| inside(value, path));
    let text = |value: Option<&str>| value.map(|value| Str::from(value.to_owned()));
    let kind = of_identity(&["type"]).or_else(|| get(&["principaltype", "useridentitytype"]).map(str::to_owned));
    let arn = of_identity(&["arn"]).or_else(|| get(&["principalarn", "useridentityarn"]).map(str::to_owned));
    let issuer = of_identity(&["sessioncontext", "sessionissuer", "arn"]);
    let issuer =
        issuer.or_else(|| get(&["useridentitysessioncontextsessionissuerarn", "sessionissuerarn"]).map(str::to_owned));
    // A row of the query has the role's ARN, or the user's who made the session.
    let issuer = issuer.or_else(|| arn.clone().filter(|_| columns.has(&["principalarn"])));
    let session_context = issuer
        .map(|arn| SessionContext { session_issuer: Some(SessionIssuer { kind: None, arn: Some(Str::from(arn)) }) });
    let owned =
        |path: &[&str], names: &[&str]| of_identity(path).or_else(|| get(names).map(str::to_owned)).map(Str::from);
    let record = Record {
        event_version: text(get(&["eventversion"])),
        user_identity: Some(UserIdentity {
            kind: kind.map(Str::from),
            arn: arn.map(Str::from),
            account_id: owned(&["accountid"], &["useridentityaccountid"]),
            access_key_id: owned(&["accesskeyid"], &["accesskeyid", "useridentityaccesskeyid"]),
            user_name: owned(&["username"], &["useridentityusername"]),
            invoked_by: owned(&["invokedby"], &["invokedby", "useridentityinvokedby"]),
            session_context,
        }),
        event_time: text(get(&["eventtime"])),
        event_source: text(get(&["eventsource"])),
        event_name: text(get(&["eventname"])),
        aws_region: text(get(&["awsregion", "region"])),
        error_code: text(get(&["errorcode"])),
        request_parameters: raw,
        resources: get(&["resources"]).map(|text| resources(&structure(text))),
        event_id: text(get(&["eventid"])),
        shared_event_id: text(get(&["sharedeventid"])),
        event_type: text(get(&["eventtype"])),
        event_category: text(get(&["eventcategory"])),
        management_event: get(&["managementevent"]).map(|value| value.eq_ignore_ascii_case("true")),
        recipient_account_id: text(get(&["recipientaccountid", "account"])),
        ..Record::default()
    };
    each(number, Ok(Occurrence { record: &record, count, period }));
}

/// A map whose values are all text, some of it JSON, as what it was before it was a map.
fn expanded(text: &str) -> Option<Box<RawValue>> {
    let mut map: serde_json::Map<String, Value> = serde_json::from_str(text).ok()?;
    for value in map.values_mut() {
        let inner = value.as_str().filter(|text| text.starts_with(['{', '[']));
        if let Some(inner) = inner.and_then(|text| serde_json::from_str::<Value>(text).ok()) {
            *value = inner;
        }
    }
    serde_json::value::to_raw_value(&map).ok()
}

/// The resources of a row: objects with an ARN, or ARNs alone.
fn resources(value: &Value) -> Vec<RecordResource<'static>> {
    let Value::Array(items) = value else { return Vec::new() };
    let one = |item: &Value| RecordResource {
        arn: item.as_str().map(str::to_owned).or_else(|| inside(item, &["arn"])).map(Str::from),
        arn_prefix: inside(item, &["arnprefix"]).map(Str::from),
        account_id: inside(item, &["accountid"]).map(Str::from),
        kind: inside(item, &["type"]).map(Str::from),
    };
    items.iter().map(one).collect()
}

/// The text at a path of names, whatever their case.
fn inside(value: &Value, path: &[&str]) -> Option<String> {
    let Some((name, rest)) = path.split_first() else {
        return value.as_str().filter(|text| *text != "null").map(str::to_owned);
    };
    let map = value.as_object()?;
    inside(map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?.1, rest)
}

/// A structure as JSON or as Athena writes it.
fn structure(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| {
        let mut rest = text.trim();
        athena(&mut rest, 0)
    })
}

/// Deeper structures are read as text.
const MAX_DEPTH: usize = 16;

/// `{a=1, b={c=2}}`, `[x, y]` or plain text, which ends at the bracket that closes what is around it, or at the comma before the
/// next name.
fn athena(rest: &mut &str, depth: usize) -> Value {
    if depth < MAX_DEPTH
        && let Some(inner) = rest.strip_prefix('{')
    {
        *rest = inner;
        let mut map = serde_json::Map::new();
        while let Some((name, value)) = rest.trim_start_matches([',', ' ']).split_once('=') {
            if !is_name(name) {
                break;
            }
            *rest = value;
            map.insert(name.to_owned(), athena(rest, depth + 1));
            if !rest.starts_with(',') {
                break;
            }
        }
        *rest = rest.strip_prefix('}').unwrap_or(rest);
        return Value::Object(map);
    }
    if depth < MAX_DEPTH
        && let Some(inner) = rest.strip_prefix('[')
    {
        *rest = inner;
        let mut items = Vec::new();
        while !rest.is_empty() && !rest.starts_with(']') {
            let before = rest.len();
            items.push(athena(rest, depth + 1));
            *rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
            if rest.len() == before {
                break;
            }
        }
        *rest = rest.strip_prefix(']').unwrap_or(rest);
        return Value::Array(items);
    }
    let end = rest.char_indices().find(|(at, letter)| match letter {
        '}' | ']' => true,
        ',' => rest.get(at + 1..).is_none_or(|after| after.starts_with([' ', '{', '['])),
        _ => false,
    });
    let (text, after) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
    *rest = after;
    Value::String(text.to_owned())
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_structure_of_athenas_is_read() {
        let text = "{type=AssumedRole, arn=arn:aws:sts::1:assumed-role/a/b, sessioncontext={attributes={mfa=false}, \
                    sessionissuer={type=Role, arn=arn:aws:iam::1:role/a}}, username=null}";
        let read = structure(text);
        assert_eq!(inside(&read, &["Type"]).as_deref(), Some("AssumedRole"));
        assert_eq!(
            inside(&read, &["sessioncontext", "sessionissuer", "arn"]).as_deref(),
            Some("arn:aws:iam::1:role/a")
        );
        assert_eq!(inside(&read, &["username"]), None);
        let list = resources(&structure(
            "[{arn=arn:aws:s3:::b/k, accountid=null, type=AWS::S3::Object}, {arn=arn:aws:s3:::b}]",
        ));
        let arns: Vec<_> = list.iter().filter_map(|resource| resource.arn.as_deref()).collect();
        assert_eq!(arns, ["arn:aws:s3:::b/k", "arn:aws:s3:::b"]);
        for odd in ["{", "[", "{a", "{a=", "[[[[", "{{}}", "]", "{a=b, c}", "[,]"] {
            structure(odd);
        }
    }

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
        let csv = "eventsource,eventname,event_count\ns3,a,x\ns3,a\ns3,b,2\n";
        read(csv.as_bytes(), &mut |_, row| broken += u32::from(row.is_err()));
        assert_eq!(broken, 2);
    }
}
