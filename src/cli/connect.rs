//! Reaches the server that a command asks: a running one, or one in this process on a stopped folder.

use std::path::PathBuf;
use std::time::Duration;

use tonic::Status;
use tonic::transport::{Channel, Endpoint};

use super::in_process::InProcess;
use super::{Failure, Surroundings};
use crate::config::{Given, server_url};

/// Which server.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct ServerArgs {
    /// URL of a running server [default: http://127.0.0.1:50051]. Also CALLGAUGE_SERVER
    #[arg(long, value_name = "URL", value_parser = server_url, conflicts_with = "data", help_heading = "Which server")]
    pub(super) server: Option<String>,

    /// Instead of a running server: the data folder of a stopped one, which this command opens itself
    #[arg(long, value_name = "DIR", help_heading = "Which server")]
    pub(super) data: Option<PathBuf>,
}

/// A server that answers.
pub(super) struct Reached {
    /// The way to it.
    pub(super) channel: Channel,
    /// Its URL, for messages.
    pub(super) url: String,
}

impl Reached {
    /// Turns what the server answered instead of doing `what` into what is said about it.
    pub(super) fn refusal(&self, what: &'static str) -> impl Fn(Status) -> Failure + '_ {
        move |status| Failure::from_status(what, &self.url, &status)
    }
}

/// Connects.
pub(super) async fn reach(args: &ServerArgs, around: &Surroundings) -> Result<Reached, Failure> {
    let config = around.config(Given { server: args.server.clone(), ..Given::default() })?;
    let url = match &args.data {
        Some(data) => around.keep(InProcess::begin(config, data).await?),
        None => config.client.server,
    };
    let endpoint = Endpoint::from_shared(url.clone())
        .map_err(|_| Failure::usage(format!("{url} is no URL: give one like http://127.0.0.1:50051")))?
        .connect_timeout(Duration::from_secs(10));
    let connected = endpoint.connect().await;
    let channel = connected.map_err(|error| Failure::unreachable(&url, std::error::Error::source(&error)))?;
    Ok(Reached { channel, url })
}
