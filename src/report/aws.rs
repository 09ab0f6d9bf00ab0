//! The report shape of AWS's own validators (cfn-policy-validator, tf-policy-validator), for pipelines that read
//! theirs: `BlockingFindings` and `NonBlockingFindings`. Their details are those of the Access Analyzer API, whose
//! columns and offsets are of the policy document; ours are of the template (lines from 1, columns and offsets from 0).

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Report, ReportedFinding};
use crate::finding::Location;
use crate::policy::PathSegment;

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let findings = |blocking: bool| -> Vec<Value> {
        report.counting().filter(|f| f.blocking == blocking).map(|f| finding(report, f)).collect()
    };
    let whole = json!({"BlockingFindings": findings(true), "NonBlockingFindings": findings(false)});
    serde_json::to_writer_pretty(&mut *out, &whole)?;
    writeln!(out)
}

fn finding(report: &Report<'_>, found: &ReportedFinding) -> Value {
    let finding = &found.finding;
    let locations: Vec<Value> = finding.locations.iter().map(|l| location(report, found, l)).collect();
    json!({
        "findingType": finding.finding_type.as_str(),
        "code": finding.code,
        "message": finding.message,
        "resourceName": finding.resource.as_ref().map(|r| r.id.as_str()),
        "policyName": report.policy_of(finding).map(|p| p.name.as_str()),
        "details": {
            "findingDetails": finding.message,
            "findingType": finding.finding_type.as_str(),
            "issueCode": finding.code,
            "learnMoreLink": Report::learn_more(finding),
            "locations": locations,
        },
    })
}

fn location(report: &Report<'_>, found: &ReportedFinding, location: &Location) -> Value {
    let path: Vec<Value> = location
        .path
        .0
        .iter()
        .map(|segment| match segment {
            PathSegment::Key(key) => json!({"value": crate::source::Text::from_encoded(key.clone()).display()}),
            PathSegment::Index(index) => json!({"index": index}),
        })
        .collect();
    let place = report.place(&found.finding, location);
    let position = |p: &crate::source::Position| json!({"line": p.line, "column": p.column - 1, "offset": p.offset});
    let span = place.range.as_ref().map(|(start, end)| json!({"start": position(start), "end": position(end)}));
    json!({"path": path, "span": span, "file": place.file})
}
