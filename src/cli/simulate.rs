//! `simulate`: one request or many, decided under given policies.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::{Failure, Global, Outcome, output, pipeline};
use crate::catalog::Catalog;
use crate::logic::evaluate::PolicyKind;
use crate::logic::evaluate::combine::{DecidingStatement, Decision, PolicySet, Ruling, decide};
use crate::policy::{Effect, PolicyDocument};
use crate::report::escape::workflow_command::{Medium, inert};
use crate::simulate::batch::Batch;
use crate::simulate::{PolicyRole, accept, kind_word, parse_request, write_decision};
use crate::source::{Limits, Sources, display_encoded, json};

/// Decide a request, or many, under given policies, with the statements that decide
///
/// The decision (ALLOWED, IMPLICIT_DENY or EXPLICIT_DENY) does not change the exit code: it is 0 when all requests were
/// decided, and 2 when a request or a policy could not be read.
#[derive(Debug, Args)]
pub(super) struct Simulate {
    /// The request, JSON (`-` for standard input): {"principal": "arn:…" | {"service": "x.amazonaws.com"} |
    /// {"federated": "…"} | {"canonical": "…"} | null, "action": "s3:GetObject", "resource": "arn:…", "resourceAccount":
    /// "111122223333", "context": {"aws:SourceIp": "203.0.113.7"}}
    #[arg(long, value_name = "FILE", required_unless_present = "batch", conflicts_with = "batch")]
    request: Option<PathBuf>,

    /// Many requests, one JSON object a line (`-` for standard input): {"id": …, "request": {…}, "policies": {"identity":
    /// […], "resource": …, "boundary": …, "session": …, "scp": [[…]…], "rcp": [[…]…], "endpoint": …}}. Without "policies",
    /// those of the options count. The decisions are one JSON object a line
    #[arg(long, value_name = "FILE")]
    batch: Option<PathBuf>,

    /// Policies of the caller
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Policies")]
    identity_policy: Vec<PathBuf>,

    /// The policy of the resource; for sts:AssumeRole and the like on a role, its trust policy
    #[arg(long, value_name = "FILE", help_heading = "Policies")]
    resource_policy: Option<PathBuf>,

    /// The permissions boundary of the caller
    #[arg(long, value_name = "FILE", help_heading = "Policies")]
    permissions_boundary: Option<PathBuf>,

    /// The policy that was passed when the session was made
    #[arg(long, value_name = "FILE", help_heading = "Policies")]
    session_policy: Option<PathBuf>,

    /// Service control policies of the caller's account, once for each level from the root: all files of one level,
    /// separated by commas
    #[arg(long, value_name = "FILE,…", help_heading = "Policies")]
    scp: Vec<String>,

    /// Resource control policies of the resource's account, once for each level from the root
    #[arg(long, value_name = "FILE,…", help_heading = "Policies")]
    rcp: Vec<String>,

    /// The policy of the VPC endpoint that the request comes through
    #[arg(long, value_name = "FILE", help_heading = "Policies")]
    endpoint_policy: Option<PathBuf>,

    /// The form of the decision [default: terminal on a terminal, json elsewhere]
    #[arg(long, value_enum, value_name = "FORMAT", conflicts_with = "batch")]
    format: Option<DecisionFormat>,

    /// Threads of a batch
    #[arg(short, long, value_name = "N", requires = "batch")]
    jobs: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DecisionFormat {
    /// For people
    Terminal,
    /// A JSON object
    Json,
}

/// The policies of the options, with the names of their files.
struct Given {
    sources: Sources,
    policies: PolicySet,
}

impl Simulate {
    pub(super) fn run(self, global: &Global) -> Result<Outcome, Failure> {
        let given = self.policies()?;
        match (&self.request, &self.batch) {
            (_, Some(file)) => self.batch(file, given, global),
            (Some(file), None) => self.single(file, &given, global),
            (None, None) => Err(Failure::usage("neither `--request` nor `--batch` is given")),
        }
    }

    fn single(&self, file: &PathBuf, given: &Given, global: &Global) -> Result<Outcome, Failure> {
        let text = read_text(file, "request")?;
        let request = parse_request(text.trim_start_matches('\u{FEFF}'))
            .map_err(|e| Failure::usage(format!("request `{}`: {e}", file.display())))?;
        let catalog = Catalog::embedded();
        if !global.quiet && catalog.action(&request.action).is_none() {
            let action = display_encoded(&request.action);
            eprintln!("warning: {}", output::printable(&format!("the service data know no action `{action}`")));
        }
        let decision = decide(&given.policies, &request, catalog);
        let terminal = || if io::stdout().is_terminal() { DecisionFormat::Terminal } else { DecisionFormat::Json };
        match self.format.unwrap_or_else(terminal) {
            DecisionFormat::Terminal => {
                output::print(&inert(&given.for_people(&decision, global.colors()), Medium::Text))?
            }
            DecisionFormat::Json => {
                let mut json = Vec::new();
                write_decision(&decision, None, &mut json);
                json.push(b'\n');
                output::print(&inert(&String::from_utf8_lossy(&json), Medium::Json))?;
            }
        }
        Ok(Outcome::Passed)
    }

    fn batch(&self, file: &PathBuf, given: Given, global: &Global) -> Result<Outcome, Failure> {
        pipeline::start_threads(self.jobs)?;
        let unreadable = |e: io::Error| Failure::usage(format!("batch `{}`: {e}", file.display()));
        let mut reader: Box<dyn BufRead> = if file.as_os_str() == "-" {
            Box::new(io::stdin().lock())
        } else {
            Box::new(BufReader::with_capacity(1 << 20, File::open(file).map_err(unreadable)?))
        };
        let mut out = Written { out: BufWriter::with_capacity(1 << 20, io::stdout().lock()), failed: false };
        let batch = Batch::new(given.policies, Limits::default(), Catalog::embedded());
        let result = batch.run(reader.as_mut(), &mut out).and_then(|tally| out.flush().map(|()| tally));
        let tally = match result {
            Ok(tally) => tally,
            Err(cause) if out.failed => return Err(Failure::Output { what: "the decisions".to_owned(), cause }),
            Err(cause) => {
                // What was decided before stands.
                let _ = out.flush();
                return Err(unreadable(cause));
            }
        };
        if tally.wrong > 0 && !global.quiet {
            eprintln!("error: {} of {} lines could not be decided", tally.wrong, tally.wrong + tally.decided);
        }
        Ok(if tally.wrong > 0 { Outcome::BadInput } else { Outcome::Passed })
    }

    fn policies(&self) -> Result<Given, Failure> {
        let sources = Sources::new();
        let read = |path: &PathBuf, kind| read_policy(&sources, path, kind).map(Arc::new);
        let one = |path: &Option<PathBuf>, kind| path.as_ref().map(|path| read(path, kind)).transpose();
        let levels = |levels: &[String], kind| {
            let level = |files: &String| files.split(',').map(|f| read(&PathBuf::from(f), kind)).collect();
            levels.iter().map(level).collect::<Result<Vec<Vec<_>>, Failure>>()
        };
        let identity = self.identity_policy.iter().map(|path| read(path, PolicyKind::Identity));
        let policies = PolicySet {
            identity: identity.collect::<Result<_, _>>()?,
            resource: one(&self.resource_policy, PolicyKind::Resource)?,
            boundary: one(&self.permissions_boundary, PolicyKind::Boundary)?,
            session: one(&self.session_policy, PolicyKind::Session)?,
            scp: levels(&self.scp, PolicyKind::ServiceControl)?,
            rcp: levels(&self.rcp, PolicyKind::ResourceControl)?,
            endpoint: one(&self.endpoint_policy, PolicyKind::Endpoint)?,
        };
        Ok(Given { sources, policies })
    }
}

/// Remembers whether an error was one of writing.
struct Written<W: Write> {
    out: W,
    failed: bool,
}

impl<W: Write> Write for Written<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).inspect_err(|_| self.failed = true)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush().inspect_err(|_| self.failed = true)
    }
}

/// Reads a small file as a whole.
fn read_text(path: &PathBuf, what: &str) -> Result<String, Failure> {
    let limit = Limits::default().bytes;
    let failure = |cause: &dyn std::fmt::Display| Failure::usage(format!("{what} `{}`: {cause}", path.display()));
    let mut bytes = Vec::new();
    let read = if path.as_os_str() == "-" {
        io::stdin().lock().take(limit as u64 + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(limit as u64 + 1).read_to_end(&mut bytes))
    };
    read.map_err(|e| failure(&e))?;
    if bytes.len() > limit {
        return Err(failure(&format!("over the limit of {} MiB", limit >> 20)));
    }
    String::from_utf8(bytes).map_err(|e| failure(&format!("byte {} is not UTF-8", e.utf8_error().valid_up_to())))
}

pub(super) fn read_policy(sources: &Sources, path: &PathBuf, kind: PolicyKind) -> Result<PolicyDocument, Failure> {
    let text = read_text(path, "policy")?;
    let source = sources.add(path.display().to_string(), text);
    let file = sources.get(source);
    let read =
        json::read(source, file.text(), &Limits::default()).and_then(|root| accept(root, PolicyRole::from(kind)));
    read.map_err(|error| {
        let at = file.position(error.span.start as usize);
        let message = format!("policy `{}`, line {}, column {}: {}", path.display(), at.line, at.column, error.message);
        match error.help {
            Some(help) => Failure::usage(message).with_help(help),
            None => Failure::usage(message),
        }
    })
}

impl Given {
    /// The decision, why, and where the statements stand.
    fn for_people(&self, decision: &Decision, colors: bool) -> String {
        let word = decision.ruling.as_str();
        let (begin, end) = match (colors, decision.ruling) {
            (false, _) => ("", ""),
            (true, Ruling::Allowed) => ("\u{1b}[1;32m", "\u{1b}[0m"),
            (true, _) => ("\u{1b}[1;31m", "\u{1b}[0m"),
        };
        let mut text = format!("{begin}{word}{end}\n{}\n", output::printable(&decision.explanation));
        for statement in &decision.decided_by {
            let effect = if statement.effect == Effect::Allow { "Allow" } else { "Deny" };
            let sid = statement.sid.as_ref().map(|sid| format!(" `{}`", display_encoded(sid))).unwrap_or_default();
            let place = self.place(statement).map(|place| format!("  {place}")).unwrap_or_default();
            let kind = kind_word(statement.kind);
            let line = format!("  {effect} {kind}: statement {}{sid}{place}", statement.statement);
            text.push_str(&output::printable(&line));
            text.push('\n');
        }
        text
    }

    fn place(&self, statement: &DecidingStatement) -> Option<String> {
        let policies = &self.policies;
        let of_level =
            |levels: &[Vec<Arc<PolicyDocument>>]| levels.get(statement.level?)?.get(statement.policy).cloned();
        let document = match statement.kind {
            PolicyKind::Identity => policies.identity.get(statement.policy).cloned(),
            PolicyKind::Resource | PolicyKind::Trust => policies.resource.clone(),
            PolicyKind::Boundary => policies.boundary.clone(),
            PolicyKind::Session => policies.session.clone(),
            PolicyKind::ServiceControl => of_level(&policies.scp),
            PolicyKind::ResourceControl => of_level(&policies.rcp),
            PolicyKind::Endpoint => policies.endpoint.clone(),
        };
        let span = document?.statements.get(statement.statement)?.span;
        let file = self.sources.get(span.source);
        let at = file.position(span.start as usize);
        Some(format!("{}:{}:{}", file.name(), at.line, at.column))
    }
}
