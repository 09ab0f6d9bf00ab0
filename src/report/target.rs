//! Where a deployment goes, as far as the user says, and what its resources are called there.

use rustc_hash::FxHashMap;

use super::Report;
use super::escape::terminal;
use crate::activity::Timestamp;
use crate::model::{Resource, ResourceRef};
use crate::source::Text;

/// Where a deployment goes, and when.
#[derive(Clone, Debug)]
pub struct Target {
    /// The account.
    pub account_id: Option<String>,
    /// The Region.
    pub region: Option<String>,
    /// The partition, if the Region doesn't tell.
    pub partition: Option<String>,
    /// The stack.
    pub stack_name: Option<String>,
    /// The time of the report.
    pub time: Timestamp,
}

impl Target {
    /// The account; empty if it isn't known.
    pub(super) fn account(&self) -> &str {
        self.account_id.as_deref().unwrap_or_default()
    }

    /// The Region; empty if it isn't known.
    pub(super) fn region(&self) -> &str {
        self.region.as_deref().unwrap_or_default()
    }

    /// The partition: that of the Region, unless it was given.
    pub(super) fn partition(&self) -> &str {
        match (&self.partition, self.region()) {
            (Some(partition), _) => partition,
            (None, region) if region.starts_with("cn-") => "aws-cn",
            (None, region) if region.starts_with("us-gov-") => "aws-us-gov",
            (None, region) if region.starts_with("us-iso-") => "aws-iso",
            (None, region) if region.starts_with("us-isob-") => "aws-iso-b",
            (None, _) => "aws",
        }
    }

    /// The text with the account, the Region and the partition in place of what stands for them.
    fn filled(&self, text: &Text) -> String {
        let mut shown = terminal::line(&text.display());
        for (name, value) in
            [("AWS::AccountId", self.account()), ("AWS::Region", self.region()), ("AWS::Partition", self.partition())]
        {
            if !value.is_empty() {
                shown = shown.replace(&format!("${{{name}}}"), value);
            }
        }
        shown
    }
}

/// The resources of a report by their ARNs.
pub(super) struct Arns<'a> {
    target: &'a Target,
    resources: FxHashMap<&'a ResourceRef, &'a Text>,
}

impl<'a> Arns<'a> {
    pub(super) fn of_report(report: &'a Report<'_>) -> Arns<'a> {
        let resources = report.deployment.resources.iter();
        let resources = resources.filter_map(|Resource { id, arn, .. }| Some((id, arn.as_ref()?)));
        let principals = report.deployment.principals.iter().map(|p| (&p.id, &p.arn));
        Arns { target: &report.target, resources: resources.chain(principals).collect() }
    }

    /// The ARN of a resource, with `${…}` for what deployment decides; nothing if the type has none.
    pub(super) fn arn(&self, resource: &ResourceRef) -> Option<String> {
        self.resources.get(resource).map(|arn| self.target.filled(arn)).filter(|arn| arn.starts_with("arn:"))
    }
}
