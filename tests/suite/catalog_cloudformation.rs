//! What `Ref` and `Fn::GetAtt` give for CloudFormation resource types, held to the template reference's own statements.

use iam_preflight::catalog::{Catalog, CloudFormationType, FormatPart, ValueShape};

fn resource_type(name: &str) -> &'static CloudFormationType {
    Catalog::embedded().cloudformation_type(name).unwrap_or_else(|| panic!("{name}"))
}

fn written(shape: &ValueShape) -> String {
    match shape {
        ValueShape::Arn(format) | ValueShape::Url(format) => format.to_string(),
        ValueShape::OtherArn => "an ARN".to_owned(),
        ValueShape::Property(name) => format!(".{name}"),
        ValueShape::Id(name) => format!("@{name}"),
        ValueShape::Other => "?".to_owned(),
    }
}

/// Type, attribute (empty for `Ref`), value: `.X` is the property X, `@X` the identifier X.
const FACTS: &[(&str, &str, &str)] = &[
    ("AWS::S3::Bucket", "", ".BucketName"),
    ("AWS::S3::Bucket", "Arn", "arn:${Partition}:s3:::${BucketName}"),
    ("AWS::S3::AccessPoint", "", ".Name"),
    ("AWS::S3::AccessPoint", "Arn", "arn:${Partition}:s3:${Region}:${Account}:accesspoint/${Name}"),
    ("AWS::SQS::Queue", "", "https://sqs.${Region}.${URLSuffix}/${Account}/${QueueName}"),
    ("AWS::SQS::Queue", "Arn", "arn:${Partition}:sqs:${Region}:${Account}:${QueueName}"),
    ("AWS::SQS::Queue", "QueueName", ".QueueName"),
    ("AWS::SNS::Topic", "", "arn:${Partition}:sns:${Region}:${Account}:${TopicName}"),
    ("AWS::SNS::Topic", "TopicArn", "arn:${Partition}:sns:${Region}:${Account}:${TopicName}"),
    ("AWS::SNS::Topic", "TopicName", ".TopicName"),
    ("AWS::SNS::Subscription", "", "an ARN"),
    ("AWS::IAM::Role", "", ".RoleName"),
    ("AWS::IAM::Role", "Arn", "arn:${Partition}:iam::${Account}:role${Path}${RoleName}"),
    ("AWS::IAM::Role", "RoleId", "@RoleId"),
    ("AWS::IAM::User", "", ".UserName"),
    ("AWS::IAM::User", "Arn", "arn:${Partition}:iam::${Account}:user${Path}${UserName}"),
    ("AWS::IAM::Group", "", ".GroupName"),
    ("AWS::IAM::Group", "Arn", "arn:${Partition}:iam::${Account}:group${Path}${GroupName}"),
    ("AWS::IAM::InstanceProfile", "", ".InstanceProfileName"),
    (
        "AWS::IAM::InstanceProfile",
        "Arn",
        "arn:${Partition}:iam::${Account}:instance-profile${Path}${InstanceProfileName}",
    ),
    ("AWS::IAM::ManagedPolicy", "", "arn:${Partition}:iam::${Account}:policy${Path}${ManagedPolicyName}"),
    ("AWS::IAM::Policy", "", ".PolicyName"),
    ("AWS::IAM::OIDCProvider", "", "arn:${Partition}:iam::${Account}:oidc-provider/${Url}"),
    ("AWS::IAM::SAMLProvider", "", "arn:${Partition}:iam::${Account}:saml-provider/${Name}"),
    ("AWS::Lambda::Function", "", ".FunctionName"),
    ("AWS::Lambda::Function", "Arn", "arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}"),
    ("AWS::Lambda::LayerVersion", "", "arn:${Partition}:lambda:${Region}:${Account}:layer:${LayerName}:${?Version}"),
    ("AWS::Lambda::Version", "", "an ARN"),
    ("AWS::Lambda::Alias", "", "an ARN"),
    ("AWS::DynamoDB::Table", "", ".TableName"),
    ("AWS::DynamoDB::Table", "Arn", "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}"),
    (
        "AWS::DynamoDB::Table",
        "StreamArn",
        "arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}/stream/${?StreamLabel}",
    ),
    ("AWS::KMS::Key", "", "@KeyId"),
    ("AWS::KMS::Key", "Arn", "arn:${Partition}:kms:${Region}:${Account}:key/${@KeyId}"),
    ("AWS::KMS::Alias", "", ".AliasName"),
    (
        "AWS::SecretsManager::Secret",
        "",
        "arn:${Partition}:secretsmanager:${Region}:${Account}:secret:${Name}-${?RandomSuffix}",
    ),
    ("AWS::Logs::LogGroup", "", ".LogGroupName"),
    ("AWS::Logs::LogGroup", "Arn", "arn:${Partition}:logs:${Region}:${Account}:log-group:${LogGroupName}:*"),
    (
        "AWS::StepFunctions::StateMachine",
        "",
        "arn:${Partition}:states:${Region}:${Account}:stateMachine:${StateMachineName}",
    ),
    ("AWS::StepFunctions::StateMachine", "Name", ".StateMachineName"),
    ("AWS::ECS::Cluster", "", ".ClusterName"),
    ("AWS::ECS::Cluster", "Arn", "arn:${Partition}:ecs:${Region}:${Account}:cluster/${ClusterName}"),
    (
        "AWS::ECS::TaskDefinition",
        "",
        "arn:${Partition}:ecs:${Region}:${Account}:task-definition/${Family}:${?Revision}",
    ),
    ("AWS::ECR::Repository", "", ".RepositoryName"),
    ("AWS::ECR::Repository", "Arn", "arn:${Partition}:ecr:${Region}:${Account}:repository/${RepositoryName}"),
    ("AWS::Kinesis::Stream", "", ".Name"),
    ("AWS::Kinesis::Stream", "Arn", "arn:${Partition}:kinesis:${Region}:${Account}:stream/${Name}"),
    (
        "AWS::KinesisFirehose::DeliveryStream",
        "Arn",
        "arn:${Partition}:firehose:${Region}:${Account}:deliverystream/${DeliveryStreamName}",
    ),
    ("AWS::Events::Rule", "", ".Name"),
    ("AWS::Events::Rule", "Arn", "arn:${Partition}:events:${Region}:${Account}:rule/[${EventBusName}/]${Name}"),
    ("AWS::Events::EventBus", "", ".Name"),
    ("AWS::Events::EventBus", "Arn", "arn:${Partition}:events:${Region}:${Account}:event-bus/${Name}"),
    (
        "AWS::Scheduler::Schedule",
        "Arn",
        "arn:${Partition}:scheduler:${Region}:${Account}:schedule/${GroupName}/${Name}",
    ),
    ("AWS::ApiGateway::RestApi", "", "@RestApiId"),
    ("AWS::ApiGateway::Stage", "", ".StageName"),
    ("AWS::ApiGatewayV2::Api", "", "@ApiId"),
    ("AWS::CloudFront::Distribution", "", "@Id"),
    ("AWS::CloudFront::CloudFrontOriginAccessIdentity", "S3CanonicalUserId", "@S3CanonicalUserId"),
    ("AWS::SSM::Parameter", "", ".Name"),
    ("AWS::SSM::Parameter", "Value", ".Value"),
    ("AWS::CodeBuild::Project", "", ".Name"),
    ("AWS::CodeBuild::Project", "Arn", "arn:${Partition}:codebuild:${Region}:${Account}:project/${Name}"),
    ("AWS::CodePipeline::Pipeline", "", ".Name"),
    ("AWS::CodeCommit::Repository", "Arn", "arn:${Partition}:codecommit:${Region}:${Account}:${RepositoryName}"),
    ("AWS::Cognito::UserPool", "", "@UserPoolId"),
    ("AWS::Cognito::UserPool", "Arn", "arn:${Partition}:cognito-idp:${Region}:${Account}:userpool/${@UserPoolId}"),
    ("AWS::RDS::DBInstance", "", ".DBInstanceIdentifier"),
    ("AWS::RDS::DBInstance", "Endpoint.Address", "?"),
    ("AWS::EC2::Instance", "", "@InstanceId"),
    ("AWS::EC2::SecurityGroup", "", "@GroupId"),
    (
        "AWS::EFS::FileSystem",
        "Arn",
        "arn:${Partition}:elasticfilesystem:${Region}:${Account}:file-system/${@FileSystemId}",
    ),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "", "an ARN"),
    ("AWS::OpenSearchService::Domain", "Arn", "arn:${Partition}:es:${Region}:${Account}:domain/${DomainName}"),
    ("AWS::Batch::JobQueue", "", "arn:${Partition}:batch:${Region}:${Account}:job-queue/${JobQueueName}"),
    (
        "AWS::Backup::BackupVault",
        "BackupVaultArn",
        "arn:${Partition}:backup:${Region}:${Account}:backup-vault:${BackupVaultName}",
    ),
    (
        "AWS::CertificateManager::Certificate",
        "",
        "arn:${Partition}:acm:${Region}:${Account}:certificate/${?CertificateId}",
    ),
    (
        "AWS::Batch::JobDefinition",
        "",
        "arn:${Partition}:batch:${Region}:${Account}:job-definition/${JobDefinitionName}:${?Revision}",
    ),
    ("AWS::DMS::ReplicationInstance", "", "an ARN"),
    ("AWS::DocDB::DBCluster", "", ".DBClusterIdentifier"),
    ("AWS::EC2::VPCEndpoint", "", "@Id"),
    ("AWS::AppSync::GraphQLApi", "", "arn:${Partition}:appsync:${Region}:${Account}:apis/${@ApiId}"),
    ("AWS::Route53::HostedZone", "", "@Id"),
    (
        "AWS::CloudFormation::Stack",
        "",
        "arn:${Partition}:cloudformation:${Region}:${Account}:stack/${?StackName}/${?StackGuid}",
    ),
];

#[test]
fn references_and_attributes_are_what_the_template_reference_says() {
    let mut wrong = Vec::new();
    for (name, attribute, expected) in FACTS {
        let known = resource_type(name);
        let shape = if attribute.is_empty() { Some(&known.reference) } else { known.attribute(attribute) };
        let found = shape.map_or("nothing".to_owned(), written);
        if found != *expected {
            wrong.push(format!("{name} {attribute}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn arns_that_are_no_reference_and_no_attribute_are_known_too() {
    for (name, expected) in [
        ("AWS::ApiGateway::RestApi", "arn:${Partition}:apigateway:${Region}::/restapis/${@RestApiId}"),
        ("AWS::KMS::Alias", "arn:${Partition}:kms:${Region}:${Account}:${AliasName}"),
        ("AWS::Logs::LogGroup", "arn:${Partition}:logs:${Region}:${Account}:log-group:${LogGroupName}"),
        ("AWS::Glue::Job", "arn:${Partition}:glue:${Region}:${Account}:job/${Name}"),
        ("AWS::EC2::Instance", "arn:${Partition}:ec2:${Region}:${Account}:instance/${@InstanceId}"),
    ] {
        assert_eq!(resource_type(name).arn.as_ref().map(ToString::to_string).as_deref(), Some(expected), "{name}");
    }
    assert!(resource_type("AWS::IAM::Policy").arn.is_none());
}

#[test]
fn a_leading_slash_or_scheme_is_no_part_of_the_arn() {
    for (name, property, expected) in
        [("AWS::SSM::Parameter", "Name", "/"), ("AWS::IAM::OIDCProvider", "Url", "https://")]
    {
        let parts = &resource_type(name).arn.as_ref().unwrap().parts;
        let is = |part: &FormatPart| matches!(part, FormatPart::Property { name, strip, .. } if name == property && strip == expected);
        assert!(parts.iter().any(is), "{name}");
    }
}

#[test]
fn every_type_is_found_and_every_arn_has_six_fields() {
    let mut count = 0;
    for known in Catalog::embedded().cloudformation_types() {
        count += 1;
        assert_eq!(resource_type(&known.name).name, known.name);
        assert!(known.attributes.is_sorted_by(|a, b| a.0 < b.0), "{}", known.name);
        let shapes = known.attributes.iter().map(|(_, shape)| shape).chain([&known.reference]);
        let of_values = shapes.filter_map(|shape| match shape {
            ValueShape::Arn(format) => Some(format),
            _ => None,
        });
        for format in of_values.chain(&known.arn) {
            let text = format.to_string();
            let fields: Vec<&str> = text.splitn(6, ':').collect();
            let is_arn =
                fields.len() == 6 && fields[0] == "arn" && fields[1] == "${Partition}" && !fields[2].is_empty();
            assert!(is_arn, "{} {text}", known.name);
            assert!(!fields[5].is_empty(), "{} {text}", known.name);
        }
    }
    assert!(count > 1_500, "{count}");
}

#[test]
fn types_that_do_not_exist_are_not_found() {
    for name in ["AWS::S3::Buckets", "aws::s3::bucket", "Custom::Thing", "AWS::S3", "", "::"] {
        assert!(Catalog::embedded().cloudformation_type(name).is_none(), "{name}");
    }
    assert!(resource_type("AWS::S3::Bucket").attribute("arn").is_none());
}
