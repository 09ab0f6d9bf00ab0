//! What keeps a finding from counting: rules (of `--ignore-finding` and the configuration, of comments and of template
//! metadata) with reasons and expiry, and the baseline of findings that were there before.
//!
//! `rule` says what a rule names, `entry` reads one that is written as a map, `inline` collects those that stand in the
//! inputs (`yaml_comments`, `hcl_comments`, `metadata`), `judge` holds findings against all of them. A rule
//! that keeps nothing back, or no longer holds, is said in a notice.

mod baseline;
mod entry;
mod hcl_comments;
mod inline;
mod judge;
mod metadata;
mod rule;
mod yaml_comments;

use serde::Serialize;

pub use baseline::{Baseline, BaselineEntry};
pub use entry::{EntryError, KEYS as ENTRY_KEYS, nearest, read_entry};
pub use inline::{Inline, collect};
pub use judge::{Judged, Run, Suppressions};
pub use rule::{IgnoreRule, Origin, Scope};

/// Why a finding does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Suppression {
    /// By what.
    pub by: SuppressedBy,
    /// The rule that names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The reason that the rule gives.
    pub reason: Option<String>,
    /// The last day on which the rule holds, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Where the rule is written: `file:line:column`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// What can suppress a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuppressedBy {
    /// `--ignore-finding` or the configuration.
    IgnoreFinding,
    /// A comment beside the resource.
    Comment,
    /// The metadata of a CloudFormation resource or template.
    Metadata,
    /// The baseline.
    Baseline,
}
