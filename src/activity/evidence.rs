//! Evidence of all kinds for one run: each file is told by its content. Who a file of last accessed details is about is kept as
//! the label that it was given with.

use super::access_keys::{self, AccessKey};
use super::authorization_details::{self, AuthorizationDetails, Pages};
use super::credential_report::{self, CredentialReport, UserCredentials};
use super::last_accessed::{self, LastAccessed};
use super::time::Timestamp;
use super::usage::{Activity, Troubles};
use smol_str::SmolStr;

use crate::source::{Limits, Sources, Span, json};

/// What is known of the use of access.
#[derive(Debug, Default)]
pub struct Evidence {
    /// The export of principals and policies.
    pub details: Option<AuthorizationDetails>,
    /// The credential reports, put together.
    pub credentials: Option<CredentialReport>,
    /// The ids of access keys, sorted by their users.
    pub access_keys: Vec<AccessKey>,
    /// Last accessed details, with the label that says whose they are: an ARN, a name, or a path without extension.
    pub last_accessed: Vec<(String, LastAccessed)>,
    /// What trails tell.
    pub activity: Option<Activity>,
    /// What could not be read.
    pub troubles: Troubles,
}

/// What a file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvidenceKind {
    /// `get-account-authorization-details`
    AuthorizationDetails,
    /// `get-credential-report`, or the CSV in it.
    CredentialReport,
    /// `get-service-last-accessed-details`
    LastAccessed,
    /// `list-access-keys`
    AccessKeys,
}

/// Reads files one by one.
#[derive(Debug, Default)]
pub struct EvidenceReader {
    evidence: Evidence,
    pages: Option<Pages>,
}

impl EvidenceKind {
    /// Tells a text by its first characters and the words in it, without reading it.
    pub fn of(text: &str) -> Option<EvidenceKind> {
        if credential_report::looks_like_csv(text) {
            return Some(EvidenceKind::CredentialReport);
        }
        if !text.trim_start_matches('\u{FEFF}').trim_start().starts_with('{') {
            return None;
        }
        let has = |word: &str| text.contains(word);
        if ["\"RoleDetailList\"", "\"UserDetailList\"", "\"GroupDetailList\""].into_iter().any(has) {
            Some(EvidenceKind::AuthorizationDetails)
        } else if has("\"ServicesLastAccessed\"") || has("\"JobStatus\"") {
            Some(EvidenceKind::LastAccessed)
        } else if has("\"Content\"") && (has("\"ReportFormat\"") || has("\"GeneratedTime\"")) {
            Some(EvidenceKind::CredentialReport)
        } else if has("\"AccessKeyMetadata\"") {
            Some(EvidenceKind::AccessKeys)
        } else {
            None
        }
    }
}

impl EvidenceReader {
    /// Reads a file. `label` says whom it is about, if it is one of last accessed details. What can't be read is counted.
    pub fn add(&mut self, kind: EvidenceKind, file: &str, label: &str, text: &str, sources: &Sources) {
        let troubles = &mut self.evidence.troubles;
        if kind == EvidenceKind::AuthorizationDetails {
            let source = sources.add(file, text);
            match json::read(source, text, &Limits::default()) {
                Ok(root) if authorization_details::looks_like(&root) => {
                    self.pages.get_or_insert_default().add(file, &root, troubles);
                }
                Ok(_) => troubles.file(file, "these are no authorization details".to_owned()),
                Err(error) => {
                    let at = sources.positions(error.span).0;
                    troubles.file(file, format!("{} (line {}, column {})", error.message, at.line, at.column));
                }
            }
            return;
        }
        if kind == EvidenceKind::CredentialReport && credential_report::looks_like_csv(text) {
            let source = sources.add(file, text);
            let mut report = credential_report::read_csv(file, text, troubles);
            for user in report.iter_mut().flat_map(|r| &mut r.users) {
                user.span = Some(Span::new(source, user.row.start, user.row.end));
            }
            self.credentials(report);
            return;
        }
        let root: serde_json::Value = match serde_json::from_str(text.trim_start_matches('\u{FEFF}')) {
            Ok(root) => root,
            Err(error) => {
                troubles.file(file, error.to_string());
                return;
            }
        };
        match kind {
            EvidenceKind::CredentialReport if credential_report::looks_like_envelope(&root) => {
                let report = credential_report::read_envelope(file, &root, troubles);
                self.credentials(report);
            }
            EvidenceKind::LastAccessed if last_accessed::looks_like(&root) => {
                if let Some(read) = last_accessed::read(file, &root, troubles) {
                    self.evidence.last_accessed.push((label.to_owned(), read));
                }
            }
            EvidenceKind::AccessKeys if access_keys::looks_like(&root) => {
                let keys = access_keys::read(file, &root, troubles);
                self.evidence.access_keys.extend(keys);
            }
            EvidenceKind::AccessKeys => troubles.file(file, "this is no list of access keys".to_owned()),
            EvidenceKind::CredentialReport => troubles.file(file, "this is no credential report".to_owned()),
            _ => troubles.file(file, "these are no last accessed details".to_owned()),
        }
    }

    fn credentials(&mut self, report: Option<CredentialReport>) {
        let Some(report) = report else { return };
        let all = self.evidence.credentials.get_or_insert_default();
        all.generated = all.generated.max(report.generated);
        all.users.extend(report.users);
    }

    /// A file that could not be opened.
    pub fn unreadable(&mut self, file: &str, message: String) {
        self.evidence.troubles.file(file, message);
    }

    /// All of it.
    pub fn finish(mut self) -> Evidence {
        self.evidence.access_keys.sort_by(|a, b| (&a.user, &a.id).cmp(&(&b.user, &b.id)));
        self.evidence.details = self.pages.map(Pages::finish);
        self.evidence
    }
}

impl Evidence {
    /// True without any.
    pub fn is_empty(&self) -> bool {
        self.details.is_none() && self.credentials.is_none() && self.last_accessed.is_empty() && self.activity.is_none()
    }

    /// The newest time in it: when the evidence was gathered, as far as the files say.
    pub fn newest(&self) -> Option<Timestamp> {
        let files = self.last_accessed.iter().filter_map(|(_, read)| read.newest()).max();
        let details = self.details.as_ref().and_then(AuthorizationDetails::newest);
        let credentials = self.credentials.as_ref().and_then(CredentialReport::newest);
        let activity = self.activity.as_ref().and_then(|a| a.coverage.period).map(|(_, last)| last);
        files.max(details).max(credentials).max(activity)
    }

    /// The id of a user's access key that was created then, if it is known.
    pub fn access_key_id(&self, user: &str, created: Option<Timestamp>) -> Option<&SmolStr> {
        let start = self.access_keys.partition_point(|key| key.user.as_str() < user);
        let end = self.access_keys.partition_point(|key| key.user.as_str() <= user);
        access_keys::id_of(self.access_keys.get(start..end)?, user, created)
    }

    /// The users of the credential reports; the root user is none.
    pub fn users(&self) -> impl Iterator<Item = &UserCredentials> {
        self.credentials.iter().flat_map(|report| &report.users).filter(|u| u.user != "<root_account>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_content_and_broken_ones_counted() {
        let sources = Sources::new();
        let mut reader = EvidenceReader::default();
        let files = [
            ("details.json", r#"{"RoleDetailList": []}"#, Some(EvidenceKind::AuthorizationDetails)),
            ("app.json", r#"{"JobStatus": "COMPLETED", "ServicesLastAccessed": []}"#, Some(EvidenceKind::LastAccessed)),
            (
                "r.csv",
                "user,arn,user_creation_time,password_enabled,access_key_1_active\n",
                Some(EvidenceKind::CredentialReport),
            ),
            ("cut.json", r#"{"RoleDetailList": ["#, Some(EvidenceKind::AuthorizationDetails)),
            ("cut2.json", r#"{"JobStatus": "COMPLETED", "#, Some(EvidenceKind::LastAccessed)),
            ("trail.json", r#"{"Records": []}"#, None),
        ];
        for (name, text, kind) in files {
            assert_eq!(EvidenceKind::of(text), kind, "{name}");
            if let Some(kind) = kind {
                reader.add(kind, name, name, text, &sources);
            }
        }
        let evidence = reader.finish();
        assert!(evidence.details.is_some() && evidence.credentials.is_some());
        assert_eq!(evidence.last_accessed.len(), 1);
        assert_eq!(evidence.troubles.files, 2);
        assert!(evidence.troubles.described[0].message.ends_with("(line 1, column 21)"), "{:?}", evidence.troubles);
    }
}
