//! Every test that needs more than one module, in one binary.

mod layers;
mod phone;
mod serve;
mod store;
