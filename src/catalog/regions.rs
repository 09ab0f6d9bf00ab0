//! Partitions and Regions.

use smol_str::SmolStr;

/// The partitions, as ARNs write them.
pub(super) static PARTITIONS: &[&str] =
    &["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"];

/// A Region.
#[derive(Clone, Debug)]
pub struct Region {
    /// `eu-west-1`
    pub name: SmolStr,
    /// `aws`
    pub partition: &'static str,
}
