//! Bounds on what is read, so that no input can exhaust memory or the stack.

/// Limits of the readers. Going over one is a [`super::ReadError`] that names the place.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one document.
    pub bytes: usize,
    /// Levels of nesting.
    pub depth: usize,
    /// Nodes that aliases and merge keys of one document may add by expansion.
    pub expanded_nodes: usize,
}

impl Default for Limits {
    /// 256 MiB, 200 levels, 200,000 nodes from aliases.
    fn default() -> Self {
        Limits { bytes: 256 << 20, depth: 200, expanded_nodes: 200_000 }
    }
}
