//! Reads what `cargo test` prints and counts its suites.
//!
//! Takes the lines of a run, one by one; returns one [`Suite`] per test binary. Must never count a suite
//! that did not report as one that passed.

/// What one test binary reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Suite {
    /// `tests/admission.rs`, `innertrail (unit)`, `testenv (doc)`.
    pub(crate) name: String,
    /// Its result line, if it came to one.
    pub(crate) counts: Option<Counts>,
}

/// The numbers of a result line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) ignored: u32,
    /// As printed, for example `0.37s`.
    pub(crate) time: String,
}

/// Gathers suites from lines without colour.
#[derive(Debug, Default)]
pub(crate) struct Suites {
    suites: Vec<Suite>,
}

impl Suites {
    /// Takes in one line.
    pub(crate) fn line(&mut self, line: &str) {
        if let Some(name) = suite_name(line.trim()) {
            self.suites.push(Suite { name, counts: None });
        } else if let (Some(counts), Some(last)) = (counts(line.trim()), self.suites.last_mut()) {
            last.counts = Some(counts);
        }
    }

    /// All suites that hold a test, or that did not report.
    pub(crate) fn finish(self) -> Vec<Suite> {
        let worth_showing = |suite: &Suite| {
            suite.counts.as_ref().is_none_or(|counts| counts.passed + counts.failed + counts.ignored > 0)
        };
        self.suites.into_iter().filter(worth_showing).collect()
    }
}

/// `Running tests/a.rs (target/debug/deps/a-0123)`, `Running unittests src/lib.rs (.../a-0123)`, `Doc-tests a`.
fn suite_name(line: &str) -> Option<String> {
    if let Some(name) = line.strip_prefix("Doc-tests ") {
        return Some(format!("{name} (doc)"));
    }
    let (source, binary) = line.strip_prefix("Running ")?.strip_suffix(')')?.split_once(" (")?;
    let file = binary.rsplit('/').next()?;
    let binary = file.rsplit_once('-').map_or(file, |(name, _)| name);
    Some(match source.strip_prefix("unittests ") {
        Some(source) if source.ends_with("main.rs") => format!("{binary} (unit, program)"),
        Some(_) => format!("{binary} (unit)"),
        None => source.to_owned(),
    })
}

/// `test result: ok. 26 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.37s`.
fn counts(line: &str) -> Option<Counts> {
    let (_, numbers) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let part = |unit: &str| {
        let found = numbers.split("; ").find_map(|part| part.strip_suffix(unit));
        found.and_then(|number| number.trim().parse().ok())
    };
    let time = numbers.rsplit_once("finished in ").map_or("", |(_, time)| time);
    Some(Counts {
        passed: part(" passed")?,
        failed: part(" failed")?,
        ignored: part(" ignored")?,
        time: time.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "     Running unittests src/lib.rs (target/debug/deps/testenv-232321c9)\n\
        running 26 tests\n\
        test result: FAILED. 25 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.37s\n\
        \x20    Running tests/control_plane.rs (target/debug/deps/control_plane-cc38)\n\
        running 3 tests\n\
        \x20  Doc-tests testenv\n\
        test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";

    fn suites() -> Vec<Suite> {
        let mut suites = Suites::default();
        OUTPUT.lines().for_each(|line| suites.line(line));
        suites.finish()
    }

    #[test]
    fn a_suite_is_counted_as_it_reported() {
        let counts = Counts { passed: 25, failed: 1, ignored: 2, time: "0.37s".into() };
        assert_eq!(suites()[0], Suite { name: "testenv (unit)".into(), counts: Some(counts) });
    }

    #[test]
    fn a_suite_that_did_not_report_is_shown_as_such() {
        assert_eq!(suites()[1], Suite { name: "tests/control_plane.rs".into(), counts: None });
    }

    #[test]
    fn a_suite_without_tests_is_left_out() {
        assert_eq!(suites().len(), 2);
    }
}
