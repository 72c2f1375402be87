//! `cargo xtask demo`: the main job end to end, every step of it seen.
//!
//! Takes nothing but the source tree, or the user's own cluster; tells what happens. Must never call a step
//! done that was not observed from outside the operator, and never wait without a deadline.

mod chapters;
mod cloud;
mod guest;
mod query;
mod scene;
mod stages;

use crate::{build, term};
use anyhow::Result;
use scene::Scene;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const EXAMPLE: &str = "\
Examples:
  cargo xtask demo
      from nothing to nothing; the first run builds for about ten minutes
  cargo xtask demo --keep
      leaves everything running and says how to go on
  cargo xtask demo --kubeconfig ~/.kube/config
      in a cluster of your own (kind, minikube, ...); the cloud is still the emulator,
      and operator and emulator run on this machine

Exits 0 only if every step was seen.";

/// Lines of the operator's log shown when a step was not seen.
const LOG_LINES: usize = 40;

/// Arguments of `demo`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Leave everything running at the end, and say how to go on.
    #[arg(long)]
    keep: bool,
    /// Use this cluster, as the administrator this file names, instead of starting one.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
}

/// Tells the story.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut story = Story::default();
    story.chapter("Build the operator and the emulator", build::binaries)?;
    let scene = Scene::set(args, &mut story)?;
    finish(args, scene, story)
}

/// Plays the chapters in a scene that is set; whatever happens, the user's own cluster is tidied up.
fn finish(args: &Args, mut scene: Scene, mut story: Story) -> Result<()> {
    let played = chapters::play(&mut scene, &mut story);
    if let Err(error) = &played {
        term::missed(&format!("{error:#}"));
        term::heading("The end of the operator's log");
        term::output(&scene.operator.log_tail(LOG_LINES));
    }
    if played.is_ok() {
        story.end();
    }
    scene.leave(args.keep)?;
    played
}

/// The one place of this program that asks what time it is.
#[expect(clippy::disallowed_methods, reason = "a query and a request for a pass carry the real time")]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Chapters with their times.
#[derive(Default)]
struct Story {
    told: Vec<(String, Duration)>,
}

impl Story {
    /// Announces a chapter, plays it, and remembers how long it took.
    fn chapter<T>(&mut self, title: &str, play: impl FnOnce() -> Result<T>) -> Result<T> {
        term::heading(&format!("{}. {title}", self.told.len() + 1));
        let started = Instant::now();
        let result = play()?;
        self.told.push((title.to_owned(), started.elapsed()));
        Ok(result)
    }

    fn end(&self) {
        term::heading("Every step was seen");
        let rows = self.told.iter().map(|(title, time)| [title.clone(), term::seconds(*time)]);
        let total: Duration = self.told.iter().map(|(_, time)| *time).sum();
        term::table(["step", "time"], rows.chain([["all".to_owned(), term::seconds(total)]]));
    }
}
