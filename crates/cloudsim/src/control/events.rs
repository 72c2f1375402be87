//! Makes platform events happen and sends them through delivery.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::{recorded, wrong};
use crate::Sim;
use crate::clock::iso;
use crate::events;
use crate::reply::Refusal;
use crate::service::delivery::{self, Delivered};
use crate::service::ongoing;
use crate::store::{account, setting};

/// Events made by one call.
const COUNT_MAX: u64 = 1_000_000;
/// Events are spread over this many seconds unless the call says otherwise.
const SPAN_SECS_DEFAULT: u64 = 60;

/// Events made and stored before the next are made, so that memory stays bounded.
const PORTION: u32 = 500;

/// Makes events happen: now, or from now on by themselves.
pub(crate) fn make(sim: &Sim, body: &Value) -> Result<Value, Refusal> {
    if body.get("perHour").is_some() { set_rate(sim, body) } else { generate(sim, body) }
}

/// From now on `perHour` events happen to `account`; zero ends it.
fn set_rate(sim: &Sim, body: &Value) -> Result<Value, Refusal> {
    if body.get("count").is_some() {
        return Err(wrong("`count` makes events now and `perHour` from now on; send one of them"));
    }
    let per_hour = u32::try_from(number(body, "perHour", 0, COUNT_MAX)?).unwrap_or_default();
    let account = body.get("account").and_then(Value::as_str).unwrap_or(&sim.identity.account).to_owned();
    sim.catch_up()?;
    let (answer, _) = recorded(sim, "set-event-rate", &account, body, |conn| {
        account::find(conn, &account)?.ok_or_else(|| wrong(format!("no such account: {account}")))?;
        ongoing::set(conn, &account, per_hour, sim.clock.now().as_second())?;
        Ok(json!({"account": account, "eventsPerHour": per_hour}))
    })?;
    Ok(answer)
}

/// Generates `count` events of `account`, the newest about `ageSeconds` old.
pub(crate) fn generate(sim: &Sim, body: &Value) -> Result<Value, Refusal> {
    let count = u32::try_from(number(body, "count", 1, COUNT_MAX)?).unwrap_or_default();
    let age = number(body, "ageSeconds", 0, 20 * 366 * 86_400)?;
    let span = number(body, "spanSeconds", SPAN_SECS_DEFAULT, 366 * 86_400)?.max(1);
    let account = body.get("account").and_then(Value::as_str).unwrap_or(&sim.identity.account).to_owned();
    let (answer, _) = recorded(sim, "generate-events", &account, body, |conn| {
        let now = sim.clock.now().as_second();
        // `to` is excluded, so the newest event is never in the future.
        let to = now.saturating_add(1).saturating_sub_unsigned(age);
        let batch = Batch { account: &account, count, from: to.saturating_sub_unsigned(span), to };
        batch.run(conn, now)
    })?;
    Ok(answer)
}

fn number(body: &Value, name: &str, default: u64, max: u64) -> Result<u64, Refusal> {
    let wanted = body.get(name).filter(|value| !value.is_null());
    let Some(value) = wanted else { return Ok(default) };
    let within = value.as_u64().filter(|value| *value <= max);
    within.ok_or_else(|| wrong(format!("`{name}` must be a whole number of at most {max}")))
}

/// Events to be made, spread over `from..to`.
struct Batch<'a> {
    account: &'a str,
    count: u32,
    from: i64,
    to: i64,
}

impl Batch<'_> {
    fn run(&self, conn: &Connection, now: i64) -> Result<Value, Refusal> {
        let missing = || wrong(format!("no such account: {}", self.account));
        let found = account::find(conn, self.account)?.ok_or_else(missing)?;
        let seed = setting::number::<u64>(conn, setting::SEED)?.unwrap_or_default();
        let (mut done, mut newest) = (0, None);
        let mut delivered = delivery::deliver(conn, self.account, &[], now)?;
        while done < self.count {
            let size = PORTION.min(self.count - done);
            let (from, to) = (self.time_of(done), self.time_of(done + size));
            let first = found.events_generated + u64::from(done);
            let events = events::generate(seed, first, size, self.account, from, to.max(from + 1));
            newest = newest.max(events.iter().map(|event| event.time).max());
            delivered = delivery::deliver(conn, self.account, &events, now)?;
            done += size;
        }
        account::count_generated(conn, self.account, u64::from(self.count))?;
        Ok(report(self.account, self.count, newest, &delivered))
    }

    /// When event `number` of the batch happens, in even steps.
    fn time_of(&self, number: u32) -> i64 {
        let span = self.to - self.from;
        self.from + span * i64::from(number) / i64::from(self.count.max(1))
    }
}

fn report(account: &str, count: u32, newest: Option<i64>, delivered: &Delivered) -> Value {
    let (stored, destination, reason) = match delivered {
        Delivered::To { project, logstore } => {
            let place = json!({"region": project.region, "project": project.name, "logstore": logstore});
            (count, place, Value::Null)
        }
        Delivered::Nowhere(reason) => (0, Value::Null, json!(reason)),
    };
    json!({
        "account": account,
        "generated": count,
        "delivered": stored,
        "destination": destination,
        "reason": reason,
        "newestEventTime": newest.map(iso),
    })
}
