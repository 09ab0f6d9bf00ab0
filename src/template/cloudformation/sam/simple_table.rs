//! `AWS::Serverless::SimpleTable`: a DynamoDB table with one key.

use super::SamResource;
use super::construct::Generated;
use crate::source::Node;

pub(super) fn expand(sam: &SamResource<'_>) -> Vec<Generated> {
    let mut table = Generated::new(sam.id.clone(), "AWS::DynamoDB::Table", sam.at, sam.attributes());
    let at = sam.place("PrimaryKey");
    let key = |name: &str, or: &str| {
        sam.get("PrimaryKey").and_then(|k| k.get(name)).cloned().unwrap_or_else(|| at.string(or))
    };
    let kind = key("Type", "String");
    let kind = match kind.as_str() {
        Some("String") => at.string("S"),
        Some("Number") => at.string("N"),
        Some("Binary") => at.string("B"),
        _ => kind,
    };
    let name = key("Name", "id");
    let definition = at.map([("AttributeName", name.clone()), ("AttributeType", kind)]);
    table.set("AttributeDefinitions", at.list([definition]));
    table.set("KeySchema", at.list([at.map([("AttributeName", name), ("KeyType", at.string("HASH"))])]));
    table.copy(
        &sam.properties,
        &["TableName", "ProvisionedThroughput", "SSESpecification", "PointInTimeRecoverySpecification"],
    );
    if sam.get("ProvisionedThroughput").is_none() {
        table.set("BillingMode", sam.at.string("PAY_PER_REQUEST"));
    }
    if let Some(tags) = sam.get("Tags").filter(|t: &&Node| t.as_mapping().is_some()) {
        table.set("Tags", sam.place("Tags").tags(None, Some(tags)));
    }
    vec![table]
}
