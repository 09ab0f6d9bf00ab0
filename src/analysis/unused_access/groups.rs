//! What the members of a group don't use, any of them: only that can go from the group's policies, which all share. It is known if
//! every member is, from authorization details, and if each can be judged by the evidence.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::judge::Judge;
use super::narrow::{ServiceUse, Unused};
use super::subject::{Subject, Subjects};
use crate::model::ResourceRef;
use crate::source::display_encoded;

/// For each group of the judge's deployment. `of_export` judges members that are in no template.
pub(super) fn unused<'a>(
    judge: &Judge<'a>,
    of_export: Option<&Judge<'_>>,
    subjects: &Subjects<'a>,
) -> FxHashMap<&'a ResourceRef, Result<Unused, String>> {
    let of_one = |group: &super::subject::Group<'a>| {
        if let Some(why) = &group.unknown {
            return Err(why.clone());
        }
        let own = group.members.iter().filter_map(|at| subjects.of.get(*at)).map(|subject| (judge, subject));
        let further = group.further.iter().filter_map(|at| subjects.further.get(*at));
        let further = further.filter_map(|subject| Some((of_export?, subject)));
        let mut together: Option<Unused> = None;
        for (judge, member) in own.chain(further) {
            let unused = of_member(judge, member)?;
            together = Some(match together {
                None => unused,
                Some(so_far) => of_both(so_far, unused),
            });
        }
        together.ok_or_else(|| "it has no members".to_owned())
    };
    subjects.groups.par_iter().map(|group| (group.id, of_one(group))).collect()
}

fn of_member(judge: &Judge<'_>, member: &Subject<'_>) -> Result<Unused, String> {
    let name = display_encoded(&member.principal.id.id);
    if judge.is_excluded(member) {
        return Err(format!("its member `{name}` is left out"));
    }
    if !judge.old_enough(judge.created(member)) {
        return Err(format!("its member `{name}` is younger than the period"));
    }
    let covered = judge.trail_covers(member.account.as_ref());
    if member.last_accessed.is_none() && !covered {
        return Err(format!("no evidence shows what its member `{name}` does not use"));
    }
    Ok(judge.permissions(member, covered, &mut Vec::new()).unused)
}

/// What neither uses. Of a service that is not judged for one of them nothing goes.
fn of_both(one: Unused, other: Unused) -> Unused {
    let services = one.services.into_iter().filter_map(|(prefix, of_one)| {
        let both = match (of_one, other.services.get(&prefix)?) {
            (ServiceUse::Not, of_other) => of_other.clone(),
            (of_one, ServiceUse::Not) => of_one,
            (ServiceUse::Less(a), ServiceUse::Less(b)) => ServiceUse::Less(a.intersection(b).cloned().collect()),
        };
        Some((prefix, both))
    });
    Unused {
        services: services.collect(),
        used: one.used.into_iter().chain(other.used).collect(),
        needed: one.needed.into_iter().chain(other.needed).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_uses_is_unused() {
        let less = |names: &[&str]| ServiceUse::Less(names.iter().map(|n| (*n).into()).collect());
        let of = |services: Vec<(&str, ServiceUse)>, used: &str| Unused {
            services: services.into_iter().map(|(prefix, of)| (prefix.into(), of)).collect(),
            used: [used.into()].into(),
            needed: [format!("{used}-along").into()].into_iter().collect(),
        };
        let one = of(
            vec![("s3", ServiceUse::Not), ("sqs", less(&["a", "b"])), ("sns", ServiceUse::Not), ("kms", less(&["a"]))],
            "x:One",
        );
        let other = of(vec![("s3", less(&["c"])), ("sqs", less(&["b", "c"])), ("sns", ServiceUse::Not)], "x:Other");
        let both = of_both(one, other);
        let shown: Vec<String> = both.services.iter().map(|(prefix, of)| format!("{prefix} {of:?}")).collect();
        assert_eq!(shown, [r#"s3 Less({"c"})"#, "sns Not", r#"sqs Less({"b"})"#]);
        assert_eq!((both.used.len(), both.needed.len()), (2, 2));
    }
}
