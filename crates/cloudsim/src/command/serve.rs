//! `cloudsim serve`.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use cloudsim::{Options, Server};
use tokio::signal::unix::{SignalKind, signal};

/// Arguments of `serve`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Serve {
    /// Address to listen on; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR")]
    listen: SocketAddr,
    /// Directory of the state and the certificate authority; made if it is not there, kept between runs.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Seed of the access key and of the generated platform events; only a fresh directory takes it.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Domain that leads here besides `localhost`: `<project>.NAME` is a project of Log Service. May be repeated.
    #[arg(long = "domain", value_name = "NAME", value_parser = domain)]
    domains: Vec<String>,
}

/// A name of labels of letters, digits and `-`; the cloud's own is not to be given away.
fn domain(text: &str) -> Result<String, String> {
    let legal = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let name = text.to_ascii_lowercase();
    if !name.split('.').all(legal) || name.parse::<IpAddr>().is_ok() {
        return Err("a domain is labels of letters, digits and `-`, such as `sim.test`".to_owned());
    }
    if name == "aliyuncs.com" || name.ends_with(".aliyuncs.com") {
        return Err("the hosts of the cloud lead here already".to_owned());
    }
    Ok(name)
}

pub(crate) const EXAMPLE: &str = "\
Example:
  cloudsim serve --listen 127.0.0.1:8085 --data /tmp/cloudsim
  curl http://127.0.0.1:8085/_sim/state
  export http_proxy=http://127.0.0.1:8085   # now http://ram.aliyuncs.com/ and the like lead here
  curl --proxy http://127.0.0.1:8085 --cacert /tmp/cloudsim/ca.pem https://ram.aliyuncs.com/

The first line on standard output is JSON with address, account, access key and the file of the
certificate that clients have to trust for https.";

impl Serve {
    /// Serves until a signal.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
        let Self { listen, data, seed, domains } = self;
        let options = Options { listen, data, seed, domains };
        let server = Server::start(options).await?;
        announce(&server).context("cannot write to standard output")?;
        tracing::info!(address = %server.address(), "serving");
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        server.shutdown().await;
        Ok(())
    }
}

/// Prints the one line that tells a caller how to use the server.
fn announce(server: &Server) -> std::io::Result<()> {
    let identity = server.identity();
    let line = serde_json::json!({
        "address": server.url(),
        "caFile": server.ca_file(),
        "account": identity.account,
        "accessKeyId": identity.access_key_id,
        "accessKeySecret": identity.access_key_secret,
        "region": identity.region,
    });
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
