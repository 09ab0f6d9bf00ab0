//! Does one entry of an `Action` or `Resource` list stand for everything that another stands for?

use std::sync::Arc;

use super::compile::{action_patterns, entry_patterns};
use super::language::Language;
use super::pattern::Pattern;
use crate::logic::evaluate::PolicyKind;
use crate::policy::Version;

/// An entry of a list, as the set of actions or resources that it stands for.
#[derive(Debug)]
pub struct Entry {
    language: Language,
}

impl Entry {
    /// An entry of `Action` or `NotAction`.
    pub fn action(text: &str) -> Entry {
        Entry::of(action_patterns(text))
    }

    /// An entry of `Resource` or `NotResource`. Policy variables stand for one unknown value each.
    pub fn resource(text: &str, kind: PolicyKind, version: Version) -> Entry {
        Entry::of(entry_patterns(text, kind, version))
    }

    fn of(patterns: impl IntoIterator<Item = Pattern>) -> Entry {
        Entry { language: Language::new(patterns.into_iter().map(Arc::new)) }
    }

    /// True if no action or resource is known that the entry stands for: it is a mistake, or an ARN that is not known.
    pub fn is_empty(&self) -> bool {
        self.language.patterns().is_empty()
    }

    /// True if everything that `other` stands for is among what this entry stands for.
    pub fn contains(&self, other: &Entry) -> bool {
        other.language.patterns().iter().all(|pattern| self.language.covers_simply(pattern))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stay_within_their_field() {
        let resource = |text| Entry::resource(text, PolicyKind::Identity, Version::V2012);
        let contains = |outer, inner| resource(outer).contains(&resource(inner));
        assert!(contains("*", "arn:aws:s3:::a"));
        assert!(contains("arn:aws:s3:::a/*", "arn:aws:s3:::a/${aws:username}/*"));
        assert!(contains("arn:aws:sns:*", "arn:aws:sns:us-east-1:111122223333:t"), "a short ARN is filled up");
        assert!(!contains("arn:aws:sqs:*:q", "arn:aws:sqs:us-east-1:111122223333:q"), "`q` is an account there");
        assert!(!contains("arn:aws:s3:::a/${aws:username}", "arn:aws:s3:::a/*"));
        let action = |outer, inner| Entry::action(outer).contains(&Entry::action(inner));
        assert!(action("S3:Get*", "s3:getobject"));
        assert!(action("*", "s3:*") && action("s*:*", "s3:Get*"));
        assert!(!action("s3:Get*", "s3:*"));
    }
}
