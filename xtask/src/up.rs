//! `cargo xtask up`: a world in the background, for hand work and for scripts.

use crate::{Refused, build, term, world};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::time::Instant;
use testenv::progress::Shown;
use testenv::{ControlPlane, Custody, Plan, Tool, Tools, custody};

const EXAMPLE: &str = "\
Example:
  cargo xtask up --dir /tmp/it && . /tmp/it/env.sh
  kubectl apply -f deploy/samples/innertrail.yaml
  kubectl wait -n audit --for=condition=Ready innertrail/prod-ops --timeout=30s
  curl -s $CLOUDSIM_URL/_sim/journal
  cargo xtask down --dir /tmp/it

env.sh exports KUBECONFIG (administrator), CLOUDSIM_URL, ALIBABA_CLOUD_ACCESS_KEY_ID,
ALIBABA_CLOUD_ACCESS_KEY_SECRET, ALIBABA_CLOUD_ACCOUNT_ID, OPERATOR_PID, OPERATOR_LOG, OPERATOR_KUBECONFIG
and a PATH with the tools first.";

/// Arguments of `up`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Where state, logs and env.sh go; made if it is not there.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Do not start the operator: for running it by hand.
    #[arg(long)]
    no_operator: bool,
}

/// Brings the world up and leaves it running.
pub(crate) fn run(args: &Args) -> Result<()> {
    let dir = std::path::absolute(&args.dir).context("reading --dir")?;
    let running = custody::recorded(&dir).into_iter().find(|entry| entry.identity.alive());
    if let Some(entry) = running {
        let (name, pid, dir) = (entry.name, entry.identity.pid, dir.display());
        let text =
            format!("{dir} is up already ({name} has pid {pid}); end it with: cargo xtask down --dir {dir}");
        return Err(Refused(text).into());
    }
    world::prepare(&dir)?;
    build::binaries()?;
    let tools = Tools::ensure(&Tool::CLUSTER, &Shown)?;
    start(&dir, &tools, !args.no_operator)?;
    tell(&args.dir, args.no_operator);
    Ok(())
}

/// Until everything is ready the processes are in our care, so a failure or an interrupt leaves nothing.
fn start(dir: &Path, tools: &Tools, with_operator: bool) -> Result<()> {
    let custody = Custody::recorded(dir)?;
    let started = Instant::now();
    let plan = Plan { dir: dir.to_path_buf(), controllers: true };
    let plane = ControlPlane::start(tools, &plan, &custody)?;
    term::seen(&format!("API server {}  {}", plane.address(), term::seconds(started.elapsed())));
    let emulator = world::emulator(dir, &custody)?;
    term::seen(&format!("emulator   {}", emulator.address()));
    world::install(&plane)?;
    term::seen(&format!("installed  {}", world::INSTALL));
    let operator = if with_operator {
        let operator = world::operator(dir, plane.client(), &emulator, &custody)?;
        term::seen(&format!("operator   pid {}, log {}", operator.pid(), operator.log().display()));
        Some(operator)
    } else {
        world::launch(dir, plane.client(), &emulator)?;
        None
    };
    world::write_env(dir, tools, plane.kubeconfig(), &emulator, operator.as_ref())?;
    custody.release();
    Ok(())
}

fn tell(dir: &Path, no_operator: bool) {
    let dir = dir.display();
    term::heading("Up. To go on:");
    term::command(&format!(". {dir}/env.sh"));
    if no_operator {
        term::command("KUBECONFIG=$OPERATOR_KUBECONFIG innertrail run --listen 127.0.0.1:8080");
    }
    term::command(&format!("kubectl apply -f {}", world::SAMPLE));
    term::command("kubectl get itrail -A");
    term::command(&format!("cargo xtask down --dir {dir}"));
}
