//! `graph`: which nodes and edges there are and which are not, what works of them, and which part is shown.

mod bounds;
mod forms;

use std::fmt::Write as _;
use std::fs;

use serde_json::{Value, json};

use crate::binary::{Run, iam_preflight, in_folder, root, run};
pub use forms::mermaid;

const EXAMPLE: &str = "examples/graph/template.yaml";
const ACCOUNT: &str = "111122223333";

/// `graph` over one template, with further arguments.
fn graph_of(template: &str, arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("t.yaml"), template).expect("a file");
    let result = run(in_folder(folder.path()).args(["graph", "t.yaml", "--account-id", ACCOUNT]).args(arguments));
    assert_eq!(result.code, 0, "{}", result.err);
    result
}

fn json_of(template: &str) -> Value {
    let report = read(&graph_of(template, &["--format", "json"]).out);
    hold_to_schema(&report);
    report
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

fn hold_to_schema(report: &Value) {
    let schema = |name: &str| read(&fs::read_to_string(root().join("docs").join(name)).expect("the schema"));
    let (mut own, mut of_reports) = (schema("graph.schema.json"), schema("report.schema.json"));
    // What it has in common with reports is defined there.
    let common = own["properties"]["escalations"]["items"]["$ref"].take();
    own["properties"]["escalations"]["items"]["$ref"] =
        common.as_str().expect("a reference").replace("report.schema.json", "").into();
    own["$defs"]
        .as_object_mut()
        .expect("definitions")
        .append(of_reports["$defs"].as_object_mut().expect("definitions"));
    let validator = jsonschema::validator_for(&own).expect("a schema");
    let errors: Vec<String> = validator.iter_errors(report).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// `from kind to` of each edge, by the nodes' names.
fn edges(report: &Value) -> Vec<String> {
    let nodes = report["nodes"].as_array().expect("nodes");
    let name = |id: &Value| nodes.iter().find(|n| n["id"] == *id).map_or("?", |n| n["name"].as_str().expect("a name"));
    let edges = report["edges"].as_array().expect("edges");
    edges
        .iter()
        .map(|e| format!("{} {} {}", name(&e["from"]), e["kind"].as_str().expect("a kind"), name(&e["to"])))
        .collect()
}

/// The edges between two nodes by name, of a kind.
fn between<'r>(report: &'r Value, edge: &str) -> Vec<&'r Value> {
    let all = report["edges"].as_array().expect("edges");
    all.iter().zip(edges(report)).filter(|(_, named)| named == edge).map(|(e, _)| e).collect()
}

fn node<'r>(report: &'r Value, name: &str) -> &'r Value {
    let nodes = report["nodes"].as_array().expect("nodes");
    nodes.iter().find(|n| n["name"] == name).unwrap_or_else(|| panic!("no node {name}: {:#?}", report["nodes"]))
}

fn policy(statement: &str) -> String {
    format!(r#"{{Version: "2012-10-17", Statement: [{statement}]}}"#)
}

/// A role with an inline policy `p`.
fn role(name: &str, trust: &str, statement: &str) -> String {
    let mut text = format!(
        "  {name}:\n    Type: AWS::IAM::Role\n    Properties:\n      RoleName: {name}\n      AssumeRolePolicyDocument: {}\n",
        policy(trust)
    );
    if !statement.is_empty() {
        let _ = writeln!(text, "      Policies: [{{PolicyName: p, PolicyDocument: {}}}]", policy(statement));
    }
    text
}

/// A user with an inline policy `p`.
fn user(name: &str, statement: &str, more: &str) -> String {
    let mut text = format!("  {name}:\n    Type: AWS::IAM::User\n    Properties:\n      UserName: {name}\n{more}");
    if !statement.is_empty() {
        let _ = writeln!(text, "      Policies: [{{PolicyName: p, PolicyDocument: {}}}]", policy(statement));
    }
    text
}

fn trust(principal: &str) -> String {
    format!(r#"{{Effect: Allow, Principal: {principal}, Action: "sts:AssumeRole"}}"#)
}

const BUCKETS: &str = "  Data: {Type: AWS::S3::Bucket, Properties: {BucketName: data}}\n  \
                       Logs: {Type: AWS::S3::Bucket, Properties: {BucketName: logs}}\n  \
                       Jobs: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs}}\n";

fn bucket_policy(statement: &str) -> String {
    format!(
        "  DataPolicy:\n    Type: AWS::S3::BucketPolicy\n    Properties:\n      Bucket: !Ref Data\n      PolicyDocument: {}\n",
        policy(statement)
    )
}

/// What a template has to make, and what it must not.
struct Case {
    says: &'static str,
    template: String,
    there: &'static [&'static str],
    not_there: &'static [&'static str],
}

fn cases() -> Vec<Case> {
    let lambda = trust("{Service: lambda.amazonaws.com}");
    let own = trust("{AWS: !Ref AWS::AccountId}");
    let read = r#"{Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::data/*"}"#;
    let assume = |role: &str| {
        format!(r#"{{Effect: Allow, Action: "sts:AssumeRole", Resource: "arn:aws:iam::111122223333:role/{role}"}}"#)
    };
    let managed = "  Shared:\n    Type: AWS::IAM::ManagedPolicy\n    Properties: {PolicyDocument: ".to_owned()
        + &policy(read)
        + "}\n";
    let function = |role: &str, more: &str| {
        format!(
            "  Writer:\n    Type: AWS::Lambda::Function\n    Properties: {{Role: !GetAtt {role}.Arn, FunctionName: writer{more}}}\n"
        )
    };
    let permission = |action: &str, more: &str| {
        format!(
            "  MayInvoke:\n    Type: AWS::Lambda::Permission\n    Properties: {{FunctionName: !Ref Writer, Action: \"{action}\", \
             Principal: events.amazonaws.com{more}}}\n"
        )
    };
    let rule = "  Nightly: {Type: AWS::Events::Rule, Properties: {Name: nightly, ScheduleExpression: rate(1 day)}}\n";
    vec![
        Case {
            says: "attached: inline, by reference, by ARN; not to whom nobody attaches it",
            template: managed.clone()
                + &user(
                    "Ann",
                    read,
                    "      ManagedPolicyArns: [!Ref Shared, \"arn:aws:iam::aws:policy/ReadOnlyAccess\"]\n",
                )
                + &user("Bob", "", ""),
            there: &[
                "Ann attached Ann.p",
                "Ann attached Shared",
                "Ann attached arn:aws:iam::aws:policy/ReadOnlyAccess",
            ],
            not_there: &["Bob attached Shared", "Ann boundary Shared"],
        },
        Case {
            says: "boundary: a limit, and no policy that grants",
            template: managed.clone()
                + &user("Ann", "", "      PermissionsBoundary: !Ref Shared\n")
                + &user("Bob", "", ""),
            there: &["Ann boundary Shared"],
            not_there: &["Ann attached Shared", "Bob boundary Shared"],
        },
        Case {
            says: "member-of: named by the user or by an addition; a group of that name is not enough",
            template: user("Ann", "", "      Groups: [!Ref Auditors]\n")
                + &user("Bob", "", "")
                + &user("Auditor", "", "")
                + "  Auditors: {Type: AWS::IAM::Group, Properties: {GroupName: auditors}}\n  \
                   Add: {Type: AWS::IAM::UserToGroupAddition, Properties: {GroupName: !Ref Auditors, Users: [!Ref Bob]}}\n",
            there: &["Ann member-of Auditors", "Bob member-of Auditors"],
            not_there: &["Auditor member-of Auditors"],
        },
        Case {
            says: "grants: of what the resource is, and of that service only",
            template: BUCKETS.to_owned()
                + &user("Ann", r#"{Effect: Allow, Action: "s3:Get*", Resource: "arn:aws:s3:::data/*"}"#, "")
                + &user("Bob", r#"{Effect: Allow, Action: "sqs:*", Resource: "*"}"#, ""),
            there: &["Ann.p grants Data", "Bob.p grants Jobs"],
            not_there: &["Ann.p grants Logs", "Ann.p grants Jobs", "Bob.p grants Data"],
        },
        Case {
            says: "grants: a resource's policy, to those whom it names",
            template: BUCKETS.to_owned()
                + &user("Ann", "", "")
                + &user("Bob", "", "")
                + &bucket_policy(
                    r#"{Effect: Allow, Principal: {AWS: [!GetAtt Ann.Arn, "444455556666", "arn:aws:iam::444455556666:role/partner"]}, Action: "s3:GetObject", Resource: "arn:aws:s3:::data/*"}"#,
                ),
            there: &[
                "Data attached DataPolicy",
                "Ann grants Data",
                "444455556666 grants Data",
                "arn:aws:iam::444455556666:role/partner grants Data",
            ],
            not_there: &["Bob grants Data", "Ann grants Logs"],
        },
        Case {
            says: "trusts: who is named; who is not, though allowed by its own policy, isn't",
            template: role("Audit", &trust("{AWS: [!Ref AWS::AccountId, !GetAtt Ann.Arn]}"), read)
                + &role("Deploy", &trust(r#"{AWS: "444455556666"}"#), "")
                + &user("Ann", "", "")
                + &user("Bob", &assume("Audit"), ""),
            there: &["Audit trusts 111122223333", "Audit trusts Ann", "Deploy trusts 444455556666"],
            not_there: &["Audit trusts Bob", "Deploy trusts 111122223333"],
        },
        Case {
            says: "can-assume: both sides allow it; one alone does not",
            template: role("Audit", &own, read)
                + &role("Deploy", &lambda, "")
                + &user("Ann", &assume("Audit"), "")
                + &user("Bob", "", "")
                + &user("Cyd", &assume("Deploy"), "")
                + &user(
                    "Dan",
                    &format!(r#"{}, {{Effect: Deny, Action: "sts:*", Resource: "*"}}"#, assume("Audit")),
                    "",
                ),
            there: &["Ann can-assume Audit", "lambda.amazonaws.com can-assume Deploy"],
            not_there: &[
                "Bob can-assume Audit",
                "Cyd can-assume Deploy",
                "Dan can-assume Audit",
                "Audit can-assume Audit",
            ],
        },
        Case {
            says: "passes-role-to: to a service that the role trusts and the condition names",
            template: role("Run", &lambda, read)
                + &role("Audit", &own, read)
                + &user(
                    "Ann",
                    r#"{Effect: Allow, Action: "iam:PassRole", Resource: "*", Condition: {StringEquals: {"iam:PassedToService": [lambda.amazonaws.com, ec2.amazonaws.com]}}}"#,
                    "",
                )
                + &user(
                    "Bob",
                    r#"{Effect: Allow, Action: "iam:PassRole", Resource: "*", Condition: {StringEquals: {"iam:PassedToService": ec2.amazonaws.com}}}"#,
                    "",
                )
                + &user(
                    "Cyd",
                    r#"{Effect: Allow, Action: "iam:PassRole", Resource: "arn:aws:iam::111122223333:role/Audit"}"#,
                    "",
                ),
            there: &["Ann passes-role-to Run"],
            not_there: &[
                "Ann passes-role-to Audit",
                "Bob passes-role-to Run",
                "Cyd passes-role-to Run",
                "Cyd passes-role-to Audit",
            ],
        },
        Case {
            says: "invokes: the resource for which the service is let in",
            template: role("Run", &lambda, "")
                + &function("Run", "")
                + rule
                + &permission("lambda:InvokeFunction", ", SourceArn: !GetAtt Nightly.Arn"),
            there: &["Nightly invokes Writer", "events.amazonaws.com grants Writer"],
            not_there: &["events.amazonaws.com invokes Writer", "Writer invokes Nightly"],
        },
        Case {
            says: "invokes: the service itself, where no resource is named, and only by actions that run something",
            template: role("Run", &lambda, "") + &function("Run", "") + rule + &permission("lambda:InvokeFunction", ""),
            there: &["events.amazonaws.com invokes Writer"],
            not_there: &["Nightly invokes Writer"],
        },
        Case {
            says: "invokes: reading a function is not running it",
            template: role("Run", &lambda, "") + &function("Run", "") + &permission("lambda:GetFunction", ""),
            there: &["events.amazonaws.com grants Writer"],
            not_there: &["events.amazonaws.com invokes Writer"],
        },
        Case {
            says: "runs-as: the role that the service may assume; another one is only named",
            template: role("Run", &lambda, "")
                + &role("Audit", &own, "")
                + &function("Run", ", Environment: {Variables: {ROLE: !GetAtt Audit.Arn}}"),
            there: &["Writer runs-as Run", "Writer depends-on Audit"],
            not_there: &["Writer runs-as Audit", "Writer depends-on Run"],
        },
        Case {
            says: "depends-on: by reference, attribute or ARN; a like name is none",
            template: BUCKETS.to_owned()
                + "  A: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Ref Data}}\n  \
                   B: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !GetAtt Jobs.Arn}}\n  \
                   C: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: \"arn:aws:s3:::logs\"}}\n  \
                   D: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: Data}}\n",
            there: &["B depends-on Jobs", "C depends-on Logs"],
            not_there: &["D depends-on Data", "A depends-on Logs"],
        },
    ]
}

#[test]
fn each_edge_is_there_where_it_should_be_and_only_there() {
    for case in cases() {
        let report = json_of(&format!("Resources:\n{}", case.template));
        let found = edges(&report);
        for edge in case.there {
            assert!(found.iter().any(|e| e == edge), "{}: no `{edge}` in {found:#?}", case.says);
        }
        for edge in case.not_there {
            assert!(!found.iter().any(|e| e == edge), "{}: `{edge}` in {found:#?}", case.says);
        }
    }
}

#[test]
fn each_kind_of_node_is_told_apart_from_its_like() {
    let template = format!(
        "Resources:\n{BUCKETS}{}{}{}{}",
        role(
            "Audit",
            &format!(
                r#"{}, {{Effect: Allow, Principal: {{Federated: !Ref Corp}}, Action: "sts:AssumeRoleWithSAML"}}"#,
                trust(
                    r#"{AWS: [!Ref AWS::AccountId, "444455556666", "arn:aws:iam::444455556666:user/eve"], Service: ec2.amazonaws.com}"#
                )
            ),
            r#"{Effect: Allow, Action: "s3:GetObject", Resource: ["arn:aws:s3:::elsewhere/*", "arn:aws:s3:::data/*"]}"#
        ),
        user("Ann", "", "      Groups: [!Ref Auditors]\n"),
        bucket_policy(r#"{Effect: Allow, Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::data/*"}"#),
        "  Auditors: {Type: AWS::IAM::Group}\n  \
         Corp: {Type: AWS::IAM::SAMLProvider, Properties: {Name: corp, SamlMetadataDocument: x}}\n  \
         Admins: {Type: AWS::SSO::PermissionSet, Properties: {Name: Admins, InstanceArn: \"arn:aws:sso:::instance/x\", \
         ManagedPolicies: [\"arn:aws:iam::aws:policy/ReadOnlyAccess\"]}}\n"
    );
    let report = json_of(&template);
    let kind = |name: &str| node(&report, name)["kind"].as_str().expect("a kind").to_owned();
    for (name, expected) in [
        ("Audit", "role"),
        ("Ann", "user"),
        ("Auditors", "group"),
        ("Admins", "permission-set"),
        ("Audit.p", "policy"),
        ("DataPolicy", "policy"),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", "policy"),
        ("Data", "resource"),
        ("arn:aws:s3:::elsewhere/*", "other-resource"),
        ("ec2.amazonaws.com", "service"),
        (ACCOUNT, "account"),
        ("444455556666", "external-account"),
        ("arn:aws:iam::444455556666:user/eve", "external-principal"),
        ("Corp", "identity-provider"),
    ] {
        assert_eq!(kind(name), expected, "{name}");
    }
    // A pattern of a managed policy and anybody have the same name, and are two.
    let stars = report["nodes"].as_array().expect("nodes").iter().filter(|n| n["name"] == "*");
    let kinds: Vec<&str> = stars.filter_map(|n| n["kind"].as_str()).collect();
    assert!(kinds.contains(&"anyone") && kinds.contains(&"other-resource"), "{kinds:?}");
    let names: Vec<&str> =
        report["nodes"].as_array().expect("nodes").iter().filter_map(|n| n["name"].as_str()).collect();
    assert!(!names.contains(&"arn:aws:s3:::data/*"), "the bucket of the run stands for its objects: {names:?}");
}

#[test]
fn a_pattern_that_many_resources_match_is_one_node_that_counts_them() {
    let template = |count: usize| {
        let mut text = "Resources:\n".to_owned();
        text.push_str(&user(
            "Ann",
            r#"{Effect: Allow, Action: "sqs:SendMessage", Resource: "arn:aws:sqs:*:*:job-*"}"#,
            "",
        ));
        for i in 0..count {
            let _ = writeln!(text, "  Q{i}: {{Type: AWS::SQS::Queue, Properties: {{QueueName: job-{i}}}}}");
        }
        json_of(&text)
    };
    let few = template(16);
    assert_eq!(edges(&few).iter().filter(|e| e.starts_with("Ann.p grants Q")).count(), 16);
    let many = template(17);
    assert_eq!(edges(&many).iter().filter(|e| e.contains(" grants ")).count(), 1, "{:?}", edges(&many));
    assert_eq!(node(&many, "arn:aws:sqs:*:*:job-*")["matches"], 17);
}

#[test]
fn an_edge_says_whether_it_is_in_effect() {
    let allow = r#"{Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::data/*"}"#;
    let effective = |more: &str, statement: &str, limits: &str| {
        let template = format!("Resources:\n{BUCKETS}{}{limits}", user("Ann", statement, more));
        let report = json_of(&template);
        between(&report, "Ann.p grants Data")[0]["effective"].clone()
    };
    assert_eq!(effective("", allow, ""), true);
    let deny = |rest: &str| format!("{allow}, {{Effect: Deny, Action: \"s3:*\", Resource: {rest}}}");
    assert_eq!(effective("", &deny(r#""*""#), ""), false);
    assert_eq!(effective("", &deny(r#""arn:aws:s3:::data/a*""#), ""), true, "a part is left");
    assert_eq!(effective("", &deny(r#""*", Condition: {Bool: {"aws:SecureTransport": "false"}}"#), ""), true);
    let limit = |action: &str| {
        let document = policy(&format!(r#"{{Effect: Allow, Action: "{action}", Resource: "*"}}"#));
        format!("  Limit: {{Type: AWS::IAM::ManagedPolicy, Properties: {{PolicyDocument: {document}}}}}\n")
    };
    let bounded = "      PermissionsBoundary: !Ref Limit\n";
    assert_eq!(effective(bounded, allow, &limit("sqs:*")), false);
    assert_eq!(effective(bounded, allow, &limit("s3:Get*")), true);
}

#[test]
fn an_edge_of_a_resource_s_policy_says_so_too() {
    let effective = |statements: &str| {
        let report = json_of(&format!("Resources:\n{BUCKETS}{}", bucket_policy(statements)));
        between(&report, "444455556666 grants Data")[0]["effective"].clone()
    };
    let allow =
        r#"{Effect: Allow, Principal: {AWS: "444455556666"}, Action: "s3:GetObject", Resource: "arn:aws:s3:::data/*"}"#;
    assert_eq!(effective(allow), true);
    let deny =
        |rest: &str| format!("{allow}, {{Effect: Deny, Principal: \"*\", {rest}, Resource: \"arn:aws:s3:::data/*\"}}");
    assert_eq!(effective(&deny(r#"Action: "s3:Get*""#)), false);
    assert_eq!(effective(&deny(r#"Action: "s3:Put*""#)), true);
    assert_eq!(effective(&deny(r#"NotAction: "s3:GetObject""#)), true);
    let all_but = r#"{Effect: Allow, Principal: {AWS: "444455556666"}, NotAction: "s3:Delete*", Resource: "arn:aws:s3:::data/*"}"#;
    assert_eq!(effective(all_but), true);
}

#[test]
fn what_can_t_be_decided_is_null_and_said() {
    // More combinations of limits than are gone through.
    let many = |what: &'static str| {
        (0..65).map(move |i| {
            format!(r#"{{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::{what}{i}/*"}}"#)
        })
    };
    let document =
        |statements: Vec<String>| format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, statements.join(", "));
    let template = format!(
        "Resources:\n{BUCKETS}{}  Limit: {{Type: AWS::IAM::ManagedPolicy, Properties: {{PolicyDocument: {}}}}}\n",
        user(
            "Ann",
            r#"{Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::data/*"}"#,
            "      PermissionsBoundary: !Ref Limit\n"
        ),
        document(many("a").collect())
    );
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("t.yaml"), template).expect("a file");
    fs::write(folder.path().join("scp.json"), document(many("b").collect())).expect("a file");
    let result = run(in_folder(folder.path()).args(["graph", "t.yaml", "--scp", "scp.json", "--format", "json"]));
    let report = read(&result.out);
    hold_to_schema(&report);
    assert_eq!(between(&report, "Ann.p grants Data")[0]["effective"], Value::Null);
    assert!(report["notices"].to_string().contains("1 questions could not be decided"), "{}", report["notices"]);
    let diagram = run(in_folder(folder.path()).args(["graph", "t.yaml", "--scp", "scp.json"]));
    assert!(diagram.out.contains("undecided") && diagram.err.contains("could not be decided"), "{diagram:?}");
}

#[test]
fn an_edge_names_its_statement_conditions_levels_and_line() {
    let statement = r#"{Sid: Read, Effect: Allow, Action: ["s3:GetObject", "s3:PutObject"], Resource: "arn:aws:s3:::data/*", Condition: {Bool: {"aws:MultiFactorAuthPresent": "true"}}}"#;
    let template = format!(
        "Parameters: {{Flag: {{Type: String}}}}\nConditions: {{On: !Equals [!Ref Flag, \"yes\"]}}\nResources:\n{BUCKETS}{}  \
         Extra:\n    Type: AWS::IAM::Policy\n    Condition: On\n    Properties: {{PolicyName: e, Users: [!Ref Ann], \
         PolicyDocument: {}}}\n",
        user("Ann", statement, ""),
        policy(r#"{Effect: Allow, Action: "s3:ListBucket", Resource: "arn:aws:s3:::data"}"#)
    );
    let report = json_of(&template);
    let edge = between(&report, "Ann.p grants Data")[0];
    assert_eq!(edge["policy"], "Ann.p");
    assert_eq!((&edge["statementId"], &edge["statementIndex"]), (&json!("Read"), &json!(0)));
    assert_eq!(edge["actions"], json!(["s3:GetObject", "s3:PutObject"]));
    assert_eq!(edge["accessLevels"], json!(["Read", "Write"]));
    assert_eq!(edge["condition"], json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}}));
    let line = template.lines().position(|l| l.contains("Sid: Read")).expect("the line") + 1;
    assert_eq!((&edge["location"]["file"], &edge["location"]["start"]["line"]), (&json!("t.yaml"), &json!(line)));
    assert_eq!(edge["when"], Value::Null);
    assert_eq!(between(&report, "Extra grants Data")[0]["when"], json!({"On": true}));
    let passing = "Resources:\n".to_owned()
        + &role("Run", &trust("{Service: [lambda.amazonaws.com, ec2.amazonaws.com]}"), "")
        + &user(
            "Bob",
            r#"{Effect: Allow, Action: "iam:PassRole", Resource: "*", Condition: {StringEquals: {"iam:PassedToService": lambda.amazonaws.com}}}"#,
            "",
        );
    assert_eq!(between(&json_of(&passing), "Bob passes-role-to Run")[0]["services"], json!(["lambda.amazonaws.com"]));
}

#[test]
fn the_same_input_makes_the_same_bytes_whatever_the_threads_do() {
    for format in ["json", "dot", "mermaid", "html"] {
        let with = |jobs: &str| {
            let inputs = [EXAMPLE, "examples/escalation/template.yaml", "examples/external-access/template.yaml"];
            run(iam_preflight().arg("graph").args(inputs).args(["--format", format, "--jobs", jobs])).out
        };
        let first = with("1");
        assert!(first.len() > 1000, "{first}");
        for jobs in ["1", "2", "8"] {
            assert_eq!(first, with(jobs), "{format}, {jobs} threads");
        }
    }
}

#[test]
fn graphs_of_the_examples_and_an_empty_one_meet_their_schema() {
    for example in [EXAMPLE, "examples/escalation/template.yaml", "examples/external-access/template.yaml"] {
        let report = read(&run(iam_preflight().args(["graph", example, "--format", "json"])).out);
        hold_to_schema(&report);
        let nodes = report["nodes"].as_array().expect("nodes");
        let ids: std::collections::BTreeSet<&str> = nodes.iter().filter_map(|n| n["id"].as_str()).collect();
        assert_eq!(ids.len(), nodes.len(), "ids are told apart");
        for edge in report["edges"].as_array().expect("edges") {
            let known = |end: &str| edge[end].as_str().is_some_and(|id| ids.contains(id));
            assert!(known("from") && known("to"), "{edge}");
        }
    }
    let empty = json_of("AWSTemplateFormatVersion: \"2010-09-09\"\nResources: {}\n");
    assert_eq!((empty["nodes"].clone(), empty["edges"].clone()), (json!([]), json!([])));
}

#[test]
fn a_focus_keeps_what_leads_there_and_where_it_leads_and_says_what_it_leaves_out() {
    let focused = |name: &str| {
        let result = run(iam_preflight().args(["graph", EXAMPLE, "--format", "json", "--focus", name]));
        assert_eq!(result.code, 0, "{}", result.err);
        read(&result.out)
    };
    let report = focused("Incoming");
    let names: Vec<&str> =
        report["nodes"].as_array().expect("nodes").iter().filter_map(|n| n["name"].as_str()).collect();
    for name in ["Incoming", "WriterRole", "WriterRole.write", "Deployer"] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    for name in ["AuditRole", "Ann", "Auditors"] {
        assert!(!names.contains(&name), "{name}: {names:?}");
    }
    let notices = report["notices"].to_string();
    assert!(
        notices.contains("left out: ") && notices.contains(" nodes and ") && notices.contains("focus"),
        "{notices}"
    );
    let by_arn = focused("arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:${Incoming.QueueName}");
    assert_eq!(by_arn["nodes"], report["nodes"]);
    let wrong = run(iam_preflight().args(["graph", EXAMPLE, "--focus", "Incomming"]));
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("`Incomming` is neither a principal nor a resource of the graph"), "{}", wrong.err);
}

#[test]
fn a_limited_diagram_keeps_what_matters_most_and_says_what_it_leaves_out() {
    let limited = |limit: &str| run(iam_preflight().args(["graph", EXAMPLE, "--limit", limit])).out;
    let lines = |text: &str| text.lines().filter(|l| l.contains("-->") || l.contains("-.->")).count();
    let all = limited("60");
    let few = limited("2");
    assert_eq!(lines(&few), 2, "{few}");
    assert!(few.contains("can assume"), "who can assume which role comes first: {few}");
    let beyond = format!("left out#58; {} edges beyond the first 2", lines(&all) - 2).replace("#58;", ":");
    assert!(few.contains(&beyond), "{beyond}: {few}");
    assert!(!all.contains("beyond the first"), "{all}");
    assert!(all.contains("dependencies"), "{all}");
    assert_eq!(lines(&limited("0")), 0);
}
