//! What policies mean: the plain request evaluator, and the exact engine that compares sets of requests.
//!
//! The two are written apart on purpose. `evaluate` follows IAM's rules literally, one request at a time; `engine`
//! reasons about all requests at once, and every request that it shows is confirmed by the evaluator first.

pub mod engine;
pub mod evaluate;
pub mod request;
pub mod scalar;

pub use request::{Caller, Context, Request};
