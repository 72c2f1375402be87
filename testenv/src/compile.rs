//! Builds one control-plane tool with Go.
//!
//! Takes a tool and the directory of go.mod; leaves one complete binary. Must never leave half a binary
//! under the final name.

use crate::progress::Task;
use crate::tools::Tool;
use crate::versions::{Versions, first_version};
use anyhow::{Context, Result, bail};
use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// No optimisation and no debugger tables: a cold build of the API server takes a third less time (76 s instead of
/// 118 s for one large package of it, measured on two cores), and nothing but tests and demos ever asks it anything.
const COMPILER_FLAGS: &str = "-gcflags=all=-N -l -dwarf=false";
/// Lets the compiler spend memory instead of time: at most a few hundred megabytes more per process.
const COMPILER_GOGC: &str = "800";

/// Shown by `kubectl version`; the day the versions in go.mod were chosen, so that builds are repeatable.
const BUILD_DATE: &str = "2026-10-27T12:01:04Z";
/// Prefix of a file that is being built.
const PARTIAL: &str = ".partial-";
/// Lines of compiler output shown when a build fails.
const TAIL_LINES: usize = 20;

/// Succeeds when there is a Go to build with.
///
/// # Errors
/// Says which tools are missing and what to install.
pub(crate) fn require_go(missing: &[Tool], versions: &Versions) -> Result<()> {
    let works = Command::new("go").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if works.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    let list: Vec<String> =
        missing.iter().map(|tool| format!("{} {}", tool.name(), tool.version(versions))).collect();
    bail!(
        "missing: {}.\nEither install Go 1.26 or newer (https://go.dev/dl/, or a package named golang-go) and \
         run this again: the tools are then built from testenv/go.mod, once.\nOr put ready binaries of these \
         minor versions on PATH, or into a directory named by KUBEBUILDER_ASSETS.",
        list.join(", ")
    )
}

/// Removes what an interrupted build left behind. Call it holding the build lock.
pub(crate) fn sweep(built: &Path) {
    let entries = fs::read_dir(built).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PARTIAL)) {
        // A file that cannot be removed now is only disk space; the next build tries again.
        let _ = fs::remove_file(entry.path());
    }
}

/// Builds `tool` to `binary`, atomically, and tells `task` which package is being compiled.
///
/// # Errors
/// Go failed; the text ends with the last lines it printed.
pub(crate) fn compile(
    tool: Tool,
    versions: &Versions,
    source: &Path,
    binary: &Path,
    task: &dyn Task,
) -> Result<()> {
    let partial = binary.with_file_name(format!("{PARTIAL}{}", tool.name()));
    let mut go = Command::new("go")
        .current_dir(source)
        .env("CGO_ENABLED", "0")
        .env("GOGC", COMPILER_GOGC)
        .args(["build", "-v", "-trimpath", COMPILER_FLAGS, "-ldflags", &linker_flags(versions), "-o"])
        .arg(&partial)
        .arg(tool.package())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("starting go build")?;
    let printed = go.stderr.take().context("go build has no error output")?;
    let tail = follow(BufReader::new(printed), task);
    if !go.wait().context("waiting for go build")?.success() {
        bail!("go build {} failed:\n{}", tool.package(), tail.join("\n"));
    }
    fs::rename(&partial, binary).with_context(|| format!("naming {}", binary.display()))?;
    task.done();
    Ok(())
}

/// Reports each line as it comes and returns the last ones. `go build -v` prints one line per package.
fn follow(lines: impl BufRead, task: &dyn Task) -> Vec<String> {
    let mut tail = VecDeque::with_capacity(TAIL_LINES);
    let mut packages = 0_u32;
    for line in lines.lines().map_while(Result::ok) {
        if line.starts_with("go: downloading") {
            task.say(line.trim_start_matches("go: "));
        } else {
            packages += 1;
            task.say(&format!("package {packages}: {line}"));
        }
        if tail.len() == TAIL_LINES {
            tail.pop_front();
        }
        tail.push_back(line);
    }
    tail.into()
}

/// Without these the API server calls itself `v0.0.0-master` and a chart's `kubeVersion` fails.
fn linker_flags(versions: &Versions) -> String {
    let git = &versions.kubernetes;
    let (major, minor) = first_version(git).unwrap_or_default();
    let mut flags = vec!["-s -w".to_owned()];
    for package in ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"] {
        for (name, value) in [
            ("gitVersion", git.as_str()),
            ("gitMajor", &major.to_string()),
            ("gitMinor", &minor.to_string()),
            ("gitTreeState", "clean"),
            ("buildDate", BUILD_DATE),
        ] {
            flags.push(format!("-X {package}.{name}={value}"));
        }
    }
    flags.push(format!("-X helm.sh/helm/v4/internal/version.version={}", versions.helm));
    flags.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_linker_flags_carry_the_version_of_go_mod() {
        let text = "require k8s.io/kubernetes v1.37.2\nrequire helm.sh/helm/v4 v4.3.1\n\
            require go.etcd.io/etcd/server/v3 v3.7.3\n";
        let flags = linker_flags(&Versions::parse(text).unwrap());
        assert!(flags.contains("-X k8s.io/component-base/version.gitMinor=37"), "{flags}");
    }

    #[test]
    fn an_interrupted_build_is_swept_away_and_a_finished_one_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        for name in [".partial-etcd", "kubectl"] {
            fs::write(dir.path().join(name), "x").unwrap();
        }
        sweep(dir.path());
        assert!(!dir.path().join(".partial-etcd").exists() && dir.path().join("kubectl").exists());
    }
}
