//! What of one statement is left: does it still allow anything, on given resources and for a given caller, once every
//! Deny, the boundary and the further limits of a principal have had their say?
//!
//! Source: IAM User Guide, "Policy evaluation logic".

use smallvec::SmallVec;

use super::compile::{Literal, Ties};
use super::effective::{Wanted, literals};
use super::language::Found;
use super::others::Others;
use super::permissions::{Permissions, TOO_MANY_LIMITS};
use super::question::{About, Question};
use crate::logic::request::Request;

/// Finds a request of the kind wanted (any action, if it names none) that this Allow statement allows and nothing of the
/// permissions takes away. `policy` is the position in [`Permissions::policies`], `statement` that in the document.
///
/// # Errors
///
/// When it can't be decided whether there is one.
pub fn reaches(
    permissions: &Permissions<'_>,
    (policy, statement): (usize, usize),
    wanted: &Wanted,
    ties: Ties,
) -> Result<Option<Request>, &'static str> {
    let compiled = permissions.policies.get(policy).and_then(|p| p.statements.get(statement));
    let Some(compiled) = compiled.filter(|c| c.allows) else { return Ok(None) };
    let Some(limits) = permissions.within_limits(&|_| true) else { return Err(TOO_MANY_LIMITS) };
    let also = literals(wanted);
    let denies = Others::new(permissions.denies());
    let policies: Vec<_> = permissions.all().collect();
    let confirm = |request: &Request| permissions.allow(request);
    let question = Question::new(&policies, &also, ties, About::Anyone, &confirm);
    question.begin_part(1);
    let mut unknown = None;
    for region in &compiled.regions {
        for limit in &limits {
            let also: SmallVec<[&Literal; 4]> = also.iter().chain(limit).collect();
            match question.within(region).escape(&also, &denies) {
                Found::Nothing => {}
                Found::Some(request) => return Ok(Some(request)),
                Found::Unknown(why) => unknown = Some(why),
            }
        }
    }
    unknown.map_or(Ok(None), Err)
}
