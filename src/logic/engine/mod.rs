//! The exact engine.
mod language;
mod pattern;
