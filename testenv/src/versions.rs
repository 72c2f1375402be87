//! The versions of the control-plane tools, read from `testenv/go.mod`.
//!
//! Takes the text of a go.mod; returns [`Versions`]. Must never hold a version of its own: go.mod is the
//! only place where one is written.

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Versions as go.mod writes them, with the leading `v`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// `k8s.io/kubernetes`, for example `v1.37.2`.
    pub kubernetes: String,
    /// `go.etcd.io/etcd/server/v3`.
    pub etcd: String,
    /// `helm.sh/helm/v4`.
    pub helm: String,
    /// First twelve hex digits of the SHA-256 of the whole go.mod: the name of the directory for what is
    /// built from it.
    pub digest: String,
}

impl Versions {
    /// Reads the three required modules.
    ///
    /// # Errors
    /// Names the module that go.mod does not require.
    pub fn parse(go_mod: &str) -> Result<Self> {
        let hash = hex::encode(Sha256::digest(go_mod.as_bytes()));
        Ok(Self {
            kubernetes: required(go_mod, "k8s.io/kubernetes")?,
            etcd: required(go_mod, "go.etcd.io/etcd/server/v3")?,
            helm: required(go_mod, "helm.sh/helm/v4")?,
            digest: hash.chars().take(12).collect(),
        })
    }
}

/// The version of one module in a `require` directive, single or in a block; `replace` lines do not count.
fn required(go_mod: &str, module: &str) -> Result<String> {
    go_mod
        .lines()
        .filter_map(|line| {
            let line = line.split("//").next().unwrap_or_default().trim();
            let mut words = line.strip_prefix("require ").unwrap_or(line).split_whitespace();
            (words.next() == Some(module)).then(|| words.next()).flatten()
        })
        .find(|version| version.starts_with('v'))
        .map(str::to_owned)
        .with_context(|| format!("testenv/go.mod requires no {module}"))
}

/// The numbers of the first `major.minor[.patch]` in a tool's version output.
pub fn first_version(text: &str) -> Option<(u32, u32)> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '+'))
        .find_map(|word| major_minor(word.trim_start_matches('v')))
}

fn major_minor(word: &str) -> Option<(u32, u32)> {
    let mut parts = word.split(['.', '+']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GO_MOD: &str = "module x\n\nrequire go.etcd.io/etcd/server/v3 v3.7.3\n\nrequire (\n\
        \thelm.sh/helm/v4 v4.3.1 // indirect\n\tk8s.io/kubernetes v1.37.2 // indirect\n)\n\
        replace k8s.io/api => k8s.io/api v0.37.2\n";

    #[test]
    fn versions_are_read_from_blocks_and_from_single_lines() {
        let versions = Versions::parse(GO_MOD).unwrap();
        assert_eq!(
            [versions.kubernetes, versions.etcd, versions.helm],
            ["v1.37.2".to_owned(), "v3.7.3".to_owned(), "v4.3.1".to_owned()]
        );
    }

    #[test]
    fn another_go_mod_has_another_digest() {
        let other = GO_MOD.replace("v4.3.1", "v4.3.2");
        assert_ne!(Versions::parse(GO_MOD).unwrap().digest, Versions::parse(&other).unwrap().digest);
    }

    #[test]
    fn a_missing_module_is_named() {
        let error = Versions::parse("module x\nreplace k8s.io/kubernetes => ../k\n").unwrap_err();
        assert_eq!(error.to_string(), "testenv/go.mod requires no k8s.io/kubernetes");
    }

    #[test]
    fn the_committed_go_mod_is_readable() {
        let text = std::fs::read_to_string(crate::place::root().join("testenv/go.mod")).unwrap();
        Versions::parse(&text).unwrap();
    }

    #[test]
    fn the_version_is_found_in_what_each_tool_prints() {
        let printed = [
            ("Kubernetes v1.37.2", (1, 37)),
            ("Client Version: v1.32.4-dispatcher\nKustomize Version: v5.5.0", (1, 32)),
            ("etcd Version: 3.7.3\nGit SHA: Not provided\nGo Version: go1.26.8", (3, 7)),
            ("v4.3.1+g0123456", (4, 3)),
            ("v4.3", (4, 3)),
        ];
        for (text, version) in printed {
            assert_eq!(first_version(text), Some(version), "{text}");
        }
    }
}
