//! Result files of queries on CloudTrail as Parquet, as Athena's `UNLOAD` and exports write them; `result_row` has what their
//! columns mean. A row group is read a page at a time of each column that matters, and other columns aren't read at all.
//!
//! - `footer`: where the description of the file is, and whether it can be trusted with reading it;
//! - `pages`: decompression, and the limits that keep memory bounded whatever the file says of itself.
//!
//! Source: Apache Parquet's "File Format" and "Logical Types".

mod footer;
mod pages;

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as PhysicalType};
use parquet::bloom_filter::Sbbf;
use parquet::column::page::PageReader;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use parquet::file::reader::RowGroupReader;
use parquet::record::reader::{ReaderIter, RowIter, TreeBuilder};
use parquet::record::{Field, Row};
use parquet::schema::types::{SchemaDescriptor, Type};
use serde_json::{Map, Value};

use super::result_row::{Cells, Columns, Each, Form, form_of, record_of};
use super::stream::Reading;
use super::time::Timestamp;
use pages::{Budget, Pages, Source};

/// A file has no more rows than this for each of its bytes: real events have times and ids, so they take more room.
const ROWS_OF_A_BYTE: u64 = 64;
/// Rows that are taken from the columns at a time.
const BATCH: usize = 256;

/// Reads the rows of a file, each as the record or records that it stands for; their numbers are those of the rows, from 1.
/// The bytes are those of the pages that were read, decompressed.
pub(super) fn read(file: File, each: &mut Each<'_>) -> Reading {
    let budget = Arc::new(Budget::default());
    let stopped = rows(file, &budget, each).err();
    Reading { bytes: budget.read.load(Ordering::Relaxed), stopped }
}

/// The crate is not ours: a panic in it is about the file that it reads.
fn guarded<T>(work: impl FnOnce() -> ParquetResult<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(ParquetError::General(message) | ParquetError::EOF(message))) => Err(message),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the file is broken, and can't be read on".to_owned()),
    }
}

fn rows(mut file: File, budget: &Arc<Budget>, each: &mut Each<'_>) -> Result<(), String> {
    let length = file.metadata().map_err(|error| error.to_string())?.len();
    let footer = footer::read(&mut file, length)?;
    let metadata: ParquetMetaData = guarded(|| ParquetMetaDataReader::decode_metadata(&footer))?;
    drop(footer);
    let all: u64 = metadata
        .row_groups()
        .iter()
        .map(|group| u64::try_from(group.num_rows()).unwrap_or(u64::MAX))
        .fold(0, u64::saturating_add);
    if all > length.saturating_mul(ROWS_OF_A_BYTE) {
        return Err(format!("the file says that it has more rows ({all}) than fit into {length} bytes"));
    }
    let schema = metadata.file_metadata().schema();
    let fields: Vec<_> = schema.get_fields().iter().filter(|field| form_of(field.name()).is_some()).cloned().collect();
    let columns = Columns::of(fields.iter().map(|field| field.name()))?;
    for field in &fields {
        fits(field)?;
    }
    let projection = guarded(|| Type::group_type_builder(schema.name()).with_fields(fields.clone()).build())?;
    let projection = Arc::new(SchemaDescriptor::new(Arc::new(projection)));
    let source = Arc::new(Source::new(file, length));
    let mut number = 0;
    for group in metadata.row_groups() {
        let reader = Group { group, source: &source, budget };
        let mut iter: ReaderIter =
            guarded(|| TreeBuilder::new().with_batch_size(BATCH).as_iter(Arc::clone(&projection), &reader))?;
        while let Some(row) = guarded(|| iter.next().transpose())? {
            number += 1;
            record_of(&columns, &Values::of(&row, &fields), number, each);
        }
    }
    Ok(())
}

/// The columns of a row group.
struct Group<'a> {
    group: &'a RowGroupMetaData,
    source: &'a Arc<Source>,
    budget: &'a Arc<Budget>,
}

impl RowGroupReader for Group<'_> {
    fn metadata(&self) -> &RowGroupMetaData {
        self.group
    }

    fn num_columns(&self) -> usize {
        self.group.num_columns()
    }

    fn get_column_page_reader(&self, at: usize) -> ParquetResult<Box<dyn PageReader>> {
        let rows = usize::try_from(self.group.num_rows()).map_err(|_| pages::wrong("a row group has no size"))?;
        let pages = Pages::new(Arc::clone(self.source), self.group.column(at), rows, Arc::clone(self.budget))?;
        Ok(Box::new(pages))
    }

    fn get_column_bloom_filter(&self, _: usize) -> Option<&Sbbf> {
        None
    }

    fn get_row_iter(&self, projection: Option<Type>) -> ParquetResult<RowIter<'_>> {
        RowIter::from_row_group(projection, self)
    }
}

/// Whether a column is of a type that it can have, and one that the crate has values for.
fn fits(field: &Type) -> Result<(), String> {
    let form = form_of(field.name());
    let wrong = |what: &str| Err(format!("the column `{}` is {what}", field.name()));
    if !field.is_primitive() {
        return match form {
            Some(Form::Structure) => parts_fit(field, 0).or_else(|what| wrong(&what)),
            _ => wrong("a structure, where a value is expected"),
        };
    }
    let kind = kind_of(field);
    let is_text = kind == Some(Kind::Text);
    match form {
        Some(Form::Text | Form::Structure) if is_text => Ok(()),
        Some(Form::Number) if is_text || kind == Some(Kind::Number) => Ok(()),
        Some(Form::Time) if is_text || kind == Some(Kind::Time) => Ok(()),
        Some(Form::Truth) if is_text || kind == Some(Kind::Truth) => Ok(()),
        Some(Form::Number) => wrong(&format!("{}, where a number is expected", field.get_physical_type())),
        Some(Form::Time) => wrong(&format!("{}, where a time is expected", field.get_physical_type())),
        Some(Form::Truth) => wrong(&format!("{}, where true or false is expected", field.get_physical_type())),
        _ => wrong(&format!("{}, where text is expected", field.get_physical_type())),
    }
}

/// The types of values that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Time,
    Truth,
}

fn kind_of(field: &Type) -> Option<Kind> {
    use ConvertedType as C;
    let info = field.get_basic_info();
    if info.repetition() == parquet::basic::Repetition::REPEATED {
        return None;
    }
    let is_nanoseconds = matches!(
        info.logical_type_ref(),
        Some(LogicalType::Timestamp(timestamp)) if matches!(timestamp.unit, TimeUnit::NANOS)
    );
    match (field.get_physical_type(), info.converted_type()) {
        (PhysicalType::BYTE_ARRAY, C::UTF8 | C::ENUM | C::JSON | C::NONE) => Some(Kind::Text),
        (PhysicalType::BOOLEAN, C::NONE) => Some(Kind::Truth),
        (PhysicalType::INT96, _) => Some(Kind::Time),
        (PhysicalType::INT64, C::TIMESTAMP_MILLIS | C::TIMESTAMP_MICROS) => Some(Kind::Time),
        (PhysicalType::INT64, C::NONE) if is_nanoseconds => Some(Kind::Time),
        (PhysicalType::INT32, C::DATE) => Some(Kind::Time),
        (PhysicalType::INT32 | PhysicalType::INT64, C::NONE) if info.logical_type_ref().is_none() => Some(Kind::Number),
        (
            PhysicalType::INT32 | PhysicalType::INT64,
            C::INT_8 | C::INT_16 | C::INT_32 | C::INT_64 | C::UINT_8 | C::UINT_16 | C::UINT_32 | C::UINT_64,
        ) => Some(Kind::Number),
        _ => None,
    }
}

/// Structures hold texts, booleans and times; of lists and maps there is one level.
fn parts_fit(field: &Type, lists: usize) -> Result<(), String> {
    let info = field.get_basic_info();
    let is_repeated = info.has_repetition() && info.repetition() == parquet::basic::Repetition::REPEATED;
    let lists = lists + usize::from(is_repeated);
    if lists > 1 {
        return Err("a list of lists".to_owned());
    }
    if field.is_primitive() {
        // The element of a list in the old way is itself repeated.
        let known = kind_of(field).is_some() || is_repeated && field.get_physical_type() == PhysicalType::BYTE_ARRAY;
        return match known {
            true => Ok(()),
            false => Err(format!("a structure with {} in it, where text is expected", field.get_physical_type())),
        };
    }
    if field.get_fields().is_empty() {
        return Err("a structure without parts".to_owned());
    }
    field.get_fields().iter().try_for_each(|inner| parts_fit(inner, lists))
}

/// The values of a row.
struct Values(Vec<Option<Cell>>);

enum Cell {
    Text(String),
    Parts(Value),
}

impl Values {
    fn of(row: &Row, fields: &[Arc<Type>]) -> Values {
        let values = row.get_column_iter().zip(fields);
        let cell = |((_, value), field): ((&String, &Field), &Arc<Type>)| match value {
            Field::Group(_) | Field::ListInternal(_) | Field::MapInternal(_) => Some(Cell::Parts(parts(value))),
            other => text(other, Some(field)).map(Cell::Text),
        };
        Values(values.map(cell).collect())
    }
}

impl Cells for Values {
    fn text(&self, at: usize) -> Option<&str> {
        match self.0.get(at)? {
            Some(Cell::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn parts(&self, at: usize) -> Option<&Value> {
        match self.0.get(at)? {
            Some(Cell::Parts(parts)) => Some(parts),
            _ => None,
        }
    }
}

/// A value as text; `None` for a null. A column of nanoseconds is told by its type alone.
fn text(value: &Field, field: Option<&Type>) -> Option<String> {
    let time = |seconds: i64| Some(Timestamp(seconds).to_string());
    match value {
        Field::Str(text) => Some(text.clone()),
        Field::Bytes(bytes) => Some(String::from_utf8_lossy(bytes.data()).into_owned()),
        Field::TimestampMillis(at) => time(at.div_euclid(1_000)),
        Field::TimestampMicros(at) => time(at.div_euclid(1_000_000)),
        Field::Date(day) => time(i64::from(*day) * super::time::DAY),
        Field::Long(at) if field.is_some_and(|field| kind_of(field) == Some(Kind::Time)) => {
            time(at.div_euclid(1_000_000_000))
        }
        Field::Null => None,
        other => Some(other.to_string()),
    }
}

/// A value with parts, as JSON would have it. Recursion is bounded by the schema, whose depth is.
fn parts(value: &Field) -> Value {
    let is_there = |(_, value): &(String, Value)| !value.is_null();
    match value {
        Field::Group(row) => {
            let fields = row.get_column_iter().map(|(name, value)| (name.clone(), parts(value)));
            Value::Object(fields.filter(is_there).collect())
        }
        Field::ListInternal(list) => Value::Array(list.elements().iter().map(parts).collect()),
        Field::MapInternal(map) => {
            let entries = map.entries().iter().filter_map(|(name, value)| Some((text(name, None)?, parts(value))));
            Value::Object(entries.filter(is_there).collect::<Map<_, _>>())
        }
        Field::Bool(value) => Value::Bool(*value),
        other => text(other, None).map_or(Value::Null, Value::String),
    }
}
