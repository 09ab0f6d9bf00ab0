//! The embedded service data: what everything else relies on, and facts that are known from AWS's own pages.

use iam_preflight::catalog::{AccessLevel, Catalog, KeyKind};

fn catalog() -> &'static Catalog {
    Catalog::embedded()
}

#[test]
fn the_data_have_a_date_and_all_services() {
    let date = catalog().date();
    assert!(date.len() == 10 && date.starts_with("20") && date > "2026-01-01", "{date}");
    let prefixes: Vec<_> = catalog().prefixes().collect();
    assert!(prefixes.len() > 400, "{}", prefixes.len());
    assert!(prefixes.is_sorted_by(|a, b| a < b));
    assert!(prefixes.iter().all(|prefix| *prefix == prefix.to_ascii_lowercase()));
}

#[test]
fn every_service_decodes_with_its_actions_sorted_and_its_references_whole() {
    let mut actions = 0;
    for prefix in catalog().prefixes() {
        let service = catalog().service(prefix).unwrap_or_else(|| panic!("{prefix}"));
        assert_eq!(service.prefix, prefix);
        assert!(!service.name.is_empty(), "{prefix}");
        actions += service.actions.len();
        let sorted = service.actions.is_sorted_by(|a, b| a.name.to_ascii_lowercase() < b.name.to_ascii_lowercase());
        assert!(sorted, "{prefix}");
        for action in &service.actions {
            assert_eq!(service.action(&action.name.to_uppercase()).map(|a| &a.name), Some(&action.name));
            for resource in &action.resources {
                let known = service.resource_type(&resource.name);
                assert!(known.is_some(), "{prefix}:{} {}", action.name, resource.name);
            }
        }
    }
    assert!(actions > 20_000, "{actions}");
}

#[test]
fn every_arn_format_has_six_fields_and_closed_parts() {
    for prefix in catalog().prefixes() {
        for resource_type in &catalog().service(prefix).unwrap().resource_types {
            assert!(!resource_type.arns.is_empty(), "{prefix} {}", resource_type.name);
            for arn in &resource_type.arns {
                let fields: Vec<&str> = arn.splitn(6, ':').collect();
                assert_eq!(fields.len(), 6, "{arn}");
                assert_eq!((fields[0], fields[1]), ("arn", "${Partition}"), "{arn}");
                let region = fields[3];
                assert!(["", "*", "${Region}"].contains(&region) || catalog().region(region).is_some(), "{arn}");
                assert_eq!(arn.matches("${").count(), arn.matches('}').count(), "{arn}");
                assert!(!arn.contains(char::is_whitespace), "{arn}");
            }
        }
    }
}

#[test]
fn reading_an_object_is_limited_by_object_and_by_its_keys() {
    let (service, action) = catalog().action("S3:getobject").unwrap();
    assert_eq!((service.name.as_str(), action.name.as_str()), ("Amazon S3", "GetObject"));
    assert_eq!(action.access_level, AccessLevel::Read);
    assert!(action.resources.iter().any(|r| r.name == "object"));
    let keys = action.resources.iter().flat_map(|r| &r.condition_keys).chain(&action.condition_keys);
    assert!(keys.into_iter().any(|key| key.starts_with("s3:ExistingObjectTag/")));
    let object = service.resource_type("OBJECT").unwrap();
    assert_eq!(object.arns, ["arn:${Partition}:s3:::${BucketName}/${ObjectName}"]);
}

#[test]
fn known_actions_have_their_access_levels() {
    for (name, level) in [
        ("s3:ListAllMyBuckets", AccessLevel::List),
        ("s3:PutObject", AccessLevel::Write),
        ("s3:PutBucketPolicy", AccessLevel::PermissionsManagement),
        ("s3:PutObjectTagging", AccessLevel::Tagging),
        ("iam:PassRole", AccessLevel::Write),
        ("iam:CreateRole", AccessLevel::Write),
        ("iam:AttachRolePolicy", AccessLevel::PermissionsManagement),
        ("kms:Decrypt", AccessLevel::Write),
        ("kms:PutKeyPolicy", AccessLevel::PermissionsManagement),
        ("ec2:DescribeInstances", AccessLevel::List),
        ("ec2:CreateTags", AccessLevel::Tagging),
        ("dynamodb:GetItem", AccessLevel::Read),
        ("sts:AssumeRole", AccessLevel::Write),
    ] {
        let (_, action) = catalog().action(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(action.access_level, level, "{name}");
    }
}

#[test]
fn passing_a_role_is_limited_by_role_and_by_the_service_it_goes_to() {
    let (_, action) = catalog().action("iam:PassRole").unwrap();
    assert_eq!(action.resources.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["role"]);
    assert!(action.resources[0].required);
    assert!(action.condition_keys.iter().any(|key| key == "iam:PassedToService"));
}

#[test]
fn what_does_not_exist_is_not_found() {
    for name in ["s3:GetObjekt", "s4:GetObject", "s3", ":", "", "s3:", "s3:GetObject*", "*:*"] {
        assert!(catalog().action(name).is_none(), "{name}");
    }
    assert!(catalog().service("ſ3").is_none());
}

#[test]
fn patterns_find_the_actions_that_they_match() {
    let s3 = catalog().service("s3").unwrap();
    let names = |pattern| s3.actions_matching(pattern).map(|a| a.name.as_str()).collect::<Vec<_>>();
    assert_eq!(names("*").len(), s3.actions.len());
    assert_eq!(names("getobjectACL"), ["GetObjectAcl"]);
    assert_eq!(names("PutObject?cl"), ["PutObjectAcl"]);
    assert!(names("Get*Tagging").contains(&"GetObjectTagging"));
    assert!(names("*object").contains(&"GetObject"));
    assert!(names("Nothing*").is_empty());
    // Narrowing by the fixed beginning finds what a look at every action finds.
    for prefix in ["ec2", "s3", "iam"] {
        let service = catalog().service(prefix).unwrap();
        for pattern in ["Get*", "get*", "Cr*Ta?s", "*Tag*", "Z*", "a*", "D", ""] {
            let expected = service.actions.iter().filter(|action| {
                let expression = regex_of(pattern);
                expression(&action.name.to_ascii_lowercase())
            });
            assert!(expected.map(|a| &a.name).eq(service.actions_matching(pattern).map(|a| &a.name)), "{pattern}");
        }
    }
}

/// The plainest matcher there is, for comparison.
fn regex_of(pattern: &str) -> impl Fn(&str) -> bool {
    fn fits(pattern: &[u8], name: &[u8]) -> bool {
        match (pattern.split_first(), name.split_first()) {
            (None, rest) => rest.is_none(),
            (Some((b'*', after)), rest) => fits(after, name) || rest.is_some_and(|(_, n)| fits(pattern, n)),
            (Some((b'?', after)), Some((_, rest))) => fits(after, rest),
            (Some((p, after)), Some((n, rest))) => p == n && fits(after, rest),
            (Some(_), None) => false,
        }
    }
    let pattern = pattern.to_ascii_lowercase();
    move |name| fits(pattern.as_bytes(), name.as_bytes())
}

#[test]
fn keys_have_their_types_wherever_they_are_defined() {
    for (key, kind, multivalued) in [
        ("aws:SourceIp", KeyKind::IpAddress, false),
        ("AWS:principalorgpaths", KeyKind::String, true),
        ("aws:PrincipalTag/team", KeyKind::String, false),
        ("s3:prefix", KeyKind::String, false),
        ("s3:max-keys", KeyKind::Numeric, false),
        ("kms:EncryptionContext:Department", KeyKind::String, false),
        ("kms:GrantIsForAWSResource", KeyKind::Bool, false),
        ("dynamodb:LeadingKeys", KeyKind::String, true),
        ("iam:PolicyARN", KeyKind::Arn, false),
        ("saml:aud", KeyKind::String, false),
        ("token.actions.githubusercontent.com:actor", KeyKind::String, false),
        ("lambda:SourceFunctionArn", KeyKind::Arn, false),
        ("ec2:SourceInstanceARN", KeyKind::Arn, false),
    ] {
        let found = catalog().key_type(key).unwrap_or_else(|| panic!("{key}"));
        assert_eq!((found.kind, found.multivalued), (kind, multivalued), "{key}");
    }
    for wrong in ["aws:SourceIPs", "s3:prefixx", "kms:EncryptionContext:", "nowhere:key", "aws:ResourceTag/"] {
        assert_eq!(catalog().key_type(wrong), None, "{wrong}");
    }
}

#[test]
fn resource_control_policies_apply_to_their_services_alone() {
    assert!(catalog().services_with_rcp().is_sorted_by(|a, b| a < b));
    assert!(catalog().services_with_rcp().len() >= 60);
    for (prefix, expected) in [("s3", true), ("STS", true), ("sqs", true), ("ec2", false), ("iam", false)] {
        assert_eq!(catalog().supports_rcp(prefix), expected, "{prefix}");
    }
}

#[test]
fn regions_are_known_with_their_partitions() {
    assert!(catalog().regions().is_sorted_by(|a, b| a.name < b.name));
    for (region, partition) in [
        ("eu-west-1", "aws"),
        ("us-east-1", "aws"),
        ("me-central-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("eusc-de-east-1", "aws-eusc"),
    ] {
        assert_eq!(catalog().region(region).map(|r| r.partition), Some(partition), "{region}");
    }
    assert!(catalog().region("aws-global").is_none());
    assert!(catalog().region("eu-west-9").is_none());
    let used = |partition: &&str| catalog().regions().iter().any(|r| r.partition == *partition);
    assert!(catalog().partitions().iter().all(used));
}

#[test]
fn managed_policies_are_found_by_name_and_by_the_arn_of_any_partition() {
    for given in [
        "AWSLambdaBasicExecutionRole",
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        "arn:aws-cn:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    ] {
        let policy = catalog().managed_policy(given).unwrap_or_else(|| panic!("{given}"));
        assert_eq!(policy.arn, "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole");
        assert!(policy.document.contains("logs:PutLogEvents") && !policy.deprecated);
    }
    for wrong in [
        "arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole",
        "arn:aws:iam::123456789012:policy/service-role/AWSLambdaBasicExecutionRole",
        "service-role/AWSLambdaBasicExecutionRole",
        "awslambdabasicexecutionrole",
        "",
        "/",
    ] {
        assert!(catalog().managed_policy(wrong).is_none(), "{wrong}");
    }
}

#[test]
fn every_managed_policy_has_a_document_that_is_one() {
    let (mut current, mut deprecated) = (0, 0);
    for policy in catalog().managed_policies() {
        let document: serde_json::Value = serde_json::from_str(policy.document).expect(policy.name);
        assert!(document.get("Statement").is_some(), "{}", policy.name);
        assert!(policy.arn.ends_with(&format!("/{}", policy.name)), "{}", policy.arn);
        assert!(policy.version_id.strip_prefix('v').is_some_and(|n| n.parse::<u32>().is_ok_and(|n| n > 0)));
        assert_eq!(catalog().managed_policy(policy.arn).map(|p| p.document), Some(policy.document));
        if policy.deprecated { deprecated += 1 } else { current += 1 }
    }
    assert!(current > 1_500, "{current}");
    assert!(deprecated >= 40, "{deprecated}");
    assert!(catalog().managed_policy("AWSLambdaFullAccess").is_some_and(|p| p.deprecated));
    assert!(catalog().managed_policy("AdministratorAccess").is_some_and(|p| !p.deprecated));
}

#[test]
fn newer_data_are_read_from_a_file_and_are_complete() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.bin");
    std::fs::write(&path, include_bytes!("../../data/service-data.bin")).unwrap();
    let read = Catalog::read(&path).unwrap();
    assert_eq!(read.date(), catalog().date());
    assert!(read.prefixes().eq(catalog().prefixes()));
    assert!(read.action("s3:GetObject").is_some());
    assert_eq!(read.managed_policies().count(), catalog().managed_policies().count());
}

#[test]
fn a_data_file_that_is_none_or_is_damaged_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.bin");
    let error = |bytes: Option<&[u8]>| {
        if let Some(bytes) = bytes {
            std::fs::write(&path, bytes).unwrap();
        }
        let error = Catalog::read(&path).unwrap_err().to_string();
        assert!(error.contains("data.bin"), "{error}");
        error
    };
    assert!(error(None).contains("No such file"));
    assert!(error(Some(b"")).contains("not a service data file"));
    assert!(error(Some(br#"{"services": []}"#)).contains("not a service data file"));
    let mut bytes = include_bytes!("../../data/service-data.bin").to_vec();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    assert!(error(Some(&bytes)).contains("the file is damaged: its checksum doesn't match"));
    assert!(error(Some(&bytes[..1000])).contains("damaged"));
}

#[test]
fn the_embedded_data_stay_small() {
    let size = include_bytes!("../../data/service-data.bin").len();
    assert!(size < 4_000_000, "{size} bytes");
    let provenance: serde_json::Value = serde_json::from_str(include_str!("../../data/PROVENANCE.json")).unwrap();
    assert_eq!(provenance["file"]["bytes"], size, "data/PROVENANCE.json is of another run than the data");
    assert_eq!(provenance["date"], catalog().date());
}
