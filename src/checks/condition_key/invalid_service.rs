//! `INVALID_SERVICE`: invalid service.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::action::unlisted::is_unlisted_service;
use crate::checks::condition::{key::KeyClass, value};
use crate::checks::nearest;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::policy::{Arn, glob};
use crate::source::Symbol;

declare_check! {
    /// ## What it does
    ///
    /// Finds condition keys whose prefix is no service, and resource ARNs whose service is none.
    ///
    /// ## Why it matters
    ///
    /// A key of a service that does not exist is in no request, and an ARN of such a service is no resource: the
    /// statement has no effect.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "s3:ListBucket",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket",
    ///       "Condition": {"StringLike": {"s4:prefix": "logs/*"}}
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
    ///       "Action": "s3:ListBucket",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket",
    ///       "Condition": {"StringLike": {"s3:prefix": "logs/*"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub INVALID_SERVICE: Error, All, "Invalid service", run
}

/// Service names of ARNs that are no prefix of actions. A test holds the list to the catalog.
const OTHER_ARN_SERVICES: &[&str] = &["catalog", "elastic-inference", "route53-recovery-control"];

/// The service field of an ARN, if it is certainly no service.
fn unknown_service<'a>(context: &CheckContext<'_>) -> impl Fn(Arn<'a>) -> Option<&'a str> {
    move |arn| {
        let service = arn.service;
        let undecided = service.is_empty()
            || arn.prefix != "arn"
            || Symbol::occurs_in(service)
            || Symbol::occurs_in(arn.partition)
            || glob::has_wildcard(service)
            || value::references(service).next().is_some();
        let known = || {
            OTHER_ARN_SERVICES.iter().any(|s| s.eq_ignore_ascii_case(service))
                || context.catalog.service(service).is_some()
        };
        (!undecided && !known()).then_some(service)
    }
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        if let KeyClass::UnknownPrefix(prefix) = used.facts.class {
            if is_unlisted_service(prefix) {
                continue;
            }
            let suggestion = nearest::name(prefix, context.catalog.prefixes());
            findings.add(
                used.location(),
                format!(
                    "The prefix `{prefix}` of the condition key `{}` is no service{}.",
                    used.shown(),
                    nearest::did_you_mean(suggestion)
                ),
            );
        }
    }
    for statement in &context.document.statements {
        for list in statement.resource_lists() {
            for item in &list.items {
                let Some(service) = Arn::split(item.text.as_str()).and_then(unknown_service(context)) else { continue };
                let range = Arn::range_of(item.text.as_str(), service);
                let suggestion = nearest::name(service, context.catalog.prefixes());
                findings.add(
                    Location::within(statement.item_path(list, item), item.span, &item.text, range),
                    format!(
                        "`{service}` in the ARN `{}` is no service{}.",
                        item.text,
                        nearest::did_you_mean(suggestion)
                    ),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn every_service_of_the_arn_formats_is_known() {
        let catalog = Catalog::embedded();
        for service in catalog.prefixes().filter_map(|p| catalog.service(p)) {
            for format in service.resource_types.iter().flat_map(|t| &t.arns) {
                // A format is no ARN itself: its partition is `${Partition}`.
                let Some(arn) = Arn::split(format) else { continue };
                let known = arn.service.contains("${")
                    || OTHER_ARN_SERVICES.contains(&arn.service)
                    || catalog.service(arn.service).is_some();
                assert!(known, "{format}");
            }
        }
    }
}
