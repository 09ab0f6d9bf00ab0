//! `unused` and `validate --activity` as commands: what the documentation shows is what they print, the changes are those of the
//! report, and bad evidence is named and counted.

use std::fs;

use iam_preflight::activity::Timestamp;
use serde_json::{Value, json};

use super::report::hold_to_schema;
use crate::binary::{codes, iam_preflight, in_folder, json, root, run};

const EXAMPLE: &str = "examples/unused-access";

/// The console blocks of the page, with the output of each command in place of what stands there.
fn rendered(page: &str) -> String {
    let mut out = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        if line != "```console" {
            continue;
        }
        let command = lines.next().expect("a command");
        let args = command.strip_prefix("$ iam-preflight ").expect("our own command").split(' ');
        let result = run(iam_preflight().args(args));
        assert_eq!((result.code, result.err.as_str()), (0, ""), "{command}");
        out.push_str(&format!("{command}\n{}```\n", result.out));
        lines.by_ref().take_while(|line| *line != "```").for_each(drop);
    }
    out
}

#[test]
fn the_documentation_shows_what_the_command_prints() {
    let path = root().join("docs/unused-access.md");
    let page = fs::read_to_string(&path).expect("the page");
    let now = rendered(&page);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &now).expect("written");
    }
    assert_eq!(fs::read_to_string(&path).expect("the page"), now, "run with UPDATE_DOCS=1 and read the changes");
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

fn example(file: &str) -> String {
    fs::read_to_string(root().join(EXAMPLE).join(file)).expect("an example")
}

fn unused(folder: &std::path::Path, args: &[&str]) -> Value {
    let result = run(in_folder(folder).arg("unused").args(args).args(["--format", "json"]));
    assert_eq!(result.code, 0, "{result:?}");
    let report = json(&result);
    hold_to_schema(&report);
    report
}

#[test]
fn the_changes_of_the_template_are_the_recommended_policy_and_nothing_is_left_to_change() {
    let (template, last) = (example("template.yaml"), example("last-accessed/orders-worker.json"));
    let folder = folder(&[("template.yaml", &template), ("evidence/orders-worker.json", &last)]);
    let args = ["template.yaml", "--last-accessed", "evidence"];
    let before = unused(folder.path(), &args);
    let steps = &before["unusedAccess"][0]["recommendation"]["steps"];
    assert_eq!(steps[0]["recommendedAction"], "CREATE_POLICY");
    assert_eq!(steps[1]["recommendedAction"], "DETACH_POLICY");
    let result = run(in_folder(folder.path()).args(["validate", "template.yaml", "--activity", "evidence", "--fix"]));
    assert!(result.out.contains("1 fix made"), "{result:?}");
    let after = fs::read_to_string(folder.path().join("template.yaml")).expect("the template");
    assert!(after.contains("- sqs:ReceiveMessage # the worker's own queue\n"), "comments stay: {after}");
    let parsed = json(&run(in_folder(folder.path()).args(["parse", "template.yaml", "--format", "json"])));
    let policies = parsed["policies"].as_array().expect("policies");
    let policy = policies.iter().find(|p| p["name"] == "orders").expect("the policy");
    let alone = |statement: &Value| {
        // A list of one and the one by itself are the same.
        let mut statement = statement.clone();
        if let Some([one]) = statement["Action"].as_array().map(Vec::as_slice) {
            statement["Action"] = one.clone();
        }
        statement
    };
    let statements = |document: &Value| -> Vec<Value> {
        document["Statement"].as_array().expect("statements").iter().map(alone).collect()
    };
    assert_eq!(statements(&policy["document"]), statements(&steps[0]["recommendedPolicy"]));
    let again = unused(folder.path(), &args);
    assert_eq!(again["unusedAccess"], json!([]), "{:?}", again["notices"]);
}

#[test]
fn validate_adds_the_findings_of_the_evidence() {
    let folder = folder(&[
        ("template.yaml", &example("template.yaml")),
        ("evidence/orders-worker.json", &example("last-accessed/orders-worker.json")),
        ("evidence/details.json", &example("authorization-details.json")),
        ("evidence/notes.txt", "not evidence"),
    ]);
    let args = ["validate", "template.yaml", "--activity", "evidence", "--format", "json"];
    let result = run(in_folder(folder.path()).args(args));
    let report = json(&result);
    hold_to_schema(&report);
    let codes = codes(&report);
    assert!(
        codes.contains(&"UNUSED_IAM_ROLE".to_owned()) && codes.contains(&"UNUSED_PERMISSION".to_owned()),
        "{codes:?}"
    );
    assert_eq!(report["unusedAccess"].as_array().map(Vec::len), Some(2));
    let notices = report["notices"].to_string();
    assert!(notices.contains("1 file is no evidence of use"), "{notices}");
    for finding in report["findings"].as_array().expect("findings") {
        assert!(finding["locations"][0]["start"]["line"].as_u64().is_some_and(|line| line > 1), "{finding}");
    }
}

#[test]
fn whose_details_a_file_holds_is_told_by_its_name_or_said() {
    let last = example("last-accessed/orders-worker.json");
    let folder =
        folder(&[("template.yaml", &example("template.yaml")), ("x=1.json", &last), ("orders-worker.json", &last)]);
    fs::write(folder.path().join("arn_aws_iam__111122223333_role_orders-worker.json"), &last).expect("a file");
    let by_content = fs::write(folder.path().join("anything.json"), &last);
    by_content.expect("a file");
    let details = example("authorization-details.json");
    fs::write(folder.path().join("details"), details).expect("a file");
    for given in ["OrdersWorker=x=1.json", "orders-worker=x=1.json", "orders-worker.json", "anything.json"] {
        let args =
            ["template.yaml", "--authorization-details", "details", "--last-accessed", given, "--exclude", "old-*"];
        assert_eq!(codes(&unused(folder.path(), &args)), ["UNUSED_PERMISSION"], "{given}");
    }
    let args = ["template.yaml", "--last-accessed", "somebody=x=1.json"];
    let report = unused(folder.path(), &args);
    assert!(report["notices"].to_string().contains("last accessed details `somebody`"), "{}", report["notices"]);
}

#[test]
fn exclusions_by_name_and_by_tag_leave_out_users_and_roles() {
    let details = root().join(EXAMPLE).join("authorization-details.json");
    let details = details.display().to_string();
    let report = root().join(EXAMPLE).join("credential-report.csv").display().to_string();
    let folder = folder(&[]);
    let found = |args: &[&str]| -> Vec<String> {
        let base = ["--authorization-details", &details, "--credential-report", &report];
        codes(&unused(folder.path(), &[&base, args].concat()))
    };
    assert_eq!(found(&[]), ["UNUSED_IAM_USER_ACCESS_KEY", "UNUSED_IAM_ROLE"]);
    assert_eq!(found(&["--exclude", "old-*"]), ["UNUSED_IAM_USER_ACCESS_KEY"]);
    assert_eq!(found(&["--exclude-tag", "team=imports"]), ["UNUSED_IAM_USER_ACCESS_KEY"]);
    assert_eq!(found(&["--exclude-tag", "team"]), ["UNUSED_IAM_USER_ACCESS_KEY"]);
    assert_eq!(found(&["--exclude-tag", "team=other"]).len(), 2);
    assert_eq!(found(&["--tracking-period", "365"]), Vec::<String>::new());
    assert_eq!(found(&["--as-of", "2026-01-01T00:00:00Z", "--tracking-period", "30"]), ["UNUSED_IAM_USER_ACCESS_KEY"]);
}

#[test]
fn an_access_key_has_its_id_where_it_is_known() {
    let keys = json!({"AccessKeyMetadata": [
        {"UserName": "ana", "AccessKeyId": "AKIAEXAMPLE1", "Status": "Active", "CreateDate": "2024-03-01T09:05:12+00:00"}
    ]});
    let folder = folder(&[("report.csv", &example("credential-report.csv")), ("keys.json", &keys.to_string())]);
    let id = |args: &[&str]| unused(folder.path(), args)["unusedAccess"][0]["details"][0]["accessKeyId"].clone();
    assert_eq!(id(&["--credential-report", "report.csv", "keys.json"]), "AKIAEXAMPLE1");
    assert_eq!(id(&["--credential-report", "report.csv"]), "access_key_1");
}

#[test]
fn bad_evidence_is_named_and_counted_and_the_rest_is_judged() {
    let report =
        format!("{}\nbo,arn:aws:iam::111122223333:user/bo,never\n", example("credential-report.csv").trim_end());
    let folder = folder(&[
        ("details.json", &example("authorization-details.json")),
        ("report.csv", &report),
        ("last/orders-worker.json", r#"{"JobStatus": "COMPLETED", "ServicesLastAccessed": [{"ServiceNam"#),
        (
            "last/nobody.json",
            r#"{"JobStatus": "COMPLETED", "ServicesLastAccessed": [{"ServiceNamespace": "s3"}, {"x": 1}]}"#,
        ),
    ]);
    let evidence =
        ["--authorization-details", "details.json", "--credential-report", "report.csv", "--last-accessed", "last"];
    let result = run(in_folder(folder.path()).arg("unused").args(evidence).args(["--format", "json"]));
    assert_eq!(result.code, 2, "a file could not be read: {result:?}");
    let report = json(&result);
    assert_eq!(codes(&report), ["UNUSED_IAM_USER_ACCESS_KEY", "UNUSED_IAM_ROLE"]);
    let notices: Vec<&str> = report["notices"].as_array().expect("notices").iter().filter_map(Value::as_str).collect();
    for expected in [
        "`last/orders-worker.json`: EOF while parsing",
        "`last/nobody.json`, record 2: a service without `ServiceNamespace`",
        "`report.csv`, record 3: a row of 3 fields where the header has 22",
        "of the evidence, 1 file and 2 records could not be read",
        "is named by the last accessed details `nobody`",
    ] {
        assert!(notices.iter().any(|n| n.contains(expected)), "{expected}: {notices:#?}");
    }
}

#[test]
fn without_evidence_or_without_anybody_to_judge_the_run_is_wrong_use() {
    let folder = folder(&[("template.yaml", &example("template.yaml"))]);
    let result = run(in_folder(folder.path()).args(["unused", "template.yaml"]));
    assert_eq!(result.code, 2);
    assert!(result.err.contains("there is no evidence of use"), "{}", result.err);
    let last = root().join(EXAMPLE).join("last-accessed").display().to_string();
    let result = run(in_folder(folder.path()).args(["unused", "--last-accessed", &last]));
    assert!(result.code == 2 && result.err.contains("there are no users or roles to judge"), "{result:?}");
    let result = run(in_folder(folder.path()).args(["unused", "template.yaml", "--trail", "nowhere"]));
    assert_eq!(result.code, 2, "{result:?}");
}

/// One event of CloudTrail by the worker.
fn event(name: &str, source: &str, time: &str) -> Value {
    json!({
        "eventVersion": "1.08", "eventTime": time, "eventSource": source, "eventName": name, "awsRegion": "eu-west-1",
        "eventType": "AwsApiCall", "eventCategory": "Management", "managementEvent": true, "recipientAccountId": "111122223333",
        "eventID": format!("{name}-{time}"),
        "userIdentity": {
            "type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/orders-worker/s", "accountId": "111122223333",
            "sessionContext": {"sessionIssuer": {
                "type": "Role", "arn": "arn:aws:iam::111122223333:role/orders-worker", "accountId": "111122223333",
                "userName": "orders-worker"
            }}
        },
        "requestParameters": null, "responseElements": null
    })
}

#[test]
fn a_trail_shows_what_was_not_used_only_if_it_covers_the_period() {
    let trail = |first: &str| {
        let events = [
            event("GetQueueAttributes", "sqs.amazonaws.com", first),
            event("Decrypt", "kms.amazonaws.com", "2026-09-26T09:00:00Z"),
        ];
        json!({"Records": events}).to_string()
    };
    let broken = trail("2026-01-01T00:00:00Z");
    let (long, short) = (trail("2026-01-01T00:00:00Z"), trail("2026-09-01T00:00:00Z"));
    let folder =
        folder(&[("template.yaml", &example("template.yaml")), ("long/a.json", &long), ("short/a.json", &short)]);
    let report = unused(folder.path(), &["template.yaml", "--trail", "long", "--exclude", "old-*"]);
    let details = &report["unusedAccess"][0]["details"];
    let of = |service: &str| {
        let all = details.as_array().expect("details");
        all.iter().find(|d| d["serviceNamespace"] == service).cloned().unwrap_or_default()
    };
    assert_eq!(of("kms")["actions"], json!([{"action": "CreateGrant", "lastAccessed": null}]));
    let sqs = of("sqs")["actions"].to_string();
    assert!(sqs.contains("\"CreateQueue\"") && !sqs.contains("SendMessage"), "data events leave no trace: {sqs}");
    assert_eq!(of("sns"), Value::Null, "there is no information at action level");
    // What is not deployed yet can't have been used: the exported role has no policies.
    let details = root().join(EXAMPLE).join("authorization-details.json").display().to_string();
    let args = ["template.yaml", "--trail", "long", "--exclude", "old-*", "--authorization-details", &details];
    assert_eq!(unused(folder.path(), &args)["unusedAccess"], json!([]));
    let report = unused(folder.path(), &["template.yaml", "--trail", "short"]);
    assert_eq!(report["unusedAccess"], json!([]));
    assert!(
        report["notices"].to_string().contains("they show what was used, not what was not"),
        "{}",
        report["notices"]
    );
    // A file that is cut off may have held the use of anything.
    fs::write(folder.path().join("long/b.json"), &broken[..broken.len() - 20]).expect("a file");
    let args = ["unused", "template.yaml", "--trail", "long", "--exclude", "old-*", "--format", "json"];
    let result = run(in_folder(folder.path()).args(args));
    assert_eq!(result.code, 2, "{result:?}");
    assert_eq!(json(&result)["unusedAccess"], json!([]));
}

#[test]
fn files_missing_in_a_trails_middle_are_said_and_hide_what_was_not_used() {
    let first = Timestamp::parse("2026-05-01T09:00:00Z").expect("a time");
    let written = |missing: std::ops::Range<u32>| {
        let folder = folder(&[("template.yaml", &example("template.yaml"))]);
        for number in (0..140).filter(|number| !missing.contains(number)) {
            let events = [event("GetQueueAttributes", "sqs.amazonaws.com", &first.days_after(number).to_string())];
            let name = format!("trail/{number}.json");
            fs::create_dir_all(folder.path().join("trail")).expect("a folder");
            fs::write(folder.path().join(name), json!({"Records": events}).to_string()).expect("a file");
        }
        unused(folder.path(), &["template.yaml", "--trail", "trail", "--exclude", "old-*", "--tracking-period", "60"])
    };
    let whole = written(0..0);
    assert_eq!(codes(&whole), ["UNUSED_PERMISSION"]);
    let notices = |report: &Value| report["notices"].to_string();
    let gapped = written(100..108);
    assert_eq!(gapped["unusedAccess"], json!([]));
    let said = "no files or events from 2026-08-09 to 2026-08-16 in eu-west-1 of account 111122223333";
    assert!(notices(&gapped).contains(said), "{}", notices(&gapped));
    assert!(!notices(&whole).contains("to 2026-08-16"), "{}", notices(&whole));
}

#[test]
fn a_trail_without_events_is_said_and_shows_nothing() {
    let folder = folder(&[
        ("template.yaml", &example("template.yaml")),
        ("details.json", &example("authorization-details.json")),
        ("trail/AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/x.json.gz", ""),
        ("trail/notes.txt", ""),
    ]);
    fs::create_dir(folder.path().join("empty")).expect("a folder");
    let said = |trail: &str| {
        let args = ["template.yaml", "--authorization-details", "details.json", "--trail", trail, "--exclude", "old-*"];
        let report = unused(folder.path(), &args);
        assert_eq!(report["unusedAccess"], json!([]));
        report["notices"].to_string()
    };
    assert!(said("empty").contains("the trails hold no events: 0 files read\""), "{}", said("empty"));
    let passed_over = "no events: 0 files read, passed over digest file: 1, not a log file by its name: 1";
    assert!(said("trail").contains(passed_over), "{}", said("trail"));
}

/// Last accessed details in which these services were used lately, and the others not.
fn last_accessed(services: &[(&str, bool)]) -> String {
    let service = |(prefix, is_used): &(&str, bool)| match is_used {
        false => json!({"ServiceNamespace": prefix}),
        true => json!({"ServiceNamespace": prefix, "LastAuthenticated": "2026-09-20T00:00:00Z"}),
    };
    let services: Vec<Value> = services.iter().map(service).collect();
    let completed = "2026-09-26T00:00:00Z";
    json!({"JobStatus": "COMPLETED", "JobCompletionDate": completed, "ServicesLastAccessed": services}).to_string()
}

#[test]
fn what_the_organization_forbids_is_not_granted_and_not_unused() {
    let deny = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "sns:*", "Resource": "*"}]}"#;
    let all = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
    let some = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}"#;
    let folder = folder(&[
        ("template.yaml", &example("template.yaml")),
        ("last/orders-worker.json", &example("last-accessed/orders-worker.json")),
        ("all.json", all),
        ("deny.json", deny),
        ("some.json", some),
    ]);
    let services = |more: &[&str]| -> (Vec<String>, String) {
        let args = ["template.yaml", "--last-accessed", "last"];
        let report = unused(folder.path(), &[&args, more].concat());
        let details = report["unusedAccess"][0]["details"].as_array().cloned().unwrap_or_default();
        let names = details.iter().map(|d| d["serviceNamespace"].as_str().expect("a name").to_owned());
        (names.collect(), report["notices"].to_string())
    };
    assert_eq!(services(&[]).0, ["kms", "sns", "sqs"]);
    let (without_sns, said) = services(&["--scp", "all.json,deny.json"]);
    assert_eq!(without_sns, ["kms", "sqs"]);
    assert!(said.contains("on all resources by 2 service control policies of 1 level counts"), "{said}");
    assert_eq!(services(&["--scp", "all.json", "--scp", "some.json"]).0, ["kms"]);
    // A boundary forbids, too, if it is known.
    let bounded = |policy: &str| {
        let boundary = format!("      RoleName: orders-worker\n      PermissionsBoundary: arn:aws:iam::{policy}\n");
        let template = example("template.yaml").replace("      RoleName: orders-worker\n", &boundary);
        fs::write(folder.path().join("template.yaml"), template).expect("a file");
        services(&[])
    };
    let (within, said) = bounded("aws:policy/AmazonSQSFullAccess");
    assert_eq!(within, ["sqs"]);
    assert!(said.contains("on all resources by 1 permissions boundary counts"), "{said}");
    let (all_services, said) = bounded("111122223333:policy/elsewhere");
    assert_eq!(all_services, ["kms", "sns", "sqs"]);
    assert!(said.contains("boundary `arn:aws:iam::111122223333:policy/elsewhere` is not known"), "{said}");
    fs::write(folder.path().join("template.yaml"), example("template.yaml")).expect("a file");
    let args = ["validate", "template.yaml", "--activity", "last", "--scp", "all.json", "--scp", "some.json"];
    let result = run(in_folder(folder.path()).args(args).args(["--format", "json"]));
    let details = json(&result)["unusedAccess"][0]["details"].clone();
    assert_eq!(details.as_array().map(Vec::len), Some(1), "{details}");
}

/// An export of a group with these users, and a template that makes the group and the first of them.
fn group(users: &[&str]) -> (String, String) {
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["s3:*", "sqs:*", "sns:*"], "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}
    ]});
    let entity = |kind: &str, name: &str| {
        json!({
            "Path": "/", format!("{kind}Name"): name, "Arn": format!("arn:aws:iam::111122223333:{}/{name}", kind.to_lowercase()),
            "CreateDate": "2024-01-01T00:00:00Z", "AttachedManagedPolicies": []
        })
    };
    let user = |name: &&str| {
        let mut user = entity("User", name);
        user["GroupList"] = json!(["devs"]);
        user
    };
    let mut devs = entity("Group", "devs");
    devs["GroupPolicyList"] = json!([{"PolicyName": "work", "PolicyDocument": policy}]);
    let users_of: Vec<Value> = users.iter().map(user).collect();
    let export = json!({"UserDetailList": users_of, "GroupDetailList": [devs], "RoleDetailList": [], "Policies": []});
    let template = format!(
        "Resources:\n  Devs:\n    Type: AWS::IAM::Group\n    Properties:\n      GroupName: devs\n      Policies:\n        \
         - PolicyName: work\n          PolicyDocument:\n            Version: '2012-10-17'\n            Statement:\n              \
         - Effect: Allow\n                Action:\n                  - s3:*\n                  - sqs:*\n                  \
         - sns:*\n                Resource: '*'\n              - Effect: Deny\n                Action: s3:DeleteBucket\n                \
         Resource: '*'\n  First:\n    Type: AWS::IAM::User\n    Properties:\n      UserName: {}\n      Groups: [!Ref Devs]\n",
        users[0]
    );
    (export.to_string(), template)
}

#[test]
fn a_groups_policy_loses_what_no_member_uses() {
    let (export, template) = group(&["ana", "bo"]);
    let ana = last_accessed(&[("s3", true), ("sqs", false), ("sns", false)]);
    let bo = last_accessed(&[("s3", false), ("sqs", true), ("sns", false)]);
    let folder = folder(&[
        ("details.json", &export),
        ("template.yaml", &template),
        ("last/user_ana.json", &ana),
        ("last/user_bo.json", &bo),
    ]);
    let evidence = ["--authorization-details", "details.json", "--last-accessed", "last"];
    let report = unused(folder.path(), &evidence);
    let all = report["unusedAccess"].as_array().expect("a list");
    assert_eq!(all.len(), 2, "{report}");
    let expected = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["s3:*", "sqs:*"], "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}
    ]});
    for one in all {
        let steps = &one["recommendation"]["steps"];
        assert_eq!(
            (&steps[0]["recommendedAction"], &steps[0]["recommendedPolicy"]),
            (&json!("CREATE_POLICY"), &expected)
        );
        assert_eq!(steps[0]["group"]["type"], "AWS::IAM::Group", "{steps}");
    }
    // Of a template that has one member: the other is found in the export, and the text is changed once for all.
    let args = [&["template.yaml"], &evidence[..]].concat();
    let diff = run(in_folder(folder.path()).arg("unused").args(&args).arg("--diff")).out;
    let changed: Vec<&str> = diff.lines().skip(2).filter(|line| line.starts_with(['-', '+'])).collect();
    assert_eq!(changed, ["-                  - sns:*"], "{diff}");
    // A member of whom nothing is known, or who is left out, may use anything.
    let why = |more: &[&str]| {
        let report = unused(folder.path(), &[&evidence[..], more].concat());
        let recommendation = &report["unusedAccess"][0]["recommendation"];
        assert_eq!(recommendation["steps"], json!([]));
        recommendation["errors"][0].clone()
    };
    let excluded = why(&["--exclude", "bo"]);
    assert_eq!((&excluded["code"], &excluded["existingPolicyId"]), (&json!("UNSUPPORTED_GROUP"), &json!("work")));
    assert!(
        excluded["message"].as_str().is_some_and(|m| m.contains("`arn:aws:iam::111122223333:user/bo` is left out"))
    );
    fs::write(folder.path().join("last/user_bo.json"), last_accessed(&[("s3", true), ("sqs", true), ("sns", true)]))
        .expect("a file");
    assert_eq!(why(&[])["code"], "USED_BY_GROUP");
    fs::remove_file(folder.path().join("last/user_bo.json")).expect("a file");
    assert!(why(&[])["message"].as_str().is_some_and(|m| m.contains("no evidence shows what its member")));
    fs::write(folder.path().join("last/user_bo.json"), &bo).expect("a file");
    let young =
        export.replacen("2024-01-01T00:00:00Z", "2026-09-01T00:00:00Z", 2).replacen("2026-09-01", "2024-01-01", 1);
    fs::write(folder.path().join("details.json"), young).expect("a file");
    assert!(why(&[])["message"].as_str().is_some_and(|m| m.contains("`arn:aws:iam::111122223333:user/bo` is younger")));
    fs::write(folder.path().join("details.json"), &export).expect("a file");
    fs::remove_file(folder.path().join("last/user_bo.json")).expect("a file");
    // Without the export nobody knows who else is in the group.
    let alone = unused(folder.path(), &["template.yaml", "--last-accessed", "last"]);
    let error = &alone["unusedAccess"][0]["recommendation"]["errors"][0];
    assert!(error["message"].as_str().is_some_and(|m| m.contains("only authorization details tell")), "{error}");
}

/// A plan of two roles that one block makes, each with the policy of another block.
fn plan() -> String {
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Action": ["sqs:*", "kms:Decrypt"], "Effect": "Allow", "Resource": "*"},
        {"Action": "sns:*", "Effect": "Allow", "Resource": "*"}
    ]})
    .to_string();
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    ]})
    .to_string();
    let (mut resources, mut changes) = (Vec::new(), Vec::new());
    let mut add = |kind: &str, name: &str, index: usize, values: Value| {
        let address = format!("{kind}.{name}[{index}]");
        resources.push(json!({
            "address": address, "mode": "managed", "type": kind, "name": name, "index": index,
            "provider_name": "registry.terraform.io/hashicorp/aws", "schema_version": 0, "values": values, "sensitive_values": {}
        }));
        changes.push(json!({
            "address": address, "mode": "managed", "type": kind, "name": name, "index": index,
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": {"actions": ["create"], "before": null, "after": values, "after_unknown": {}, "after_sensitive": {}}
        }));
    };
    for index in 0..2 {
        let name = format!("worker-{index}");
        add("aws_iam_role", "worker", index, json!({"name": name, "path": "/", "assume_role_policy": trust}));
        add("aws_iam_role_policy", "orders", index, json!({"name": "orders", "role": name, "policy": policy}));
    }
    let configured = |kind: &str, name: &str, expressions: Value| {
        json!({
            "address": format!("{kind}.{name}"), "mode": "managed", "type": kind, "name": name, "provider_config_key": "aws",
            "expressions": expressions, "schema_version": 0, "count_expression": {"constant_value": 2}
        })
    };
    json!({
        "format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": changes,
        "planned_values": {"root_module": {"resources": resources}},
        "configuration": {"root_module": {"resources": [
            configured("aws_iam_role", "worker", json!({"name": {"references": ["count.index"]}, "assume_role_policy": {}})),
            configured("aws_iam_role_policy", "orders", json!({
                "name": {"constant_value": "orders"}, "policy": {},
                "role": {"references": ["aws_iam_role.worker", "count.index"]}
            })),
        ]}}
    })
    .to_string()
}

const SOURCE: &str = r#"resource "aws_iam_role" "worker" {
  count = 2
  name  = "worker-${count.index}"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Action = "sts:AssumeRole", Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "orders" {
  count = 2
  name  = "orders"
  role  = aws_iam_role.worker[count.index].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["sqs:*", "kms:Decrypt"] # both
        Resource = "*"
      },
      {
        Effect   = "Allow"
        Action   = "sns:*"
        Resource = "*"
      },
    ]
  })
}
"#;

/// The lines that `--diff` takes out and puts in, without the files' names; and the notes.
fn changes(folder: &std::path::Path, args: &[&str]) -> (Vec<String>, String) {
    let result = run(in_folder(folder).arg("unused").args(args).arg("--diff"));
    assert_eq!(result.code, 0, "{result:?}");
    let is_change =
        |line: &&str| line.starts_with(['-', '+']) && !line.starts_with("--- ") && !line.starts_with("+++ ");
    (result.out.lines().filter(is_change).map(str::to_owned).collect(), result.err)
}

const WHOLLY_UNUSED: &str = "\
Resources:
  Worker:
    Type: AWS::IAM::Role
    Properties:
      RoleName: worker
      AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: []}
      ManagedPolicyArns:
        - arn:aws:iam::aws:policy/AmazonSNSFullAccess # for alarms
        - arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess
        - !Ref Topics
      Policies:
        - PolicyName: topics
          PolicyDocument:
            Version: '2012-10-17'
            Statement: [{Effect: Allow, Action: 'sns:*', Resource: '*'}]
  Further:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: further
      Roles: [!Ref Worker]
      PolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Action: 'sns:Publish', Resource: '*'}]
  # Is mentioned, so it can't just go.
  Mentioned:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: mentioned
      Roles: [!Ref Worker]
      PolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Action: 'sns:Subscribe', Resource: '*'}]
  Queue:
    Type: AWS::SQS::Queue
    DependsOn: Mentioned
  Listed:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      Roles:
        - !Ref Worker
        - other
      PolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Action: 'sns:ListTopics', Resource: '*'}]
  Topics:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Action: 'sns:ListTopics', Resource: '*'}]
";

#[test]
fn a_policy_of_which_nothing_is_used_leaves_the_template_or_is_named() {
    let last = last_accessed(&[("sqs", true), ("sns", false), ("sms-voice", false), ("cloudwatch", true)]);
    let folder = folder(&[("template.yaml", WHOLLY_UNUSED), ("last/worker.json", &last)]);
    let args = ["template.yaml", "--last-accessed", "last"];
    let (changed, notes) = changes(folder.path(), &args);
    let expected = "\
-        - arn:aws:iam::aws:policy/AmazonSNSFullAccess # for alarms
+        # for alarms
-        - !Ref Topics
-      Policies:
-        - PolicyName: topics
-          PolicyDocument:
-            Version: '2012-10-17'
-            Statement: [{Effect: Allow, Action: 'sns:*', Resource: '*'}]
-  Further:
-    Type: AWS::IAM::Policy
-    Properties:
-      PolicyName: further
-      Roles: [!Ref Worker]
-      PolicyDocument:
-        Version: '2012-10-17'
-        Statement: [{Effect: Allow, Action: 'sns:Publish', Resource: '*'}]
-        - !Ref Worker";
    assert_eq!(changed.join("\n"), expected, "{notes}");
    assert!(notes.contains("nothing of 1 policy is used, to be detached by hand: `mentioned` of `Worker`"), "{notes}");
    let report = unused(folder.path(), &args);
    let ids = report["unusedAccess"][0]["recommendation"]["steps"].as_array().expect("steps").iter();
    let ids: Vec<&str> = ids.filter_map(|step| step["existingPolicyId"].as_str()).collect();
    assert!(
        ids.iter().any(|id| id.contains(":policy/") && id.contains("Listed")),
        "a managed policy has its ARN: {ids:?}"
    );
    // What is left is a template without them.
    let fixed = run(in_folder(folder.path()).args(["validate", "template.yaml", "--activity", "last", "--fix"]));
    assert!(fixed.out.contains("1 fix made"), "{fixed:?}");
    let report = unused(folder.path(), &args);
    let steps = report["unusedAccess"][0]["recommendation"]["steps"].as_array().expect("steps").clone();
    let left: Vec<&Value> = steps.iter().map(|step| &step["existingPolicyId"]).collect();
    assert_eq!(left, ["mentioned"], "{report}");
    let as_json = json!({"Resources": {"W": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": "worker", "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
            "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AmazonSNSFullAccess"]
        }
    }}});
    fs::write(folder.path().join("template.json"), format!("{as_json:#}\n")).expect("a file");
    let (changed, notes) = changes(folder.path(), &["template.json", "--last-accessed", "last"]);
    assert_eq!(notes, "");
    // JSON has no comma behind what is last now.
    let arns = "-          \"arn:aws:iam::aws:policy/AmazonSNSFullAccess\"";
    let expected = ["-        },", "-        \"ManagedPolicyArns\": [", arns, "-        ]", "+        }"];
    assert_eq!(changed, expected, "{changed:?}");
}

#[test]
fn what_two_templates_call_alike_is_left_to_people() {
    let last = last_accessed(&[("sqs", true), ("sns", false), ("sms-voice", false), ("cloudwatch", true)]);
    let folder = folder(&[("a.yaml", WHOLLY_UNUSED), ("b.yaml", WHOLLY_UNUSED), ("last/worker.json", &last)]);
    let args = ["a.yaml", "b.yaml", "--last-accessed", "Worker=last/worker.json"];
    let (changed, _) = changes(folder.path(), &args);
    assert_eq!(changed, Vec::<String>::new());
}

#[test]
fn a_policy_of_which_nothing_is_used_leaves_terraforms_sources_or_is_named() {
    let topics =
        json!({"Version": "2012-10-17", "Statement": [{"Action": "sns:*", "Effect": "Allow", "Resource": "*"}]});
    let queues =
        json!({"Version": "2012-10-17", "Statement": [{"Action": "sqs:*", "Effect": "Allow", "Resource": "*"}]});
    let arn = "arn:aws:iam::aws:policy/AmazonSNSFullAccess";
    let resource =
        |kind: &str, name: &str, values: Value| (format!("{kind}.{name}"), kind.to_owned(), name.to_owned(), values);
    let resources = [
        resource("aws_iam_role", "worker", json!({"name": "worker", "path": "/", "assume_role_policy": "{}"})),
        resource(
            "aws_iam_role_policy",
            "topics",
            json!({"name": "topics", "role": "worker", "policy": topics.to_string()}),
        ),
        resource(
            "aws_iam_role_policy",
            "queues",
            json!({"name": "queues", "role": "worker", "policy": queues.to_string()}),
        ),
        resource("aws_iam_role_policy_attachment", "sns", json!({"role": "worker", "policy_arn": arn})),
    ];
    let planned: Vec<Value> = resources
        .iter()
        .map(|(address, kind, name, values)| {
            json!({
                "address": address, "mode": "managed", "type": kind, "name": name,
                "provider_name": "registry.terraform.io/hashicorp/aws", "schema_version": 0, "values": values,
                "sensitive_values": {}
            })
        })
        .collect();
    let configured: Vec<Value> = resources
        .iter()
        .map(|(address, kind, name, values)| {
            let constant = |(key, value): (&String, &Value)| (key.clone(), json!({"constant_value": value}));
            let expressions: serde_json::Map<String, Value> =
                values.as_object().expect("values").iter().map(constant).collect();
            json!({
                "address": address, "mode": "managed", "type": kind, "name": name, "provider_config_key": "aws",
                "expressions": expressions, "schema_version": 0
            })
        })
        .collect();
    let changed: Vec<Value> = resources
        .iter()
        .map(|(address, kind, name, values)| {
            json!({
                "address": address, "mode": "managed", "type": kind, "name": name,
                "provider_name": "registry.terraform.io/hashicorp/aws",
                "change": {"actions": ["create"], "before": null, "after": values, "after_unknown": {}, "after_sensitive": {}}
            })
        })
        .collect();
    let plan = json!({
        "format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": changed,
        "planned_values": {"root_module": {"resources": planned}},
        "configuration": {"root_module": {"resources": configured}}
    });
    let source = "\
resource \"aws_iam_role\" \"worker\" {
  name               = \"worker\"
  assume_role_policy = \"{}\"
}

resource \"aws_iam_role_policy\" \"topics\" {
  name   = \"topics\"
  role   = \"worker\"
  policy = <<-EOT
    {\"Version\": \"2012-10-17\", \"Statement\": [{\"Action\": \"sns:*\", \"Effect\": \"Allow\", \"Resource\": \"*\"}]}
  EOT
}

resource \"aws_iam_role_policy\" \"queues\" {
  name   = \"queues\"
  role   = \"worker\"
  policy = jsonencode({ Version = \"2012-10-17\", Statement = [{ Action = \"sqs:*\", Effect = \"Allow\", Resource = \"*\" }] })
}

resource \"aws_iam_role_policy_attachment\" \"sns\" {
  role       = \"worker\"
  policy_arn = \"arn:aws:iam::aws:policy/AmazonSNSFullAccess\"
}
";
    let last = last_accessed(&[("sqs", true), ("sns", false), ("sms-voice", false)]);
    let folder = folder(&[("plan.json", &plan.to_string()), ("main.tf", source), ("last/worker.json", &last)]);
    let args = ["plan.json", "--last-accessed", "last"];
    let (changed, notes) = changes(folder.path(), &args);
    assert_eq!(notes, "");
    let of = |part: &str| changed.iter().filter(|line| line.contains(part)).count();
    assert_eq!((of("policy_arn"), of("<<-EOT"), of("sns:*")), (1, 1, 1), "{changed:?}");
    // The file without both blocks.
    let fixed = run(in_folder(folder.path()).args(["validate", "plan.json", "--activity", "last", "--fix"]));
    assert!(fixed.out.contains("1 fix made"), "{fixed:?}");
    let (role, rest) = source.split_once("resource \"aws_iam_role_policy\" \"topics\"").expect("the block");
    let (_, rest) = rest.split_once("}\n\n").expect("its end");
    let (queues, _) = rest.split_once("resource \"aws_iam_role_policy_attachment\"").expect("the block");
    let left = fs::read_to_string(folder.path().join("main.tf")).expect("the file");
    assert_eq!(left, format!("{role}{queues}"));
    let depends = format!("{source}\noutput \"x\" {{\n  value = aws_iam_role_policy_attachment.sns.id\n}}\n");
    fs::write(folder.path().join("main.tf"), depends).expect("a file");
    let (changed, notes) = changes(folder.path(), &args);
    assert!(!changed.iter().any(|line| line.contains("attachment")), "{changed:?}");
    assert!(notes.contains(&format!("`{arn}` of `aws_iam_role.worker`")), "{notes}");
}

#[test]
fn a_block_that_makes_several_policies_is_changed_only_if_the_same_goes_for_all() {
    let last =
        |unused: &[&str]| last_accessed(&["sqs", "kms", "sns"].map(|prefix| (prefix, !unused.contains(&prefix))));
    let folder = folder(&[("plan.json", &plan()), ("main.tf", SOURCE), ("last/worker-0.json", &last(&["sqs", "sns"]))]);
    let other = folder.path().join("last/worker-1.json");
    let diff = || run(in_folder(folder.path()).args(["unused", "plan.json", "--last-accessed", "last", "--diff"])).out;
    fs::write(&other, last(&["sns", "sqs"])).expect("a file");
    let both = diff();
    assert!(both.contains("main.tf\n") && both.contains("+        Action   = [\"kms:Decrypt\"] # both\n"), "{both}");
    assert!(both.contains("-        Action   = \"sns:*\"\n") && !both.contains("plan.json"), "{both}");
    // The second role uses both.
    fs::write(&other, last(&[])).expect("a file");
    let report = unused(folder.path(), &["plan.json", "--last-accessed", "last"]);
    assert_eq!(report["unusedAccess"].as_array().map(Vec::len), Some(1), "{report}");
    assert_eq!(diff(), "");
}

#[test]
fn a_role_whose_name_cloudformation_makes_is_found_again_by_tag_or_by_name_and_never_guessed() {
    let template = example("template.yaml").replace("      RoleName: orders-worker\n", "");
    let role = |name: &str, tags: Value| {
        json!({
            "Path": "/", "RoleName": name, "Arn": format!("arn:aws:iam::111122223333:role/{name}"),
            "CreateDate": "2024-01-01T00:00:00Z", "RolePolicyList": [], "AttachedManagedPolicies": [], "Tags": tags,
            "RoleLastUsed": {"LastUsedDate": "2026-09-26T00:00:00Z"}
        })
    };
    let tag = json!([{"Key": "aws:cloudformation:logical-id", "Value": "OrdersWorker"}]);
    let by_name = "shop-OrdersWorker-1A2B3C4D5E6F7";
    let found = |roles: &[Value], file: &str| -> Vec<String> {
        let folder = folder(&[
            ("template.yaml", &template),
            ("details.json", &json!({"RoleDetailList": roles}).to_string()),
            (file, &example("last-accessed/orders-worker.json")),
        ]);
        let args = [
            "template.yaml",
            "--authorization-details",
            "details.json",
            "--last-accessed",
            "last",
            "--exclude",
            "old-*",
        ];
        let report = unused(folder.path(), &args);
        let all = report["unusedAccess"].as_array().expect("a list");
        all.iter().map(|u| u["resource"].as_str().expect("an ARN").to_owned()).collect()
    };
    let no_tags = json!([]);
    assert_eq!(
        found(&[role(by_name, no_tags.clone())], "last/shop-OrdersWorker-1A2B3C4D5E6F7.json"),
        ["arn:aws:iam::111122223333:role/shop-OrdersWorker-1A2B3C4D5E6F7"]
    );
    assert_eq!(found(&[role("x", tag.clone())], "last/x.json"), ["arn:aws:iam::111122223333:role/x"]);
    let two = [role(by_name, no_tags.clone()), role("other-OrdersWorker-9Z8Y7X6W5V4U3", no_tags)];
    assert_eq!(found(&two, "last/shop-OrdersWorker-1A2B3C4D5E6F7.json"), Vec::<String>::new());
}
