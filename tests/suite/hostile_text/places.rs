//! The strings in the places beside the inputs: names of the organisation's policies, archive rules, rules of one's own, values for
//! imports and parameters, evidence of use, and what is typed.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{file_name, obeyed, strings, template, unseen};
use crate::binary::{in_folder, run};

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, text).expect("a file");
}

/// A policy that lets everything through, with the text where it can stand.
fn guardrail(s: &str) -> String {
    json!({"Version": "2012-10-17", "Id": s, "Statement": [
        {"Sid": s, "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]})
    .to_string()
}

/// Rules in the language of Guard that never hold, with the strings as titles and, where its syntax lets them be, as messages.
fn rules(some: &[String]) -> String {
    let mut text = String::new();
    for (i, s) in some.iter().enumerate().filter(|(_, s)| !s.contains(['\n', '\r'])) {
        let clause = format!("policies[0].id == \"none{i}\"");
        let message = if s.contains(['<', '>']) { "title" } else { s.as_str() };
        text.push_str(&format!("# {s}\nrule hostile_{i} when policies !empty {{\n    {clause} <<{message}>>\n}}\n\n"));
    }
    text
}

/// What AWS keeps of the use of users and roles, with the strings as names.
fn authorization_details(some: &[String]) -> String {
    let named = |s: &str, kind: &str| format!("arn:aws:iam::111122223333:{kind}/{s}");
    let policy = |s: &str| {
        json!([{"PolicyName": s, "PolicyDocument": {"Version": "2012-10-17", "Statement": [
        {"Sid": s, "Effect": "Allow", "Action": ["s3:GetObject", "sqs:SendMessage"], "Resource": s}]}}])
    };
    let tags = |s: &str| json!([{"Key": s, "Value": s}]);
    let users: Vec<Value> = some
        .iter()
        .map(|s| json!({"Path": "/", "UserName": s, "UserId": s, "Arn": named(s, "user"), "CreateDate": "2024-03-01T09:00:00+00:00",
                        "GroupList": [s], "UserPolicyList": policy(s), "AttachedManagedPolicies": [{"PolicyName": s, "PolicyArn": s}], "Tags": tags(s)}))
        .collect();
    let roles: Vec<Value> = some
        .iter()
        .map(|s| json!({"Path": "/", "RoleName": s, "RoleId": s, "Arn": named(s, "role"), "CreateDate": "2024-03-01T09:00:00+00:00",
                        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
                            {"Effect": "Allow", "Principal": {"AWS": s}, "Action": "sts:AssumeRole"}]},
                        "RolePolicyList": policy(s), "AttachedManagedPolicies": [], "Tags": tags(s), "InstanceProfileList": []}))
        .collect();
    json!({"UserDetailList": users, "GroupDetailList": [], "RoleDetailList": roles, "Policies": [], "IsTruncated": false}).to_string()
}

/// What the services say of the last use, with the string as action and as whoever used it.
fn last_accessed(s: &str) -> String {
    json!({"JobStatus": "COMPLETED", "JobType": "ACTION_LEVEL", "JobCreationDate": "2026-09-26T09:59:58+00:00",
           "JobCompletionDate": "2026-09-26T10:00:00+00:00", "IsTruncated": false, "ServicesLastAccessed": [
               {"ServiceName": s, "ServiceNamespace": "s3", "TotalAuthenticatedEntities": 0, "TrackedActionsLastAccessed": [
                   {"ActionName": "GetObject"}, {"ActionName": s, "LastAccessedEntity": s}]}]})
    .to_string()
}

/// The reports of `validate` with all that can stand beside the inputs, and those of `unused`.
pub fn reports(some: &[String], stdout: &str) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    write(here, "template.json", &with_references(some));
    write(here, "own.guard", &rules(some));
    let values: serde_json::Map<String, Value> = some.iter().map(|s| (s.clone(), json!(s))).collect();
    write(here, "exports.json", &json!(values).to_string());
    write(here, "ssm.json", &json!(values).to_string());
    let archive: Vec<Value> =
        some.iter().map(|s| json!({"name": s, "filter": {"principal.AWS": {"contains": [s]}}})).collect();
    // YAML is a superset of JSON.
    write(here, ".iam-preflight.yaml", &json!({"archive-rules": archive}).to_string());
    let mut arguments =
        ["validate", "template.json", "--escalation", "--risks", "--exports", "exports.json", "--ssm", "ssm.json"]
            .map(str::to_owned)
            .to_vec();
    #[cfg(feature = "guard")]
    arguments.extend(["--rules", "own.guard"].map(str::to_owned));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut all = super::reports(here, &arguments, stdout);
    let validated: Value =
        serde_json::from_str(&all.iter().find(|(name, _)| name == "json").expect("a report").1).expect("JSON");
    let codes = validated["findings"].as_array().expect("findings").iter().filter_map(|f| f["issueCode"].as_str());
    assert!(
        !cfg!(feature = "guard") || codes.filter(|code| code.starts_with("hostile_")).count() > 20,
        "rules of one's own are heard"
    );

    let queue = json!({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}, "P": {"Type": "AWS::SQS::QueuePolicy", "Properties": {
        "Queues": [{"Ref": "Q"}], "PolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}]}}}}});
    write(here, "queue.json", &queue.to_string());
    let mut arguments = ["external-access", "queue.json"].map(str::to_owned).to_vec();
    // Characters that stand for unknown values are no part of what an organization's policy says.
    for s in some.iter().filter(|s| !s.contains(|c| c >= '\u{F0000}')) {
        // A name with a comma would be divided there.
        if let Some(name) = file_name(s).filter(|name| !name.contains(',')) {
            write(here, &format!("limits/{name}"), &guardrail(s));
            arguments.push(format!("--rcp=limits/{name}"));
        }
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    all.extend(super::reports(here, &arguments, stdout));

    write(here, "details.json", &authorization_details(some));
    for s in some {
        let name = s.replace(['/', '\0'], "_");
        if name.len() < 200 && !matches!(name.as_str(), "." | "..") && !name.is_empty() {
            write(here, &format!("used/{name}.json"), &last_accessed(s));
        }
    }
    let unused = [
        "unused",
        "--authorization-details",
        "details.json",
        "--last-accessed",
        "used",
        "--as-of",
        "2026-09-26T10:00:00Z",
    ];
    let found = super::reports(here, &unused, stdout);
    let report: Value =
        serde_json::from_str(&found.iter().find(|(name, _)| name == "json").expect("a report").1).expect("JSON");
    assert!(report["unusedAccess"].as_array().is_some_and(|all| all.len() > 10), "{}", report["unusedAccess"]);
    all.extend(found);
    all
}

/// The template, with values from exports and parameters of Systems Manager in its policies.
fn with_references(some: &[String]) -> String {
    let mut template: Value = serde_json::from_str(&template(some)).expect("JSON");
    for (i, s) in some.iter().enumerate() {
        template["Resources"][format!("Imports{i}")] = json!({"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": {
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": [
                {"Fn::ImportValue": s}, {"Fn::ImportValue": format!("no {s}")}, format!("{{{{resolve:ssm:{s}}}}}")]}]}}});
    }
    template.to_string()
}

/// Roles that may read objects, and say so with the strings.
fn readers(some: &[String]) -> String {
    let role = |s: &String| {
        let statement = |action: &str| json!({"Sid": s, "Effect": "Allow", "Action": action, "Resource": "*", "Condition": {"StringEquals": {format!("aws:PrincipalTag/{s}"): s}}});
        let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}]});
        (
            s.clone(),
            json!({"Type": "AWS::IAM::Role", "Properties": {"RoleName": s, "AssumeRolePolicyDocument": trust, "Policies": [
            {"PolicyName": s, "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement("s3:GetObject")]}}]}}),
        )
    };
    json!({"Resources": some.iter().map(role).collect::<serde_json::Map<String, Value>>()}).to_string()
}

/// Holds what a run printed to be data.
fn assert_data(of: &str, run: &crate::binary::Run, is_json: bool) {
    assert!(!run.err.contains("internal error") && !run.err.contains("panicked"), "{of}: {}", run.err);
    assert!(obeyed(&run.out).is_empty() && obeyed(&run.err).is_empty(), "{of}: {run:?}");
    assert!(is_json || unseen(&run.out).is_empty(), "{of}: {run:?}");
    assert!(unseen(&run.err).is_empty(), "{of}: {run:?}");
    if is_json && !run.out.is_empty() {
        serde_json::from_str::<Value>(&run.out).unwrap_or_else(|e| panic!("{of}: {e}: {run:?}"));
    }
}

#[test]
fn whatever_is_typed_is_data_in_the_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "p.json", &guardrail("A").replace(r#""Principal":"*","#, ""));
    write(folder.path(), "logs/x.json", r#"{"Records": []}"#);
    let all = strings();
    for (i, s) in all.iter().enumerate().filter(|(_, s)| !s.contains('\0')) {
        let typed = |option: &str| format!("{option}={s}");
        let commands: [Vec<String>; 8] = [
            vec!["explain".into(), "--".into(), s.clone()],
            vec!["validate".into(), "--".into(), s.clone()],
            vec!["validate".into(), "p.json".into(), typed("--base"), typed("--ignore-finding")],
            vec!["validate".into(), "p.json".into(), typed("--format")],
            vec!["validate".into(), "p.json".into(), typed("--scp"), typed("--config")],
            vec!["validate".into(), "p.json".into(), typed("--rules")],
            vec!["who-can".into(), "--".into(), s.clone(), s.clone(), "p.json".into()],
            vec!["generate-policy".into(), typed("--principal"), "--trail".into(), "logs".into()],
        ];
        // Each string in two of them.
        for command in commands.iter().skip(i % 4).step_by(4) {
            let run = run(in_folder(folder.path()).args(command));
            assert_data(&format!("{command:?}"), &run, command[0] == "generate-policy");
        }
    }
}

#[test]
fn who_can_and_the_view_of_rules_hold_data() {
    for some in strings().chunks(60) {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), "template.json", &template(some));
        write(folder.path(), "readers.json", &readers(some));
        write(folder.path(), "own.guard", &rules(some));
        let who =
            ["who-can", "s3:GetObject", "arn:aws:s3:::a/b", "readers.json", "--account-id", "111122223333", "--format"];
        for format in ["terminal", "json"] {
            let found = run(in_folder(folder.path()).args(who).arg(format));
            assert!(found.out.matches("s3:GetObject").count() > some.len() / 2, "{found:?}");
            assert_data("who-can", &found, format == "json");
        }
        #[cfg(feature = "guard")]
        {
            let view = run(in_folder(folder.path()).args(["rules", "view", "template.json"]));
            assert!(view.out.len() > 10_000, "{view:?}");
            assert_data("rules view", &view, true);
            let list = run(in_folder(folder.path()).args(["rules", "list", "own.guard"]));
            assert_data("rules list", &list, false);
        }
    }
}

#[test]
fn a_generated_policy_and_the_errors_of_log_files_hold_data() {
    for some in strings().chunks(60) {
        let folder = tempfile::tempdir().expect("a folder");
        let record = |(i, s): (usize, &String)| {
            json!({"eventVersion": "1.11", "eventTime": "2026-09-26T12:00:00Z", "eventSource": if i % 2 == 0 { "s3.amazonaws.com" } else { s.as_str() },
                   "eventName": if i % 3 == 0 { s.as_str() } else { "GetObject" }, "awsRegion": s, "eventID": s, "eventType": "AwsApiCall",
                   "recipientAccountId": "111122223333", "requestParameters": {"bucketName": s, "key": s},
                   "resources": [{"ARN": format!("arn:aws:s3:::{s}"), "type": "AWS::S3::Bucket"}],
                   "userIdentity": {"type": "AssumedRole", "arn": format!("arn:aws:sts::111122223333:assumed-role/app/{s}"), "accountId": "111122223333",
                                    "sessionContext": {"sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/app"}}}})
        };
        let records: Vec<Value> = some.iter().enumerate().map(record).collect();
        write(folder.path(), "logs/all.json", &json!({"Records": records}).to_string());
        for name in some.iter().filter_map(|s| file_name(s)) {
            write(folder.path(), &format!("logs/{name}"), "{\"Records\": [{");
        }
        for format in ["json", "policy", "cloudformation", "terraform"] {
            let arguments = ["generate-policy", "--principal", "app", "--trail", "logs", "--format", format];
            let made = run(in_folder(folder.path()).args(arguments));
            assert!(made.out.contains("s3:GetObject") && made.err.lines().count() > 10, "{format}: {}", made.err);
            assert_data(format, &made, matches!(format, "json" | "policy"));
        }
    }
}
