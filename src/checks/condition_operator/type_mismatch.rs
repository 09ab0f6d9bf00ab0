//! `TYPE_MISMATCH`: type mismatch.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::operators_for;
use crate::catalog::KeyKind;
use crate::checks::condition::key::KeyClass;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::OperatorFamily;

declare_check! {
    /// ## What it does
    ///
    /// Finds operators of another type than the condition key: `NumericEquals` on an address, `StringEquals` on a
    /// Boolean key.
    ///
    /// ## Why it matters
    ///
    /// Values of the wrong type do not compare as meant: as strings `true` and `True` differ, `10` sorts before
    /// `9`, and an ARN operator never matches what is no ARN.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "s3:GetObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///       "Condition": {"StringEquals": {"aws:SecureTransport": "true"}}
    ///     }
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "s3:GetObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///       "Condition": {"Bool": {"aws:SecureTransport": "true"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub TYPE_MISMATCH: Warning, All, "Type mismatch", run
}

/// A string for the providers that IAM has built in, an ARN for others.
const PROVIDER: &str = "aws:FederatedProvider";

/// Tags and encryption contexts hold what their writer puts there, which may well be an ARN.
fn is_free_text(class: KeyClass<'_>) -> bool {
    match class {
        KeyClass::Global(key) => key.name.ends_with('/'),
        KeyClass::Service(_, definition) => definition.name.contains(['$', '<']),
        _ => false,
    }
}

fn fits(family: OperatorFamily, kind: KeyKind) -> bool {
    match family {
        OperatorFamily::Null => true,
        // An ARN is a string too. The forms with wildcards have a check of their own.
        OperatorFamily::String => matches!(kind, KeyKind::String | KeyKind::Arn),
        OperatorFamily::Numeric => kind == KeyKind::Numeric,
        OperatorFamily::Date => kind == KeyKind::Date,
        OperatorFamily::Bool => kind == KeyKind::Bool,
        OperatorFamily::Binary => kind == KeyKind::Binary,
        OperatorFamily::IpAddress => kind == KeyKind::IpAddress,
        OperatorFamily::Arn => kind == KeyKind::Arn,
    }
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        let (Some(family), Some(kind)) = (used.family(), used.facts.kind()) else { continue };
        let also = match used.facts.class {
            KeyClass::Global(key) => key.also,
            _ => None,
        };
        let by_text = family == OperatorFamily::Arn && (used.is(PROVIDER) || is_free_text(used.facts.class));
        if by_text || [Some(kind), also].into_iter().flatten().any(|kind| fits(family, kind)) {
            continue;
        }
        findings.add(
            used.location(),
            format!(
                "`{}` takes {} operators, and `{}` is none of them.",
                used.shown(),
                operators_for(kind),
                used.shown_operator()
            ),
        );
    }
}
