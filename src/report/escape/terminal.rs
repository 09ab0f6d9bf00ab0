//! A line of a terminal or a log. Messages have to be such lines from the start, so what makes one stands beside the texts of
//! inputs.

pub use crate::source::printable::{is_unprintable, line};
