//! The command line: its definitions and what a run ends with. A thin file a subcommand; what they share is in
//! `options` (the flags), `config` (the same from a file), `inputs` (finding and reading files), `pipeline` (from
//! inputs to a report) and `output` (writing it).

mod access_diff;
mod base;
mod batch;
mod check_access_not_granted;
mod check_no_new_access;
mod check_no_public_access;
mod checks;
#[cfg(feature = "github")]
mod comment;
mod completions;
mod config;
mod custom_check;
mod diff;
mod escalation;
mod evidence;
mod explain;
mod external_access;
mod generate_policy;
mod graph;
mod guardrails;
mod inputs;
mod options;
mod output;
mod parse;
mod pipeline;
mod progress;
#[cfg(feature = "github")]
mod pull_request;
#[cfg(feature = "guard")]
mod rules;
mod simulate;
mod smt2;
mod unused;
mod validate;
mod who_can;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use crate::report::escape::terminal;
use clap::{ArgAction, CommandFactory, Parser, Subcommand, ValueEnum};

/// Stack of the thread that does the work. Recursion is bounded by the readers' limit of nesting; this is room for it
/// in a build without optimisation, too.
const STACK: usize = 64 << 20;

/// Validates the IAM policies of CloudFormation templates, Terraform plans and policy documents before deployment.
///
/// Needs no AWS account, no credentials and no network.
#[derive(Debug, Parser)]
#[command(name = "iam-preflight", max_term_width = 100, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    /// Print the version and the date of the service data
    #[arg(short = 'V', long)]
    version: bool,

    #[command(flatten)]
    global: Global,
}

/// Options of every command.
#[derive(Clone, Debug, clap::Args)]
struct Global {
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    color: ColorChoice,

    /// Print findings and errors only
    #[arg(short, long, global = true, action = ArgAction::SetTrue, conflicts_with = "verbose")]
    quiet: bool,

    /// Print suppressed findings and the reasons for partly analysed policies, too
    #[arg(short, long, global = true, action = ArgAction::SetTrue)]
    verbose: bool,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ColorChoice {
    /// On a terminal, and if `NO_COLOR` is not set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Find what is wrong with the policies of the inputs
    #[command(visible_alias = "check")]
    Validate(Box<validate::Validate>),
    /// Find policies that allow anything that a reference, or their own earlier version, does not
    CheckNoNewAccess(Box<check_no_new_access::CheckNoNewAccess>),
    /// Find policies that allow any of the listed actions on any of the listed resources
    CheckAccessNotGranted(Box<check_access_not_granted::CheckAccessNotGranted>),
    /// Find resource policies that let the public in
    CheckNoPublicAccess(Box<check_no_public_access::CheckNoPublicAccess>),
    /// Show what access changes between two versions: granted, revoked, newly public
    Diff(Box<access_diff::Diff>),
    /// Print the resolved policies and principals, judging nothing
    Parse(Box<parse::Parse>),
    Simulate(Box<simulate::Simulate>),
    /// Find roles, passwords, access keys and permissions that nobody uses, and the policies that would do
    #[command(mut_arg("inputs", |inputs| inputs.required(false)))]
    Unused(Box<unused::UnusedCommand>),
    /// Find who outside the zone of trust gets at the resources
    ExternalAccess(Box<external_access::ExternalAccessCommand>),
    /// Show who can do what on which resource, and through whom
    Graph(Box<graph::GraphCommand>),
    /// Find the principals that can do something to a resource, and the path by which each can
    WhoCan(Box<who_can::WhoCanCommand>),
    #[command(mut_arg("inputs", |inputs| inputs.required(false)))]
    GeneratePolicy(Box<generate_policy::GeneratePolicy>),
    /// List all checks
    Checks(checks::Checks),
    /// Say what a finding's code means
    Explain(explain::Explain),
    /// The organisation's own rules: list them, test them, show what they read
    #[cfg(feature = "guard")]
    #[command(subcommand)]
    Rules(rules::Rules),
    /// Post a saved report to a pull request
    #[cfg(feature = "github")]
    Comment(comment::Comment),
    /// Print the completions of a shell
    Completions(completions::Completions),
}

/// What a run ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Nothing blocks.
    Passed,
    /// Something blocks; the code is 1 unless the user gave another.
    Blocked(u8),
    /// An input could not be read or parsed.
    BadInput,
    /// No policy was analysed, and that was asked for.
    NothingAnalysed,
}

/// Why a run could not be done.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// Wrong use: options, configuration, files that options name.
    #[error("{message}")]
    Usage {
        /// Lower case, without a full stop.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// Output that could not be written.
    #[error("could not write {what}: {cause}")]
    Output {
        /// Where to.
        what: String,
        /// Why.
        cause: io::Error,
    },
}

impl Failure {
    fn usage(message: impl Into<String>) -> Failure {
        Failure::Usage { message: message.into(), help: None }
    }

    fn with_help(self, help: impl Into<String>) -> Failure {
        match self {
            Failure::Usage { message, .. } => Failure::Usage { message, help: Some(help.into()) },
            other => other,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> ExitCode {
        ExitCode::from(match outcome {
            Outcome::Passed => 0,
            Outcome::Blocked(code) => code,
            Outcome::BadInput => 2,
            Outcome::NothingAnalysed => 3,
        })
    }
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            print_usage(&error);
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let worker = std::thread::Builder::new().name("main".to_owned()).stack_size(STACK).spawn(move || run(cli));
    match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        Ok(Err(_)) => {
            eprintln!("internal error: this is a fault of iam-preflight; please report it with the message above");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("error: could not start: {error}");
            ExitCode::from(2)
        }
    }
}

/// Prints help, or what is wrong with the command line. That quotes arguments, which are data as any other text.
fn print_usage(error: &clap::Error) {
    let is_plain = |argument: std::ffi::OsString| !argument.to_string_lossy().chars().any(terminal::is_unprintable);
    if error.use_stderr() && !(io::stderr().is_terminal() && std::env::args_os().all(is_plain)) {
        eprintln!("{}", output::printable(error.render().to_string().trim_end()));
    } else {
        // Nobody is left to tell if this can't be printed.
        let _ = error.print();
    }
}

fn run(cli: Cli) -> ExitCode {
    let result = match cli.command {
        _ if cli.version => version(),
        Some(Command::Validate(command)) => command.run(&cli.global),
        Some(Command::CheckNoNewAccess(command)) => command.run(&cli.global),
        Some(Command::CheckAccessNotGranted(command)) => command.run(&cli.global),
        Some(Command::CheckNoPublicAccess(command)) => command.run(&cli.global),
        Some(Command::Diff(command)) => command.run(&cli.global),
        Some(Command::Parse(command)) => command.run(&cli.global),
        Some(Command::Simulate(command)) => command.run(&cli.global),
        Some(Command::Unused(command)) => command.run(&cli.global),
        Some(Command::ExternalAccess(command)) => command.run(&cli.global),
        Some(Command::Graph(command)) => command.run(&cli.global),
        Some(Command::WhoCan(command)) => command.run(&cli.global),
        Some(Command::GeneratePolicy(command)) => command.run(&cli.global),
        Some(Command::Checks(command)) => command.run(),
        Some(Command::Explain(command)) => command.run(),
        #[cfg(feature = "guard")]
        Some(Command::Rules(command)) => command.run(),
        #[cfg(feature = "github")]
        Some(Command::Comment(command)) => command.run(),
        Some(Command::Completions(command)) => command.run(&mut Cli::command()),
        None => Err(Failure::usage("a command is missing").with_help("see `iam-preflight --help`")),
    };
    match result {
        Ok(outcome) => outcome.into(),
        // The reader of our output has seen enough.
        Err(Failure::Output { cause, .. }) if cause.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {}", output::printable(&failure.to_string()));
            if let Failure::Usage { help: Some(help), .. } = &failure {
                eprintln!("  help: {}", output::printable(help));
            }
            ExitCode::from(2)
        }
    }
}

fn version() -> Result<Outcome, Failure> {
    let date = crate::catalog::Catalog::embedded().date();
    output::print(&format!("iam-preflight {} (service data of {date})\n", env!("CARGO_PKG_VERSION")))?;
    Ok(Outcome::Passed)
}

impl Global {
    /// Whether standard output gets colours.
    fn colors(&self) -> bool {
        let set = |name| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto if set("NO_COLOR") => false,
            ColorChoice::Auto if set("FORCE_COLOR") || set("CLICOLOR_FORCE") => true,
            ColorChoice::Auto => io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|t| t != "dumb"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_of_the_command_line_are_sound() {
        Cli::command().debug_assert();
    }
}
