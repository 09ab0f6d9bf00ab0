//! What policies mean, in the terms of the questions that people ask: the custom policy checks, the pairing of policies
//! between two versions of a deployment, the difference in access, access from outside, and access that nobody uses. The
//! engine ([`crate::logic::engine`]) decides; what lives here says which policies a question is asked of and what its answer
//! means to a reader.

pub mod access_diff;
pub mod counterpart;
pub mod custom_check;
pub mod escalation;
pub mod external_access;
pub mod internal_access;
pub mod issue_code;
pub mod risk;
pub mod unused_access;
pub mod witness;
