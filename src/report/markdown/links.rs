//! Addresses of lines in a commit, and of the run.

use std::fmt::Write;

/// Whose addresses they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkStyle {
    /// `…/blob/COMMIT/file#L1-L2`
    #[default]
    Github,
    /// `…/-/blob/COMMIT/file#L1-2`
    Gitlab,
}

/// Where the files of a report can be read. Without an address, places are not links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// Whose addresses they are.
    pub style: LinkStyle,
    /// The repository's page, such as `https://github.com/owner/name`.
    pub repository: Option<String>,
    /// The commit.
    pub commit: Option<String>,
    /// The page of the run, which has the whole report.
    pub run: Option<String>,
}

impl Links {
    /// The address of lines of a file, if it is known and the path is one of the repository.
    pub(super) fn lines(&self, path: &str, lines: Option<(u64, u64)>) -> Option<String> {
        let (repository, commit) = (self.repository.as_deref()?, self.commit.as_deref()?);
        let outside = |name: &str| name.is_empty() || name == "." || name == "..";
        if path.starts_with('<') || path.split('/').any(outside) {
            return None;
        }
        let mut address = match self.style {
            LinkStyle::Github => format!("{repository}/blob/{commit}/"),
            LinkStyle::Gitlab => format!("{repository}/-/blob/{commit}/"),
        };
        for byte in path.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~') {
                address.push(char::from(byte));
            } else {
                let _ = write!(address, "%{byte:02X}");
            }
        }
        if let Some((first, last)) = lines {
            let joint = if self.style == LinkStyle::Github { "-L" } else { "-" };
            let _ = write!(address, "#L{first}");
            if last > first {
                let _ = write!(address, "{joint}{last}");
            }
        }
        Some(address)
    }

    /// A commit by its first digits, with its page where the repository has an address.
    pub(super) fn commit(&self, commit: &str) -> Option<String> {
        let is_commit = commit.len() >= 7 && commit.bytes().all(|b| b.is_ascii_hexdigit());
        let short = commit.get(..commit.len().min(9)).filter(|_| is_commit)?;
        let folder = if self.style == LinkStyle::Github { "" } else { "-/" };
        Some(match &self.repository {
            Some(repository) => format!("commit [`{short}`]({repository}/{folder}commit/{commit})"),
            None => format!("commit `{short}`"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_part_of_the_address_and_nothing_more() {
        let links =
            Links { repository: Some("https://github.com/o/r".into()), commit: Some("abc".into()), ..Links::default() };
        let lines = |path: &str| links.lines(path, Some((2, 4)));
        assert_eq!(
            lines("a b/ü?#.yaml").as_deref(),
            Some("https://github.com/o/r/blob/abc/a%20b/%C3%BC%3F%23.yaml#L2-L4")
        );
        assert_eq!(lines("../x"), None);
        assert_eq!(lines("/abs"), None);
        assert_eq!(lines("<stdin>"), None);
        assert_eq!(Links::default().lines("a", None), None);
    }
}
