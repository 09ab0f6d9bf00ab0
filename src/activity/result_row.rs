//! A row of a query's result as the record that it stands for, whatever file the row was read from: rows of
//! `generate-policy --print-sql`, each of which stands for many events; rows of Athena's table and of CloudTrail Lake's event
//! data stores; and rows that hold a record as JSON.
//!
//! Columns are told by their names, without regard to case and underscores. What has structure may be a structure of the file's,
//! JSON in a text, or a text as Athena writes it: `{type=Role, arn=…}`.
//!
//! Source: CloudTrail User Guide, "Create a table for CloudTrail logs in Athena" and "CloudTrail Lake event data store schema".

use std::borrow::Cow;

use serde_json::Value;
use serde_json::value::RawValue;

use super::collect::Occurrence;
use super::record::{Record, RecordResource, SessionContext, SessionIssuer, Str, UserIdentity};
use super::time::Timestamp;

/// Takes the rows of a file, each with its number, from 1, as the record that it stands for.
pub(super) type Each<'e> = dyn FnMut(u64, Result<Occurrence<'_, '_>, String>) + 'e;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Text.
    Text,
    /// A whole number.
    Number,
    /// A time, as text or of a type of its own.
    Time,
    /// True or false.
    Truth,
    /// Something with parts.
    Structure,
}

/// What columns are read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    /// A record as JSON.
    Whole,
    EventCount,
    FirstSeen,
    LastSeen,
    EventVersion,
    EventTime,
    EventSource,
    EventName,
    EventType,
    EventCategory,
    EventId,
    SharedEventId,
    ManagementEvent,
    Region,
    RecipientAccount,
    ErrorCode,
    Resources,
    RequestParameters,
    /// Parameters whose values are text, some of it JSON.
    RequestParameterMap,
    UserIdentity,
    PrincipalType,
    /// The ARN of the user, or of the role whose session it was.
    PrincipalArn,
    IdentityArn,
    IssuerArn,
    IdentityAccount,
    AccessKeyId,
    UserName,
    InvokedBy,
}

/// The names of the columns, as they are compared, and what they hold; in the order of [`Column`].
#[rustfmt::skip]
const COLUMNS: [(Column, Form, &[&str]); 28] = [
    (Column::Whole, Form::Text, &["eventjson", "cloudtrailevent"]),
    (Column::EventCount, Form::Number, &["eventcount"]),
    (Column::FirstSeen, Form::Time, &["firstseen"]),
    (Column::LastSeen, Form::Time, &["lastseen"]),
    (Column::EventVersion, Form::Text, &["eventversion"]),
    (Column::EventTime, Form::Time, &["eventtime"]),
    (Column::EventSource, Form::Text, &["eventsource"]),
    (Column::EventName, Form::Text, &["eventname"]),
    (Column::EventType, Form::Text, &["eventtype"]),
    (Column::EventCategory, Form::Text, &["eventcategory"]),
    (Column::EventId, Form::Text, &["eventid"]),
    (Column::SharedEventId, Form::Text, &["sharedeventid"]),
    (Column::ManagementEvent, Form::Truth, &["managementevent"]),
    (Column::Region, Form::Text, &["awsregion", "region"]),
    (Column::RecipientAccount, Form::Text, &["recipientaccountid", "account"]),
    (Column::ErrorCode, Form::Text, &["errorcode"]),
    (Column::Resources, Form::Structure, &["resources"]),
    (Column::RequestParameters, Form::Structure, &["requestparameters"]),
    (Column::RequestParameterMap, Form::Structure, &["requestparametermap"]),
    (Column::UserIdentity, Form::Structure, &["useridentity"]),
    (Column::PrincipalType, Form::Text, &["principaltype", "useridentitytype"]),
    (Column::PrincipalArn, Form::Text, &["principalarn"]),
    (Column::IdentityArn, Form::Text, &["useridentityarn"]),
    (Column::IssuerArn, Form::Text, &["useridentitysessioncontextsessionissuerarn", "sessionissuerarn"]),
    (Column::IdentityAccount, Form::Text, &["useridentityaccountid"]),
    (Column::AccessKeyId, Form::Text, &["accesskeyid", "useridentityaccesskeyid"]),
    (Column::UserName, Form::Text, &["useridentityusername"]),
    (Column::InvokedBy, Form::Text, &["invokedby", "useridentityinvokedby"]),
];

/// No row stands for more events than this, so sums of them are numbers, too.
const MAX_COUNT: u64 = 10_000_000_000;

/// What a column of this name holds; `None` if it is not read.
#[cfg(feature = "parquet")]
pub(super) fn form_of(name: &str) -> Option<Form> {
    let name = super::parameters::normalised(name);
    COLUMNS.iter().find(|(_, _, names)| names.contains(&name.as_str())).map(|(_, form, _)| *form)
}

/// Where the columns of a file are.
pub(super) struct Columns {
    /// For each [`Column`], the places of its names, the first name first.
    places: [Vec<usize>; COLUMNS.len()],
    /// How many there are.
    pub(super) count: usize,
}

impl Columns {
    /// Those of a file with columns of these names.
    ///
    /// # Errors
    ///
    /// When they are not those of a result.
    pub(super) fn of<'n>(names: impl Iterator<Item = &'n str>) -> Result<Columns, String> {
        let given: Vec<String> = names.map(super::parameters::normalised).collect();
        let place = |name: &&str| given.iter().position(|given| given == name);
        let places = COLUMNS.map(|(_, _, names)| names.iter().filter_map(place).collect());
        let columns = Columns { places, count: given.len() };
        let told_apart = columns.has(Column::EventName) && columns.has(Column::EventSource);
        if !told_apart && !columns.has(Column::Whole) {
            return Err("there are no columns `eventSource` and `eventName`, nor one with records as JSON".to_owned());
        }
        Ok(columns)
    }

    fn places(&self, column: Column) -> &[usize] {
        // INVARIANT: the table has a row for every column, in the order of the enum.
        self.places.get(column as usize).map_or(&[], Vec::as_slice)
    }

    fn has(&self, column: Column) -> bool {
        !self.places(column).is_empty()
    }
}

/// The values of a row.
pub(super) trait Cells {
    /// A value as text, numbers, times and booleans too; `None` for what has parts, and where there is none.
    fn text(&self, at: usize) -> Option<&str>;
    /// A value that has parts in the file itself.
    fn parts(&self, at: usize) -> Option<&Value>;
}

/// A row with its columns.
struct Row<'r> {
    columns: &'r Columns,
    cells: &'r dyn Cells,
}

impl<'r> Row<'r> {
    /// The value in the first of a column's places that has one.
    fn text(&self, column: Column) -> Option<&'r str> {
        let mut values = self.columns.places(column).iter().filter_map(|at| self.cells.text(*at));
        values.find(|value| !matches!(*value, "" | "null" | "-"))
    }

    /// A value with parts, in whatever form.
    fn structure(&self, column: Column) -> Option<Cow<'r, Value>> {
        match self.parts(column) {
            Some(parts) => Some(Cow::Borrowed(parts)),
            None => self.text(column).map(|text| Cow::Owned(structure(text))),
        }
    }

    fn parts(&self, column: Column) -> Option<&'r Value> {
        self.columns.places(column).iter().find_map(|at| self.cells.parts(*at))
    }

    /// Request parameters as JSON, and as they were before they became a map of texts.
    fn parameters(&self) -> Option<Cow<'r, RawValue>> {
        let map = self.parts(Column::RequestParameterMap).or_else(|| self.parts(Column::RequestParameters));
        let read;
        let map = match (map, self.text(Column::RequestParameterMap)) {
            (Some(map), _) => Some(map),
            (None, Some(text)) => {
                read = serde_json::from_str::<Value>(text).ok();
                read.as_ref()
            }
            (None, None) => None,
        };
        match map.and_then(Value::as_object) {
            Some(map) => expanded(map).map(Cow::Owned),
            None => serde_json::from_str(self.text(Column::RequestParameters)?).ok().map(Cow::Borrowed),
        }
    }
}

/// Reads a row as the record that it stands for.
pub(super) fn record_of(columns: &Columns, cells: &dyn Cells, number: u64, each: &mut Each<'_>) {
    let row = Row { columns, cells };
    if let Some(json) = row.text(Column::Whole) {
        return match serde_json::from_str::<Record<'_>>(json) {
            Ok(record) => each(number, Ok(Occurrence { record: &record, count: 1, period: None })),
            Err(error) => each(number, Err(error.to_string())),
        };
    }
    let count = match row.text(Column::EventCount).map(str::parse::<u64>) {
        None => 1,
        Some(Ok(count)) if count <= MAX_COUNT => count,
        Some(_) => return each(number, Err("`event_count` is no number of events".to_owned())),
    };
    let times = [Column::FirstSeen, Column::LastSeen].map(|column| row.text(column));
    let period = match times.map(|time| time.map(Timestamp::parse)) {
        [Some(Some(first)), Some(Some(last))] => Some((first, last)),
        [None, None] => None,
        _ => return each(number, Err("`first_seen` or `last_seen` is no time".to_owned())),
    };
    let parameters = row.parameters();
    let identity = row.structure(Column::UserIdentity);
    let text = |column: Column| row.text(column).map(Str::from);
    let either = |path: &[&str], column: Column| {
        let inner = identity.as_ref().and_then(|value| inside(value, path));
        inner.map(Str::from).or_else(|| text(column))
    };
    let arn = either(&["arn"], Column::PrincipalArn).or_else(|| text(Column::IdentityArn));
    // A row of the query has the role's ARN, or the user's who made the session.
    let issuer = either(&["sessioncontext", "sessionissuer", "arn"], Column::IssuerArn);
    let issuer = issuer.or_else(|| text(Column::PrincipalArn));
    let session_context =
        issuer.map(|arn| SessionContext { session_issuer: Some(SessionIssuer { kind: None, arn: Some(arn) }) });
    let record = Record {
        event_version: text(Column::EventVersion),
        user_identity: Some(UserIdentity {
            kind: either(&["type"], Column::PrincipalType),
            arn,
            account_id: either(&["accountid"], Column::IdentityAccount),
            access_key_id: either(&["accesskeyid"], Column::AccessKeyId),
            user_name: either(&["username"], Column::UserName),
            invoked_by: either(&["invokedby"], Column::InvokedBy),
            session_context,
        }),
        event_time: text(Column::EventTime),
        event_source: text(Column::EventSource),
        event_name: text(Column::EventName),
        aws_region: text(Column::Region),
        error_code: text(Column::ErrorCode),
        request_parameters: parameters.as_deref(),
        resources: row.structure(Column::Resources).map(|value| resources(&value)),
        event_id: text(Column::EventId),
        shared_event_id: text(Column::SharedEventId),
        event_type: text(Column::EventType),
        event_category: text(Column::EventCategory),
        management_event: row.text(Column::ManagementEvent).map(|value| value.eq_ignore_ascii_case("true")),
        recipient_account_id: text(Column::RecipientAccount),
        ..Record::default()
    };
    each(number, Ok(Occurrence { record: &record, count, period }));
}

/// A map whose values are all text, some of it JSON, as what it was before it was a map.
fn expanded(map: &serde_json::Map<String, Value>) -> Option<Box<RawValue>> {
    let mut map = map.clone();
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
    fn the_table_of_columns_has_each_in_its_place() {
        for (at, (column, _, names)) in COLUMNS.iter().enumerate() {
            assert_eq!(*column as usize, at, "{column:?}");
            assert!(names.iter().all(|name| super::super::parameters::normalised(name) == **name), "{names:?}");
        }
    }
}
