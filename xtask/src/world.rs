//! One world: a cluster, the emulator and the operator in it.
//!
//! Takes a directory and who ends the processes; returns the parts, each ready. The operator never runs with
//! more rights than its ServiceAccount has.

use crate::Refused;
use anyhow::{Context, Result};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use testenv::{ControlPlane, Custody, Emulator, Kubectl, Launch, Operator, Tools, place};

/// Definition, namespace, ServiceAccount, permissions: everything but a Deployment.
pub(crate) const INSTALL: &str = "deploy/cluster";
/// The sample that is shown.
pub(crate) const SAMPLE: &str = "deploy/samples/innertrail.yaml";
/// Namespace and name of the operator's ServiceAccount.
pub(crate) const ACCOUNT: (&str, &str) = ("innertrail-system", "innertrail-operator");
/// The definition, as kubectl names it.
pub(crate) const CRD: &str = "crd/innertrails.innertrail.io";

/// Files and directories that a world makes in its directory, apart from logs.
pub(crate) const MADE: [&str; 10] = [
    "bin",
    "cloudsim",
    "cloudsim.greeting",
    "etcd",
    "kube-cache",
    "pki",
    "admin.kubeconfig",
    "operator.kubeconfig",
    crate::envfile::NAME,
    testenv::custody::LEDGER,
];

/// Starts the emulator with its state in `dir`.
pub(crate) fn emulator(dir: &Path, custody: &Custody) -> Result<Emulator> {
    Emulator::start(&place::binary("cloudsim"), &dir.join("cloudsim"), custody)
}

/// The arguments that install everything but the operator.
pub(crate) const INSTALL_ARGS: [&str; 3] = ["apply", "-k", INSTALL];
/// The arguments that wait until the definition is served.
pub(crate) const ESTABLISHED_ARGS: [&str; 4] = ["wait", "--for=condition=Established", CRD, "--timeout=30s"];

/// Starts the operator as its ServiceAccount and waits until it works.
pub(crate) fn operator(
    dir: &Path,
    kubectl: &Kubectl,
    emulator: &Emulator,
    custody: &Custody,
) -> Result<Operator> {
    let mut operator = Operator::start(&launch(dir, kubectl, emulator)?, custody)?;
    operator.wait_ready()?;
    Ok(operator)
}

/// How the operator is started; makes its kubeconfig.
pub(crate) fn launch(dir: &Path, kubectl: &Kubectl, emulator: &Emulator) -> Result<Launch> {
    fs::create_dir_all(dir.join("logs")).context("creating the log directory")?;
    let kubeconfig = dir.join("operator.kubeconfig");
    kubectl.write_service_account_kubeconfig(ACCOUNT.0, ACCOUNT.1, &kubeconfig)?;
    Ok(Launch {
        binary: place::binary("innertrail"),
        kubeconfig,
        cloud_endpoint: emulator.address().to_owned(),
        env: emulator.credentials(),
        args: vec![],
        log: log(dir),
    })
}

/// The operator's log.
pub(crate) fn log(dir: &Path) -> PathBuf {
    dir.join("logs/operator.log")
}

/// A directory of links to the tools and to our own binaries, for `PATH`.
pub(crate) fn link_binaries(dir: &Path, tools: &Tools) -> Result<PathBuf> {
    let bin = dir.join("bin");
    fs::create_dir_all(&bin).with_context(|| format!("creating {}", bin.display()))?;
    let own = ["innertrail", "cloudsim"].map(|name| (name, place::binary(name)));
    let tools = tools.iter().map(|(tool, path)| (tool.name(), path.to_path_buf()));
    for (name, target) in tools.chain(own) {
        let link = bin.join(name);
        symlink(&target, &link).with_context(|| format!("linking {}", link.display()))?;
    }
    Ok(bin)
}

/// Writes `env.sh` for a world in `dir`.
pub(crate) fn write_env(
    dir: &Path,
    tools: &Tools,
    kubeconfig: &Path,
    emulator: &Emulator,
    operator: Option<&Operator>,
) -> Result<()> {
    let bin = link_binaries(dir, tools)?;
    let greeting = emulator.greeting();
    let pid = operator.map(|operator| operator.pid().to_string()).unwrap_or_default();
    let variables = [
        ("KUBECONFIG", kubeconfig.display().to_string()),
        ("KUBECACHEDIR", dir.join("kube-cache").display().to_string()),
        ("CLOUDSIM_URL", greeting.address.clone()),
        ("INNERTRAIL_CLOUD_ENDPOINT", greeting.address.clone()),
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", greeting.access_key_id.clone()),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", greeting.access_key_secret.clone()),
        ("ALIBABA_CLOUD_ACCOUNT_ID", greeting.account.clone()),
        ("OPERATOR_PID", pid),
        ("OPERATOR_LOG", log(dir).display().to_string()),
        ("OPERATOR_KUBECONFIG", dir.join("operator.kubeconfig").display().to_string()),
    ];
    crate::envfile::write(dir, &bin, &variables)
}

/// Installs everything but the operator.
pub(crate) fn install(plane: &ControlPlane) -> Result<()> {
    plane.client().ok(&INSTALL_ARGS)?;
    plane.client().ok(&ESTABLISHED_ARGS)?;
    Ok(())
}

/// Makes `dir` ready for a new world: removes what an ended one left.
///
/// # Errors
/// `dir` holds something of somebody else's under a name that is needed.
pub(crate) fn prepare(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("creating {}", dir.display()))?;
    clear(dir)?;
    match MADE.iter().map(|name| dir.join(name)).find(|path| path.exists()) {
        Some(path) => {
            Err(Refused(format!("{} is in the way; name another directory", path.display())).into())
        }
        None => Ok(()),
    }
}

/// Removes what an ended world left in `dir`; its logs stay. A directory without a ledger is not ours and
/// nothing in it is touched.
pub(crate) fn clear(dir: &Path) -> Result<()> {
    if !dir.join(testenv::custody::LEDGER).exists() {
        return Ok(());
    }
    for path in MADE.iter().map(|name| dir.join(name)).filter(|path| path.symlink_metadata().is_ok()) {
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.with_context(|| format!("removing {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_of_somebody_else_is_left_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("bin")).unwrap();
        clear(dir.path()).unwrap();
        assert!(dir.path().join("bin").exists());
        assert!(prepare(dir.path()).unwrap_err().is::<Refused>());
    }

    #[test]
    fn what_an_ended_world_left_is_removed_but_not_its_logs() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["bin", "logs", "mine"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        fs::write(dir.path().join(testenv::custody::LEDGER), "").unwrap();
        prepare(dir.path()).unwrap();
        let left = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut left: Vec<_> = left.collect();
        left.sort();
        assert_eq!(left, ["logs", "mine"]);
    }
}
