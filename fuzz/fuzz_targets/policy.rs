//! The checks take any text as a policy of any type; the first byte chooses the type.
#![no_main]

use iam_preflight::catalog::Catalog;
use iam_preflight::checks;
use iam_preflight::policy::PolicyType;
use iam_preflight::source::SourceId;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &str)| {
    let (choice, text) = input;
    let (policy_type, resource_type) = match choice % 6 {
        0 => (PolicyType::IdentityPolicy, None),
        1 => (PolicyType::ResourcePolicy, None),
        2 => (PolicyType::ResourcePolicy, Some("AWS::S3::Bucket")),
        3 => (PolicyType::ResourcePolicy, Some(checks::TRUST_POLICY)),
        4 => (PolicyType::ServiceControlPolicy, None),
        _ => (PolicyType::ResourceControlPolicy, None),
    };
    let found = checks::validate_text(SourceId(0), text, policy_type, resource_type, Catalog::embedded(), true);
    for finding in found {
        for span in finding.locations.iter().filter_map(|l| l.span) {
            assert!(span.end as usize <= text.len().max(1), "{}: {span:?}", finding.code);
        }
    }
});
