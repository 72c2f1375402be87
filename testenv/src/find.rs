//! Finds ready binaries of the control-plane tools.
//!
//! Takes directories; returns the tools found there in the right version. Must never run anything but a
//! binary's own version command, and must never wait for it for ever.

use crate::progress::Progress;
use crate::tools::Tool;
use crate::versions::Versions;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Each wanted tool that exists already. What `built` holds needs no check: its name is the digest of go.mod.
pub(crate) fn all(
    wanted: &[Tool],
    versions: &Versions,
    built: &Path,
    progress: &dyn Progress,
) -> BTreeMap<Tool, PathBuf> {
    let assets: Vec<PathBuf> =
        std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from).into_iter().collect();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let one = |tool: Tool| {
        let own = Some(built.join(tool.name())).filter(|file| file.is_file());
        ready(tool, versions, &assets, progress)
            .or(own)
            .or_else(|| ready(tool, versions, &path, progress))
            .map(|file| (tool, file))
    };
    wanted.iter().copied().filter_map(one).collect()
}

/// The first binary of the right version in `directories`; that others are passed over is said once.
fn ready(
    tool: Tool,
    versions: &Versions,
    directories: &[PathBuf],
    progress: &dyn Progress,
) -> Option<PathBuf> {
    let candidates = directories.iter().map(|dir| dir.join(tool.name())).filter(|file| file.is_file());
    let mut passed_over = None;
    for file in candidates {
        let printed = version_output(tool, &file).unwrap_or_default();
        if tool.accepts(versions, &printed) {
            // A symbolic link may belong to an environment that is taken down while we run.
            return Some(file.canonicalize().unwrap_or(file));
        }
        passed_over.get_or_insert((file, printed));
    }
    if let Some((file, printed)) = passed_over {
        let says = printed.lines().next().unwrap_or("nothing");
        let wanted = tool.version(versions);
        progress.note(&format!("passing over {}: it says \"{says}\", {wanted} is wanted", file.display()));
    }
    None
}

fn version_output(tool: Tool, file: &Path) -> Option<String> {
    let arguments: &[&str] = match tool {
        Tool::ApiServer | Tool::Etcd | Tool::ControllerManager => &["--version"],
        Tool::Kubectl => &["version", "--client"],
        Tool::Helm => &["version", "--short"],
    };
    let output = Command::new(file).args(arguments).stdin(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()
}
