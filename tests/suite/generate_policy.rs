//! `generate-policy`: a generated policy allows every event that it was made from, and nothing of other services; its forms, its
//! exit codes, and the query whose result does instead of logs. `IAM_PREFLIGHT_PAIRS` sets how many runs of events are made,
//! `IAM_PREFLIGHT_SEED` where they begin.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use iam_preflight::activity::event_name::{Authorisation, authorisation};
use iam_preflight::activity::generate::{Generation, MANAGED_POLICY_QUOTA, ResourceMode, document, generate};
use iam_preflight::activity::parameters::Parameters;
use iam_preflight::activity::{Options, PrincipalSelector, collect};
use iam_preflight::catalog::{Action, Catalog, Service};
use iam_preflight::checks::validate_text;
use iam_preflight::finding::FindingType;
use iam_preflight::logic::evaluate::{PolicyKind, Verdict, verdict};
use iam_preflight::logic::{Caller, Context, Request};
use iam_preflight::policy::{PolicyDocument, PolicyType};
use iam_preflight::source::{Limits, SourceId, Sources, json as reader};
use iam_preflight::template::terraform::hcl::{Bindings, Evaluator, ModuleSource, NothingKnown};
use iam_preflight::template::{LoadContext, LoadOptions};
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

/// Event source, event name, parameters, and the actions and resources that it needs.
type Exception = (&'static str, &'static str, Value, Vec<(&'static str, &'static str)>);

/// Events whose names are not those of their actions.
fn exceptions() -> Vec<Exception> {
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
    let number = |name: &str, usual: u64| std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(usual);
    let (cases, first) = (number("IAM_PREFLIGHT_PAIRS", 100), (number("IAM_PREFLIGHT_SEED", 1) - 1) * 1_000_033);
    let mut checked = 0;
    for seed in first..first + cases {
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
    assert!(checked > 400 * cases, "{checked}");
}

/// A folder as CloudTrail lays it out, with a role's events in two Regions, of other principals, and files that are no logs.
fn trail(folder: &Path) -> usize {
    let day = "CloudTrail/eu-west-1/2026/09/26";
    let logs = folder.join("AWSLogs").join(ACCOUNT);
    for part in [day, "CloudTrail-Digest/eu-west-1/2026/09/26", "CloudTrail-Insight/eu-west-1/2026/09/26"] {
        fs::create_dir_all(logs.join(part)).expect("a folder");
    }
    fs::write(logs.join("CloudTrail-Digest/eu-west-1/2026/09/26/digest.json"), "{}").expect("written");
    fs::write(logs.join("CloudTrail-Insight/eu-west-1/2026/09/26/insight.json"), "{}").expect("written");
    fs::write(folder.join("notes.txt"), "no log").expect("written");
    let random = &mut Random::new(7);
    let catalog = Catalog::embedded();
    let plain = plain_actions(catalog);
    let mut records: Vec<Map<String, Value>> = Vec::new();
    for _ in 0..200 {
        let (service, action) = plain[random.below(plain.len())];
        records.push(event_of(records.len(), service, action, random).record);
    }
    for (source, event, parameters, _) in exceptions() {
        for _ in 0..3 {
            let mut record = record(records.len(), source, event, "eu-west-1");
            record.insert("requestParameters".to_owned(), parameters.clone());
            if event == "GetObject" {
                record.insert("eventCategory".to_owned(), json!("Data"));
            }
            records.push(record);
        }
    }
    let used = records.len();
    let mut unknown = record(records.len(), "nowhere", "DoSomething", "eu-west-1");
    unknown.insert("sharedEventID".to_owned(), json!("shared"));
    records.push(unknown.clone());
    unknown.insert("eventID".to_owned(), json!("another id of the same call"));
    records.push(unknown);
    let mut other = record(records.len(), "s3", "ListBuckets", "eu-west-1");
    other["userIdentity"] =
        json!({"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/bob", "accessKeyId": "AKIAEXAMPLE"});
    records.push(other);
    let mut root = record(records.len(), "s3", "ListBuckets", "eu-west-1");
    root["userIdentity"] = json!({"type": "Root", "arn": "arn:aws:iam::111122223333:root"});
    records.push(root);
    let name = "111122223333_CloudTrail_eu-west-1_20260926T1205Z_aB3.json.gz";
    write_log(&logs.join(day), name, &records);
    // A second trail has the same events once more.
    write_log(&logs.join(day), "111122223333_CloudTrail_eu-west-1_20260926T1206Z_cD4.json.gz", &records);
    used
}

#[test]
fn the_report_counts_every_event_once_and_says_what_it_passed_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let used = trail(folder.path());
    let run = run(iam_preflight()
        .args(["generate-policy", "--principal", "app", "--data-events", "--trail"])
        .arg(folder.path()));
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{}", run.err);
    let report = report(&run);
    assert_eq!(report["principal"], ROLE);
    let events = &report["events"];
    assert_eq!(events["read"], json!(2 * (used + 4)));
    assert_eq!(events["used"], json!(used));
    let skipped = json!({
        "another principal": 2, "not mapped to an action": 1, "root user": 2, "seen before": used + 3,
    });
    assert_eq!(events["skipped"], skipped);
    assert_eq!(
        events["files"],
        json!({"read": 2, "skipped": {"digest file": 1, "insight events": 1, "not a log file by its name": 1}})
    );
    assert_eq!(
        report["unmapped"],
        json!([{"eventSource": "nowhere.amazonaws.com", "eventName": "DoSomething", "count": 1}])
    );
    assert_eq!(report["isComplete"], json!(false));
    let listed = report["actions"].as_array().expect("actions");
    let queue = listed.iter().find(|action| action["action"] == "sqs:SendMessage").expect("the queue's action");
    assert_eq!((&queue["succeeded"], &queue["failed"], &queue["denied"]), (&json!(3), &json!(0), &json!(0)));
    let denied: u64 = listed.iter().filter_map(|action| action["denied"].as_u64()).sum();
    let failed: u64 = listed.iter().filter_map(|action| action["failed"].as_u64()).sum();
    assert!(denied > 5 && failed > 5, "{denied} {failed}");
    let notes = report["notes"].to_string();
    for part in ["iam:PassRole", "Data events", "nowhere.amazonaws.com DoSomething", "444455556666"] {
        assert!(notes.contains(part), "{part}: {notes}");
    }
}

#[test]
fn days_without_files_in_the_middle_of_a_trail_are_noted() {
    let noted = |missing: std::ops::Range<usize>| {
        let folder = tempfile::tempdir().expect("a folder");
        for day in (0..28).filter(|day| !missing.contains(day)) {
            let record = record(60 * day, "s3", "ListBuckets", "eu-west-1");
            write_log(folder.path(), &format!("{day}.json"), &[record]);
        }
        let args = ["generate-policy", "--principal", "app", "--trail"];
        report(&run(iam_preflight().args(args).arg(folder.path())))["notes"].to_string()
    };
    let said = "no log files or events from 2026-09-11 to 2026-09-13 in eu-west-1 of account 111122223333";
    assert!(noted(10..13).contains(said), "{}", noted(10..13));
    assert!(!noted(0..0).contains("no log files"), "{}", noted(0..0));
}

#[test]
fn the_same_evidence_gives_the_same_policy_whatever_the_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    trail(folder.path());
    let with = |jobs: &str| {
        let args = ["generate-policy", "--principal", ROLE, "--jobs", jobs, "--trail"];
        run(iam_preflight().args(args).arg(folder.path())).out
    };
    let one = with("1");
    assert_eq!(one, with("4"));
    assert_eq!(one, with("0"));
}

#[test]
fn every_form_of_a_policy_is_accepted_by_those_it_is_for() {
    let folder = tempfile::tempdir().expect("a folder");
    trail(folder.path());
    let printed = |format: &str, more: &[&str]| {
        let args = ["generate-policy", "--principal", "app", "--quiet", "--format", format];
        let run = run(iam_preflight().args(args).args(more).arg("--trail").arg(folder.path()));
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{format}");
        run.out
    };
    let policies: Value = serde_json::from_str(&printed("policy", &[])).expect("JSON");
    let policies = policies.as_array().expect("several policies");
    let out = tempfile::tempdir().expect("a folder");
    for (number, policy) in policies.iter().enumerate() {
        fs::write(out.path().join(format!("{number}.json")), policy.to_string()).expect("written");
    }
    let template = out.path().join("policy.yaml");
    fs::write(&template, printed("cloudformation", &[])).expect("written");
    let run =
        run(iam_preflight().args(["validate", "--policy-type", "IDENTITY_POLICY", "--format", "json"]).arg(out.path()));
    let validated = report(&run);
    assert_eq!(validated["summary"]["findings"]["ERROR"], json!(0), "{}", run.out);
    assert_eq!(validated["summary"]["policies"]["analysed"], json!(2 * policies.len()), "{}", run.out);
    // The template's policies are the same, read back.
    let parsed = report(&run_parse(&template));
    let of_template: Vec<&Value> =
        parsed["policies"].as_array().expect("policies").iter().map(|p| &p["document"]).collect();
    assert_eq!(of_template, policies.iter().collect::<Vec<_>>());
    // And in HCL, where `${` has to be written otherwise.
    let text = printed("terraform", &[]);
    assert_eq!(documents_of_hcl(&text), *policies);
    if formatted_by_terraform(&text) == Some(false) {
        panic!("`terraform fmt` would write this otherwise:\n{text}");
    }
    let hcl: hcl_edit::structure::Body = text.parse().expect("HCL");
    let of_kind =
        |kind: &str| hcl.blocks().filter(|block| block.labels.first().is_some_and(|l| l.as_str() == kind)).count();
    assert_eq!(of_kind("aws_iam_policy"), policies.len());
    assert_eq!(of_kind("aws_iam_role_policy_attachment"), policies.len());

    let placeholders = printed("policy", &["--resources", "placeholders"]);
    assert!(placeholders.contains("arn:aws:s3:::${BucketName}/${ObjectName}"), "{placeholders}");
}

fn run_parse(path: &Path) -> crate::binary::Run {
    run(iam_preflight().arg("parse").arg(path).args(["--format", "json"]))
}

/// The values of `policy` of the managed policies of a configuration.
fn documents_of_hcl(text: &str) -> Vec<Value> {
    let (sources, options, limits) = (Sources::new(), LoadOptions::default(), Limits::default());
    let ctx = LoadContext { sources: &sources, catalog: Catalog::embedded(), options: &options, limits: &limits };
    let module = ModuleSource::read_text("main.tf", text, ctx);
    let evaluator = Evaluator::new(&module, &NothingKnown, "main", ctx);
    let policies = module.resources.iter().filter(|block| block.resource_type == "aws_iam_policy");
    policies
        .map(|block| {
            let attribute = block.body.attributes.iter().find(|a| a.name == "policy").expect("a policy");
            let value =
                evaluator.evaluate(&attribute.value, &Bindings::none()).unwrap_or_else(|e| panic!("{}", e.message));
            let text = value.as_text().expect("a string");
            serde_json::from_str(text.known().expect("known")).expect("JSON")
        })
        .collect()
}

/// Whether `terraform fmt` leaves a text as it is; `None` where there is no Terraform.
fn formatted_by_terraform(text: &str) -> Option<bool> {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("main.tf"), text).expect("written");
    let mut command = Command::new("terraform");
    command.args(["fmt", "-check"]).current_dir(folder.path()).env("CHECKPOINT_DISABLE", "1");
    let ran = command.env_remove("TF_CLI_CONFIG_FILE").output();
    if ran.is_err() {
        println!("skipped: there is no `terraform`");
    }
    ran.ok().map(|output| output.status.success())
}

#[test]
fn what_can_not_be_read_is_named_and_counted_and_the_rest_is_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = record(1, "s3", "ListBuckets", "eu-west-1");
    let path = write_log(folder.path(), "truncated.json.gz", &vec![good.clone(); 2000]);
    let whole = fs::read(&path).expect("read");
    fs::write(&path, &whole[..whole.len() / 2]).expect("written");
    let shape = json!({"Records": [good.clone(), {"eventName": ["a"]}, {"eventSource": "s3.amazonaws.com"}]});
    fs::write(folder.path().join("shape.json"), shape.to_string()).expect("written");
    let mut future = record(2, "s3", "ListBuckets", "eu-west-1");
    future.insert("eventVersion".to_owned(), json!("2.0"));
    write_log(folder.path(), "version.json", &[future]);
    fs::write(folder.path().join("empty.json"), "").expect("written");
    fs::write(folder.path().join("archive.json"), "PK\u{3}\u{4}....").expect("written");
    fs::write(folder.path().join("result"), "PAR1....").expect("written");
    let of_parquet = match cfg!(feature = "parquet") {
        true => "result`: the file is truncated: it does not end as Parquet does",
        false => "result`: Parquet is not read by this build, which lacks the feature `parquet`",
    };
    let outcome = run(iam_preflight().args(["generate-policy", "--principal", "app", "--trail"]).arg(folder.path()));
    assert_eq!(outcome.code, 2);
    for part in [
        "truncated.json.gz`: the file is truncated",
        "shape.json`, record 2: invalid type",
        "shape.json`, record 3: the record has no `eventName`",
        "version.json`, record 1: event version `2.0` is not known",
        "empty.json`: the file is empty",
        "archive.json`: a ZIP archive is not read",
        of_parquet,
        "error: 4 files and 3 records could not be read",
    ] {
        assert!(outcome.err.contains(part), "{part}\n{}", outcome.err);
    }
    let report = report(&outcome);
    assert_eq!(report["events"]["broken"], json!({"files": 4, "records": 3}));
    assert_eq!(report["events"]["used"], json!(1), "the same event, many times");
    assert_eq!(report["isComplete"], json!(false));
    assert!(report.to_string().contains("s3:ListAllMyBuckets"));

    let empty = tempfile::tempdir().expect("a folder");
    let outcome = run(iam_preflight().args(["generate-policy", "--principal", "app", "--trail"]).arg(empty.path()));
    assert_eq!((outcome.code, outcome.out.as_str()), (2, ""));
    assert!(outcome.err.contains("there is no log file"), "{}", outcome.err);
}

#[test]
fn a_principal_that_is_not_there_or_not_one_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut other = record(1, "s3", "ListBuckets", "eu-west-1");
    other["userIdentity"] = json!({"type": "IAMUser", "arn": "arn:aws:iam::444455556666:user/app"});
    write_log(folder.path(), "log.json", &[record(2, "s3", "ListBuckets", "eu-west-1"), other]);
    let with = |principal: &str| {
        run(iam_preflight().args(["generate-policy", "--principal", principal, "--trail"]).arg(folder.path()))
    };
    let two = with("app");
    assert_eq!(two.code, 2);
    assert!(two.err.contains("arn:aws:iam::444455556666:user/app") && two.err.contains(ROLE), "{}", two.err);
    assert!(with("nobody").err.contains("no event of `nobody` is among the 2 events of 1 files"));
    assert!(with("arn:aws:s3:::b").err.contains("is not the ARN of an IAM user or role"));
    assert_eq!(with("arn:aws:iam::444455556666:user/app").code, 0);
    assert_eq!(with("arn:aws:sts::111122223333:assumed-role/app/any").code, 0);
}

/// A Python that has DuckDB and sqlglot; without one the test is skipped, unless tools are required.
fn python_or_skip() -> Option<String> {
    let name = std::env::var("IAM_PREFLIGHT_SQL_PYTHON").unwrap_or_else(|_| "python3".into());
    let found = Command::new(&name).args(["-c", "import duckdb, sqlglot"]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(name);
    }
    let required = std::env::var("IAM_PREFLIGHT_REQUIRE_TOOLS").is_ok_and(|v| v == "1");
    assert!(!required, "`{name}` has not both duckdb and sqlglot");
    println!("skipped: `{name}` has not both duckdb and sqlglot");
    None
}

#[test]
fn the_result_of_the_query_gives_the_same_policies_and_counts_as_the_logs() {
    let Some(python) = python_or_skip() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    trail(folder.path());
    let logs = folder.path().join("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/09/26");
    let logs: Vec<PathBuf> = fs::read_dir(logs).expect("a folder").map(|entry| entry.expect("a file").path()).collect();
    let generated = |trail: &Path, more: &[&str]| {
        let args = ["generate-policy", "--principal", ROLE, "--data-events"];
        let run = run(iam_preflight().args(args).args(more).arg("--trail").arg(trail));
        assert_eq!((run.code, run.err.as_str()), (0, ""));
        report(&run)
    };
    let work = tempfile::tempdir().expect("a folder");
    for dialect in ["athena", "cloudtrail-lake"] {
        for period in [&[][..], &["--from", "2026-09-02", "--to", "2026-09-03T12:00:30Z"]] {
            let query = work.path().join("query.sql");
            // Every compression of Parquet that such results have.
            let names = ["csv", "uncompressed.parquet", "snappy.parquet", "gzip.parquet", "zstd.parquet"];
            let read = if cfg!(feature = "parquet") { names.len() } else { 1 };
            let results: Vec<PathBuf> =
                names[..read].iter().map(|name| work.path().join(format!("result.{name}"))).collect();
            let args = ["generate-policy", "--principal", ROLE, "--table", "logs", "--print-sql", dialect];
            let printed = run(iam_preflight().args(args).args(period));
            assert_eq!(printed.code, 0, "{}", printed.err);
            fs::write(&query, printed.out).expect("written");
            run_sql(&python, dialect, &query, &results, &logs);
            let of_logs = generated(folder.path(), period);
            for result in &results {
                let of_result = generated(result, &[]);
                let what = format!("{dialect} {period:?} {}", result.display());
                for field in ["generatedPolicies", "unmapped", "principal", "actions"] {
                    assert_eq!(of_logs[field], of_result[field], "{what}");
                }
                assert_eq!(of_logs["events"]["used"], of_result["events"]["used"], "{what}");
                assert!(of_result["events"]["used"].as_u64() > Some(20), "{of_result}");
            }
        }
    }
}

fn run_sql(python: &str, dialect: &str, query: &Path, results: &[PathBuf], logs: &[PathBuf]) {
    let script = crate::binary::root().join("scripts/run-cloudtrail-sql.py");
    let ran = Command::new(python).arg(script).arg(dialect).arg(query).args(results).args(logs).output();
    let ran = ran.expect("Python runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[cfg(feature = "parquet")]
#[test]
fn the_tables_themselves_as_parquet_give_the_same_policies_as_the_logs() {
    let Some(python) = python_or_skip() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    // More rows than a row group of DuckDB's has at least.
    let catalog = Catalog::embedded();
    let (plain, random) = (plain_actions(catalog), &mut Random::new(11));
    let records: Vec<_> = (0..5000)
        .map(|number| {
            let (service, action) = plain[random.below(300)];
            event_of(number, service, action, random).record
        })
        .collect();
    let log = write_log(folder.path(), "log.json.gz", &records);
    let generated = |trail: &Path| {
        let run = run(iam_preflight().args(["generate-policy", "--principal", ROLE, "--trail"]).arg(trail));
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{}", trail.display());
        report(&run)
    };
    let of_log = generated(&log);
    let work = tempfile::tempdir().expect("a folder");
    for dialect in ["athena", "cloudtrail-lake"] {
        let results: Vec<PathBuf> = ["uncompressed", "snappy", "gzip", "zstd"]
            .iter()
            .map(|codec| work.path().join(format!("{dialect}.{codec}.parquet")))
            .collect();
        run_sql(&python, dialect, Path::new("-"), &results, std::slice::from_ref(&log));
        for result in &results {
            let of_result = generated(result);
            for field in ["generatedPolicies", "unmapped", "actions"] {
                assert_eq!(of_log[field], of_result[field], "{}", result.display());
            }
            assert_eq!(of_result["events"]["used"], json!(5000), "{}", result.display());
        }
    }
}

#[test]
fn a_principal_of_a_template_is_known_by_its_logical_id() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = write_log(folder.path(), "log.json", &[record(1, "s3", "ListBuckets", "eu-west-1")]);
    let template = folder.path().join("template.yaml");
    let trust = "AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: []}";
    let text = format!(
        "Resources:\n  Worker:\n    Type: AWS::IAM::Role\n    Properties:\n      RoleName: app\n      {trust}\n  \
         Unnamed:\n    Type: AWS::IAM::Role\n    Properties:\n      {trust}\n"
    );
    fs::write(&template, text).expect("written");
    let with = |principal: &str| {
        let mut command = iam_preflight();
        command.arg("generate-policy").arg(&template).args(["--principal", principal, "--trail"]).arg(&log);
        run(&mut command)
    };
    assert_eq!(report(&with("Worker"))["principal"], ROLE);
    assert_eq!(report(&with("app"))["principal"], ROLE);
    let unnamed = with("Unnamed");
    assert_eq!(unnamed.code, 2);
    assert!(unnamed.err.contains("the name of `Unnamed` is made at deployment"), "{}", unnamed.err);
}

#[test]
fn records_are_read_in_every_form_that_people_have_them_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let one = Value::Object(record(1, "s3", "ListBuckets", "eu-west-1"));
    let csv_quoted = one.to_string().replace('"', "\"\"");
    let forms = [
        ("records.json", json!({"Records": [one]}).to_string()),
        ("array.json", json!([one]).to_string()),
        ("lines.jsonl", format!("{one}\n")),
        (
            "looked-up.json",
            json!({"NextToken": "n", "Events": [{"EventId": "1", "CloudTrailEvent": one.to_string()}]}).to_string(),
        ),
        ("lake.csv", format!("eventJson\n\"{csv_quoted}\"\n")),
        ("no-known-end", json!({"Records": [one]}).to_string()),
    ];
    for (name, text) in forms {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("written");
        let run = run(iam_preflight()
            .args(["generate-policy", "--principal", "app", "--format", "policy", "-q", "--trail"])
            .arg(&path));
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{name}");
        assert_eq!(report(&run)["Statement"][0]["Action"], "s3:ListAllMyBuckets", "{name}");
    }
}

#[test]
fn periods_are_kept_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |number: usize, time: &str| {
        let mut record = record(number, "s3", "ListBuckets", "eu-west-1");
        record.insert("eventTime".to_owned(), json!(time));
        record
    };
    let records: Vec<_> = ["2026-09-01T00:00:00Z", "2026-09-10T23:59:59Z", "2026-09-20T12:00:00Z"]
        .iter()
        .enumerate()
        .map(|(number, time)| at(number, time))
        .collect();
    write_log(folder.path(), "111122223333_CloudTrail_eu-west-1_20260920T1205Z_x.json.gz", &records);
    let used = |more: &[&str]| {
        let args = ["generate-policy", "--principal", "app"];
        let run = run(iam_preflight().args(args).args(more).arg("--trail").arg(folder.path()));
        assert_eq!(run.code, 0, "{}", run.err);
        report(&run)["events"]["used"].as_u64()
    };
    for (period, expected) in [
        (&[][..], 3),
        (&["--from", "2026-09-10"], 2),
        (&["--to", "2026-09-10"], 2),
        (&["--from", "2026-09-01", "--days", "10"], 2),
        (&["--days", "12"], 2),
        (&["--days", "1"], 1),
    ] {
        assert_eq!(used(period), Some(expected), "{period:?}");
    }
    let args = ["generate-policy", "--principal", "app", "--from", "2026-09-10", "--to", "2026-09-01", "--trail"];
    assert_eq!(run(iam_preflight().args(args).arg(folder.path())).code, 2);
}

#[test]
fn whatever_the_bytes_of_a_log_are_reading_it_ends_and_loses_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let random = &mut Random::new(11);
    let records: Vec<_> = (0..3).map(|number| record(number, "s3", "ListBuckets", "eu-west-1")).collect();
    let log = json!({"Records": records}).to_string();
    let result = format!(
        "event_source,event_name,principal_type,principal_arn,event_count,resources,useridentity\n\
         s3.amazonaws.com,ListBuckets,AssumedRole,{ROLE},3,\"[{{arn=a, b={{c=d}}}}]\",\"{{type=x, arn={ROLE}}}\"\n"
    );
    let files = 400;
    for number in 0..files {
        let (name, text) = if number % 2 == 0 { ("json", &log) } else { ("csv", &result) };
        let mut bytes = text.clone().into_bytes();
        for _ in 0..1 + random.below(6) {
            let at = random.below(bytes.len());
            match random.below(4) {
                0 => bytes[at] = random.below(256) as u8,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, b"{}[]\",:=\\\n"[random.below(10)]),
                _ => bytes.truncate(at.max(1)),
            }
            if bytes.is_empty() {
                bytes.push(b'{');
            }
        }
        fs::write(folder.path().join(format!("{number}.{name}")), bytes).expect("written");
    }
    let options = Options { resources: true, ..Options::default() };
    let activity = collect(&[folder.path().to_owned()], &options, Catalog::embedded(), &());
    assert_eq!(activity.coverage.files, files);
    let troubles = &activity.coverage.troubles;
    assert!(troubles.files > 20 && troubles.records > 20, "{troubles:?}");
}
