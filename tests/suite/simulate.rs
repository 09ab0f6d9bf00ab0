//! `simulate`: how policies combine, row by row of IAM's tables, and the command.

use std::fs;
use std::sync::Arc;

use iam_preflight::catalog::Catalog;
use iam_preflight::logic::evaluate::PolicyKind;
use iam_preflight::logic::evaluate::combine::{PolicySet, Ruling, decide};
use iam_preflight::policy::PolicyDocument;
use iam_preflight::simulate::{PolicyRole, accept, parse_request};
use iam_preflight::source::{Limits, SourceId, json as reader};
use serde_json::{Value, json};

use crate::binary::{Run, iam_preflight, in_folder, json, run};

const USER: &str = r#""arn:aws:iam::111122223333:user/bob""#;
const ROLE: &str = r#""arn:aws:sts::111122223333:assumed-role/app/s1""#;
const LINKED: &str =
    r#""arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling""#;
const SESSION: &str = r#""arn:aws:sts::111122223333:federated-user/eve""#;
const ROOT: &str = r#""arn:aws:iam::111122223333:root""#;
const SERVICE: &str = r#"{"service": "sns.amazonaws.com"}"#;
const PROVIDER: &str = r#"{"federated": "accounts.google.com"}"#;
const NOBODY: &str = "null";

const QUEUE: &str = "arn:aws:sqs:us-east-1:111122223333:q";
const FOREIGN: &str = "arn:aws:sqs:us-east-1:444455556666:q";
const BUCKET: &str = "arn:aws:s3:::b/x";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/k";
const FOREIGN_KEY: &str = "arn:aws:kms:us-east-1:444455556666:key/k";
const TARGET: &str = "arn:aws:iam::111122223333:role/target";
const FOREIGN_TARGET: &str = "arn:aws:iam::444455556666:role/target";

const BY_USER: &str = r#"{"AWS": "arn:aws:iam::111122223333:user/bob"}"#;
const BY_ROLE: &str = r#"{"AWS": "arn:aws:iam::111122223333:role/app"}"#;
const BY_SESSION: &str = r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/app/s1"}"#;
const BY_FEDERATED: &str = r#"{"AWS": "arn:aws:sts::111122223333:federated-user/eve"}"#;
const BY_ACCOUNT: &str = r#"{"AWS": "111122223333"}"#;
const BY_ROOT: &str = r#"{"AWS": "arn:aws:iam::111122223333:root"}"#;
const BY_SERVICE: &str = r#"{"Service": "sns.amazonaws.com"}"#;
const BY_PROVIDER: &str = r#"{"Federated": "accounts.google.com"}"#;
const EVERYONE: &str = r#""*""#;

/// What a policy of the caller's side says: everything allowed, nothing said, everything denied; or it is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Absent,
    Allows,
    Silent,
    Denies,
}
use Side::{Absent, Allows, Denies, Silent};

fn document(text: &str, kind: PolicyKind) -> Arc<PolicyDocument> {
    let root = reader::read(SourceId(0), text, &Limits::default()).unwrap_or_else(|e| panic!("{e:?}: {text}"));
    Arc::new(accept(root, PolicyRole::from(kind)).unwrap_or_else(|e| panic!("{e:?}: {text}")))
}

fn policy(side: Side, kind: PolicyKind, principal: Option<&str>) -> Option<Arc<PolicyDocument>> {
    let (effect, action) = match side {
        Absent => return None,
        Allows => ("Allow", "*"),
        Silent => ("Allow", "ec2:Nothing"),
        Denies => ("Deny", "*"),
    };
    let principal = principal.map(|p| format!(r#""Principal": {p}, "#)).unwrap_or_default();
    let text = format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "{effect}", {principal}"Action": "{action}", "Resource": "*"}}]}}"#
    );
    Some(document(&text, kind))
}

/// Identity policy, permissions boundary, session policy.
fn caller_side(sides: [Side; 3]) -> PolicySet {
    PolicySet {
        identity: policy(sides[0], PolicyKind::Identity, None).into_iter().collect(),
        boundary: policy(sides[1], PolicyKind::Boundary, None),
        session: policy(sides[2], PolicyKind::Session, None),
        ..PolicySet::default()
    }
}

fn ruling(policies: &PolicySet, principal: &str, action: &str, resource: &str) -> Ruling {
    let text = format!(r#"{{"principal": {principal}, "action": "{action}", "resource": "{resource}"}}"#);
    let request = parse_request(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    let decision = decide(policies, &request, Catalog::embedded());
    assert!(!decision.explanation.is_empty());
    match decision.ruling {
        Ruling::Allowed => {
            assert!(decision.decided_by.iter().all(|s| s.effect == iam_preflight::policy::Effect::Allow))
        }
        Ruling::ExplicitDeny => {
            assert!(!decision.decided_by.is_empty());
            assert!(decision.decided_by.iter().all(|s| s.effect == iam_preflight::policy::Effect::Deny));
        }
        Ruling::ImplicitDeny => assert_eq!(decision.decided_by, []),
    }
    decision.ruling
}

const YES: Ruling = Ruling::Allowed;
const NO: Ruling = Ruling::ImplicitDeny;
const DENIED: Ruling = Ruling::ExplicitDeny;

/// Caller, action, resource, how the resource's policy names the caller (if there is one), the caller's side, and what comes
/// of it.
type Row = (&'static str, &'static str, &'static str, Option<&'static str>, [Side; 3], Ruling);

#[track_caller]
fn hold(rows: &[Row]) {
    for row @ (caller, action, resource, named, sides, expected) in rows {
        let mut policies = caller_side(*sides);
        policies.resource = named.and_then(|named| policy(Allows, PolicyKind::Resource, Some(named)));
        assert_eq!(ruling(&policies, caller, action, resource), *expected, "{row:?}");
    }
}

#[test]
fn within_an_account_either_side_grants_and_boundary_and_session_policy_limit() {
    let send = "sqs:SendMessage";
    hold(&[
        (USER, send, QUEUE, None, [Absent, Absent, Absent], NO),
        (USER, send, QUEUE, None, [Allows, Absent, Absent], YES),
        (USER, send, QUEUE, None, [Silent, Absent, Absent], NO),
        (USER, send, QUEUE, None, [Denies, Absent, Absent], DENIED),
        (USER, send, QUEUE, None, [Allows, Allows, Absent], YES),
        (USER, send, QUEUE, None, [Allows, Silent, Absent], NO),
        (USER, send, QUEUE, None, [Allows, Denies, Absent], DENIED),
        (USER, send, QUEUE, None, [Absent, Allows, Absent], NO),
        (ROLE, send, QUEUE, None, [Allows, Absent, Allows], YES),
        (ROLE, send, QUEUE, None, [Allows, Absent, Silent], NO),
        (ROLE, send, QUEUE, None, [Allows, Absent, Denies], DENIED),
        (ROLE, send, QUEUE, None, [Absent, Absent, Allows], NO),
        // What names no account is taken to be the caller's.
        (USER, "s3:GetObject", BUCKET, None, [Allows, Absent, Absent], YES),
        (USER, "s3:ListAllMyBuckets", "*", None, [Allows, Absent, Absent], YES),
        // Managed policies of AWS belong to nobody else.
        (USER, "iam:GetPolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess", None, [Allows, Absent, Absent], YES),
    ]);
}

#[test]
fn within_an_account_the_form_of_the_principal_tells_what_limits_a_resource_policy() {
    let send = "sqs:SendMessage";
    hold(&[
        // A user's ARN: nothing.
        (USER, send, QUEUE, Some(BY_USER), [Absent, Absent, Absent], YES),
        (USER, send, QUEUE, Some(BY_USER), [Silent, Silent, Absent], YES),
        (USER, send, QUEUE, Some(BY_USER), [Denies, Absent, Absent], DENIED),
        (USER, send, QUEUE, Some(BY_USER), [Absent, Denies, Absent], DENIED),
        (USER, send, QUEUE, Some(BY_ROLE), [Absent, Absent, Absent], NO),
        // A role's ARN: boundary and session policy, not identity policies.
        (ROLE, send, QUEUE, Some(BY_ROLE), [Absent, Absent, Absent], YES),
        (ROLE, send, QUEUE, Some(BY_ROLE), [Silent, Allows, Allows], YES),
        (ROLE, send, QUEUE, Some(BY_ROLE), [Allows, Silent, Absent], NO),
        (ROLE, send, QUEUE, Some(BY_ROLE), [Allows, Absent, Silent], NO),
        // A role session's ARN: nothing.
        (ROLE, send, QUEUE, Some(BY_SESSION), [Silent, Silent, Silent], YES),
        (ROLE, send, QUEUE, Some(BY_SESSION), [Absent, Absent, Denies], DENIED),
        // A federated user's ARN: nothing.
        (SESSION, send, QUEUE, Some(BY_FEDERATED), [Silent, Silent, Silent], YES),
        // Everyone: nothing.
        (USER, send, QUEUE, Some(EVERYONE), [Silent, Silent, Absent], YES),
        (ROLE, send, QUEUE, Some(EVERYONE), [Silent, Silent, Silent], YES),
        (ROLE, send, QUEUE, Some(r#"{"AWS": "*"}"#), [Silent, Silent, Silent], YES),
        // The account: everything, since it only delegates.
        (USER, send, QUEUE, Some(BY_ACCOUNT), [Absent, Absent, Absent], NO),
        (USER, send, QUEUE, Some(BY_ROOT), [Allows, Absent, Absent], YES),
        (USER, send, QUEUE, Some(BY_ROOT), [Allows, Silent, Absent], NO),
        (ROLE, send, QUEUE, Some(BY_ACCOUNT), [Absent, Absent, Absent], NO),
        // Of several names, the one that is limited least.
        (
            ROLE,
            send,
            QUEUE,
            Some(
                r#"{"AWS": ["111122223333", "arn:aws:iam::111122223333:role/app", "arn:aws:sts::111122223333:assumed-role/app/s1"]}"#,
            ),
            [Absent, Silent, Silent],
            YES,
        ),
        // Somebody else's name does not count beside one's own.
        (
            USER,
            send,
            QUEUE,
            Some(r#"{"AWS": ["111122223333", "arn:aws:iam::111122223333:user/alice"]}"#),
            [Absent, Absent, Absent],
            NO,
        ),
    ]);
}

#[test]
fn root_users_are_limited_by_nothing_of_their_own() {
    let send = "sqs:SendMessage";
    hold(&[
        (ROOT, send, QUEUE, None, [Absent, Absent, Absent], YES),
        (ROOT, send, QUEUE, None, [Denies, Denies, Denies], YES),
        (ROOT, send, FOREIGN, None, [Absent, Absent, Absent], NO),
        (ROOT, send, FOREIGN, Some(BY_ACCOUNT), [Absent, Absent, Absent], YES),
        (ROOT, send, FOREIGN, Some(BY_USER), [Absent, Absent, Absent], NO),
    ]);
    let mut policies =
        PolicySet { resource: policy(Denies, PolicyKind::Resource, Some(EVERYONE)), ..PolicySet::default() };
    assert_eq!(ruling(&policies, ROOT, send, QUEUE), DENIED);
    policies = PolicySet {
        scp: vec![vec![policy(Denies, PolicyKind::ServiceControl, None).unwrap()]],
        ..PolicySet::default()
    };
    assert_eq!(ruling(&policies, ROOT, send, QUEUE), DENIED);
}

#[test]
fn across_accounts_both_sides_allow_however_the_caller_is_named() {
    let send = "sqs:SendMessage";
    for (caller, named) in [
        (USER, BY_USER),
        (USER, EVERYONE),
        (USER, BY_ACCOUNT),
        (ROLE, BY_ROLE),
        (ROLE, BY_SESSION),
        (ROLE, BY_ROOT),
        (SESSION, BY_FEDERATED),
    ] {
        hold(&[
            (caller, send, FOREIGN, Some(named), [Allows, Absent, Absent], YES),
            (caller, send, FOREIGN, Some(named), [Absent, Absent, Absent], NO),
            (caller, send, FOREIGN, Some(named), [Allows, Silent, Absent], NO),
            (caller, send, FOREIGN, Some(named), [Allows, Absent, Silent], NO),
            (caller, send, FOREIGN, Some(named), [Denies, Absent, Absent], DENIED),
            (caller, send, FOREIGN, None, [Allows, Absent, Absent], NO),
            (caller, send, FOREIGN, Some(BY_SERVICE), [Allows, Absent, Absent], NO),
        ]);
    }
}

#[test]
fn the_resource_s_account_is_the_one_stated_then_the_arn_s_then_the_context_s() {
    let policies = caller_side([Allows, Absent, Absent]);
    let text = |rest: &str, resource: &str| {
        let text = format!(r#"{{"principal": {USER}, "action": "s3:GetObject", "resource": "{resource}"{rest}}}"#);
        let decision = decide(&policies, &parse_request(&text).expect("a request"), Catalog::embedded());
        (decision.ruling, decision.explanation)
    };
    let (unknown, why) = text("", BUCKET);
    assert_eq!(unknown, YES);
    assert!(why.starts_with("Nothing says which account owns the resource"), "{why}");
    assert_eq!(text(r#", "resourceAccount": "444455556666""#, BUCKET).0, NO);
    assert_eq!(text(r#", "context": {"aws:ResourceAccount": "444455556666"}"#, BUCKET).0, NO);
    assert_eq!(text(r#", "context": {"aws:ResourceAccount": "444455556666"}"#, QUEUE).0, YES);
    assert_eq!(text(r#", "resourceAccount": "111122223333""#, FOREIGN).0, YES);
}

#[test]
fn callers_without_identity_policies_need_the_resource_s_side_alone() {
    let send = "sqs:SendMessage";
    hold(&[
        (SERVICE, send, QUEUE, Some(BY_SERVICE), [Absent, Absent, Absent], YES),
        (SERVICE, send, QUEUE, Some(BY_SERVICE), [Denies, Denies, Denies], YES),
        (SERVICE, send, QUEUE, Some(BY_ACCOUNT), [Allows, Absent, Absent], NO),
        (SERVICE, send, QUEUE, None, [Allows, Absent, Absent], NO),
        (NOBODY, send, QUEUE, Some(EVERYONE), [Absent, Absent, Absent], YES),
        (NOBODY, send, QUEUE, Some(BY_ACCOUNT), [Allows, Absent, Absent], NO),
        (NOBODY, send, QUEUE, None, [Allows, Absent, Absent], NO),
        (r#"{"canonical": "79a5"}"#, "s3:GetObject", BUCKET, Some(r#"{"CanonicalUser": "79a5"}"#), [Absent; 3], YES),
    ]);
}

#[test]
fn a_key_policy_has_to_allow_or_to_leave_it_to_the_account() {
    let decrypt = "kms:Decrypt";
    hold(&[
        (USER, decrypt, KEY, Some(BY_USER), [Absent, Absent, Absent], YES),
        (USER, decrypt, KEY, Some(BY_USER), [Absent, Silent, Absent], YES),
        (ROLE, decrypt, KEY, Some(BY_ROLE), [Absent, Absent, Absent], YES),
        (ROLE, decrypt, KEY, Some(BY_ROLE), [Absent, Silent, Absent], NO),
        (USER, decrypt, KEY, Some(BY_ROOT), [Absent, Absent, Absent], NO),
        (USER, decrypt, KEY, Some(BY_ROOT), [Allows, Absent, Absent], YES),
        (USER, decrypt, KEY, Some(BY_ROOT), [Allows, Silent, Absent], NO),
        (USER, decrypt, KEY, Some(BY_ROOT), [Allows, Absent, Silent], NO),
        // Without delegation, identity policies are void; so is the root user.
        (USER, decrypt, KEY, Some(BY_ROLE), [Allows, Absent, Absent], NO),
        (USER, "KMS:Decrypt", KEY, Some(BY_ROLE), [Allows, Absent, Absent], NO),
        (ROOT, decrypt, KEY, Some(BY_ROLE), [Absent, Absent, Absent], NO),
        (ROOT, decrypt, KEY, Some(BY_ROOT), [Absent, Absent, Absent], YES),
        (USER, decrypt, FOREIGN_KEY, Some(BY_ACCOUNT), [Allows, Absent, Absent], YES),
        (USER, decrypt, FOREIGN_KEY, Some(BY_USER), [Absent, Absent, Absent], NO),
        // A key policy that is not given can't be asked.
        (USER, decrypt, KEY, None, [Allows, Absent, Absent], YES),
    ]);
}

#[test]
fn a_trust_policy_has_to_allow_or_to_leave_it_to_the_account() {
    let assume = "sts:AssumeRole";
    hold(&[
        (USER, assume, TARGET, Some(BY_USER), [Absent, Absent, Absent], YES),
        (ROLE, assume, TARGET, Some(BY_ROLE), [Absent, Absent, Absent], YES),
        (ROLE, assume, TARGET, Some(BY_ROLE), [Absent, Silent, Absent], NO),
        (USER, assume, TARGET, Some(BY_ROOT), [Absent, Absent, Absent], NO),
        (USER, assume, TARGET, Some(BY_ROOT), [Allows, Absent, Absent], YES),
        (USER, assume, TARGET, Some(BY_SERVICE), [Allows, Absent, Absent], NO),
        (USER, assume, TARGET, None, [Allows, Absent, Absent], NO),
        (USER, "sts:TagSession", TARGET, None, [Allows, Absent, Absent], NO),
        (USER, "sts:SetSourceIdentity", TARGET, Some(BY_USER), [Absent, Absent, Absent], YES),
        (USER, assume, FOREIGN_TARGET, Some(BY_USER), [Absent, Absent, Absent], NO),
        (USER, assume, FOREIGN_TARGET, Some(BY_USER), [Allows, Absent, Absent], YES),
        (USER, assume, FOREIGN_TARGET, Some(BY_ACCOUNT), [Allows, Absent, Absent], YES),
        (PROVIDER, "sts:AssumeRoleWithWebIdentity", TARGET, Some(BY_PROVIDER), [Absent, Absent, Absent], YES),
        (PROVIDER, "sts:AssumeRoleWithWebIdentity", TARGET, Some(BY_ACCOUNT), [Absent, Absent, Absent], NO),
        (SERVICE, assume, TARGET, Some(BY_SERVICE), [Absent, Absent, Absent], YES),
        // Other actions on a role have nothing to do with its trust policy.
        (USER, "iam:GetRole", TARGET, None, [Allows, Absent, Absent], YES),
    ]);
    // A trust policy has no `Resource`.
    let text = format!(r#"{{"Statement": {{"Effect": "Allow", "Principal": {BY_USER}, "Action": "sts:AssumeRole"}}}}"#);
    let policies = PolicySet { resource: Some(document(&text, PolicyKind::Trust)), ..PolicySet::default() };
    assert_eq!(ruling(&policies, USER, assume, TARGET), YES);
}

#[test]
fn some_actions_need_no_permission_and_can_t_be_denied() {
    hold(&[
        (USER, "sts:GetCallerIdentity", "*", None, [Denies, Absent, Absent], YES),
        (ROLE, "sts:getcalleridentity", "*", None, [Absent, Absent, Absent], YES),
        (USER, "sts:GetSessionToken", "*", None, [Absent, Absent, Absent], YES),
        (NOBODY, "sts:GetCallerIdentity", "*", None, [Absent, Absent, Absent], NO),
    ]);
}

#[test]
fn every_level_of_scps_has_to_allow_for_the_callers_that_they_bear_on() {
    let send = "sqs:SendMessage";
    let scp = |side| policy(side, PolicyKind::ServiceControl, None).expect("a policy");
    let levels: &[(&[&[Side]], Ruling)] = &[
        (&[], YES),
        (&[&[Allows]], YES),
        (&[&[Silent]], NO),
        (&[&[Silent, Allows]], YES),
        (&[&[Allows], &[Silent]], NO),
        (&[&[Allows], &[Silent, Allows], &[Allows]], YES),
        (&[&[Allows], &[Allows, Denies]], DENIED),
        (&[&[]], NO),
    ];
    for (levels, expected) in levels {
        let scp = levels.iter().map(|level| level.iter().map(|side| scp(*side)).collect()).collect();
        let everyone = policy(Allows, PolicyKind::Resource, Some(EVERYONE));
        let policies = PolicySet { scp, resource: everyone, ..caller_side([Allows, Absent, Absent]) };
        for caller in [USER, ROLE, SESSION, ROOT] {
            for resource in [QUEUE, FOREIGN] {
                let got = ruling(&policies, caller, send, resource);
                assert_eq!(got, *expected, "{caller} {resource} {levels:?}");
            }
        }
        for caller in [LINKED, SERVICE, NOBODY] {
            assert_eq!(ruling(&policies, caller, send, QUEUE), YES, "{caller} {levels:?}");
        }
    }
}

#[test]
fn rcps_deny_whoever_calls_for_the_services_that_they_bear_on() {
    let rcp = |side| vec![vec![policy(side, PolicyKind::ResourceControl, Some(EVERYONE)).expect("a policy")]];
    let with = |side| PolicySet {
        rcp: rcp(side),
        resource: policy(Allows, PolicyKind::Resource, Some(EVERYONE)),
        ..caller_side([Allows, Absent, Absent])
    };
    for caller in [USER, ROLE, ROOT, SERVICE, NOBODY] {
        assert_eq!(ruling(&with(Denies), caller, "sqs:SendMessage", QUEUE), DENIED, "{caller}");
        // RCPFullAWSAccess is always attached, so nothing else has to allow.
        assert_eq!(ruling(&with(Silent), caller, "sqs:SendMessage", QUEUE), YES, "{caller}");
    }
    assert_eq!(ruling(&with(Denies), LINKED, "sqs:SendMessage", QUEUE), YES);
    assert_eq!(ruling(&with(Denies), USER, "sns:Publish", "arn:aws:sns:us-east-1:111122223333:t"), YES);
    assert_eq!(ruling(&with(Denies), USER, "kms:RetireGrant", KEY), YES);
    assert_eq!(ruling(&with(Denies), USER, "kms:Decrypt", KEY), DENIED);
    for service in Catalog::embedded().services_with_rcp() {
        let action = format!("{service}:Anything");
        assert_eq!(ruling(&with(Denies), USER, &action, "*"), DENIED, "{action}");
    }
}

#[test]
fn the_policy_of_the_vpc_endpoint_has_to_allow() {
    let send = "sqs:SendMessage";
    for (side, expected) in [(Absent, YES), (Allows, YES), (Silent, NO), (Denies, DENIED)] {
        for principal in [None, Some(EVERYONE)] {
            let policies = PolicySet {
                endpoint: policy(side, PolicyKind::Endpoint, principal),
                resource: policy(Allows, PolicyKind::Resource, Some(EVERYONE)),
                ..caller_side([Allows, Absent, Absent])
            };
            for caller in [USER, ROLE, ROOT, SERVICE, NOBODY] {
                assert_eq!(ruling(&policies, caller, send, QUEUE), expected, "{caller} {side:?}");
            }
        }
    }
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

fn lines(run: &Run) -> Vec<Value> {
    run.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

const EXAMPLE: [&str; 7] = [
    "simulate",
    "--identity-policy",
    "examples/simulate/report-writer.json",
    "--resource-policy",
    "examples/simulate/reports-bucket.json",
    "--scp",
    "examples/simulate/regions.json",
];

#[test]
fn the_example_request_is_allowed_by_both_sides() {
    let result = run(iam_preflight().args(EXAMPLE).args(["--request", "examples/simulate/request.json"]));
    assert_eq!((result.code, result.err.as_str()), (0, ""), "{result:?}");
    let decision = json(&result);
    assert_eq!(decision["decision"], "ALLOWED");
    let statement = |policy: &str, sid: Value| json!({"policy": policy, "index": 0, "statementIndex": 0, "statementId": sid, "effect": "Allow"});
    let mut scp = statement("scp", Value::Null);
    scp["level"] = json!(0);
    assert_eq!(
        decision["decidedBy"],
        json!([statement("identity", json!("WriteReports")), statement("resource", json!("Writers")), scp])
    );
    let people = ["--request", "examples/simulate/request.json", "--format", "terminal"];
    let result = run(iam_preflight().args(EXAMPLE).args(people));
    assert_eq!(
        result.out,
        "ALLOWED\n\
         The caller is in account 111122223333, the resource in account 444455556666: both sides have to allow. Allowed by \
         statement 0 (`WriteReports`) of identity policy 0 and one more.\n  \
         Allow identity: statement 0 `WriteReports`  examples/simulate/report-writer.json:4:5\n  \
         Allow resource: statement 0 `Writers`  examples/simulate/reports-bucket.json:4:5\n  \
         Allow scp: statement 0  examples/simulate/regions.json:4:5\n"
    );
}

#[test]
fn the_example_batch_is_decided_line_by_line_in_order() {
    let result = run(iam_preflight().args(EXAMPLE).args(["--batch", "examples/simulate/requests.jsonl"]));
    assert_eq!((result.code, result.err.as_str()), (0, ""), "{result:?}");
    let decided: Vec<(Value, Value)> =
        lines(&result).into_iter().map(|line| (line["id"].clone(), line["decision"].clone())).collect();
    let expected = [
        ("over TLS", "ALLOWED"),
        ("in clear", "EXPLICIT_DENY"),
        ("another role", "IMPLICIT_DENY"),
        // Its own policies, not those of the options.
        ("queue", "ALLOWED"),
    ];
    assert_eq!(decided, expected.map(|(id, decision)| (json!(id), json!(decision))));
    assert_eq!(lines(&result)[1]["decidedBy"][0]["statementId"], "EncryptedInTransit");
}

#[test]
fn a_line_that_is_no_request_is_named_and_the_others_are_decided() {
    let request = r#""request": {"principal": null, "action": "s3:GetObject", "resource": "*"}"#;
    let text = [
        format!("{{{request}, \"id\": [7]}}"),
        "not JSON".to_owned(),
        String::new(),
        r#"{"id": 8, "request": {"principal": "bob", "action": "s3:GetObject", "resource": "*"}}"#.to_owned(),
        format!(r#"{{{request}, "policies": {{"identity": [{{}}]}}}}"#),
        format!(r#"{{{request}, "policies": {{"scp": [[{{"Statement": []}}, {{"Statement": [{{}}]}}]]}}}}"#),
        format!(r#"{{{request}, "polices": {{}}}}"#),
        format!("{{{request}}}"),
    ]
    .join("\n");
    for jobs in ["1", "4"] {
        let result = run(iam_preflight().args(["simulate", "--batch", "-", "--jobs", jobs]).write_stdin(text.as_str()));
        assert_eq!(result.code, 2, "{result:?}");
        assert_eq!(result.err, "error: 5 of 7 lines could not be decided\n");
        let lines = lines(&result);
        assert_eq!(lines.len(), 7);
        assert_eq!((&lines[0]["id"], &lines[0]["decision"]), (&json!([7]), &json!("IMPLICIT_DENY")));
        assert_eq!(lines[6]["decision"], "IMPLICIT_DENY");
        let errors = [
            (1, "line 2: column 2: expected ident"),
            (2, "line 4: `request`: `principal` is `bob`"),
            (3, "line 5: `policies`: `identity[0]`, column 1: the document has no `Statement`"),
            (4, "line 6: `policies`: `scp[0][1]`, column 16: the statement has no `Effect`"),
            (5, "line 7: column 85: unknown field `polices`"),
        ];
        for (at, part) in errors {
            let error = lines[at]["error"].as_str().expect("an error");
            assert!(error.starts_with(part), "{error}");
        }
        assert_eq!(lines[2]["id"], 8);
    }
}

#[test]
fn the_decisions_of_a_batch_are_those_of_single_requests() {
    let folder = folder(&[]);
    let policies = r#"{"identity": [{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*",
        "Resource": "arn:aws:s3:::b/${aws:username}/*"}]}]}"#
        .replace('\n', " ");
    let identity: Value = serde_json::from_str(&policies).expect("JSON");
    fs::write(folder.path().join("p.json"), identity["identity"][0].to_string()).expect("a file");
    let mut batch = String::new();
    let mut singles = Vec::new();
    for resource in ["arn:aws:s3:::b/bob/x", "arn:aws:s3:::b/eve/x"] {
        for action in ["s3:GetObject", "s3:PutObject"] {
            let request = format!(r#"{{"principal": {USER}, "action": "{action}", "resource": "{resource}"}}"#);
            batch.push_str(&format!("{{\"request\": {request}, \"policies\": {policies}}}\n"));
            let args = ["simulate", "--request", "-", "--identity-policy", "p.json"];
            singles.push(run(in_folder(folder.path()).args(args).write_stdin(request)).out);
        }
    }
    let result = run(in_folder(folder.path()).args(["simulate", "--batch", "-"]).write_stdin(batch));
    assert_eq!(result.out, singles.concat());
    assert_eq!(singles.iter().filter(|line| line.contains("\"ALLOWED\"")).count(), 1, "{singles:?}");
}

#[test]
fn what_can_t_be_read_is_named_with_its_place() {
    let request = r#"{"principal": null, "action": "s3:GetObject", "resource": "*"}"#;
    let folder = folder(&[
        ("request.json", request),
        ("wrong.json", "{\"principal\": null,\n \"action\": \"s3:*\"}"),
        ("effect.json", "{\"Version\": \"2012-10-17\",\n \"Statement\": {\"Effect\": \"allow\"}}"),
        ("element.json", "{\"statement\": []}"),
        ("text.json", "{"),
        ("good.json", r#"{"Statement": []}"#),
    ]);
    let cases: &[(&[&str], &str)] = &[
        (&[], "--request"),
        (&["--request", "none.json"], "request `none.json`: No such file"),
        (&["--request", "wrong.json"], "request `wrong.json`: line 2, column 18: missing field `resource`"),
        (&["--request", "request.json", "--batch", "-"], "cannot be used with"),
        (&["--batch", "none.jsonl"], "batch `none.jsonl`: No such file"),
        (&["--batch", "-", "--jobs", "0"], "`--jobs` is at least 1"),
        (
            &["--request", "request.json", "--identity-policy", "good.json", "effect.json"],
            "policy `effect.json`, line 2, column 26: `Effect` is neither `Allow` nor `Deny`",
        ),
        (
            &["--request", "request.json", "--scp", "good.json", "--scp", "good.json,element.json"],
            "policy `element.json`, line 1, column 2: `statement` is no element of the policy language\n  help: write `Statement`",
        ),
        (&["--request", "request.json", "--rcp", "text.json"], "policy `text.json`, line 1, column 2: unexpected end"),
        (&["--request", "request.json", "--endpoint-policy", "none.json"], "policy `none.json`: No such file"),
    ];
    for (args, part) in cases {
        let result = run(in_folder(folder.path()).arg("simulate").args(*args).write_stdin(""));
        assert_eq!(result.code, 2, "{args:?}: {result:?}");
        assert!(result.err.contains(part), "{args:?}: {}", result.err);
        assert_eq!(result.out, "", "{args:?}");
    }
    let unknown = r#"{"principal": null, "action": "s3:GetObjct", "resource": "*"}"#;
    let result = run(in_folder(folder.path()).args(["simulate", "--request", "-"]).write_stdin(unknown));
    assert_eq!(result.code, 0, "{result:?}");
    assert_eq!(result.err, "warning: the service data know no action `s3:GetObjct`\n");
}
