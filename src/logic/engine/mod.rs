//! The exact engine: decides questions about all requests at once, and shows the request that settles them.
//!
//! A policy is compiled into regions (see `compile`); a question becomes "is there a request in this region that is in
//! none of those?" (see `search`). The answer is never a guess: it holds, or fails with a request that the plain evaluator
//! confirms, or is undecided for a reason that is named.

mod budget;
mod caller;
mod compile;
mod containment;
mod effective;
mod key;
mod key_values;
mod language;
mod others;
mod outside;
mod pattern;
mod permissions;
mod product;
mod public;
mod question;
mod range;
mod reach;
mod search;
mod smtlib;
mod through;
mod value;
mod variable;
mod witness;

pub use compile::{CompileError, CompiledPolicy, Ties};
pub use containment::Entry;
pub(crate) use effective::concerns;
pub use effective::{Permitted, Wanted, permitted};
pub use outside::{Zone, no_outside_access, no_outside_access_through};
pub use permissions::{Added, Permissions, added, exceeds};
pub use public::{PUBLIC_RESOURCE_TYPES, no_public_access, no_public_access_through};
pub use question::{Access, Answer, Reason, access_not_granted, no_new_access};
pub use reach::reaches;
pub use smtlib::{access_not_granted_smt2, no_new_access_smt2, no_public_access_smt2};
pub use through::Through;
