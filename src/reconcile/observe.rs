//! Observe: reads only, side by side, and never fails: what was not seen is `Seen::Unknown`.

use std::collections::BTreeMap;

use alicloud::{CallError, Fault, FaultKind, InnerTrail, LogQuery, Service, Session};
use jiff::{SignedDuration, Timestamp};

use crate::api::Control;
use crate::decide::fields_of;
use crate::desired::Desired;
use crate::observed::{
    Before, Caller, Delivery, IndexSeen, LogstoreSeen, Newest, Observed, Rival, RoleSeen, Seen, TrailSeen,
};

/// How young an event must be for `Delivering`: delivery itself may take ten minutes (`cloud-api.md` §1.2).
const FRESHNESS: SignedDuration = SignedDuration::from_hours(1);
/// How far back the newest event is looked for.
const WINDOW: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Clocks differ: how far ahead of ours an event may be.
const AHEAD: SignedDuration = SignedDuration::from_mins(15);
/// The field by which a platform event is known (`cloud-api.md` §1.4).
const EVENT_FIELD: &str = "EventID";
/// What `TrailList[].Status` says of a trail that was stopped (`cloud-api.md` §2.2). `Fresh`, never started, is not
/// among them: whether an inner trail ever says so is not public, and taking it for stopped would delete it.
const STOPPED: &str = "Disable";

/// The server's own words are kept to this length.
const ERROR_CHARS_MAX: usize = 512;

/// Who the credentials belong to: the first read of every pass.
pub(super) async fn caller(session: &Session) -> Seen<Caller> {
    seen(session.get_caller_identity().await, |identity| Caller {
        account: identity.account_id,
        arn: identity.arn,
    })
}

/// Everything else. `role` is taken over from earlier in the burst when nothing can have changed it.
pub(super) async fn observe(
    session: &Session,
    desired: &Desired,
    caller: Seen<Caller>,
    known_role: Option<Seen<RoleSeen>>,
    now: Timestamp,
) -> Observed {
    let role = async {
        match known_role {
            Some(role) => role,
            None => role(session, &desired.role.name).await,
        }
    };
    let (project, logstore) = (&desired.project, &desired.logstore);
    let (role, (trails, status), project_seen, logstore_seen, index, newest) = tokio::join!(
        role,
        trails_and_delivery(session, desired),
        async { seen(session.get_project(project).await, |_| ()) },
        async { seen(session.get_logstore(project, logstore).await, |seen| logstore_of(&seen)) },
        async { seen(session.get_index(project, logstore).await, |index| index_of(&index)) },
        newest(session, project, logstore, now),
    );
    let (last_delivery, error) = status;
    Observed {
        caller,
        role,
        trails,
        project: project_seen,
        logstore: logstore_seen,
        index,
        delivery: Delivery { newest, error, last_delivery },
        rivals: Vec::<Rival>::new(),
        retention_refused: false,
        before: Before::default(),
    }
}

/// All inner trails, and what ActionTrail says of the delivery of the first of them: an account has only one.
async fn trails_and_delivery(
    session: &Session,
    desired: &Desired,
) -> (Seen<Vec<TrailSeen>>, (Option<Timestamp>, Option<String>)) {
    let trails = trails(session, desired.control).await;
    let status = match trails.present().and_then(|trails| trails.first()) {
        Some(trail) => delivery_status(session, &trail.name).await,
        None => (None, None),
    };
    (trails, status)
}

/// All inner trails. Under `control: Console` no inner operation is called.
pub(super) async fn trails(session: &Session, control: Control) -> Seen<Vec<TrailSeen>> {
    if control == Control::Console {
        return Seen::Absent;
    }
    seen(session.describe_inner_trails().await, |trails| trails.into_iter().map(trail_of).collect())
}

fn seen<T, U>(answer: Result<T, CallError>, tell: impl FnOnce(T) -> U) -> Seen<U> {
    match answer {
        Ok(value) => Seen::Present(tell(value)),
        Err(error) => hidden(&error),
    }
}

fn hidden<T>(error: &CallError) -> Seen<T> {
    let fault = error.fault();
    if fault.kind == FaultKind::NotFound { Seen::Absent } else { Seen::Unknown(fault) }
}

async fn role(session: &Session, name: &str) -> Seen<RoleSeen> {
    let (role, attached) = tokio::join!(session.get_role(name), session.list_policies_for_role(name));
    let (role, attached) = match (role, attached) {
        (Ok(role), Ok(attached)) => (role, attached),
        (Err(error), _) | (Ok(_), Err(error)) => return hidden(&error),
    };
    let mut policies = BTreeMap::new();
    for policy in attached {
        match session.get_policy(policy.policy_type, &policy.name).await {
            Ok(read) => policies.insert(policy.name, read.document),
            Err(error) if error.fault().kind == FaultKind::NotFound => None,
            Err(error) => return hidden(&error),
        };
    }
    Seen::Present(RoleSeen { arn: role.arn, trust_policy: role.trust_policy, policies })
}

fn trail_of(trail: InnerTrail) -> TrailSeen {
    let enabled = trail.status.filter(|status| status != "Fresh").map(|status| status != STOPPED);
    TrailSeen {
        name: trail.name,
        home_region: trail.home_region,
        project_arn: trail.sls_project_arn,
        logstore: trail.sls_logstore.filter(|name| !name.is_empty()),
        enabled,
    }
}

fn logstore_of(logstore: &alicloud::Logstore) -> LogstoreSeen {
    LogstoreSeen { retention_days: logstore.retention_days, shards: logstore.shard_count }
}

fn index_of(index: &alicloud::Index) -> IndexSeen {
    let keys = index.keys.iter().map(|(name, key)| (name.clone(), key.key_type.clone(), key.doc_value));
    IndexSeen { full_text: index.line.is_some(), fields: fields_of(keys) }
}

/// The newest platform event within [`WINDOW`], by one bounded query; by two where others write into the Logstore too.
async fn newest(session: &Session, project: &str, logstore: &str, now: Timestamp) -> Seen<Newest> {
    let mut latest = latest(session, project, logstore, now, "*").await;
    if latest.present().is_some_and(|row| !row.contains_key(EVENT_FIELD)) {
        latest = self::latest(session, project, logstore, now, &format!("{EVENT_FIELD}: *")).await;
        // The field is not indexed: no platform event can be found among what others write.
        if latest.fault().is_some_and(|fault| fault.kind == FaultKind::Invalid) {
            return Seen::Absent;
        }
    }
    match latest {
        Seen::Present(row) => time_of(&row).map_or(Seen::Absent, |time| {
            Seen::Present(Newest { time, fresh: now.duration_since(time) < FRESHNESS })
        }),
        Seen::Absent => Seen::Absent,
        Seen::Unknown(fault) => Seen::Unknown(fault),
    }
}

/// The newest row that a search finds within [`WINDOW`].
async fn latest(
    session: &Session,
    project: &str,
    logstore: &str,
    now: Timestamp,
    search: &str,
) -> Seen<BTreeMap<String, String>> {
    let query = LogQuery {
        from: (now - WINDOW).as_second(),
        to: (now + AHEAD).as_second(),
        query: search.to_owned(),
        line: 1,
        offset: 0,
        reverse: true,
    };
    let mut logs = match session.get_logs(project, logstore, &query).await {
        Ok(logs) => logs,
        Err(error) => return hidden(&error),
    };
    match logs.rows.pop() {
        Some(row) => Seen::Present(row),
        None if logs.complete => Seen::Absent,
        None => Seen::Unknown(incomplete(session)),
    }
}

/// When a row happened, in whole seconds.
fn time_of(row: &BTreeMap<String, String>) -> Option<Timestamp> {
    Timestamp::from_second(row.get("__time__")?.parse().ok()?).ok()
}

/// A search that did not look at everything found nothing: that is not "nothing there".
fn incomplete(session: &Session) -> Fault {
    Fault {
        kind: FaultKind::Unavailable,
        service: Service::Sls,
        action: "GetLogsV2",
        ram_action: "log:GetLogStoreLogs",
        host: session.host(Service::Sls),
        code: None,
        request_id: None,
        retry_after: None,
        ambiguous: false,
    }
}

/// What ActionTrail says of its own delivery, where it says anything: not documented for inner trails
/// (`cloud-api.md` §1.5), so that silence is not a fault.
async fn delivery_status(session: &Session, trail: &str) -> (Option<Timestamp>, Option<String>) {
    match session.get_trail_status(trail).await {
        Ok(status) => {
            let time = status.latest_delivery_time.and_then(|text| timestamp(&text));
            let error = status.latest_delivery_error.filter(|text| !text.is_empty());
            (
                time,
                error.map(|text| {
                    text.chars().filter(|char| !char.is_control()).take(ERROR_CHARS_MAX).collect()
                }),
            )
        }
        Err(_) => (None, None),
    }
}

/// A time as ISO text or as epoch milliseconds: both are published (`cloud-api.md` §2.2). Whole seconds.
fn timestamp(text: &str) -> Option<Timestamp> {
    let time = text.parse::<Timestamp>().ok().or_else(|| {
        text.parse().ok().and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok())
    })?;
    Timestamp::from_second(time.as_second()).ok()
}
