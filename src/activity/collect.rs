//! Reading evidence: log files on several cores, each record counted where it belongs. Memory depends on what was done by whom,
//! not on how often.

use std::hash::{DefaultHasher, Hasher};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::value::RawValue;
use smol_str::SmolStr;

use super::event_name::{self, Authorisation};
use super::event_source;
use super::log_file::{self, LogFile, LogKind, Opened};
use super::parameters::Parameters;
use super::principal::{CalledBy, PrincipalSelector, identity_arn};
use super::record::{CallOutcome, Record};
use super::resource::{self, Place};
use super::result_csv;
#[cfg(feature = "parquet")]
use super::result_parquet;
use super::result_row::Each;
use super::stream::{self, Found};
use super::time::Timestamp;
use super::usage::{Activity, PrincipalKey, PrincipalUse, Use, fuller};
use crate::catalog::Catalog;
use crate::policy::Arn;

/// What is to be read of the evidence.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Of this principal alone; of all without.
    pub principal: Option<PrincipalSelector>,
    /// Not before this time.
    pub from: Option<Timestamp>,
    /// Not after this time.
    pub to: Option<Timestamp>,
    /// Without calls that were denied.
    pub skip_denied: bool,
    /// With data events.
    pub data_events: bool,
    /// With the resources of each action; they are what costs most.
    pub resources: bool,
    /// Threads; 0 for as many as there are cores.
    pub jobs: usize,
}

/// Is told how the reading goes.
pub trait Progress: Sync {
    /// Before the first file: how many bytes there are.
    fn start(&self, bytes: u64);
    /// After each file: how many bytes it had.
    fn advance(&self, bytes: u64);
}

/// Nobody is told.
impl Progress for () {
    fn start(&self, _: u64) {}
    fn advance(&self, _: u64) {}
}

/// Reads all log files in the given files and folders.
pub fn collect(paths: &[PathBuf], options: &Options, catalog: &Catalog, progress: &dyn Progress) -> Activity {
    let mut all = Activity::default();
    let files = log_file::find(paths, options.from, &mut all.coverage);
    progress.start(files.iter().map(|file| file.bytes).sum());
    let threads = match options.jobs {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        jobs => jobs,
    };
    let next = AtomicUsize::new(0);
    let seen = SeenEvents::new();
    let results = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads.min(files.len()).max(1) {
            scope.spawn(|| {
                let mut collector = Collector::new(options, catalog, &seen);
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    collector.file(file);
                    progress.advance(file.bytes);
                }
                locked(&results).push(collector.activity());
            });
        }
    });
    for activity in results.into_inner().unwrap_or_else(PoisonError::into_inner) {
        all.merge(activity);
    }
    all
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A record, and for how many events it stands: one, unless it is a row of an aggregated result.
pub(super) struct Occurrence<'r, 'a> {
    pub(super) record: &'r Record<'a>,
    pub(super) count: u64,
    /// The first and the last.
    pub(super) period: Option<(Timestamp, Timestamp)>,
}

/// The events that were read last. Overlapping trails deliver one event twice and at about the same time, so that this many
/// suffice, and memory stays bounded.
struct SeenEvents {
    /// By the lowest bits of the id's hash, so that threads seldom wait for each other.
    shards: [Mutex<Seen>; 16],
}

/// Ids of two generations: when the newer is full, the older is forgotten.
#[derive(Default)]
struct Seen {
    newer: FxHashSet<u64>,
    older: FxHashSet<u64>,
}

/// Ids of a generation of one shard; of all, half a million.
const GENERATION: usize = (1 << 19) / 16;

impl SeenEvents {
    fn new() -> SeenEvents {
        SeenEvents { shards: std::array::from_fn(|_| Mutex::default()) }
    }

    /// True if the event is new.
    fn add(&self, id: u64) -> bool {
        let Some(shard) = self.shards.get(id as usize % self.shards.len()) else { return true };
        let mut seen = locked(shard);
        if seen.older.contains(&id) || !seen.newer.insert(id) {
            return false;
        }
        if seen.newer.len() >= GENERATION {
            let seen = &mut *seen;
            std::mem::swap(&mut seen.newer, &mut seen.older);
            seen.newer.clear();
        }
        true
    }
}

/// What one event source and name come to, found once.
struct Known {
    /// What authorises it when none of the deciding parameters is there.
    authorisation: Authorisation,
    /// The parameters that decide; `None` if they always do.
    deciding: Option<Vec<&'static str>>,
    /// The service data have the event source.
    source: SmolStr,
    name: SmolStr,
}

/// Counts the records of some of the files.
pub(super) struct Collector<'o> {
    options: &'o Options,
    catalog: &'o Catalog,
    seen: &'o SeenEvents,
    activity: Activity,
    /// Principals by each ARN they were seen with.
    principals: FxHashMap<SmolStr, Option<usize>>,
    used: Vec<(PrincipalKey, PrincipalUse)>,
    numbers: FxHashMap<PrincipalKey, usize>,
    events: FxHashMap<SmolStr, FxHashMap<SmolStr, usize>>,
    known: Vec<Known>,
}

/// Event versions up to this one are read; a greater first number says that the structure has changed.
const MAJOR_VERSION: &str = "1";

impl<'o> Collector<'o> {
    fn new(options: &'o Options, catalog: &'o Catalog, seen: &'o SeenEvents) -> Collector<'o> {
        Collector {
            options,
            catalog,
            seen,
            activity: Activity::default(),
            principals: FxHashMap::default(),
            used: Vec::new(),
            numbers: FxHashMap::default(),
            events: FxHashMap::default(),
            known: Vec::new(),
        }
    }

    fn activity(mut self) -> Activity {
        self.activity.principals = self.used.into_iter().collect();
        self.activity
    }

    fn file(&mut self, file: &LogFile) {
        let name = file.path.display().to_string();
        let opened = match log_file::open(&file.path) {
            Ok(opened) => opened,
            Err(error) => return self.activity.coverage.troubles.file(&name, error.to_string()),
        };
        self.activity.coverage.files += 1;
        if let Some(delivery) = log_file::delivery(&file.path) {
            // A file without events shows, too, that the day is there.
            self.activity.coverage.days.add(delivery.account, delivery.region, delivery.events());
        }
        let reading = match (opened, file.kind) {
            (Opened::Text(_), LogKind::Parquet) => {
                return self.activity.coverage.troubles.file(&name, "the file is no Parquet".to_owned());
            }
            (Opened::Text(reader), LogKind::Json) => stream::read(reader, &mut |found| match found {
                Found::Record(number, record) => self.json_record(&name, number, record),
                Found::Broken(number, message) => self.activity.coverage.troubles.record(&name, number, message),
            }),
            (Opened::Text(reader), LogKind::Csv) => result_csv::read(reader, &mut self.rows(&name)),
            #[cfg(feature = "parquet")]
            (Opened::Parquet(file), _) => result_parquet::read(file, &mut self.rows(&name)),
        };
        self.activity.coverage.bytes += reading.bytes;
        if let Some(message) = reading.stopped {
            self.activity.coverage.troubles.file(&name, message);
        }
    }

    /// Counts the rows of a query's result.
    fn rows<'s>(&'s mut self, file: &'s str) -> Box<Each<'s>> {
        Box::new(move |number, row| match row {
            Ok(row) => self.judge(file, number, &row),
            Err(message) => self.activity.coverage.troubles.record(file, number, message),
        })
    }

    fn json_record(&mut self, file: &str, number: u64, record: &Record<'_>) {
        match record.wrapped() {
            Some(text) => match serde_json::from_str::<Record<'_>>(text) {
                // What is wrapped twice is no record.
                Ok(inner) => self.judge(file, number, &Occurrence { record: &inner, count: 1, period: None }),
                Err(error) => self.activity.coverage.troubles.record(file, number, error.to_string()),
            },
            None => self.judge(file, number, &Occurrence { record, count: 1, period: None }),
        }
    }

    /// Counts a record, or says why it is passed over.
    fn judge(&mut self, file: &str, number: u64, occurrence: &Occurrence<'_, '_>) {
        let record = occurrence.record;
        if record.digest.is_some() {
            *self.activity.coverage.files_skipped.entry("digest file".into()).or_default() += 1;
            return;
        }
        let (Some(source), Some(name)) = (record.event_source.as_deref(), record.event_name.as_deref()) else {
            let missing = if record.event_name.is_none() { "eventName" } else { "eventSource" };
            return self.activity.coverage.troubles.record(file, number, format!("the record has no `{missing}`"));
        };
        if let Some(version) = record.event_version.as_deref()
            && version.split('.').next() != Some(MAJOR_VERSION)
        {
            let message = format!("event version `{version}` is not known; versions `1.x` are read");
            return self.activity.coverage.troubles.record(file, number, message);
        }
        let time = match record.event_time.as_deref() {
            Some(text) => match Timestamp::parse(text) {
                Some(time) => Some((time, time)),
                None => {
                    let message = format!("`eventTime` is no time: `{text}`");
                    return self.activity.coverage.troubles.record(file, number, message);
                }
            },
            None => occurrence.period,
        };
        self.activity.coverage.events += occurrence.count;
        if let Some(reason) = self.use_record(record, source, name, time, occurrence.count) {
            self.activity.coverage.skip(reason, occurrence.count);
        }
    }

    /// The reason why the record is passed over; `None` if it was counted.
    fn use_record(
        &mut self,
        record: &Record<'_>,
        source: &str,
        name: &str,
        time: Option<(Timestamp, Timestamp)>,
        count: u64,
    ) -> Option<&'static str> {
        if let Some((first, last)) = time {
            if self.options.from.is_some_and(|from| last < from) {
                return Some("before the period");
            }
            if self.options.to.is_some_and(|to| first > to) {
                return Some("after the period");
            }
        } else if self.options.from.is_some() || self.options.to.is_some() {
            return Some("without a time");
        }
        let coverage = &mut self.activity.coverage;
        coverage.cover(time);
        match (time, record.aws_region.as_deref()) {
            (Some((first, last)), _) if first != last => coverage.days.summed = true,
            (Some((time, _)), Some(region)) => {
                coverage.days.add(record.recipient_account_id.as_deref().unwrap_or_default(), region, time);
            }
            _ => {}
        }
        for (counts, value) in
            [(&mut coverage.regions, &record.aws_region), (&mut coverage.accounts, &record.recipient_account_id)]
        {
            let Some(value) = value.as_deref() else { continue };
            match counts.get_mut(value) {
                Some(so_far) => *so_far += count,
                None => {
                    counts.insert(value.into(), count);
                }
            }
        }
        let sign_in = record.event_type.as_deref() == Some("AwsConsoleSignIn");
        match record.event_type.as_deref() {
            None | Some("AwsApiCall" | "AwsConsoleAction" | "AwsConsoleSignIn") => {}
            Some("AwsServiceEvent") => return Some("service event"),
            Some("AwsCloudTrailInsight") => return Some("insight event"),
            Some("AwsVpceEvent") => return Some("network activity event"),
            Some(_) => return Some("other event type"),
        }
        let number = match self.principal(record) {
            Ok(number) => number,
            Err(reason) => return Some(reason),
        };
        let id = record.shared_event_id.as_deref().or(record.event_id.as_deref());
        if let Some(id) = id
            && !self.seen.add(fingerprint(id))
        {
            return Some("seen before");
        }
        let outcome = CallOutcome::of(record.error_code.as_deref());
        if sign_in {
            if outcome == CallOutcome::Succeeded
                && name == "ConsoleLogin"
                && let Some((_, used)) = self.used.get_mut(number)
            {
                used.console_sign_in.merge(&Use { count, period: time });
            }
            return Some("signing in");
        }
        if !self.options.data_events && record.is_data_event() {
            return Some("data event");
        }
        if self.options.skip_denied && outcome == CallOutcome::Denied {
            return Some("denied");
        }
        self.count(record, number, (source, name), outcome, Use { count, period: time })
    }

    /// The number of the principal that made a call, or why the call is nobody's that was asked for.
    fn principal(&mut self, record: &Record<'_>) -> Result<usize, &'static str> {
        let identity = record.user_identity.as_ref();
        let arn = match CalledBy::of(identity) {
            CalledBy::Principal(arn) => arn,
            CalledBy::Other(reason) => return Err(reason),
        };
        if let Some(known) = self.principals.get(arn) {
            return known.ok_or("another principal");
        }
        let number = PrincipalKey::of_arn(arn)
            .filter(|key| self.options.principal.as_ref().is_none_or(|selector| selector.means(key)))
            .map(|key| {
                let number = *self.numbers.entry(key.clone()).or_insert_with(|| {
                    self.used.push((key, PrincipalUse::default()));
                    self.used.len() - 1
                });
                if let Some((_, used)) = self.used.get_mut(number) {
                    used.arn = fuller(std::mem::take(&mut used.arn), identity_arn(arn));
                }
                number
            });
        // There is no end to the ARNs of sessions; of roles and users there is.
        if !arn.contains(":assumed-role/") {
            self.principals.insert(arn.into(), number);
        }
        number.ok_or("another principal")
    }

    fn known(&mut self, source: &str, name: &str) -> Option<&Known> {
        let number = self.events.get(source).and_then(|names| names.get(name)).copied();
        let number = number.unwrap_or_else(|| {
            let deciding = match event_source::service(self.catalog, source) {
                Some(service) => event_name::deciding_parameters(service, name),
                None => Some(Vec::new()),
            };
            let authorisation = event_name::authorisation(self.catalog, source, name, &Parameters::default());
            self.known.push(Known { authorisation, deciding, source: source.into(), name: name.into() });
            let number = self.known.len() - 1;
            self.events.entry(source.into()).or_default().insert(name.into(), number);
            number
        });
        self.known.get(number)
    }

    /// Counts a call of a principal that was asked for.
    fn count(
        &mut self,
        record: &Record<'_>,
        principal: usize,
        (source, name): (&str, &str),
        outcome: CallOutcome,
        calls: Use,
    ) -> Option<&'static str> {
        let catalog = self.catalog;
        let resources = self.options.resources;
        let text = record.request_parameters.map(RawValue::get);
        let (fixed, source, name) = {
            let known = self.known(source, name)?;
            let decides = known.deciding.as_ref().is_none_or(|names| text.is_some_and(|text| mentions(text, names)));
            ((!decides).then(|| known.authorisation.clone()), known.source.clone(), known.name.clone())
        };
        let parameters = match text {
            Some(text) if fixed.is_none() || resources => Parameters::read(text),
            _ => Parameters::default(),
        };
        let authorisation = fixed.unwrap_or_else(|| event_name::authorisation(catalog, &source, &name, &parameters));
        let (_, used) = self.used.get_mut(principal)?;
        used.calls.merge(&calls);
        let identity = record.user_identity.as_ref();
        if let Some(key) = identity.and_then(|identity| identity.access_key_id.as_deref())
            && key.starts_with("AKIA")
        {
            used.access_keys.entry(key.into()).or_default().merge(&calls);
        }
        let needed = match authorisation {
            Authorisation::Actions(needed) => needed,
            Authorisation::Nothing => return Some("needs no permission"),
            Authorisation::Unknown => {
                used.unmapped.entry((source, name)).or_default().merge(&calls);
                return Some("not mapped to an action");
            }
        };
        let place = resources.then(|| Place::of(record));
        if let Some(own) = needed.last().filter(|_| resources && used.passed_roles.len() < MAX_PASSED_ROLES) {
            for role in parameters.arns().filter(|arn| is_passed(&own.action, arn)) {
                used.passed_roles.insert((role.into(), own.action.clone()));
            }
        }
        for needed in needed {
            let of_action = used.actions.entry(needed.action.clone()).or_default();
            match outcome {
                CallOutcome::Succeeded => of_action.succeeded.merge(&calls),
                CallOutcome::Failed => of_action.failed.merge(&calls),
                CallOutcome::Denied => of_action.denied.merge(&calls),
            }
            if let Some(service) = identity.and_then(|identity| identity.invoked_by.as_deref()) {
                match of_action.invoked_by.get_mut(service) {
                    Some(so_far) => *so_far += calls.count,
                    None => {
                        of_action.invoked_by.insert(service.into(), calls.count);
                    }
                }
            }
            if let Some(place) = &place {
                for found in resource::of_event(catalog, &needed, record, &parameters, place) {
                    of_action.resources.add(found);
                }
            }
        }
        self.activity.coverage.used += calls.count;
        None
    }
}

/// True if the text of parameters may hold one of these, which begin with a small letter or a capital one.
fn mentions(text: &str, names: &[&str]) -> bool {
    names.iter().any(|name| text.contains(name.get(1..).unwrap_or(name)))
}

/// Roles that calls named are kept up to this number.
const MAX_PASSED_ROLES: usize = 1000;

/// True if a call hands a role to a service: IAM and STS work on roles themselves.
fn is_passed(action: &str, arn: &str) -> bool {
    let of_iam = ["iam:", "sts:", "access-analyzer:"].iter().any(|prefix| action.starts_with(prefix));
    let is_role = Arn::split(arn).is_some_and(|arn| {
        arn.service == "iam" && (arn.resource.starts_with("role/") || arn.resource.starts_with("instance-profile/"))
    });
    is_role && !of_iam
}

fn fingerprint(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(id.as_bytes());
    hasher.finish()
}
