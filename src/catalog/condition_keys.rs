//! Condition keys that belong to no single service's list: the global ones, those that requests to other services
//! carry, and the global keys that only some services supply.
//!
//! Source: "AWS global condition context keys" in the IAM User Guide, edition of autumn 2026.

use super::service::{KeyKind, KeyType};

/// A global condition key.
#[derive(Clone, Copy, Debug)]
pub struct GlobalConditionKey {
    /// In AWS's spelling; families end in a slash: `aws:PrincipalTag/`.
    pub name: &'static str,
    /// What values it takes.
    pub key_type: KeyType,
    /// A second type that its values may be written in: `aws:EpochTime` is a date or a number.
    pub also: Option<KeyKind>,
}

const fn one(name: &'static str, kind: KeyKind) -> GlobalConditionKey {
    GlobalConditionKey { name, key_type: KeyType { kind, multivalued: false }, also: None }
}

const fn many(name: &'static str, kind: KeyKind) -> GlobalConditionKey {
    GlobalConditionKey { name, key_type: KeyType { kind, multivalued: true }, also: None }
}

use KeyKind::{Arn, Bool, Date, IpAddress, Numeric, String};

/// The global keys, sorted by their names in lower case.
pub(super) static GLOBAL: &[GlobalConditionKey] = &[
    one("aws:AssumedRoot", Bool),
    many("aws:CalledVia", String),
    one("aws:CalledViaAWSMCP", String),
    one("aws:CalledViaFirst", String),
    one("aws:CalledViaLast", String),
    one("aws:ChatbotSourceArn", Arn),
    one("aws:CurrentTime", Date),
    one("aws:Ec2InstanceSourcePrivateIPv4", IpAddress),
    one("aws:Ec2InstanceSourceVpc", String),
    GlobalConditionKey { also: Some(Numeric), ..one("aws:EpochTime", Date) },
    one("aws:FederatedProvider", String),
    one("aws:IsMcpServiceAction", Bool),
    one("aws:MultiFactorAuthAge", Numeric),
    one("aws:MultiFactorAuthPresent", Bool),
    one("aws:PrincipalAccount", String),
    one("aws:PrincipalArn", Arn),
    one("aws:PrincipalIsAWSService", Bool),
    one("aws:PrincipalOrgID", String),
    many("aws:PrincipalOrgPaths", String),
    one("aws:PrincipalServiceName", String),
    many("aws:PrincipalServiceNamesList", String),
    one("aws:PrincipalTag/", String),
    one("aws:PrincipalType", String),
    one("aws:referer", String),
    one("aws:RequestedRegion", String),
    one("aws:RequestTag/", String),
    one("aws:ResourceAccount", String),
    one("aws:ResourceOrgID", String),
    many("aws:ResourceOrgPaths", String),
    one("aws:ResourceTag/", String),
    one("aws:SecureTransport", Bool),
    one("aws:SignInSessionArn", Arn),
    one("aws:SourceAccount", String),
    one("aws:SourceArn", Arn),
    one("aws:SourceIdentity", String),
    one("aws:SourceIp", IpAddress),
    one("aws:SourceOrgID", String),
    many("aws:SourceOrgPaths", String),
    one("aws:SourceVpc", String),
    one("aws:SourceVpcArn", Arn),
    one("aws:SourceVpce", String),
    many("aws:TagKeys", String),
    one("aws:TokenIssueTime", Date),
    one("aws:UserAgent", String),
    one("aws:userid", String),
    one("aws:username", String),
    one("aws:ViaAWSMCPService", Bool),
    one("aws:ViaAWSService", Bool),
    one("aws:VpceAccount", String),
    one("aws:VpceOrgID", String),
    many("aws:VpceOrgPaths", String),
    one("aws:VpcSourceIp", IpAddress),
];

/// Keys named after one service that requests to other services carry, since they tell of the caller's session; sorted
/// by their names in lower case.
pub(super) static CROSS_SERVICE: &[GlobalConditionKey] = &[
    one("codebuild:BuildArn", Arn),
    one("codebuild:ProjectArn", Arn),
    one("ec2:RoleDelivery", Numeric),
    one("ec2:SourceInstanceArn", Arn),
    one("glue:CredentialIssuingService", String),
    one("glue:RoleAssumedBy", String),
    one("identitystore:UserId", String),
    one("lambda:SourceFunctionArn", Arn),
    one("ssm:SourceInstanceArn", Arn),
];

/// The key of that name in a sorted table, or the family it belongs to; case is ignored.
pub(super) fn find(table: &'static [GlobalConditionKey], key: &str) -> Option<&'static GlobalConditionKey> {
    // A tag key may itself hold slashes: the family ends at the first.
    let (name, is_member) = match key.find('/') {
        Some(slash) => (key.get(..=slash)?, slash + 1 < key.len()),
        None => (key, true),
    };
    let order = |known: &&GlobalConditionKey| {
        known.name.bytes().map(|b| b.to_ascii_lowercase()).cmp(name.bytes().map(|b| b.to_ascii_lowercase()))
    };
    let at = table.binary_search_by(|known| order(&known)).ok()?;
    table.get(at).filter(|_| is_member)
}

/// Services whose VPC endpoints supply `aws:VpceAccount`, `aws:VpceOrgID` and `aws:VpceOrgPaths`; sorted.
static VPCE_KEYS: &[&str] = &[
    "acm-pca",
    "applicationinsights",
    "apprunner",
    "athena",
    "cloudformation",
    "comprehendmedical",
    "compute-optimizer",
    "datasync",
    "discovery",
    "dynamodb",
    "ebs",
    "ecr",
    "ecs",
    "firehose",
    "gamelift",
    "healthlake",
    "iam",
    "iotfleetwise",
    "iotwireless",
    "kinesisanalytics",
    "kms",
    "lambda",
    "medical-imaging",
    "omics",
    "payment-cryptography",
    "polly",
    "rbin",
    "rekognition",
    "route53",
    "s3",
    "scheduler",
    "servicediscovery",
    "servicequotas",
    "shield",
    "ssm-contacts",
    "storagegateway",
    "textract",
    "transcribe",
    "transfer",
];

/// Services that supply `aws:VpceOrgID` although they supply the other two keys not; sorted.
static VPCE_ORG_ID_ALONE: &[&str] = &[
    "b2bi",
    "cassandra",
    "cognito-identity",
    "dms",
    "ds-data",
    "identitystore",
    "iottwinmaker",
    "network-firewall",
    "pricing",
    "ses",
    "sms-voice",
    "sqs",
    "workmail",
];

/// Services of the first list that don't supply `aws:SourceVpcArn`; sorted.
static WITHOUT_SOURCE_VPC_ARN: &[&str] = &["dynamodb", "gamelift", "shield"];

/// Actions of listed services that don't supply the keys; lower case.
static WITHOUT_VPCE_KEYS: &[&str] = &["iam:passrole"];

/// Whether requests for an action (or with an action name of `*`, for all of a service) carry a key that only some
/// services supply; `None` for keys without such a list. Case is ignored.
pub(super) fn supplies_network_key(key: &str, prefix: &str, action: &str) -> Option<bool> {
    let is = |name: &str| key.eq_ignore_ascii_case(name);
    let prefix = &*prefix.to_ascii_lowercase();
    let within = |list: &[&str]| list.binary_search(&prefix).is_ok();
    let listed = if is("aws:VpceOrgID") {
        within(VPCE_KEYS) || within(VPCE_ORG_ID_ALONE)
    } else if is("aws:VpceAccount") || is("aws:VpceOrgPaths") {
        within(VPCE_KEYS)
    } else if is("aws:SourceVpcArn") {
        within(VPCE_KEYS) && !within(WITHOUT_SOURCE_VPC_ARN)
    } else {
        return None;
    };
    let full = format!("{prefix}:{}", action.to_ascii_lowercase());
    Some(listed && !WITHOUT_VPCE_KEYS.contains(&full.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_sorted_without_doubles() {
        for table in [GLOBAL, CROSS_SERVICE] {
            assert!(table.is_sorted_by(|a, b| a.name.to_ascii_lowercase() < b.name.to_ascii_lowercase()));
        }
        for list in [VPCE_KEYS, VPCE_ORG_ID_ALONE, WITHOUT_SOURCE_VPC_ARN, WITHOUT_VPCE_KEYS] {
            assert!(list.is_sorted_by(|a, b| a < b));
        }
    }

    #[test]
    fn a_key_is_found_whatever_its_case_and_a_family_by_its_members() {
        for key in GLOBAL {
            let member = if key.name.ends_with('/') { format!("{}A/b", key.name) } else { key.name.to_owned() };
            assert_eq!(find(GLOBAL, &member.to_uppercase()).map(|k| k.name), Some(key.name));
        }
        for wrong in ["aws:PrincipalTag/", "aws:PrincipalTag", "aws:TagKeys/a", "aws:", "", "/", "aws:ARN"] {
            assert!(find(GLOBAL, wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn network_keys_are_told_apart_by_service_and_action() {
        assert_eq!(supplies_network_key("aws:vpceaccount", "S3", "GetObject"), Some(true));
        assert_eq!(supplies_network_key("aws:VpceAccount", "sqs", "SendMessage"), Some(false));
        assert_eq!(supplies_network_key("aws:VpceOrgID", "sqs", "SendMessage"), Some(true));
        assert_eq!(supplies_network_key("aws:VpceOrgPaths", "iam", "PassRole"), Some(false));
        assert_eq!(supplies_network_key("aws:SourceVpcArn", "dynamodb", "GetItem"), Some(false));
        assert_eq!(supplies_network_key("aws:SourceVpc", "dynamodb", "GetItem"), None);
    }
}
