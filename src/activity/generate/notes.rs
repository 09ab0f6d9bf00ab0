//! What is to be said of generated policies: what the evidence can't show, and what was taken as it is.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::{GeneratedStatement, Generation, ResourceMode, UnknownResources};
use crate::activity::days::Day;
use crate::activity::usage::{ActionUse, Coverage, PrincipalKey, PrincipalUse};
use crate::catalog::Catalog;
use crate::policy::Arn;

/// Managed policies that can be attached to a user or role, unless the quota was raised.
const ATTACHED_POLICIES: usize = 10;
/// Names listed in one note.
const LISTED: usize = 20;

fn list<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let all: Vec<String> = items.into_iter().map(|item| format!("`{}`", item.as_ref())).collect();
    let shown = all.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(LISTED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Days of the principal's account without log files, where those before and after have some.
fn gaps(key: &PrincipalKey, coverage: &Coverage, notes: &mut Vec<String>) {
    let Some((first, last)) = coverage.period else { return };
    let gaps = coverage.days.gaps(Day::of(first)..=Day::of(last));
    let own: Vec<String> = gaps.iter().filter(|gap| gap.account == key.account).map(ToString::to_string).collect();
    if !own.is_empty() {
        let more = if own.len() > 5 { ", …" } else { "" };
        notes.push(format!(
            "There are no log files or events {}{more}, but on the days before and after: what was called then is not in the policy.",
            own.iter().take(5).cloned().collect::<Vec<_>>().join(", ")
        ));
    }
}

/// The notes, the most general first.
pub(super) fn notes(
    catalog: &Catalog,
    key: &PrincipalKey,
    used: &PrincipalUse,
    coverage: &Coverage,
    generation: Generation,
    policies: &[Vec<GeneratedStatement>],
) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some((from, to)) = used.calls.period {
        let covered = coverage
            .period
            .map_or_else(String::new, |(first, last)| format!("; the evidence covers {first} to {last}"));
        let regions = match coverage.regions.len() {
            0 => String::new(),
            _ => format!(" in {}", list(coverage.regions.keys())),
        };
        notes.push(format!(
            "The principal's events are from {from} to {to}{covered}{regions}. What happens more rarely, or elsewhere, is not in the policy."
        ));
    }
    gaps(key, coverage, &mut notes);
    pass_role(used, &mut notes);
    data_events(coverage, &mut notes);

    let with = |wanted: &dyn Fn(&ActionUse) -> bool| -> Vec<&SmolStr> {
        used.actions.iter().filter(|(_, action)| wanted(action)).map(|(name, _)| name).collect()
    };
    let denied = with(&|action| action.only_denied());
    if !denied.is_empty() {
        notes.push(format!(
            "Only denied, and in the policy all the same; `--skip-denied` leaves them out: {}.",
            list(denied)
        ));
    }
    if generation.resources != ResourceMode::Placeholders {
        let open: Vec<&SmolStr> = used
            .actions
            .iter()
            .filter(|(name, action)| {
                let has_types = catalog.action(name).is_some_and(|(_, action)| !action.resources.is_empty());
                has_types && action.resources.iter().any(|resource| !resource.known)
            })
            .map(|(name, _)| name)
            .collect();
        if !open.is_empty() {
            let stands = match generation.unknown {
                UnknownResources::Wildcard => "wildcards stand for them",
                UnknownResources::Placeholder => "placeholders stand for them, to be filled in",
            };
            notes.push(format!("Events do not name all resources of these actions; {stands}: {}.", list(open)));
        }
    } else {
        notes.push("The placeholders `${…}` are to be filled in before the policy is used.".to_owned());
    }
    let shortened = with(&|action| action.resources.shortened());
    if !shortened.is_empty() {
        notes.push(format!(
            "So many resources that only the leading parts of their names were kept: {}.",
            list(shortened)
        ));
    }
    if used.actions.keys().any(|action| action.starts_with("iam:")) {
        notes.push(
            "Events of IAM name roles, users and policies without their paths; ARNs made of these names have no path."
                .to_owned(),
        );
    }
    on_behalf(used, &mut notes);
    other_accounts(key, used, &mut notes);
    if !used.unmapped.is_empty() {
        let names = used.unmapped.keys().map(|(source, name)| format!("{source} {name}"));
        notes.push(format!("Not in the policy, since no action is known for these events: {}.", list(names)));
    }
    if policies.len() > ATTACHED_POLICIES {
        notes.push(format!(
            "There are {} policies; {ATTACHED_POLICIES} can be attached unless the quota was raised. Fewer come of `--resources generalised`.",
            policies.len()
        ));
    }
    let troubles = &coverage.troubles;
    if !troubles.is_empty() {
        notes.push(format!(
            "{} files and {} records could not be read; what they hold is not in the policy.",
            troubles.files, troubles.records
        ));
    }
    notes
}

fn pass_role(used: &PrincipalUse, notes: &mut Vec<String>) {
    let mut note = "`iam:PassRole` is in no log.".to_owned();
    if used.passed_roles.is_empty() {
        note.push_str(" If the principal hands roles to services, it needs to be added.");
    } else {
        let mut by_role: BTreeMap<&SmolStr, BTreeSet<&SmolStr>> = BTreeMap::new();
        for (role, action) in &used.passed_roles {
            by_role.entry(role).or_default().insert(action);
        }
        let roles = by_role.iter().map(|(role, actions)| {
            format!("`{role}` ({})", actions.iter().map(|a| a.as_str()).collect::<Vec<_>>().join(", "))
        });
        let roles: Vec<String> = roles.take(LISTED).collect();
        note.push_str(&format!(" It is probably needed for roles that calls name: {}.", roles.join(", ")));
    }
    notes.push(note);
}

fn data_events(coverage: &Coverage, notes: &mut Vec<String>) {
    let skipped = coverage.skipped.get("data event").copied().unwrap_or(0);
    notes.push(match skipped {
        0 => "Data events (reading and writing objects, items and messages, invoking functions) are in the policy as far as \
              the evidence has them; a trail logs them only where it is told to."
            .to_owned(),
        count => format!("{count} data events were not used; `--data-events` uses them."),
    });
}

fn on_behalf(used: &PrincipalUse, notes: &mut Vec<String>) {
    let mut services: BTreeMap<&SmolStr, Vec<&SmolStr>> = BTreeMap::new();
    for (action, of_action) in &used.actions {
        for service in of_action.invoked_by.keys() {
            services.entry(service).or_default().push(action);
        }
    }
    for (service, actions) in services {
        notes.push(format!(
            "Called by `{service}` on the principal's behalf, so that the principal needs them, perhaps with a condition on `aws:CalledVia`: {}.",
            list(actions)
        ));
    }
}

fn other_accounts(key: &PrincipalKey, used: &PrincipalUse, notes: &mut Vec<String>) {
    let mut accounts: BTreeSet<SmolStr> = BTreeSet::new();
    for resource in used.actions.values().flat_map(|action| action.resources.iter()) {
        if let Some(arn) = Arn::split(&resource.pattern)
            && arn.account.len() == 12
            && arn.account != key.account
        {
            accounts.insert(arn.account.into());
        }
    }
    if !accounts.is_empty() {
        notes.push(format!(
            "Resources of other accounts were used; their own policies have to allow it, too: {}.",
            list(accounts)
        ));
    }
}
