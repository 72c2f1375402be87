//! How long work is shown: a live line on a terminal, plain lines elsewhere.
//!
//! Takes what is going on; writes to standard error. Must never write to standard output, and never use
//! colour or cursor movement where there is no terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// One piece of work under way.
pub trait Task {
    /// What it is doing at this moment.
    fn say(&self, now: &str);
    /// It ended well.
    fn done(&self);
}

/// Where work is announced.
pub trait Progress {
    /// Begins a piece of work named `what`.
    fn task(&self, what: &str) -> Box<dyn Task>;
    /// One remark.
    fn note(&self, text: &str);
}

/// The one for people: standard error.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shown;

impl Progress for Shown {
    fn task(&self, what: &str) -> Box<dyn Task> {
        if std::io::stderr().is_terminal() { Box::new(Live::new(what)) } else { Box::new(Plain::new(what)) }
    }

    fn note(&self, text: &str) {
        line(&format!("  {text}"));
    }
}

/// The one for tests that find everything ready: says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn task(&self, _: &str) -> Box<dyn Task> {
        Box::new(Self)
    }

    fn note(&self, _: &str) {}
}

impl Task for Silent {
    fn say(&self, _: &str) {}
    fn done(&self) {}
}

struct Live {
    bar: ProgressBar,
    what: String,
    started: Instant,
}

impl Live {
    fn new(what: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        // The template is a constant; the default style is a fine second best.
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {prefix} {elapsed} {wide_msg:.dim}") {
            bar.set_style(style);
        }
        bar.set_prefix(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar, what: what.to_owned(), started: Instant::now() }
    }
}

impl Task for Live {
    fn say(&self, now: &str) {
        self.bar.set_message(now.to_owned());
    }

    fn done(&self) {
        self.bar.finish_and_clear();
        line(&format!("  {} done in {} s", self.what, self.started.elapsed().as_secs()));
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// At most one line in this time, so that a log of a five-minute build stays readable.
const PLAIN_INTERVAL: Duration = Duration::from_secs(15);

struct Plain {
    what: String,
    started: Instant,
    last: Mutex<Instant>,
}

impl Plain {
    fn new(what: &str) -> Self {
        line(&format!("  {what}"));
        let now = Instant::now();
        Self { what: what.to_owned(), started: now, last: Mutex::new(now) }
    }
}

impl Task for Plain {
    fn say(&self, now: &str) {
        let Ok(mut last) = self.last.lock() else { return };
        if last.elapsed() >= PLAIN_INTERVAL {
            *last = Instant::now();
            line(&format!("  {}, {} s: {now}", self.what, self.started.elapsed().as_secs()));
        }
    }

    fn done(&self) {
        line(&format!("  {} done in {} s", self.what, self.started.elapsed().as_secs()));
    }
}

/// A closed standard error is no reason to stop working.
fn line(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
