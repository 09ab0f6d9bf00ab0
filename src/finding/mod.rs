//! Findings: what was found, where, how bad it is, and what to do about it.
//!
//! Locations stay symbolic (document path and span); lines and columns are derived by the writers.

pub mod fingerprint;
pub mod fix;
mod layout;
mod removal;
mod replacement;
pub mod suppression;
mod wording;

pub(crate) use wording::counted;
pub use wording::printable_line;

use std::borrow::Cow;

use serde::Serialize;
use smallvec::SmallVec;
use smol_str::SmolStr;

use crate::model::{PolicyId, ResourceRef, When};
use crate::policy::PolicyPath;
use crate::source::{Span, Text};

/// Access Analyzer's four types, most severe first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FindingType {
    /// The policy will not work or is not accepted.
    Error,
    /// The policy allows what is a risk.
    SecurityWarning,
    /// The policy departs from good practice.
    Warning,
    /// The policy can be made better.
    Suggestion,
}

impl FindingType {
    /// All types, most severe first.
    pub const ALL: [FindingType; 4] =
        [FindingType::Error, FindingType::SecurityWarning, FindingType::Warning, FindingType::Suggestion];

    /// The name as the API and the reports write it.
    pub fn as_str(self) -> &'static str {
        match self {
            FindingType::Error => "ERROR",
            FindingType::SecurityWarning => "SECURITY_WARNING",
            FindingType::Warning => "WARNING",
            FindingType::Suggestion => "SUGGESTION",
        }
    }
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The issue code.
    pub code: &'static str,
    /// How bad.
    pub finding_type: FindingType,
    /// A short headline, the same for every finding of the code.
    pub title: Cow<'static, str>,
    /// What is wrong here, naming the offending values.
    pub message: String,
    /// The policy concerned, if one is.
    pub policy: Option<PolicyId>,
    /// The resource that holds the policy.
    pub resource: Option<ResourceRef>,
    /// The undecided conditions under which it holds.
    pub when: Option<When>,
    /// Never empty; the first is the primary one.
    pub locations: SmallVec<[Location; 1]>,
    /// How to mend it, where that is certain.
    pub fix: Option<Fix>,
    /// Facts that show the claim, for `evidence` in the JSON report.
    pub evidence: Option<serde_json::Value>,
}

/// A place of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Where it is written; `None` when no source is at hand.
    pub span: Option<Span>,
    /// The place within the policy document.
    pub path: PolicyPath,
    /// What this place has to do with it; the primary location needs none.
    pub label: Option<String>,
}

/// A change of the source that mends a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an instruction: "change the operator to `StringLike`".
    pub description: String,
    /// Replacements that don't overlap.
    pub edits: Vec<Edit>,
}

/// A change of one file. What is to become of a value is an [`Intent`]; [`fix::settle`] makes it text, or drops the fix
/// when something else is written there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What it is about; of a settled edit, what to replace; empty to insert.
    pub span: Span,
    /// What is meant.
    pub intent: Intent,
    /// With what.
    pub replacement: String,
}

/// What an edit means for the values of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Nothing more: the source is replaced as it is. All edits of settled fixes are of this kind.
    Source,
    /// The span's value is this string, and another takes its place.
    Value(String),
    /// Entries leave the list that the span holds.
    RemoveEntries(ListEntries),
    /// The entries of the list, or the single value, that the span holds become others.
    ReplaceEntries {
        /// The key whose value it is.
        key: Span,
        /// Every entry, and what takes its place: nothing for one that goes, itself for one that stays.
        entries: Vec<(ListEntry, Vec<String>)>,
    },
    /// Elements leave the list that the span holds.
    RemoveElements {
        /// The key whose value the list is.
        key: Span,
        /// Those that go.
        removed: Vec<Span>,
        /// Those that stay; there is one at least.
        kept: Vec<Span>,
    },
    /// The key that the span begins with leaves its mapping, with its value; or the block goes whose header the span begins with.
    RemoveWhole {
        /// What would mention it elsewhere, where it is something that can be mentioned.
        name: Option<SmolStr>,
    },
    /// The object that the span holds gets `replacement` as the value of a first key.
    FirstKey {
        /// The new key.
        key: &'static str,
        /// The key that is first now, and where it stands.
        before: (Span, String),
    },
}

/// Entries of a list that others make redundant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListEntries {
    /// The key whose value the list is.
    pub key: Span,
    /// Each redundant entry, and the entry of the same list that stands for it.
    pub redundant: Vec<(ListEntry, ListEntry)>,
}

/// An entry of a list: its value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListEntry {
    /// Where it was written.
    pub span: Span,
    /// The value that must stand there literally.
    pub value: String,
}

impl Location {
    /// A value of a policy document.
    pub fn new(path: PolicyPath, span: Span) -> Location {
        Location { span: Some(span), path, label: None }
    }

    /// A part of a string value: points at the piece of source that the bytes `range` of `text` come from, when it was
    /// put together from several places.
    pub fn within(path: PolicyPath, span: Span, text: &Text, range: std::ops::Range<usize>) -> Location {
        Location { span: Some(text.origins(range).first().copied().unwrap_or(span)), path, label: None }
    }

    /// Says what this place has to do with the finding.
    #[must_use]
    pub fn labelled(mut self, label: impl Into<String>) -> Location {
        self.label = Some(label.into());
        self
    }
}
