//! The credential report: passwords and access keys of the users of an account, as CSV or in the JSON that
//! `aws iam get-credential-report` wraps it in (`Content`, Base64).
//!
//! Columns are found by their names, so that further ones do no harm. The root user's row is read; no type of unused access
//! covers it.
//!
//! Source: IAM User Guide, "Generate credential reports for your AWS account".

use base64::Engine as _;
use serde_json::Value;
use smol_str::SmolStr;

use super::time::Timestamp;
use super::usage::Troubles;

/// The report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CredentialReport {
    /// When it was made, if the file says so.
    pub generated: Option<Timestamp>,
    /// One for each user, and one for the root user.
    pub users: Vec<UserCredentials>,
}

/// The credentials of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserCredentials {
    /// The user's name; `<root_account>` for the root user.
    pub user: SmolStr,
    /// The user's ARN.
    pub arn: SmolStr,
    /// When the user was created.
    pub created: Option<Timestamp>,
    /// The password, if there is one and it is enabled.
    pub password: Option<Credential>,
    /// The bytes of the row in the CSV.
    pub row: std::ops::Range<usize>,
    /// The row in its file, if the file is the CSV itself.
    pub span: Option<crate::source::Span>,
    /// The active access keys, with their numbers: 1 or 2.
    pub access_keys: Vec<(u8, Credential)>,
}

/// A password or an access key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Credential {
    /// When it was set, created or rotated.
    pub set: Option<Timestamp>,
    /// When it was last used; `None` if never, or not since IAM has tracked it.
    pub last_used: Option<Timestamp>,
}

impl CredentialReport {
    /// The newest time in it.
    pub fn newest(&self) -> Option<Timestamp> {
        let of_credential = |c: &Credential| c.set.max(c.last_used);
        let of_user = |u: &UserCredentials| {
            let keys = u.access_keys.iter().map(|(_, key)| key).chain(&u.password);
            u.created.max(keys.filter_map(of_credential).max())
        };
        self.generated.max(self.users.iter().filter_map(of_user).max())
    }
}

/// The first columns of every report.
const HEADER: &str = "user,arn,user_creation_time,";

/// True for the CSV itself.
pub fn looks_like_csv(text: &str) -> bool {
    text.trim_start_matches('\u{FEFF}').trim_start().starts_with(HEADER)
}

/// True for the answer of `get-credential-report`.
pub fn looks_like_envelope(root: &Value) -> bool {
    root.get("Content").is_some_and(Value::is_string)
        && (root.get("ReportFormat").is_some() || root.get("GeneratedTime").is_some())
}

/// Reads the answer of `get-credential-report`.
pub fn read_envelope(file: &str, root: &Value, troubles: &mut Troubles) -> Option<CredentialReport> {
    let content = root.get("Content").and_then(Value::as_str).unwrap_or_default();
    let bytes = base64::engine::general_purpose::STANDARD.decode(content.trim());
    let Some(text) = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok()) else {
        troubles.file(file, "`Content` is not Base64 of a text".to_owned());
        return None;
    };
    let mut report = read_csv(file, &text, troubles)?;
    report.generated = super::last_accessed::time(root.get("GeneratedTime")).unwrap_or_default();
    Some(report)
}

/// Reads the CSV. A row that is not of the right shape is counted and passed over.
pub fn read_csv(file: &str, text: &str, troubles: &mut Troubles) -> Option<CredentialReport> {
    let mark = text.len() - text.trim_start_matches('\u{FEFF}').len();
    let text = text.get(mark..).unwrap_or_default();
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => {
            troubles.file(file, error.to_string());
            return None;
        }
    };
    let column = |name: &str| header.iter().position(|h| h.eq_ignore_ascii_case(name));
    if let Some(missing) =
        ["user", "arn", "password_enabled", "access_key_1_active"].iter().find(|n| column(n).is_none())
    {
        troubles.file(file, format!("there is no column `{missing}`"));
        return None;
    }
    let mut report = CredentialReport::default();
    for (number, row) in reader.records().enumerate() {
        let at = row.as_ref().ok().and_then(|row| row.position()).map(|p| p.byte() as usize);
        let read = row.map_err(|e| e.to_string()).and_then(|row| {
            if row.len() < header.len() {
                return Err(format!("a row of {} fields where the header has {}", row.len(), header.len()));
            }
            read_row(&|name| column(name).and_then(|at| row.get(at)).unwrap_or("N/A"))
        });
        match read {
            Ok(mut user) => {
                let start = at.unwrap_or_default();
                let length = text.get(start..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
                user.row = mark + start..mark + start + length;
                report.users.push(user);
            }
            Err(why) => troubles.record(file, number as u64 + 1, why),
        }
    }
    Some(report)
}

fn read_row<'r>(field: &dyn Fn(&str) -> &'r str) -> Result<UserCredentials, String> {
    let user = SmolStr::from(field("user"));
    if user.is_empty() {
        return Err("a row without a user".to_owned());
    }
    let credential = |set: &str, last_used: &str| -> Result<Credential, String> {
        Ok(Credential { set: time(set, field(set))?, last_used: time(last_used, field(last_used))? })
    };
    let password = if flag("password_enabled", field("password_enabled"))? {
        Some(credential("password_last_changed", "password_last_used")?)
    } else {
        None
    };
    let mut access_keys = Vec::new();
    for number in 1..=2u8 {
        let name = |rest: &str| format!("access_key_{number}_{rest}");
        if flag(&name("active"), field(&name("active")))? {
            access_keys.push((number, credential(&name("last_rotated"), &name("last_used_date"))?));
        }
    }
    let created = time("user_creation_time", field("user_creation_time"))?;
    Ok(UserCredentials { user, arn: field("arn").into(), created, password, access_keys, ..UserCredentials::default() })
}

/// `not_supported` is what the root user has for a password that can't be disabled.
fn flag(name: &str, value: &str) -> Result<bool, String> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" | "n/a" | "not_supported" | "" => Ok(false),
        _ => Err(format!("`{name}` is `{}`, which is neither true nor false", value.escape_debug())),
    }
}

fn time(name: &str, value: &str) -> Result<Option<Timestamp>, String> {
    match value {
        "" | "N/A" | "no_information" | "not_supported" => Ok(None),
        text => match Timestamp::parse(text) {
            Some(time) => Ok(Some(time)),
            None => Err(format!("`{name}` is `{}`, which is no time", text.escape_debug())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated,additional_credentials_info\n\
<root_account>,arn:aws:iam::111122223333:root,2020-01-01T00:00:00+00:00,not_supported,2026-01-05T00:00:00+00:00,not_supported,not_supported,true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A,\n\
ana,arn:aws:iam::111122223333:user/ana,2024-01-01T00:00:00+00:00,TRUE,no_information,2024-01-02T00:00:00+00:00,N/A,false,true,2024-02-01T00:00:00+00:00,2026-09-01T08:15:00+00:00,eu-west-1,s3,true,2024-03-01T00:00:00+00:00,N/A,N/A,N/A,false,N/A,false,N/A,\n\
bo,arn:aws:iam::111122223333:user/bo,soon,false,N/A,N/A,N/A,false,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A,\n\
short,row\n";

    #[test]
    fn passwords_and_active_keys_are_read_and_broken_rows_counted() {
        assert!(looks_like_csv(REPORT));
        let mut troubles = Troubles::default();
        let report = read_csv("r.csv", REPORT, &mut troubles).expect("a report");
        assert_eq!(report.users.len(), 2);
        assert_eq!((report.users[0].password, report.users[0].access_keys.len()), (None, 0));
        let ana = &report.users[1];
        assert!(REPORT[ana.row.clone()].starts_with("ana,") && REPORT[ana.row.clone()].ends_with(",N/A,"));
        assert_eq!(ana.password, Some(Credential { set: Timestamp::parse("2024-01-02"), last_used: None }));
        assert_eq!(ana.access_keys[0].1.last_used, Timestamp::parse("2026-09-01T08:15:00Z"));
        assert_eq!(ana.access_keys[1], (2, Credential { set: Timestamp::parse("2024-03-01"), last_used: None }));
        assert_eq!(troubles.records, 2);
        assert_eq!(troubles.described[0].message, "`user_creation_time` is `soon`, which is no time");
        assert_eq!(report.newest(), Timestamp::parse("2026-09-01T08:15:00Z"));
    }

    #[test]
    fn the_envelope_of_the_api_holds_the_same_report() {
        let content = base64::engine::general_purpose::STANDARD.encode(REPORT);
        let envelope = serde_json::json!({
            "Content": content, "ReportFormat": "text/csv", "GeneratedTime": "2026-09-26T00:00:00+00:00"
        });
        assert!(looks_like_envelope(&envelope));
        let mut troubles = Troubles::default();
        let report = read_envelope("r.json", &envelope, &mut troubles).expect("a report");
        assert_eq!((report.users.len(), report.newest()), (2, Timestamp::parse("2026-09-26")));
        let broken = serde_json::json!({"Content": "%%%", "ReportFormat": "text/csv"});
        assert_eq!(read_envelope("b.json", &broken, &mut troubles), None);
        assert_eq!(troubles.files, 1);
    }
}
