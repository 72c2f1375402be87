//! Act: the one change of a pass.

use alicloud::{CallError, FaultKind, NewInnerTrail, NewLogstore, PolicyType, Session};

use crate::api::names::LOGSTORE_PREFIX;
use crate::decide::{DELIVERY_POLICY, Step, platform_event_index, trusting_actiontrail};
use crate::desired::Desired;
use crate::observed::Observed;
use crate::report::Outcome;

/// Description of a role made here: the documented one.
const ROLE_DESCRIPTION: &str = "Action Trail will use this role to access your resources in other services.";
/// Description of a project made here.
const PROJECT_DESCRIPTION: &str = "Platform operation logs, made by innertrail";
/// Shards of a Logstore made here: platform events are few, and Log Service splits by itself.
const SHARDS: u32 = 2;

/// Calls of the longest step: reading a document and sending it back.
pub(super) const CALLS_MAX: u32 = 2;

/// How many calls a step takes, one after the other.
pub(super) const fn calls(step: &Step) -> u32 {
    if matches!(step, Step::UpdateIndex | Step::UpdateRetention(_)) { CALLS_MAX } else { 1 }
}

/// Makes one change.
pub(super) async fn act(session: &Session, desired: &Desired, observed: &Observed, step: &Step) -> Outcome {
    let (project, logstore, role) = (&desired.project, &desired.logstore, &desired.role.name);
    let answer = match step {
        Step::CreateRole => {
            session.create_role(role, &trusting_actiontrail(None), ROLE_DESCRIPTION).await.map(|_| ())
        }
        Step::UpdateRoleTrust => {
            let trusted = observed.role.present().map(|role| role.trust_policy.as_str());
            session.update_role(role, &trusting_actiontrail(trusted)).await
        }
        Step::AttachRolePolicy => {
            session.attach_policy_to_role(PolicyType::System, DELIVERY_POLICY, role).await
        }
        Step::CreateProject => session.create_project(project, PROJECT_DESCRIPTION).await,
        Step::CreateLogstore => session.create_logstore(project, &new_logstore(desired)).await,
        Step::UpdateRetention(days) => session.update_logstore_retention(project, logstore, *days).await,
        Step::CreateInnerTrail => session.create_inner_trail(&new_trail(desired, observed)).await,
        Step::DeleteInnerTrail(name) => session.delete_inner_trail(name).await,
        Step::CreateIndex => session.create_index(project, logstore, &platform_event_index(None)).await,
        Step::UpdateIndex => update_index(session, project, logstore).await,
    };
    outcome(step, answer)
}

/// Switches an inner trail off.
pub(super) async fn delete_trail(session: &Session, name: &str) -> Outcome {
    outcome(&Step::DeleteInnerTrail(name.to_owned()), session.delete_inner_trail(name).await)
}

/// What a step changes, by name.
pub(super) fn target(desired: &Desired, step: &Step) -> String {
    match step {
        Step::CreateRole | Step::UpdateRoleTrust | Step::AttachRolePolicy => {
            format!("role {}", desired.role.name)
        }
        Step::CreateProject => format!("project {}", desired.project),
        Step::CreateLogstore | Step::UpdateRetention(_) => {
            format!("Logstore {}/{}", desired.project, desired.logstore)
        }
        Step::CreateInnerTrail => format!("inner trail {}", desired.trail_name),
        Step::DeleteInnerTrail(name) => format!("inner trail {name}"),
        Step::CreateIndex | Step::UpdateIndex => format!("index of {}/{}", desired.project, desired.logstore),
    }
}

/// What the answer means. Gone already is what was wanted; the next look confirms it.
fn outcome(step: &Step, answer: Result<(), CallError>) -> Outcome {
    let Err(error) = answer else { return Outcome::Done };
    let fault = error.fault();
    match (fault.kind, step) {
        (FaultKind::NotFound, Step::DeleteInnerTrail(_)) => Outcome::Done,
        (FaultKind::AlreadyExists, _) => Outcome::Exists(fault),
        _ if fault.ambiguous => Outcome::Lost(fault),
        _ => Outcome::Refused(fault),
    }
}

fn new_logstore(desired: &Desired) -> NewLogstore {
    NewLogstore {
        name: desired.logstore.clone(),
        retention_days: desired.retention.days_at_creation(),
        shard_count: SHARDS,
    }
}

/// The Logstore is named only when it is not the dedicated one: the service makes that one's name itself (S6).
fn new_trail(desired: &Desired, observed: &Observed) -> NewInnerTrail {
    let account = observed.caller.present().map_or("", |caller| caller.account.as_str());
    let role = observed.role.present().map(|role| role.arn.clone());
    let dedicated = format!("{LOGSTORE_PREFIX}{}", desired.trail_name);
    NewInnerTrail {
        name: desired.trail_name.clone(),
        sls_project_arn: desired.project_arn(account),
        sls_write_role_arn: role.unwrap_or_else(|| format!("acs:ram::{account}:role/{}", desired.role.name)),
        sls_logstore: (desired.logstore != dedicated).then(|| desired.logstore.clone()),
    }
}

/// Sends the whole document back, with what is missing added, so that nothing others set is lost.
async fn update_index(session: &Session, project: &str, logstore: &str) -> Result<(), CallError> {
    let index = session.get_index(project, logstore).await?;
    session.update_index(project, logstore, &platform_event_index(Some(&index.raw))).await
}
