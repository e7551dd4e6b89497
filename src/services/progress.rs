//! How a long piece of work tells how far it is.

/// Hears how far a piece of work is. Called from many threads.
pub trait Progress: Sync {
    /// A stage begins; `total` in the stage's own units when it is known.
    fn begin(&self, stage: &str, total: Option<u64>);
    /// So many units more are done.
    fn advance(&self, by: u64);
    /// The stage that was begun last is done.
    fn end(&self);
    /// Whether the work shall end at its next safe point, without a result.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Hears nothing.
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _stage: &str, _total: Option<u64>) {}
    fn advance(&self, _by: u64) {}
    fn end(&self) {}
}

/// Tells how far the work is, and lets nobody end it half way.
pub struct ToTheEnd<'a>(pub &'a dyn Progress);

impl Progress for ToTheEnd<'_> {
    fn begin(&self, stage: &str, total: Option<u64>) {
        self.0.begin(stage, total);
    }

    fn advance(&self, by: u64) {
        self.0.advance(by);
    }

    fn end(&self) {
        self.0.end();
    }
}
