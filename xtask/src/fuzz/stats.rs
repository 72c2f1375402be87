//! Reads what libFuzzer prints.
//!
//! Takes its lines, one by one; keeps the numbers that tell what a run did.

/// The numbers of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stats {
    executions: String,
    per_second: String,
    peak_mb: String,
    coverage: String,
    features: String,
    /// Whether no input broke a rule.
    pub(crate) passed: bool,
}

impl Stats {
    /// Takes in one line; returns whether a person would want to see it: not every input that is new.
    pub(crate) fn line(&mut self, line: &str) -> bool {
        if let Some((name, value)) = line.strip_prefix("stat::").and_then(|stat| stat.split_once(':')) {
            let value = value.trim().to_owned();
            match name {
                "number_of_executed_units" => self.executions = value,
                "average_exec_per_sec" => self.per_second = value,
                "peak_rss_mb" => self.peak_mb = value,
                _ => {}
            }
            return false;
        }
        if !line.starts_with('#') {
            // Words worth a dictionary, listed at the end, are for machines.
            return !line.trim().is_empty() && !line.contains("# Uses:");
        }
        let mut words = line.split_whitespace();
        while let Some(word) = words.next() {
            match word {
                "cov:" => words.next().unwrap_or_default().clone_into(&mut self.coverage),
                "ft:" => words.next().unwrap_or_default().clone_into(&mut self.features),
                _ => {}
            }
        }
        ["INITED", "pulse", "DONE"].iter().any(|event| line.contains(event))
    }

    /// A row of the table.
    pub(crate) fn row(&self, target: &str) -> [String; 7] {
        let result = if self.passed { "passed" } else { "broken" };
        let Self { executions, per_second, peak_mb, coverage, features, .. } = self.clone();
        [target.to_owned(), executions, per_second, coverage, features, peak_mb, result.to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_off_the_lines_of_a_run() {
        let mut stats = Stats::default();
        let shown = [
            "INFO: Seed: 42",
            "#2\tINITED cov: 10 ft: 11 corp: 1/1b exec/s: 0 rss: 40Mb",
            "#9\tNEW    cov: 12 ft: 20 corp: 2/9b lim: 4 exec/s: 0 rss: 40Mb L: 4/4 MS: 1 ChangeBit-",
            "#128\tDONE   cov: 12 ft: 21 corp: 3/9b lim: 4 exec/s: 64 rss: 41Mb",
            "\"ab\" # Uses: 5",
            "stat::number_of_executed_units: 128",
            "stat::average_exec_per_sec:     64",
            "stat::peak_rss_mb:              41",
        ]
        .map(|line| stats.line(line));
        assert_eq!(shown, [true, true, false, true, false, false, false, false]);
        stats.passed = true;
        assert_eq!(stats.row("a"), ["a", "128", "64", "12", "21", "41", "passed"].map(str::to_owned));
    }
}
