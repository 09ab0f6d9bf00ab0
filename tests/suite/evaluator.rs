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
    // `…IfExists` adds nothing to a negated operator.
    ("StringNotEqualsIfExists", "k:k", r#""a""#, &[], true),
    ("StringNotEqualsIfExists", "k:k", r#""a""#, &["a"], false),
    ("StringEqualsIfExists", "k:k", r#""a""#, &["a"], true),
    ("StringNotLike", "k:k", r#"["a*", "b*"]"#, &["bc"], false),
    ("StringNotLike", "k:k", r#"["a*", "b*"]"#, &["cc"], true),
    ("stringlike", "k:k", r#""a*""#, &["ab"], true),
    ("StringEquals", "k:k", "true", &["true"], true),
    ("StringEquals", "k:k", "5", &["5"], true),
    ("StringEquals", "k:k", r#""5.0""#, &["5"], false),
    ("StringEquals", "k:k", r#""""#, &[""], true),
    ("StringEqualsIgnoreCase", "k:k", r#""É""#, &["é"], false),
    ("StringEquals", "aws:ResourceTag/Team", r#""a""#, &["a"], true),
    // A value that can't be read: no positive operator holds, every negated one does.
    ("NumericLessThan", "k:k", "5", &["four"], false),
    ("NumericGreaterThan", "k:k", "5", &[], false),
    ("NumericLessThan", "k:k", "0", &["-0.5"], true),
    ("NumericEquals", "k:k", r#""+5""#, &["5"], true),
    ("NumericEquals", "k:k", r#""1e1""#, &["10"], false),
    ("NumericEquals", "k:k", "[1, 2]", &["2"], true),
    ("NumericNotEquals", "k:k", "[1, 2]", &["2"], false),
    ("NumericNotEquals", "k:k", r#""five""#, &["5"], true),
    ("NumericEquals", "k:k", r#""five""#, &["five"], false),
    ("NumericEquals", "k:k", r#""5*""#, &["5"], false),
    ("DateEquals", "k:k", r#""2020-01-01""#, &[], false),
    ("DateEquals", "k:k", r#""soon""#, &["soon"], false),
    ("DateNotEquals", "k:k", r#""2020-01-01""#, &["soon"], true),
    ("DateLessThanIfExists", "k:k", r#""2020-01-01""#, &[], true),
    ("DateGreaterThan", "k:k", r#"["2030-01-01", "2020-01-01"]"#, &["2025-01-01T00:00:00Z"], true),
    ("BinaryEquals", "k:k", r#""QQ==""#, &[], false),
    ("BinaryEquals", "k:k", r#""QQ==""#, &["QQ"], false),
    ("IpAddress", "k:k", r#""2001:db8::1""#, &["2001:db8::2"], false),
    ("IpAddress", "k:k", r#"["10.0.0.0/8", "192.0.2.0/24"]"#, &["192.0.2.255"], true),
    ("NotIpAddress", "k:k", r#"["10.0.0.0/8", "192.0.2.0/24"]"#, &["192.0.2.255"], false),
    ("IpAddress", "k:k", r#""10.0.0.0/99""#, &["10.0.0.1"], false),
    ("NotIpAddress", "k:k", r#""10.0.0.0/99""#, &["10.0.0.1"], true),
    ("NotIpAddress", "k:k", r#""10.0.0.0/8""#, &["nowhere"], true),
    ("ArnLike", "k:k", r#""arn:aws:s3:::b""#, &[], false),
    ("ArnEquals", "k:k", r#""arn:aws:iam::*:user/${aws:username}""#, &["arn:aws:iam::111122223333:user/bob"], true),
    ("ArnNotLike", "k:k", r#"["arn:aws:s3:::a", "arn:aws:s3:::b"]"#, &["arn:aws:s3:::b"], false),
    ("Null", "aws:TagKeys", r#""true""#, &[], true),
    ("Null", "k:k", r#""${aws:username}""#, &["a"], false),
    // Set operators.
    ("ForAllValues:StringEqualsIfExists", "aws:TagKeys", r#""a""#, &["b"], false),
    ("ForAllValues:StringEqualsIfExists", "aws:TagKeys", r#""a""#, &[], true),
    ("ForAnyValue:StringNotEqualsIfExists", "aws:TagKeys", r#""a""#, &[], true),
    ("ForAnyValue:StringEquals", "aws:TagKeys", r#""a""#, &[""], false),
    ("ForAnyValue:StringEquals", "aws:TagKeys", r#""""#, &[""], true),
    ("ForAnyValue:StringEquals", "aws:TagKeys", "[]", &["a"], false),
    ("ForAnyValue:StringNotEquals", "aws:TagKeys", "[]", &["a"], true),
    ("ForAllValues:StringLike", "k:k", r#""a*""#, &["ab"], true),
    ("ForAllValues:StringNotLike", "aws:TagKeys", r#""a*""#, &["b", "ab"], false),
    ("StringEquals", "aws:TagKeys", r#""a""#, &["a"], true),
    // Variables: only one value can stand in, and it stands for itself.
    ("StringLike", "k:k", r#""${aws:PrincipalAccount}*""#, &["111122223333-x"], true),
    ("StringEquals", "k:k", r#""${AWS:USERNAME}""#, &["bob"], true),
    ("StringNotEquals", "k:k", r#"["${aws:SourceVpc}", "x"]"#, &["x"], false),
    ("NumericEquals", "k:k", r#""${aws:PrincipalAccount}""#, &["111122223333"], false),
    ("Bool", "k:k", r#""${aws:PrincipalIsAWSService}""#, &["false"], true),
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
    ("**", "*", [false; 3]),
    ("arn:aws:s3:::b", "b", [false; 3]),
    ("arn:aws:s3:::b?/x", "arn:aws:s3:::b1/x", [true; 3]),
    ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/x", [false; 3]),
    ("arn:aws:s3:::b/${aws:SourceVpc, 'none'}", "arn:aws:s3:::b/none", [true; 3]),
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

/// A verdict on one statement: effect, action and resource are there already.
fn allows(elements: &str, version: &str, kind: PolicyKind, request: &Request) -> bool {
    let policy = document(&format!(r#"{{"Version": "{version}", "Statement": {{"Effect": "Allow", {elements}}}}}"#));
    matches!(verdict(&policy, kind, request), Verdict::Allow { .. })
}

#[test]
fn a_short_arn_is_read_by_the_kind_of_policy() {
    use PolicyKind as K;
    let kinds = [K::Identity, K::Boundary, K::Session, K::Resource, K::Endpoint, K::ServiceControl, K::ResourceControl];
    let cases: &[(&str, [bool; 7])] = &[
        ("arn:aws:sqs", [true, true, true, false, false, false, false]),
        ("arn:aws:sqs:*", [true, true, true, true, true, true, false]),
        ("arn:*:sqs", [true, true, true, true, true, false, false]),
        ("arn:aws:sqs:us-east-1:111122223333:*", [true; 7]),
    ];
    for (pattern, expected) in cases {
        for (kind, expected) in kinds.into_iter().zip(expected) {
            for (element, expected) in [("Resource", *expected), ("NotResource", !*expected)] {
                let elements = format!(r#""Principal": "*", "Action": "*", "{element}": "{pattern}""#);
                let request = request(user(), "arn:aws:sqs:us-east-1:111122223333:q", &[]);
                assert_eq!(
                    allows(&elements, "2012-10-17", kind, &request),
                    expected,
                    "{element} {pattern} in {kind:?}"
                );
            }
        }
    }
}

#[test]
fn every_operator_and_every_key_has_to_hold() {
    let holds = |condition: &str, keys: &[(&str, &[&str])]| {
        let elements = format!(r#""Action": "*", "Resource": "*", "Condition": {condition}"#);
        allows(&elements, "2012-10-17", PolicyKind::Identity, &request(user(), "*", keys))
    };
    let both = r#"{"StringEquals": {"k:a": "1", "k:b": "2"}}"#;
    assert!(holds(both, &[("k:a", &["1"]), ("k:b", &["2"])]));
    assert!(!holds(both, &[("k:a", &["1"])]));
    let range = r#"{"NumericGreaterThan": {"k:a": 1}, "NumericLessThan": {"k:a": 3}}"#;
    assert!(holds(range, &[("K:A", &["2"])]));
    assert!(!holds(range, &[("k:a", &["3"])]));
    assert!(holds("{}", &[]));
    assert!(!holds(r#"{"StringLikely": {"k:a": "1"}}"#, &[("k:a", &["1"])]), "no such operator");
    // The pair that makes `ForAllValues` restrictive.
    let tags = r#"{"ForAllValues:StringEquals": {"aws:TagKeys": "a"}, "Null": {"aws:TagKeys": "false"}}"#;
    assert!(holds(tags, &[("aws:TagKeys", &["a"])]));
    assert!(!holds(tags, &[]));
    assert!(!holds(tags, &[("aws:TagKeys", &[])]), "no value is as good as no key");
}

#[test]
fn variables_are_read_in_the_newer_version_and_their_places_only() {
    let s3 = |text: &str| format!("arn:aws:s3:::{text}");
    let resource = r#""Action": "*", "Resource": "arn:aws:s3:::${aws:username}""#;
    let allowed = |elements: &str, version: &str, asked: &str| {
        allows(elements, version, PolicyKind::Identity, &request(user(), &s3(asked), &[("k:t", &["a*"])]))
    };
    assert!(allowed(resource, "2012-10-17", "bob"));
    assert!(!allowed(resource, "2008-10-17", "bob"));
    assert!(allowed(resource, "2008-10-17", "${aws:username}"));
    let star = r#""Action": "*", "Resource": "arn:aws:s3:::${*}""#;
    assert!(allowed(star, "2008-10-17", "${anything}"), "in the older version a wildcard between braces");
    assert!(!allowed(star, "2012-10-17", "${anything}"));
    assert!(allowed(star, "2012-10-17", "*"));
    let tag = r#""Action": "*", "Resource": "arn:aws:s3:::${k:t}""#;
    assert!(allowed(tag, "2012-10-17", "a*"));
    assert!(!allowed(tag, "2012-10-17", "ab"), "the asterisk of a value is no wildcard");
    let action = r#""Action": "s3:${k:t}", "Resource": "*""#;
    assert!(!allowed(action, "2012-10-17", "b"));
    // Excludes nothing, as the variable has no value.
    assert!(allowed(r#""Action": "*", "NotResource": "arn:aws:s3:::${aws:SourceVpc}*""#, "2012-10-17", "x"));
}

#[test]
fn actions_are_compared_without_regard_to_case() {
    for (element, expected) in [
        (r#""Action": "S3:GETOBJECT""#, true),
        (r#""Action": "s3:get?bject""#, true),
        (r#""Action": "*:*""#, true),
        (r#""Action": "s3:Get""#, false),
        (r#""Action": ["sqs:*", "s3:*t"]"#, true),
        (r#""Action": []"#, false),
        (r#""NotAction": "s3:g*""#, false),
        (r#""NotAction": ["sqs:*", "ec2:*"]"#, true),
    ] {
        let elements = format!(r#"{element}, "Resource": "*""#);
        let holds = allows(&elements, "2012-10-17", PolicyKind::Identity, &request(user(), "*", &[]));
        assert_eq!(holds, expected, "{element}");
    }
}
