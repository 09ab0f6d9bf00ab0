//! `INVALID_PRINCIPAL_FORMAT`: invalid principal format.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::policy::PrincipalKind;
use crate::source::NodeKind;

declare_check! {
    /// ## What it does
    ///
    /// Finds a `Principal` that is neither `"*"` nor a map from a principal type to values.
    ///
    /// ## Why it matters
    ///
    /// AWS rejects the policy. An account, an ARN or a service needs its type: `{"AWS": "111122223333"}`.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::S3::Bucket
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": "arn:aws:iam::111122223333:root", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```json RESOURCE_POLICY AWS::S3::Bucket
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
    ///   ]
    /// }
    /// ```
    pub INVALID_PRINCIPAL_FORMAT: Error, Resource, "Invalid principal format", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        for element in statement.principal_elements() {
            let path = statement.path().key(element.element);
            let problem = match &element.kind {
                PrincipalKind::Text(text) if text == "*" || text.has_unknown() => continue,
                PrincipalKind::Text(text) => format!("`{text}` has no principal type; {}.", advice(text.as_str())),
                PrincipalKind::Map(_) => {
                    let map = context.document.object(statement).and_then(|m| m.get(element.element)?.as_mapping());
                    for entry in map.into_iter().flat_map(|m| m.iter()) {
                        // A number is an account id written without quotes.
                        let single = matches!(entry.value.kind, NodeKind::String(_) | NodeKind::Number(_));
                        let list = entry.value.as_sequence().is_some_and(|items| {
                            items.iter().all(|i| matches!(i.kind, NodeKind::String(_) | NodeKind::Number(_)))
                        });
                        if !single && !list {
                            findings.add(
                                Location::new(path.key(entry.key.as_smol().clone()), entry.value.span),
                                format!("The values of `{}` must be a string or an array of strings.", entry.key),
                            );
                        }
                    }
                    continue;
                }
                PrincipalKind::Other => format!("`{}` must be `\"*\"` or a map of principal types.", element.element),
            };
            findings.add(Location::new(path, element.span), problem);
        }
    }
}

fn advice(value: &str) -> String {
    let principal_type = if value.contains("-provider/") {
        "Federated"
    } else if value.ends_with(".amazonaws.com") || value.ends_with(".amazonaws.com.cn") {
        "Service"
    } else {
        "AWS"
    };
    format!("write `{{\"{principal_type}\": \"{value}\"}}`")
}
