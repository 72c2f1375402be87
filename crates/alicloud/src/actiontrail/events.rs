//! Events of the last 90 days: `LookupEvents`. No page of cloud-api.md describes it; its parameters and their limits are those
//! of the official SDK `alibabacloud_actiontrail20200706` 2.6.0.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::call::Operation;
use crate::error::CallError;
use crate::fault::Service::ActionTrail;
use crate::session::Session;
use crate::tolerant;

const LOOKUP: Operation = Operation::reads(ActionTrail, "LookupEvents", "actiontrail:LookupEvents");

/// Most events in one reply.
const RESULTS_MAX: u32 = 50;

/// Which events to look up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventLookup {
    /// Start of the time range; `None` for seven days before its end.
    pub start: Option<Timestamp>,
    /// End of the time range; `None` for now.
    pub end: Option<Timestamp>,
    /// Attributes and the values asked for, such as `ServiceName` and `Ecs`.
    pub attributes: Vec<(String, String)>,
    /// Oldest first.
    pub forward: bool,
    /// Most events to return, 1 to 50.
    pub max_results: u32,
    /// Where an earlier reply said to go on.
    pub next_token: Option<String>,
}

/// Events found.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EventPage {
    /// The events as the service has them.
    pub events: Vec<Map<String, Value>>,
    /// Where to go on; `None` at the end.
    #[serde(default, deserialize_with = "tolerant::text")]
    pub next_token: Option<String>,
}

impl EventLookup {
    fn parameters(&self) -> Vec<(String, String)> {
        let time = |time: Timestamp| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let direction = if self.forward { "FORWARD" } else { "BACKWARD" };
        let mut parameters = vec![
            ("MaxResults".to_owned(), self.max_results.clamp(1, RESULTS_MAX).to_string()),
            ("Direction".to_owned(), direction.to_owned()),
        ];
        parameters.extend(self.start.map(|start| ("StartTime".to_owned(), time(start))));
        parameters.extend(self.end.map(|end| ("EndTime".to_owned(), time(end))));
        parameters.extend(self.next_token.clone().map(|token| ("NextToken".to_owned(), token)));
        for (number, (key, value)) in (1..).zip(&self.attributes) {
            parameters.push((format!("LookupAttribute.{number}.Key"), key.clone()));
            parameters.push((format!("LookupAttribute.{number}.Value"), value.clone()));
        }
        parameters
    }
}

impl Session {
    /// Looks events up, a page at a time; what is sent is from the SDK named above, the events are handed on as they come.
    pub async fn lookup_events(&self, lookup: &EventLookup) -> Result<EventPage, CallError> {
        let parameters = lookup.parameters();
        let borrowed = parameters.iter().map(|(name, value)| (&**name, &**value)).collect();
        self.trail(LOOKUP, borrowed).await
    }
}
