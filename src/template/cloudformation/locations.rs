//! Where CloudFormation keeps policies: every resource type and property that holds an IAM policy document.
//!
//! One row for each property. Grants in another form are in `grants`. Source: the CloudFormation resource schemas;
//! `tests/suite/cloudformation_locations.rs` holds the table to them.

use crate::model::PolicyForm;

/// A property that holds policy documents.
#[derive(Clone, Copy, Debug)]
pub struct PolicyLocation {
    /// The type of the resource that has the property.
    pub resource_type: &'static str,
    /// The property; `*` stands for every element of a list.
    pub property: &'static str,
    /// What kind of policy it is.
    pub holds: Holds,
}

/// What kind of policy a property holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// An identity-based policy stored in this form.
    Identity(PolicyForm),
    /// The trust policy of a role.
    Trust,
    /// A resource-based policy.
    Resource {
        /// The type of the resource that it protects.
        protects: &'static str,
        /// The property that names that resource; empty when it is the resource itself.
        named_by: &'static str,
    },
    /// An Organizations policy; property `Type` says which.
    Organization,
}

use Holds::{Identity, Organization, Trust};
use PolicyForm::{InlineGroup, InlineRole, InlineUser, Managed};

const fn row(resource_type: &'static str, property: &'static str, holds: Holds) -> PolicyLocation {
    PolicyLocation { resource_type, property, holds }
}

/// A policy of the resource itself.
const fn own(resource_type: &'static str, property: &'static str) -> PolicyLocation {
    row(resource_type, property, Holds::Resource { protects: resource_type, named_by: "" })
}

/// A policy of another resource.
const fn on(
    resource_type: &'static str,
    property: &'static str,
    protects: &'static str,
    named_by: &'static str,
) -> PolicyLocation {
    row(resource_type, property, Holds::Resource { protects, named_by })
}

/// Every property that holds IAM policy documents, sorted by type.
#[rustfmt::skip]
pub const POLICY_LOCATIONS: &[PolicyLocation] = &[
    own("AWS::AIOps::InvestigationGroup", "InvestigationGroupPolicy"),
    on("AWS::APS::ResourcePolicy", "PolicyDocument", "AWS::APS::Workspace", "WorkspaceArn"),
    own("AWS::ApiGateway::DomainNameV2", "Policy"),
    // The OpenAPI extension, which SAM writes too.
    own("AWS::ApiGateway::RestApi", "Body.x-amazon-apigateway-policy"),
    own("AWS::ApiGateway::RestApi", "Policy"),
    own("AWS::Backup::BackupVault", "AccessPolicy"),
    own("AWS::Backup::LogicallyAirGappedBackupVault", "AccessPolicy"),
    on("AWS::Bedrock::KnowledgeBasePolicy", "PolicyDocument", "AWS::Bedrock::KnowledgeBase", "KnowledgeBaseId"),
    on("AWS::Bedrock::ResourcePolicy", "PolicyDocument", "AWS::Bedrock::Guardrail", "ResourceArn"),
    on("AWS::BedrockAgentCore::ResourcePolicy", "Policy", "AWS::BedrockAgentCore::Runtime", "ResourceArn"),
    on("AWS::CloudTrail::ResourcePolicy", "ResourcePolicy", "AWS::CloudTrail::EventDataStore", "ResourceArn"),
    own("AWS::CodeArtifact::Domain", "PermissionsPolicyDocument"),
    own("AWS::CodeArtifact::Repository", "PermissionsPolicyDocument"),
    own("AWS::Comprehend::DocumentClassifier", "ModelPolicy"),
    own("AWS::Comprehend::EntityRecognizer", "ModelPolicy"),
    own("AWS::DSQL::Cluster", "PolicyDocument"),
    row("AWS::DynamoDB::GlobalTable", "Replicas.*.ReplicaStreamSpecification.ResourcePolicy.PolicyDocument", Holds::Resource { protects: "AWS::DynamoDB::Stream", named_by: "" }),
    row("AWS::DynamoDB::GlobalTable", "Replicas.*.ResourcePolicy.PolicyDocument", Holds::Resource { protects: "AWS::DynamoDB::Table", named_by: "" }),
    own("AWS::DynamoDB::Table", "ResourcePolicy.PolicyDocument"),
    row("AWS::DynamoDB::Table", "StreamSpecification.ResourcePolicy.PolicyDocument", Holds::Resource { protects: "AWS::DynamoDB::Stream", named_by: "" }),
    own("AWS::EC2::VPCEndpoint", "PolicyDocument"),
    own("AWS::ECR::PublicRepository", "RepositoryPolicyText"),
    row("AWS::ECR::RegistryPolicy", "PolicyText", Holds::Resource { protects: "AWS::ECR::RegistryPolicy", named_by: "" }),
    own("AWS::ECR::Repository", "RepositoryPolicyText"),
    row("AWS::ECR::RepositoryCreationTemplate", "RepositoryPolicy", Holds::Resource { protects: "AWS::ECR::Repository", named_by: "" }),
    own("AWS::EFS::FileSystem", "FileSystemPolicy"),
    row("AWS::EKS::PodIdentityAssociation", "Policy", Identity(Managed)),
    own("AWS::Elasticsearch::Domain", "AccessPolicies"),
    on("AWS::EventSchemas::RegistryPolicy", "Policy", "AWS::EventSchemas::Registry", "RegistryName"),
    own("AWS::Events::EventBus", "Policy"),
    on("AWS::Events::EventBusPolicy", "Statement", "AWS::Events::EventBus", "EventBusName"),
    on("AWS::EventsV2::ResourcePolicy", "PolicyDocument", "AWS::Events::EventBus", "ResourceArn"),
    own("AWS::FSx::S3AccessPointAttachment", "S3AccessPoint.Policy"),
    row("AWS::IAM::Group", "Policies.*.PolicyDocument", Identity(InlineGroup)),
    row("AWS::IAM::GroupPolicy", "PolicyDocument", Identity(InlineGroup)),
    row("AWS::IAM::ManagedPolicy", "PolicyDocument", Identity(Managed)),
    row("AWS::IAM::Policy", "PolicyDocument", Identity(InlineRole)),
    row("AWS::IAM::Role", "AssumeRolePolicyDocument", Trust),
    row("AWS::IAM::Role", "Policies.*.PolicyDocument", Identity(InlineRole)),
    row("AWS::IAM::RolePolicy", "PolicyDocument", Identity(InlineRole)),
    row("AWS::IAM::User", "Policies.*.PolicyDocument", Identity(InlineUser)),
    row("AWS::IAM::UserPolicy", "PolicyDocument", Identity(InlineUser)),
    row("AWS::IoT::Policy", "PolicyDocument", Identity(Managed)),
    own("AWS::KMS::Key", "KeyPolicy"),
    row("AWS::KMS::ReplicaKey", "KeyPolicy", Holds::Resource { protects: "AWS::KMS::Key", named_by: "" }),
    on("AWS::Kinesis::ResourcePolicy", "ResourcePolicy", "AWS::Kinesis::Stream", "ResourceArn"),
    on("AWS::Lambda::ResourcePolicy", "PolicyDocument", "AWS::Lambda::Function", "ResourceArn"),
    on("AWS::Lex::ResourcePolicy", "Policy", "AWS::Lex::Bot", "ResourceArn"),
    own("AWS::Logs::DeliveryDestination", "DeliveryDestinationPolicy.DeliveryDestinationPolicy"),
    own("AWS::Logs::Destination", "DestinationPolicy"),
    own("AWS::Logs::LogGroup", "ResourcePolicyDocument"),
    row("AWS::Logs::ResourcePolicy", "PolicyDocument", Holds::Resource { protects: "AWS::Logs::LogGroup", named_by: "" }),
    on("AWS::MSK::ClusterPolicy", "Policy", "AWS::MSK::Cluster", "ClusterArn"),
    on("AWS::MediaPackageV2::ChannelPolicy", "Policy", "AWS::MediaPackageV2::Channel", "ChannelName"),
    on("AWS::MediaPackageV2::OriginEndpointPolicy", "Policy", "AWS::MediaPackageV2::OriginEndpoint", "OriginEndpointName"),
    own("AWS::MediaStore::Container", "Policy"),
    on("AWS::MediaTailor::ChannelPolicy", "Policy", "AWS::MediaTailor::Channel", "ChannelName"),
    own("AWS::ODB::OdbNetwork", "KmsPolicyDocument"),
    own("AWS::ODB::OdbNetwork", "S3PolicyDocument"),
    own("AWS::ODB::OdbNetwork", "StsPolicyDocument"),
    own("AWS::OSIS::Pipeline", "ResourcePolicy.Policy"),
    own("AWS::Oam::Sink", "Policy"),
    own("AWS::Omics::SequenceStore", "S3AccessPolicy"),
    own("AWS::OpenSearchService::Domain", "AccessPolicies"),
    row("AWS::Organizations::Policy", "Content", Organization),
    row("AWS::Organizations::ResourcePolicy", "Content", Holds::Resource { protects: "AWS::Organizations::ResourcePolicy", named_by: "" }),
    own("AWS::PaymentCryptography::Key", "Policy"),
    own("AWS::RUM::AppMonitor", "ResourcePolicy.PolicyDocument"),
    own("AWS::Redshift::Cluster", "NamespaceResourcePolicy"),
    own("AWS::RedshiftServerless::Namespace", "NamespaceResourcePolicy"),
    row("AWS::RolesAnywhere::Profile", "SessionPolicy", Identity(Managed)),
    own("AWS::S3::AccessPoint", "Policy"),
    on("AWS::S3::BucketPolicy", "PolicyDocument", "AWS::S3::Bucket", "Bucket"),
    on("AWS::S3::MultiRegionAccessPointPolicy", "Policy", "AWS::S3::MultiRegionAccessPoint", "MrapName"),
    own("AWS::S3Express::AccessPoint", "Policy"),
    on("AWS::S3Express::BucketPolicy", "PolicyDocument", "AWS::S3Express::DirectoryBucket", "Bucket"),
    on("AWS::S3Files::FileSystemPolicy", "Policy", "AWS::S3Files::FileSystem", "FileSystemId"),
    on("AWS::S3ObjectLambda::AccessPointPolicy", "PolicyDocument", "AWS::S3ObjectLambda::AccessPoint", "ObjectLambdaAccessPoint"),
    own("AWS::S3Outposts::AccessPoint", "Policy"),
    on("AWS::S3Outposts::BucketPolicy", "PolicyDocument", "AWS::S3Outposts::Bucket", "Bucket"),
    on("AWS::S3Tables::TableBucketPolicy", "ResourcePolicy", "AWS::S3Tables::TableBucket", "TableBucketARN"),
    on("AWS::S3Tables::TablePolicy", "ResourcePolicy", "AWS::S3Tables::Table", "TableARN"),
    on("AWS::S3Vectors::VectorBucketPolicy", "Policy", "AWS::S3Vectors::VectorBucket", "VectorBucketArn"),
    on("AWS::SMSVOICE::ResourcePolicy", "PolicyDocument", "AWS::SMSVOICE::Pool", "ResourceArn"),
    on("AWS::SNS::TopicInlinePolicy", "PolicyDocument", "AWS::SNS::Topic", "TopicArn"),
    on("AWS::SNS::TopicPolicy", "PolicyDocument", "AWS::SNS::Topic", "Topics"),
    on("AWS::SQS::QueueInlinePolicy", "PolicyDocument", "AWS::SQS::Queue", "Queue"),
    on("AWS::SQS::QueuePolicy", "PolicyDocument", "AWS::SQS::Queue", "Queues"),
    on("AWS::SSM::ResourcePolicy", "Policy", "AWS::SSM::Parameter", "ResourceArn"),
    row("AWS::SSO::PermissionSet", "InlinePolicy", Identity(InlineRole)),
    own("AWS::SageMaker::ModelPackageGroup", "ModelPackageGroupPolicy"),
    on("AWS::SecretsManager::ResourcePolicy", "ResourcePolicy", "AWS::SecretsManager::Secret", "SecretId"),
    row("AWS::Transfer::User", "Policy", Identity(Managed)),
    on("AWS::VpcLattice::AuthPolicy", "Policy", "AWS::VpcLattice::Service", "ResourceIdentifier"),
    on("AWS::VpcLattice::ResourcePolicy", "Policy", "AWS::VpcLattice::Service", "ResourceArn"),
    row("AWS::XRay::ResourcePolicy", "PolicyDocument", Holds::Resource { protects: "AWS::XRay::ResourcePolicy", named_by: "" }),
];

/// The rows of a type.
pub(super) fn of_type(resource_type: &str) -> &'static [PolicyLocation] {
    let start = POLICY_LOCATIONS.partition_point(|l| l.resource_type < resource_type);
    let end = POLICY_LOCATIONS.partition_point(|l| l.resource_type <= resource_type);
    POLICY_LOCATIONS.get(start..end).unwrap_or(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_has_no_row_twice() {
        for pair in POLICY_LOCATIONS.windows(2) {
            let key = |l: &PolicyLocation| (l.resource_type, l.property);
            assert!(key(&pair[0]) < key(&pair[1]), "{:?}", pair[1]);
        }
    }
}
