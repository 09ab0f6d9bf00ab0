//! Which uses leave a trace: the services with information at action level, and the actions of which even they have none.
//!
//! Source: IAM User Guide, "IAM action last accessed information services and actions" and "IAM Access Analyzer policy
//! generation services"; CloudTrail User Guide, "Logging data events"; the services' pages on CloudTrail for the rest. The table
//! of actions without a trace would rather name one too many: what is in it is never called unused at action level.

use crate::policy::glob;

/// The services whose actions are tracked.
const ACTION_LEVEL: &str = "access-analyzer account acm airflow amplify amplifyuibuilder app-integrations appconfig appflow \
    application-cost-profiler applicationinsights appmesh appstream appsync aps athena auditmanager autoscaling \
    aws-marketplace backup batch braket budgets cloud9 cloudformation cloudfront cloudhsm cloudsearch cloudtrail cloudwatch \
    codeartifact codedeploy codeguru-profiler codeguru-reviewer codepipeline codestar codestar-notifications cognito-identity \
    cognito-idp cognito-sync comprehendmedical compute-optimizer config connect cur databrew dataexchange datapipeline dax \
    devicefarm devops-guru directconnect dlm dms docdb-elastic dynamodb ebs ec2 ecr ecr-public ecs eks elasticache \
    elasticbeanstalk elasticfilesystem elasticloadbalancing elastictranscoder emr-containers emr-serverless es events \
    evidently finspace firehose fis fms frauddetector fsx gamelift geo glacier grafana greengrass groundstation guardduty \
    healthlake honeycode iam identitystore imagebuilder inspector inspector2 iot iotanalytics iotdeviceadvisor iotevents \
    iotfleethub iotsitewise iottwinmaker iotwireless ivs ivschat kafka kafkaconnect kendra kinesis kinesisanalytics kms lambda \
    lex license-manager-linux-subscriptions lightsail logs lookoutequipment lookoutmetrics lookoutvision m2 managedblockchain \
    mediaconnect mediaconvert medialive mediastore mediatailor memorydb mgn mgh migrationhub-strategy mobiletargeting mq \
    networkmanager nimble omics opsworks opsworks-cm organizations outposts panorama pi pipes polly profile qldb ram rbin rds \
    redshift redshift-data refactor-spaces rekognition resiliencehub resource-explorer-2 resource-groups robomaker \
    rolesanywhere route53 route53-recovery-control-config route53-recovery-readiness route53resolver rum s3 s3-outposts \
    sagemaker-geospatial savingsplans schemas sdb secretsmanager securityhub securitylake serverlessrepo servicecatalog \
    servicediscovery servicequotas ses shield signer simspaceweaver sms sms-voice snowball sqs ssm ssm-incidents ssm-sap states \
    sts swf synthetics tag textract timestream tnb transcribe transfer translate voiceid vpc-lattice wafv2 wellarchitected \
    wisdom worklink workspaces xray";

/// Permissions that no call is named after: they are checked along with another action, of whatever service, and leave no
/// trace even of the service.
const CHECKED_ALONG: &[&str] = &["iam:PassRole", "sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext"];

/// Actions that are recorded as data events, or not at all; wildcards as in a policy.
const WITHOUT_TRACE: &[&str] = &[
    "appconfig:GetConfiguration",
    "appconfig:GetLatestConfiguration",
    "appconfig:StartConfigurationSession",
    "appsync:GraphQL",
    "appsync:SourceGraphQL",
    "cloudwatch:GetMetric*",
    "cloudwatch:ListMetrics",
    "cloudwatch:PutMetricData",
    "codeguru-profiler:ConfigureAgent",
    "codeguru-profiler:PostAgentProfile",
    "cognito-identity:*Credentials*",
    "cognito-identity:GetId",
    "cognito-identity:GetOpenIdToken*",
    "cognito-sync:*Records",
    "dax:*Item*",
    "dax:Query",
    "dax:Scan",
    "dynamodb:*Item*",
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
    "dynamodb:PartiQL*",
    "dynamodb:Query",
    "dynamodb:Scan",
    "ebs:*Block*",
    "elasticache:Connect",
    "elasticfilesystem:Client*",
    "es:ESHttp*",
    "events:PutEvents",
    "events:PutPartnerEvents",
    "evidently:*EvaluateFeature",
    "evidently:PutProjectEvents",
    "firehose:PutRecord*",
    "geo:*Position*",
    "geo:CalculateRoute*",
    "geo:GetMap*",
    "geo:GetPlace",
    "geo:SearchPlace*",
    "guardduty:SendSecurityTelemetry",
    "iot:*ThingShadow",
    "iot:Connect",
    "iot:GetRetainedMessage",
    "iot:ListRetainedMessages",
    "iot:ListNamedShadowsForThing",
    "iot:Publish",
    "iot:Receive",
    "iot:RetainPublish",
    "iot:Subscribe",
    "iotsitewise:*AssetPropertyValue*",
    "ivschat:*Message",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:PutRecord*",
    "kinesis:SubscribeToShard",
    "lambda:Invoke*",
    "lex:*Session",
    "lex:PostContent",
    "lex:PostText",
    "lex:RecognizeText",
    "lex:RecognizeUtterance",
    "lex:StartConversation",
    "logs:GetLogEvents",
    "logs:FilterLogEvents",
    "logs:PutLogEvents",
    "logs:StartLiveTail",
    "logs:Unmask",
    "managedblockchain:*GET",
    "managedblockchain:*POST",
    "mediastore:*Object",
    "mediastore:ListItems",
    "memorydb:Connect",
    "mobiletargeting:PutEvents",
    "mobiletargeting:Send*",
    "pi:GetResourceMetrics",
    "qldb:PartiQL*",
    "qldb:SendCommand",
    "rds:CrossRegionCommunication",
    "redshift:JoinGroup",
    "s3:*Object*",
    "s3:AbortMultipartUpload",
    "s3:BypassGovernanceRetention",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:ListBucketVersions",
    "s3:ListMultipartUploadParts",
    "s3:Replicate*",
    "s3-outposts:*Object*",
    "s3-outposts:ListBucket*",
    "s3-outposts:ListMultipartUploadParts",
    "s3-outposts:AbortMultipartUpload",
    "sdb:*Attributes",
    "sdb:Select",
    "servicediscovery:DiscoverInstances*",
    "ses:Send*",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueue*",
    "sqs:ListDeadLetterSourceQueues",
    "sqs:ListQueues",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
    "ssm:GetManifest",
    "ssm:PutConfigurePackageResult",
    "ssm:UpdateInstanceInformation",
    "states:InvokeHTTPEndpoint",
    "swf:Poll*",
    "swf:Respond*",
    "swf:RecordActivityTaskHeartbeat",
    "timestream:Select*",
    "timestream:WriteRecords",
    "transcribe:Start*Stream*",
    "workspaces:Stream",
    "xray:*Trace*",
    "xray:GetSampling*",
    "xray:PutTelemetryRecords",
];

/// True if a service has information at action level.
pub(super) fn has_action_level(prefix: &str) -> bool {
    ACTION_LEVEL.split_ascii_whitespace().any(|known| known == prefix)
}

/// True for a permission that is checked along with other actions: nothing shows that it is not needed.
pub(super) fn is_checked_along(action: &str) -> bool {
    CHECKED_ALONG.iter().any(|known| known.eq_ignore_ascii_case(action))
}

/// True if a trail of management events shows each use of the action.
pub(super) fn leaves_trace(action: &str) -> bool {
    !is_checked_along(action) && !WITHOUT_TRACE.iter().any(|pattern| glob::matches_ignore_case(pattern, action))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    /// A prefix that AWS still lists, of a service that it has closed.
    const CLOSED: [&str; 1] = ["application-cost-profiler"];

    #[test]
    fn every_entry_of_the_tables_is_in_the_service_data() {
        let catalog = Catalog::embedded();
        let unknown: Vec<&str> =
            ACTION_LEVEL.split_ascii_whitespace().filter(|p| catalog.service(p).is_none()).collect();
        assert_eq!(unknown, CLOSED);
        let stale = |pattern: &&&str| {
            let (prefix, name) = pattern.split_once(':').expect("with a prefix");
            catalog.service(prefix).is_none_or(|s| s.actions_matching(name).next().is_none())
        };
        let stale: Vec<_> = WITHOUT_TRACE.iter().chain(CHECKED_ALONG).filter(stale).collect();
        assert!(stale.is_empty(), "{stale:?}");
    }

    #[test]
    fn data_events_and_what_is_checked_along_leave_no_trace() {
        for action in ["s3:GetObject", "lambda:InvokeFunction", "iam:PassRole", "dynamodb:BatchGetItem"] {
            assert!(!leaves_trace(action), "{action}");
        }
        for action in ["s3:CreateBucket", "lambda:CreateFunction", "iam:CreateRole", "dynamodb:CreateTable"] {
            assert!(leaves_trace(action), "{action}");
        }
        assert!(has_action_level("s3") && !has_action_level("sns"));
    }
}
