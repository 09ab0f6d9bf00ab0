//! The resources of an event: those that the record lists, those whose ARNs are parameters of the request, and those that the
//! parameters name, put into the ARN formats of the service data.
//!
//! Where nothing in the event says which resource it was, the pattern has `*` in that place, and is marked as not known. Sources:
//! the service authorization reference's ARN formats, and `tables/parameters.tsv`.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use smol_str::{SmolStr, format_smolstr};

use super::event_name::{NeededAction, ResourceHint};
use super::event_source::rows;
use super::parameters::{Parameters, normalised};
use super::record::Record;
use crate::catalog::{Action, Catalog, ResourceType, Service};
use crate::policy::Arn;

static SYNONYMS: &str = include_str!("tables/parameters.tsv");

/// A resource of an action in an event.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FoundResource {
    /// As the `Resource` element writes it: what would be a wildcard or a variable there but is meant as written is escaped.
    pub pattern: SmolStr,
    /// The resource type's name; `None` for `*`.
    pub resource_type: Option<SmolStr>,
    /// The event says which resource it was.
    pub known: bool,
}

/// Where a call was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `aws`
    pub partition: SmolStr,
    /// `eu-west-1`; `*` if the record doesn't say.
    pub region: SmolStr,
    /// The account whose trail the record is from; `*` if the record doesn't say.
    pub account: SmolStr,
}

impl Place {
    /// Of a record.
    pub fn of(record: &Record<'_>) -> Place {
        let region = record.aws_region.as_deref().filter(|region| !region.is_empty());
        let identity = record.user_identity.as_ref();
        let arn = identity.and_then(|identity| identity.arn.as_deref()).and_then(Arn::split);
        let partition = match (region, arn) {
            (_, Some(arn)) if arn.partition.starts_with("aws") => arn.partition,
            (Some(region), _) => Catalog::embedded().region(region).map_or("aws", |region| region.partition),
            _ => "aws",
        };
        let account = record.recipient_account_id.as_deref();
        let account = account.or_else(|| identity.and_then(|identity| identity.account_id.as_deref()));
        Place {
            partition: partition.into(),
            region: region.unwrap_or("*").into(),
            account: account.filter(|account| !account.is_empty()).unwrap_or("*").into(),
        }
    }
}

/// ARNs longer than this are no ARNs.
const MAX_ARN: usize = 2048;

/// The resources of an action in an event; one at least.
pub fn of_event(
    catalog: &Catalog,
    needed: &NeededAction,
    record: &Record<'_>,
    parameters: &Parameters,
    place: &Place,
) -> SmallVec<[FoundResource; 2]> {
    let mut found: SmallVec<[FoundResource; 2]> = SmallVec::new();
    let Some((service, action)) = catalog.action(&needed.action) else { return everything(found) };
    match &needed.resource {
        ResourceHint::Path(path) => {
            found.push(of_path(path, parameters, place));
            return found;
        }
        // What is made has no name yet, but a type.
        ResourceHint::Parameter("resourceType") => {
            let types = parameters.values("resourceType").filter_map(|name| service.resource_type(name));
            let nothing = Parameters::default();
            let values = Values { service, parameters: &nothing, one_type: false };
            for of_type in types {
                let filled = of_type.arns.first().map(|format| values.fill(format, place));
                for pattern in filled.into_iter().flat_map(|filled| filled.patterns) {
                    add(&mut found, pattern, of_type, false);
                }
            }
        }
        ResourceHint::Parameter(name) => {
            let mut named = Parameters::default();
            named.add_derived(parameters.values(name), name);
            gather(service, action, &[], &named, place, &mut found);
        }
        ResourceHint::Event => {
            let listed = record.resources.as_deref().unwrap_or_default();
            let arns = listed.iter().filter_map(|resource| resource.arn.as_deref());
            let listed: Vec<&str> = arns.chain(parameters.arns()).filter(|arn| arn.len() <= MAX_ARN).collect();
            gather(service, action, &listed, parameters, place, &mut found);
            for resource in record.resources.as_deref().unwrap_or_default() {
                if let Some(prefix) = resource.arn_prefix.as_deref()
                    && let Some(resource_type) = fitting(service, action, prefix)
                {
                    let pattern = format_smolstr!("{}*", escaped(prefix));
                    add(&mut found, pattern, resource_type, true);
                }
            }
        }
    }
    everything(found)
}

fn everything(mut found: SmallVec<[FoundResource; 2]>) -> SmallVec<[FoundResource; 2]> {
    if found.is_empty() {
        found.push(FoundResource { pattern: "*".into(), resource_type: None, known: false });
    }
    found
}

fn add(found: &mut SmallVec<[FoundResource; 2]>, pattern: SmolStr, of_type: &ResourceType, known: bool) {
    let new = FoundResource { pattern, resource_type: Some(of_type.name.clone()), known };
    if !found.contains(&new) {
        found.push(new);
    }
}

/// Fills in the resource types of an action.
fn gather(
    service: &Service,
    action: &Action,
    arns: &[&str],
    parameters: &Parameters,
    place: &Place,
    found: &mut SmallVec<[FoundResource; 2]>,
) {
    for arn in arns {
        if let Some(resource_type) = fitting(service, action, arn) {
            add(found, escaped(arn), resource_type, true);
        }
    }
    // The address of a queue has its account.
    if service.prefix == "sqs" {
        for url in parameters.values("queueUrl") {
            let mut parts = url.rsplit('/');
            if let (Some(name), Some(account), Some(of_type)) =
                (parts.next(), parts.next(), service.resource_types.first())
                && account.len() == 12
            {
                let arn = format!("arn:{}:sqs:{}:{account}:{name}", place.partition, place.region);
                add(found, escaped(&arn), of_type, true);
            }
        }
    }
    let values = Values { service, parameters, one_type: action.resources.len() == 1 };
    for used in &action.resources {
        let Some(resource_type) = service.resource_type(&used.name) else { continue };
        if found.iter().any(|known| known.resource_type.as_ref() == Some(&resource_type.name)) {
            continue;
        }
        let filled: Vec<Filled> = resource_type.arns.iter().map(|format| values.fill(format, place)).collect();
        // Of several formats those that the request says most of; all that it says as little of could be meant.
        let most = filled.iter().map(|filled| filled.names).max().unwrap_or(0);
        for filled in filled.into_iter().filter(|filled| filled.names == most) {
            let known = filled.names > 0 || filled.open == 0;
            // A type that the action may do without counts if the request names all of it.
            if used.required || (filled.names > 0 && filled.open == 0) {
                for pattern in filled.patterns {
                    add(found, pattern, resource_type, known);
                }
            }
        }
    }
}

/// A format filled in.
struct Filled {
    patterns: Vec<SmolStr>,
    /// Variables besides partition, Region and account that parameters filled in.
    names: usize,
    /// Those that they did not.
    open: usize,
}

/// What fills variables in.
struct Values<'v> {
    service: &'v Service,
    parameters: &'v Parameters,
    /// The action has a single resource type, so that a parameter `name` means it.
    one_type: bool,
}

/// One request names this many resources of a type at most; more are one pattern.
const MAX_RESOURCES: usize = 100;

impl Values<'_> {
    fn fill(&self, format: &str, place: &Place) -> Filled {
        let single = Arn::split(format).is_some_and(|arn| arn.resource.matches("${").count() == 1);
        let (mut names, mut open, mut colons) = (0, 0, 0);
        let mut patterns = vec![String::new()];
        let mut rest = format;
        while let Some((literal, after)) = rest.split_once("${") {
            let (variable, after) = after.split_once('}').unwrap_or((after, ""));
            colons += literal.matches(':').count();
            // What the variables of these fields are called differs from service to service.
            let mut values: Vec<String> = match (colons, variable) {
                (1, _) => vec![place.partition.to_string()],
                (3, _) | (_, "Region") => vec![place.region.to_string()],
                (4, _) | (_, "Account") => vec![place.account.to_string()],
                _ => {
                    let mut found = self.of_variable(variable, single);
                    // A request that names a service or task of ECS and no cluster means this one.
                    if found.is_empty() && self.service.prefix == "ecs" && variable == "ClusterName" {
                        let others = after.split("${").skip(1).filter_map(|rest| rest.split('}').next());
                        if others.into_iter().any(|other| !self.of_variable(other, false).is_empty()) {
                            found.push("default".to_owned());
                        }
                    }
                    if found.is_empty() {
                        open += 1
                    } else {
                        names += 1
                    }
                    found
                }
            };
            if values.is_empty() || patterns.len() * values.len() > MAX_RESOURCES {
                values = vec!["*".to_owned()];
            }
            patterns = patterns
                .iter()
                .flat_map(|pattern| values.iter().map(move |value| format!("{pattern}{literal}{value}")))
                .collect();
            rest = after;
        }
        let patterns = patterns.into_iter().map(|pattern| format_smolstr!("{pattern}{rest}")).collect();
        Filled { patterns, names, open }
    }

    /// The values of a variable, escaped.
    fn of_variable(&self, variable: &str, single: bool) -> Vec<String> {
        let name = normalised(variable);
        let mut candidates: Vec<&str> = Vec::new();
        let synonyms = synonyms().get(&(self.service.prefix.as_str(), name.as_str()));
        candidates.push(&name);
        candidates.extend(synonyms.into_iter().flatten().copied());
        let without_path = name.strip_suffix("withpath").unwrap_or(&name);
        candidates.push(without_path);
        for end in ["name", "id", "identifier"] {
            candidates.extend(without_path.strip_suffix(end).filter(|root| root.len() > 2));
        }
        if single && self.one_type {
            candidates.push("name");
        }
        let path = if name.ends_with("withpath") { self.parameters.values("path").next() } else { None };
        let has_slashes = has_slashes(variable);
        for candidate in candidates {
            let mut values: Vec<String> = Vec::new();
            for value in self.parameters.values(candidate) {
                let value = if has_slashes {
                    if name.ends_with("withoutleadingslash") { value.trim_start_matches('/') } else { value }
                } else {
                    value.rsplit('/').next().unwrap_or(value)
                };
                // An ARN with slashes in it was no ARN of the action's types.
                if value.is_empty() || value.len() > MAX_ARN || value.starts_with("arn:") {
                    continue;
                }
                let value = match path {
                    // The ARN of a secret ends in six characters that its name doesn't have.
                    _ if name == "secretid" => format!("{}-??????", escaped(value)),
                    Some(path) => format!("{}{}", escaped(path.trim_start_matches('/')), escaped(value)),
                    None => escaped(value).to_string(),
                };
                if !values.contains(&value) {
                    values.push(value);
                }
            }
            if !values.is_empty() {
                return values;
            }
        }
        self.derived(&name)
    }

    /// Values that parameters hold in another form.
    fn derived(&self, variable: &str) -> Vec<String> {
        let parameters = self.parameters;
        let first = |name: &str| parameters.values(name).next().filter(|value| !value.starts_with("arn:"));
        match (self.service.prefix.as_str(), variable) {
            ("ecs", "taskdefinitionfamilyname") => first("taskDefinition")
                .and_then(|v| v.split(':').next())
                .map(|v| escaped(v).to_string())
                .into_iter()
                .collect(),
            ("ecs", "taskdefinitionrevisionnumber") => first("taskDefinition")
                .and_then(|v| v.split(':').nth(1))
                .map(|v| escaped(v).to_string())
                .into_iter()
                .collect(),
            // The alias is in the parameter that has the key's id otherwise.
            ("kms", "alias") => first("keyId")
                .and_then(|v| v.strip_prefix("alias/"))
                .map(|v| escaped(v).to_string())
                .into_iter()
                .collect(),
            ("ec2", _) => {
                let prefix = EC2_IDS.iter().find(|(_, of)| normalised(of) == variable).map(|(prefix, _)| *prefix);
                let Some(prefix) = prefix else { return Vec::new() };
                let mut ids: Vec<String> = parameters
                    .all()
                    .map(|(_, value)| value)
                    .filter(|value| is_ec2_id(value, prefix))
                    .map(str::to_owned)
                    .collect();
                ids.sort();
                ids.dedup();
                ids
            }
            _ => Vec::new(),
        }
    }
}

/// Beginnings of the ids of EC2's resources, and the variable of the ARN format that they fill in.
///
/// Source: Amazon EC2 User Guide, "Resource IDs".
const EC2_IDS: &[(&str, &str)] = &[
    ("acl-", "NaclId"),
    ("ami-", "ImageId"),
    ("cgw-", "CustomerGatewayId"),
    ("dopt-", "DhcpOptionsId"),
    ("eipalloc-", "AllocationId"),
    ("eni-", "NetworkInterfaceId"),
    ("fl-", "VpcFlowLogId"),
    ("i-", "InstanceId"),
    ("igw-", "InternetGatewayId"),
    ("lt-", "LaunchTemplateId"),
    ("nat-", "NatGatewayId"),
    ("pcx-", "VpcPeeringConnectionId"),
    ("pl-", "PrefixListId"),
    ("rtb-", "RouteTableId"),
    ("sg-", "SecurityGroupId"),
    ("snap-", "SnapshotId"),
    ("subnet-", "SubnetId"),
    ("tgw-", "TransitGatewayId"),
    ("vgw-", "VpnGatewayId"),
    ("vol-", "VolumeId"),
    ("vpc-", "VpcId"),
    ("vpce-", "VpcEndpointId"),
    ("vpn-", "VpnConnectionId"),
];

fn is_ec2_id(value: &str, prefix: &str) -> bool {
    let id = value.strip_prefix(prefix);
    id.is_some_and(|id| matches!(id.len(), 8 | 17) && id.bytes().all(|b| b.is_ascii_hexdigit()))
}

impl Parameters {
    /// The value of one parameter under all the names that a format may ask for.
    fn add_derived<'p>(&mut self, values: impl Iterator<Item = &'p str>, name: &str) {
        for value in values {
            match name {
                // `bucket/key`, with a version behind it.
                "x-amz-copy-source" => {
                    let path = value.trim_start_matches('/').split("?versionId=").next().unwrap_or(value);
                    if let Some((bucket, key)) = path.split_once('/').filter(|_| !path.starts_with("arn:")) {
                        *self = Parameters::of(&[("bucketName", bucket), ("key", key)]);
                    }
                }
                _ => *self = Parameters::of(&[("keyId", value)]),
            }
        }
    }
}

/// Variables whose values have slashes in them.
const WITH_SLASHES: &[&str] = &[
    "objectname",
    "entitypath",
    "loggroupname",
    "logstreamname",
    "parameternamewithoutleadingslash",
    "alias",
    "repositoryname",
    "secretid",
    "oidcprovidername",
];

fn has_slashes(variable: &str) -> bool {
    let name = normalised(variable);
    name.ends_with("withpath") || WITH_SLASHES.contains(&name.as_str())
}

/// By service prefix and variable.
fn synonyms() -> &'static FxHashMap<(&'static str, &'static str), Vec<&'static str>> {
    static TABLE: OnceLock<FxHashMap<(&'static str, &'static str), Vec<&'static str>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for [prefix, variable, parameter, _] in rows(SYNONYMS) {
            // The table is small and lives as long as the program.
            let variable: &'static str = Box::leak(normalised(variable).into_boxed_str());
            table.entry((prefix, variable)).or_default().push(parameter);
        }
        table
    })
}

/// Of an action's resource types the one that an ARN is of: of several the one whose format says most.
fn fitting<'s>(service: &'s Service, action: &Action, arn: &str) -> Option<&'s ResourceType> {
    let mut best: Option<(usize, &ResourceType)> = None;
    let mut strict = false;
    for resource_type in &service.resource_types {
        for format in &resource_type.arns {
            if let Some(said) = fits(format, arn, false) {
                strict = true;
                let used = action.resources.iter().any(|used| used.name == resource_type.name);
                if used && best.is_none_or(|(most, _)| said > most) {
                    best = Some((said, resource_type));
                }
            }
        }
    }
    if best.is_some() || strict {
        return best.map(|(_, resource_type)| resource_type);
    }
    let used = action.resources.iter().filter_map(|used| service.resource_type(&used.name));
    let loose =
        used.flat_map(|of| of.arns.iter().filter_map(move |format| fits(format, arn, true).map(|said| (said, of))));
    loose.max_by_key(|(said, _)| *said).map(|(_, of)| of)
}

/// How many characters of a format an ARN fits literally; `None` if it doesn't fit. With `loose`, every name may have slashes.
fn fits(format: &str, arn: &str, loose: bool) -> Option<usize> {
    let (wanted, given) = (Arn::split(format)?, Arn::split(arn)?);
    let fields = [
        (wanted.prefix, given.prefix),
        (wanted.partition, given.partition),
        (wanted.service, given.service),
        (wanted.region, given.region),
        (wanted.account, given.account),
    ];
    let same = |(wanted, given): &(&str, &str)| wanted == given || (wanted.starts_with("${") && !given.is_empty());
    if !fields.iter().all(same) {
        return None;
    }
    let mut steps = 4 * MAX_ARN;
    name_fits(wanted.resource, given.resource, loose, &mut steps)
}

/// The same for the part behind the account; steps bound the work.
fn name_fits(format: &str, name: &str, loose: bool, steps: &mut usize) -> Option<usize> {
    *steps = steps.checked_sub(1)?;
    let Some((literal, after)) = format.split_once("${") else { return (format == name).then_some(format.len()) };
    let rest = name.strip_prefix(literal)?;
    let (variable, after) = after.split_once('}')?;
    let slashes = loose || has_slashes(variable);
    if after.is_empty() {
        return (!rest.is_empty() && (slashes || !rest.contains('/'))).then_some(literal.len());
    }
    for (at, letter) in rest.char_indices() {
        if letter == '/' && !slashes {
            let end = rest.get(at..)?;
            return if at == 0 { None } else { name_fits(after, end, loose, steps).map(|said| said + literal.len()) };
        }
        if at > 0
            && let Some(said) = rest.get(at..).and_then(|end| name_fits(after, end, loose, steps))
        {
            return Some(said + literal.len());
        }
    }
    None
}

/// Text as it is written in a `Resource` element where it means itself.
///
/// Source: IAM User Guide, "IAM policy elements: Variables and tags": `${*}`, `${?}` and `${$}`.
pub fn escaped(text: &str) -> SmolStr {
    if !text.contains(['*', '?', '$']) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match letter {
            '*' | '?' | '$' => {
                out.push_str("${");
                out.push(letter);
                out.push('}');
            }
            _ => out.push(letter),
        }
    }
    out.into()
}

/// A path of API Gateway's, its parameters filled in.
fn of_path(path: &str, parameters: &Parameters, place: &Place) -> FoundResource {
    let mut filled = String::new();
    let mut rest = path;
    let (mut open, mut names) = (0, 0);
    while let Some((literal, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        filled.push_str(literal);
        let mut values = parameters.values(name);
        match (values.next(), values.next()) {
            // One value, and not one that would be several parts of the path.
            (Some(value), None) if !value.contains('/') => {
                names += 1;
                filled.push_str(&escaped(value));
            }
            _ => {
                open += 1;
                filled.push('*');
            }
        }
        rest = after;
    }
    filled.push_str(rest);
    let pattern = format_smolstr!("arn:{}:apigateway:{}::{filled}", place.partition, place.region);
    FoundResource { pattern, resource_type: Some("path".into()), known: names > 0 || open == 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::event_name::{Authorisation, authorisation};

    fn found(source: &str, event: &str, rest: &str) -> Vec<(String, bool)> {
        let text = format!(
            r#"{{"eventSource":"{source}.amazonaws.com","eventName":"{event}","awsRegion":"eu-west-1","recipientAccountId":"111122223333"{rest}}}"#
        );
        let record: Record<'_> = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
        let parameters = record.request_parameters.map(|p| Parameters::read(p.get())).unwrap_or_default();
        let catalog = Catalog::embedded();
        let source = format!("{source}.amazonaws.com");
        let Authorisation::Actions(needed) = authorisation(catalog, &source, event, &parameters) else {
            panic!("{event}")
        };
        let place = Place::of(&record);
        let all = needed.iter().flat_map(|needed| of_event(catalog, needed, &record, &parameters, &place));
        all.map(|found| (found.pattern.to_string(), found.known)).collect()
    }

    #[test]
    fn every_row_of_the_table_names_a_variable_of_the_service() {
        let lines = SYNONYMS.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(rows::<4>(SYNONYMS).count(), lines, "a row of another width");
        for [prefix, variable, _, _] in rows(SYNONYMS) {
            let service = Catalog::embedded().service(prefix).unwrap_or_else(|| panic!("{prefix}"));
            let written = format!("${{{variable}}}");
            let has = service.resource_types.iter().flat_map(|of| &of.arns).any(|format| format.contains(&written));
            assert!(has, "{prefix}: no format has {written}");
        }
        let ec2 = Catalog::embedded().service("ec2").unwrap();
        for (prefix, variable) in EC2_IDS {
            let written = format!("${{{variable}}}");
            assert!(
                ec2.resource_types.iter().flat_map(|of| &of.arns).any(|f| f.contains(&written)),
                "{prefix} {variable}"
            );
        }
    }

    #[test]
    fn resources_are_those_of_the_record_and_of_its_parameters() {
        let b = "arn:aws:s3:::b";
        for (source, event, rest, expected) in [
            (
                "s3",
                "GetObject",
                r#","resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::b/k/1"},{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::b"}]"#,
                vec![("arn:aws:s3:::b/k/1", true)],
            ),
            (
                "s3",
                "GetObject",
                r#","requestParameters":{"bucketName":"b","key":"k/*"}"#,
                vec![("arn:aws:s3:::b/k/${*}", true)],
            ),
            ("s3", "ListObjectsV2", r#","requestParameters":{"bucketName":"b"}"#, vec![(b, true)]),
            ("s3", "ListBuckets", "", vec![("*", false)]),
            (
                "s3",
                "CopyObject",
                r#","requestParameters":{"bucketName":"b","key":"k","x-amz-copy-source":"/from/a/b?versionId=1"}"#,
                vec![("arn:aws:s3:::b/k", true), ("arn:aws:s3:::from/a/b", true)],
            ),
            (
                "sqs",
                "SendMessage",
                r#","requestParameters":{"queueUrl":"https://sqs.eu-west-1.amazonaws.com/444455556666/q"}"#,
                vec![("arn:aws:sqs:eu-west-1:444455556666:q", true)],
            ),
            (
                "ec2",
                "TerminateInstances",
                r#","requestParameters":{"instancesSet":{"items":[{"instanceId":"i-0123456789abcdef0"},{"instanceId":"i-0123456789abcdef1"}]}}"#,
                vec![
                    ("arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0", true),
                    ("arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef1", true),
                ],
            ),
            ("ec2", "TerminateInstances", "", vec![("arn:aws:ec2:eu-west-1:111122223333:instance/*", false)]),
            ("ec2", "DescribeInstances", "", vec![("*", false)]),
            (
                "ec2",
                "CreateVolume",
                r#","requestParameters":{"tagSpecificationSet":{"items":[{"resourceType":"volume"}]}}"#,
                vec![
                    ("arn:aws:ec2:eu-west-1:111122223333:volume/*", false),
                    ("arn:aws:ec2:eu-west-1:111122223333:volume/*", false),
                ],
            ),
            (
                "lambda",
                "Invoke",
                r#","requestParameters":{"functionName":"arn:aws:lambda:eu-west-1:111122223333:function:f:live"}"#,
                vec![("arn:aws:lambda:eu-west-1:111122223333:function:f:live", true)],
            ),
            (
                "lambda",
                "GetFunction20150331v2",
                r#","requestParameters":{"functionName":"f"}"#,
                vec![("arn:aws:lambda:eu-west-1:111122223333:function:f", true)],
            ),
            (
                "sts",
                "AssumeRole",
                r#","requestParameters":{"roleArn":"arn:aws:iam::444455556666:role/a/r"}"#,
                vec![("arn:aws:iam::444455556666:role/a/r", true)],
            ),
            (
                "kms",
                "Decrypt",
                r#","resources":[{"accountId":"444455556666","ARN":"arn:aws:kms:eu-west-1:444455556666:key/k"}]"#,
                vec![("arn:aws:kms:eu-west-1:444455556666:key/k", true)],
            ),
            (
                "iam",
                "CreateRole",
                r#","requestParameters":{"roleName":"r","path":"/a/"}"#,
                vec![("arn:aws:iam::111122223333:role/a/r", true)],
            ),
            (
                "secretsmanager",
                "GetSecretValue",
                r#","requestParameters":{"secretId":"a/b"}"#,
                vec![("arn:aws:secretsmanager:eu-west-1:111122223333:secret:a/b-??????", true)],
            ),
            (
                "ssm",
                "GetParameter",
                r#","requestParameters":{"name":"/a/b"}"#,
                vec![("arn:aws:ssm:eu-west-1:111122223333:parameter/a/b", true)],
            ),
            (
                "ecs",
                "UpdateService",
                r#","requestParameters":{"service":"s","cluster":"c"}"#,
                vec![("arn:aws:ecs:eu-west-1:111122223333:service/c/s", true)],
            ),
            (
                "ecs",
                "RunTask",
                r#","requestParameters":{"taskDefinition":"t:7"}"#,
                vec![("arn:aws:ecs:eu-west-1:111122223333:task-definition/t:7", true)],
            ),
            (
                "eks",
                "DescribeCluster",
                r#","requestParameters":{"name":"c"}"#,
                vec![("arn:aws:eks:eu-west-1:111122223333:cluster/c", true)],
            ),
            (
                "cloudformation",
                "CreateStack",
                r#","requestParameters":{"stackName":"s"}"#,
                vec![("arn:aws:cloudformation:eu-west-1:111122223333:stack/s/*", true)],
            ),
            (
                "apigateway",
                "UpdateStage",
                r#","requestParameters":{"restApiId":"a1","stageName":"prod"}"#,
                vec![("arn:aws:apigateway:eu-west-1::/restapis/a1/stages/prod", true)],
            ),
            (
                "rds",
                "ModifyDBInstance",
                r#","requestParameters":{"dBInstanceIdentifier":"d"}"#,
                vec![("arn:aws:rds:eu-west-1:111122223333:db:d", true)],
            ),
            (
                "dynamodb",
                "Query",
                r#","requestParameters":{"tableName":"t","indexName":"i"}"#,
                vec![
                    ("arn:aws:dynamodb:eu-west-1:111122223333:table/t/index/i", true),
                    ("arn:aws:dynamodb:eu-west-1:111122223333:table/t", true),
                ],
            ),
            (
                "logs",
                "CreateLogStream",
                r#","requestParameters":{"logGroupName":"/aws/g","logStreamName":"s"}"#,
                vec![("arn:aws:logs:eu-west-1:111122223333:log-group:/aws/g:log-stream:s", true)],
            ),
        ] {
            let expected: Vec<(String, bool)> = expected.into_iter().map(|(p, known)| (p.to_owned(), known)).collect();
            let mut all = found(source, event, rest);
            all.sort();
            let mut expected = expected;
            expected.sort();
            assert_eq!(all, expected, "{event} {rest}");
        }
    }
}
