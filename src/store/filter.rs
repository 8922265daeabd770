//! The filter of former numbers.
