//! What principals did, counted: the table that records are read into and that everything else is derived from.
//!
//! Two tables that were filled by two threads make one by [`Activity::merge`], and the order doesn't matter.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::days::Days;
use super::resource::FoundResource;
use super::time::Timestamp;

/// What was done, by whom, and what of the evidence could not be used.
#[derive(Clone, Debug, Default)]
pub struct Activity {
    /// What each principal did; users and roles only.
    pub principals: FxHashMap<PrincipalKey, PrincipalUse>,
    /// The records and files behind it.
    pub coverage: Coverage,
}

/// Users and roles have names that are unique in their account, whatever their paths: the ARN of a session has no path, and
/// both forms mean one role.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PrincipalKey {
    /// `111122223333`
    pub account: SmolStr,
    /// User or role.
    pub kind: PrincipalKind,
    /// Without path.
    pub name: SmolStr,
}

/// The kinds of principal that have identity-based policies and make calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PrincipalKind {
    /// IAM user.
    User,
    /// IAM role, by its sessions.
    Role,
}

/// What one principal did.
#[derive(Clone, Debug, Default)]
pub struct PrincipalUse {
    /// The ARN, with path if any record has it.
    pub arn: SmolStr,
    /// All calls, whatever became of them.
    pub calls: Use,
    /// By action with prefix in the service's spelling: `s3:GetObject`.
    pub actions: BTreeMap<SmolStr, ActionUse>,
    /// By event source and event name: calls that no action is known for.
    pub unmapped: BTreeMap<(SmolStr, SmolStr), Use>,
    /// By id: the long-term access keys that signed calls.
    pub access_keys: BTreeMap<SmolStr, Use>,
    /// ARNs of roles and instance profiles that calls named as parameters, and the action of each call: a service was
    /// probably handed the role. Only if resources were asked for.
    pub passed_roles: BTreeSet<(SmolStr, SmolStr)>,
    /// Signing in to the console with a password, successfully.
    pub console_sign_in: Use,
}

/// How an action was used.
#[derive(Clone, Debug, Default)]
pub struct ActionUse {
    /// Calls that succeeded.
    pub succeeded: Use,
    /// Calls that were authorised and failed for another reason.
    pub failed: Use,
    /// Calls that were denied.
    pub denied: Use,
    /// By service: how many of the calls it made on the principal's behalf.
    pub invoked_by: BTreeMap<SmolStr, u64>,
    /// What it was used on; empty if resources were not asked for.
    pub resources: Resources,
}

/// The resources of an action. Beyond [`Resources::MOST`] they are kept by their leading parts only, and the result is the same
/// whatever the order they come in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    found: BTreeSet<FoundResource>,
    /// Position in [`KEPT_PARTS`].
    level: usize,
}

/// How many parts between slashes are kept at each level.
const KEPT_PARTS: [usize; 6] = [usize::MAX, 4, 3, 2, 1, 0];

/// How often, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// Number of calls.
    pub count: u64,
    /// The first and the last; `None` if there were none, or if none had a time.
    pub period: Option<(Timestamp, Timestamp)>,
}

/// What the evidence consists of, and what of it was passed over.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Log files that were read.
    pub files: u64,
    /// Bytes of text in them, decompressed.
    pub bytes: u64,
    /// Events read, by any principal, those passed over included; a row of a query's result counts as many as it stands for.
    pub events: u64,
    /// Events that a principal's table of actions has.
    pub used: u64,
    /// Events passed over, by the reason.
    pub skipped: BTreeMap<SmolStr, u64>,
    /// Files that are no logs, by the reason.
    pub files_skipped: BTreeMap<SmolStr, u64>,
    /// The first and the last event within the period that was asked for.
    pub period: Option<(Timestamp, Timestamp)>,
    /// The Regions of these events.
    pub regions: BTreeMap<SmolStr, u64>,
    /// The accounts whose trails these events are from.
    pub accounts: BTreeMap<SmolStr, u64>,
    /// The days that these events and the names of log files speak of.
    pub days: Days,
    /// What was wrong with files and records: all are counted, the first are described.
    pub troubles: Troubles,
}

/// Files and records that could not be read.
#[derive(Clone, Debug, Default)]
pub struct Troubles {
    /// Files that could not be read at all, or not to their end.
    pub files: u64,
    /// Records that could not be read.
    pub records: u64,
    /// The first of them, sorted.
    pub described: Vec<Trouble>,
}

/// A file or record that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trouble {
    /// The file.
    pub file: String,
    /// The record's number in it, from 1; `None` if it is about the file.
    pub record: Option<u64>,
    /// Lower case, without a full stop.
    pub message: String,
}

/// How many troubles are described.
const DESCRIBED: usize = 50;

impl Use {
    /// Counts calls at a time.
    pub fn add(&mut self, count: u64, first: Option<Timestamp>, last: Option<Timestamp>) {
        self.merge(&Use { count, period: first.zip(last) });
    }

    /// Counts those of another table, too.
    pub fn merge(&mut self, other: &Use) {
        self.count += other.count;
        self.period = joined(self.period, other.period);
    }

    /// True if there was no call.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The last call.
    pub fn last(&self) -> Option<Timestamp> {
        self.period.map(|(_, last)| last)
    }
}

type Period = (Timestamp, Timestamp);

fn joined(one: Option<Period>, other: Option<Period>) -> Option<Period> {
    match (one, other) {
        (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
        (one, other) => one.or(other),
    }
}

impl ActionUse {
    /// All calls, denied ones included.
    pub fn all(&self) -> Use {
        let mut all = self.succeeded;
        all.merge(&self.failed);
        all.merge(&self.denied);
        all
    }

    /// True if no call was let through.
    pub fn only_denied(&self) -> bool {
        self.succeeded.is_empty() && self.failed.is_empty() && !self.denied.is_empty()
    }

    fn merge(&mut self, other: ActionUse) {
        self.succeeded.merge(&other.succeeded);
        self.failed.merge(&other.failed);
        self.denied.merge(&other.denied);
        add_counts(&mut self.invoked_by, other.invoked_by);
        self.resources.merge(other.resources);
    }
}

impl Resources {
    /// How many are kept in full.
    pub const MOST: usize = 1000;

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = &FoundResource> {
        self.found.iter()
    }

    /// True if there were too many to keep them in full.
    pub fn shortened(&self) -> bool {
        self.level > 0
    }

    /// Adds a resource.
    pub fn add(&mut self, resource: FoundResource) {
        self.found.insert(kept(resource, self.level));
        while self.found.len() > Resources::MOST && self.level + 1 < KEPT_PARTS.len() {
            self.level += 1;
            self.found = std::mem::take(&mut self.found).into_iter().map(|one| kept(one, self.level)).collect();
        }
    }

    fn merge(&mut self, other: Resources) {
        if other.level > self.level {
            self.level = other.level;
            self.found = std::mem::take(&mut self.found).into_iter().map(|one| kept(one, self.level)).collect();
        }
        other.found.into_iter().for_each(|one| self.add(one));
    }
}

/// A resource at a level.
fn kept(mut resource: FoundResource, level: usize) -> FoundResource {
    let parts = KEPT_PARTS.get(level).copied().unwrap_or(0);
    if parts == usize::MAX {
        return resource;
    }
    let Some(arn) = crate::policy::Arn::split(&resource.pattern) else { return resource };
    let end = match parts {
        0 => Some(0),
        _ => arn.resource.match_indices('/').nth(parts - 1).map(|(at, _)| at + 1),
    };
    if let Some(end) = end.and_then(|end| arn.resource.get(..end)) {
        let start = resource.pattern.len() - arn.resource.len();
        let pattern = format!("{}{end}*", resource.pattern.get(..start).unwrap_or_default());
        resource.pattern = pattern.into();
    }
    resource
}

impl PrincipalUse {
    fn merge(&mut self, other: PrincipalUse) {
        self.arn = fuller(std::mem::take(&mut self.arn), other.arn);
        self.calls.merge(&other.calls);
        for (action, used) in other.actions {
            self.actions.entry(action).or_default().merge(used);
        }
        for (event, used) in other.unmapped {
            self.unmapped.entry(event).or_default().merge(&used);
        }
        for (key, used) in other.access_keys {
            self.access_keys.entry(key).or_default().merge(&used);
        }
        self.passed_roles.extend(other.passed_roles);
        self.console_sign_in.merge(&other.console_sign_in);
    }

    /// The last use of an action of a service: that of any action with this prefix.
    pub fn last_use_of_service(&self, prefix: &str) -> Option<Timestamp> {
        let of_service = self.actions.iter().filter(|(action, _)| action.split(':').next() == Some(prefix));
        of_service.filter_map(|(_, used)| used.all().last()).max()
    }
}

/// Of two ARNs of one principal the one with a path; of two with one, either, but always the same.
pub(super) fn fuller(one: SmolStr, other: SmolStr) -> SmolStr {
    if (one.len(), &one) >= (other.len(), &other) { one } else { other }
}

impl Activity {
    /// Adds what another thread has counted.
    pub fn merge(&mut self, other: Activity) {
        for (key, used) in other.principals {
            self.principals.entry(key).or_default().merge(used);
        }
        self.coverage.merge(other.coverage);
    }

    /// What a user or role did, by its ARN (that of a role's session will do).
    pub fn of(&self, arn: &str) -> Option<&PrincipalUse> {
        self.principals.get(&PrincipalKey::of_arn(arn)?)
    }
}

impl Coverage {
    /// Counts an event that was passed over.
    pub fn skip(&mut self, reason: &str, count: u64) {
        match self.skipped.get_mut(reason) {
            Some(so_far) => *so_far += count,
            None => {
                self.skipped.insert(reason.into(), count);
            }
        }
    }

    /// Counts a time that was covered.
    pub(super) fn cover(&mut self, period: Option<Period>) {
        self.period = joined(self.period, period);
    }

    fn merge(&mut self, other: Coverage) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.events += other.events;
        self.used += other.used;
        add_counts(&mut self.skipped, other.skipped);
        add_counts(&mut self.files_skipped, other.files_skipped);
        self.period = joined(self.period, other.period);
        add_counts(&mut self.regions, other.regions);
        add_counts(&mut self.accounts, other.accounts);
        self.days.merge(other.days);
        self.troubles.files += other.troubles.files;
        self.troubles.records += other.troubles.records;
        self.troubles.described.extend(other.troubles.described);
        self.troubles.shorten();
    }
}

impl Troubles {
    /// A file that could not be read, or not to its end.
    pub fn file(&mut self, file: &str, message: String) {
        self.files += 1;
        self.describe(Trouble { file: file.to_owned(), record: None, message });
    }

    /// A record that could not be read.
    pub fn record(&mut self, file: &str, record: u64, message: String) {
        self.records += 1;
        self.describe(Trouble { file: file.to_owned(), record: Some(record), message });
    }

    /// True if everything could be read.
    pub fn is_empty(&self) -> bool {
        self.files == 0 && self.records == 0
    }

    fn describe(&mut self, trouble: Trouble) {
        self.described.push(trouble);
        if self.described.len() >= 4 * DESCRIBED {
            self.shorten();
        }
    }

    fn shorten(&mut self) {
        self.described.sort();
        self.described.truncate(DESCRIBED);
    }
}

fn add_counts<K: Ord>(to: &mut BTreeMap<K, u64>, from: BTreeMap<K, u64>) {
    for (key, count) in from {
        *to.entry(key).or_default() += count;
    }
}

impl PrincipalKey {
    /// The user or role that an ARN names: `arn:aws:iam::…:user/…`, `arn:aws:iam::…:role/…` or
    /// `arn:aws:sts::…:assumed-role/NAME/SESSION`; `None` for others.
    pub fn of_arn(arn: &str) -> Option<PrincipalKey> {
        let arn = crate::policy::Arn::split(arn)?;
        let (kind, rest) = arn.resource.split_once('/')?;
        let (kind, name) = match (arn.service, kind) {
            ("iam", "user") => (PrincipalKind::User, rest.rsplit('/').next()?),
            ("iam", "role") => (PrincipalKind::Role, rest.rsplit('/').next()?),
            ("sts", "assumed-role") => (PrincipalKind::Role, rest.split('/').next()?),
            _ => return None,
        };
        (arn.prefix == "arn" && !name.is_empty() && !arn.account.is_empty()).then(|| PrincipalKey {
            account: arn.account.into(),
            kind,
            name: name.into(),
        })
    }
}
