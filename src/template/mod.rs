//! Texts to rendered notices and pages. Pure.
