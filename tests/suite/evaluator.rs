//! The plain evaluator: every row of IAM's tables of operators, resources and principals.

use iam_preflight::logic::evaluate::{PolicyKind, Verdict, verdict};
use iam_preflight::logic::{Caller, Context, Request};
use iam_preflight::policy::PolicyDocument;
use iam_preflight::source::{Limits, SourceId, json};

fn document(text: &str) -> PolicyDocument {
    PolicyDocument::new(json::read(SourceId(0), text, &Limits::default()).unwrap_or_else(|e| panic!("{e:?}: {text}")))
}

fn user() -> Caller {
    Caller::User { arn: "arn:aws:iam::111122223333:user/team/bob".into() }
}

fn request(caller: Caller, resource: &str, keys: &[(&str, &[&str])]) -> Request {
    let mut context = Context::default();
    for (key, values) in keys {
        context.set(*key, values.iter().map(|v| (*v).into()).collect());
    }
    Request { caller, action: "s3:GetObject".into(), resource: resource.into(), resource_account: None, context }
}

/// Operator, key, values of the policy (JSON), values of the request (none: the key is absent), and whether it holds.
const CONDITIONS: &[(&str, &str, &str, &[&str], bool)] = &[
    ("StringEquals", "k:k", r#""a""#, &["a"], true),
    ("StringEquals", "k:k", r#""a""#, &["A"], false),
    ("StringEquals", "k:k", r#""a*""#, &["ab"], false),
    ("StringEquals", "k:k", r#""a*""#, &["a*"], true),
    ("StringEquals", "k:k", r#"["a", "b"]"#, &["b"], true),
    ("StringEquals", "k:k", r#""a""#, &[], false),
    ("StringEquals", "K:K", r#""a""#, &["a"], true),
    ("StringEquals", "k:k", "[]", &["a"], false),
    ("StringNotEquals", "k:k", "[]", &["a"], true),
    ("StringNotEquals", "k:k", r#"["a", "b"]"#, &["b"], false),
    ("StringNotEquals", "k:k", r#""a""#, &["b"], true),
    ("StringNotEquals", "k:k", r#""a""#, &[], true),
    ("StringEqualsIgnoreCase", "k:k", r#""aB""#, &["Ab"], true),
    ("StringEqualsIgnoreCase", "k:k", r#""aB""#, &[], false),
    ("StringNotEqualsIgnoreCase", "k:k", r#""aB""#, &["Ab"], false),
    ("StringNotEqualsIgnoreCase", "k:k", r#""aB""#, &[], true),
    ("StringLike", "k:k", r#""a*c?""#, &["abbcd"], true),
    ("StringLike", "k:k", r#""a*""#, &["Ab"], false),
    ("StringLike", "k:k", r#""a*""#, &[], false),
    ("StringNotLike", "k:k", r#""a*""#, &["ab"], false),
    ("StringNotLike", "k:k", r#""a*""#, &[], true),
    ("StringEqualsIfExists", "k:k", r#""a""#, &[], true),
    ("StringEqualsIfExists", "k:k", r#""a""#, &["b"], false),
    ("StringEquals", "k:k", r#""a""#, &["a", "b"], false),
    ("StringNotEquals", "k:k", r#""c""#, &["a", "b"], false),
    ("StringLike", "k:k", r#""${aws:username}-*""#, &["bob-1"], true),
    ("StringLike", "k:k", r#""${aws:username}-*""#, &["bo-1"], false),
    ("StringNotLike", "k:k", r#""${aws:SourceVpc}""#, &["x"], true),
    ("StringLike", "k:k", r#""${aws:SourceVpc}""#, &["x"], false),
    ("StringEquals", "k:k", r#""${aws:SourceVpc, 'none'}""#, &["none"], true),
    ("StringLike", "k:k", r#""a${*}""#, &["a*"], true),
    ("StringLike", "k:k", r#""a${*}""#, &["ab"], false),
    ("NumericEquals", "k:k", "5", &["5.0"], true),
    ("NumericEquals", "k:k", r#""5""#, &["6"], false),
    ("NumericEquals", "k:k", "5", &[], false),
    ("NumericEquals", "k:k", "5", &["five"], false),
    ("NumericNotEquals", "k:k", "5", &["5.00"], false),
    ("NumericNotEquals", "k:k", "5", &["five"], true),
    ("NumericNotEquals", "k:k", "5", &[], true),
    ("NumericLessThan", "k:k", "[5, 10]", &["9.99"], true),
    ("NumericLessThan", "k:k", "10", &["10"], false),
    ("NumericLessThanEquals", "k:k", "10", &["10.0"], true),
    ("NumericGreaterThan", "k:k", "10", &["10.01"], true),
    ("NumericGreaterThan", "k:k", "10", &["10"], false),
    ("NumericGreaterThanEquals", "k:k", "10", &["10"], true),
    ("NumericLessThanIfExists", "k:k", "10", &[], true),
    ("NumericLessThan", "k:k", "9007199254740993", &["9007199254740992"], true),
    ("DateEquals", "k:k", r#""2020-01-01T00:00:00Z""#, &["1577836800"], true),
    ("DateEquals", "k:k", r#""2020-01-01T00:00:00Z""#, &["2020-01-01T01:00:00+01:00"], true),
    ("DateNotEquals", "k:k", r#""2020-01-01""#, &["2020-01-02"], true),
    ("DateNotEquals", "k:k", r#""2020-01-01""#, &[], true),
    ("DateLessThan", "k:k", r#""2020-01-01T00:00:00.5Z""#, &["2020-01-01T00:00:00.25Z"], true),
    ("DateLessThan", "k:k", r#""2020-01-01""#, &["2020-01-01"], false),
    ("DateLessThanEquals", "k:k", r#""2020-01-01""#, &["2020-01-01"], true),
    ("DateGreaterThan", "k:k", r#""2020-01-01""#, &["2019-12-31T23:59:59Z"], false),
    ("DateGreaterThanEquals", "k:k", "1577836800", &["2020-01-01"], true),
    ("Bool", "k:k", "true", &["true"], true),
    ("Bool", "k:k", r#""TRUE""#, &["true"], true),
    ("Bool", "k:k", "false", &["true"], false),
    ("Bool", "k:k", "false", &[], false),
    ("BoolIfExists", "k:k", "false", &[], true),
    ("BinaryEquals", "k:k", r#""QmluYXJ5""#, &["QmluYXJ5"], true),
    ("BinaryEquals", "k:k", r#""QmluYXJ5""#, &["QmluYXJ6"], false),
    ("BinaryEquals", "k:k", r#""not base64""#, &["not base64"], false),
    ("IpAddress", "k:k", r#""10.1.2.3/8""#, &["10.200.0.1"], true),
    ("IpAddress", "k:k", r#""10.1.2.3""#, &["10.1.2.4"], false),
    ("IpAddress", "k:k", r#""2001:db8::/32""#, &["2001:0db8:0:0::1"], true),
    ("IpAddress", "k:k", r#""0.0.0.0/0""#, &["2001:db8::1"], false),
    ("NotIpAddress", "k:k", r#""0.0.0.0/0""#, &["2001:db8::1"], true),
    ("NotIpAddress", "k:k", r#""10.0.0.0/8""#, &["10.0.0.1"], false),
    ("NotIpAddress", "k:k", r#""10.0.0.0/8""#, &[], true),
    ("IpAddress", "k:k", r#""10.0.0.0/8""#, &[], false),
    ("ArnEquals", "k:k", r#""arn:aws:sns:*:111122223333:t*""#, &["arn:aws:sns:us-east-1:111122223333:topic"], true),
    ("ArnLike", "k:k", r#""arn:aws:s3:::b/*""#, &["arn:aws:s3:::b/a:b/c"], true),
    ("ArnLike", "k:k", r#""arn:aws:s3:*b""#, &["arn:aws:s3:::b"], false),
    ("ArnLike", "k:k", r#""arn:*:b""#, &["arn:aws:s3:::b"], false),
    ("ArnLike", "k:k", r#""*""#, &["arn:aws:s3:::b"], false),
    ("ArnLike", "k:k", r#""arn:aws:s3:::b""#, &["b"], false),
    ("ArnNotLike", "k:k", r#""arn:aws:s3:::b""#, &["b"], true),
    ("ArnNotEquals", "k:k", r#""arn:aws:s3:::b""#, &[], true),
    ("ArnLike", "k:k", r#""arn:aws:s3:::B""#, &["arn:aws:s3:::b"], false),
    ("Null", "k:k", "true", &[], true),
    ("Null", "k:k", r#""true""#, &["a"], false),
    ("Null", "k:k", r#""false""#, &["a"], true),
    ("Null", "k:k", r#""false""#, &[], false),
    ("Null", "k:k", r#"["true", "false"]"#, &["a"], true),
    ("ForAllValues:StringEquals", "aws:TagKeys", r#"["a", "b"]"#, &["a", "b"], true),
    ("ForAllValues:StringEquals", "aws:TagKeys", r#"["a", "b"]"#, &["a", "c"], false),
    ("ForAllValues:StringEquals", "aws:TagKeys", r#"["a"]"#, &[], true),
    ("ForAllValues:StringEquals", "aws:TagKeys", r#"["a"]"#, &[""], true),
    ("ForAllValues:StringEquals", "aws:TagKeys", "[]", &["a"], false),
    ("ForAllValues:StringNotEquals", "aws:TagKeys", r#"["a"]"#, &["b", "c"], true),
    ("ForAllValues:StringNotEquals", "aws:TagKeys", r#"["a"]"#, &["a", "c"], false),
    ("ForAllValues:StringNotEquals", "aws:TagKeys", r#"["a"]"#, &[], true),
    ("ForAnyValue:StringEquals", "aws:TagKeys", r#"["a"]"#, &["a", "c"], true),
    ("ForAnyValue:StringEquals", "aws:TagKeys", r#"["a"]"#, &["c"], false),
    ("ForAnyValue:StringEquals", "aws:TagKeys", r#"["a"]"#, &[], false),
    ("ForAnyValue:StringEqualsIfExists", "aws:TagKeys", r#"["a"]"#, &[], true),
    ("ForAnyValue:StringNotEquals", "aws:TagKeys", r#"["a"]"#, &["a", "c"], true),
    ("ForAnyValue:StringNotEquals", "aws:TagKeys", r#"["a"]"#, &["a"], false),
    ("ForAnyValue:StringNotEquals", "aws:TagKeys", r#"["a"]"#, &[], false),
    ("ForAnyValue:NumericLessThan", "k:k", "5", &["9", "4"], true),
    ("StringEquals", "aws:username", r#""bob""#, &[], true),
    ("StringEquals", "aws:PrincipalType", r#""User""#, &[], true),
    ("StringEquals", "aws:PrincipalAccount", r#""111122223333""#, &[], true),
    ("ArnLike", "aws:PrincipalArn", r#""arn:aws:iam::*:user/*""#, &[], true),
    ("Bool", "aws:PrincipalIsAWSService", "false", &[], true),
];

#[test]
fn operators_hold_as_in_iam_s_table() {
    for (operator, key, listed, values, expected) in CONDITIONS {
        let policy = document(&format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {{"{operator}": {{"{key}": {listed}}}}}}}}}"#
        ));
        let keys: &[(&str, &[&str])] = &[(key, values)];
        let request = request(user(), "*", if values.is_empty() { &[] } else { keys });
        let holds = matches!(verdict(&policy, PolicyKind::Identity, &request), Verdict::Allow { .. });
        assert_eq!(holds, *expected, "{operator} {key} {listed} against {values:?}");
    }
}

/// Pattern, resource of the request, and whether they match in identity-based policies, resource-based policies, SCPs.
const RESOURCES: &[(&str, &str, [bool; 3])] = &[
    ("*", "*", [true; 3]),
    ("*", "arn:aws:s3:::b", [true; 3]),
    ("arn:aws:s3:::*", "*", [false; 3]),
    ("arn:aws:s3:::b", "arn:aws:s3:::b", [true; 3]),
    ("arn:aws:s3:::b", "arn:aws:s3:::B", [false; 3]),
    ("arn:aws:s3:::b/*", "arn:aws:s3:::b", [false; 3]),
    ("arn:aws:s3:::b/*", "arn:aws:s3:::b/x:y/z", [true; 3]),
    ("arn:aws:s3:*b", "arn:aws:s3:::b", [false; 3]),
    ("arn:*:s3:::b", "arn:aws-cn:s3:::b", [true; 3]),
    ("arn:aws:sqs", "arn:aws:sqs:us-east-1:111122223333:q", [true, false, false]),
    ("arn:aws:sq*", "arn:aws:sqs:us-east-1:111122223333:q", [true; 3]),
    ("arn:aws:*:us-east-1", "arn:aws:sqs:us-east-1:111122223333:q", [true, true, false]),
    ("arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/bob", [true; 3]),
    ("arn:aws:s3:::b/${aws:SourceVpc}", "arn:aws:s3:::b/", [false; 3]),
    ("arn:aws:sqs:us-east-1:${aws:PrincipalAccount}:q", "arn:aws:sqs:us-east-1:111122223333:q", [false; 3]),
];

#[test]
fn resources_match_field_by_field() {
    for (pattern, resource, expected) in RESOURCES {
        let kinds = [PolicyKind::Identity, PolicyKind::Endpoint, PolicyKind::ServiceControl];
        for (kind, expected) in kinds.into_iter().zip(expected) {
            for (element, expected) in [("Resource", *expected), ("NotResource", !*expected)] {
                let policy = document(&format!(
                    r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Principal": "*", "Action": "S3:GET*",
                    "{element}": "{pattern}"}}]}}"#
                ));
                let request = request(user(), resource, &[]);
                let applies = matches!(verdict(&policy, kind, &request), Verdict::Allow { .. });
                assert_eq!(applies, expected, "{element} {pattern} against {resource} in {kind:?}");
            }
        }
    }
}

#[test]
fn principals_name_accounts_users_sessions_services_and_providers() {
    let role = || Caller::Role { arn: "arn:aws:iam::111122223333:role/path/app".into(), session: "s1".into() };
    let service = || Caller::Service { name: "sns.amazonaws.com".into() };
    let provider = "arn:aws:iam::111122223333:saml-provider/p";
    let federated = || Caller::Federated { provider: provider.into() };
    let cases: &[(&str, Caller, bool)] = &[
        (r#""*""#, Caller::Anonymous, true),
        (r#"{"AWS": "*"}"#, Caller::Anonymous, true),
        (r#"{"AWS": "*"}"#, service(), true),
        (r#"{"AWS": "111122223333"}"#, user(), true),
        (r#"{"AWS": "111122223333"}"#, role(), true),
        (r#"{"AWS": "444455556666"}"#, role(), false),
        (r#"{"AWS": "111122223333"}"#, Caller::Anonymous, false),
        (r#"{"AWS": "111122223333"}"#, federated(), false),
        (r#"{"AWS": "arn:aws:iam::111122223333:root"}"#, user(), true),
        (r#"{"AWS": "arn:aws-cn:iam::111122223333:root"}"#, user(), false),
        (r#"{"AWS": "arn:aws:iam::111122223333:user/team/bob"}"#, user(), true),
        (r#"{"AWS": "arn:aws:iam::111122223333:user/bob"}"#, user(), false),
        (r#"{"AWS": "arn:aws:iam::111122223333:role/path/app"}"#, role(), true),
        (r#"{"AWS": "arn:aws:iam::111122223333:role/app"}"#, role(), false),
        (r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/app/s1"}"#, role(), true),
        (r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/app/s2"}"#, role(), false),
        (r#"{"AWS": "arn:aws:iam::*:role/path/*"}"#, role(), true),
        (r#"{"AWS": "AROAEXAMPLE"}"#, role(), false),
        (r#"{"Service": "sns.amazonaws.com"}"#, service(), true),
        (r#"{"Service": "sqs.amazonaws.com"}"#, service(), false),
        (r#"{"Service": "*"}"#, service(), true),
        (r#"{"Service": "*"}"#, user(), false),
        (r#"{"Federated": "arn:aws:iam::111122223333:saml-provider/p"}"#, federated(), true),
        (r#"{"Federated": "*"}"#, federated(), true),
        (r#"{"CanonicalUser": "79a5"}"#, Caller::Canonical { id: "79a5".into() }, true),
        (r#"{"AWS": ["444455556666", "111122223333"], "Service": "x"}"#, user(), true),
    ];
    for (principal, caller, expected) in cases {
        for (element, expected) in [("Principal", *expected), ("NotPrincipal", !*expected)] {
            let policy = document(&format!(
                r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "{element}": {principal}, "Action": "*", "Resource": "*"}}]}}"#
            ));
            let request = request(caller.clone(), "*", &[]);
            let applies = matches!(verdict(&policy, PolicyKind::Resource, &request), Verdict::Allow { .. });
            assert_eq!(applies, expected, "{element} {principal} against {caller:?}");
        }
    }
}

#[test]
fn a_deny_outweighs_every_allow_and_names_its_statements() {
    let policy = document(
        r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Effect": "Deny", "NotAction": "s3:Get*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::secret/*"}]}"#,
    );
    let said = |resource: &str| verdict(&policy, PolicyKind::Identity, &request(user(), resource, &[]));
    assert_eq!(said("arn:aws:s3:::open/x"), Verdict::Allow { statements: vec![0] });
    assert_eq!(said("arn:aws:s3:::secret/x"), Verdict::ExplicitDeny { statements: vec![2] });
}
