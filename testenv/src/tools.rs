//! The control-plane tools: found ready-made, or built from `testenv/go.mod`.
//!
//! Takes the tools asked for; returns where each one is. Must never build what nobody asked for, use a
//! binary of another minor version, or let two processes build the same thing at once.

use crate::progress::Progress;
use crate::versions::{Versions, first_version};
use crate::{compile, find, place};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// One tool of the test cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// The API server.
    ApiServer,
    /// Its store.
    Etcd,
    /// The command line client.
    Kubectl,
    /// Needed for namespaces to go away, garbage collection and Deployments.
    ControllerManager,
    /// The chart's installer.
    Helm,
}

impl Tool {
    /// What a demo needs, in the order in which building them wastes least: the first fills Go's cache.
    pub const DEMO: [Self; 3] = [Self::ApiServer, Self::Etcd, Self::Kubectl];
    /// What `up` and the tests need.
    pub const CLUSTER: [Self; 4] = [Self::ApiServer, Self::Etcd, Self::Kubectl, Self::ControllerManager];
    /// Everything.
    pub const ALL: [Self; 5] =
        [Self::ApiServer, Self::Etcd, Self::Kubectl, Self::ControllerManager, Self::Helm];

    /// The file name of the binary.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ApiServer => "kube-apiserver",
            Self::Etcd => "etcd",
            Self::Kubectl => "kubectl",
            Self::ControllerManager => "kube-controller-manager",
            Self::Helm => "helm",
        }
    }

    /// The Go package it is built from.
    pub const fn package(self) -> &'static str {
        match self {
            Self::ApiServer => "k8s.io/kubernetes/cmd/kube-apiserver",
            Self::Etcd => "go.etcd.io/etcd/server/v3",
            Self::Kubectl => "k8s.io/kubernetes/cmd/kubectl",
            Self::ControllerManager => "k8s.io/kubernetes/cmd/kube-controller-manager",
            Self::Helm => "helm.sh/helm/v4/cmd/helm",
        }
    }

    /// The version go.mod names for it.
    pub fn version(self, versions: &Versions) -> &str {
        match self {
            Self::ApiServer | Self::Kubectl | Self::ControllerManager => &versions.kubernetes,
            Self::Etcd => &versions.etcd,
            Self::Helm => &versions.helm,
        }
    }

    /// Whether a ready binary that printed `output` for its version can stand in: Kubernetes and etcd must
    /// agree to the minor version, helm to the major one.
    pub fn accepts(self, versions: &Versions, output: &str) -> bool {
        let (Some(found), Some(wanted)) = (first_version(output), first_version(self.version(versions)))
        else {
            return false;
        };
        match self {
            Self::Helm => found.0 == wanted.0,
            Self::ApiServer | Self::Etcd | Self::Kubectl | Self::ControllerManager => found == wanted,
        }
    }
}

/// Where each tool that was asked for is.
#[derive(Clone, Debug)]
pub struct Tools {
    paths: BTreeMap<Tool, PathBuf>,
}

impl Tools {
    /// Finds or builds every tool of `wanted`, telling `progress` what takes time.
    ///
    /// Searched in this order: `KUBEBUILDER_ASSETS`, what was built before from this go.mod, `PATH`. What is
    /// left is built with Go into `target/testenv/<digest of go.mod>/`; the first build of the API server
    /// takes about five minutes on two cores, the others less than two each.
    ///
    /// # Errors
    /// Something is missing and there is no Go (the text says what to install), or a build failed.
    pub fn ensure(wanted: &[Tool], progress: &dyn Progress) -> Result<Self> {
        let source = place::root().join("testenv");
        let go_mod = fs::read_to_string(source.join("go.mod")).context("reading testenv/go.mod")?;
        let versions = Versions::parse(&go_mod)?;
        let built = place::target().join("testenv").join(&versions.digest);
        let mut found = find::all(wanted, &versions, &built, progress);
        let missing: Vec<Tool> = wanted.iter().copied().filter(|tool| !found.contains_key(tool)).collect();
        if !missing.is_empty() {
            compile::require_go(&missing, &versions)?;
            found.extend(build(&missing, &versions, &source, &built, progress)?);
        }
        Ok(Self { paths: found })
    }

    /// The path of one tool.
    ///
    /// # Errors
    /// The tool was not asked for in [`Tools::ensure`].
    pub fn path(&self, tool: Tool) -> Result<&Path> {
        let path = self.paths.get(&tool).map(PathBuf::as_path);
        path.with_context(|| format!("{} was not asked for", tool.name()))
    }

    /// Every tool with its path.
    pub fn iter(&self) -> impl Iterator<Item = (Tool, &Path)> {
        self.paths.iter().map(|(tool, path)| (*tool, path.as_path()))
    }
}

/// Builds under a lock; whoever waited for the lock may find the work done.
fn build(
    missing: &[Tool],
    versions: &Versions,
    source: &Path,
    built: &Path,
    progress: &dyn Progress,
) -> Result<BTreeMap<Tool, PathBuf>> {
    fs::create_dir_all(built).with_context(|| format!("creating {}", built.display()))?;
    let lock = File::create(built.join(".lock")).context("opening the build lock")?;
    if lock.try_lock().is_err() {
        progress.note("another process is building the tools; waiting for it");
        lock.lock().context("waiting for the build lock")?;
    }
    compile::sweep(built);
    let mut paths = BTreeMap::new();
    for (index, tool) in missing.iter().copied().enumerate() {
        let binary = built.join(tool.name());
        if !binary.is_file() {
            let task = progress.task(&format!(
                "building {} {} ({} of {})",
                tool.name(),
                tool.version(versions),
                index + 1,
                missing.len()
            ));
            compile::compile(tool, versions, source, &binary, task.as_ref())?;
        }
        paths.insert(tool, binary);
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions() -> Versions {
        let text = "require k8s.io/kubernetes v1.37.2\nrequire helm.sh/helm/v4 v4.3.1\n\
            require go.etcd.io/etcd/server/v3 v3.7.3\n";
        Versions::parse(text).unwrap()
    }

    #[test]
    fn a_kubectl_of_another_minor_version_is_passed_over() {
        assert!(!Tool::Kubectl.accepts(&versions(), "Client Version: v1.32.4-dispatcher"));
    }

    #[test]
    fn a_kubectl_of_another_patch_version_is_taken() {
        assert!(Tool::Kubectl.accepts(&versions(), "Client Version: v1.37.0"));
    }

    #[test]
    fn any_helm_of_the_major_version_is_taken() {
        assert!(Tool::Helm.accepts(&versions(), "v4.0.1+g123"));
    }

    #[test]
    fn a_tool_that_prints_no_version_is_passed_over() {
        assert!(!Tool::Etcd.accepts(&versions(), "cannot execute"));
    }
}
