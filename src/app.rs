//! Composition root: build everything, start, reload, stop.
