//! `redial demo`: the main job from end to end, through the API, hooks and drop-in endpoints that everybody uses.

mod provider;
mod request;
mod story;

use super::{Failure, say::say};
use crate::{
    app::{App, Running},
    config::{Config, Span},
    usecase::{
        keys::{self, NewKey, Scope},
        write::carry_out,
    },
};
use request::Api;
use std::{net::SocketAddr, process::ExitCode, time::Duration};
use toml::Spanned;

/// Arguments of `redial demo`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  redial demo\n\nUses the gateway that runs on this configuration, or starts one for the time of the demonstration. It makes new\nowners each time, leaves them in the store, and ends the API key that it used."
)]
pub(super) struct Args {}

/// How long changes are gathered where the demonstration runs the gateway itself: nobody likes to watch two minutes.
const DEBOUNCE: Span = Span::seconds(2);

pub(super) async fn run(mut config: Config) -> Result<ExitCode, Failure> {
    let api = Api::new()?;
    let there = api.ready(config.server.listen).await;
    if there {
        let app = App::open(&config).await?;
        let told = with_key(&app, &api, config.server.listen, &config).await;
        app.close().await;
        told?;
    } else {
        config.notices.debounce = Spanned::new(0..0, DEBOUNCE);
        config.server.listen.set_port(0);
        config.metrics.listen.set_port(0);
        let running = Running::start(&config).await?;
        let address = running.address;
        let begun = say(format_args!(
            "No gateway runs on this configuration, so one is started for the demonstration on {address}."
        ));
        let told = match begun {
            Ok(()) => with_key(&running.app, &api, address, &config).await,
            Err(unread) => Err(unread),
        };
        running.stop().await;
        told?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes a key for the demonstration, and ends it whatever comes.
async fn with_key(app: &App, api: &Api, address: SocketAddr, config: &Config) -> Result<(), Failure> {
    let scopes = vec![Scope::Resolve, Scope::OwnersRead, Scope::OwnersWrite, Scope::Vouch, Scope::NoticesRead];
    let wanted = NewKey { label: "demo".into(), scopes, owner: None };
    let (key, secret) = carry_out(&app.env, || keys::create(&app.env, &wanted)).await?;
    let api = api.clone().at(address, secret.reveal());
    let wait = config.notices.debounce.get_ref().0 + Duration::from_secs(10);
    let told = story::tell(&api, app, config, wait).await;
    carry_out(&app.env, || keys::revoke(&app.env, key.id)).await?;
    told
}
