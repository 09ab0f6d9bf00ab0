//! Where policies live in the AWS provider's resources: one table of policy documents, one of grants in another form,
//! one of what attaches policies to principals.
//!
//! Source: the provider's schemas and documentation. Adding a resource type is adding a row. Attributes that look like
//! IAM policies and are none (lifecycle rules, Cedar, data protection, …) are listed in [`NOT_IAM`] with the reason.

use super::grants::GrantForm;
use crate::model::PolicyForm;
use crate::policy::TRUST_POLICY;

/// What kind of policy stands in an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyRole {
    /// Identity-based, stored in this form.
    Identity(PolicyForm),
    /// A role's trust policy.
    Trust,
    /// Resource-based; the CloudFormation type of the protected resource.
    Resource(&'static str),
    /// SCP, RCP or another kind, by the attribute `type`.
    Organizations,
}

/// An attribute that holds a policy document as JSON.
#[derive(Clone, Copy, Debug)]
pub struct PolicyLocation {
    /// `aws_s3_bucket_policy`
    pub resource_type: &'static str,
    /// `policy`; with nested blocks, `inline_policy.policy`.
    pub attribute: &'static str,
    /// What it is.
    pub role: PolicyRole,
    /// The attribute that names what the policy is attached to; empty for the resource itself.
    pub protects: &'static str,
    /// The types of resource that it can name.
    pub protected_types: &'static [&'static str],
}

/// A resource that grants access in another form than a policy document.
#[derive(Clone, Copy, Debug)]
pub struct GrantLocation {
    /// `aws_lambda_permission`
    pub resource_type: &'static str,
    /// The attribute or block that grants.
    pub attribute: &'static str,
    /// How it reads as a statement.
    pub form: GrantForm,
    /// The CloudFormation type of the protected resource.
    pub protected: &'static str,
    /// The attribute that names the protected resource; empty for the resource itself.
    pub protects: &'static str,
    /// The types of resource that it can name.
    pub protected_types: &'static [&'static str],
}

/// A resource that attaches managed policies, or joins users to groups.
#[derive(Clone, Copy, Debug)]
pub struct AttachmentLocation {
    /// `aws_iam_role_policy_attachment`
    pub resource_type: &'static str,
    /// What it does.
    pub kind: AttachmentKind,
    /// The attributes that name principals, with the type of principal.
    pub principals: &'static [(&'static str, &'static str)],
    /// The attribute that names policies, groups or users.
    pub names: &'static str,
}

/// What an attachment does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachmentKind {
    /// Attaches managed policies by ARN.
    ManagedPolicy,
    /// Attaches customer managed policies by name and path.
    CustomerManagedPolicy,
    /// Sets the permissions boundary.
    Boundary,
    /// Joins the users (principals) to the groups (names).
    GroupsOfUser,
    /// Joins the users (names) to the group (principal).
    UsersOfGroup,
    /// Attaches an Organizations policy to a target.
    Organizations,
}

const fn policy(
    resource_type: &'static str,
    attribute: &'static str,
    role: PolicyRole,
    protects: &'static str,
    protected_types: &'static [&'static str],
) -> PolicyLocation {
    PolicyLocation { resource_type, attribute, role, protects, protected_types }
}

const fn grant(
    resource_type: &'static str,
    attribute: &'static str,
    form: GrantForm,
    protected: &'static str,
    protects: &'static str,
    protected_types: &'static [&'static str],
) -> GrantLocation {
    GrantLocation { resource_type, attribute, form, protected, protects, protected_types }
}

const fn attachment(
    resource_type: &'static str,
    kind: AttachmentKind,
    principals: &'static [(&'static str, &'static str)],
    names: &'static str,
) -> AttachmentLocation {
    AttachmentLocation { resource_type, kind, principals, names }
}

use PolicyForm::{InlineGroup, InlineRole, InlineUser, Managed};
use PolicyRole::{Identity, Organizations, Resource, Trust};

const BUCKETS: &[&str] = &["aws_s3_bucket", "aws_s3_directory_bucket"];
const FUNCTIONS: &[&str] = &["aws_lambda_function", "aws_lambda_alias"];
const KMS_KEYS: &[&str] =
    &["aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key"];
const TABLES: &[&str] = &["aws_dynamodb_table", "aws_dynamodb_global_table"];

/// The CloudFormation resource type under which role trust policies are validated.
pub const TRUST_RESOURCE_TYPE: &str = TRUST_POLICY;

/// Every attribute that holds a policy document, sorted by type.
#[rustfmt::skip]
pub const POLICIES: &[PolicyLocation] = &[
    policy("aws_acmpca_policy", "policy", Resource("AWS::ACMPCA::CertificateAuthority"), "resource_arn", &["aws_acmpca_certificate_authority"]),
    policy("aws_api_gateway_domain_name", "policy", Resource("AWS::ApiGateway::DomainNameV2"), "", &[]),
    policy("aws_api_gateway_rest_api", "policy", Resource("AWS::ApiGateway::RestApi"), "", &[]),
    policy("aws_api_gateway_rest_api_policy", "policy", Resource("AWS::ApiGateway::RestApi"), "rest_api_id", &["aws_api_gateway_rest_api"]),
    policy("aws_backup_vault_policy", "policy", Resource("AWS::Backup::BackupVault"), "backup_vault_name", &["aws_backup_vault", "aws_backup_logically_air_gapped_vault"]),
    policy("aws_cloudsearch_domain_service_access_policy", "access_policy", Resource("AWS::CloudSearch::Domain"), "domain_name", &["aws_cloudsearch_domain"]),
    policy("aws_cloudwatch_event_bus_policy", "policy", Resource("AWS::Events::EventBus"), "event_bus_name", &["aws_cloudwatch_event_bus"]),
    policy("aws_cloudwatch_log_delivery_destination_policy", "delivery_destination_policy", Resource("AWS::Logs::DeliveryDestination"), "delivery_destination_name", &["aws_cloudwatch_log_delivery_destination"]),
    policy("aws_cloudwatch_log_destination_policy", "access_policy", Resource("AWS::Logs::Destination"), "destination_name", &["aws_cloudwatch_log_destination"]),
    policy("aws_cloudwatch_log_resource_policy", "policy_document", Resource("AWS::Logs::ResourcePolicy"), "", &[]),
    policy("aws_codeartifact_domain_permissions_policy", "policy_document", Resource("AWS::CodeArtifact::Domain"), "domain", &["aws_codeartifact_domain"]),
    policy("aws_codeartifact_repository_permissions_policy", "policy_document", Resource("AWS::CodeArtifact::Repository"), "repository", &["aws_codeartifact_repository"]),
    policy("aws_codebuild_resource_policy", "policy", Resource("AWS::CodeBuild::ReportGroup"), "resource_arn", &["aws_codebuild_report_group", "aws_codebuild_project"]),
    policy("aws_dynamodb_resource_policy", "policy", Resource("AWS::DynamoDB::Table"), "resource_arn", TABLES),
    policy("aws_ecr_registry_policy", "policy", Resource("AWS::ECR::RegistryPolicy"), "", &[]),
    policy("aws_ecr_repository_creation_template", "repository_policy", Resource("AWS::ECR::Repository"), "", &[]),
    policy("aws_ecr_repository_policy", "policy", Resource("AWS::ECR::Repository"), "repository", &["aws_ecr_repository"]),
    policy("aws_ecrpublic_repository_policy", "policy", Resource("AWS::ECR::PublicRepository"), "repository_name", &["aws_ecrpublic_repository"]),
    policy("aws_efs_file_system_policy", "policy", Resource("AWS::EFS::FileSystem"), "file_system_id", &["aws_efs_file_system"]),
    policy("aws_elasticsearch_domain", "access_policies", Resource("AWS::Elasticsearch::Domain"), "", &[]),
    policy("aws_elasticsearch_domain_policy", "access_policies", Resource("AWS::Elasticsearch::Domain"), "domain_name", &["aws_elasticsearch_domain"]),
    policy("aws_fsx_s3_access_point_attachment", "s3_access_point.policy", Resource("AWS::S3::AccessPoint"), "", &[]),
    policy("aws_glacier_vault", "access_policy", Resource("AWS::S3::Glacier"), "", &[]),
    policy("aws_glacier_vault_lock", "policy", Resource("AWS::S3::Glacier"), "vault_name", &["aws_glacier_vault"]),
    policy("aws_glue_resource_policy", "policy", Resource("AWS::Glue::ResourcePolicy"), "", &[]),
    policy("aws_iam_group_policy", "policy", Identity(InlineGroup), "group", &["aws_iam_group"]),
    policy("aws_iam_policy", "policy", Identity(Managed), "", &[]),
    policy("aws_iam_role", "assume_role_policy", Trust, "", &[]),
    policy("aws_iam_role", "inline_policy.policy", Identity(InlineRole), "", &[]),
    policy("aws_iam_role_policy", "policy", Identity(InlineRole), "role", &["aws_iam_role"]),
    policy("aws_iam_user_policy", "policy", Identity(InlineUser), "user", &["aws_iam_user"]),
    policy("aws_iot_policy", "policy", Identity(Managed), "", &[]),
    policy("aws_kinesis_resource_policy", "policy", Resource("AWS::Kinesis::Stream"), "resource_arn", &["aws_kinesis_stream", "aws_kinesis_stream_consumer"]),
    policy("aws_kms_external_key", "policy", Resource("AWS::KMS::Key"), "", &[]),
    policy("aws_kms_key", "policy", Resource("AWS::KMS::Key"), "", &[]),
    policy("aws_kms_key_policy", "policy", Resource("AWS::KMS::Key"), "key_id", KMS_KEYS),
    policy("aws_kms_replica_external_key", "policy", Resource("AWS::KMS::Key"), "", &[]),
    policy("aws_kms_replica_key", "policy", Resource("AWS::KMS::Key"), "", &[]),
    policy("aws_media_store_container_policy", "policy", Resource("AWS::MediaStore::Container"), "container_name", &["aws_media_store_container"]),
    policy("aws_msk_cluster_policy", "policy", Resource("AWS::MSK::Cluster"), "cluster_arn", &["aws_msk_cluster", "aws_msk_serverless_cluster"]),
    policy("aws_networkfirewall_resource_policy", "policy", Resource("AWS::NetworkFirewall::RuleGroup"), "resource_arn", &["aws_networkfirewall_rule_group", "aws_networkfirewall_firewall_policy"]),
    policy("aws_oam_sink_policy", "policy", Resource("AWS::Oam::Sink"), "sink_identifier", &["aws_oam_sink"]),
    policy("aws_odb_network", "s3_policy_document", Resource("AWS::ODB::OdbNetwork"), "", &[]),
    policy("aws_opensearch_domain", "access_policies", Resource("AWS::OpenSearchService::Domain"), "", &[]),
    policy("aws_opensearch_domain_policy", "access_policies", Resource("AWS::OpenSearchService::Domain"), "domain_name", &["aws_opensearch_domain"]),
    policy("aws_organizations_policy", "content", Organizations, "", &[]),
    policy("aws_organizations_resource_policy", "content", Resource("AWS::Organizations::ResourcePolicy"), "", &[]),
    policy("aws_prometheus_resource_policy", "policy_document", Resource("AWS::APS::Workspace"), "workspace_id", &["aws_prometheus_workspace"]),
    policy("aws_redshift_resource_policy", "policy", Resource("AWS::Redshift::Cluster"), "resource_arn", &["aws_redshift_cluster"]),
    policy("aws_redshiftserverless_resource_policy", "policy", Resource("AWS::RedshiftServerless::Snapshot"), "resource_arn", &["aws_redshiftserverless_snapshot"]),
    policy("aws_rolesanywhere_profile", "session_policy", Identity(Managed), "", &[]),
    policy("aws_s3_access_point", "policy", Resource("AWS::S3::AccessPoint"), "", &[]),
    policy("aws_s3_bucket", "policy", Resource("AWS::S3::Bucket"), "", &[]),
    policy("aws_s3_bucket_policy", "policy", Resource("AWS::S3::Bucket"), "bucket", BUCKETS),
    policy("aws_s3control_access_grants_instance_resource_policy", "policy", Resource("AWS::S3::AccessGrantsInstance"), "", &[]),
    policy("aws_s3control_access_point_policy", "policy", Resource("AWS::S3::AccessPoint"), "access_point_arn", &["aws_s3_access_point"]),
    policy("aws_s3control_bucket_policy", "policy", Resource("AWS::S3Outposts::Bucket"), "bucket", &["aws_s3control_bucket"]),
    policy("aws_s3control_multi_region_access_point_policy", "details.policy", Resource("AWS::S3::MultiRegionAccessPoint"), "", &[]),
    policy("aws_s3control_object_lambda_access_point_policy", "policy", Resource("AWS::S3ObjectLambda::AccessPoint"), "name", &["aws_s3control_object_lambda_access_point"]),
    policy("aws_s3tables_table_bucket_policy", "resource_policy", Resource("AWS::S3Tables::TableBucket"), "table_bucket_arn", &["aws_s3tables_table_bucket"]),
    policy("aws_s3tables_table_policy", "resource_policy", Resource("AWS::S3Tables::Table"), "name", &["aws_s3tables_table"]),
    policy("aws_s3vectors_vector_bucket_policy", "policy", Resource("AWS::S3Vectors::VectorBucket"), "vector_bucket_arn", &["aws_s3vectors_vector_bucket"]),
    policy("aws_sagemaker_model_package_group_policy", "resource_policy", Resource("AWS::SageMaker::ModelPackageGroup"), "model_package_group_name", &["aws_sagemaker_model_package_group"]),
    policy("aws_schemas_registry_policy", "policy", Resource("AWS::EventSchemas::Registry"), "registry_name", &["aws_schemas_registry"]),
    policy("aws_secretsmanager_secret", "policy", Resource("AWS::SecretsManager::Secret"), "", &[]),
    policy("aws_secretsmanager_secret_policy", "policy", Resource("AWS::SecretsManager::Secret"), "secret_arn", &["aws_secretsmanager_secret"]),
    policy("aws_ses_identity_policy", "policy", Resource("AWS::SES::EmailIdentity"), "identity", &["aws_ses_domain_identity", "aws_ses_email_identity"]),
    policy("aws_sesv2_email_identity_policy", "policy", Resource("AWS::SES::EmailIdentity"), "email_identity", &["aws_sesv2_email_identity"]),
    policy("aws_sns_topic", "policy", Resource("AWS::SNS::Topic"), "", &[]),
    policy("aws_sns_topic_policy", "policy", Resource("AWS::SNS::Topic"), "arn", &["aws_sns_topic"]),
    policy("aws_sqs_queue", "policy", Resource("AWS::SQS::Queue"), "", &[]),
    policy("aws_sqs_queue_policy", "policy", Resource("AWS::SQS::Queue"), "queue_url", &["aws_sqs_queue"]),
    policy("aws_ssoadmin_permission_set_inline_policy", "inline_policy", Identity(InlineRole), "permission_set_arn", &["aws_ssoadmin_permission_set"]),
    policy("aws_transfer_access", "policy", Identity(Managed), "", &[]),
    policy("aws_transfer_user", "policy", Identity(Managed), "", &[]),
    policy("aws_vpc_endpoint", "policy", Resource("AWS::EC2::VPCEndpoint"), "", &[]),
    policy("aws_vpc_endpoint_policy", "policy", Resource("AWS::EC2::VPCEndpoint"), "vpc_endpoint_id", &["aws_vpc_endpoint"]),
    policy("aws_vpclattice_auth_policy", "policy", Resource("AWS::VpcLattice::AuthPolicy"), "resource_identifier", &["aws_vpclattice_service", "aws_vpclattice_service_network"]),
    policy("aws_vpclattice_resource_policy", "policy", Resource("AWS::VpcLattice::ResourcePolicy"), "resource_arn", &["aws_vpclattice_service", "aws_vpclattice_service_network"]),
    policy("aws_xray_resource_policy", "policy_document", Resource("AWS::XRay::ResourcePolicy"), "", &[]),
];

/// Every resource that grants access in another form, sorted by type.
#[rustfmt::skip]
pub const GRANTS: &[GrantLocation] = &[
    grant("aws_acmpca_permission", "principal", GrantForm::CertificateAuthorityPermission, "AWS::ACMPCA::CertificateAuthority", "certificate_authority_arn", &["aws_acmpca_certificate_authority"]),
    grant("aws_ami_launch_permission", "account_id", GrantForm::ImageLaunch, "AWS::EC2::Image", "image_id", &["aws_ami", "aws_ami_copy", "aws_ami_from_instance"]),
    grant("aws_cloudwatch_event_permission", "principal", GrantForm::EventPermission, "AWS::Events::EventBus", "event_bus_name", &["aws_cloudwatch_event_bus"]),
    grant("aws_db_cluster_snapshot", "shared_accounts", GrantForm::SharedClusterAccounts, "AWS::RDS::DBClusterSnapshot", "", &[]),
    grant("aws_db_snapshot", "shared_accounts", GrantForm::SharedAccounts, "AWS::RDS::DBSnapshot", "", &[]),
    grant("aws_db_snapshot_copy", "shared_accounts", GrantForm::SharedAccounts, "AWS::RDS::DBSnapshot", "", &[]),
    grant("aws_imagebuilder_distribution_configuration", "distribution.ami_distribution_configuration.launch_permission", GrantForm::ImageBuilderLaunch, "AWS::EC2::Image", "", &[]),
    grant("aws_kms_grant", "operations", GrantForm::KmsGrant, "AWS::KMS::Key", "key_id", KMS_KEYS),
    grant("aws_lambda_layer_version_permission", "action", GrantForm::LayerVersionPermission, "AWS::Lambda::LayerVersion", "layer_name", &["aws_lambda_layer_version"]),
    grant("aws_lambda_permission", "action", GrantForm::LambdaPermission, "AWS::Lambda::Function", "function_name", FUNCTIONS),
    grant("aws_ram_principal_association", "principal", GrantForm::ResourceShare, "AWS::RAM::ResourceShare", "resource_share_arn", &["aws_ram_resource_share"]),
    grant("aws_rds_cluster_snapshot_copy", "shared_accounts", GrantForm::SharedClusterAccounts, "AWS::RDS::DBClusterSnapshot", "", &[]),
    grant("aws_redshift_data_share_authorization", "consumer_identifier", GrantForm::RedshiftDataShare, "AWS::Redshift::Cluster", "", &[]),
    grant("aws_redshift_endpoint_authorization", "account", GrantForm::RedshiftEndpoint, "AWS::Redshift::Cluster", "cluster_identifier", &["aws_redshift_cluster"]),
    grant("aws_s3_bucket", "acl", GrantForm::BucketAcl, "AWS::S3::Bucket", "", &[]),
    grant("aws_s3_bucket", "grant", GrantForm::BucketAclGrants, "AWS::S3::Bucket", "", &[]),
    grant("aws_s3_bucket_acl", "access_control_policy.grant", GrantForm::BucketAclPolicy, "AWS::S3::Bucket", "bucket", BUCKETS),
    grant("aws_s3_bucket_acl", "acl", GrantForm::BucketAcl, "AWS::S3::Bucket", "bucket", BUCKETS),
    grant("aws_s3_bucket_object", "acl", GrantForm::ObjectAcl, "AWS::S3::Bucket", "", &[]),
    grant("aws_s3_object", "acl", GrantForm::ObjectAcl, "AWS::S3::Bucket", "", &[]),
    grant("aws_s3_object_copy", "acl", GrantForm::ObjectAcl, "AWS::S3::Bucket", "", &[]),
    grant("aws_signer_signing_profile_permission", "action", GrantForm::SigningProfilePermission, "AWS::Signer::SigningProfile", "profile_name", &["aws_signer_signing_profile"]),
    grant("aws_snapshot_create_volume_permission", "account_id", GrantForm::SnapshotCreateVolume, "AWS::EC2::Snapshot", "snapshot_id", &["aws_ebs_snapshot", "aws_ebs_snapshot_copy", "aws_ebs_snapshot_import"]),
    grant("aws_ssm_document", "permissions", GrantForm::DocumentPermissions, "AWS::SSM::Document", "", &[]),
    grant("aws_vpc_endpoint_service", "allowed_principals", GrantForm::EndpointServicePrincipals, "AWS::EC2::VPCEndpointService", "", &[]),
    grant("aws_vpc_endpoint_service_allowed_principal", "principal_arn", GrantForm::EndpointServicePrincipals, "AWS::EC2::VPCEndpointService", "vpc_endpoint_service_id", &["aws_vpc_endpoint_service"]),
];

/// Every resource that attaches policies, sorted by type.
#[rustfmt::skip]
pub const ATTACHMENTS: &[AttachmentLocation] = &[
    attachment("aws_iam_group_membership", AttachmentKind::UsersOfGroup, &[("group", "aws_iam_group")], "users"),
    attachment("aws_iam_group_policy_attachment", AttachmentKind::ManagedPolicy, &[("group", "aws_iam_group")], "policy_arn"),
    attachment("aws_iam_group_policy_attachments_exclusive", AttachmentKind::ManagedPolicy, &[("group_name", "aws_iam_group")], "policy_arns"),
    attachment("aws_iam_policy_attachment", AttachmentKind::ManagedPolicy, &[("roles", "aws_iam_role"), ("users", "aws_iam_user"), ("groups", "aws_iam_group")], "policy_arn"),
    attachment("aws_iam_role", AttachmentKind::ManagedPolicy, &[("", "aws_iam_role")], "managed_policy_arns"),
    attachment("aws_iam_role", AttachmentKind::Boundary, &[("", "aws_iam_role")], "permissions_boundary"),
    attachment("aws_iam_role_policy_attachment", AttachmentKind::ManagedPolicy, &[("role", "aws_iam_role")], "policy_arn"),
    attachment("aws_iam_role_policy_attachments_exclusive", AttachmentKind::ManagedPolicy, &[("role_name", "aws_iam_role")], "policy_arns"),
    attachment("aws_iam_user", AttachmentKind::Boundary, &[("", "aws_iam_user")], "permissions_boundary"),
    attachment("aws_iam_user_group_membership", AttachmentKind::GroupsOfUser, &[("user", "aws_iam_user")], "groups"),
    attachment("aws_iam_user_policy_attachment", AttachmentKind::ManagedPolicy, &[("user", "aws_iam_user")], "policy_arn"),
    attachment("aws_iam_user_policy_attachments_exclusive", AttachmentKind::ManagedPolicy, &[("user_name", "aws_iam_user")], "policy_arns"),
    attachment("aws_organizations_policy_attachment", AttachmentKind::Organizations, &[("target_id", "")], "policy_id"),
    attachment("aws_ssoadmin_customer_managed_policy_attachment", AttachmentKind::CustomerManagedPolicy, &[("permission_set_arn", "aws_ssoadmin_permission_set")], "customer_managed_policy_reference"),
    attachment("aws_ssoadmin_managed_policy_attachment", AttachmentKind::ManagedPolicy, &[("permission_set_arn", "aws_ssoadmin_permission_set")], "managed_policy_arn"),
    attachment("aws_ssoadmin_permissions_boundary_attachment", AttachmentKind::Boundary, &[("permission_set_arn", "aws_ssoadmin_permission_set")], "permissions_boundary"),
];

/// Attributes that look like policies, grants or attachments and are none of IAM's, with the reason. A path stands for all
/// below it.
#[rustfmt::skip]
pub const NOT_IAM: &[(&str, &str, &str)] = &[
    ("aws_acmpca_certificate_authority", "revocation_configuration.crl_configuration.s3_object_acl", "the ACL of objects that the service writes, later"),
    ("aws_apigatewayv2_route", "authorization_type", "who may call is decided by the service, not by an IAM policy"),
    ("aws_appautoscaling_policy", "policy_type", "a scaling policy"),
    ("aws_appsync_datasource", "http_config.authorization_config.authorization_type", "how AppSync signs its own calls"),
    ("aws_budgets_budget_action", "definition.iam_action_definition.policy_arn", "attached when a budget is exceeded, not by the plan"),
    ("aws_cloudformation_stack", "policy_body", "a stack policy, which protects from updates"),
    ("aws_cloudwatch_event_connection", "authorization_type", "how EventBridge signs its own calls"),
    ("aws_cloudwatch_log_account_policy", "policy_document", "a data protection, subscription or index policy of CloudWatch Logs"),
    ("aws_cloudwatch_log_data_protection_policy", "policy_document", "a data protection policy of CloudWatch Logs"),
    ("aws_cloudwatch_log_index_policy", "policy_document", "field indexes"),
    ("aws_config_config_rule", "source.custom_policy_details.policy_text", "Guard"),
    ("aws_config_organization_custom_policy_rule", "policy_text", "Guard"),
    ("aws_dlm_lifecycle_policy", "default_policy", "a snapshot lifecycle"),
    ("aws_dlm_lifecycle_policy", "policy_details", "a snapshot lifecycle"),
    ("aws_dms_s3_endpoint", "canned_acl_for_objects", "the ACL of objects that the service writes, later"),
    ("aws_ecr_lifecycle_policy", "policy", "an image lifecycle"),
    ("aws_ecr_repository_creation_template", "lifecycle_policy", "an image lifecycle"),
    ("aws_efs_file_system", "lifecycle_policy", "a storage lifecycle"),
    ("aws_eks_access_policy_association", "policy_arn", "an access policy of EKS, inside the cluster"),
    ("aws_emr_block_public_access_configuration", "block_public_security_group_rules", "security groups"),
    ("aws_fms_policy", "security_service_policy_data", "a firewall policy"),
    ("aws_globalaccelerator_cross_account_attachment", "principals", "endpoints that other accounts may use in accelerators; no IAM action names it"),
    ("aws_glue_catalog_database", "create_table_default_permission", "Lake Formation's own permissions"),
    ("aws_grafana_workspace", "network_access_control", "a network restriction"),
    ("aws_iam_policy_document", "json", "read where it is used"),
    ("aws_imagebuilder_lifecycle_policy", "policy_detail.exclusion_rules.amis.shared_accounts", "a filter of images"),
    ("aws_iot_policy_attachment", "policy", "names an `aws_iot_policy`, attached to certificates"),
    ("aws_iot_thing_principal_attachment", "principal", "a certificate of a thing"),
    ("aws_iot_topic_rule", "error_action.s3.canned_acl", "the ACL of objects that the service writes, later"),
    ("aws_iot_topic_rule", "s3.canned_acl", "the ACL of objects that the service writes, later"),
    ("aws_kendra_index", "user_context_policy", "a search setting"),
    ("aws_lakeformation_data_lake_settings", "create_database_default_permissions", "Lake Formation's own permissions"),
    ("aws_lakeformation_data_lake_settings", "create_table_default_permissions", "Lake Formation's own permissions"),
    ("aws_lakeformation_opt_in", "principal", "Lake Formation's own permissions"),
    ("aws_lakeformation_permissions", "principal", "Lake Formation's own permissions"),
    ("aws_lambda_function_url", "authorization_type", "grants nothing without an `aws_lambda_permission`"),
    ("aws_licensemanager_grant", "principal", "License Manager's own grants"),
    ("aws_medialive_channel", "encoder_settings", "the ACL of objects that the service writes, later"),
    ("aws_networkfirewall_firewall_policy", "firewall_policy", "a firewall policy"),
    ("aws_networkmanager_core_network", "base_policy_document", "a network policy"),
    ("aws_networkmanager_core_network_policy_attachment", "policy_document", "a network policy"),
    ("aws_opensearchserverless_access_policy", "policy", "OpenSearch Serverless's own language"),
    ("aws_opensearchserverless_lifecycle_policy", "policy", "an index lifecycle"),
    ("aws_opensearchserverless_security_policy", "policy", "OpenSearch Serverless's own language"),
    ("aws_quicksight_analysis", "permissions", "QuickSight's own permissions"),
    ("aws_quicksight_dashboard", "permissions", "QuickSight's own permissions"),
    ("aws_quicksight_data_set", "column_level_permission_rules", "QuickSight's own permissions"),
    ("aws_quicksight_data_set", "permissions", "QuickSight's own permissions"),
    ("aws_quicksight_data_set", "row_level_permission_data_set.permission_policy", "QuickSight's own permissions"),
    ("aws_quicksight_data_source", "permission", "QuickSight's own permissions"),
    ("aws_quicksight_folder", "permissions", "QuickSight's own permissions"),
    ("aws_quicksight_iam_policy_assignment", "policy_arn", "attached to QuickSight's own users"),
    ("aws_quicksight_template", "permissions", "QuickSight's own permissions"),
    ("aws_quicksight_theme", "permissions", "QuickSight's own permissions"),
    ("aws_ram_permission", "policy_template", "a fragment without effect and principal, which RAM completes"),
    ("aws_ram_resource_share", "allow_external_principals", "whom a share may name; `aws_ram_principal_association` names them"),
    ("aws_resiliencehub_resiliency_policy", "policy", "recovery objectives"),
    ("aws_rolesanywhere_profile", "managed_policy_arns", "session policies, which attach to no principal of the plan"),
    ("aws_s3_access_point", "public_access_block_configuration", "takes access away, and is read from the properties"),
    ("aws_s3_account_public_access_block", "block_public_acls", "takes access away, and is read from the properties"),
    ("aws_s3_account_public_access_block", "block_public_policy", "takes access away, and is read from the properties"),
    ("aws_s3_account_public_access_block", "ignore_public_acls", "takes access away, and is read from the properties"),
    ("aws_s3_account_public_access_block", "restrict_public_buckets", "takes access away, and is read from the properties"),
    ("aws_s3_bucket_public_access_block", "block_public_acls", "takes access away, and is read from the properties"),
    ("aws_s3_bucket_public_access_block", "block_public_policy", "takes access away, and is read from the properties"),
    ("aws_s3_bucket_public_access_block", "ignore_public_acls", "takes access away, and is read from the properties"),
    ("aws_s3_bucket_public_access_block", "restrict_public_buckets", "takes access away, and is read from the properties"),
    ("aws_s3_bucket_replication_configuration", "rule", "replication rules"),
    ("aws_s3control_multi_region_access_point", "details.public_access_block", "takes access away, and is read from the properties"),
    ("aws_secretsmanager_secret_policy", "block_public_policy", "takes access away, and is read from the properties"),
    ("aws_securitylake_custom_log_source", "configuration.provider_identity.principal", "Security Lake makes the role and its policy"),
    ("aws_securitylake_subscriber", "subscriber_identity.principal", "Security Lake makes the role and its policy"),
    ("aws_ses_receipt_filter", "policy", "`Allow` or `Block` of addresses"),
    ("aws_ses_receipt_rule", "workmail_action.organization_arn", "a WorkMail organization"),
    ("aws_sns_topic_data_protection_policy", "policy", "a data protection policy of SNS"),
    ("aws_storagegateway_nfs_file_share", "object_acl", "the ACL of objects that the service writes, later"),
    ("aws_storagegateway_smb_file_share", "object_acl", "the ACL of objects that the service writes, later"),
    ("aws_transfer_web_app", "web_app_endpoint_policy", "the kind of endpoint"),
    ("aws_verifiedaccess_endpoint", "policy_document", "Cedar"),
    ("aws_verifiedaccess_group", "policy_document", "Cedar"),
    ("aws_verifiedpermissions_policy", "definition", "Cedar"),
    ("aws_verifiedpermissions_policy", "definition.template_linked.principal", "Cedar"),
    ("aws_verifiedpermissions_policy_template", "statement", "Cedar"),
];

/// The policy attributes of a type.
pub fn policies_of(resource_type: &str) -> &'static [PolicyLocation] {
    rows(POLICIES, resource_type, |row| row.resource_type)
}

/// The grants of a type.
pub fn grants_of(resource_type: &str) -> &'static [GrantLocation] {
    rows(GRANTS, resource_type, |row| row.resource_type)
}

/// The attachments of a type.
pub fn attachments_of(resource_type: &str) -> &'static [AttachmentLocation] {
    rows(ATTACHMENTS, resource_type, |row| row.resource_type)
}

fn rows<T>(table: &'static [T], resource_type: &str, key: impl Fn(&T) -> &'static str) -> &'static [T] {
    let start = table.partition_point(|row| key(row) < resource_type);
    let end = table.partition_point(|row| key(row) <= resource_type);
    table.get(start..end).unwrap_or(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_by_type() {
        assert!(POLICIES.is_sorted_by_key(|row| row.resource_type));
        assert!(GRANTS.is_sorted_by_key(|row| row.resource_type));
        assert!(ATTACHMENTS.is_sorted_by_key(|row| row.resource_type));
        assert!(NOT_IAM.is_sorted_by_key(|row| row.0));
    }

    #[test]
    fn a_type_has_all_its_rows() {
        assert_eq!(policies_of("aws_iam_role").len(), 2);
        assert_eq!(policies_of("aws_iam").len(), 0);
        assert_eq!(attachments_of("aws_iam_role").len(), 2);
    }
}
