//! ARNs in `Resource` and `NotResource`, field by field, against the ARN formats of the catalog.
//!
//! A field with a wildcard, a policy variable or an unknown value is not judged. The service field of ARNs is not
//! always the prefix of actions: Service Catalog's is `catalog`. So when a service's own formats do not fit, those
//! of all services are searched before anything is said.

mod arn_account_not_allowed;
mod arn_region_not_allowed;
mod invalid_arn_account;
mod invalid_arn_prefix;
mod invalid_arn_region;
mod invalid_arn_resource;
mod invalid_arn_service_case;
mod invalid_partition;
mod missing_arn_account;
mod missing_arn_field;
mod missing_arn_region;
mod redundant_resource;
mod unsupported_resource_arn_in_policy;
mod wildcard_in_service_name;

use crate::catalog::{ArnFields, Catalog, Service};
use crate::checks::{Check, CheckContext};
use crate::finding::Location;
use crate::policy::{Arn, PolicyDocument, Statement, StringItem, StringList, glob};
use crate::source::{Piece, Shape, Symbol, Text};

/// The checks of this folder.
pub static CHECKS: &[&Check] = &[
    &missing_arn_field::MISSING_ARN_FIELD,
    &invalid_arn_prefix::INVALID_ARN_PREFIX,
    &invalid_partition::INVALID_PARTITION,
    &wildcard_in_service_name::WILDCARD_IN_SERVICE_NAME,
    &invalid_arn_service_case::INVALID_ARN_SERVICE_CASE,
    &invalid_arn_region::INVALID_ARN_REGION,
    &invalid_arn_account::INVALID_ARN_ACCOUNT,
    &invalid_arn_resource::INVALID_ARN_RESOURCE,
    &arn_region_not_allowed::ARN_REGION_NOT_ALLOWED,
    &arn_account_not_allowed::ARN_ACCOUNT_NOT_ALLOWED,
    &missing_arn_region::MISSING_ARN_REGION,
    &missing_arn_account::MISSING_ARN_ACCOUNT,
    &unsupported_resource_arn_in_policy::UNSUPPORTED_RESOURCE_ARN_IN_POLICY,
    &redundant_resource::REDUNDANT_RESOURCE,
];

/// An entry of `Resource` or `NotResource` other than `*`.
#[derive(Clone, Debug)]
pub(crate) struct ResourceEntry<'a> {
    statement: &'a Statement,
    list: &'a StringList,
    item: &'a StringItem,
    /// Its fields, or how many there are when they are fewer than six.
    arn: Result<Arn<'a>, usize>,
    /// The resource types it may name; `None` when the service is not known or has no formats.
    types: Option<Types>,
}

/// The ARN formats that a resource part meets.
#[derive(Clone, Debug, Default)]
struct Types {
    matched: usize,
    with_region: usize,
    with_account: usize,
    /// The name of the first resource type.
    name: String,
}

impl ResourceEntry<'_> {
    fn location(&self) -> Location {
        Location::new(self.statement.item_path(self.list, self.item), self.item.span)
    }
}

/// The entries whose fields can be told apart, for [`CheckContext::resource_entries`].
pub(super) fn resource_entries<'a>(document: &'a PolicyDocument, catalog: &Catalog) -> Vec<ResourceEntry<'a>> {
    let mut out = Vec::new();
    for statement in &document.statements {
        for list in statement.resource_lists() {
            for item in list.items.iter().filter(|i| i.text != "*" && !fields_are_unclear(&i.text)) {
                let arn = split(item.text.as_str());
                let types = arn.as_ref().ok().and_then(|arn| types(arn, catalog));
                out.push(ResourceEntry { statement, list, item, arn, types });
            }
        }
    }
    out
}

/// The entries that have the fields of an ARN.
fn arns<'c, 'a>(context: &'c CheckContext<'a>) -> impl Iterator<Item = (&'c ResourceEntry<'a>, &'c Arn<'a>)> {
    context.resource_entries().iter().filter_map(|e| Some((e, e.arn.as_ref().ok()?)))
}

/// True if an unknown value before the resource part may hold colons, so that the fields cannot be counted.
fn fields_are_unclear(text: &Text) -> bool {
    let mut colons = 0;
    for piece in text.pieces() {
        match piece {
            Piece::Literal(s) => colons += s.matches(':').count(),
            Piece::Symbol(s) if colons < 5 && matches!(s.info().shape, Shape::Any | Shape::Arn | Shape::Literal) => {
                return true;
            }
            Piece::Symbol(_) => {}
        }
    }
    false
}

/// The six fields, or the number of fields.
fn split(text: &str) -> Result<Arn<'_>, usize> {
    Ok(arn_of(text, &field_ends(text)?))
}

/// Where the fields before the last end, or the number of fields if they are fewer. Colons within policy variables do
/// not count.
fn field_ends(text: &str) -> Result<[usize; 5], usize> {
    let mut ends = [0usize; 5];
    let mut found = 0;
    let mut in_variable = false;
    let bytes = text.as_bytes();
    for (i, b) in bytes.iter().enumerate() {
        match b {
            b'{' if i > 0 && bytes[i - 1] == b'$' => in_variable = true,
            b'}' => in_variable = false,
            b':' if !in_variable => {
                ends[found] = i;
                found += 1;
                if found == 5 {
                    break;
                }
            }
            _ => {}
        }
    }
    if found < 5 { Err(found + 1) } else { Ok(ends) }
}

/// The fields of a text, given the ends that [`field_ends`] found in it.
fn arn_of<'t>(text: &'t str, ends: &[usize; 5]) -> Arn<'t> {
    Arn {
        prefix: &text[..ends[0]],
        partition: &text[ends[0] + 1..ends[1]],
        service: &text[ends[1] + 1..ends[2]],
        region: &text[ends[2] + 1..ends[3]],
        account: &text[ends[3] + 1..ends[4]],
        resource: &text[ends[4] + 1..],
    }
}

/// True for a field that is literal and known.
fn is_plain(field: &str) -> bool {
    !field.contains(['*', '?']) && !field.contains("${") && !Symbol::occurs_in(field)
}

/// Service and resource part of ARNs that exist although the service authorization reference has no format for them,
/// and whether they have a Region and an account.
const UNLISTED_FORMATS: &[(&str, &str, bool, bool)] = &[
    // Macros such as `arn:aws:cloudformation:us-east-1:aws:transform/Serverless-2016-10-31`.
    ("cloudformation", "transform/*", true, true),
    ("apigateway", "/tags*", true, false),
    // Collections that resources are created in.
    ("aps", "/workspaces", true, true),
    ("grafana", "/workspaces", true, true),
    // Scaling policies of Application Auto Scaling.
    ("autoscaling", "scalingPolicy:*", true, true),
    ("waf", "changetoken/*", false, true),
    ("waf-regional", "changetoken/*", true, true),
    // The managed policies of CloudFront and AWS WAF agree on it; the reference has a slash.
    ("pricingplanmanager", "subscription:*", false, true),
    // The API returns ARNs of this form.
    ("redshift-serverless", "snapshotcopyconfiguration/*", true, true),
    // Its actions are unlisted, too.
    ("securityagent", "agent-instance*", true, true),
    // What AWS owns has no account.
    ("ssm", "document/*", true, false),
    ("ssm", "automation-definition/*", true, false),
    ("ssm", "parameter/*", true, false),
    ("resource-explorer-2", "view/*", true, false),
];

/// True if some ARN has this service field.
fn is_arn_service(catalog: &Catalog, service: &str) -> bool {
    catalog.service(service).is_some() || formats(catalog, service).next().is_some()
}

/// True if the service's ARN formats name this owner in place of an account.
fn is_owner(catalog: &Catalog, service: &str, owner: &str) -> bool {
    owner == "aws" || formats(catalog, service).any(|(_, f)| f.account == owner)
}

/// The ARN formats of a service. A service field that is open (recovery points of AWS Backup: `${Vendor}`) counts as
/// the service's own name.
fn formats_of(service: &Service) -> impl Iterator<Item = (&str, Arn<'_>)> {
    let fields = service.arn_fields.get_or_init(|| {
        let arns =
            service.resource_types.iter().enumerate().flat_map(|(t, r)| r.arns.iter().enumerate().map(move |a| (t, a)));
        arns.filter_map(|(of_type, (arn, text))| Some(ArnFields { of_type, arn, ends: field_ends(text).ok()? }))
            .collect()
    });
    fields.iter().filter_map(|fields| {
        let of_type = service.resource_types.get(fields.of_type)?;
        let mut format = arn_of(of_type.arns.get(fields.arn)?, &fields.ends);
        if format.service.contains("${") {
            format.service = &service.prefix;
        }
        Some((of_type.name.as_str(), format))
    })
}

/// Service fields of ARNs that services of other names have formats with, sorted. A test holds the table to the
/// catalog: reading all services to find these few would take longer than all checks.
const FORMATS_ELSEWHERE: &[(&str, &[&str])] = &[
    ("acm", &["ec2"]),
    ("amplify", &["wafv2"]),
    ("apigateway", &["wafv2"]),
    ("app-integrations", &["connect"]),
    ("apprunner", &["wafv2"]),
    ("appsync", &["wafv2"]),
    ("bedrock-agentcore", &["wafv2"]),
    ("billing", &["bcm-data-exports", "ce"]),
    ("catalog", &["servicecatalog"]),
    ("cloudfront", &["cloudfront-keyvaluestore"]),
    ("cloudtrail", &["cloudtrail-data"]),
    ("codewhisperer", &["q"]),
    ("cognito-idp", &["wafv2"]),
    ("compute-optimizer", &["aco-automation"]),
    ("ds", &["ds-data"]),
    ("ec2", &["ebs", "ec2-instance-connect", "route53", "ssm", "vpce", "wafv2", "workspaces-instances"]),
    ("ecs", &["ssm"]),
    ("eks", &["aps", "eks-auth"]),
    ("elastic-inference", &["ec2"]),
    ("elasticloadbalancing", &["arc-zonal-shift", "waf-regional", "wafv2"]),
    ("iam", &["codestar", "ec2", "es", "ssm", "sts"]),
    ("iot", &["greengrass", "iotjobsdata", "iotwireless"]),
    ("iq-permission", &["iq"]),
    ("kafka", &["kafka-cluster"]),
    ("kms", &["events", "kinesis"]),
    ("license-manager", &["ec2"]),
    ("mpa", &["payment-cryptography"]),
    ("opensearch", &["es"]),
    ("qbusiness", &["qapps"]),
    ("qdeveloper", &["q"]),
    ("rds", &["rds-data"]),
    ("redshift", &["redshift-data"]),
    ("redshift-serverless", &["redshift-data"]),
    ("resource-groups", &["ec2"]),
    ("route53-recovery-control", &["route53-recovery-cluster", "route53-recovery-control-config"]),
    ("s3", &["ssm"]),
    ("s3-object-lambda", &["s3"]),
    ("sagemaker", &["sagemaker-mlflow"]),
    ("sns", &["devops-guru"]),
    ("sso", &["sso-oauth"]),
    ("vpc-lattice", &["vpc-lattice-svcs"]),
    ("wafv2", &["apprunner", "cognito-idp"]),
    ("wisdom", &["connect"]),
];

/// The ARN formats with this service field: the service's own and those of other services.
fn formats<'c>(catalog: &'c Catalog, service: &'c str) -> impl Iterator<Item = (&'c str, Arn<'c>)> {
    let own = catalog.service(service).filter(|s| s.prefix == service);
    let others = FORMATS_ELSEWHERE.binary_search_by(|(field, _)| (*field).cmp(service)).ok();
    let others = others.and_then(|at| FORMATS_ELSEWHERE.get(at)).map_or(&[][..], |(_, prefixes)| prefixes);
    let others = others.iter().filter_map(|prefix| catalog.service(prefix));
    own.into_iter().chain(others).flat_map(formats_of).filter(move |(_, format)| format.service == service)
}

fn types(arn: &Arn<'_>, catalog: &Catalog) -> Option<Types> {
    if !is_plain(arn.service) {
        return None;
    }
    let resource = with_stars(arn.resource);
    let own = catalog.service(arn.service).filter(|s| s.prefix == arn.service);
    let own = own.map(|service| count(formats_of(service), arn.service, &resource)).unwrap_or_default();
    let fits = own.1.matched > 0 && own.1.fits(arn);
    let (known, types) = if fits { own } else { count(formats(catalog, arn.service), arn.service, &resource) };
    let mut types = known.then_some(types)?;
    for (_, _, region, account) in
        UNLISTED_FORMATS.iter().filter(|f| f.0 == arn.service && glob::may_meet(&resource, f.1))
    {
        types.matched += 1;
        types.with_region += usize::from(*region);
        types.with_account += usize::from(*account);
    }
    Some(types)
}

impl Types {
    /// True if no check of Region or account has anything to say.
    fn fits(&self, arn: &Arn<'_>) -> bool {
        let fits =
            |field: &str, with: usize| if field.is_empty() { with < self.matched } else { field == "*" || with > 0 };
        fits(arn.region, self.with_region) && fits(arn.account, self.with_account)
    }
}

/// Whether there are formats with this service field, and those that the resource part meets.
fn count<'f>(formats: impl Iterator<Item = (&'f str, Arn<'f>)>, service: &str, resource: &str) -> (bool, Types) {
    let mut known = false;
    let mut types = Types::default();
    for (name, format) in formats.filter(|(_, f)| f.service == service) {
        known = true;
        if may_match(resource, format.resource) {
            if types.matched == 0 {
                types.name = name.to_owned();
            }
            types.matched += 1;
            types.with_region += usize::from(!format.region.is_empty());
            types.with_account += usize::from(!format.account.is_empty());
        }
    }
    (known, types)
}

/// True if a resource part (variables as stars) and the resource part of a format have a text in common.
fn may_match(resource: &str, format: &str) -> bool {
    let wild = |c: char| matches!(c, '*' | '?') || Symbol::of(c).is_some();
    let literal = resource.find(wild).map_or(resource, |i| &resource[..i]);
    let start = format.find("${").map_or(format, |i| &format[..i]);
    let common = literal.len().min(start.len());
    literal.as_bytes()[..common] == start.as_bytes()[..common] && glob::may_meet(resource, &with_stars(format))
}

/// The text with a star in place of every `${…}`.
pub(super) fn with_stars(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains("${") {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        out.push('*');
        rest = after.split_once('}').map_or("", |(_, tail)| tail);
    }
    out.push_str(rest);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colons_in_variables_do_not_separate_fields() {
        let arn = split("arn:aws:s3:${aws:RequestedRegion}:${aws:PrincipalAccount}:a:${aws:x}").unwrap();
        assert_eq!((arn.region, arn.account), ("${aws:RequestedRegion}", "${aws:PrincipalAccount}"));
        assert_eq!(arn.resource, "a:${aws:x}");
        assert_eq!(split("arn:aws:s3").unwrap_err(), 3);
        assert_eq!(split("").unwrap_err(), 1);
    }

    #[test]
    fn the_table_names_every_service_that_has_formats_with_another_service_field() {
        let catalog = Catalog::embedded();
        let mut fields: std::collections::BTreeMap<String, std::collections::BTreeSet<&str>> = Default::default();
        for service in catalog.prefixes().filter_map(|p| catalog.service(p)) {
            for (_, format) in formats_of(service).filter(|(_, f)| f.service != service.prefix) {
                fields.entry(format.service.to_owned()).or_default().insert(service.prefix.as_str());
            }
        }
        let fields: Vec<(&str, Vec<&str>)> =
            fields.iter().map(|(field, prefixes)| (field.as_str(), prefixes.iter().copied().collect())).collect();
        let table: Vec<(&str, Vec<&str>)> = FORMATS_ELSEWHERE.iter().map(|(f, p)| (*f, p.to_vec())).collect();
        assert_eq!(table, fields);
    }

    #[test]
    fn a_resource_part_meets_the_formats_it_may_name() {
        assert!(may_match("role/team-*", "role/${RoleNameWithPath}"));
        assert!(may_match("*", "table/${TableName}/index/${IndexName}"));
        assert!(may_match("table/Orders/index/*", "table/${TableName}"));
        assert!(!may_match("rol/app", "role/${RoleNameWithPath}"));
        assert!(!may_match("tables/Orders", "table/${TableName}"));
        assert_eq!(with_stars("a/${b}/c${d"), "a/*/c*");
    }
}
