//! The custom policy checks: the worked examples as a table, then the commands over documents, templates, plans and
//! batches, and what they say of bad input.

use iam_preflight::logic::evaluate::{PolicyKind, Verdict, verdict};
use iam_preflight::policy::PolicyDocument;
use iam_preflight::simulate::parse_request;
use iam_preflight::source::{Limits, SourceId, json::read};
use serde_json::{Value, json};

use crate::binary::{Run, in_folder, run};

/// `Allow` of an identity policy.
fn allow(action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

fn deny(action: Value, resource: Value, condition: Value) -> Value {
    let mut statement = json!({"Effect": "Deny", "Action": action, "Resource": resource});
    if !condition.is_null() {
        statement["Condition"] = condition;
    }
    statement
}

fn when(mut statement: Value, condition: Value) -> Value {
    statement["Condition"] = condition;
    statement
}

fn of(mut statement: Value, principal: Value) -> Value {
    statement["Principal"] = principal;
    statement
}

fn policy(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// A question: id, kind of policy, the reference, the candidate, and what comes out.
type NewAccess = (&'static str, &'static str, Value, Value, &'static str);

fn new_access_examples() -> Vec<NewAccess> {
    let everything = || allow("*", "*");
    let sensitive = "arn:aws:s3:::my-sensitive-bucket";
    let three = json!(["s3:PutBucketPolicy", "s3:DeleteBucket", "s3:DeleteBucketPolicy"]);
    let r1 = || policy(&[everything(), deny(three.clone(), json!(sensitive), Value::Null)]);
    let with = |element: &str, mut statement: Value, value: Value| {
        statement.as_object_mut().expect("an object").remove("Resource");
        statement[element] = value;
        statement
    };
    let pass_role = || {
        let denied = with(
            "NotResource",
            deny(json!("iam:PassRole"), json!("*"), Value::Null),
            json!("arn:aws:iam::*:role/PassableRoles/*"),
        );
        policy(&[everything(), denied])
    };
    let assumable = |role: &str| {
        with(
            "NotResource",
            deny(json!("sts:AssumeRole"), json!("*"), Value::Null),
            json!(format!("arn:aws:iam::*:role/AssumableRoles/{role}")),
        )
    };
    let tag = "aws:ResourceTag/k";
    let terminate = || allow("ec2:TerminateInstances", "*");
    let tagged =
        || policy(&[everything(), deny(json!("ec2:TerminateInstances"), json!("*"), json!({"Null": {tag: "true"}}))]);
    let request_tagged = || {
        let denied = deny(json!("ec2:RunInstances"), json!("*"), json!({"Null": {"aws:RequestTag/k": "true"}}));
        policy(&[everything(), denied])
    };
    let role = |name: &str| format!("arn:aws:iam::111122223333:role/{name}");
    let get = || allow("s3:GetObject", "*");
    let two_roles = || {
        let roles = json!([role("A"), role("B")]);
        policy(&[
            of(get(), json!({"AWS": roles})),
            when(of(get(), json!("*")), json!({"ArnLike": {"aws:PrincipalArn": roles}})),
        ])
    };
    let trust = |principal: Value, element: &str, action: Value| {
        let mut statement = json!({"Effect": "Allow", "Principal": principal});
        statement[element] = action;
        statement
    };
    let two_accounts = || {
        policy(&[
            trust(json!({"AWS": ["111111111111", "222222222222"]}), "Action", json!("sts:AssumeRole")),
            trust(json!("*"), "NotAction", json!("sts:AssumeRole")),
        ])
    };
    let oidc = "arn:aws:iam::111111111111:oidc-provider/x";
    let saml = |name: &str| format!("arn:aws:iam::111111111111:saml-provider/{name}");
    let with_saml = || json!("sts:AssumeRoleWithSAML");
    let one = |s: Value| policy(&[s]);
    let address = |ranges: Value| when(get(), json!({"IpAddress": {"aws:SourceIp": ranges}}));
    let keys = |operator: &str, n: u32| when(allow("s3:ListBucket", "*"), json!({operator: {"s3:max-keys": n}}));
    let tag_keys = |operator: &str| when(allow("ec2:CreateTags", "*"), json!({operator: {"aws:TagKeys": ["a", "b"]}}));
    let home = |who: &str| one(allow("s3:GetObject", &format!("arn:aws:s3:::b/home/{who}")));
    let null = || Value::Null;
    vec![
        (
            "1",
            "identity",
            r1(),
            one(json!({"Effect": "Allow", "Action": three, "Resource": "arn:aws:s3:::my-not-sensitive-bucket"})),
            "PASS",
        ),
        ("2", "identity", r1(), policy(&[allow("s3:*", "*"), deny(json!("*"), json!(sensitive), null())]), "PASS"),
        ("3", "identity", r1(), one(allow("s3:DeleteBucketPolicy", sensitive)), "FAIL"),
        ("4", "identity", r1(), one(allow("s3:PutBucketPolicy", "arn:aws:s3:*:*:*sensitive*")), "FAIL"),
        ("5", "identity", r1(), one(allow("s3:*", "*")), "FAIL"),
        (
            "6",
            "identity",
            pass_role(),
            one(allow("iam:PassRole", "arn:aws:iam::111111111111:role/PassableRoles/MyRole")),
            "PASS",
        ),
        (
            "7",
            "identity",
            pass_role(),
            one(allow("iam:PassRole", "arn:aws:iam::111111111111:role/WrongPath/MyRole")),
            "FAIL",
        ),
        (
            "8",
            "identity",
            policy(&[everything(), assumable("*")]),
            policy(&[allow("sts:AssumeRole", "*"), assumable("MyRole")]),
            "PASS",
        ),
        ("9", "identity", tagged(), one(when(terminate(), json!({"StringEquals": {tag: "v"}}))), "PASS"),
        (
            "10",
            "identity",
            tagged(),
            policy(&[
                terminate(),
                deny(json!("ec2:TerminateInstances"), json!("*"), json!({"StringNotEquals": {tag: "v"}})),
            ]),
            "PASS",
        ),
        ("11", "identity", tagged(), one(when(terminate(), json!({"StringEqualsIfExists": {tag: "v"}}))), "FAIL"),
        (
            "12",
            "identity",
            request_tagged(),
            one(when(allow("ec2:RunInstances", "*"), json!({"Null": {"aws:RequestTag/k": "false"}}))),
            "PASS",
        ),
        ("13", "identity", request_tagged(), one(allow("ec2:*", "*")), "FAIL"),
        (
            "14",
            "resource",
            two_roles(),
            one(when(of(get(), json!("*")), json!({"ArnLike": {"aws:PrincipalArn": role("A")}}))),
            "PASS",
        ),
        ("15", "resource", two_roles(), one(of(get(), json!({"AWS": "*"}))), "FAIL"),
        (
            "16",
            "resource",
            two_accounts(),
            one(trust(json!({"AWS": "arn:aws:iam::222222222222:role/MyRole"}), "Action", json!("sts:AssumeRole"))),
            "PASS",
        ),
        (
            "17",
            "resource",
            two_accounts(),
            one(trust(json!({"Service": "glue.amazonaws.com"}), "Action", json!("sts:AssumeRole"))),
            "FAIL",
        ),
        (
            "18",
            "resource",
            two_accounts(),
            one(trust(json!({"Federated": oidc}), "Action", json!("sts:AssumeRoleWithWebIdentity"))),
            "PASS",
        ),
        (
            "19",
            "resource",
            policy(&[
                trust(json!({"Federated": saml("P")}), "Action", with_saml()),
                trust(json!("*"), "NotAction", json!(["sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"])),
            ]),
            policy(&[
                trust(json!({"Federated": "*"}), "Action", with_saml()),
                json!({"Effect": "Deny", "Principal": {"Federated": saml("Q")}, "Action": "sts:AssumeRoleWithSAML"}),
            ]),
            "FAIL",
        ),
        (
            "20",
            "identity",
            one(allow("s3:Get*", "arn:aws:s3:::b/*")),
            one(allow("S3:getobject", "arn:aws:s3:::b/x?z")),
            "PASS",
        ),
        ("21", "identity", home("${aws:username}/*"), home("*"), "FAIL"),
        ("22", "identity", home("*"), home("${aws:username}/*"), "PASS"),
        ("22 itself", "identity", home("${aws:username}/*"), home("${aws:username}/*"), "PASS"),
        ("23", "identity", one(address(json!("10.0.0.0/8"))), one(address(json!(["10.1.0.0/16", "10.2.3.4"]))), "PASS"),
        ("24", "identity", one(keys("NumericLessThan", 100)), one(keys("NumericLessThanEquals", 99)), "PASS"),
        ("24 converse", "identity", one(keys("NumericLessThanEquals", 99)), one(keys("NumericLessThan", 100)), "FAIL"),
        (
            "25",
            "identity",
            one(tag_keys("ForAnyValue:StringEquals")),
            one(tag_keys("ForAllValues:StringEquals")),
            "FAIL",
        ),
        (
            "26",
            "identity",
            policy(&[
                allow("s3:*", "*"),
                deny(json!("s3:*"), json!("*"), json!({"Bool": {"aws:SecureTransport": "false"}})),
            ]),
            one(get()),
            "FAIL",
        ),
        (
            "27",
            "identity",
            policy(&[everything(), json!({"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"})]),
            one(allow("iam:CreateUser", "*")),
            "PASS",
        ),
        (
            "28",
            "identity",
            policy(&[allow("s3:*", "*"), deny(json!("s3:DeleteBucket"), json!("*"), null())]),
            one(allow("s3:*", "*")),
            "FAIL",
        ),
        ("identical", "identity", r1(), r1(), "PASS"),
        ("nothing", "identity", policy(&[]), policy(&[]), "PASS"),
        ("anything", "identity", policy(&[]), one(get()), "FAIL"),
    ]
}

/// Id, kind, actions, resources, candidate, verdict.
type NotGranted = (&'static str, &'static str, Value, Value, Value, &'static str);

fn not_granted_examples() -> Vec<NotGranted> {
    let john = || json!({"AWS": "arn:aws:iam::123456789012:user/JohnDoe"});
    let none = || json!([]);
    let one = |s: Value| policy(&[s]);
    let mut sid = of(allow("s3:PutObject", "arn:aws:s3:::my-bucket/*"), john());
    sid["Sid"] = json!("AllowJohnDoe");
    let k = "aws:PrincipalTag/k";
    let is = |v: &str| json!({"StringEquals": {k: v}});
    let not_action = json!({"Effect": "Allow", "NotAction": "iam:CreateUser", "Resource": "*"});
    vec![
        ("29", "resource", json!(["s3:PutObject"]), none(), one(of(allow("s3:GetObject", "*"), john())), "PASS"),
        (
            "30",
            "identity",
            none(),
            json!(["arn:aws:s3:::sensitive-bucket/*"]),
            one(allow("s3:PutObject", "arn:aws:s3:::non-sensitive-bucket/*")),
            "PASS",
        ),
        ("31", "resource", none(), json!(["arn:aws:s3:::my-bucket/*"]), one(sid), "FAIL"),
        (
            "32",
            "identity",
            json!(["s3:DeleteBucket"]),
            json!(["arn:aws:s3:::b"]),
            one(allow("s3:*", "arn:aws:s3:::b/*")),
            "PASS",
        ),
        ("33", "identity", json!(["iam:PassRole"]), none(), one(not_action), "FAIL"),
        (
            "34",
            "identity",
            json!(["s3:GetObject"]),
            none(),
            policy(&[when(allow("s3:GetObject", "*"), is("a")), deny(json!("s3:GetObject"), json!("*"), is("a"))]),
            "PASS",
        ),
        (
            "35",
            "identity",
            json!(["s3:GetObject"]),
            none(),
            one(when(allow("s3:GetObject", "*"), json!({"StringEquals": {k: "a"}, "StringLike": {k: "b"}}))),
            "PASS",
        ),
        ("36", "identity", json!(["kms:*"]), none(), one(allow("kms:Decrypt", "*")), "FAIL"),
        ("case", "identity", json!(["S3:GETOBJECT"]), none(), one(allow("s3:GetObject", "*")), "FAIL"),
        (
            "meet",
            "identity",
            none(),
            json!(["arn:aws:s3:::b/*"]),
            one(allow("s3:GetObject", "arn:aws:s3:::*/x")),
            "FAIL",
        ),
    ]
}

/// Id, resource type, candidate, verdict.
type Public = (&'static str, &'static str, Value, &'static str);

fn public_examples() -> Vec<Public> {
    let bucket = "AWS::S3::Bucket";
    let star = || json!({"AWS": "*"});
    let get = || allow("s3:GetObject", "*");
    let one = |s: Value| policy(&[s]);
    let on = |condition: Value| one(when(of(get(), json!("*")), condition));
    let address = |range: &str| on(json!({"IpAddress": {"aws:SourceIp": range}}));
    let trust = |condition: Option<Value>| {
        let statement = json!({"Sid": "", "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"});
        one(condition.map_or(statement.clone(), |c| when(statement, c)))
    };
    let org = "aws:PrincipalOrgID";
    let denied = |operator: &str| {
        let mut deny = deny(json!("*"), json!("*"), json!({operator: {org: "o-abc"}}));
        deny["Principal"] = json!("*");
        policy(&[of(get(), json!("*")), deny])
    };
    let access_point = json!({"ArnLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-west-2:123456789012:accesspoint/*"}});
    let mut rows = vec![
        (
            "P1",
            bucket,
            one(of(
                json!({"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "arn:aws:s3:::b"}),
                star(),
            )),
            "FAIL",
        ),
        ("P2", bucket, one(of(get(), json!({"AWS": "123456789012"}))), "PASS"),
        ("P3", bucket, one(of(get(), json!({"AWS": "arn:aws:iam::123456789012:user/JohnDoe"}))), "PASS"),
        ("P4", "AWS::ApiGateway::RestApi", address("10.23.166.155/32"), "PASS"),
        ("P6", "AWS::IAM::AssumeRolePolicyDocument", trust(None), "FAIL"),
        ("P7", bucket, on(json!({"StringLike": {"aws:SourceVpc": "vpc-*"}})), "FAIL"),
        ("P8", bucket, on(json!({"StringEquals": {"aws:SourceVpc": "vpc-91237329"}})), "PASS"),
        ("P9", bucket, address("0.0.0.0/1"), "FAIL"),
        ("P10", bucket, address("54.0.0.0/8"), "PASS"),
        ("P11 /31", bucket, address("2001:db8::/31"), "FAIL"),
        ("P11 /32", bucket, address("2001:db8::/32"), "PASS"),
        ("P12", bucket, on(access_point.clone()), "PASS"),
        ("P13", "AWS::S3::AccessPoint", on(access_point), "FAIL"),
        (
            "P14",
            bucket,
            policy(&[
                of(get(), json!({"Service": "cloudtrail.amazonaws.com"})),
                of(get(), json!({"AWS": "444455556666"})),
                of(get(), json!("*")),
            ]),
            "FAIL",
        ),
        (
            "P15",
            "AWS::DynamoDB::Table",
            on(json!({"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:user/John"}})),
            "PASS",
        ),
        (
            "P16",
            "AWS::EFS::FileSystem",
            on(json!({"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}})),
            "PASS",
        ),
        ("P17", "AWS::KMS::Key", on(json!({"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}})), "FAIL"),
        (
            "P18",
            "AWS::KMS::Key",
            on(
                json!({"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com", "kms:CallerAccount": "111122223333"}}),
            ),
            "PASS",
        ),
        ("P19", bucket, on(json!({"StringNotEquals": {org: "o-abc"}})), "FAIL"),
        ("P20", bucket, denied("StringNotEquals"), "PASS"),
        ("P21", bucket, denied("StringNotEqualsIfExists"), "PASS"),
        ("P22", bucket, on(json!({"ForAllValues:StringEquals": {"aws:PrincipalOrgPaths": "o-a/r-b/ou-c/"}})), "FAIL"),
        ("P23", bucket, on(json!({"StringEquals": {"aws:SourceAccount": ["111122223333", "444455556666"]}})), "PASS"),
        ("P24", bucket, on(json!({"StringLike": {"aws:SourceAccount": "*"}})), "FAIL"),
        ("P25", bucket, on(json!({"StringEquals": {"aws:PrincipalTag/team": "x"}})), "FAIL"),
        (
            "P26",
            bucket,
            one(
                json!({"Effect": "Allow", "NotPrincipal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "*"}),
            ),
            "FAIL",
        ),
        (
            "P27",
            "AWS::IAM::AssumeRolePolicyDocument",
            trust(Some(json!({"StringEquals": {"sts:ExternalId": "abc"}}))),
            "FAIL",
        ),
        ("P28", "AWS::Lambda::Function", on(json!({"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}})), "FAIL"),
        ("P29", "AWS::SQS::Queue", on(json!({"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::bucket"}})), "PASS"),
        ("P30", bucket, one(of(get(), json!({"Service": "s3.amazonaws.com"}))), "PASS"),
        ("P31", bucket, on(json!({"StringEquals": {"aws:SourceVpce": "${aws:PrincipalTag/vpce}"}})), "FAIL"),
    ];
    let types = [
        "AWS::Backup::BackupVault",
        "AWS::CodeArtifact::Domain",
        "AWS::DynamoDB::Table",
        "AWS::Kinesis::Stream",
        "AWS::Kinesis::StreamConsumer",
        "AWS::OpenSearchService::Domain",
        "AWS::S3Tables::Table",
        "AWS::S3Tables::TableBucket",
        "AWS::SNS::Topic",
    ];
    rows.extend(types.map(|t| ("P5", t, one(of(get(), star())), "FAIL")));
    rows
}

/// Runs a batch and gives its lines.
fn batch(command: &str, lines: &[Value], args: &[&str]) -> (Run, Vec<Value>) {
    let text: String = lines.iter().map(|l| format!("{l}\n")).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let result = run(in_folder(folder.path()).args([command, "--batch", "-"]).args(args).write_stdin(text));
    let answers = result.out.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    (result, answers)
}

fn document(policy: &Value) -> PolicyDocument {
    PolicyDocument::new(read(SourceId(0), &policy.to_string(), &Limits::default()).expect("JSON"))
}

fn wrong<'a>(rows: impl Iterator<Item = (&'a str, &'a str)>, answers: &[Value]) -> Vec<String> {
    let mut wrong = Vec::new();
    let rows: Vec<_> = rows.collect();
    assert_eq!(rows.len(), answers.len());
    for ((id, verdict), answer) in rows.into_iter().zip(answers) {
        assert_eq!(answer["id"], id);
        let fails = answer["result"] == "FAIL";
        if answer["result"] != verdict {
            wrong.push(format!("{id}: expected {verdict}: {answer}"));
        } else if answer["witness"].is_null() == fails || answer["reasons"] == json!([]) && fails {
            wrong.push(format!("{id}: reasons or witness are missing: {answer}"));
        }
    }
    wrong
}

#[test]
fn the_worked_examples_of_new_access_come_out_as_stated() {
    let rows = new_access_examples();
    let lines: Vec<Value> = rows
        .iter()
        .map(|(id, kind, existing, new, _)| json!({"id": id, "policyType": kind, "existing": existing, "new": new}))
        .collect();
    let (result, answers) = batch("check-no-new-access", &lines, &[]);
    let wrong = wrong(rows.iter().map(|r| (r.0, r.4)), &answers);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(result.code, 1);
    for ((id, kind, existing, new, _), answer) in rows.iter().zip(&answers).filter(|(_, a)| a["result"] == "FAIL") {
        let request = parse_request(&answer["witness"].to_string()).unwrap_or_else(|e| panic!("{id}: {e}: {answer}"));
        let kind = if *kind == "identity" { PolicyKind::Identity } else { PolicyKind::Resource };
        let allows = |policy: &Value| matches!(verdict(&document(policy), kind, &request), Verdict::Allow { .. });
        assert!(allows(new) && !allows(existing), "{id}: the witness as it is written shows it: {answer}");
    }
    assert!(answers.iter().all(|a| a["micros"].as_f64().is_some_and(|m| m > 0.0)));
}

#[test]
fn the_worked_examples_of_access_not_granted_come_out_as_stated() {
    let rows = not_granted_examples();
    let lines: Vec<Value> = rows
        .iter()
        .map(|(id, kind, actions, resources, policy, _)| {
            json!({"id": id, "policyType": kind, "policy": policy, "actions": actions, "resources": resources})
        })
        .collect();
    let (_, answers) = batch("check-access-not-granted", &lines, &[]);
    let wrong = wrong(rows.iter().map(|r| (r.0, r.5)), &answers);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let sid = answers.iter().find(|a| a["id"] == "31").expect("the row");
    let description = "One or more of the listed actions or resources in the statement with sid: AllowJohnDoe.";
    let reason = json!({"description": description, "statementIndex": 0, "statementId": "AllowJohnDoe"});
    assert_eq!(sid["reasons"], json!([reason]));
}

#[test]
fn the_worked_examples_of_public_access_come_out_as_stated() {
    let rows = public_examples();
    let lines: Vec<Value> = rows
        .iter()
        .map(|(id, resource_type, policy, _)| json!({"id": id, "resourceType": resource_type, "policy": policy}))
        .collect();
    let (_, answers) = batch("check-no-public-access", &lines, &[]);
    let wrong = wrong(rows.iter().map(|r| (r.0, r.3)), &answers);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // An empty `Sid` is no name.
    let empty = answers.iter().find(|a| a["id"] == "P6").expect("the row");
    let description = "Public access granted in the following statement with index: 0.";
    let reason = json!({"description": description, "statementIndex": 0, "statementId": null});
    assert_eq!(empty["reasons"], json!([reason]));
}

#[test]
fn keys_that_follow_from_the_principal_are_untied_as_the_service_reads_them() {
    let statement = || allow("s3:GetObject", "*");
    let arn = "arn:aws:iam::111122223333:role/A";
    let existing = policy(&[of(statement(), json!({"AWS": arn}))]);
    let new = policy(&[when(of(statement(), json!("*")), json!({"ArnEquals": {"aws:PrincipalArn": arn}}))]);
    let line = [json!({"id": 1, "policyType": "resource", "existing": existing, "new": new})];
    assert_eq!(batch("check-no-new-access", &line, &[]).1[0]["result"], "PASS");
    assert_eq!(batch("check-no-new-access", &line, &["--aws-compat"]).1[0]["result"], "FAIL");
}
