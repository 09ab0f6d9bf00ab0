//! `TYPE_MISMATCH_STRING`: type mismatch string.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

use crate::checks::condition::value;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::OperatorFamily;

declare_check! {
    /// ## What it does
    ///
    /// Finds values under `BinaryEquals` that are not base64.
    ///
    /// ## Why it matters
    ///
    /// The operator decodes the value before it compares. What can't be decoded equals nothing.
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
    ///       "Condition": {"BinaryEquals": {"aws:PrincipalTag/token": "not base64!"}}
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
    ///       "Condition": {"BinaryEquals": {"aws:PrincipalTag/token": "QmluYXJ5"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub TYPE_MISMATCH_STRING: Warning, All, "Type mismatch string", run
}

/// Standard base64; bits past the last byte may be set.
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        if used.family() != Some(OperatorFamily::Binary) {
            continue;
        }
        for (value, text) in used.known_values() {
            if LENIENT.decode(text).is_err() && value::references(text).next().is_none() {
                findings.add(
                    used.value_location(value),
                    format!("`{text}` under `{}` is not base64.", used.shown_operator()),
                );
            }
        }
    }
}
