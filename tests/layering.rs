//! The rules of `ARCHITECTURE.md` that a reader can break without noticing, read off the source tree.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected should stop there")]

use std::fs;
use std::path::{Path, PathBuf};

/// Files near 300 lines are the aim; this is the wall.
const FILE_LINES_MAX: usize = 500;
/// Functions near 12 lines are the aim; this is the wall.
const FUNCTION_LINES_MAX: usize = 70;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below the given folders, with its text.
fn sources(folders: &[&str]) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for folder in folders {
        collect(&root().join(folder), &mut files);
    }
    assert!(!files.is_empty(), "no Rust file below {folders:?}");
    files
}

fn collect(path: &Path, files: &mut Vec<(PathBuf, String)>) {
    if path.is_file() {
        if path.extension().is_some_and(|extension| extension == "rs") {
            files.push((path.to_owned(), fs::read_to_string(path).unwrap()));
        }
        return;
    }
    for entry in fs::read_dir(path).unwrap() {
        collect(&entry.unwrap().path(), files);
    }
}

/// Every tracked Rust file of the project.
fn all() -> Vec<(PathBuf, String)> {
    sources(&["src", "tests", "crates", "testenv/src", "xtask/src"])
}

fn assert_free_of(files: &[(PathBuf, String)], words: &[&str]) {
    for (path, text) in files {
        for word in words {
            assert!(!text.contains(word), "{} mentions `{word}`", path.display());
        }
    }
}

#[test]
fn the_state_machine_knows_nothing_of_http_kubernetes_clocks_or_tasks() {
    let pure = sources(&["src/decide", "src/observed.rs", "src/report.rs", "src/report"]);
    assert_free_of(
        &pure,
        &["kube::", "k8s_openapi", "reqwest", "tokio", "Timestamp::now", "SystemTime", "std::env"],
    );
}

#[test]
fn the_status_is_rendered_without_a_client_a_task_or_a_clock() {
    let pure = sources(&["src/status.rs", "src/desired.rs", "src/desired", "src/api"]);
    assert_free_of(
        &pure,
        &["kube::Client", "kube::Api", "reqwest", "tokio", "Timestamp::now", "SystemTime", "std::env"],
    );
}

#[test]
fn the_state_machine_never_sees_a_status() {
    assert_free_of(
        &sources(&["src/decide", "src/observed.rs"]),
        &["InnerTrailStatus", "crate::status", "crate::report"],
    );
}

#[test]
fn only_main_reads_the_environment() {
    let mut files = sources(&["src", "crates/alicloud/src", "crates/alicloud-sign/src"]);
    files.retain(|(path, _)| !path.ends_with("src/main.rs"));
    assert_free_of(&files, &["std::env", "env::var"]);
}

#[test]
fn the_client_knows_nothing_of_kubernetes_or_of_this_operator() {
    assert_no_dependency("crates/alicloud", &["kube", "k8s-openapi", "innertrail", "cloudsim"]);
}

#[test]
fn the_emulator_knows_nothing_of_the_client() {
    assert_no_dependency("crates/cloudsim", &["alicloud", "kube", "k8s-openapi", "innertrail"]);
}

fn assert_no_dependency(package: &str, others: &[&str]) {
    let manifest = fs::read_to_string(root().join(package).join("Cargo.toml")).unwrap();
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
    // What its tests use does not reach those who use the package.
    let dependencies = dependencies.split("[dev-dependencies]").next().unwrap();
    for other in others {
        let named = dependencies
            .lines()
            .any(|line| line.split(['.', ' ', '=']).next().is_some_and(|name| name.trim() == *other));
        assert!(!named, "{package} depends on {other}");
    }
}

#[test]
fn every_file_says_first_what_it_is() {
    for (path, text) in all() {
        assert!(text.starts_with("//!"), "{} has no module head", path.display());
    }
}

#[test]
fn no_file_is_longer_than_the_wall() {
    for (path, text) in all() {
        let lines = text.lines().count();
        assert!(lines <= FILE_LINES_MAX, "{} has {lines} lines", path.display());
    }
}

#[test]
fn no_function_is_longer_than_the_wall() {
    for (path, text) in all() {
        for (name, lines) in functions(&text) {
            assert!(lines <= FUNCTION_LINES_MAX, "{}: {name} has {lines} lines", path.display());
        }
    }
}

/// Functions by name and length, read off the indentation that rustfmt guarantees.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let words: Vec<&str> = line.trim_start().split([' ', '(', '<']).collect();
        let Some(at) = words.iter().position(|word| *word == "fn").filter(|at| *at <= 4) else { continue };
        if line.ends_with('}') || words[at + 1].starts_with('$') {
            continue;
        }
        let close = format!("{}}}", " ".repeat(indent));
        if let Some(length) = lines[start..].iter().position(|line| *line == close) {
            found.push((words[at + 1].to_owned(), length + 1));
        }
    }
    found
}

#[test]
fn no_promise_is_left_in_a_comment() {
    let promise = ["TO", "DO"].concat();
    let repair = ["FIX", "ME"].concat();
    assert_free_of(&all(), &[&promise, &repair]);
}
