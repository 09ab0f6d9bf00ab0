//! `INVALID_KMS_KEY_VALUE`: invalid KMS key value.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::catalog::KeyKind;
use crate::checks::condition::{KeyUse, key::KeyClass, value};
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::OperatorFamily;

declare_check! {
    /// ## What it does
    ///
    /// Finds values of condition keys for KMS keys that are not the ARN of a key.
    ///
    /// ## Why it matters
    ///
    /// Requests hold the whole ARN, whatever form the caller used. A bare id or the name of an alias never equals
    /// it.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "s3:PutObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///       "Condition": {
    ///         "StringEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "1234abcd-12ab-34cd-56ef-1234567890ab"}
    ///       }
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
    ///       "Action": "s3:PutObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///       "Condition": {
    ///         "StringEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"}
    ///       }
    ///     }
    ///   ]
    /// }
    /// ```
    pub INVALID_KMS_KEY_VALUE: Error, All, "Invalid KMS key value", run
}

/// True for a service's key that holds ARNs and names a KMS key. KMS's own keys hold other things.
fn holds_kms_key(used: &KeyUse<'_>) -> bool {
    let KeyClass::Service(service, definition) = used.facts.class else { return false };
    let name = definition.name.to_ascii_lowercase();
    service.prefix != "kms"
        && definition.key_type.kind == KeyKind::Arn
        && (name.contains("kmskey") || name.contains("kms-key"))
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        let compares_text = matches!(used.family(), Some(OperatorFamily::String | OperatorFamily::Arn));
        if !compares_text || !holds_kms_key(used) {
            continue;
        }
        for (value, text) in used.known_values() {
            let pattern = value::has_wildcard(text) || value::references(text).next().is_some();
            if !pattern && !value::is_kms_key_arn(text) {
                findings.add(
                    used.value_location(value),
                    format!(
                        "`{text}` is not the ARN of a KMS key, `arn:aws:kms:region:account:key/id`, that `{}` takes.",
                        used.shown()
                    ),
                );
            }
        }
    }
}
