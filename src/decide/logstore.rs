//! Stage 2: project and Logstore are there, ours, and keep logs long enough.

use alicloud::{Fault, FaultKind};

use super::{Step, Verdict, blame};
use crate::api::Create;
use crate::api::reasons::Reason;
use crate::desired::{Desired, PERMANENT_RETENTION_DAYS, Writes};
use crate::observed::{LogstoreSeen, Observed, Seen};

pub(super) fn judge(desired: &Desired, observed: &Observed) -> Verdict {
    match &observed.project {
        Seen::Unknown(fault) => hidden(desired, fault),
        Seen::Absent => project_absent(desired),
        Seen::Present(()) => match &observed.logstore {
            Seen::Unknown(fault) => hidden(desired, fault),
            Seen::Absent => logstore_absent(desired),
            Seen::Present(logstore) => judge_retention(desired, observed, logstore),
        },
    }
}

fn hidden(desired: &Desired, fault: &Fault) -> Verdict {
    let mut finding = blame(fault);
    if fault.kind == FaultKind::Foreign {
        finding.reason = Reason::ProjectNameTakenElsewhere;
        finding.message = format!(
            "project `{}` belongs to another account: project names are unique in a region; author of the InnerTrail: \
             choose another name in a new one",
            desired.project
        );
    }
    Verdict::Blocked(finding)
}

fn project_absent(desired: &Desired) -> Verdict {
    let project = &desired.project;
    if desired.create == Create::ProjectAndLogstore {
        let message = format!("project `{project}` does not exist; the operator creates it");
        return Verdict::unmet(Step::CreateProject, Reason::ProjectNotFound, message);
    }
    let message = format!(
        "project `{project}` does not exist in `{}`; cloud admin: create it, or set \
         `spec.destination.create: ProjectAndLogstore`",
        desired.region
    );
    Verdict::blocked(Reason::ProjectNotFound, message)
}

fn logstore_absent(desired: &Desired) -> Verdict {
    let name = format!("{}/{}", desired.project, desired.logstore);
    if desired.create == Create::None {
        let message = format!(
            "Logstore `{name}` does not exist; cloud admin: create it, or set `spec.destination.create: Logstore`"
        );
        return Verdict::blocked(Reason::LogstoreNotFound, message);
    }
    let message = format!("Logstore `{name}` does not exist; the operator creates it");
    Verdict::unmet(Step::CreateLogstore, Reason::LogstoreNotFound, message)
}

/// The floor is asserted; the wish is attempted, and only ever to keep logs longer, because a shorter retention
/// deletes them (S12, S8). A wish that cannot be carried out is told, and holds nothing up.
fn judge_retention(desired: &Desired, observed: &Observed, logstore: &LogstoreSeen) -> Verdict {
    let days = logstore.retention_days;
    let wish = desired.retention.desired_days.filter(|wish| *wish > days);
    let floor = desired.retention.min_days.filter(|floor| *floor > days);
    let attempted = floor.is_some() || desired.writes == Writes::Allowed;
    if let Some(wish) = wish.filter(|_| attempted && !observed.retention_refused) {
        let message = format!("logs are kept {days} days, {wish} are desired; the operator changes it");
        return Verdict::unmet(Step::UpdateRetention(wish), Reason::RetentionTooShort, message);
    }
    if let Some(floor) = floor {
        let message = format!(
            "logs are kept {days} days, fewer than `minDays` {floor}; cloud admin: lengthen the retention of the \
             Logstore, or set `spec.destination.retention.desiredDays`"
        );
        return Verdict::blocked(Reason::RetentionTooShort, message);
    }
    let kept = if days >= PERMANENT_RETENTION_DAYS { "for ever".to_owned() } else { format!("{days} days") };
    let short = match (wish, observed.retention_refused) {
        (Some(wish), true) => format!("; `desiredDays` {wish} was refused"),
        (Some(wish), false) => format!("; `desiredDays` {wish} is not set under Observe"),
        (None, _) => String::new(),
    };
    let message =
        format!("Logstore `{}/{}` is there and keeps logs {kept}{short}", desired.project, desired.logstore);
    Verdict::met(Reason::Available, message)
}
