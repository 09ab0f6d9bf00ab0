//! A check run with annotations, which GitHub takes in batches of 50. It is complete from the first request on, so that a
//! run which is cut off leaves none that seems to go on; the next goes on with the annotations that are missing.

use serde_json::{Value, json};

use super::client::{Client, Method, encoded};
use super::{GithubError, Outcome, PullRequest};

/// Annotations of one request.
const BATCH: usize = 50;
/// Characters of a summary; bytes are counted, which is never less.
const SUMMARY: usize = 65_535;
/// Characters of a title.
const TITLE: usize = 255;
/// Bytes of an annotation's message.
const MESSAGE: usize = 64 << 10;
/// How often it is looked for again when an answer was lost.
const ROUNDS: usize = 4;

/// What is to be on the commit.
#[derive(Clone, Debug)]
pub struct CheckRun {
    /// The commit.
    pub head_sha: String,
    /// As the pull request lists it.
    pub name: String,
    /// Tells this content from any other; the same content is not written twice.
    pub external_id: String,
    /// Whether anything blocks.
    pub passes: bool,
    /// The verdict.
    pub title: String,
    /// Markdown.
    pub summary: String,
    /// The most severe first.
    pub annotations: Vec<Annotation>,
}

/// A remark on lines of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// From the repository's root.
    pub path: String,
    /// The first and the last line, from 1.
    pub lines: (usize, usize),
    /// The columns, on one line.
    pub columns: Option<(usize, usize)>,
    /// `failure`, `warning` or `notice`.
    pub level: &'static str,
    /// Its headline.
    pub title: String,
    /// What is wrong.
    pub message: String,
}

impl CheckRun {
    /// Writes the check run, unless it is there.
    ///
    /// # Errors
    ///
    /// When the token may not write (only apps may, as Actions is one), or the API fails.
    pub fn write(&self, client: &Client, pull_request: &PullRequest) -> Result<Outcome, GithubError> {
        let PullRequest { owner, repository, .. } = pull_request;
        let runs = format!("/repos/{owner}/{repository}/check-runs");
        let mut lost = GithubError::Unavailable("the check run can't be written".to_owned());
        let mut outcome = Outcome::Unchanged;
        // The run and how many annotations it has; what was created may not be listed at once.
        let mut known: Option<(u64, usize)> = None;
        for _ in 0..ROUNDS {
            let found = match known {
                Some(known) => Some(known),
                None => self.find(client, pull_request)?,
            };
            let (id, mut done) = match found {
                Some(found) => found,
                None => {
                    let mut content = self.content(0);
                    content["head_sha"] = self.head_sha.as_str().into();
                    match client.send(Method::Post, &runs, Some(&content)) {
                        Ok(answer) => {
                            outcome = Outcome::Created;
                            match answer.body["id"].as_u64() {
                                Some(id) => (id, self.annotations.len().min(BATCH)),
                                // Created, and its answer can't be read: look for it.
                                None => continue,
                            }
                        }
                        Err(error @ GithubError::Lost(_)) => {
                            lost = error;
                            client.pause();
                            continue;
                        }
                        Err(error) => return Err(error),
                    }
                }
            };
            let mut losses = 0;
            while done < self.annotations.len() {
                // A batch that is sent again would be there twice, so what became of it is looked up.
                match client.send(Method::Append, &format!("{runs}/{id}"), Some(&self.content(done))) {
                    Ok(_) => done += self.annotations.len().saturating_sub(done).min(BATCH),
                    Err(GithubError::Lost(_)) if losses < ROUNDS => {
                        losses += 1;
                        client.pause();
                        let run = client.send(Method::Get, &format!("{runs}/{id}"), None)?;
                        done = run.body["output"]["annotations_count"].as_u64().map_or(done, |count| count as usize);
                    }
                    Err(error) => return Err(error),
                }
                if outcome == Outcome::Unchanged {
                    outcome = Outcome::Updated;
                }
            }
            known = Some((id, done));
            break;
        }
        match known {
            Some(_) => Ok(outcome),
            None => Err(lost),
        }
    }

    /// The run with this content, and how many of its annotations are there.
    fn find(&self, client: &Client, pull_request: &PullRequest) -> Result<Option<(u64, usize)>, GithubError> {
        let PullRequest { owner, repository, .. } = pull_request;
        let (sha, name) = (&self.head_sha, encoded(&self.name));
        let route = format!("/repos/{owner}/{repository}/commits/{sha}/check-runs?check_name={name}&per_page=100");
        let runs = client.pages(&route, |mut body| match body["check_runs"].take() {
            Value::Array(runs) => Some(runs),
            _ => None,
        })?;
        let same = runs.iter().filter(|run| run["external_id"] == self.external_id.as_str());
        let found = same.filter_map(|run| Some((run["id"].as_u64()?, run["output"]["annotations_count"].as_u64()?)));
        Ok(found.max_by_key(|(_, count)| *count).map(|(id, count)| (id, count as usize)))
    }

    fn content(&self, from: usize) -> Value {
        let batch = self.annotations.iter().skip(from).take(BATCH);
        json!({
            "name": cut(&self.name, TITLE),
            "external_id": self.external_id,
            "status": "completed",
            "conclusion": if self.passes { "success" } else { "failure" },
            "output": {
                "title": cut(&self.title, TITLE),
                "summary": cut(&self.summary, SUMMARY),
                "annotations": batch.map(annotation).collect::<Vec<Value>>(),
            },
        })
    }
}

fn annotation(annotation: &Annotation) -> Value {
    let (start, end) = annotation.lines;
    let start = start.max(1);
    let mut value = json!({
        "path": annotation.path,
        "start_line": start,
        "end_line": end.max(start),
        "annotation_level": annotation.level,
        "title": cut(&annotation.title, TITLE),
        "message": cut(&annotation.message, MESSAGE),
    });
    if let Some((first, last)) = annotation.columns.filter(|_| start >= end) {
        value["start_column"] = first.max(1).into();
        value["end_column"] = last.max(first).max(1).into();
    }
    value
}

/// At most `limit` bytes.
fn cut(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
