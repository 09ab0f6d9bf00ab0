//! Terraform: plans of `tests/data/terraform` to the policies and attachments that they make.

use std::path::Path;

use iam_preflight::catalog::Catalog;
use iam_preflight::model::{Deployment, Policy, PolicyStatus};
use iam_preflight::source::{Limits, Sources, json};
use iam_preflight::template::terraform::{load, looks_like};
use iam_preflight::template::{LoadContext, LoadOptions, ParsedInput};

struct Run {
    sources: Sources,
    deployment: Deployment,
}

fn run_text(path: &str, text: &str, options: &LoadOptions) -> Run {
    let sources = Sources::new();
    let id = sources.add(path, text);
    let limits = Limits::default();
    let root = json::read(id, text, &limits).unwrap();
    let input = ParsedInput { path: path.to_owned(), source: id, root };
    let ctx = LoadContext { sources: &sources, catalog: Catalog::embedded(), options, limits: &limits };
    let deployment = load(&input, ctx);
    Run { sources, deployment }
}

fn run(name: &str) -> Run {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/terraform").join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    run_text(&path.to_string_lossy(), &text, &LoadOptions::default())
}

impl Run {
    fn policy(&self, address: &str, name: &str) -> &Policy {
        let found = self.deployment.policies.iter().find(|p| p.resource.id == address && p.name == name);
        let all = || {
            let named = self.deployment.policies.iter().map(|p| format!("{} {}", p.resource.id, p.name));
            named.collect::<Vec<_>>().join("\n")
        };
        found.unwrap_or_else(|| panic!("no policy `{name}` of `{address}` among\n{}", all()))
    }

    fn document(&self, address: &str, name: &str) -> serde_json::Value {
        let policy = self.policy(address, name);
        let document = policy.document.as_ref();
        document.unwrap_or_else(|| panic!("`{address}` has no document: {:?}", policy.gaps)).root().to_json()
    }

    /// The line of the source file (by the end of its name) that a value of a document stands on.
    fn place(&self, policy: &Policy, keys: &[&str], index: usize) -> (String, usize) {
        let root = policy.document.as_ref().unwrap().root();
        let statement = &root.get("Statement").unwrap().as_sequence().unwrap()[index];
        let node = statement.at(keys).unwrap();
        let span = node.as_text().and_then(|t| t.segments().first().map(|s| s.origin)).unwrap_or(node.span);
        let file = self.sources.get(span.source);
        let name = Path::new(file.name()).file_name().unwrap().to_string_lossy().into_owned();
        (name, self.sources.positions(span).0.line)
    }
}

/// A plan of one resource with these attributes.
fn plan(resource_type: &str, after: &str, after_unknown: &str) -> String {
    format!(
        r#"{{"format_version": "1.2", "resource_changes": [{{"address": "{resource_type}.x", "mode": "managed",
        "type": "{resource_type}", "name": "x", "some_new_field": {{}}, "change": {{"actions": ["create"], "before": null,
        "after": {after}, "after_unknown": {after_unknown}}}}}]}}"#
    )
}

fn one(resource_type: &str, after: &str) -> Run {
    run_text("plan.json", &plan(resource_type, after, "{}"), &LoadOptions::default())
}

const ANY: &str = r#""{\"Version\": \"2012-10-17\", \"Statement\": []}""#;

#[test]
fn a_for_each_key_with_dots_quotes_and_brackets_loses_nothing() {
    let text = plan("aws_iam_policy", &format!(r#"{{"policy": {ANY}}}"#), "{}");
    let address = r#"module.m[\"a.b\"].aws_iam_policy.x[\"arn:aws:s3:::b/*[0].c\"]"#;
    let text = text.replace("\"aws_iam_policy.x\"", &format!("\"{address}\""));
    let run = run_text("plan.json", &text, &LoadOptions::default());
    assert_eq!(run.deployment.policies.len(), 1);
    assert_eq!(run.deployment.policies[0].resource.id, address.replace("\\\"", "\""));
    assert_eq!(run.deployment.policies[0].resource.resource_type, "aws_iam_policy");
}

#[test]
fn a_plan_of_another_major_format_version_is_an_error_with_its_place() {
    let text = plan("aws_iam_policy", "{}", "{}").replace("\"1.2\"", "\"2.0\"");
    let run = run_text("plan.json", &text, &LoadOptions::default());
    let error = run.deployment.inputs[0].error.as_ref().unwrap();
    assert!(error.message.contains("`2.0`"), "{error:?}");
    assert!(error.span.is_some());
}

#[test]
fn a_raw_state_file_is_told_from_the_json_output() {
    let text = r#"{"version": 4, "terraform_version": "1.9.0", "serial": 3, "lineage": "x", "resources": []}"#;
    let run = run_text("terraform.tfstate", text, &LoadOptions::default());
    let error = run.deployment.inputs[0].error.as_ref().unwrap();
    assert!(error.help.as_ref().unwrap().contains("terraform show -json"));
}

#[test]
fn what_is_judged_is_the_value_after_the_plan() {
    let old = ANY.replace("2012-10-17", "2008-10-17");
    let text = format!(
        r#"{{"format_version": "1.0", "resource_changes": [
          {{"address": "aws_sqs_queue_policy.q", "mode": "managed", "type": "aws_sqs_queue_policy", "name": "q",
            "change": {{"actions": ["delete", "create"], "before": {{"policy": {old}}}, "after": {{"policy": {ANY}}}}}}},
          {{"address": "aws_sqs_queue_policy.gone", "mode": "managed", "type": "aws_sqs_queue_policy", "name": "gone",
            "change": {{"actions": ["delete"], "before": {{"policy": {old}}}, "after": null}}}}]}}"#
    );
    let run = run_text("plan.json", &text, &LoadOptions::default());
    assert_eq!(run.deployment.policies.len(), 1);
    assert_eq!(run.document("aws_sqs_queue_policy.q", "policy")["Version"], "2012-10-17");
}

#[test]
fn broken_json_is_a_policy_with_a_gap_not_an_end() {
    let run = one("aws_iam_policy", r#"{"policy": "{\"Version\": }"}"#);
    let policy = run.policy("aws_iam_policy.x", "policy");
    assert_eq!(policy.status(), PolicyStatus::NotAnalysable);
    assert!(policy.gaps[0].message.contains("not valid JSON"), "{:?}", policy.gaps);
}

#[test]
fn a_policy_known_after_apply_is_listed_with_the_reason() {
    let text = plan("aws_iam_policy", "{}", r#"{"policy": true, "arn": true}"#);
    let run = run_text("plan.json", &text, &LoadOptions::default());
    let policy = run.policy("aws_iam_policy.x", "policy");
    assert_eq!(policy.status(), PolicyStatus::NotAnalysable);
    assert!(policy.gaps[0].message.contains("not known before apply"), "{:?}", policy.gaps);
}

#[test]
fn a_sensitive_policy_is_never_shown() {
    let after = format!(r#"{{"policy": {ANY}}}"#);
    let text = plan("aws_iam_policy", &after, "{}")
        .replace("\"after_unknown\"", "\"after_sensitive\": {\"policy\": true}, \"after_unknown\"");
    let run = run_text("plan.json", &text, &LoadOptions::default());
    assert!(run.policy("aws_iam_policy.x", "policy").document.is_none());
    assert!(!format!("{:?}", run.deployment).contains("2012-10-17"));
}

#[test]
fn a_sensitive_variable_is_not_followed() {
    let text = r#"{"format_version": "1.2", "variables": {"p": {"value": "{\"Id\": \"hidden-value\"}"}},
        "resource_changes": [{"address": "aws_iam_policy.x", "mode": "managed", "type": "aws_iam_policy", "name": "x",
          "change": {"actions": ["create"], "after": {}, "after_unknown": {"policy": true}}}],
        "configuration": {"root_module": {"variables": {"p": {"sensitive": true}}, "resources": [
          {"address": "aws_iam_policy.x", "expressions": {"policy": {"references": ["var.p"]}}}]}}}"#;
    let open =
        run_text("plan.json", &text.replace("true}}, \"resources", "false}}, \"resources"), &LoadOptions::default());
    assert!(open.policy("aws_iam_policy.x", "policy").document.is_some());
    let secret = run_text("plan.json", text, &LoadOptions::default());
    assert!(secret.policy("aws_iam_policy.x", "policy").document.is_none());
    assert!(!format!("{:?}", secret.deployment).contains("hidden-value"));
}

#[test]
fn every_policy_attribute_of_the_table_is_found_with_its_type() {
    use iam_preflight::template::terraform::locations::POLICIES;
    for row in POLICIES {
        let after = match row.attribute.split_once('.') {
            None => format!(r#"{{"{}": {ANY}}}"#, row.attribute),
            Some((block, inner)) => format!(r#"{{"{block}": [{{"{inner}": {ANY}}}]}}"#),
        };
        let run = one(row.resource_type, &after);
        assert_eq!(run.deployment.policies.len(), 1, "{row:?}");
        assert!(run.deployment.policies[0].document.is_some(), "{row:?}");
    }
}

#[test]
fn grants_in_another_form_read_as_statements() {
    let run = one(
        "aws_lambda_permission",
        r#"{"action": "lambda:InvokeFunction", "function_name": "f", "principal": "sns.amazonaws.com",
            "source_arn": "arn:aws:sns:eu-west-1:111122223333:t", "statement_id": "S"}"#,
    );
    let document = run.document("aws_lambda_permission.x", "action");
    assert_eq!(
        document["Statement"][0],
        serde_json::json!({"Sid": "S", "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Resource": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:f",
            "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:eu-west-1:111122223333:t"}}})
    );
    let acl = one("aws_s3_bucket_acl", r#"{"acl": "public-read", "bucket": "b"}"#);
    assert_eq!(acl.document("aws_s3_bucket_acl.x", "acl")["Statement"][0]["Principal"], "*");
    assert!(one("aws_s3_bucket_acl", r#"{"acl": "private", "bucket": "b"}"#).deployment.policies.is_empty());
}

/// The plan of `deferred` without its sources.
fn deferred_alone() -> Run {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/terraform/deferred/plan.json");
    let text = std::fs::read_to_string(path).unwrap();
    run_text("no-such-folder/plan.json", &text, &LoadOptions::default())
}

#[test]
fn a_document_known_after_apply_is_rebuilt_from_the_plan() {
    let run = deferred_alone();
    let document = run.document("aws_iam_policy.readers", "policy");
    assert_eq!(
        document,
        serde_json::json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "Read", "Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject"],
             "Resource": "${data.aws_iam_policy_document.readers.statement[0].resources[0]}",
             "Condition": {"StringLike": {"s3:prefix": "${aws:username}/*"}}}]})
    );
    assert_eq!(run.policy("aws_iam_policy.readers", "policy").status(), PolicyStatus::Partly);
}

#[test]
fn a_document_known_after_apply_is_rebuilt_from_the_sources() {
    let run = run("deferred/plan.json");
    let readers = run.document("aws_iam_policy.readers", "policy");
    assert_eq!(readers["Statement"][0]["Resource"], "arn:${AWS::Partition}:s3:::logs-of-everything/*");
    assert_eq!(run.policy("aws_iam_policy.readers", "policy").status(), PolicyStatus::Analysed);
    let logs = run.document("aws_s3_bucket_policy.logs", "policy");
    assert_eq!(
        logs["Statement"][0]["Resource"],
        serde_json::json!([
            "arn:${AWS::Partition}:s3:::logs-of-everything",
            "arn:${AWS::Partition}:s3:::logs-of-everything/*"
        ])
    );
}

#[test]
fn values_point_at_the_line_of_the_source() {
    let run = run("deferred/plan.json");
    let readers = run.policy("aws_iam_policy.readers", "policy");
    assert_eq!(run.place(readers, &["Resource"], 0), ("main.tf".to_owned(), 13));
    // Known to the plan, and written in the sources.
    let trust = run.policy("aws_iam_role.reader", "assume_role_policy");
    assert_eq!(run.place(trust, &["Principal", "Service"], 0), ("main.tf".to_owned(), 28));
    let logs = run.policy("aws_s3_bucket_policy.logs", "policy");
    assert_eq!(run.place(logs, &["Action"], 0), ("main.tf".to_owned(), 61));
}

#[test]
fn attachments_are_followed_without_the_sources() {
    attachments_are_followed(&deferred_alone());
}

#[test]
fn attachments_are_followed_with_the_sources() {
    attachments_are_followed(&run("deferred/plan.json"));
}

fn attachments_are_followed(run: &Run) {
    let role = &run.deployment.principals[0];
    assert_eq!(role.name.display(), "reader");
    assert_eq!(role.arn.display(), "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/reader");
    assert!(role.trust_policy.is_some());
    let own: Vec<&str> = role.policies.iter().map(|p| run.deployment.policies[p.0].resource.id.as_str()).collect();
    assert_eq!(own, ["aws_iam_policy.readers"]);
    assert_eq!(role.managed_policies[0].arn.display(), "arn:aws:iam::aws:policy/AWSLambdaExecute");
    assert_eq!(role.permissions_boundary.as_ref().unwrap().arn.display(), "arn:aws:iam::111122223333:policy/edge");
    let bucket_policy = run.policy("aws_s3_bucket_policy.logs", "policy");
    assert_eq!(bucket_policy.attached_to[0].id, "aws_s3_bucket.logs");
    assert_eq!(bucket_policy.resource_type.as_deref(), Some("AWS::S3::Bucket"));
}

#[test]
fn sources_are_evaluated_through_modules_and_their_instances() {
    let run = run("modules/plan.json");
    let address = r#"module.q["eu.west"].aws_iam_policy.p["a.b"]"#;
    let statement = &run.document(address, "policy")["Statement"][0];
    assert_eq!(statement["Action"], serde_json::json!(["sqs:SendMessage", "sqs:ReceiveMessage"]));
    assert_eq!(statement["Condition"]["StringEquals"]["aws:RequestedRegion"], "eu.west");
    let queue = |key: &str| {
        format!(
            "arn:${{AWS::Partition}}:sqs:${{AWS::Region}}:${{AWS::AccountId}}:${{module.q[\"{key}\"].aws_sqs_queue.q.name}}"
        )
    };
    assert_eq!(statement["Resource"], queue("eu.west"));
    let policy = run.policy(address, "policy");
    assert_eq!(run.place(policy, &["Effect"], 0), ("main.tf".to_owned(), 8));
    // All instances of the module, in an inline policy; a template file.
    let inline = run.document("aws_iam_role.r[0]", "one");
    assert_eq!(inline["Statement"][0]["Resource"], serde_json::json!([queue("eu.west"), queue("us")]));
    let trust = run.policy("aws_iam_role.r[0]", "assume_role_policy");
    assert_eq!(run.place(trust, &["Principal", "Service"], 0).0, "trust.tftpl");
}

#[test]
fn what_the_provider_reads_back_is_not_judged_twice() {
    let text = format!(
        r#"{{"format_version": "1.0", "resource_changes": [
          {{"address": "aws_s3_bucket.b", "mode": "managed", "type": "aws_s3_bucket", "name": "b",
            "change": {{"actions": ["no-op"], "before": {{"policy": {ANY}}}, "after": {{"bucket": "b", "policy": {ANY}}}}}}},
          {{"address": "aws_s3_bucket_policy.b", "mode": "managed", "type": "aws_s3_bucket_policy", "name": "b",
            "change": {{"actions": ["no-op"], "before": {{"policy": {ANY}}}, "after": {{"bucket": "b", "policy": {ANY}}}}}}}],
        "configuration": {{"root_module": {{"resources": [
          {{"address": "aws_s3_bucket.b", "expressions": {{"bucket": {{"constant_value": "b"}}}}}},
          {{"address": "aws_s3_bucket_policy.b", "expressions": {{"policy": {{"references": ["local.p"]}}}}}}]}}}}}}"#
    );
    let run = run_text("plan.json", &text, &LoadOptions::default());
    assert_eq!(run.deployment.policies.len(), 1);
    assert_eq!(run.deployment.policies[0].resource.id, "aws_s3_bucket_policy.b");
    assert_eq!(run.deployment.policies[0].attached_to[0].id, "aws_s3_bucket.b");
}

#[test]
fn every_policy_attribute_of_the_provider_s_schema_is_in_a_table() {
    use iam_preflight::template::terraform::locations::{ATTACHMENTS, GRANTS, NOT_IAM, POLICIES};
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/terraform-policy-attributes.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let mut missing = Vec::new();
    for line in text.lines().filter(|l| !l.starts_with('#') && !l.is_empty()) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [resource_type, attribute, kind] = fields[..] else { panic!("{line}") };
        let below = |path: &str| attribute == path || attribute.starts_with(&format!("{path}."));
        let found = match kind {
            "document" => POLICIES.iter().any(|r| r.resource_type == resource_type && r.attribute == attribute),
            "grant" => GRANTS.iter().any(|r| r.resource_type == resource_type),
            _ => ATTACHMENTS.iter().any(|r| r.resource_type == resource_type && below(r.names)),
        };
        let excepted = NOT_IAM.iter().any(|(t, path, _)| *t == resource_type && below(path));
        if !found && !excepted {
            missing.push(line);
        }
    }
    assert!(missing.is_empty(), "in no table:\n{}", missing.join("\n"));
}

/// Reads every plan below the folder that `IAM_PREFLIGHT_CORPUS` names, and prints what became of its policies.
#[test]
fn every_policy_of_a_folder_of_plans_is_accounted_for() {
    let Ok(folder) = std::env::var("IAM_PREFLIGHT_CORPUS") else {
        println!("skipped: IAM_PREFLIGHT_CORPUS names no folder of plans");
        return;
    };
    for entry in ignore::WalkBuilder::new(folder).standard_filters(false).build().flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|e| e != "json") {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        let sources = Sources::new();
        let id = sources.add(path.to_string_lossy(), text.as_str());
        let limits = Limits::default();
        let Ok(root) = json::read(id, &text, &limits) else { continue };
        if looks_like(&root).is_none() {
            continue;
        }
        let input = ParsedInput { path: path.to_string_lossy().into_owned(), source: id, root };
        let options = LoadOptions::default();
        let ctx = LoadContext { sources: &sources, catalog: Catalog::embedded(), options: &options, limits: &limits };
        let deployment = load(&input, ctx);
        println!("{} {:?} {:?}", path.display(), deployment.inputs[0].error, deployment.inputs[0].notices);
        for p in &deployment.policies {
            let attached: Vec<&str> = p.attached_to.iter().map(|r| r.id.as_str()).collect();
            let place = p.document.as_ref().map(|d| {
                let first = d.statements.first().and_then(|s| s.action.as_ref()).map_or(d.root().span, |a| a.span);
                let (start, end) = sources.positions(first);
                format!(
                    "{}:{}-{}",
                    sources.get(first.source).name().rsplit('/').next().unwrap_or(""),
                    start.line,
                    end.line
                )
            });
            println!(
                "  {} {} {:?} {:?} -> {attached:?} at {place:?} gaps {:?}",
                p.resource.id,
                p.name,
                p.policy_type,
                p.status(),
                p.gaps.iter().map(|g| &g.message).collect::<Vec<_>>()
            );
            if std::env::var("SHOW").is_ok() {
                println!("      {}", p.document.as_ref().map_or(String::new(), |d| d.root().to_json().to_string()));
            }
        }
        for p in &deployment.principals {
            println!(
                "  {:?} {} {} policies {:?} managed {:?} boundary {:?} groups {:?}",
                p.kind,
                p.id.id,
                p.arn,
                p.policies,
                p.managed_policies.iter().map(|m| m.arn.display()).collect::<Vec<_>>(),
                p.permissions_boundary.as_ref().map(|b| b.arn.display()),
                p.groups.iter().map(|g| g.id.as_str()).collect::<Vec<_>>()
            );
        }
    }
}

/// The plan says the same of `policy = jsonencode({… aws_s3_bucket.b.arn …})` and of `policy = aws_s3_bucket.b.arn`.
#[test]
fn a_policy_that_refers_to_one_attribute_is_not_taken_for_that_attribute() {
    let block = |address: &str, kind: &str, expressions: &str| {
        format!(
            r#"{{"address": "{address}", "mode": "managed", "type": "{kind}", "name": "b", "expressions": {expressions}}}"#
        )
    };
    let change = |address: &str, kind: &str, after: &str, unknown: &str| {
        format!(
            r#"{{"address": "{address}", "mode": "managed", "type": "{kind}", "name": "b",
            "change": {{"actions": ["create"], "before": null, "after": {after}, "after_unknown": {unknown}}}}}"#
        )
    };
    let (bucket, policy) = ("aws_s3_bucket.b", "aws_s3_bucket_policy.b");
    let refers = r#"{"policy": {"references": ["aws_s3_bucket.b.arn", "aws_s3_bucket.b"]}}"#;
    let text = format!(
        r#"{{"format_version": "1.2", "resource_changes": [{}, {}], "configuration": {{"root_module": {{"resources": [{}, {}]}}}}}}"#,
        change(bucket, "aws_s3_bucket", r#"{"bucket": "b"}"#, r#"{"arn": true, "id": true}"#),
        change(policy, "aws_s3_bucket_policy", "{}", r#"{"bucket": true, "policy": true}"#),
        block(bucket, "aws_s3_bucket", r#"{"bucket": {"constant_value": "b"}}"#),
        block(policy, "aws_s3_bucket_policy", refers),
    );
    let run = run_text("plan.json", &text, &LoadOptions::default());
    let policy = run.policy(policy, "policy");
    assert!(policy.document.is_none() && policy.syntax_error.is_none(), "{:?}", policy.syntax_error);
    assert!(policy.gaps.iter().any(|g| g.message.contains("not known before apply")), "{:?}", policy.gaps);
}
