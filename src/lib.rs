//! Redial keeps people reachable when their phone number changes.
//!
//! `ARCHITECTURE.md` has the map. A module uses only modules of lines below its own:
//! [`app`] · [`http`], [`worker`], [`cli`] · [`usecase`] · [`store`], [`transport`], [`provider`], [`template`] ·
//! [`domain`] · [`clock`], [`config`], [`telemetry`].

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod http;
pub mod provider;
pub mod store;
pub mod telemetry;
pub mod template;
pub mod transport;
pub mod usecase;
pub mod worker;
