//! `generate-policy`: a generated policy allows every event that it was made from, and nothing of other services; its forms, its
//! exit codes, and the query whose result does instead of logs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use iam_preflight::activity::event_name::{Authorisation, authorisation};
use iam_preflight::activity::generate::{
    Generation, MANAGED_POLICY_QUOTA, ResourceMode, UnknownResources, document, generate,
};
use iam_preflight::activity::parameters::Parameters;
use iam_preflight::activity::{Options, PrincipalSelector, collect};
use iam_preflight::catalog::{Action, Catalog, Service};
use iam_preflight::checks::validate_text;
use iam_preflight::finding::FindingType;
use iam_preflight::logic::evaluate::{PolicyKind, Verdict, verdict};
use iam_preflight::logic::{Caller, Context, Request};
use iam_preflight::policy::{PolicyDocument, PolicyType};
use iam_preflight::source::{Limits, SourceId, json as reader};
use serde_json::{Map, Value, json};

use crate::binary::{iam_preflight, json as report, run};
use crate::engine::generate::Random;

const ROLE: &str = "arn:aws:iam::111122223333:role/team/app";
const ACCOUNT: &str = "111122223333";

/// A record of the role's.
fn record(number: usize, source: &str, event: &str, region: &str) -> Map<String, Value> {
    let record = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": "arn:aws:sts::111122223333:assumed-role/app/session",
            "accountId": ACCOUNT,
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE}},
        },
        "eventTime": format!("2026-09-{:02}T12:00:{:02}Z", 1 + number / 60 % 28, number % 60),
        "eventSource": format!("{source}.amazonaws.com"),
        "eventName": event,
        "awsRegion": region,
        "eventID": format!("00000000-0000-4000-8000-{number:012}"),
        "eventType": "AwsApiCall",
        "eventCategory": "Management",
        "recipientAccountId": ACCOUNT,
    });
    match record {
        Value::Object(map) => map,
        _ => unreachable!(),
    }
}

fn write_log(folder: &Path, name: &str, records: &[Map<String, Value>]) -> PathBuf {
    let path = folder.join(name);
    let text = json!({"Records": records}).to_string();
    let file = File::create(&path).expect("a log file");
    if name.ends_with(".gz") {
        GzEncoder::new(file, Compression::fast()).write_all(text.as_bytes()).expect("written");
    } else {
        fs::write(&path, text).expect("written");
    }
    path
}

/// A record, and what IAM asked when the call was made.
struct Made {
    record: Map<String, Value>,
    needs: Vec<(String, String)>,
}

fn word(random: &mut Random) -> String {
    (0..6).map(|_| char::from(b'a' + random.below(26) as u8)).collect()
}

/// An ARN of a format, with new values in place of its variables. One event has one value for a name.
fn instance(format: &str, region: &str, values: &mut BTreeMap<String, String>, random: &mut Random) -> String {
    let mut arn = String::new();
    let mut rest = format;
    while let Some((literal, after)) = rest.split_once("${") {
        let (variable, after) = after.split_once('}').expect("a closed variable");
        arn.push_str(literal);
        match (arn.matches(':').count(), variable) {
            (1, _) => arn.push_str("aws"),
            (3, _) | (_, "Region") => arn.push_str(region),
            (4, _) | (_, "Account") => arn.push_str(ACCOUNT),
            _ => {
                let value = values.entry(variable.to_owned()).or_insert_with(|| word(random));
                arn.push_str(value);
                // The ARN of a secret has more than its name.
                arn.push_str(if variable == "SecretId" { "-a1B2c3" } else { "" });
            }
        }
        rest = after;
    }
    arn + rest
}

/// An event named after an action: which resources it had is in the record in one of the ways that records have them, or not at
/// all, as far as the service says that it always has one.
fn event_of(number: usize, service: &Service, action: &Action, random: &mut Random) -> Made {
    let region = random.pick(&["eu-west-1", "us-east-1"]).to_owned();
    let mut record = record(number, &service.prefix, &action.name, &region);
    let full = format!("{}:{}", service.prefix, action.name);
    let (required, optional): (Vec<_>, Vec<_>) = action.resources.iter().partition(|used| used.required);
    let mut chosen: Vec<(&str, bool)> = required.iter().map(|used| (used.name.as_str(), true)).collect();
    if let Some(used) = optional.first().filter(|_| required.is_empty() || random.one_in(3)) {
        // One that the action may do without is always named in the request, unless it is all there is.
        chosen.push((used.name.as_str(), required.is_empty()));
    }
    let mut needs = Vec::new();
    let mut values = BTreeMap::new();
    let mut listed = Vec::new();
    let mut parameters = Map::new();
    // Names alone say something only if they are all there are.
    let by_names = random.one_in(3);
    for (number, (name, may_be_hidden)) in chosen.iter().enumerate() {
        let of_type = service.resource_type(name).expect("a type of the service");
        let format = of_type.arns.first().expect("a format");
        let arn = instance(format, &region, &mut values, random);
        needs.push((full.clone(), arn.clone()));
        if by_names {
            continue;
        }
        match random.below(3) {
            0 => listed.push(json!({"ARN": arn, "type": "AWS::Some::Type"})),
            1 if *may_be_hidden => {}
            _ => {
                parameters.insert(format!("some{number}Arn"), json!(arn));
            }
        }
    }
    if by_names {
        for (variable, value) in &values {
            let mut letters = variable.chars();
            let first = letters.next().map(|c| c.to_ascii_lowercase());
            parameters.insert(first.into_iter().chain(letters).collect(), json!(value));
        }
    }
    if chosen.is_empty() {
        needs.push((full, "*".to_owned()));
    }
    if !listed.is_empty() {
        record.insert("resources".to_owned(), json!(listed));
    }
    if !parameters.is_empty() {
        record.insert("requestParameters".to_owned(), json!(parameters));
    }
    match random.below(8) {
        0 => drop(record.insert("errorCode".to_owned(), json!("AccessDenied"))),
        1 => drop(record.insert("errorCode".to_owned(), json!("ThrottlingException"))),
        _ => {}
    }
    Made { record, needs }
}

/// Events whose names are not those of their actions.
fn exceptions() -> Vec<(&'static str, &'static str, Value, Vec<(&'static str, &'static str)>)> {
    let queue = "https://sqs.eu-west-1.amazonaws.com/111122223333/orders";
    let queue_arn = "arn:aws:sqs:eu-west-1:111122223333:orders";
    vec![
        ("s3", "ListBuckets", json!(null), vec![("s3:ListAllMyBuckets", "*")]),
        ("s3", "HeadObject", json!({"bucketName": "b", "key": "a/b"}), vec![("s3:GetObject", "arn:aws:s3:::b/a/b")]),
        (
            "s3",
            "CopyObject",
            json!({"bucketName": "b", "key": "k", "x-amz-copy-source": "c/d/e"}),
            vec![("s3:PutObject", "arn:aws:s3:::b/k"), ("s3:GetObject", "arn:aws:s3:::c/d/e")],
        ),
        (
            "s3",
            "GetObject",
            json!({"bucketName": "b", "key": "*${x}?"}),
            vec![("s3:GetObject", "arn:aws:s3:::b/*${x}?")],
        ),
        ("sqs", "SendMessageBatch", json!({"queueUrl": queue}), vec![("sqs:SendMessage", queue_arn)]),
        (
            "lambda",
            "UpdateFunctionCode20150331v2",
            json!({"functionName": "f"}),
            vec![("lambda:UpdateFunctionCode", "arn:aws:lambda:eu-west-1:111122223333:function:f")],
        ),
        (
            "kms",
            "ReEncrypt",
            json!({"sourceKeyId": "k1", "destinationKeyId": "k2"}),
            vec![
                ("kms:ReEncryptFrom", "arn:aws:kms:eu-west-1:111122223333:key/k1"),
                ("kms:ReEncryptTo", "arn:aws:kms:eu-west-1:111122223333:key/k2"),
            ],
        ),
        (
            "monitoring",
            "PutMetricAlarm",
            json!({"alarmName": "a"}),
            vec![("cloudwatch:PutMetricAlarm", "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a")],
        ),
        (
            "apigateway",
            "UpdateStage",
            json!({"restApiId": "r1", "stageName": "prod"}),
            vec![("apigateway:PATCH", "arn:aws:apigateway:eu-west-1::/restapis/r1/stages/prod")],
        ),
        (
            "sts",
            "AssumeRole",
            json!({"roleArn": "arn:aws:iam::444455556666:role/a", "tags": [{"key": "k"}]}),
            vec![
                ("sts:AssumeRole", "arn:aws:iam::444455556666:role/a"),
                ("sts:TagSession", "arn:aws:iam::444455556666:role/a"),
            ],
        ),
        (
            "dynamodb",
            "ExecuteStatement",
            json!({"statement": "SELECT * FROM t"}),
            vec![("dynamodb:PartiQLSelect", "arn:aws:dynamodb:eu-west-1:111122223333:table/t")],
        ),
    ]
}

/// The actions whose events have their name.
fn plain_actions(catalog: &Catalog) -> Vec<(&Service, &Action)> {
    let all = catalog.prefixes().filter_map(|prefix| catalog.service(prefix));
    let all = all.flat_map(|service| service.actions.iter().map(move |action| (service, action)));
    let is_plain = |(service, action): &(&Service, &Action)| {
        let source = format!("{}.amazonaws.com", service.prefix);
        let Authorisation::Actions(needed) = authorisation(catalog, &source, &action.name, &Parameters::default())
        else {
            return false;
        };
        let own = format!("{}:{}", service.prefix, action.name);
        // A star in a format stands for many resources, none of which has this ARN.
        let mut formats = action.resources.iter().filter_map(|used| service.resource_type(&used.name)?.arns.first());
        needed.len() == 1 && needed[0].action == own && formats.all(|format| !format.contains('*'))
    };
    all.filter(is_plain).collect()
}

fn parsed(text: &str) -> PolicyDocument {
    PolicyDocument::new(reader::read(SourceId(0), text, &Limits::default()).expect("JSON"))
}

fn allows(policies: &[PolicyDocument], action: &str, resource: &str) -> bool {
    let request = Request {
        caller: Caller::Role { arn: ROLE.into(), session: "session".into() },
        action: action.into(),
        resource: resource.into(),
        resource_account: None,
        context: Context::default(),
    };
    let verdicts = policies.iter().map(|policy| verdict(policy, PolicyKind::Identity, &request));
    verdicts.into_iter().any(|verdict| matches!(verdict, Verdict::Allow { .. }))
}

#[test]
fn a_generated_policy_allows_every_event_it_was_made_from_and_nothing_of_other_services() {
    let catalog = Catalog::embedded();
    let plain = plain_actions(catalog);
    assert!(plain.len() > 15_000, "{}", plain.len());
    let generations = [
        Generation::default(),
        Generation { resources: ResourceMode::Generalised, ..Generation::default() },
        Generation { split_access: true, wildcard_actions: true, ..Generation::default() },
        Generation { resources: ResourceMode::Generalised, wildcard_actions: true, ..Generation::default() },
    ];
    let mut checked = 0;
    for seed in 0..100 {
        let random = &mut Random::new(seed);
        let mut made = Vec::new();
        // Few services, so that statements come together, and in some runs so much that one policy is not enough.
        let first = random.below(plain.len());
        for _ in 0..[20, 60, 400][random.below(3)] {
            let at = (first + random.below(300)) % plain.len();
            let (service, action) = plain[if random.one_in(10) { random.below(plain.len()) } else { at }];
            made.push(event_of(made.len(), service, action, random));
        }
        let exceptions = exceptions();
        for _ in 0..random.below(6) {
            let (source, event, parameters, needs) = &exceptions[random.below(exceptions.len())];
            let mut record = record(made.len(), source, event, "eu-west-1");
            record.insert("requestParameters".to_owned(), parameters.clone());
            let needs = needs.iter().map(|(a, r)| ((*a).to_owned(), (*r).to_owned())).collect();
            made.push(Made { record, needs });
        }
        let folder = tempfile::tempdir().expect("a folder");
        let records: Vec<_> = made.iter().map(|made| made.record.clone()).collect();
        let (one, other) = records.split_at(records.len() / 2);
        write_log(folder.path(), "one.json.gz", one);
        write_log(folder.path(), "other.json", other);

        let options = Options {
            principal: Some(PrincipalSelector::parse(ROLE).expect("a role")),
            resources: true,
            data_events: true,
            ..Options::default()
        };
        let activity = collect(&[folder.path().to_owned()], &options, catalog, &());
        assert!(activity.coverage.troubles.is_empty(), "{:?}", activity.coverage);
        let (key, used) = activity.principals.iter().next().expect("the role");
        let services: BTreeSet<&str> =
            made.iter().flat_map(|made| &made.needs).filter_map(|(action, _)| action.split(':').next()).collect();
        for generation in generations {
            let generated = generate(catalog, key, used, &activity.coverage, generation);
            assert!(generated.unmapped.is_empty(), "{:?}", generated.unmapped);
            let texts: Vec<String> = generated.policies.iter().map(|policy| document(policy).to_string()).collect();
            let policies: Vec<PolicyDocument> = texts.iter().map(|text| parsed(text)).collect();
            for Made { record, needs } in &made {
                for (action, resource) in needs {
                    assert!(
                        allows(&policies, action, resource),
                        "seed {seed}, {generation:?}: {action} on {resource} is not allowed\n{}\n{}",
                        json!(record),
                        texts.join("\n")
                    );
                    checked += 1;
                }
            }
            for statement in generated.policies.iter().flatten() {
                for action in &statement.actions {
                    let prefix = action.split(':').next().expect("a prefix");
                    assert!(services.contains(prefix), "seed {seed}: {action} is of a service that was not used");
                }
            }
            for _ in 0..50 {
                let (service, action) = plain[random.below(plain.len())];
                if !services.contains(service.prefix.as_str()) {
                    let full = format!("{}:{}", service.prefix, action.name);
                    assert!(!allows(&policies, &full, "*") && !allows(&policies, &full, "arn:aws:s3:::b"), "{full}");
                }
            }
            for text in &texts {
                assert!(text.chars().count() <= MANAGED_POLICY_QUOTA, "seed {seed}: {}", text.len());
                let findings = validate_text(SourceId(0), text, PolicyType::IdentityPolicy, None, catalog, false);
                let wrong: Vec<_> = findings.iter().filter(|f| f.finding_type == FindingType::Error).collect();
                assert!(wrong.is_empty(), "seed {seed}: {wrong:?}\n{text}");
            }
        }
    }
    assert!(checked > 40_000, "{checked}");
}
