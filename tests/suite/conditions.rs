//! Checks of `Condition` at their borders: what depends on an unknown value is not reported, and what is certain
//! although a part is unknown is.

use iam_preflight::catalog::Catalog;
use iam_preflight::checks::{self, CheckContext, TRUST_POLICY};
use iam_preflight::finding::{Finding, fix};
use iam_preflight::policy::{PolicyDocument, PolicyType};
use iam_preflight::source::{
    Limits, Node, NodeKind, Shape, SourceId, Sources, Span, Symbol, SymbolInfo, SymbolKind, Text, json,
};

/// `@` in strings and keys stands for one unknown value.
fn with_unknowns(node: &mut Node) {
    let text = |t: &mut Text| {
        let symbol = Symbol::intern(SymbolInfo {
            scope: "conditions".into(),
            name: "Unknown".into(),
            kind: SymbolKind::Parameter,
            shape: Shape::Any,
            sensitive: false,
        });
        *t = Text::from_encoded(t.as_str().replace('@', &symbol.as_char().to_string()));
    };
    match &mut node.kind {
        NodeKind::String(t) => text(t),
        NodeKind::Sequence(items) => items.iter_mut().for_each(with_unknowns),
        NodeKind::Mapping(map) => {
            for entry in &mut map.entries {
                text(&mut entry.key);
                with_unknowns(&mut entry.value);
            }
        }
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) => {}
    }
}

fn findings(statement: &str, policy_type: PolicyType, resource_type: Option<&str>) -> Vec<Finding> {
    let text = format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{statement}]}}");
    let mut root = json::read(SourceId(0), &text, &Limits::default()).unwrap();
    with_unknowns(&mut root);
    let document = PolicyDocument::new(root);
    let mut context = CheckContext::new(&document, policy_type, Catalog::embedded());
    context.resource_type = resource_type;
    checks::run_all(&context, false)
}

fn codes(condition: &str) -> Vec<&'static str> {
    let statement = format!(r#"{{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {condition}}}"#);
    let mut codes: Vec<_> =
        findings(&statement, PolicyType::IdentityPolicy, None).into_iter().map(|f| f.code).collect();
    codes.dedup();
    codes
}

fn trust_codes(principal: &str, condition: &str) -> Vec<&'static str> {
    let action = "sts:AssumeRoleWithWebIdentity";
    let statement =
        format!(r#"{{"Effect": "Allow", "Principal": {principal}, "Action": "{action}", "Condition": {condition}}}"#);
    findings(&statement, PolicyType::ResourcePolicy, Some(TRUST_POLICY)).into_iter().map(|f| f.code).collect()
}

#[test]
fn nothing_is_said_of_a_value_that_is_not_known() {
    for condition in [
        r#"{"IpAddress": {"aws:SourceIp": "@"}}"#,
        r#"{"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "@"]}}"#,
        r#"{"Bool": {"aws:SecureTransport": "@"}}"#,
        r#"{"NumericLessThan": {"s3:max-keys": "@"}}"#,
        r#"{"DateLessThan": {"aws:CurrentTime": "20@-01-01"}}"#,
        r#"{"StringEquals": {"aws:RequestedRegion": "@"}}"#,
        r#"{"StringEquals": {"aws:SourceVpc": "vpc-@"}}"#,
        r#"{"StringEquals": {"aws:SourceVpce": "@"}}"#,
        r#"{"StringEquals": {"aws:CalledViaFirst": "@.amazonaws.com"}}"#,
        r#"{"StringEquals": {"@:prefix": "x"}}"#,
        r#"{"StringEquals": {"@": "x"}}"#,
        r#"{"StringLike": {"aws:userid": "@*"}}"#,
        r#"{"@": {"aws:SourceVpc": "vpc-1a2b3c4d"}}"#,
        r#"{"NumericEquals": {"s3:max-keys": [10, "@"]}}"#,
    ] {
        assert_eq!(codes(condition), [] as [&str; 0], "{condition}");
    }
}

#[test]
fn what_is_wrong_whatever_the_unknown_part_becomes_is_reported() {
    assert_eq!(codes(r#"{"StringEquals": {"aws:PrincipalTag/team": "@*"}}"#), ["WILDCARD_WITHOUT_LIKE_OPERATOR"]);
    assert_eq!(codes(r#"{"StringEquals": {"aws:TagKeys": "@"}}"#), ["MISSING_QUALIFIER"]);
    assert_eq!(
        codes(r#"{"ForAllValues:StringEquals": {"aws:PrincipalTag/@": "x"}}"#),
        ["FORALLVALUES_WITH_SINGLE_VALUED_KEY"]
    );
    assert_eq!(codes(r#"{"StringLike": {"aws:PrincipalOrgID": "@*"}}"#), ["WILDCARD_USAGE_TOO_PERMISSIVE"]);
}

#[test]
fn an_unknown_key_may_be_the_one_that_is_missing() {
    assert_eq!(
        codes(r#"{"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}, "StringEquals": {"@": "x"}}"#),
        [] as [&str; 0]
    );
    let provider = r#"{"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.example.com"}"#;
    assert_eq!(trust_codes(provider, r#"{"StringEquals": {"@:sub": "x"}}"#), [] as [&str; 0]);
    let unknown = r#"{"Federated": "@"}"#;
    assert_eq!(trust_codes(unknown, r#"{"Bool": {"aws:SecureTransport": "true"}}"#), [] as [&str; 0]);
    let service = r#"{"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": "*", "Condition": "@"}"#;
    let of_service = findings(service, PolicyType::ResourcePolicy, None);
    assert!(of_service.iter().all(|f| f.code != "RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL"), "{of_service:?}");
}

#[test]
fn the_providers_that_iam_has_built_in_need_no_confirmation_of_the_audience() {
    let google = r#"{"Federated": "accounts.google.com"}"#;
    assert_eq!(trust_codes(google, r#"{"StringEquals": {"accounts.google.com:aud": "x"}}"#), [] as [&str; 0]);
    let own = r#"{"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/a"}"#;
    assert_eq!(
        trust_codes(own, r#"{"StringEquals": {"oidc.example.com/a:aud": "x"}}"#),
        ["CONFIRM_AUDIENCE_CLAIM_TYPE"]
    );
}

#[test]
fn saml_attributes_are_keys_of_sts_and_not_of_a_service_called_saml() {
    let statement = r#"{"Effect": "Allow",
        "Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/Corp"},
        "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
        "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}}"#;
    let found = findings(statement, PolicyType::ResourcePolicy, Some(TRUST_POLICY));
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn keys_that_tell_of_the_session_go_with_every_action() {
    for condition in [
        r#"{"ArnEquals": {"lambda:SourceFunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:f"}}"#,
        r#"{"ArnLike": {"ec2:SourceInstanceARN": "arn:aws:ec2:*:111122223333:instance/*"}}"#,
        r#"{"StringEquals": {"cognito-identity.amazonaws.com:sub": "us-east-1:x"}}"#,
    ] {
        let statement =
            format!(r#"{{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {condition}}}"#);
        let found = findings(&statement, PolicyType::IdentityPolicy, None);
        assert!(found.is_empty(), "{condition}: {found:?}");
    }
}

/// The text of a policy with every fix of its findings made.
fn mended(text: &str) -> String {
    let sources = Sources::new();
    let source = sources.add("policy.json", text);
    let catalog = Catalog::embedded();
    let mut found = checks::validate_text(source, text, PolicyType::IdentityPolicy, None, catalog, false);
    fix::settle(&mut found, &sources);
    fix::apply(text, source, &found).0
}

fn policy(condition: &str) -> String {
    format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::b", "Condition": {condition}}}]}}"#
    )
}

#[test]
fn certain_fixes_change_operators_keys_and_ranges_in_place() {
    for (wrong, right) in [
        (r#"{"StringEquals": {"s3:prefix": "a/*"}}"#, r#"{"StringLike": {"s3:prefix": "a/*"}}"#),
        (r#"{"StringEqual": {"s3:prefix": "a"}}"#, r#"{"StringEquals": {"s3:prefix": "a"}}"#),
        (
            r#"{"IpAddress": {"aws:SourceIp": "203.0.113.5/24"}}"#,
            r#"{"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}"#,
        ),
        (r#"{"StringEquals": {"s3:prefixx": "a"}}"#, r#"{"StringEquals": {"s3:prefix": "a"}}"#),
        (r#"{"Bool": {"aws:SecureTransports": "true"}}"#, r#"{"Bool": {"aws:SecureTransport": "true"}}"#),
        (r#"{"NullIfExists": {"s3:prefix": "true"}}"#, r#"{"Null": {"s3:prefix": "true"}}"#),
    ] {
        assert_eq!(mended(&policy(wrong)), policy(right));
    }
    // The other operator is there already: two entries of one name would hide one of them.
    let clash = policy(r#"{"StringEquals": {"s3:prefix": "a/*"}, "StringLike": {"s3:delimiter": "/"}}"#);
    assert_eq!(mended(&clash), clash);
}

#[test]
fn spans_point_at_the_value_and_at_the_key() {
    let text = policy(r#"{"IpAddress": {"aws:SourceIp": ["198.51.100.0/24", "203.0.113.5/24"]}}"#);
    let found = checks::validate_text(SourceId(0), &text, PolicyType::IdentityPolicy, None, Catalog::embedded(), false);
    let of = |code: &str| -> &str {
        let span: Span = found.iter().find(|f| f.code == code).and_then(|f| f.locations[0].span).unwrap();
        &text[span.start as usize..span.end as usize]
    };
    assert_eq!(of("IMPROVE_IP_RANGE"), "\"203.0.113.5/24\"");
}
