//! The scene of the demo: a cluster, the emulator and the operator, each ready.

use super::guest::Guest;
use super::{Args, Story};
use crate::{term, world};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::time::Instant;
use testenv::progress::Shown;
use testenv::{ControlPlane, Custody, Emulator, Kubectl, Operator, Plan, Tool, Tools};

/// Everything that plays a part. Dropping it ends what was started.
pub(super) struct Scene {
    pub(super) operator: Operator,
    pub(super) emulator: Emulator,
    pub(super) kubectl: Kubectl,
    /// What must be tidied up in a cluster that is not ours.
    guest: Option<Guest>,
    _plane: Option<ControlPlane>,
    tools: Tools,
    custody: Custody,
    dir: PathBuf,
}

impl Scene {
    /// Starts everything, chapter by chapter.
    pub(super) fn set(args: &Args, story: &mut Story) -> Result<Self> {
        let wanted: &[Tool] = if args.kubeconfig.is_some() { &[Tool::Kubectl] } else { &Tool::DEMO };
        let tools = story.chapter("Find or build the control-plane tools", || find(wanted))?;
        let (dir, custody) = stage(args.keep)?;
        let (kubectl, plane, guest) =
            story.chapter("Start a control plane", || cluster(args, &tools, &dir, &custody))?;
        let emulator = story.chapter("Start the cloud emulator", || {
            let emulator = world::emulator(&dir, &custody)?;
            let greeting = emulator.greeting();
            term::seen(&format!("account {} at {}", greeting.account, greeting.address));
            Ok(emulator)
        })?;
        let operator = story.chapter("Install, and run the operator as its ServiceAccount", || {
            install(&dir, &kubectl, &emulator, &custody)
        })?;
        Ok(Self { operator, emulator, kubectl, guest, _plane: plane, tools, custody, dir })
    }

    /// Ends the scene, or leaves it running and says how to go on.
    pub(super) fn leave(&self, keep: bool) -> Result<()> {
        if !keep {
            return self.guest.as_ref().map_or(Ok(()), |guest| guest.tidy(&self.kubectl));
        }
        let kubeconfig = self.kubectl.kubeconfig();
        world::write_env(&self.dir, &self.tools, kubeconfig, &self.emulator, Some(&self.operator))?;
        self.custody.release();
        term::heading("Left running. To go on:");
        term::command(&format!(". {}/env.sh", self.dir.display()));
        term::command(&format!("kubectl apply -f {}", world::SAMPLE));
        term::command("kubectl get itrail -A");
        term::command("curl -s $CLOUDSIM_URL/_sim/journal");
        term::note("to end it:");
        term::command(&format!("cargo xtask down --dir {}", self.dir.display()));
        Ok(())
    }
}

fn find(wanted: &[Tool]) -> Result<Tools> {
    let tools = Tools::ensure(wanted, &Shown)?;
    for (tool, path) in tools.iter() {
        term::seen(&format!("{}  {}", tool.name(), path.display()));
    }
    Ok(tools)
}

/// A directory, and who ends what runs in it. Only one that is kept needs a ledger for `down`.
fn stage(keep: bool) -> Result<(PathBuf, Custody)> {
    if keep {
        let dir = testenv::custody::kept_dir()?;
        let custody = Custody::recorded(&dir)?;
        return Ok((dir, custody));
    }
    let custody = Custody::new()?;
    let dir = testenv::custody::scratch(&custody)?;
    Ok((dir, custody))
}

/// A cluster of our own, or the user's.
fn cluster(
    args: &Args,
    tools: &Tools,
    dir: &Path,
    custody: &Custody,
) -> Result<(Kubectl, Option<ControlPlane>, Option<Guest>)> {
    if let Some(file) = &args.kubeconfig {
        let file = file.canonicalize().with_context(|| format!("reading {}", file.display()))?;
        let kubectl = Kubectl::new(tools.path(Tool::Kubectl)?, &file, &dir.join("kube-cache"));
        term::note(&format!("not needed: using the cluster of {}", file.display()));
        let guest = Guest::arrive(&kubectl)?;
        return Ok((kubectl, None, Some(guest)));
    }
    let started = Instant::now();
    let plan = Plan { dir: dir.to_path_buf(), controllers: false };
    let plane = ControlPlane::start(tools, &plan, custody)?;
    term::seen(&format!(
        "API server ready at {} after {}",
        plane.address(),
        term::seconds(started.elapsed())
    ));
    Ok((plane.client().clone(), Some(plane), None))
}

fn install(dir: &Path, kubectl: &Kubectl, emulator: &Emulator, custody: &Custody) -> Result<Operator> {
    super::chapters::show(kubectl, &world::INSTALL_ARGS)?;
    super::chapters::show(kubectl, &world::ESTABLISHED_ARGS)?;
    let (namespace, account) = world::ACCOUNT;
    term::command(&format!("kubectl create token {account} -n {namespace}"));
    term::note("(the token is not shown; the operator gets nothing else)");
    term::command(&format!("innertrail run --cloud-endpoint {}", emulator.address()));
    let operator = world::operator(dir, kubectl, emulator, custody)?;
    term::seen(&format!("operator ready: pid {}, log {}", operator.pid(), operator.log().display()));
    Ok(operator)
}
