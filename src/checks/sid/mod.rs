//! `Sid`, the statement's identifier.

mod empty_sid_value;
mod unique_sids_recommended;
mod unique_sids_required;
mod unsupported_sid;

use rustc_hash::FxHashMap;

use crate::checks::Check;
use crate::finding::Location;
use crate::policy::{PolicyDocument, Statement, StringItem};

/// The checks of this folder.
pub static CHECKS: &[&Check] = &[
    &empty_sid_value::EMPTY_SID_VALUE,
    &unsupported_sid::UNSUPPORTED_SID,
    &unique_sids_required::UNIQUE_SIDS_REQUIRED,
    &unique_sids_recommended::UNIQUE_SIDS_RECOMMENDED,
];

/// A Sid that an earlier statement has.
struct RepeatedSid<'a> {
    statement: &'a Statement,
    sid: &'a StringItem,
    first: Location,
}

fn repeated_sids(document: &PolicyDocument) -> Vec<RepeatedSid<'_>> {
    let mut seen: FxHashMap<&str, (&Statement, &StringItem)> = FxHashMap::default();
    let mut out = Vec::new();
    for statement in &document.statements {
        let Some(sid) = statement.sid.as_ref().filter(|s| !s.text.is_empty()) else { continue };
        match seen.get(sid.text.as_str()) {
            Some((first, first_sid)) => out.push(RepeatedSid {
                statement,
                sid,
                first: Location::new(first.path().key("Sid"), first_sid.span).labelled("the first use"),
            }),
            None => {
                seen.insert(sid.text.as_str(), (statement, sid));
            }
        }
    }
    out
}
