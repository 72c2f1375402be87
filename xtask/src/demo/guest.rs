//! Manners in a cluster that is not ours.
//!
//! Takes the user's cluster; remembers what was there before. Must never delete what it did not bring, and
//! never let an operator that talks to the emulator meet an InnerTrail of the user's.

use super::chapters::{self, show};
use crate::{Refused, term, world};
use anyhow::Result;
use testenv::Kubectl;

/// The namespace that the sample brings.
const SAMPLE_NAMESPACE: &str = "namespace/audit";
const OPERATOR_NAMESPACE: &str = "namespace/innertrail-system";

/// What was in the cluster before us.
pub(super) struct Guest {
    had_definition: bool,
    had_operator_namespace: bool,
    had_sample_namespace: bool,
}

impl Guest {
    /// Looks around before anything is changed.
    ///
    /// # Errors
    /// The cluster holds an `InnerTrail`: an operator that talks to the emulator would misjudge it.
    pub(super) fn arrive(kubectl: &Kubectl) -> Result<Self> {
        kubectl.ok(&["get", "--raw", "/readyz"])?;
        let had_definition = exists(kubectl, world::CRD)?;
        if had_definition {
            let names = kubectl.ok(&["get", "innertrails", "-A", "-o", "name"])?;
            if let Some(name) = names.lines().next() {
                let text = format!("the cluster has {name}: the demo would run it against the emulator");
                return Err(Refused(text).into());
            }
        }
        Ok(Self {
            had_definition,
            had_operator_namespace: exists(kubectl, OPERATOR_NAMESPACE)?,
            had_sample_namespace: exists(kubectl, SAMPLE_NAMESPACE)?,
        })
    }

    /// Removes what the demo brought. It stops where the InnerTrail does not go away: its finalizer still needs
    /// the definition.
    pub(super) fn tidy(&self, kubectl: &Kubectl) -> Result<()> {
        term::heading("Tidying up in your cluster");
        let (kind, name, namespace) = (chapters::KIND, chapters::NAME, chapters::NAMESPACE);
        show(kubectl, &["delete", kind, name, "-n", namespace, "--ignore-not-found", "--timeout=25s"])?;
        if !self.had_sample_namespace {
            show(kubectl, &["delete", SAMPLE_NAMESPACE, "--ignore-not-found", "--wait=false"])?;
        }
        if self.had_definition || self.had_operator_namespace {
            term::note(&format!("{} is left as it is: part of it was there before", world::INSTALL));
            return Ok(());
        }
        show(kubectl, &["delete", "-k", world::INSTALL, "--ignore-not-found", "--wait=false"])?;
        Ok(())
    }
}

fn exists(kubectl: &Kubectl, name: &str) -> Result<bool> {
    Ok(!kubectl.ok(&["get", name, "--ignore-not-found", "-o", "name"])?.trim().is_empty())
}
