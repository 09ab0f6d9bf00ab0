//! Requests to the REST API: the token's header, proxies (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`), limits of time and size,
//! pages, and trying again. A request that creates something is not sent again when its answer is lost.
//!
//! Source: GitHub's documentation, "Best practices for using the REST API" and "Rate limits for the REST API".

use std::time::{Duration, Instant, SystemTime};

use http_body_util::BodyExt;
use octocrab::Octocrab;
use serde_json::Value;

use super::GithubError;

/// Bytes of an answer that are read.
const ANSWER: usize = 32 << 20;
/// Pages of a list that are read, of 100 entries each.
const PAGES: usize = 100;
/// How long to wait at a limit of which the API doesn't say when it ends, as its documentation asks.
const UNSTATED_LIMIT: Duration = Duration::from_secs(60);

/// How long to wait for an answer, and how often and when to ask again.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// For the connection and the whole answer.
    pub timeout: Duration,
    /// Requests at most for one answer.
    pub attempts: u32,
    /// Before the second request; doubled with each further one.
    pub first_wait: Duration,
    /// All waiting together.
    pub patience: Duration,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            timeout: Duration::from_secs(30),
            attempts: 4,
            first_wait: Duration::from_millis(500),
            patience: Duration::from_secs(120),
        }
    }
}

/// A connection to one API with one token.
pub struct Client {
    runtime: tokio::runtime::Runtime,
    octocrab: Octocrab,
    api_url: String,
    pace: Pace,
    begun: Instant,
}

impl std::fmt::Debug for Client {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("api_url", &self.api_url).finish_non_exhaustive()
    }
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    /// Creates: sent once for each time that it is known not to have been done.
    Post,
    Patch,
    /// Adds by way of PATCH: as careful as `Post`.
    Append,
    Delete,
}

impl Method {
    /// Doing it twice does more than doing it once.
    fn counts_twice(self) -> bool {
        matches!(self, Method::Post | Method::Append)
    }
}

/// An answer of success.
#[derive(Debug)]
pub(super) struct Answer {
    /// `Null` if there is none, or none that can be read after something was done.
    pub body: Value,
    next: Option<String>,
}

/// An answer as it came.
struct Raw {
    status: u16,
    retry_after: Option<Duration>,
    next: Option<String>,
    body: Vec<u8>,
}

impl Client {
    /// A connection to the API at `api_url`.
    ///
    /// # Errors
    ///
    /// When the address or the token can't be used.
    pub fn new(api_url: &str, token: &str, pace: Pace) -> Result<Client, GithubError> {
        let api_url = api_url.trim_end_matches('/').to_owned();
        let address = || GithubError::Context(format!("not an address: `{}`", api_url.escape_debug()));
        if !(api_url.starts_with("https://") || api_url.starts_with("http://")) {
            return Err(address());
        }
        let token = token.trim();
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(GithubError::Context("the token holds characters that no token has".to_owned()));
        }
        let out_of_order = |e: &dyn std::fmt::Display| GithubError::Unavailable(e.to_string());
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| out_of_order(&e))?;
        // Only the first call has a say; whoever embeds the library may have chosen already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .connect_timeout(pace.timeout.min(Duration::from_secs(10)))
            .timeout(pace.timeout)
            .redirect(reqwest::redirect::Policy::limited(3))
            .build()
            .map_err(|e| out_of_order(&e))?;
        let builder = Octocrab::builder().base_uri(api_url.as_str()).map_err(|_| address())?;
        let builder = builder.personal_token(token.to_owned());
        let octocrab = runtime.block_on(async { builder.build_with_reqwest(http) }).map_err(|e| out_of_order(&e))?;
        Ok(Client { runtime, octocrab, api_url, pace, begun: Instant::now() })
    }

    /// Sends a request until there is an answer to go by.
    pub(super) fn send(&self, method: Method, route: &str, body: Option<&Value>) -> Result<Answer, GithubError> {
        let mut wait = self.pace.first_wait;
        let mut attempt = 1;
        loop {
            let last = attempt >= self.pace.attempts.max(1);
            let (error, asked_to_wait) = match self.runtime.block_on(self.once(method, route, body)) {
                Ok(raw) => match raw.status {
                    200..=299 => match answer(method, raw) {
                        Ok(answer) => return Ok(answer),
                        Err(error) => (error, None),
                    },
                    403 | 429 if raw.status == 429 || raw.retry_after.is_some() || is_secondary_limit(&raw) => (
                        GithubError::Unavailable(format!("rate limit: {}", message(&raw))),
                        raw.retry_after.or(Some(UNSTATED_LIMIT)),
                    ),
                    401 | 403 | 404 | 451 => return Err(GithubError::Forbidden(message(&raw))),
                    // Somebody else was writing; it was not done.
                    409 => (GithubError::Refused(message(&raw)), None),
                    408 | 500..=599 if method.counts_twice() => return Err(GithubError::Lost(message(&raw))),
                    408 | 500..=599 => (GithubError::Unavailable(message(&raw)), raw.retry_after),
                    _ => return Err(GithubError::Refused(message(&raw))),
                },
                // A connection that never came about has done nothing.
                Err(Broken { before_sending: false, cause }) if method.counts_twice() => {
                    return Err(GithubError::Lost(cause));
                }
                Err(Broken { cause, .. }) => (GithubError::Unavailable(cause), None),
            };
            let pause = asked_to_wait.unwrap_or(wait);
            if last || self.begun.elapsed() + pause > self.pace.patience {
                return Err(error);
            }
            std::thread::sleep(pause);
            wait *= 2;
            attempt += 1;
        }
    }

    /// Waits before something is looked for again whose creation was not confirmed.
    pub(super) fn pause(&self) {
        std::thread::sleep(self.pace.first_wait.min(self.pace.patience.saturating_sub(self.begun.elapsed())));
    }

    /// All entries of a list that has pages.
    pub(super) fn list(&self, route: &str) -> Result<Vec<Value>, GithubError> {
        self.pages(route, |body| match body {
            Value::Array(items) => Some(items),
            _ => None,
        })
    }

    /// All entries of a list that has pages, each taken out of its answer by `entries`.
    pub(super) fn pages(
        &self,
        route: &str,
        entries: impl Fn(Value) -> Option<Vec<Value>>,
    ) -> Result<Vec<Value>, GithubError> {
        let mut all = Vec::new();
        let mut next = Some(route.to_owned());
        for page in 1..=PAGES {
            let Some(current) = next.take() else { break };
            let answer = self.send(Method::Get, &current, None)?;
            let unexpected = || GithubError::Unavailable("unexpected answer: not a list".to_owned());
            all.extend(entries(answer.body).ok_or_else(unexpected)?);
            next = answer.next.map(|next| match next.strip_prefix(&self.api_url).filter(|r| r.starts_with('/')) {
                Some(route) => route.to_owned(),
                // The token goes nowhere else. A server that calls itself by another name than we do has the page here, too.
                None => format!("{route}{}page={}", if route.contains('?') { '&' } else { '?' }, page + 1),
            });
        }
        Ok(all)
    }

    async fn once(&self, method: Method, route: &str, body: Option<&Value>) -> Result<Raw, Broken> {
        let uri = format!("{}{route}", self.api_url);
        let sent = match method {
            Method::Get => self.octocrab._get(uri).await,
            Method::Post => self.octocrab._post(uri, body).await,
            Method::Patch | Method::Append => self.octocrab._patch(uri, body).await,
            Method::Delete => self.octocrab._delete(uri, None::<&()>).await,
        };
        let response = sent.map_err(|e| Broken { before_sending: is_connect(&e), cause: cause(&e) })?;
        let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let status = response.status().as_u16();
        let mut retry_after = header("retry-after").and_then(|v| waiting_time(&v, SystemTime::now()));
        if retry_after.is_none()
            && matches!(status, 403 | 429)
            && header("x-ratelimit-remaining").as_deref() == Some("0")
        {
            let reset: u64 = header("x-ratelimit-reset").and_then(|v| v.trim().parse().ok()).unwrap_or(0);
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs());
            retry_after = Some(Duration::from_secs(reset.saturating_sub(now).max(1)));
        }
        let next = header("link").and_then(|link| next_page(&link));
        let mut stream = response.into_body();
        let mut bytes = Vec::new();
        while let Some(frame) = stream.frame().await {
            let frame = frame.map_err(|e| Broken { before_sending: false, cause: cause(&e) })?;
            if let Ok(data) = frame.into_data() {
                if bytes.len() + data.len() > ANSWER {
                    return Err(Broken { before_sending: false, cause: "the answer is too long".to_owned() });
                }
                bytes.extend_from_slice(&data);
            }
        }
        Ok(Raw { status, retry_after, next, body: bytes })
    }
}

/// No answer, or not a whole one.
struct Broken {
    /// The request can't have arrived.
    before_sending: bool,
    cause: String,
}

/// What lies behind an error, from the outside in.
fn causes<'e>(error: &'e octocrab::Error) -> impl Iterator<Item = &'e (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |e| e.source())
}

fn is_connect(error: &octocrab::Error) -> bool {
    causes(error).any(|e| e.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_connect))
}

/// The innermost cause, which says most, on one line.
fn cause(error: &octocrab::Error) -> String {
    if causes(error).any(|e| e.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout)) {
        return "no answer in time".to_owned();
    }
    let innermost = causes(error).last().map(ToString::to_string).unwrap_or_default();
    innermost.lines().next().unwrap_or("no answer").to_owned()
}

fn answer(method: Method, raw: Raw) -> Result<Answer, GithubError> {
    match serde_json::from_slice(&raw.body) {
        Ok(body) => Ok(Answer { body, next: raw.next }),
        // It is done, whatever the answer looks like.
        Err(_) if method != Method::Get => Ok(Answer { body: Value::Null, next: None }),
        Err(e) => Err(GithubError::Unavailable(format!("unexpected answer: {e}"))),
    }
}

/// What `Retry-After` asks for, in seconds or as a date.
fn waiting_time(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    match value.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(value).ok().map(|then| then.duration_since(now).unwrap_or_default()),
    }
}

/// True if a token that may do something has done too much of it. Such an answer may have no header that says so.
fn is_secondary_limit(raw: &Raw) -> bool {
    let said = message(raw).to_ascii_lowercase();
    ["secondary rate limit", "abuse detection", "api rate limit exceeded"].iter().any(|limit| said.contains(limit))
}

/// What the API says about a failure, with the status.
fn message(raw: &Raw) -> String {
    let body: Value = serde_json::from_slice(&raw.body).unwrap_or_default();
    let said = body["message"].as_str().unwrap_or("no message");
    let more = body["errors"].as_array().and_then(|errors| errors.first());
    let more = more.and_then(|e| e.as_str().or_else(|| e["message"].as_str())).map(|e| format!(": {e}"));
    let said: String = format!("{said}{}", more.unwrap_or_default()).chars().take(300).collect();
    format!("{said} ({})", raw.status)
}

/// `<https://…>; rel="next"` of a `Link` header.
fn next_page(link: &str) -> Option<String> {
    link.split(',').find_map(|part| {
        let (address, relation) = part.split_once(';')?;
        let address = address.trim().strip_prefix('<')?.strip_suffix('>')?;
        relation.contains("rel=\"next\"").then(|| address.to_owned())
    })
}

/// A value within a route or its query.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_read_from_the_link_header() {
        let link = r#"<https://h/a?page=1>; rel="prev", <https://h/a?page=3>; rel="next""#;
        assert_eq!(next_page(link).as_deref(), Some("https://h/a?page=3"));
        assert_eq!(next_page(r#"<https://h/a?page=1>; rel="prev""#), None);
        assert_eq!(next_page("nonsense"), None);
    }

    #[test]
    fn a_token_or_address_of_another_kind_is_refused_and_a_token_is_not_printed() {
        let new = |url: &str, token: &str| Client::new(url, token, Pace::default());
        assert!(matches!(new("https://api.github.com", "a\nb"), Err(GithubError::Context(_))));
        assert!(matches!(new("https://api.github.com", ""), Err(GithubError::Context(_))));
        assert!(matches!(new("file:///etc/passwd", "t"), Err(GithubError::Context(_))));
        assert!(matches!(new("https://", "t"), Err(GithubError::Context(_))));
        let client = new("https://api.github.com/", "secret-token").unwrap();
        assert!(!format!("{client:?}").contains("secret"), "{client:?}");
    }

    #[test]
    fn a_time_to_wait_is_read_as_seconds_and_as_a_date() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let wait = |value: &str| waiting_time(value, now).map(|d| d.as_secs());
        assert_eq!(wait(" 30 "), Some(30));
        assert_eq!(wait("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0));
        assert_eq!(wait("soon"), None);
        assert_eq!(wait("-1"), None);
    }

    #[test]
    fn a_value_in_a_query_is_encoded() {
        assert_eq!(encoded("a b/é"), "a%20b%2F%C3%A9");
    }
}
