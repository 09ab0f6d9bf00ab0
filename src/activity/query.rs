//! The query that brings an organisation's trail down to what generating a policy needs: who called what on which resource, how
//! often and when. It runs where the logs are; its result, as CSV or Parquet, is read like a log.
//!
//! Sources: CloudTrail User Guide, "Create a table for CloudTrail logs in Athena" and "CloudTrail Lake event data store schema".
//! Both engines speak Trino's dialect.

use std::fmt;

use super::principal::PrincipalSelector;
use super::time::Timestamp;
use super::usage::PrincipalKind;

/// Whose tables are queried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Amazon Athena, the table that CloudTrail's console creates.
    Athena,
    /// An event data store of CloudTrail Lake.
    CloudTrailLake,
}

/// A query; [`fmt::Display`] writes it.
#[derive(Clone, Debug)]
pub struct Query {
    /// Whose tables.
    pub dialect: Dialect,
    /// The table's name, or the event data store's id.
    pub table: Option<String>,
    /// Of this principal alone.
    pub principal: Option<PrincipalSelector>,
    /// Events from this time on.
    pub from: Option<Timestamp>,
    /// Events up to this time.
    pub to: Option<Timestamp>,
}

/// Text as a literal.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Text in a pattern of `LIKE … ESCAPE '!'`.
fn in_pattern(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lake = self.dialect == Dialect::CloudTrailLake;
        let table = match (&self.table, self.dialect) {
            (Some(table), _) => table.as_str(),
            (None, Dialect::Athena) => "cloudtrail_logs",
            (None, Dialect::CloudTrailLake) => "EVENT_DATA_STORE_ID",
        };
        let is_id = table.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        // CloudTrail Lake's own examples have ids of event data stores as they are; Athena's names may be `database.table`.
        let table = match self.dialect {
            Dialect::CloudTrailLake if is_id => table.to_owned(),
            Dialect::CloudTrailLake => format!("\"{}\"", table.replace('"', "\"\"")),
            Dialect::Athena => {
                table.split('.').map(|part| format!("\"{}\"", part.replace('"', "\"\""))).collect::<Vec<_>>().join(".")
            }
        };
        // Lake's maps have text alone: what was an object is JSON within it, which the column's name tells the reader.
        let parameters = if lake {
            "json_format(CAST(requestparameters AS JSON)) AS request_parameter_map"
        } else {
            "requestparameters AS request_parameters"
        };
        // Lake has timestamps; Athena's table has text, which sorts as time does.
        let (first, last) = match self.dialect {
            Dialect::Athena => ("min(eventtime)", "max(eventtime)"),
            Dialect::CloudTrailLake => ("CAST(min(eventtime) AS VARCHAR)", "CAST(max(eventtime) AS VARCHAR)"),
        };
        writeln!(
            f,
            "-- The events of a principal by what was called on what; export the result as CSV or Parquet and give it to\n\
             -- `iam-preflight generate-policy --trail RESULT`. The table has columns as the CloudTrail User Guide creates them."
        )?;
        writeln!(
            f,
            "WITH events AS (\n  SELECT\n    \
             useridentity.type AS principal_type,\n    \
             coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn) AS principal_arn,\n    \
             useridentity.invokedby AS invoked_by,\n    \
             CASE WHEN useridentity.accesskeyid LIKE 'AKIA%' THEN useridentity.accesskeyid END AS access_key_id,\n    \
             eventsource AS event_source,\n    \
             eventname AS event_name,\n    \
             eventtype AS event_type,\n    \
             awsregion AS region,\n    \
             recipientaccountid AS account,\n    \
             errorcode AS error_code,\n    \
             eventcategory AS event_category,\n    \
             {parameters},\n    \
             json_format(CAST(transform(coalesce(resources, ARRAY[]), r -> r.arn) AS JSON)) AS resources,\n    \
             coalesce(sharedeventid, eventid) AS event_id,\n    \
             eventtime\n  \
             FROM {table}"
        )?;
        let mut conditions = vec!["eventtype IN ('AwsApiCall', 'AwsConsoleAction', 'AwsConsoleSignIn')".to_owned()];
        if let Some(from) = self.from {
            conditions.push(format!("eventtime >= {}", self.time(from)));
        }
        if let Some(to) = self.to {
            conditions.push(format!("eventtime <= {}", self.time(to)));
        }
        writeln!(f, "  WHERE {}", conditions.join("\n    AND "))?;
        writeln!(f, ")")?;
        let columns = [
            "principal_type",
            "principal_arn",
            "invoked_by",
            "access_key_id",
            "event_source",
            "event_name",
            "event_type",
            "region",
            "account",
            "error_code",
            "event_category",
            if lake { "request_parameter_map" } else { "request_parameters" },
            "resources",
        ];
        let columns = columns.join(",\n  ");
        writeln!(
            f,
            "SELECT\n  {columns},\n  count(DISTINCT event_id) AS event_count,\n  {first} AS first_seen,\n  {last} AS last_seen\nFROM events"
        )?;
        if let Some(principal) = &self.principal {
            writeln!(f, "WHERE {}", of_principal(principal))?;
        }
        writeln!(f, "GROUP BY\n  {columns}\nORDER BY event_source, event_name, event_count DESC")
    }
}

impl Query {
    fn time(&self, time: Timestamp) -> String {
        let text = time.to_string();
        match self.dialect {
            Dialect::Athena => literal(&text),
            Dialect::CloudTrailLake => format!("TIMESTAMP {}", literal(&text.replace('T', " ").replace('Z', ""))),
        }
    }
}

/// True for the ARNs of a principal, with and without path, and for those of a role's sessions.
fn of_principal(selector: &PrincipalSelector) -> String {
    let like = |pattern: String| format!("principal_arn LIKE {} ESCAPE '!'", literal(&pattern));
    let patterns = |account: &str, kinds: &[PrincipalKind], name: &str| {
        let name = in_pattern(name);
        let mut all = Vec::new();
        for kind in kinds {
            let kind = kind.as_str();
            all.push(like(format!("arn:%:iam::{account}:{kind}/{name}")));
            all.push(like(format!("arn:%:iam::{account}:{kind}/%/{name}")));
        }
        if kinds.contains(&PrincipalKind::Role) {
            all.push(like(format!("arn:%:sts::{account}:assumed-role/{name}/%")));
        }
        all.join("\n  OR ")
    };
    match selector {
        PrincipalSelector::Key(key) => patterns(&in_pattern(&key.account), &[key.kind], &key.name),
        PrincipalSelector::Name(name) => patterns("%", &[PrincipalKind::User, PrincipalKind::Role], name),
    }
}
