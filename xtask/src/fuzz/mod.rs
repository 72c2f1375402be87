//! `cargo xtask fuzz`: runs the fuzz targets of `fuzz/`, coverage-guided, and says what came of it.

mod stats;

use crate::{Refused, build, term};
use anyhow::{Context, Result, bail};
use stats::Stats;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const EXAMPLE: &str = "\
Examples:
  cargo xtask fuzz                            every target, a minute each
  cargo xtask fuzz searches --seconds 300     one target, five minutes
  cargo xtask fuzz searches --keep            afterwards fuzz/corpus/searches is the least that covers as much

Needs cargo-fuzz (cargo install cargo-fuzz). The first run builds everything anew with instrumentation, which takes
minutes. An input that breaks a rule is left in fuzz/artifacts/TARGET; copy it to fuzz/corpus/TARGET, named
found-SOMETHING, and mend what it found. Exit status 1 says that there is one.";

/// Arguments of `fuzz`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// One target of `fuzz/fuzz_targets`; all of them, one after another, if none is named.
    target: Option<String>,
    /// How long each target runs.
    #[arg(long, default_value_t = 60, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// Then writes the corpus anew: the smallest inputs that together cover what was reached.
    #[arg(long)]
    keep: bool,
}

/// Longest input, bytes: enough for any request of a person, little enough to be quick.
const LENGTH_MAX: &str = "-max_len=2048";
/// An input must be done by then, seconds, and within this memory, megabytes.
const LIMITS: [&str; 3] = ["-timeout=10", "-rss_limit_mb=1024", "-malloc_limit_mb=128"];
/// Inputs that once broke a rule are called so, and stay whatever they cover.
const FOUND: &str = "found-";

/// Builds the targets, runs those asked for, and tells what they did.
pub(crate) fn run(args: &Args) -> Result<()> {
    let targets = chosen(args.target.as_deref())?;
    is_installed()?;
    term::heading("Building the targets");
    if !fuzz(&["build"]).status().context("starting cargo fuzz")?.success() {
        bail!("the fuzz targets do not build");
    }
    let mut rows = Vec::new();
    let mut broken = Vec::new();
    for target in &targets {
        term::heading(&format!("{target}, {} s", args.seconds));
        let stats = try_out(target, args.seconds)?;
        if !stats.passed {
            broken.push(target.as_str());
        } else if args.keep {
            keep(target)?;
        }
        rows.push(stats.row(target));
    }
    term::heading("Targets");
    term::table(["target", "executions", "per second", "coverage", "features", "peak MB", "result"], rows);
    if broken.is_empty() {
        return Ok(());
    }
    bail!("inputs that break a rule: see fuzz/artifacts/ for {}", broken.join(", "))
}

/// The names of the targets, sorted.
fn all() -> Result<Vec<String>> {
    let folder = place("fuzz_targets");
    let entries = fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?;
    let paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    let names = paths.iter().filter_map(|path| path.file_stem()?.to_str().map(str::to_owned));
    let mut names: Vec<String> = names.collect();
    names.sort();
    Ok(names)
}

fn chosen(target: Option<&str>) -> Result<Vec<String>> {
    let all = all()?;
    let Some(target) = target else { return Ok(all) };
    if !all.iter().any(|name| name == target) {
        let message = format!("there is no fuzz target `{target}`; there are {}", all.join(", "));
        return Err(Refused(message).into());
    }
    Ok(vec![target.to_owned()])
}

fn is_installed() -> Result<()> {
    let mut version = fuzz(&["--version"]);
    let status = version.stdout(Stdio::null()).stderr(Stdio::null()).status().context("starting cargo")?;
    if status.success() {
        return Ok(());
    }
    Err(Refused("cargo-fuzz is not installed (cargo install cargo-fuzz)".to_owned()).into())
}

/// `cargo fuzz`, whose flags a stable compiler takes only when told so.
fn fuzz(args: &[&str]) -> Command {
    let mut cargo = build::cargo(&["fuzz"]);
    cargo.args(args).env("RUSTC_BOOTSTRAP", "1");
    cargo
}

fn place(name: &str) -> PathBuf {
    testenv::place::root().join("fuzz").join(name)
}

/// Where inputs go that are new; the corpus that is kept is only read.
fn fresh(target: &str) -> Result<PathBuf> {
    let folder = place("target").join("corpus").join(target);
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    Ok(folder)
}

fn try_out(target: &str, seconds: u32) -> Result<Stats> {
    let mut command = fuzz(&["run", target]);
    command.args([fresh(target)?, place("corpus").join(target)]).arg("--");
    command.args(LIMITS).args([LENGTH_MAX, "-print_final_stats=1"]).arg(format!("-max_total_time={seconds}"));
    let dictionary = place("dictionaries").join(format!("{target}.dict"));
    if dictionary.is_file() {
        command.arg(format!("-dict={}", dictionary.display()));
    }
    let mut child = command.stderr(Stdio::piped()).spawn().context("starting cargo fuzz")?;
    let mut stats = Stats::default();
    if let Some(told) = child.stderr.take() {
        for line in BufReader::new(told).split(b'\n').map_while(std::io::Result::ok) {
            let line = String::from_utf8_lossy(&line);
            if stats.line(&line) {
                println!("  {line}");
            }
        }
    }
    stats.passed = child.wait().context("waiting for cargo fuzz")?.success();
    Ok(stats)
}

/// Replaces the corpus by the smallest inputs that cover what it and the new inputs cover.
fn keep(target: &str) -> Result<()> {
    let (kept, fresh) = (place("corpus").join(target), fresh(target)?);
    let merged = place("target").join("merged").join(target);
    if merged.exists() {
        fs::remove_dir_all(&merged).with_context(|| format!("clearing {}", merged.display()))?;
    }
    fs::create_dir_all(&merged).with_context(|| format!("creating {}", merged.display()))?;
    let mut command = fuzz(&["run", target]);
    command.args([&merged, &kept, &fresh]).args(["--", "-set_cover_merge=1", LENGTH_MAX]).args(LIMITS);
    if !command.stderr(Stdio::null()).status().context("starting cargo fuzz")?.success() {
        bail!("the corpus of {target} cannot be merged");
    }
    replace(&kept, &merged)?;
    term::seen(&format!("{} inputs kept in fuzz/corpus/{target}", fs::read_dir(&kept)?.count()));
    Ok(())
}

fn replace(kept: &Path, merged: &Path) -> Result<()> {
    for entry in fs::read_dir(kept)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(FOUND) {
            fs::remove_file(entry.path())?;
        }
    }
    for entry in fs::read_dir(merged)? {
        let entry = entry?;
        fs::copy(entry.path(), kept.join(entry.file_name()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of the whole corpus: a clone stays quick, and so does the replay.
    const CORPUS_BYTES_MAX: u64 = 1024 * 1024;

    #[test]
    fn every_target_is_documented_and_has_inputs() {
        let docs = fs::read_to_string(testenv::place::root().join("docs/fuzzing.md")).unwrap();
        for target in all().unwrap() {
            assert!(docs.contains(&format!("`{target}`")), "docs/fuzzing.md does not name {target}");
            assert!(fs::read_dir(place("corpus").join(&target)).unwrap().next().is_some(), "{target}");
        }
    }

    #[test]
    fn every_corpus_and_dictionary_belongs_to_a_target() {
        let all = all().unwrap();
        for folder in ["corpus", "dictionaries"] {
            for entry in fs::read_dir(place(folder)).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
                assert!(all.contains(&name), "{} belongs to no target", path.display());
            }
        }
    }

    #[test]
    fn the_corpus_stays_small() {
        let folders = fs::read_dir(place("corpus")).unwrap();
        let inputs = folders.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
        let bytes: u64 = inputs.map(|input| input.unwrap().metadata().unwrap().len()).sum();
        assert!(bytes <= CORPUS_BYTES_MAX, "{bytes} bytes");
    }

    #[test]
    fn an_unknown_target_is_refused_with_the_known_ones() {
        let error = chosen(Some("nothing")).unwrap_err();
        assert!(error.is::<Refused>() && error.to_string().contains("searches"), "{error}");
    }

    #[test]
    fn what_broke_a_rule_once_is_kept_whatever_it_covers() {
        let directory = tempfile::tempdir().unwrap();
        let (kept, merged) = (directory.path().join("kept"), directory.path().join("merged"));
        for (folder, name) in [(&kept, "old"), (&kept, "found-a"), (&merged, "new")] {
            fs::create_dir_all(folder).unwrap();
            fs::write(folder.join(name), name).unwrap();
        }
        replace(&kept, &merged).unwrap();
        assert!(!kept.join("old").exists() && kept.join("found-a").exists() && kept.join("new").exists());
    }
}
