//! Amazon Resource Names, split at their first five colons.

use std::ops::Range;

/// The six fields of an ARN or ARN pattern; no field is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `arn`, if it is one.
    pub prefix: &'a str,
    /// `aws`, `aws-cn`, …
    pub partition: &'a str,
    /// The service's name.
    pub service: &'a str,
    /// The Region, often empty.
    pub region: &'a str,
    /// The account id, often empty.
    pub account: &'a str,
    /// All after the fifth colon.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits text of at least six fields; `None` for fewer.
    ///
    /// ```
    /// use iam_preflight::policy::Arn;
    /// let arn = Arn::split("arn:aws:logs:us-east-1:111122223333:log-group:a:*").unwrap();
    /// assert_eq!((arn.service, arn.resource), ("logs", "log-group:a:*"));
    /// assert!(Arn::split("arn:aws:s3").is_none());
    /// ```
    pub fn split(s: &'a str) -> Option<Arn<'a>> {
        let mut fields = s.splitn(6, ':');
        let mut next = || fields.next();
        Some(Arn {
            prefix: next()?,
            partition: next()?,
            service: next()?,
            region: next()?,
            account: next()?,
            resource: next()?,
        })
    }

    /// The bytes of `whole` in which a field of this ARN stands. `field` must be one of the fields.
    pub fn range_of(whole: &str, field: &str) -> Range<usize> {
        let start = (field.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
        start..start + field.len()
    }
}
