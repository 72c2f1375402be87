//! What the emulator says of itself: what is left, and what it was asked for.
//!
//! Takes the answers of `/_sim/state` and `/_sim/journal`; fails where they are not as promised.

use super::query::Place;
use crate::term;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::collections::BTreeMap;
use testenv::Emulator;

/// What is there after the deletion.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Remains {
    trails: usize,
    logstore: String,
    indexed_fields: usize,
    events: u64,
}

impl Remains {
    /// Reads the state of one account.
    pub(super) fn read(state: &Value, account: &str, place: &Place) -> Result<Self> {
        let account = named(&state["accounts"], "id", account)?;
        let project = named(&account["projects"], "name", &place.project)?;
        let logstore = named(&project["logstores"], "name", &place.logstore)?;
        Ok(Self {
            trails: account["trails"].as_array().context("the account has no list of trails")?.len(),
            logstore: place.logstore.clone(),
            indexed_fields: logstore
                .pointer("/index/keys")
                .and_then(Value::as_object)
                .map_or(0, serde_json::Map::len),
            events: logstore["eventCount"].as_u64().unwrap_or_default(),
        })
    }

    /// Prints it.
    pub(super) fn show(&self) {
        let rows = [
            ["inner trails".to_owned(), self.trails.to_string()],
            ["Logstore".to_owned(), self.logstore.clone()],
            ["indexed fields".to_owned(), self.indexed_fields.to_string()],
            ["events".to_owned(), self.events.to_string()],
        ];
        term::table(["in the cloud", "now"], rows);
    }

    /// Fails unless the trail is gone and everything else is there.
    pub(super) fn check(&self, events: u64) -> Result<()> {
        ensure!(self.trails == 0, "the trail is still there");
        ensure!(self.indexed_fields > 0, "the index is gone");
        ensure!(self.events == events, "{} of {events} events are left", self.events);
        term::seen("the trail is gone; Logstore, index and events are there");
        Ok(())
    }
}

fn named<'a>(list: &'a Value, key: &str, name: &str) -> Result<&'a Value> {
    let mut all = list.as_array().into_iter().flatten();
    all.find(|item| item[key] == name).with_context(|| format!("the state has no {name}"))
}

/// Shows every change the cloud was asked for, and fails unless each creating call was made once and shipping
/// was seen off after it was switched off.
pub(super) fn show_journal(emulator: &Emulator) -> Result<()> {
    term::command("curl $CLOUDSIM_URL/_sim/journal");
    let journal = emulator.get("/_sim/journal?after=0")?;
    let entries = journal["entries"].as_array().context("the journal has no entries")?;
    let entries: Vec<&Value> = entries.iter().filter(|entry| entry["service"] != "console").collect();
    let changes = entries.iter().filter(|entry| entry["changed"] == true);
    let part = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let rows =
        changes.map(|entry| [entry["sequence"].to_string(), part(entry, "service"), part(entry, "action")]);
    term::table(["call", "service", "change"], rows);
    let reads = entries.iter().filter(|entry| entry["changed"] == false).count();
    term::note(&format!("and {reads} calls that changed nothing"));
    check_journal(&entries)?;
    term::seen("each creating call was made once, and shipping was seen off before the object went away");
    Ok(())
}

fn check_journal(entries: &[&Value]) -> Result<()> {
    let mut creations: BTreeMap<String, u32> = BTreeMap::new();
    for entry in entries {
        let action = entry["action"].as_str().unwrap_or_default();
        if action.starts_with("Create") {
            *creations.entry(format!("{action} {}", entry["parameters"])).or_default() += 1;
        }
    }
    ensure!(!creations.is_empty(), "nothing was created");
    if let Some((call, times)) = creations.iter().find(|(_, times)| **times != 1) {
        bail!("{call} was called {times} times");
    }
    let last = |action: &str| entries.iter().rposition(|entry| entry["action"] == action);
    let (off, seen) = (last("DeleteInnerTrail"), last("DescribeInnerTrails"));
    ensure!(off.is_some() && seen > off, "shipping was not looked at after it was switched off");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(actions: &[(&str, &str)]) -> Result<()> {
        let call =
            |(action, name): &(&str, &str)| json!({ "action": action, "parameters": { "name": name } });
        let entries: Vec<Value> = actions.iter().map(call).collect();
        check_journal(&entries.iter().collect::<Vec<_>>())
    }

    #[test]
    fn a_trail_that_is_created_once_and_seen_off_is_fine() {
        check(&[("CreateInnerTrail", "a"), ("DeleteInnerTrail", "a"), ("DescribeInnerTrails", "")]).unwrap();
    }

    #[test]
    fn a_second_creation_is_noticed() {
        let twice = [("CreateProject", "a"), ("CreateProject", "a"), ("DeleteInnerTrail", "a")];
        assert_eq!(
            check(&twice).unwrap_err().to_string(),
            r#"CreateProject {"name":"a"} was called 2 times"#
        );
    }

    #[test]
    fn shipping_that_was_not_seen_off_is_noticed() {
        let blind = [("CreateInnerTrail", "a"), ("DescribeInnerTrails", ""), ("DeleteInnerTrail", "a")];
        assert!(check(&blind).is_err());
    }

    #[test]
    fn what_remains_is_read_from_the_state() {
        let logstore = json!({ "name": "l", "eventCount": 7, "index": { "keys": { "a": {}, "b": {} } } });
        let project = json!({ "name": "p", "logstores": [logstore] });
        let state = json!({ "accounts": [{ "id": "1", "trails": [], "projects": [project] }] });
        let place = Place { region: "r".into(), project: "p".into(), logstore: "l".into() };
        let remains = Remains { trails: 0, logstore: "l".into(), indexed_fields: 2, events: 7 };
        assert_eq!(Remains::read(&state, "1", &place).unwrap(), remains);
    }
}
