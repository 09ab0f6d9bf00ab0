//! What Access Analyzer's analyzers find, external and unused access, as entries of the JSON report together with the
//! findings that stand for them: the writers of ASFF and of events tell them in Access Analyzer's own shapes.

use rustc_hash::FxHashMap;
use serde_json::Value;

use super::{Report, ReportedFinding};
use crate::model::ResourceRef;

/// Findings of the three kinds.
pub(super) struct Analyzed<'a> {
    /// External access, archived and resolved access too.
    pub external: Vec<External<'a>>,
    /// Unused access.
    pub unused: Vec<Unused<'a>>,
    /// All other findings.
    pub policies: Vec<&'a ReportedFinding>,
}

/// An instance of external access.
pub(super) struct External<'a> {
    /// As the JSON report has it.
    pub entry: &'a Value,
    /// The finding that stands for it; none if it is archived, resolved or older than the base.
    pub found: Option<&'a ReportedFinding>,
}

/// An instance of unused access.
pub(super) struct Unused<'a> {
    /// As the JSON report has it.
    pub entry: &'a Value,
    /// The finding that stands for it.
    pub found: &'a ReportedFinding,
}

impl<'a> Analyzed<'a> {
    pub(super) fn of(report: &'a Report<'_>) -> Analyzed<'a> {
        let (mut external, mut unused, mut policies) = (FxHashMap::default(), Vec::new(), Vec::new());
        for found in &report.findings {
            let evidence = found.finding.evidence.as_ref();
            if let Some(id) = evidence.and_then(|e| e["externalAccess"].as_str()) {
                external.insert(id, found);
            } else if let Some(entry) = evidence.map(|e| &e["unusedAccess"]).filter(|e| e.is_object()) {
                unused.push(Unused { entry, found });
            } else {
                policies.push(found);
            }
        }
        let entries = report.external_access.iter().flat_map(|all| all.as_array().into_iter().flatten());
        let entries =
            entries.map(|entry| External { entry, found: text(&entry["id"]).and_then(|id| external.remove(id)) });
        let listed: Vec<External<'a>> = entries.collect();
        Analyzed { external: listed, unused, policies }
    }
}

impl External<'_> {
    /// The same for the same access, run after run.
    pub(super) fn id(&self) -> &str {
        text(&self.entry["id"]).unwrap_or_default()
    }

    /// The resource that is shared.
    pub(super) fn resource(&self) -> ResourceRef {
        reference(&self.entry["resource"])
    }

    pub(super) fn is_public(&self) -> bool {
        self.entry["isPublic"] == true
    }

    /// `ACTIVE`, `ARCHIVED` or `RESOLVED`; what is suppressed is archived.
    pub(super) fn status(&self) -> &str {
        match text(&self.entry["status"]).unwrap_or("ACTIVE") {
            "ACTIVE" if self.found.is_some_and(|f| f.suppressed.is_some()) => "ARCHIVED",
            status => status,
        }
    }
}

impl Unused<'_> {
    /// The user or role.
    pub(super) fn resource(&self) -> ResourceRef {
        reference(&self.entry["principal"])
    }

    pub(super) fn status(&self) -> &'static str {
        if self.found.suppressed.is_some() { "ARCHIVED" } else { "ACTIVE" }
    }

    /// How many services, and how many actions of services that are used.
    pub(super) fn counts(&self) -> (usize, usize) {
        let details = || self.entry["details"].as_array().into_iter().flatten();
        let services = details().filter(|d| d["serviceNamespace"].is_string() && !d["actions"].is_array()).count();
        let actions = details().filter_map(|d| d["actions"].as_array()).map(Vec::len).sum();
        (services, actions)
    }
}

pub(super) fn text(value: &Value) -> Option<&str> {
    value.as_str()
}

fn reference(value: &Value) -> ResourceRef {
    let part = |key: &str| text(&value[key]).unwrap_or_default().into();
    ResourceRef { id: part("id"), resource_type: part("type") }
}
