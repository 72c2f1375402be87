//! What faults do around a call: waiting before and after it, and the reply on its way.

use crate::Sim;
use crate::control::faults::{Effect, Struck, WrongType};
use crate::reply::{Manner, Reply};
use serde_json::Value;

use super::Withheld;

/// A page such as a proxy puts in front of a service.
const PAGE: &str = "<html><body><h1>It works.</h1></body></html>";

/// Lets the call wait, when the fault says so.
pub(crate) async fn before(sim: &Sim, struck: &Struck) {
    match struck.effect.delay_before() {
        Some(time) => sim.faults.hold(struck, Some(time)).await,
        None if matches!(struck.effect, Effect::HoldBefore) => sim.faults.hold(struck, None).await,
        None => {}
    }
}

/// The reply as the fault lets it go.
pub(crate) async fn after(sim: &Sim, struck: &Struck, mut reply: Reply) -> Result<Reply, Withheld> {
    match &struck.effect {
        Effect::HoldAfter => sim.faults.hold(struck, None).await,
        Effect::DelayAfter { .. } => sim.faults.hold(struck, struck.effect.delay_after()).await,
        Effect::LostReply => return Err(Withheld::Cut),
        Effect::ConnectionReset => return Err(Withheld::Reset),
        Effect::Truncated { bytes } => {
            reply.manner = Manner::Truncated { kept: bytes.unwrap_or(reply.body.len() / 2) };
        }
        Effect::Oversized { .. } => {
            reply.manner = Manner::Oversized { bytes: struck.effect.oversized().unwrap_or_default() };
        }
        Effect::WrongType(wrong) => retype(wrong, &mut reply),
        Effect::SlowBytes { milliseconds } => reply.manner = Manner::Slow { milliseconds: *milliseconds },
        Effect::ErrorBefore(_)
        | Effect::ErrorAfter(_)
        | Effect::HoldBefore
        | Effect::DelayBefore { .. }
        | Effect::StaleReads { .. }
        | Effect::Incomplete
        | Effect::Throttle(_) => {}
    }
    Ok(reply)
}

/// Puts something of another type into a reply. A field that the body does not have is not made.
fn retype(wrong: &WrongType, reply: &mut Reply) {
    let mut claimed = wrong.content_type.clone();
    if let Some(pointer) = &wrong.field {
        if let Ok(mut body) = serde_json::from_slice::<Value>(&reply.body)
            && let Some(field) = body.pointer_mut(pointer)
        {
            *field = of_another_type(field);
            reply.body = body.to_string().into_bytes();
        }
    } else {
        reply.body = PAGE.as_bytes().to_vec();
        claimed.get_or_insert_with(|| "text/html".to_owned());
    }
    if let Some(claimed) = claimed {
        reply.headers.retain(|(name, _)| *name != "content-type");
        reply.headers.push(("content-type", claimed));
    }
}

/// A list with a text in it for a text, its JSON as a text for anything else.
fn of_another_type(value: &Value) -> Value {
    match value {
        Value::String(_) => Value::Array(vec![value.clone()]),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Value::String(value.to_string())
        }
    }
}
