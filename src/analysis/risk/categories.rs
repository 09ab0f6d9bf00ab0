//! The categories of risk, and the actions of the two that no access level of the service data tells: tables.
//!
//! Sources: the four categories are those of cloudsplaining (Salesforce); what an action hands out is told by its page in the
//! service's API reference, for credentials also by the public list "AWS API calls that return credentials".

use crate::catalog::AccessLevel;

/// What may come of what a principal can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    /// It reads what is stored.
    DataExfiltration,
    /// It gets credentials, passwords or tokens.
    CredentialsExposure,
    /// It changes who gets at resources.
    ResourceExposure,
    /// It makes, changes and deletes resources.
    InfrastructureModification,
}

impl Category {
    /// All of them.
    pub const ALL: [Category; 4] = [
        Category::DataExfiltration,
        Category::CredentialsExposure,
        Category::ResourceExposure,
        Category::InfrastructureModification,
    ];

    /// The issue code of its findings.
    pub fn code(self) -> &'static str {
        match self {
            Category::DataExfiltration => "DATA_EXFILTRATION",
            Category::CredentialsExposure => "CREDENTIALS_EXPOSURE",
            Category::ResourceExposure => "RESOURCE_EXPOSURE",
            Category::InfrastructureModification => "INFRASTRUCTURE_MODIFICATION",
        }
    }

    /// The headline of its findings.
    pub fn title(self) -> &'static str {
        match self {
            Category::DataExfiltration => "Data exfiltration",
            Category::CredentialsExposure => "Credentials exposure",
            Category::ResourceExposure => "Resource exposure",
            Category::InfrastructureModification => "Infrastructure modification",
        }
    }

    /// What a principal can do, to follow its name and "can".
    pub fn sentence(self) -> &'static str {
        match self {
            Category::DataExfiltration => "read the contents of any resource",
            Category::CredentialsExposure => "get credentials of any resource or principal",
            Category::ResourceExposure => "change who gets at any resource",
            Category::InfrastructureModification => "change any resource",
        }
    }

    /// What it means, Markdown.
    pub fn documentation(self) -> &'static str {
        match self {
            Category::DataExfiltration => include_str!("data_exfiltration.md"),
            Category::CredentialsExposure => include_str!("credentials_exposure.md"),
            Category::ResourceExposure => include_str!("resource_exposure.md"),
            Category::InfrastructureModification => include_str!("infrastructure_modification.md"),
        }
    }

    /// True if the action, by its full name in lower case, is of the category. `limitable`: it can be limited to resources.
    pub(super) fn holds(self, action: &str, level: AccessLevel, limitable: bool) -> bool {
        match self {
            Category::DataExfiltration => DATA.iter().any(|a| a.eq_ignore_ascii_case(action)),
            Category::CredentialsExposure => CREDENTIALS.iter().any(|a| a.eq_ignore_ascii_case(action)),
            Category::ResourceExposure => level == AccessLevel::PermissionsManagement,
            Category::InfrastructureModification => limitable && level == AccessLevel::Write,
        }
    }
}

/// Actions that hand out what is stored, or a copy of it.
pub(super) const DATA: &[&str] = &[
    "athena:GetQueryResults",
    "codecommit:GitPull",
    "dynamodb:BatchGetItem",
    "dynamodb:ExportTableToPointInTime",
    "dynamodb:GetItem",
    "dynamodb:GetRecords",
    "dynamodb:PartiQLSelect",
    "dynamodb:Query",
    "dynamodb:Scan",
    "ebs:GetSnapshotBlock",
    "ec2:CreateSnapshot",
    "ec2:ModifySnapshotAttribute",
    "ecr:GetDownloadUrlForLayer",
    "elasticfilesystem:ClientMount",
    "glacier:GetJobOutput",
    "kinesis:GetRecords",
    "lambda:GetFunction",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:GetQueryResults",
    "rds-data:ExecuteStatement",
    "rds:CopyDBSnapshot",
    "rds:CreateDBSnapshot",
    "rds:ModifyDBSnapshotAttribute",
    "rds:StartExportTask",
    "redshift-data:GetStatementResult",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "secretsmanager:GetSecretValue",
    "sqs:ReceiveMessage",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
];

/// Actions whose answers hold credentials, passwords or tokens.
pub(super) const CREDENTIALS: &[&str] = &[
    "airflow:CreateCliToken",
    "airflow:CreateWebLoginToken",
    "appsync:CreateApiKey",
    "appsync:ListApiKeys",
    "codeartifact:GetAuthorizationToken",
    "codepipeline:PollForJobs",
    "connect:GetFederationToken",
    "ec2:GetPasswordData",
    "ecr:GetAuthorizationToken",
    "elasticmapreduce:GetClusterSessionCredentials",
    "gamelift:RequestUploadCredentials",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreateServiceSpecificCredential",
    "iam:ResetServiceSpecificCredential",
    "iam:UpdateLoginProfile",
    "lightsail:GetInstanceAccessDetails",
    "lightsail:GetRelationalDatabaseMasterUserPassword",
    "rds-db:connect",
    "redshift-serverless:GetCredentials",
    "redshift:GetClusterCredentials",
    "redshift:GetClusterCredentialsWithIAM",
    "secretsmanager:GetSecretValue",
    "sts:AssumeRole",
    "sts:GetFederationToken",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn every_listed_action_exists_and_is_written_as_the_service_writes_it() {
        let exists = |name: &&&str| {
            let known = Catalog::embedded().action(name);
            known.is_none_or(|(service, action)| format!("{}:{}", service.prefix, action.name) != **name)
        };
        let unknown: Vec<&&str> = DATA.iter().chain(CREDENTIALS).filter(exists).collect();
        assert_eq!(unknown, Vec::<&&str>::new());
    }
}
