//! What reading CloudTrail's logs costs, beside the least that it can cost: decompressing the same files and parsing them with
//! `serde_json` into the same fields, keeping nothing else. Prints a table; `docs/performance.md` has its numbers.
//!
//! `IAM_PREFLIGHT_ACTIVITY_MB` is how much JSON is generated, 500 without; `IAM_PREFLIGHT_ACTIVITY_DIR` keeps the logs there
//! from one run to the next.

mod generate;

use std::fs;
use std::hint::black_box;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use flate2::read::MultiGzDecoder;
use iam_preflight::activity::generate::{Generation, generate as generate_policy};
use iam_preflight::activity::record::Record;
use iam_preflight::activity::{Activity, Options, PrincipalSelector, collect};
use iam_preflight::catalog::Catalog;

/// A log file as a whole, as the baseline reads it.
#[derive(serde::Deserialize)]
struct Log<'a> {
    #[serde(rename = "Records", borrow)]
    records: Vec<Record<'a>>,
}

fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let megabytes = std::env::var("IAM_PREFLIGHT_ACTIVITY_MB").ok().and_then(|v| v.parse().ok()).unwrap_or(500);
    let kept = std::env::var_os("IAM_PREFLIGHT_ACTIVITY_DIR").map(PathBuf::from);
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = kept.unwrap_or_else(|| temporary.path().to_owned());
    let made = generate::logs(&folder, megabytes);
    println!(
        "{} files, {} events, {:.0} MB of JSON, {:.0} MB compressed",
        made.files,
        made.events,
        mb(made.bytes),
        mb(made.compressed)
    );
    println!("| what | threads | seconds | MB/s of JSON | of the baseline's rate |\n|---|--:|--:|--:|--:|");

    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for jobs in [1, cores] {
        // Each is run in turn, and the least of three counts: on a machine with other work the ratio says more than the time.
        let mut least = [f64::INFINITY; 4];
        let mut memory = String::new();
        for round in 0..3 {
            let took = [ours(&folder, jobs, false, &made), ours(&folder, jobs, true, &made)];
            if round == 0 {
                memory = peak();
            }
            let took = [took[0], took[1], baseline(&folder, jobs, true, &made), baseline(&folder, jobs, false, &made)];
            for (least, took) in least.iter_mut().zip(took) {
                *least = least.min(took);
            }
        }
        let names =
            ["all principals, actions", "one principal, with resources", "baseline: gzip and serde_json", "gzip alone"];
        for (name, seconds) in names.iter().zip(least) {
            let (rate, ratio) = (mb(made.bytes) / seconds, 100.0 * least[2] / seconds);
            println!("| {name} | {jobs} | {seconds:.2} | {rate:.0} | {ratio:.0} % |");
        }
        println!("peak memory of the first two with {jobs} threads: {memory} MB");
    }
}

/// Reads the logs as the program does; seconds.
fn ours(folder: &Path, jobs: usize, of_one: bool, made: &generate::Made) -> f64 {
    let one = PrincipalSelector::parse(generate::ROLE).expect("a role");
    let principal = of_one.then_some(one);
    let options = Options { jobs, data_events: true, resources: of_one, principal, ..Options::default() };
    let start = Instant::now();
    let activity = collect(&[folder.to_owned()], &options, Catalog::embedded(), &());
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(activity.coverage.events, made.events, "nothing is lost");
    assert_eq!(activity.coverage.bytes, made.bytes, "nothing is lost");
    assert!(activity.coverage.troubles.is_empty());
    check_counts(&activity, &options, made);
    seconds
}

/// What was counted is what was written.
fn check_counts(activity: &Activity, options: &Options, made: &generate::Made) {
    let of_role = activity.of(generate::ROLE).expect("the role did something");
    assert_eq!(of_role.calls.count, made.of_role);
    if options.resources {
        let (key, used) = activity.principals.iter().next().expect("the role");
        let generated = generate_policy(Catalog::embedded(), key, used, &activity.coverage, Generation::default());
        assert!(!generated.policies.is_empty());
    } else {
        let all: u64 = activity.principals.values().map(|used| used.calls.count).sum();
        assert_eq!(all, made.events);
    }
}

/// Decompresses each file, and parses it; seconds.
fn baseline(folder: &Path, jobs: usize, parse: bool, made: &generate::Made) -> f64 {
    let start = Instant::now();
    let files: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path()).collect();
    let (next, events) = (AtomicUsize::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                let mut text = Vec::new();
                while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    text.clear();
                    let file = fs::File::open(path).expect("a file");
                    MultiGzDecoder::new(std::io::BufReader::with_capacity(256 << 10, file))
                        .read_to_end(&mut text)
                        .expect("gzip");
                    if parse {
                        let log: Log<'_> = serde_json::from_slice(&text).expect("a log");
                        events.fetch_add(log.records.len() as u64, Ordering::Relaxed);
                        black_box(&log.records);
                    }
                }
            });
        }
    });
    assert!(!parse || events.into_inner() == made.events);
    start.elapsed().as_secs_f64()
}

fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// The most memory that the process has had, in MB; Linux alone tells.
fn peak() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: Option<u64> = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok());
    kilobytes.map_or("?".to_owned(), |kb| (kb / 1000).to_string())
}
