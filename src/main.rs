//! The one binary: reads flags and the environment, builds the clients, runs.

mod reach;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use alicloud::{Clock, Environment, WireProfile};
use anyhow::Context as _;
use clap::{Args, Parser, Subcommand, ValueEnum};
use futures::FutureExt;
use innertrail::admin;
use innertrail::reconcile::{self, Cached, Context, Settings};
use kube::runtime::controller::Controller;
use kube::runtime::reflector::Store;
use kube::runtime::watcher;
use kube::{Api, Client, Config};
use reach::{CloudProxy, Reach};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// A watch that stays silent this long is opened anew: bounds how long a dead one goes unnoticed.
const WATCH_TIMEOUT_SECS: u32 = 50;
/// A little above the watch timeout, so that only a dead connection meets it.
const WATCH_READ_TIMEOUT: Duration = Duration::from_secs(65);
/// Calls to the API server other than watches.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// Running passes get this long to end after SIGTERM.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(20);

/// What `run` reads besides its flags.
const AMBIENT_HELP: &str = "Credentials of the operator's own, for every InnerTrail without spec.credentials, are looked \
    for where the official Alibaba Cloud clients look, in their order: ALIBABA_CLOUD_ACCESS_KEY_ID and _SECRET, RRSA \
    (ALIBABA_CLOUD_ROLE_ARN, _OIDC_PROVIDER_ARN, _OIDC_TOKEN_FILE), ~/.aliyun/config.json, ~/.alibabacloud/credentials, \
    the RAM role of the ECS instance, ALIBABA_CLOUD_CREDENTIALS_URI.";

/// Keeps Alibaba Cloud inner-ActionTrail recording, as declared by `InnerTrail` resources.
#[derive(Parser)]
#[command(version, after_help = "Example: innertrail run --cloud-endpoint http://127.0.0.1:8700")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the operator against the cluster of `KUBECONFIG`, or the one it runs in.
    #[command(after_help = AMBIENT_HELP)]
    Run(RunArgs),
    /// Prints the `CustomResourceDefinition` as YAML.
    Crd,
}

#[derive(Args)]
struct RunArgs {
    #[command(flatten)]
    reach: Reach,
    /// Replaces the built-in wire profile of the inner-trail operations, which Alibaba Cloud documents by name only.
    #[arg(long, value_name = "FILE")]
    wire_profile: Option<PathBuf>,
    /// Where `/healthz` and `/readyz` are served.
    #[arg(long, value_name = "ADDR", default_value = "0.0.0.0:8080")]
    listen: SocketAddr,
    /// Caps the interval of every object, in seconds.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    interval_secs_max: Option<u64>,
    /// How log lines are written to standard error; `RUST_LOG` chooses which.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Run(args) => run(args).await,
        Command::Crd => print_crd(),
    }
}

#[expect(clippy::print_stdout, reason = "printing is what this subcommand is for")]
fn print_crd() -> anyhow::Result<()> {
    print!("{}", innertrail::api::innertrail_crd_yaml()?);
    Ok(())
}

async fn run(args: RunArgs) -> anyhow::Result<()> {
    start_logging(args.log_format);
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        anyhow::bail!("another TLS provider is installed already");
    }
    let clock: Arc<dyn Clock> = Arc::new(WallClock);
    let environment = Environment::read(variable);
    let proxy = CloudProxy::read(variable);
    let cloud =
        args.reach.cloud(&environment, &proxy, clock.clone(), wire_profile(args.wire_profile.as_deref())?)?;
    let config = Config::infer().await.context("no cluster: set KUBECONFIG or run inside one")?;
    let config = proxy.kept_from(config);
    let watches = Client::try_from(with_timeouts(config.clone(), WATCH_READ_TIMEOUT))?;
    let calls = Client::try_from(with_timeouts(config, CALL_TIMEOUT))?;

    let watch = watcher::Config::default().timeout(WATCH_TIMEOUT_SECS);
    let controller = Controller::new(Api::<Cached>::all(watches), watch);
    let settings = Settings {
        call_limit: args.reach.call_limit(),
        interval_max: args.interval_secs_max.map(Duration::from_secs),
    };
    let ctx = Arc::new(Context::new(calls, controller.store(), cloud, environment, clock, settings));

    let listener =
        TcpListener::bind(args.listen).await.with_context(|| format!("cannot listen on {}", args.listen))?;
    tracing::info!(listen = %listener.local_addr()?, version = env!("CARGO_PKG_VERSION"), "starting");
    tokio::spawn(admin::serve(listener, readiness(controller.store())));
    run_until_signal(controller, ctx).await
}

/// Whether the watch cache is filled, asked without waiting: the store wakes one waiter only, and that is the controller.
fn readiness(store: Store<Cached>) -> admin::Readiness {
    Arc::new(move || store.wait_until_ready().now_or_never().is_some_and(|filled| filled.is_ok()))
}

/// Runs until SIGTERM or SIGINT, then gives running passes a bounded time to end.
async fn run_until_signal(controller: Controller<Cached>, ctx: Arc<Context>) -> anyhow::Result<()> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mut running = tokio::spawn(reconcile::run(controller, ctx, async {
        let _: Result<(), _> = stopped.await;
    }));
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
        ended = &mut running => return ended.context("the controller ended by itself"),
    }
    tracing::info!("stopping");
    drop(stop);
    if tokio::time::timeout(SHUTDOWN_GRACE, running).await.is_err() {
        tracing::warn!("a pass did not end in time; its intent is on the object");
    }
    Ok(())
}

fn wire_profile(file: Option<&Path>) -> anyhow::Result<WireProfile> {
    let Some(file) = file else { return Ok(WireProfile::builtin()) };
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    WireProfile::parse(&text).with_context(|| format!("{} is not a wire profile", file.display()))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// No retries below us: one that follows a lost reply would be a second write.
fn with_timeouts(mut config: Config, read: Duration) -> Config {
    config.default_retry = false;
    config.connect_timeout = Some(CALL_TIMEOUT);
    config.write_timeout = Some(CALL_TIMEOUT);
    config.read_timeout = Some(read);
    config.reset_reader_on_write = true;
    config
}

fn start_logging(format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => builder.with_ansi(false).init(),
        LogFormat::Json => builder.json().init(),
    }
}

/// The one clock.
struct WallClock;

impl Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock everybody else is handed")]
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}
