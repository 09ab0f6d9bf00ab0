//! Events in the shape that Access Analyzer sends to Amazon EventBridge, one a line, so that the patterns and targets
//! that people have for those can be tried before anything is deployed. What Access Analyzer has no events for, the
//! findings of policies, is told in the same envelope by a source of our own.
//!
//! Source: IAM User Guide, "Monitoring IAM Access Analyzer with Amazon EventBridge"; Amazon EventBridge User Guide,
//! "Event structure".

use std::io::{self, Write};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::analyzer::{Analyzed, External, Unused, text};
use super::place::RepositoryPaths;
use super::target::Arns;
use super::{Report, ReportedFinding, WriteOptions, policy_ids};

pub(super) fn write(report: &Report<'_>, options: &WriteOptions, out: &mut dyn Write) -> io::Result<()> {
    let view = View {
        report,
        arns: Arns::of_report(report),
        paths: RepositoryPaths::new(options.workspace.as_deref()),
        policy_ids: policy_ids(report.deployment),
    };
    let all = Analyzed::of(report);
    let events = view
        .unread_inputs()
        .chain(all.external.iter().map(|e| view.external(e)))
        .chain(all.unused.iter().map(|u| view.unused(u)))
        .chain(all.policies.iter().map(|f| view.policy(f)));
    for event in events {
        serde_json::to_writer(&mut *out, &event)?;
        writeln!(out)?;
    }
    Ok(())
}

struct View<'a> {
    report: &'a Report<'a>,
    arns: Arns<'a>,
    paths: RepositoryPaths,
    policy_ids: Vec<String>,
}

impl View<'_> {
    fn external(&self, access: &External<'_>) -> Value {
        let entry = access.entry;
        let resource = access.resource();
        let time = self.report.target.time;
        let mut detail = json!({
            "version": "1.0",
            "id": access.id(),
            "status": access.status(),
            "resourceType": entry["resourceType"],
            "resource": self.arns.arn(&resource).unwrap_or_else(|| resource.id.to_string()),
            "createdAt": time,
            "analyzedAt": time,
            "updatedAt": time,
            "accountId": entry["resourceOwnerAccount"].as_str().unwrap_or(self.report.target.account()),
            "region": self.report.target.region(),
            "principal": entry["principal"],
            "action": entry["action"],
            "condition": entry["condition"],
            "isDeleted": false,
            "isPublic": access.is_public(),
        });
        if entry["resourceControlPolicyRestriction"] != "NOT_APPLICABLE" {
            detail["resourceControlPolicyRestriction"] = entry["resourceControlPolicyRestriction"].clone();
        }
        self.event("aws.access-analyzer", "Access Analyzer Finding", access.id(), self.analyzer(), detail)
    }

    fn unused(&self, unused: &Unused<'_>) -> Value {
        let entry = unused.entry;
        let id = &unused.found.fingerprint;
        let time = self.report.target.time;
        let arn = text(&entry["resource"]).unwrap_or_default();
        let account = arn.split(':').nth(4).filter(|a| a.len() == 12).unwrap_or(self.report.target.account());
        let mut detail = json!({
            "findingId": id,
            "resource": arn,
            "resourceType": entry["resourceType"],
            "accountId": account,
            "createdAt": time,
            "updatedAt": time,
            "analyzedAt": time,
            "previousStatus": "",
            "status": unused.status(),
            "version": uuid(&format!("version\0{id}\0{entry}")),
            "isDeleted": false,
            "findingType": entry["findingType"],
        });
        if entry["findingType"] == "UnusedPermission" {
            let (services, actions) = unused.counts();
            detail["numberOfUnusedServices"] = services.into();
            detail["numberOfUnusedActions"] = actions.into();
        }
        let kind = "Unused Access Finding for IAM entities";
        self.event("aws.access-analyzer", kind, id, self.analyzer(), detail)
    }

    fn policy(&self, found: &ReportedFinding) -> Value {
        let finding = &found.finding;
        let place = self.report.primary_place(finding);
        let resource = finding.resource.as_ref();
        let arn = resource.and_then(|r| self.arns.arn(r));
        let detail = json!({
            "id": found.fingerprint,
            "status": if found.suppressed.is_some() { "ARCHIVED" } else { "ACTIVE" },
            "issueCode": finding.code,
            "findingType": finding.finding_type.as_str(),
            "title": finding.title,
            "message": finding.message,
            "blocking": found.blocking,
            "when": finding.when.as_ref().map(ToString::to_string),
            "resource": arn.clone().or_else(|| resource.map(|r| r.id.to_string())),
            "resourceType": resource.map(|r| r.resource_type.as_str()),
            "policy": finding.policy.and_then(|p| self.policy_ids.get(p.0)),
            "file": self.paths.of(&place.file),
            "line": place.range.as_ref().map(|(start, _)| start.line),
            "analyzedAt": self.report.target.time,
            "accountId": self.report.target.account(),
            "region": self.report.target.region(),
        });
        self.own_event("Policy Validation Finding", &found.fingerprint, arn, detail)
    }

    fn unread_inputs(&self) -> impl Iterator<Item = Value> {
        let unread = self.report.deployment.inputs.iter().filter_map(|input| Some((input, input.error.as_ref()?)));
        unread.map(|(input, problem)| {
            let path = self.paths.of(&input.path);
            let place = self.report.problem_place(&input.path, problem);
            let detail = json!({
                "file": path,
                "line": place.range.as_ref().map(|(start, _)| start.line),
                "message": problem.message,
                "analyzedAt": self.report.target.time,
                "accountId": self.report.target.account(),
                "region": self.report.target.region(),
            });
            self.own_event("Input Not Analysed", &path, None, detail)
        })
    }

    fn own_event(&self, kind: &str, id: &str, arn: Option<String>, detail: Value) -> Value {
        self.event(env!("CARGO_PKG_NAME"), kind, id, arn.into_iter().collect(), detail)
    }

    fn event(&self, source: &str, kind: &str, id: &str, resources: Vec<String>, detail: Value) -> Value {
        let target = &self.report.target;
        json!({
            "version": "0",
            "id": uuid(&format!("{kind}\0{id}\0{}", target.time)),
            "detail-type": kind,
            "source": source,
            "account": target.account(),
            "time": target.time,
            "region": target.region(),
            "resources": resources,
            "detail": detail,
        })
    }

    /// Events name the analyzer. There is none, but this is what one of this name would be called.
    fn analyzer(&self) -> Vec<String> {
        let target = &self.report.target;
        let (partition, region, account) = (target.partition(), target.region(), target.account());
        let name = env!("CARGO_PKG_NAME");
        vec![format!("arn:{partition}:access-analyzer:{region}:{account}:analyzer/{name}")]
    }
}

/// A UUID of version 8 (RFC 9562), made of a text.
fn uuid(text: &str) -> String {
    let mut bytes = [0; 16];
    for (byte, of_hash) in bytes.iter_mut().zip(Sha256::digest(text.as_bytes())) {
        *byte = of_hash;
    }
    bytes[6] = bytes[6] & 0x0F | 0x80;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid() {
        let id = uuid("x");
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert_eq!(&id[14..15], "8");
        assert_ne!(id, uuid("y"));
    }
}
