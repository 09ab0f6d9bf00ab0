//! The AWS Security Finding Format, for `aws securityhub batch-import-findings`: each line is an array for one call, so
//! up to a hundred findings are one array and the file as a whole is JSON.
//!
//! The id of a finding is made of the account, the Region, the stack if it was named, and the fingerprint, so a later run
//! updates what an earlier one sent. What is suppressed, archived or resolved is there too, as archived: Security Hub
//! keeps a finding until it is told otherwise.
//!
//! Source: AWS Security Hub User Guide, "AWS Security Finding Format (ASFF)"; its API Reference, `BatchImportFindings`;
//! IAM User Guide, "Integration with Security Hub" for the types and titles of external and unused access.

use std::io::{self, Write};

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::analyzer::{Analyzed, External, Unused, text};
use super::escape::{cut, terminal};
use super::place::RepositoryPaths;
use super::target::Arns;
use super::{Place, Report, ReportedFinding, WriteOptions, policy_ids};
use crate::finding::FindingType;
use crate::model::ResourceRef;

/// Findings of one call.
const FINDINGS: usize = 100;
/// Bytes of one call: 6 MB, less what goes around the findings.
const CALL: usize = 5_900_000;
/// Resources of one finding.
const RESOURCES: usize = 32;
/// Characters of a title, a description and a value.
const TITLE: usize = 256;
const DESCRIPTION: usize = 1_024;
const VALUE: usize = 1_000;
const ID: usize = 512;

const BEST_PRACTICES: &str = "Software and Configuration Checks/AWS Security Best Practices";

/// The names that Security Hub has for resource types: CloudFormation's, Terraform's and Security Hub's. Others are
/// `Other`.
#[rustfmt::skip]
const RESOURCE_TYPES: [(&str, &str, &str); 22] = [
    ("AWS::ApiGateway::RestApi", "aws_api_gateway_rest_api", "AwsApiGatewayRestApi"),
    ("AWS::Backup::BackupVault", "aws_backup_vault", "AwsBackupBackupVault"),
    ("AWS::DynamoDB::Table", "aws_dynamodb_table", "AwsDynamoDbTable"),
    ("AWS::ECR::Repository", "aws_ecr_repository", "AwsEcrRepository"),
    ("AWS::EFS::AccessPoint", "aws_efs_access_point", "AwsEfsAccessPoint"),
    ("AWS::Elasticsearch::Domain", "aws_elasticsearch_domain", "AwsElasticsearchDomain"),
    ("AWS::Events::EventBus", "aws_cloudwatch_event_bus", "AwsEventsEventbus"),
    ("AWS::IAM::Group", "aws_iam_group", "AwsIamGroup"),
    ("AWS::IAM::ManagedPolicy", "aws_iam_policy", "AwsIamPolicy"),
    ("AWS::IAM::Role", "aws_iam_role", "AwsIamRole"),
    ("AWS::IAM::User", "aws_iam_user", "AwsIamUser"),
    ("AWS::KMS::Key", "aws_kms_key", "AwsKmsKey"),
    ("AWS::Kinesis::Stream", "aws_kinesis_stream", "AwsKinesisStream"),
    ("AWS::Lambda::Function", "aws_lambda_function", "AwsLambdaFunction"),
    ("AWS::Lambda::LayerVersion", "aws_lambda_layer_version", "AwsLambdaLayerVersion"),
    ("AWS::OpenSearchService::Domain", "aws_opensearch_domain", "AwsOpenSearchServiceDomain"),
    ("AWS::S3::AccessPoint", "aws_s3_access_point", "AwsS3AccessPoint"),
    ("AWS::S3::Bucket", "aws_s3_bucket", "AwsS3Bucket"),
    ("AWS::SNS::Topic", "aws_sns_topic", "AwsSnsTopic"),
    ("AWS::SQS::Queue", "aws_sqs_queue", "AwsSqsQueue"),
    ("AWS::SecretsManager::Secret", "aws_secretsmanager_secret", "AwsSecretsManagerSecret"),
    ("AWS::Serverless::Function", "", "AwsLambdaFunction"),
];

pub(super) fn write(report: &Report<'_>, options: &WriteOptions, out: &mut dyn Write) -> io::Result<()> {
    let view = View {
        report,
        arns: Arns::of_report(report),
        paths: RepositoryPaths::new(options.workspace.as_deref()),
        policy_ids: policy_ids(report.deployment),
    };
    let all = Analyzed::of(report);
    let findings = view
        .unread_inputs()
        .chain(all.external.iter().map(|e| view.external(e)))
        .chain(all.unused.iter().map(|u| view.unused(u)))
        .chain(all.policies.iter().map(|f| view.policy(f)));
    let (mut call, mut bytes) = (Vec::new(), 0);
    for finding in findings {
        let finding = serde_json::to_string(&finding)?;
        if call.len() == FINDINGS || bytes + finding.len() > CALL {
            write_call(&mut call, out)?;
            bytes = 0;
        }
        bytes += finding.len() + 1;
        call.push(finding);
    }
    write_call(&mut call, out)
}

fn write_call(findings: &mut Vec<String>, out: &mut dyn Write) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    writeln!(out, "[{}]", std::mem::take(findings).join(","))
}

struct View<'a> {
    report: &'a Report<'a>,
    arns: Arns<'a>,
    paths: RepositoryPaths,
    policy_ids: Vec<String>,
}

/// What differs between the kinds of finding.
struct Said {
    /// What tells it from others.
    id: String,
    code: String,
    /// The type in Security Hub's taxonomy.
    kind: String,
    severity: &'static str,
    title: String,
    description: String,
    remediation: Option<String>,
    resources: Vec<Value>,
    archived: bool,
    /// What there is to say that the format has no field for.
    fields: Vec<(&'static str, String)>,
}

impl View<'_> {
    fn policy(&self, found: &ReportedFinding) -> Value {
        let finding = &found.finding;
        let policy = self.report.policy_of(finding);
        let attached = policy.into_iter().flat_map(|p| &p.attached_to);
        let mut resources: Vec<&ResourceRef> = finding.resource.iter().collect();
        resources.extend(attached.filter(|r| Some(*r) != finding.resource.as_ref()));
        let name = finding.resource.as_ref().map(|r| r.id.to_string()).unwrap_or_default();
        self.finding(Said {
            id: found.fingerprint.clone(),
            code: finding.code.to_owned(),
            kind: format!("{BEST_PRACTICES}/IAM Policy Validation"),
            severity: severity(finding.finding_type),
            title: format!("{}: {name}", finding.title),
            description: message(found),
            remediation: finding.fix.as_ref().map(|fix| fix.description.clone()),
            resources: resources.into_iter().map(|r| self.resource(r, &Map::new())).collect(),
            archived: found.suppressed.is_some(),
            fields: self.fields(found),
        })
    }

    fn external(&self, access: &External<'_>) -> Value {
        let entry = access.entry;
        let resource = access.resource();
        let principal = entry["principal"].as_object().into_iter().flatten().next();
        let (kind, name) = principal.map(|(k, v)| (k.as_str(), text(v).unwrap_or_default())).unwrap_or_default();
        let actions: Vec<&str> = entry["action"].as_array().into_iter().flatten().filter_map(text).collect();
        let mut details = Map::new();
        let mut detail = |key: &str, value: &str| {
            if !value.is_empty() {
                details.insert(key.to_owned(), cut(&terminal::line(value), VALUE).into());
            }
        };
        detail("External Principal Type", kind);
        detail("External Principal", name);
        if entry["condition"].as_object().is_some_and(|c| !c.is_empty()) {
            detail("Condition", &entry["condition"].to_string());
        }
        detail("Action Granted", &actions.join(","));
        let (kind, effect, severity) = match access.is_public() {
            true => ("Effects/Data Exposure".to_owned(), "public", "HIGH"),
            false => (BEST_PRACTICES.to_owned(), "cross-account", "LOW"),
        };
        let subject = self.subject(&resource);
        let description = match access.found {
            Some(found) => message(found),
            None => format!("{subject}/ allows {effect} access from {name}"),
        };
        self.finding(Said {
            id: self.external_id(access),
            code: crate::analysis::external_access::CODE.to_owned(),
            kind: format!("{kind}/External Access Granted"),
            severity,
            title: format!("{subject}/ allows {effect} access"),
            description,
            remediation: Some(
                "If the access is not meant, remove the principal from the policy, or add a condition that keeps it out."
                    .to_owned(),
            ),
            resources: vec![self.resource(&resource, &details)],
            archived: access.status() != "ACTIVE",
            fields: access.found.map(|found| self.fields(found)).unwrap_or_default(),
        })
    }

    /// The same whether the access counts or is archived; two files may call their resources by one name.
    fn external_id(&self, access: &External<'_>) -> String {
        let file = text(&access.entry["locations"][0]["file"]).unwrap_or_default();
        hash(&[&self.paths.of(file), access.id()])
    }

    fn unused(&self, unused: &Unused<'_>) -> Value {
        let found = unused.found;
        let resource = unused.resource();
        let finding_type = text(&unused.entry["findingType"]).unwrap_or_default();
        let (kind, title) = match finding_type {
            "UnusedIAMRole" => ("Unused IAM Role", "contains unused IAM role"),
            "UnusedIAMUserPassword" => ("Unused IAM User Password", "contains unused IAM user password"),
            "UnusedIAMUserAccessKey" => ("Unused IAM User Access Key", "contains unused IAM user access key"),
            _ => ("Unused Permission", "contains unused permissions"),
        };
        let (services, actions) = unused.counts();
        let mut fields = self.fields(found);
        fields.push(("findingType", finding_type.to_owned()));
        if finding_type == "UnusedPermission" {
            fields.push(("numberOfUnusedServices", services.to_string()));
            fields.push(("numberOfUnusedActions", actions.to_string()));
        }
        self.finding(Said {
            id: found.fingerprint.clone(),
            code: found.finding.code.to_owned(),
            kind: format!("{BEST_PRACTICES}/{kind}"),
            severity: "LOW",
            title: format!("{}/ {title}", self.subject(&resource)),
            description: message(found),
            remediation: None,
            resources: vec![self.resource(&resource, &Map::new())],
            archived: found.suppressed.is_some(),
            fields,
        })
    }

    /// Nobody knows what is in an input that could not be read: that is a finding of its own.
    fn unread_inputs(&self) -> impl Iterator<Item = Value> {
        let unread = self.report.deployment.inputs.iter().filter_map(|input| Some((input, input.error.as_ref()?)));
        unread.map(|(input, problem)| {
            let path = self.paths.of(&input.path);
            let place = self.report.problem_place(&input.path, problem);
            self.finding(Said {
                id: hash(&["input not analysed", &path]),
                code: "INPUT_NOT_ANALYSED".to_owned(),
                kind: format!("{BEST_PRACTICES}/IAM Policy Validation"),
                severity: "MEDIUM",
                title: format!("Input not analysed: {path}"),
                description: problem.message.clone(),
                remediation: problem.help.clone(),
                resources: vec![json!({"Type": "Other", "Id": cut(&terminal::line(&path), ID)})],
                archived: false,
                fields: self.place_fields(&place),
            })
        })
    }

    fn finding(&self, said: Said) -> Value {
        let target = &self.report.target;
        let (account, region) = (target.account(), target.region());
        let name = env!("CARGO_PKG_NAME");
        let time = target.time.to_string();
        let stack = target.stack_name.iter().map(|s| format!("{}/", terminal::line(s))).collect::<String>();
        let line = |text: &str, limit: usize| cut(&terminal::line(text), limit);
        let mut fields = Map::new();
        for (key, value) in said.fields.iter().filter(|(_, value)| !value.is_empty()) {
            fields.insert(format!("{name}/{key}"), line(value, VALUE).into());
        }
        fields.insert(format!("{name}/issueCode"), said.code.as_str().into());
        fields.insert(format!("{name}/version"), env!("CARGO_PKG_VERSION").into());
        fields.insert(format!("{name}/serviceData"), self.report.service_data.into());
        let mut finding = json!({
            "SchemaVersion": "2018-10-08",
            "Id": line(&format!("{name}/{account}/{region}/{stack}{}", said.id), ID),
            "ProductArn": format!("arn:{}:securityhub:{region}:{account}:product/{account}/default", target.partition()),
            "GeneratorId": format!("{name}/{}", said.code),
            "AwsAccountId": account,
            "Types": [said.kind],
            "CreatedAt": time,
            "UpdatedAt": time,
            "Severity": {"Label": said.severity},
            "FindingProviderFields": {"Severity": {"Label": said.severity}, "Types": [said.kind]},
            "Title": line(&said.title, TITLE),
            "Description": line(&said.description, DESCRIPTION),
            "ProductFields": fields,
            "Resources": said.resources.into_iter().take(RESOURCES).collect::<Vec<_>>(),
            "RecordState": if said.archived { "ARCHIVED" } else { "ACTIVE" },
        });
        if let Some(remediation) = said.remediation {
            finding["Remediation"] = json!({"Recommendation": {"Text": line(&remediation, 512)}});
        }
        if finding["Resources"].as_array().is_none_or(Vec::is_empty) {
            finding["Resources"] = json!([{"Type": "AwsAccount", "Id": format!("AWS::::Account:{account}")}]);
        }
        finding
    }

    fn resource(&self, resource: &ResourceRef, details: &Map<String, Value>) -> Value {
        let target = &self.report.target;
        let mut other = details.clone();
        let line = |text: &str| cut(&terminal::line(text), VALUE);
        let id = match self.arns.arn(resource) {
            Some(arn) => {
                other.insert("Name in the input".to_owned(), line(&resource.id).into());
                arn
            }
            None => terminal::line(&resource.id),
        };
        if !resource.resource_type.is_empty() {
            other.insert("Type in the input".to_owned(), line(&resource.resource_type).into());
        }
        let mut entry = json!({
            "Type": security_hub_type(resource),
            "Id": if id.trim().is_empty() { "-".to_owned() } else { cut(&id, ID) },
            "Region": target.region(),
        });
        if matches!(target.partition(), "aws" | "aws-cn" | "aws-us-gov") {
            entry["Partition"] = target.partition().into();
        }
        if !other.is_empty() {
            entry["Details"] = json!({"Other": other});
        }
        entry
    }

    /// `AwsS3Bucket/arn:aws:s3:::logs`
    fn subject(&self, resource: &ResourceRef) -> String {
        let name = self.arns.arn(resource).unwrap_or_else(|| resource.id.to_string());
        format!("{}/{name}", security_hub_type(resource))
    }

    fn fields(&self, found: &ReportedFinding) -> Vec<(&'static str, String)> {
        let finding = &found.finding;
        let mut fields = self.place_fields(&self.report.primary_place(finding));
        fields.push(("findingType", finding.finding_type.as_str().to_owned()));
        fields.push(("blocking", found.blocking.to_string()));
        fields.push(("learnMore", Report::learn_more(finding)));
        if let Some(id) = finding.policy.and_then(|p| self.policy_ids.get(p.0)) {
            fields.push(("policy", id.clone()));
        }
        if let Some(suppression) = &found.suppressed {
            fields.push(("suppressed", suppression.reason.clone().unwrap_or_else(|| "true".to_owned())));
        }
        fields
    }

    fn place_fields(&self, place: &Place) -> Vec<(&'static str, String)> {
        let mut fields = vec![("file", self.paths.of(&place.file))];
        fields.extend(place.range.as_ref().map(|(start, _)| ("line", start.line.to_string())));
        fields
    }
}

/// The first 16 bytes of SHA-256, in hexadecimal digits.
fn hash(parts: &[&str]) -> String {
    Sha256::digest(parts.join("\0").as_bytes()).iter().take(16).map(|b| format!("{b:02x}")).collect()
}

fn message(found: &ReportedFinding) -> String {
    let when = found.finding.when.as_ref().map(|w| format!(" (when {w})")).unwrap_or_default();
    format!("{}{when}", found.finding.message)
}

fn security_hub_type(resource: &ResourceRef) -> &'static str {
    let name = resource.resource_type.as_str();
    let known =
        RESOURCE_TYPES.iter().find(|(cfn, terraform, _)| !name.is_empty() && (*cfn == name || *terraform == name));
    known.map_or("Other", |(_, _, name)| name)
}

fn severity(finding_type: FindingType) -> &'static str {
    match finding_type {
        FindingType::SecurityWarning => "HIGH",
        FindingType::Error => "MEDIUM",
        FindingType::Warning => "LOW",
        FindingType::Suggestion => "INFORMATIONAL",
    }
}
