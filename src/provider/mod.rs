//! Provider files to requests, replies to outcomes, and signatures. Pure.
