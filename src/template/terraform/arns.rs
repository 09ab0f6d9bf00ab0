//! What the provider will compute for new resources: ARNs, and ids that are another attribute's value.
//!
//! Formats follow the service authorization reference (ARN formats of resource types) and the "Attribute Reference"
//! sections of the AWS provider's documentation. `{partition}`, `{region}`, `{account}` and `{url_suffix}` are
//! those of the resource's provider; other names in braces are attributes of the resource. A type that is not here has symbols for
//! its computed attributes.

/// The computed attributes of a resource type.
#[derive(Clone, Copy, Debug)]
pub(super) struct ComputedAttributes {
    /// `aws_s3_bucket`
    pub resource_type: &'static str,
    /// Attribute and format.
    pub formats: &'static [(&'static str, &'static str)],
}

/// The row of a type.
pub(super) fn computed_attributes(resource_type: &str) -> Option<&'static ComputedAttributes> {
    let at = COMPUTED.binary_search_by(|row| row.resource_type.cmp(resource_type)).ok()?;
    COMPUTED.get(at)
}

/// The format of an attribute of a type.
pub(super) fn format_of(resource_type: &str, attribute: &str) -> Option<&'static str> {
    let row = computed_attributes(resource_type)?;
    row.formats.iter().find(|(name, _)| *name == attribute).map(|(_, format)| *format)
}

const fn row(resource_type: &'static str, formats: &'static [(&'static str, &'static str)]) -> ComputedAttributes {
    ComputedAttributes { resource_type, formats }
}

/// Sorted by type.
#[rustfmt::skip]
const COMPUTED: &[ComputedAttributes] = &[
    row("aws_acm_certificate", &[("id", "{arn}")]),
    row("aws_acmpca_certificate_authority", &[("id", "{arn}")]),
    row("aws_alb", &[("id", "{arn}")]),
    row("aws_ami", &[("arn", "arn:{partition}:ec2:{region}::image/{id}")]),
    row("aws_ami_copy", &[("arn", "arn:{partition}:ec2:{region}::image/{id}")]),
    row("aws_ami_from_instance", &[("arn", "arn:{partition}:ec2:{region}::image/{id}")]),
    row("aws_api_gateway_rest_api", &[("arn", "arn:{partition}:apigateway:{region}::/restapis/{id}"), ("execution_arn", "arn:{partition}:execute-api:{region}:{account}:{id}")]),
    row("aws_apigatewayv2_api", &[("arn", "arn:{partition}:apigateway:{region}::/apis/{id}"), ("execution_arn", "arn:{partition}:execute-api:{region}:{account}:{id}")]),
    row("aws_athena_workgroup", &[("arn", "arn:{partition}:athena:{region}:{account}:workgroup/{name}"), ("id", "{name}")]),
    row("aws_backup_vault", &[("arn", "arn:{partition}:backup:{region}:{account}:backup-vault:{name}"), ("id", "{name}")]),
    row("aws_batch_compute_environment", &[("arn", "arn:{partition}:batch:{region}:{account}:compute-environment/{compute_environment_name}")]),
    row("aws_batch_job_queue", &[("arn", "arn:{partition}:batch:{region}:{account}:job-queue/{name}"), ("id", "arn:{partition}:batch:{region}:{account}:job-queue/{name}")]),
    row("aws_cloudfront_distribution", &[("arn", "arn:{partition}:cloudfront::{account}:distribution/{id}")]),
    row("aws_cloudfront_origin_access_identity", &[("iam_arn", "arn:{partition}:iam::cloudfront:user/CloudFront Origin Access Identity {id}")]),
    row("aws_cloudtrail", &[("arn", "arn:{partition}:cloudtrail:{region}:{account}:trail/{name}")]),
    row("aws_cloudtrail_event_data_store", &[("id", "{arn}")]),
    row("aws_cloudwatch_composite_alarm", &[("arn", "arn:{partition}:cloudwatch:{region}:{account}:alarm:{alarm_name}"), ("id", "{alarm_name}")]),
    row("aws_cloudwatch_dashboard", &[("dashboard_arn", "arn:{partition}:cloudwatch::{account}:dashboard/{dashboard_name}")]),
    row("aws_cloudwatch_event_archive", &[("arn", "arn:{partition}:events:{region}:{account}:archive/{name}"), ("id", "{name}")]),
    row("aws_cloudwatch_event_bus", &[("arn", "arn:{partition}:events:{region}:{account}:event-bus/{name}"), ("id", "{name}")]),
    row("aws_cloudwatch_log_destination", &[("arn", "arn:{partition}:logs:{region}:{account}:destination:{name}"), ("id", "{name}")]),
    row("aws_cloudwatch_log_group", &[("arn", "arn:{partition}:logs:{region}:{account}:log-group:{name}"), ("id", "{name}")]),
    row("aws_cloudwatch_log_stream", &[("arn", "arn:{partition}:logs:{region}:{account}:log-group:{log_group_name}:log-stream:{name}"), ("id", "{name}")]),
    row("aws_cloudwatch_metric_alarm", &[("arn", "arn:{partition}:cloudwatch:{region}:{account}:alarm:{alarm_name}"), ("id", "{alarm_name}")]),
    row("aws_codeartifact_domain", &[("arn", "arn:{partition}:codeartifact:{region}:{account}:domain/{domain}"), ("id", "arn:{partition}:codeartifact:{region}:{account}:domain/{domain}")]),
    row("aws_codeartifact_repository", &[("arn", "arn:{partition}:codeartifact:{region}:{account}:repository/{domain}/{repository}"), ("id", "arn:{partition}:codeartifact:{region}:{account}:repository/{domain}/{repository}")]),
    row("aws_codebuild_project", &[("arn", "arn:{partition}:codebuild:{region}:{account}:project/{name}"), ("id", "arn:{partition}:codebuild:{region}:{account}:project/{name}")]),
    row("aws_codecommit_repository", &[("arn", "arn:{partition}:codecommit:{region}:{account}:{repository_name}"), ("id", "{repository_name}")]),
    row("aws_codedeploy_app", &[("arn", "arn:{partition}:codedeploy:{region}:{account}:application:{name}")]),
    row("aws_codepipeline", &[("arn", "arn:{partition}:codepipeline:{region}:{account}:{name}"), ("id", "{name}")]),
    row("aws_cognito_identity_pool", &[("arn", "arn:{partition}:cognito-identity:{region}:{account}:identitypool/{id}")]),
    row("aws_cognito_user_pool", &[("arn", "arn:{partition}:cognito-idp:{region}:{account}:userpool/{id}")]),
    row("aws_db_cluster_snapshot", &[("db_cluster_snapshot_arn", "arn:{partition}:rds:{region}:{account}:cluster-snapshot:{db_cluster_snapshot_identifier}"), ("id", "{db_cluster_snapshot_identifier}")]),
    row("aws_db_instance", &[("arn", "arn:{partition}:rds:{region}:{account}:db:{identifier}")]),
    row("aws_db_proxy", &[("id", "{name}")]),
    row("aws_db_snapshot", &[("db_snapshot_arn", "arn:{partition}:rds:{region}:{account}:snapshot:{db_snapshot_identifier}"), ("id", "{db_snapshot_identifier}")]),
    row("aws_db_subnet_group", &[("arn", "arn:{partition}:rds:{region}:{account}:subgrp:{name}"), ("id", "{name}")]),
    row("aws_default_security_group", &[("arn", "arn:{partition}:ec2:{region}:{account}:security-group/{id}")]),
    row("aws_default_subnet", &[("arn", "arn:{partition}:ec2:{region}:{account}:subnet/{id}")]),
    row("aws_default_vpc", &[("arn", "arn:{partition}:ec2:{region}:{account}:vpc/{id}")]),
    row("aws_dynamodb_global_table", &[("arn", "arn:{partition}:dynamodb::{account}:global-table/{name}"), ("id", "{name}")]),
    row("aws_dynamodb_table", &[("arn", "arn:{partition}:dynamodb:{region}:{account}:table/{name}"), ("id", "{name}")]),
    row("aws_ebs_snapshot", &[("arn", "arn:{partition}:ec2:{region}::snapshot/{id}")]),
    row("aws_ebs_snapshot_copy", &[("arn", "arn:{partition}:ec2:{region}::snapshot/{id}")]),
    row("aws_ebs_volume", &[("arn", "arn:{partition}:ec2:{region}:{account}:volume/{id}")]),
    row("aws_ec2_transit_gateway", &[("arn", "arn:{partition}:ec2:{region}:{account}:transit-gateway/{id}")]),
    row("aws_ecr_repository", &[("arn", "arn:{partition}:ecr:{region}:{account}:repository/{name}"), ("id", "{name}"), ("registry_id", "{account}"), ("repository_url", "{account}.dkr.ecr.{region}.{url_suffix}/{name}")]),
    row("aws_ecrpublic_repository", &[("arn", "arn:{partition}:ecr-public::{account}:repository/{repository_name}"), ("id", "{repository_name}")]),
    row("aws_ecs_cluster", &[("arn", "arn:{partition}:ecs:{region}:{account}:cluster/{name}"), ("id", "arn:{partition}:ecs:{region}:{account}:cluster/{name}")]),
    row("aws_ecs_task_definition", &[("id", "{family}"), ("arn_without_revision", "arn:{partition}:ecs:{region}:{account}:task-definition/{family}")]),
    row("aws_efs_access_point", &[("arn", "arn:{partition}:elasticfilesystem:{region}:{account}:access-point/{id}")]),
    row("aws_efs_file_system", &[("arn", "arn:{partition}:elasticfilesystem:{region}:{account}:file-system/{id}")]),
    row("aws_eip", &[("arn", "arn:{partition}:ec2:{region}:{account}:elastic-ip/{id}")]),
    row("aws_eks_cluster", &[("arn", "arn:{partition}:eks:{region}:{account}:cluster/{name}"), ("id", "{name}")]),
    row("aws_elasticache_cluster", &[("arn", "arn:{partition}:elasticache:{region}:{account}:cluster:{cluster_id}"), ("id", "{cluster_id}")]),
    row("aws_elasticache_replication_group", &[("arn", "arn:{partition}:elasticache:{region}:{account}:replicationgroup:{replication_group_id}"), ("id", "{replication_group_id}")]),
    row("aws_elasticsearch_domain", &[("arn", "arn:{partition}:es:{region}:{account}:domain/{domain_name}"), ("id", "arn:{partition}:es:{region}:{account}:domain/{domain_name}")]),
    row("aws_glacier_vault", &[("arn", "arn:{partition}:glacier:{region}:{account}:vaults/{name}"), ("id", "{name}")]),
    row("aws_glue_catalog_database", &[("arn", "arn:{partition}:glue:{region}:{account}:database/{name}")]),
    row("aws_glue_catalog_table", &[("arn", "arn:{partition}:glue:{region}:{account}:table/{database_name}/{name}")]),
    row("aws_glue_crawler", &[("arn", "arn:{partition}:glue:{region}:{account}:crawler/{name}"), ("id", "{name}")]),
    row("aws_glue_job", &[("arn", "arn:{partition}:glue:{region}:{account}:job/{name}"), ("id", "{name}")]),
    row("aws_iam_group", &[("arn", "arn:{partition}:iam::{account}:group{path}{name}"), ("id", "{name}")]),
    row("aws_iam_instance_profile", &[("arn", "arn:{partition}:iam::{account}:instance-profile{path}{name}"), ("id", "{name}")]),
    row("aws_iam_openid_connect_provider", &[("id", "{arn}")]),
    row("aws_iam_policy", &[("arn", "arn:{partition}:iam::{account}:policy{path}{name}"), ("id", "arn:{partition}:iam::{account}:policy{path}{name}")]),
    row("aws_iam_role", &[("arn", "arn:{partition}:iam::{account}:role{path}{name}"), ("id", "{name}")]),
    row("aws_iam_saml_provider", &[("arn", "arn:{partition}:iam::{account}:saml-provider/{name}"), ("id", "arn:{partition}:iam::{account}:saml-provider/{name}")]),
    row("aws_iam_server_certificate", &[("arn", "arn:{partition}:iam::{account}:server-certificate{path}{name}")]),
    row("aws_iam_user", &[("arn", "arn:{partition}:iam::{account}:user{path}{name}"), ("id", "{name}")]),
    row("aws_instance", &[("arn", "arn:{partition}:ec2:{region}:{account}:instance/{id}")]),
    row("aws_internet_gateway", &[("arn", "arn:{partition}:ec2:{region}:{account}:internet-gateway/{id}")]),
    row("aws_iot_policy", &[("arn", "arn:{partition}:iot:{region}:{account}:policy/{name}"), ("id", "{name}")]),
    row("aws_iot_thing", &[("arn", "arn:{partition}:iot:{region}:{account}:thing/{name}")]),
    row("aws_iot_topic_rule", &[("arn", "arn:{partition}:iot:{region}:{account}:rule/{name}"), ("id", "{name}")]),
    row("aws_key_pair", &[("arn", "arn:{partition}:ec2:{region}:{account}:key-pair/{key_name}"), ("id", "{key_name}")]),
    row("aws_kinesis_firehose_delivery_stream", &[("arn", "arn:{partition}:firehose:{region}:{account}:deliverystream/{name}")]),
    row("aws_kinesis_stream", &[("arn", "arn:{partition}:kinesis:{region}:{account}:stream/{name}"), ("id", "arn:{partition}:kinesis:{region}:{account}:stream/{name}")]),
    row("aws_kms_alias", &[("arn", "arn:{partition}:kms:{region}:{account}:{name}"), ("id", "{name}")]),
    row("aws_kms_external_key", &[("arn", "arn:{partition}:kms:{region}:{account}:key/{id}")]),
    row("aws_kms_key", &[("arn", "arn:{partition}:kms:{region}:{account}:key/{key_id}"), ("id", "{key_id}")]),
    row("aws_kms_replica_external_key", &[("arn", "arn:{partition}:kms:{region}:{account}:key/{key_id}"), ("id", "{key_id}")]),
    row("aws_kms_replica_key", &[("arn", "arn:{partition}:kms:{region}:{account}:key/{key_id}"), ("id", "{key_id}")]),
    row("aws_lambda_alias", &[("arn", "arn:{partition}:lambda:{region}:{account}:function:{function_name}:{name}")]),
    row("aws_lambda_function", &[("arn", "arn:{partition}:lambda:{region}:{account}:function:{function_name}"), ("id", "{function_name}"), ("invoke_arn", "arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/arn:{partition}:lambda:{region}:{account}:function:{function_name}/invocations")]),
    row("aws_lambda_layer_version", &[("arn", "arn:{partition}:lambda:{region}:{account}:layer:{layer_name}:{version}"), ("layer_arn", "arn:{partition}:lambda:{region}:{account}:layer:{layer_name}")]),
    row("aws_launch_template", &[("arn", "arn:{partition}:ec2:{region}:{account}:launch-template/{id}")]),
    row("aws_lb", &[("id", "{arn}")]),
    row("aws_lb_listener", &[("id", "{arn}")]),
    row("aws_lb_target_group", &[("id", "{arn}")]),
    row("aws_media_store_container", &[("arn", "arn:{partition}:mediastore:{region}:{account}:container/{name}"), ("id", "{name}")]),
    row("aws_mq_broker", &[("arn", "arn:{partition}:mq:{region}:{account}:broker:{broker_name}:{id}")]),
    row("aws_msk_cluster", &[("arn", "arn:{partition}:kafka:{region}:{account}:cluster/{cluster_name}/{cluster_uuid}"), ("id", "arn:{partition}:kafka:{region}:{account}:cluster/{cluster_name}/{cluster_uuid}")]),
    row("aws_network_acl", &[("arn", "arn:{partition}:ec2:{region}:{account}:network-acl/{id}")]),
    row("aws_networkfirewall_firewall", &[("arn", "arn:{partition}:network-firewall:{region}:{account}:firewall/{name}")]),
    row("aws_opensearch_domain", &[("arn", "arn:{partition}:es:{region}:{account}:domain/{domain_name}"), ("id", "arn:{partition}:es:{region}:{account}:domain/{domain_name}")]),
    row("aws_ram_resource_share", &[("id", "{arn}")]),
    row("aws_rds_cluster", &[("arn", "arn:{partition}:rds:{region}:{account}:cluster:{cluster_identifier}"), ("id", "{cluster_identifier}")]),
    row("aws_redshift_cluster", &[("arn", "arn:{partition}:redshift:{region}:{account}:cluster:{cluster_identifier}"), ("id", "{cluster_identifier}")]),
    row("aws_route53_zone", &[("arn", "arn:{partition}:route53:::hostedzone/{zone_id}"), ("id", "{zone_id}")]),
    row("aws_route_table", &[("arn", "arn:{partition}:ec2:{region}:{account}:route-table/{id}")]),
    row("aws_s3_access_point", &[("arn", "arn:{partition}:s3:{region}:{account}:accesspoint/{name}")]),
    row("aws_s3_bucket", &[("arn", "arn:{partition}:s3:::{bucket}"), ("id", "{bucket}"), ("bucket_domain_name", "{bucket}.s3.amazonaws.com"), ("bucket_regional_domain_name", "{bucket}.s3.{region}.{url_suffix}")]),
    row("aws_s3_bucket_object", &[("arn", "arn:{partition}:s3:::{bucket}/{key}"), ("id", "{key}")]),
    row("aws_s3_bucket_policy", &[("id", "{bucket}")]),
    row("aws_s3_directory_bucket", &[("arn", "arn:{partition}:s3express:{region}:{account}:bucket/{bucket}"), ("id", "{bucket}")]),
    row("aws_s3_object", &[("arn", "arn:{partition}:s3:::{bucket}/{key}"), ("id", "{key}")]),
    row("aws_s3control_object_lambda_access_point", &[("arn", "arn:{partition}:s3-object-lambda:{region}:{account}:accesspoint/{name}")]),
    row("aws_s3tables_table_bucket", &[("arn", "arn:{partition}:s3tables:{region}:{account}:bucket/{name}")]),
    row("aws_sagemaker_endpoint", &[("arn", "arn:{partition}:sagemaker:{region}:{account}:endpoint/{name}"), ("id", "{name}")]),
    row("aws_sagemaker_model_package_group", &[("arn", "arn:{partition}:sagemaker:{region}:{account}:model-package-group/{model_package_group_name}"), ("id", "{model_package_group_name}")]),
    row("aws_sagemaker_notebook_instance", &[("arn", "arn:{partition}:sagemaker:{region}:{account}:notebook-instance/{name}"), ("id", "{name}")]),
    row("aws_scheduler_schedule_group", &[("arn", "arn:{partition}:scheduler:{region}:{account}:schedule-group/{name}"), ("id", "{name}")]),
    row("aws_schemas_registry", &[("arn", "arn:{partition}:schemas:{region}:{account}:registry/{name}"), ("id", "{name}")]),
    row("aws_secretsmanager_secret", &[("id", "{arn}")]),
    row("aws_security_group", &[("arn", "arn:{partition}:ec2:{region}:{account}:security-group/{id}")]),
    row("aws_ses_configuration_set", &[("arn", "arn:{partition}:ses:{region}:{account}:configuration-set/{name}"), ("id", "{name}")]),
    row("aws_ses_domain_identity", &[("arn", "arn:{partition}:ses:{region}:{account}:identity/{domain}"), ("id", "{domain}")]),
    row("aws_ses_email_identity", &[("arn", "arn:{partition}:ses:{region}:{account}:identity/{email}"), ("id", "{email}")]),
    row("aws_sesv2_email_identity", &[("arn", "arn:{partition}:ses:{region}:{account}:identity/{email_identity}"), ("id", "{email_identity}")]),
    row("aws_sfn_activity", &[("arn", "arn:{partition}:states:{region}:{account}:activity:{name}"), ("id", "arn:{partition}:states:{region}:{account}:activity:{name}")]),
    row("aws_sfn_state_machine", &[("arn", "arn:{partition}:states:{region}:{account}:stateMachine:{name}"), ("id", "arn:{partition}:states:{region}:{account}:stateMachine:{name}")]),
    row("aws_signer_signing_profile", &[("arn", "arn:{partition}:signer:{region}:{account}:/signing-profiles/{name}"), ("id", "{name}")]),
    row("aws_sns_topic", &[("arn", "arn:{partition}:sns:{region}:{account}:{name}"), ("id", "arn:{partition}:sns:{region}:{account}:{name}")]),
    row("aws_sqs_queue", &[("arn", "arn:{partition}:sqs:{region}:{account}:{name}"), ("id", "https://sqs.{region}.{url_suffix}/{account}/{name}"), ("url", "https://sqs.{region}.{url_suffix}/{account}/{name}")]),
    row("aws_ssm_document", &[("arn", "arn:{partition}:ssm:{region}:{account}:document/{name}"), ("id", "{name}")]),
    row("aws_ssm_parameter", &[("id", "{name}")]),
    row("aws_subnet", &[("arn", "arn:{partition}:ec2:{region}:{account}:subnet/{id}")]),
    row("aws_transfer_server", &[("arn", "arn:{partition}:transfer:{region}:{account}:server/{id}")]),
    row("aws_vpc", &[("arn", "arn:{partition}:ec2:{region}:{account}:vpc/{id}")]),
    row("aws_vpc_endpoint", &[("arn", "arn:{partition}:ec2:{region}:{account}:vpc-endpoint/{id}")]),
    row("aws_vpc_endpoint_service", &[("arn", "arn:{partition}:ec2:{region}:{account}:vpc-endpoint-service/{id}")]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_formats_do_not_go_round() {
        for pair in COMPUTED.windows(2) {
            assert!(pair[0].resource_type < pair[1].resource_type, "{}", pair[1].resource_type);
        }
        for row in COMPUTED {
            for (attribute, format) in row.formats {
                for (other, _) in row.formats {
                    assert!(
                        !format.contains(&format!("{{{other}}}")),
                        "{}.{attribute} is made from {other}, which is computed itself",
                        row.resource_type
                    );
                }
            }
        }
    }
}
