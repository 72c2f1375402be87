//! One Kubernetes control plane: etcd, kube-apiserver and, if asked for, kube-controller-manager.
//!
//! Takes the tools and a directory; returns a ready API server on loopback, with RBAC on. Must never need
//! root, share a port or a file with another one, or be reachable from another machine.

use crate::custody::{Custody, scratch};
use crate::kubectl::{Kubectl, write_kubeconfig};
use crate::pki::Pki;
use crate::process::{Process, Spec};
use crate::progress::{Progress, Shown};
use crate::tools::{Tool, Tools};
use crate::{ports, wait};
use anyhow::{Context, Result};
use serde_json::json;
use std::fs;
use std::net::TcpStream;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

/// Ready in three to five seconds on two idle cores; this allows for a machine that compiles meanwhile.
const READY_LIMIT: Duration = Duration::from_mins(2);
/// Another process may take a port between our look and our use of it.
const START_ATTEMPTS: usize = 3;
/// What a server says when its port is taken.
const PORT_TAKEN: &str = "address already in use";

/// What to start.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where data, keys and logs go; must exist.
    pub dir: PathBuf,
    /// With kube-controller-manager: namespaces go away, orphans are collected, Deployments make pods.
    pub controllers: bool,
}

/// A running control plane. Dropping it ends it, unless its custody was released.
#[derive(Debug)]
pub struct ControlPlane {
    controllers: Option<Process>,
    apiserver: Process,
    etcd: Process,
    apiserver_spec: Spec,
    address: String,
    kubectl: Kubectl,
    dir: PathBuf,
    custody: Custody,
}

impl ControlPlane {
    /// A control plane for one test: tools found (or built, with progress on standard error), directory
    /// temporary, everything gone when the value is dropped or this process ends, however it ends.
    ///
    /// # Errors
    /// As [`Tools::ensure`] and [`ControlPlane::start`].
    pub fn fresh(controllers: bool) -> Result<Self> {
        let wanted: &[Tool] = if controllers { &Tool::CLUSTER } else { &Tool::DEMO };
        let tools = Tools::ensure(wanted, &Shown as &dyn Progress)?;
        let custody = Custody::new()?;
        let dir = scratch(&custody)?;
        Self::start(&tools, &Plan { dir, controllers }, &custody)
    }

    /// Starts what `plan` says and waits until it is ready.
    ///
    /// # Errors
    /// A process ended (the text holds the end of its log) or was not ready in time.
    pub fn start(tools: &Tools, plan: &Plan, custody: &Custody) -> Result<Self> {
        let pki = Pki::create(&plan.dir.join("pki"))?;
        fs::create_dir_all(plan.dir.join("logs")).context("creating the log directory")?;
        let mut attempt = 1;
        loop {
            match Self::start_once(tools, plan, &pki, custody) {
                Err(error) if attempt < START_ATTEMPTS && format!("{error:#}").contains(PORT_TAKEN) => {
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    fn start_once(tools: &Tools, plan: &Plan, pki: &Pki, custody: &Custody) -> Result<Self> {
        let store = format!("http://127.0.0.1:{}", ports::free()?);
        let port = ports::free()?;
        let etcd = Process::start(&etcd_spec(tools, &plan.dir, &store)?, custody)?;
        let apiserver_spec = apiserver_spec(tools, &plan.dir, pki, &store, port)?;
        let apiserver = Process::start(&apiserver_spec, custody)?;
        let kubeconfig = plan.dir.join("admin.kubeconfig");
        let address = format!("https://127.0.0.1:{port}");
        write_admin_kubeconfig(&kubeconfig, &address, pki)?;
        let kubectl = Kubectl::new(tools.path(Tool::Kubectl)?, &kubeconfig, &plan.dir.join("kube-cache"));
        let dir = plan.dir.clone();
        let custody = custody.clone();
        let mut plane =
            Self { controllers: None, apiserver, etcd, apiserver_spec, address, kubectl, dir, custody };
        plane.wait_ready()?;
        if plan.controllers {
            plane.start_controllers(tools, pki)?;
        }
        Ok(plane)
    }

    /// The directory with data, keys and `logs/`.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// `https://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Who ends its processes; pass it on for processes that should end with it.
    pub fn custody(&self) -> &Custody {
        &self.custody
    }

    /// A kubeconfig that may do anything.
    pub fn kubeconfig(&self) -> &Path {
        self.kubectl.kubeconfig()
    }

    /// kubectl as administrator.
    pub fn client(&self) -> &Kubectl {
        &self.kubectl
    }

    /// Runs kubectl as administrator; a failing kubectl is an [`Output`] too.
    ///
    /// # Errors
    /// As [`Kubectl::run`].
    pub fn kubectl(&self, args: &[&str]) -> Result<Output> {
        self.kubectl.run(args)
    }

    /// A kubeconfig with nothing but a token of the service account.
    ///
    /// # Errors
    /// As [`Kubectl::write_service_account_kubeconfig`].
    pub fn service_account_kubeconfig(&self, namespace: &str, name: &str) -> Result<PathBuf> {
        let file = self.dir.join(format!("{namespace}-{name}.kubeconfig"));
        self.kubectl.write_service_account_kubeconfig(namespace, name, &file)?;
        Ok(file)
    }

    /// SIGKILL to the API server; etcd stays.
    pub fn kill_apiserver(&mut self) {
        self.apiserver.kill();
    }

    /// Starts the API server again on the same port and data, and waits until it is ready.
    ///
    /// # Errors
    /// As [`ControlPlane::start`].
    pub fn restart_apiserver(&mut self) -> Result<()> {
        self.apiserver.kill();
        self.apiserver = Process::start(&self.apiserver_spec, &self.custody)?;
        self.wait_ready()
    }

    /// The process ids, for tests that watch them go.
    pub fn pids(&self) -> Vec<i32> {
        let all = [Some(&self.etcd), Some(&self.apiserver), self.controllers.as_ref()];
        all.into_iter().flatten().map(Process::pid).collect()
    }

    /// Ends it at once. Nothing in it is worth a graceful end: draining may take a minute.
    pub fn stop(mut self) {
        if let Some(controllers) = self.controllers.as_mut() {
            controllers.kill();
        }
        self.apiserver.kill();
        self.etcd.kill();
    }

    fn wait_ready(&mut self) -> Result<()> {
        let (etcd, apiserver, kubectl) = (&mut self.etcd, &mut self.apiserver, &self.kubectl);
        let socket = self.address.trim_start_matches("https://").to_owned();
        wait::until("the API server", READY_LIMIT, || {
            etcd.still_runs()?;
            apiserver.still_runs()?;
            if let Err(error) = TcpStream::connect(&socket) {
                return Ok(ControlFlow::Continue(error.to_string()));
            }
            let output = kubectl.run(&["get", "--raw", "/readyz"])?;
            Ok(if output.status.success() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(String::from_utf8_lossy(&output.stderr).trim().to_owned())
            })
        })
    }

    /// Starts it and waits for its first visible deed, the default service account.
    fn start_controllers(&mut self, tools: &Tools, pki: &Pki) -> Result<()> {
        let spec = controllers_spec(tools, &self.dir, pki, self.kubectl.kubeconfig())?;
        let mut process = Process::start(&spec, &self.custody)?;
        wait::until("the controller-manager", READY_LIMIT, || {
            process.still_runs()?;
            let output = self.kubectl.run(&["get", "serviceaccount", "default", "-n", "default"])?;
            Ok(if output.status.success() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue("no default service account yet".to_owned())
            })
        })?;
        self.controllers = Some(process);
        Ok(())
    }
}

fn spec(tools: &Tools, tool: Tool, dir: &Path, args: Vec<String>) -> Result<Spec> {
    let log = dir.join("logs").join(format!("{}.log", tool.name()));
    let program = tools.path(tool)?.to_path_buf();
    Ok(Spec { name: tool.name(), program, args, env: vec![], log, stdout: None })
}

fn etcd_spec(tools: &Tools, dir: &Path, store: &str) -> Result<Spec> {
    let peer = format!("http://127.0.0.1:{}", ports::free()?);
    let args = vec![
        format!("--data-dir={}", dir.join("etcd").display()),
        format!("--listen-client-urls={store}"),
        format!("--advertise-client-urls={store}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=default={peer}"),
        // The data of a test is not worth a disk flush per write.
        "--unsafe-no-fsync".to_owned(),
        "--log-level=error".to_owned(),
    ];
    spec(tools, Tool::Etcd, dir, args)
}

fn apiserver_spec(tools: &Tools, dir: &Path, pki: &Pki, store: &str, port: u16) -> Result<Spec> {
    let args = vec![
        format!("--etcd-servers={store}"),
        "--bind-address=127.0.0.1".to_owned(),
        "--advertise-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        format!("--tls-cert-file={}", pki.file("apiserver.crt")),
        format!("--tls-private-key-file={}", pki.file("apiserver.key")),
        format!("--client-ca-file={}", pki.file("ca.crt")),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!("--service-account-signing-key-file={}", pki.file("service-accounts.key")),
        format!("--service-account-key-file={}", pki.file("service-accounts.pub")),
        "--authorization-mode=Node,RBAC".to_owned(),
        "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
        "--endpoint-reconciler-type=none".to_owned(),
        "--allow-privileged".to_owned(),
    ];
    spec(tools, Tool::ApiServer, dir, args)
}

fn controllers_spec(tools: &Tools, dir: &Path, pki: &Pki, kubeconfig: &Path) -> Result<Spec> {
    let args = vec![
        format!("--kubeconfig={}", kubeconfig.display()),
        format!("--service-account-private-key-file={}", pki.file("service-accounts.key")),
        format!("--root-ca-file={}", pki.file("ca.crt")),
        "--use-service-account-credentials".to_owned(),
        "--leader-elect=false".to_owned(),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={}", ports::free()?),
    ];
    spec(tools, Tool::ControllerManager, dir, args)
}

fn write_admin_kubeconfig(file: &Path, address: &str, pki: &Pki) -> Result<()> {
    let cluster = json!({ "server": address, "certificate-authority": pki.file("ca.crt") });
    let user = json!({ "client-certificate": pki.file("admin.crt"), "client-key": pki.file("admin.key") });
    write_kubeconfig(file, &cluster, &user)
}
