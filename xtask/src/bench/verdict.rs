//! The figures as people and machines read them, and the three promises.

use super::measure::{Analysis, CLIENTS, Case};
use crate::term;
use serde_json::{Value, json};
use std::time::Duration;

/// The emulator answers at least this many times the requests that moto does.
const RATIO_MIN: f64 = 20.0;
/// The slowest `GROUP BY`.
const GROUP_BY_MAX: Duration = Duration::from_secs(1);
/// The most memory the emulator ever had.
const RESIDENT_MAX: u64 = 100 * 1000 * 1000;
/// Which operation of moto each read is held against: the same question, or the nearest there is.
const RIVALS: [(&str, &str); 3] = [
    ("GetCallerIdentity", "GetCallerIdentity"),
    ("DescribeInnerTrails", "DescribeTrails"),
    ("GetLogStore", "DescribeTrails"),
];

/// Everything that was measured.
pub(super) struct Figures {
    pub(super) cases: Vec<Case>,
    pub(super) analysis: Analysis,
    pub(super) moto_version: String,
    /// Load of the machine over one minute, before the bench and after it.
    pub(super) load: [String; 2],
    pub(super) cores: usize,
}

/// One promise, what it asks for and what was seen.
pub(super) struct Promise {
    pub(super) words: String,
    pub(super) kept: bool,
}

impl Figures {
    fn rate(&self, server: &str, operation: &str) -> Option<f64> {
        let case = self.cases.iter().find(|case| case.server == server && case.operation == operation);
        case.map(Case::rate)
    }

    /// How many times moto's requests a read of the emulator gets answered.
    fn ratio(&self, operation: &str) -> Option<f64> {
        let (_, rival) = RIVALS.into_iter().find(|(own, _)| *own == operation)?;
        Some(self.rate("cloudsim", operation)? / self.rate("moto", rival)?)
    }

    /// The three promises.
    pub(super) fn promises(&self) -> [Promise; 3] {
        let ratios = RIVALS.iter().filter_map(|(operation, _)| self.ratio(operation));
        let least = ratios.fold(f64::INFINITY, f64::min);
        let (worst, most) = (self.analysis.worst(), self.analysis.after.most);
        [
            Promise {
                words: format!(
                    "every signed read at least {RATIO_MIN} times moto's: the least is {least:.1} times"
                ),
                kept: least.is_finite() && least >= RATIO_MIN,
            },
            Promise {
                words: format!(
                    "GROUP BY over {} events within 1 s: the slowest took {}",
                    self.analysis.events,
                    millis(worst)
                ),
                kept: worst <= GROUP_BY_MAX,
            },
            Promise {
                words: format!(
                    "less than 100 MB resident with {} events stored: at most {} MB",
                    self.analysis.events,
                    megabytes(most)
                ),
                kept: most < RESIDENT_MAX,
            },
        ]
    }

    /// Prints tables.
    pub(super) fn show(&self) {
        term::heading("Requests");
        let rows = self.cases.iter().map(|case| {
            let ratio = if case.server == "cloudsim" { self.ratio(&case.operation) } else { None };
            [
                case.server.to_owned(),
                case.operation.clone(),
                format!("{:.0}", case.rate()),
                millis(case.percentile(0.5)),
                millis(case.percentile(0.99)),
                ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.1} x")),
            ]
        });
        term::table(["server", "operation", "per second", "p50", "p99", "moto's rate"], rows);
        term::note(&format!(
            "{CLIENTS} clients with one connection each; requests were signed beforehand, each RPC one with a nonce of its own; rate of the middle round"
        ));
        term::note(&format!(
            "moto {} answers one signed request again and again: it checks no signature",
            self.moto_version
        ));
        self.show_analysis();
        term::heading("Promises");
        for promise in self.promises() {
            if promise.kept { term::seen(&promise.words) } else { term::missed(&promise.words) }
        }
        let [before, after] = &self.load;
        term::note(&format!(
            "{} cores; load of the machine over one minute: {before} before, {after} after",
            self.cores
        ));
    }

    fn show_analysis(&self) {
        let analysis = &self.analysis;
        term::heading(&format!("GROUP BY over {} events, and memory", analysis.events));
        let rows = [
            ["median".to_owned(), millis(analysis.median())],
            ["slowest".to_owned(), millis(analysis.worst())],
            ["resident before the queries".to_owned(), format!("{} MB", megabytes(analysis.before.now))],
            ["resident after them".to_owned(), format!("{} MB", megabytes(analysis.after.now))],
            ["most ever".to_owned(), format!("{} MB", megabytes(analysis.after.most))],
        ];
        term::table(["figure", "value"], rows);
    }

    /// The same for machines: times in milliseconds, memory in bytes.
    pub(super) fn json(&self) -> Value {
        let cases: Vec<Value> = self.cases.iter().map(|case| {
            let ratio = if case.server == "cloudsim" { self.ratio(&case.operation) } else { None };
            json!({
                "server": case.server, "operation": case.operation, "requestsPerSecond": case.rate(),
                "p50Ms": number(case.percentile(0.5)), "p99Ms": number(case.percentile(0.99)), "timesMoto": ratio,
            })
        }).collect();
        let promises: Vec<Value> = self
            .promises()
            .iter()
            .map(|promise| json!({"promise": promise.words, "kept": promise.kept}))
            .collect();
        let analysis = &self.analysis;
        let runs: Vec<f64> = analysis.runs.iter().copied().map(number).collect();
        json!({
            "requests": cases,
            "groupBy": {"events": analysis.events, "runsMs": runs, "medianMs": number(analysis.median()), "maxMs": number(analysis.worst())},
            "memory": {"residentBeforeBytes": analysis.before.now, "residentAfterBytes": analysis.after.now, "mostBytes": analysis.after.most},
            "promises": promises,
            "clients": CLIENTS, "moto": self.moto_version, "motoChecksSignatures": false, "cores": self.cores, "loadAverage": self.load,
        })
    }
}

fn number(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn millis(time: Duration) -> String {
    format!("{:.2} ms", number(time))
}

fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1000 * 1000)
}

#[cfg(test)]
mod tests {
    use super::super::load::Round;
    use super::super::measure::Memory;
    use super::*;

    /// Cases that answered so many requests in a second.
    fn figures(own: u32, moto: u32, slowest_ms: u64, most: u64) -> Figures {
        let case = |server, operation: &str, rate: u32| {
            let each = vec![Duration::from_secs(1) / rate; rate as usize];
            let round = Round { total: Duration::from_secs(1), each };
            Case { server, operation: operation.to_owned(), rounds: vec![round] }
        };
        let ours = RIVALS.iter().map(|(own_name, _)| case("cloudsim", own_name, own));
        let theirs = ["GetCallerIdentity", "DescribeTrails"].map(|name| case("moto", name, moto));
        let memory = Memory { now: most, most };
        let runs = vec![Duration::from_millis(1), Duration::from_millis(slowest_ms)];
        let analysis = Analysis { events: 1_000_000, runs, before: memory, after: memory };
        let cases = ours.chain(theirs).collect();
        Figures { cases, analysis, moto_version: "5".into(), load: ["0".into(), "0".into()], cores: 2 }
    }

    fn kept(figures: &Figures) -> [bool; 3] {
        figures.promises().map(|promise| promise.kept)
    }

    #[test]
    fn promises_are_kept_up_to_their_limits() {
        assert_eq!(kept(&figures(2000, 100, 1000, 99_999_999)), [true, true, true]);
        assert_eq!(kept(&figures(1999, 100, 1001, 100_000_000)), [false, false, false]);
    }

    #[test]
    fn a_read_that_was_not_measured_keeps_no_promise() {
        let mut figures = figures(2000, 100, 1, 1);
        figures.cases.clear();
        assert_eq!(kept(&figures), [false, true, true]);
    }

    #[test]
    fn machines_are_told_the_ratio_of_each_read() {
        let told = figures(2100, 100, 1, 1).json();
        assert_eq!(told["requests"][0]["timesMoto"], 21.0);
        assert_eq!(told["groupBy"]["maxMs"], 1.0);
    }
}
