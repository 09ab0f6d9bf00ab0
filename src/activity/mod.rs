//! Evidence of use: what principals did, read from CloudTrail's log files and result files of queries on them, and the
//! policies that it would take to do it again.
//!
//! ```text
//! files ──► records ──► principal, actions, resources ──► Activity ──► generated policy
//! (log_file, stream)    (principal, event_source,          (usage)      (generate)
//!                        event_name, resource)
//! ```
//!
//! Records are read one behind the other and counted into [`Activity`], whose size depends on how many principals, actions
//! and resources there are and not on the length of the log. What could not be read and what could not be mapped is counted there,
//! too. Nothing here knows of templates.

pub mod access_keys;
pub mod authorization_details;
pub mod collect;
pub mod credential_report;
pub mod days;
pub mod event_name;
pub mod event_source;
pub mod evidence;
pub mod generate;
pub mod last_accessed;
pub mod log_file;
pub mod parameters;
pub mod principal;
pub mod query;
pub mod record;
pub mod resource;
mod result_csv;
#[cfg(feature = "parquet")]
mod result_parquet;
mod result_row;
pub mod stream;
pub mod time;
pub mod usage;

pub use collect::{Options, Progress, collect};
pub use principal::PrincipalSelector;
pub use time::Timestamp;
pub use usage::{ActionUse, Activity, PrincipalKey, PrincipalKind, PrincipalUse, Use};
